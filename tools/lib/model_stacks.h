/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model_stacks.h - from where operations are called
 *
 * Part of the model: fed by model.c, shown by the views. What is kept outlives its container.
 */
#ifndef VFIO_OBS_MODEL_STACKS_H
#define VFIO_OBS_MODEL_STACKS_H

#include <stdbool.h>
#include <stddef.h>

#include "source.h"

/*
 * One stack. Its sums are in @stack, since it was seen first.
 * @busy: time inside its calls by the length of the last refresh interval, < 0: unknown
 */
struct model_stack {
	struct source_stack stack;
	double busy;
	__u64 prev_sum_ns; /* at the last refresh */
};

/* Sorted by model_stacks__advance(): the hottest first. Zeroed memory is an empty one. */
struct model_stacks {
	struct model_stack *list;
	size_t n;
	__u64 left_out; /* stacks that others have taken the place of */
};

/* What is cumulative of @stack, which may be known already, and its frames, which are copied. */
void model_stacks__set(struct model_stacks *stacks, const struct source_stack *stack);
/* A refresh, @seconds after the last; 0: there was none. */
void model_stacks__advance(struct model_stacks *stacks, double seconds);
struct model_stacks model_stacks__copy(const struct model_stacks *stacks);
void model_stacks__clear(struct model_stacks *stacks);

#endif
