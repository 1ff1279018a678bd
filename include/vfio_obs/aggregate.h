/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * aggregate.h - per-operation statistics and per-container gauges, and how one event changes them
 *
 * The same inline functions run in BPF (live) and in tools/lib (recordings), so that a replay
 * shows what the live screen showed. In BPF several CPUs add to one copy, so there they are atomic.
 * The includer provides the integer types, as for event.h.
 */
#ifndef VFIO_OBS_AGGREGATE_H
#define VFIO_OBS_AGGREGATE_H

#include "event.h"

#ifdef __bpf__
#define vfio_obs_add(ptr, val) ((void)__sync_fetch_and_add((ptr), (val)))
#define vfio_obs_or(ptr, val) ((void)__sync_fetch_and_or((ptr), (val)))
#else
#define vfio_obs_add(ptr, val) ((void)(*(ptr) += (val)))
#define vfio_obs_or(ptr, val) ((void)(*(ptr) |= (val)))
#endif

/* Known to the compiler: to ask costs more than to add 0. */
#define vfio_obs_is_0(x) (__builtin_constant_p(x) && !(x))

/*
 * Log-linear histogram of nanoseconds: below 32 one bucket a nanosecond, then 32 equal buckets
 * an octave up to 2^40 ns (18 minutes); longer goes into the last. A bucket is at most 1/32 of
 * its lower edge wide, so its middle is within 1.6 % of any value in it.
 */
#define VFIO_HIST_SUB_BITS 5
#define VFIO_HIST_SUB (1U << VFIO_HIST_SUB_BITS)
#define VFIO_HIST_TOP_BIT 39
#define VFIO_HIST_BUCKETS (VFIO_HIST_SUB * (VFIO_HIST_TOP_BIT - VFIO_HIST_SUB_BITS + 2))
/* Buckets that share one bit of vfio_op_stats.touched: those of an octave. */
#define VFIO_HIST_CHUNK VFIO_HIST_SUB
_Static_assert(VFIO_HIST_BUCKETS / VFIO_HIST_CHUNK <= 64, "a bit for each chunk");

/* Position of the highest set bit of a byte. BPF has no instruction for it. */
#define VFIO_MSB_2(n) n, n
#define VFIO_MSB_4(n) VFIO_MSB_2(n), VFIO_MSB_2(n)
#define VFIO_MSB_8(n) VFIO_MSB_4(n), VFIO_MSB_4(n)
#define VFIO_MSB_16(n) VFIO_MSB_8(n), VFIO_MSB_8(n)
#define VFIO_MSB_32(n) VFIO_MSB_16(n), VFIO_MSB_16(n)
#define VFIO_MSB_64(n) VFIO_MSB_32(n), VFIO_MSB_32(n)
static const __u8 vfio_msb_of_byte[256] = {
	0, 0, VFIO_MSB_2(1), VFIO_MSB_4(2), VFIO_MSB_8(3), VFIO_MSB_16(4), VFIO_MSB_32(5),
	VFIO_MSB_64(6), VFIO_MSB_64(7), VFIO_MSB_64(7),
};

/* Of a @byte. The compiler knows that it is one; the verifier may have lost track. */
static inline __attribute__((always_inline)) __u32 vfio_msb(__u64 byte)
{
#ifdef __bpf__
	asm volatile("%0 &= 0xff" : "+r"(byte));
#endif
	return vfio_msb_of_byte[byte];
}

/* Bucket of @ns, always below VFIO_HIST_BUCKETS. Quickest below 2^16 ns, as most durations are. */
static inline __attribute__((always_inline)) __u32 vfio_hist_index(__u64 ns)
{
	__u32 shift;

	if (ns < VFIO_HIST_SUB)
		return ns;
	if (ns < 1ULL << 8)
		shift = vfio_msb(ns) - VFIO_HIST_SUB_BITS;
	else if (ns < 1ULL << 16)
		shift = vfio_msb(ns >> 8) + 8 - VFIO_HIST_SUB_BITS;
	else if (ns < 1ULL << 24)
		shift = vfio_msb(ns >> 16) + 16 - VFIO_HIST_SUB_BITS;
	else if (ns < 1ULL << 32)
		shift = vfio_msb(ns >> 24) + 24 - VFIO_HIST_SUB_BITS;
	else if (ns < 1ULL << (VFIO_HIST_TOP_BIT + 1))
		shift = vfio_msb(ns >> 32) + 32 - VFIO_HIST_SUB_BITS;
	else
		return VFIO_HIST_BUCKETS - 1;
	/* What is left of @ns begins with the bit that counts one octave more. */
	return (shift << VFIO_HIST_SUB_BITS) + (__u32)(ns >> shift);
}

/* Lower edge in ns of bucket @i; vfio_hist_lower(i + 1) is its upper edge. */
static inline __u64 vfio_hist_lower(__u32 i)
{
	__u32 shift;

	if (i < 2 * VFIO_HIST_SUB)
		return i;
	shift = (i >> VFIO_HIST_SUB_BITS) - 1;
	return (__u64)(VFIO_HIST_SUB + (i & (VFIO_HIST_SUB - 1))) << shift;
}

/* Failures with one errno. */
struct vfio_errno_count {
	__u64 count;
	__u32 err; /* positive; 0: the entry is free, as are those behind it */
	__u32 pad;
};
#define VFIO_OBS_ERRNOS 8

/*
 * One operation of one container, since the container was first seen.
 * @errors:  calls that returned below 0
 * @errnos:  of these, by errno; kinds beyond VFIO_OBS_ERRNOS are in @errors only
 * @unknown: calls whose duration is unknown; they are in @count but not in the histogram
 * @bytes:   of successful calls (MAP, UNMAP, DMA_RW; MAP of unreadable structures is not in it)
 * @pages:   of successful calls (PIN, UNPIN)
 * @touched: bit i: buckets from i * VFIO_HIST_CHUNK on may be above 0, those of clear bits are 0;
 *           most operations use a few of the chunks, so readers need not look at the others
 * @hist:    calls by duration; a 32-bit bucket wraps after 2^32 calls between two readings
 */
struct vfio_op_stats {
	__u64 id;
	__u32 op;
	__u32 pad;
	__u64 count;
	__u64 errors;
	__u64 unknown;
	__u64 sum_ns;
	__u64 max_ns;
	__u64 bytes;
	__u64 pages;
	__u64 touched;
	struct vfio_errno_count errnos[VFIO_OBS_ERRNOS];
	__u32 hist[VFIO_HIST_BUCKETS];
};

/*
 * What user space cannot derive from operation statistics alone, per container.
 * @mapped_bytes: sum of successful MAPs minus what UNMAPs gave back; 0 after the last detach
 * @pinned_pages: pages pinned by vfio_pin_pages and not yet unpinned; 0 after the last detach
 */
struct vfio_gauges {
	__s64 mapped_bytes;
	__s64 pinned_pages;
};

/*
 * What one event means for the statistics. @op is VFIO_OP_NONE when it completes no operation;
 * @bytes and @pages mean something unless @ret is an error.
 */
struct vfio_outcome {
	__u32 op;
	__s64 ret;
	__u64 duration;
	__u64 bytes;
	__u64 pages;
};

/*
 * A function that is hardly ever called. In BPF the verifier looks into it once, by itself (hence
 * it may be called with NULL), not once for each way that leads there.
 */
#ifdef __bpf__
#define VFIO_OBS_RARE __attribute__((noinline))
#else
#define VFIO_OBS_RARE static inline
#endif

/* @ns may be the longest of all. */
VFIO_OBS_RARE int vfio_op_stats_max(struct vfio_op_stats *s, __u64 ns)
{
	if (!s)
		return 0;
#ifdef __bpf__
	/* Bounded for the verifier; each failed try means that another CPU stored a maximum. */
	for (int i = 0; i < 8; i++) {
		__u64 max = *(volatile __u64 *)&s->max_ns;

		if (ns <= max || __sync_val_compare_and_swap(&s->max_ns, max, ns) == max)
			break;
	}
#else
	s->max_ns = ns;
#endif
	return 0;
}

/* Account the duration @ns of one call. */
static inline __attribute__((always_inline)) void
vfio_op_stats_time(struct vfio_op_stats *s, __u64 ns)
{
	__u32 bucket = vfio_hist_index(ns);

	vfio_obs_add(&s->sum_ns, ns);
#ifdef __bpf__
	/* Always true, but the verifier of 6.1 cannot see it, and the compiler must not. */
	__asm__ volatile("" : "+r"(bucket));
	if (bucket < VFIO_HIST_BUCKETS) {
		/* Marked before the first call is counted: who finds one need not mark. */
		if (!*(volatile __u32 *)&s->hist[bucket])
			vfio_obs_or(&s->touched, 1ULL << bucket / VFIO_HIST_CHUNK);
		vfio_obs_add(&s->hist[bucket], 1);
	}
#else
	s->touched |= 1ULL << bucket / VFIO_HIST_CHUNK;
	s->hist[bucket]++;
#endif
	if (ns > *(volatile __u64 *)&s->max_ns)
		vfio_op_stats_max(s, ns);
}

/* A failed call; @ret is below 0. */
VFIO_OBS_RARE int vfio_op_stats_fail(struct vfio_op_stats *s, __s64 ret)
{
	__u32 err = -ret, was;

	if (!s)
		return 0;
	vfio_obs_add(&s->errors, 1);
#ifdef __bpf__
#pragma unroll
#endif
	for (int i = 0; i < VFIO_OBS_ERRNOS; i++) {
		struct vfio_errno_count *e = &s->errnos[i];

#ifdef __bpf__
		was = *(volatile __u32 *)&e->err;
		if (!was)
			was = __sync_val_compare_and_swap(&e->err, 0, err);
#else
		was = e->err;
		if (!was)
			e->err = err;
#endif
		if (was && was != err)
			continue;
		vfio_obs_add(&e->count, 1);
		break;
	}
	return 0;
}

/* The count comes last: who sees it changed finds everything else of the call there too. */
static inline __attribute__((always_inline)) void
vfio_op_stats_add(struct vfio_op_stats *s, const struct vfio_outcome *o)
{
	if (o->ret < 0) {
		vfio_op_stats_fail(s, o->ret);
	} else {
		if (!vfio_obs_is_0(o->bytes))
			vfio_obs_add(&s->bytes, o->bytes);
		if (!vfio_obs_is_0(o->pages))
			vfio_obs_add(&s->pages, o->pages);
	}
	if (o->duration == VFIO_OBS_UNKNOWN)
		vfio_obs_add(&s->unknown, 1);
	else
		vfio_op_stats_time(s, o->duration);
	vfio_obs_add(&s->count, 1);
}

/* The operation of an ioctl event. */
static inline __attribute__((always_inline)) __u32 vfio_ioctl_op(__u32 cmd)
{
	if (cmd == VFIO_CMD_MAP_DMA)
		return VFIO_OP_MAP;
	if (cmd == VFIO_CMD_UNMAP_DMA)
		return VFIO_OP_UNMAP;
	return VFIO_OP_IOCTL;
}

/*
 * vfio_outcome_of - what the event in @rec means; @type is passed apart so that it folds to a
 * constant in BPF. Only rec->w is read.
 */
static inline __attribute__((always_inline)) struct vfio_outcome
vfio_outcome_of(__u32 type, const struct vfio_rec *rec)
{
	struct vfio_outcome o = { .op = VFIO_OP_NONE, .duration = VFIO_OBS_UNKNOWN };

	switch (type) {
	case VFIO_EV_OPEN:
		o.op = VFIO_OP_OPEN;
		o.ret = vfio_w(rec, OPEN, ret);
		break;
	case VFIO_EV_ATTACH:
		o.op = VFIO_OP_ATTACH;
		o.ret = vfio_w(rec, ATTACH, ret);
		o.duration = vfio_w(rec, ATTACH, duration);
		break;
	case VFIO_EV_DETACH:
		o.op = VFIO_OP_DETACH;
		o.duration = vfio_w(rec, DETACH, duration);
		break;
	case VFIO_EV_SET_IOMMU:
		o.op = VFIO_OP_SET_IOMMU;
		o.ret = vfio_w(rec, SET_IOMMU, ret);
		o.duration = vfio_w(rec, SET_IOMMU, duration);
		break;
	case VFIO_EV_CHECK_EXTENSION:
		o.op = VFIO_OP_CHECK_EXTENSION;
		o.ret = vfio_w(rec, CHECK_EXTENSION, ret);
		break;
	case VFIO_EV_IOCTL:
		o.op = vfio_ioctl_op(vfio_w(rec, IOCTL, cmd));
		o.ret = vfio_w(rec, IOCTL, ret);
		o.duration = vfio_w(rec, IOCTL, duration);
		/* With the VADDR flag (bit 2 of either) nothing is mapped or unmapped. */
		if (o.op != VFIO_OP_IOCTL && vfio_w(rec, IOCTL, known) &&
		    !(vfio_w(rec, IOCTL, flags) & 4))
			o.bytes = vfio_w(rec, IOCTL, size);
		break;
	case VFIO_EV_PIN:
		o.op = VFIO_OP_PIN;
		o.ret = vfio_w(rec, PIN, ret);
		o.duration = vfio_w(rec, PIN, duration);
		o.pages = o.ret; /* when that is no error */
		break;
	case VFIO_EV_UNPIN:
		o.op = VFIO_OP_UNPIN;
		o.duration = vfio_w(rec, UNPIN, duration);
		o.pages = vfio_w(rec, UNPIN, npage);
		break;
	case VFIO_EV_DMA_RW:
		o.op = VFIO_OP_DMA_RW;
		o.ret = vfio_w(rec, DMA_RW, ret);
		o.duration = vfio_w(rec, DMA_RW, duration);
		o.bytes = vfio_w(rec, DMA_RW, len);
		break;
	}
	return o;
}

/* vfio_gauges_apply - bring the gauges of a container up to date with one event. */
static inline __attribute__((always_inline)) void
vfio_gauges_apply(struct vfio_gauges *g, __u32 type, const struct vfio_rec *rec,
		  const struct vfio_outcome *o)
{
	if (type == VFIO_EV_DETACH && vfio_w(rec, DETACH, groups) == 0) {
		/* The backend's data went with its last group, mappings and pins with it. */
		g->mapped_bytes = 0;
		g->pinned_pages = 0;
		return;
	}
	if (o->ret < 0)
		return;
	if (o->op == VFIO_OP_MAP)
		vfio_obs_add(&g->mapped_bytes, (__s64)o->bytes);
	else if (o->op == VFIO_OP_UNMAP)
		vfio_obs_add(&g->mapped_bytes, -(__s64)o->bytes);
	else if (o->op == VFIO_OP_PIN)
		vfio_obs_add(&g->pinned_pages, (__s64)o->pages);
	else if (o->op == VFIO_OP_UNPIN)
		vfio_obs_add(&g->pinned_pages, -(__s64)o->pages);
}

#endif
