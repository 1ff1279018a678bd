/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model_group.h - calls on group and device files, by group: from the events of scope HOOK
 *
 * Part of the model: fed by model.c, read by views and reports through model__group_calls().
 */
#ifndef VFIO_OBS_MODEL_GROUP_H
#define VFIO_OBS_MODEL_GROUP_H

#include <linux/types.h>
#include <stddef.h>

#include "vfio_obs/event.h"

/* The order in which a user makes them. CALL(ENUM, json key) */
#define MODEL_GROUP_CALLS(CALL)                                                                    \
	CALL(OPEN, open) CALL(STATUS, get_status) CALL(SET_CONTAINER, set_container)               \
	CALL(CLAIM, claim_dma_owner) CALL(DEVICE_FD, get_device_fd) CALL(IOCTL, other_ioctl)       \
	CALL(DEVICE_CLOSE, device_close) CALL(UNSET_CONTAINER, unset_container)                    \
	CALL(CLOSE, close)

enum model_group_call_kind {
#define CALL(ENUM, key) MODEL_GROUP_CALL_##ENUM,
	MODEL_GROUP_CALLS(CALL)
#undef CALL
	MODEL_GROUP_CALL_KINDS
};

/*
 * @group:  number of the IOMMU group, ~0 unknown
 * @op:     counts, durations and errnos; of opens and closes no duration is known
 * @failed_tgid, @failed_comm: the task of the last call that failed, 0 none did
 * @failed_device: the device that it named, "" none or unknown
 */
struct model_group_call {
	__u32 group;
	enum model_group_call_kind kind;
	struct model_op *op;
	__u32 failed_tgid;
	char failed_comm[VFIO_OBS_COMM_LEN];
	char failed_device[VFIO_OBS_STR_LEN];
};

/* Sorted by group, then kind. Zeroed memory is an empty one. */
struct model_group_calls {
	struct model_group_call *list;
	size_t n;
	__u64 left_out; /* calls that are in no entry, as there are too many groups */
};

/* "set_container" */
const char *model_group_call__key(enum model_group_call_kind kind);
/* Count @rec, of any type, if it is such a call. */
void model_group_calls__add(struct model_group_calls *calls, const struct vfio_rec *rec);
struct model_group_calls model_group_calls__copy(const struct model_group_calls *calls);
void model_group_calls__clear(struct model_group_calls *calls);

#endif
