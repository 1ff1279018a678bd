/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * field.h - every column, declared once: the screen, batch, JSON, sorting and help walk one table
 *
 * A field reads the model and gives a typed value; how it looks is decided by its unit. Adding a
 * column is adding a row to field_container.c or field_op.c.
 */
#ifndef VFIO_OBS_FIELD_H
#define VFIO_OBS_FIELD_H

#include "model.h"

/*
 * What a field is read from. A row about operations of all containers has no container.
 * @members: @n_members containers, of which @container is one, when the row is about all of them
 */
struct field_row {
	const struct model_container *container;
	enum vfio_obs_op op;
	const struct model_op *stats; /* of @op; NULL: never called */
	__u64 now_ns;		      /* the instant that is shown, CLOCK_BOOTTIME */
	const struct model_container *const *members;
	size_t n_members; /* 0: it is about one */
};

enum field_type {
	FIELD_NONE,    /* does not apply: blank on the screen, null in JSON */
	FIELD_UNKNOWN, /* cannot be known: "-" on the screen, null in JSON */
	FIELD_UINT,
	FIELD_REAL,
	FIELD_TEXT,
	FIELD_GROUPS, /* numbers of the container's groups */
	FIELD_ERRNOS, /* failures by errno */
	FIELD_OWNER,  /* whose the container is */
};

/* A value; what it points to belongs to the model. */
struct field_value {
	enum field_type type;
	union {
		__u64 uint;
		double real;
		const char *text;
		const struct model_container *container; /* FIELD_GROUPS, FIELD_OWNER */
		const struct model_op *stats;		 /* FIELD_ERRNOS */
	};
};

enum field_unit {
	UNIT_PLAIN, /* a number that names something: never shortened */
	UNIT_ID,    /* a container's id: "5"; "5@2" of the module's second load */
	UNIT_COUNT,
	UNIT_PAGES,
	UNIT_BYTES,
	UNIT_BYTES_PER_S,
	UNIT_PER_S,
	UNIT_PERCENT, /* of a ratio: 0.5 is 50% */
	UNIT_NS,  /* a latency */
	UNIT_AGE, /* a long time, in ns */
	UNIT_TEXT,
	UNIT_ERRNOS, /* a text on the screen, an object in JSON */
};

/* What several containers have together. */
enum field_total {
	FIELD_TOTAL_NONE, /* blank */
	FIELD_TOTAL_SUM,  /* what they did: unknown when it is of one of them */
	FIELD_TOTAL_HELD, /* what those hold that are not gone, else the same */
	FIELD_TOTAL_SAME, /* what all have; else blank */
};

struct field {
	const char *name;  /* JSON key; carries the unit where the value has one */
	const char *title; /* head of the column */
	enum field_unit unit;
	int width;	   /* columns that are enough nearly always */
	int max_width;	   /* wider than @width where the terminal has room; 0: @width */
	int rank;	   /* the higher, the sooner it is left out of a narrow screen */
	bool low_first;	   /* sorted with the lowest first, unlike what is hot */
	const char *help;
	struct field_value (*get)(const struct field_row *row);
	enum field_total total;
};
/* Rank of fields that only JSON has. */
#define FIELD_RANK_JSON_ONLY 100

size_t field__containers(const struct field **fields); /* one row: a container */
size_t field__ops(const struct field **fields);	       /* one row: an operation */
const struct field *field__find(const struct field *fields, size_t n, const char *name);

/*
 * field__choose - copies to @to those of @fields that @list names, by name or by title in any case,
 * in its order: "id,owner,mapped". Where there is no room for all, the last ones are left out first.
 * Returns their number, at most @n; 0 with a sentence in @err.
 */
size_t field__choose(const struct field *fields, size_t n, const char *list, struct field *to,
		     char *err, size_t err_size);

/* The value of a row, which may be about several containers. */
struct field_value field__get(const struct field *field, const struct field_row *row);

/* Numbers and text lie on different sides of their column. */
bool field__is_left(const struct field *field);

/* Text of @value, cut to @size - 1 bytes; printable ASCII, whatever a recording says. */
void field__format(const struct field *field, const struct field_value *value, char *buf,
		   size_t size);

/* Order of two values of one field: <0, 0, >0. What does not apply or is unknown is lowest. */
int field__compare(const struct field_value *a, const struct field_value *b);

/* "open", "closed" (file closed, container alive), "gone" (freed); NULL: unknown. */
const char *field__state(const struct model_container *c);

/* Text of one number; what field__format() uses. */
void field__format_uint(enum field_unit unit, __u64 value, char *buf, size_t size);
/* Copies @text, all that a terminal might obey or that is not ASCII replaced by '?'. */
void field__format_text(const char *text, char *buf, size_t size);

#endif
