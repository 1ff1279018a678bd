// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - runs the tests of kmod/ against the kernel shim, one binary for each kernel and
 * configuration
 */
#include <fnmatch.h>
#include <unistd.h>

#include "test.h"

/* Long enough for a busy machine; a deadlock ends the run. */
#define TIMEOUT_SECONDS 60

struct file *container;

#ifdef CONFIG_VFIO_NOIOMMU
bool noiommu_at_start;
#endif

int setup(void **state)
{
	alarm(TIMEOUT_SECONDS);
	shim_reset();
	mock_reset();
#ifdef CONFIG_VFIO_NOIOMMU
	vfio_noiommu = true;
#endif
	return vfio_container_init();
}

static int complain(const char *what, long found)
{
	if (found)
		print_error("left behind: %ld %s\n", found, what);
	return found ? 1 : 0;
}

int teardown(void **state)
{
	int bad = 0;

	vfio_container_cleanup();
	shim_rcu_barrier();
	bad += complain("warnings", shim_warnings());
	if (shim_warnings())
		print_error("the last warning: %s\n", shim_last_warning());
	bad += complain("objects", shim_live_objects());
	bad += complain("allocations under a lock", shim_allocated_under_lock());
	bad += complain("references on mock a", mock_a.module.refs > 0);
	bad += complain("references on mock b", mock_b.module.refs > 0);
	bad += complain("references on mock c", mock_c.module.refs > 0);
	bad += complain("slots", shim_bits_set());
	bad += complain("references on vfio", shim_this_module.refs);
	bad += complain("data of mock a", mock_a.live);
	bad += complain("data of mock b", mock_b.live);
	bad += complain("data of mock c", mock_c.live);
	bad += complain("misc devices", !!shim_misc_device);
	bad += complain("locks held", shim_holds(SHIM_GROUP) || shim_holds(SHIM_CONTAINER) ||
			shim_holds(SHIM_BACKENDS) || shim_holds(SHIM_SPIN) || shim_in_rcu_reader());
	shim_reset();
	return bad ? -1 : 0;
}

int setup_container(void **state)
{
	if (setup(state))
		return -1;
	mock_register_all();
	container = open_container(NULL);
	forget_log();
	return container ? 0 : -1;
}

int teardown_container(void **state)
{
	if (container)
		close_file(container);
	container = NULL;
	mock_unregister_all();
	return teardown(state);
}

void check_log(const char *file, int line, const char *const *expected)
{
	char *log = strdup(shim_take_log()), *rest = log, *found = strtok_r(log, "\n", &rest);

	for (; *expected || found; expected++, found = strtok_r(NULL, "\n", &rest)) {
		if (*expected && found && !fnmatch(*expected, found, 0))
			continue;
		print_error("%s:%d: expected in the log: %s\n%s:%d: found: %s\n", file, line,
			    *expected ? *expected : "(its end)", file, line,
			    found ? found : "(its end)");
		free(log);
		fail();
	}
	free(log);
}

unsigned long long event_value(const char *line, const char *field)
{
	char key[32];
	const char *at;

	snprintf(key, sizeof(key), " %s=", field);
	at = strstr(line, key);
	assert_non_null(at);
	return strtoull(at + strlen(key), NULL, 0);
}

int main(void)
{
	int bad = 0;

#ifdef CONFIG_VFIO_NOIOMMU
	noiommu_at_start = vfio_noiommu;
#endif
	bad += run_file_tests();
	bad += run_set_iommu_tests();
	bad += run_core_tests();
	bad += run_lifetime_tests();
	bad += run_pin_tests();
	bad += run_noiommu_tests();
	bad += run_event_tests();
	bad += run_failure_tests();
	return bad ? 1 : 0;
}
