/* SPDX-License-Identifier: GPL-2.0-only */
/* uaccess.h - user memory is the test's own, but for the page at 0 and shim_user_hole */
#ifndef SHIM_UACCESS_H
#define SHIM_UACCESS_H

#include <linux/compiler.h>

long copy_from_user_nofault(void *to, const void __user *from, size_t size);

#endif
