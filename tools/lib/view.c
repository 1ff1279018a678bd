// SPDX-License-Identifier: GPL-2.0-only
/*
 * view.c - the sums and sentences that every view shows
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "event.h"
#include "field.h"
#include "fmt.h"
#include "view.h"

/* How long the end of a gap stays on the screen. */
#define ATTACHED_SHOWN_NS 60000000000ULL

/* Longer than this an operation that runs is told of. */
#define LONG_NS 2000000000ULL

__u64 view__age(const struct view_frame *frame, __u64 start_ns)
{
	return frame->now_ns > start_ns ? frame->now_ns - start_ns : 0;
}

void view__totals(const struct view_frame *frame, struct view_totals *totals)
{
	const struct source_loss *loss = model__loss(frame->model);
	const struct model_container *const *list;
	size_t n = model__containers(frame->model, &list);

	/* Before the first refresh no interval has passed. */
	*totals = (struct view_totals){ .rate = frame->number ? 0 : -1 };
	for (size_t i = 0; i < n; i++) {
		const struct model_container *c = list[i];
		__u64 pages, bytes;

		if (c->freed) {
			totals->gone++;
			continue;
		}
		totals->containers++;
		totals->groups += c->n_groups;
		if (model_container__mapped_bytes(c, &bytes))
			totals->mapped_bytes += bytes;
		else
			totals->mapped_unknown++;
		if (model_container__pinned_pages(c, &pages))
			totals->pinned_pages += pages;
		else
			totals->pinned_unknown++;
	}
	for (int op = 0; op < VFIO_OP_COUNT; op++) {
		const struct model_op *stats = model__total(frame->model, op);

		if (stats && stats->rate >= 0 && frame->number)
			totals->rate += stats->rate;
	}
	if (model__counts_less(frame->model))
		totals->rate = -1;
	totals->lost = source_loss__total(loss);
}

/* Segments */

struct segments {
	struct view_segment *list;
	size_t n;
};

__attribute__((format(printf, 3, 4))) static void add(struct segments *s, bool alert,
						      const char *format, ...)
{
	struct view_segment *segment = &s->list[s->n++];
	va_list args;

	va_start(args, format);
	vsnprintf(segment->text, sizeof(segment->text), format, args);
	va_end(args);
	segment->alert = alert;
}

/* What is not known, an event's cost or the programs' share, is said, not left out. */
static void add_cost(const struct view_frame *frame, struct segments *s)
{
	const struct source_cost *cost = &frame->info->cost;
	char event[FMT_MAX] = "unknown";

	if (cost->event_known)
		fmt_latency(event, sizeof(event), cost->ns_per_event);
	add(s, false, "cost %s/event", event);
	if (frame->cpu_percent >= 0)
		add(s, cost->over, "%.1f%%%s CPU", frame->cpu_percent + cost->last.programs,
		    cost->last.programs_known ? "" : "+?");
}

static void add_place(const struct view_frame *frame, struct segments *s)
{
	char text[80];

	field__format_text(frame->info->host, text, sizeof(text));
	add(s, false, "%s", text[0] ? text : "host unknown");
	field__format_text(frame->info->kernel, text, sizeof(text));
	add(s, false, "%s", text[0] ? text : "kernel unknown");
}

/* Who looks at a live host knows which it is. */
static void add_about(const struct view_frame *frame, struct segments *s)
{
	const struct source_info *info = frame->info;
	char text[80];

	add(s, false, "vfiotop");
	/* Whole seconds are enough on a screen. */
	fmt_time(text, sizeof(text), frame->now_ns + info->realtime_offset_ns);
	text[strcspn(text, ".")] = '\0';
	add(s, false, "%s", text);
	if (frame->at_end)
		add(s, true, "END OF RECORDING");
	if (!info->live)
		add_place(frame, s);
	add(s, false, "source %s", info->name);
	if (info->live) {
		add_cost(frame, s);
		add_place(frame, s);
	}
	add(s, false, "every %gs", frame->interval_ns / 1e9);
	if (!info->live && frame->cpu_percent >= 0)
		add(s, false, "tool %.1f%% CPU", frame->cpu_percent);
}

/* "+?" behind a sum: some containers are not in it. */
static void add_sums(const struct view_frame *frame, struct segments *s)
{
	struct view_totals t;
	char text[FMT_MAX];

	view__totals(frame, &t);
	add(s, false, "%zu container%s", t.containers, t.containers == 1 ? "" : "s");
	add(s, false, "%s ops/s", fmt_rate(text, sizeof(text), t.rate));
	add(s, t.lost > 0, "%s %llu", t.lost ? "LOST" : "lost", t.lost);
	add(s, false, "mapped %s%s", fmt_bytes(text, sizeof(text), t.mapped_bytes),
	    t.mapped_unknown ? "+?" : "");
	add(s, false, "pinned %s%s pages", fmt_count(text, sizeof(text), t.pinned_pages),
	    t.pinned_unknown ? "+?" : "");
	add(s, false, "%zu group%s", t.groups, t.groups == 1 ? "" : "s");
	if (t.gone)
		add(s, false, "%zu gone", t.gone);
}

size_t view__summary(const struct view_frame *frame, int line,
		     struct view_segment segments[VIEW_SEGMENTS])
{
	struct segments s = { .list = segments };

	if (line == 0)
		add_about(frame, &s);
	else
		add_sums(frame, &s);
	return s.n;
}

/* Notices */

/* "12:34:56: " and the sentence. */
static void since(const struct view_frame *frame, __u64 ts_ns, const char *sentence,
		  struct view_notice *notice)
{
	char when[FMT_MAX], why[sizeof(notice->text) - FMT_MAX - 8];

	fmt_clock(when, sizeof(when), ts_ns + frame->info->realtime_offset_ns, false);
	field__format_text(sentence, why, sizeof(why));
	snprintf(notice->text, sizeof(notice->text), "%s: %s", when, why);
}

static bool notice_gap(const struct view_frame *frame, struct view_notice *notice)
{
	static const enum view_level levels[] = {
		[SOURCE_GAP_ATTACHED] = VIEW_LEVEL_INFO,
		[SOURCE_GAP_DETACHED] = VIEW_LEVEL_NOTE,
		[SOURCE_GAP_TRUNCATED] = VIEW_LEVEL_ALERT,
		[SOURCE_GAP_DAMAGED] = VIEW_LEVEL_ALERT,
	};
	enum source_gap kind = model__gap_kind(frame->model);
	__u64 ts_ns;
	const char *gap = model__gap(frame->model, &ts_ns);

	if (!gap)
		return false;
	if (kind == SOURCE_GAP_ATTACHED && frame->now_ns > ts_ns &&
	    frame->now_ns - ts_ns > ATTACHED_SHOWN_NS)
		return false;
	since(frame, ts_ns, gap, notice);
	notice->level = levels[kind];
	return true;
}

/* Figures are too low only where they follow from events. */
static bool notice_thinned(const struct view_frame *frame, struct view_notice *notice)
{
	__u64 ts_ns;
	const char *thinned = model__thinned(frame->model, &ts_ns);

	if (!thinned)
		return false;
	since(frame, ts_ns, thinned, notice);
	notice->level = model__counts_less(frame->model) ? VIEW_LEVEL_ALERT : VIEW_LEVEL_NOTE;
	return true;
}

static bool notice_loss(const struct view_frame *frame, struct view_notice *notice)
{
	const struct source_loss *loss = model__loss(frame->model);
	const struct {
		__u64 n;
		const char *what;
	} kinds[] = {
		{ loss->ring, "events (ring full)" },
		{ loss->pool, "operations (statistics full)" },
		{ loss->recursion, "program runs (skipped by the kernel)" },
		{ loss->damaged, "events (damaged blocks)" },
		{ loss->stacks, "operations (in no stack: limit reached, or not readable)" },
	};
	size_t used = snprintf(notice->text, sizeof(notice->text), "lost, so figures are too low:");
	bool any = false;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!kinds[i].n)
			continue;
		used += snprintf(notice->text + used, sizeof(notice->text) - used, "%s %llu %s",
				 any ? "," : "", kinds[i].n, kinds[i].what);
		any = true;
	}
	notice->level = VIEW_LEVEL_ALERT;
	return any;
}

/* What may hang: the one that began first. */
static bool notice_long(const struct view_frame *frame, struct view_notice *notice)
{
	const struct source_begun *list;
	char age[FMT_MAX], id[FMT_MAX], comm[VFIO_OBS_COMM_LEN];
	size_t n, n_long = 0;

	model__begun(frame->model, &list, &n);
	while (n_long < n && view__age(frame, list[n_long].start_ns) >= LONG_NS)
		n_long++;
	if (!n_long)
		return false;
	field__format_uint(UNIT_ID, list->id, id, sizeof(id));
	field__format_text(list->comm, comm, sizeof(comm));
	snprintf(notice->text, sizeof(notice->text), "%s of container %s has not returned for %s: "
		 "%s (pid %u, thread %u)%s", event__op(list->op)->key, id,
		 fmt_age(age, sizeof(age), view__age(frame, list->start_ns)), comm, list->tgid,
		 list->pid, n_long > 1 ? ", and others" : "");
	notice->level = VIEW_LEVEL_NOTE;
	return true;
}

static bool notice_detail(const struct view_frame *frame, struct view_notice *notice)
{
	if (!frame->info->detail[0])
		return false;
	field__format_text(frame->info->detail, notice->text, sizeof(notice->text));
	notice->level = VIEW_LEVEL_INFO;
	return true;
}

void view__frozen(const struct view_frame *frame, char *to, size_t size)
{
	char clock[FMT_MAX], age[FMT_MAX];

	if (!frame->past) {
		snprintf(to, size, "FROZEN");
		return;
	}
	fmt_clock(clock, sizeof(clock), frame->now_ns + frame->info->realtime_offset_ns, false);
	fmt_age(age, sizeof(age), frame->behind_ns);
	if (frame->behind_ns < 10000000000ULL) /* below the width of a refresh, maybe */
		snprintf(age, sizeof(age), "%.1fs", frame->behind_ns / 1e9);
	snprintf(to, size, "PAST %s -%s", clock, age);
}

size_t view__notices(const struct view_frame *frame, struct view_notice notices[VIEW_NOTICES])
{
	size_t n = 0;

	n += notice_gap(frame, &notices[n]);
	n += notice_thinned(frame, &notices[n]);
	n += notice_loss(frame, &notices[n]);
	n += notice_long(frame, &notices[n]);
	n += notice_detail(frame, &notices[n]);
	return n;
}

const char *view__nothing(const struct view_frame *frame)
{
	return frame->info->live ? "no VFIO container is open" :
				   "no VFIO container was open at this time";
}
