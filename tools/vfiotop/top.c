// SPDX-License-Identifier: GPL-2.0-only
/*
 * top.c - vfiotop's loop
 *
 * Called by main(). Time is kept here: live it is CLOCK_BOOTTIME, in a replay it is the replayed
 * instant, which follows the clock on the screen and jumps from refresh to refresh in batch.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "lib/enrich.h"
#include "lib/loader.h"
#include "lib/model.h"
#include "lib/source_paced.h"
#include "lib/travel.h"
#include "lib/view.h"
#include "lib/view_batch.h"
#include "lib/view_folded.h"
#include "lib/view_json.h"
#include "lib/view_screen.h"
#include "top.h"

#define NSEC 1000000000ULL
/* Rings are drained this often, whatever the time between refreshes. */
#define POLL_NS (NSEC / 10)
/* Containers that are gone stay visible as long as this, and for two refreshes. */
#define KEEP_NS (5 * NSEC)
/* How long a key may look for something in a recording. */
#define LOOK_NS (2 * NSEC)
/* Longer stretches of a recording without events are left out in batch. */
#define IDLE_REFRESHES 60

struct top {
	const struct options *options;
	struct source *source;
	struct source_info info;
	struct model *model;
	struct loader *loader; /* NULL: a replay */
	struct enrich *enrich; /* NULL: the source tells owners itself */
	struct source_sink sink;
	struct view_frame frame;
	int signals;	    /* signalfd */
	bool ended;	    /* by a signal or a key */
	int status;	    /* exit status when ended */
	__u64 cpu_ns, wall_ns; /* when the tool's own cost was taken last */
	/* Of a replay: the instant that was replayed when the clock said @clock0_ns */
	__u64 replayed_ns, clock0_ns;
	double speed;
	/* The screen only */
	struct tui *tui;
	struct view_screen *screen;
	struct travel *travel; /* NULL: in batch */
	bool resized;
	__u64 frozen_ns; /* where a replay goes on behind a picture that stands still */
};

static __u64 clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NSEC + ts.tv_nsec;
}

/* The tool's own, with its loader's. A loader that is gone makes it no less. */
static __u64 own_cpu_ns(const struct top *top)
{
	__u64 cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) + loader__cpu_ns(top->loader);

	return cpu_ns > top->cpu_ns ? cpu_ns : top->cpu_ns;
}

static __u64 now_of(const struct top *top)
{
	__u64 now_ns = clock_ns(CLOCK_BOOTTIME);

	return top->info.live ? now_ns :
	       top->replayed_ns + (__u64)((now_ns - top->clock0_ns) * top->speed);
}

/* From here a replay goes on now. */
static void set_replayed(struct top *top, __u64 now_ns)
{
	top->replayed_ns = now_ns;
	top->clock0_ns = clock_ns(CLOCK_BOOTTIME);
}

/* Prints nothing while the screen is there: the caller ends the loop, which closes it. */
static bool drain(struct top *top, __u64 now_ns)
{
	struct source_sink model = model__sink(top->model, top->info.aggregates);
	int ret;

	if (!top->info.live)
		source_paced__until(top->source, now_ns);
	ret = source__poll(top->source, &top->sink);
	if (top->travel)
		travel__pass(top->travel, &model);
	if (ret == 0)
		top->frame.at_end = true;
	if (ret >= 0)
		return true;
	top->status = 1;
	return false;
}

/* A recording ends with its last event, in the middle of an interval: so do rates and ages. */
static __u64 end_of(const struct top *top, __u64 now_ns)
{
	__u64 last_ns = model__now(top->model);

	return top->frame.at_end && last_ns > top->frame.now_ns && last_ns < now_ns ? last_ns :
										      now_ns;
}

/* A refresh of everything but the view. */
static void advance(struct top *top, __u64 now_ns)
{
	__u64 cpu_ns = own_cpu_ns(top), wall_ns = clock_ns(CLOCK_MONOTONIC);
	__u64 keep_ns = 2 * top->options->interval_ns;

	if (keep_ns < KEEP_NS)
		keep_ns = KEEP_NS;
	model__advance(top->model, now_ns, keep_ns);
	/* What the source says about itself may change when it attaches again. */
	source__info(top->source, &top->info);
	if (wall_ns > top->wall_ns)
		top->frame.cpu_percent = 100.0 * (cpu_ns - top->cpu_ns) / (wall_ns - top->wall_ns);
	top->cpu_ns = cpu_ns;
	top->wall_ns = wall_ns;
	top->frame.now_ns = now_ns;
	top->frame.number++;
	if (top->travel)
		travel__refresh(top->travel, &top->frame, keep_ns);
}

/* The next refresh of a replay that does not wait for its clock. False: it broke. */
static bool replay_refresh(struct top *top)
{
	const __u64 step_ns = top->options->interval_ns;
	__u64 now_ns = top->frame.now_ns, next_ns;
	int more = source_paced__next(top->source, &next_ns);

	if (more < 0) {
		top->status = 1;
		return false;
	}
	if (more && next_ns > now_ns && (next_ns - now_ns) / step_ns > IDLE_REFRESHES)
		now_ns = next_ns - next_ns % step_ns;
	/* A broken recording may claim times at the end of the scale. */
	now_ns = now_ns + step_ns < now_ns ? ~0ULL : now_ns + step_ns;
	if (!drain(top, now_ns))
		return false;
	advance(top, end_of(top, now_ns));
	return true;
}

static bool is_over(const struct top *top)
{
	return top->ended ||
	       (top->options->refreshes && top->frame.number >= top->options->refreshes);
}

/* Starts the first interval, and the clock of a replay. */
static bool start(struct top *top, __u64 *now_ns)
{
	__u64 first_ns = 0;

	*now_ns = clock_ns(CLOCK_BOOTTIME);
	if (!top->info.live) {
		if (source_paced__next(top->source, &first_ns) < 0) {
			top->status = 1;
			return false;
		}
		*now_ns = top->options->from_ns > first_ns ? top->options->from_ns : first_ns;
		/* What was before is no part of the first interval. */
		if (*now_ns > first_ns && !drain(top, *now_ns - 1))
			return false;
		if (top->frame.at_end)
			*now_ns = model__now(top->model);
		set_replayed(top, *now_ns);
	}
	model__advance(top->model, *now_ns, KEEP_NS);
	top->frame.now_ns = *now_ns;
	top->cpu_ns = own_cpu_ns(top);
	top->wall_ns = clock_ns(CLOCK_MONOTONIC);
	return drain(top, *now_ns);
}

/* Waits for keys, signals or @until_ns (CLOCK_BOOTTIME), whichever is first. */
static void wait_until(struct top *top, __u64 until_ns)
{
	struct pollfd fds[2] = {
		{ .fd = top->signals, .events = POLLIN },
		{ .fd = top->tui ? tui__fd(top->tui) : -1, .events = POLLIN },
	};
	__u64 now_ns = clock_ns(CLOCK_BOOTTIME);
	__u64 left_ns = until_ns > now_ns ? until_ns - now_ns : 0;
	struct timespec timeout = { .tv_sec = left_ns / NSEC, .tv_nsec = left_ns % NSEC };
	struct signalfd_siginfo signal;

	if (ppoll(fds, 2, &timeout, NULL) < 0)
		return;
	while (read(top->signals, &signal, sizeof(signal)) == sizeof(signal)) {
		if (signal.ssi_signo == SIGWINCH) {
			top->resized = true;
			continue;
		}
		top->ended = true;
	}
}

/* Batch, JSON and folded stacks */

/* The stacks of the whole time, once. Programs read them: what is not in them goes to stderr. */
static void print_folded(const struct top *top)
{
	const struct model_stacks *stacks = model__stacks(top->model);
	__u64 lost = model__loss(top->model)->stacks;

	if (!view_folded__print(stdout, &top->frame, top->options->weight))
		fprintf(stderr, "vfiotop: %s\n", stacks->n ?
			"no stack has any of what --folded counts; count has all calls" :
			"no call was seen of those that --stacks asks for; give it more time with -n");
	if (lost)
		fprintf(stderr, "vfiotop: %llu calls are in no stack, or in one without kernel "
			"frames; give --stacks=limit=N more room\n", lost);
	if (stacks->left_out)
		fprintf(stderr, "vfiotop: %llu stacks that took the least time are left out\n",
			stacks->left_out);
}

static bool print(struct top *top)
{
	if (top->options->folded && !is_over(top))
		return true;
	if (top->options->folded)
		print_folded(top);
	else if (top->options->json)
		view_json__print(stdout, &top->frame);
	else
		view_batch__print(stdout, &top->frame, &top->options->choice);
	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return true;
	/* A reader who has seen enough, such as head, is no error. */
	if (errno != EPIPE) {
		fprintf(stderr, "vfiotop: cannot write to standard output: %s\n", strerror(errno));
		top->status = 1;
	}
	return false;
}

static bool batch_live(struct top *top, __u64 now_ns)
{
	__u64 refresh_ns = now_ns + top->options->interval_ns;

	while (!is_over(top)) {
		wait_until(top, now_ns + POLL_NS < refresh_ns ? now_ns + POLL_NS : refresh_ns);
		now_ns = clock_ns(CLOCK_BOOTTIME);
		if (!drain(top, now_ns))
			return false;
		/* Who ends it early gets what has been counted until then. */
		if (now_ns < refresh_ns && !top->ended)
			continue;
		advance(top, now_ns);
		if (!print(top))
			return true;
		refresh_ns += top->options->interval_ns;
		if (refresh_ns < now_ns) /* the machine slept, or stdout was slow */
			refresh_ns = now_ns + top->options->interval_ns;
	}
	return true;
}

static bool batch_replay(struct top *top)
{
	while (!is_over(top)) {
		if (!replay_refresh(top))
			return false;
		wait_until(top, 0);
		if (!print(top) || top->frame.at_end)
			break;
	}
	return true;
}

/* The screen */

static void draw(struct top *top)
{
	struct view_canvas *canvas;
	int rows, cols;

	tui__size(top->tui, &rows, &cols);
	canvas = view_canvas__create(rows, cols);
	view_screen__draw(top->screen, travel__shown(top->travel, &top->frame), canvas);
	tui__paint(top->tui, canvas);
	view_canvas__destroy(canvas);
	model__look_at(top->model, view_screen__selected(top->screen));
}

static void freeze(struct top *top)
{
	top->frozen_ns = now_of(top);
	travel__freeze(top->travel, &top->frame);
}

static void toggle_freeze(struct top *top)
{
	if (!travel__is_frozen(top->travel)) {
		freeze(top);
		return;
	}
	travel__unfreeze(top->travel);
	set_replayed(top, top->frozen_ns);
}

/* So many refreshes of a replay, or until one has a failed or slow call. */
static void read_on(struct top *top, unsigned int how)
{
	const __u64 give_up_ns = clock_ns(CLOCK_MONOTONIC) + LOOK_NS;
	__u64 n = how & VIEW_MARK ? ~0ULL : how & VIEW_FAR ? 10 : 1;
	bool found = false;

	while (n-- && !found && !top->frame.at_end && clock_ns(CLOCK_MONOTONIC) < give_up_ns) {
		if (!replay_refresh(top))
			return;
		found = how & VIEW_MARK && travel__found(top->travel);
	}
	set_replayed(top, top->frame.now_ns);
	freeze(top);
	travel__has_read(top->travel, &top->frame, how, found);
}

static void travel(struct top *top, unsigned int how)
{
	if (!travel__is_frozen(top->travel))
		freeze(top);
	if (travel__reads_on(top->travel, &top->frame, how))
		read_on(top, how);
	else
		travel__go(top->travel, &top->frame, how);
}

static void save_choices(struct top *top)
{
	struct view_choice choice = top->options->choice;
	char message[CONFIG_MESSAGE];

	view_screen__chosen(top->screen, &choice);
	options__save(top->options, &choice, top->loader, message);
	view_screen__say(top->screen, message);
}

static unsigned int press(struct top *top, int key)
{
	int row, col;

	if (key != VIEW_KEY_CLICK)
		return view_screen__key(top->screen, key);
	tui__click(top->tui, &row, &col);
	return view_screen__click(top->screen, row, col);
}

/* Returns whether anything changed on the screen. */
static bool handle_keys(struct top *top)
{
	bool redraw = top->resized;
	int key;

	top->resized = false;
	while ((key = tui__key(top->tui)) != VIEW_KEY_NONE) {
		unsigned int reaction = press(top, key);

		travel__hush(top->travel);
		if (reaction & VIEW_QUIT)
			top->ended = true;
		if (reaction & VIEW_FREEZE)
			toggle_freeze(top);
		if (reaction & VIEW_STEP)
			travel(top, reaction);
		if (reaction & VIEW_SAVE)
			save_choices(top);
		redraw |= reaction & VIEW_REDRAW;
	}
	if (!tui__alive(top->tui))
		top->ended = true;
	return redraw;
}

/* In a recording, time stands still with the picture, and at its end. */
static bool time_passes(const struct top *top)
{
	return top->info.live || !(travel__is_frozen(top->travel) || top->frame.at_end);
}

static bool interact(struct top *top)
{
	__u64 clock = clock_ns(CLOCK_BOOTTIME);
	__u64 refresh = clock + top->options->interval_ns;

	if (top->options->paused)
		freeze(top);
	/* Rates come with the first refresh: until then they are unknown. */
	draw(top);
	while (!is_over(top)) {
		bool passes = time_passes(top);

		if (passes && !drain(top, now_of(top)))
			return false;
		clock = clock_ns(CLOCK_BOOTTIME);
		if (clock >= refresh || (passes && !time_passes(top))) {
			if (passes)
				advance(top, end_of(top, now_of(top)));
			else
				top->frame.number++;
			refresh = clock + top->options->interval_ns;
			draw(top);
		}
		wait_until(top, clock + POLL_NS < refresh ? clock + POLL_NS : refresh);
		if (handle_keys(top))
			draw(top);
		if (top->status) /* a recording broke while it was read on */
			return false;
	}
	return true;
}

static int run_screen(struct top *top)
{
	char err[CONFIG_MESSAGE];
	bool ok;

	top->tui = tui__open(&top->options->tui, err, sizeof(err));
	if (!top->tui) {
		fprintf(stderr, "vfiotop: %s\n", err);
		top->status = 1;
		return 0;
	}
	top->screen = view_screen__create();
	view_screen__choose(top->screen, &top->options->choice);
	if (options__problem(top->options, err))
		view_screen__say(top->screen, err);
	ok = interact(top);
	view_screen__destroy(top->screen);
	tui__close(top->tui);
	return ok ? 0 : -1;
}

/* Those that end the loop in good order arrive as data; the terminal is put back afterwards. */
static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int top__run(const struct options *options, struct source *source, struct loader *loader)
{
	struct top top = { .options = options, .source = source, .loader = loader };
	__u64 now_ns;
	int ret = -1;

	top.signals = open_signals();
	if (top.signals < 0) {
		fprintf(stderr, "vfiotop: cannot receive signals: %s\n", strerror(errno));
		return 1;
	}
	source__info(source, &top.info);
	top.model = model__create();
	top.sink = model__sink(top.model, top.info.aggregates);
	model__unseen(top.model, top.info.unseen);
	top.speed = options->speed;
	top.frame = (struct view_frame){
		.model = top.model,
		.info = &top.info,
		.interval_ns = options->interval_ns,
		.cpu_percent = -1,
	};
	if (options__is_screen(options)) {
		top.travel = travel__create(top.model, top.info.aggregates, options->slow_ns);
		top.sink = travel__sink(top.travel);
		model__keep_heat(top.model);
	}
	if (top.info.live && !top.info.described) {
		top.enrich = enrich__create("", &top.sink);
		enrich__ask(top.enrich, loader);
		top.sink = enrich__sink(top.enrich);
	}
	if (start(&top, &now_ns)) {
		if (options__is_screen(options))
			ret = run_screen(&top);
		else if (top.info.live)
			ret = batch_live(&top, now_ns) ? 0 : -1;
		else
			ret = batch_replay(&top) ? 0 : -1;
	}
	if (ret)
		fprintf(stderr, "vfiotop: %s\n", source__error(source));
	enrich__destroy(top.enrich);
	travel__destroy(top.travel);
	model__destroy(top.model);
	close(top.signals);
	return top.status;
}
