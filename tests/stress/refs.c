// SPDX-License-Identifier: GPL-2.0-only
/*
 * Module references and pinned pages as sysfs shows them: what a container that has gone must have
 * given back. Called by all commands.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stress.h"

static const char *const modules[] = { "vfio", "vfio_iommu_type1", "vfio_testdev", "vfio_pci" };

/* Of a module that is not loaded, nobody holds a reference. */
static long read_refs(int fd)
{
	char text[32];
	ssize_t got;

	if (fd < 0)
		return 0;
	got = pread(fd, text, sizeof(text) - 1, 0);
	if (got <= 0)
		return LONG_MIN;
	text[got] = '\0';
	return strtol(text, NULL, 10);
}

int refs_init(struct refs *refs)
{
	char path[128];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "/sys/module/%s/refcnt", modules[i]);
		refs->fd[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (refs->fd[i] < 0 && (errno != ENOENT || i == REFS_VFIO))
			return fail("cannot read a module's references, %s: %s", path,
				    strerror(errno));
		refs->base[i] = read_refs(refs->fd[i]);
	}
	return 0;
}

int refs_expect(const struct refs *refs, const long want[4], const char *what)
{
	unsigned int i;
	long got;
	int ret = 0;

	for (i = 0; i < 4; i++) {
		got = read_refs(refs->fd[i]) - refs->base[i];
		if (got != want[i])
			ret = fail("%s: %ld references on %s, not %ld", what, got, modules[i], want[i]);
	}
	return ret;
}

static int no_pinned_pages(const struct member *member, const char *what)
{
	unsigned long pinned;
	char path[PATH_MAX];
	FILE *file;
	int got;

	if (!member->emulated)
		return 0;
	snprintf(path, sizeof(path), "/sys/bus/platform/devices/%s/stats/pinned_pages",
		 member->name);
	file = fopen(path, "re");
	if (!file)
		return fail("cannot read %s: %s", path, strerror(errno));
	got = fscanf(file, "%lu", &pinned);
	fclose(file);
	if (got != 1)
		return fail("%s does not hold a number", path);
	return pinned ? fail("%s: %s holds %lu pinned pages", what, member->name, pinned) : 0;
}

int all_is_back(const struct refs *refs, const struct options *options, const char *what)
{
	static const long none[4];
	int ret = refs_expect(refs, none, what);
	unsigned int i;

	for (i = 0; i < options->nr_members; i++)
		if (no_pinned_pages(&options->members[i], what))
			ret = -1;
	return ret;
}
