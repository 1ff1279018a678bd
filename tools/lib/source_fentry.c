// SPDX-License-Identifier: GPL-2.0-only
/*
 * source_fentry.c - the live source on the functions of any vfio.ko
 *
 * For modules without our tracepoints: attaches fentry and fexit programs to the functions that
 * the module's BTF has; live_kernel.c does the rest. The programs belong to one load of the module,
 * so they are loaded anew at each attach.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "event.h"
#include "kernel_types.h"
#include "live.h"
#include "tp_module.h"
#include "xalloc.h"

#include "vfio_fentry.skel.h"

#define BIT(type) (1ULL << VFIO_EV_##type)

/*
 * One function and the programs for its begin and end, NULL none.
 * @better: the same behind the core's checks; taken where the module has it
 * @events: what follows from it
 * @vital:  without it containers cannot be told apart
 */
struct hook {
	const char *function, *better;
	const char *begin, *end;
	__u64 events;
	bool vital;
};

/* The first is attached last and detached first. */
static const struct hook hooks[] = {
	{ .function = "vfio_fops_open", .end = "open_end", .vital = true,
	  .events = BIT(OPEN) | BIT(GET) },
	{ .function = "vfio_fops_release", .begin = "close_begin", .end = "close_end",
	  .vital = true, .events = BIT(CLOSE) | BIT(PUT) | BIT(RELEASE) },
	{ .function = "vfio_container_attach_group", .begin = "attach_begin", .end = "attach_end",
	  .vital = true, .events = BIT(ATTACH_START) | BIT(ATTACH) | BIT(GET) },
	{ .function = "vfio_group_detach_container", .begin = "detach_begin", .end = "detach_end",
	  .vital = true, .events = BIT(DETACH) | BIT(PUT) | BIT(RELEASE) },
	{ .function = "vfio_fops_unl_ioctl", .begin = "ioctl_begin", .end = "ioctl_end",
	  .events = BIT(SET_IOMMU_START) | BIT(SET_IOMMU) | BIT(CHECK_EXTENSION) |
		    BIT(IOCTL_START) | BIT(IOCTL) | BIT(MAP_PARTS) },
	/* 6.1's two, then those of later kernels: a module has one pair. */
	{ .function = "vfio_device_assign_container", .end = "assign_device_end",
	  .events = BIT(ASSIGN) },
	{ .function = "vfio_device_unassign_container", .begin = "unassign_device_begin",
	  .end = "unassign_device_end", .events = BIT(UNASSIGN) },
	{ .function = "vfio_group_use_container", .end = "assign_group_end",
	  .events = BIT(ASSIGN) },
	{ .function = "vfio_group_unuse_container", .begin = "unassign_group_begin",
	  .end = "unassign_group_end", .events = BIT(UNASSIGN) },
	{ .function = "vfio_pin_pages", .better = "vfio_device_container_pin_pages",
	  .begin = "pin_begin", .end = "pin_end", .events = BIT(PIN_START) | BIT(PIN) },
	{ .function = "vfio_unpin_pages", .better = "vfio_device_container_unpin_pages",
	  .begin = "unpin_begin", .end = "unpin_end", .events = BIT(UNPIN_START) | BIT(UNPIN) },
	{ .function = "vfio_dma_rw", .better = "vfio_device_container_dma_rw",
	  .begin = "dma_rw_begin", .end = "dma_rw_end", .events = BIT(DMA_RW_START) | BIT(DMA_RW) },
};
#define N_HOOKS ARRAY_SIZE(hooks)

struct source_fentry {
	struct live live;
	struct vfio_fentry_bpf *skel;
	const char *function[N_HOOKS]; /* that is attached to, NULL none */
	struct bpf_link *begin[N_HOOKS], *end[N_HOOKS];
	__u64 unseen; /* bit per event whose function the module lacks */
	char srcversion[40];
};

static struct source_fentry *fentry_of(struct live *live)
{
	return (struct source_fentry *)live;
}

/* The function for one hook, NULL when the module has none. */
static const char *choose(const struct hook *hook, const struct kernel_types *types)
{
	if (hook->better && kernel_types__function(types, KERNEL_TYPES_VFIO, hook->better))
		return hook->better;
	return kernel_types__function(types, KERNEL_TYPES_VFIO, hook->function) ? hook->function :
										  NULL;
}

static int fentry_check(struct live *live, char *err, size_t err_size)
{
	struct source_fentry *fentry = fentry_of(live);
	__u64 all = 0, seen = 0;
	int ret = 0;

	for (size_t i = 0; i < N_HOOKS; i++) {
		fentry->function[i] = choose(&hooks[i], live->types);
		all |= hooks[i].events;
		if (fentry->function[i])
			seen |= hooks[i].events;
		if (fentry->function[i] || !hooks[i].vital || ret)
			continue;
		ret = -EPROTO;
		error__set(err, err_size, "cannot attach to %s: the loaded vfio module has no such "
			   "function or hides it; load this project's vfio.ko instead",
			   hooks[i].function);
	}
	fentry->unseen = all & ~seen;
	return ret;
}

/* Programs of functions that are not there or not needed stay out. */
static int choose_program(struct source_fentry *fentry, const char *name, size_t hook, bool needed)
{
	struct bpf_program *prog;

	if (!name)
		return 0;
	prog = bpf_object__find_program_by_name(fentry->skel->obj, name);
	if (!prog)
		return -ENOENT;
	bpf_program__set_autoload(prog, needed);
	return needed ? kernel_types__aim(fentry->live.types, prog, KERNEL_TYPES_VFIO,
					  fentry->function[hook]) : 0;
}

static int fentry_open(struct live *live, const struct bpf_object_open_opts *opts,
		       const struct live_events *needed_for, struct live_object *object)
{
	__u64 events = needed_for->ring | needed_for->sum;
	struct source_fentry *fentry = fentry_of(live);
	int ret = 0;

	fentry->skel = vfio_fentry_bpf__open_opts(opts);
	if (!fentry->skel)
		return -errno;
	for (size_t i = 0; !ret && i < N_HOOKS; i++) {
		bool needed = fentry->function[i] && (hooks[i].vital || hooks[i].events & events);

		ret = choose_program(fentry, hooks[i].begin, i, needed);
		if (!ret)
			ret = choose_program(fentry, hooks[i].end, i, needed);
	}
	*object = (struct live_object){
		.obj = fentry->skel->obj,
		.knobs = &fentry->skel->rodata->knobs,
		.bss = fentry->skel->maps.bss,
		.misses = offsetof(struct vfio_fentry_bpf__bss, misses),
		.slots_used = offsetof(struct vfio_fentry_bpf__bss, slots_used),
	};
	return ret;
}

static int fentry_load(struct live *live)
{
	return vfio_fentry_bpf__load(fentry_of(live)->skel);
}

static int attach_program(struct source_fentry *fentry, const char *name, size_t hook,
			  struct bpf_link **link, char *err, size_t err_size)
{
	struct bpf_program *prog;
	int ret;

	if (!name)
		return 0;
	prog = bpf_object__find_program_by_name(fentry->skel->obj, name);
	if (!bpf_program__autoload(prog))
		return 0;
	*link = bpf_program__attach_trace(prog);
	if (*link)
		return 0;
	ret = -errno;
	error__set(err, err_size, "cannot attach to the function %s of vfio: %s%s",
		   fentry->function[hook], strerror(-ret),
		   ret == -EBUSY ? "; a live patch or another tracer has it" :
		   ret == -ENOENT ? "; the vfio module was unloaded meanwhile, run 'modprobe vfio'" :
				    "");
	return ret;
}

/*
 * Ends first, so that each begin has its end, and the frequent begins late: what they write
 * meanwhile must fit in the rings. open last of all: of a container whose open is seen everything
 * else is seen too.
 */
static int fentry_attach(struct live *live, char *err, size_t err_size)
{
	struct source_fentry *fentry = fentry_of(live);
	int ret = 0;

	for (size_t i = N_HOOKS; !ret && i-- > 1;)
		ret = attach_program(fentry, hooks[i].end, i, &fentry->end[i], err, err_size);
	for (size_t i = 1; !ret && i < N_HOOKS; i++)
		ret = attach_program(fentry, hooks[i].begin, i, &fentry->begin[i], err, err_size);
	if (!ret)
		ret = attach_program(fentry, hooks[0].end, 0, &fentry->end[0], err, err_size);
	tp_module__srcversion(fentry->srcversion, sizeof(fentry->srcversion));
	return ret;
}

static void fentry_detach(struct live *live)
{
	struct source_fentry *fentry = fentry_of(live);

	for (size_t i = 0; i < N_HOOKS; i++) {
		bpf_link__destroy(fentry->begin[i]);
		bpf_link__destroy(fentry->end[i]);
		fentry->begin[i] = fentry->end[i] = NULL;
	}
}

/* One function may have events of both kinds: the programs then leave out one of them. */
static void fentry_thin(struct live *live, const struct live_events *left)
{
	struct source_fentry *fentry = fentry_of(live);
	__u64 events = left->ring | left->sum;

	fentry->skel->bss->ring_off = ~left->ring;
	for (size_t i = 0; i < N_HOOKS; i++) {
		if (hooks[i].vital || hooks[i].events & events)
			continue;
		bpf_link__destroy(fentry->begin[i]);
		bpf_link__destroy(fentry->end[i]);
		fentry->begin[i] = fentry->end[i] = NULL;
	}
}

static void fentry_close(struct live *live)
{
	vfio_fentry_bpf__destroy(fentry_of(live)->skel);
	fentry_of(live)->skel = NULL;
}

static unsigned int fentry_refs(const struct live *live)
{
	const struct source_fentry *fentry = (const struct source_fentry *)live;
	unsigned int programs = 0, functions = 0;

	for (size_t i = 0; i < N_HOOKS; i++) {
		unsigned int n = !!fentry->begin[i] + !!fentry->end[i];

		programs += n;
		functions += n > 0;
	}
	return tp_module__refs_of_tracing(programs, functions);
}

static void fentry_detail(const struct live *live, char *buf, size_t size)
{
	const struct source_fentry *fentry = (const struct source_fentry *)live;
	size_t len;

	snprintf(buf, size, "functions of vfio.ko, srcversion %s; not seen: backends that register, "
		 "when earlier containers were opened; SET_IOMMU is timed as the whole ioctl",
		 *fentry->srcversion ? fentry->srcversion : "unknown");
	for (unsigned int type = 0; type < VFIO_EV_COUNT; type++) {
		len = strlen(buf);
		if (fentry->unseen >> type & 1)
			snprintf(buf + len, size - len, "; no function for %s",
				 event__key(event__desc(type)));
	}
}

static void fentry_free(struct live *live)
{
	free(live);
}

static const struct live_ops fentry_ops = {
	.load_anew = true,
	.own_ids = true,
	.needs_admin = true,
	.check = fentry_check,
	.open = fentry_open,
	.load = fentry_load,
	.attach = fentry_attach,
	.detach = fentry_detach,
	.thin = fentry_thin,
	.close = fentry_close,
	.refs = fentry_refs,
	.detail = fentry_detail,
	.free = fentry_free,
};

struct live *source_fentry__create(void)
{
	struct source_fentry *fentry = xcalloc(1, sizeof(*fentry));

	fentry->live.ops = &fentry_ops;
	return &fentry->live;
}
