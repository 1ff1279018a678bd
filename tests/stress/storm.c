// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many processes that fight for a few devices: whole lifecycles of containers (command `storm`),
 * and the same killed at any moment (command `kill`): by another process, and by a timer of their
 * own that goes off inside a step, so that each step is hit however short it is.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "stress.h"

#define MAX_PROCESSES	64
#define MAX_WANTED	3
#define PINS		4

/* What a process is at; a kill hits one of these. */
enum at { AT_OPEN, AT_ATTACH, AT_SET_IOMMU, AT_DEVICE, AT_MAP, AT_PIN, AT_CLOSE, NR_AT };

static const char *const at_names[] = {
	"open", "attach", "set_iommu", "device_open", "map", "pin", "close",
};

/* Shared by all processes. */
struct board {
	/* Lifecycles begun, to share them out, and done. */
	atomic_ulong begun;
	atomic_ulong done;
	atomic_ulong attaches;
	atomic_ulong pins;
	atomic_ulong busy;
	/* The largest number of lifecycles that were under way at once. */
	atomic_int now;
	atomic_int most;
	atomic_int at[MAX_PROCESSES];
	/* SIGTERM has come. */
	atomic_bool stop;
};

struct process {
	const struct options *options;
	struct board *board;
	unsigned int number;
	uint64_t random;
	void *page;
	struct files files;
	/* Dies some time after it gets there; NR_AT: it does not. */
	enum at dies_at;
};

static int step_error(const struct process *process, const char *what, int error)
{
	if (error)
		fail("process %u cannot %s: %s", process->number, what, strerror(error));
	return error ? -1 : 0;
}

/* SIGKILL in 1 to 262 microseconds, short times as likely as long ones. */
static void die_soon(struct process *process)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL };
	uint32_t most = 2048U << random_below(&process->random, 8);
	struct itimerspec time = { 0 };
	timer_t timer;

	time.it_value.tv_nsec = 1024 + random_below(&process->random, most);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) || timer_settime(timer, 0, &time, NULL)) {
		fail("cannot set a timer: %s", strerror(errno));
		_exit(EXIT_FAILURE);
	}
}

static void be_at(struct process *process, enum at at)
{
	atomic_store(&process->board->at[process->number], at);
	if (at == process->dies_at)
		die_soon(process);
}

/* Opens and attaches a group, unless another process has it open; that is no error. */
static int try_member(struct process *process, const struct member *member)
{
	struct files *files = &process->files;
	int error = open_group(member, &files->group[files->nr]);

	if (error == EBUSY) {
		atomic_fetch_add(&process->board->busy, 1);
		return 0;
	}
	if (error)
		return step_error(process, "open a group", error);
	files->member[files->nr] = member;
	be_at(process, AT_ATTACH);
	if (step_error(process, "attach a group",
		       attach(files->group[files->nr], files->container)))
		return -1;
	atomic_fetch_add(&process->board->attaches, 1);
	files->nr++;
	return 0;
}

/* Some devices that lie beside each other; nr stays 0 when others have them all. */
static int take_members(struct process *process)
{
	const struct options *options = process->options;
	unsigned int first = random_below(&process->random, options->nr_members);
	unsigned int wanted = 1 + random_below(&process->random, MAX_WANTED);
	unsigned int i;

	for (i = 0; i < options->nr_members && process->files.nr < wanted; i++)
		if (try_member(process, &options->members[(first + i) % options->nr_members]))
			return -1;
	return 0;
}

static int pin_some(struct process *process, unsigned int i)
{
	struct files *files = &process->files;
	unsigned int pins;

	if (!files->member[i]->emulated)
		return 0;
	for (pins = 0; pins < PINS; pins++)
		if (step_error(process, "pin", pin_page(files->device[i], IOVA)))
			return -1;
	atomic_fetch_add(&process->board->pins, PINS);
	return step_error(process, "unpin", unpin_page(files->device[i], IOVA));
}

static int use_members(struct process *process)
{
	struct files *files = &process->files;
	unsigned int i;

	be_at(process, AT_SET_IOMMU);
	if (step_error(process, "set the backend", set_iommu(files->container)))
		return -1;
	be_at(process, AT_DEVICE);
	for (i = 0; i < files->nr; i++)
		if (step_error(process, "open a device",
			       open_device(files->group[i], files->member[i], &files->device[i])))
			return -1;
	be_at(process, AT_MAP);
	if (step_error(process, "map", map_page(files->container, IOVA, process->page)))
		return -1;
	be_at(process, AT_PIN);
	for (i = 0; i < files->nr; i++)
		if (pin_some(process, i))
			return -1;
	return 0;
}

/* In any order. */
static void close_shuffled(struct process *process)
{
	struct files *files = &process->files;
	int *list[1 + 2 * MAX_MEMBERS];
	unsigned int i, n = 0;

	list[n++] = &files->container;
	for (i = 0; i < files->nr; i++) {
		list[n++] = &files->group[i];
		list[n++] = &files->device[i];
	}
	while (n) {
		i = random_below(&process->random, n);
		close_file(list[i]);
		list[i] = list[--n];
	}
}

static void note_most(struct board *board)
{
	int now = atomic_fetch_add(&board->now, 1) + 1;
	int most = atomic_load(&board->most);

	while (now > most && !atomic_compare_exchange_weak(&board->most, &most, now))
		;
}

/* 1 when it was whole, 0 when all devices were taken, -1 when something failed. */
static int lifecycle(struct process *process)
{
	int ret;

	files_init(&process->files);
	be_at(process, AT_OPEN);
	ret = step_error(process, "open a container", open_container(&process->files.container));
	if (!ret)
		ret = take_members(process);
	if (!ret && process->files.nr) {
		note_most(process->board);
		ret = use_members(process);
		atomic_fetch_sub(&process->board->now, 1);
	}
	be_at(process, AT_CLOSE);
	close_shuffled(process);
	return ret ? -1 : process->files.nr > 0;
}

/* Until one is whole. */
static int some_lifecycle(struct process *process)
{
	const struct timespec a_while = { .tv_nsec = 500000 };
	int done;

	while (!(done = lifecycle(process)))
		nanosleep(&a_while, NULL);
	return done;
}

static bool goes_on(const struct process *process)
{
	if (atomic_fetch_add(&process->board->begun, 1) < process->options->count)
		return true;
	return process->options->until_term && !atomic_load(&process->board->stop);
}

static void __attribute__((noreturn)) process_main(struct process *process)
{
	struct board *board = process->board;
	int done = 0;

	while (done >= 0 && goes_on(process)) {
		done = some_lifecycle(process);
		atomic_fetch_add(&board->done, done > 0);
	}
	_exit(done < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* A few lifecycles, then one that it does not survive. */
static void __attribute__((noreturn)) doomed_main(struct process *process, enum at dies_at)
{
	unsigned int lifecycles = random_below(&process->random, 4);

	while (lifecycles--)
		if (some_lifecycle(process) < 0)
			_exit(EXIT_FAILURE);
	process->dies_at = dies_at;
	for (;;)
		if (some_lifecycle(process) < 0)
			_exit(EXIT_FAILURE);
}

static struct board *get_board(void)
{
	struct board *board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (board == MAP_FAILED) {
		fail("cannot get shared memory: %s", strerror(errno));
		exit(EXIT_FAILURE);
	}
	return board;
}

static struct process process_init(const struct options *options, struct board *board,
				   unsigned int number, uint64_t seed)
{
	return (struct process){
		.options = options, .board = board, .number = number, .dies_at = NR_AT,
		.random = random_seed(options->seed, seed),
	};
}

static pid_t start_process(struct process *process, enum at dies_at)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		fail("cannot start process %u: %s", process->number, strerror(errno));
	if (pid)
		return pid;
	process->page = get_page();
	if (dies_at == NR_AT)
		process_main(process);
	doomed_main(process, dies_at);
}

static int check_processes(const struct options *options)
{
	if (options->processes < 1 || options->processes > MAX_PROCESSES)
		return fail("--processes must be 1 to %d", MAX_PROCESSES);
	return 0;
}

static struct board *storm_board;

static void on_term(int signal)
{
	atomic_store(&storm_board->stop, true);
}

int cmd_storm(const struct options *options)
{
	const struct sigaction action = { .sa_handler = on_term, .sa_flags = SA_RESTART };
	struct board *board = storm_board = get_board();
	struct refs refs;
	unsigned int i, started;
	int status, ret = 0;

	if (check_processes(options) || refs_init(&refs))
		return -1;
	sigaction(SIGTERM, &action, NULL);
	for (started = 0; started < options->processes; started++) {
		struct process process = process_init(options, board, started, started);

		if (start_process(&process, NR_AT) < 0)
			break;
	}
	for (i = 0; i < started; i++)
		if (wait(&status) < 0 || status)
			ret = -1;
	if (started < options->processes || all_is_back(&refs, options, "after the storm"))
		ret = -1;
	printf("lifecycles %lu\nattaches %lu\npins %lu\nbusy %lu\nat_once %d\n",
	       atomic_load(&board->done), atomic_load(&board->attaches),
	       atomic_load(&board->pins), atomic_load(&board->busy), atomic_load(&board->most));
	return ret;
}

/*
 * kill
 */
struct killer {
	const struct options *options;
	struct board *board;
	uint64_t random;
	pid_t pids[MAX_PROCESSES];
	uint64_t kills;
	unsigned long killed_at[NR_AT];
};

static int start_victim(struct killer *killer, unsigned int number)
{
	struct process process = process_init(killer->options, killer->board, number,
					      killer->options->processes + killer->kills);

	killer->pids[number] = start_process(&process, killer->kills % NR_AT);
	return killer->pids[number] < 0 ? -1 : 0;
}

/* One of them, at any time. */
static void kill_one(struct killer *killer)
{
	struct timespec time = { .tv_nsec = 1 + random_below(&killer->random, 4000000) };

	nanosleep(&time, NULL);
	kill(killer->pids[random_below(&killer->random, killer->options->processes)], SIGKILL);
}

/* Notes where it was and starts another one in its place. An end that was no kill is a failure. */
static int replace_killed(struct killer *killer)
{
	unsigned int number = 0;
	int status;
	pid_t pid = wait(&status);

	while (number < killer->options->processes && killer->pids[number] != pid)
		number++;
	if (number == killer->options->processes)
		return fail("cannot wait for a process: %s", strerror(errno));
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		return fail("process %u ended by itself, with status 0x%x", number, status);
	killer->kills++;
	killer->killed_at[atomic_load(&killer->board->at[number])]++;
	return start_victim(killer, number);
}

static void kill_all(struct killer *killer)
{
	unsigned int i;

	for (i = 0; i < killer->options->processes; i++)
		if (killer->pids[i] > 0)
			kill(killer->pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
}

/* Each device can be had again, and works. */
static int all_works(struct killer *killer)
{
	const struct options *options = killer->options;
	struct process process = process_init(options, killer->board, 0, 0);
	unsigned int i;

	process.page = get_page();
	for (i = 0; i < options->nr_members; i++) {
		files_init(&process.files);
		if (step_error(&process, "open a container",
			       open_container(&process.files.container)) ||
		    try_member(&process, &options->members[i]))
			return -1;
		if (!process.files.nr)
			return fail("the group of %s is busy, and nobody is left to use it",
				    options->members[i].name);
		if (use_members(&process))
			return -1;
		files_close(&process.files);
	}
	return 0;
}

static void killer_print(const struct killer *killer)
{
	unsigned int i;

	printf("kills %lu\nattaches %lu\npins %lu\n", killer->kills,
	       atomic_load(&killer->board->attaches), atomic_load(&killer->board->pins));
	for (i = 0; i < NR_AT; i++)
		printf("at_%s %lu\n", at_names[i], killer->killed_at[i]);
}

int cmd_kill(const struct options *options)
{
	static struct killer killer;
	struct refs refs;
	unsigned int i;
	int ret = 0;

	if (check_processes(options) || refs_init(&refs))
		return -1;
	killer.options = options;
	killer.board = get_board();
	killer.random = random_seed(options->seed, 0);
	for (i = 0; i < options->processes && !ret; i++)
		ret = start_victim(&killer, i);
	while (!ret && killer.kills < options->count) {
		/* Every other one dies by its own timer. */
		if (killer.kills % 2)
			kill_one(&killer);
		ret = replace_killed(&killer);
	}
	kill_all(&killer);

	if (all_is_back(&refs, options, "after the kills") || all_works(&killer) ||
	    all_is_back(&refs, options, "after using each device again"))
		ret = -1;
	killer_print(&killer);
	return ret;
}
