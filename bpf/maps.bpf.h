/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * maps.bpf.h - knobs, maps and counters of the BPF objects
 *
 * Included once by each object. The sizes marked "set by user space" are placeholders: the live
 * source sets them between opening and loading.
 */
#ifndef VFIO_OBS_MAPS_BPF_H
#define VFIO_OBS_MAPS_BPF_H

#include "vfio_obs/maps.h"
#include "once.bpf.h"

const volatile struct vfio_knobs knobs = { .ring_capacity = 1 };

struct vfio_misses misses;
/* One above the highest slot in use so far: where the reader may stop looking. */
__u32 slots_used;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, VFIO_OBS_SLOTS);
	__type(key, __u32);
	__type(value, struct vfio_slot);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* set by user space */
	__type(key, __u32);
	__type(value, struct vfio_op_stats);
} pool SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, VFIO_OBS_BEGUN);
	__type(key, __u32);
	__type(value, struct vfio_begun);
} begun SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 1); /* set by user space */
	__type(value, __u32);
} free_blocks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 1); /* set by user space */
	__type(value, struct vfio_final);
} finals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* set by user space: possible CPUs */
	__type(key, __u32);
	__type(value, struct vfio_ring);
} rings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* set by user space: possible CPUs * knob_ring_capacity */
	__type(key, __u32);
	__type(value, struct vfio_rec);
} records SEC(".maps");

#endif
