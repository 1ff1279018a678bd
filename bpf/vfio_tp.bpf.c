// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio_tp.bpf.c - raw_tp programs on the tracepoints of our vfio.ko
 *
 * One program for each row of event_list.h, loaded by tools/lib/source_tp.c, which leaves out
 * those that were not asked for. The programs use no kernel structures, hence no vmlinux.h: the
 * object is the same whatever kernel it was built on.
 */
#include <linux/types.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <bpf/bpf_helpers.h>

#include "handle.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* One char for each argument behind id and slot, so that offsetof() is the argument's number. */
#define F(name, ctype, show, help) char name;
#define EV(ENUM, name, scope, op, help)                                                            \
	struct vfio_args_##ENUM {                                                                  \
		VFIO_OBS_FIELDS_##ENUM(F)                                                          \
	};
VFIO_OBS_EVENTS(EV)
#undef EV
#undef F

/* How an argument becomes the word(s) of a field. */
#define fill_u32(w, arg) (*(w) = (__u32)(arg))
#define fill_u64(w, arg) (*(w) = (arg))
#define fill_s64(w, arg) (*(w) = (arg))
#define fill_bool(w, arg) (*(w) = (arg) & 1)
#define fill_str(w, arg) bpf_probe_read_kernel_str((w), VFIO_OBS_STR_LEN, (const void *)(arg))

/* Arguments before the fields, and where id and slot come from. */
#define FIRST_CONTAINER 2
#define FIRST_MODULE 0
#define ID_CONTAINER ctx->args[0]
#define ID_MODULE 0
#define SLOT_CONTAINER (__u32)ctx->args[1]
#define SLOT_MODULE VFIO_OBS_NO_SLOT

#define F(name, ctype, show, help)                                                                 \
	fill_##ctype(&rec.w[offsetof(words, name)], ctx->args[first + offsetof(args, name)]);
#define EV(ENUM, name, SCOPE, op, help)                                                            \
	SEC("raw_tp/" #name) int name(struct bpf_raw_tracepoint_args *ctx)                         \
	{                                                                                          \
		typedef struct vfio_words_##ENUM words;                                            \
		typedef struct vfio_args_##ENUM args;                                              \
		const int first = FIRST_##SCOPE;                                                   \
		struct vfio_rec rec = { .id = ID_##SCOPE, .slot = SLOT_##SCOPE };                  \
                                                                                                   \
		VFIO_OBS_FIELDS_##ENUM(F)                                                          \
		return handle(VFIO_EV_##ENUM, &rec);                                               \
	}
VFIO_OBS_EVENTS(EV)
