// SPDX-License-Identifier: GPL-2.0-only
/*
 * export_jsonl.c - vfio-trace export -f jsonl: one JSON object a line; docs/export.md
 *
 * Events are written without a library, for their number; what is rare is not.
 */
#include <string.h>

#include "export.h"
#include "lib/event.h"
#include "lib/fmt.h"
#include "lib/json_set.h"
#include "lib/owner_json.h"

#define SCHEMA "vfio-trace-events/1"

void export_json__string(FILE *out, const char *text)
{
	putc_unlocked('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc_unlocked('\\', out);
		putc_unlocked(*text, out);
	}
	putc_unlocked('"', out);
}

static void print_value(FILE *out, const struct event_field *field, const __u64 *w)
{
	const char *name = event__value_name(field->values, *w);
	char text[VFIO_OBS_STR_LEN + 1];

	if (field->ctype == EVENT_CTYPE_str) {
		snprintf(text, sizeof(text), "%.*s", VFIO_OBS_STR_LEN, (const char *)w);
		export_json__string(out, text);
	} else if (name) {
		fprintf(out, "\"%s\"", name);
	} else if (field->show == EVENT_SHOW_HEX || field->show == EVENT_SHOW_VALUE) {
		fprintf(out, "\"0x%llx\"", *w);
	} else if (field->ctype == EVENT_CTYPE_bool) {
		fputs(*w ? "true" : "false", out);
	} else if (field->ctype == EVENT_CTYPE_s64) {
		fprintf(out, "%lld", (long long)*w);
	} else {
		fprintf(out, "%llu", *w);
	}
}

void export_json__fields(FILE *out, const struct vfio_rec *rec)
{
	const struct event_desc *desc = event__desc(rec->type);

	for (unsigned int i = 0; i < desc->n_fields; i++) {
		fprintf(out, "%s\"%s\":", i ? "," : "", desc->fields[i].name);
		if (event__is_known(rec, &desc->fields[i]))
			print_value(out, &desc->fields[i], &rec->w[desc->fields[i].word]);
		else
			fputs("null", out);
	}
}

static void set_container(json_t *object, __u64 id)
{
	json_set(object, "container", json_count(SOURCE_ID_NUMBER(id)));
	json_set(object, "load", json_count(SOURCE_ID_LOAD(id)));
}

static json_t *new_line(const char *kind)
{
	json_t *object = xalloc__check(json_object());

	json_set(object, "kind", json_string(kind));
	return object;
}

static void end_line(struct export *export, json_t *object)
{
	/* What it cannot write, the stream remembers. */
	json_dumpf(object, export->out, JSON_COMPACT);
	putc('\n', export->out);
	json_decref(object);
}

static void jsonl_begin(struct export *export)
{
	const struct source_info *info = &export->info;
	json_t *line = new_line("recording");
	char time[FMT_MAX];

	fmt_time_iso(time, sizeof(time), info->start_ns + info->realtime_offset_ns);
	json_set(line, "schema", json_string(SCHEMA));
	json_set(line, "source", json_string(info->detail));
	json_set(line, "host", json_string(info->host));
	json_set(line, "kernel", json_string(info->kernel));
	json_set(line, "start_ns", json_count(info->start_ns));
	json_set(line, "start", json_string(time));
	end_line(export, line);
}

static void jsonl_event(struct export *export, const struct vfio_rec *rec)
{
	const char *error = event__error(rec);

	fprintf(export->out, "{\"kind\":\"event\",\"event\":\"%s\",\"ts_ns\":%llu,\"realtime_ns\":%llu,"
		"\"cpu\":%u,\"pid\":%u,\"tid\":%u,\"cgroup\":%llu,\"comm\":",
		event__key(event__desc(rec->type)), rec->ts_ns,
		rec->ts_ns + export->info.realtime_offset_ns, rec->cpu, rec->tgid, rec->pid,
		rec->cgroup);
	export_json__string(export->out, rec->comm);
	if (rec->id)
		fprintf(export->out, ",\"container\":%llu,\"load\":%llu", SOURCE_ID_NUMBER(rec->id),
			SOURCE_ID_LOAD(rec->id));
	else
		fputs(",\"container\":null,\"load\":null", export->out);
	if (error)
		fprintf(export->out, ",\"error\":\"%s\"", error);
	else
		fputs(",\"error\":null", export->out);
	fputs(",\"fields\":{", export->out);
	export_json__fields(export->out, rec);
	fputs("}}\n", export->out);
}

static void jsonl_existing(struct export *export, const struct source_existing *existing)
{
	json_t *line = new_line("existing"), *groups = xalloc__check(json_array());

	for (__u32 i = 0; i < existing->n_listed; i++)
		json_append(groups, json_count(existing->groups[i].number));
	set_container(line, existing->id);
	json_set(line, "ts_ns", json_count(existing->read_ns));
	json_set(line, "opened_ns", existing->opened_ns ? json_count(existing->opened_ns) :
							  json_null());
	json_set(line, "pid", json_count(existing->tgid));
	json_set(line, "comm", json_string(existing->comm));
	json_set(line, "holders", json_count(existing->holders));
	json_set(line, "refs", source_existing__tells(existing, VFIO_UNTOLD_REFS) ?
			       json_count(existing->refs) : json_null());
	json_set(line, "file_closed", source_existing__tells(existing, VFIO_UNTOLD_FILE) ?
				      json_boolean(existing->file_closed) : json_null());
	json_set(line, "backend", *existing->backend ? json_string(existing->backend) : json_null());
	json_set(line, "groups", groups);
	json_set(line, "groups_complete",
		 json_boolean(existing->n_listed == existing->n_groups &&
			      source_existing__tells(existing, VFIO_UNTOLD_GROUPS)));
	end_line(export, line);
}

static void jsonl_owner(struct export *export, __u64 id, const struct source_owner *owner)
{
	json_t *line = new_line("owner");

	set_container(line, id);
	json_set(line, "owner", owner_json__owner(owner));
	end_line(export, line);
}

static void jsonl_group(struct export *export, const struct source_group_info *group)
{
	json_t *line = new_line("group");
	json_t *groups = owner_json__groups(&group, 1);

	json_set(line, "group", json_incref(json_array_get(groups, 0)));
	json_decref(groups);
	end_line(export, line);
}

static void jsonl_loss(struct export *export, const struct source_loss *loss)
{
	json_t *line = new_line("lost");

	json_set(line, "ring", json_count(loss->ring));
	json_set(line, "pool", json_count(loss->pool));
	json_set(line, "recursion", json_count(loss->recursion));
	json_set(line, "damaged", json_count(loss->damaged));
	end_line(export, line);
}

static void jsonl_gap(struct export *export, enum source_gap gap, __u64 ts_ns, const char *why)
{
	json_t *line = new_line("gap");

	json_set(line, "gap", json_string(source_gap__key(gap)));
	json_set(line, "ts_ns", json_count(ts_ns));
	json_set(line, "why", json_string(why));
	end_line(export, line);
}

const struct export_format export_jsonl = {
	.name = "jsonl",
	.help = "JSON lines: an object for each event",
	.begin = jsonl_begin,
	.existing = jsonl_existing,
	.owner = jsonl_owner,
	.group = jsonl_group,
	.event = jsonl_event,
	.loss = jsonl_loss,
	.gap = jsonl_gap,
};
