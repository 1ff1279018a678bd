// SPDX-License-Identifier: GPL-2.0-only
/*
 * source_live.c - choosing between the live sources
 *
 * A source fits when it could really attach.
 */
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "source.h"

bool source_live__parse(const char *name, enum source_live_kind *kind)
{
	static const char *const names[] = {
		[SOURCE_LIVE_AUTO] = "auto",
		[SOURCE_LIVE_TP] = "tp",
		[SOURCE_LIVE_FENTRY] = "fentry",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(name, names[i])) {
			*kind = i;
			return true;
		}
	}
	return false;
}

struct source *source_live__open(enum source_live_kind kind, const struct source_live_opts *opts,
				 char *err, size_t err_size)
{
	char no_tp[512], no_fentry[512];
	struct source *source;

	if (kind == SOURCE_LIVE_TP)
		return source_tp__open(opts, err, err_size);
	if (kind == SOURCE_LIVE_FENTRY)
		return source_fentry__open(opts, err, err_size);
	source = source_tp__open(opts, no_tp, sizeof(no_tp));
	if (!source)
		source = source_fentry__open(opts, no_fentry, sizeof(no_fentry));
	if (source)
		return source;
	/* What hinders both is said once. */
	if (!strcmp(no_tp, no_fentry))
		error__set(err, err_size, "%s", no_tp);
	else
		error__set(err, err_size, "%s. Without tracepoints: %s", no_tp, no_fentry);
	return NULL;
}
