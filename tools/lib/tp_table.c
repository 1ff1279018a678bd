// SPDX-License-Identifier: GPL-2.0-only
/*
 * tp_table.c - the mappings that were there before the source attached
 *
 * Runs the iterator of bpf/vfio_table.bpf.c, whose map has room for some containers' mappings at a
 * time: as often as there are containers left.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "error.h"
#include "kernel_types.h"
#include "tp_table.h"
#include "vfio_obs/existing.h"
#include "vfio_obs/maps.h"
#include "xalloc.h"

#include "vfio_table.skel.h"

/* What was read, struct vfio_table and its mappings behind each other. */
struct stream {
	char *data;
	size_t used, size;
};

/* @mappings: the program's map */
struct tp_tables {
	struct vfio_table_bpf *skel;
	const struct vfio_mapping *mappings;
	size_t n_mappings;
	struct stream out;
};

static void append(struct stream *out, const void *data, size_t size)
{
	if (out->size - out->used < size) {
		out->size = 2 * out->size + size;
		out->data = xreallocarray(out->data, out->size, 1);
	}
	memcpy(out->data + out->used, data, size);
	out->used += size;
}

static int share(struct bpf_map *map, const struct bpf_map *with)
{
	return bpf_map__reuse_fd(map, bpf_map__fd(with));
}

static int share_ids(struct vfio_table_bpf *skel, const struct tp_iterator_maps *maps)
{
	int ret;

	bpf_map__set_autocreate(skel->maps.free_slots, false);
	bpf_map__set_autocreate(skel->maps.identity, false);
	if (!maps)
		return 0;
	skel->rodata->own_ids = true;
	ret = share(skel->maps.by_addr, maps->by_addr);
	return ret ? ret : share(skel->maps.known, maps->known);
}

static int load(struct tp_tables *reader, struct kernel_types *types,
		const struct tp_iterator_maps *maps)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = kernel_types__path(types));
	const struct bpf_map *map;
	void *memory;
	int ret;

	reader->skel = vfio_table_bpf__open_opts(&opts);
	ret = reader->skel ? share_ids(reader->skel, maps) : -errno;
	if (!ret)
		ret = kernel_types__aim(types, reader->skel->progs.vfio_tables,
					KERNEL_TYPES_KERNEL, "bpf_iter_task_file");
	if (!ret)
		ret = vfio_table_bpf__load(reader->skel);
	if (ret)
		return ret;
	map = reader->skel->maps.mappings;
	reader->n_mappings = bpf_map__max_entries(map);
	memory = mmap(NULL, reader->n_mappings * sizeof(struct vfio_mapping), PROT_READ,
		      MAP_SHARED, bpf_map__fd(map), 0);
	if (memory == MAP_FAILED)
		return -errno;
	reader->mappings = memory;
	return 0;
}

void tp_tables__destroy(struct tp_tables *reader)
{
	if (!reader)
		return;
	if (reader->mappings)
		munmap((void *)reader->mappings, reader->n_mappings * sizeof(*reader->mappings));
	vfio_table_bpf__destroy(reader->skel);
	free(reader->out.data);
	free(reader);
}

/* Each open file of each process, once. */
static int run(struct bpf_program *prog)
{
	struct bpf_link *link = bpf_program__attach_iter(prog, NULL);
	char buf[64]; /* nothing is written to it */
	int fd, ret = 0;
	ssize_t n;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0)
		ret = -errno;
	while (!ret && (n = read(fd, buf, sizeof(buf))) != 0)
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			ret = -errno;
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	return ret;
}

/* One container's, if it was read in the last run. Returns whether it must be read again. */
static bool take(struct tp_tables *reader, int tables, __u64 id)
{
	struct vfio_table table;
	const struct vfio_mapping *from;

	if (bpf_map_lookup_elem(tables, &id, &table))
		return false;
	if (table.flags & VFIO_TABLE_NO_ROOM) {
		bpf_map_delete_elem(tables, &id);
		return true;
	}
	/* It stays in the map, so that it is not read once more, and is nobody's any more. */
	if (table.first == ~0U || table.first > reader->n_mappings ||
	    table.n > reader->n_mappings - table.first)
		return false;
	from = &reader->mappings[table.first];
	table.first = 0;
	append(&reader->out, &table, sizeof(table));
	append(&reader->out, from, table.n * sizeof(*from));
	table.first = ~0U;
	bpf_map_update_elem(tables, &id, &table, BPF_EXIST);
	return false;
}

/* All that the last run has read. Returns whether there was no room for some. */
static bool take_all(struct tp_tables *reader)
{
	int tables = bpf_map__fd(reader->skel->maps.tables);
	__u64 *ids = xcalloc(VFIO_OBS_SLOTS, sizeof(*ids));
	bool again = false;
	size_t n = 0;

	/* First the keys: one that is deleted has no next. */
	while (n < VFIO_OBS_SLOTS &&
	       !bpf_map_get_next_key(tables, n ? &ids[n - 1] : NULL, &ids[n]))
		n++;
	for (size_t i = 0; i < n; i++)
		again |= take(reader, tables, ids[i]);
	free(ids);
	return again;
}

static int read_all(struct tp_tables *reader)
{
	bool again = true;

	while (again) {
		size_t before = reader->out.used;
		int ret = run(reader->skel->progs.vfio_tables);

		if (ret)
			return ret;
		again = take_all(reader) && reader->out.used > before;
		reader->skel->bss->used = 0;
	}
	return 0;
}

static void explain(int ret, char *why, size_t why_size)
{
	if (ret == -EPERM || ret == -EACCES)
		error__set(why, why_size, "not permitted, CAP_SYS_ADMIN is needed");
	else if (ret == -EINVAL || ret == -ENOENT || ret == -ESRCH)
		error__set(why, why_size, "vfio_iommu_type1 has no BTF, or other structures");
	else
		error__set(why, why_size, "%s", strerror(-ret));
}

struct tp_tables *tp_tables__load(struct kernel_types *types, const struct tp_iterator_maps *maps,
				  char *why, size_t why_size)
{
	struct tp_tables *reader = xcalloc(1, sizeof(*reader));
	int ret = load(reader, types, maps);

	if (!ret)
		return reader;
	explain(ret, why, why_size);
	tp_tables__destroy(reader);
	return NULL;
}

ssize_t tp_tables__read(struct tp_tables *reader, void **tables, char *why, size_t why_size)
{
	int ret = read_all(reader);

	*tables = NULL;
	if (ret) {
		explain(ret, why, why_size);
		return ret;
	}
	*tables = reader->out.data;
	reader->out.data = NULL;
	return reader->out.used;
}

void tp_tables__deliver(const void *tables, size_t size, __u64 id_bits,
			const struct source_sink *sink)
{
	const char *at = tables, *end = at + size;

	while (sink->table && (size_t)(end - at) >= sizeof(struct vfio_table)) {
		const struct vfio_table *from = (const void *)at;
		struct source_table to = {
			.id = from->id | id_bits,
			.read_ns = from->read_ns,
			.until_ns = from->until_ns,
			.avail = from->avail,
			.torn = from->flags & VFIO_TABLE_TORN,
			.more = from->flags & VFIO_TABLE_MORE,
			.n = from->n,
			.list = (const void *)(from + 1),
		};

		at += sizeof(*from);
		if (to.n > (end - at) / sizeof(*to.list))
			break;
		at += to.n * sizeof(*to.list);
		sink->table(sink->ctx, &to);
	}
}
