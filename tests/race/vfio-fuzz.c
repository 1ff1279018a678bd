// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-fuzz: calls vfio in random order with arguments from right to hostile, from several
 * processes at once, on our vfio only. Run as root in the test guest, by tests/vm/guest/70-race.sh
 * and `make check-debug`.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../load/client.h"
#include "fuzz.h"
#include "guard.h"
#include "vfio_obs/testdev_uapi.h"

#define EXIT_USAGE	2

/* Of a hundred calls, so many must succeed, or only the checks of arguments were tested. */
#define MIN_SUCCESS	20

static const char *const call_names[WATCH_MAX_CALLS] = {
	[FUZZ_OPEN_CONTAINER] = "open container",
	[FUZZ_CLOSE_CONTAINER] = "close container",
	[FUZZ_OPEN_GROUP] = "open group",
	[FUZZ_CLOSE_GROUP] = "close group",
	[FUZZ_GET_DEVICE_FD] = "GET_DEVICE_FD",
	[FUZZ_CLOSE_DEVICE] = "close device",
	[FUZZ_DUP] = "dup",
	[FUZZ_PASS] = "pass by socket",
	[FUZZ_KILLED_CHILD] = "killed child",
	[FUZZ_SET_CONTAINER] = "SET_CONTAINER",
	[FUZZ_UNSET_CONTAINER] = "UNSET_CONTAINER",
	[FUZZ_GROUP_STATUS] = "GET_STATUS",
	[FUZZ_API_VERSION] = "GET_API_VERSION",
	[FUZZ_CHECK_EXTENSION] = "CHECK_EXTENSION",
	[FUZZ_SET_IOMMU] = "SET_IOMMU",
	[FUZZ_GET_INFO] = "GET_INFO",
	[FUZZ_MAP_DMA] = "MAP_DMA",
	[FUZZ_UNMAP_DMA] = "UNMAP_DMA",
	[FUZZ_DIRTY_PAGES] = "DIRTY_PAGES",
	[FUZZ_DEVICE_INFO] = "device GET_*_INFO",
	[FUZZ_DEVICE_RESET] = "device RESET",
	[FUZZ_PIN] = "testdev PIN",
	[FUZZ_UNPIN] = "testdev UNPIN",
	[FUZZ_DMA_RW] = "testdev DMA_RW",
	[FUZZ_PIN_LOOP] = "testdev PIN_LOOP",
	[FUZZ_DMA_RW_LOOP] = "testdev RW_LOOP",
	[FUZZ_ANY_IOCTL] = "any ioctl",
	[FUZZ_FILE] = "read, mmap, ...",
};

/* Those that are rare, or that a device may not know. */
#define MAY_ALWAYS_FAIL	(1U << FUZZ_DEVICE_RESET)

static const char help[] =
"Usage: vfio-fuzz [OPTION...]\n"
"\n"
"Calls vfio on several containers, groups and devices in random order, with arguments that are\n"
"right, nearly right or hostile, from several processes at once, of which some have children that\n"
"are killed. Checks that every call returns, that nothing stays locked, that all references on the\n"
"modules come back, and that calls of every kind succeeded. What else may go wrong is for the\n"
"kernel's log to tell. Refuses to run on any vfio but ours. Run it alone.\n"
"\n"
"Uses all devices of vfio-testdev; load it with 'modprobe vfio-testdev count=8'.\n"
"\n"
"Options:\n"
"      --calls N        in all (default 100000; endless with --seconds)\n"
"      --seconds S      end after S seconds\n"
"      --seed N         the same seed makes each process choose the same, as long as the kernel\n"
"                       answers the same (default: from the clock; printed)\n"
"      --processes P    1 to 8 at once (default 4)\n"
"      --group BDF      use the PCI device BDF, bound to vfio-pci, too; may be repeated\n"
"  -h, --help           this text\n"
"\n"
"Prints how many calls of each kind ended how, and the share that succeeded.\n"
"\n"
"Exit status: 0 all was right; 1 it was not (a call that does not return within 60 seconds is\n"
"named), or some kind of call never succeeded, or vfio is not ours; 2 usage.\n";

enum { OPT_CALLS = 256, OPT_SECONDS, OPT_SEED, OPT_PROCESSES, OPT_GROUP };

static const struct option long_options[] = {
	{ "calls", required_argument, NULL, OPT_CALLS },
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "processes", required_argument, NULL, OPT_PROCESSES },
	{ "group", required_argument, NULL, OPT_GROUP },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

struct options {
	uint64_t calls;
	double seconds;
	uint64_t seed;
	unsigned int nr_processes;
	unsigned int nr_pci;
	const char *pci[FUZZ_MAX_DEVICES / 2];
};

static void __attribute__((noreturn, format(printf, 1, 2))) usage(const char *format, ...)
{
	va_list args;

	fputs("vfio-fuzz: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("; see vfio-fuzz --help\n", stderr);
	exit(EXIT_USAGE);
}

static uint64_t parse_number(const char *name, const char *text, uint64_t min, uint64_t max)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || value < min || value > max)
		usage("%s needs a number from %" PRIu64 " to %" PRIu64 ", not '%s'", name, min,
		      max, text);
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

static void parse_option(struct options *options, int option, const char *arg)
{
	switch (option) {
	case OPT_CALLS: options->calls = parse_number("--calls", arg, 1, UINT64_MAX / 2); break;
	case OPT_SECONDS: options->seconds = parse_seconds(arg); break;
	case OPT_SEED: options->seed = parse_number("--seed", arg, 0, UINT64_MAX); break;
	case OPT_PROCESSES:
		options->nr_processes = parse_number("--processes", arg, 1, FUZZ_MAX_PROCESSES);
		break;
	case OPT_GROUP:
		if (options->nr_pci == FUZZ_MAX_DEVICES / 2)
			usage("--group is given too often");
		options->pci[options->nr_pci++] = arg;
		break;
	}
}

static void parse(struct options *options, int argc, char **argv)
{
	int option;

	*options = (struct options){ .seed = now_ns() % 1000000000, .nr_processes = 4 };
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			exit(EXIT_SUCCESS);
		}
		if (option == '?')
			usage("unknown option '%s'", argv[optind - 1]);
		if (option == ':')
			usage("option '%s' needs a value", argv[optind - 1]);
		parse_option(options, option, optarg);
	}
	if (optind < argc)
		usage("'%s' is too much", argv[optind]);
	if (!options->calls)
		options->calls = options->seconds > 0 ? UINT64_MAX / 2 : 100000;
}

static int add_pci(struct fuzz *fuzz, const char *bdf)
{
	struct fuzz_device *device = &fuzz->devices[fuzz->nr_devices];
	char path[128], target[256];
	ssize_t length;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", bdf);
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return complain("cannot find the group of the PCI device %s: %s: %s", bdf, path,
				strerror(errno));
	target[length] = '\0';
	snprintf(device->name, sizeof(device->name), "%s", bdf);
	snprintf(device->group, sizeof(device->group), "/dev/vfio/%.40s",
		 strrchr(target, '/') ? strrchr(target, '/') + 1 : target);
	if (access(device->group, R_OK | W_OK))
		return complain("cannot use %s, the group of %s: %s; bind the device to vfio-pci",
				device->group, bdf, strerror(errno));
	device->pci = true;
	fuzz->nr_devices++;
	return 0;
}

static int find_devices(struct fuzz *fuzz, const struct options *options)
{
	struct device found;
	char path[128];
	unsigned int i;

	for (i = 0; i < options->nr_pci; i++)
		if (add_pci(fuzz, options->pci[i]))
			return -1;
	for (i = 0; fuzz->nr_devices < FUZZ_MAX_DEVICES; i++) {
		struct fuzz_device *device = &fuzz->devices[fuzz->nr_devices];

		snprintf(path, sizeof(path), "/sys/bus/platform/devices/" VFIO_TESTDEV_NAME ".%u", i);
		if (i && access(path, F_OK))
			break;
		if (device_find(&found, i))
			return -1;
		snprintf(device->name, sizeof(device->name), "%s", found.name);
		snprintf(device->group, sizeof(device->group), "/dev/vfio/%u", found.group);
		fuzz->nr_devices++;
	}
	return 0;
}

/* The tested process: leader of those that make the calls. */
static void __attribute__((noreturn)) tested(struct fuzz *fuzz)
{
	int status, ret = EXIT_SUCCESS;
	unsigned int i;
	pid_t pid;

	setpgid(0, 0);
	for (i = 0; i < fuzz->nr_processes; i++) {
		pid = fork();
		if (!pid)
			fuzz_process(fuzz, i);
		if (pid < 0)
			watch_fail(&fuzz->watch, "cannot fork: %s", strerror(errno));
	}
	while ((pid = wait(&status)) > 0) {
		if (WIFSIGNALED(status))
			watch_fail(&fuzz->watch, "process %d was killed by signal %d (%s)", pid,
				   WTERMSIG(status), strsignal(WTERMSIG(status)));
		if (status)
			ret = EXIT_FAILURE;
	}
	_exit(ret);
}

static int print_and_check(const struct fuzz *fuzz)
{
	uint64_t calls = 0, successes = 0, share;
	int call, ret = 0;

	printf("vfio-fuzz: seed %" PRIu64 ", %u processes, %u devices\n", fuzz->seed,
	       fuzz->nr_processes, fuzz->nr_devices);
	watch_print(&fuzz->watch);
	for (call = 0; call < NR_FUZZ_CALLS; call++) {
		calls += watch_calls(&fuzz->watch, call);
		successes += watch_ended(&fuzz->watch, call, 0);
		if (!watch_ended(&fuzz->watch, call, 0) && !(MAY_ALWAYS_FAIL & 1U << call))
			ret = complain("no %s ever succeeded: what lies behind it was not tested; "
				       "make more calls", call_names[call]);
	}
	share = calls ? successes * 100 / calls : 0;
	printf("  %-18s %" PRIu64 "\n  %-18s %" PRIu64 " (%" PRIu64 " %%)\n", "calls", calls,
	       "succeeded", successes, share);
	if (share < MIN_SUCCESS)
		ret = complain("only %" PRIu64 " of 100 calls succeeded, not %d", share, MIN_SUCCESS);
	return ret;
}

int main(int argc, char **argv)
{
	struct module_refs before;
	struct options options;
	struct fuzz *fuzz;
	pid_t pid;
	int ret;

	parse(&options, argc, argv);
	if (guard_ours())
		return EXIT_FAILURE;
	fuzz = watch_new(sizeof(*fuzz), call_names);
	if (!fuzz || find_devices(fuzz, &options))
		return EXIT_FAILURE;
	fuzz->seed = options.seed;
	fuzz->seconds = options.seconds;
	fuzz->nr_processes = options.nr_processes;
	fuzz->calls = (options.calls + options.nr_processes - 1) / options.nr_processes;
	guard_refs_read(&before);

	pid = fork();
	if (!pid)
		tested(fuzz);
	ret = pid < 0 ? complain("cannot fork: %s", strerror(errno)) :
	      watch_supervise(&fuzz->watch, pid);
	if (print_and_check(fuzz) || guard_refs_same(&before))
		ret = -1;
	if (fflush(stdout) || ferror(stdout))
		ret = complain("cannot write the numbers to standard output: %s", strerror(errno));
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
