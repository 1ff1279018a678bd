// SPDX-License-Identifier: GPL-2.0-only
/*
 * rewrite.c - reading recordings and writing another one, for cut, anonymise and merge
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cmds.h"
#include "lib/privilege.h"
#include "lib/record_reader.h"
#include "rewrite.h"

static bool is_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return strcmp(a, "-") && strcmp(b, "-") && !stat(a, &x) && !stat(b, &y) &&
	       S_ISREG(x.st_mode) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

int rewrite__check_out(const char *command, const char *out, char *const *files, int n)
{
	if (!out)
		return cmds__usage(command, "no output file: give -o OUT", "");
	if (!strcmp(out, "-") && isatty(STDOUT_FILENO))
		return cmds__usage(command, "a recording is not for a terminal: give -o OUT", "");
	for (int i = 0; i < n; i++)
		if (is_same_file(out, files[i]))
			return cmds__usage(command, "OUT would replace what is read, give another "
					   "name with -o: ", out);
	return 0;
}

bool rewrite__parse(int argc, char **argv, const char *help, bool many, const char **out,
		    int *status)
{
	static const struct option longs[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*status = EXIT_USAGE;
	while ((option = getopt_long(argc, argv, "o:h", longs, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			*status = 0;
		}
		if (option != 'o')
			return false;
		*out = optarg;
	}
	if (many && optind + 2 > argc)
		*status = cmds__usage(argv[0], "name two or more recordings", "");
	else if (!many && optind + 1 != argc)
		*status = cmds__usage(argv[0], "name one IN", "");
	else
		*status = rewrite__check_out(argv[0], *out, argv + optind, argc - optind);
	return !*status;
}

struct source *rewrite__open(const char *path)
{
	struct source *source = NULL;
	char err[1024];

	if (!privilege__drop(err, sizeof(err)))
		source = source_file__open(path, err, sizeof(err));
	if (!source)
		fprintf(stderr, "vfio-trace: %s\n", err);
	return source;
}

/* What ends us. */
static void get_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGHUP);
}

/*
 * Seen between two blocks, so that nothing is left of OUT. What is no file may let us wait for a
 * block for ever: then they end us as they are, and OUT.part is left, as of a recorder that was
 * killed.
 */
static void set_signals(const char *path)
{
	bool is_stdin = !strcmp(path, "-");
	sigset_t signals;
	struct stat st;

	get_signals(&signals);
	if ((is_stdin ? fstat(STDIN_FILENO, &st) : stat(path, &st)) || !S_ISREG(st.st_mode))
		sigprocmask(SIG_UNBLOCK, &signals, NULL);
	else
		sigprocmask(SIG_BLOCK, &signals, NULL);
}

bool rewrite__start(struct rewrite *rewrite, const char *out)
{
	sigset_t signals;
	char err[1024];

	signal(SIGPIPE, SIG_IGN);
	/* Before there is something to leave behind. */
	get_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	*rewrite = (struct rewrite){ .out = out, .whole = true };
	rewrite->writer = record_writer__create(out, err, sizeof(err));
	if (!rewrite->writer) {
		fprintf(stderr, "vfio-trace: %s\n", err);
		return false;
	}
	rewrite->sink = record_writer__sink(rewrite->writer);
	return true;
}

void rewrite__header(struct rewrite *rewrite, const struct record_header *header,
		     const char *made)
{
	struct record_header new = *header;
	size_t used = strlen(new.made);

	new.rec_size = sizeof(struct vfio_rec);
	if (*made)
		snprintf(new.made + used, sizeof(new.made) - used, "%s%s", used ? "; " : "", made);
	record_writer__begin(rewrite->writer, &new);
}

static void complain(struct rewrite *rewrite, const char *path, const char *why)
{
	fprintf(stderr, "vfio-trace: %s: %s; what could be read is written\n",
		record_reader__name(path), why);
	rewrite->whole = false;
}

static bool has_signal(void)
{
	static const struct timespec now;
	sigset_t signals;

	get_signals(&signals);
	return sigtimedwait(&signals, NULL, &now) > 0;
}

/* What was missing in @source; @ret: of the last poll. */
static void tell_trouble(struct rewrite *rewrite, const struct source *source, const char *path,
			 int ret)
{
	char why[RECORD_WHY_MAX];

	if (source_file__damage(source, why, sizeof(why)))
		complain(rewrite, path, why);
	if (source_file__cut(source, why, sizeof(why)))
		complain(rewrite, path, why);
	if (ret < 0)
		complain(rewrite, path, source__error(source));
}

bool rewrite__pump(struct rewrite *rewrite, struct source *source, const char *path,
		   const struct source_sink *sink, bool (*enough)(const void *ctx))
{
	int ret;

	set_signals(path);
	record_writer__follow(rewrite->writer, source_file__clock(source));
	do {
		ret = source__poll(source, sink);
		/* A block for a block: with its clock and what was lost until then. */
		record_writer__flush(rewrite->writer);
		rewrite->interrupted = has_signal();
		if (rewrite->interrupted || record_writer__error(rewrite->writer))
			return false;
	} while (ret > 0 && !(enough && enough(sink->ctx)));
	if (ret)
		source_file__stop(source, sink);
	tell_trouble(rewrite, source, path, ret);
	return true;
}

void rewrite__abandon(struct rewrite *rewrite)
{
	record_writer__discard(rewrite->writer);
	record_writer__destroy(rewrite->writer);
}

int rewrite__finish(struct rewrite *rewrite, __u64 end_ns)
{
	struct record_writer *writer = rewrite->writer;
	const char *error;

	if (rewrite->interrupted) {
		fprintf(stderr, "vfio-trace: interrupted; %s is not written\n", rewrite->out);
		rewrite__abandon(rewrite);
		return 1;
	}
	record_writer__finish(writer, end_ns);
	error = record_writer__error(writer);
	if (error)
		fprintf(stderr, "vfio-trace: %s\n", error);
	else
		fprintf(stderr, "vfio-trace: %llu events in %llu bytes to %s\n",
			record_writer__events(writer), record_writer__bytes(writer),
			record_writer__name(rewrite->out));
	record_writer__destroy(writer);
	return !error && rewrite->whole ? 0 : 1;
}
