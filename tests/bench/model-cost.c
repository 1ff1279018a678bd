// SPDX-License-Identifier: GPL-2.0-only
/*
 * model-cost - what many containers cost vfiotop in user space, most of them idle
 *
 * Called on the host by tests/bench/bench: model-cost CONTAINERS ACTIVE. A scripted source tells
 * what the kernel's aggregates would: the lives of all containers once, then at each refresh new
 * statistics of the pins and unpins of ACTIVE of them, spread evenly. Prints "NAME VALUE" lines:
 * microseconds of CPU, the median of the refreshes, and bytes of heap that the model holds.
 */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/model.h"
#include "lib/source_fake.h"
#include "lib/view.h"
#include "lib/view_screen.h"
#include "lib/xalloc.h"

#define SEC 1000000000ULL
#define REFRESHES 21
#define ROWS 50
#define COLS 200
/* Latencies of one operation lie in so many octaves, some 32 buckets each. */
#define OCTAVES 3
#define CALLS 200 /* of each operation, container and refresh */

/*
 * KEY: the cursor moves; FILTER: a letter of a filter that nothing matches; OPEN: one container;
 * TREE: every container has an owner of its own; HEAT: the map of all
 */
enum { REFRESH, SCREEN, KEY, FILTER, OPEN, TREE, HEAT, N_FIGURES };
static const char *const figure_names[N_FIGURES] = {
	"model.refresh", "model.screen", "model.key", "model.filter", "model.open", "model.tree",
	"model.map",
};

struct bench {
	struct source *source;
	struct source_sink feed, sink;
	struct model *model;
	struct view_screen *screen;
	struct view_canvas *canvas;
	struct view_frame frame;
	struct vfio_op_stats *stats; /* 2 for each active container */
	__u64 containers, active;
	unsigned int seed;
};

static __u64 cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

static __u64 id_of(const struct bench *bench, __u64 active)
{
	return 1 + active * (bench->containers / bench->active);
}

static void poll_source(struct bench *bench)
{
	if (source__poll(bench->source, &bench->sink) < 0) {
		fprintf(stderr, "model-cost: the scripted source failed\n");
		exit(1);
	}
}

static void feed_rare(struct bench *bench, __u64 id, enum vfio_obs_op op, __u64 duration)
{
	struct vfio_op_stats *stats = xcalloc(1, sizeof(*stats));
	struct vfio_outcome outcome = { .op = op, .duration = duration };

	stats->id = id;
	stats->op = op;
	vfio_op_stats_add(stats, &outcome);
	bench->feed.stats(bench->feed.ctx, stats);
	free(stats);
}

/* A VM with one device. */
static void feed_life(struct bench *bench, __u64 id)
{
	const struct vfio_gauges gauges = { .mapped_bytes = 4LL << 30 };
	const __u64 ts_ns = id * 1000;

	fake_event(&bench->feed, OPEN, id, ts_ns);
	fake_owner(&bench->feed, id, VFIO_OWNER_LIBVIRT, .started_ns = 1,
		   .text[VFIO_OWNER_NAME_TEXT] = "web-server",
		   .text[VFIO_OWNER_CGROUP_TEXT] =
			   "/machine.slice/machine-qemu\\x2d1\\x2dweb01.scope/libvirt/emulator");
	fake_event(&bench->feed, GET, id, ts_ns, .refs = 1);
	fake_event(&bench->feed, ATTACH, id, ts_ns, .group = id, .groups = 1, .refs = 2,
		   .duration = 300000);
	source_fake__group(&bench->feed, id, "0000:00:10.0", "Intel Corporation",
			   "82574L Gigabit Network Connection");
	fake_event(&bench->feed, SET_IOMMU, id, ts_ns, .type = 3, .backend = "vfio-iommu-type1",
		   .groups = 1, .duration = 900000);
	feed_rare(bench, id, VFIO_OP_OPEN, 0);
	feed_rare(bench, id, VFIO_OP_ATTACH, 300000);
	feed_rare(bench, id, VFIO_OP_SET_IOMMU, 900000);
	feed_rare(bench, id, VFIO_OP_MAP, 9000000);
	bench->feed.gauges(bench->feed.ctx, id, &gauges, true);
	/* One by one, so that what waits in the source is not taken for the model's memory. */
	poll_source(bench);
}

static void feed_calls(struct bench *bench, struct vfio_op_stats *stats, __u64 id,
		       enum vfio_obs_op op)
{
	stats->id = id;
	stats->op = op;
	for (int i = 0; i < CALLS; i++) {
		__u64 typical = 1000ULL << rand_r(&bench->seed) % OCTAVES;
		struct vfio_outcome outcome = {
			.op = op, .pages = 1,
			.duration = typical + rand_r(&bench->seed) % typical,
		};

		vfio_op_stats_add(stats, &outcome);
	}
	bench->feed.stats(bench->feed.ctx, stats);
}

static void feed_active(struct bench *bench)
{
	for (__u64 i = 0; i < bench->active; i++) {
		const struct vfio_gauges gauges = { 4LL << 30, rand_r(&bench->seed) % 1000 };
		__u64 id = id_of(bench, i);

		feed_calls(bench, &bench->stats[2 * i], id, VFIO_OP_PIN);
		feed_calls(bench, &bench->stats[2 * i + 1], id, VFIO_OP_UNPIN);
		bench->feed.gauges(bench->feed.ctx, id, &gauges, true);
	}
}

/* From a key to the drawing that answers it. */
static __u64 press(struct bench *bench, int key)
{
	__u64 begin_ns = cpu_ns();

	view_screen__key(bench->screen, key);
	view_screen__draw(bench->screen, &bench->frame, false, bench->canvas);
	return cpu_ns() - begin_ns;
}

static void press_keys(struct bench *bench, __u64 took_ns[N_FIGURES])
{
	took_ns[KEY] = press(bench, VIEW_KEY_DOWN);
	press(bench, '/');
	press(bench, 'e');
	took_ns[FILTER] = press(bench, 'x');
	press(bench, VIEW_KEY_ESCAPE);
	took_ns[OPEN] = press(bench, VIEW_KEY_ENTER);
	press(bench, VIEW_KEY_ESCAPE);
	took_ns[TREE] = press(bench, 't');
	press(bench, 't');
	press(bench, 'H');
	took_ns[HEAT] = press(bench, 'a');
	press(bench, VIEW_KEY_ESCAPE);
}

/* One refresh, and what it took: the model's, then the screen's. */
static void refresh(struct bench *bench, __u64 took_ns[N_FIGURES])
{
	__u64 begin_ns;

	feed_active(bench);
	bench->frame.now_ns += SEC;
	bench->frame.number++;

	begin_ns = cpu_ns();
	poll_source(bench);
	model__advance(bench->model, bench->frame.now_ns, 5 * SEC);
	took_ns[REFRESH] = cpu_ns() - begin_ns;

	begin_ns = cpu_ns();
	view_screen__draw(bench->screen, &bench->frame, false, bench->canvas);
	took_ns[SCREEN] = cpu_ns() - begin_ns;
	press_keys(bench, took_ns);
}

/* Every active container has all its calls, and no other has any: else the figures mean nothing. */
static void check(const struct bench *bench)
{
	const struct model_container *const *list;
	const struct model_op *pins = model__total(bench->model, VFIO_OP_PIN);
	size_t n = model__containers(bench->model, &list);
	__u64 active = 0;

	for (size_t i = 0; i < n; i++)
		active += list[i]->op[VFIO_OP_PIN] && list[i]->rate > 0;
	if (n == bench->containers && active == bench->active && pins &&
	    pins->count == (__u64)REFRESHES * CALLS * bench->active)
		return;
	fprintf(stderr, "model-cost: the model has %zu containers, %llu active, not %llu and %llu\n",
		n, active, bench->containers, bench->active);
	exit(1);
}

static int compare(const void *a, const void *b)
{
	const __u64 *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void run(struct bench *bench)
{
	__u64 took_ns[REFRESHES][N_FIGURES], one[REFRESHES];
	size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;

	bench->model = model__create();
	model__keep_heat(bench->model); /* as the screen does */
	bench->frame.model = bench->model;
	bench->sink = model__sink(bench->model, true);
	for (__u64 id = 1; id <= bench->containers; id++)
		feed_life(bench, id);
	model__advance(bench->model, bench->frame.now_ns, 5 * SEC);
	for (int i = 0; i < REFRESHES; i++)
		refresh(bench, took_ns[i]);
	check(bench);
	for (int f = 0; f < N_FIGURES; f++) {
		for (int i = 0; i < REFRESHES; i++)
			one[i] = took_ns[i][f];
		qsort(one, REFRESHES, sizeof(one[0]), compare);
		printf("%s %llu\n", figure_names[f], one[REFRESHES / 2] / 1000);
	}
	printf("model.heap %zu\n", mallinfo2().uordblks + mallinfo2().hblkhd - before);
}

int main(int argc, char **argv)
{
	struct source_info info = { .name = "fake", .live = true, .aggregates = true };
	struct bench bench = {
		.containers = argc == 3 ? strtoul(argv[1], NULL, 10) : 0,
		.active = argc == 3 ? strtoul(argv[2], NULL, 10) : 0,
		.seed = 1,
		.frame = { .info = &info, .interval_ns = SEC, .now_ns = 3600 * SEC,
			   .cpu_percent = -1 },
	};

	if (!bench.active || bench.active > bench.containers || bench.containers > 1000000) {
		fprintf(stderr, "usage: model-cost CONTAINERS ACTIVE\n");
		return 2;
	}
	bench.source = source_fake__open(&info);
	bench.feed = source_fake__feed(bench.source);
	bench.screen = view_screen__create();
	bench.canvas = view_canvas__create(ROWS, COLS);
	bench.stats = xcalloc(2 * bench.active, sizeof(*bench.stats));
	run(&bench);
	model__destroy(bench.model);
	view_canvas__destroy(bench.canvas);
	view_screen__destroy(bench.screen);
	source__close(bench.source);
	free(bench.stats);
	return 0;
}
