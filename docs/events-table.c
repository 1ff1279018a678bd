// SPDX-License-Identifier: GPL-2.0-only
/*
 * events-table.c - prints docs/events.md from include/vfio_obs/event_list.h
 *
 * Run by `make docs/events.md`; `make check` fails when the committed page is not what it prints.
 */
#include <stdio.h>

#include "vfio_obs/event_list.h"

static void print_intro(void)
{
	puts("# Tracepoints of our vfio.ko\n\n"
	     "Generated from `include/vfio_obs/event_list.h` by `make docs/events.md`; do not edit.\n\n"
	     "They are in the tracing system `vfio`, for perf, trace-cmd, bpftrace and BPF programs\n"
	     "(`raw_tp`, arguments in the order below, append-only). Events of a container begin with\n"
	     "`u64 id` (never reused while the module is loaded; 0: no container could be made) and\n"
	     "`u32 slot` (small and dense, reused; -1: none). A duration of -1 is unknown: the\n"
	     "operation began before its event was switched on. `refs` is the number of references\n"
	     "that this very transition left. The acting task is not always the container's owner.\n\n"
	     "Those marked as no tracepoint are found by our tools through fexit programs on functions\n"
	     "beside the container, with our vfio.ko and with the distribution's. They have a group\n"
	     "but no container, except for `vfio_map_parts`, which has the container's id.\n");
}

static void print_field(const char *name, const char *type, const char *show, const char *help)
{
	printf("| `%s` | %s | %s | %s |\n", name, type, show, help);
}

#define F(name, ctype, show, help) print_field(#name, #ctype, #show, help);
#define EV(ENUM, name, scope, op, help)                                                            \
	static void print_##ENUM(void)                                                             \
	{                                                                                          \
		printf("## %s\n\n%s.%s\n\n| field | type | shown as | |\n|---|---|---|---|\n",     \
		       #name, help,                                                                \
		       #scope[0] == 'M' ? " Not of a container: no `id`, no `slot`." :              \
		       #scope[0] == 'H' ? " No tracepoint: see above." : "");                      \
		VFIO_OBS_FIELDS_##ENUM(F) puts("");                                                \
	}
VFIO_OBS_EVENTS(EV)
#undef EV

static void print_values(void)
{
	puts("## Value names\n\n| table | value | name |\n|---|---|---|");
#define V(number, name) printf("| %s | %s | %s |\n", table, #number, #name);
#define T(name)                                                                                    \
	{                                                                                          \
		const char *table = #name;                                                         \
		VFIO_OBS_VALUES_##name(V)                                                          \
	}
	VFIO_OBS_VALUE_TABLES(T)
}

int main(void)
{
	print_intro();
#define EV(ENUM, name, scope, op, help) print_##ENUM();
	VFIO_OBS_EVENTS(EV)
	print_values();
	return 0;
}
