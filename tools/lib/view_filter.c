// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_filter.c - which containers and events are shown
 *
 * Asked for every container at every key, so what is likely and cheap comes first.
 */
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "event.h"
#include "field.h"
#include "fmt.h"
#include "view_filter.h"

static char small(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

bool view_filter__set(struct view_filter *filter, const char *text)
{
	struct view_filter set = { 0 };
	bool inside = false;

	if (strlen(text) >= sizeof(set.text))
		return false;
	strcpy(set.text, text);
	for (size_t i = 0; text[i]; i++) {
		bool is_word = text[i] != ' ';

		if (is_word && !inside) {
			if (set.n == VIEW_FILTER_WORDS)
				return false;
			set.at[set.n++] = i;
		}
		set.words[i] = is_word ? small(text[i]) : '\0';
		inside = is_word;
	}
	*filter = set;
	return true;
}

static bool begins(const char *text, const char *word)
{
	while (*word && small(*text) == *word) {
		text++;
		word++;
	}
	return !*word;
}

static bool has(const char *text, const char *word)
{
	for (; *text; text++)
		if (small(*text) == *word && begins(text, word))
			return true;
	return false;
}

/* The start of the number: who types it sees what is left. */
static bool begins_number(__u64 number, const char *word)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", number);
	return begins(text, word);
}

static bool is_id(__u64 id, const char *word)
{
	char text[FMT_MAX];

	field__format_uint(UNIT_ID, id, text, sizeof(text));
	return !strcmp(text, word);
}

static bool has_number(const struct model_container *c, const char *word)
{
	if (is_id(c->id, word) || (c->tgid && begins_number(c->tgid, word)))
		return true;
	for (size_t i = 0; i < c->n_groups; i++)
		if (begins_number(c->groups[i].number, word))
			return true;
	return false;
}

static bool has_device(const struct view_frame *frame, const struct model_container *c,
		       const char *word)
{
	static const enum vfio_device_text texts[] = { VFIO_DEVICE_NAME, VFIO_DEVICE_VENDOR,
						       VFIO_DEVICE_MODEL };

	for (size_t i = 0; i < c->n_groups; i++) {
		const struct source_group_info *info =
			model__group(frame->model, c->groups[i].number);

		for (__u32 d = 0; info && d < info->n_listed; d++)
			for (size_t t = 0; t < ARRAY_SIZE(texts); t++)
				if (has(info->devices[d].text[texts[t]], word))
					return true;
	}
	return false;
}

static bool has_errno(const struct model_container *c, const char *word)
{
	for (int op = 0; op < VFIO_OP_COUNT; op++) {
		for (__u32 i = 0; c->op[op] && i < c->op[op]->n_errnos; i++) {
			const char *name = event__errno_name(c->op[op]->errnos[i].err);

			if (name && begins(name, word))
				return true;
		}
	}
	return false;
}

/* Every UUID and hash has any short number somewhere: only names that people gave. */
static bool has_owner_number(const struct source_owner *owner, const char *word)
{
	bool is_hash = owner->kind == VFIO_OWNER_POD || owner->kind == VFIO_OWNER_CONTAINER ||
		       owner->kind == VFIO_OWNER_KATA;

	return (!is_hash && has(owner->text[VFIO_OWNER_NAME_TEXT], word)) ||
	       has(owner->text[VFIO_OWNER_UNIT_TEXT], word);
}

static bool has_owner(const struct source_owner *owner, const char *word)
{
	if (!owner)
		return false;
	if (!word[strspn(word, "0123456789")])
		return has_owner_number(owner, word);
	for (int i = 0; i < VFIO_OWNER_TEXTS; i++)
		if (has(owner->text[i], word))
			return true;
	return false;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool has_word(const struct view_frame *frame, const struct model_container *c,
		     const char *word)
{
	return has(c->comm, word) || (is_digit(*word) && has_number(c, word)) ||
	       has_owner(c->owner, word) || has_device(frame, c, word);
}

bool view_filter__container(const struct view_filter *filter, const struct view_frame *frame,
			    const struct model_container *c)
{
	for (size_t i = 0; i < filter->n; i++) {
		const char *word = &filter->words[filter->at[i]];

		if (!has_word(frame, c, word) && !(word[0] == 'e' && has_errno(c, word)))
			return false;
	}
	return true;
}

bool view_filter__event(const struct view_filter *filter, const struct view_frame *frame,
			const struct model_container *c, __u32 tgid, const char *line)
{
	for (size_t i = 0; i < filter->n; i++) {
		const char *word = &filter->words[filter->at[i]];

		if (!has(line, word) && !(is_digit(*word) && begins_number(tgid, word)) &&
		    !(c && has_word(frame, c, word)))
			return false;
	}
	return true;
}
