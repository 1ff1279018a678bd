// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_export.c - what vfio-trace export makes of events that no recording in tests/data has
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "perfetto.pb-c.h"
#include "vfio-trace/export.h"

static FILE *out;
static char *text;
static size_t size;

static void begin(struct export *export, bool counted)
{
	out = open_memstream(&text, &size);
	*export = (struct export){ .out = out, .counted = counted };
	export_perfetto.begin(export);
}

/* To be freed by perfetto__trace__free_unpacked(). */
static Perfetto__Trace *end(struct export *export)
{
	Perfetto__Trace *trace;

	export_perfetto.end(export);
	fclose(out);
	trace = perfetto__trace__unpack(NULL, size, (uint8_t *)text);
	assert_non_null(trace);
	free(text);
	return trace;
}

static void map(struct export *export, __u64 begin_ns, __u64 end_ns, bool known)
{
	struct vfio_rec rec = { .ts_ns = end_ns, .id = 3, .type = VFIO_EV_IOCTL, .comm = "qemu" };

	vfio_w(&rec, IOCTL, cmd) = VFIO_CMD_MAP_DMA;
	vfio_w(&rec, IOCTL, known) = known;
	vfio_w(&rec, IOCTL, size) = 4096;
	vfio_w(&rec, IOCTL, duration) = end_ns - begin_ns;
	export_perfetto.event(export, &rec);
}

static void open_container(struct export *export)
{
	struct vfio_rec rec = { .ts_ns = 1, .id = 3, .type = VFIO_EV_OPEN };

	export_perfetto.event(export, &rec);
}

static size_t count(const Perfetto__Trace *trace, Perfetto__TrackEvent__Type type)
{
	size_t n = 0;

	for (size_t i = 0; i < trace->n_packet; i++)
		n += trace->packet[i]->track_event && trace->packet[i]->track_event->type == type;
	return n;
}

static size_t tracks(const Perfetto__Trace *trace, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < trace->n_packet; i++) {
		const Perfetto__TrackDescriptor *track = trace->packet[i]->track_descriptor;

		n += track && track->name && !strcmp(track->name, name);
	}
	return n;
}

/* Of each track the last end is before the next begin. */
static void check_no_overlap(const Perfetto__Trace *trace)
{
	__u64 end_ns[1024] = { 0 };

	for (size_t i = 0; i < trace->n_packet; i++) {
		const Perfetto__TrackEvent *event = trace->packet[i]->track_event;
		__u64 ts_ns = trace->packet[i]->timestamp;

		if (!event || event->type == PERFETTO__TRACK_EVENT__TYPE__TYPE_INSTANT ||
		    event->type == PERFETTO__TRACK_EVENT__TYPE__TYPE_COUNTER)
			continue;
		assert_true(event->track_uuid < 1024);
		assert_true(ts_ns >= end_ns[event->track_uuid]);
		end_ns[event->track_uuid] = ts_ns;
	}
}

static void overlapping_calls(void **state)
{
	struct export export;
	Perfetto__Trace *trace;

	begin(&export, false);
	map(&export, 20, 30, true);
	map(&export, 30, 35, true); /* begins when that ends */
	map(&export, 25, 40, true); /* beside both */
	map(&export, 10, 50, true); /* around all */
	map(&export, 50, 50, true);
	trace = end(&export);
	check_no_overlap(trace);
	assert_int_equal(tracks(trace, "map_dma"), 3);
	assert_int_equal(count(trace, PERFETTO__TRACK_EVENT__TYPE__TYPE_SLICE_BEGIN), 5);
	assert_int_equal(count(trace, PERFETTO__TRACK_EVENT__TYPE__TYPE_SLICE_END), 5);
	perfetto__trace__free_unpacked(trace, NULL);
}

/* A bad recording does not make tracks without end. */
static void too_many_at_a_time(void **state)
{
	struct export export;
	Perfetto__Trace *trace;

	begin(&export, false);
	for (__u64 i = 0; i < 600; i++)
		map(&export, 10, 1000 + i, true);
	map(&export, 2000, 1999, true); /* longer than there is time */
	trace = end(&export);
	check_no_overlap(trace);
	assert_int_equal(tracks(trace, "map_dma"), 512);
	assert_int_equal(count(trace, PERFETTO__TRACK_EVENT__TYPE__TYPE_SLICE_BEGIN), 512);
	assert_int_equal(count(trace, PERFETTO__TRACK_EVENT__TYPE__TYPE_INSTANT), 89);
	perfetto__trace__free_unpacked(trace, NULL);
}

static void counters_are_known_or_not_there(void **state)
{
	static const struct {
		bool counted, opened, lost, thinned, unread;
		size_t counters;
	} cases[] = {
		{ .counted = true, .opened = true, .counters = 2 },
		{ .counted = true },
		{ .opened = true },
		{ .counted = true, .opened = true, .lost = true, .counters = 1 },
		{ .counted = true, .opened = true, .thinned = true, .counters = 1 },
		{ .counted = true, .opened = true, .unread = true, .counters = 1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct source_loss loss = { .ring = cases[i].lost };
		struct export export;
		Perfetto__Trace *trace;

		begin(&export, cases[i].counted);
		if (cases[i].opened)
			open_container(&export);
		map(&export, 10, 20, true);
		export_perfetto.loss(&export, &loss);
		if (cases[i].thinned)
			export_perfetto.gap(&export, SOURCE_GAP_THINNED, 25, "too much");
		map(&export, 30, 40, !cases[i].unread);
		trace = end(&export);
		assert_int_equal(count(trace, PERFETTO__TRACK_EVENT__TYPE__TYPE_COUNTER),
				 cases[i].counters);
		perfetto__trace__free_unpacked(trace, NULL);
	}
}

/* Events behind a loss are another packet than those before, which says how many were lost. */
static void ctf_tells_what_was_lost(void **state)
{
	struct export export = { 0 };
	struct vfio_rec rec = { .ts_ns = 7, .type = VFIO_EV_OPEN, .id = 1, .comm = "qemu" };
	struct source_loss loss = { .ring = 5 };
	__u64 head[7], second[7];
	char *metadata;
	size_t metadata_size;

	out = open_memstream(&text, &size);
	export.out = out;
	export.metadata = open_memstream(&metadata, &metadata_size);
	export_ctf.begin(&export);
	export_ctf.loss(&export, &(struct source_loss){ 0 });
	export_ctf.event(&export, &rec);
	rec.ts_ns = 8;
	export_ctf.event(&export, &rec);
	export_ctf.loss(&export, &loss);
	rec.ts_ns = 9;
	export_ctf.event(&export, &rec);
	export_ctf.end(&export);
	fclose(out);
	fclose(export.metadata);
	assert_true(strstr(metadata, "name = \"open\"") != NULL);
	/* Magic, begin, end, bits, bits, lost, number. */
	memcpy(head, text, sizeof(head));
	assert_true((head[0] & 0xffffffff) == 0xc1fc1fc1 && head[1] == 7 && head[2] == 8);
	assert_true(head[5] == 0 && head[6] == 0 && head[3] == head[4]);
	assert_true(head[3] / 8 + sizeof(second) < size);
	memcpy(second, text + head[3] / 8, sizeof(second));
	assert_true(second[1] == 9 && second[2] == 9 && second[5] == 5 && second[6] == 1);
	assert_int_equal((head[3] + second[3]) / 8, size);
	free(text);
	free(metadata);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(overlapping_calls), cmocka_unit_test(too_many_at_a_time),
		cmocka_unit_test(counters_are_known_or_not_there),
		cmocka_unit_test(ctf_tells_what_was_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
