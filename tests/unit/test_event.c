// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_event.c - names, masks and texts of events, and how numbers are written
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lib/event.h"
#include "lib/fmt.h"
#include "lib/source.h"

#define bit(ENUM) (1ULL << VFIO_EV_##ENUM)

static void every_event_has_a_description(void **state)
{
	for (unsigned int type = 0; type < VFIO_EV_COUNT; type++) {
		const struct event_desc *desc = event__desc(type);
		unsigned int next = 0;

		assert_non_null(desc);
		assert_int_equal(strncmp(desc->tracepoint, "vfio_", 5), 0);
		assert_true(desc->n_fields > 0);
		for (unsigned int i = 0; i < desc->n_fields; i++) {
			assert_int_equal(desc->fields[i].word, next);
			next += desc->fields[i].ctype == EVENT_CTYPE_str ? VFIO_OBS_STR_LEN / 8 : 1;
			assert_int_equal(desc->fields[i].show == EVENT_SHOW_VALUE,
					 desc->fields[i].values != NULL);
		}
		assert_true(next <= VFIO_OBS_WORDS);
	}
	assert_null(event__desc(VFIO_EV_COUNT));
	assert_null(event__op(VFIO_OP_COUNT));
}

static void names_lose_their_prefix(void **state)
{
	assert_string_equal(event__key(event__desc(VFIO_EV_PIN)), "pin");
	assert_string_equal(event__key(event__desc(VFIO_EV_ASSIGN)), "device_assign");
	assert_string_equal(event__op(VFIO_OP_MAP)->key, "map_dma");
}

static void masks_follow_names_and_wildcards(void **state)
{
	char err[256];
	__u64 mask;

	assert_int_equal(event__parse_mask("pin,vfio_container_open", &mask, err, sizeof(err)), 0);
	assert_true(mask == (bit(PIN) | bit(OPEN)));
	assert_int_equal(event__parse_mask("*pin", &mask, err, sizeof(err)), 0);
	assert_true(mask == (bit(PIN) | bit(UNPIN)));
	assert_int_equal(event__parse_mask("all,pin_start", &mask, err, sizeof(err)), 0);
	assert_true(mask == (source__all_events() | bit(PIN_START)));
	assert_false(source__all_events() & bit(PIN_START));
	assert_false(source__lifecycle_events() & (bit(PIN) | bit(IOCTL) | bit(PIN_START)));
	assert_true(source__lifecycle_events() & bit(RELEASE));
}

static void unknown_names_are_named(void **state)
{
	char err[256];
	__u64 mask;

	assert_int_equal(event__parse_mask("pin,pni", &mask, err, sizeof(err)), -EINVAL);
	assert_non_null(strstr(err, "'pni'"));
	assert_int_equal(event__parse_mask("", &mask, err, sizeof(err)), -EINVAL);
	assert_int_equal(event__parse_mask("pin,", &mask, err, sizeof(err)), -EINVAL);
}

static void values_and_errnos_have_names(void **state)
{
	assert_string_equal(event__value_name(event__values_ioctl_cmd, 0x3b71), "MAP_DMA");
	assert_null(event__value_name(event__values_ioctl_cmd, 1));
	assert_null(event__value_name(NULL, 1));
	assert_string_equal(event__errno_name(22), "EINVAL");
	assert_string_equal(event__errno_name(524), "ENOTSUPP");
	assert_null(event__errno_name(4000));
	assert_null(event__errno_name(-1));
}

static void events_are_written_in_one_line(void **state)
{
	struct vfio_rec rec = { .type = VFIO_EV_SET_IOMMU };
	char text[256];

	vfio_w(&rec, SET_IOMMU, type) = 3;
	strcpy((char *)&vfio_w(&rec, SET_IOMMU, backend), "vfio-iommu-type1");
	vfio_w(&rec, SET_IOMMU, groups) = 2;
	vfio_w(&rec, SET_IOMMU, ret) = -EPERM;
	vfio_w(&rec, SET_IOMMU, duration) = 12300;
	assert_string_equal(event__format(&rec, text, sizeof(text)),
			    "type=type1v2 backend=vfio-iommu-type1 groups=2 ret=-EPERM "
			    "duration=12.3us");
	vfio_w(&rec, SET_IOMMU, duration) = VFIO_OBS_UNKNOWN;
	vfio_w(&rec, SET_IOMMU, type) = 77;
	event__format(&rec, text, sizeof(text));
	assert_non_null(strstr(text, "type=0x4d "));
	assert_non_null(strstr(text, "duration=unknown"));
	assert_string_equal(event__format(&rec, text, 8), "type=0x");
	rec.type = VFIO_EV_COUNT;
	assert_string_equal(event__format(&rec, text, sizeof(text)), "");
}

static void what_could_not_be_read_is_unknown(void **state)
{
	struct vfio_rec rec = { .type = VFIO_EV_IOCTL };
	char text[256];

	vfio_w(&rec, IOCTL, cmd) = VFIO_CMD_MAP_DMA;
	assert_string_equal(event__format(&rec, text, sizeof(text)),
			    "cmd=MAP_DMA groups=0 has_backend=0 known=0 flags=unknown iova=unknown "
			    "size=unknown vaddr=unknown ret=0 duration=0ns");
	vfio_w(&rec, IOCTL, known) = 1;
	event__format(&rec, text, sizeof(text));
	assert_non_null(strstr(text, "flags=0x0 iova=0x0 size=0 vaddr=0x0"));
}

static void hostile_names_become_printable(void **state)
{
	struct vfio_rec rec = { .type = VFIO_EV_DRIVER_REGISTER };
	char *backend = (char *)&vfio_w(&rec, DRIVER_REGISTER, backend);

	memset(rec.comm, 'x', sizeof(rec.comm));
	memcpy(rec.comm, "\033[2J\xff\x7f", 6);
	memset(backend, 'y', VFIO_OBS_STR_LEN);
	event__make_printable(&rec);
	assert_string_equal(rec.comm, "?[2J??xxxxxxxxx");
	assert_int_equal(strlen(backend), VFIO_OBS_STR_LEN - 1);
}

static void check_text(const char *got, const char *want)
{
	assert_string_equal(got, want);
}

static void numbers_keep_their_columns(void **state)
{
	char b[FMT_MAX];

	check_text(fmt_bytes(b, sizeof(b), 1023), "1023");
	check_text(fmt_bytes(b, sizeof(b), 4096), "4.0K");
	check_text(fmt_bytes(b, sizeof(b), 1048575), "1.0M");
	check_text(fmt_bytes(b, sizeof(b), ~0ULL), "16E");
	check_text(fmt_count(b, sizeof(b), 9999), "9999");
	check_text(fmt_count(b, sizeof(b), 10000), "10.0k");
	check_text(fmt_count(b, sizeof(b), 999999), "1.00M");
	check_text(fmt_count(b, sizeof(b), ~0ULL), "18.4E");
	check_text(fmt_rate(b, sizeof(b), -1), "-");
	check_text(fmt_rate(b, sizeof(b), 0.25), "0.2");
	check_text(fmt_latency(b, sizeof(b), 999), "999ns");
	check_text(fmt_latency(b, sizeof(b), 9994), "9.99us");
	check_text(fmt_latency(b, sizeof(b), 9996), "10.0us");
	check_text(fmt_latency(b, sizeof(b), 999499), "999us");
	check_text(fmt_latency(b, sizeof(b), 999500), "1.00ms");
	check_text(fmt_latency(b, sizeof(b), 2500000000ULL), "2.50s");
	check_text(fmt_age(b, sizeof(b), 59999999999ULL), "59s");
	check_text(fmt_age(b, sizeof(b), 725000000000ULL), "12m05s");
	check_text(fmt_age(b, sizeof(b), 100ULL * 3600 * 1000000000), "4d04h");
	check_text(fmt_container(b, sizeof(b), 7), "7");
	check_text(fmt_container(b, sizeof(b), 1ULL << 48 | 7), "7@2");
	check_text(fmt_time_iso(b, sizeof(b), 1000000001), "1970-01-01T00:00:01.000000001Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_has_a_description),
		cmocka_unit_test(names_lose_their_prefix),
		cmocka_unit_test(masks_follow_names_and_wildcards),
		cmocka_unit_test(unknown_names_are_named),
		cmocka_unit_test(values_and_errnos_have_names),
		cmocka_unit_test(events_are_written_in_one_line),
		cmocka_unit_test(what_could_not_be_read_is_unknown),
		cmocka_unit_test(hostile_names_become_printable),
		cmocka_unit_test(numbers_keep_their_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
