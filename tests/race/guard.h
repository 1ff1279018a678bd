/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What has to be true around a run of vfio-race or vfio-fuzz: the loaded vfio is ours, and what was
 * borrowed from the kernel (module references, locked memory) has been given back. Called by both.
 *
 * Functions that return int give 0, or -1 after having said on stderr what failed.
 */
#ifndef RACE_GUARD_H
#define RACE_GUARD_H

#include <stdint.h>

#define NR_GUARDED_MODULES	3

/* References on the modules, in the order of guarded_modules; -1: not loaded. */
struct module_refs {
	long refs[NR_GUARDED_MODULES];
};

extern const char *const guarded_modules[NR_GUARDED_MODULES];

/* Prints "PROGRAM: MESSAGE" on stderr, in one piece. Always -1. */
int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Refuses any vfio but ours, and anybody but root. */
int guard_ours(void);

/* References on one module, as lsmod shows them; -1 when it is not loaded. */
long guard_refs(const char *module);

void guard_refs_read(struct module_refs *refs);

/* Waits a little for references that are given back late (a file closed at exit). */
int guard_refs_same(const struct module_refs *before);

/* VmLck or VmPin of this process, in KiB; UINT64_MAX when it cannot be read. */
uint64_t guard_vm(const char *name);

uint64_t now_ns(void);

#endif /* RACE_GUARD_H */
