// SPDX-License-Identifier: GPL-2.0-only
/*
 * export_chrome.c - vfio-trace export -f chrome: the trace event format of chrome://tracing, which
 * ui.perfetto.dev opens too
 *
 * A container is a "process" with a track for each task that acts on it; operations with a known
 * duration are slices, everything else instants. What belongs to no container is process 0.
 */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "lib/event.h"
#include "lib/fmt.h"
#include "lib/owner_text.h"
#include "lib/xalloc.h"

/* A container, by id, and the number that is its process's. */
struct process {
	__u64 id;
	__u64 number;
};

/* A task whose name was written. */
struct track {
	__u64 process;
	__u32 pid;
};

struct chrome {
	void *processes, *tracks; /* of search.h */
	__u64 n_processes;
	bool more;		  /* something stands before the next object */
};

static int compare_processes(const void *a, const void *b)
{
	const struct process *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static int compare_tracks(const void *a, const void *b)
{
	const struct track *x = a, *y = b;

	if (x->process != y->process)
		return x->process < y->process ? -1 : 1;
	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* A copy of @key in the tree: the one that is there, or a new one. *is_new says which. */
static void *find(void **tree, const void *key, size_t size,
		  int (*compare)(const void *, const void *), bool *is_new)
{
	void *copy = xmemdup(key, 1, size);
	void *found = *(void **)xalloc__check(tsearch(copy, tree, compare));

	*is_new = found == copy;
	if (!*is_new)
		free(copy);
	return found;
}

static void begin_object(struct export *export)
{
	struct chrome *chrome = export->state;

	fputs(chrome->more ? ",\n" : "\n", export->out);
	chrome->more = true;
}

static void name_process(struct export *export, __u64 number, const char *name)
{
	begin_object(export);
	fprintf(export->out, "{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":%llu,\"args\":{\"name\":",
		number);
	export_json__string(export->out, name);
	fputs("}}", export->out);
}

/* The process of a container, named by its number until an owner is known. */
static __u64 process_of(struct export *export, __u64 id)
{
	struct chrome *chrome = export->state;
	struct process key = { .id = id }, *process;
	char name[64], number[FMT_MAX];
	bool is_new;

	process = find(&chrome->processes, &key, sizeof(key), compare_processes, &is_new);
	if (!is_new)
		return process->number;
	if (id)
		process->number = ++chrome->n_processes;
	snprintf(name, sizeof(name), id ? "container %s" : "vfio, no container",
		 fmt_container(number, sizeof(number), id));
	name_process(export, process->number, name);
	return process->number;
}

static void name_track(struct export *export, __u64 process, const struct vfio_rec *rec)
{
	struct track key = { process, rec->pid };
	struct chrome *chrome = export->state;
	bool is_new;

	find(&chrome->tracks, &key, sizeof(key), compare_tracks, &is_new);
	if (!is_new)
		return;
	begin_object(export);
	fprintf(export->out, "{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":%llu,\"tid\":%u,"
		"\"args\":{\"name\":", process, rec->pid);
	export_json__string(export->out, rec->comm);
	fputs("}}", export->out);
}

/* Microseconds with their fraction, which JSON numbers keep whole. */
static void print_us(FILE *out, __u64 ns)
{
	fprintf(out, "%llu.%03llu", ns / 1000, ns % 1000);
}

static const char *name_of(const struct vfio_rec *rec)
{
	struct vfio_outcome outcome = vfio_outcome_of(rec->type, rec);

	if (outcome.op != VFIO_OP_NONE && rec->type == VFIO_EV_IOCTL)
		return event__op(outcome.op)->key;
	return event__key(event__desc(rec->type));
}

static void chrome_begin(struct export *export)
{
	export->state = xcalloc(1, sizeof(struct chrome));
	fputs("{\"displayTimeUnit\":\"ns\",\"otherData\":{\"recording\":", export->out);
	export_json__string(export->out, export->info.detail);
	fputs(",\"host\":", export->out);
	export_json__string(export->out, export->info.host);
	fputs(",\"kernel\":", export->out);
	export_json__string(export->out, export->info.kernel);
	fputs("},\"traceEvents\":[", export->out);
}

static void chrome_event(struct export *export, const struct vfio_rec *rec)
{
	__u64 duration = event__duration(rec);
	bool slice = duration != VFIO_OBS_UNKNOWN && duration <= rec->ts_ns;
	__u64 process = process_of(export, rec->id);
	FILE *out = export->out;

	name_track(export, process, rec);
	begin_object(export);
	fprintf(out, "{\"ph\":\"%s\",\"name\":\"%s\",\"cat\":\"vfio\",\"pid\":%llu,\"tid\":%u,\"ts\":",
		slice ? "X" : "i", name_of(rec), process, rec->pid);
	print_us(out, slice ? rec->ts_ns - duration : rec->ts_ns);
	if (slice) {
		fputs(",\"dur\":", out);
		print_us(out, duration);
	} else {
		fputs(",\"s\":\"t\"", out);
	}
	fputs(",\"args\":{", out);
	export_json__fields(out, rec);
	fputs("}}", out);
}

static void chrome_owner(struct export *export, __u64 id, const struct source_owner *owner)
{
	__u64 process = process_of(export, id);
	char number[FMT_MAX], line[512], name[sizeof(line) + 64];

	snprintf(name, sizeof(name), "container %s: %s", fmt_container(number, sizeof(number), id),
		 owner_text__line(owner, line, sizeof(line)));
	name_process(export, process, name);
}

static void chrome_gap(struct export *export, enum source_gap gap, __u64 ts_ns, const char *why)
{
	begin_object(export);
	fprintf(export->out, "{\"ph\":\"i\",\"name\":\"%s\",\"cat\":\"gap\",\"s\":\"g\",\"pid\":0,\"tid\":0,"
		"\"ts\":", source_gap__key(gap));
	print_us(export->out, ts_ns);
	fputs(",\"args\":{\"why\":", export->out);
	export_json__string(export->out, why);
	fputs("}}", export->out);
}

static void chrome_end(struct export *export)
{
	struct chrome *chrome = export->state;

	fputs("\n]}\n", export->out);
	tdestroy(chrome->processes, free);
	tdestroy(chrome->tracks, free);
	free(chrome);
}

const struct export_format export_chrome = {
	.name = "chrome",
	.help = "for ui.perfetto.dev and chrome://tracing: a track for each container and task",
	.begin = chrome_begin,
	.owner = chrome_owner,
	.event = chrome_event,
	.gap = chrome_gap,
	.end = chrome_end,
};
