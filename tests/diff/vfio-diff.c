// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-diff: does generated sequences of VFIO calls and writes down all that can be seen of them,
 * to compare one vfio module with another. Run by tests/diff/guest.sh and tests/diff/run.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "compare.h"
#include "generate.h"
#include "observe.h"
#include "perform.h"

#define EXIT_USAGE	2
#define MAX_ERRNO	4095
/* Longer than any step takes. */
#define HANG_SECONDS	300

static const char help[] =
"Usage: vfio-diff run --log FILE [--seed S] [--count N] [--only N]\n"
"       vfio-diff list [--seed S] [--count N] [--only N]\n"
"       vfio-diff seed\n"
"       vfio-diff compare STOCK-LOG OUR-LOG [--rerun COMMAND]\n"
"\n"
"run: does sequences 0 to N-1 of vfio calls (or the one numbered N) on the groups that\n"
"tests/diff/guest.sh has prepared, and writes all that can be seen of them into FILE. The\n"
"seed and the number decide over a sequence, nothing else. Prints how often each kind of\n"
"call succeeded, and TAP lines: enough of each? all given back at the end?\n"
"list: prints the steps and does nothing. seed: draws a seed. compare: of two logs.\n"
"\n"
"  --seed S       default 1\n"
"  --count N      default 10000\n"
"\n"
"Exit status: 0 as it should be, 1 not so, 2 usage.\n";

struct options {
	const char *log;
	const char *rerun;
	uint64_t seed;
	uint64_t first;
	uint64_t count;
	bool only;
};

/* What was reached, over all sequences. */
struct figures {
	uint64_t sequences;
	uint64_t steps;
	uint64_t with_backend;			/* sequences with a successful SET_IOMMU */
	uint64_t done[NR_OPS];			/* successful calls */
	uint64_t closed_containers;
	uint64_t closed_groups;
	uint64_t closed_devices;
	uint64_t failed[NR_OPS][MAX_ERRNO + 1];
	bool extension[2][256];			/* asked for without, with a backend */
	uint64_t not_clean;			/* sequences that left something behind */
};

static void on_alarm(int signal)
{
	static const char text[] = "vfio-diff: a step hangs; the last lines of the log say which\n";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_FAILURE);
}

/*
 * The log
 */
static void log_step(FILE *log, int index, const struct step *step, const struct result *result,
		     const struct observation *seen)
{
	char text[STEP_TEXT_MAX + 512], *at = text;
	int i;

	at = put_text(put_decimal(at, index), " ");
	at = put_text(put_step(at, step), " => ");
	at = put_decimal(at, result->ret);
	if (result->error) {
		const char *name = strerrorname_np(result->error);

		at = put_text(at, " ");
		at = name ? put_text(at, name) : put_decimal(at, result->error);
	}
	at = put_decimal(put_text(at, " | L"), seen->locked_kb);
	at = put_decimal(put_text(at, " P"), seen->pinned_kb);
	at = put_text(at, " | R");
	for (i = 0; i < NR_MODULES; i++)
		at = put_decimal(put_text(at, " "), seen->references[i]);
	for (i = 0; i < NR_GROUPS; i++)
		if (seen->status[i] != -1) {
			at = put_decimal(put_text(at, " g"), i);
			at = put_decimal(put_text(at, "="), seen->status[i]);
		}
	fwrite(text, 1, at - text, log);
	if (*result->written)
		fprintf(log, " | W%s", result->written);
	if (*seen->kernel_log)
		fprintf(log, " | K %s", seen->kernel_log);
	putc('\n', log);
}

/*
 * Figures
 */
static bool succeeded(const struct step *step, const struct result *result)
{
	/* An answer of 0 is "no such extension". */
	return step->op == OP_CHECK_EXTENSION ? result->ret > 0 : result->ret != -1;
}

static void count_step(struct figures *figures, const struct step *step,
		       const struct result *result, bool backend)
{
	figures->steps++;
	if (step->op == OP_CHECK_EXTENSION && result->ret >= 0 && step->arg[0] < 256)
		figures->extension[backend][step->arg[0]] = true;
	if (result->ret == -1)
		figures->failed[step->op][result->error <= MAX_ERRNO ? result->error : 0]++;
	if (!succeeded(step, result))
		return;
	figures->done[step->op]++;
	if (step->op != OP_CLOSE)
		return;
	figures->closed_containers += step->file < FILE_GROUP;
	figures->closed_groups += step->file >= FILE_GROUP && step->file < FILE_DEVICE;
	figures->closed_devices += step->file >= FILE_DEVICE && step->file < FILE_NULL;
}

static bool same_state(const struct observation *a, const struct observation *b)
{
	return a->locked_kb == b->locked_kb && a->pinned_kb == b->pinned_kb &&
	       !memcmp(a->references, b->references, sizeof(a->references));
}

struct run {
	struct bench bench;
	struct observer observer;
	struct observation begin;
	struct figures figures;
	FILE *log;
};

static int run_sequence(struct run *run, const struct sequence *sequence)
{
	struct figures *figures = &run->figures;
	struct observation seen;
	struct result result;
	bool backend = false;
	int i;

	fprintf(run->log, "= %" PRIu64 "\n", sequence->number);
	for (i = 0; i < sequence->nr_steps; i++) {
		const struct step *step = &sequence->steps[i];

		alarm(HANG_SECONDS);
		perform(&run->bench, step, &result);
		if (observe(&run->observer, &run->bench, &seen))
			return -1;
		log_step(run->log, i, step, &result, &seen);
		count_step(figures, step, &result, backend);
		backend |= step->op == OP_SET_IOMMU && !result.ret;
	}
	alarm(0);
	figures->sequences++;
	figures->with_backend += backend;
	if (same_state(&run->begin, &seen))
		return 0;
	if (!figures->not_clean++)
		printf("# sequence %" PRIu64 " is the first to leave something behind\n",
		       sequence->number);
	return 0;
}

static void report_ok(bool ok, const char *text, uint64_t got, uint64_t want)
{
	printf("%s - %s: %" PRIu64 " (at least %" PRIu64 ")\n", ok ? "ok" : "not ok", text, got,
	       want);
}

static void print_outcomes(const struct figures *figures)
{
	int op, error;

	for (op = 0; op < NR_OPS; op++) {
		printf("# %-16s done %" PRIu64, op_name(op), figures->done[op]);
		for (error = 0; error <= MAX_ERRNO; error++)
			if (figures->failed[op][error])
				printf(" %s %" PRIu64, strerrorname_np(error) ?: "?",
				       figures->failed[op][error]);
		putchar('\n');
	}
	printf("# closed: containers %" PRIu64 ", groups %" PRIu64 ", devices %" PRIu64 "\n",
	       figures->closed_containers, figures->closed_groups, figures->closed_devices);
}

/* The sequences reached what they are meant to reach; in proportion when there are fewer. */
static bool steered(const struct figures *figures)
{
	static const enum op wanted[] = {
		OP_OPEN, OP_SET_CONTAINER, OP_SET_IOMMU, OP_CHECK_EXTENSION, OP_GET_INFO, OP_MAP,
		OP_UNMAP, OP_GET_DEVICE, OP_PIN, OP_UNPIN, OP_DMA_RW, OP_UNSET_CONTAINER,
	};
	uint64_t want = figures->sequences / 10;
	bool good = figures->with_backend >= figures->sequences / 2;
	unsigned int i, backend, value, asked;

	report_ok(good, "sequences that reach a successful SET_IOMMU", figures->with_backend,
		  figures->sequences / 2);
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		report_ok(figures->done[wanted[i]] >= want, op_name(wanted[i]),
			  figures->done[wanted[i]], want);
		good &= figures->done[wanted[i]] >= want;
	}
	report_ok(figures->closed_containers >= want, "closed containers",
		  figures->closed_containers, want);
	report_ok(figures->closed_groups >= want, "closed groups", figures->closed_groups, want);
	report_ok(figures->closed_devices >= want, "closed devices", figures->closed_devices, want);
	good &= figures->closed_containers >= want && figures->closed_groups >= want &&
		figures->closed_devices >= want;
	for (backend = 0; backend < 2; backend++) {
		for (value = 0, asked = 0; value < 256; value++)
			asked += figures->extension[backend][value];
		report_ok(asked == 256 || figures->sequences < 5000,
			  backend ? "values of CHECK_EXTENSION below 256 asked with a backend" :
				    "values of CHECK_EXTENSION below 256 asked without a backend",
			  asked, 256);
		good &= asked == 256 || figures->sequences < 5000;
	}
	return good;
}

static int finish(const struct run *run, const struct options *options)
{
	const struct figures *figures = &run->figures;
	bool clean = !figures->not_clean;

	print_outcomes(figures);
	printf("# lines of the kernel's log: %lu compared, %lu about the guest's clock left out\n",
	       run->observer.log_lines, run->observer.log_left_out);
	printf("%s - after each of %" PRIu64 " sequences (%" PRIu64
	       " steps) all references and locked pages were given back\n",
	       clean ? "ok" : "not ok", figures->sequences, figures->steps);
	if (options->only)
		return clean ? EXIT_SUCCESS : EXIT_FAILURE;
	return steered(figures) && clean ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run_all(const struct options *options)
{
	static struct run run;
	struct sequence sequence;
	uint64_t i;

	run.log = fopen(options->log, "we");
	if (!run.log) {
		fprintf(stderr, "vfio-diff: cannot write the log %s: %s\n", options->log,
			strerror(errno));
		return EXIT_FAILURE;
	}
	setvbuf(run.log, NULL, _IOFBF, 1 << 20);
	if (bench_init(&run.bench) || observer_init(&run.observer) ||
	    observe(&run.observer, &run.bench, &run.begin))
		return EXIT_FAILURE;
	signal(SIGALRM, on_alarm);
	fprintf(run.log, "vfio-diff seed %" PRIu64 " first %" PRIu64 " count %" PRIu64 "\n",
		options->seed, options->first, options->count);
	for (i = 0; i < options->count; i++) {
		generate(options->seed, options->first + i, &sequence);
		if (run_sequence(&run, &sequence))
			return EXIT_FAILURE;
	}
	if (ferror(run.log) || fclose(run.log)) {
		fprintf(stderr, "vfio-diff: cannot write the log %s: %s\n", options->log,
			strerror(errno));
		return EXIT_FAILURE;
	}
	return finish(&run, options);
}

static int list_all(const struct options *options)
{
	char text[STEP_TEXT_MAX + 1];
	struct sequence sequence;
	uint64_t i;
	int step;

	for (i = 0; i < options->count; i++) {
		generate(options->seed, options->first + i, &sequence);
		printf("= %" PRIu64 "\n", sequence.number);
		for (step = 0; step < sequence.nr_steps; step++) {
			*put_step(text, &sequence.steps[step]) = '\0';
			printf("%d %s\n", step, text);
		}
	}
	return EXIT_SUCCESS;
}

static int draw_seed(void)
{
	uint32_t seed;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed)) {
		fprintf(stderr, "vfio-diff: cannot draw a seed: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	printf("%" PRIu32 "\n", seed);
	return EXIT_SUCCESS;
}

static void __attribute__((noreturn)) usage(const char *what, const char *name)
{
	fprintf(stderr, "vfio-diff: %s '%s'; see vfio-diff --help\n", what, name);
	exit(EXIT_USAGE);
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || *end || end == text || *text == '-')
		usage("not a number:", text);
	return value;
}

static void parse(struct options *options, int argc, char **argv)
{
	static const struct option known[] = {
		{ "log", required_argument, NULL, 'l' },
		{ "seed", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'c' },
		{ "only", required_argument, NULL, 'o' },
		{ "rerun", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*options = (struct options){ .seed = 1, .count = 10000, .rerun = "tests/diff/run" };
	while ((option = getopt_long(argc, argv, "h", known, NULL)) != -1) {
		switch (option) {
		case 'l': options->log = optarg; break;
		case 's': options->seed = number(optarg); break;
		case 'c': options->count = number(optarg); break;
		case 'r': options->rerun = optarg; break;
		case 'o':
			options->only = true;
			options->first = number(optarg);
			break;
		case 'h':
			fputs(help, stdout);
			exit(EXIT_SUCCESS);
		default:
			exit(EXIT_USAGE);
		}
	}
	if (options->only)
		options->count = 1;
}

int main(int argc, char **argv)
{
	struct options options;
	const char *command;

	parse(&options, argc, argv);
	if (optind == argc)
		usage("no command after", argv[0]);
	command = argv[optind];
	argc -= optind;
	argv += optind;
	if (!strcmp(command, "compare") && argc == 3)
		return compare_logs(argv[1], argv[2], options.rerun);
	if (argc != 1)
		usage("wrong number of names after", command);
	if (!strcmp(command, "list"))
		return list_all(&options);
	if (!strcmp(command, "seed"))
		return draw_seed();
	if (strcmp(command, "run"))
		usage("unknown command", command);
	if (!options.log)
		usage("no --log for", command);
	return run_all(&options);
}
