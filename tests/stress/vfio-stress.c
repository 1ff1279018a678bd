// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-stress: opens and closes containers in every order, from many processes and threads, and
 * checks that everything is given back. Run in the test guest by tests/vm/guest/7*.sh, as root.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "stress.h"

#define EXIT_USAGE	2

static const char help[] =
"Usage: vfio-stress COMMAND [OPTION...] DEVICE...\n"
"       vfio-stress open -n N FILE\n"
"\n"
"Opens and closes containers and prints what it did, one 'name value' per line. DEVICE is\n"
"vfio-testdev.N or the PCI address of a device of vfio-pci; nobody else may use them.\n"
"\n"
"Commands:\n"
"  orders  (one or two devices) close container, groups and devices and detach by hand in\n"
"          every order; with one device also with copies of the files in another process.\n"
"          Module references are checked after each step, and open devices must pin\n"
"  exits   (one or two devices) every way to close some of these and exit with the rest open\n"
"  storm   lifecycles with maps and pins from many processes that fight for the devices\n"
"  kill    the same, each process killed at some moment, by itself inside each step and by\n"
"          others at random; afterwards all is back and each device works\n"
"  tasks   many threads that attach to and detach from one container, one per device, with\n"
"          our module only\n"
"  open    say 'ready', wait for a line on stdin, open FILE many times, say 'open', wait, close,\n"
"          say 'closed', wait\n"
"\n"
"Options:\n"
"  -n, --count N      lifecycles, kills, rounds of tasks or open files (default 100)\n"
"  -p, --processes P  (storm, kill) that many processes (default 16)\n"
"      --until-term   (storm) go on after that until SIGTERM comes\n"
"      --no-unset     (orders) without UNSET_CONTAINER: fewer orders\n"
"      --alone        (orders) without the copies in another process\n"
"      --seed X       of the random choices (default 1)\n"
"  -h, --help         this text\n"
"\n"
"Exit status: 0 all is as it must be, 1 it is not, 2 usage.\n";

static const struct option long_options[] = {
	{ "count", required_argument, NULL, 'n' },
	{ "processes", required_argument, NULL, 'p' },
	{ "seed", required_argument, NULL, 's' },
	{ "no-unset", no_argument, NULL, 'u' },
	{ "alone", no_argument, NULL, 'a' },
	{ "until-term", no_argument, NULL, 't' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const struct {
	const char *name;
	int (*run)(const struct options *options);
} commands[] = {
	{ "orders", cmd_orders },
	{ "exits", cmd_exits },
	{ "storm", cmd_storm },
	{ "kill", cmd_kill },
	{ "tasks", cmd_tasks },
};

int fail(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* One call, so that lines of several processes do not mix. */
	fprintf(stderr, "vfio-stress: %s\n", text);
	return -1;
}

static void __attribute__((noreturn, format(printf, 1, 2))) usage(const char *format, ...)
{
	va_list args;

	fputs("vfio-stress: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("; see vfio-stress --help\n", stderr);
	exit(EXIT_USAGE);
}

/* Marsaglia's xorshift. */
uint32_t random_below(uint64_t *state, uint32_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (*state >> 32) % below;
}

uint64_t random_seed(uint64_t seed, uint64_t number)
{
	return (seed * UINT64_C(0x100000001b3) + number + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
}

static uint64_t parse_number(const char *name, const char *text)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || errno)
		usage("--%s needs a number, not '%s'", name, text);
	return value;
}

static void say(const char *what)
{
	puts(what);
	fflush(stdout);
	while (getchar() != '\n' && !feof(stdin))
		;
}

int cmd_open(uint64_t count, const char *path)
{
	struct rlimit limit = { count + 64, count + 64 };
	int *fds = calloc(count, sizeof(*fds));
	uint64_t i;
	int table;

	if (!fds)
		return fail("out of memory");
	if (setrlimit(RLIMIT_NOFILE, &limit))
		return fail("cannot have %lu files open: %s", count, strerror(errno));
	/* The table of files gets its size now, so that what is charged later is files only. */
	table = dup2(STDIN_FILENO, count + 63);
	if (table < 0)
		return fail("cannot use file descriptor %lu: %s", count + 63, strerror(errno));
	close(table);
	say("ready");
	for (i = 0; i < count; i++) {
		fds[i] = open(path, O_RDWR | O_CLOEXEC);
		if (fds[i] < 0)
			return fail("cannot open %s, file %lu: %s", path, i + 1, strerror(errno));
	}
	say("open");
	while (i)
		close(fds[--i]);
	say("closed");
	free(fds);
	return 0;
}

static void parse_options(struct options *options, int argc, char **argv)
{
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":n:p:h", long_options, NULL)) != -1) {
		switch (option) {
		case 'n': options->count = parse_number("count", optarg); break;
		case 'p': options->processes = parse_number("processes", optarg); break;
		case 's': options->seed = parse_number("seed", optarg); break;
		case 'u': options->no_unset = true; break;
		case 't': options->until_term = true; break;
		case 'a': options->alone = true; break;
		case 'h':
			fputs(help, stdout);
			exit(EXIT_SUCCESS);
		case ':': usage("option '%s' needs a value", argv[optind - 1]);
		default: usage("unknown option '%s'", argv[optind - 1]);
		}
	}
}

static int run_on_devices(const char *name, struct options *options, char **devices)
{
	static struct member members[MAX_MEMBERS];
	unsigned int i;

	options->members = members;
	for (; *devices; devices++) {
		if (options->nr_members == MAX_MEMBERS)
			usage("more than %d devices", MAX_MEMBERS);
		if (member_find(&members[options->nr_members++], *devices))
			return -1;
	}
	if (!options->nr_members)
		usage("no device given");
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, name))
			return commands[i].run(options);
	usage("'%s' is no command", name);
}

int main(int argc, char **argv)
{
	struct options options = { .count = 100, .processes = 16, .seed = 1 };
	int ret;

	parse_options(&options, argc, argv);
	if (optind == argc)
		usage("no command given");
	if (strcmp(argv[optind], "open"))
		ret = run_on_devices(argv[optind], &options, &argv[optind + 1]);
	else if (argc - optind == 2)
		ret = cmd_open(options.count, argv[optind + 1]);
	else
		usage("open needs one file");
	if (fflush(stdout) || ferror(stdout))
		ret = fail("cannot write to standard output: %s", strerror(errno));
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
