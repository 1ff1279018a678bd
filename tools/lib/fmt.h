/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fmt.h - how numbers are written for people: bytes, durations, counts, times
 *
 * Used by views and reports; JSON never goes through here. Each function fills the caller's
 * buffer and returns it, so that it can stand among the arguments of printf(). FMT_MAX holds any
 * result; the width is what a column needs.
 */
#ifndef VFIO_OBS_FMT_H
#define VFIO_OBS_FMT_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#define FMT_MAX 40

/* Bytes, binary units: "0", "512", "4.0K", "256M", "1.5G". At most 5 columns. */
char *fmt_bytes(char *buf, size_t size, __u64 bytes);
/* Counts, decimal units: "0", "9999", "10.0k", "1.25M". At most 5 columns. */
char *fmt_count(char *buf, size_t size, __u64 count);
/* Calls a second: as fmt_count(), with one decimal below 10; "-" when @rate is below 0. */
char *fmt_rate(char *buf, size_t size, double rate);
/* A latency in ns: "850ns", "12.3us", "4.56ms", "1.23s", "185s". At most 6 columns. */
char *fmt_latency(char *buf, size_t size, __u64 ns);
/* An age in ns, to the second: "0s", "59s", "12m05s", "3h12m", "5d04h". At most 6 columns. */
char *fmt_age(char *buf, size_t size, __u64 ns);
/*
 * A container's id as people see it: "7"; "7@2" when vfio was loaded again meanwhile and counts
 * from 1 anew (SOURCE_ID_LOAD() of source.h, from 0).
 */
char *fmt_container(char *buf, size_t size, __u64 id);
/* CLOCK_REALTIME ns as local time: "2026-11-22 10:48:00.123". */
char *fmt_time(char *buf, size_t size, __u64 realtime_ns);
/* Of that the time of day: "10:48:00", with @ms "10:48:00.123". */
char *fmt_clock(char *buf, size_t size, __u64 realtime_ns, bool ms);
/* The same in UTC, which says so: "2026-11-22 10:48:00.123 UTC". */
char *fmt_time_utc(char *buf, size_t size, __u64 realtime_ns);
/* In UTC as ISO 8601: "2026-11-22T10:48:00.123456789Z", for JSON. */
char *fmt_time_iso(char *buf, size_t size, __u64 realtime_ns);

#endif
