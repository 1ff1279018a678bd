// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-race: races the users of a container's backend against its withdrawal, on our vfio only. Run
 * as root in the test guest, by tests/vm/guest/70-race.sh and `make check-debug`.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../load/client.h"
#include "guard.h"
#include "race.h"

#define EXIT_USAGE	2

/* Overlapping calls that a run without --uffd must have seen, or it has tested nothing. */
#define MIN_OVERLAPS	10

static const char *const call_names[WATCH_MAX_CALLS] = {
	[CALL_OPEN_CONTAINER] = "open container",
	[CALL_CLOSE_CONTAINER] = "close container",
	[CALL_OPEN_GROUP] = "open group",
	[CALL_CLOSE_GROUP] = "close group",
	[CALL_SET_CONTAINER] = "SET_CONTAINER",
	[CALL_UNSET_CONTAINER] = "UNSET_CONTAINER",
	[CALL_SET_IOMMU] = "SET_IOMMU",
	[CALL_CHECK_EXTENSION] = "CHECK_EXTENSION",
	[CALL_GET_INFO] = "GET_INFO",
	[CALL_MAP_DMA] = "MAP_DMA",
	[CALL_UNMAP_DMA] = "UNMAP_DMA",
	[CALL_DIRTY_PAGES] = "DIRTY_PAGES",
};

enum scenario { SCENARIO_IOCTL, SCENARIO_CLOSE, NR_SCENARIOS };

static const char *const scenario_names[NR_SCENARIOS] = { "ioctl", "close" };

/* Whether a scenario with or without --uffd may see an error, by bit. */
#define IN(scenario, uffd)	(1U << ((SCENARIO_##scenario) * 2 + (uffd)))
#define WITHOUT_UFFD		(IN(IOCTL, 0) | IN(CLOSE, 0))
#define WITH_UFFD		(IN(IOCTL, 1) | IN(CLOSE, 1))

/* All results but success that are right, and why. */
static const struct {
	enum race_call call;
	int error;
	unsigned int in;
	const char *why;
} allowed[] = {
	{ CALL_MAP_DMA, EINVAL, WITHOUT_UFFD, "no backend at that moment" },
	{ CALL_UNMAP_DMA, EINVAL, WITHOUT_UFFD, "no backend at that moment" },
	{ CALL_GET_INFO, EINVAL, WITHOUT_UFFD, "no backend at that moment" },
	{ CALL_MAP_DMA, EBADF, IN(CLOSE, 0), "the container's file has been closed" },
	{ CALL_GET_INFO, EBADF, IN(CLOSE, 0), "the container's file has been closed" },
	{ CALL_CHECK_EXTENSION, EBADF, IN(CLOSE, 0), "the container's file has been closed" },
	{ CALL_SET_CONTAINER, EBADF, IN(CLOSE, 0), "the container's file has been closed" },
	{ CALL_SET_IOMMU, EBADF, IN(CLOSE, 0), "the container's file has been closed" },
	{ CALL_UNSET_CONTAINER, EINVAL, IN(CLOSE, 0), "the group had been detached already" },
	{ CALL_DIRTY_PAGES, EINVAL, WITH_UFFD, "the new backend does not track dirty pages" },
};

static const char help[] =
"Usage: vfio-race SCENARIO [OPTION...]\n"
"\n"
"Races those who use a container's backend against the detaching of its only group, and checks\n"
"that every call returns with a result that is right, that nothing stays locked, and that all\n"
"references on the modules come back. Refuses to run on any vfio but ours. Run it alone: it\n"
"counts references on vfio_iommu_type1.\n"
"\n"
"Scenarios:\n"
"  ioctl      MAP_DMA, UNMAP_DMA, GET_INFO and CHECK_EXTENSION on a container against\n"
"             UNSET_CONTAINER, SET_CONTAINER, SET_IOMMU on its only group\n"
"  close      closing the container's file against UNSET_CONTAINER, SET_CONTAINER and the\n"
"             closing of the group, while ioctls run\n"
"\n"
"Options:\n"
"      --seconds S      how long (default 10)\n"
"      --device I       use vfio-testdev.I (default 0)\n"
"      --group PATH     use this group instead, /dev/vfio/N of a device bound to vfio-pci:\n"
"                       MAP_DMA then pins, and what is locked is checked after each step\n"
"      --uffd           hold ioctls up inside the backend with userfaultfd; the thread that\n"
"                       detaches is the one that then lets them go on. Needs CONFIG_USERFAULTFD\n"
"      --seed N         of the pauses without --uffd (default: from the clock; printed)\n"
"  -h, --help           this text\n"
"\n"
"Prints how many calls of each kind ended how, and how often the race was met: 'overlaps' calls\n"
"that ran at the same time as a detach or close, 'orphans' MAP_DMAs that succeeded on a backend\n"
"already withdrawn, 'held' ioctls stopped inside a backend, 'outlived' those of them that went on\n"
"after it had been withdrawn, 'replaced' those whose container had a new one by then.\n"
"\n"
"Exit status: 0 all was right; 1 it was not (a call that does not return within 60 seconds is\n"
"named), or the race was never met, or vfio is not ours; 2 usage.\n";

enum { OPT_SECONDS = 256, OPT_DEVICE, OPT_GROUP, OPT_UFFD, OPT_SEED };

static const struct option long_options[] = {
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "device", required_argument, NULL, OPT_DEVICE },
	{ "group", required_argument, NULL, OPT_GROUP },
	{ "uffd", no_argument, NULL, OPT_UFFD },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

struct options {
	enum scenario scenario;
	double seconds;
	unsigned int device;
	const char *group;
	bool uffd;
	uint64_t seed;
};

static void __attribute__((noreturn, format(printf, 1, 2))) usage(const char *format, ...)
{
	va_list args;

	fputs("vfio-race: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("; see vfio-race --help\n", stderr);
	exit(EXIT_USAGE);
}

static uint64_t parse_number(const char *name, const char *text, uint64_t max)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || value > max)
		usage("%s needs a number up to %" PRIu64 ", not '%s'", name, max, text);
	return value;
}

static double parse_seconds(const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !isfinite(value) || value <= 0 || value > 1e6)
		usage("--seconds needs a number above 0, not '%s'", text);
	return value;
}

static enum scenario parse_scenario(const char *text)
{
	unsigned int i;

	for (i = 0; i < NR_SCENARIOS; i++)
		if (!strcmp(text, scenario_names[i]))
			return i;
	usage("'%s' is no scenario", text);
}

static void parse(struct options *options, int argc, char **argv)
{
	int option;

	*options = (struct options){ .seconds = 10, .seed = now_ns() % 1000000000 };
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
		switch (option) {
		case OPT_SECONDS: options->seconds = parse_seconds(optarg); break;
		case OPT_DEVICE: options->device = parse_number("--device", optarg, 1023); break;
		case OPT_GROUP: options->group = optarg; break;
		case OPT_UFFD: options->uffd = true; break;
		case OPT_SEED: options->seed = parse_number("--seed", optarg, UINT64_MAX); break;
		case 'h':
			fputs(help, stdout);
			exit(EXIT_SUCCESS);
		case ':': usage("option '%s' needs a value", argv[optind - 1]);
		default: usage("unknown option '%s'", argv[optind - 1]);
		}
	}
	if (optind == argc)
		usage("no scenario given");
	options->scenario = parse_scenario(argv[optind]);
	if (++optind < argc)
		usage("'%s' is too much", argv[optind]);
}

static int find_group(struct race *race, const struct options *options)
{
	struct device device;

	race->pins = options->group;
	if (options->group) {
		snprintf(race->group_path, sizeof(race->group_path), "%s", options->group);
		if (access(race->group_path, R_OK | W_OK))
			return complain("cannot use the group %s: %s; bind its device to vfio-pci",
					options->group, strerror(errno));
		return 0;
	}
	if (device_find(&device, options->device))
		return -1;
	snprintf(race->group_path, sizeof(race->group_path), "/dev/vfio/%u", device.group);
	return 0;
}

/* The tested process. */
static void __attribute__((noreturn)) tested(struct race *race, const struct options *options)
{
	uint64_t locked = guard_vm("VmLck"), pinned = guard_vm("VmPin");
	int ret;

	setpgid(0, 0);
	if (options->uffd)
		ret = race_held(race, options->scenario == SCENARIO_IOCTL ? held_ioctl_scripts :
				held_close_scripts);
	else
		ret = options->scenario == SCENARIO_IOCTL ? race_ioctl(race) : race_close(race);

	if (!ret && (guard_vm("VmLck") != locked || guard_vm("VmPin") != pinned))
		ret = watch_fail(&race->watch, "at the end, VmLck is %" PRIu64 " KiB and VmPin %"
				 PRIu64 " KiB; before the run they were %" PRIu64 " and %" PRIu64,
				 guard_vm("VmLck"), guard_vm("VmPin"), locked, pinned);
	/* Threads may still be waiting for something after a failure. */
	_exit(ret ? EXIT_FAILURE : EXIT_SUCCESS);
}

static bool is_allowed(const struct options *options, int call, int error)
{
	unsigned int i, here = 1U << (options->scenario * 2 + options->uffd);

	for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if ((int)allowed[i].call == call && allowed[i].error == error &&
		    allowed[i].in & here)
			return true;
	return false;
}

static int check_results(const struct race *race, const struct options *options)
{
	int call, error, ret = 0;
	uint64_t count;

	for (call = 0; call < NR_CALLS; call++)
		for (error = 1; error < WATCH_MAX_ERRORS; error++) {
			count = watch_ended(&race->watch, call, error);
			if (count && !is_allowed(options, call, error))
				ret = complain("%s failed with %s %" PRIu64 " times, which it must "
					       "not here", call_names[call], error_name(error),
					       count);
		}
	return ret;
}

/* A run that never met what it is about must not pass. */
static int check_met(const struct race *race, const struct options *options)
{
	if (!options->uffd && race->overlaps < MIN_OVERLAPS)
		return complain("only %" PRIu64 " calls overlapped with what they race, fewer than "
				"%d: nothing was tested; run it longer", (uint64_t)race->overlaps,
				MIN_OVERLAPS);
	if (options->uffd && (!race->outlived || !race->replaced))
		return complain("no ioctl was held up until its backend had been withdrawn and "
				"replaced: nothing was tested");
	if (!watch_ended(&race->watch, CALL_MAP_DMA, 0))
		return complain("no MAP_DMA ever succeeded: nothing was tested");
	return 0;
}

static void print(const struct race *race, const struct options *options)
{
	printf("vfio-race: %s%s on %s, seed %" PRIu64 "\n", scenario_names[options->scenario],
	       options->uffd ? " with held ioctls" : "", race->group_path, race->seed);
	watch_print(&race->watch);
	printf("  %-18s %" PRIu64 "\n", "rounds", race->rounds);
	if (options->uffd)
		printf("  %-18s %" PRIu64 "\n  %-18s %" PRIu64 "\n  %-18s %" PRIu64 "\n", "held",
		       race->parked, "outlived", race->outlived, "replaced", race->replaced);
	else
		printf("  %-18s %" PRIu64 "\n  %-18s %" PRIu64 "\n", "overlaps",
		       (uint64_t)race->overlaps, "orphans", (uint64_t)race->orphans);
}

int main(int argc, char **argv)
{
	struct module_refs before;
	struct options options;
	struct race *race;
	pid_t pid;
	int ret;

	parse(&options, argc, argv);
	if (guard_ours())
		return EXIT_FAILURE;
	race = watch_new(sizeof(*race), call_names);
	if (!race || find_group(race, &options))
		return EXIT_FAILURE;
	race->uffd = options.uffd;
	race->seconds = options.seconds;
	race->seed = options.seed;
	guard_refs_read(&before);
	race->base_refs = guard_refs("vfio_iommu_type1");
	if (race->base_refs < 0) {
		complain("vfio_iommu_type1 is not loaded; run 'modprobe vfio_iommu_type1'");
		return EXIT_FAILURE;
	}

	pid = fork();
	if (!pid)
		tested(race, &options);
	ret = pid < 0 ? complain("cannot fork: %s", strerror(errno)) :
	      watch_supervise(&race->watch, pid);
	print(race, &options);
	if (check_results(race, &options) || (!ret && check_met(race, &options)))
		ret = -1;
	if (guard_refs_same(&before))
		ret = -1;
	if (fflush(stdout) || ferror(stdout))
		ret = complain("cannot write the numbers to standard output: %s", strerror(errno));
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
