// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_kernel_types.c - what is taken out of the kernel's types for libbpf
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/btf_reduce.h"
#include "lib/kernel_types.h"

/* Numbers of the types that make_base() and make_module() give. */
struct made {
	struct btf *base, *module;
	int outer, inner, in_module;
};

static void make_base(struct made *made)
{
	struct btf *btf = btf__new_empty();
	int number = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	int unrelated = btf__add_struct(btf, "unrelated", 4);
	int array, alias, pointer, choice;

	btf__add_field(btf, "x", number, 0, 0);
	made->inner = btf__add_struct(btf, "inner", 8);
	btf__add_field(btf, "a", number, 0, 0);
	btf__add_field(btf, "b", number, 32, 0);
	alias = btf__add_const(btf, btf__add_typedef(btf, "inner_t", made->inner));
	array = btf__add_array(btf, number, made->inner, 3);
	pointer = btf__add_ptr(btf, unrelated);
	choice = btf__add_union(btf, NULL, 8);
	btf__add_field(btf, "p", pointer, 0, 0);
	btf__add_field(btf, "n", number, 0, 0);
	made->outer = btf__add_struct(btf, "outer", 48);
	btf__add_field(btf, "head", number, 0, 0);
	btf__add_field(btf, "list", array, 64, 0);
	btf__add_field(btf, NULL, choice, 256, 0);
	btf__add_field(btf, "last", alias, 320, 0);
	made->base = btf;
}

static void make_module(struct made *made)
{
	struct btf *btf = btf__new_empty_split(made->base);
	int pointer = btf__add_ptr(btf, made->outer);

	made->in_module = btf__add_struct(btf, "in_module", 16);
	btf__add_field(btf, "inner", made->inner, 0, 0);
	btf__add_field(btf, "up", pointer, 64, 0);
	made->module = btf;
}

static void free_made(struct made *made)
{
	btf__free(made->module);
	btf__free(made->base);
}

/* As libbpf reads it. */
static struct btf *reread(struct btf *btf)
{
	__u32 size;
	const void *data = btf__raw_data(btf, &size);
	struct btf *again = btf__new(data, size);

	assert_non_null(again);
	btf__free(btf);
	return again;
}

static const struct btf_type *find(const struct btf *btf, const char *name)
{
	__s32 id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);

	assert_true(id > 0);
	return btf__type_by_id(btf, id);
}

static const struct btf_member *member(const struct btf *btf, const struct btf_type *type,
				       unsigned int i, const char *name, __u32 bits)
{
	const struct btf_member *found = &btf_members(type)[i];

	assert_string_equal(btf__name_by_offset(btf, found->name_off), name);
	assert_int_equal(found->offset, bits);
	return found;
}

static void values_are_kept_and_pointers_lead_nowhere(void **state)
{
	struct made made;
	struct btf_reduce *reduce;
	const struct btf_type *outer, *choice;
	const struct btf_array *array;
	struct btf *btf;

	make_base(&made);
	make_module(&made);
	reduce = btf_reduce__begin(made.base);
	assert_int_equal(btf_reduce__add(reduce, made.base, made.outer), 0);
	btf = reread(btf_reduce__end(reduce));
	free_made(&made);

	outer = find(btf, "outer");
	assert_int_equal(outer->size, 48);
	assert_int_equal(btf_vlen(outer), 4);
	member(btf, outer, 0, "head", 0);
	array = btf_array(btf__type_by_id(btf, member(btf, outer, 1, "list", 64)->type));
	assert_int_equal(array->nelems, 3);
	assert_ptr_equal(btf__type_by_id(btf, array->type), find(btf, "inner"));
	choice = btf__type_by_id(btf, member(btf, outer, 2, "", 256)->type);
	assert_true(btf_is_union(choice));
	assert_int_equal(btf__type_by_id(btf, member(btf, choice, 0, "p", 0)->type)->type, 0);
	assert_int_equal(btf__resolve_size(btf, member(btf, outer, 3, "last", 320)->type), 8);
	member(btf, find(btf, "inner"), 1, "b", 32);
	assert_int_equal(btf__find_by_name_kind(btf, "unrelated", BTF_KIND_STRUCT), -ENOENT);
	btf__free(btf);
}

static void a_modules_types_share_the_kernels(void **state)
{
	struct made made;
	struct btf_reduce *reduce;
	const struct btf_type *type;
	struct btf *btf;
	__u32 n;

	make_base(&made);
	make_module(&made);
	reduce = btf_reduce__begin(made.base);
	assert_int_equal(btf_reduce__add(reduce, made.base, made.inner), 0);
	assert_int_equal(btf_reduce__add(reduce, made.module, made.in_module), 0);
	assert_int_equal(btf_reduce__add(reduce, made.module, made.in_module), 0);
	assert_int_equal(btf_reduce__add(reduce, made.module, made.in_module + 100), -EINVAL);
	btf = reread(btf_reduce__end(reduce));
	free_made(&made);

	type = find(btf, "in_module");
	assert_ptr_equal(btf__type_by_id(btf, member(btf, type, 0, "inner", 0)->type),
			 find(btf, "inner"));
	member(btf, type, 1, "up", 64);
	/* void, inner, int, in_module, its pointer: each once. */
	n = btf__type_cnt(btf);
	assert_int_equal(n, 5);
	btf__free(btf);
}

static bool is_listed(const char *name)
{
	for (const char *const *at = kernel_types__structs; *at; at++)
		if (!strcmp(*at, name))
			return true;
	return false;
}

/* Else libbpf finds none, and an access to it is refused or, worse, said not to exist. */
static void all_that_the_programs_read_is_listed(void **state)
{
	FILE *f = fopen("bpf/kernel.bpf.h", "re");
	char line[128], name[64];
	unsigned int n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "struct %63[a-z0-9_] {", name) != 1 || !strchr(line, '{'))
			continue;
		n++;
		if (!is_listed(name))
			fail_msg("kernel_types__structs lacks %s", name);
	}
	fclose(f);
	assert_true(n > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_kept_and_pointers_lead_nowhere),
		cmocka_unit_test(a_modules_types_share_the_kernels),
		cmocka_unit_test(all_that_the_programs_read_is_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
