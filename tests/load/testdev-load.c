// SPDX-License-Identifier: GPL-2.0-only
/*
 * testdev-load: puts a known load on vfio through vfio-testdev devices, and prints how many
 * operations of each kind that was. Run by the tests, the benchmark and the demo, as root.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "vfio_obs/testdev_uapi.h"
#include "work.h"

#define EXIT_USAGE	2
#define MAX_PAGES	512

#define ON(workload)	(1U << WORK_##workload)
#define ON_ALL		(ON(LIFECYCLE) | ON(PIN) | ON(MAP) | ON(DMA_RW) | ON(MIX))

static const char *const workload_names[] = {
	[WORK_LIFECYCLE] = "lifecycle",
	[WORK_PIN] = "pin",
	[WORK_MAP] = "map",
	[WORK_DMA_RW] = "dma-rw",
	[WORK_MIX] = "mix",
};

#define NR_WORKLOADS	(sizeof(workload_names) / sizeof(workload_names[0]))

static const char help[] =
"Usage: testdev-load WORKLOAD [OPTION...]\n"
"\n"
"Puts a known load on vfio through the devices of vfio-testdev, then prints how many\n"
"operations of each kind reached vfio, one 'name value' per line.\n"
"\n"
"Workloads; an operation, for --count and --rate, is:\n"
"  lifecycle  open a container, attach the groups, set the backend, open the devices,\n"
"             close it all\n"
"  pin        pin some pages and unpin them\n"
"  map        map memory and unmap it\n"
"  dma-rw     read or write memory as the device would\n"
"  mix        a lifecycle with a map, pins, unpins, dma-rw and an unmap in between;\n"
"             every other one leaves the unmap to the close\n"
"\n"
"Options (for the workloads in parentheses):\n"
"  -n, --count N        operations in all (default 1000; endless with --seconds)\n"
"      --seconds S      end after S seconds\n"
"      --rate R         R operations per second in all\n"
"  -d, --devices LIST   devices by number, for example 0-3,7 (default 0)\n"
"  -c, --containers C   spread the devices over C containers at once (default 1)\n"
"  -t, --threads T      (pin, map, dma-rw) T threads, spread over the devices (default: one\n"
"                       for each device)\n"
"  -m, --memory M       (pin, dma-rw, mix) map M MiB in each container (default 16)\n"
"  -p, --pages P        (pin, mix) pages of one pin, 1-512 (default 1)\n"
"  -s, --size S         (map) bytes of one mapping, or with K, M, G (default 2M)\n"
"  -l, --length L       (dma-rw, mix) bytes of one access, or with K, M (default 4096)\n"
"  -r, --random         (pin, dma-rw) at random places; default: one after the other\n"
"      --seed X         (pin, dma-rw) begin the random places at X (default 1)\n"
"      --per-call       (pin, dma-rw) one ioctl per operation instead of loops in the kernel\n"
"      --unpin WHEN     (pin) each: after each pin (default); unmap, close: leave all pins to\n"
"                       the device when the memory is unmapped or the device closed\n"
"      --fail-every K   (pin) every K-th pin is one that must fail; implies --per-call\n"
"  -w, --write          (dma-rw) write; default: read\n"
"      --order ORDER    order of closing: letters c container, g group, d device, u unset\n"
"                       (cgd cdg gcd gdc dcg dgc dugc ducg), or rotate (default)\n"
"      --json           print one JSON object instead\n"
"  -h, --help           this text\n"
"\n"
"Exit status: 0 done, 1 an operation failed (the numbers are printed all the same), 2 usage.\n"
"SIGINT and SIGTERM end it early with status 0.\n";

enum {
	OPT_SECONDS = 256, OPT_RATE, OPT_SEED, OPT_PER_CALL, OPT_UNPIN, OPT_FAIL_EVERY, OPT_ORDER,
	OPT_JSON,
};

static const struct option long_options[] = {
	{ "count", required_argument, NULL, 'n' },
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "rate", required_argument, NULL, OPT_RATE },
	{ "devices", required_argument, NULL, 'd' },
	{ "containers", required_argument, NULL, 'c' },
	{ "threads", required_argument, NULL, 't' },
	{ "memory", required_argument, NULL, 'm' },
	{ "pages", required_argument, NULL, 'p' },
	{ "size", required_argument, NULL, 's' },
	{ "length", required_argument, NULL, 'l' },
	{ "random", no_argument, NULL, 'r' },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "per-call", no_argument, NULL, OPT_PER_CALL },
	{ "unpin", required_argument, NULL, OPT_UNPIN },
	{ "fail-every", required_argument, NULL, OPT_FAIL_EVERY },
	{ "write", no_argument, NULL, 'w' },
	{ "order", required_argument, NULL, OPT_ORDER },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* The options that only some workloads know. */
static const struct {
	int option;
	unsigned int workloads;
} applies[] = {
	{ 't', ON(PIN) | ON(MAP) | ON(DMA_RW) },
	{ 'm', ON(PIN) | ON(DMA_RW) | ON(MIX) },
	{ 'p', ON(PIN) | ON(MIX) },
	{ 's', ON(MAP) },
	{ 'l', ON(DMA_RW) | ON(MIX) },
	{ 'r', ON(PIN) | ON(DMA_RW) },
	{ 'w', ON(DMA_RW) },
	{ OPT_SEED, ON(PIN) | ON(DMA_RW) },
	{ OPT_PER_CALL, ON(PIN) | ON(DMA_RW) },
	{ OPT_UNPIN, ON(PIN) },
	{ OPT_FAIL_EVERY, ON(PIN) },
};

static volatile sig_atomic_t stop;

static void on_signal(int signal)
{
	stop = 1;
}

static void __attribute__((noreturn, format(printf, 1, 2))) usage(const char *format, ...)
{
	va_list args;

	fputs("testdev-load: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("; see testdev-load --help\n", stderr);
	exit(EXIT_USAGE);
}

static const char *option_name(int option)
{
	const struct option *known;

	for (known = long_options; known->name; known++)
		if (known->val == option)
			return known->name;
	return "?";
}

/* A number from min to max; `units`: the letters K, M, G that may follow it. */
static uint64_t parse_number(int option, const char *text, const char *units, uint64_t min,
			     uint64_t max)
{
	static const char letters[] = "KMG";
	unsigned long long value;
	uint64_t scale = 1;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (*end && strchr(units, *end) && strchr(letters, *end) && !end[1])
		scale = UINT64_C(1) << (10 * (strchr(letters, *end++) - letters + 1));
	if (!isdigit((unsigned char)*text) || *end || errno || value > max / scale ||
	    value * scale < min)
		usage("--%s needs a number from %llu to %llu, not '%s'", option_name(option),
		      (unsigned long long)min, (unsigned long long)max, text);
	return value * scale;
}

static double parse_positive(int option, const char *text)
{
	double value;
	char *end;

	errno = 0;
	value = strtod(text, &end);
	if (end == text || *end || errno || !isfinite(value) || value <= 0 || value > 1e9)
		usage("--%s needs a number above 0, not '%s'", option_name(option), text);
	return value;
}

static void add_device(struct options *options, unsigned int index)
{
	unsigned int i;

	for (i = 0; i < options->nr_devices; i++)
		if (options->devices[i] == index)
			usage("--devices names device %u twice", index);
	options->devices[options->nr_devices++] = index;
}

static void parse_devices(struct options *options, const char *text)
{
	const char *at = text;
	unsigned long first, last;
	char *end;

	options->nr_devices = 0;
	do {
		first = last = isdigit((unsigned char)*at) ? strtoul(at, &end, 10) : MAX_DEVICES;
		if (first < MAX_DEVICES && *end == '-' && isdigit((unsigned char)end[1]))
			last = strtoul(end + 1, &end, 10);
		if (first >= MAX_DEVICES || last >= MAX_DEVICES || last < first ||
		    (*end && *end != ','))
			usage("--devices needs numbers below %d such as 0-3,7, not '%s'",
			      MAX_DEVICES, text);
		while (first <= last)
			add_device(options, first++);
		at = end + 1;
	} while (*end);
}

static enum unpin_by parse_unpin(const char *text)
{
	if (!strcmp(text, "each"))
		return UNPIN_EACH;
	if (!strcmp(text, "unmap"))
		return UNPIN_UNMAP;
	if (!strcmp(text, "close"))
		return UNPIN_CLOSE;
	usage("--unpin needs each, unmap or close, not '%s'", text);
}

static const char *parse_order(const char *text)
{
	unsigned int i;

	if (!strcmp(text, "rotate"))
		return NULL;
	for (i = 0; i < nr_close_orders; i++)
		if (!strcmp(text, close_orders[i]))
			return close_orders[i];
	usage("--order needs one of cgd cdg gcd gdc dcg dgc dugc ducg rotate, not '%s'", text);
}

static enum workload parse_workload(const char *text)
{
	unsigned int i;

	for (i = 0; i < NR_WORKLOADS; i++)
		if (!strcmp(text, workload_names[i]))
			return i;
	usage("'%s' is no workload", text);
}

static void parse_option(struct options *options, int option, const char *arg)
{
	switch (option) {
	case 'n': options->count = parse_number(option, arg, "", 1, UINT64_MAX - 1); break;
	case 'd': parse_devices(options, arg); break;
	case 'c': options->containers = parse_number(option, arg, "", 1, MAX_DEVICES); break;
	case 't': options->threads = parse_number(option, arg, "", 1, MAX_THREADS); break;
	case 'm': options->memory = parse_number(option, arg, "", 1, 1 << 20) << 20; break;
	case 'p': options->pages = parse_number(option, arg, "", 1, MAX_PAGES); break;
	case 's': options->map_size = parse_number(option, arg, "KMG", 4096, 1ULL << 40); break;
	case 'l': options->length = parse_number(option, arg, "KM", 1, VFIO_TESTDEV_DMA_RW_MAX); break;
	case 'r': options->random = true; break;
	case 'w': options->write = true; break;
	case OPT_SECONDS: options->seconds = parse_positive(option, arg); break;
	case OPT_RATE: options->rate = parse_positive(option, arg); break;
	case OPT_SEED: options->seed = parse_number(option, arg, "", 0, UINT64_MAX); break;
	case OPT_PER_CALL: options->per_call = true; break;
	case OPT_UNPIN: options->unpin = parse_unpin(arg); break;
	case OPT_FAIL_EVERY: options->fail_every = parse_number(option, arg, "", 1, UINT64_MAX); break;
	case OPT_ORDER: options->order = parse_order(arg); break;
	case OPT_JSON: options->json = true; break;
	}
}

static void check_applies(const struct options *options, int option)
{
	unsigned int i;

	for (i = 0; i < sizeof(applies) / sizeof(applies[0]); i++)
		if (applies[i].option == option &&
		    !(applies[i].workloads & 1U << options->workload))
			usage("--%s does not apply to %s", option_name(option),
			      workload_names[options->workload]);
}

static void complete(struct options *options)
{
	uint64_t page_size = sysconf(_SC_PAGESIZE);

	if (!options->count)
		options->count = options->seconds > 0 ? UINT64_MAX : 1000;
	if (!options->threads)
		options->threads = options->nr_devices;
	if (options->containers > options->nr_devices)
		usage("%u containers need as many devices, and --devices names %u",
		      options->containers, options->nr_devices);
	if (options->map_size % page_size)
		usage("--size must be a multiple of the page size, %llu",
		      (unsigned long long)page_size);
	/* mix pins two ranges side by side. */
	if (options->pages * page_size * 2 > options->memory)
		usage("--memory is too small for pins of %u pages", options->pages);
}

static void parse(struct options *options, int argc, char **argv)
{
	int option;

	*options = (struct options){
		.nr_devices = 1, .containers = 1, .memory = 16 << 20, .map_size = 2 << 20,
		.pages = 1, .length = 4096, .seed = 1,
	};
	if (argc < 2)
		usage("no workload given");
	if (argv[1][0] != '-') {
		options->workload = parse_workload(argv[1]);
		argv[1] = argv[0];
		argc--;
		argv++;
	} else if (strcmp(argv[1], "-h") && strcmp(argv[1], "--help")) {
		usage("the workload comes first, not '%s'", argv[1]);
	}

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":n:d:c:t:m:p:s:l:rwh", long_options, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			exit(EXIT_SUCCESS);
		}
		if (option == '?')
			usage("unknown option '%s'", argv[optind - 1]);
		if (option == ':')
			usage("option '%s' needs a value", argv[optind - 1]);
		check_applies(options, option);
		parse_option(options, option, optarg);
	}
	if (optind < argc)
		usage("'%s' is too much", argv[optind]);
	complete(options);
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = on_signal };
	static struct options options;
	struct counts counts = { 0 };
	int ret;

	parse(&options, argc, argv);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);

	ret = work_run(&options, &stop, &counts);
	counts_print(&counts, options.json, stdout);
	if (fflush(stdout) || ferror(stdout))
		ret = fail("cannot write the numbers to standard output: %s", strerror(errno));
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
