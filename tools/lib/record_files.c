// SPDX-License-Identifier: GPL-2.0-only
/*
 * record_files.c - the files of one recorder
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "record_files.h"
#include "record_series.h"
#include "xalloc.h"

/* A file that has ended. */
struct ended {
	struct ended *next;
	struct record_writer *writer;
	__u64 number, end_ns;
};

/*
 * @number:  of the last file that was opened, 0 before the first
 * @numbers: of all that are not deleted, ascending, of earlier recorders, too; [@n_numbers]
 * @bytes, @opened, @deleted: since the start; @bytes of those that are finished
 * @failed_number: of the file that failed, which is the last one that is left
 */
struct record_files {
	struct record_dest_config config;
	bool numbered;
	struct record_series series;
	struct loader *loader;
	struct record_writer *writer;
	struct ended *ended;
	__u64 first, number;
	__u64 *numbers;
	size_t n_numbers;
	__u64 bytes, opened, deleted;
	bool delete_failed;
	char name[RECORD_SERIES_NAME_MAX];
	int failed;
	__u64 failed_number;
	char error[PATH_MAX + 512];
};

static int look_around(struct record_files *files, char *err, size_t err_size)
{
	const char *path = files->config.path;
	struct stat st;
	int ret;

	if (!strcmp(path, "-") || (!stat(path, &st) && !S_ISREG(st.st_mode))) {
		error__set(err, err_size, "cannot record to %s: a recording of several files needs a "
			   "name for them; give another -o", record_writer__name(path));
		return -EINVAL;
	}
	record_series__init(&files->series, path);
	ret = record_series__list(&files->series, &files->numbers, &files->n_numbers);
	if (ret)
		error__set(err, err_size, "cannot record to %s: cannot look into its folder: %s; "
			   "choose another file with -o", path, strerror(-ret));
	else if (files->n_numbers)
		files->number = files->numbers[files->n_numbers - 1];
	files->first = files->number + 1;
	return ret;
}

struct record_files *record_files__create(const struct record_dest_config *config, bool numbered,
					  char *err, size_t err_size)
{
	struct record_files *files = xcalloc(1, sizeof(*files));

	files->config = *config;
	files->numbered = numbered;
	if (!numbered || !look_around(files, err, err_size))
		return files;
	record_files__destroy(files);
	return NULL;
}

void record_files__destroy(struct record_files *files)
{
	if (!files)
		return;
	record_writer__destroy(files->writer);
	while (files->ended) {
		struct ended *ended = files->ended;

		files->ended = ended->next;
		record_writer__destroy(ended->writer);
		free(ended);
	}
	free(files->numbers);
	free(files);
}

void record_files__names(const struct record_files *files, struct loader_config *config)
{
	if (files->numbered) {
		config->series = &files->series;
	} else {
		config->part = record_writer__part(files->writer);
		config->final = record_writer__final(files->writer);
	}
}

void record_files__ask(struct record_files *files, struct loader *loader)
{
	files->loader = loader;
	if (files->writer)
		record_writer__ask(files->writer, loader);
}

/* The first failure is told, what follows from it is not. */
static void take_error(struct record_files *files, struct record_writer *writer, __u64 number)
{
	const char *error = record_writer__error(writer);

	if (!error || files->failed)
		return;
	files->failed = -EIO;
	files->failed_number = number;
	error__set(files->error, sizeof(files->error), "%s", error);
}

bool record_files__open(struct record_files *files)
{
	__u64 number = files->numbered ? files->number + 1 : 0;

	if (files->numbered)
		record_series__name(&files->series, number, false, files->name,
				    sizeof(files->name));
	else
		snprintf(files->name, sizeof(files->name), "%s", files->config.path);
	files->writer = record_writer__create_file(files->name, number, files->loader,
						   files->error, sizeof(files->error));
	if (!files->writer) {
		files->failed = -EIO;
		files->failed_number = number;
		return false;
	}
	files->number = number;
	files->opened++;
	if (!files->numbered)
		return true;
	files->numbers = xreallocarray(files->numbers, files->n_numbers + 1,
				       sizeof(*files->numbers));
	files->numbers[files->n_numbers++] = number;
	return true;
}

struct record_writer *record_files__writer(const struct record_files *files)
{
	return files->writer;
}

const char *record_files__name(const struct record_files *files)
{
	return record_writer__name(files->name);
}

/* Deleting */

static bool is_in_use(const struct record_files *files, __u64 number)
{
	if (files->writer && files->number == number)
		return true;
	for (const struct ended *ended = files->ended; ended; ended = ended->next)
		if (ended->number == number)
			return true;
	return false;
}

static int delete_one(struct record_files *files, __u64 number)
{
	int ret = record_series__delete(&files->series, number);
	struct loader_reply reply;

	if ((ret == -EACCES || ret == -EPERM) && files->loader)
		return loader__call(files->loader, LOADER_DELETE, number, &reply, NULL);
	return ret;
}

/* Said once: a recorder that must not fill a disk does so then. */
static void complain(struct record_files *files, __u64 number, int ret)
{
	char name[RECORD_SERIES_NAME_MAX], sentence[RECORD_SERIES_NAME_MAX + 256];

	if (files->delete_failed)
		return;
	files->delete_failed = true;
	record_series__name(&files->series, number, false, name, sizeof(name));
	snprintf(sentence, sizeof(sentence), "cannot delete %s: %s; more files than --keep says are "
		 "left", name, strerror(-ret));
	files->config.say(files->config.ctx, sentence);
}

/* The oldest beyond those that are kept; the file that is written is one of them. */
static void prune(struct record_files *files)
{
	size_t gone = 0;

	while (files->config.keep && files->n_numbers - gone > files->config.keep &&
	       !is_in_use(files, files->numbers[gone])) {
		int ret = delete_one(files, files->numbers[gone]);

		if (ret)
			complain(files, files->numbers[gone], ret);
		else
			files->deleted++;
		gone++;
	}
	if (!gone)
		return;
	files->n_numbers -= gone;
	memmove(files->numbers, files->numbers + gone, files->n_numbers * sizeof(*files->numbers));
}

/* Ending */

void record_files__end(struct record_files *files, __u64 end_ns)
{
	struct ended *ended = xcalloc(1, sizeof(*ended)), **last = &files->ended;

	record_writer__end(files->writer, end_ns);
	*ended = (struct ended){ NULL, files->writer, files->number, end_ns };
	while (*last)
		last = &(*last)->next;
	*last = ended;
	files->writer = NULL;
}

void record_files__discard(struct record_files *files)
{
	if (files->writer)
		record_writer__discard(files->writer);
}

/* The oldest of those that have ended gets its name. */
static void finish_first(struct record_files *files)
{
	struct ended *ended = files->ended;

	/* What comes behind a hole is not wanted: it was said that it is not there. */
	if (files->failed && ended->number > files->failed_number)
		record_writer__discard(ended->writer);
	else
		record_writer__finish(ended->writer, ended->end_ns);
	take_error(files, ended->writer, ended->number);
	files->bytes += record_writer__bytes(ended->writer);
	files->ended = ended->next;
	record_writer__destroy(ended->writer);
	free(ended);
}

void record_files__tick(struct record_files *files, __u64 now_ns, __u64 realtime_offset_ns)
{
	if (files->writer) {
		record_writer__tick(files->writer, now_ns, realtime_offset_ns);
		take_error(files, files->writer, files->number);
	}
	while (files->ended && record_writer__is_on_disk(files->ended->writer))
		finish_first(files);
	if (files->numbered)
		prune(files);
}

int record_files__finish(struct record_files *files)
{
	while (files->ended)
		finish_first(files);
	if (files->numbered)
		prune(files);
	return files->failed;
}

size_t record_files__waiting(const struct record_files *files)
{
	size_t waiting = files->writer ? record_writer__waiting(files->writer) : 0;

	for (const struct ended *ended = files->ended; ended; ended = ended->next)
		waiting += record_writer__waiting(ended->writer);
	return waiting;
}

const char *record_files__error(const struct record_files *files)
{
	return files->failed ? files->error : NULL;
}

void record_files__totals(const struct record_files *files, struct record_totals *totals)
{
	totals->bytes = files->bytes;
	totals->files = files->opened;
	totals->deleted = files->deleted;
	if (files->writer)
		totals->bytes += record_writer__bytes(files->writer);
	for (const struct ended *ended = files->ended; ended; ended = ended->next)
		totals->bytes += record_writer__bytes(ended->writer);
}

static void all_names(const struct record_files *files, char *buf, size_t size)
{
	char first[RECORD_SERIES_NAME_MAX];

	if (files->opened < 2) {
		snprintf(buf, size, "%s", record_files__name(files));
		return;
	}
	record_series__name(&files->series, files->first, false, first, sizeof(first));
	snprintf(buf, size, "%s to %s (%llu files)", first, files->name, files->opened);
}

void record_files__summary(const struct record_files *files, char *buf, size_t size)
{
	size_t used;

	all_names(files, buf, size);
	used = strlen(buf);
	if (files->deleted)
		snprintf(buf + used, size - used, ", --keep deleted the oldest %llu",
			 files->deleted);
}
