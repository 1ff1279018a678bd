/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * loader.h - the process that keeps the privileges, as its tool sees it
 *
 * main() of a live tool starts it before anything else is read, then gives up its own rights
 * (privilege.h). The loader attaches the compiled-in programs and hands over descriptors of their
 * maps. It ends with its tool, however that ends, and its programs with it.
 */
#ifndef VFIO_OBS_LOADER_H
#define VFIO_OBS_LOADER_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "loader_proto.h"
#include "record_series.h"
#include "source.h"

struct loader;

/*
 * All that the loader will ever act on besides the kernel.
 * @part, @final: the names of the recording while it is written and when it is complete, "" none
 * @series: the names of a recording that is several files; NULL none
 * @choices: the tool's configuration, which it may replace; NULL or "" none
 */
struct loader_config {
	struct source_live_opts live;
	const char *part, *final, *choices;
	const struct record_series *series;
};

/* Descriptors of an answer; -1 none. */
struct loader_fds {
	int existing, tables, opened;
	int map[LOADER_N_MAPS];
};
/* Close all that there are; then there are none. */
void loader__close_fds(struct loader_fds *fds);
/* Say that there are none, without closing any. */
void loader__no_fds(struct loader_fds *fds);

/* loader__start - NULL and a sentence when there can be no such process. */
struct loader *loader__start(const struct loader_config *config, char *err, size_t err_size);
/* Waits until it has ended: then nothing of ours is in the kernel any more. */
void loader__stop(struct loader *loader);

/*
 * loader__call - ask and wait for the answer. Its ret, or -errno when there was none; @reply has
 * the sentence either way. @fds: what came along, then the caller's to close, nothing on failure;
 * NULL: none can come with this answer.
 */
int loader__call(struct loader *loader, enum loader_op op, __u64 arg, struct loader_reply *reply,
		 struct loader_fds *fds);

/*
 * loader__file - the file that process @tgid runs at @address, for reading; its path in @path. The
 * descriptor is the caller's. -errno: see mapped_file__open(); -EPERM also when no stacks were
 * asked for.
 */
int loader__file(struct loader *loader, __u32 tgid, __u64 address, char *path, size_t size);

/*
 * loader__create - file @number of the recording's series, which is new, for writing. The
 * descriptor is the caller's. Else -errno.
 */
int loader__create(struct loader *loader, __u64 number);
/* saved_file__begin() and saved_file__end() of the configuration, by the loader. */
int loader__choices_begin(struct loader *loader);
int loader__choices_end(struct loader *loader, bool whole);

/* It has ended although nobody stopped it. */
bool loader__is_gone(const struct loader *loader);

/* CPU time that it has used; 0 when that cannot be told, or @loader is NULL. */
__u64 loader__cpu_ns(const struct loader *loader);

/* The loader's own side: answers at @sock until the tool has ended. */
void loader_serve(int sock, const struct loader_config *config);

#endif
