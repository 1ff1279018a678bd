// SPDX-License-Identifier: GPL-2.0-only
/*
 * record_storm.c - a recorder without a kernel: writes events through the recorder's own writer
 *
 * record_storm FILE RATE SECONDS PROGRESS. RATE events per second, 0: as many as it can. Ends after
 * SECONDS. In the file PROGRESS, which outlives it, stand the events that it has given to the
 * writer and the longest time, in ns, that the writer kept it; 8 bytes each. Called by test-crash.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "lib/event.h"
#include "lib/record_writer.h"
#include "lib/xalloc.h"

#define SEC 1000000000ULL

struct progress {
	__u64 events, longest_ns;
};

static __u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

static volatile struct progress *open_progress(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	void *map;

	if (fd < 0 || ftruncate(fd, sizeof(struct progress)))
		return NULL;
	map = mmap(NULL, sizeof(struct progress), PROT_WRITE, MAP_SHARED, fd, 0);
	return map == MAP_FAILED ? NULL : map;
}

/* The iova is the event's number. */
static void put(const struct source_sink *sink, __u64 number, __u64 ts_ns)
{
	struct vfio_rec rec = { .ts_ns = ts_ns, .id = 1, .type = VFIO_EV_PIN, .seq = number };

	vfio_w(&rec, PIN, iova) = number;
	vfio_w(&rec, PIN, npage) = 1;
	vfio_w(&rec, PIN, ret) = 1;
	vfio_w(&rec, PIN, duration) = 1000 + random() % 1000;
	sink->event(sink->ctx, &rec);
}

/* Those that are due by now, at most some, so that the writer is asked now and then. */
static void round_of(struct record_writer *writer, __u64 rate, __u64 begin,
		     volatile struct progress *progress)
{
	struct source_sink sink = record_writer__sink(writer);
	__u64 now = now_ns(), took;
	__u64 due = rate ? (now - begin) * rate / SEC : ~0ULL;

	for (int i = 0; i < 1000 && progress->events < due; i++)
		put(&sink, progress->events++, now);
	record_writer__tick(writer, now, 0);
	took = now_ns() - now;
	if (took > progress->longest_ns)
		progress->longest_ns = took;
}

int main(int argc, char **argv)
{
	struct source_info info = { .name = "storm", .kernel = "none", .host = "none" };
	volatile struct progress *progress = argc == 5 ? open_progress(argv[4]) : NULL;
	__u64 rate, begin = now_ns(), end;
	struct record_writer *writer;
	char err[1024] = "usage: record_storm FILE RATE SECONDS PROGRESS";

	writer = progress ? record_writer__create(argv[1], err, sizeof(err)) : NULL;
	if (!writer) {
		fprintf(stderr, "%s\n", err);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	rate = strtoull(argv[2], NULL, 0);
	end = begin + strtod(argv[3], NULL) * SEC;
	record_writer__start(writer, &info, ~0ULL, begin);
	while (now_ns() < end && !record_writer__error(writer)) {
		round_of(writer, rate, begin, progress);
		if (rate)
			usleep(1000);
	}
	if (!record_writer__error(writer))
		record_writer__finish(writer, now_ns());
	if (record_writer__error(writer))
		fprintf(stderr, "%s\n", record_writer__error(writer));
	return record_writer__error(writer) ? 1 : 0;
}
