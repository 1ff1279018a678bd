/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * enrich.h - owners and devices added to what a live source tells
 *
 * Stands between a source that is live on this machine and a sink (the model, a recording's
 * writer), so that these need not look anything up and a recording has all of it.
 */
#ifndef VFIO_OBS_ENRICH_H
#define VFIO_OBS_ENRICH_H

#include "source.h"

struct enrich;
struct loader;

/*
 * enrich__create - what the source tells @out, which is copied, and behind each container and each
 * attached group what is found about them. @root: "", or where a test has made proc/ and sys/.
 */
struct enrich *enrich__create(const char *root, const struct source_sink *out);
void enrich__destroy(struct enrich *enrich);
/* See owner_lookup__ask(). */
void enrich__ask(struct enrich *enrich, struct loader *loader);

/* Give this to source__poll() instead. */
struct source_sink enrich__sink(struct enrich *enrich);

#endif
