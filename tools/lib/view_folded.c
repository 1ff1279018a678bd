// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_folded.c - call stacks as folded lines
 */
#include <stdlib.h>
#include <string.h>

#include "field.h"
#include "view_folded.h"
#include "xalloc.h"

/* What other tools call a place that has no name, and how they mark one in the kernel. */
#define UNKNOWN "[unknown]"
#define KERNEL_SUFFIX "_[k]"

struct line {
	char *text;
	__u64 weight;
};

bool view_weight__parse(const char *name, enum view_weight *weight)
{
	static const char *const names[] = {
		[VIEW_WEIGHT_COUNT] = "count", [VIEW_WEIGHT_TIME] = "time",
		[VIEW_WEIGHT_PAGES] = "pages",
	};

	*weight = VIEW_WEIGHT_COUNT;
	for (size_t i = 0; name && i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(name, names[i])) {
			*weight = i;
			return true;
		}
	}
	return !name;
}

static __u64 weigh(const struct source_stack *stack, enum view_weight weight)
{
	switch (weight) {
	case VIEW_WEIGHT_TIME:
		return stack->sum_ns;
	case VIEW_WEIGHT_PAGES:
		return stack->pages;
	default:
		return stack->count;
	}
}

/* Semicolons part the frames, and the last space the number: neither is in a name. */
static void put_name(FILE *to, const char *name)
{
	char text[SOURCE_FUNCTION_LEN + 8];

	field__format_text(name, text, sizeof(text));
	for (char *c = text; *c; c++)
		fputc(*c == ';' ? ':' : *c == ' ' ? '_' : *c, to);
}

/* Without the place in the function: calls from anywhere in it belong together. */
static void put_frame(FILE *to, const struct source_frame *frame, const char *suffix)
{
	char module[SOURCE_MODULE_LEN + 8];

	snprintf(module, sizeof(module), "[%s]", frame->module);
	fputc(';', to);
	put_name(to, *frame->function ? frame->function : *frame->module ? module : UNKNOWN);
	fputs(suffix, to);
}

/* Frames come innermost first, the kernel's before the user's. To be freed. */
static char *fold(const struct source_stack *stack)
{
	char *text;
	size_t size;
	FILE *to = xalloc__check(open_memstream(&text, &size));

	put_name(to, stack->comm);
	for (size_t i = stack->n_kernel + stack->n_user; i > stack->n_kernel; i--)
		put_frame(to, &stack->frames[i - 1], "");
	for (size_t i = stack->n_kernel; i > 0; i--)
		put_frame(to, &stack->frames[i - 1], KERNEL_SUFFIX);
	if (!stack->n_kernel)
		fputs(";" UNKNOWN KERNEL_SUFFIX, to);
	fclose(to);
	return xalloc__check(text);
}

static int by_text(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	return strcmp(x->text, y->text);
}

size_t view_folded__print(FILE *out, const struct view_frame *frame, enum view_weight weight)
{
	const struct model_stacks *stacks = model__stacks(frame->model);
	struct line *lines = xcalloc(stacks->n + 1, sizeof(*lines));
	size_t n = 0, printed = 0;

	for (size_t i = 0; i < stacks->n; i++) {
		__u64 weighs = weigh(&stacks->list[i].stack, weight);

		if (weighs)
			lines[n++] = (struct line){ fold(&stacks->list[i].stack), weighs };
	}
	qsort(lines, n, sizeof(*lines), by_text);
	for (size_t i = 0; i < n; i++) {
		if (i + 1 < n && !by_text(&lines[i], &lines[i + 1])) {
			lines[i + 1].weight += lines[i].weight;
		} else {
			fprintf(out, "%s %llu\n", lines[i].text, lines[i].weight);
			printed++;
		}
		free(lines[i].text);
	}
	free(lines);
	return printed;
}
