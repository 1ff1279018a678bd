// SPDX-License-Identifier: GPL-2.0-only
/*
 * anonymise.c - vfio-trace anonymise: a recording without names, pids and addresses, to give away
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

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
	const char *out = NULL;
	struct source *source;
	int status;

	if (!rewrite__parse(argc, argv, help, false, &out, &status))
		return status;
	source = rewrite__open(argv[optind]);
	if (!source)
		return 1;
	status = anonymise(source, argv[optind], out);
	source__close(source);
	return status;
}
