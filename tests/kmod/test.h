/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test.h - what the test files share: the fixture, and the log that a test expects
 */
#ifndef TEST_H
#define TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core.h"
#include "mock.h"
#include "shim/shim.h"

/* The module is loaded, and gone without a trace afterwards; fails the test otherwise. */
int setup(void **state);
int teardown(void **state);

/* The same with the mock backends registered (found in the order c, b, a), and a container. */
int setup_container(void **state);
int teardown_container(void **state);
extern struct file *container;

#ifdef CONFIG_VFIO_NOIOMMU
/* The parameter before the first test. */
extern bool noiommu_at_start;
#endif

#define T(test)			cmocka_unit_test_setup_teardown(test, setup, teardown)
#define TC(test)		cmocka_unit_test_setup_teardown(test, setup_container,             \
								teardown_container)

/* The lines logged since the last look, as patterns of fnmatch(3). */
#define expect_log(...)                                                                            \
	check_log(__FILE__, __LINE__, (const char *const[]){ __VA_ARGS__, NULL })
#define expect_no_log()		check_log(__FILE__, __LINE__, (const char *const[]){ NULL })
void check_log(const char *file, int line, const char *const *expected);
static inline void forget_log(void)
{
	shim_take_log();
}

/* N warnings of the kernel were due. */
#define expect_warnings(n)                                                                         \
	do {                                                                                       \
		if (shim_warnings() != (n))                                                        \
			print_error("the last warning: %s\n", shim_last_warning());                \
		assert_int_equal(shim_warnings(), n);                                              \
		shim_forget_warnings();                                                            \
	} while (0)

/* A number in an event's line: event_value("... refs=2", "refs"). */
unsigned long long event_value(const char *line, const char *field);

int run_file_tests(void);
int run_set_iommu_tests(void);
int run_core_tests(void);
int run_lifetime_tests(void);
int run_pin_tests(void);
int run_noiommu_tests(void);
int run_event_tests(void);
int run_failure_tests(void);

#endif
