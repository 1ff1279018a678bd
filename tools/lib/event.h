/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event.h - names of events, fields, operations and values, generated from event_list.h
 *
 * Used by everything that shows events or takes their names from the user. All strings are
 * static.
 */
#ifndef VFIO_OBS_TOOLS_EVENT_H
#define VFIO_OBS_TOOLS_EVENT_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "vfio_obs/event.h"

enum event_ctype { EVENT_CTYPE_u32, EVENT_CTYPE_u64, EVENT_CTYPE_s64, EVENT_CTYPE_bool,
		   EVENT_CTYPE_str };
/* How a field is shown; VALUE: a name out of @values. */
enum event_show { EVENT_SHOW_DEC, EVENT_SHOW_HEX, EVENT_SHOW_SIZE, EVENT_SHOW_NS, EVENT_SHOW_RET,
		  EVENT_SHOW_STR, EVENT_SHOW_VALUE };

/* A table of value names ends with .name NULL. */
struct event_value {
	__u64 number;
	const char *name;
};

/* @name is the tracepoint's field and the JSON key; @word its place in vfio_rec.w. */
struct event_field {
	const char *name;
	enum event_ctype ctype;
	enum event_show show;
	const struct event_value *values; /* NULL unless EVENT_SHOW_VALUE */
	unsigned int word;
	const char *help;
};

struct event_desc {
	const char *tracepoint;
	bool container; /* the arguments begin with id and slot */
	bool hook;	/* no tracepoint, in spite of the name: see hooks.h */
	enum vfio_obs_op op;
	const char *help;
	const struct event_field *fields;
	unsigned int n_fields;
};

struct op_desc {
	const char *key; /* JSON key */
	bool timed;
	const char *help;
};

/* NULL for a number that this version does not know. */
const struct event_desc *event__desc(unsigned int type);
const struct op_desc *event__op(unsigned int op);
/* The tracepoint's name without its prefix: "pin", "device_assign". */
const char *event__key(const struct event_desc *desc);

/* What the call returned, 0, a count or -errno; 0 of an event that has no result. */
__s64 event__ret(const struct vfio_rec *rec);
/* "EINVAL" when that is an error with a name, else NULL. */
const char *event__error(const struct vfio_rec *rec);
/* ns inside the call; VFIO_OBS_UNKNOWN also of an event that is of no call. */
__u64 event__duration(const struct vfio_rec *rec);

/*
 * Whether @rec says what the value of its event's @field is. It does not when a duration began
 * before the event was switched on, or the user's structure could not be read.
 */
bool event__is_known(const struct vfio_rec *rec, const struct event_field *field);

/* Names of value tables, for those that have a number without an event: event__values_iommu_type */
#define T(table) extern const struct event_value event__values_##table[];
VFIO_OBS_VALUE_TABLES(T)
#undef T

/* Name of @number in @values, NULL when it has none. */
const char *event__value_name(const struct event_value *values, __u64 number);
/* "EINVAL" for 22; NULL for a number without a name. */
const char *event__errno_name(int err);

/*
 * event__parse_mask - the events that a comma-separated @list names: tracepoints or keys, with
 * shell wildcards, or "all" (every event but the _start ones) or "lifecycle".
 * Returns 0 or -EINVAL with a sentence in @err.
 */
int event__parse_mask(const char *list, __u64 *mask, char *err, size_t err_size);

/*
 * event__make_printable - let every string of @rec end, and replace what is not printable ASCII
 * by '?': names of tasks come from users and go to terminals and into JSON.
 */
void event__make_printable(struct vfio_rec *rec);
/* The same for @len characters of @text. */
void event__make_text_printable(char *text, size_t len);

/*
 * event__format - the fields of @rec in one line, "group=7 ret=-EPERM duration=12.3us", as
 * vfio_rec.type says. Cut to @size; returns @buf.
 */
char *event__format(const struct vfio_rec *rec, char *buf, size_t size);

#endif
