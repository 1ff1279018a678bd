// SPDX-License-Identifier: GPL-2.0-only
/*
 * fmt.c - how numbers are written for people
 */
#include <stdio.h>
#include <time.h>

#include "fmt.h"
#include "source.h"

#define NSEC 1000000000ULL

/* Three significant digits of @value, which is below 10000, and @unit. */
static char *three_digits(char *buf, size_t size, double value, const char *unit)
{
	int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;

	snprintf(buf, size, "%.*f%s", decimals, value, unit);
	return buf;
}

char *fmt_bytes(char *buf, size_t size, __u64 bytes)
{
	static const char units[] = "KMGTPE";
	double value = bytes;
	int unit = -1;

	if (bytes < 1024) {
		snprintf(buf, size, "%llu", bytes);
		return buf;
	}
	while (value >= 1023.5 && unit < 5) {
		value /= 1024;
		unit++;
	}
	snprintf(buf, size, "%.*f%c", value < 9.95 ? 1 : 0, value, units[unit]);
	return buf;
}

char *fmt_count(char *buf, size_t size, __u64 count)
{
	static const char *const units[] = { "k", "M", "G", "T", "P", "E" };
	double value = count;
	int unit = -1;

	if (count < 10000) {
		snprintf(buf, size, "%llu", count);
		return buf;
	}
	do {
		value /= 1000;
		unit++;
	} while (value >= 999.5);
	return three_digits(buf, size, value, units[unit]);
}

char *fmt_rate(char *buf, size_t size, double rate)
{
	if (!(rate >= 0))
		snprintf(buf, size, "-");
	else if (rate > 0 && rate < 9.95)
		snprintf(buf, size, "%.1f", rate);
	else
		fmt_count(buf, size, (__u64)(rate + 0.5));
	return buf;
}

char *fmt_latency(char *buf, size_t size, __u64 ns)
{
	if (ns < 1000) {
		snprintf(buf, size, "%lluns", ns);
		return buf;
	}
	if (ns < 999500)
		return three_digits(buf, size, ns / 1e3, "us");
	if (ns < 999500000)
		return three_digits(buf, size, ns / 1e6, "ms");
	if (ns < 99999 * NSEC)
		return three_digits(buf, size, ns / 1e9, "s");
	return fmt_age(buf, size, ns);
}

char *fmt_age(char *buf, size_t size, __u64 ns)
{
	__u64 s = ns / NSEC;

	if (s < 60)
		snprintf(buf, size, "%llus", s);
	else if (s < 3600)
		snprintf(buf, size, "%llum%02llus", s / 60, s % 60);
	else if (s < 86400)
		snprintf(buf, size, "%lluh%02llum", s / 3600, s / 60 % 60);
	else if (s < 1000 * 86400ULL)
		snprintf(buf, size, "%llud%02lluh", s / 86400, s / 3600 % 24);
	else
		snprintf(buf, size, "%llud", s / 86400);
	return buf;
}

char *fmt_container(char *buf, size_t size, __u64 id)
{
	if (SOURCE_ID_LOAD(id))
		snprintf(buf, size, "%llu@%llu", SOURCE_ID_NUMBER(id), SOURCE_ID_LOAD(id) + 1);
	else
		snprintf(buf, size, "%llu", id);
	return buf;
}

static char *local_time(char *buf, size_t size, __u64 realtime_ns, const char *format, bool ms)
{
	time_t t = realtime_ns / NSEC;
	char text[32] = "?";
	struct tm tm;

	if (localtime_r(&t, &tm))
		strftime(text, sizeof(text), format, &tm);
	if (ms)
		snprintf(buf, size, "%s.%03llu", text, realtime_ns % NSEC / 1000000);
	else
		snprintf(buf, size, "%s", text);
	return buf;
}

char *fmt_time(char *buf, size_t size, __u64 realtime_ns)
{
	return local_time(buf, size, realtime_ns, "%Y-%m-%d %H:%M:%S", true);
}

char *fmt_clock(char *buf, size_t size, __u64 realtime_ns, bool ms)
{
	return local_time(buf, size, realtime_ns, "%H:%M:%S", ms);
}

static char *utc(char *buf, size_t size, __u64 realtime_ns, const char *format)
{
	time_t t = realtime_ns / NSEC;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(buf, size, format, &tm))
		snprintf(buf, size, "?");
	return buf;
}

char *fmt_time_utc(char *buf, size_t size, __u64 realtime_ns)
{
	char text[32];

	snprintf(buf, size, "%s.%03llu UTC", utc(text, sizeof(text), realtime_ns, "%Y-%m-%d %H:%M:%S"),
		 realtime_ns % NSEC / 1000000);
	return buf;
}

char *fmt_time_iso(char *buf, size_t size, __u64 realtime_ns)
{
	char text[32];

	snprintf(buf, size, "%s.%09lluZ", utc(text, sizeof(text), realtime_ns, "%Y-%m-%dT%H:%M:%S"),
		 realtime_ns % NSEC);
	return buf;
}
