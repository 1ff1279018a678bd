/* SPDX-License-Identifier: GPL-2.0-only */
/* moduleparam.h - a parameter is its line in modinfo and, in the tests, its variable */
#ifndef SHIM_MODULEPARAM_H
#define SHIM_MODULEPARAM_H

#include <linux/module.h>

#define module_param_named(name, variable, type, mode)                                             \
	SHIM_MODINFO("parm=" #name ":" #variable ":" #type ":" #mode)
#define MODULE_PARM_DESC(name, text) struct module

#endif
