// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - vfio-trace: record VFIO container events, show and export recordings
 */
#include <stdio.h>
#include <string.h>

#include "cmds.h"
#include "lib/error.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "record", cmd_record, "write every event to a file, until Ctrl-C or COMMAND ends" },
	{ "report", cmd_report, "counts, latencies, errors and losses of a recording" },
	{ "diff", cmd_diff, "what is slower or faster in one recording than in another" },
	{ "script", cmd_script, "the events of a recording, one line each" },
	{ "export", cmd_export, "a recording for other programs: JSON lines, CSV, Chrome and Perfetto" },
	{ "info", cmd_info, "of what host and source a recording is, and what takes the room in it" },
	{ "verify", cmd_verify, "whether recordings are whole" },
	{ "cut", cmd_cut, "a part of a recording, as a recording" },
	{ "merge", cmd_merge, "the parts of a recording as one" },
	{ "anonymise", cmd_anonymise, "a recording without names, pids and addresses, to give away" },
};

static void usage(FILE *out)
{
	fputs("Usage: vfio-trace COMMAND [OPTION...]\n\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-9s %s\n", commands[i].name, commands[i].help);
	fputs("\n'vfio-trace COMMAND --help' tells more; --version prints the version.\n\n"
	      "Examples:\n"
	      "  vfio-trace record -o vm.vfio -- qemu-system-x86_64 ...\n"
	      "  vfio-trace report vm.vfio\n"
	      "  vfio-trace script vm.vfio --slower 10ms\n"
	      "  vfio-trace export -f perfetto -o vm.pftrace vm.vfio\n"
	      "  vfio-trace cut -o hour.vfio --from 03:00 --to 04:00 vm.vfio\n", out);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;

	if (!name) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(name, "--help") || !strcmp(name, "-h")) {
		usage(stdout);
		return 0;
	}
	if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
		puts("vfio-trace " VFIO_OBS_VERSION);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(name, commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "vfio-trace: there is no command '%s'; see 'vfio-trace --help'\n", name);
	return EXIT_USAGE;
}
