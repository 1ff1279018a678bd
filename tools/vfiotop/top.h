/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * top.h - vfiotop's loop: source to model to view, until something ends it
 */
#ifndef VFIOTOP_TOP_H
#define VFIOTOP_TOP_H

#include "lib/source.h"
#include "options.h"

/*
 * top__run - shows @source as @options say. Blocks the signals that end it, for good.
 * Returns the program's exit status; what went wrong has been printed. @source stays the
 * caller's; a recording's must be a source_paced. @loader: see enrich__ask(); NULL none.
 */
int top__run(const struct options *options, struct source *source, struct loader *loader);

#endif
