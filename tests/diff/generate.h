/* SPDX-License-Identifier: GPL-2.0-only */
/* Sequences of steps, each from its own number and the seed alone. Called by vfio-diff.c. */
#ifndef VFIO_DIFF_GENERATE_H
#define VFIO_DIFF_GENERATE_H

#include "step.h"

#define MAX_STEPS	64

struct sequence {
	uint64_t number;
	int nr_steps;
	struct step steps[MAX_STEPS];
};

/* The last step is always OP_END. */
void generate(uint64_t seed, uint64_t number, struct sequence *sequence);

#endif /* VFIO_DIFF_GENERATE_H */
