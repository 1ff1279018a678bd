// SPDX-License-Identifier: GPL-2.0-only
/* Steps as text; called by vfio-diff.c. */
#include <inttypes.h>
#include <stdio.h>

#include "step.h"

static const char *const op_names[] = {
#define X(op, name, ...) [OP_##op] = name,
	STEP_OPS(X)
#undef X
};

static const char *const arg_names[NR_OPS][STEP_ARGS] = {
#define X(op, name, ...) [OP_##op] = { __VA_ARGS__ },
	STEP_OPS(X)
#undef X
};

static const char *const where_names[] = {
	[WHERE_RW] = "", [WHERE_READ_ONLY] = " @read-only", [WHERE_CUT] = " @cut",
	[WHERE_NULL] = " @null", [WHERE_NOWHERE] = " @nowhere",
};

const char *op_name(enum op op)
{
	return op_names[op];
}

int op_args(enum op op)
{
	int nr = 0;

	while (nr < STEP_ARGS && arg_names[op][nr])
		nr++;
	return nr;
}

static int file_text(int file, char *text, size_t size)
{
	if (file >= FILE_NONE)
		return snprintf(text, size, " none");
	if (file == FILE_NULL)
		return snprintf(text, size, " null");
	if (file >= FILE_DEVICE)
		return snprintf(text, size, " d%d.%d", (file - FILE_DEVICE) / NR_DEVICE_FILES,
				(file - FILE_DEVICE) % NR_DEVICE_FILES);
	if (file >= FILE_GROUP)
		return snprintf(text, size, " g%d", file - FILE_GROUP);
	return snprintf(text, size, " c%d", file);
}

size_t step_text(const struct step *step, char text[STEP_TEXT_MAX])
{
	size_t at = 0;
	int i;

	at += snprintf(text, STEP_TEXT_MAX, "%s%s", step->in_child ? "child: " : "",
		       op_names[step->op]);
	if (step->op < OP_CAPS && step->op != OP_CLOSE_DUP)
		at += file_text(step->file, text + at, STEP_TEXT_MAX - at);
	if (step->op == OP_SET_CONTAINER || step->op == OP_GET_DEVICE)
		at += file_text(step->other, text + at, STEP_TEXT_MAX - at);
	for (i = 0; i < op_args(step->op); i++)
		at += snprintf(text + at, STEP_TEXT_MAX - at, " %s=%" PRIx64,
			       arg_names[step->op][i], step->arg[i]);
	at += snprintf(text + at, STEP_TEXT_MAX - at, "%s", where_names[step->where]);
	return at;
}
