/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tui.h - the terminal: the only file that knows ncurses
 *
 * Puts the terminal back as it was on tui__close(), on exit() and when the program crashes.
 * SIGINT, SIGTERM and the like are the loop's business, which then closes.
 */
#ifndef VFIOTOP_TUI_H
#define VFIOTOP_TUI_H

#include <stdbool.h>

#include "lib/view_canvas.h"

struct tui;

enum tui_color { TUI_COLOR_AUTO, TUI_COLOR_ALWAYS, TUI_COLOR_NEVER };

/* @ascii: no character of UTF-8, whatever the locale; @no_mouse: it stays the terminal's */
struct tui_options {
	enum tui_color color;
	bool ascii, no_mouse;
};

/*
 * tui__open - take over the terminal on standard output; keys come from standard input, or
 * from /dev/tty when that is something else. AUTO means colours unless NO_COLOR is set.
 * Only one at a time. NULL with a sentence in @err when there is no usable terminal.
 */
struct tui *tui__open(const struct tui_options *options, char *err, size_t err_size);
void tui__close(struct tui *tui);

/* Descriptor to poll for keys. */
int tui__fd(const struct tui *tui);
/* The next key as enum view_key or a character; VIEW_KEY_NONE when none waits. */
int tui__key(struct tui *tui);
/* Behind VIEW_KEY_CLICK: where it was. */
void tui__click(const struct tui *tui, int *row, int *col);
/* False: the terminal is gone. */
bool tui__alive(const struct tui *tui);

/* The terminal's size now, to be asked after SIGWINCH too. */
void tui__size(struct tui *tui, int *rows, int *cols);
void tui__paint(struct tui *tui, const struct view_canvas *canvas);

#endif
