/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tracepoint.h - makes of each TRACE_EVENT in kmod/trace.h a recorder
 *
 * An event that is on becomes a line of the log, its name and what TP_printk() says, so the
 * header's structures, assignments and formats are all compiled and run.
 */
#ifndef SHIM_TRACEPOINT_H
#define SHIM_TRACEPOINT_H

#include <linux/version.h>
#include <linux/compiler.h>

struct shim_tracepoint {
	const char	*name;
	bool		enabled;
};

struct shim_symbol {
	unsigned long	value;
	const char	*name;
};

void shim_event(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *shim_symbolic(unsigned long value, const struct shim_symbol *symbols);

#define PARAMS(...)		__VA_ARGS__
#define TP_PROTO(...)		__VA_ARGS__
#define TP_ARGS(...)		__VA_ARGS__
#define TP_STRUCT__entry(...)	__VA_ARGS__
#define TP_fast_assign(...)	__VA_ARGS__
#define TP_printk(...)		__VA_ARGS__

#define __field(type, item)	type item;
#define __string(item, source)	char item[64];
#define __get_str(item)		(__entry->item)
/* The one-argument form finds its source by name: a string has the name of its argument here. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
#define __assign_str(item, source) snprintf(__entry->item, sizeof(__entry->item), "%s", source)
#else
#define __assign_str(item) snprintf(__entry->item, sizeof(__entry->item), "%s", item)
#endif
#define __print_symbolic(value, ...)                                                               \
	shim_symbolic(value, (const struct shim_symbol[]){ __VA_ARGS__, { 0, NULL } })

#ifdef CREATE_TRACE_POINTS
#define SHIM_DEFINE_TRACEPOINT(event) struct shim_tracepoint shim_tp_##event = { #event, false };
#else
#define SHIM_DEFINE_TRACEPOINT(event)
#endif

#define DECLARE_EVENT_CLASS(class, proto, args, fields, assign, print)                             \
	struct shim_entry_##class { fields };                                                      \
	static inline void shim_record_##class(const char *shim_name, proto)                       \
	{                                                                                          \
		struct shim_entry_##class shim_entry, *__entry = &shim_entry;                      \
		assign                                                                             \
		shim_event(shim_name, print);                                                      \
	}                                                                                          \
	struct shim_tracepoint

#define DEFINE_EVENT(class, event, proto, args)                                                    \
	extern struct shim_tracepoint shim_tp_##event;                                             \
	SHIM_DEFINE_TRACEPOINT(event)                                                              \
	static inline bool trace_##event##_enabled(void)                                           \
	{                                                                                          \
		return READ_ONCE(shim_tp_##event.enabled);                                         \
	}                                                                                          \
	static inline void trace_##event(proto)                                                    \
	{                                                                                          \
		if (trace_##event##_enabled())                                                     \
			shim_record_##class(#event, args);                                         \
	}                                                                                          \
	struct shim_tracepoint

#define TRACE_EVENT(event, proto, args, fields, assign, print)                                     \
	DECLARE_EVENT_CLASS(event, PARAMS(proto), PARAMS(args), PARAMS(fields), PARAMS(assign),    \
			    PARAMS(print));                                                        \
	DEFINE_EVENT(event, event, PARAMS(proto), PARAMS(args))

#endif
