// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_screen.c - vfiotop's screen under any keys, sizes and events
 *
 * libFuzzer entry point. A byte of the input is a key, a size or something that happens; after each
 * the screen is drawn as vfiotop's loop would, without a terminal.
 */
#include <stdint.h>
#include <stdlib.h>

#include "lib/error.h"
#include "lib/source_fake.h"
#include "lib/travel.h"
#include "lib/view_screen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SEC 1000000000ULL
#define KEEP (5 * SEC)
#define N_IDS 8

struct session {
	struct source *source;
	struct source_info info;
	struct source_sink feed, model_sink, sink;
	struct model *model;
	struct travel *travel;
	struct view_screen *screen;
	struct view_frame frame;
	int rows, cols;
};

static void begin(struct session *s)
{
	const struct source_info info = { .name = "fake", .host = "box", .kernel = "6.1" };

	*s = (struct session){ .rows = 24, .cols = 80 };
	s->source = source_fake__open(&info);
	source__info(s->source, &s->info);
	s->feed = source_fake__feed(s->source);
	s->model = model__create();
	s->model_sink = model__sink(s->model, false);
	s->travel = travel__create(s->model, false, SEC / 10);
	s->sink = travel__sink(s->travel);
	model__keep_heat(s->model);
	s->screen = view_screen__create();
	s->frame = (struct view_frame){
		.model = s->model, .info = &s->info, .interval_ns = SEC, .now_ns = 100 * SEC,
	};
	model__advance(s->model, s->frame.now_ns, KEEP);
}

static void end(struct session *s)
{
	view_screen__destroy(s->screen);
	travel__destroy(s->travel);
	model__destroy(s->model);
	source__close(s->source);
}

static void refresh(struct session *s)
{
	source__poll(s->source, &s->sink);
	travel__pass(s->travel, &s->model_sink);
	s->frame.now_ns += s->frame.interval_ns;
	s->frame.number++;
	model__advance(s->model, s->frame.now_ns, KEEP);
	travel__refresh(s->travel, &s->frame, KEEP);
}

/* Something of a container's life; what contradicts what was before must do no harm. */
static void happen(struct session *s, unsigned int what, __u64 id)
{
	const __u64 ts = s->frame.now_ns + what;
	const __s64 ret = what % 3 ? 0 : -12;

	switch (what % 9) {
	case 0:
		fake_event(&s->feed, OPEN, id, ts, .ret = 0);
		break;
	case 1:
		fake_event(&s->feed, ATTACH, id, ts, .group = id, .groups = 1, .refs = 2,
			   .ret = ret);
		break;
	case 2:
		fake_event(&s->feed, IOCTL, id, ts, .cmd = VFIO_CMD_MAP_DMA, .groups = 1,
			   .has_backend = true, .iova = what << 12, .size = 4096, .ret = ret,
			   .duration = what * 100000000ULL);
		break;
	case 3:
		fake_event(&s->feed, PIN, id, ts, .group = id, .npage = what, .ret = ret ? ret : 1,
			   .duration = what * what * what);
		break;
	case 4:
		fake_event(&s->feed, DETACH, id, ts, .group = id, .groups = 0, .refs = 1);
		break;
	case 5:
		fake_event(&s->feed, CLOSE, id, ts, .refs = what);
		break;
	case 6:
		fake_event(&s->feed, RELEASE, id, ts, .age = SEC);
		break;
	case 7:
		fake_owner(&s->feed, id, VFIO_OWNER_QEMU, .text[VFIO_OWNER_NAME_TEXT] = "web01");
		source_fake__group(&s->feed, id, "0000:01:00.0", "Intel", "82574L");
		break;
	default:
		s->feed.gap(s->feed.ctx, what % 2 ? SOURCE_GAP_ATTACHED : SOURCE_GAP_DETACHED, ts,
			    "something");
	}
}

static void react(struct session *s, unsigned int reaction)
{
	travel__hush(s->travel);
	if (reaction & VIEW_FREEZE) {
		if (travel__is_frozen(s->travel))
			travel__unfreeze(s->travel);
		else
			travel__freeze(s->travel, &s->frame);
	}
	if (!(reaction & VIEW_STEP))
		return;
	if (!travel__is_frozen(s->travel))
		travel__freeze(s->travel, &s->frame);
	if (!travel__reads_on(s->travel, &s->frame, reaction)) {
		travel__go(s->travel, &s->frame, reaction);
		return;
	}
	refresh(s);
	travel__freeze(s->travel, &s->frame);
	travel__has_read(s->travel, &s->frame, reaction, travel__found(s->travel));
}

static void draw(struct session *s)
{
	struct view_canvas *canvas = view_canvas__create(s->rows, s->cols);
	const struct view_frame *shown = travel__shown(s->travel, &s->frame);

	view_screen__draw(s->screen, shown, canvas);
	for (int i = 0; i < s->rows * s->cols; i++)
		if (view_canvas__ascii(canvas->cells[i].ch) < ' ' || canvas->cells[i].ch > '~' ||
		    canvas->cells[i].attr >= VIEW_N_ATTRS)
			abort();
	view_canvas__destroy(canvas);
	model__look_at(s->model, view_screen__selected(s->screen));
}

/* Below 0x80 keys, as the terminal has them; above something else, which the next byte may tell. */
static size_t act(struct session *s, const uint8_t *data, size_t size)
{
	const unsigned int next = size > 1 ? data[1] : 0;

	if (data[0] < 0x20)
		react(s, view_screen__key(s->screen, VIEW_KEY_UP + data[0] %
						     (VIEW_KEY_OTHER - VIEW_KEY_UP + 1)));
	else if (data[0] < 0x80)
		react(s, view_screen__key(s->screen, data[0]));
	else if (data[0] < 0x90)
		refresh(s);
	else if (data[0] < 0xa0)
		react(s, view_screen__click(s->screen, (data[0] - 0x90) * s->rows / 15, next));
	else if (data[0] < 0xa8)
		s->rows = 1 + next % 70;
	else if (data[0] < 0xb0)
		s->cols = 1 + next;
	else
		happen(s, next, 1 + data[0] % N_IDS);
	return data[0] < 0x90 || size < 2 ? 1 : 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct session session;
	size_t taken;

	begin(&session);
	for (; size; data += taken, size -= taken) {
		taken = act(&session, data, size);
		draw(&session);
	}
	end(&session);
	return 0;
}
