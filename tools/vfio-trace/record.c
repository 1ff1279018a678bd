// SPDX-License-Identifier: GPL-2.0-only
/*
 * record.c - vfio-trace record: every event into a file
 *
 * Joins the live source to a recording's writer. Everything is attached before COMMAND starts.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmds.h"
#include "command.h"
#include "lib/enrich.h"
#include "lib/error.h"
#include "lib/event.h"
#include "lib/fmt.h"
#include "lib/loader.h"
#include "lib/privilege.h"
#include "lib/record_parts.h"
#include "lib/record_reader.h"
#include "lib/record_writer.h"
#include "lib/source.h"
#include "lib/source_pass.h"
#include "lib/xalloc.h"
#include "record_opts.h"

#define MSEC 1000000ULL
#define SEC (1000 * MSEC)

/* Sleep between polls; none when the last one brought a lot. */
#define POLL_INTERVAL (4 * MSEC)
#define BUSY_EVENTS 512
#define RECORDER_NICE (-20)
/* Behind COMMAND: wait for the last events, and for containers of ended tasks to be freed. */
#define DRAIN_MIN (30 * MSEC)
#define DRAIN_MAX (1 * SEC)
/* An interrupted COMMAND gets this long to end by itself, then SIGTERM, and again. */
#define PATIENCE (3 * SEC)
/* After this long it is said for what we wait. */
#define DISK_PATIENCE (1 * SEC)

/* A container that was opened during the recording and is not freed yet. */
struct opened {
	__u64 id;
	pid_t tgid;
};

/* @out: to where it goes, as long as there is a recording */
struct recorder {
	struct source_pass out;
	const struct record_opts *opts;
	struct source *source;
	struct record_dest *dest;
	struct enrich *enrich;
	struct loader *loader;
	struct command command;
	struct opened *opened;
	size_t n_opened, max_opened;
	__u64 polled; /* events of the last poll */
	bool at_end;  /* of a recording that is the source */
	__u64 begun_ns, told_ns; /* CLOCK_MONOTONIC; of the line of progress, if there is one */
	bool tells;
	pid_t pid;
	bool prepared, running;
	int status; /* of the ended COMMAND */
};

static __u64 clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

static void track_open(struct recorder *rec, const struct vfio_rec *event)
{
	if (vfio_w(event, OPEN, ret))
		return;
	if (rec->n_opened == rec->max_opened) {
		rec->max_opened = rec->max_opened ? 2 * rec->max_opened : 16;
		rec->opened = xreallocarray(rec->opened, rec->max_opened, sizeof(*rec->opened));
	}
	rec->opened[rec->n_opened++] = (struct opened){ event->id, event->tgid };
}

static void track_release(struct recorder *rec, __u64 id)
{
	for (size_t i = 0; i < rec->n_opened; i++) {
		if (rec->opened[i].id == id) {
			rec->opened[i] = rec->opened[--rec->n_opened];
			return;
		}
	}
}

static void on_event(void *ctx, const struct vfio_rec *event)
{
	struct recorder *rec = ctx;

	rec->polled++;
	if (event->type == VFIO_EV_OPEN)
		track_open(rec, event);
	else if (event->type == VFIO_EV_RELEASE)
		track_release(rec, event->id);
	if (rec->opts->events >> event->type & 1)
		rec->out.to.event(rec->out.to.ctx, event);
}

/* The instant that the source has come to, CLOCK_BOOTTIME where it is from. */
static __u64 now_ns(const struct recorder *rec)
{
	return rec->opts->input ? source_file__end_ns(rec->source) : clock_ns(CLOCK_BOOTTIME);
}

static __u64 realtime_offset_ns(const struct recorder *rec)
{
	if (rec->opts->input)
		return *source_file__clock(rec->source);
	return clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);
}

/* One line on a terminal that no COMMAND writes to, which is written over each second. */
static void tell_progress(struct recorder *rec)
{
	__u64 now = clock_ns(CLOCK_MONOTONIC);
	char age[FMT_MAX], size[FMT_MAX], fired[64] = "";
	struct record_totals totals;

	if (!rec->tells || now - rec->told_ns < SEC)
		return;
	rec->told_ns = now;
	record_dest__totals(rec->dest, &totals);
	if (rec->opts->ring.bytes)
		snprintf(fired, sizeof(fired), " in memory, %llu fired, %llu files", totals.fired,
			 totals.files);
	fprintf(stderr, "\rvfio-trace: %s, %llu events, %s%s, %llu lost; Ctrl-C ends it   ",
		fmt_age(age, sizeof(age), now - rec->begun_ns), totals.events,
		fmt_bytes(size, sizeof(size), *fired ? totals.held : totals.bytes), fired,
		source_loss__total(&totals.loss));
}

/* Other lines come behind it. */
static void end_progress(struct recorder *rec)
{
	if (rec->tells && rec->told_ns != rec->begun_ns)
		fputc('\n', stderr);
	rec->told_ns = rec->begun_ns;
}

static void say(void *ctx, const char *sentence)
{
	end_progress(ctx);
	fprintf(stderr, "vfio-trace: %s\n", sentence);
}

static void on_gap(void *ctx, enum source_gap gap, __u64 ts_ns, const char *why)
{
	struct recorder *rec = ctx;

	rec->out.to.gap(rec->out.to.ctx, gap, ts_ns, why);
	/* Those in a recording are no news; what is wrong with it is told at its end. */
	if (!rec->opts->input)
		say(rec, why);
}

/* What the source tells, with owners and devices. */
static struct source_sink recorder_sink(struct recorder *rec)
{
	struct source_sink sink = source_pass__sink(&rec->out);

	sink.event = on_event;
	sink.gap = on_gap;
	return sink;
}

/* One round. False: the writer or the source failed. */
static bool poll_once(struct recorder *rec, bool flush)
{
	struct source_sink sink = rec->opts->input ? recorder_sink(rec) :
						     enrich__sink(rec->enrich);
	int ret;

	rec->polled = 0;
	if (flush)
		ret = source__flush(rec->source, &sink);
	else if (!record_dest__is_full(rec->dest))
		ret = source__poll(rec->source, &sink);
	else
		ret = 1; /* as long as there is room, the kernel's rings keep what comes */
	rec->at_end = !ret;
	record_dest__tick(rec->dest, now_ns(rec), realtime_offset_ns(rec));
	if (ret < 0)
		say(rec, source__error(rec->source));
	return ret >= 0 && !record_dest__error(rec->dest);
}

/* Sleep until the next poll, or less when a signal comes. True: one that is to end us. */
static bool pause_or_signal(struct recorder *rec, const sigset_t *signals)
{
	bool busy = rec->polled > BUSY_EVENTS ||
		    (rec->opts->input && !record_dest__is_full(rec->dest));
	struct timespec pause = { .tv_nsec = busy ? 0 : POLL_INTERVAL };
	int came = sigtimedwait(signals, NULL, &pause);

	if (came == SIGUSR1)
		record_dest__signalled(rec->dest);
	return came > 0 && came != SIGUSR1;
}

static void reap(struct recorder *rec)
{
	if (rec->running && command__ended(rec->pid, &rec->status))
		rec->running = false;
}

/* Until Ctrl-C, the end of COMMAND or of the time. False: failed. *interrupted: by a signal. */
static bool record_all(struct recorder *rec, const sigset_t *signals, bool *interrupted)
{
	__u64 end = rec->opts->duration_ns ? clock_ns(CLOCK_MONOTONIC) + rec->opts->duration_ns :
					     ~0ULL;

	rec->begun_ns = rec->told_ns = clock_ns(CLOCK_MONOTONIC);
	rec->tells = !rec->opts->command && isatty(STDERR_FILENO);
	do {
		if (!poll_once(rec, false))
			return false;
		tell_progress(rec);
		*interrupted = pause_or_signal(rec, signals);
		reap(rec);
	} while (!*interrupted && !rec->at_end && (!rec->opts->command || rec->running) &&
		 clock_ns(CLOCK_MONOTONIC) < end);
	return true;
}

/*
 * Interrupted: COMMAND ends first, so that its end is recorded. It has got Ctrl-C from the
 * terminal as we have; if it takes long it is told, and a second Ctrl-C leaves it alone.
 */
static bool end_command(struct recorder *rec, const sigset_t *signals)
{
	__u64 ask = clock_ns(CLOCK_MONOTONIC) + PATIENCE;
	__u64 leave = ask + PATIENCE;

	while (rec->running && clock_ns(CLOCK_MONOTONIC) < leave) {
		if (!poll_once(rec, false))
			return false;
		if (pause_or_signal(rec, signals))
			break;
		if (clock_ns(CLOCK_MONOTONIC) > ask) {
			kill(rec->pid, SIGTERM);
			ask = leave;
		}
		reap(rec);
	}
	return true;
}

/* Some container is not freed yet although the task that opened it is gone. */
static bool draining(const struct recorder *rec)
{
	for (size_t i = 0; i < rec->n_opened; i++)
		if (kill(rec->opened[i].tgid, 0) && errno == ESRCH)
			return true;
	return false;
}

/* The files of ended tasks may be closed a little later. */
static bool drain(struct recorder *rec)
{
	__u64 start = clock_ns(CLOCK_MONOTONIC), waited = 0;
	struct timespec pause = { .tv_nsec = POLL_INTERVAL };

	while (waited < DRAIN_MIN || (waited < DRAIN_MAX && draining(rec))) {
		if (!poll_once(rec, false))
			return false;
		nanosleep(&pause, NULL);
		waited = clock_ns(CLOCK_MONOTONIC) - start;
	}
	return poll_once(rec, true);
}

static void tell_command(const struct recorder *rec)
{
	const char *name = rec->opts->command ? rec->opts->command[0] : NULL;

	if (!name)
		return;
	if (rec->running)
		fprintf(stderr, "vfio-trace: %s goes on, as process %d\n", name, rec->pid);
	else if (WIFSIGNALED(rec->status))
		fprintf(stderr, "vfio-trace: %s was ended by SIG%s\n", name,
			sigabbrev_np(WTERMSIG(rec->status)));
	else if (WEXITSTATUS(rec->status))
		fprintf(stderr, "vfio-trace: %s ended with status %d\n", name,
			WEXITSTATUS(rec->status));
}

/* Over the whole recording. */
static void tell_cost(const struct recorder *rec)
{
	char event[FMT_MAX] = "unknown", programs[FMT_MAX] = "unknown";
	struct source_info info;
	const struct source_share *all = &info.cost.all;

	source__info(rec->source, &info);
	if (info.cost.event_known)
		fmt_latency(event, sizeof(event), info.cost.ns_per_event);
	if (all->programs_known)
		snprintf(programs, sizeof(programs), "%.2f%%", all->programs);
	fprintf(stderr, "vfio-trace: own cost: recorder %.2f%% of a CPU, BPF programs %s, an event "
		"%s\n", all->tool, programs, event);
}

/*
 * All is with the writer, which may wait for a disk or a reader. Whoever does not want to wait ends
 * it with a signal more, and keeps FILE.part up to the last whole block that is written.
 */
static void wait_for_disk(struct recorder *rec, const sigset_t *signals)
{
	const struct timespec none = { 0 }, pause = { .tv_nsec = POLL_INTERVAL };
	__u64 tell = clock_ns(CLOCK_MONOTONIC) + DISK_PATIENCE;

	while (sigtimedwait(signals, NULL, &none) > 0)
		;
	signal(SIGUSR1, SIG_IGN);
	sigprocmask(SIG_UNBLOCK, signals, NULL);
	while (record_dest__waiting(rec->dest)) {
		nanosleep(&pause, NULL);
		if (!tell || clock_ns(CLOCK_MONOTONIC) < tell)
			continue;
		fprintf(stderr, "vfio-trace: %s has not taken the last %zu bytes yet; waiting for "
			"it, Ctrl-C gives them up\n", record_writer__name(rec->opts->path),
			record_dest__waiting(rec->dest));
		tell = 0;
	}
}

/* What a recording that is the source does not have. False: that was said. */
static bool is_whole(const struct recorder *rec)
{
	char damage[RECORD_WHY_MAX], cut[RECORD_WHY_MAX];
	bool damaged = source_file__damage(rec->source, damage, sizeof(damage));
	bool breaks_off = source_file__cut(rec->source, cut, sizeof(cut));

	if (damaged)
		fprintf(stderr, "vfio-trace: %s: %s\n", rec->opts->input, damage);
	if (breaks_off)
		fprintf(stderr, "vfio-trace: %s: %s\n", rec->opts->input, cut);
	return !damaged && !breaks_off;
}

/* The line at the end, or what failed. Returns the exit status. */
static int conclude(struct recorder *rec, const sigset_t *signals, bool ok)
{
	struct record_totals totals;
	char summary[4 * PATH_MAX];
	const char *error;

	wait_for_disk(rec, signals);
	if (record_dest__finish(rec->dest, now_ns(rec)))
		ok = false;
	tell_command(rec);
	if (rec->opts->input && !is_whole(rec))
		ok = false;
	error = record_dest__error(rec->dest);
	if (error) {
		fprintf(stderr, "vfio-trace: %s\n", error);
		return 1;
	}
	if (!rec->opts->input)
		tell_cost(rec);
	record_dest__totals(rec->dest, &totals);
	record_dest__summary(rec->dest, summary, sizeof(summary));
	fprintf(stderr, "vfio-trace: %s, %llu lost%s\n", summary, source_loss__total(&totals.loss),
		totals.loss.ring && !rec->opts->input ? " (a larger --buffer keeps more)" : "");
	return ok ? 0 : 1;
}

/* What the recording says of itself; of one that is the source, what that says. */
static void make_header(const struct recorder *rec, struct record_header *header)
{
	struct source_info info;

	source__info(rec->source, &info);
	if (!rec->opts->input) {
		record_writer__header(header, &info, rec->opts->events, clock_ns(CLOCK_BOOTTIME));
		return;
	}
	*header = *source_file__header(rec->source);
	header->rec_size = sizeof(struct vfio_rec);
	header->events &= rec->opts->events;
}

/* The source is attached: write the header, run COMMAND, record. */
static int record(struct recorder *rec, const sigset_t *signals)
{
	struct record_header header;
	const __u64 *clock;
	bool interrupted = false, ok;

	make_header(rec, &header);
	clock = rec->opts->input ? source_file__clock(rec->source) : NULL;
	if (record_dest__start(rec->dest, &header, clock)) {
		fprintf(stderr, "vfio-trace: %s\n", record_dest__error(rec->dest));
		return 1;
	}
	rec->out.to = record_dest__sink(rec->dest);
	if (rec->opts->command) {
		rec->prepared = false;
		rec->pid = command__start(&rec->command);
		if (rec->pid < 0) {
			fprintf(stderr, "vfio-trace: cannot run %s: %s; nothing was recorded\n",
				rec->opts->command[0], strerror(-rec->pid));
			record_dest__discard(rec->dest);
			return 1;
		}
		rec->running = true;
	}
	ok = record_all(rec, signals, &interrupted);
	end_progress(rec);
	if (ok && interrupted)
		ok = end_command(rec, signals);
	if (ok && !rec->opts->input)
		ok = drain(rec);
	return conclude(rec, signals, ok);
}

/*
 * Rights end here. COMMAND begins before, so that it has the user's; the loader keeps what it
 * needs. False: a sentence is in @err.
 */
static bool give_up_rights(struct recorder *rec, const struct source_live_opts *live, char *err,
			   size_t err_size)
{
	const struct record_opts *opts = rec->opts;
	struct loader_config config = { .live = *live };
	int ret = 0;

	record_dest__names(rec->dest, &config);
	if (opts->command)
		ret = command__prepare(&rec->command, opts->command, !strcmp(opts->path, "-"));
	if (ret) {
		error__set(err, err_size, "cannot run %s: %s; look at the limits for processes and "
			   "open files", opts->command[0], strerror(-ret));
		return false;
	}
	rec->prepared = opts->command;
	/*
	 * The reader must not wait behind the load that it records, nor must the loader: what comes
	 * while it lists the containers that exist stays in the rings.
	 */
	setpriority(PRIO_PROCESS, 0, RECORDER_NICE);
	rec->loader = loader__start(&config, err, err_size);
	if (!rec->loader)
		return false;
	record_dest__ask(rec->dest, rec->loader);
	if (privilege__drop(err, err_size))
		return false;
	enrich__ask(rec->enrich, rec->loader);
	return true;
}

static struct source *open_source(struct recorder *rec, char *err, size_t err_size)
{
	const struct record_opts *opts = rec->opts;
	struct source_live_opts live = {
		/* open and release also tell when COMMAND's containers are gone. */
		.events = opts->events | 1ULL << VFIO_EV_OPEN | 1ULL << VFIO_EV_RELEASE,
		.ring_bytes = opts->ring_bytes,
		.keep_attached = opts->command != NULL,
		.max_overhead = opts->max_overhead,
	};

	if (opts->input && privilege__drop(err, err_size))
		return NULL;
	if (opts->input)
		return source_file__open(opts->input, err, err_size);
	if (!give_up_rights(rec, &live, err, err_size))
		return NULL;
	return source_live__open(rec->loader, opts->live, &live, err, err_size);
}

static struct record_dest *create_dest(struct recorder *rec, char *err, size_t err_size)
{
	const struct record_dest_config config = {
		.path = rec->opts->path, .keep = rec->opts->keep, .say = say, .ctx = rec,
	};

	if (rec->opts->ring.bytes)
		return record_ring__create(&config, &rec->opts->ring, err, err_size);
	return record_parts__create(&config, &rec->opts->limits, err, err_size);
}

static int run(const struct record_opts *opts, const sigset_t *signals)
{
	struct recorder rec = { .opts = opts };
	struct source_sink sink = recorder_sink(&rec);
	char err[1024];
	int status = 1;

	rec.dest = create_dest(&rec, err, sizeof(err));
	if (!rec.dest) {
		fprintf(stderr, "vfio-trace: %s\n", err);
		return 1;
	}
	rec.enrich = enrich__create("", &sink);
	rec.source = open_source(&rec, err, sizeof(err));
	if (rec.source) {
		status = record(&rec, signals);
	} else {
		fprintf(stderr, "vfio-trace: %s\n", err);
		record_dest__discard(rec.dest);
	}
	if (rec.prepared)
		command__cancel(&rec.command);
	source__close(rec.source);
	enrich__destroy(rec.enrich);
	record_dest__destroy(rec.dest);
	loader__stop(rec.loader);
	free(rec.opened);
	return status;
}

int cmd_record(int argc, char **argv)
{
	struct record_opts opts = { .events = 0 };
	sigset_t signals;
	int status;

	if (!record_opts__parse(argc, argv, &opts, &status))
		return status;
	/* Taken one by one by sigtimedwait(), so that every cleanup runs. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	if (opts.ring.trigger.signal)
		sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	return run(&opts, &signals);
}
