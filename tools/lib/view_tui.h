/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * view_tui.h - the terminal: the only file that knows ncurses
 *
 * Puts the terminal back as it was on view_tui__close(), on exit() and when the program crashes.
 * SIGINT, SIGTERM and the like are the loop's business, which then closes.
 */
#ifndef VFIO_OBS_VIEW_TUI_H
#define VFIO_OBS_VIEW_TUI_H

#include <stdbool.h>

#include "view_canvas.h"

struct view_tui;

enum view_color { VIEW_COLOR_AUTO, VIEW_COLOR_ALWAYS, VIEW_COLOR_NEVER };

/*
 * view_tui__open - take over the terminal on standard output; keys come from standard input, or
 * from /dev/tty when that is something else. AUTO means colours unless NO_COLOR is set.
 * Only one at a time. NULL with a sentence in @err when there is no usable terminal.
 */
struct view_tui *view_tui__open(enum view_color color, char *err, size_t err_size);
void view_tui__close(struct view_tui *tui);

/* Descriptor to poll for keys. */
int view_tui__fd(const struct view_tui *tui);
/* The next key as enum view_key or a character; VIEW_KEY_NONE when none waits. */
int view_tui__key(struct view_tui *tui);
/* False: the terminal is gone. */
bool view_tui__alive(const struct view_tui *tui);

/* The terminal's size now, to be asked after SIGWINCH too. */
void view_tui__size(struct view_tui *tui, int *rows, int *cols);
void view_tui__paint(struct view_tui *tui, const struct view_canvas *canvas);

#endif
