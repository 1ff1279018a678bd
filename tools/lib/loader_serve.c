// SPDX-License-Identifier: GPL-2.0-only
/*
 * loader_serve.c - what the privileged process does when it is asked
 *
 * It trusts its tool with nothing but the choice of what to do next: see loader_proto.h. It ends
 * when the tool has ended or says something that it does not understand, and with it go links,
 * programs and maps.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cgroup_path.h"
#include "error.h"
#include "live.h"
#include "loader.h"
#include "mapped_file.h"
#include "memory_file.h"
#include "privilege.h"
#include "saved_file.h"
#include "vfio_obs/existing.h"
#include "xalloc.h"

#define CAP(name) (1ULL << CAP_##name)

/* The kernel keeps statistics no longer than this, also for a tool that is stopped. */
#define STATISTICS_MS 1000

/* @statistics: while it is open, until @until_ms, the kernel keeps them; -1 none */
struct server {
	const struct loader_config *config;
	struct cgroups *cgroups;
	struct live *live; /* NULL: not open */
	bool handed_over;  /* the maps of what is loaded */
	int statistics;
	__u64 until_ms;
};

/* An answer while it is made; the descriptors in @own are closed behind it. */
struct answer {
	struct loader_reply reply;
	int fds[LOADER_MAX_FDS];
	unsigned int n;
	int own[2];
	unsigned int n_own;
};

static int fail(struct answer *answer, int ret, const char *what)
{
	error__set(answer->reply.text, sizeof(answer->reply.text), "%s: %s", what, strerror(-ret));
	return ret;
}

static void close_live(struct server *server)
{
	live__destroy(server->live);
	server->live = NULL;
	server->handed_over = false;
}

static int open_live(struct server *server, __u64 kind, struct answer *answer)
{
	close_live(server);
	if (kind != SOURCE_LIVE_TP && kind != SOURCE_LIVE_FENTRY)
		return fail(answer, -EINVAL, "no such source");
	server->live = kind == SOURCE_LIVE_TP ? source_tp__create() : source_fentry__create();
	server->live->opts = server->config->live;
	return live__permitted(server->live, answer->reply.text, sizeof(answer->reply.text));
}

/* @fd goes out with the answer, and is closed then. */
static void give(struct answer *answer, __u32 flag, int fd)
{
	answer->reply.flags |= flag;
	answer->own[answer->n_own++] = fd;
	answer->fds[answer->n++] = fd;
}

/* What was read, as a file: it may be more than a message holds. Nothing is no file. */
static int add_file(struct answer *answer, __u32 flag, const void *data, size_t size)
{
	int fd;

	if (!size)
		return 0;
	fd = memory_file__create("existing", data, size);
	if (fd < 0)
		return fd;
	give(answer, flag, fd);
	return 0;
}

static void add_maps(struct answer *answer, const struct live *live)
{
	static const char *const names[] = {
		[LOADER_MAP_SLOTS] = "slots", [LOADER_MAP_POOL] = "pool",
		[LOADER_MAP_FREE_BLOCKS] = "free_blocks", [LOADER_MAP_FINALS] = "finals",
		[LOADER_MAP_RINGS] = "rings", [LOADER_MAP_RECORDS] = "records",
		[LOADER_MAP_BEGUN] = "begun", [LOADER_MAP_STACKS] = "stacks",
		[LOADER_MAP_STACK_INDEX] = "stack_index", [LOADER_MAP_FREE_STACKS] = "free_stacks",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		answer->fds[answer->n++] = bpf_map__fd(live__map(live, names[i]));
	answer->fds[answer->n++] = bpf_map__fd(live->object.bss);
	answer->reply.flags |= LOADER_MAPS;
	answer->reply.n_cpus = live->n_cpus;
	answer->reply.ring_capacity = live->object.knobs->ring_capacity;
	answer->reply.misses = live->object.misses;
	answer->reply.slots_used = live->object.slots_used;
}

static void unload(struct server *server)
{
	if (server->live->attached)
		live__detach(server->live);
	live__unload(server->live);
	server->handed_over = false;
}

static int attach(struct server *server, struct answer *answer)
{
	struct loader_reply *reply = &answer->reply;
	struct live *live = server->live;
	struct live_attached attached;
	int ret;

	if (live->attached)
		return fail(answer, -EALREADY, "attached already");
	ret = live__attach(live, &attached, reply->text, sizeof(reply->text));
	if (ret)
		return ret;
	if (!server->handed_over)
		add_maps(answer, live);
	server->handed_over = true;
	if (add_file(answer, LOADER_EXISTING, attached.existing, attached.existing_size))
		error__set(attached.not_identified, sizeof(attached.not_identified),
			   "no memory for them");
	if (add_file(answer, LOADER_TABLES, attached.tables, attached.tables_size))
		error__set(attached.no_tables, sizeof(attached.no_tables), "no memory for them");
	free(attached.existing);
	free(attached.tables);
	reply->module = attached.module;
	reply->existing_ns = attached.existing_ns;
	memcpy(reply->not_identified, attached.not_identified, sizeof(reply->not_identified));
	memcpy(reply->no_tables, attached.no_tables, sizeof(reply->no_tables));
	live->ops->detail(live, reply->detail, sizeof(reply->detail));
	return 0;
}

static int follow(const struct server *server, struct loader_reply *reply)
{
	struct tp_module_use use;

	live__follow(server->live);
	live__use(server->live, &use);
	reply->holders = use.holders;
	reply->refs = use.refs;
	reply->links = use.links;
	return 0;
}

static __u64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

static void end_statistics(struct server *server)
{
	if (server->statistics >= 0)
		close(server->statistics);
	server->statistics = -1;
}

/* By a descriptor, which the kernel also closes behind a SIGKILL; never by the sysctl. */
static int measure(struct server *server, bool on, struct answer *answer)
{
	bool was_on = server->statistics >= 0;

	end_statistics(server);
	if (!on)
		return was_on ? 0 : fail(answer, -ETIME, "statistics of BPF programs");
	server->statistics = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (server->statistics < 0)
		return fail(answer, -errno, "statistics of BPF programs");
	server->until_ms = now_ms() + STATISTICS_MS;
	return 0;
}

/* Waits for a request, but not beyond the end of statistics. */
static void wait_for_request(struct server *server, int sock)
{
	struct pollfd poll_fd = { .fd = sock, .events = POLLIN };
	__u64 now = now_ms();

	if (server->statistics < 0)
		return;
	if (now < server->until_ms && poll(&poll_fd, 1, server->until_ms - now) > 0)
		return;
	end_statistics(server);
}

static bool has_recording(const struct loader_config *config)
{
	return config->series || (config->part && *config->part);
}

/* Names of the recording, file @number if it is several: what the tool can choose is a number. */
static int name_recording(const struct server *server, enum loader_op op, __u64 number,
			  struct answer *answer)
{
	char part[RECORD_SERIES_NAME_MAX], final[RECORD_SERIES_NAME_MAX];
	const struct loader_config *config = server->config;

	if (!has_recording(config))
		return fail(answer, -EINVAL, "there is no recording");
	if (config->series) {
		record_series__name(config->series, number, true, part, sizeof(part));
		record_series__name(config->series, number, false, final, sizeof(final));
	} else {
		snprintf(part, sizeof(part), "%s", config->part);
		snprintf(final, sizeof(final), "%s", config->final);
	}
	if (op == LOADER_RENAME ? rename(part, final) : unlink(part))
		return fail(answer, -errno, part);
	return 0;
}

static int create_file(const struct server *server, __u64 number, struct answer *answer)
{
	char part[RECORD_SERIES_NAME_MAX];
	int fd;

	if (!server->config->series)
		return fail(answer, -EINVAL, "the recording is one file");
	record_series__name(server->config->series, number, true, part, sizeof(part));
	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(answer, -errno, part);
	give(answer, LOADER_OPENED, fd);
	return 0;
}

static int delete_file(const struct server *server, __u64 number, struct answer *answer)
{
	int ret;

	if (!server->config->series)
		return fail(answer, -EINVAL, "the recording is one file");
	ret = record_series__delete(server->config->series, number);
	return ret ? fail(answer, ret, "a file that is not to be kept") : 0;
}

static bool keeps_stacks(const struct loader_config *config)
{
	return source_stack_opts__any(&config->live.stacks);
}

/* The file is for reading, and is what somebody runs: no more than that is given away. */
static int hand_over_file(const struct server *server, const struct loader_request *request,
			  struct answer *answer)
{
	struct loader_reply *reply = &answer->reply;
	int fd;

	if (!keeps_stacks(server->config))
		return fail(answer, -EPERM, "no stacks were asked for");
	if (request->arg > INT_MAX)
		return fail(answer, -ESRCH, "no process");
	fd = mapped_file__open(request->arg, request->at, reply->text, sizeof(reply->text));
	if (fd < 0)
		return fail(answer, fd, "file of a process");
	give(answer, LOADER_OPENED, fd);
	return 0;
}

/* Its name was fixed at the start; what is in it is the tool's, and this process never reads it. */
static int begin_choices(const struct server *server, struct answer *answer)
{
	const char *path = server->config->choices;
	int fd;

	if (!path || !*path)
		return fail(answer, -EINVAL, "there is no configuration");
	fd = saved_file__begin(path);
	if (fd < 0)
		return fail(answer, fd, path);
	give(answer, LOADER_OPENED, fd);
	return 0;
}

static int end_choices(const struct server *server, bool whole, struct answer *answer)
{
	const char *path = server->config->choices;
	int ret = path && *path ? saved_file__end(path, whole) : -EINVAL;

	return ret ? fail(answer, ret, "configuration") : 0;
}

static int react(struct server *server, const struct loader_request *request,
		 struct answer *answer)
{
	struct loader_reply *reply = &answer->reply;

	/* What else is asked may take long. */
	if (request->op != LOADER_MEASURE && request->op != LOADER_CGROUP)
		end_statistics(server);
	switch (request->op) {
	case LOADER_OPEN:
		return open_live(server, request->arg, answer);
	case LOADER_CLOSE:
		close_live(server);
		return 0;
	case LOADER_CGROUP:
		return cgroups__path(server->cgroups, request->arg, reply->text,
				     sizeof(reply->text)) ? 0 : fail(answer, -ENOENT, "cgroup");
	case LOADER_FILE:
		return hand_over_file(server, request, answer);
	case LOADER_RENAME:
	case LOADER_REMOVE:
		return name_recording(server, request->op, request->arg, answer);
	case LOADER_CREATE:
		return create_file(server, request->arg, answer);
	case LOADER_DELETE:
		return delete_file(server, request->arg, answer);
	case LOADER_CHOICES:
		return begin_choices(server, answer);
	case LOADER_CHOSEN:
		return end_choices(server, request->arg, answer);
	}
	if (!server->live)
		return fail(answer, -EINVAL, "no source is open");
	switch (request->op) {
	case LOADER_ATTACH:
		return attach(server, answer);
	case LOADER_DETACH:
		live__detach(server->live);
		return 0;
	case LOADER_UNLOAD:
		unload(server);
		return 0;
	case LOADER_FOLLOW:
		return follow(server, reply);
	case LOADER_MEASURE:
		return measure(server, request->arg, answer);
	case LOADER_THIN:
		live__thin(server->live);
		return 0;
	}
	return -EINVAL;
}

static void add_state(struct loader_reply *reply, const struct live *live)
{
	struct prog_runs runs = live__runs(live);

	reply->recursion = runs.misses;
	reply->run_ns = runs.run_ns;
	memcpy(reply->no_hooks, live->no_hooks, sizeof(reply->no_hooks));
}

/* False: the tool has ended. */
static bool serve_one(struct server *server, int sock, struct answer *answer)
{
	struct loader_request request;
	unsigned int n;
	int sent;

	wait_for_request(server, sock);
	if (loader_proto__recv(sock, &request, sizeof(request), NULL, 0, &n) != 1 ||
	    !loader_proto__request_ok(&request))
		return false;
	memset(answer, 0, sizeof(*answer));
	answer->reply.magic = LOADER_MAGIC;
	answer->reply.ret = react(server, &request, answer);
	if (answer->reply.ret) { /* what was added before it failed */
		answer->reply.flags = 0;
		answer->n = 0;
	}
	if (server->live)
		add_state(&answer->reply, server->live);
	sent = loader_proto__send(sock, &answer->reply, sizeof(answer->reply), answer->fds,
				  answer->n);
	while (answer->n_own)
		close(answer->own[--answer->n_own]);
	return !sent;
}

void loader_serve(int sock, const struct loader_config *config)
{
	__u64 keep = CAP(BPF) | CAP(PERFMON) | CAP(SYS_ADMIN) | CAP(DAC_READ_SEARCH);
	struct server server = { .config = config, .statistics = -1 };
	struct answer *answer = xcalloc(1, sizeof(*answer));

	if (has_recording(config))
		keep |= CAP(DAC_OVERRIDE);
	if (keeps_stacks(config))
		keep |= CAP(SYS_PTRACE);
	if (!privilege__keep(keep)) {
		server.cgroups = cgroups__open("");
		while (serve_one(&server, sock, answer))
			;
	}
	end_statistics(&server);
	close_live(&server);
	cgroups__close(server.cgroups);
	free(answer);
}
