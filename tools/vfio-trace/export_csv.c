// SPDX-License-Identifier: GPL-2.0-only
/*
 * export_csv.c - vfio-trace export -f csv: a row for each event
 *
 * Behind the columns of every event comes one for each name of a field; events without it leave
 * theirs empty. Texts are quoted, numbers are not; what is not known is empty.
 */
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "lib/event.h"
#include "lib/xalloc.h"

#define MAX_COLUMNS 64

/*
 * @name:  of each column
 * @field: by event and column; NULL: the event has none
 */
struct csv {
	unsigned int n;
	const char *name[MAX_COLUMNS];
	const struct event_field *field[VFIO_EV_COUNT][MAX_COLUMNS];
};

static unsigned int column_of(struct csv *csv, const char *name)
{
	for (unsigned int i = 0; i < csv->n; i++)
		if (!strcmp(csv->name[i], name))
			return i;
	if (csv->n == MAX_COLUMNS)
		abort(); /* the event list has grown */
	csv->name[csv->n] = name;
	return csv->n++;
}

/* Texts are printable ASCII; a quote is doubled. */
static void print_text(FILE *out, const char *text, size_t max)
{
	putc_unlocked('"', out);
	for (; *text && max; text++, max--) {
		if (*text == '"')
			putc_unlocked('"', out);
		putc_unlocked(*text, out);
	}
	putc_unlocked('"', out);
}

static void csv_begin(struct export *export)
{
	struct csv *csv = xcalloc(1, sizeof(*csv));

	for (unsigned int type = 0; type < VFIO_EV_COUNT; type++) {
		const struct event_desc *desc = event__desc(type);

		for (unsigned int i = 0; i < desc->n_fields; i++)
			csv->field[type][column_of(csv, desc->fields[i].name)] = &desc->fields[i];
	}
	fputs("ts_ns,realtime_ns,cpu,pid,tid,comm,cgroup,container,load,event,error", export->out);
	for (unsigned int i = 0; i < csv->n; i++)
		fprintf(export->out, ",%s", csv->name[i]);
	putc('\n', export->out);
	export->state = csv;
}

static void print_field(FILE *out, const struct event_field *field, const __u64 *w)
{
	const char *name = event__value_name(field->values, *w);

	if (field->ctype == EVENT_CTYPE_str)
		print_text(out, (const char *)w, VFIO_OBS_STR_LEN);
	else if (name)
		print_text(out, name, ~0UL);
	else if (field->show == EVENT_SHOW_HEX || field->show == EVENT_SHOW_VALUE)
		fprintf(out, "0x%llx", *w);
	else if (field->ctype == EVENT_CTYPE_s64)
		fprintf(out, "%lld", (long long)*w);
	else
		fprintf(out, "%llu", *w);
}

static void csv_event(struct export *export, const struct vfio_rec *rec)
{
	const char *error = event__error(rec);
	const struct csv *csv = export->state;
	FILE *out = export->out;

	fprintf(out, "%llu,%llu,%u,%u,%u,", rec->ts_ns,
		rec->ts_ns + export->info.realtime_offset_ns, rec->cpu, rec->tgid, rec->pid);
	print_text(out, rec->comm, VFIO_OBS_COMM_LEN);
	fprintf(out, ",%llu,", rec->cgroup);
	if (rec->id)
		fprintf(out, "%llu,%llu", SOURCE_ID_NUMBER(rec->id), SOURCE_ID_LOAD(rec->id));
	else
		putc_unlocked(',', out);
	fprintf(out, ",%s,%s", event__key(event__desc(rec->type)), error ? error : "");
	for (unsigned int i = 0; i < csv->n; i++) {
		const struct event_field *field = csv->field[rec->type][i];

		putc_unlocked(',', out);
		if (field && event__is_known(rec, field))
			print_field(out, field, &rec->w[field->word]);
	}
	putc_unlocked('\n', out);
}

static void csv_end(struct export *export)
{
	free(export->state);
}

const struct export_format export_csv = {
	.name = "csv",
	.help = "comma-separated values: a row for each event",
	.begin = csv_begin,
	.event = csv_event,
	.end = csv_end,
};
