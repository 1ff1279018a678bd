/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * batch_text.h - what vfiotop -b prints of a frame, as a string for tests
 */
#ifndef BATCH_TEXT_H
#define BATCH_TEXT_H

#include <stdio.h>
#include <stdlib.h>

#include "lib/view_batch.h"

/* To be freed. */
static inline char *batch_text(const struct view_frame *frame)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	view_batch__print(out, frame, &(struct view_choice){ 0 });
	fclose(out);
	return text;
}

#endif
