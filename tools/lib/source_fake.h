/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * source_fake.h - a source that says what a test told it to
 *
 * For tests/ only: no tool offers it.
 */
#ifndef VFIO_OBS_SOURCE_FAKE_H
#define VFIO_OBS_SOURCE_FAKE_H

#include "source.h"

/* A source with this @info, which is copied (its strings are not). */
struct source *source_fake__open(const struct source_info *info);

/* What is delivered here arrives with the next source__poll(). */
struct source_sink source_fake__feed(struct source *source);

/* From now on, what was fed arrives and then the source is at its end (poll returns 0). */
void source_fake__end(struct source *source);

/* The next poll fails with @error, negative, and this sentence. */
void source_fake__break(struct source *source, int error, const char *sentence);

/*
 * fake_event(feed, PIN, id, ts_ns, .group = 7, .npage = 1, .ret = 1, .duration = 900) feeds one
 * event; fields that are left out are 0.
 */
#define fake_event(feed, ENUM, id, ts_ns, ...)                                                     \
	fake_event_##ENUM(feed, id, ts_ns, &(const struct fake_##ENUM){ __VA_ARGS__ })

/*
 * Texts that are left NULL are "": fake_owner(feed, id, VFIO_OWNER_QEMU, .text[VFIO_OWNER_NAME_TEXT]
 * = "web01"). Without a .tgid it is 1000 + id, as of fake containers.
 */
#define fake_owner(feed, number, of_kind, ...)                                                     \
	source_fake__owner(feed, number,                                                           \
			   &(const struct source_owner){ .kind = (of_kind), __VA_ARGS__ })
void source_fake__owner(const struct source_sink *feed, __u64 id, const struct source_owner *owner);

/* A group of one PCI device. */
void source_fake__group(const struct source_sink *feed, __u32 number, const char *bdf,
			const char *vendor, const char *device);

/* The opener of fake containers: pid 1000 + id, comm "fake-<id>". */
struct vfio_rec source_fake__rec(enum vfio_obs_event type, __u64 id, __u64 ts_ns);

#define FAKE_TYPE_u32 __u32
#define FAKE_TYPE_u64 __u64
#define FAKE_TYPE_s64 __s64
#define FAKE_TYPE_bool bool
#define FAKE_TYPE_str const char *
#define FAKE_SET_u32(w, value) ((w) = (value))
#define FAKE_SET_u64(w, value) ((w) = (value))
#define FAKE_SET_s64(w, value) ((w) = (value))
#define FAKE_SET_bool(w, value) ((w) = (value))
#define FAKE_SET_str(w, value) source_fake__set_str(&(w), value)
void source_fake__set_str(__u64 *words, const char *value);

#define F(name, ctype, show, help) FAKE_TYPE_##ctype name;
#define EV(ENUM, tracepoint, scope, op, help)                                                      \
	struct fake_##ENUM {                                                                       \
		VFIO_OBS_FIELDS_##ENUM(F)                                                          \
	};
VFIO_OBS_EVENTS(EV)
#undef EV
#undef F

#define F(name, ctype, show, help)                                                                 \
	FAKE_SET_##ctype(rec.w[__builtin_offsetof(words, name)], fields->name);
#define EV(ENUM, tracepoint, scope, op, help)                                                      \
	static inline void fake_event_##ENUM(const struct source_sink *feed, __u64 id,             \
					     __u64 ts_ns, const struct fake_##ENUM *fields)        \
	{                                                                                          \
		typedef struct vfio_words_##ENUM words;                                            \
		struct vfio_rec rec = source_fake__rec(VFIO_EV_##ENUM, id, ts_ns);                 \
                                                                                                   \
		VFIO_OBS_FIELDS_##ENUM(F)                                                          \
		feed->event(feed->ctx, &rec);                                                      \
	}
VFIO_OBS_EVENTS(EV)
#undef EV
#undef F

#endif
