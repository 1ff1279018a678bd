// SPDX-License-Identifier: GPL-2.0-only
/*
 * stack_opts.c - of which operations the call stacks are kept, as the user says it
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "stack_opts.h"

/* An entry takes some 4 KB in the kernel. */
#define DEFAULT_LIMIT 1024
#define MAX_LIMIT 16384
#define DEFAULT_SLOW_NS 10000000ULL

#define OPS_PIN (1U << VFIO_OP_PIN | 1U << VFIO_OP_MAP)

/* A number and nothing else before @end, which is behind it. */
static bool parse_number(const char *text, __u64 *value, char **end)
{
	errno = 0;
	*value = strtoull(text, end, 10);
	return *text >= '0' && *text <= '9' && !errno;
}

static bool parse_time(const char *text, __u64 *ns)
{
	static const struct {
		const char *name;
		__u64 ns;
	} units[] = { { "ns", 1 }, { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 } };
	char *end;

	if (!parse_number(text, ns, &end) || !*ns)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (!strcmp(end, units[i].name))
			return !__builtin_mul_overflow(*ns, units[i].ns, ns);
	return false;
}

static bool parse_limit(const char *text, __u32 *limit)
{
	__u64 value;
	char *end;

	if (!parse_number(text, &value, &end) || *end || !value || value > MAX_LIMIT)
		return false;
	*limit = value;
	return true;
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
		return parse_time(word + 5, &opts->slow_ns);
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
