// SPDX-License-Identifier: GPL-2.0-only
/*
 * stack_opts.c - of which operations the call stacks are kept, as the user says it
 */
#include <stdlib.h>
#include <string.h>

#include "event_filter.h"
#include "stack_opts.h"

/* An entry takes some 4 KB in the kernel. */
#define DEFAULT_LIMIT 1024
#define MAX_LIMIT 16384
#define DEFAULT_SLOW_NS 10000000ULL

#define OPS_PIN (1U << VFIO_OP_PIN | 1U << VFIO_OP_MAP)

static bool parse_limit(const char *text, __u32 *limit)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	*limit = value;
	return *text >= '0' && *text <= '9' && !*end && value && value <= MAX_LIMIT;
}

static bool parse_one(const char *word, struct source_stack_opts *opts)
{
	if (!strcmp(word, "pin"))
		opts->ops |= OPS_PIN;
	else if (!strcmp(word, "failed"))
		opts->failed = true;
	else if (!strcmp(word, "slow"))
		opts->slow_ns = DEFAULT_SLOW_NS;
	else if (!strncmp(word, "slow=", 5))
		return event_filter__parse_duration(word + 5, &opts->slow_ns);
	else if (!strncmp(word, "limit=", 6))
		return parse_limit(word + 6, &opts->limit);
	else
		return false;
	return true;
}

bool stack_opts__parse(const char *text, struct source_stack_opts *opts)
{
	char words[128], *left = words, *word;

	*opts = (struct source_stack_opts){ .limit = DEFAULT_LIMIT };
	if (text && strlen(text) >= sizeof(words))
		return false;
	strcpy(words, text ? text : "pin");
	while ((word = strsep(&left, ",")))
		if (!parse_one(word, opts))
			return false;
	if (!source_stack_opts__any(opts)) /* a limit alone */
		opts->ops = OPS_PIN;
	return true;
}
