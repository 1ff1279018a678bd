// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio_tp.bpf.c - raw_tp programs on the tracepoints of our vfio.ko
 *
 * Programs for each tracepoint of event_list.h, one that writes the event into the ring and one,
 * its name ending in _sum, that adds it to the aggregates; where it completes an operation another,
 * ending in _stack, that keeps who called. tools/lib/source_tp.c loads those that were asked for.
 * One program for all would pay on each event for asking which. They use no
 * kernel structures, hence no vmlinux.h: the object is the same whatever kernel it was built on.
 */
#include <linux/types.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <bpf/bpf_helpers.h>

#include "vfio_obs/event.h"
#include "aggregate.bpf.h"
#include "begun.bpf.h"
#include "ring.bpf.h"
#include "stack.bpf.h"

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

/* How an argument, which the kernel has extended to 64 bits, becomes the word(s) of a field. */
#define fill_u32(w, arg) (*(w) = (arg))
#define fill_u64(w, arg) (*(w) = (arg))
#define fill_s64(w, arg) (*(w) = (arg))
#define fill_bool(w, arg) (*(w) = (arg))
#define fill_str(w, arg)                                                                           \
	do {                                                                                       \
		(w)[0] = (w)[1] = (w)[2] = 0;                                                      \
		bpf_probe_read_kernel_str((w), VFIO_OBS_STR_LEN, (const void *)(arg));             \
	} while (0)
_Static_assert(VFIO_OBS_WORDS_OF_str == 3, "fill_str clears as many");

/* Arguments before the fields, and where id and slot come from. */
#define FIRST_CONTAINER 2
#define FIRST_MODULE 0
#define ID_CONTAINER ctx->args[0]
#define ID_MODULE 0
#define SLOT_CONTAINER (__u32)ctx->args[1]
#define SLOT_MODULE VFIO_OBS_NO_SLOT

#define F(name, ctype, show, help)                                                                 \
	fill_##ctype(&rec->w[offsetof(words, name)], ctx->args[first + offsetof(args, name)]);
#define FILL(ENUM, SCOPE)                                                                          \
	do {                                                                                       \
		typedef struct vfio_words_##ENUM words;                                            \
		typedef struct vfio_args_##ENUM args;                                              \
		const int first = FIRST_##SCOPE;                                                   \
                                                                                                   \
		rec->id = ID_##SCOPE;                                                              \
		rec->slot = SLOT_##SCOPE;                                                          \
		VFIO_OBS_FIELDS_##ENUM(F)                                                          \
	} while (0)
/* Those whose begins are kept, by the programs at the end. */
#define ENDS_BEGUN                                                                                 \
	(1ULL << VFIO_EV_ATTACH | 1ULL << VFIO_EV_SET_IOMMU | 1ULL << VFIO_EV_IOCTL)
#define PROG_HOOK(ENUM, name, SCOPE)
#define PROG_MODULE PROG_CONTAINER
#define PROG_CONTAINER(ENUM, name, SCOPE)                                                          \
	SEC("raw_tp/" #name) int name(struct bpf_raw_tracepoint_args *ctx)                         \
	{                                                                                          \
		struct vfio_ring *ring;                                                            \
		struct vfio_rec *rec = ring_begin(VFIO_EV_##ENUM, &ring);                          \
                                                                                                   \
		if (!rec)                                                                          \
			return 0;                                                                  \
		FILL(ENUM, SCOPE);                                                                 \
		ring_end(ring);                                                                    \
		return 0;                                                                          \
	}                                                                                          \
	SEC("raw_tp/" #name) int name##_sum(struct bpf_raw_tracepoint_args *ctx)                   \
	{                                                                                          \
		struct vfio_rec filled = {}, *rec = &filled;                                       \
                                                                                                   \
		FILL(ENUM, SCOPE);                                                                 \
		if (ENDS_BEGUN >> VFIO_EV_##ENUM & 1)                                              \
			begun_end();                                                               \
		aggregate(VFIO_EV_##ENUM, rec);                                                    \
		return 0;                                                                          \
	}
#define EV(ENUM, name, SCOPE, op, help) PROG_##SCOPE(ENUM, name, SCOPE)
VFIO_OBS_EVENTS(EV)

/* Who called the operation that ends here. */
#define STACK_PROG(ENUM, name)                                                                     \
	SEC("raw_tp/" #name) int name##_stack(struct bpf_raw_tracepoint_args *ctx)                 \
	{                                                                                          \
		struct vfio_rec filled = {}, *rec = &filled;                                       \
                                                                                                   \
		FILL(ENUM, CONTAINER);                                                             \
		stack_event(ctx, VFIO_EV_##ENUM, rec);                                             \
		return 0;                                                                          \
	}
STACK_PROG(OPEN, vfio_container_open)
STACK_PROG(ATTACH, vfio_container_attach)
STACK_PROG(DETACH, vfio_container_detach)
STACK_PROG(SET_IOMMU, vfio_container_set_iommu)
STACK_PROG(CHECK_EXTENSION, vfio_container_check_extension)
STACK_PROG(IOCTL, vfio_container_ioctl)
STACK_PROG(PIN, vfio_container_pin)
STACK_PROG(UNPIN, vfio_container_unpin)
STACK_PROG(DMA_RW, vfio_container_dma_rw)

/* One argument of an event, by the name of its field. */
#define ARG(ENUM, name) ctx->args[FIRST_CONTAINER + offsetof(struct vfio_args_##ENUM, name)]

SEC("raw_tp/vfio_container_attach_start")
int vfio_container_attach_start_begun(struct bpf_raw_tracepoint_args *ctx)
{
	return begun_begin(VFIO_OP_ATTACH, ID_CONTAINER, ARG(ATTACH_START, group), 0);
}

SEC("raw_tp/vfio_container_set_iommu_start")
int vfio_container_set_iommu_start_begun(struct bpf_raw_tracepoint_args *ctx)
{
	return begun_begin(VFIO_OP_SET_IOMMU, ID_CONTAINER, 0, 0);
}

SEC("raw_tp/vfio_container_ioctl_start")
int vfio_container_ioctl_start_begun(struct bpf_raw_tracepoint_args *ctx)
{
	return begun_begin(vfio_ioctl_op(ARG(IOCTL_START, cmd)), ID_CONTAINER,
			   ARG(IOCTL_START, iova), ARG(IOCTL_START, size));
}
