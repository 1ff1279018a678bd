/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * export.h - a recording as text for people or other programs, in one of several formats
 *
 * export.c reads the recording and calls the format, one file each. What a format prints of a
 * recording's texts needs no care: they are printable ASCII (source_file.c).
 */
#ifndef VFIO_TRACE_EXPORT_H
#define VFIO_TRACE_EXPORT_H

#include <stdio.h>

#include "lib/source.h"

/* What times are shown as, by vfio-trace script. */
enum export_clock { EXPORT_WALL, EXPORT_SINCE_START, EXPORT_BOOT };

/*
 * @info:  of the recording; its realtime_offset_ns is that of the call
 * @metadata: of a format with a folder: its second file
 * @counted: the user's conditions leave out no event that changes what a container maps or pins,
 *	    from its open on
 * @state: the format's own
 */
struct export {
	FILE *out, *metadata;
	struct source_info info;
	enum export_clock clock;
	bool counted;
	void *state;
};

/*
 * Members of struct source_sink with the same names, behind the filter; any may be NULL.
 * @folder: written is a new folder with the files "stream" and "metadata"
 */
struct export_format {
	const char *name, *help;
	bool folder;
	void (*begin)(struct export *export);
	void (*existing)(struct export *export, const struct source_existing *existing);
	void (*owner)(struct export *export, __u64 id, const struct source_owner *owner);
	void (*group)(struct export *export, const struct source_group_info *group);
	void (*event)(struct export *export, const struct vfio_rec *rec);
	void (*loss)(struct export *export, const struct source_loss *loss);
	void (*gap)(struct export *export, enum source_gap gap, __u64 ts_ns, const char *why);
	void (*end)(struct export *export);
};

extern const struct export_format export_text, export_jsonl, export_csv, export_chrome,
	export_perfetto, export_ctf;

/* The fields of @rec as members of a JSON object, without its braces. */
void export_json__fields(FILE *out, const struct vfio_rec *rec);
/* @text in quotes. */
void export_json__string(FILE *out, const char *text);

#endif
