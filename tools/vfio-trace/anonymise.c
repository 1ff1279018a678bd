// SPDX-License-Identifier: GPL-2.0-only
/*
 * anonymise.c - vfio-trace anonymise: a recording without names, pids and addresses, to give away
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "cmds.h"
#include "lib/anonymise.h"
#include "rewrite.h"

/*
 * Addresses move by so many of ANONYMISE_ALIGN, and up to 65535 more: out of where programs without
 * secrets have theirs, and not beyond the end of what hosts have.
 */
#define SHIFT_MIN 1024ULL

static const char help[] =
	"Usage: vfio-trace anonymise -o OUT IN\n"
	"\n"
	"Writes a recording again for somebody who is not to know whose it is. IN - is standard input.\n"
	"\n"
	"Replaced, the same by the same within the file: name of the host; names of processes, VMs and\n"
	"containers; UUIDs, pods, units and cgroups; process and task ids; numbers of IOMMU groups; PCI\n"
	"addresses and names of devices. Left out: boot id, why an owner is unknown. Moved by a distance\n"
	"that is drawn anew each time and is nowhere written: iova, and vaddr; alignment up to 1 GiB,\n"
	"and what lies beside what, stay.\n"
	"\n"
	"Kept: all times and dates, durations, counts, sizes and results; versions of the kernel and the\n"
	"module, kernel drivers; vendor, model and ids of devices, functions of a PCI device; kind and\n"
	"container runtime of an owner; numbers that vfio gives its containers; CPUs.\n"
	"\n"
	REWRITE_HELP_OUTPUT
	REWRITE_HELP_EXIT;

/* True: go on with *@out and *@path; else exit with *status. */
static bool parse(int argc, char **argv, const char **out, const char **path, int *status)
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
	if (optind + 1 != argc)
		*status = cmds__usage("anonymise", "name one IN", "");
	else
		*status = rewrite__check_out("anonymise", *out, argv + optind, 1);
	*path = argv[optind];
	return !*status;
}

static int anonymise(struct source *source, const char *path, const char *out)
{
	struct record_header header = *source_file__header(source);
	struct anonymise *anonymise;
	struct rewrite rewrite;
	struct source_sink sink;
	__u16 shift[2];
	int status;

	if (getrandom(shift, sizeof(shift), 0) != sizeof(shift)) {
		fprintf(stderr, "vfio-trace: no random numbers to replace addresses with: %s\n",
			strerror(errno));
		return 1;
	}
	if (!rewrite__start(&rewrite, out))
		return 1;
	anonymise__header(&header);
	rewrite__header(&rewrite, &header, "");
	anonymise = anonymise__create((SHIFT_MIN + shift[0]) * ANONYMISE_ALIGN,
				      (SHIFT_MIN + shift[1]) * ANONYMISE_ALIGN, &rewrite.sink);
	sink = anonymise__sink(anonymise);
	rewrite__pump(&rewrite, source, path, &sink, NULL);
	status = rewrite__finish(&rewrite, source_file__end_ns(source));
	anonymise__destroy(anonymise);
	return status;
}

int cmd_anonymise(int argc, char **argv)
{
	const char *path, *out = NULL;
	struct source *source;
	int status;

	if (!parse(argc, argv, &out, &path, &status))
		return status;
	source = rewrite__open(path);
	if (!source)
		return 1;
	status = anonymise(source, path, out);
	source__close(source);
	return status;
}
