// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - vfiotop: chooses the source and runs the loop on it
 */
#include <stdio.h>
#include <unistd.h>

#include "lib/loader.h"
#include "lib/privilege.h"
#include "lib/source.h"
#include "lib/source_paced.h"
#include "options.h"
#include "top.h"

/*
 * Rights end here: behind this, nothing but the loader has any. It is started before anything is
 * read; a replay needs none.
 */
static bool give_up_rights(const struct options *options, const struct source_live_opts *live,
			   struct loader **loader, char *err, size_t err_size)
{
	struct loader_config config = { .live = *live, .choices = options->config.path };

	if (options->file)
		return !privilege__drop(err, err_size);
	*loader = loader__start(&config, err, err_size);
	return *loader && !privilege__become_nobody(err, err_size);
}

static struct source *open_source(const struct options *options, struct loader **loader,
				  char *err, size_t err_size)
{
	struct source_live_opts live = {
		.events = source__monitor_events(),
		.aggregate = true,
		.max_overhead = options->max_overhead,
		.stacks = options->stacks,
	};
	struct source *source;

	if (!give_up_rights(options, &live, loader, err, err_size))
		return NULL;
	if (!options->file)
		return source_live__open(*loader, options->live, &live, err, err_size);
	source = source_file__open(options->file, err, err_size);
	return source ? source_paced__open(source) : NULL;
}

int main(int argc, char **argv)
{
	struct options options;
	struct loader *loader = NULL;
	struct source *source;
	struct source_info info;
	char err[1024];
	int status;

	switch (options__parse(&options, argc, argv)) {
	case OPTIONS_RUN:
		break;
	case OPTIONS_DONE:
		return 0;
	case OPTIONS_USAGE:
		return 2;
	}
	if (options__is_screen(&options) && !isatty(STDOUT_FILENO)) {
		fputs("vfiotop: cannot draw a screen: standard output is no terminal; use -b for plain "
		      "text or --json\n", stderr);
		return 2;
	}
	source = open_source(&options, &loader, err, sizeof(err));
	if (!source) {
		fprintf(stderr, "vfiotop: %s\n", err);
		loader__stop(loader);
		return 1;
	}
	source__info(source, &info);
	status = options__locate(&options, &info) ? top__run(&options, source, loader) : 2;
	source__close(source);
	loader__stop(loader);
	options__clear(&options);
	return status;
}
