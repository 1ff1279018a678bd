// SPDX-License-Identifier: GPL-2.0-only
/*
 * loader.c - starting the privileged process, asking it, ending it
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "loader.h"
#include "xalloc.h"

struct loader {
	int sock;
	pid_t pid;
};

/* Nothing of the tool's but the socket, which becomes descriptor 3. */
static int leave_behind(int sock)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* Out of the way of what is put in place. */
	sock = fcntl(sock, F_DUPFD, 4);
	if (null < 0 || sock < 0)
		return -errno;
	for (int fd = 0; fd < 3; fd++)
		if (dup2(null, fd) < 0)
			return -errno;
	if (dup2(sock, 3) < 0 || close_range(4, ~0U, 0))
		return -errno;
	return 3;
}

/* In the child. What a terminal or a service manager sends to all is the tool's to react to. */
static void __attribute__((noreturn)) run(int sock, const struct loader_config *config)
{
	sigset_t none;

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_NAME, "vfio-loader", 0, 0, 0);
	sock = leave_behind(sock);
	if (sock >= 0)
		loader_serve(sock, config);
	_exit(sock < 0);
}

struct loader *loader__start(const struct loader_config *config, char *err, size_t err_size)
{
	struct loader *loader = xcalloc(1, sizeof(*loader));
	int pair[2] = { -1, -1 };

	if (!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		loader->pid = fork();
		if (loader->pid == 0)
			run(pair[1], config);
		if (loader->pid > 0) {
			close(pair[1]);
			loader->sock = pair[0];
			return loader;
		}
	}
	error__set(err, err_size, "cannot start the process that loads the BPF programs: %s; look "
		   "at the limits for processes and open files", strerror(errno));
	close(pair[0]);
	close(pair[1]);
	free(loader);
	return NULL;
}

void loader__stop(struct loader *loader)
{
	if (!loader)
		return;
	close(loader->sock);
	while (waitpid(loader->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(loader);
}

void loader__close_fds(struct loader_fds *fds)
{
	for (int i = 0; i < LOADER_N_MAPS; i++)
		if (fds->map[i] >= 0)
			close(fds->map[i]);
	if (fds->existing >= 0)
		close(fds->existing);
	if (fds->tables >= 0)
		close(fds->tables);
	if (fds->opened >= 0)
		close(fds->opened);
	loader__no_fds(fds);
}

void loader__no_fds(struct loader_fds *fds)
{
	fds->existing = -1;
	fds->tables = -1;
	fds->opened = -1;
	memset(fds->map, -1, sizeof(fds->map));
}

/* What came along, by its meaning; the reply has been checked to match. */
static void sort_fds(const struct loader_reply *reply, const int *from, struct loader_fds *to)
{
	if (reply->flags & LOADER_MAPS) {
		memcpy(to->map, from, sizeof(to->map));
		from += LOADER_N_MAPS;
	}
	if (reply->flags & LOADER_EXISTING)
		to->existing = *from++;
	if (reply->flags & LOADER_TABLES)
		to->tables = *from++;
	if (reply->flags & LOADER_OPENED)
		to->opened = *from;
}

static int broken(struct loader_reply *reply, int ret)
{
	reply->ret = ret;
	error__set(reply->text, sizeof(reply->text), "the process that holds the BPF programs "
		   "(vfio-loader) %s; start the tool again",
		   ret == -EPIPE ? "has ended" : "does not answer as it should");
	return ret;
}

static int ask(struct loader *loader, const struct loader_request *request,
	       struct loader_reply *reply, struct loader_fds *fds)
{
	int all[LOADER_MAX_FDS];
	unsigned int n = 0;
	int ret = loader_proto__send(loader->sock, request, sizeof(*request), NULL, 0);

	if (fds)
		loader__no_fds(fds);
	memset(reply, 0, sizeof(*reply));
	if (!ret)
		ret = loader_proto__recv(loader->sock, reply, sizeof(*reply), all,
					 fds ? LOADER_MAX_FDS : 0, &n);
	if (ret != 1)
		return broken(reply, ret == 0 || ret == -ECONNRESET ? -EPIPE : ret);
	if (!loader_proto__reply_ok(reply, n)) {
		while (n)
			close(all[--n]);
		return broken(reply, -EPROTO);
	}
	if (fds)
		sort_fds(reply, all, fds);
	return reply->ret;
}

int loader__call(struct loader *loader, enum loader_op op, __u64 arg, struct loader_reply *reply,
		 struct loader_fds *fds)
{
	struct loader_request request = { .magic = LOADER_MAGIC, .op = op, .arg = arg };

	return ask(loader, &request, reply, fds);
}

/* The file of an answer that has no other descriptor; the caller's. */
static int only_file(struct loader_fds *fds)
{
	int fd = fds->opened;

	fds->opened = -1;
	loader__close_fds(fds);
	return fd >= 0 ? fd : -ENOENT;
}

int loader__file(struct loader *loader, __u32 tgid, __u64 address, char *path, size_t size)
{
	struct loader_request request = {
		.magic = LOADER_MAGIC, .op = LOADER_FILE, .arg = tgid, .at = address,
	};
	struct loader_reply reply;
	struct loader_fds fds;
	int ret = ask(loader, &request, &reply, &fds);

	if (ret)
		return ret;
	snprintf(path, size, "%s", reply.text);
	return only_file(&fds);
}

static int new_file(struct loader *loader, enum loader_op op, __u64 arg)
{
	struct loader_reply reply;
	struct loader_fds fds;
	int ret = loader__call(loader, op, arg, &reply, &fds);

	return ret ? ret : only_file(&fds);
}

int loader__choices_begin(struct loader *loader)
{
	return new_file(loader, LOADER_CHOICES, 0);
}

int loader__choices_end(struct loader *loader, bool whole)
{
	struct loader_reply reply;

	return loader__call(loader, LOADER_CHOSEN, whole, &reply, NULL);
}

int loader__create(struct loader *loader, __u64 number)
{
	return new_file(loader, LOADER_CREATE, number);
}

bool loader__is_gone(const struct loader *loader)
{
	struct pollfd poll_fd = { .fd = loader->sock, .events = POLLIN };

	/* It says nothing unasked. */
	return poll(&poll_fd, 1, 0) > 0;
}

__u64 loader__cpu_ns(const struct loader *loader)
{
	struct timespec ts;
	clockid_t clock;

	if (!loader || clock_getcpuclockid(loader->pid, &clock) || clock_gettime(clock, &ts))
		return 0;
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}
