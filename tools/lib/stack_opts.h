/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stack_opts.h - of which operations the call stacks are kept, as the user says it
 *
 * The options themselves are part of source_live_opts (source.h).
 */
#ifndef VFIO_OBS_STACK_OPTS_H
#define VFIO_OBS_STACK_OPTS_H

#include <stdbool.h>

#include "source.h"

/*
 * stack_opts__parse - "pin,failed,slow=10ms,limit=500": any of them, in any order. @text NULL:
 * what is kept without saying. False: not understood, and @opts is undefined.
 */
bool stack_opts__parse(const char *text, struct source_stack_opts *opts);

/* What stack_opts__parse() understands, for a message. */
#define STACK_OPTS_HELP "pin, failed, slow=TIME (10ms, 500us, 2s), limit=N (1 to 16384)"

#endif
