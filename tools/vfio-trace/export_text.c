// SPDX-License-Identifier: GPL-2.0-only
/*
 * export_text.c - vfio-trace script: one line an event
 */
#include <string.h>
#include <time.h>

#include "export.h"
#include "lib/event.h"
#include "lib/fmt.h"
#include "lib/owner_text.h"

#define SEC 1000000000ULL
#define LINE_MAX_LEN 512

/* Local time of the day, "10:26:25.123456789". */
static void print_wall(struct export *export, __u64 realtime_ns)
{
	time_t t = realtime_ns / SEC;
	char text[16] = "?";
	struct tm tm;

	if (localtime_r(&t, &tm))
		strftime(text, sizeof(text), "%H:%M:%S", &tm);
	fprintf(export->out, "%s.%09llu", text, realtime_ns % SEC);
}

static void print_time(struct export *export, __u64 ts_ns)
{
	__u64 start = export->info.start_ns;
	__u64 ns = ts_ns;

	if (export->clock == EXPORT_WALL) {
		print_wall(export, ts_ns + export->info.realtime_offset_ns);
		return;
	}
	/* An operation may have begun before the recording did. */
	if (export->clock == EXPORT_SINCE_START)
		ns = ts_ns > start ? ts_ns - start : 0;
	fprintf(export->out, "%8llu.%09llu", ns / SEC, ns % SEC);
}

static void text_begin(struct export *export)
{
	char time[FMT_MAX];

	fprintf(export->out, "# %s\n# host %s, kernel %s, begun %s\n", export->info.detail,
		export->info.host, export->info.kernel,
		fmt_time(time, sizeof(time),
			 export->info.start_ns + export->info.realtime_offset_ns));
	fprintf(export->out, "# %-16s  %-5s %-24s %-9s %-18s %s\n", "TIME", "CPU", "COMMAND/TASK",
		"CONTAINER", "EVENT", "FIELDS");
}

static void text_event(struct export *export, const struct vfio_rec *rec)
{
	char task[VFIO_OBS_COMM_LEN + 16], id[FMT_MAX] = "-", fields[LINE_MAX_LEN];

	print_time(export, rec->ts_ns);
	snprintf(task, sizeof(task), "%.*s/%u", VFIO_OBS_COMM_LEN, rec->comm, rec->pid);
	if (rec->id)
		fmt_container(id, sizeof(id), rec->id);
	fprintf(export->out, " [%03u] %-24s %9s %-18s %s\n", rec->cpu, task, id,
		event__key(event__desc(rec->type)), event__format(rec, fields, sizeof(fields)));
}

static void text_existing(struct export *export, const struct source_existing *existing)
{
	char id[FMT_MAX], age[FMT_MAX] = "?", refs[FMT_MAX] = "?";
	const char *backend = *existing->backend ? existing->backend : "none";

	if (existing->opened_ns)
		fmt_age(age, sizeof(age), existing->read_ns - existing->opened_ns);
	if (source_existing__tells(existing, VFIO_UNTOLD_REFS))
		snprintf(refs, sizeof(refs), "%u", existing->refs);
	if (!source_existing__tells(existing, VFIO_UNTOLD_BACKEND))
		backend = "?";
	fprintf(export->out, "# container %s was there before: of %s/%u, open for %s, %s references, "
		"backend %s, groups", fmt_container(id, sizeof(id), existing->id), existing->comm,
		existing->tgid, age, refs, backend);
	for (__u32 i = 0; i < existing->n_listed; i++)
		fprintf(export->out, "%s %u", i ? "," : "", existing->groups[i].number);
	if (!source_existing__tells(existing, VFIO_UNTOLD_GROUPS))
		fputs(existing->n_listed ? " and maybe others" : " ?", export->out);
	else if (!existing->n_groups)
		fputs(" none", export->out);
	putc('\n', export->out);
}

static void text_owner(struct export *export, __u64 id, const struct source_owner *owner)
{
	char number[FMT_MAX], line[LINE_MAX_LEN];

	fprintf(export->out, "# container %s: %s\n", fmt_container(number, sizeof(number), id),
		owner_text__line(owner, line, sizeof(line)));
}

static void text_group(struct export *export, const struct source_group_info *group)
{
	char line[LINE_MAX_LEN];

	for (__u32 i = 0; i < group->n_listed; i++)
		fprintf(export->out, "# group %u: %s\n", group->number,
			device_text__line(&group->devices[i], 0, line, sizeof(line)));
}

static void text_loss(struct export *export, const struct source_loss *loss)
{
	__u64 lost = source_loss__total(loss);

	if (lost)
		fprintf(export->out, "# lost until here: %llu events\n", lost);
}

static void text_gap(struct export *export, enum source_gap gap, __u64 ts_ns, const char *why)
{
	fputs("# ", export->out);
	print_time(export, ts_ns);
	fprintf(export->out, " %s\n", why);
}

const struct export_format export_text = {
	.name = "text",
	.help = "one line an event",
	.begin = text_begin,
	.existing = text_existing,
	.owner = text_owner,
	.group = text_group,
	.event = text_event,
	.loss = text_loss,
	.gap = text_gap,
};
