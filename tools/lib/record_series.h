/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record_series.h - names of recordings that are several files
 *
 * Used by the recorder and by its loader. Of night.vfio they are night.000001.vfio and so on, which
 * sort in the order of time; while one is written it is night.000001.vfio.part.
 */
#ifndef VFIO_OBS_RECORD_SERIES_H
#define VFIO_OBS_RECORD_SERIES_H

#include <limits.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/* Of a name with its ending and ".part". */
#define RECORD_SERIES_NAME_MAX (PATH_MAX + NAME_MAX + 32)

struct record_series {
	char prefix[PATH_MAX], suffix[NAME_MAX + 1];
};

/* The series of the name @path. */
void record_series__init(struct record_series *series, const char *path);

/* The name of file @number, complete or, if @part, as it is written. Returns @buf. */
char *record_series__name(const struct record_series *series, __u64 number, bool part, char *buf,
			  size_t size);

/* Removes file @number, complete or not, or both; that there is none is no error. 0 or -errno. */
int record_series__delete(const struct record_series *series, __u64 number);

/*
 * record_series__list - the numbers of the files that there are, also of ones that were not
 * completed, ascending, each once; the caller's to free. 0, or -errno when the folder cannot be
 * read.
 */
int record_series__list(const struct record_series *series, __u64 **numbers, size_t *n);

#endif
