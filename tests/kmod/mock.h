/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mock.h - three IOMMU backends that do as the tests say and watch how they are used
 *
 * They write their calls to the log ("a.attach(7)"), give the container's lock, RCU and DMA
 * ownership a look at each, and keep their data in allocated memory that every call touches, so
 * that a sanitizer sees a call after release().
 */
#ifndef MOCK_H
#define MOCK_H

#include <pthread.h>

#include "vfio.h"

/* ioctl commands of the mock backends; every other one returns MOCK_IOCTL_RET + its number. */
#define MOCK_PARK	0x7001
#define MOCK_DAWDLE	0x7002
#define MOCK_IOCTL_RET	1000
#define MOCK_TYPE	1

struct mock {
	struct vfio_iommu_driver_ops	ops;
	struct module			module;
	/* What to answer; 0 stands for "as asked for". */
	unsigned long			type;
	long				type_answer;
	int				open_error;
	int				attach_error;
	int				attach_error_group;
	bool				null_data;
	int				pin_ret;
	/* Called inside the next ioctl, pin, unpin, attach..., once. */
	void				(*inside)(void);
	/* Data objects that exist, releases so far by others than the detaching task. */
	int				live;
	int				late_releases;
};

/* Newest first in the backend list when registered by mock_register_all(): c, b, a. */
extern struct mock mock_a, mock_b, mock_c;

void mock_reset(void);
void mock_register_all(void);
void mock_unregister_all(void);

/* MOCK_PARK: wait until a call has come, is parked; let all of them go on. */
void mock_wait_parked(void);
void mock_unpark(void);
/* Park the next close notification too. */
extern bool mock_park_notify;

#endif
