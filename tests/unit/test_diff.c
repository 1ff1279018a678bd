// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_diff.c - vfio-trace diff: what of a difference between two recordings is no noise
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "lib/model_op.h"
#include "lib/source_fake.h"
#include "vfio-trace/diff.h"

#define MS 1000000ULL

/* Scripted recordings; read once. */
struct pair {
	struct source *source[DIFF_SIDES];
	struct source_sink feed[DIFF_SIDES];
	__u64 now_ns[DIFF_SIDES];
	const struct report *report[DIFF_SIDES];
	struct diff *diff;
};

static int setup(void **state)
{
	struct source_info info = { .name = "file", .host = "box", .kernel = "6.1" };
	struct pair *pair = calloc(1, sizeof(*pair));

	for (int side = 0; side < DIFF_SIDES; side++) {
		pair->source[side] = source_fake__open(&info);
		pair->feed[side] = source_fake__feed(pair->source[side]);
		pair->now_ns[side] = 1000 * MS;
	}
	*state = pair;
	return 0;
}

static int teardown(void **state)
{
	struct pair *pair = *state;

	diff__destroy(pair->diff);
	for (int side = 0; side < DIFF_SIDES; side++) {
		report__free(pair->report[side]);
		source__close(pair->source[side]);
	}
	free(pair);
	return 0;
}

static void compare(struct pair *pair)
{
	static const char *const name[] = { "a.vftrace", "b.vftrace" };
	const struct report_opts opts = { .hist = true, .limit_ns = START_LIMIT_NS };
	int status;

	for (int side = 0; side < DIFF_SIDES; side++) {
		source_fake__end(pair->source[side]);
		pair->report[side] = report__read(pair->source[side], name[side], &opts, &status);
		assert_int_equal(status, 0);
	}
	pair->diff = diff__create(pair->report[DIFF_A], pair->report[DIFF_B]);
}

static void open_container(struct pair *pair, int side, __u64 id, const char *vm)
{
	fake_event(&pair->feed[side], OPEN, id, pair->now_ns[side]++);
	fake_owner(&pair->feed[side], id, VFIO_OWNER_QEMU, .text[VFIO_OWNER_NAME_TEXT] = vm);
}

static void pin(struct pair *pair, int side, __u64 id, __u64 ns)
{
	pair->now_ns[side] += MS;
	fake_event(&pair->feed[side], PIN, id, pair->now_ns[side], .group = 7, .npage = 1, .ret = 1,
		   .duration = ns);
}

/* Of the calls that compare() saw, for the owner in place @i. */
static enum diff_verdict verdict(const struct pair *pair, size_t i, double q)
{
	const struct diff_owner *owner = pair->diff->owners[i];

	return diff__verdict(owner->op[DIFF_A][VFIO_OP_PIN], owner->op[DIFF_B][VFIO_OP_PIN], q);
}

/* Always the same numbers, from 0 to 1. */
static double next_random(__u64 *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (double)(*seed >> 11) / (double)(1ULL << 53);
}

/* 10 us and more, with a long tail. */
static __u64 latency(__u64 *seed)
{
	double u = next_random(seed);

	return 10000 / (1.0001 - u * u);
}

static void a_shift_of_all_calls_is_seen(void **state)
{
	struct pair *pair = *state;
	__u64 seed = 1;

	open_container(pair, DIFF_A, 1, "web01");
	open_container(pair, DIFF_B, 1, "web01");
	for (int i = 0; i < 2000; i++) {
		pin(pair, DIFF_A, 1, latency(&seed));
		pin(pair, DIFF_B, 1, latency(&seed) * 3 / 2);
	}
	compare(pair);
	assert_int_equal(verdict(pair, 0, 0.5), DIFF_SLOWER);
	assert_int_equal(verdict(pair, 1, 0.5), DIFF_SLOWER);
	assert_string_equal(pair->diff->owners[1]->name, "web01");
}

static void the_other_way_round_is_faster(void **state)
{
	struct pair *pair = *state;

	open_container(pair, DIFF_A, 1, "web01");
	open_container(pair, DIFF_B, 1, "web01");
	for (int i = 0; i < 100; i++) {
		pin(pair, DIFF_A, 1, 3000 + i);
		pin(pair, DIFF_B, 1, 1000 + i);
	}
	compare(pair);
	assert_int_equal(verdict(pair, 0, 0.5), DIFF_FASTER);
}

/* One call in 40 takes long in B: most are as they were, the slowest are not. */
static void a_longer_tail_is_seen_in_the_tail(void **state)
{
	struct pair *pair = *state;

	open_container(pair, DIFF_A, 1, "web01");
	open_container(pair, DIFF_B, 1, "web01");
	for (int i = 0; i < 4000; i++) {
		pin(pair, DIFF_A, 1, 1000 + i % 900);
		pin(pair, DIFF_B, 1, i % 40 ? 1000 + i % 900 : 50000);
	}
	compare(pair);
	assert_int_equal(verdict(pair, 0, 0.5), DIFF_NOISE);
	assert_int_equal(verdict(pair, 0, 0.9), DIFF_NOISE);
	assert_int_equal(verdict(pair, 0, 0.99), DIFF_SLOWER);
}

static void few_calls_say_nothing(void **state)
{
	struct pair *pair = *state;

	open_container(pair, DIFF_A, 1, "web01");
	open_container(pair, DIFF_B, 1, "web01");
	for (int i = 0; i < 10; i++) {
		pin(pair, DIFF_A, 1, 1000);
		pin(pair, DIFF_B, 1, 9000);
	}
	compare(pair);
	assert_int_equal(verdict(pair, 0, 0.5), DIFF_TOO_FEW);
	assert_int_equal(verdict(pair, 0, 0.99), DIFF_TOO_FEW);
	/* None at all. */
	assert_int_equal(diff__verdict(NULL, pair->diff->owners[0]->op[DIFF_B][VFIO_OP_PIN], 0.5),
			 DIFF_TOO_FEW);
}

/* A bucket is as exact as it gets: neighbours are no difference, however many calls say so. */
static void neighbouring_buckets_are_the_same(void **state)
{
	struct pair *pair = *state;
	__u32 bucket = vfio_hist_index(10000);

	open_container(pair, DIFF_A, 1, "web01");
	open_container(pair, DIFF_B, 1, "web01");
	for (int i = 0; i < 3000; i++) {
		pin(pair, DIFF_A, 1, vfio_hist_lower(bucket + 1) - 1);
		pin(pair, DIFF_B, 1, vfio_hist_lower(bucket + 1));
	}
	compare(pair);
	assert_int_equal(verdict(pair, 0, 0.5), DIFF_NOISE);
}

/* @n calls; to be destroyed. */
static struct model_op *sample(__u64 *seed, int n)
{
	struct model_op *op = model_op__create();

	for (int i = 0; i < n; i++)
		model_op__add(op, &(struct vfio_outcome){ .duration = latency(seed) });
	return op;
}

static void the_same_is_called_noise(void **state)
{
	static const double quantiles[] = { 0.5, 0.9, 0.99 };
	int alarms = 0, unknown = 0;
	__u64 seed = 7;

	for (int i = 0; i < 500; i++) {
		struct model_op *a = sample(&seed, 2000), *b = sample(&seed, 2000);

		for (int q = 0; q < 3; q++) {
			enum diff_verdict is = diff__verdict(a, b, quantiles[q]);

			alarms += is >= DIFF_SLOWER;
			unknown += is == DIFF_TOO_FEW;
		}
		model_op__destroy(a);
		model_op__destroy(b);
	}
	assert_true(alarms <= 1);
	assert_int_equal(unknown, 0);
}

/* The interval has the true value nearly always, and is not wider than it must be. */
static void intervals_hold_what_they_promise(void **state)
{
	const double median = 10000 / (1.0001 - 0.25);
	int missed = 0;
	__u64 seed = 3;

	for (int i = 0; i < 1000; i++) {
		struct model_op *op = sample(&seed, 400);
		struct diff_interval interval = diff__interval(op, 0.5);

		assert_true(interval.has_low && interval.has_high);
		missed += median < interval.low_ns || median >= interval.high_ns;
		assert_true(interval.high_ns - interval.low_ns < median / 2);
		model_op__destroy(op);
	}
	assert_true(missed <= 5);
}

static void owners_are_compared_with_themselves(void **state)
{
	struct pair *pair = *state;
	struct diff *diff;

	/* By another container each time; of db01 one side has two. */
	open_container(pair, DIFF_A, 1, "web01");
	open_container(pair, DIFF_A, 2, "db01");
	open_container(pair, DIFF_A, 3, "db01");
	open_container(pair, DIFF_B, 5, "db01");
	open_container(pair, DIFF_B, 6, "new01");
	for (int i = 0; i < 50; i++) {
		pin(pair, DIFF_A, 1, 900000);
		pin(pair, DIFF_A, 2, 1000);
		pin(pair, DIFF_A, 3, 1000);
		pin(pair, DIFF_B, 5, 1000);
		pin(pair, DIFF_B, 6, 7000);
	}
	compare(pair);
	diff = pair->diff;
	assert_int_equal(diff->n, 4);
	assert_string_equal(diff->owners[0]->name, "");
	assert_string_equal(diff->owners[1]->name, "db01");
	assert_string_equal(diff->owners[2]->name, "new01");
	assert_string_equal(diff->owners[3]->name, "web01");
	assert_int_equal(diff->owners[1]->op[DIFF_A][VFIO_OP_PIN]->count, 100);
	assert_int_equal(diff->owners[1]->op[DIFF_A][VFIO_OP_PIN]->hist[0].count, 100);
	assert_int_equal(diff->owners[0]->op[DIFF_A][VFIO_OP_PIN]->count, 150);
	assert_int_equal(verdict(pair, 1, 0.5), DIFF_NOISE);
	assert_false(diff->owners[2]->seen[DIFF_A]);
	assert_false(diff->owners[3]->seen[DIFF_B]);
}

#define assert_has(text, part) assert_non_null(strstr(text, part))

static void changes_come_first(void **state)
{
	struct pair *pair = *state;
	size_t size;
	char *text;
	FILE *out;

	open_container(pair, DIFF_A, 1, "web01");
	open_container(pair, DIFF_A, 2, "db01");
	open_container(pair, DIFF_B, 1, "web01");
	for (int i = 0; i < 100; i++) {
		pin(pair, DIFF_A, 1, 1000);
		pin(pair, DIFF_B, 1, 2000);
	}
	compare(pair);
	out = open_memstream(&text, &size);
	assert_true(diff__print_text(pair->diff, out));
	fclose(out);
	assert_has(text, "\nMore than noise, in B\n"
			 "  pin              p50  slower: 1.00us -> 2.00us (+100%), all\n"
			 "  pin              p50  slower: 1.00us -> 2.00us (+100%), web01\n\n"
			 "All containers\n");
	assert_has(text, "  pin              A       100       0  1.00us         1.00us ");
	assert_has(text, "                   B       100       0  2.00us  +100%  2.00us +100%!  2.00us "
			 "+100%?");
	assert_has(text, "1 owners only in A, 0 only in B; --json has them\n");
	free(text);
}

static void json_has_the_intervals(void **state)
{
	struct pair *pair = *state;
	json_t *root, *op;
	const char *is = NULL;
	json_int_t low, high;
	size_t size;
	char *text;
	FILE *out;

	open_container(pair, DIFF_A, 1, "web01");
	open_container(pair, DIFF_B, 1, "web01");
	for (int i = 0; i < 100; i++) {
		pin(pair, DIFF_A, 1, 1000 + i);
		pin(pair, DIFF_B, 1, 900 + i);
	}
	compare(pair);
	out = open_memstream(&text, &size);
	assert_true(diff__print_json(pair->diff, out));
	fclose(out);
	root = json_loads(text, 0, NULL);
	assert_non_null(root);
	op = json_object_get(json_object_get(root, "operations"), "pin");
	assert_int_equal(json_unpack(op, "{s:{s:{s:I,s:I}}}", "a", "p50", "at_least_ns", &low,
				     "below_ns", &high), 0);
	assert_true(low > 1000 && low <= 1050 && high > 1050 && high < 1100);
	assert_int_equal(json_unpack(op, "{s:{s:s}}", "b_is", "p50", &is), 0);
	assert_string_equal(is, "faster");
	assert_int_equal(json_unpack(op, "{s:{s:s}}", "b_is", "p99", &is), 0);
	assert_string_equal(is, "too_few");
	assert_int_equal(json_array_size(json_object_get(root, "owners")), 1);
	json_decref(root);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(a_shift_of_all_calls_is_seen),
		T(the_other_way_round_is_faster),
		T(a_longer_tail_is_seen_in_the_tail),
		T(few_calls_say_nothing),
		T(neighbouring_buckets_are_the_same),
		cmocka_unit_test(the_same_is_called_noise),
		cmocka_unit_test(intervals_hold_what_they_promise),
		T(owners_are_compared_with_themselves),
		T(changes_come_first),
		T(json_has_the_intervals),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
