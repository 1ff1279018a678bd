/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * anonymise.h - a recording's names, numbers and addresses, replaced by others
 *
 * Used by vfio-trace anonymise. Stands between a recording's source and its writer. The same
 * becomes the same within one struct anonymise; docs/rewrite.md says what is replaced and what is
 * kept.
 */
#ifndef VFIO_OBS_ANONYMISE_H
#define VFIO_OBS_ANONYMISE_H

#include <linux/types.h>

#include "source.h"

struct anonymise;
struct record_header;

/* Addresses move by multiples of it: what is aligned stays so, up to huge pages of 1 GiB. */
#define ANONYMISE_ALIGN (1ULL << 30)

/*
 * anonymise__create - @to gets what the sink is given, changed; copied.
 * @iova_shift, @vaddr_shift: added to addresses; multiples of ANONYMISE_ALIGN
 */
struct anonymise *anonymise__create(__u64 iova_shift, __u64 vaddr_shift,
				    const struct source_sink *to);
void anonymise__destroy(struct anonymise *anonymise);
struct source_sink anonymise__sink(struct anonymise *anonymise);

/* anonymise__header - what a recording's header gives away. */
void anonymise__header(struct record_header *header);

#endif
