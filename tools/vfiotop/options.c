// SPDX-License-Identifier: GPL-2.0-only
/*
 * options.c - the command line of vfiotop
 */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/event_filter.h"
#include "lib/overhead.h"
#include "lib/stack_opts.h"
#include "lib/view_json.h"
#include "options.h"

#define MIN_INTERVAL 0.1
#define MAX_INTERVAL 86400.0
#define MIN_SPEED 0.01
#define MAX_SPEED 1000.0

enum { OPT_REPLAY = 0x100, OPT_SOURCE, OPT_STACKS, OPT_FOLDED, OPT_COLOR, OPT_OVERHEAD,
       OPT_TREE, OPT_SLOW, OPT_SPEED, OPT_FROM, OPT_PAUSED, OPT_SCHEMA };

/* Each option once: getopt's table and the help are made of these rows. */
static const struct row {
	int key;
	const char *name, *arg, *help; /* @arg "[=...]" may be left out */
} rows[] = {
	{ 'd', "delay", "SECONDS", "time between refreshes, 0.1 to 86400, default 1" },
	{ 'b', "batch", NULL, "print plain text instead of drawing a screen" },
	{ 'n', "iterations", "N", "end after N refreshes" },
	{ 'j', "json", NULL, "print one JSON object a refresh, on a line of its own" },
	{ OPT_SCHEMA, "json-schema", NULL, "print the JSON Schema of these objects" },
	{ 'o', "columns", "COLS", "columns of the containers and their order, as id,owner,mapped,errors;\n"
	  "                             by title or JSON key; -o help lists them" },
	{ 'F', "filter", "TEXT", "show containers of that command, owner, device, pid, group or errno;\n"
	  "                             as / on the screen, whose help says more; not with --json" },
	{ OPT_TREE, "tree", NULL, "containers by VM, pod or process, with the totals of each, and their\n"
	  "                             groups and devices; as t on the screen; not with --json" },
	{ OPT_REPLAY, "replay", "FILE", "look at a recording of 'vfio-trace record'; - is stdin" },
	{ OPT_FROM, "from", "TIME", "begin the replay there: seconds behind its begin, or a time of day\n"
	  "                             as 23:59:01.5" },
	{ OPT_SPEED, "speed", "FACTOR", "of the replay's clock on the screen, 0.01 to 1000, default 1" },
	{ OPT_PAUSED, "paused", NULL, "begin the replay with a picture that stands still: Right steps, Space\n"
	  "                             goes on" },
	{ OPT_SOURCE, "source", "SOURCE", "tp: our vfio.ko's tracepoints; fentry: any vfio.ko's functions;\n"
	  "                             auto: which of them works (default); file:PATH: as --replay" },
	{ OPT_STACKS, "stacks", "[=WHAT]", "show from where operations are called; WHAT, or several with commas:\n"
	  "                             pin: pins and maps (default); failed; slow=TIME: those of 10ms\n"
	  "                             and more; limit=N: keep N stacks, default 1024" },
	{ OPT_FOLDED, "folded", "[=WEIGHT]", "print these stacks once, at the end, as flamegraph.pl, inferno and\n"
	  "                             speedscope read them; WEIGHT is count (default), time in ns\n"
	  "                             or pages; Ctrl-C or -n ends it" },
	{ OPT_SLOW, "slow", "TIME", "a call that takes as long is one that n and N on the screen look for,\n"
	  "                             as 250us or 2s; default 100ms" },
	{ OPT_COLOR, "color", "WHEN", "auto (default: unless NO_COLOR is set), always or never" },
	{ OPT_OVERHEAD, "max-overhead", "PERCENT",
	  "of all CPUs' time; when the tool and its BPF programs take more\n"
	  "                             for 3 s, MAP_DMA is no longer looked into; counts go on" },
	{ 'h', "help", NULL, "this help" },
	{ 'V', "version", NULL, "version" },
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static bool is_optional(const struct row *row)
{
	return row->arg && row->arg[0] == '[';
}

static void print_help(void)
{
	puts("usage: vfiotop [OPTION]...\n"
	     "\n"
	     "Shows the VFIO containers of this host, live: who holds them, what they map and pin,\n"
	     "which operations they do and how long these take. Needs root, or a recording; shows\n"
	     "most with this project's vfio.ko. On the screen: ? help, q quit.\n");
	for (size_t i = 0; i < N_ROWS; i++) {
		char option[40], letter[8] = "    ";

		if (rows[i].key < 0x100)
			snprintf(letter, sizeof(letter), "-%c, ", rows[i].key);
		snprintf(option, sizeof(option), "%s--%s%s%s", letter, rows[i].name,
			 rows[i].arg && !is_optional(&rows[i]) ? " " : "",
			 rows[i].arg ? rows[i].arg : "");
		printf("  %-26s %s\n", option, rows[i].help);
	}
	puts("\n"
	     "A replay runs at the speed of the clock on the screen, and as fast as it can with\n"
	     "-b or --json, where stretches without events that are longer than 60 refreshes are\n"
	     "left out. Ctrl-C ends -b and --json with a last refresh.\n"
	     "\n"
	     "Exit status: 0 ok, 1 failed, 2 wrong usage.");
}

__attribute__((format(printf, 1, 2))) static enum options_verdict usage(const char *format, ...)
{
	va_list args;

	fputs("vfiotop: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("; see 'vfiotop --help'\n", stderr);
	return OPTIONS_USAGE;
}

static bool parse_number(const char *text, double min, double max, double *number)
{
	char *end;

	*number = strtod(text, &end);
	/* Written so that not-a-number is refused. */
	return end != text && !*end && *number >= min && *number <= max;
}

static bool parse_interval(const char *text, __u64 *ns)
{
	double seconds;

	if (!parse_number(text, MIN_INTERVAL, MAX_INTERVAL, &seconds))
		return false;
	*ns = seconds * 1e9;
	return true;
}

static bool parse_count(const char *text, __u64 *count)
{
	char *end;

	errno = 0;
	*count = strtoull(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && !*end && !errno && *count > 0;
}

static bool parse_color(const char *text, enum tui_color *color)
{
	static const char *const names[] = {
		[TUI_COLOR_AUTO] = "auto",
		[TUI_COLOR_ALWAYS] = "always",
		[TUI_COLOR_NEVER] = "never",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(text, names[i])) {
			*color = i;
			return true;
		}
	}
	return false;
}

/* How often a source was named: once is enough. */
struct chosen {
	int sources;
};

static enum options_verdict choose_file(struct options *options, struct chosen *chosen,
					const char *path)
{
	if (!path[0])
		return usage("the name of the recording is empty");
	if (chosen->sources++)
		return usage("only one of --replay and --source can be given, and once");
	options->file = path;
	return OPTIONS_RUN;
}

static enum options_verdict choose_source(struct options *options, struct chosen *chosen,
					  const char *name)
{
	if (!strncmp(name, "file:", 5))
		return choose_file(options, chosen, name + 5);
	if (!source_live__parse(name, &options->live))
		return usage("there is no source '%s'; it is auto, tp, fentry or file:PATH", name);
	if (chosen->sources++)
		return usage("only one of --replay and --source can be given, and once");
	return OPTIONS_RUN;
}

static enum options_verdict choose_columns(struct options *options, const char *list)
{
	const struct field *fields;
	size_t n = field__containers(&fields);
	char err[640];

	if (!strcmp(list, "help")) {
		for (size_t i = 0; i < n; i++)
			printf("%-8s  %-16s  %s\n", fields[i].title, fields[i].name, fields[i].help);
		return OPTIONS_DONE;
	}
	options->choice.n_fields = field__choose(fields, n, list, options->choice.fields, err,
						 sizeof(err));
	return options->choice.n_fields ? OPTIONS_RUN : usage("-o %s: %s", list, err);
}

static enum options_verdict apply(struct options *options, struct chosen *chosen, int key)
{
	switch (key) {
	case 'd':
		if (!parse_interval(optarg, &options->interval_ns))
			return usage("'-d %s' is no time from %g to %g seconds", optarg,
				     MIN_INTERVAL, MAX_INTERVAL);
		return OPTIONS_RUN;
	case 'n':
		if (!parse_count(optarg, &options->refreshes))
			return usage("'-n %s' is no number of refreshes above 0", optarg);
		return OPTIONS_RUN;
	case 'b':
		options->batch = true;
		return OPTIONS_RUN;
	case 'j':
		options->json = true;
		return OPTIONS_RUN;
	case 'o':
		return choose_columns(options, optarg);
	case 'F':
		if (!view_filter__set(&options->choice.filter, optarg))
			return usage("the filter is longer than %d characters or %d words",
				     VIEW_FILTER_MAX - 1, VIEW_FILTER_WORDS);
		return OPTIONS_RUN;
	case OPT_TREE:
		options->choice.tree = true;
		return OPTIONS_RUN;
	case OPT_REPLAY:
		return choose_file(options, chosen, optarg);
	case OPT_SOURCE:
		return choose_source(options, chosen, optarg);
	case OPT_STACKS:
		if (!stack_opts__parse(optarg, &options->stacks))
			return usage("--stacks=%s is not understood; it is any of " STACK_OPTS_HELP
				     ", with commas", optarg);
		return OPTIONS_RUN;
	case OPT_SLOW:
		if (!event_filter__parse_duration(optarg, &options->slow_ns))
			return usage("--slow is a time with its unit, as 250us or 2s, not '%s'", optarg);
		return OPTIONS_RUN;
	case OPT_SPEED:
		if (!parse_number(optarg, MIN_SPEED, MAX_SPEED, &options->speed))
			return usage("--speed is a factor from %g to %g, not '%s'", MIN_SPEED, MAX_SPEED,
				     optarg);
		return OPTIONS_RUN;
	case OPT_FROM:
		options->from = optarg; /* what it means depends on the recording */
		return OPTIONS_RUN;
	case OPT_PAUSED:
		options->paused = true;
		return OPTIONS_RUN;
	case OPT_FOLDED:
		options->folded = true;
		if (!view_weight__parse(optarg, &options->weight))
			return usage("--folded is count, time or pages, not '%s'", optarg);
		return OPTIONS_RUN;
	case OPT_COLOR:
		if (!parse_color(optarg, &options->color))
			return usage("--color is auto, always or never, not '%s'", optarg);
		return OPTIONS_RUN;
	case OPT_OVERHEAD:
		if (!overhead__parse(optarg, &options->max_overhead))
			return usage("--max-overhead is above 0 and at most 100, as in 1%%, not '%s'",
				     optarg);
		return OPTIONS_RUN;
	case OPT_SCHEMA:
		view_json__schema(stdout);
		return OPTIONS_DONE;
	case 'h':
		print_help();
		return OPTIONS_DONE;
	case 'V':
		puts("vfiotop " VFIO_OBS_VERSION);
		return OPTIONS_DONE;
	default: /* getopt said why */
		fputs("vfiotop: see 'vfiotop --help'\n", stderr);
		return OPTIONS_USAGE;
	}
}

enum options_verdict options__parse(struct options *options, int argc, char **argv)
{
	struct option longs[N_ROWS + 1] = { 0 };
	char shorts[2 * N_ROWS + 1] = "";
	struct chosen chosen = { 0 };
	int key;

	for (size_t i = 0; i < N_ROWS; i++) {
		longs[i] = (struct option){
			.name = rows[i].name,
			.has_arg = is_optional(&rows[i]) ? optional_argument :
				   rows[i].arg ? required_argument : no_argument,
			.val = rows[i].key,
		};
		if (rows[i].key < 0x100)
			snprintf(shorts + strlen(shorts), sizeof(shorts) - strlen(shorts), "%c%s",
				 rows[i].key, rows[i].arg ? ":" : "");
	}
	*options = (struct options){
		.interval_ns = 1000000000, .slow_ns = 100000000, .speed = 1,
	};
	while ((key = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		enum options_verdict verdict = apply(options, &chosen, key);

		if (verdict != OPTIONS_RUN)
			return verdict;
	}
	if (optind < argc)
		return usage("'%s' is no option; a recording is opened with --replay FILE",
			     argv[optind]);
	if (options->json && view_filter__is_on(&options->choice.filter))
		return usage("--filter is for the screen and -b; --json has all containers");
	if (options->json && options->choice.tree)
		return usage("--tree is for the screen and -b; --json has owner, groups and devices of "
			     "each container");
	if (options->json && options->choice.n_fields)
		return usage("-o is for the screen and -b; --json has all fields");
	if (!options->file && options->from)
		return usage("--from is for a recording: --replay FILE");
	if (!options__is_screen(options) && (options->paused || options->speed != 1))
		return usage("--paused and --speed are for the screen; others run as fast as they can");
	if (!options->file && options->paused)
		return usage("--paused is for a recording: --replay FILE");
	if (!options->file && options->speed != 1)
		return usage("--speed is for a recording: --replay FILE");
	if (options->file && options->max_overhead)
		return usage("--max-overhead is for a live host, a recording has no programs in its "
			     "kernel");
	if (options->folded && (options->json || options->batch))
		return usage("--folded prints nothing but stacks; -b and --json have them with --stacks");
	if (options->folded && !source_stack_opts__any(&options->stacks))
		stack_opts__parse(NULL, &options->stacks);
	if (options->file && source_stack_opts__any(&options->stacks))
		return usage("a recording has no call stacks: --stacks and --folded are for a running "
			     "kernel");
	return OPTIONS_RUN;
}

bool options__locate(struct options *options, const struct source_info *info)
{
	if (!options->from || event_filter__parse_time(options->from, info->start_ns,
						       info->realtime_offset_ns, &options->from_ns))
		return true;
	usage("'--from %s' is neither seconds behind the recording's begin nor a time of day",
	      options->from);
	return false;
}
