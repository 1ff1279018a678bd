/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * source_pass.h - a sink that passes on what it takes
 *
 * For who stands between a source and another sink and has something to do with a few of the
 * deliveries: it is the first member of the own structure, and those few of its sink are replaced
 * by functions that are given that.
 */
#ifndef VFIO_OBS_SOURCE_PASS_H
#define VFIO_OBS_SOURCE_PASS_H

#include "source.h"

struct source_pass {
	struct source_sink to;
};

/* What is recorded: existing, table, owner, group, event, loss, gap. @pass->to may come later. */
struct source_sink source_pass__sink(struct source_pass *pass);

#endif
