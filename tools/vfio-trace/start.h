/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * start.h - what the start of a VM (or of another user of VFIO) consists of, for each container
 *
 * Fed with events by report.c; printed by start_text.c and start_json.c. A start goes from the
 * container's open to the last attach, SET_IOMMU, MAP_DMA or GET_DEVICE_FD before it is over:
 * before the first UNMAP_DMA, the close of its file, the detach of its last group, or a limit of
 * time. Only containers whose open is in the recording have one.
 */
#ifndef VFIO_TRACE_START_H
#define VFIO_TRACE_START_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/model_map.h"
#include "lib/source.h"

/* Calls that begin so long behind the open are no longer of the start, unless the user says so. */
#define START_LIMIT_NS (600 * 1000000000ULL)

/* Kinds of calls. Those from GROUP on do not keep a start going. */
enum start_part {
	START_MAP,
	START_SET_IOMMU,
	START_ATTACH,
	START_DEVICE_FD,
	START_GROUP, /* other ioctls on the files of attached groups */
	START_IOCTL, /* other ioctls on the container */
	START_PARTS
};

/* "map_dma", also the JSON key. */
extern const char *const start__part_key[START_PARTS];

/* The longest so many calls of a kind are kept, and of the gaps. */
#define START_LISTED 8
#define START_GAPS_LISTED 3

/*
 * @returned:    false: it was under way when the recording ended, @ns until then
 * @ns:          inside the call, VFIO_OBS_UNKNOWN
 * @bytes_known: of MAP: what was asked for could be read
 * @group:       of ATTACH and DEVICE_FD
 * @type, @name: of SET_IOMMU the type and the backend; of DEVICE_FD @name is the device
 * @map_parts:   of MAP, its count is 0 when nobody looked inside
 */
struct start_call {
	enum start_part part;
	bool returned, bytes_known;
	__u64 begin_ns, ns; /* CLOCK_BOOTTIME */
	__s64 ret;
	__u32 pid, group, type;
	__u64 iova, bytes;
	char name[VFIO_OBS_STR_LEN];
	struct model_map_parts map_parts;
};

/*
 * All calls of a kind.
 * @untimed:    of @count those whose duration is unknown; nothing of them is in the times
 * @unread:     of MAP those that succeeded with bytes that could not be read
 * @under_way:  of @count those that had not returned when the recording ended
 * @ns:         sum of the durations
 * @moved_bytes, @moved_ns: of calls that succeeded, with bytes and duration known: a speed
 * @self_ns:    time on the clock, without calls inside of these or beside them that ended earlier;
 *              @max_self_ns: the most in one call
 * @first_ns, @last_ns: begin of the first, end of the last
 */
struct start_sum {
	__u64 count, errors, untimed, unread, under_way;
	__u64 ns, self_ns, max_self_ns, bytes;
	__u64 moved_bytes, moved_ns;
	__u64 first_ns, last_ns;
};

/* Why nothing later is of the start. */
enum start_end {
	START_GOES_ON, /* the recording ended */
	START_UNMAP,
	START_CLOSE,
	START_DETACH,
	START_LIMIT,
};

/* Time in which no call was under way. */
struct start_gap {
	__u64 begin_ns, end_ns;
};

/*
 * @end_ns:    end of the last call that is of the start; @opened_ns: there is none
 * @over_ns:   when what @over says happened
 * @call:      @n_calls, in the order of their begin, at most START_LISTED of a kind
 * @gaps:      longest first, at most START_GAPS_LISTED
 * @map_parts: of all MAP_DMAs that were looked into
 */
struct start {
	__u64 id;
	__u64 opened_ns, end_ns, over_ns;
	enum start_end over;
	struct start_sum sum[START_PARTS];
	struct model_map_parts map_parts;
	struct start_call *calls;
	size_t n_calls;
	struct start_gap *gaps;
	size_t n_gaps;
};

/* From the open to the end, in ns; never below what all parts' @self_ns sum up to. */
__u64 start__span(const struct start *start);
/* Of that what is in no call. */
__u64 start__between(const struct start *start);

/* Bytes a second of calls that took @ns in all. */
__u64 start__speed(__u64 bytes, __u64 ns);

/*
 * start__sentence - where most of the time went, in one sentence without a full stop: "3.66s of
 * 4.05s in map_dma, 99% of it faulting and pinning pages: 256M at 70M/s, in chunks of 1008K"; ""
 * when no call is known. Cut to @size; returns @buf.
 */
char *start__sentence(const struct start *start, char *buf, size_t size);

/*
 * start__advice - what the data say about a remedy, as a sentence; "" when they say nothing. Returns
 * @buf.
 */
char *start__advice(const struct start *start, char *buf, size_t size);

struct starts;

/* @limit_ns: see START_LIMIT_NS. starts__destroy() frees all. */
struct starts *starts__create(__u64 limit_ns);
void starts__destroy(struct starts *starts);

/* In the order of time. */
void starts__event(struct starts *starts, const struct vfio_rec *rec);

/*
 * starts__end - nothing more comes: @begun are the calls that had not returned at @now_ns. Behind
 * it starts__of() may be asked, and nothing fed any more.
 */
void starts__end(struct starts *starts, const struct source_begun *begun, size_t n, __u64 now_ns);

/* NULL: container @id was not opened in the recording. */
const struct start *starts__of(const struct starts *starts, __u64 id);

#endif
