/* SPDX-License-Identifier: GPL-2.0-only */
/* module.h - references on modules, and what modinfo would show */
#ifndef SHIM_MODULE_H
#define SHIM_MODULE_H

#include <linux/compiler.h>

/* refs: -1 once the module is on its way out, see shim_module_stop() */
struct module {
	const char	*name;
	int		refs;
};

extern struct module shim_this_module;
#define THIS_MODULE (&shim_this_module)

bool try_module_get(struct module *module);
void module_put(struct module *module);

void shim_modinfo(const char *line);
#define SHIM_PASTE_(a, b)	a##b
#define SHIM_PASTE(a, b)	SHIM_PASTE_(a, b)
#define SHIM_TEXT_(x)		#x
#define SHIM_TEXT(x)		SHIM_TEXT_(x)
#define SHIM_MODINFO(line)                                                                         \
	static void __attribute__((constructor)) SHIM_PASTE(shim_modinfo_, __LINE__)(void)         \
	{                                                                                          \
		shim_modinfo(line);                                                                \
	}                                                                                          \
	struct module
#define MODULE_ALIAS(alias)		SHIM_MODINFO("alias=" alias)
#define MODULE_ALIAS_MISCDEV(minor)	SHIM_MODINFO("alias=char-major-10-" SHIM_TEXT(minor))

#endif
