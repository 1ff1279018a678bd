/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tp_table.h - the mappings that were there before the source attached
 *
 * live_kernel.c reads them behind the containers (tp_existing.h), source_live.c delivers them
 * behind these.
 */
#ifndef VFIO_OBS_TP_TABLE_H
#define VFIO_OBS_TP_TABLE_H

#include <linux/types.h>
#include <stddef.h>
#include <sys/types.h>

#include "source.h"
#include "tp_existing.h"

struct tp_tables;

/*
 * tp_tables__load - load the program for the vfio and the vfio_iommu_type1 that are loaded now: the
 * slow part, as of tp_iterator__load(), whose @maps these are. NULL, and the reason in @why, when
 * the kernel does not let us.
 */
struct tp_tables *tp_tables__load(struct kernel_types *types, const struct tp_iterator_maps *maps,
				  char *why, size_t why_size);
void tp_tables__destroy(struct tp_tables *reader);

/*
 * tp_tables__read - go through the open files of all processes, once. The number of bytes in
 * *@tables: for each container its struct vfio_table and its mappings; the caller's to free, NULL
 * none. Or -errno, NULL and @why as above.
 */
ssize_t tp_tables__read(struct tp_tables *reader, void **tables, char *why, size_t why_size);

/* tp_tables__deliver - @size bytes of the above. @id_bits are added to every id. */
void tp_tables__deliver(const void *tables, size_t size, __u64 id_bits,
			const struct source_sink *sink);

#endif
