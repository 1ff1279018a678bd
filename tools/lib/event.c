// SPDX-License-Identifier: GPL-2.0-only
/*
 * event.c - names of events, fields, operations and values, generated from event_list.h
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "event.h"
#include "fmt.h"
#include "source.h"
#include "xalloc.h"

#define V(value, text) { .number = (value), .name = #text },
#define T(table)                                                                                   \
	const struct event_value event__values_##table[] = {                                       \
		VFIO_OBS_VALUES_##table(V){ .name = NULL }                                         \
	};
VFIO_OBS_VALUE_TABLES(T)
#undef T
#undef V

/* SHOW is one of the words below or the name of a value table. */
#define VALUES_DEC NULL
#define VALUES_HEX NULL
#define VALUES_SIZE NULL
#define VALUES_NS NULL
#define VALUES_RET NULL
#define VALUES_STR NULL
#define VALUES_group_type event__values_group_type
#define VALUES_detach_reason event__values_detach_reason
#define VALUES_ref_reason event__values_ref_reason
#define VALUES_iommu_type event__values_iommu_type
#define VALUES_ioctl_cmd event__values_ioctl_cmd
#define EVENT_SHOW_group_type EVENT_SHOW_VALUE
#define EVENT_SHOW_detach_reason EVENT_SHOW_VALUE
#define EVENT_SHOW_ref_reason EVENT_SHOW_VALUE
#define EVENT_SHOW_iommu_type EVENT_SHOW_VALUE
#define EVENT_SHOW_ioctl_cmd EVENT_SHOW_VALUE

#define F(field, type, how, text)                                                                  \
	{ .name = #field, .ctype = EVENT_CTYPE_##type, .show = EVENT_SHOW_##how,                   \
	  .values = VALUES_##how, .word = offsetof(words, field), .help = text },
#define IS_CONTAINER true
#define IS_MODULE false
#define IS_HOOK false
#define HOOK_CONTAINER false
#define HOOK_MODULE false
#define HOOK_HOOK true
#define EV(ENUM, name, SCOPE, OP, text)                                                            \
	case VFIO_EV_##ENUM: {                                                                     \
		typedef struct vfio_words_##ENUM words;                                            \
		static const struct event_field fields[] = { VFIO_OBS_FIELDS_##ENUM(F) };          \
		static const struct event_desc desc = {                                            \
			.tracepoint = #name, .container = IS_##SCOPE,                              \
			.hook = HOOK_##SCOPE, .op = VFIO_OP_##OP,                                  \
			.help = text, .fields = fields, .n_fields = ARRAY_SIZE(fields),            \
		};                                                                                 \
		return &desc;                                                                      \
	}

const struct event_desc *event__desc(unsigned int type)
{
	switch (type) {
	VFIO_OBS_EVENTS(EV)
	}
	return NULL;
}

#define OP(ENUM, name, is_timed, text) { .key = #name, .timed = is_timed, .help = text },

const struct op_desc *event__op(unsigned int op)
{
	static const struct op_desc ops[] = { VFIO_OBS_OPS(OP) };

	return op < VFIO_OP_COUNT ? &ops[op] : NULL;
}

const char *event__key(const struct event_desc *desc)
{
	static const char *const prefixes[] = { "vfio_container_", "vfio_" };

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (!strncmp(desc->tracepoint, prefixes[i], strlen(prefixes[i])))
			return desc->tracepoint + strlen(prefixes[i]);
	return desc->tracepoint;
}

__s64 event__ret(const struct vfio_rec *rec)
{
	const struct event_desc *desc = event__desc(rec->type);

	for (unsigned int i = 0; desc && i < desc->n_fields; i++)
		if (desc->fields[i].show == EVENT_SHOW_RET)
			return rec->w[desc->fields[i].word];
	return 0;
}

/* NULL: @ret is no error, or has no name. */
static const char *error_name(__s64 ret)
{
	return ret < 0 && ret > -4096 ? event__errno_name(-ret) : NULL;
}

const char *event__error(const struct vfio_rec *rec)
{
	return error_name(event__ret(rec));
}

__u64 event__duration(const struct vfio_rec *rec)
{
	const struct event_desc *desc = event__desc(rec->type);

	if (rec->type == VFIO_EV_MAP_PARTS)
		return vfio_w(rec, MAP_PARTS, total_ns);
	for (unsigned int i = 0; desc && i < desc->n_fields; i++)
		if (!strcmp(desc->fields[i].name, "duration"))
			return rec->w[desc->fields[i].word];
	return VFIO_OBS_UNKNOWN;
}

/* Of the user's structure, in the events of an ioctl: @known says whether it could be read. */
static bool is_of_the_user(const struct event_field *field)
{
	return field->word >= offsetof(struct vfio_words_IOCTL, flags) &&
	       field->word <= offsetof(struct vfio_words_IOCTL, vaddr);
}
_Static_assert(offsetof(struct vfio_words_IOCTL, flags) ==
	       offsetof(struct vfio_words_IOCTL_START, flags) &&
	       offsetof(struct vfio_words_IOCTL, vaddr) ==
	       offsetof(struct vfio_words_IOCTL_START, vaddr), "either event's fields are the same");

bool event__is_known(const struct vfio_rec *rec, const struct event_field *field)
{
	if (field->show == EVENT_SHOW_NS)
		return rec->w[field->word] != VFIO_OBS_UNKNOWN;
	if (rec->type == VFIO_EV_IOCTL)
		return vfio_w(rec, IOCTL, known) || !is_of_the_user(field);
	if (rec->type == VFIO_EV_IOCTL_START)
		return vfio_w(rec, IOCTL_START, known) || !is_of_the_user(field);
	return true;
}

const char *event__value_name(const struct event_value *values, __u64 number)
{
	for (; values && values->name; values++)
		if (values->number == number)
			return values->name;
	return NULL;
}

const char *event__errno_name(int err)
{
	/* Those that only the kernel uses, and that can still reach a tracepoint. */
	switch (err) {
	case 512:
		return "ERESTARTSYS";
	case 515:
		return "ENOIOCTLCMD";
	case 517:
		return "EPROBE_DEFER";
	case 524:
		return "ENOTSUPP";
	}
	return err > 0 ? strerrorname_np(err) : NULL;
}

const char *source_gap__key(enum source_gap gap)
{
	static const char *const keys[] = {
		[SOURCE_GAP_DETACHED] = "detached",
		[SOURCE_GAP_ATTACHED] = "attached",
		[SOURCE_GAP_THINNED] = "thinned",
		[SOURCE_GAP_TRUNCATED] = "truncated",
		[SOURCE_GAP_DAMAGED] = "damaged",
	};

	return keys[gap];
}

static bool is_start(unsigned int type)
{
	const char *name = event__desc(type)->tracepoint;
	size_t len = strlen(name);

	return len > 6 && !strcmp(name + len - 6, "_start");
}

__u64 source__all_events(void)
{
	__u64 mask = 0;

	for (unsigned int type = 0; type < VFIO_EV_COUNT; type++)
		if (!is_start(type))
			mask |= 1ULL << type;
	return mask;
}

/* The completed ones; what lies inside MAP_DMA is rarer, but its hooks are not. */
#define FREQUENT                                                                                   \
	(1ULL << VFIO_EV_CHECK_EXTENSION | 1ULL << VFIO_EV_IOCTL | 1ULL << VFIO_EV_PIN |           \
	 1ULL << VFIO_EV_UNPIN | 1ULL << VFIO_EV_DMA_RW)
#define FREQUENT_STARTS                                                                            \
	(1ULL << VFIO_EV_IOCTL_START | 1ULL << VFIO_EV_PIN_START | 1ULL << VFIO_EV_UNPIN_START |   \
	 1ULL << VFIO_EV_DMA_RW_START)

__u64 source__lifecycle_events(void)
{
	return source__all_events() & ~FREQUENT;
}

__u64 source__frequent_events(void)
{
	return FREQUENT | FREQUENT_STARTS | 1ULL << VFIO_EV_MAP_PARTS;
}

__u64 source__monitor_events(void)
{
	return source__lifecycle_events() | 1ULL << VFIO_EV_IOCTL;
}

__u32 source__ops_of(__u64 events)
{
	__u32 ops = 0;

	for (unsigned int type = 0; type < VFIO_EV_COUNT; type++)
		if (events >> type & 1 && event__desc(type)->op != VFIO_OP_NONE)
			ops |= 1U << event__desc(type)->op;
	if (events >> VFIO_EV_IOCTL & 1)
		ops |= 1U << VFIO_OP_MAP | 1U << VFIO_OP_UNMAP;
	return ops;
}

/* The events that @pattern names, 0 for none. */
static __u64 match_events(const char *pattern)
{
	__u64 mask = 0;

	if (!strcmp(pattern, "all"))
		return source__all_events();
	if (!strcmp(pattern, "lifecycle"))
		return source__lifecycle_events();
	for (unsigned int type = 0; type < VFIO_EV_COUNT; type++) {
		const struct event_desc *desc = event__desc(type);

		if (!fnmatch(pattern, desc->tracepoint, 0) ||
		    !fnmatch(pattern, event__key(desc), 0))
			mask |= 1ULL << type;
	}
	return mask;
}

int event__parse_mask(const char *list, __u64 *mask, char *err, size_t err_size)
{
	char *copy = xmemdup(list, strlen(list) + 1, 1), *rest = copy, *pattern;
	int ret = 0;

	*mask = 0;
	while (!ret && (pattern = strsep(&rest, ","))) {
		__u64 found = match_events(pattern);

		if (!found) {
			error__set(err, err_size, "no event is called '%s'; give names such as "
				   "pin, vfio_container_open or '*_start', or all or lifecycle",
				   pattern);
			ret = -EINVAL;
		}
		*mask |= found;
	}
	free(copy);
	return ret;
}

void event__make_text_printable(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			text[i] = '?';
}

static void end_string(char *text, size_t size)
{
	text[size - 1] = '\0';
	event__make_text_printable(text, strlen(text));
}

void event__make_printable(struct vfio_rec *rec)
{
	const struct event_desc *desc = event__desc(rec->type);

	end_string(rec->comm, sizeof(rec->comm));
	for (unsigned int i = 0; desc && i < desc->n_fields; i++)
		if (desc->fields[i].ctype == EVENT_CTYPE_str)
			end_string((char *)&rec->w[desc->fields[i].word], VFIO_OBS_STR_LEN);
}

/* Append to @buf, of @size bytes, behind *@len; what does not fit is cut. */
static void __attribute__((format(printf, 4, 5)))
append(char *buf, size_t size, size_t *len, const char *fmt, ...)
{
	va_list args;
	int n;

	if (*len >= size)
		return;
	va_start(args, fmt);
	n = vsnprintf(buf + *len, size - *len, fmt, args);
	va_end(args);
	if (n > 0)
		*len += n;
}

static void append_ret(char *buf, size_t size, size_t *len, __s64 ret)
{
	const char *name = error_name(ret);

	if (name)
		append(buf, size, len, "-%s", name);
	else
		append(buf, size, len, "%lld", ret);
}

static void append_value(char *buf, size_t size, size_t *len, const struct event_field *field,
			 const __u64 *w)
{
	const char *name = event__value_name(field->values, *w);
	char text[FMT_MAX];

	if (field->show == EVENT_SHOW_STR)
		append(buf, size, len, "%.*s", VFIO_OBS_STR_LEN, (const char *)w);
	else if (field->show == EVENT_SHOW_RET)
		append_ret(buf, size, len, *w);
	else if (name)
		append(buf, size, len, "%s", name);
	else if (field->show == EVENT_SHOW_NS)
		append(buf, size, len, "%s", fmt_latency(text, sizeof(text), *w));
	else if (field->show == EVENT_SHOW_SIZE)
		append(buf, size, len, "%s", fmt_bytes(text, sizeof(text), *w));
	else if (field->show == EVENT_SHOW_HEX || field->show == EVENT_SHOW_VALUE)
		append(buf, size, len, "0x%llx", *w);
	else
		append(buf, size, len, "%llu", *w);
}

char *event__format(const struct vfio_rec *rec, char *buf, size_t size)
{
	const struct event_desc *desc = event__desc(rec->type);
	size_t len = 0;

	if (size)
		*buf = '\0';
	for (unsigned int i = 0; desc && i < desc->n_fields; i++) {
		append(buf, size, &len, "%s%s=", i ? " " : "", desc->fields[i].name);
		if (event__is_known(rec, &desc->fields[i]))
			append_value(buf, size, &len, &desc->fields[i],
				     &rec->w[desc->fields[i].word]);
		else
			append(buf, size, &len, "unknown");
	}
	return buf;
}
