/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * view_fixture.h - a scripted source, a model and a screen on a canvas, for the tests of views
 *
 * Included by one file of a test, behind cmocka.h.
 */
#ifndef VIEW_FIXTURE_H
#define VIEW_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/source_fake.h"
#include "lib/view.h"
#include "lib/view_screen.h"

#define SEC 1000000000ULL
#define UID "0f6a2b1e-77aa-4c0e-9d5b-3a1f0c2b4d5e"


/* A scripted source joined to a model, and the frame that views are given. */
struct fixture {
	struct source *source;
	struct source_info info;
	struct source_sink feed, sink;
	struct model *model;
	struct view_frame frame;
};

static inline void setup(struct fixture *f)
{
	struct source_info info = {
		.name = "fake",
		.live = true,
		.host = "box",
		.kernel = "6.1.0-test",
		/* 2026-01-02 03:04:05 at boottime 0 */
		.realtime_offset_ns = 1767323045 * SEC,
		.cost = {
			.event_known = true, .ns_per_event = 312,
			.last = { .known = true, .programs_known = true, .programs = 0.25 },
		},
	};

	f->source = source_fake__open(&info);
	source__info(f->source, &f->info);
	f->feed = source_fake__feed(f->source);
	f->model = model__create();
	f->sink = model__sink(f->model, false);
	f->frame = (struct view_frame){
		.model = f->model, .info = &f->info, .interval_ns = SEC, .cpu_percent = 1.25,
	};
	model__advance(f->model, 100 * SEC, 0);
}

/* A refresh at @now_ns of all that was fed. */
static inline void refresh(struct fixture *f, __u64 now_ns)
{
	assert_int_equal(source__poll(f->source, &f->sink), 1);
	model__advance(f->model, now_ns, 60 * SEC);
	f->frame.now_ns = now_ns;
	f->frame.number++;
}

static inline void teardown(struct fixture *f)
{
	model__destroy(f->model);
	source__close(f->source);
}

static inline void feed_map(struct fixture *f, __u64 id, __u64 ts, __u64 size, __s64 ret,
			    __u64 duration)
{
	fake_event(&f->feed, IOCTL, id, ts, .cmd = VFIO_CMD_MAP_DMA, .groups = 1,
		   .has_backend = true, .known = true, .flags = 3, .size = size, .ret = ret,
		   .duration = duration);
}

/* One of each: a busy one, one that failed, a partial one, one that is closed, one that is gone. */
static inline void feed_scene(struct fixture *f)
{
	fake_event(&f->feed, OPEN, 1, 40 * SEC, .ret = 0);
	fake_event(&f->feed, GET, 1, 40 * SEC, .refs = 1);
	fake_event(&f->feed, ATTACH, 1, 40 * SEC, .group = 12, .type = 0, .groups = 1, .refs = 2,
		   .duration = 300000);
	fake_event(&f->feed, ATTACH, 1, 40 * SEC, .group = 13, .type = 0, .groups = 2, .refs = 3,
		   .duration = 300000);
	fake_event(&f->feed, SET_IOMMU, 1, 40 * SEC, .type = 3, .backend = "vfio-iommu-type1",
		   .groups = 2, .duration = 1000000);
	fake_owner(&f->feed, 1, VFIO_OWNER_LIBVIRT, .started_ns = 30 * SEC,
		   .text[VFIO_OWNER_NAME_TEXT] = "web01", .text[VFIO_OWNER_UUID_TEXT] = UID,
		   .text[VFIO_OWNER_CGROUP_TEXT] = "/machine.slice/m.scope");
	source_fake__group(&f->feed, 12, "0000:00:10.0", "Intel Corporation",
			   "82574L Gigabit Network Connection");
	feed_map(f, 1, 41 * SEC, 1ULL << 30, 0, 250000000);
	feed_map(f, 1, 41 * SEC, 4096, -17, 2000);
	fake_event(&f->feed, IOCTL_START, 1, 100 * SEC, .cmd = VFIO_CMD_MAP_DMA, .groups = 1,
		   .has_backend = true, .known = true, .flags = 3, .iova = 0x100000, .size = 8192);

	fake_event(&f->feed, PIN, 2, 100 * SEC, .group = 7, .npage = 4, .ret = 4, .duration = 1000);
	for (int i = 1; i < 200; i++)
		fake_event(&f->feed, PIN, 2, 100 * SEC, .group = 7, .npage = 4, .ret = 4,
			   .duration = 1000 + 10 * i);

	fake_event(&f->feed, OPEN, 3, 90 * SEC, .ret = 0);
	fake_owner(&f->feed, 3, VFIO_OWNER_POD, .text[VFIO_OWNER_NAME_TEXT] = UID);
	fake_event(&f->feed, ATTACH, 3, 90 * SEC, .group = 20, .type = 1, .groups = 1, .refs = 2,
		   .duration = VFIO_OBS_UNKNOWN);
	fake_event(&f->feed, CLOSE, 3, 91 * SEC, .refs = 1);

	fake_event(&f->feed, OPEN, 4, 95 * SEC, .ret = 0);
	fake_owner(&f->feed, 4, VFIO_OWNER_PROCESS, .text[VFIO_OWNER_NAME_TEXT] = "fake-4");
	fake_event(&f->feed, CLOSE, 4, 99 * SEC, .refs = 0);
	fake_event(&f->feed, RELEASE, 4, 99 * SEC, .age = 4 * SEC);
}

static inline void check_text(const char *got, const char *want)
{
	if (!strcmp(got, want))
		return;
	/* cmocka cuts long messages. */
	fprintf(stderr, "got:\n%s\nwant:\n%s", got, want);
	fail();
}

static inline char *screen_text(struct view_screen *screen, const struct view_frame *frame,
				int rows, int cols)
{
	struct view_canvas *canvas = view_canvas__create(rows, cols);
	char *text, line[1024];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	view_screen__draw(screen, frame, canvas);
	for (int row = 0; row < rows; row++) {
		view_canvas__text(canvas, row, line, sizeof(line));
		fprintf(out, "%s\n", line);
	}
	fclose(out);
	view_canvas__destroy(canvas);
	return text;
}

static inline bool screen_has(struct view_screen *screen, const struct view_frame *frame, int rows,
			      int cols, const char *what)
{
	char *text = screen_text(screen, frame, rows, cols);
	bool has = strstr(text, what) != NULL;

	free(text);
	return has;
}

/* At 80 columns. */
static inline void check_rows_have(struct view_screen *screen, const struct fixture *f, int rows,
				   const char *what)
{
	char *text = screen_text(screen, &f->frame, rows, 80);

	if (!strstr(text, what)) {
		fprintf(stderr, "no '%s' in:\n%s", what, text);
		fail();
	}
	free(text);
}

/* At 80x24. */
static inline void check_has(struct view_screen *screen, const struct fixture *f, const char *what)
{
	check_rows_have(screen, f, 24, what);
}

/* A key, and the drawing that follows it. */
static inline void press(struct view_screen *screen, const struct fixture *f, int key)
{
	view_screen__key(screen, key);
	free(screen_text(screen, &f->frame, 24, 80));
}

#endif
