// SPDX-License-Identifier: GPL-2.0-only
/*
 * anonymise.c - a recording's names, numbers and addresses, replaced by others
 *
 * Whatever is not known to be harmless is replaced or left out: only the fields that event_list.h
 * names are carried over, and only the texts that are listed here.
 */
#include <ctype.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "anonymise.h"
#include "event.h"
#include "vfio_obs/record.h"
#include "xalloc.h"

/* New numbers begin here, so that they are seen to be no real ones. */
#define FIRST_PID 1000001
#define FIRST_GROUP 1001
/* No group is known. */
#define NO_GROUP (~0U)
/* What an event keeps of a device's name. */
#define NAME_KEPT (VFIO_OBS_STR_LEN - 1)
#define UNMAP_ALL 2U /* uapi/linux/vfio.h: VFIO_DMA_UNMAP_FLAG_ALL, without an address */

/* What has numbers of its own. */
enum kind { PID, CGROUP_ID, GROUP, COMM, VM, UUID, POD, CONTAINER, UNIT, CGROUP, PCI_SLOT, DEVICE,
	    KINDS };

/* Something that was there, and the how manieth of its kind it is. */
struct known {
	enum kind kind;
	__u64 number; /* 0 of a text */
	__u32 index;  /* from 0 */
	char text[];
};

struct anonymise {
	__u64 iova_shift, vaddr_shift;
	struct source_sink to;
	void *index; /* tsearch() tree of struct known */
	__u32 count[KINDS];
	const struct known *last[KINDS];
};

static int compare(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return strcmp(x->text, y->text);
}

/* The how manieth of its @kind @number or @text is, the other being 0 or "". */
static __u32 index_of(struct anonymise *anonymise, enum kind kind, __u64 number, const char *text)
{
	const struct known *last = anonymise->last[kind];
	struct known *key, **found;

	if (last && last->number == number && !strcmp(last->text, text))
		return last->index;
	key = xcalloc(1, sizeof(*key) + strlen(text) + 1);
	key->kind = kind;
	key->number = number;
	key->index = anonymise->count[kind];
	strcpy(key->text, text);
	found = xalloc__check(tsearch(key, &anonymise->index, compare));
	if (*found == key)
		anonymise->count[kind]++;
	else
		free(key);
	anonymise->last[kind] = *found;
	return (*found)->index;
}

/* Numbers */

static __u32 pid_of(struct anonymise *anonymise, __u32 pid)
{
	return pid ? FIRST_PID + index_of(anonymise, PID, pid, "") : 0;
}

static __u64 cgroup_of(struct anonymise *anonymise, __u64 cgroup)
{
	return cgroup ? 1 + index_of(anonymise, CGROUP_ID, cgroup, "") : 0;
}

static __u32 group_of(struct anonymise *anonymise, __u32 group)
{
	return group == NO_GROUP ? group : FIRST_GROUP + index_of(anonymise, GROUP, group, "");
}

/* Texts: each writes to @to, of @size bytes, with zeros behind its end. */

/* "" stays "". */
static void name_it(struct anonymise *anonymise, enum kind kind, const char *text, char *to,
		    size_t size)
{
	/* A UUID looks like one. */
	static const struct {
		const char *prefix;
		int digits;
	} names[KINDS] = {
		[COMM] = { "task-", 1 },
		[VM] = { "name-", 1 },
		[UUID] = { "00000000-0000-4000-8000-", 12 },
		[POD] = { "00000000-0000-4000-9000-", 12 },
		[CONTAINER] = { "container-", 1 },
		[UNIT] = { "unit-", 1 },
		[CGROUP] = { "/cgroup-", 1 },
		[DEVICE] = { "device-", 1 },
	};
	__u32 number = *text ? 1 + index_of(anonymise, kind, 0, text) : 0;

	memset(to, 0, size);
	if (number)
		snprintf(to, size, "%s%0*u", names[kind].prefix, names[kind].digits, number);
}

static void name_task(struct anonymise *anonymise, char *comm)
{
	char text[VFIO_OBS_COMM_LEN];

	snprintf(text, sizeof(text), "%.*s", VFIO_OBS_COMM_LEN - 1, comm);
	name_it(anonymise, COMM, text, comm, VFIO_OBS_COMM_LEN);
}

static bool is_bdf(const char *name)
{
	unsigned int domain, bus, slot, function;
	int end = 0;

	return sscanf(name, "%x:%2x:%2x.%1x%n", &domain, &bus, &slot, &function, &end) == 4 &&
	       !name[end];
}

/* A device keeps the number of its function, so that those of one card stay together. */
static void name_bdf(struct anonymise *anonymise, const char *name, char *to, size_t size)
{
	char slot[NAME_KEPT + 1];
	__u32 index;

	snprintf(slot, sizeof(slot), "%.*s", (int)(strrchr(name, '.') - name), name);
	index = index_of(anonymise, PCI_SLOT, 0, slot);
	memset(to, 0, size);
	snprintf(to, size, "f%03x:%02x:%02x.%c", index >> 13 & 0xfff, index >> 5 & 0xff,
		 index & 0x1f, name[strlen(name) - 1]);
}

/* @from, of at most VFIO_OBS_TEXT_MAX bytes, is a whole name or what an event keeps of it. */
static void name_device(struct anonymise *anonymise, const char *from, char *to, size_t size)
{
	char name[NAME_KEPT + 1];

	snprintf(name, sizeof(name), "%.*s", NAME_KEPT, from);
	if (is_bdf(name))
		name_bdf(anonymise, name, to, size);
	else
		name_it(anonymise, DEVICE, name, to, size);
}

/* Events */

static void change_vaddr(const struct anonymise *anonymise, __u64 *vaddr)
{
	if (*vaddr) /* UNMAP_DMA has none */
		*vaddr += anonymise->vaddr_shift;
}

/* Of an ioctl without a structure that was read, these say nothing. */
static void change_ioctl(const struct anonymise *anonymise, __u64 cmd, __u64 known, __u64 flags,
			 __u64 *iova, __u64 *vaddr)
{
	if (!known) {
		*iova = 0;
		*vaddr = 0;
		return;
	}
	if (*iova || vfio_ioctl_op(cmd) != VFIO_OP_UNMAP || !(flags & UNMAP_ALL))
		*iova += anonymise->iova_shift;
	change_vaddr(anonymise, vaddr);
}

static void change_addresses(const struct anonymise *anonymise, struct vfio_rec *rec)
{
#define CASE(ENUM)                                                                                 \
	case VFIO_EV_##ENUM:                                                                       \
		vfio_w(rec, ENUM, iova) += anonymise->iova_shift;                                  \
		break
#define CASE_IOCTL(ENUM)                                                                           \
	case VFIO_EV_##ENUM:                                                                       \
		change_ioctl(anonymise, vfio_w(rec, ENUM, cmd), vfio_w(rec, ENUM, known),          \
			     vfio_w(rec, ENUM, flags), &vfio_w(rec, ENUM, iova),                   \
			     &vfio_w(rec, ENUM, vaddr));                                           \
		break
	switch (rec->type) {
	CASE(PIN_START);
	CASE(PIN);
	CASE(UNPIN_START);
	CASE(UNPIN);
	CASE(DMA_RW_START);
	CASE(DMA_RW);
	CASE_IOCTL(IOCTL_START);
	CASE_IOCTL(IOCTL);
	}
#undef CASE
#undef CASE_IOCTL
}

/* A text of an event: the name of a device, or of a backend, which is kept. */
static void change_text(struct anonymise *anonymise, const struct event_field *field, __u64 *words)
{
	char text[VFIO_OBS_STR_LEN] = "", new[VFIO_OBS_STR_LEN] = "";

	snprintf(text, sizeof(text), "%.*s", VFIO_OBS_STR_LEN - 1, (const char *)words);
	if (!strcmp(field->name, "backend"))
		memcpy(new, text, strlen(text));
	else
		name_device(anonymise, text, new, sizeof(new));
	memcpy(words, new, sizeof(new));
}

/* Fields as event_list.h has them; what else is in the words is left out. */
static void change_fields(struct anonymise *anonymise, struct vfio_rec *rec)
{
	const struct event_desc *desc = event__desc(rec->type);
	__u64 words[VFIO_OBS_WORDS] = { 0 };

	for (unsigned int i = 0; i < desc->n_fields; i++) {
		const struct event_field *field = &desc->fields[i];
		__u64 *to = &words[field->word];

		*to = rec->w[field->word];
		if (field->ctype == EVENT_CTYPE_str) {
			memcpy(to, &rec->w[field->word], VFIO_OBS_STR_LEN);
			change_text(anonymise, field, to);
		} else if (!strcmp(field->name, "group")) {
			*to = group_of(anonymise, *to);
		}
	}
	memcpy(rec->w, words, sizeof(words));
}

static void on_event(void *ctx, const struct vfio_rec *rec)
{
	struct anonymise *anonymise = ctx;
	struct vfio_rec new = *rec;

	new.cgroup = cgroup_of(anonymise, rec->cgroup);
	new.tgid = pid_of(anonymise, rec->tgid);
	new.pid = pid_of(anonymise, rec->pid);
	name_task(anonymise, new.comm);
	change_addresses(anonymise, &new);
	change_fields(anonymise, &new);
	anonymise->to.event(anonymise->to.ctx, &new);
}

/* What is told beside the events */

static void on_existing(void *ctx, const struct source_existing *existing)
{
	struct anonymise *anonymise = ctx;
	struct source_existing new = *existing;
	struct source_group *groups = xcalloc(existing->n_listed, sizeof(*groups));

	for (__u32 i = 0; i < existing->n_listed; i++)
		groups[i] = (struct source_group){
			group_of(anonymise, existing->groups[i].number), existing->groups[i].type,
		};
	new.groups = groups;
	new.cgroup = cgroup_of(anonymise, existing->cgroup);
	new.tgid = pid_of(anonymise, existing->tgid);
	name_task(anonymise, new.comm);
	anonymise->to.existing(anonymise->to.ctx, &new);
	free(groups);
}

static void on_table(void *ctx, const struct source_table *table)
{
	struct anonymise *anonymise = ctx;
	struct vfio_mapping *list = xcalloc(table->n, sizeof(*list));
	struct source_table new = *table;

	for (__u32 i = 0; i < table->n; i++) {
		list[i] = table->list[i];
		list[i].iova += anonymise->iova_shift;
		change_vaddr(anonymise, &list[i].vaddr);
	}
	new.list = list;
	anonymise->to.table(anonymise->to.ctx, &new);
	free(list);
}

static void on_owner(void *ctx, __u64 id, const struct source_owner *owner)
{
	static const enum kind kinds[VFIO_OWNER_TEXTS] = {
		[VFIO_OWNER_NAME_TEXT] = VM,
		[VFIO_OWNER_UUID_TEXT] = UUID,
		[VFIO_OWNER_POD_TEXT] = POD,
		[VFIO_OWNER_CONTAINER_TEXT] = CONTAINER,
		[VFIO_OWNER_UNIT_TEXT] = UNIT,
		[VFIO_OWNER_CGROUP_TEXT] = CGROUP,
	};
	struct anonymise *anonymise = ctx;
	struct source_owner new = *owner;
	char to[VFIO_OWNER_TEXTS][64];

	new.tgid = pid_of(anonymise, owner->tgid);
	for (int i = 0; i < VFIO_OWNER_TEXTS; i++) {
		if (i == VFIO_OWNER_RUNTIME_TEXT || i == VFIO_OWNER_WHY_TEXT)
			continue;
		name_it(anonymise, kinds[i], owner->text[i], to[i], sizeof(to[i]));
		new.text[i] = to[i];
	}
	if (*owner->text[VFIO_OWNER_WHY_TEXT]) /* has pids and paths in it */
		new.text[VFIO_OWNER_WHY_TEXT] = "why was left out with the names";
	anonymise->to.owner(anonymise->to.ctx, id, &new);
}

static void on_group(void *ctx, const struct source_group_info *group)
{
	struct anonymise *anonymise = ctx;
	struct source_group_info new = *group;
	struct source_device *devices = xcalloc(group->n_listed, sizeof(*devices));
	char (*names)[2][32] = xcalloc(group->n_listed, sizeof(*names));

	for (__u32 i = 0; i < group->n_listed; i++) {
		const struct source_device *from = &group->devices[i];

		devices[i] = *from; /* ids, driver and model are kept */
		name_device(anonymise, from->text[VFIO_DEVICE_NAME], names[i][0],
			    sizeof(names[i][0]));
		name_device(anonymise, from->text[VFIO_DEVICE_PARENT], names[i][1],
			    sizeof(names[i][1]));
		devices[i].text[VFIO_DEVICE_NAME] = names[i][0];
		devices[i].text[VFIO_DEVICE_PARENT] = names[i][1];
	}
	new.number = group_of(anonymise, group->number);
	new.devices = devices;
	anonymise->to.group(anonymise->to.ctx, &new);
	free(devices);
	free(names);
}

static void on_loss(void *ctx, const struct source_loss *loss)
{
	struct anonymise *anonymise = ctx;

	anonymise->to.loss(anonymise->to.ctx, loss);
}

/* Sentences of these tools, without names. */
static void on_gap(void *ctx, enum source_gap gap, __u64 ts_ns, const char *why)
{
	struct anonymise *anonymise = ctx;

	anonymise->to.gap(anonymise->to.ctx, gap, ts_ns, why);
}

struct source_sink anonymise__sink(struct anonymise *anonymise)
{
	return (struct source_sink){
		.ctx = anonymise,
		.existing = on_existing,
		.table = on_table,
		.owner = on_owner,
		.group = on_group,
		.event = on_event,
		.loss = on_loss,
		.gap = on_gap,
	};
}

struct anonymise *anonymise__create(__u64 iova_shift, __u64 vaddr_shift,
				    const struct source_sink *to)
{
	struct anonymise *anonymise = xcalloc(1, sizeof(*anonymise));

	anonymise->iova_shift = iova_shift;
	anonymise->vaddr_shift = vaddr_shift;
	anonymise->to = *to;
	return anonymise;
}

void anonymise__destroy(struct anonymise *anonymise)
{
	if (!anonymise)
		return;
	tdestroy(anonymise->index, free);
	free(anonymise);
}

void anonymise__header(struct record_header *header)
{
	bool part = *header->made; /* with options that may name a process */

	memset(header->host, 0, sizeof(header->host));
	snprintf(header->host, sizeof(header->host), "anonymised");
	memset(header->boot_id, 0, sizeof(header->boot_id));
	memset(header->made, 0, sizeof(header->made));
	snprintf(header->made, sizeof(header->made), "%sanonymised", part ? "cut or merged, " : "");
	header->flags |= RECORD_ANONYMISED;
}
