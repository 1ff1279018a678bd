// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_field.c - the tables of columns, how values look and how they compare
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "lib/field.h"
#include "lib/model_op.h"

/* What field @name shows for @row. */
static const char *shown(const struct field *fields, size_t n, const char *name,
			 const struct field_row *row)
{
	static char text[128];
	const struct field *field = field__find(fields, n, name);
	struct field_value value;

	assert_non_null(field);
	value = field->get(row);
	field__format(field, &value, text, sizeof(text));
	return text;
}

static const char *container_text(const char *name, const struct model_container *c, __u64 now_ns)
{
	const struct field *fields;
	size_t n = field__containers(&fields);
	struct field_row row = { .container = c, .op = VFIO_OP_NONE, .now_ns = now_ns };

	return shown(fields, n, name, &row);
}

static const char *op_text(const char *name, enum vfio_obs_op op, const struct model_op *stats)
{
	const struct field *fields;
	size_t n = field__ops(&fields);
	struct field_row row = { .op = op, .stats = stats };

	return shown(fields, n, name, &row);
}

static void check_table(const struct field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_true(strlen(fields[i].title) > 0);
		assert_true(strlen(fields[i].help) > 0);
		assert_true(fields[i].width > 0);
		/* One key each, and one place in the order of leaving. */
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(fields[i].name, fields[j].name);
			assert_true(fields[i].rank == 0 || fields[i].rank != fields[j].rank);
		}
	}
	assert_null(field__find(fields, n, "no such field"));
}

static void test_tables(void **state)
{
	const struct field *fields;
	size_t n = field__containers(&fields);

	check_table(fields, n);
	n = field__ops(&fields);
	check_table(fields, n);
}

static void test_unknown_container(void **state)
{
	static const char *const unknown[] = { "pid", "command", "groups", "backend", "state",
					       "age_ns", "refs", "mapped_bytes", "pinned_pages",
					       "ops_per_second", "cgroup" };
	struct model_container c = { .id = 3, .rate = -1 };

	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		assert_string_equal(container_text(unknown[i], &c, 5), "-");
	assert_string_equal(container_text("id", &c, 5), "3");
	assert_string_equal(container_text("busiest_op", &c, 5), "");
}

static void test_known_container(void **state)
{
	struct model_group groups[] = { { 12, 0 }, { 13, 0 } };
	struct model_container c = {
		.id = (2ULL << 48) + 5,
		.opened_known = true,
		.file_known = true,
		.refs_known = true,
		.gauges_known = true,
		.groups_known = true,
		.backend_known = true,
		.opened_ns = 1000000000,
		.tgid = 77,
		.comm = "evil\033[31m\xff",
		.groups = groups,
		.n_groups = 2,
		.backend = "vfio-iommu-type1",
		.refs = 4,
		.gauges = { .mapped_bytes = 1 << 20, .pinned_pages = 10 },
	};

	assert_string_equal(container_text("id", &c, 0), "5@3");
	assert_string_equal(container_text("pid", &c, 0), "77");
	/* Nothing that a terminal obeys. */
	assert_string_equal(container_text("command", &c, 0), "evil?[31m?");
	assert_string_equal(container_text("groups", &c, 0), "12,13");
	assert_string_equal(container_text("backend", &c, 0), "type1");
	assert_string_equal(container_text("age_ns", &c, 91000000000), "1m30s");
	assert_string_equal(container_text("age_ns", &c, 5), "0s");
	assert_string_equal(container_text("refs", &c, 0), "4");
	assert_string_equal(container_text("mapped_bytes", &c, 0), "1.0M");
	assert_string_equal(container_text("pinned_pages", &c, 0), "266");
	assert_string_equal(container_text("ops_per_second", &c, 0), "0");
	assert_string_equal(container_text("state", &c, 0), "open");
	c.file_closed = true;
	assert_string_equal(container_text("state", &c, 0), "closed");
	c.freed = true;
	c.freed_ns = 3000000000;
	assert_string_equal(container_text("state", &c, 0), "gone");
	assert_string_equal(container_text("age_ns", &c, 91000000000), "2s");
	c.groups_known = false;
	assert_string_equal(container_text("groups", &c, 0), "12,13,?");
	c.gauges.mapped_bytes = -1;
	assert_string_equal(container_text("mapped_bytes", &c, 0), "-");
	assert_string_equal(container_text("pinned_pages", &c, 0), "-");
	strcpy(c.backend, "");
	assert_string_equal(container_text("backend", &c, 0), "");
	strcpy(c.backend, "vfio-noiommu");
	assert_string_equal(container_text("backend", &c, 0), "vfio-noiommu");
}

static void test_busiest(void **state)
{
	struct model_op map = { .count = 1, .sum_ns = 9000, .max_ns = 9000, .busy = 0 };
	struct model_op pin = { .count = 1, .sum_ns = 500, .max_ns = 500, .busy = 0.5 };
	struct model_container c = { .id = 1 };

	c.op[VFIO_OP_MAP] = &map;
	c.op[VFIO_OP_PIN] = &pin;
	assert_string_equal(container_text("busiest_op", &c, 0), "pin");
	assert_string_equal(container_text("busiest_max_ns", &c, 0), "500ns");
	pin.busy = 0;
	assert_string_equal(container_text("busiest_op", &c, 0), "map_dma");
}

static void test_operation(void **state)
{
	struct model_op *stats = model_op__create();
	struct vfio_outcome o = { .op = VFIO_OP_MAP, .duration = 2000000, .bytes = 4 << 20 };

	/* Never called: counted as nothing, and nothing to say about time. */
	assert_string_equal(op_text("count", VFIO_OP_MAP, NULL), "0");
	assert_string_equal(op_text("ops_per_second", VFIO_OP_MAP, NULL), "0");
	assert_string_equal(op_text("p99_ns", VFIO_OP_MAP, NULL), "");
	assert_string_equal(op_text("bytes", VFIO_OP_MAP, NULL), "0");
	assert_string_equal(op_text("pages", VFIO_OP_MAP, NULL), "");
	assert_string_equal(op_text("errnos", VFIO_OP_MAP, NULL), "");

	for (int i = 0; i < 9; i++)
		model_op__add(stats, &o);
	o.ret = -12;
	o.duration = 10;
	model_op__add(stats, &o);
	assert_string_equal(op_text("operation", VFIO_OP_MAP, stats), "map_dma");
	assert_string_equal(op_text("count", VFIO_OP_MAP, stats), "10");
	assert_string_equal(op_text("ops_per_second", VFIO_OP_MAP, stats), "-");
	assert_string_equal(op_text("busy_ratio", VFIO_OP_MAP, stats), "-");
	assert_string_equal(op_text("errors", VFIO_OP_MAP, stats), "1");
	assert_string_equal(op_text("errnos", VFIO_OP_MAP, stats), "ENOMEM 1");
	stats->errors++;
	assert_string_equal(op_text("errnos", VFIO_OP_MAP, stats), "ENOMEM 1, ? 1");
	stats->errors--;
	assert_string_equal(op_text("max_ns", VFIO_OP_MAP, stats), "2.00ms");
	assert_string_equal(op_text("sum_ns", VFIO_OP_MAP, stats), "18.0ms");
	assert_string_equal(op_text("mean_ns", VFIO_OP_MAP, stats), "1.80ms");
	assert_string_equal(op_text("bytes", VFIO_OP_MAP, stats), "36M");
	assert_string_equal(op_text("bytes_per_second_inside", VFIO_OP_MAP, stats), "2.0G/s");
	/* The tables of BPF and of the views agree on what is measured for what. */
	assert_string_equal(op_text("bytes", VFIO_OP_PIN, stats), "");
	assert_string_equal(op_text("pages", VFIO_OP_PIN, stats), "0");
	/* open has no duration at all. */
	assert_string_equal(op_text("p50_ns", VFIO_OP_OPEN, stats), "");
	assert_string_equal(op_text("untimed", VFIO_OP_OPEN, stats), "");
	model_op__destroy(stats);
}

static void test_untimed_is_unknown(void **state)
{
	struct model_op *stats = model_op__create();
	struct vfio_outcome o = { .op = VFIO_OP_MAP, .duration = VFIO_OBS_UNKNOWN, .bytes = 1 };

	model_op__add(stats, &o);
	assert_string_equal(op_text("p50_ns", VFIO_OP_MAP, stats), "-");
	assert_string_equal(op_text("max_ns", VFIO_OP_MAP, stats), "-");
	assert_string_equal(op_text("mean_ns", VFIO_OP_MAP, stats), "-");
	assert_string_equal(op_text("bytes_per_second_inside", VFIO_OP_MAP, stats), "-");
	assert_string_equal(op_text("untimed", VFIO_OP_MAP, stats), "1");
	/* With some timed, speed would be of other bytes than times. */
	o.duration = 1000;
	model_op__add(stats, &o);
	assert_string_equal(op_text("bytes_per_second_inside", VFIO_OP_MAP, stats), "-");
	assert_string_equal(op_text("p50_ns", VFIO_OP_MAP, stats), "1.00us");
	model_op__destroy(stats);
}

static void test_text_never_overflows(void **state)
{
	struct model_group groups[100];
	struct model_container c = { .groups = groups, .n_groups = 100, .groups_known = true };
	const struct field *fields;
	size_t n = field__containers(&fields);
	struct field_row row = { .container = &c };

	for (__u32 i = 0; i < 100; i++)
		groups[i] = (struct model_group){ .number = 4000000000U + i };
	for (size_t size = 1; size < 40; size++) {
		char text[40];
		struct field_value value = field__find(fields, n, "groups")->get(&row);

		memset(text, 'x', sizeof(text));
		field__format(field__find(fields, n, "groups"), &value, text, size);
		assert_true(strlen(text) < size);
		assert_true(text[size] == 'x' || size == sizeof(text));
	}
}

static void test_compare(void **state)
{
	struct field_value none = { .type = FIELD_NONE }, unknown = { .type = FIELD_UNKNOWN };
	struct field_value one = { .type = FIELD_UINT, .uint = 1 };
	struct field_value huge = { .type = FIELD_UINT, .uint = ~0ULL };
	struct field_value a = { .type = FIELD_TEXT, .text = "a" };
	struct field_value b = { .type = FIELD_TEXT, .text = "b" };
	struct model_group groups[] = { { 1, 0 }, { 2, 0 }, { 3, 0 } };
	struct model_container first = { .groups = groups, .n_groups = 1 };
	struct model_container more = { .groups = groups, .n_groups = 2 };
	struct model_container last = { .groups = groups + 1, .n_groups = 1 };
	struct field_value g1 = { .type = FIELD_GROUPS, .container = &first };
	struct field_value g2 = { .type = FIELD_GROUPS, .container = &more };
	struct field_value g3 = { .type = FIELD_GROUPS, .container = &last };

	assert_true(field__compare(&one, &huge) < 0);
	assert_true(field__compare(&huge, &one) > 0);
	assert_int_equal(field__compare(&one, &one), 0);
	assert_true(field__compare(&none, &unknown) < 0);
	assert_true(field__compare(&unknown, &one) < 0);
	assert_int_equal(field__compare(&unknown, &unknown), 0);
	assert_true(field__compare(&a, &b) < 0);
	assert_true(field__compare(&g1, &g2) < 0);
	assert_true(field__compare(&g2, &g3) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_unknown_container),
		cmocka_unit_test(test_known_container),
		cmocka_unit_test(test_busiest),
		cmocka_unit_test(test_operation),
		cmocka_unit_test(test_untimed_is_unknown),
		cmocka_unit_test(test_text_never_overflows),
		cmocka_unit_test(test_compare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
