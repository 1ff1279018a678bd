// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_report.c - vfio-trace report on scripted events: starts and leaks
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "lib/event.h"
#include "lib/source_fake.h"
#include "vfio-trace/report.h"

#define MS 1000000ULL
#define SEC (1000 * MS)
#define MIB (1ULL << 20)
#define GIB (1ULL << 30)
#define T0 (100 * SEC) /* of most opens */

struct script {
	struct source *source;
	struct source_sink feed;
	struct report_opts opts;
};

static int setup(void **state)
{
	struct source_info info = { .name = "file", .detail = "fake.vftrace", .host = "box" };
	struct script *s = calloc(1, sizeof(*s));

	s->source = source_fake__open(&info);
	s->feed = source_fake__feed(s->source);
	s->opts.limit_ns = START_LIMIT_NS;
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct script *s = *state;

	source__close(s->source);
	free(s);
	return 0;
}

/* To be freed. */
static char *output(struct script *s)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	const struct report *report;
	int status;

	source_fake__end(s->source);
	report = report__read(s->source, "fake.vftrace", &s->opts, &status);
	assert_int_equal(status, 0);
	assert_int_equal(report__print(report, &s->opts, out, "memory"), 0);
	report__free(report);
	fclose(out);
	return text;
}

static char *start_text(struct script *s)
{
	s->opts.start = true;
	return output(s);
}

static json_t *report_json(struct script *s)
{
	char *text;
	json_t *root;

	s->opts.json = true;
	text = output(s);
	root = json_loads(text, 0, NULL);
	assert_non_null(root);
	free(text);
	return root;
}

/* The start of the only container; @root is to be released. */
static json_t *start_of(json_t *root)
{
	return json_object_get(json_array_get(json_object_get(root, "containers"), 0), "start");
}

static json_t *operation(json_t *root, const char *key)
{
	return json_object_get(json_object_get(start_of(root), "operations"), key);
}

#define assert_number(object, key, value)                                                          \
	assert_int_equal(json_integer_value(json_object_get(object, key)), value)
#define assert_text(object, key, value)                                                            \
	assert_string_equal(json_string_value(json_object_get(object, key)), value)
#define assert_unknown(object, key) assert_true(json_is_null(json_object_get(object, key)))
#define assert_has(text, part) assert_non_null(strstr(text, part))

/* One MAP_DMA of @pid that ended at @end_ns. */
static void map(struct script *s, __u32 pid, __u64 end_ns, __u64 ns, __u64 bytes)
{
	struct vfio_rec rec = source_fake__rec(VFIO_EV_IOCTL, 1, end_ns);

	rec.pid = pid;
	vfio_w(&rec, IOCTL, cmd) = VFIO_CMD_MAP_DMA;
	vfio_w(&rec, IOCTL, groups) = 1;
	vfio_w(&rec, IOCTL, has_backend) = 1;
	vfio_w(&rec, IOCTL, known) = bytes != 0;
	vfio_w(&rec, IOCTL, size) = bytes;
	vfio_w(&rec, IOCTL, iova) = end_ns / MS * MIB;
	vfio_w(&rec, IOCTL, duration) = ns;
	s->feed.event(s->feed.ctx, &rec);
}

/* What it did inside: @pin_ns and @iommu_ns of @ns. */
static void parts(struct script *s, __u64 end_ns, __u64 ns, __u64 pin_ns, __u64 iommu_ns,
		  __u64 chunks, __u64 bytes)
{
	fake_event(&s->feed, MAP_PARTS, 1, end_ns, .total_ns = ns, .pin_ns = pin_ns,
		   .chunks = chunks, .pin_bytes = bytes, .iommu_ns = iommu_ns,
		   .iommu_maps = chunks, .iommu_bytes = bytes);
}

static void attach(struct script *s, __u64 id, __u32 group, __u64 end_ns)
{
	fake_event(&s->feed, ATTACH, id, end_ns, .group = group, .groups = 1, .refs = 2,
		   .duration = 4 * MS);
}

static void detach(struct script *s, __u64 id, __u32 group, __u64 end_ns)
{
	fake_event(&s->feed, DETACH, id, end_ns, .group = group, .groups = 0, .refs = 1,
		   .duration = MS);
}

static void unmap(struct script *s, __u64 end_ns, __u64 bytes)
{
	fake_event(&s->feed, IOCTL, 1, end_ns, .cmd = VFIO_CMD_UNMAP_DMA, .groups = 1,
		   .has_backend = true, .known = true, .size = bytes, .duration = MS);
}

/*
 * A VM: 10 ms nothing, SET_CONTAINER of 6 ms with the attach in it, SET_IOMMU of 4 ms, two maps of
 * 500 and 300 ms with 80 ms between them, GET_DEVICE_FD of 100 ms, and later an unmap and a map.
 */
static void boot(struct script *s)
{
	fake_event(&s->feed, OPEN, 1, T0);
	attach(s, 1, 7, T0 + 15 * MS);
	fake_event(&s->feed, GROUP_IOCTL, 0, T0 + 16 * MS, .group = 7,
		   .cmd = VFIO_CMD_GROUP_SET_CONTAINER, .duration = 6 * MS);
	fake_event(&s->feed, SET_IOMMU, 1, T0 + 20 * MS, .type = 3, .backend = "vfio-iommu-type1",
		   .groups = 1, .duration = 4 * MS);
	map(s, 1001, T0 + 520 * MS, 500 * MS, 512 * MIB);
	parts(s, T0 + 521 * MS, 501 * MS, 450 * MS, 40 * MS, 512, 512 * MIB);
	map(s, 1001, T0 + 900 * MS, 300 * MS, 256 * MIB);
	parts(s, T0 + 900 * MS, 300 * MS, 290 * MS, 5 * MS, 256, 256 * MIB);
	fake_event(&s->feed, GROUP_IOCTL, 0, T0 + SEC, .group = 7,
		   .cmd = VFIO_CMD_GROUP_GET_DEVICE_FD, .duration = 100 * MS,
		   .device = "0000:01:00.0");
	fake_event(&s->feed, IOCTL, 1, T0 + 2 * SEC, .cmd = VFIO_CMD_GET_INFO, .groups = 1,
		   .has_backend = true, .duration = MS);
	unmap(s, T0 + 3 * SEC, MIB);
	map(s, 1001, T0 + 5 * SEC, SEC, MIB);
	parts(s, T0 + 5 * SEC, SEC, SEC, 0, 1, MIB);
}

static void a_start_ends_with_its_last_call_before_an_unmap(void **state)
{
	struct script *s = *state;
	json_t *root, *start;

	boot(s);
	root = report_json(s);
	start = start_of(root);
	assert_number(start, "duration_ns", SEC);
	assert_text(start, "before", "unmap_dma");
	assert_number(start, "before_ns", 3 * SEC - MS);
	assert_number(start, "between_ns", 90 * MS);
	assert_number(operation(root, "map_dma"), "count", 2);
	assert_number(operation(root, "map_dma"), "self_ns", 800 * MS);
	assert_number(operation(root, "map_dma"), "bytes", 768 * MIB);
	assert_number(operation(root, "map_dma"), "bytes_per_second_inside", 960 * MIB);
	assert_number(operation(root, "ioctl"), "count", 0);
	assert_number(json_object_get(start, "map_parts"), "pin_ns", 740 * MS);
	json_decref(root);
}

static void a_call_inside_of_another_counts_once(void **state)
{
	struct script *s = *state;
	json_t *root, *group;

	boot(s);
	root = report_json(s);
	group = operation(root, "group_ioctl");
	assert_number(operation(root, "attach"), "self_ns", 4 * MS);
	assert_number(group, "sum_ns", 6 * MS);
	assert_number(group, "self_ns", 2 * MS);
	assert_number(operation(root, "get_device_fd"), "self_ns", 100 * MS);
	json_decref(root);
}

static void gaps_are_listed_longest_first(void **state)
{
	struct script *s = *state;
	json_t *root, *gaps;

	boot(s);
	root = report_json(s);
	gaps = json_object_get(start_of(root), "longest_gaps");
	assert_int_equal(json_array_size(gaps), 2);
	assert_number(json_array_get(gaps, 0), "at_ns", 520 * MS);
	assert_number(json_array_get(gaps, 0), "duration_ns", 80 * MS);
	assert_number(json_array_get(gaps, 1), "at_ns", 0);
	assert_number(json_array_get(gaps, 1), "duration_ns", 10 * MS);
	json_decref(root);
}

static void the_first_sentence_names_the_largest_share(void **state)
{
	struct script *s = *state;
	char *text;

	boot(s);
	text = start_text(s);
	assert_has(text, "  800ms of 1.00s in map_dma, 92% of it faulting and pinning pages: 768M at\n"
			 "  960M/s, in chunks of 1.0M.\n");
	assert_has(text, "Chunks of 1.0M on average: not all of this memory is in huge pages.");
	assert_has(text, "  between calls       90.0ms   9.0%\n");
	assert_has(text, "    fault and pin      740ms  74.0% in 768 chunks (mean 1.0M)\n");
	assert_has(text, "    +0.011000s  4.00ms  attach         group 7\n");
	assert_has(text, "    +0.016000s  4.00ms  set_iommu      type1v2, vfio-iommu-type1\n");
	assert_has(text, "    +0.520000s  80.0ms  (between calls)\n");
	assert_has(text, "512M at iova 0x188a800000, 1.0G/s\n"
			 "                 pin 450ms in 512 chunks (mean 1.0M), IOMMU 40.0ms, rest 11.0ms\n");
	assert_has(text, "Calls are counted until the first unmap_dma, 3.00s after the open.\n");
	free(text);
}

static void calls_beside_each_other_share_the_clock(void **state)
{
	struct script *s = *state;
	json_t *root;

	fake_event(&s->feed, OPEN, 1, T0);
	map(s, 1002, T0 + 50 * MS, 30 * MS, MIB);
	map(s, 1003, T0 + 80 * MS, 10 * MS, MIB);
	map(s, 1001, T0 + 100 * MS, 100 * MS, MIB);
	map(s, 1002, T0 + 110 * MS, 30 * MS, MIB);
	root = report_json(s);
	assert_number(start_of(root), "duration_ns", 110 * MS);
	assert_number(start_of(root), "between_ns", 0);
	assert_number(operation(root, "map_dma"), "self_ns", 110 * MS);
	assert_number(operation(root, "map_dma"), "sum_ns", 170 * MS);
	assert_int_equal(json_array_size(json_object_get(start_of(root), "longest_gaps")), 0);
	json_decref(root);
}

/* Of several tasks, in the order of fexit programs: each MAP_DMA gets its own parts. */
static void parts_find_their_call_in_either_order(void **state)
{
	struct script *s = *state;
	json_t *root, *calls, *first, *second;

	fake_event(&s->feed, OPEN, 1, T0);
	map(s, 1002, T0 + 40 * MS, 30 * MS, MIB);
	parts(s, T0 + 49 * MS, 40 * MS, 35 * MS, 0, 1, MIB);
	map(s, 1001, T0 + 50 * MS, 40 * MS, MIB);
	map(s, 1001, T0 + 60 * MS, 2 * MS, MIB); /* nobody looked into it */
	map(s, 1001, T0 + 100 * MS, 20 * MS, MIB);
	parts(s, T0 + 100 * MS, 20 * MS, 15 * MS, 0, 1, MIB);
	root = report_json(s);
	calls = json_object_get(start_of(root), "longest_calls");
	assert_int_equal(json_array_size(calls), 4);
	first = json_array_get(calls, 0);
	assert_true(json_is_null(json_object_get(first, "map_parts")) ||
		    json_is_null(json_object_get(json_array_get(calls, 1), "map_parts")));
	if (json_is_null(json_object_get(first, "map_parts")))
		first = json_array_get(calls, 1);
	assert_number(first, "duration_ns", 40 * MS);
	assert_number(json_object_get(first, "map_parts"), "pin_ns", 35 * MS);
	assert_unknown(json_array_get(calls, 2), "map_parts");
	second = json_array_get(calls, 3);
	assert_number(json_object_get(second, "map_parts"), "pin_ns", 15 * MS);
	json_decref(root);
}

static void shorter_calls_are_summed_up(void **state)
{
	struct script *s = *state;
	json_t *root, *calls;
	char *text;

	fake_event(&s->feed, OPEN, 1, T0);
	for (int i = 1; i <= 20; i++)
		map(s, 1001, T0 + i * 100 * MS, i * MS, MIB);
	text = start_text(s);
	assert_has(text, "78.0ms  map_dma        12 shorter calls, 12M, all map_dma by +2.000s\n");
	free(text);
	teardown(state);
	setup(state);
	s = *state;
	fake_event(&s->feed, OPEN, 1, T0);
	for (int i = 1; i <= 20; i++)
		map(s, 1001, T0 + i * 100 * MS, i * MS, MIB);
	root = report_json(s);
	calls = json_object_get(start_of(root), "longest_calls");
	assert_int_equal(json_array_size(calls), START_LISTED);
	for (int i = 0; i < START_LISTED; i++)
		assert_number(json_array_get(calls, i), "duration_ns", (13 + i) * MS);
	json_decref(root);
}

/* More gaps than are kept, then a call that covers them all but those that were forgotten. */
static void a_million_short_calls_are_no_trouble(void **state)
{
	struct script *s = *state;
	json_t *root, *gaps;

	fake_event(&s->feed, OPEN, 1, T0);
	map(s, 1002, T0 + SEC, 10, MIB);
	for (__u64 i = 1; i <= 5000; i++)
		map(s, 1001, T0 + SEC + i * 1000, 10, 4096);
	root = report_json(s);
	gaps = json_object_get(start_of(root), "longest_gaps");
	assert_number(start_of(root), "duration_ns", SEC + 5000000);
	assert_number(start_of(root), "between_ns", SEC + 5000000 - 5001 * 10);
	assert_int_equal(json_array_size(gaps), START_GAPS_LISTED);
	assert_number(json_array_get(gaps, 0), "duration_ns", SEC - 10);
	json_decref(root);
}

static void what_is_not_known_is_said(void **state)
{
	struct script *s = *state;
	char *text;

	fake_event(&s->feed, OPEN, 1, T0);
	map(s, 1001, T0 + 100 * MS, 90 * MS, 0);
	map(s, 1001, T0 + 200 * MS, VFIO_OBS_UNKNOWN, MIB);
	text = start_text(s);
	assert_has(text, "1 calls whose duration is unknown are in no time\n");
	assert_has(text, "1 map_dma whose size is unknown are not in the bytes\n");
	assert_has(text, "what took it inside is unknown: no vfio_map_parts is recorded\n");
	assert_has(text, "+0.200000s       -  map_dma        1.0M at iova");
	assert_has(text, "Calls are counted until the recording ended; the start may not be over.\n");
	free(text);
}

static void time_between_calls_is_the_program_s(void **state)
{
	struct script *s = *state;
	char *text;

	fake_event(&s->feed, OPEN, 1, T0);
	attach(s, 1, 7, T0 + 904 * MS);
	map(s, 1001, T0 + 1000 * MS, 50 * MS, MIB);
	fake_event(&s->feed, CLOSE, 1, T0 + 9 * SEC, .refs = 1);
	text = start_text(s);
	assert_has(text, "  946ms of 1.00s between the calls, in the program or in what is not recorded;\n"
			 "  the longest 900ms, before attach.\n");
	assert_has(text, "until the close of its file, 9.00s after the open.\n");
	free(text);
}

static void devices_that_open_slowly_are_named(void **state)
{
	struct script *s = *state;
	char *text;

	fake_event(&s->feed, OPEN, 1, T0);
	source_fake__group(&s->feed, 7, "0000:01:00.0", "Acme", "NIC");
	attach(s, 1, 7, T0 + 4 * MS);
	fake_event(&s->feed, GROUP_IOCTL, 0, T0 + 8004 * MS, .group = 7,
		   .cmd = VFIO_CMD_GROUP_GET_DEVICE_FD, .duration = 8 * SEC, .ret = -110);
	detach(s, 1, 7, T0 + 9 * SEC);
	/* The group is somebody else's now. */
	fake_event(&s->feed, OPEN, 2, T0 + 10 * SEC);
	attach(s, 2, 7, T0 + 11 * SEC);
	text = start_text(s);
	assert_has(text, "  8.00s of 8.00s in get_device_fd: 1 call, the longest 8.00s of group 7, which\n"
			 "  failed.\n");
	assert_has(text, "get_device_fd  group 7: 0000:01:00.0");
	assert_has(text, "failed: ETIMEDOUT\n");
	assert_has(text, "until the detach of its last group, 9.00s after the open.\n");
	free(text);
}

static void a_group_that_left_is_not_looked_at(void **state)
{
	struct script *s = *state;
	json_t *root;

	fake_event(&s->feed, OPEN, 1, T0);
	attach(s, 1, 7, T0 + 10 * MS);
	attach(s, 1, 8, T0 + 20 * MS);
	fake_event(&s->feed, DETACH, 1, T0 + 30 * MS, .group = 8, .groups = 1, .refs = 2);
	fake_event(&s->feed, GROUP_IOCTL, 0, T0 + 90 * MS, .group = 8,
		   .cmd = VFIO_CMD_GROUP_GET_DEVICE_FD, .duration = MS);
	root = report_json(s);
	assert_number(operation(root, "attach"), "count", 2);
	assert_number(operation(root, "get_device_fd"), "count", 0);
	json_decref(root);
}

static void a_call_that_never_returned_is_in_it(void **state)
{
	struct script *s = *state;
	json_t *root, *call;

	fake_event(&s->feed, OPEN, 1, T0);
	fake_event(&s->feed, IOCTL_START, 1, T0 + SEC, .cmd = VFIO_CMD_MAP_DMA, .groups = 1,
		   .has_backend = true, .known = true, .iova = MIB, .size = 64 * 1024 * MIB);
	fake_event(&s->feed, OPEN, 2, T0 + 241 * SEC);
	root = report_json(s);
	assert_number(start_of(root), "duration_ns", 241 * SEC);
	assert_unknown(start_of(root), "before");
	assert_text(start_of(root), "sentence", "240s of 241s in map_dma; what it did inside is unknown, no "
		    "vfio_map_parts is recorded; 1 had not returned when the recording ended");
	assert_number(operation(root, "map_dma"), "under_way", 1);
	assert_number(operation(root, "map_dma"), "bytes", 0);
	call = json_array_get(json_object_get(start_of(root), "longest_calls"), 0);
	assert_true(json_is_false(json_object_get(call, "returned")));
	assert_number(call, "bytes", 64 * 1024 * MIB);
	assert_unknown(call, "result");
	json_decref(root);
}

static void a_limit_ends_a_start(void **state)
{
	struct script *s = *state;
	json_t *root;

	s->opts.limit_ns = 600 * MS;
	fake_event(&s->feed, OPEN, 1, T0);
	map(s, 1001, T0 + 500 * MS, MS, MIB);
	map(s, 1001, T0 + 900 * MS, 300 * MS, MIB); /* began in time */
	map(s, 1001, T0 + 950 * MS, MS, MIB);
	root = report_json(s);
	assert_number(start_of(root), "duration_ns", 900 * MS);
	assert_text(start_of(root), "before", "limit");
	assert_number(start_of(root), "before_ns", 600 * MS);
	json_decref(root);
}

static void no_call_begins_before_the_open(void **state)
{
	struct script *s = *state;
	json_t *root;

	fake_event(&s->feed, OPEN, 1, T0);
	map(s, 1001, T0 + 100 * MS, 200 * MS, MIB);
	root = report_json(s);
	assert_number(start_of(root), "duration_ns", 100 * MS);
	assert_number(operation(root, "map_dma"), "self_ns", 100 * MS);
	json_decref(root);
}

static void nothing_is_known_of_a_start_that_was_not_seen(void **state)
{
	struct script *s = *state;
	json_t *root;

	map(s, 1001, T0 + 500 * MS, MS, MIB);
	root = report_json(s);
	assert_true(json_is_null(start_of(root)));
	json_decref(root);
}

/* Of a MAP_DMA of 99 ms; to be freed. */
static char *advice(__u64 pin_ns, __u64 chunks, __u64 bytes)
{
	struct script *s;
	const char *text;
	json_t *root;
	char *copy;

	setup((void **)&s);
	fake_event(&s->feed, OPEN, 1, T0);
	map(s, 1001, T0 + 100 * MS, 99 * MS, bytes);
	parts(s, T0 + 100 * MS, 99 * MS, pin_ns, 99 * MS - pin_ns, chunks, bytes);
	root = report_json(s);
	text = json_string_value(json_object_get(start_of(root), "advice"));
	copy = text ? strdup(text) : NULL;
	json_decref(root);
	teardown((void **)&s);
	return copy;
}

static void advice_needs_data(void **state)
{
	char *text;

	/* 64M aligned to nothing, in huge pages: 31 whole ones and two ends, rather more. */
	assert_null(advice(90 * MS, 34, 64 * MIB));
	text = advice(90 * MS, 35, 64 * MIB);
	assert_has(text, "Chunks of 1.8M on average: not all of this memory is in huge pages. ");
	free(text);
	text = advice(90 * MS, 64 * 256, 64 * MIB);
	assert_has(text, "or the parameter disable_hugepages of vfio_iommu_type1 is set");
	free(text);
	/* The IOMMU took most of it. */
	assert_null(advice(9 * MS, 64 * 256, 64 * MIB));
}

static __u64 next_random(__u64 *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return *seed >> 24;
}

/* A number that a recording should not have, or one that goes along with others. */
static __u64 nonsense(__u64 *seed)
{
	static const __u64 odd[] = { 0, 1, ~0ULL, 1ULL << 63, 1ULL << 62, VFIO_CMD_MAP_DMA,
				     VFIO_CMD_UNMAP_DMA, VFIO_CMD_GROUP_GET_DEVICE_FD };
	__u64 number = next_random(seed);

	return number & 1 ? odd[number / 2 % 8] : number >> number % 41;
}

static void claim_anything(struct script *s, __u64 *seed)
{
	__u64 ts = T0;

	for (int i = 0; i < 200; i++) {
		struct vfio_rec rec = source_fake__rec(next_random(seed) % VFIO_EV_COUNT,
						       next_random(seed) % 4, ts);

		for (unsigned int w = 0; w < VFIO_OBS_WORDS; w++)
			rec.w[w] = nonsense(seed);
		if (rec.type == VFIO_EV_IOCTL && next_random(seed) % 2)
			vfio_w(&rec, IOCTL, cmd) = VFIO_CMD_MAP_DMA;
		event__make_printable(&rec); /* as of a recording */
		s->feed.event(s->feed.ctx, &rec);
		ts += next_random(seed) % (10 * MS);
	}
}

/* Whatever a recording claims, time is spent once. */
static void nonsense_has_no_more_time_than_there_is(void **state)
{
	for (__u64 seed = 1; seed <= 200; seed++) {
		__u64 copy = seed, again = seed, inside = 0;
		json_t *root, *containers, *start, *operation;
		const char *key;
		struct script *s;
		size_t i;

		setup((void **)&s);
		claim_anything(s, &copy);
		free(start_text(s));
		teardown((void **)&s);
		setup((void **)&s);
		claim_anything(s, &again);
		root = report_json(s);
		teardown((void **)&s);
		containers = json_object_get(root, "containers");
		json_array_foreach(containers, i, start) {
			start = json_object_get(start, "start");
			inside = json_integer_value(json_object_get(start, "between_ns"));
			json_object_foreach(json_object_get(start, "operations"), key, operation)
				inside += json_integer_value(json_object_get(operation, "self_ns"));
			assert_number(start, "duration_ns", inside);
		}
		json_decref(root);
	}
}

/* Leaks */

static json_t *leaks_found(json_t *root)
{
	return json_object_get(json_object_get(root, "leaks"), "found");
}

static void pin(struct script *s, __u64 id, __u64 ts_ns, __s64 pages)
{
	if (pages > 0)
		fake_event(&s->feed, PIN, id, ts_ns, .group = 7, .npage = pages, .ret = pages,
			   .duration = 1000);
	else
		fake_event(&s->feed, UNPIN, id, ts_ns, .group = 7, .npage = -pages,
			   .duration = 1000);
}

static void release(struct script *s, __u64 id, __u64 ts_ns)
{
	fake_event(&s->feed, CLOSE, id, ts_ns, .refs = 0);
	fake_event(&s->feed, RELEASE, id, ts_ns + 1, .age = SEC);
}

static void who_undoes_everything_leaks_nothing(void **state)
{
	struct script *s = *state;
	char *text;

	fake_event(&s->feed, OPEN, 1, T0);
	attach(s, 1, 7, T0 + 10 * MS);
	map(s, 1001, T0 + 20 * MS, MS, MIB);
	pin(s, 1, T0 + 30 * MS, 8);
	pin(s, 1, T0 + 40 * MS, -8);
	unmap(s, T0 + 50 * MS, MIB);
	detach(s, 1, 7, T0 + 60 * MS);
	release(s, 1, T0 + 70 * MS);
	text = output(s);
	assert_has(text, "\nLeaks\n  none\n");
	free(text);
}

static void what_the_last_group_leaves_is_found(void **state)
{
	struct script *s = *state;
	json_t *root, *found;

	fake_event(&s->feed, OPEN, 1, T0);
	attach(s, 1, 7, T0 + 10 * MS);
	map(s, 1001, T0 + 20 * MS, MS, 3 * MIB);
	pin(s, 1, T0 + 30 * MS, 8);
	pin(s, 1, T0 + 40 * MS, -5);
	unmap(s, T0 + 50 * MS, MIB);
	detach(s, 1, 7, T0 + 60 * MS);
	/* Once more, with its own. */
	attach(s, 1, 7, T0 + 70 * MS);
	pin(s, 1, T0 + 80 * MS, 4);
	detach(s, 1, 7, T0 + 90 * MS);
	release(s, 1, T0 + 95 * MS);
	root = report_json(s);
	found = leaks_found(root);
	assert_int_equal(json_array_size(found), 2);
	assert_text(json_array_get(found, 0), "kind", "pinned");
	assert_number(json_array_get(found, 0), "container", 1);
	assert_number(json_array_get(found, 0), "pinned_pages", 7);
	assert_text(json_array_get(found, 1), "kind", "mapped");
	assert_number(json_array_get(found, 1), "mapped_bytes", 2 * MIB);
	json_decref(root);
}

/* A driver of the hostile kind: its container is freed with pages pinned and a group attached. */
static void pages_of_a_freed_container_are_in_no_use(void **state)
{
	struct script *s = *state;
	json_t *root;

	fake_event(&s->feed, OPEN, 1, T0);
	attach(s, 1, 7, T0 + 10 * MS);
	pin(s, 1, T0 + 30 * MS, 8);
	release(s, 1, T0 + 40 * MS);
	root = report_json(s);
	assert_int_equal(json_array_size(leaks_found(root)), 1);
	assert_text(json_array_get(leaks_found(root), 0), "kind", "pinned");
	json_decref(root);
}

static void a_closed_container_that_lives_on_is_found(void **state)
{
	struct script *s = *state;
	char *text;

	fake_event(&s->feed, OPEN, 1, T0);
	attach(s, 1, 7, T0 + 10 * MS);
	pin(s, 1, T0 + 30 * MS, 8);
	fake_event(&s->feed, CLOSE, 1, T0 + SEC, .refs = 1);
	fake_event(&s->feed, OPEN, 2, T0 + 61 * SEC);
	text = output(s);
	assert_has(text, "\nLeaks\n  container 1 (fake-1): not freed 60.0s after the close of its file: "
			 "1 reference, held by group 7, with 8 pages (32K) pinned\n\n");
	free(text);
}

static void pages_of_an_open_container_may_be_in_use(void **state)
{
	struct script *s = *state;
	char *text;

	fake_event(&s->feed, OPEN, 1, T0);
	attach(s, 1, 7, T0 + 10 * MS);
	pin(s, 1, T0 + 30 * MS, 8);
	text = output(s);
	assert_has(text, "\nLeaks\n  container 1 (fake-1): 8 pages (32K) pinned when the recording "
			 "ended; it is open and may use them\n\n");
	free(text);
}

static void existing(struct script *s, __u64 id, bool closed)
{
	struct source_group group = { .number = 9 };
	struct source_existing e = {
		.read_ns = T0, .id = id, .tgid = 55, .holders = 1, .refs = 2, .file_closed = closed,
		.comm = "old", .groups = &group, .n_listed = 1, .n_groups = 1,
	};

	s->feed.existing(s->feed.ctx, &e);
}

static void older_containers_are_told_of_as_far_as_known(void **state)
{
	struct script *s = *state;
	char *text;

	existing(s, 3, true);
	existing(s, 4, false);
	pin(s, 4, T0 + SEC, 8);
	detach(s, 4, 9, T0 + 2 * SEC);
	text = output(s);
	assert_has(text, "\nLeaks\n"
			 "  container 3 (old): not freed, though its file was closed before the recording: 2 "
			 "references, held by group 9\n"
			 "  unknown of 2 containers whose pins and maps are not all recorded, from the open "
			 "on: 3 4\n\n");
	free(text);
}

static void a_recording_with_holes_tells_of_no_leaks(void **state)
{
	struct script *s = *state;
	struct source_loss loss = { .ring = 1 };
	json_t *root;

	fake_event(&s->feed, OPEN, 1, T0);
	fake_event(&s->feed, CLOSE, 1, T0 + SEC, .refs = 1);
	s->feed.loss(s->feed.ctx, &loss);
	root = report_json(s);
	assert_text(json_object_get(root, "leaks"), "why_unknown", "events were lost");
	assert_unknown(json_object_get(root, "leaks"), "found");
	json_decref(root);
}

/* Pins are not recorded any more from some moment on. */
static void a_thinned_recording_tells_of_closed_files_only(void **state)
{
	struct script *s = *state;
	char *text;

	fake_event(&s->feed, OPEN, 1, T0);
	attach(s, 1, 7, T0 + 10 * MS);
	pin(s, 1, T0 + 30 * MS, 8);
	s->feed.gap(s->feed.ctx, SOURCE_GAP_THINNED, T0 + 40 * MS, "too much");
	fake_event(&s->feed, CLOSE, 1, T0 + SEC, .refs = 1);
	detach(s, 1, 7, T0 + 2 * SEC);
	text = output(s);
	assert_has(text, "not freed 1.00s after the close of its file: 1 reference\n"
			 "  unknown of 1 container whose");
	free(text);
}

/* The page */

/* Names that would mean something in HTML, wherever a recording has one. */
static void hostile(struct script *s)
{
	struct vfio_rec open = source_fake__rec(VFIO_EV_OPEN, 1, T0);
	struct source_device device = { .vendor = 0x8086, .device = 0x10d3 };
	const struct source_group_info group = {
		.number = 7, .n_listed = 1, .n_devices = 1, .devices = &device,
	};
	struct source_owner owner = { .tgid = 42, .kind = VFIO_OWNER_LIBVIRT };

	for (unsigned int i = 0; i < VFIO_OWNER_TEXTS; i++)
		owner.text[i] = "</title><script>x</script>&";
	for (unsigned int i = 0; i < VFIO_DEVICE_TEXTS; i++)
		device.text[i] = "</td><img src=x>'&lt;";
	open.tgid = 42;
	memcpy(open.comm, "<script>a&b\"", 13);
	s->feed.event(s->feed.ctx, &open);
	source_fake__owner(&s->feed, 1, &owner);
	s->feed.group(s->feed.ctx, &group);
	attach(s, 1, 7, T0 + 15 * MS);
	fake_event(&s->feed, SET_IOMMU, 1, T0 + 20 * MS, .type = 3, .backend = "\"><svg onload=x>",
		   .groups = 1, .duration = 4 * MS);
	map(s, 1001, T0 + 520 * MS, 500 * MS, 512 * MIB);
	fake_event(&s->feed, GROUP_IOCTL, 0, T0 + SEC, .group = 7, .ret = -16, .duration = MS,
		   .cmd = VFIO_CMD_GROUP_GET_DEVICE_FD, .device = "<script src=//x>");
	s->feed.gap(s->feed.ctx, SOURCE_GAP_DETACHED, T0 + 2 * SEC, "<script>gone</script>");
}

/* How long the name of a tag at @text is. */
static size_t tag_length(const char *text)
{
	return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789");
}

static void assert_known_tag(const char *tag)
{
	static const char *const known[] = {
		"html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "h3", "div",
		"ul", "li", "dl", "dt", "dd", "nav", "a", "main", "footer", "p", "span", "strong",
		"time", "details", "summary", "table", "caption", "thead", "tbody", "tr", "th", "td",
		"svg", "desc", "g", "path", "rect", "text",
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strlen(known[i]) == tag_length(tag) && !memcmp(known[i], tag, tag_length(tag)))
			return;
	fail_msg("a tag that is not ours: %.40s", tag);
}

static void names_cannot_become_tags(void **state)
{
	struct script *s = *state;
	char *page;

	hostile(s);
	s->opts.html = true;
	page = output(s);
	for (const char *at = strchr(page + 1, '<'); at; at = strchr(at + 1, '<'))
		assert_known_tag(at + 1 + (at[1] == '/'));
	for (const char *at = strchr(page, '&'); at; at = strchr(at + 1, '&'))
		assert_true(!strncmp(at, "&lt;", 4) || !strncmp(at, "&gt;", 4) ||
			    !strncmp(at, "&amp;", 5) || !strncmp(at, "&quot;", 6) ||
			    !strncmp(at, "&#39;", 5));
	assert_has(page, "&lt;script&gt;a&amp;b&quot;");
	assert_has(page, "&lt;/title&gt;&lt;script&gt;x");
	assert_has(page, "&lt;/td&gt;&lt;img src=x&gt;&#39;&amp;lt;");
	assert_has(page, "&quot;&gt;&lt;svg onload=x&gt;");
	assert_has(page, "&lt;script&gt;gone");
	free(page);
}

static void a_page_tells_what_was_lost(void **state)
{
	struct script *s = *state;
	const struct source_loss loss = { .ring = 12 };
	char *page;

	boot(s);
	s->feed.loss(s->feed.ctx, &loss);
	s->opts.html = true;
	page = output(s);
	assert_has(page, "Not all is in this recording");
	assert_has(page, "12 (12 buffer full");
	assert_has(page, "unknown: events were lost");
	free(page);
}

static void a_page_of_nothing_says_so(void **state)
{
	struct script *s = *state;
	char *page;

	s->opts.html = true;
	page = output(s);
	assert_has(page, "No container was opened");
	assert_has(page, "</html>");
	free(page);
}

static __u64 timed_calls(const struct timeline *timeline, enum vfio_obs_op op)
{
	__u64 sum = 0;

	for (size_t edge = 0; edge < HIST_EDGES; edge++)
		for (size_t i = 0; i < timeline->n; i++)
			sum += timeline->calls[op][edge][i];
	return sum;
}

static void columns_get_wider_and_keep_all(void **state)
{
	struct timeline *timeline = calloc(1, sizeof(*timeline));
	struct vfio_outcome pin = { .op = VFIO_OP_PIN, .duration = 5000 };

	for (__u64 i = 0; i < 1000; i++) {
		timeline__advance(timeline, T0 + i * i * MS);
		timeline__memory(timeline, i == 500 ? GIB : i, 0);
		timeline__call(timeline, &pin);
	}
	assert_in_range(timeline->n, TIMELINE_COLUMNS / 2, TIMELINE_COLUMNS);
	assert_true(timeline->n * timeline->column_ns > 999 * 999 * MS);
	assert_int_equal(timed_calls(timeline, VFIO_OP_PIN), 1000);
	/* The peak is where it was. */
	assert_int_equal(timeline->mapped[500 * 500 * MS / timeline->column_ns], GIB);
	assert_int_equal(timeline->mapped[timeline->n - 1], 999);
	timeline__advance(timeline, ~0ULL);
	assert_in_range(timeline->n, TIMELINE_COLUMNS / 2, TIMELINE_COLUMNS);
	assert_int_equal(timed_calls(timeline, VFIO_OP_PIN), 1000);
	free(timeline);
}

static void a_life_has_few_spans_with_all_calls(void **state)
{
	struct timeline_life life = { 0 };
	__u64 calls = 0, failed = 0, at = T0;

	for (unsigned int i = 0; i < 5000; i++) {
		at += (i % 97) * MS;
		timeline__life(&life, i % 3 ? VFIO_OP_MAP : VFIO_OP_UNMAP, at - 10, at,
			       i % 50 == 0);
	}
	timeline__life(&life, VFIO_OP_MAP, 0, ~0ULL, false);
	assert_in_range(life.n, 2, TIMELINE_SPANS);
	for (size_t i = 0; i < life.n; i++) {
		if (life.spans[i].kind == TIMELINE_FAILED)
			failed += life.spans[i].calls;
		else
			calls += life.spans[i].calls;
	}
	assert_int_equal(calls, 5001);
	assert_int_equal(failed, 100);
	free(life.spans);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(a_start_ends_with_its_last_call_before_an_unmap),
		T(a_call_inside_of_another_counts_once),
		T(gaps_are_listed_longest_first),
		T(the_first_sentence_names_the_largest_share),
		T(calls_beside_each_other_share_the_clock),
		T(parts_find_their_call_in_either_order),
		T(shorter_calls_are_summed_up),
		T(a_million_short_calls_are_no_trouble),
		T(what_is_not_known_is_said),
		T(time_between_calls_is_the_program_s),
		T(devices_that_open_slowly_are_named),
		T(a_group_that_left_is_not_looked_at),
		T(a_call_that_never_returned_is_in_it),
		T(a_limit_ends_a_start),
		T(no_call_begins_before_the_open),
		T(nothing_is_known_of_a_start_that_was_not_seen),
		T(advice_needs_data),
		cmocka_unit_test(nonsense_has_no_more_time_than_there_is),
		T(who_undoes_everything_leaks_nothing),
		T(what_the_last_group_leaves_is_found),
		T(pages_of_a_freed_container_are_in_no_use),
		T(a_closed_container_that_lives_on_is_found),
		T(pages_of_an_open_container_may_be_in_use),
		T(older_containers_are_told_of_as_far_as_known),
		T(a_recording_with_holes_tells_of_no_leaks),
		T(a_thinned_recording_tells_of_closed_files_only),
		T(names_cannot_become_tags),
		T(a_page_tells_what_was_lost),
		T(a_page_of_nothing_says_so),
		cmocka_unit_test(columns_get_wider_and_keep_all),
		cmocka_unit_test(a_life_has_few_spans_with_all_calls),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
