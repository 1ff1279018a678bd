/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * symbols.h - names for the frames of a stack
 *
 * Used by tp_stacks.c. A frame of user space comes from the kernel as a build id and a place in
 * that file. Which file that is, its process tells; but a name is only taken from a file that has
 * this very build id. So another process with the same pid, an exec or a library that was replaced
 * lead to no name, never to a wrong one.
 */
#ifndef VFIO_OBS_SYMBOLS_H
#define VFIO_OBS_SYMBOLS_H

#include <linux/types.h>
#include <stddef.h>

#include "source.h"
#include "vfio_obs/maps.h"

struct symbols;

/*
 * A descriptor of the file that the process @tgid has mapped at @address, or -errno; its path in
 * @path. The descriptor is then the caller's.
 */
typedef int symbols_open_fn(void *ctx, __u32 tgid, __u64 address, char *path, size_t size);

/* @debug: where separate symbols are, "/usr/lib/debug". */
struct symbols *symbols__create(symbols_open_fn *open, void *ctx, const char *debug);
void symbols__destroy(struct symbols *symbols);

/*
 * symbols__kernel - the frames of @stack, without those of the tracing itself. symbols__user - its
 * frames in user space; files are looked up through the process. Both return the number, at most
 * VFIO_OBS_STACK_FRAMES.
 */
size_t symbols__kernel(const struct vfio_stack *stack, struct source_frame *frames);
size_t symbols__user(struct symbols *symbols, const struct vfio_stack *stack,
		     struct source_frame *frames);

/* Files that were opened and places that were looked up in them, until now: for tests. */
__u64 symbols__opened(const struct symbols *symbols);
__u64 symbols__searched(const struct symbols *symbols);

#endif
