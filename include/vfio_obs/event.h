/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event.h - event and operation numbers, and the record that carries one event
 *
 * Shared by bpf/ (fills records) and tools/ (reads them). Everything here follows from
 * event_list.h. The includer provides __u16/__u32/__u64 (<linux/types.h> or vmlinux.h).
 */
#ifndef VFIO_OBS_EVENT_H
#define VFIO_OBS_EVENT_H

#include "event_list.h"

#define VFIO_OBS_COMM_LEN 16
#define VFIO_OBS_STR_LEN 24 /* "vfio-iommu-type1" has 16 letters */
/* Words of a record's payload: the ioctl event has the most fields, a str field takes three. */
#define VFIO_OBS_WORDS 10

/* A duration or a value that the kernel side could not know; never a number to calculate with. */
#define VFIO_OBS_UNKNOWN (~0ULL)
/* The slot of a container that got none (the numbers had run out). */
#define VFIO_OBS_NO_SLOT (~0U)

enum vfio_obs_event {
#define EV(ENUM, name, scope, op, help) VFIO_EV_##ENUM,
	VFIO_OBS_EVENTS(EV)
#undef EV
	VFIO_EV_COUNT
};

enum vfio_obs_op {
#define OP(ENUM, key, timed, help) VFIO_OP_##ENUM,
	VFIO_OBS_OPS(OP)
#undef OP
	VFIO_OP_COUNT,
	VFIO_OP_NONE = VFIO_OP_COUNT
};

enum vfio_obs_ioctl {
#define V(number, name) VFIO_CMD_##name = number,
	VFIO_OBS_VALUES_ioctl_cmd(V)
#undef V
};

/*
 * Word of each field inside vfio_rec.w: VFIO_W_<EVENT>_<field>. A str takes three words, so the
 * field behind it starts three later.
 */
#define VFIO_OBS_WORDS_OF_u32 1
#define VFIO_OBS_WORDS_OF_u64 1
#define VFIO_OBS_WORDS_OF_s64 1
#define VFIO_OBS_WORDS_OF_bool 1
#define VFIO_OBS_WORDS_OF_str (VFIO_OBS_STR_LEN / 8)

/*
 * One event. Written by BPF, kept in rings and recordings, read by sources and the model.
 * @ts_ns:  CLOCK_BOOTTIME when the event fired (at the end of an operation)
 * @seq:    per CPU, from 0, no gaps unless records were lost
 * @id:     the container, 0 for events without one
 * @cgroup: cgroup id (v2) of the acting task, 0 unknown
 * @tgid, @pid: acting task in the initial pid namespace: not always the container's owner
 * @w:      the fields of event_list.h in their order; s64 as two's complement, str NUL-terminated
 */
struct vfio_rec {
	__u64 ts_ns;
	__u64 seq;
	__u64 id;
	__u64 cgroup;
	__u32 tgid;
	__u32 pid;
	__u32 slot;
	__u16 type;
	__u16 cpu;
	char comm[VFIO_OBS_COMM_LEN];
	__u64 w[VFIO_OBS_WORDS];
};

_Static_assert(sizeof(struct vfio_rec) == 144, "vfio_rec is a file and ring format");

/* Word numbers, generated: struct with one char per word, so that offsetof() is the number. */
#define F(name, ctype, show, help) char name[VFIO_OBS_WORDS_OF_##ctype];
#define EV(ENUM, name, scope, op, help)                                                            \
	struct vfio_words_##ENUM {                                                                 \
		VFIO_OBS_FIELDS_##ENUM(F)                                                          \
	};                                                                                         \
	_Static_assert(sizeof(struct vfio_words_##ENUM) <= VFIO_OBS_WORDS, #name);
VFIO_OBS_EVENTS(EV)
#undef EV
#undef F

/* vfio_w(rec, IOCTL, size): the value of a field as __u64; an lvalue. */
#define vfio_w(rec, ENUM, field)                                                                   \
	((rec)->w[__builtin_offsetof(struct vfio_words_##ENUM, field)])

#endif
