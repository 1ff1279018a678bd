// SPDX-License-Identifier: GPL-2.0-only
/*
 * config.c - the configuration file: where it is, its lines, replacing it
 *
 * Called by options.c and by vfiotop's loop.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "lib/error.h"
#include "lib/field.h"
#include "lib/saved_file.h"
#include "lib/xalloc.h"

/* With @line, or 0 of the whole file; which may be no text at all. */
static void add_problem(struct config *config, int line, const char *why)
{
	char text[PATH_MAX + CONFIG_MESSAGE], shown[PATH_MAX + CONFIG_MESSAGE];
	size_t used = config->problems ? strlen(config->problems) : 0;

	if (line)
		snprintf(text, sizeof(text), "%s:%d: %s", config->path, line, why);
	else
		snprintf(text, sizeof(text), "cannot read the configuration %s: %s; going on "
			 "without it", config->path, why);
	field__format_text(text, shown, sizeof(shown));
	config->problems = xreallocarray(config->problems, used + strlen(shown) + 2, 1);
	sprintf(config->problems + used, "%s\n", shown);
	config->n_problems++;
}

static const char foreign[] = "the file is another user's; name one with --config";

/*
 * Root with another user's HOME must not read what that one links to, nor write there. Who names a
 * file means it.
 */
static bool is_foreign(const char *path)
{
	struct stat stat;

	return !lstat(path, &stat) && stat.st_uid != geteuid();
}

void config__locate(struct config *config, const char *named)
{
	const char *folder = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char real[PATH_MAX], *path = config->path;
	int n;

	/* Paths that are not absolute do not count, as the rules say. */
	if (named)
		n = snprintf(path, PATH_MAX, "%s", named);
	else if (folder && folder[0] == '/')
		n = snprintf(path, PATH_MAX, "%s/vfiotop/config", folder);
	else
		n = snprintf(path, PATH_MAX, "%s/.config/vfiotop/config", home ? home : "");
	if (!named && !(folder && folder[0] == '/') && !(home && home[0] == '/'))
		config->why_not = "neither HOME nor XDG_CONFIG_HOME is set; name a file with --config";
	else if (n >= PATH_MAX)
		config->why_not = "the name of the file is too long; name another with --config";
	else if (!named && is_foreign(path))
		config->why_not = foreign;
	if (config->why_not == foreign)
		add_problem(config, 0, foreign);
	if (config->why_not)
		path[0] = '\0';
	/* A link to it stays one when the file is replaced. */
	else if (realpath(path, real))
		memcpy(path, real, PATH_MAX);
}

static char *trim(char *text)
{
	size_t n;

	text += strspn(text, " \t\r");
	for (n = strlen(text); n && strchr(" \t\r\n", text[n - 1]); n--)
		;
	text[n] = '\0';
	return text;
}

static void read_line(struct config *config, int number, char *text, config_line *line, void *ctx)
{
	char err[CONFIG_MESSAGE] = "", *value;

	text = trim(text);
	if (!text[0] || text[0] == '#')
		return;
	value = strchr(text, '=');
	if (!value) {
		snprintf(err, sizeof(err), "'%.40s' is no line 'key = value'", text);
	} else {
		*value++ = '\0';
		if (line(ctx, trim(text), trim(value), err, sizeof(err)))
			return;
	}
	add_problem(config, number, err);
}

static void read_lines(struct config *config, char *text, size_t size, config_line *line, void *ctx)
{
	int number = 1;

	for (char *end, *at = text; at < text + size; at = end + 1, number++) {
		end = memchr(at, '\n', text + size - at);
		if (!end)
			end = text + size;
		*end = '\0';
		if (strlen(at) != (size_t)(end - at))
			add_problem(config, number, "the line has a byte 0: is this a text?");
		else if (end - at >= CONFIG_LINE)
			add_problem(config, number, "the line is too long");
		else
			read_line(config, number, at, line, ctx);
	}
}

/* At most @size bytes; -errno. */
static ssize_t read_all(int fd, char *text, size_t size)
{
	size_t used = 0;

	while (used < size) {
		ssize_t n = read(fd, text + used, size - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		used += n;
	}
	return used;
}

void config__read(struct config *config, bool needed, config_line *line, void *ctx)
{
	char *text = xcalloc(1, CONFIG_MAX_BYTES + 1);
	struct stat stat;
	ssize_t n = 0;
	int fd, err;

	if (!config->path[0])
		goto out;
	/* A pipe in its place must not keep anybody waiting. */
	fd = open(config->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		err = errno;
		/* Where we may not look, as in the HOME of whom we were before, there is none. */
		if (needed || !lstat(config->path, &stat))
			add_problem(config, 0, strerror(err));
		goto out;
	}
	if (fstat(fd, &stat) || !S_ISREG(stat.st_mode))
		add_problem(config, 0, "it is no regular file");
	else if ((n = read_all(fd, text, CONFIG_MAX_BYTES)) < 0)
		add_problem(config, 0, strerror(-n));
	else if (n == CONFIG_MAX_BYTES)
		add_problem(config, 0, "it has 64 KiB or more");
	else
		read_lines(config, text, n, line, ctx);
	close(fd);
out:
	free(text);
}

static int begin(const struct config *config, struct loader *loader)
{
	return loader ? loader__choices_begin(loader) : saved_file__begin(config->path);
}

static int end(const struct config *config, struct loader *loader, bool whole)
{
	return loader ? loader__choices_end(loader, whole) : saved_file__end(config->path, whole);
}

static int write_all(int fd, const char *text)
{
	while (*text) {
		ssize_t n = write(fd, text, strlen(text));

		if (n < 0 && errno != EINTR)
			return -errno;
		text += n > 0 ? n : 0;
	}
	return fsync(fd) ? -errno : 0;
}

bool config__write(const struct config *config, struct loader *loader, const char *text,
		   char message[CONFIG_MESSAGE])
{
	int fd, ret, renamed;

	if (!config->path[0]) {
		snprintf(message, CONFIG_MESSAGE, "not written: %s", config->why_not);
		return false;
	}
	fd = begin(config, loader);
	ret = fd;
	if (fd >= 0) {
		ret = write_all(fd, text);
		close(fd);
		renamed = end(config, loader, !ret);
		ret = ret ? ret : renamed;
	}
	if (ret < 0) {
		error__set(message, CONFIG_MESSAGE, "cannot write %.700s: %s; --config FILE names "
			   "another", config->path,
			   ret == -EOPNOTSUPP ? "it is no regular file" : strerror(-ret));
		return false;
	}
	snprintf(message, CONFIG_MESSAGE, "written: %.900s", config->path);
	return true;
}

void config__clear(struct config *config)
{
	free(config->problems);
	config->problems = NULL;
}
