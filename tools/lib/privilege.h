/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * privilege.h - giving up rights; docs/privileges.md says who keeps what, and why
 */
#ifndef VFIO_OBS_PRIVILEGE_H
#define VFIO_OBS_PRIVILEGE_H

#include <linux/types.h>
#include <stddef.h>

/*
 * Give up every capability for good: also execve() gives none back. Called by each tool before it
 * opens a recording, and behind loader__start() before it looks at anything else. 0, or -errno and
 * a sentence: the tool must end then.
 */
int privilege__drop(char *err, size_t err_size);

/* The same, and root becomes nobody. For a tool that opens nothing of root's own. */
int privilege__become_nobody(char *err, size_t err_size);

/* Keep of the capabilities in @keep (bit per number) those that there are. */
int privilege__keep(__u64 keep);

#endif
