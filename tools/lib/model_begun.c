// SPDX-License-Identifier: GPL-2.0-only
/*
 * model_begun.c - operations that have begun and not returned
 */
#include <stdlib.h>
#include <string.h>

#include "model_begun.h"
#include "xalloc.h"

/* More than any host has at a time; a recording may claim anything. */
#define MAX_BEGUN 1024

void model_begun__set(struct model_begun *begun, const struct source_begun *list, size_t n)
{
	free(begun->list);
	begun->list = xmemdup(list, n, sizeof(*list));
	begun->n = n;
}

void model_begun__clear(struct model_begun *begun)
{
	free(begun->list);
	*begun = (struct model_begun){ 0 };
}

void model_begun__forget(struct model_begun *begun, __u32 ops)
{
	size_t kept = 0;

	for (size_t i = 0; i < begun->n; i++)
		if (!(ops >> begun->list[i].op & 1))
			begun->list[kept++] = begun->list[i];
	begun->n = kept;
}

struct model_begun model_begun__copy(const struct model_begun *begun)
{
	struct model_begun copy = *begun;

	copy.list = xmemdup(begun->list, begun->n, sizeof(*begun->list));
	return copy;
}

/* What @rec begins; false: nothing that is kept. */
static bool begin_of(const struct vfio_rec *rec, struct source_begun *to)
{
	*to = (struct source_begun){
		.id = rec->id, .start_ns = rec->ts_ns, .tgid = rec->tgid, .pid = rec->pid,
	};
	memcpy(to->comm, rec->comm, sizeof(to->comm));
	to->comm[sizeof(to->comm) - 1] = '\0';
	switch (rec->type) {
	case VFIO_EV_ATTACH_START:
		to->op = VFIO_OP_ATTACH;
		to->arg[0] = vfio_w(rec, ATTACH_START, group);
		return true;
	case VFIO_EV_SET_IOMMU_START:
		to->op = VFIO_OP_SET_IOMMU;
		return true;
	case VFIO_EV_IOCTL_START:
		to->op = vfio_ioctl_op(vfio_w(rec, IOCTL_START, cmd));
		to->arg[0] = vfio_w(rec, IOCTL_START, iova);
		to->arg[1] = vfio_w(rec, IOCTL_START, size);
		return true;
	}
	return false;
}

static bool is_end(const struct vfio_rec *rec)
{
	return rec->type == VFIO_EV_ATTACH || rec->type == VFIO_EV_SET_IOMMU ||
	       rec->type == VFIO_EV_IOCTL;
}

/* A task is inside of one at a time. */
static void remove_of(struct model_begun *begun, __u32 pid)
{
	for (size_t i = 0; i < begun->n; i++) {
		if (begun->list[i].pid != pid)
			continue;
		begun->n--;
		memmove(&begun->list[i], &begun->list[i + 1],
			(begun->n - i) * sizeof(*begun->list));
		return;
	}
}

void model_begun__event(struct model_begun *begun, const struct vfio_rec *rec)
{
	struct source_begun one;

	if (is_end(rec)) {
		remove_of(begun, rec->pid);
		return;
	}
	if (!begin_of(rec, &one))
		return;
	begun->known = true;
	remove_of(begun, rec->pid); /* its end was lost */
	if (begun->n == MAX_BEGUN)
		return;
	begun->list = xreallocarray(begun->list, begun->n + 1, sizeof(*begun->list));
	begun->list[begun->n++] = one;
}
