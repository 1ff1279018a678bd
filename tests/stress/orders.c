// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every order of closing the files of one container: its own, those of its groups and devices,
 * copies of them in another process, UNSET_CONTAINER in between. After each step the references on
 * the modules must be those that follow from the rules, and a device that is still open must be
 * able to pin. Commands `orders` and `exits`.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stress.h"

#define MAX_STEPS	8

/* A step: c, g, d close a file, u is UNSET_CONTAINER; a capital closes the other process's copy. */
struct step {
	char what;
	unsigned int member;
};

/* The other process, which holds copies of the files. */
struct peer {
	int socket;
	pid_t pid;
};

/* What must be true, by the rules: open copies of each file, and who is attached. */
struct model {
	unsigned int container;
	unsigned int group[MAX_MEMBERS];
	unsigned int device[MAX_MEMBERS];
	bool attached[MAX_MEMBERS];
};

struct run {
	const struct options *options;
	struct refs refs;
	struct peer peer;
	void *page;
	struct files files;
	struct model model;
	struct counts counts;
	uint64_t orders;
};

struct message {
	char what;
	unsigned int member;
};

/*
 * The other process
 */
static int files_list(struct files *files, int *list[])
{
	unsigned int i, n = 0;

	list[n++] = &files->container;
	for (i = 0; i < files->nr; i++) {
		list[n++] = &files->group[i];
		list[n++] = &files->device[i];
	}
	return n;
}

static void peer_take(struct files *files, struct msghdr *header)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(header);
	int *list[1 + 2 * MAX_MEMBERS];
	unsigned int i, n;
	int fds[1 + 2 * MAX_MEMBERS];

	if (!control || control->cmsg_type != SCM_RIGHTS)
		_exit(EXIT_FAILURE);
	n = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(fds, CMSG_DATA(control), n * sizeof(int));
	files->nr = (n - 1) / 2;
	files_list(files, list);
	for (i = 0; i < n; i++)
		*list[i] = fds[i];
}

static void __attribute__((noreturn)) peer_main(int socket)
{
	char control[CMSG_SPACE((1 + 2 * MAX_MEMBERS) * sizeof(int))];
	struct message message;
	struct iovec part = { &message, sizeof(message) };
	struct files files;

	files_init(&files);
	for (;;) {
		struct msghdr header = {
			.msg_iov = &part, .msg_iovlen = 1,
			.msg_control = control, .msg_controllen = sizeof(control),
		};

		if (recvmsg(socket, &header, MSG_CMSG_CLOEXEC) != sizeof(message))
			_exit(EXIT_SUCCESS);
		switch (message.what) {
		case 't': peer_take(&files, &header); break;
		case 'C': close_file(&files.container); break;
		case 'G': close_file(&files.group[message.member]); break;
		case 'D': close_file(&files.device[message.member]); break;
		}
		if (send(socket, &message, sizeof(message), 0) != sizeof(message))
			_exit(EXIT_FAILURE);
	}
}

static int peer_start(struct peer *peer)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return fail("cannot make a socket pair: %s", strerror(errno));
	peer->pid = fork();
	if (peer->pid < 0)
		return fail("cannot start a process: %s", strerror(errno));
	if (!peer->pid) {
		close(pair[0]);
		peer_main(pair[1]);
	}
	close(pair[1]);
	peer->socket = pair[0];
	return 0;
}

static void peer_stop(struct peer *peer)
{
	close(peer->socket);
	waitpid(peer->pid, NULL, 0);
}

/* Asks the other process and waits until it has done it. */
static int peer_ask(struct peer *peer, struct msghdr *header, const char *what)
{
	struct message answer;

	if (sendmsg(peer->socket, header, 0) < 0 ||
	    recv(peer->socket, &answer, sizeof(answer), 0) != sizeof(answer))
		return fail("the other process did not %s: %s", what, strerror(errno));
	return 0;
}

static int peer_give(struct peer *peer, struct files *files)
{
	char control[CMSG_SPACE((1 + 2 * MAX_MEMBERS) * sizeof(int))] = { 0 };
	struct message message = { 't', 0 };
	struct iovec part = { &message, sizeof(message) };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control };
	int *list[1 + 2 * MAX_MEMBERS];
	unsigned int i, n = files_list(files, list);
	struct cmsghdr *head;
	int fds[1 + 2 * MAX_MEMBERS];

	for (i = 0; i < n; i++)
		fds[i] = *list[i];
	header.msg_controllen = CMSG_SPACE(n * sizeof(int));
	head = CMSG_FIRSTHDR(&header);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(head), fds, n * sizeof(int));
	return peer_ask(peer, &header, "take the files");
}

static int peer_close(struct peer *peer, const struct step *step)
{
	struct message message = { step->what, step->member };
	struct iovec part = { &message, sizeof(message) };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };

	return peer_ask(peer, &header, "close a file");
}

/*
 * The rules
 */
static void model_start(struct model *model, unsigned int nr, unsigned int copies)
{
	unsigned int i;

	*model = (struct model){ .container = copies };
	for (i = 0; i < nr; i++) {
		model->group[i] = model->device[i] = copies;
		model->attached[i] = true;
	}
}

/* An open device keeps its group's file open; that file keeps the group attached. */
static bool group_is_open(const struct model *model, unsigned int i)
{
	return model->group[i] || model->device[i];
}

/* Returns the errno that UNSET_CONTAINER must give. */
static int model_step(struct model *model, const struct step *step)
{
	unsigned int i = step->member;
	int error = 0;

	switch (step->what) {
	case 'c': case 'C': model->container--; break;
	case 'g': case 'G': model->group[i]--; break;
	case 'd': case 'D': model->device[i]--; break;
	case 'u':
		error = model->device[i] ? EBUSY : 0;
		model->attached[i] = error;
		break;
	}
	model->attached[i] = model->attached[i] && group_is_open(model, i);
	return error;
}

/*
 * An open container or device holds vfio once, a group twice: file and character device. An open
 * device holds its driver, a backend in use type1.
 */
static int model_check(const struct run *run, const char *what)
{
	const struct model *model = &run->model;
	long want[4] = { [REFS_VFIO] = !!model->container };
	unsigned int i;

	for (i = 0; i < run->options->nr_members; i++) {
		want[REFS_VFIO] += 2 * group_is_open(model, i) + !!model->device[i];
		want[run->options->members[i].emulated ? REFS_TESTDEV : REFS_PCI] +=
			!!model->device[i];
		want[REFS_TYPE1] |= model->attached[i];
	}
	return refs_expect(&run->refs, want, what);
}

/*
 * One order
 */
static void describe(char *text, const struct step *steps, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		text += sprintf(text, "%c%u ", steps[i].what, steps[i].member);
}

static int do_step(struct run *run, const struct step *step, const char *what)
{
	struct files *files = &run->files;
	unsigned int i = step->member;
	int error = 0, want = model_step(&run->model, step);

	switch (step->what) {
	case 'c': close_file(&files->container); break;
	case 'g': close_file(&files->group[i]); break;
	case 'd': close_file(&files->device[i]); break;
	case 'u':
		error = unset(files->group[i]);
		run->counts.unsets += !error;
		break;
	default:
		if (peer_close(&run->peer, step))
			return -1;
	}
	if (error != want)
		return fail("%s: UNSET_CONTAINER gave '%s', not '%s'", what, strerror(error),
			    strerror(want));
	return model_check(run, what);
}

/* Whatever else is closed, an open device can pin what is mapped. */
static int pin_all(struct run *run, const char *what)
{
	unsigned int i;
	int error;

	for (i = 0; i < run->files.nr; i++) {
		if (run->files.device[i] < 0 || !run->files.member[i]->emulated)
			continue;
		error = pin_page(run->files.device[i], IOVA);
		if (!error)
			error = unpin_page(run->files.device[i], IOVA);
		if (error)
			return fail("%s: %s cannot pin: %s", what, run->files.member[i]->name,
				    strerror(error));
		run->counts.pins++;
	}
	return 0;
}

static int start_order(struct run *run, bool shared)
{
	if (files_open(&run->files, run->options->members, run->options->nr_members, run->page,
		       &run->counts))
		return -1;
	model_start(&run->model, run->files.nr, 1 + shared);
	if (shared && peer_give(&run->peer, &run->files))
		return -1;
	return 0;
}

static int run_order(struct run *run, const struct step *steps, unsigned int nr, bool shared)
{
	char what[16 + MAX_STEPS * 16];
	unsigned int i;

	if (start_order(run, shared))
		return -1;
	run->orders++;
	for (i = 0; i < nr; i++) {
		describe(what, steps, i + 1);
		if (do_step(run, &steps[i], what) || pin_all(run, what))
			return -1;
	}
	return all_is_back(&run->refs, run->options, what);
}

/*
 * All orders
 */
static bool can_follow(const struct step *steps, unsigned int nr, const struct step *next)
{
	unsigned int i;

	/* A closed group cannot be detached by hand. */
	for (i = 0; i < nr; i++)
		if (next->what == 'u' && steps[i].what == 'g' && steps[i].member == next->member)
			return false;
	return true;
}

/* Steps 0..nr-1 are chosen; tries each of the others as the next one. */
static int permute(struct run *run, struct step *steps, unsigned int nr, unsigned int total,
		   bool shared)
{
	struct step chosen;
	unsigned int i;

	if (nr == total)
		return run_order(run, steps, total, shared);
	for (i = nr; i < total; i++) {
		if (!can_follow(steps, nr, &steps[i]))
			continue;
		chosen = steps[i];
		steps[i] = steps[nr];
		steps[nr] = chosen;
		if (permute(run, steps, nr + 1, total, shared))
			return -1;
		steps[nr] = steps[i];
		steps[i] = chosen;
	}
	return 0;
}

static int run_init(struct run *run, const struct options *options)
{
	*run = (struct run){ .options = options, .page = get_page() };
	return refs_init(&run->refs) || peer_start(&run->peer) ? -1 : 0;
}

static void run_print(const struct run *run)
{
	printf("orders %lu\nopens %lu\nattaches %lu\nunsets %lu\ndevice_opens %lu\npins %lu\n",
	       run->orders, run->counts.opens, run->counts.attaches, run->counts.unsets,
	       run->counts.device_opens, run->counts.pins);
}

/* Every order; then, with one member, the same while another process has copies of all files. */
int cmd_orders(const struct options *options)
{
	static struct run run;
	struct step steps[MAX_STEPS] = { { 'c', 0 } };
	unsigned int i, nr = 1;
	int ret;

	if (options->nr_members > 2)
		return fail("orders needs one or two devices: the number of orders explodes");
	if (run_init(&run, options))
		return -1;
	for (i = 0; i < options->nr_members; i++) {
		steps[nr++] = (struct step){ 'g', i };
		steps[nr++] = (struct step){ 'd', i };
		if (!options->no_unset)
			steps[nr++] = (struct step){ 'u', i };
	}
	ret = permute(&run, steps, 0, nr, false);
	if (!ret && options->nr_members == 1 && !options->alone) {
		steps[nr++] = (struct step){ 'C', 0 };
		steps[nr++] = (struct step){ 'G', 0 };
		steps[nr++] = (struct step){ 'D', 0 };
		ret = permute(&run, steps, 0, nr, true);
	}
	peer_stop(&run.peer);
	run_print(&run);
	return ret;
}

/*
 * Exits
 */

/* Opens all, closes some, and ends with the rest open; this process has copies if `shared`. */
static int exit_after(struct run *run, const struct step *steps, unsigned int nr, bool shared)
{
	pid_t pid;
	int status;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return fail("cannot start a process: %s", strerror(errno));
	if (!pid) {
		if (start_order(run, shared))
			_exit(EXIT_FAILURE);
		while (nr--)
			if (do_step(run, steps++, "before an exit"))
				_exit(EXIT_FAILURE);
		_exit(EXIT_SUCCESS);
	}
	waitpid(pid, &status, 0);
	run->orders++;
	/* The child counted in its own memory; it got here, so it did all of it. */
	run->counts.opens++;
	run->counts.attaches += run->options->nr_members;
	run->counts.device_opens += run->options->nr_members;
	return status ? -1 : 0;
}

/* With copies left in the other process, which then closes them in this order. */
static int exit_shared(struct run *run, const struct step *steps, unsigned int nr)
{
	char what[16 + MAX_STEPS * 16];
	unsigned int i;

	if (exit_after(run, NULL, 0, true))
		return -1;
	model_start(&run->model, run->options->nr_members, 1);
	if (model_check(run, "after the exit of one of two processes"))
		return -1;
	for (i = 0; i < nr; i++) {
		struct step step = { steps[i].what - 'a' + 'A', steps[i].member };

		describe(what, steps, i + 1);
		if (do_step(run, &step, what))
			return -1;
	}
	return 0;
}

static int exit_orders(struct run *run, struct step *steps, unsigned int nr, unsigned int total)
{
	struct step chosen;
	unsigned int i;

	/* Every prefix of every order comes by here. */
	if (exit_after(run, steps, nr, false) ||
	    all_is_back(&run->refs, run->options, "after an exit"))
		return -1;
	if (nr == total)
		return exit_shared(run, steps, total);
	for (i = nr; i < total; i++) {
		chosen = steps[i];
		steps[i] = steps[nr];
		steps[nr] = chosen;
		if (exit_orders(run, steps, nr + 1, total))
			return -1;
		steps[nr] = steps[i];
		steps[i] = chosen;
	}
	return 0;
}

/* Every way to close some of the files and to leave the others to the exit. */
int cmd_exits(const struct options *options)
{
	static struct run run;
	struct step steps[MAX_STEPS] = { { 'c', 0 } };
	unsigned int i, nr = 1;
	int ret;

	if (options->nr_members > 2)
		return fail("exits needs one or two devices: the number of orders explodes");
	if (run_init(&run, options))
		return -1;
	for (i = 0; i < options->nr_members; i++) {
		steps[nr++] = (struct step){ 'g', i };
		steps[nr++] = (struct step){ 'd', i };
	}
	ret = exit_orders(&run, steps, 0, nr);
	peer_stop(&run.peer);
	if (!ret)
		ret = all_is_back(&run.refs, options, "at the end");
	run_print(&run);
	return ret;
}
