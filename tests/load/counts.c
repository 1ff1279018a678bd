// SPDX-License-Identifier: GPL-2.0-only
/* Adding up and printing the numbers of operations; called by testdev-load.c. */
#include <inttypes.h>

#include "counts.h"

void counts_add(struct counts *sum, const struct counts *more)
{
#define X(name) sum->name += more->name;
	COUNTS(X)
#undef X
}

static void print_lines(const struct counts *counts, FILE *out)
{
#define X(name) fprintf(out, #name " %" PRIu64 "\n", counts->name);
	COUNTS(X)
#undef X
}

static void print_json(const struct counts *counts, FILE *out)
{
	const char *separator = "{";

#define X(name)									\
	fprintf(out, "%s\"" #name "\": %" PRIu64, separator, counts->name);	\
	separator = ", ";
	COUNTS(X)
#undef X
	fputs("}\n", out);
}

void counts_print(const struct counts *counts, bool json, FILE *out)
{
	if (json)
		print_json(counts, out);
	else
		print_lines(counts, out);
}
