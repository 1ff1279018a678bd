// SPDX-License-Identifier: GPL-2.0-only
/*
 * field.c - how values look and how they compare, the same in every view
 *
 * Called by the views. Which fields there are is said in field_container.c and field_op.c.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "error.h"
#include "event.h"
#include "field.h"
#include "fmt.h"
#include "owner_text.h"

const struct field *field__find(const struct field *fields, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(fields[i].name, name))
			return &fields[i];
	return NULL;
}

/* The field that @length letters of @text name. */
static const struct field *find_named(const struct field *fields, size_t n, const char *text,
				      size_t length)
{
	for (size_t i = 0; i < n; i++) {
		const char *names[] = { fields[i].name, fields[i].title };

		for (size_t k = 0; k < ARRAY_SIZE(names); k++)
			if (strlen(names[k]) == length && !strncasecmp(names[k], text, length))
				return &fields[i];
	}
	return NULL;
}

/* "there is no column 'x'; columns are id, pid, ...", in the words that are on the screen. */
static void name_columns(const struct field *fields, size_t n, const char *text, size_t length,
			 char *err, size_t err_size)
{
	char names[512];
	size_t used = 0;

	names[0] = '\0';
	for (size_t i = 0; i < n && used < sizeof(names); i++)
		used += snprintf(names + used, sizeof(names) - used, "%s%s", i ? ", " : "",
				 fields[i].title);
	for (size_t i = 0; names[i]; i++)
		names[i] = tolower((unsigned char)names[i]);
	error__set(err, err_size, "there is no column '%.*s'; columns are %s", (int)length, text,
		   names);
}

size_t field__choose(const struct field *fields, size_t n, const char *list, struct field *to,
		     char *err, size_t err_size)
{
	size_t chosen = 0;

	for (;;) {
		size_t length = strcspn(list, ",");
		const struct field *field = find_named(fields, n, list, length);

		if (!field) {
			name_columns(fields, n, list, length, err, err_size);
			return 0;
		}
		if (field__find(to, chosen, field->name)) {
			error__set(err, err_size, "column '%.*s' is named twice", (int)length, list);
			return 0;
		}
		to[chosen] = *field;
		to[chosen].rank = chosen;
		chosen++;
		if (!list[length])
			return chosen;
		list += length + 1;
	}
}

static struct field_value get_of(const struct field *field, const struct field_row *row, size_t i)
{
	const struct field_row one = {
		.container = row->members[i], .op = VFIO_OP_NONE, .now_ns = row->now_ns,
	};

	return field->get(&one);
}

static struct field_value sum_of(const struct field *field, const struct field_row *row)
{
	struct field_value sum = { .type = FIELD_NONE };

	for (size_t i = 0; i < row->n_members; i++) {
		struct field_value value = get_of(field, row, i);
		bool left_out = field->total == FIELD_TOTAL_HELD && row->members[i]->freed;

		if (value.type == FIELD_UNKNOWN && !left_out)
			return value;
		if (value.type != FIELD_UINT && value.type != FIELD_REAL)
			continue;
		if (sum.type == FIELD_NONE)
			sum = (struct field_value){ .type = value.type };
		if (left_out)
			continue;
		if (sum.type == FIELD_UINT)
			sum.uint += value.uint;
		else
			sum.real += value.real;
	}
	return sum;
}

static struct field_value same_of(const struct field *field, const struct field_row *row)
{
	struct field_value first = get_of(field, row, 0);

	for (size_t i = 1; i < row->n_members; i++) {
		struct field_value value = get_of(field, row, i);

		if (field__compare(&first, &value))
			return (struct field_value){ .type = FIELD_NONE };
	}
	return first;
}

struct field_value field__get(const struct field *field, const struct field_row *row)
{
	if (!row->n_members)
		return field->get(row);
	switch (field->total) {
	case FIELD_TOTAL_SUM:
	case FIELD_TOTAL_HELD:
		return sum_of(field, row);
	case FIELD_TOTAL_SAME:
		return same_of(field, row);
	default:
		return (struct field_value){ .type = FIELD_NONE };
	}
}

bool field__is_left(const struct field *field)
{
	return field->unit == UNIT_TEXT || field->unit == UNIT_ERRNOS;
}

const char *field__state(const struct model_container *c)
{
	if (c->freed)
		return "gone";
	if (c->file_closed)
		return "closed";
	return c->file_known ? "open" : NULL;
}

/* Text of single values */

void field__format_uint(enum field_unit unit, __u64 value, char *buf, size_t size)
{
	switch (unit) {
	case UNIT_BYTES:
		fmt_bytes(buf, size, value);
		break;
	case UNIT_ID:
		fmt_container(buf, size, value);
		break;
	case UNIT_BYTES_PER_S:
		fmt_bytes(buf, size > 2 ? size - 2 : size, value);
		strncat(buf, "/s", size - strlen(buf) - 1);
		break;
	case UNIT_NS:
		fmt_latency(buf, size, value);
		break;
	case UNIT_AGE:
		fmt_age(buf, size, value);
		break;
	case UNIT_COUNT:
	case UNIT_PAGES:
		fmt_count(buf, size, value);
		break;
	default:
		snprintf(buf, size, "%llu", value);
	}
}

void field__format_text(const char *text, char *buf, size_t size)
{
	size_t i;

	for (i = 0; i + 1 < size && text[i]; i++)
		buf[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	buf[i] = '\0';
}

/* Text of lists */

/* Appends to @buf at *@used, which stays below @size; what does not fit is cut. */
__attribute__((format(printf, 4, 5))) static void append(char *buf, size_t size, size_t *used,
							  const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(buf + *used, size - *used, format, args);
	va_end(args);
	if (n > 0)
		*used += (size_t)n < size - *used ? (size_t)n : size - *used - 1;
}

/* "12,13"; a list that is not the whole one ends with "?". */
static void format_groups(const struct model_container *c, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < c->n_groups && used + 1 < size; i++)
		append(buf, size, &used, "%s%u", i ? "," : "", c->groups[i].number);
	if (!c->groups_known)
		append(buf, size, &used, c->n_groups ? ",?" : "?");
}

/* "ENOMEM 3, EINVAL 1"; those whose errno was not kept come as "? 2". */
static void format_errnos(const struct model_op *stats, char *buf, size_t size)
{
	__u64 seen = 0;
	size_t used = 0;

	buf[0] = '\0';
	for (__u32 i = 0; i < stats->n_errnos && used + 1 < size; i++) {
		const struct model_errno *e = &stats->errnos[i];
		const char *name = event__errno_name(e->err);

		append(buf, size, &used, "%s", used ? ", " : "");
		if (name)
			append(buf, size, &used, "%s %llu", name, e->count);
		else
			append(buf, size, &used, "errno %u %llu", e->err, e->count);
	}
	for (__u32 i = 0; i < stats->n_errnos; i++)
		seen += stats->errnos[i].count;
	if (seen < stats->errors)
		append(buf, size, &used, "%s? %llu", used ? ", " : "",
		       stats->errors - seen);
}

void field__format(const struct field *field, const struct field_value *value, char *buf,
		   size_t size)
{
	switch (value->type) {
	case FIELD_NONE:
		buf[0] = '\0';
		break;
	case FIELD_UNKNOWN:
		snprintf(buf, size, "-");
		break;
	case FIELD_UINT:
		field__format_uint(field->unit, value->uint, buf, size);
		break;
	case FIELD_REAL:
		if (field->unit == UNIT_PERCENT)
			snprintf(buf, size, value->real < 0.9995 ? "%.1f%%" : "%.0f%%",
				 100 * value->real);
		else
			fmt_rate(buf, size, value->real);
		break;
	case FIELD_TEXT:
		field__format_text(value->text, buf, size);
		break;
	case FIELD_GROUPS:
		format_groups(value->container, buf, size);
		break;
	case FIELD_ERRNOS:
		format_errnos(value->stats, buf, size);
		break;
	case FIELD_OWNER:
		owner_text__short(value->container->owner, buf, size);
		field__format_text(buf, buf, size);
		break;
	}
}

/* Order */

static int compare_owners(const struct source_owner *a, const struct source_owner *b)
{
	char x[VFIO_OBS_TEXT_MAX + 16], y[VFIO_OBS_TEXT_MAX + 16];

	return strcmp(owner_text__short(a, x, sizeof(x)), owner_text__short(b, y, sizeof(y)));
}

static int compare_numbers(__u64 a, __u64 b)
{
	return (a > b) - (a < b);
}

static int compare_groups(const struct model_container *a, const struct model_container *b)
{
	for (size_t i = 0; i < a->n_groups && i < b->n_groups; i++)
		if (a->groups[i].number != b->groups[i].number)
			return compare_numbers(a->groups[i].number, b->groups[i].number);
	return compare_numbers(a->n_groups, b->n_groups);
}

int field__compare(const struct field_value *a, const struct field_value *b)
{
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	switch (a->type) {
	case FIELD_NONE:
	case FIELD_UNKNOWN:
		break;
	case FIELD_UINT:
		return compare_numbers(a->uint, b->uint);
	case FIELD_REAL:
		return (a->real > b->real) - (a->real < b->real);
	case FIELD_TEXT:
		return strcmp(a->text, b->text);
	case FIELD_GROUPS:
		return compare_groups(a->container, b->container);
	case FIELD_ERRNOS:
		return compare_numbers(a->stats->errors, b->stats->errors);
	case FIELD_OWNER:
		return compare_owners(a->container->owner, b->container->owner);
	}
	return 0;
}
