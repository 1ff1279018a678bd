// SPDX-License-Identifier: GPL-2.0-only
/*
 * tui.c - the terminal: ncurses, colours, keys, and leaving it as it was found
 *
 * Called by vfiotop's loop only.
 */
#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "lib/error.h"
#include "lib/view_screen.h"
#include "lib/xalloc.h"
#include "tui.h"

#define WHEEL_LINES 3

struct tui {
	SCREEN *screen;
	FILE *keys;
	bool own_keys; /* @keys was opened here */
	bool blocks; /* the terminal has characters for parts of bars */
	bool gone;
	int row, col; /* of the last click */
	int wheel;    /* lines that the wheel was turned, and are not told yet; below 0 upwards */
	attr_t attrs[VIEW_N_ATTRS];
};

/*
 * What a crash handler needs to put the terminal back with nothing but write() and tcsetattr().
 * The one piece of global state: a signal handler is given no context.
 */
static struct {
	volatile sig_atomic_t armed;
	struct termios mode;
	char reset[128];
	size_t reset_size;
} rescue;

static const int crash_signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };

static void rescue_terminal(void)
{
	if (!rescue.armed)
		return;
	rescue.armed = 0;
	(void)!write(STDOUT_FILENO, rescue.reset, rescue.reset_size);
	tcsetattr(STDOUT_FILENO, TCSADRAIN, &rescue.mode);
}

static void on_crash(int signal)
{
	rescue_terminal();
	raise(signal); /* SA_RESETHAND: the default action now */
}

static void rescue_add(const char *capability)
{
	size_t n;

	/* -1: the capability is of another kind. */
	if (!capability || capability == (char *)-1)
		return;
	n = strlen(capability);
	if (rescue.reset_size + n > sizeof(rescue.reset))
		return;
	memcpy(rescue.reset + rescue.reset_size, capability, n);
	rescue.reset_size += n;
}

/* Before ncurses changes the mode. */
static void rescue_save(void)
{
	static bool at_exit;

	tcgetattr(STDOUT_FILENO, &rescue.mode);
	if (!at_exit)
		atexit(rescue_terminal);
	at_exit = true;
}

/* When the terminal is known. */
static void rescue_arm(bool no_mouse)
{
	struct sigaction action = { .sa_handler = on_crash, .sa_flags = SA_RESETHAND };

	rescue.reset_size = 0;
	rescue_add(exit_attribute_mode);
	rescue_add(cursor_normal);
	rescue_add(keypad_local);
	rescue_add(exit_ca_mode);
	/* ncurses has switched it on, in whichever of the two ways the terminal knows. */
	if (key_mouse && !no_mouse)
		rescue_add("\033[?1006l\033[?1000l");
	rescue.armed = 1;
	for (size_t i = 0; i < ARRAY_SIZE(crash_signals); i++)
		sigaction(crash_signals[i], &action, NULL);
}

static void rescue_disarm(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	rescue.armed = 0;
	for (size_t i = 0; i < ARRAY_SIZE(crash_signals); i++)
		sigaction(crash_signals[i], &action, NULL);
}

static void set_attrs(struct tui *tui, enum tui_color color)
{
	static const short shades[VIEW_SHADES] = { COLOR_BLUE, COLOR_CYAN, COLOR_YELLOW,
						   COLOR_RED };
	const char *no_color = getenv("NO_COLOR");

	tui->attrs[VIEW_BOLD] = A_BOLD;
	tui->attrs[VIEW_DIM] = A_DIM;
	tui->attrs[VIEW_HEAD] = A_REVERSE;
	tui->attrs[VIEW_SORTED] = A_BOLD | A_UNDERLINE;
	tui->attrs[VIEW_SELECTED] = A_REVERSE | A_BOLD;
	tui->attrs[VIEW_ALERT] = A_BOLD;
	if (color == TUI_COLOR_NEVER || (color == TUI_COLOR_AUTO && no_color && no_color[0]))
		return;
	if (!has_colors() || start_color() == ERR)
		return;
	use_default_colors();
	init_pair(1, COLOR_RED, -1);
	init_pair(2, COLOR_CYAN, -1);
	tui->attrs[VIEW_ALERT] |= COLOR_PAIR(1);
	tui->attrs[VIEW_BOLD] |= COLOR_PAIR(2);
	for (size_t i = 0; i < ARRAY_SIZE(shades); i++) {
		init_pair(3 + i, shades[i], -1);
		tui->attrs[VIEW_SHADE_1 + i] = COLOR_PAIR(3 + i);
	}
}

static FILE *open_keys(bool *own)
{
	int fd;

	*own = !isatty(STDIN_FILENO);
	if (!*own)
		return stdin;
	fd = open("/dev/tty", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? NULL : fdopen(fd, "r");
}

static void close_keys(struct tui *tui)
{
	if (tui->own_keys && tui->keys)
		fclose(tui->keys);
}

struct tui *tui__open(const struct tui_options *options, char *err, size_t err_size)
{
	const char *term = getenv("TERM");
	struct tui *tui = xcalloc(1, sizeof(*tui));

	tui->keys = open_keys(&tui->own_keys);
	if (!tui->keys) {
		error__set(err, err_size,
			   "cannot read keys: neither standard input nor /dev/tty is a terminal; "
			   "use -b for plain text or --json");
		goto fail;
	}
	rescue_save();
	/* Of the locale nothing but its characters: numbers stay as they are. */
	setlocale(LC_CTYPE, "");
	tui->blocks = !options->ascii && !strcmp(nl_langinfo(CODESET), "UTF-8");
	tui->screen = newterm(NULL, stdout, tui->keys);
	if (!tui->screen) {
		if (term && term[0])
			error__set(err, err_size,
				   "cannot draw on this terminal: terminfo does not know TERM '%s'; "
				   "set TERM, or use -b for plain text",
				   term);
		else
			error__set(err, err_size,
				   "cannot draw on this terminal: TERM is not set; set it, or use "
				   "-b for plain text");
		goto fail;
	}
	rescue_arm(options->no_mouse);
	cbreak();
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	if (!options->no_mouse) {
		mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
		mouseinterval(0); /* a click is told at once, and never a double one */
	}
	set_escdelay(50);
	curs_set(0);
	set_attrs(tui, options->color);
	return tui;
fail:
	close_keys(tui);
	free(tui);
	return NULL;
}

void tui__close(struct tui *tui)
{
	if (!tui)
		return;
	endwin();
	rescue_disarm();
	delscreen(tui->screen);
	close_keys(tui);
	free(tui);
}

int tui__fd(const struct tui *tui)
{
	return fileno(tui->keys);
}

bool tui__alive(const struct tui *tui)
{
	return !tui->gone;
}

static int translate(int key)
{
	static const struct {
		int curses, key;
	} keys[] = {
		{ KEY_UP, VIEW_KEY_UP },	 { KEY_DOWN, VIEW_KEY_DOWN },
		{ KEY_PPAGE, VIEW_KEY_PAGE_UP }, { KEY_NPAGE, VIEW_KEY_PAGE_DOWN },
		{ KEY_HOME, VIEW_KEY_HOME },	 { KEY_END, VIEW_KEY_END },
		{ KEY_LEFT, VIEW_KEY_LEFT },	 { KEY_RIGHT, VIEW_KEY_RIGHT },
		{ KEY_ENTER, VIEW_KEY_ENTER },	 { '\r', VIEW_KEY_ENTER },
		{ '\n', VIEW_KEY_ENTER },	 { '\t', VIEW_KEY_TAB },
		{ KEY_BTAB, VIEW_KEY_BACK_TAB }, { KEY_BACKSPACE, VIEW_KEY_BACKSPACE },
		{ '\b', VIEW_KEY_BACKSPACE },	 { 127, VIEW_KEY_BACKSPACE },
		{ KEY_F(4), VIEW_KEY_FILTER },
		{ KEY_F(1), VIEW_KEY_HELP },	 { KEY_F(10), VIEW_KEY_QUIT },
		{ 27, VIEW_KEY_ESCAPE },	 { KEY_RESIZE, VIEW_KEY_RESIZE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].curses == key)
			return keys[i].key;
	return key >= ' ' && key <= '~' ? key : VIEW_KEY_OTHER;
}

/* One of the lines that the wheel was turned. */
static int turn(struct tui *tui)
{
	bool up = tui->wheel < 0;

	tui->wheel += up ? 1 : -1;
	return up ? VIEW_KEY_UP : VIEW_KEY_DOWN;
}

static int mouse_key(struct tui *tui)
{
	MEVENT event;

	if (getmouse(&event) == ERR)
		return VIEW_KEY_OTHER;
	tui->row = event.y;
	tui->col = event.x;
	if (event.bstate & BUTTON1_PRESSED)
		return VIEW_KEY_CLICK;
	if (!(event.bstate & (BUTTON4_PRESSED | BUTTON5_PRESSED)))
		return VIEW_KEY_OTHER;
	tui->wheel = event.bstate & BUTTON4_PRESSED ? -WHEEL_LINES : WHEEL_LINES;
	return turn(tui);
}

void tui__click(const struct tui *tui, int *row, int *col)
{
	*row = tui->row;
	*col = tui->col;
}

int tui__key(struct tui *tui)
{
	int waiting = 0, key;

	if (tui->wheel)
		return turn(tui);
	errno = 0;
	key = getch();
	if (key == KEY_MOUSE)
		return mouse_key(tui);
	if (key != ERR)
		return translate(key);
	/* A terminal that hung up is readable and has nothing to read, for ever. */
	if (errno == EIO || ioctl(tui__fd(tui), FIONREAD, &waiting))
		tui->gone = true;
	return VIEW_KEY_NONE;
}

void tui__size(struct tui *tui, int *rows, int *cols)
{
	struct winsize size;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row && size.ws_col &&
	    is_term_resized(size.ws_row, size.ws_col)) {
		resizeterm(size.ws_row, size.ws_col);
		clearok(curscr, TRUE);
	}
	*rows = LINES > 0 ? LINES : 1;
	*cols = COLS > 0 ? COLS : 1;
}

/* U+258F, a left eighth, to U+2588, a full block; U+2591 to U+2593, which are shaded. */
static wchar_t block_of(char ch)
{
	int shade = view_canvas__shade_of(ch);

	if (!shade)
		return 0x2588 + VIEW_BAR_FULL - ch;
	return shade == VIEW_SHADES ? 0x2588 : 0x2590 + shade;
}

static void paint_cell(const struct tui *tui, int row, int col, const struct view_cell *cell)
{
	if (cell->ch < ' ' && tui->blocks) {
		wchar_t block[2] = { block_of(cell->ch) };

		attrset(tui->attrs[cell->attr]);
		mvaddwstr(row, col, block);
		attrset(A_NORMAL);
		return;
	}
	mvaddch(row, col, (unsigned char)view_canvas__ascii(cell->ch) | tui->attrs[cell->attr]);
}

void tui__paint(struct tui *tui, const struct view_canvas *canvas)
{
	erase();
	for (int row = 0; row < canvas->rows && row < LINES; row++) {
		for (int col = 0; col < canvas->cols && col < COLS; col++) {
			const struct view_cell *cell =
				&canvas->cells[(size_t)row * canvas->cols + col];

			if (cell->ch != ' ' || cell->attr)
				paint_cell(tui, row, col, cell);
		}
	}
	refresh();
}
