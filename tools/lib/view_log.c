// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_log.c - an event of the log in words
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "event.h"
#include "field.h"
#include "fmt.h"
#include "view_log.h"

#define SEC 1000000000ULL

/* Names of numbers that this version may not know. */
static const char *name_or(const char *name, const char *instead)
{
	return name ? name : instead;
}

static void say_ioctl(const struct vfio_rec *rec, char *buf, size_t size)
{
	__u32 cmd = vfio_w(rec, IOCTL, cmd), op = vfio_ioctl_op(cmd);
	const char *name = event__value_name(event__values_ioctl_cmd, cmd);
	char bytes[FMT_MAX];

	if (op == VFIO_OP_IOCTL && name)
		snprintf(buf, size, "%s", name);
	else if (op == VFIO_OP_IOCTL)
		snprintf(buf, size, "ioctl 0x%x", cmd);
	else if (vfio_w(rec, IOCTL, known))
		snprintf(buf, size, "%s iova 0x%llx %s", name, vfio_w(rec, IOCTL, iova),
			 fmt_bytes(bytes, sizeof(bytes), vfio_w(rec, IOCTL, size)));
	else
		snprintf(buf, size, "%s, arguments unreadable", name);
}

static void say_group_ioctl(const struct vfio_rec *rec, char *buf, size_t size)
{
	__u32 cmd = vfio_w(rec, GROUP_IOCTL, cmd);
	const char *name = event__value_name(event__values_ioctl_cmd, cmd);
	char other[24], device[VFIO_OBS_STR_LEN];

	memcpy(device, &vfio_w(rec, GROUP_IOCTL, device), sizeof(device));
	device[sizeof(device) - 1] = '\0';
	snprintf(other, sizeof(other), "ioctl 0x%x", cmd);
	snprintf(buf, size, "%s%s%s of group %llu", name_or(name, other), *device ? " " : "",
		 device, vfio_w(rec, GROUP_IOCTL, group));
}

static void say_release(const struct vfio_rec *rec, char *buf, size_t size)
{
	char age[FMT_MAX];

	if (vfio_w(rec, RELEASE, age) == VFIO_OBS_UNKNOWN)
		snprintf(buf, size, "release: freed");
	else
		snprintf(buf, size, "release: freed after %s", vfio_w(rec, RELEASE, age) < SEC ?
			 fmt_latency(age, sizeof(age), vfio_w(rec, RELEASE, age)) :
			 fmt_age(age, sizeof(age), vfio_w(rec, RELEASE, age)));
}

/* With its file closed something else keeps it, or nothing. */
static void say_close(const struct vfio_rec *rec, char *buf, size_t size)
{
	__u64 refs = vfio_w(rec, CLOSE, refs);

	if (refs)
		snprintf(buf, size, "file closed, %llu reference%s left", refs,
			 refs == 1 ? "" : "s");
	else
		snprintf(buf, size, "file closed");
}

/* Any other: its name and its fields. */
static void say_other(const struct vfio_rec *rec, char *buf, size_t size)
{
	const struct event_desc *desc = event__desc(rec->type);
	char fields[VIEW_LOG_SIZE / 2];

	snprintf(buf, size, "%s %s", desc ? event__key(desc) : "event",
		 event__format(rec, fields, sizeof(fields)));
}

static void say_what(const struct vfio_rec *rec, char *buf, size_t size)
{
	switch (rec->type) {
	case VFIO_EV_OPEN:
		snprintf(buf, size, "open");
		break;
	case VFIO_EV_ATTACH:
		snprintf(buf, size, "attach group %llu (%s)", vfio_w(rec, ATTACH, group),
			 name_or(event__value_name(event__values_group_type,
						   vfio_w(rec, ATTACH, type)), "type unknown"));
		break;
	case VFIO_EV_DETACH:
		snprintf(buf, size, "detach group %llu (%s), %llu left", vfio_w(rec, DETACH, group),
			 name_or(event__value_name(event__values_detach_reason,
						   vfio_w(rec, DETACH, reason)), "reason unknown"),
			 vfio_w(rec, DETACH, groups));
		break;
	case VFIO_EV_SET_IOMMU:
		snprintf(buf, size, "set_iommu %s",
			 name_or(event__value_name(event__values_iommu_type,
						   vfio_w(rec, SET_IOMMU, type)), "type unknown"));
		break;
	case VFIO_EV_CHECK_EXTENSION:
		snprintf(buf, size, "CHECK_EXTENSION %llu",
			 vfio_w(rec, CHECK_EXTENSION, extension));
		break;
	case VFIO_EV_IOCTL:
		say_ioctl(rec, buf, size);
		break;
	case VFIO_EV_PIN:
		snprintf(buf, size, "pin %llu pages at 0x%llx, group %llu", vfio_w(rec, PIN, npage),
			 vfio_w(rec, PIN, iova), vfio_w(rec, PIN, group));
		break;
	case VFIO_EV_CLOSE:
		say_close(rec, buf, size);
		break;
	case VFIO_EV_RELEASE:
		say_release(rec, buf, size);
		break;
	case VFIO_EV_GROUP_OPEN:
		snprintf(buf, size, "open of group %llu", vfio_w(rec, GROUP_OPEN, group));
		break;
	case VFIO_EV_GROUP_IOCTL:
		say_group_ioctl(rec, buf, size);
		break;
	case VFIO_EV_CLAIM_DMA_OWNER:
		snprintf(buf, size, "claim of group %llu for user space",
			 vfio_w(rec, CLAIM_DMA_OWNER, group));
		break;
	default:
		say_other(rec, buf, size);
	}
}

/* " (12 times since 10:38:01)" */
static void say_count(const struct view_frame *frame, const struct model_log_entry *entry,
		      char *buf, size_t size)
{
	char when[FMT_MAX];

	buf[0] = '\0';
	if (entry->count < 2)
		return;
	fmt_clock(when, sizeof(when), entry->first_ns + frame->info->realtime_offset_ns, false);
	snprintf(buf, size, " (%llu times since %s)", entry->count, when);
}

void view_log__what(const struct view_frame *frame, const struct model_log_entry *entry,
		    char buf[VIEW_LOG_SIZE])
{
	char what[VIEW_LOG_SIZE - FMT_MAX - 40], count[FMT_MAX + 32];

	say_what(&entry->rec, what, sizeof(what));
	say_count(frame, entry, count, sizeof(count));
	snprintf(buf, VIEW_LOG_SIZE, "%s%s", what, count);
}

static bool has_result(unsigned int type)
{
	const struct event_desc *desc = event__desc(type);

	for (unsigned int i = 0; desc && i < desc->n_fields; i++)
		if (desc->fields[i].show == EVENT_SHOW_RET)
			return true;
	return false;
}

char *view_log__result(const struct model_log_entry *entry, char *buf, size_t size)
{
	__u64 duration = event__duration(&entry->rec);
	const char *error = event__error(&entry->rec);
	__s64 ret = event__ret(&entry->rec);

	if (error)
		snprintf(buf, size, "%s", error);
	else if (ret < 0)
		snprintf(buf, size, "%lld", ret);
	else if (duration != VFIO_OBS_UNKNOWN)
		fmt_latency(buf, size, duration);
	else
		snprintf(buf, size, "%s", has_result(entry->rec.type) ? "ok" : "");
	return buf;
}

/* Which of the events that the log is made of do not come. */
static size_t say_unseen(__u64 unseen, char *buf, size_t size)
{
	static const unsigned int types[] = {
		VFIO_EV_OPEN, VFIO_EV_ATTACH, VFIO_EV_SET_IOMMU, VFIO_EV_DETACH, VFIO_EV_CLOSE,
		VFIO_EV_RELEASE, VFIO_EV_IOCTL,
	};
	size_t used = 0;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (unseen >> types[i] & 1 && used < size)
			used += snprintf(buf + used, size - used, "%s%s", used ? ", " : "not seen: ",
					 event__key(event__desc(types[i])));
	}
	return used;
}

bool view_log__missing(const struct view_frame *frame, char buf[VIEW_LOG_SIZE])
{
	size_t used = say_unseen(frame->info->unseen, buf, VIEW_LOG_SIZE);
	bool counted = frame->info->aggregates || frame->info->unseen >> VFIO_EV_PIN & 1;

	if (counted && used < VIEW_LOG_SIZE)
		used += snprintf(buf + used, VIEW_LOG_SIZE - used, "%s%s", used ? "; " : "",
				 frame->info->aggregates ?
				 "failed pins and DMA accesses are only counted, in ERRORS" :
				 "failed pins were not recorded");
	return used > 0;
}
