/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * config.h - the configuration file: lines "key = value", read at the start, written by the key W
 *
 * Knows where it is and how its lines look; what the keys mean is options.c's.
 */
#ifndef VFIOTOP_CONFIG_H
#define VFIOTOP_CONFIG_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/loader.h"

enum { CONFIG_LINE = 1024, CONFIG_MESSAGE = 1024, CONFIG_MAX_BYTES = 65536 };

/*
 * @path: "" there is none, for the reason @why_not; a file that is not there is none that is read
 * @problems: sentences about what was not understood, a line each, NULL none; config__clear()
 */
struct config {
	char path[PATH_MAX];
	const char *why_not;
	char *problems;
	unsigned int n_problems;
};

/* Where it is: @named with --config, or by the rules of XDG. */
void config__locate(struct config *config, const char *named);

/* For each line: false with a sentence in @err when it is not understood. */
typedef bool config_line(void *ctx, const char *key, const char *value, char *err,
			 size_t err_size);

/*
 * config__read - gives all lines of the file to @line; what is wrong with the file or its lines is
 * in @problems then. @needed: say also that it is not there.
 */
void config__read(struct config *config, bool needed, config_line *line, void *ctx);

/* The file's text becomes @text, by @loader unless that is NULL. False, and why in @message. */
bool config__write(const struct config *config, struct loader *loader, const char *text,
		   char message[CONFIG_MESSAGE]);

void config__clear(struct config *config);

#endif
