// SPDX-License-Identifier: GPL-2.0-only
/*
 * source_tp.c - the live source on the tracepoints of our vfio.ko
 *
 * Loads the BPF programs once and attaches them by raw_tp; live_kernel.c does the rest.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "event.h"
#include "live.h"
#include "tp_module.h"
#include "xalloc.h"

#include "vfio_tp.skel.h"

struct source_tp {
	struct live live;
	struct vfio_tp_bpf *skel;
	struct bpf_link *ring_links[VFIO_EV_COUNT], *sum_links[VFIO_EV_COUNT];
	struct bpf_link *begun_links[VFIO_EV_COUNT], *stack_links[VFIO_EV_COUNT];
	unsigned int n_links;
	char srcversion[40];
};

static struct source_tp *tp_of(struct live *live)
{
	return (struct source_tp *)live;
}

static int tp_precheck(char *err, size_t err_size)
{
	return tp_module__is_ours(err, err_size);
}

static int tp_check(struct live *live, char *err, size_t err_size)
{
	return tp_module__check(live->types, err, err_size);
}

static struct bpf_program *ring_program(struct source_tp *tp, unsigned int type)
{
	return bpf_object__find_program_by_name(tp->skel->obj, event__desc(type)->tracepoint);
}

/* NULL: the event has no such program. */
static struct bpf_program *other_program(struct source_tp *tp, unsigned int type, const char *kind)
{
	char name[64];

	snprintf(name, sizeof(name), "%s_%s", event__desc(type)->tracepoint, kind);
	return bpf_object__find_program_by_name(tp->skel->obj, name);
}

static struct bpf_program *sum_program(struct source_tp *tp, unsigned int type)
{
	return other_program(tp, type, "sum");
}

static struct bpf_program *begun_program(struct source_tp *tp, unsigned int type)
{
	return other_program(tp, type, "begun");
}

static struct bpf_program *stack_program(struct source_tp *tp, unsigned int type)
{
	return other_program(tp, type, "stack");
}

static int tp_open(struct live *live, const struct bpf_object_open_opts *opts,
		   const struct live_events *events, struct live_object *object)
{
	struct source_tp *tp = tp_of(live);

	tp->skel = vfio_tp_bpf__open_opts(opts);
	if (!tp->skel)
		return -errno;
	for (unsigned int type = 0; type < VFIO_EV_COUNT; type++) {
		if (event__desc(type)->hook)
			continue;
		bpf_program__set_autoload(ring_program(tp, type), events->ring >> type & 1);
		bpf_program__set_autoload(sum_program(tp, type), events->sum >> type & 1);
		if (begun_program(tp, type))
			bpf_program__set_autoload(begun_program(tp, type), events->sum);
		if (stack_program(tp, type))
			bpf_program__set_autoload(stack_program(tp, type), events->stacks);
	}
	*object = (struct live_object){
		.obj = tp->skel->obj,
		.knobs = &tp->skel->rodata->knobs,
		.bss = tp->skel->maps.bss,
		.misses = offsetof(struct vfio_tp_bpf__bss, misses),
		.slots_used = offsetof(struct vfio_tp_bpf__bss, slots_used),
	};
	return 0;
}

static int tp_load(struct live *live)
{
	return vfio_tp_bpf__load(tp_of(live)->skel);
}

static void drop(struct source_tp *tp, struct bpf_link **link)
{
	tp->n_links -= *link != NULL;
	bpf_link__destroy(*link);
	*link = NULL;
}

static void tp_thin(struct live *live, const struct live_events *events)
{
	for (unsigned int type = 0; type < VFIO_EV_COUNT; type++)
		if (!(events->ring >> type & 1))
			drop(tp_of(live), &tp_of(live)->ring_links[type]);
}

static void tp_detach(struct live *live)
{
	struct source_tp *tp = tp_of(live);

	/* open is the first event: no container begins while the others go. */
	for (unsigned int type = 0; type < VFIO_EV_COUNT; type++) {
		drop(tp, &tp->begun_links[type]);
		drop(tp, &tp->ring_links[type]);
		drop(tp, &tp->stack_links[type]);
		drop(tp, &tp->sum_links[type]);
	}
}

static int attach_program(struct source_tp *tp, unsigned int type, struct bpf_program *prog,
			  struct bpf_link **link, char *err, size_t err_size)
{
	const char *name = event__desc(type)->tracepoint;
	int ret;

	if (!prog || !bpf_program__autoload(prog))
		return 0;
	*link = bpf_program__attach_raw_tracepoint(prog, name);
	if (*link) {
		tp->n_links++;
		return 0;
	}
	ret = -errno;
	error__set(err, err_size, "cannot attach to %s: %s%s", name, strerror(-ret),
		   ret == -ENOENT ? "; the vfio module was unloaded meanwhile, run 'modprobe vfio'" :
				    "");
	return ret;
}

/* The programs of one event's stacks, of its totals and of its records. */
static int attach_event(struct source_tp *tp, unsigned int type, char *err, size_t err_size)
{
	int ret = attach_program(tp, type, stack_program(tp, type), &tp->stack_links[type], err,
				 err_size);

	if (!ret)
		ret = attach_program(tp, type, sum_program(tp, type), &tp->sum_links[type], err,
				     err_size);
	/* Loaded once: some may have been thinned out since. */
	if (ret || !(tp->live.opts.events >> type & 1))
		return ret;
	return attach_program(tp, type, ring_program(tp, type), &tp->ring_links[type], err,
			      err_size);
}

static bool is_lifecycle(unsigned int type)
{
	return source__lifecycle_events() >> type & 1;
}

static int tp_attach(struct live *live, char *err, size_t err_size)
{
	struct source_tp *tp = tp_of(live);
	int ret = 0;

	/* Frequent ones late: what they write meanwhile must fit in the rings. */
	for (unsigned int type = VFIO_EV_OPEN + 1; !ret && type < VFIO_EV_COUNT; type++)
		if (is_lifecycle(type))
			ret = attach_event(tp, type, err, err_size);
	for (unsigned int type = VFIO_EV_OPEN + 1; !ret && type < VFIO_EV_COUNT; type++)
		if (!is_lifecycle(type))
			ret = attach_event(tp, type, err, err_size);
	/* open last: of a container whose open is seen everything else is seen too. */
	if (!ret)
		ret = attach_event(tp, VFIO_EV_OPEN, err, err_size);
	/* Behind the programs of the ends, so that no begin stays. */
	for (unsigned int type = 0; !ret && type < VFIO_EV_COUNT; type++)
		ret = attach_program(tp, type, begun_program(tp, type), &tp->begun_links[type], err,
				     err_size);
	tp_module__srcversion(tp->srcversion, sizeof(tp->srcversion));
	return ret;
}

static void tp_close(struct live *live)
{
	vfio_tp_bpf__destroy(tp_of(live)->skel);
	tp_of(live)->skel = NULL;
}

static unsigned int tp_refs(const struct live *live)
{
	return ((const struct source_tp *)live)->n_links;
}

static void tp_detail(const struct live *live, char *buf, size_t size)
{
	const struct source_tp *tp = (const struct source_tp *)live;

	snprintf(buf, size, "tracepoints of vfio.ko, srcversion %s",
		 *tp->srcversion ? tp->srcversion : "unknown");
}

static void tp_free(struct live *live)
{
	free(live);
}

static const struct live_ops tp_ops = {
	.precheck = tp_precheck,
	.check = tp_check,
	.open = tp_open,
	.load = tp_load,
	.attach = tp_attach,
	.detach = tp_detach,
	.thin = tp_thin,
	.close = tp_close,
	.refs = tp_refs,
	.detail = tp_detail,
	.free = tp_free,
};

struct live *source_tp__create(void)
{
	struct source_tp *tp = xcalloc(1, sizeof(*tp));

	tp->live.ops = &tp_ops;
	return &tp->live;
}
