// SPDX-License-Identifier: GPL-2.0-only
/*
 * tp_existing.c - the containers that were there before the source attached
 *
 * Runs the iterator of bpf/vfio_iter.bpf.c, which gives one record for each process and file that
 * leads to a container, and makes one container of all its records.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "kernel_types.h"
#include "event.h"
#include "tp_existing.h"
#include "vfio_obs/maps.h"
#include "xalloc.h"

#include "vfio_iter.skel.h"

#define READ_SIZE (64 * 1024)

struct tp_iterator {
	struct vfio_iter_bpf *skel;
};

struct tp_existing {
	struct vfio_existing *records; /* sorted: those of a container follow each other */
	size_t n;
};

/* By container; its owner comes first: who has the nearest file, of these the lowest process. */
static int by_container(const void *a, const void *b)
{
	const struct vfio_existing *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	if (x->via != y->via)
		return x->via < y->via ? -1 : 1;
	return x->tgid < y->tgid ? -1 : x->tgid > y->tgid;
}

struct tp_existing *tp_existing__create(const struct vfio_existing *records, size_t n,
					__u64 since_ns)
{
	struct tp_existing *existing = xcalloc(1, sizeof(*existing));

	existing->records = xcalloc(n + 1, sizeof(*records));
	for (size_t i = 0; i < n; i++)
		if (records[i].id && records[i].opened_ns < since_ns)
			existing->records[existing->n++] = records[i];
	qsort(existing->records, existing->n, sizeof(*records), by_container);
	return existing;
}

void tp_existing__destroy(struct tp_existing *existing)
{
	if (!existing)
		return;
	free(existing->records);
	free(existing);
}

/* Processes that have a file of the owner's kind; the records are sorted by them. */
static __u32 count_holders(const struct vfio_existing *first, const struct vfio_existing *end)
{
	__u32 n = 1;

	for (const struct vfio_existing *at = first + 1; at < end && at->via == first->via; at++)
		n += at->tgid != at[-1].tgid;
	return n;
}

static const struct vfio_existing *newest(const struct vfio_existing *first,
					  const struct vfio_existing *end)
{
	const struct vfio_existing *best = first;

	for (const struct vfio_existing *at = first + 1; at < end; at++)
		if (at->read_ns > best->read_ns)
			best = at;
	return best;
}

static void copy_text(char *to, const char *from, size_t size)
{
	memcpy(to, from, size);
	to[size - 1] = '\0';
	event__make_text_printable(to, strlen(to));
}

/* The owner from the first record, the state from the newest. */
static void deliver_container(const struct vfio_existing *owner, const struct vfio_existing *end,
			      __u64 id_bits, const struct source_sink *sink)
{
	const struct vfio_existing *state = newest(owner, end);
	struct source_group groups[VFIO_EXISTING_GROUPS];
	struct source_existing out = {
		.read_ns = state->read_ns,
		.id = state->id | id_bits,
		.opened_ns = state->opened_ns,
		.cgroup = owner->cgroup,
		.tgid = owner->tgid,
		.holders = count_holders(owner, end),
		.refs = state->refs,
		/* Each group has one reference; one more is the file's, wherever that may be. */
		.file_closed = owner->via != VFIO_VIA_CONTAINER && state->refs <= state->groups,
		.groups = groups,
		.n_groups = state->groups,
	};

	for (__u32 i = 0; i < state->n_listed && i < VFIO_EXISTING_GROUPS; i++) {
		groups[i] = (struct source_group){ state->group[i].number, state->group[i].type };
		out.n_listed = i + 1;
	}
	copy_text(out.comm, owner->comm, sizeof(out.comm));
	copy_text(out.backend, state->backend, sizeof(out.backend));
	sink->existing(sink->ctx, &out);
}

void tp_existing__deliver(const struct tp_existing *existing, __u64 id_bits,
			  const struct source_sink *sink)
{
	size_t first = 0;

	for (size_t end = 1; sink->existing && end <= existing->n; end++) {
		if (end < existing->n && existing->records[end].id == existing->records[first].id)
			continue;
		deliver_container(&existing->records[first], &existing->records[end], id_bits,
				  sink);
		first = end;
	}
}

/* All that @fd gives, in *@data; the number of bytes or -errno. */
static ssize_t read_all(int fd, char **data)
{
	size_t size = 0, used = 0;
	ssize_t n;

	*data = NULL;
	do {
		if (size - used < READ_SIZE) {
			size += READ_SIZE + used;
			*data = xreallocarray(*data, size, 1);
		}
		n = read(fd, *data + used, size - used);
		if (n > 0)
			used += n;
	} while (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)));
	return n < 0 ? -errno : (ssize_t)used;
}

static ssize_t run(struct bpf_program *prog, char **data)
{
	struct bpf_link *link = bpf_program__attach_iter(prog, NULL);
	ssize_t ret;
	int fd;

	*data = NULL;
	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	ret = fd < 0 ? -errno : read_all(fd, data);
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	return ret;
}

static void explain(int ret, char *why, size_t why_size)
{
	if (ret == -EPERM || ret == -EACCES)
		error__set(why, why_size, "not permitted, CAP_SYS_ADMIN is needed");
	else if (ret == -EINVAL || ret == -ENOENT || ret == -ESRCH)
		error__set(why, why_size, "this kernel cannot list open files for us, or its BTF "
			   "lacks vfio's structures");
	else
		error__set(why, why_size, "%s", strerror(-ret));
}

static int share(struct bpf_map *map, const struct bpf_map *with)
{
	return bpf_map__reuse_fd(map, bpf_map__fd(with));
}

static int share_maps(struct vfio_iter_bpf *skel, const struct tp_iterator_maps *maps)
{
	int ret = share(skel->maps.by_addr, maps->by_addr);

	skel->rodata->own_ids = true;
	if (!ret)
		ret = share(skel->maps.known, maps->known);
	if (!ret)
		ret = share(skel->maps.free_slots, maps->free_slots);
	if (!ret)
		ret = share(skel->maps.identity, maps->identity);
	return ret;
}

struct tp_iterator *tp_iterator__load(struct kernel_types *types,
				      const struct tp_iterator_maps *maps, char *why,
				      size_t why_size)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = kernel_types__path(types));
	struct tp_iterator *iterator;
	struct vfio_iter_bpf *skel = vfio_iter_bpf__open_opts(&opts);
	int ret = skel ? 0 : -errno;

	if (!ret)
		ret = kernel_types__aim(types, skel->progs.vfio_existing, KERNEL_TYPES_KERNEL,
					"bpf_iter_task_file");
	if (!ret && maps)
		ret = share_maps(skel, maps);
	if (!ret)
		ret = vfio_iter_bpf__load(skel);
	if (ret) {
		vfio_iter_bpf__destroy(skel);
		explain(ret, why, why_size);
		return NULL;
	}
	iterator = xcalloc(1, sizeof(*iterator));
	iterator->skel = skel;
	return iterator;
}

void tp_iterator__destroy(struct tp_iterator *iterator)
{
	if (!iterator)
		return;
	vfio_iter_bpf__destroy(iterator->skel);
	free(iterator);
}

ssize_t tp_iterator__read(struct tp_iterator *iterator, void **records, char *why, size_t why_size)
{
	char *data;
	ssize_t ret = run(iterator->skel->progs.vfio_existing, &data);

	if (ret < 0) {
		explain(ret, why, why_size);
		free(data);
		data = NULL;
	}
	*records = data;
	return ret;
}
