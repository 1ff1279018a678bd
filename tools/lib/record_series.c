// SPDX-License-Identifier: GPL-2.0-only
/*
 * record_series.c - names of recordings that are several files
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record_series.h"
#include "xalloc.h"

#define DIGITS 6
#define PART ".part"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void record_series__init(struct record_series *series, const char *path)
{
	const char *base = base_name(path), *dot = strrchr(base, '.');
	size_t len = dot && dot > base ? (size_t)(dot - path) : strlen(path);

	snprintf(series->prefix, sizeof(series->prefix), "%.*s", (int)len, path);
	snprintf(series->suffix, sizeof(series->suffix), "%s", path + len);
}

char *record_series__name(const struct record_series *series, __u64 number, bool part, char *buf,
			  size_t size)
{
	snprintf(buf, size, "%s.%0*llu%s%s", series->prefix, DIGITS, number, series->suffix,
		 part ? PART : "");
	return buf;
}

int record_series__delete(const struct record_series *series, __u64 number)
{
	char name[RECORD_SERIES_NAME_MAX];

	for (int part = 0; part < 2; part++) {
		record_series__name(series, number, part, name, sizeof(name));
		if (unlink(name) && errno != ENOENT)
			return -errno;
	}
	return 0;
}

/* The number in the file name @name; 0: it is none of the series. */
static __u64 number_of(const struct record_series *series, const char *name)
{
	const char *base = base_name(series->prefix);
	size_t len = strlen(base);
	__u64 number;
	char *end;

	if (strncmp(name, base, len) || name[len] != '.' || !isdigit((unsigned char)name[len + 1]))
		return 0;
	errno = 0;
	number = strtoull(name + len + 1, &end, 10);
	if (errno || end - (name + len + 1) < DIGITS ||
	    strncmp(end, series->suffix, strlen(series->suffix)))
		return 0;
	end += strlen(series->suffix);
	return !*end || !strcmp(end, PART) ? number : 0;
}

static int by_number(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

/* A file that is complete and one that is not may have the same number. */
static size_t without_doubles(__u64 *numbers, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (!kept || numbers[kept - 1] != numbers[i])
			numbers[kept++] = numbers[i];
	return kept;
}

static void add(__u64 **numbers, size_t *n, __u64 number)
{
	*numbers = xreallocarray(*numbers, *n + 1, sizeof(**numbers));
	(*numbers)[(*n)++] = number;
}

int record_series__list(const struct record_series *series, __u64 **numbers, size_t *n)
{
	size_t len = base_name(series->prefix) - series->prefix;
	char folder[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	snprintf(folder, sizeof(folder), "%.*s", (int)len, series->prefix);
	*numbers = NULL;
	*n = 0;
	dir = opendir(len ? folder : ".");
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		__u64 number = number_of(series, entry->d_name);

		if (number)
			add(numbers, n, number);
	}
	closedir(dir);
	if (!*n)
		return 0;
	qsort(*numbers, *n, sizeof(**numbers), by_number);
	*n = without_doubles(*numbers, *n);
	return 0;
}
