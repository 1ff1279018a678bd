// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_screen_mouse.c - what a click does, by what was drawn where
 *
 * Who draws something that a click is good for says so: a spot. Keys that the last row names are
 * read from it. Called by view_screen.c and, while they draw, by the other view_screen_*.c.
 */
#include <string.h>

#include "error.h"
#include "view_screen_priv.h"

void view_screen__spot(struct view_screen *screen, const struct view_spot *spot)
{
	if (screen->n_spots < ARRAY_SIZE(screen->spots))
		screen->spots[screen->n_spots++] = *spot;
}

void view_screen__title_spots(struct view_screen *screen, const struct view_columns *columns,
			      int row, int col)
{
	for (size_t i = 0; i < columns->n_shown; i++)
		view_screen__spot(screen, &(struct view_spot){
			.kind = VIEW_SPOT_TITLE, .row = row, .col = col + columns->shown[i].at,
			.width = columns->shown[i].width, .title = columns->shown[i].field->name,
		});
}

/* The key that a footer calls so; VIEW_KEY_NONE: it is the name of none. */
static int key_of(const char *word, size_t len)
{
	static const struct {
		const char *name;
		int key;
	} names[] = {
		{ "Enter", VIEW_KEY_ENTER }, { "Esc", VIEW_KEY_ESCAPE }, { "Space", ' ' },
		{ "Left", VIEW_KEY_LEFT },   { "Right", VIEW_KEY_RIGHT },
	};

	if (len == 1)
		return *word;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i].name) == len && !strncmp(names[i].name, word, len))
			return names[i].key;
	return VIEW_KEY_NONE;
}

/* Parts of the row are two blanks apart. */
static bool is_between(const char *text, size_t col)
{
	return text[col] == ' ' && (text[col + 1] == ' ' || !col || text[col - 1] == ' ');
}

/* Where the part of @text that @col is in begins. */
static size_t part_begin(const char *text, size_t col)
{
	while (col && !(text[col - 1] == ' ' && (col < 2 || text[col - 2] == ' ')))
		col--;
	return col;
}

/*
 * "q quit", "Left Right step": the key under @col, or the first of the part. What comes behind the
 * first word that is no key is what they do.
 */
static int key_at(const char *text, size_t col)
{
	int first = VIEW_KEY_NONE;

	if (col >= strlen(text) || is_between(text, col))
		return VIEW_KEY_NONE;
	for (size_t at = part_begin(text, col); text[at] && text[at] != ' ';) {
		size_t len = strcspn(text + at, " ");
		int key = key_of(text + at, len);

		if (key == VIEW_KEY_NONE)
			break;
		if (first == VIEW_KEY_NONE || (col >= at && col < at + len))
			first = key;
		at += len + (text[at + len] == ' ');
	}
	return first;
}

void view_screen__keep_footer(struct view_screen *screen, const struct view_canvas *canvas)
{
	screen->footer_row = canvas->rows - 1;
	screen->footer[0] = '\0';
	if (!screen->message[0] && canvas->cols < (int)sizeof(screen->footer))
		view_canvas__text(canvas, screen->footer_row, screen->footer,
				  sizeof(screen->footer));
}

/* A click on a title is what < and > lead to; one more turns the order around. */
static void sort_by(struct view_screen *screen, const char *title)
{
	const struct field *field = field__find(screen->fields, screen->n_fields, title);

	if (!field)
		return;
	screen->reverse = field == screen->sort && !screen->reverse;
	screen->sort = field;
}

static unsigned int hit(struct view_screen *screen, const struct view_spot *spot)
{
	switch (spot->kind) {
	case VIEW_SPOT_TITLE:
		sort_by(screen, spot->title);
		break;
	case VIEW_SPOT_CONTAINER:
		if (screen->has_selected && screen->selected == spot->id)
			return view_screen__key(screen, VIEW_KEY_ENTER);
		screen->has_selected = true;
		screen->selected = spot->id;
		screen->move = 0;
		break;
	case VIEW_SPOT_OP:
		if (screen->op == (enum vfio_obs_op)spot->id)
			return view_screen__key(screen, VIEW_KEY_ENTER);
		screen->op = spot->id;
		screen->move = 0;
		break;
	case VIEW_SPOT_KEY:
		return view_screen__key(screen, spot->id);
	}
	return VIEW_REDRAW;
}

unsigned int view_screen__click(struct view_screen *screen, int row, int col)
{
	const struct view_spot *spot = screen->spots;
	int key;

	if (row < 0 || col < 0)
		return VIEW_IGNORED;
	for (size_t i = 0; i < screen->n_spots; i++, spot++)
		if (spot->row == row && col >= spot->col && col < spot->col + spot->width)
			return hit(screen, spot);
	key = row == screen->footer_row ? key_at(screen->footer, col) : VIEW_KEY_NONE;
	if (key != VIEW_KEY_NONE)
		return view_screen__key(screen, key);
	/* As any key does. */
	if (!screen->message[0])
		return VIEW_IGNORED;
	screen->message[0] = '\0';
	return VIEW_REDRAW;
}
