// SPDX-License-Identifier: GPL-2.0-only
/*
 * model_stacks.c - from where operations are called
 */
#include <stdlib.h>

#include "model_stacks.h"
#include "xalloc.h"

/* Of containers that are gone, too; then those that took the least time make room. */
#define MAX_STACKS 2048

static void copy_frames(struct source_stack *stack)
{
	stack->frames = xmemdup(stack->frames, stack->n_kernel + stack->n_user,
				sizeof(*stack->frames));
}

static struct model_stack *find(struct model_stacks *stacks, __u64 number)
{
	for (size_t i = 0; i < stacks->n; i++)
		if (stacks->list[i].stack.number == number)
			return &stacks->list[i];
	return NULL;
}

/* One with nothing in it: a new one, or that of the stack that took the least time. */
static struct model_stack *add(struct model_stacks *stacks)
{
	struct model_stack *least = stacks->list;

	if (stacks->n < MAX_STACKS) {
		if (!(stacks->n & (stacks->n - 1)))
			stacks->list = xreallocarray(stacks->list,
						     stacks->n ? 2 * stacks->n : 1,
						     sizeof(*stacks->list));
		return &stacks->list[stacks->n++];
	}
	for (size_t i = 1; i < stacks->n; i++)
		if (stacks->list[i].stack.sum_ns < least->stack.sum_ns)
			least = &stacks->list[i];
	stacks->left_out++;
	free((void *)least->stack.frames);
	return least;
}

void model_stacks__set(struct model_stacks *stacks, const struct source_stack *stack)
{
	struct model_stack *to = find(stacks, stack->number);

	if (!to) {
		to = add(stacks);
		*to = (struct model_stack){ .stack = *stack, .busy = -1 };
		copy_frames(&to->stack);
		return;
	}
	to->stack.count = stack->count;
	to->stack.errors = stack->errors;
	to->stack.untimed = stack->untimed;
	to->stack.sum_ns = stack->sum_ns;
	to->stack.max_ns = stack->max_ns;
	to->stack.pages = stack->pages;
}

/* By what they took since the last refresh, then in all; equal ones stay where they are. */
static int hottest_first(const void *a, const void *b)
{
	const struct model_stack *x = a, *y = b;

	if (x->busy != y->busy)
		return x->busy < y->busy ? 1 : -1;
	if (x->stack.sum_ns != y->stack.sum_ns)
		return x->stack.sum_ns < y->stack.sum_ns ? 1 : -1;
	if (x->stack.count != y->stack.count)
		return x->stack.count < y->stack.count ? 1 : -1;
	return x->stack.number < y->stack.number ? -1 : x->stack.number > y->stack.number;
}

void model_stacks__advance(struct model_stacks *stacks, double seconds)
{
	for (size_t i = 0; i < stacks->n; i++) {
		struct model_stack *s = &stacks->list[i];

		s->busy = seconds > 0 ? (s->stack.sum_ns - s->prev_sum_ns) / 1e9 / seconds : -1;
		s->prev_sum_ns = s->stack.sum_ns;
	}
	if (stacks->n)
		qsort(stacks->list, stacks->n, sizeof(*stacks->list), hottest_first);
}

struct model_stacks model_stacks__copy(const struct model_stacks *stacks)
{
	struct model_stacks copy = *stacks;

	copy.list = xmemdup_grown(stacks->list, stacks->n, sizeof(*stacks->list));
	for (size_t i = 0; i < copy.n; i++)
		copy_frames(&copy.list[i].stack);
	return copy;
}

void model_stacks__clear(struct model_stacks *stacks)
{
	for (size_t i = 0; i < stacks->n; i++)
		free((void *)stacks->list[i].stack.frames);
	free(stacks->list);
	*stacks = (struct model_stacks){ 0 };
}
