// SPDX-License-Identifier: GPL-2.0-only
/*
 * record.c - vfio-trace record: every event into a file
 *
 * Joins the live source to a recording's writer. Everything is attached before COMMAND starts.
 */
#include <errno.h>
#include <getopt.h>
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
#include "lib/overhead.h"
#include "lib/privilege.h"
#include "lib/record_writer.h"
#include "lib/source.h"
#include "lib/xalloc.h"

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

enum { OPT_SOURCE = 0x100, OPT_OVERHEAD };

struct options {
	const char *path;
	__u64 events;
	__u64 duration_ns; /* 0: no limit */
	size_t ring_bytes;
	double max_overhead; /* in percent of all CPUs' time; 0: no limit */
	enum source_live_kind live;
	char **command; /* NULL: none */
};

/* A container that was opened during the recording and is not freed yet. */
struct opened {
	__u64 id;
	pid_t tgid;
};

struct recorder {
	const struct options *opts;
	struct source *source;
	struct record_writer *writer;
	struct source_sink out;
	struct enrich *enrich;
	struct loader *loader;
	struct command command;
	struct opened *opened;
	size_t n_opened, max_opened;
	__u64 polled; /* events of the last poll */
	__u64 begun_ns, told_ns; /* CLOCK_MONOTONIC; of the line of progress, if there is one */
	bool tells;
	pid_t pid;
	bool prepared, running;
	int status; /* of the ended COMMAND */
};

static const char help[] =
	"Usage: vfio-trace record -o FILE [OPTION...] [-- COMMAND [ARG...]]\n"
	"\n"
	"Records every VFIO container event of the whole system, until COMMAND ends or Ctrl-C.\n"
	"While it goes on the recording is called FILE.part.\n"
	"\n"
	"  -o, --output FILE     write here; - is standard output\n"
	"  -e, --events EVENTS   names separated by commas, wildcards allowed: pin,unpin or '*_start';\n"
	"                        all (every completed event, the default) or lifecycle;\n"
	"                        'help' lists them\n"
	"  -d, --duration SECONDS   end after this time; a COMMAND goes on\n"
	"      --source SOURCE   tp: tracepoints of this project's vfio.ko; fentry: functions of any\n"
	"                        vfio.ko; auto: which of them works (default)\n"
	"  -m, --buffer MIB      memory for events not written yet (default 40)\n"
	"      --max-overhead PERCENT   of all CPUs' time, such as 1%; when recorder and BPF programs\n"
	"                        take more for 3 s, pin, unpin, dma_rw, check_extension, ioctl and\n"
	"                        map_parts are no longer recorded, which the recording says; the\n"
	"                        others go on\n"
	"  -h, --help            this text\n"
	"\n"
	"Exit status: 0 when the recording is complete, whatever COMMAND's own; 1 failed; 2 usage.\n";

static __u64 clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

static int usage_error(const char *what, const char *arg)
{
	return cmds__usage("record", what, arg);
}

static void list_events(void)
{
	for (unsigned int type = 0; type < VFIO_EV_COUNT; type++) {
		const struct event_desc *desc = event__desc(type);

		printf("%-24s %-32s %s\n", event__key(desc), desc->tracepoint, desc->help);
	}
}

/* A positive number, with a fraction; 0 when @text is none or above @max. */
static double parse_number(const char *text, double max)
{
	char *end;
	double value = strtod(text, &end);

	return end == text || *end || !(value > 0) || value > max ? 0 : value;
}

static int parse_option(struct options *opts, int option)
{
	char err[256];
	double value;

	switch (option) {
	case 'o':
		opts->path = optarg;
		return 0;
	case 'e':
		if (!event__parse_mask(optarg, &opts->events, err, sizeof(err)))
			return 0;
		return usage_error(err, "");
	case 'd':
		value = parse_number(optarg, 1e9);
		opts->duration_ns = value * SEC;
		return opts->duration_ns ? 0 : usage_error("not a number of seconds: ", optarg);
	case 'm':
		value = parse_number(optarg, 16384);
		opts->ring_bytes = value * (1 << 20);
		return opts->ring_bytes ? 0 : usage_error("not a number of MiB up to 16384: ", optarg);
	case OPT_SOURCE:
		return source_live__parse(optarg, &opts->live) ? 0 :
			       usage_error("the source is auto, tp or fentry, not ", optarg);
	case OPT_OVERHEAD:
		return overhead__parse(optarg, &opts->max_overhead) ? 0 :
			       usage_error("--max-overhead is above 0 and at most 100, as in 1%, not ",
					   optarg);
	}
	return usage_error("wrong option", "");
}

/* 0: go on; else exit with *status. */
static bool parse(int argc, char **argv, struct options *opts, int *status)
{
	static const struct option longs[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "events", required_argument, NULL, 'e' },
		{ "duration", required_argument, NULL, 'd' },
		{ "buffer", required_argument, NULL, 'm' },
		{ "source", required_argument, NULL, OPT_SOURCE },
		{ "max-overhead", required_argument, NULL, OPT_OVERHEAD },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*status = 0;
	while (!*status && (option = getopt_long(argc, argv, "+o:e:d:m:h", longs, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return false;
		}
		if (option == 'e' && !strcmp(optarg, "help")) {
			list_events();
			return false;
		}
		*status = option == '?' ? EXIT_USAGE : parse_option(opts, option);
	}
	if (*status)
		return false;
	if (optind < argc)
		opts->command = argv + optind;
	if (!opts->path)
		*status = usage_error("no output file: give -o FILE", "");
	else if (!strcmp(opts->path, "-") && isatty(STDOUT_FILENO))
		*status = usage_error("a recording is not for a terminal: give -o FILE", "");
	return !*status;
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

static void on_existing(void *ctx, const struct source_existing *existing)
{
	struct recorder *rec = ctx;

	rec->out.existing(rec->out.ctx, existing);
}

static void on_table(void *ctx, const struct source_table *table)
{
	struct recorder *rec = ctx;

	rec->out.table(rec->out.ctx, table);
}

static void on_owner(void *ctx, __u64 id, const struct source_owner *owner)
{
	struct recorder *rec = ctx;

	rec->out.owner(rec->out.ctx, id, owner);
}

static void on_group(void *ctx, const struct source_group_info *group)
{
	struct recorder *rec = ctx;

	rec->out.group(rec->out.ctx, group);
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
		rec->out.event(rec->out.ctx, event);
}

static void on_loss(void *ctx, const struct source_loss *loss)
{
	struct recorder *rec = ctx;

	rec->out.loss(rec->out.ctx, loss);
}

/* One line on a terminal that no COMMAND writes to, which is written over each second. */
static void tell_progress(struct recorder *rec)
{
	__u64 now = clock_ns(CLOCK_MONOTONIC);
	char age[FMT_MAX], size[FMT_MAX];

	if (!rec->tells || now - rec->told_ns < SEC)
		return;
	rec->told_ns = now;
	fprintf(stderr, "\rvfio-trace: %s, %llu events, %s, %llu lost; Ctrl-C ends it   ",
		fmt_age(age, sizeof(age), now - rec->begun_ns), record_writer__events(rec->writer),
		fmt_bytes(size, sizeof(size), record_writer__bytes(rec->writer)),
		source_loss__total(record_writer__loss(rec->writer)));
}

/* Other lines come behind it. */
static void end_progress(struct recorder *rec)
{
	if (rec->tells && rec->told_ns != rec->begun_ns)
		fputc('\n', stderr);
	rec->told_ns = rec->begun_ns;
}

static void on_gap(void *ctx, enum source_gap gap, __u64 ts_ns, const char *why)
{
	struct recorder *rec = ctx;

	rec->out.gap(rec->out.ctx, gap, ts_ns, why);
	end_progress(rec);
	fprintf(stderr, "vfio-trace: %s\n", why);
}

/* One round. False: the writer or the source failed. */
static bool poll_once(struct recorder *rec, bool flush)
{
	struct source_sink sink = enrich__sink(rec->enrich);
	int ret;

	rec->polled = 0;
	if (flush)
		ret = source__flush(rec->source, &sink);
	else if (record_writer__waiting(rec->writer) < RECORD_WRITER_FULL)
		ret = source__poll(rec->source, &sink);
	else
		ret = 0; /* as long as there is room, the kernel's rings keep what comes */
	record_writer__tick(rec->writer, clock_ns(CLOCK_BOOTTIME),
			    clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME));
	if (ret < 0) {
		end_progress(rec);
		fprintf(stderr, "vfio-trace: %s\n", source__error(rec->source));
	}
	return ret >= 0 && !record_writer__error(rec->writer);
}

/* Sleep until the next poll, or less when a signal comes. True: SIGINT or SIGTERM came. */
static bool pause_or_signal(struct recorder *rec, const sigset_t *signals)
{
	struct timespec pause = { .tv_nsec = rec->polled > BUSY_EVENTS ? 0 : POLL_INTERVAL };

	return sigtimedwait(signals, NULL, &pause) > 0;
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
	} while (!*interrupted && (!rec->opts->command || rec->running) &&
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
	sigprocmask(SIG_UNBLOCK, signals, NULL);
	while (record_writer__waiting(rec->writer)) {
		nanosleep(&pause, NULL);
		if (!tell || clock_ns(CLOCK_MONOTONIC) < tell)
			continue;
		fprintf(stderr, "vfio-trace: %s has not taken the last %zu bytes yet; waiting for "
			"it, Ctrl-C gives them up\n", record_writer__name(rec->opts->path),
			record_writer__waiting(rec->writer));
		tell = 0;
	}
}

/* The line at the end, or what failed. Returns the exit status. */
static int conclude(struct recorder *rec, const sigset_t *signals, bool ok)
{
	const struct source_loss *loss = record_writer__loss(rec->writer);
	__u64 lost = source_loss__total(loss);
	const char *error;

	wait_for_disk(rec, signals);
	if (record_writer__finish(rec->writer, clock_ns(CLOCK_BOOTTIME)))
		ok = false;
	tell_command(rec);
	error = record_writer__error(rec->writer);
	if (!error)
		tell_cost(rec);
	if (error)
		fprintf(stderr, "vfio-trace: %s\n", error);
	else
		fprintf(stderr, "vfio-trace: %llu events in %llu bytes to %s, %llu lost%s\n",
			record_writer__events(rec->writer), record_writer__bytes(rec->writer),
			record_writer__name(rec->opts->path), lost,
			loss->ring ? " (a larger --buffer keeps more)" : "");
	return ok ? 0 : 1;
}

/* The source is attached: write the header, run COMMAND, record. */
static int record(struct recorder *rec, const sigset_t *signals)
{
	struct source_info info;
	bool interrupted = false, ok;

	source__info(rec->source, &info);
	if (record_writer__start(rec->writer, &info, rec->opts->events, clock_ns(CLOCK_BOOTTIME))) {
		fprintf(stderr, "vfio-trace: %s\n", record_writer__error(rec->writer));
		return 1;
	}
	if (rec->opts->command) {
		rec->prepared = false;
		rec->pid = command__start(&rec->command);
		if (rec->pid < 0) {
			fprintf(stderr, "vfio-trace: cannot run %s: %s; nothing was recorded\n",
				rec->opts->command[0], strerror(-rec->pid));
			record_writer__discard(rec->writer);
			return 1;
		}
		rec->running = true;
	}
	ok = record_all(rec, signals, &interrupted);
	end_progress(rec);
	if (ok && interrupted)
		ok = end_command(rec, signals);
	if (ok)
		ok = drain(rec);
	return conclude(rec, signals, ok);
}

/* What the source tells, with owners and devices. */
static struct source_sink recorder_sink(struct recorder *rec)
{
	return (struct source_sink){
		.ctx = rec,
		.existing = on_existing,
		.table = on_table,
		.owner = on_owner,
		.group = on_group,
		.event = on_event,
		.loss = on_loss,
		.gap = on_gap,
	};
}

/*
 * Rights end here. COMMAND begins before, so that it has the user's; the loader keeps what it
 * needs. False: a sentence is in @err.
 */
static bool give_up_rights(struct recorder *rec, const struct source_live_opts *live, char *err,
			   size_t err_size)
{
	const struct options *opts = rec->opts;
	struct loader_config config = {
		.live = *live,
		.part = record_writer__part(rec->writer),
		.final = record_writer__final(rec->writer),
	};
	int ret = 0;

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
	record_writer__ask(rec->writer, rec->loader);
	if (privilege__drop(err, err_size))
		return false;
	enrich__ask(rec->enrich, rec->loader);
	return true;
}

static int run(const struct options *opts, const sigset_t *signals)
{
	struct source_live_opts live = {
		/* open and release also tell when COMMAND's containers are gone. */
		.events = opts->events | 1ULL << VFIO_EV_OPEN | 1ULL << VFIO_EV_RELEASE,
		.ring_bytes = opts->ring_bytes,
		.keep_attached = opts->command != NULL,
		.max_overhead = opts->max_overhead,
	};
	struct recorder rec = { .opts = opts };
	struct source_sink sink = recorder_sink(&rec);
	char err[1024];
	int status = 1;

	rec.writer = record_writer__create(opts->path, err, sizeof(err));
	if (!rec.writer) {
		fprintf(stderr, "vfio-trace: %s\n", err);
		return 1;
	}
	rec.out = record_writer__sink(rec.writer);
	rec.enrich = enrich__create("", &sink);
	if (give_up_rights(&rec, &live, err, sizeof(err)))
		rec.source = source_live__open(rec.loader, opts->live, &live, err, sizeof(err));
	if (rec.source) {
		status = record(&rec, signals);
	} else {
		fprintf(stderr, "vfio-trace: %s\n", err);
		record_writer__discard(rec.writer);
	}
	if (rec.prepared)
		command__cancel(&rec.command);
	source__close(rec.source);
	enrich__destroy(rec.enrich);
	record_writer__destroy(rec.writer);
	loader__stop(rec.loader);
	free(rec.opened);
	return status;
}

int cmd_record(int argc, char **argv)
{
	struct options opts = { .events = source__all_events() };
	sigset_t signals;
	int status;

	if (!parse(argc, argv, &opts, &status))
		return status;
	/* Taken one by one by sigtimedwait(), so that every cleanup runs. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	return run(&opts, &signals);
}
