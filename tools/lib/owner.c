// SPDX-License-Identifier: GPL-2.0-only
/*
 * owner.c - looking up whose a container is, in /proc and /sys/fs/cgroup
 *
 * All files of a process are opened below one descriptor of its folder in /proc, which stays that
 * very process's: when it ends meanwhile, reading fails instead of telling about another.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup_path.h"
#include "error.h"
#include "event.h"
#include "loader.h"
#include "owner.h"
#include "owner_parse.h"
#include "source_copy.h"
#include "xalloc.h"

/* Inode of the initial pid namespace: PROC_PID_INIT_INO of the kernel. */
#define INITIAL_PID_NS "pid:[4026531836]"

#define CACHE_SIZE 256
/* VMs with many devices have command lines of tens of kB; the name is at the beginning. */
#define CMDLINE_MAX (64 * 1024)

/* A process that was told apart, and what was found out about it then. */
struct cached {
	struct source_owner *owner; /* NULL: free */
	char comm[VFIO_OBS_COMM_LEN];
	__u64 cgroup;
	__u64 start_ticks;
	__u64 looked_ns; /* it was alive then */
};

struct owner_lookup {
	char root[PATH_MAX];
	char *cmdline; /* CMDLINE_MAX bytes */
	struct cgroups *cgroups;
	struct loader *loader; /* NULL: none is asked */
	__u64 tick_ns;
	char refusal[128]; /* why nothing can be looked up here, "" it can */
	struct cached cache[CACHE_SIZE];
	struct source_owner *last; /* what was found last and is not in the cache */
	__u64 reads;
};

enum agreement { DIFFERS, NOT_COMPARED, AGREES };

/* What was read about a process, and whether it is the claimed one. */
struct process {
	bool is_it;
	__u64 start_ticks;
	char cgroup[PATH_MAX]; /* "" not read */
	struct owner_cmdline cmdline;
	char why[128]; /* it is not */
};

/* Reads the file @name below @dir; the number of bytes, NUL behind them, or -errno. */
static ssize_t read_at(int dir, const char *name, char *buf, size_t size)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t n = 0;

	*buf = '\0';
	if (fd < 0)
		return -errno;
	while (used + 1 < size && (n = read(fd, buf + used, size - used - 1)) > 0)
		used += n;
	if (n < 0)
		n = -errno;
	close(fd);
	buf[used] = '\0';
	return n < 0 ? n : (ssize_t)used;
}

/* Where we are */

static void check_namespace(struct owner_lookup *lookup)
{
	char path[PATH_MAX + 32], ns[64];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/proc/self/ns/pid", lookup->root);
	n = readlink(path, ns, sizeof(ns) - 1);
	if (n < 0) {
		error__set(lookup->refusal, sizeof(lookup->refusal),
			   "/proc is not there or is another pid namespace's");
		return;
	}
	ns[n] = '\0';
	if (strcmp(ns, INITIAL_PID_NS))
		error__set(lookup->refusal, sizeof(lookup->refusal),
			   "the tool runs in a pid namespace of its own (in a pod: set hostPID)");
}

struct owner_lookup *owner_lookup__create(const char *root)
{
	struct owner_lookup *lookup = xcalloc(1, sizeof(*lookup));
	long hz = sysconf(_SC_CLK_TCK);

	snprintf(lookup->root, sizeof(lookup->root), "%s", root);
	lookup->cmdline = xcalloc(1, CMDLINE_MAX);
	lookup->tick_ns = 1000000000ULL / (hz > 0 ? hz : 100);
	check_namespace(lookup);
	lookup->cgroups = cgroups__open(root);
	return lookup;
}

void owner_lookup__destroy(struct owner_lookup *lookup)
{
	if (!lookup)
		return;
	for (size_t i = 0; i < CACHE_SIZE; i++)
		free(lookup->cache[i].owner);
	cgroups__close(lookup->cgroups);
	free(lookup->last);
	free(lookup->cmdline);
	free(lookup);
}

void owner_lookup__ask(struct owner_lookup *lookup, struct loader *loader)
{
	lookup->loader = loader;
	/* Else all of them would seem to have ended. */
	if (loader && !*lookup->refusal && access("/proc/1/stat", R_OK))
		error__set(lookup->refusal, sizeof(lookup->refusal),
			   "/proc hides others' processes (hidepid) from a tool without capabilities");
}

__u64 owner_lookup__reads(const struct owner_lookup *lookup)
{
	return lookup->reads;
}

/* Cgroups */

/* Opening by id needs a capability, which the loader has. */
static bool cgroup_of_id(const struct owner_lookup *lookup, __u64 id, char *path, size_t size)
{
	struct loader_reply reply;

	if (!lookup->loader)
		return cgroups__path(lookup->cgroups, id, path, size);
	if (!id || loader__call(lookup->loader, LOADER_CGROUP, id, &reply, NULL))
		return false;
	snprintf(path, size, "%s", reply.text);
	return true;
}

static enum agreement compare_cgroup(const struct owner_lookup *lookup, const char *path, __u64 id)
{
	char full[2 * PATH_MAX];
	struct stat st;

	if (!id)
		return NOT_COMPARED;
	snprintf(full, sizeof(full), "%s%s", cgroups__mount(lookup->cgroups), path);
	if (stat(full, &st))
		return NOT_COMPARED;
	return st.st_ino == id ? AGREES : DIFFERS;
}

/* Processes */

static bool name_agrees(int dir, const struct owner_claim *claim)
{
	char name[64], comm[64];

	/* Of the thread; the leader's when it is gone. */
	snprintf(name, sizeof(name), "task/%u/comm", claim->pid);
	if (read_at(dir, name, comm, sizeof(comm)) < 0 && read_at(dir, "comm", comm, sizeof(comm)) < 0)
		return false;
	comm[strcspn(comm, "\n")] = '\0';
	event__make_text_printable(comm, strlen(comm));
	return !strcmp(comm, claim->comm);
}

static void read_cmdline(struct owner_lookup *lookup, int dir, struct process *process)
{
	ssize_t n = read_at(dir, "cmdline", lookup->cmdline, CMDLINE_MAX);

	owner_parse__cmdline(lookup->cmdline, n > 0 ? n : 0, &process->cmdline);
	/* A kernel thread, or a process that ends just now. */
	if (process->cmdline.kind == VFIO_OWNER_UNKNOWN)
		process->cmdline.kind = VFIO_OWNER_PROCESS;
}

/*
 * A pid is held by one process from its start on. So who holds it now is who held it at
 * @claim->seen_ns when it started before. Starts are known to a tick: inside that one, and to be
 * safe against what we have not thought of, name or cgroup must agree too.
 */
static bool is_claimed(struct owner_lookup *lookup, int dir, const struct owner_claim *claim,
		       struct process *process)
{
	__u64 start_ns = process->start_ticks * lookup->tick_ns;
	bool proven = start_ns + lookup->tick_ns <= claim->seen_ns;
	enum agreement cgroup = NOT_COMPARED;
	bool unified = false;
	char text[16384];

	if (start_ns > claim->seen_ns) {
		error__set(process->why, sizeof(process->why),
			   "process %u had ended, its number is another's now", claim->tgid);
		return false;
	}
	if (read_at(dir, "cgroup", text, sizeof(text)) > 0 &&
	    owner_parse__own_cgroup(text, process->cgroup, sizeof(process->cgroup), &unified) &&
	    unified)
		cgroup = compare_cgroup(lookup, process->cgroup, claim->cgroup);
	if (name_agrees(dir, claim) ? proven || cgroup != DIFFERS : proven && cgroup == AGREES)
		return true;
	error__set(process->why, sizeof(process->why),
		   "process %u has another name and cgroup now", claim->tgid);
	return false;
}

static int open_process(const struct owner_lookup *lookup, __u32 tgid)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/proc/%u", lookup->root, tgid);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool read_start(int dir, __u64 *start_ticks)
{
	char text[4096];

	return read_at(dir, "stat", text, sizeof(text)) > 0 &&
	       owner_parse__stat(text, start_ticks);
}

static void read_process(struct owner_lookup *lookup, const struct owner_claim *claim,
			 struct process *process)
{
	int dir = open_process(lookup, claim->tgid);

	memset(process, 0, offsetof(struct process, cmdline));
	memset(&process->cmdline, 0, sizeof(process->cmdline));
	*process->why = '\0';
	if (dir < 0 && errno != ENOENT) {
		error__set(process->why, sizeof(process->why), "cannot look at process %u: %s",
			   claim->tgid, strerror(errno));
		return;
	}
	if (dir < 0 || !read_start(dir, &process->start_ticks)) {
		error__set(process->why, sizeof(process->why),
			   "process %u had ended before it could be looked up", claim->tgid);
	} else if (is_claimed(lookup, dir, claim, process)) {
		lookup->reads++;
		read_cmdline(lookup, dir, process);
		process->is_it = true;
	}
	if (dir >= 0)
		close(dir);
}

/* What follows from both */

/* libvirt's name of a KubeVirt VM is NAMESPACE_NAME; neither part can have an underscore. */
static void split_kubevirt(char *name)
{
	char *underscore = strchr(name, '_');

	if (underscore)
		*underscore = '/';
}

static enum vfio_owner_kind decide(const struct process *process, const struct owner_cgroup *cgroup)
{
	enum vfio_owner_kind kind = process->cmdline.kind;

	if (*cgroup->kata)
		return VFIO_OWNER_KATA;
	if (kind == VFIO_OWNER_KUBEVIRT && !*cgroup->pod)
		kind = VFIO_OWNER_LIBVIRT;
	if (kind == VFIO_OWNER_QEMU && *cgroup->libvirt)
		return VFIO_OWNER_LIBVIRT;
	if (kind != VFIO_OWNER_PROCESS && kind != VFIO_OWNER_UNKNOWN)
		return kind;
	if (*cgroup->libvirt)
		return VFIO_OWNER_LIBVIRT;
	if (*cgroup->pod)
		return VFIO_OWNER_POD;
	if (*cgroup->container)
		return VFIO_OWNER_CONTAINER;
	return kind;
}

static const char *choose_name(enum vfio_owner_kind kind, struct process *process,
			       const struct owner_cgroup *cgroup, const char *comm)
{
	switch (kind) {
	case VFIO_OWNER_UNKNOWN:
		return "";
	case VFIO_OWNER_POD:
		return cgroup->pod;
	case VFIO_OWNER_CONTAINER:
		return cgroup->container;
	case VFIO_OWNER_KATA:
		return *cgroup->kata ? cgroup->kata : process->cmdline.name;
	case VFIO_OWNER_LIBVIRT:
		return *process->cmdline.name && process->cmdline.kind != VFIO_OWNER_PROCESS ?
			       process->cmdline.name : cgroup->libvirt;
	case VFIO_OWNER_KUBEVIRT:
		split_kubevirt(process->cmdline.name);
		break;
	case VFIO_OWNER_PROCESS:
		if (!*process->cmdline.name)
			return comm;
		break;
	default:
		break;
	}
	return process->cmdline.name;
}

/* One piece of memory, the caller's. */
static struct source_owner *describe(struct owner_lookup *lookup, const struct owner_claim *claim,
				     struct process *process)
{
	char path[PATH_MAX], shown[VFIO_OBS_TEXT_MAX];
	struct owner_cgroup cgroup;
	struct source_owner owner = { .tgid = claim->tgid };

	if (!cgroup_of_id(lookup, claim->cgroup, path, sizeof(path)))
		snprintf(path, sizeof(path), "%s", process->is_it ? process->cgroup : "");
	owner_parse__cgroup(path, &cgroup);
	snprintf(shown, sizeof(shown), "%.*s", VFIO_OBS_TEXT_MAX - 1, path);
	event__make_text_printable(shown, strlen(shown));

	owner.kind = decide(process, &cgroup);
	if (process->is_it)
		owner.started_ns = process->start_ticks * lookup->tick_ns;
	owner.text[VFIO_OWNER_NAME_TEXT] = choose_name(owner.kind, process, &cgroup, claim->comm);
	owner.text[VFIO_OWNER_UUID_TEXT] = process->cmdline.uuid;
	owner.text[VFIO_OWNER_POD_TEXT] = cgroup.pod;
	owner.text[VFIO_OWNER_CONTAINER_TEXT] = cgroup.container;
	owner.text[VFIO_OWNER_RUNTIME_TEXT] = cgroup.runtime;
	owner.text[VFIO_OWNER_UNIT_TEXT] = cgroup.unit;
	owner.text[VFIO_OWNER_CGROUP_TEXT] = shown;
	owner.text[VFIO_OWNER_WHY_TEXT] = process->why;
	return source_copy__owner(&owner);
}

/* The cache */

static struct cached *slot_of(struct owner_lookup *lookup, __u32 tgid)
{
	return &lookup->cache[tgid % CACHE_SIZE];
}

/* Whether @claim is about the process in @slot, still under the name that it was looked up with. */
static bool is_cached(const struct owner_lookup *lookup, struct cached *slot,
		      const struct owner_claim *claim, __u64 now_ns)
{
	__u64 start_ticks;
	bool same;
	int dir;

	if (!slot->owner || slot->owner->tgid != claim->tgid || slot->cgroup != claim->cgroup ||
	    strcmp(slot->comm, claim->comm))
		return false;
	if (claim->seen_ns >= slot->owner->started_ns + lookup->tick_ns &&
	    claim->seen_ns <= slot->looked_ns)
		return true;
	/* It may have ended since: who has its number now? */
	dir = open_process(lookup, claim->tgid);
	if (dir < 0)
		return false;
	same = read_start(dir, &start_ticks) && start_ticks == slot->start_ticks &&
	       start_ticks * lookup->tick_ns <= claim->seen_ns;
	close(dir);
	if (same)
		slot->looked_ns = now_ns;
	return same;
}

/* @owner becomes the slot's; @comm and @cgroup tell who is asked for the next time. */
static void keep(struct cached *slot, struct source_owner *owner, const struct owner_claim *claim,
		 const struct process *process, __u64 now_ns)
{
	free(slot->owner);
	slot->owner = owner;
	snprintf(slot->comm, sizeof(slot->comm), "%s", claim->comm);
	slot->cgroup = claim->cgroup;
	slot->start_ticks = process->start_ticks;
	slot->looked_ns = now_ns;
}

const struct source_owner *owner_lookup__find(struct owner_lookup *lookup,
					      const struct owner_claim *claim, __u64 now_ns)
{
	struct cached *slot = slot_of(lookup, claim->tgid);
	struct source_owner unknown = { .tgid = claim->tgid };
	struct process process;

	if (*lookup->refusal) {
		for (int i = 0; i < VFIO_OWNER_TEXTS; i++)
			unknown.text[i] = "";
		unknown.text[VFIO_OWNER_WHY_TEXT] = lookup->refusal;
		free(lookup->last);
		lookup->last = source_copy__owner(&unknown);
		return lookup->last;
	}
	if (is_cached(lookup, slot, claim, now_ns))
		return slot->owner;
	read_process(lookup, claim, &process);
	if (process.is_it) {
		keep(slot, describe(lookup, claim, &process), claim, &process, now_ns);
		return slot->owner;
	}
	free(lookup->last);
	lookup->last = describe(lookup, claim, &process);
	return lookup->last;
}
