// SPDX-License-Identifier: GPL-2.0-only
/*
 * record_trigger.c - what makes a flight recorder write a file
 */
#include <stdio.h>
#include <string.h>

#include "event.h"
#include "event_filter.h"
#include "fmt.h"
#include "owner_text.h"
#include "record_trigger.h"

static bool parse_word(const char *word, struct record_trigger *trigger)
{
	if (!strcmp(word, "error"))
		trigger->failed = true;
	else if (!strcmp(word, "signal"))
		trigger->signal = true;
	else if (!strncmp(word, "slow=", 5))
		return event_filter__parse_duration(word + 5, &trigger->slow_ns);
	else
		return false;
	return true;
}

bool record_trigger__parse(const char *text, struct record_trigger *trigger)
{
	char word[64];

	for (;;) {
		size_t len = strcspn(text, ",");

		if (len >= sizeof(word))
			return false;
		memcpy(word, text, len);
		word[len] = '\0';
		if (!parse_word(word, trigger))
			return false;
		if (!text[len])
			return true;
		text += len + 1;
	}
}

bool record_trigger__any(const struct record_trigger *trigger)
{
	return trigger->failed || trigger->signal || trigger->slow_ns;
}

bool record_trigger__match(const struct record_trigger *trigger, const struct vfio_rec *rec)
{
	__u64 duration;

	if (trigger->failed && event__ret(rec) < 0)
		return true;
	if (!trigger->slow_ns)
		return false;
	duration = event__duration(rec);
	return duration != VFIO_OBS_UNKNOWN && duration >= trigger->slow_ns;
}

char *record_trigger__what(const struct vfio_rec *rec, char *buf, size_t size)
{
	const char *key = event__key(event__desc(rec->type)), *error = event__error(rec);
	char took[FMT_MAX];

	if (error)
		snprintf(buf, size, "%s failed: %s", key, error);
	else if (event__ret(rec) < 0)
		snprintf(buf, size, "%s failed: %lld", key, event__ret(rec));
	else
		snprintf(buf, size, "%s took %s", key,
			 fmt_latency(took, sizeof(took), event__duration(rec)));
	return buf;
}

char *record_trigger__whose(const struct vfio_rec *rec, const struct source_owner *owner, char *buf,
			    size_t size)
{
	char id[FMT_MAX], of[128] = "";

	if (owner)
		owner_text__short(owner, of, sizeof(of));
	if (rec->id)
		snprintf(buf, size, "container %s%s%s (%.*s, pid %u)",
			 fmt_container(id, sizeof(id), rec->id), *of ? ", " : "", of,
			 VFIO_OBS_COMM_LEN, rec->comm, rec->tgid);
	else
		snprintf(buf, size, "%.*s (pid %u)", VFIO_OBS_COMM_LEN, rec->comm, rec->tgid);
	return buf;
}
