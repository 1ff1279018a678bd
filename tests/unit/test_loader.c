// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_loader.c - messages between a tool and its loader: whole, cut, too long, with descriptors
 * that nobody expects, and a loader that is talked to by something else than its tool
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/loader.h"

static int pair[2];

static int setup(void **state)
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
}

static int teardown(void **state)
{
	close(pair[0]);
	close(pair[1]);
	return 0;
}

static unsigned int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static const struct loader_request good = { .magic = LOADER_MAGIC, .op = LOADER_FOLLOW, .arg = 7 };

static void whole(void **state)
{
	struct loader_request got;
	int fds[2] = { -1, -1 }, null = open("/dev/null", O_RDONLY);
	int two[] = { null, null };
	struct stat a, b;
	unsigned int n;

	assert_int_equal(loader_proto__send(pair[0], &good, sizeof(good), two, 2), 0);
	assert_int_equal(loader_proto__recv(pair[1], &got, sizeof(got), fds, 2, &n), 1);
	assert_int_equal(n, 2);
	assert_memory_equal(&got, &good, sizeof(good));
	assert_int_equal(fstat(null, &a) | fstat(fds[1], &b), 0);
	assert_true(a.st_rdev == b.st_rdev && a.st_ino == b.st_ino);
	assert_true(fcntl(fds[0], F_GETFD) & FD_CLOEXEC);
	close(fds[0]);
	close(fds[1]);
	close(null);
}

static void cut_and_long(void **state)
{
	char buf[sizeof(good) + 1] = { 0 };
	struct loader_request got;
	unsigned int n;

	for (size_t size = 1; size <= sizeof(buf); size++) {
		if (size == sizeof(good))
			continue;
		assert_int_equal(send(pair[0], buf, size, 0), size);
		assert_int_equal(loader_proto__recv(pair[1], &got, sizeof(got), NULL, 0, &n),
				 -EPROTO);
	}
}

/* More than can be expected, up to what the kernel lets through: none may stay open. */
static void unexpected_descriptors(void **state)
{
	unsigned int before = open_files(), n;
	struct loader_request got;
	int fds[LOADER_MAX_FDS];

	for (unsigned int i = 0; i < LOADER_MAX_FDS; i++)
		fds[i] = pair[0];
	for (unsigned int sent = 1; sent <= LOADER_MAX_FDS; sent += LOADER_MAX_FDS - 1) {
		assert_int_equal(loader_proto__send(pair[0], &good, sizeof(good), fds, sent), 0);
		assert_int_equal(loader_proto__recv(pair[1], &got, sizeof(got), NULL, 0, &n),
				 -EPROTO);
		assert_int_equal(n, 0);
	}
	assert_int_equal(loader_proto__send(pair[0], &good, sizeof(good), fds,
					    LOADER_MAX_FDS + 1), -E2BIG);
	assert_int_equal(open_files(), before);
}

/* Beyond what a message of ours holds; sent by hand. */
static void too_many_descriptors(void **state)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(250 * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)&good, .iov_len = sizeof(good) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	unsigned int before = open_files(), n;
	struct loader_request got;
	int fds[250];

	for (int i = 0; i < 250; i++)
		fds[i] = pair[0];
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(&control.head), fds, sizeof(fds));
	assert_int_equal(sendmsg(pair[0], &msg, 0), sizeof(good));
	assert_int_equal(loader_proto__recv(pair[1], &got, sizeof(got), fds, 2, &n), -EPROTO);
	assert_int_equal(open_files(), before);
}

static void ended(void **state)
{
	struct loader_request got;
	unsigned int n;

	close(pair[0]);
	assert_int_equal(loader_proto__recv(pair[1], &got, sizeof(got), NULL, 0, &n), 0);
	assert_int_equal(loader_proto__send(pair[1], &good, sizeof(good), NULL, 0), -EPIPE);
	pair[0] = dup(pair[1]);
}

static void requests(void **state)
{
	struct loader_request request = good;

	for (__u32 op = 0; op < 20; op++) {
		request.op = op;
		assert_int_equal(loader_proto__request_ok(&request),
				 op >= LOADER_OPEN && op < LOADER_END);
	}
	request = good;
	request.op = ~0U;
	assert_false(loader_proto__request_ok(&request));
	request = good;
	request.magic++;
	assert_false(loader_proto__request_ok(&request));
}

static void replies(void **state)
{
	struct loader_reply reply = { .magic = LOADER_MAGIC };

	assert_true(loader_proto__reply_ok(&reply, 0));
	assert_false(loader_proto__reply_ok(&reply, 1));
	reply.flags = LOADER_EXISTING;
	assert_true(loader_proto__reply_ok(&reply, 1));
	reply.flags |= LOADER_MAPS;
	assert_true(loader_proto__reply_ok(&reply, 1 + LOADER_N_MAPS));
	assert_false(loader_proto__reply_ok(&reply, LOADER_N_MAPS));
	reply.flags = LOADER_MAPS;
	assert_true(loader_proto__reply_ok(&reply, LOADER_N_MAPS));
	assert_false(loader_proto__reply_ok(&reply, LOADER_N_MAPS + 1));
	reply.flags = LOADER_MAPS | LOADER_EXISTING | LOADER_TABLES;
	assert_true(loader_proto__reply_ok(&reply, LOADER_N_MAPS + 2));
	assert_false(loader_proto__reply_ok(&reply, LOADER_N_MAPS + 1));
	reply = (struct loader_reply){ .magic = LOADER_MAGIC };
	memset(reply.no_tables, 'x', sizeof(reply.no_tables));
	assert_false(loader_proto__reply_ok(&reply, 0));
	reply = (struct loader_reply){ .magic = LOADER_MAGIC, .ret = 1 };
	assert_false(loader_proto__reply_ok(&reply, 0));
	reply = (struct loader_reply){ .magic = LOADER_MAGIC, .flags = 8 };
	assert_false(loader_proto__reply_ok(&reply, 0));
	reply = (struct loader_reply){ .magic = LOADER_MAGIC, .ret = -1, .flags = LOADER_EXISTING };
	assert_false(loader_proto__reply_ok(&reply, 1));
	reply = (struct loader_reply){ .magic = LOADER_MAGIC };
	memset(reply.text, 'x', sizeof(reply.text));
	assert_false(loader_proto__reply_ok(&reply, 0));
	reply.text[sizeof(reply.text) - 1] = '\0';
	memset(reply.detail, 'x', sizeof(reply.detail));
	assert_false(loader_proto__reply_ok(&reply, 0));
}

/* A loader of its own process, at pair[1]; nothing here needs privileges. */
static pid_t serve(const struct loader_config *config)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	close(pair[0]);
	loader_serve(pair[1], config);
	_exit(0);
}

static int ask(enum loader_op op, __u64 arg, struct loader_reply *reply)
{
	struct loader_request request = { .magic = LOADER_MAGIC, .op = op, .arg = arg };
	int fds[LOADER_MAX_FDS];
	unsigned int n;

	assert_int_equal(loader_proto__send(pair[0], &request, sizeof(request), NULL, 0), 0);
	assert_int_equal(loader_proto__recv(pair[0], reply, sizeof(*reply), fds, LOADER_MAX_FDS,
					    &n), 1);
	assert_true(loader_proto__reply_ok(reply, n));
	assert_int_equal(n, 0);
	return reply->ret;
}

/* In every order, whatever is open: an answer, and no crash. */
static void any_order(void **state)
{
	struct loader_config config = { .part = "", .final = "" };
	static const __u64 args[] = { 0, 1, 3, ~0ULL };
	struct loader_reply reply;
	pid_t pid = serve(&config);
	int status;

	assert_int_equal(ask(LOADER_ATTACH, 0, &reply), -EINVAL);
	assert_int_equal(ask(LOADER_OPEN, 0, &reply), -EINVAL);
	assert_int_equal(ask(LOADER_OPEN, 99, &reply), -EINVAL);
	assert_int_equal(ask(LOADER_DETACH, 0, &reply), -EINVAL);
	assert_int_equal(ask(LOADER_RENAME, 0, &reply), -EINVAL);
	assert_int_equal(ask(LOADER_REMOVE, 0, &reply), -EINVAL);
	/* Nobody asked for stacks: whose files anybody runs is not its business. */
	assert_int_equal(ask(LOADER_FILE, getpid(), &reply), -EPERM);
	for (__u32 op = LOADER_OPEN + 1; op < LOADER_END; op++)
		for (size_t i = 0; i < 4; i++)
			ask(op, args[i], &reply);
	close(pair[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	pair[0] = dup(pair[1]);
}

/* What is not a request ends it: it does not guess. */
static void ends_at_nonsense(void **state)
{
	struct loader_config config = { .part = "", .final = "" };
	struct loader_request bad = { .magic = LOADER_MAGIC, .op = LOADER_END };
	pid_t pid = serve(&config);
	int status;

	assert_int_equal(loader_proto__send(pair[0], &bad, sizeof(bad), NULL, 0), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	pid = serve(&config);
	assert_int_equal(send(pair[0], &bad, 3, 0), 3);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* The one recording that was named, and nothing else. */
static void names_the_recording(void **state)
{
	char dir[] = "/tmp/test_loader.XXXXXX", part[64], final[64];
	struct loader_config config = { .part = part, .final = final };
	struct loader_reply reply;
	int status;
	pid_t pid;

	assert_non_null(mkdtemp(dir));
	snprintf(part, sizeof(part), "%s/r.part", dir);
	snprintf(final, sizeof(final), "%s/r", dir);
	close(open(part, O_CREAT | O_WRONLY, 0600));
	pid = serve(&config);
	assert_int_equal(ask(LOADER_RENAME, 0, &reply), 0);
	assert_int_equal(access(final, F_OK), 0);
	assert_int_equal(ask(LOADER_RENAME, 0, &reply), -ENOENT);
	assert_int_equal(ask(LOADER_REMOVE, 0, &reply), -ENOENT);
	assert_int_equal(access(final, F_OK), 0);
	close(pair[0]);
	waitpid(pid, &status, 0);
	pair[0] = dup(pair[1]);
	unlink(final);
	rmdir(dir);
}

static bool has_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "r");
	char buf[64] = "";

	if (!file)
		return false;
	buf[fread(buf, 1, sizeof(buf) - 1, file)] = '\0';
	fclose(file);
	return !strcmp(buf, text);
}

static void write_choices(struct loader *loader, const char *text, bool whole)
{
	int fd = loader__choices_begin(loader);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_int_equal(loader__choices_end(loader, whole), 0);
}

/* The one file that was named, in folders that are made; whole, or as it was. */
static void replaces_the_configuration(void **state)
{
	char dir[] = "/tmp/test_loader.XXXXXX", a[64], b[64], path[64], part[80], err[256];
	struct loader_config config = { .choices = path };
	struct loader *loader;

	assert_non_null(mkdtemp(dir));
	snprintf(a, sizeof(a), "%s/a", dir);
	snprintf(b, sizeof(b), "%s/a/b", dir);
	snprintf(path, sizeof(path), "%s/a/b/config", dir);
	snprintf(part, sizeof(part), "%s.part", path);
	loader = loader__start(&config, err, sizeof(err));
	assert_non_null(loader);
	write_choices(loader, "one", true);
	assert_true(has_text(path, "one"));
	write_choices(loader, "half", false);
	assert_true(has_text(path, "one"));
	write_choices(loader, "two", true);
	assert_true(has_text(path, "two"));
	assert_int_equal(access(part, F_OK), -1);
	assert_int_equal(unlink(path) || mkfifo(path, 0600), 0);
	assert_int_equal(loader__choices_begin(loader), -EOPNOTSUPP);
	loader__stop(loader);
	config.choices = NULL;
	loader = loader__start(&config, err, sizeof(err));
	assert_int_equal(loader__choices_begin(loader), -EINVAL);
	loader__stop(loader);
	assert_int_equal(unlink(path) || rmdir(b) || rmdir(a) || rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(whole, setup, teardown),
		cmocka_unit_test_setup_teardown(cut_and_long, setup, teardown),
		cmocka_unit_test_setup_teardown(unexpected_descriptors, setup, teardown),
		cmocka_unit_test_setup_teardown(too_many_descriptors, setup, teardown),
		cmocka_unit_test_setup_teardown(ended, setup, teardown),
		cmocka_unit_test(requests),
		cmocka_unit_test(replies),
		cmocka_unit_test_setup_teardown(any_order, setup, teardown),
		cmocka_unit_test_setup_teardown(ends_at_nonsense, setup, teardown),
		cmocka_unit_test_setup_teardown(names_the_recording, setup, teardown),
		cmocka_unit_test(replaces_the_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
