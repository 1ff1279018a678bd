// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-faults: container lives in which allocations fail. Run on a debug kernel (fault injection)
 * by tests/debug/guest/50-faults.sh, as root.
 *
 * What the kernel may answer to a failed allocation or copy is ALLOWED; anything else fails the
 * run, as does a call that fails without a fault, or memory that stays locked after a life's end.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "session.h"

#define EXIT_USAGE	2
#define MAX_DEVICES	16
#define MAX_ERRNO	134
/* No call has that many places to fail. */
#define MAX_NTH		2000

/* EIO: vfio_iommu_type1's word for a domain that could not be allocated. */
static const int allowed[] = { ENOMEM, EFAULT, EIO };

static const char help[] =
"Usage: vfio-faults nth DEVICE...\n"
"       vfio-faults random SECONDS DEVICE...\n"
"\n"
"Opens, uses and closes containers on a kernel that lets allocations fail.\n"
"  nth     in each call of each life lets the first allocation or copy fail, then the second,\n"
"          and so on; then the call is repeated without a fault, must succeed, and the life goes\n"
"          on. Prints for each call how many faults there were and how it ended\n"
"  random  one process for each two DEVICEs; failslab's probability decides (task-filter on)\n"
"DEVICE is vfio-testdev.N or the PCI address of a device of vfio-pci, at most 16.\n"
"Exit status: 0 all is as it must be, 1 it is not, 2 usage.\n";

/* What the processes of `random` have done, shared by all of them. */
struct totals {
	_Atomic uint64_t lives;
	_Atomic uint64_t whole;
	_Atomic uint64_t calls;
	_Atomic uint64_t ended[MAX_ERRNO];
};

static int __attribute__((format(printf, 1, 2))) complain(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "vfio-faults: %s\n", text);
	return -1;
}

static bool is_allowed(int error)
{
	unsigned int i;

	for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (error == allowed[i])
			return true;
	return false;
}

/* Pages of this process that vfio has locked, in KiB. */
static long locked_kib(void)
{
	char line[128];
	long kib = -1;
	FILE *file = fopen("/proc/self/status", "re");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "VmLck: %ld", &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib;
}

/* -1 when the life left something locked. */
static int session_end(struct session *session, const struct life *life)
{
	long kib;

	session_close(session);
	kib = locked_kib();
	if (kib)
		return complain("life '%s': %ld KiB stay locked after its end", life->name, kib);
	return 0;
}

/* Runs the steps from `from` up to `end` (NULL: all), none of which may fail. */
static int run_clean(struct session *session, const struct life *life, const struct step *from,
		     const struct step *end)
{
	const struct step *step;
	int ret;

	for (step = from; step != end && step->name; step++) {
		if (session->skips_pci && step_is_of_device(step) &&
		    !session->members[step->nr].emulated)
			continue;
		ret = step->run(session, step->nr);
		if (ret)
			return complain("life '%s': %s fails without a fault: %s", life->name,
					step->name, strerror(-ret));
	}
	return 0;
}

/*
 * May one allocation fail? Opening a PCI device runs through ACPI and the PCI core, which have
 * troubles of their own when memory is short (6.1's ACPI reads what it has freed), and the IOMMU
 * core warns when it cannot give a device its own domain back, as it has to on the way out of any
 * other. type1's GET_INFO forgets the capabilities that it has when there is no memory for the list
 * of valid IOVAs, which only real devices have. All of that is no business of vfio's container.
 */
static bool may_fault(const struct step *step, const struct member *members)
{
	if (step_joins_domain(step) && !members[0].emulated && !members[1].emulated)
		return false;
	return members[step->nr].emulated ||
	       (!step_is_of_device(step) && !step_leaves_domain(step) && !step_reads_info(step));
}

/* May several? What undoes a failed attach or SET_IOMMU gives devices their domain back, too. */
static bool may_fault_often(const struct step *step, const struct member *members, unsigned int nr)
{
	unsigned int i;

	if (!step_is_of_domain(step))
		return may_fault(step, members);
	for (i = 0; i < nr; i++)
		if (!members[i].emulated)
			return false;
	return true;
}

/* Ends a count that may not have been used up: this write may be hit, too. */
static int end_faults(int fail_fd)
{
	int tries;

	for (tries = 0; tries < 10; tries++)
		if (pwrite(fail_fd, "0", 1, 0) == 1)
			return 0;
	return complain("cannot write fail-nth: %s", strerror(errno));
}

/* The call with its n-th fault. Returns what it did; *injected: whether it came that far. */
static int run_faulty(struct session *session, const struct step *step, int fail_fd,
		      unsigned int nth, bool *injected)
{
	char text[16];
	ssize_t got;
	int ret;

	snprintf(text, sizeof(text), "%u", nth);
	if (pwrite(fail_fd, text, strlen(text), 0) < 0) {
		complain("cannot write fail-nth: %s", strerror(errno));
		return -EPERM;
	}
	ret = step->run(session, step->nr);
	/* What is left of the count may also hit this. */
	got = pread(fail_fd, text, sizeof(text) - 1, 0);
	*injected = got > 0 && text[0] == '0';
	return end_faults(fail_fd) ? -EPERM : ret;
}

/* What became of one call's faults. */
struct outcome {
	unsigned int faults;
	unsigned int refused;
	unsigned int ended[MAX_ERRNO];
};

static int fault_once(const struct life *life, const struct step *step,
		      struct session *session, int fail_fd, struct outcome *outcome)
{
	unsigned int nth = outcome->faults + 1;
	bool injected = false;
	int ret;

	if (run_clean(session, life, life->steps, step))
		return -1;
	ret = run_faulty(session, step, fail_fd, nth, &injected);
	if (ret && (!injected || !is_allowed(-ret)))
		return complain("life '%s': %s, fault %u%s: %s", life->name, step->name, nth,
				injected ? "" : " not reached", strerror(-ret));
	if (ret) {
		outcome->refused++;
		outcome->ended[-ret]++;
	}
	/* Nothing may be left of the failed call. */
	if (run_clean(session, life, ret ? step : step + 1, NULL))
		return complain("life '%s': that was after fault %u in %s", life->name, nth,
				step->name);
	outcome->faults += injected;
	return injected;
}

static int fault_each(const struct life *life, const struct step *step,
		      const struct member *members, void *memory, int fail_fd)
{
	struct outcome outcome = { 0 };
	struct session session;
	int error, ret;

	do {
		session_init(&session, members, memory);
		/* It is reset, which takes longer than all else in a life: once for each call. */
		session.skips_pci = outcome.faults > 0;
		ret = fault_once(life, step, &session, fail_fd, &outcome);
		if (session_end(&session, life))
			ret = -1;
	} while (ret > 0 && outcome.faults < MAX_NTH);
	if (ret)
		return -1;

	printf("%s: %s: %u faults, %u refused", life->name, step->name, outcome.faults,
	       outcome.refused);
	for (error = 1; error < MAX_ERRNO; error++)
		if (outcome.ended[error])
			printf(" %s %u", strerrorname_np(error), outcome.ended[error]);
	putchar('\n');
	fflush(stdout);
	return 0;
}

static bool can_live(const struct life *life, const struct member *members, unsigned int nr)
{
	return life->nr_members <= nr && (!life->pins || members[0].emulated);
}

static int run_nth(const struct member *members, unsigned int nr, void *memory)
{
	const struct step *step;
	unsigned int i;
	int fail_fd, ret = 0;

	fail_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fail_fd < 0)
		return complain("cannot open /proc/thread-self/fail-nth: %s; boot a debug kernel",
				strerror(errno));
	for (i = 0; i < nr_lives; i++) {
		if (!can_live(&lives[i], members, nr))
			continue;
		for (step = lives[i].steps; step->name; step++)
			if (may_fault(step, members) &&
			    fault_each(&lives[i], step, members, memory, fail_fd))
				ret = -1;
	}
	close(fail_fd);
	return ret;
}

/* Switches faults for this process on or off. */
static int make_it_fail(int fd, const char *yes)
{
	int tries;

	/* The write that ends them may itself be hit. */
	for (tries = 0; tries < 1000; tries++)
		if (pwrite(fd, yes, 1, 0) == 1)
			return 0;
	return complain("cannot write /proc/self/make-it-fail: %s; boot a debug kernel",
			strerror(errno));
}

/* A process of `random`. */
struct child {
	const struct member *members;
	unsigned int nr;
	void *memory;
	/* Its /proc/self/make-it-fail. */
	int fail_fd;
	struct totals *totals;
};

static int run_at_random(struct child *child, const struct step *step, struct session *session)
{
	bool calm = !may_fault_often(step, child->members, child->nr);
	int ret;

	if (calm && make_it_fail(child->fail_fd, "0"))
		return -EPERM;
	ret = step->run(session, step->nr);
	if (calm && make_it_fail(child->fail_fd, "1"))
		return -EPERM;
	return ret;
}

static int live_until_fault(struct child *child, const struct life *life)
{
	struct totals *totals = child->totals;
	const struct step *step;
	struct session session;
	int ret = 0;

	session_init(&session, child->members, child->memory);
	for (step = life->steps; step->name && !ret; step++) {
		ret = run_at_random(child, step, &session);
		totals->calls++;
		totals->ended[-ret]++;
		if (ret && !is_allowed(-ret))
			complain("life '%s': %s: %s", life->name, step->name, strerror(-ret));
	}
	/* Closing a PCI device: see may_fault(). */
	if (make_it_fail(child->fail_fd, "0"))
		ret = -EPERM;
	session_close(&session);
	if (make_it_fail(child->fail_fd, "1"))
		ret = -EPERM;
	totals->lives++;
	totals->whole += !ret;
	return ret && !is_allowed(-ret) ? -1 : 0;
}

static int run_child(struct child *child, time_t end)
{
	unsigned int i;
	long kib;
	int ret = 0;

	child->fail_fd = open("/proc/self/make-it-fail", O_WRONLY | O_CLOEXEC);
	if (make_it_fail(child->fail_fd, "1"))
		return -1;
	while (!ret && time(NULL) < end)
		for (i = 0; i < nr_lives && !ret; i++)
			if (can_live(&lives[i], child->members, child->nr))
				ret = live_until_fault(child, &lives[i]);
	if (make_it_fail(child->fail_fd, "0"))
		return -1;
	kib = locked_kib();
	if (kib)
		return complain("%ld KiB stay locked at the end of a process", kib);
	return ret;
}

static void print_totals(struct totals *totals)
{
	int error;

	printf("lives %lu\nwhole %lu\ncalls %lu\n", totals->lives, totals->whole, totals->calls);
	for (error = 1; error < MAX_ERRNO; error++)
		if (totals->ended[error])
			printf("%s %lu\n", strerrorname_np(error), totals->ended[error]);
}

static int run_random(const char *seconds, const struct member *members, unsigned int nr,
		      void *memory)
{
	time_t end = time(NULL) + atoi(seconds);
	struct totals *totals;
	unsigned int i;
	int status, ret = 0;

	totals = mmap(NULL, sizeof(*totals), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (totals == MAP_FAILED)
		return complain("out of memory");
	for (i = 0; i < nr; i += MAX_MEMBERS) {
		struct child child = {
			.members = members + i,
			.nr = nr - i < MAX_MEMBERS ? nr - i : MAX_MEMBERS,
			.memory = memory,
			.totals = totals,
		};
		pid_t pid = fork();

		if (pid < 0)
			return complain("cannot fork: %s", strerror(errno));
		if (!pid)
			_exit(run_child(&child, end) ? 1 : 0);
	}
	while (wait(&status) > 0)
		if (status)
			ret = complain("a process ended with status 0x%x", status);
	print_totals(totals);
	return ret;
}

static int __attribute__((noreturn)) usage(void)
{
	fputs(help, stderr);
	exit(EXIT_USAGE);
}

int main(int argc, char **argv)
{
	struct member members[MAX_DEVICES];
	unsigned int nr = 0;
	bool nth = argc > 2 && !strcmp(argv[1], "nth");
	bool random = argc > 3 && !strcmp(argv[1], "random");
	void *memory;
	int i, ret;

	if (!nth && !random)
		usage();
	for (i = nth ? 2 : 3; i < argc; i++) {
		if (nr == MAX_DEVICES)
			usage();
		if (member_find(&members[nr++], argv[i]))
			return EXIT_FAILURE;
	}
	memory = mmap(NULL, SESSION_MEMORY, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (memory == MAP_FAILED)
		return complain("out of memory") ? EXIT_FAILURE : EXIT_SUCCESS;
	if (nth)
		ret = run_nth(members, nr, memory);
	else
		ret = run_random(argv[2], members, nr, memory);
	if (fflush(stdout) || ferror(stdout))
		ret = complain("cannot write to standard output: %s", strerror(errno));
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
