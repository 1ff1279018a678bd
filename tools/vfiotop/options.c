// SPDX-License-Identifier: GPL-2.0-only
/*
 * options.c - the command line of vfiotop, and what the keys of its configuration mean
 */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/event_filter.h"
#include "lib/overhead.h"
#include "lib/stack_opts.h"
#include "lib/view_json.h"
#include "lib/xalloc.h"
#include "options.h"

#define MIN_INTERVAL 0.1
#define MAX_INTERVAL 86400.0
#define MIN_SPEED 0.01
#define MAX_SPEED 1000.0

enum {
	OPT_REPLAY = 0x100, OPT_SOURCE, OPT_STACKS, OPT_FOLDED, OPT_COLOR, OPT_OVERHEAD, OPT_TREE,
	OPT_SLOW, OPT_SPEED, OPT_FROM, OPT_PAUSED, OPT_SCHEMA, OPT_SORT, OPT_ASCII, OPT_MOUSE,
	OPT_CONFIG, OPT_NO_CONFIG,
};

/*
 * Each option once: getopt's table, the help and the keys of the configuration are made of these
 * rows. @arg "[=...]" may be left out; @is_key: the configuration may have it, too
 */
static const struct row {
	int key;
	bool is_key;
	const char *name, *arg, *help;
} rows[] = {
	{ 'd', true, "delay", "SECONDS", "time between refreshes, 0.1 to 86400, default 1" },
	{ 'b', false, "batch", NULL, "print plain text instead of drawing a screen" },
	{ 'n', false, "iterations", "N", "end after N refreshes" },
	{ 'j', false, "json", NULL, "print one JSON object a refresh, on a line of its own" },
	{ OPT_SCHEMA, false, "json-schema", NULL, "print the JSON Schema of these objects" },
	{ 'o', true, "columns", "COLS", "columns of the containers and their order, as id,owner,mapped,errors;\n"
	  "                             by title or JSON key; -o help lists them" },
	{ OPT_SORT, true, "sort", "COL", "sort by that column; COL:low or COL:high: which comes first" },
	{ 'F', false, "filter", "TEXT", "show containers of that command, owner, device, pid, group or errno;\n"
	  "                             as / on the screen, whose help says more; not with --json" },
	{ OPT_TREE, true, "tree", "[=no]", "containers by VM, pod or process, with the totals of each, and their\n"
	  "                             groups and devices; as t on the screen; not with --json" },
	{ OPT_REPLAY, false, "replay", "FILE", "look at a recording of 'vfio-trace record'; - is stdin" },
	{ OPT_FROM, false, "from", "TIME", "begin the replay there: seconds behind its begin, or a time of day\n"
	  "                             as 23:59:01.5" },
	{ OPT_SPEED, false, "speed", "FACTOR", "of the replay's clock on the screen, 0.01 to 1000, default 1" },
	{ OPT_PAUSED, false, "paused", NULL, "begin the replay with a picture that stands still: Right steps, Space\n"
	  "                             goes on" },
	{ OPT_SOURCE, false, "source", "SOURCE", "tp: our vfio.ko's tracepoints; fentry: any vfio.ko's functions;\n"
	  "                             auto: which of them works (default); file:PATH: as --replay" },
	{ OPT_STACKS, true, "stacks", "[=WHAT]", "show from where operations are called; WHAT, or several with commas:\n"
	  "                             pin: pins and maps (default); failed; slow=TIME: those of 10ms\n"
	  "                             and more; limit=N: keep N stacks, default 1024" },
	{ OPT_FOLDED, false, "folded", "[=WEIGHT]", "print these stacks once, at the end, as flamegraph.pl, inferno and\n"
	  "                             speedscope read them; WEIGHT is count (default), time in ns\n"
	  "                             or pages; Ctrl-C or -n ends it" },
	{ OPT_SLOW, true, "slow", "TIME", "a call that takes as long is one that n and N on the screen look for,\n"
	  "                             as 250us or 2s; default 100ms" },
	{ OPT_COLOR, true, "color", "WHEN", "auto (default: unless NO_COLOR is set), always or never" },
	{ OPT_ASCII, true, "ascii", "[=no]", "draw bars and maps with ASCII characters only" },
	{ OPT_MOUSE, true, "mouse", "[=no]", "clicks on titles, rows and keys, and the wheel (default: yes)" },
	{ OPT_OVERHEAD, true, "max-overhead", "PERCENT",
	  "of all CPUs' time; when the tool and its BPF programs take more\n"
	  "                             for 3 s, MAP_DMA is no longer looked into; counts go on" },
	{ OPT_CONFIG, false, "config", "FILE", "the configuration, which W on the screen writes; default\n"
	  "                             ~/.config/vfiotop/config" },
	{ OPT_NO_CONFIG, false, "no-config", NULL, "read no configuration" },
	{ 'h', false, "help", NULL, "this help" },
	{ 'V', false, "version", NULL, "version" },
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))
_Static_assert(N_ROWS <= OPTIONS_MAX, "there is a place for what each option was set to");

/* Its number in the table; -1: there is none. */
static int row_of_key(int key)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (rows[i].key == key)
			return i;
	return -1;
}

static bool is_optional(const struct row *row)
{
	return row->arg && row->arg[0] == '[';
}

static void print_keys(void)
{
	const char *before = " ";

	fputs("\nThe configuration has lines 'KEY = VALUE'; options on the command line win. Keys:\n",
	      stdout);
	for (size_t i = 0; i < N_ROWS; i++) {
		if (!rows[i].is_key)
			continue;
		printf("%s%s", before, rows[i].name);
		before = ", ";
	}
	puts("");
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
	print_keys();
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

/* How often a source was named, once is enough; and the configuration, NULL not. */
struct chosen {
	int sources;
	const char *config;
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

/* --columns=help */
static enum options_verdict list_columns(void)
{
	const struct field *fields;
	size_t n = field__containers(&fields);

	for (size_t i = 0; i < n; i++)
		printf("%-8s  %-16s  %s\n", fields[i].title, fields[i].name, fields[i].help);
	return OPTIONS_DONE;
}

static bool parse_columns(const char *list, struct view_choice *choice, char *err, size_t err_size)
{
	const struct field *fields;
	size_t n = field__containers(&fields);
	struct field chosen[VIEW_MAX_FIELDS];
	size_t n_chosen = field__choose(fields, n, list, chosen, err, err_size);

	if (!n_chosen)
		return false;
	memcpy(choice->fields, chosen, sizeof(chosen));
	choice->n_fields = n_chosen;
	return true;
}

/* "errors", "id:low" */
static bool parse_sort(const char *text, struct view_choice *choice, char *err, size_t err_size)
{
	const struct field *fields;
	size_t n = field__containers(&fields);
	struct field chosen[VIEW_MAX_FIELDS];
	char name[64];
	const char *way = strchrnul(text, ':');

	snprintf(name, sizeof(name), "%.*s", (int)(way - text), text);
	if (strchr(name, ',') || (*way && strcmp(way, ":low") && strcmp(way, ":high"))) {
		error__set(err, err_size, "sort is one column, with :low or :high behind it, not '%s'",
			   text);
		return false;
	}
	if (!field__choose(fields, n, name, chosen, err, err_size))
		return false;
	choice->sort = field__find(fields, n, chosen[0].name);
	choice->reverse = *way && !strcmp(way, ":low") != choice->sort->low_first;
	return true;
}

/* Without a value, yes. */
static bool parse_flag(const char *text, bool *flag, char *err, size_t err_size)
{
	if (text && strcmp(text, "yes") && strcmp(text, "no")) {
		error__set(err, err_size, "it is yes or no, not '%s'", text);
		return false;
	}
	*flag = !text || !strcmp(text, "yes");
	return true;
}

/* Of an option that the configuration may have, too. False: @text makes no sense, see @err. */
static bool set_key(struct options *options, int key, const char *text, char *err, size_t err_size)
{
	bool flag;

	switch (key) {
	case 'd':
		if (parse_interval(text, &options->interval_ns))
			return true;
		error__set(err, err_size, "'%s' is no time from %g to %g seconds", text,
			   MIN_INTERVAL, MAX_INTERVAL);
		return false;
	case 'o':
		return parse_columns(text, &options->choice, err, err_size);
	case OPT_SORT:
		return parse_sort(text, &options->choice, err, err_size);
	case OPT_TREE:
		return parse_flag(text, &options->choice.tree, err, err_size);
	case OPT_ASCII:
		return parse_flag(text, &options->tui.ascii, err, err_size);
	case OPT_MOUSE:
		if (!parse_flag(text, &flag, err, err_size))
			return false;
		options->tui.no_mouse = !flag;
		return true;
	case OPT_STACKS:
		if (stack_opts__parse(text, &options->stacks))
			return true;
		options->stacks = (struct source_stack_opts){ 0 };
		error__set(err, err_size, "'%s' is not understood; it is any of " STACK_OPTS_HELP
			   ", with commas", text);
		return false;
	case OPT_SLOW:
		if (event_filter__parse_duration(text, &options->slow_ns))
			return true;
		error__set(err, err_size, "it is a time with its unit, as 250us or 2s, not '%s'", text);
		return false;
	case OPT_COLOR:
		if (parse_color(text, &options->tui.color))
			return true;
		error__set(err, err_size, "it is auto, always or never, not '%s'", text);
		return false;
	case OPT_OVERHEAD:
		if (overhead__parse(text, &options->max_overhead))
			return true;
		error__set(err, err_size, "it is above 0 and at most 100, as in 1%%, not '%s'", text);
		return false;
	}
	return false;
}

static void remember(struct options *options, int row, const char *text)
{
	free(options->given[row]);
	options->given[row] = xalloc__check(strdup(text ? text : "yes"));
}

static enum options_verdict apply_key(struct options *options, int row, const char *text)
{
	char err[CONFIG_MESSAGE];

	if (!set_key(options, rows[row].key, text, err, sizeof(err)))
		return usage("--%s: %s", rows[row].name, err);
	remember(options, row, text);
	return OPTIONS_RUN;
}

static enum options_verdict apply(struct options *options, struct chosen *chosen, int key)
{
	int row = row_of_key(key);

	if (key == 'o' && !strcmp(optarg, "help"))
		return list_columns();
	if (row >= 0 && rows[row].is_key)
		return apply_key(options, row, optarg);
	switch (key) {
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
	case 'F':
		if (!view_filter__set(&options->choice.filter, optarg))
			return usage("the filter is longer than %d characters or %d words",
				     VIEW_FILTER_MAX - 1, VIEW_FILTER_WORDS);
		return OPTIONS_RUN;
	case OPT_REPLAY:
		return choose_file(options, chosen, optarg);
	case OPT_SOURCE:
		return choose_source(options, chosen, optarg);
	case OPT_CONFIG:
		chosen->config = optarg;
		return OPTIONS_RUN;
	case OPT_NO_CONFIG:
		options->config.why_not = "--no-config was given";
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

/* What does not go together on the command line. */
static enum options_verdict check(const struct options *options, const struct chosen *chosen)
{
	if (options->json && view_filter__is_on(&options->choice.filter))
		return usage("--filter is for the screen and -b; --json has all containers");
	if (options->json && options->choice.tree)
		return usage("--tree is for the screen and -b; --json has owner, groups and devices of "
			     "each container");
	if (options->json && options->choice.n_fields)
		return usage("-o is for the screen and -b; --json has all fields");
	if (options->json && options->choice.sort)
		return usage("--sort is for the screen and -b; --json is in the order of ids");
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
	if (options->file && (options->folded || source_stack_opts__any(&options->stacks)))
		return usage("a recording has no call stacks: --stacks and --folded are for a running "
			     "kernel");
	if (chosen->config && options->config.why_not)
		return usage("only one of --config and --no-config can be given");
	if (chosen->config && !chosen->config[0])
		return usage("the name of the configuration is empty");
	return OPTIONS_RUN;
}

/* The configuration */

/* @by_command: those that the command line has, which win */
struct reading {
	struct options *options;
	bool by_command[N_ROWS];
};

static bool read_key(void *ctx, const char *key, const char *value, char *err, size_t err_size)
{
	struct reading *reading = ctx;
	char why[CONFIG_MESSAGE];

	for (size_t i = 0; i < N_ROWS; i++) {
		if (!rows[i].is_key || strcmp(rows[i].name, key))
			continue;
		if (reading->by_command[i])
			return true;
		if (set_key(reading->options, rows[i].key, value, why, sizeof(why))) {
			remember(reading->options, i, value);
			return true;
		}
		error__set(err, err_size, "%s: %s", key, why);
		return false;
	}
	error__set(err, err_size, "there is no key '%.40s'; --help lists them", key);
	return false;
}

static void read_config(struct options *options, const char *named)
{
	struct reading reading = { .options = options };

	if (options->config.why_not)
		return;
	for (size_t i = 0; i < N_ROWS; i++)
		reading.by_command[i] = options->given[i] != NULL;
	config__locate(&options->config, named);
	config__read(&options->config, named != NULL, read_key, &reading);
	/* Of a recording there are neither; that is no fault of the configuration. */
	if (options->file) {
		options->stacks = (struct source_stack_opts){ 0 };
		options->max_overhead = 0;
	}
	if (options__is_screen(options))
		return;
	for (char *at = options->config.problems; at && *at; at = strchr(at, '\n') + 1)
		fprintf(stderr, "vfiotop: %.*s\n", (int)strcspn(at, "\n"), at);
}

bool options__problem(const struct options *options, char message[CONFIG_MESSAGE])
{
	const struct config *config = &options->config;
	char count[48] = "";

	if (!config->problems)
		return false;
	/* In front: a row of the screen may be shorter than the sentence. */
	if (config->n_problems > 1)
		snprintf(count, sizeof(count), "1 of %u (-b lists them): ", config->n_problems);
	snprintf(message, CONFIG_MESSAGE, "%s%.*s", count,
		 (int)strcspn(config->problems, "\n"), config->problems);
	return true;
}

/* What @row is now; NULL: as it is without an option. */
static const char *value_of(const struct options *options, const struct view_choice *choice,
			    int row, char *buf, size_t size)
{
	const struct field *sort = view_choice__sort(choice);

	switch (rows[row].key) {
	case OPT_TREE:
		return choice->tree ? "yes" : NULL;
	case OPT_SORT:
		if (sort == view_rows__default_sort() && !choice->reverse)
			return NULL;
		snprintf(buf, size, "%s:%s", sort->name,
			 sort->low_first == choice->reverse ? "high" : "low");
		return buf;
	default:
		return rows[row].is_key ? options->given[row] : NULL;
	}
}

bool options__save(const struct options *options, const struct view_choice *choice,
		   struct loader *loader, char message[CONFIG_MESSAGE])
{
	char *text = NULL, buf[CONFIG_LINE];
	size_t size;
	FILE *out = xalloc__check(open_memstream(&text, &size));
	bool ok;

	fputs("# Written by the key W of vfiotop, which replaces all of it. Its keys: vfiotop --help\n",
	      out);
	for (size_t i = 0; i < N_ROWS; i++) {
		const char *value = value_of(options, choice, i, buf, sizeof(buf));

		if (value)
			fprintf(out, "%s = %s\n", rows[i].name, value);
	}
	if (fclose(out))
		xalloc__check(NULL);
	ok = config__write(&options->config, loader, text, message);
	free(text);
	return ok;
}

void options__clear(struct options *options)
{
	for (size_t i = 0; i < N_ROWS; i++)
		free(options->given[i]);
	config__clear(&options->config);
}

enum options_verdict options__parse(struct options *options, int argc, char **argv)
{
	struct option longs[N_ROWS + 1] = { 0 };
	char shorts[2 * N_ROWS + 1] = "";
	struct chosen chosen = { 0 };
	enum options_verdict verdict;
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
		verdict = apply(options, &chosen, key);
		if (verdict != OPTIONS_RUN)
			return verdict;
	}
	if (optind < argc)
		return usage("'%s' is no option; a recording is opened with --replay FILE",
			     argv[optind]);
	verdict = check(options, &chosen);
	if (verdict != OPTIONS_RUN)
		return verdict;
	read_config(options, chosen.config);
	if (options->folded && !source_stack_opts__any(&options->stacks))
		stack_opts__parse(NULL, &options->stacks);
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
