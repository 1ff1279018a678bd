// SPDX-License-Identifier: GPL-2.0-only
/*
 * one_file.c - the command line of subcommands that look at one recording
 */
#include <getopt.h>
#include <stdio.h>

#include "cmds.h"

int cmds__usage(const char *command, const char *what, const char *arg)
{
	fprintf(stderr, "vfio-trace %s: %s%s; see 'vfio-trace %s --help'\n", command, what, arg,
		command);
	return EXIT_USAGE;
}

bool cmds__one_file(int argc, char **argv, const char *help, bool *json, const char **path,
		    int *status)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*json = false;
	*status = EXIT_USAGE;
	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		switch (option) {
		case 'j':
			*json = true;
			break;
		case 'h':
			fputs(help, stdout);
			*status = 0;
			return false;
		default:
			return false;
		}
	}
	if (optind + 1 == argc) {
		*path = argv[optind];
		return true;
	}
	cmds__usage(argv[0], "name one FILE", "");
	return false;
}
