// SPDX-License-Identifier: GPL-2.0-only
/*
 * export.c - vfio-trace script and export: the events of a recording, chosen and written out
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmds.h"
#include "export.h"
#include "filter_opts.h"
#include "lib/error.h"
#include "lib/privilege.h"
#include "lib/xalloc.h"
#include "output.h"

#define OUT_BUFFER (1 << 18)

enum { OPT_TIME = 0x100 };

/* Of a format that is a folder. */
enum { FOLDER_METADATA, FOLDER_STREAM };
static const char *const folder_files[] = {
	[FOLDER_METADATA] = "metadata", [FOLDER_STREAM] = "stream",
};

static const struct export_format *const formats[] = { &export_jsonl, &export_csv, &export_chrome,
						      &export_perfetto, &export_ctf };

struct options {
	const char *command; /* "script" or "export" */
	const struct export_format *format;
	const char *path, *out;
	struct filter_opts choice;
	enum export_clock clock;
};

/*
 * @info_read: of the block that is being delivered
 * @beyond:    the recording is behind what is wanted
 * @partial:   it is cut off or damaged
 */
struct exporter {
	const struct options *opts;
	struct event_filter filter;
	struct source *source;
	struct export export;
	bool info_read, beyond, partial;
	__u64 events;
};

#define OUTPUT                                                                                     \
	"  -o, --output OUT         write here; - is standard output (default)\n"                  \
	"  -h, --help               this text\n"

#define EXIT_STATUS                                                                                \
	"\n"                                                                                       \
	"Exit status: 0 when all of FILE could be read; 1 failed, or FILE is cut off or damaged;\n" \
	"2 usage.\n"

static const char script_help[] =
	"Usage: vfio-trace script [OPTION...] FILE\n"
	"\n"
	"Prints the events of a recording, one line each, in the order of time; owners, devices, gaps\n"
	"and losses in lines that begin with #. FILE - is standard input.\n"
	"\n"
	FILTER_OPTS_HELP
	"      --time CLOCK         wall: time of day (default); start: seconds since the recording's\n"
	"                           begin; boot: seconds since the host's boot\n"
	OUTPUT
	EXIT_STATUS;

static const char export_help[] =
	"Usage: vfio-trace export -f FORMAT [OPTION...] FILE\n"
	"\n"
	"Writes a recording for other programs. FILE - is standard input.\n"
	"\n"
	"  -f, --format FORMAT\n";

static const char export_help_options[] =
	FILTER_OPTS_HELP
	OUTPUT
	EXIT_STATUS;

static void print_help(const struct options *opts)
{
	if (!strcmp(opts->command, "script")) {
		fputs(script_help, stdout);
		return;
	}
	fputs(export_help, stdout);
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		printf("        %-18s %s\n", formats[i]->name, formats[i]->help);
	fputs(export_help_options, stdout);
}

static int usage_error(const struct options *opts, const char *what, const char *arg)
{
	return cmds__usage(opts->command, what, arg);
}

static int parse_format(struct options *opts, const char *name)
{
	if (opts->format == &export_text)
		return usage_error(opts, "other formats are written by 'vfio-trace export', not by ",
				   opts->command);
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (!strcmp(name, formats[i]->name)) {
			opts->format = formats[i];
			return 0;
		}
	}
	if (!strcmp(name, "folded"))
		return usage_error(opts, "a recording has no call stacks; on the running kernel "
				   "'vfiotop --stacks --folded' writes them: ", name);
	return usage_error(opts, "no such format: ", name);
}

static int parse_clock(struct options *opts, const char *name)
{
	static const char *const names[] = {
		[EXPORT_WALL] = "wall", [EXPORT_SINCE_START] = "start", [EXPORT_BOOT] = "boot",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(name, names[i])) {
			opts->clock = i;
			return 0;
		}
	}
	return usage_error(opts, "the clock is wall, start or boot, not ", name);
}

static int parse_option(struct options *opts, int option)
{
	int status;

	if (filter_opts__take(&opts->choice, opts->command, option, &status))
		return status;
	switch (option) {
	case 'f':
		return parse_format(opts, optarg);
	case 'o':
		opts->out = optarg;
		return 0;
	case OPT_TIME:
		return parse_clock(opts, optarg);
	}
	return EXIT_USAGE; /* getopt has said why */
}

/* What only all options together tell. */
static int check(struct options *opts, int n_files)
{
	if (n_files != 1)
		return usage_error(opts, "name one FILE", "");
	if (!opts->format)
		return usage_error(opts, "no format: give -f and one of those that --help lists", "");
	if (opts->format->folder && (!opts->out || !strcmp(opts->out, "-")))
		return usage_error(opts, "this format is a folder: name a new one with -o: ",
				   opts->format->name);
	if (opts->clock != EXPORT_WALL && opts->format != &export_text)
		return usage_error(opts, "--time is for vfio-trace script: ", opts->format->name);
	return 0;
}

/* True: go on; else exit with *status. */
static bool parse(int argc, char **argv, struct options *opts, int *status)
{
	static const struct option longs[] = {
		{ "format", required_argument, NULL, 'f' },
		{ "output", required_argument, NULL, 'o' },
		FILTER_OPTS_LONG,
		{ "time", required_argument, NULL, OPT_TIME },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*status = 0;
	while (!*status && (option = getopt_long(argc, argv, "f:o:h" FILTER_OPTS_SHORT, longs, NULL)) != -1) {
		if (option == 'h') {
			print_help(opts);
			return false;
		}
		*status = parse_option(opts, option);
	}
	if (!*status)
		*status = check(opts, argc - optind);
	opts->path = argv[optind];
	return !*status;
}

/* The offset to the wall clock may be another in each block. */
static struct export *export_of(void *ctx)
{
	struct exporter *exporter = ctx;

	if (!exporter->info_read)
		source__info(exporter->source, &exporter->export.info);
	exporter->info_read = true;
	return &exporter->export;
}

static const struct export_format *format_of(const void *ctx)
{
	return ((const struct exporter *)ctx)->opts->format;
}

static bool is_wanted(const void *ctx, __u64 container)
{
	__u64 wanted = ((const struct exporter *)ctx)->filter.container;

	return !wanted || wanted == container;
}

static void on_existing(void *ctx, const struct source_existing *existing)
{
	if (format_of(ctx)->existing && is_wanted(ctx, existing->id))
		format_of(ctx)->existing(export_of(ctx), existing);
}

static void on_owner(void *ctx, __u64 id, const struct source_owner *owner)
{
	if (format_of(ctx)->owner && is_wanted(ctx, id))
		format_of(ctx)->owner(export_of(ctx), id, owner);
}

static void on_group(void *ctx, const struct source_group_info *group)
{
	if (format_of(ctx)->group)
		format_of(ctx)->group(export_of(ctx), group);
}

static void on_event(void *ctx, const struct vfio_rec *rec)
{
	struct exporter *exporter = ctx;

	exporter->beyond = rec->ts_ns > exporter->filter.to_ns;
	if (!event_filter__match(&exporter->filter, rec))
		return;
	exporter->events++;
	exporter->opts->format->event(export_of(ctx), rec);
}

static void on_loss(void *ctx, const struct source_loss *loss)
{
	if (format_of(ctx)->loss)
		format_of(ctx)->loss(export_of(ctx), loss);
}

static void on_gap(void *ctx, enum source_gap gap, __u64 ts_ns, const char *why)
{
	struct exporter *exporter = ctx;

	if (gap == SOURCE_GAP_TRUNCATED || gap == SOURCE_GAP_DAMAGED) {
		fprintf(stderr, "vfio-trace: %s: %s; what could be read is written\n",
			exporter->opts->path, why);
		exporter->partial = true;
	}
	if (format_of(ctx)->gap)
		format_of(ctx)->gap(export_of(ctx), gap, ts_ns, why);
}

static char *path_in(const char *folder, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		path = NULL;
	return xalloc__check(path);
}

static FILE *open_in(const char *folder, const char *name, const char *from)
{
	char *path = path_in(folder, name);
	FILE *out = output__open(path, from);

	free(path);
	return out;
}

/* What open_folder() made: a part is of no use, and in the way of the next export. */
static void remove_folder(const char *folder)
{
	for (size_t i = 0; i < ARRAY_SIZE(folder_files); i++) {
		char *path = path_in(folder, folder_files[i]);

		unlink(path);
		free(path);
	}
	rmdir(folder);
}

/* What is there already may be somebody's, and is never written into. */
static bool open_folder(const char *folder, const char *from, struct export *export)
{
	if (mkdir(folder, 0700)) {
		fprintf(stderr, "vfio-trace: cannot make the folder %s: %s; %s\n", folder,
			strerror(errno), errno == EEXIST ? "remove it, or name a new one with -o" :
			"choose another with -o");
		return false;
	}
	export->metadata = open_in(folder, folder_files[FOLDER_METADATA], from);
	if (export->metadata)
		export->out = open_in(folder, folder_files[FOLDER_STREAM], from);
	if (export->out)
		return true;
	if (export->metadata)
		fclose(export->metadata);
	remove_folder(folder);
	return false;
}

/* False: a sentence was printed. */
static bool open_output(const struct options *opts, struct export *export)
{
	if (opts->format->folder)
		return open_folder(opts->out, opts->path, export);
	export->out = output__open(opts->out, opts->path);
	return export->out;
}

/* All that the recording has, or until nobody takes it. The last poll's result. */
static int pump(struct exporter *exporter)
{
	struct source_sink sink = {
		.ctx = exporter,
		.existing = on_existing,
		.owner = on_owner,
		.group = on_group,
		.event = on_event,
		.loss = on_loss,
		.gap = on_gap,
	};
	int ret;

	do {
		exporter->info_read = false;
		ret = source__poll(exporter->source, &sink);
		/* A recording that is just being made comes a block at a time. */
		fflush(exporter->export.out);
	} while (ret > 0 && !exporter->beyond && !ferror(exporter->export.out));
	return ret;
}

/* False: what was written is not whole, which a sentence says. */
static bool finish_output(const struct exporter *exporter)
{
	FILE *out = exporter->export.out, *metadata = exporter->export.metadata;
	const char *name = out == stdout ? "standard output" : exporter->opts->out;
	bool failed = ferror(out) || (metadata && ferror(metadata));

	if (out == stdout ? fflush(out) : fclose(out))
		failed = true;
	if (metadata && fclose(metadata))
		failed = true;
	if (failed)
		fprintf(stderr, "vfio-trace: cannot write all to %s: %s; %s\n", name, strerror(errno),
			metadata ? "nothing of it is left" : "what is there is a part");
	if (failed && metadata)
		remove_folder(name);
	if (!failed && out != stdout)
		fprintf(stderr, "vfio-trace: %llu events written to %s\n", exporter->events, name);
	return !failed;
}

static int export(struct exporter *exporter)
{
	const struct export_format *format = exporter->opts->format;
	struct export *export = &exporter->export;
	bool ok = true;
	int ret;

	if (!open_output(exporter->opts, export))
		return 1;
	setvbuf(export->out, NULL, _IOFBF, OUT_BUFFER);
	if (format->begin)
		format->begin(export);
	fflush(export->out);
	ret = pump(exporter);
	if (ret < 0 || exporter->partial)
		ok = false;
	if (ret < 0)
		fprintf(stderr, "vfio-trace: %s; what was read before is written\n",
			source__error(exporter->source));
	if (format->end)
		format->end(export);
	return finish_output(exporter) && ok ? 0 : 1;
}

/* See struct export. */
static bool is_counted(const struct event_filter *filter, const struct source_info *info)
{
	const __u64 needed = 1ULL << VFIO_EV_OPEN | 1ULL << VFIO_EV_DETACH | 1ULL << VFIO_EV_IOCTL |
			     1ULL << VFIO_EV_PIN | 1ULL << VFIO_EV_UNPIN;

	return !(needed & ~filter->events) && !(needed & info->unseen) && !filter->pid &&
	       !filter->failed && !filter->slower_ns;
}

static int run(const struct options *opts)
{
	struct exporter exporter = { .opts = opts };
	int status = EXIT_USAGE;
	char err[1024];

	if (!privilege__drop(err, sizeof(err)))
		exporter.source = source_file__open(opts->path, err, sizeof(err));
	if (!exporter.source) {
		fprintf(stderr, "vfio-trace: %s\n", err);
		return 1;
	}
	source__info(exporter.source, &exporter.export.info);
	exporter.export.clock = opts->clock;
	if (filter_opts__resolve(&opts->choice, opts->command, &exporter.export.info,
				 &exporter.filter)) {
		exporter.export.counted = is_counted(&exporter.filter, &exporter.export.info);
		status = export(&exporter);
	}
	source__close(exporter.source);
	return status;
}

static int command(int argc, char **argv, struct options *opts)
{
	int status;

	event_filter__init(&opts->choice.filter);
	if (!parse(argc, argv, opts, &status))
		return status;
	/* Seen as a failed write, so that it can be told. */
	signal(SIGPIPE, SIG_IGN);
	return run(opts);
}

int cmd_script(int argc, char **argv)
{
	struct options opts = { .command = "script", .format = &export_text };

	return command(argc, argv, &opts);
}

int cmd_export(int argc, char **argv)
{
	struct options opts = { .command = "export" };

	return command(argc, argv, &opts);
}
