/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * btf_reduce.h - a BTF of some types out of large ones
 *
 * Enough for relocating accesses to members of those types: what a type has by value is in it,
 * what it points to is not (every pointer is one to void).
 */
#ifndef VFIO_OBS_BTF_REDUCE_H
#define VFIO_OBS_BTF_REDUCE_H

#include <bpf/btf.h>
#include <linux/types.h>

struct btf_reduce;

/* Of @base and BTFs that are split from it; they must live until btf_reduce__end(). */
struct btf_reduce *btf_reduce__begin(const struct btf *base);

/* btf_reduce__add - the type @id of @btf, @base or split from it. 0 or -errno. */
int btf_reduce__add(struct btf_reduce *reduce, const struct btf *btf, __u32 id);

/* What was added, to be freed by btf__free(); frees @reduce. */
struct btf *btf_reduce__end(struct btf_reduce *reduce);

#endif
