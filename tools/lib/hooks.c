// SPDX-License-Identifier: GPL-2.0-only
/*
 * hooks.c - hooks beside the container: group files, claims of DMA ownership, device files, and
 * through map_hooks.c inside MAP_DMA
 *
 * Programs of a module's functions hold it as long as they are loaded, so they are loaded when
 * the source attaches and destroyed when it lets go.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "event.h"
#include "hooks.h"
#include "kernel_types.h"
#include "map_hooks.h"
#include "tp_module.h"
#include "xalloc.h"

#include "vfio_hooks.skel.h"

/*
 * One function and the programs for its begin and end, NULL none.
 * @vmlinux: it is the kernel's own; else vfio's
 */
static const struct hook {
	const char *function, *begin, *end;
	enum vfio_obs_event event;
	bool vmlinux;
} hooks_list[] = {
	{ .function = "vfio_group_fops_open", .end = "group_open_end",
	  .event = VFIO_EV_GROUP_OPEN },
	{ .function = "vfio_group_fops_release", .begin = "group_close_begin",
	  .event = VFIO_EV_GROUP_CLOSE },
	{ .function = "vfio_group_fops_unl_ioctl", .begin = "group_ioctl_begin",
	  .end = "group_ioctl_end", .event = VFIO_EV_GROUP_IOCTL },
	{ .function = "iommu_group_claim_dma_owner", .begin = "claim_begin", .end = "claim_end",
	  .event = VFIO_EV_CLAIM_DMA_OWNER, .vmlinux = true },
	{ .function = "vfio_device_fops_release", .begin = "device_close_begin",
	  .end = "device_close_end", .event = VFIO_EV_DEVICE_CLOSE },
};
#define N_HOOKS ARRAY_SIZE(hooks_list)

/*
 * @skel:     NULL: none of hooks_list
 * @map:      NULL: not attached now
 * @refused:  the load of type1 whose MAP_DMA cannot be hooked
 * @runs_before: of programs that are gone
 */
struct hooks {
	struct hooks_maps maps;
	struct vfio_hooks_bpf *skel;
	struct bpf_link *begin[N_HOOKS], *end[N_HOOKS];
	struct map_hooks *map;
	__u64 refused;
	struct prog_runs runs_before;
};

static void add_text(char *missing, size_t size, const char *text)
{
	size_t len = strlen(missing);

	if (!strstr(missing, text))
		snprintf(missing + len, size - len, "%s%s", len ? ", " : "", text);
}

static void add_missing(char *missing, size_t size, const char *function, const char *why)
{
	char text[128];

	snprintf(text, sizeof(text), "%s (%s)", function, why);
	add_text(missing, size, text);
}

static struct bpf_program *program(const struct hooks *hooks, const char *name)
{
	return name ? bpf_object__find_program_by_name(hooks->skel->obj, name) : NULL;
}

static enum kernel_types_of of(const struct hook *hook)
{
	return hook->vmlinux ? KERNEL_TYPES_KERNEL : KERNEL_TYPES_VFIO;
}

/* NULL: the hook has none, which is fine. */
static int aim(struct bpf_program *prog, const struct hook *hook, struct kernel_types *types)
{
	return prog ? kernel_types__aim(types, prog, of(hook), hook->function) : 0;
}

static int choose_one(struct hooks *hooks, const struct hook *hook, struct kernel_types *types,
		      bool needed)
{
	struct bpf_program *begin = program(hooks, hook->begin), *end = program(hooks, hook->end);
	int ret = needed ? aim(begin, hook, types) : 0;

	if (needed && !ret)
		ret = aim(end, hook, types);
	if (begin)
		bpf_program__set_autoload(begin, needed);
	if (end)
		bpf_program__set_autoload(end, needed);
	return ret;
}

/* One function that is not there would have all refused. How many are wanted, or -errno. */
static int choose(struct hooks *hooks, __u64 events, struct kernel_types *types, char *missing,
		  size_t size)
{
	int n = 0;

	for (size_t i = 0; i < N_HOOKS; i++) {
		const struct hook *hook = &hooks_list[i];
		bool wanted = events >> hook->event & 1;
		bool there = kernel_types__function(types, of(hook), hook->function);
		int ret = choose_one(hooks, hook, types, wanted && there);

		if (ret)
			return ret;
		if (wanted && !there)
			add_missing(missing, size, hook->function, "no such function");
		n += wanted && there;
	}
	return n;
}

int hooks__share_maps(const struct bpf_object *obj, const struct hooks_maps *maps)
{
	static const char *const unused[] = { "slots", "pool", "free_blocks", "finals", "begun" };
	int ret;

	for (size_t i = 0; i < ARRAY_SIZE(unused); i++)
		bpf_map__set_autocreate(bpf_object__find_map_by_name(obj, unused[i]), false);
	ret = bpf_map__reuse_fd(bpf_object__find_map_by_name(obj, "rings"),
				bpf_map__fd(maps->rings));
	return ret ? ret : bpf_map__reuse_fd(bpf_object__find_map_by_name(obj, "records"),
					     bpf_map__fd(maps->records));
}

static int attach_program(const struct hooks *hooks, const char *name, struct bpf_link **link)
{
	struct bpf_program *prog = program(hooks, name);

	if (!prog || !bpf_program__autoload(prog))
		return 0;
	*link = bpf_program__attach_trace(prog);
	return *link ? 0 : -errno;
}

/* The end first, so that each begin has its end. */
static unsigned int attach_one(struct hooks *hooks, size_t i, char *missing, size_t size)
{
	const struct hook *hook = &hooks_list[i];
	int ret = attach_program(hooks, hook->end, &hooks->end[i]);

	if (!ret)
		ret = attach_program(hooks, hook->begin, &hooks->begin[i]);
	if (!ret)
		return hooks->begin[i] || hooks->end[i];
	bpf_link__destroy(hooks->end[i]);
	hooks->end[i] = NULL;
	add_missing(missing, size, hook->function, strerror(-ret));
	return 0;
}

/* 0: nothing is wanted that is there; -errno, or the number of functions. */
static int load(struct hooks *hooks, const struct hooks_maps *maps, struct kernel_types *types,
		char *missing, size_t size)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = kernel_types__path(types));
	int n, ret;

	hooks->skel = vfio_hooks_bpf__open_opts(&opts);
	if (!hooks->skel)
		return -errno;
	n = choose(hooks, maps->events, types, missing, size);
	if (n <= 0)
		return n;
	hooks->skel->rodata->knobs = *maps->knobs;
	ret = hooks__share_maps(hooks->skel->obj, maps);
	if (!ret)
		ret = vfio_hooks_bpf__load(hooks->skel);
	return ret ? ret : n;
}

static bool load_and_attach(struct hooks *hooks, const struct hooks_maps *maps,
			    struct kernel_types *types, char *missing, size_t size)
{
	unsigned int attached = 0;
	int ret = load(hooks, maps, types, missing, size);

	if (!ret)
		return false;
	if (ret < 0) {
		add_missing(missing, size, "group and device files",
			    ret == -EPERM ? "needs CAP_SYS_ADMIN" : strerror(-ret));
		return false;
	}
	for (size_t i = 0; i < N_HOOKS; i++)
		attached += attach_one(hooks, i, missing, size);
	return attached;
}

static void destroy_list(struct hooks *hooks)
{
	for (size_t i = 0; i < N_HOOKS; i++) {
		bpf_link__destroy(hooks->begin[i]);
		bpf_link__destroy(hooks->end[i]);
		hooks->begin[i] = hooks->end[i] = NULL;
	}
	vfio_hooks_bpf__destroy(hooks->skel);
	hooks->skel = NULL;
}

void hooks__add_runs_of(const struct bpf_object *obj, struct prog_runs *runs)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, obj) {
		struct bpf_prog_info info = { 0 };
		__u32 len = sizeof(info);

		if (!bpf_program__autoload(prog) ||
		    bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
			continue;
		runs->misses += info.recursion_misses;
		runs->run_ns += info.run_time_ns;
	}
}

static void destroy_map(struct hooks *hooks)
{
	if (hooks->map)
		hooks__add_runs_of(map_hooks__object(hooks->map), &hooks->runs_before);
	map_hooks__detach(hooks->map);
	hooks->map = NULL;
}

/* @types: NULL: they are read when they are needed. */
static void follow(struct hooks *hooks, struct kernel_types *types, char *missing, size_t size)
{
	char why[96];
	__u64 type1;

	if (!hooks || !(hooks->maps.events >> VFIO_EV_MAP_PARTS & 1))
		return;
	type1 = tp_module__type1_instance();
	if (!type1)
		destroy_map(hooks);
	if (!type1 || hooks->map || type1 == hooks->refused)
		return;
	hooks->map = map_hooks__attach(&hooks->maps, types, why, sizeof(why));
	if (*why)
		add_text(missing, size, why);
	if (!hooks->map)
		hooks->refused = type1;
}

void hooks__follow(struct hooks *hooks, char *missing, size_t size)
{
	follow(hooks, NULL, missing, size);
}

struct hooks *hooks__attach(const struct hooks_maps *maps, struct kernel_types *types,
			    char *missing, size_t size)
{
	struct hooks *hooks;
	__u64 listed = 0, wanted;

	for (size_t i = 0; i < N_HOOKS; i++)
		listed |= 1ULL << hooks_list[i].event;
	wanted = maps->events & (listed | 1ULL << VFIO_EV_MAP_PARTS);
	if (!wanted)
		return NULL;
	hooks = xcalloc(1, sizeof(*hooks));
	hooks->maps = *maps;
	if (wanted & listed && !load_and_attach(hooks, maps, types, missing, size))
		destroy_list(hooks);
	follow(hooks, types, missing, size);
	return hooks;
}

void hooks__thin(struct hooks *hooks, __u64 events)
{
	if (!hooks)
		return;
	hooks->maps.events &= ~events;
	if (!(hooks->maps.events >> VFIO_EV_MAP_PARTS & 1))
		destroy_map(hooks);
}

void hooks__detach(struct hooks *hooks)
{
	if (!hooks)
		return;
	destroy_map(hooks);
	destroy_list(hooks);
	free(hooks);
}

unsigned int hooks__refs(const struct hooks *hooks)
{
	unsigned int programs = 0, functions = 0;

	for (size_t i = 0; hooks && i < N_HOOKS; i++) {
		unsigned int n = !!hooks->begin[i] + !!hooks->end[i];

		if (hooks_list[i].vmlinux)
			continue;
		programs += n;
		functions += n > 0;
	}
	return tp_module__refs_of_tracing(programs, functions) +
	       (hooks ? map_hooks__refs(hooks->map) : 0);
}

void hooks__add_runs(const struct hooks *hooks, struct prog_runs *runs)
{
	if (!hooks)
		return;
	runs->misses += hooks->runs_before.misses;
	runs->run_ns += hooks->runs_before.run_ns;
	if (hooks->skel)
		hooks__add_runs_of(hooks->skel->obj, runs);
	if (hooks->map)
		hooks__add_runs_of(map_hooks__object(hooks->map), runs);
}
