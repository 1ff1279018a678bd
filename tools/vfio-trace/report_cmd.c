// SPDX-License-Identifier: GPL-2.0-only
/*
 * report_cmd.c - vfio-trace report: its command line
 */
#include <getopt.h>
#include <signal.h>
#include <string.h>

#include "cmds.h"
#include "lib/event_filter.h"
#include "lib/privilege.h"
#include "lib/record_writer.h"
#include "output.h"
#include "report.h"

enum { OPT_START = 0x100, OPT_JSON, OPT_HTML };

static const char help[] =
	"Usage: vfio-trace report [OPTION...] FILE\n"
	"\n"
	"Says what a recording has: events, operations, latencies, errors, containers and what was\n"
	"lost. FILE - is standard input. A recording that was cut off is reported as far as it goes.\n"
	"\n"
	"      --start[=TIME]   why did this VM take so long to start? Of each container, longest start\n"
	"                       first: what took the time from its open to the last attach, SET_IOMMU,\n"
	"                       MAP_DMA or GET_DEVICE_FD before its first UNMAP_DMA, its close, or TIME\n"
	"                       behind the open (default 600s)\n"
	"      --html           a page with pictures, for a browser: one file that needs nothing else,\n"
	"                       loads nothing and runs no script; with --start of starts only\n"
	"      --json           one JSON object, starts included\n"
	"  -o, --output OUT     write here; - is standard output (default)\n"
	"  -h, --help           this text\n"
	"\n"
	"Exit status: 0 when all of FILE could be read; 1 failed, or FILE is cut off or damaged;\n"
	"2 usage.\n";

struct command {
	struct report_opts opts;
	const char *path, *out;
};

static int write_report(const struct report *report, const struct command *command)
{
	const char *name = record_writer__name(command->out ? command->out : "-");
	FILE *out = output__open(command->out, command->path);
	int status;

	if (!out)
		return 1;
	status = report__print(report, &command->opts, out, name);
	if (out != stdout && fclose(out) && !status)
		status = report__written(false, NULL, name);
	return status;
}

static int report_file(const struct command *command)
{
	const struct report *report;
	char err[1024];
	int status;

	if (privilege__drop(err, sizeof(err))) {
		fprintf(stderr, "vfio-trace: %s\n", err);
		return 1;
	}
	report = report__read_file(command->path, &command->opts, &status);
	if (report && write_report(report, command))
		status = 1;
	report__free(report);
	return status;
}

/* @value: of --start, NULL without */
static int take_start(struct report_opts *opts, const char *value)
{
	opts->start = true;
	if (!value || event_filter__parse_duration(value, &opts->limit_ns))
		return 0;
	fprintf(stderr, "vfio-trace report: --start takes a time with its unit, like 60s, not %s; "
		"see 'vfio-trace report --help'\n", value);
	return EXIT_USAGE;
}

static int take_option(struct command *command, int option)
{
	switch (option) {
	case OPT_START:
		return take_start(&command->opts, optarg);
	case OPT_JSON:
		command->opts.json = true;
		return 0;
	case OPT_HTML:
		command->opts.html = true;
		return 0;
	case 'o':
		command->out = optarg;
		return 0;
	}
	return EXIT_USAGE; /* getopt has said why */
}

static int check(const struct command *command, int n_files)
{
	if (n_files != 1)
		return cmds__usage("report", "name one FILE", "");
	if (command->opts.html && command->opts.json)
		return cmds__usage("report", "choose one of --html and --json", "");
	return 0;
}

/* True: go on; else exit with *@status. */
static bool parse(int argc, char **argv, struct command *command, int *status)
{
	static const struct option longs[] = {
		{ "start", optional_argument, NULL, OPT_START },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "html", no_argument, NULL, OPT_HTML },
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*status = 0;
	while (!*status && (option = getopt_long(argc, argv, "o:h", longs, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return false;
		}
		*status = take_option(command, option);
	}
	if (!*status)
		*status = check(command, argc - optind);
	command->path = argv[optind];
	return !*status;
}

int cmd_report(int argc, char **argv)
{
	struct command command = { .opts.limit_ns = START_LIMIT_NS };
	int status;

	if (!parse(argc, argv, &command, &status))
		return status;
	/* Seen as a failed write, so that it can be told: half a page looks like a whole one. */
	if (command.opts.html)
		signal(SIGPIPE, SIG_IGN);
	return report_file(&command);
}
