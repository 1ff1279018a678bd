// SPDX-License-Identifier: GPL-2.0-only
/*
 * map_hooks.c - hooks inside MAP_DMA: what of its time is pinning, what the IOMMU's
 *
 * Loads and attaches bpf/vfio_map.bpf.c for hooks.c, which knows when type1 may be held.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_types.h"
#include "map_hooks.h"
#include "tp_module.h"
#include "xalloc.h"

#include "vfio_map.skel.h"

struct map_hooks {
	struct vfio_map_bpf *skel;
	bool source_has_ioctl;
};

static int share(struct bpf_map *map, const struct bpf_map *with)
{
	return bpf_map__reuse_fd(map, bpf_map__fd(with));
}

/* The ids of the fentry programs, where these give them. */
static int share_ids(struct vfio_map_bpf *skel, const struct hooks_maps *maps)
{
	int ret;

	bpf_map__set_autocreate(skel->maps.free_slots, false);
	bpf_map__set_autocreate(skel->maps.identity, false);
	if (!maps->by_addr)
		return 0;
	skel->rodata->own_ids = true;
	ret = share(skel->maps.by_addr, maps->by_addr);
	return ret ? ret : share(skel->maps.known, maps->known);
}

static int aim(struct vfio_map_bpf *skel, struct kernel_types *types)
{
	static const char pin_remote[] = "vfio_pin_pages_remote", ioctl[] = "vfio_fops_unl_ioctl";
	int ret = kernel_types__aim(types, skel->progs.pin_remote_begin, KERNEL_TYPES_TYPE1,
				    pin_remote);

	if (!ret)
		ret = kernel_types__aim(types, skel->progs.pin_remote_end, KERNEL_TYPES_TYPE1,
					pin_remote);
	if (!ret)
		ret = kernel_types__aim(types, skel->progs.map_begin, KERNEL_TYPES_VFIO, ioctl);
	return ret ? ret : kernel_types__aim(types, skel->progs.map_end, KERNEL_TYPES_VFIO, ioctl);
}

static int load(struct map_hooks *hooks, const struct hooks_maps *maps, struct kernel_types *types)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = kernel_types__path(types));
	struct vfio_map_bpf *skel = vfio_map_bpf__open_opts(&opts);
	int ret;

	hooks->skel = skel;
	if (!skel)
		return -errno;
	skel->rodata->knobs = *maps->knobs;
	ret = aim(skel, types);
	if (!ret)
		ret = hooks__share_maps(skel->obj, maps);
	if (!ret)
		ret = share_ids(skel, maps);
	return ret ? ret : vfio_map_bpf__load(skel);
}

/* type1 has come since the types were read. */
static int load_anew(struct map_hooks *hooks, const struct hooks_maps *maps)
{
	struct kernel_types *types;
	char err[256];
	int ret = kernel_types__read(&types, err, sizeof(err));

	if (ret)
		return ret;
	ret = load(hooks, maps, types);
	kernel_types__free(types);
	return ret;
}

/* Inner ones first, the begin of a MAP_DMA last: what has begun is seen whole. */
static int attach(struct vfio_map_bpf *skel)
{
	struct bpf_program *const programs[] = {
		skel->progs.pin_remote_end, skel->progs.pin_remote_begin, skel->progs.map_end,
		skel->progs.map_begin,
	};
	struct bpf_link **const links[] = {
		&skel->links.pin_remote_end, &skel->links.pin_remote_begin, &skel->links.map_end,
		&skel->links.map_begin,
	};

	skel->links.iommu_map = bpf_program__attach_raw_tracepoint(skel->progs.iommu_map, "map");
	skel->bss->sees_iommu_map = skel->links.iommu_map;
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++) {
		*links[i] = bpf_program__attach_trace(programs[i]);
		if (!*links[i])
			return -errno;
	}
	return 0;
}

struct map_hooks *map_hooks__attach(const struct hooks_maps *maps, struct kernel_types *types,
				    char *why, size_t size)
{
	struct map_hooks *hooks = xcalloc(1, sizeof(*hooks));
	int ret;

	*why = '\0';
	hooks->source_has_ioctl = maps->by_addr;
	if (types && kernel_types__is_current(types))
		ret = load(hooks, maps, types);
	else
		ret = load_anew(hooks, maps);
	if (!ret)
		ret = attach(hooks->skel);
	if (ret) {
		snprintf(why, size, "vfio_pin_pages_remote (%s)",
			 ret == -ENOENT ? "no such function" :
			 ret == -EPERM ? "needs CAP_SYS_ADMIN" : strerror(-ret));
		map_hooks__detach(hooks);
		return NULL;
	}
	if (!hooks->skel->bss->sees_iommu_map)
		snprintf(why, size, "iommu:map (no such tracepoint)");
	return hooks;
}

void map_hooks__detach(struct map_hooks *hooks)
{
	if (!hooks)
		return;
	vfio_map_bpf__destroy(hooks->skel);
	free(hooks);
}

unsigned int map_hooks__refs(const struct map_hooks *hooks)
{
	/* Before 6.3 the kernel counts a function once, whosoever's programs are on it. */
	return hooks ? tp_module__refs_of_tracing(2, hooks->source_has_ioctl ? 0 : 1) : 0;
}

const struct bpf_object *map_hooks__object(const struct map_hooks *hooks)
{
	return hooks->skel->obj;
}
