// SPDX-License-Identifier: GPL-2.0-only
/*
 * model_group.c - calls on group and device files, by group: from the events of scope HOOK
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "model_group.h"
#include "model_op.h"
#include "xalloc.h"

/* A recording may name any group: this many calls of groups are told apart. */
#define MAX_CALLS 8192

const char *model_group_call__key(enum model_group_call_kind kind)
{
	static const char *const keys[] = {
#define CALL(ENUM, key) #key,
		MODEL_GROUP_CALLS(CALL)
#undef CALL
	};

	return keys[kind];
}

static enum model_group_call_kind kind_of_ioctl(__u32 cmd)
{
	switch (cmd) {
	case VFIO_CMD_GROUP_GET_STATUS:
		return MODEL_GROUP_CALL_STATUS;
	case VFIO_CMD_GROUP_SET_CONTAINER:
		return MODEL_GROUP_CALL_SET_CONTAINER;
	case VFIO_CMD_GROUP_UNSET_CONTAINER:
		return MODEL_GROUP_CALL_UNSET_CONTAINER;
	case VFIO_CMD_GROUP_GET_DEVICE_FD:
		return MODEL_GROUP_CALL_DEVICE_FD;
	}
	return MODEL_GROUP_CALL_IOCTL;
}

/* What @rec says: group and kind go to @key. False: it is no such call. */
static bool read_call(const struct vfio_rec *rec, struct model_group_call *key,
		      struct vfio_outcome *o)
{
	*o = (struct vfio_outcome){ .op = VFIO_OP_NONE, .duration = VFIO_OBS_UNKNOWN };
	switch (rec->type) {
	case VFIO_EV_GROUP_OPEN:
		key->kind = MODEL_GROUP_CALL_OPEN;
		key->group = vfio_w(rec, GROUP_OPEN, group);
		o->ret = vfio_w(rec, GROUP_OPEN, ret);
		return true;
	case VFIO_EV_GROUP_CLOSE:
		key->kind = MODEL_GROUP_CALL_CLOSE;
		key->group = vfio_w(rec, GROUP_CLOSE, group);
		return true;
	case VFIO_EV_GROUP_IOCTL:
		key->kind = kind_of_ioctl(vfio_w(rec, GROUP_IOCTL, cmd));
		key->group = vfio_w(rec, GROUP_IOCTL, group);
		o->ret = vfio_w(rec, GROUP_IOCTL, ret);
		o->duration = vfio_w(rec, GROUP_IOCTL, duration);
		return true;
	case VFIO_EV_CLAIM_DMA_OWNER:
		key->kind = MODEL_GROUP_CALL_CLAIM;
		key->group = vfio_w(rec, CLAIM_DMA_OWNER, group);
		o->ret = vfio_w(rec, CLAIM_DMA_OWNER, ret);
		o->duration = vfio_w(rec, CLAIM_DMA_OWNER, duration);
		return true;
	case VFIO_EV_DEVICE_CLOSE:
		key->kind = MODEL_GROUP_CALL_DEVICE_CLOSE;
		key->group = vfio_w(rec, DEVICE_CLOSE, group);
		o->duration = vfio_w(rec, DEVICE_CLOSE, duration);
		return true;
	}
	return false;
}

/* Where @key is or belongs. */
static size_t place_of(const struct model_group_calls *calls, const struct model_group_call *key)
{
	size_t low = 0, high = calls->n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct model_group_call *at = &calls->list[middle];

		if (at->group < key->group || (at->group == key->group && at->kind < key->kind))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct model_group_call *get(struct model_group_calls *calls,
				    const struct model_group_call *key)
{
	size_t i = place_of(calls, key);

	if (i < calls->n && calls->list[i].group == key->group && calls->list[i].kind == key->kind)
		return &calls->list[i];
	if (calls->n == MAX_CALLS)
		return NULL;
	calls->list = xreallocarray(calls->list, calls->n + 1, sizeof(*calls->list));
	memmove(&calls->list[i + 1], &calls->list[i], (calls->n - i) * sizeof(*calls->list));
	calls->n++;
	calls->list[i] = *key;
	calls->list[i].op = model_op__create();
	return &calls->list[i];
}

void model_group_calls__add(struct model_group_calls *calls, const struct vfio_rec *rec)
{
	struct model_group_call key = { 0 }, *call;
	struct vfio_outcome o;

	if (!read_call(rec, &key, &o))
		return;
	call = get(calls, &key);
	if (!call) {
		calls->left_out++;
		return;
	}
	model_op__add(call->op, &o);
	if (o.ret >= 0)
		return;
	call->failed_tgid = rec->tgid;
	memcpy(call->failed_comm, rec->comm, sizeof(call->failed_comm));
	call->failed_comm[sizeof(call->failed_comm) - 1] = '\0';
	call->failed_device[0] = '\0';
	if (key.kind == MODEL_GROUP_CALL_DEVICE_FD)
		memcpy(call->failed_device, &vfio_w(rec, GROUP_IOCTL, device),
		       sizeof(call->failed_device));
	call->failed_device[sizeof(call->failed_device) - 1] = '\0';
}

struct model_group_calls model_group_calls__copy(const struct model_group_calls *calls)
{
	struct model_group_calls copy = *calls;

	copy.list = xmemdup(calls->list, calls->n, sizeof(*calls->list));
	for (size_t i = 0; i < copy.n; i++)
		copy.list[i].op = model_op__copy(calls->list[i].op);
	return copy;
}

void model_group_calls__clear(struct model_group_calls *calls)
{
	for (size_t i = 0; i < calls->n; i++)
		model_op__destroy(calls->list[i].op);
	free(calls->list);
	*calls = (struct model_group_calls){ 0 };
}
