// SPDX-License-Identifier: GPL-2.0-only
/*
 * btf_reduce.c - a BTF of some types out of large ones
 */
#include <errno.h>
#include <stdlib.h>

#include "btf_reduce.h"
#include "xalloc.h"

/* More BTFs than the kernel and its two modules are not asked for. */
#define MAX_BTFS 4

/* The numbers in @out of the types of one BTF, 0 none yet. Of a split one only its own have any. */
struct copies {
	const struct btf *btf;
	__u32 *id;
};

struct btf_reduce {
	struct btf *out;
	__u32 n_base;
	struct copies copies[MAX_BTFS]; /* the first is the base */
};

struct btf_reduce *btf_reduce__begin(const struct btf *base)
{
	struct btf_reduce *reduce = xcalloc(1, sizeof(*reduce));

	reduce->out = xalloc__check(btf__new_empty());
	reduce->n_base = btf__type_cnt(base);
	reduce->copies[0].btf = base;
	reduce->copies[0].id = xcalloc(reduce->n_base, sizeof(__u32));
	return reduce;
}

/* Where the number of the copy stands. NULL: there are too many BTFs. */
static __u32 *copy_of(struct btf_reduce *reduce, const struct btf *btf, __u32 id)
{
	if (id < reduce->n_base)
		return &reduce->copies[0].id[id];
	for (int i = 1; i < MAX_BTFS; i++) {
		struct copies *copies = &reduce->copies[i];

		if (!copies->btf) {
			copies->btf = btf;
			copies->id = xcalloc(btf__type_cnt(btf) - reduce->n_base, sizeof(__u32));
		}
		if (copies->btf == btf)
			return &copies->id[id - reduce->n_base];
	}
	return NULL;
}

/* The number of types that @type has by value, and the place of each. */
static unsigned int n_parts(const struct btf_type *type)
{
	switch (btf_kind(type)) {
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return btf_vlen(type);
	case BTF_KIND_ARRAY:
		return 2;
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		return 1;
	}
	return 0;
}

static __u32 *part(const struct btf_type *type, unsigned int i)
{
	switch (btf_kind(type)) {
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return &btf_members(type)[i].type;
	case BTF_KIND_ARRAY:
		return i ? &btf_array(type)->index_type : &btf_array(type)->type;
	}
	return (__u32 *)&type->type;
}

/* The number of the copy in @out, or -errno. By value nothing is in itself, so this ends. */
static int copy(struct btf_reduce *reduce, const struct btf *btf, __u32 id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);
	__u32 *known;
	int to;

	if (!id)
		return 0;
	known = type ? copy_of(reduce, btf, id) : NULL;
	if (!known)
		return -EINVAL;
	if (*known)
		return *known;
	to = btf_is_ptr(type) ? btf__add_ptr(reduce->out, 0) :
				btf__add_type(reduce->out, btf, type);
	if (to < 0)
		return to;
	*known = to;
	for (unsigned int i = 0; i < n_parts(type); i++) {
		int ret = copy(reduce, btf, *part(type, i));

		if (ret < 0)
			return ret;
		/* Looked up each time: it moves when others are added. */
		*part(btf__type_by_id(reduce->out, to), i) = ret;
	}
	return to;
}

int btf_reduce__add(struct btf_reduce *reduce, const struct btf *btf, __u32 id)
{
	int ret = copy(reduce, btf, id);

	return ret < 0 ? ret : 0;
}

struct btf *btf_reduce__end(struct btf_reduce *reduce)
{
	struct btf *out = reduce->out;

	for (int i = 0; i < MAX_BTFS; i++)
		free(reduce->copies[i].id);
	free(reduce);
	return out;
}
