// SPDX-License-Identifier: GPL-2.0-only
/*
 * privilege.c - giving up rights
 */
#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "error.h"
#include "privilege.h"

#define NOBODY 65534

int privilege__keep(__u64 keep)
{
	__u64 have = 0;

	/* Only of the calling thread: tools give up theirs before they have others. */
	if (capng_get_caps_process())
		return -EPERM;
	for (unsigned int cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (keep >> cap & 1 && capng_have_capability(CAPNG_PERMITTED, cap))
			have |= 1ULL << cap;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	/* Only who may change the bounding set can; without new privileges it has no meaning. */
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP)) {
		capng_clear(CAPNG_SELECT_BOUNDS);
		if (capng_apply(CAPNG_SELECT_BOUNDS))
			return -EPERM;
	}
	capng_clear(CAPNG_SELECT_CAPS);
	capng_clear(CAPNG_SELECT_AMBIENT);
	for (unsigned int cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (have >> cap & 1)
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, cap);
	return capng_apply(CAPNG_SELECT_CAPS) || capng_apply(CAPNG_SELECT_AMBIENT) ? -EPERM : 0;
}

int privilege__drop(char *err, size_t err_size)
{
	int ret = privilege__keep(0);

	if (ret)
		error__set(err, err_size, "cannot give up capabilities: %s; is /proc mounted, or "
			   "does a seccomp filter forbid it?", strerror(-ret));
	return ret;
}

/* A change of user makes the kernel forget what a supervisor wants to happen at its own death. */
static int change_user(void)
{
	int signal = 0;

	prctl(PR_GET_PDEATHSIG, &signal, 0, 0, 0);
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY) || prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0))
		return -errno;
	return 0;
}

int privilege__become_nobody(char *err, size_t err_size)
{
	int ret = geteuid() == 0 ? change_user() : 0;

	if (ret) {
		error__set(err, err_size, "cannot become user %d: %s; run as root of the host",
			   NOBODY, strerror(-ret));
		return ret;
	}
	return privilege__drop(err, err_size);
}
