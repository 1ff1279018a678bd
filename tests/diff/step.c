// SPDX-License-Identifier: GPL-2.0-only
/* Steps as text; called by vfio-diff.c. */
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

char *put_text(char *at, const char *text)
{
	while (*text)
		*at++ = *text++;
	return at;
}

static char *put_number(char *at, uint64_t value, unsigned int base)
{
	char digits[24];
	int nr = 0;

	do {
		digits[nr++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (nr)
		*at++ = digits[--nr];
	return at;
}

char *put_decimal(char *at, long value)
{
	if (value < 0)
		*at++ = '-';
	return put_number(at, value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
}

char *put_hex(char *at, uint64_t value)
{
	return put_number(at, value, 16);
}

static char *put_file(char *at, int file)
{
	if (file >= FILE_NONE)
		return put_text(at, " none");
	if (file == FILE_NULL)
		return put_text(at, " null");
	if (file < FILE_GROUP)
		return put_decimal(put_text(at, " c"), file);
	if (file < FILE_DEVICE)
		return put_decimal(put_text(at, " g"), file - FILE_GROUP);
	at = put_decimal(put_text(at, " d"), (file - FILE_DEVICE) / NR_DEVICE_FILES);
	return put_decimal(put_text(at, "."), (file - FILE_DEVICE) % NR_DEVICE_FILES);
}

char *put_step(char *at, const struct step *step)
{
	int nr = op_args(step->op), i;

	at = put_text(put_text(at, step->in_child ? "child: " : ""), op_names[step->op]);
	if (step->op < OP_CAPS && step->op != OP_CLOSE_DUP)
		at = put_file(at, step->file);
	if (step->op == OP_SET_CONTAINER || step->op == OP_GET_DEVICE)
		at = put_file(at, step->other);
	for (i = 0; i < nr; i++) {
		at = put_text(put_text(at, " "), arg_names[step->op][i]);
		at = put_hex(put_text(at, "="), step->arg[i]);
	}
	return put_text(at, where_names[step->where]);
}
