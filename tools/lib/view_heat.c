// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_heat.c - the history of one operation's latencies as a map
 */
#include "view_heat.h"
#include "xalloc.h"

static const struct view_heat_sign marks[VIEW_HEAT_MARKS] = {
	[VIEW_HEAT_UNKNOWN] = { "?", "not kept", "below the heat map: what this container did then is not kept; "
				"64 containers and the one that you look at have a history" },
	[VIEW_HEAT_GAP] = { "x", "not watched", "there: nobody watched all the time, or the recording is damaged" },
	[VIEW_HEAT_LOST] = { "!", "events lost", "there: events were lost, so calls may be missing" },
	[VIEW_HEAT_LESS] = { "<", "not all counted", "there: not all operations are counted any more" },
	[VIEW_HEAT_LONG] = { "~", "long refresh", "there: it took more than twice as long as the others" },
};

const struct view_heat_sign *view_heat__mark(enum view_heat_mark mark)
{
	return &marks[mark];
}

/* Columns begin at multiples of @per: a refresh stays in its column while others come. */
static void choose_columns(struct view_heat *heat, const struct model_heat *history,
			   const struct view_heat_want *want)
{
	const __u32 n = model_heat__columns(history), room = want->cols;
	__u32 begin;

	heat->first = n > MODEL_HEAT_COLUMNS ? n - MODEL_HEAT_COLUMNS : 0;
	begin = heat->first;
	heat->end = n;
	if (want->all) {
		while ((n - 1) / heat->per - begin / heat->per >= room)
			heat->per++;
		begin -= begin % heat->per;
	} else if (n - heat->first > room) {
		if (want->end && want->end < n)
			heat->end = want->end > begin + room ? want->end : begin + room;
		begin = heat->end - room;
	}
	heat->n_cols = (heat->end - begin + heat->per - 1) / heat->per;
	heat->cols = xcalloc(heat->n_cols, sizeof(*heat->cols));
	for (size_t i = 0; i < heat->n_cols; i++)
		heat->cols[i].number = begin + i * heat->per;
}

static unsigned int marks_of(const struct view_frame *frame,
			     const struct model_heat_column *refresh, bool known)
{
	unsigned int set = 0;

	set |= !known << VIEW_HEAT_UNKNOWN;
	set |= !!(refresh->marks & MODEL_HEAT_GAP) << VIEW_HEAT_GAP;
	set |= !!(refresh->marks & MODEL_HEAT_LOST) << VIEW_HEAT_LOST;
	set |= !!(refresh->marks & MODEL_HEAT_LESS) << VIEW_HEAT_LESS;
	set |= (refresh->end_ns - refresh->start_ns > 2 * frame->interval_ns) << VIEW_HEAT_LONG;
	return set;
}

static void describe_columns(struct view_heat *heat, const struct view_frame *frame,
			     const struct model_heat_track *track)
{
	const struct model_heat *history = view__heat(frame);

	for (size_t i = 0; i < heat->n_cols; i++) {
		struct view_heat_column *col = &heat->cols[i];

		for (__u32 k = col->number; k < col->number + heat->per; k++) {
			const struct model_heat_column *refresh = model_heat__column(history, k);

			if (!refresh)
				continue;
			if (!col->start_ns)
				col->start_ns = refresh->start_ns;
			col->end_ns = refresh->end_ns;
			col->marks |= marks_of(frame, refresh, k >= model_heat__from(track));
		}
	}
}

/* The rows: what the operation took in all that is kept. */
static void choose_bins(struct view_heat *heat, const struct model_heat_cell *cells, size_t n,
			const struct view_heat_want *want)
{
	size_t first = HIST_EDGES, last = 0;

	for (size_t i = 0; i < n; i++) {
		if (cells[i].op != want->op)
			continue;
		first = cells[i].edge < first ? cells[i].edge : first;
		last = cells[i].edge > last ? cells[i].edge : last;
	}
	if (first <= last)
		heat->n_bins = view_hist__axis(first, last, want->rows, heat->bins);
}

/* @most is also of what is not shown: shades do not change with what is looked at. */
static void count_calls(struct view_heat *heat, const struct model_heat *history,
			const struct model_heat_cell *cells, size_t n, enum vfio_obs_op op)
{
	const __u32 begin = heat->cols[0].number / heat->per;
	__u64 sums[VIEW_HIST_MAX] = { 0 };
	__u32 now = 0;

	for (size_t i = 0; i < n; i++) {
		__u32 column = model_heat__column_of(history, &cells[i]) / heat->per;
		size_t bin;

		if (cells[i].op != op)
			continue;
		if (column != now)
			memset(sums, 0, sizeof(sums));
		now = column;
		bin = view_hist__find(heat->bins, heat->n_bins, hist_edge__ns(cells[i].edge));
		sums[bin] += cells[i].count;
		heat->most = sums[bin] > heat->most ? sums[bin] : heat->most;
		if (column < begin || column - begin >= heat->n_cols)
			continue;
		heat->counts[(column - begin) * heat->n_bins + bin] += cells[i].count;
		heat->bins[bin].count += cells[i].count;
	}
}

/* Round numbers; the last shade is reached where there are so many calls at all. */
static void choose_shades(struct view_heat *heat)
{
	static const __u64 few[VIEW_SHADES] = { 1, 2, 5, 10 };
	static const __u64 some[VIEW_SHADES] = { 1, 5, 20, 100 };
	const __u64 *from = heat->most < 100 ? few : some;
	__u64 high = 1000;

	for (int i = 0; i < VIEW_SHADES; i++)
		heat->from[i] = from[i];
	if (heat->most < high)
		return;
	while (heat->most / 10 >= high)
		high *= 10;
	for (int i = VIEW_SHADES - 1; i > 0; i--, high /= 10)
		heat->from[i] = high;
}

void view_heat__make(struct view_heat *heat, const struct view_frame *frame,
		     const struct view_heat_want *want)
{
	const struct model_heat *history = view__heat(frame);
	const struct model_heat_cell *cells;
	size_t n = model_heat__cells(want->track, &cells);

	*heat = (struct view_heat){ .per = 1 };
	if (model_heat__columns(history)) {
		choose_columns(heat, history, want);
		describe_columns(heat, frame, want->track);
		choose_bins(heat, cells, n, want);
		heat->counts = xcalloc(heat->n_cols * heat->n_bins, sizeof(*heat->counts));
		count_calls(heat, history, cells, n, want->op);
	}
	choose_shades(heat);
}

void view_heat__clear(struct view_heat *heat)
{
	free(heat->cols);
	free(heat->counts);
}

int view_heat__shade(const struct view_heat *heat, __u64 count)
{
	int shade = 0;

	while (shade < VIEW_SHADES && count >= heat->from[shade])
		shade++;
	return shade;
}
