// SPDX-License-Identifier: GPL-2.0-only
/*
 * record_writer.c - writing a recording
 *
 * Events are collected until a block is full or half a second old, packed, compressed and given to
 * a thread that writes it with one write(), so that a file cut off anywhere misses at most its last
 * block, and a disk that stalls does not hold up who empties the kernel's rings.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "error.h"
#include "loader.h"
#include "record_pack.h"
#include "record_writer.h"
#include "source_copy.h"
#include "vfio_obs/record.h"
#include "write_queue.h"
#include "xalloc.h"

#define BLOCK_EVENTS 8192
#define BLOCK_AGE_NS 500000000ULL
#define ZSTD_LEVEL 1

struct record_writer {
	struct loader *loader; /* NULL: there is none to ask */
	__u64 number; /* of the file in its series; 0: there is none */
	struct write_queue *queue; /* since the start */
	size_t room; /* bytes that may wait in it beside those that always may */
	void (*put)(void *ctx, const void *block, size_t size); /* instead; NULL: a file */
	void *put_ctx;
	int fd;
	bool regular;
	char name[PATH_MAX + 16]; /* what is written to, for sentences */
	char *final;		  /* name at the end, NULL when that is @name */
	struct packer *packer;
	ZSTD_CCtx *zstd;
	struct vfio_rec *recs; /* [BLOCK_EVENTS] */
	__u32 n_recs;
	struct source_owner *owner; /* of @owned, not written yet; NULL none */
	__u64 *owned;		    /* [BLOCK_EVENTS] containers */
	__u32 n_owned;
	bool owned_opened; /* their open events are in @recs */
	__u8 *packed, *block; /* a block with its header */
	size_t block_max;
	__u64 block_began_ns;
	__u64 realtime_offset_ns;
	const __u64 *clock; /* where that is read at each block; NULL: it is told */
	__u64 events, blocks; /* given to the sink; blocks, events and bytes given to @queue */
	__u64 queued_events, queued_bytes;
	struct source_loss loss;
	bool ended; /* the end mark is queued */
	int failed; /* -errno of the first failure */
	char error[PATH_MAX + 512];
};

static int open_regular(struct record_writer *writer, const char *path, char *err, size_t err_size)
{
	char *real = realpath(path, NULL);

	/* Through symbolic links, which would be replaced by the file otherwise. */
	writer->final = real ? real : xmemdup(path, strlen(path) + 1, 1);
	writer->regular = true;
	snprintf(writer->name, sizeof(writer->name), "%.*s.part", PATH_MAX, writer->final);
	writer->fd = open(writer->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (writer->fd < 0 && (errno == EACCES || errno == EPERM) && writer->loader) {
		writer->fd = loader__create(writer->loader, writer->number);
		errno = writer->fd < 0 ? -writer->fd : 0;
	}
	if (writer->fd >= 0)
		return 0;
	if (errno == EEXIST)
		error__set(err, err_size, "cannot record to %s: %s is there already, from a "
			   "recording that goes on or was interrupted; look at it with 'vfio-trace "
			   "report', then remove it", path, writer->name);
	else
		error__set(err, err_size, "cannot record to %s: cannot create %s: %s; choose "
			   "another file with -o", path, writer->name, strerror(errno));
	return -errno;
}

static int open_special(struct record_writer *writer, const char *path, char *err, size_t err_size)
{
	bool out = !strcmp(path, "-");

	snprintf(writer->name, sizeof(writer->name), "%s", record_writer__name(path));
	writer->fd = out ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3) :
			   open(path, O_WRONLY | O_CLOEXEC);
	if (writer->fd >= 0)
		return 0;
	error__set(err, err_size, "cannot record to %s: %s; choose another file with -o",
		   writer->name, strerror(errno));
	return -errno;
}

static void make_buffers(struct record_writer *writer)
{
	writer->packer = packer__create();
	writer->zstd = xalloc__check(ZSTD_createCCtx());
	writer->recs = xcalloc(BLOCK_EVENTS, sizeof(*writer->recs));
	writer->owned = xcalloc(BLOCK_EVENTS, sizeof(*writer->owned));
	writer->packed = xcalloc(1, PACK_MAX(BLOCK_EVENTS));
	writer->block_max = sizeof(struct record_block) +
			    ZSTD_compressBound(PACK_MAX(BLOCK_EVENTS));
	writer->block = xcalloc(1, writer->block_max);
}

struct record_writer *record_writer__create(const char *path, char *err, size_t err_size)
{
	return record_writer__create_file(path, 0, NULL, err, err_size);
}

struct record_writer *record_writer__create_file(const char *path, __u64 number,
						 struct loader *loader, char *err, size_t err_size)
{
	struct record_writer *writer = xcalloc(1, sizeof(*writer));
	struct stat st;
	int ret;

	writer->fd = -1;
	writer->number = number;
	writer->loader = loader;
	if (!strcmp(path, "-") || (!stat(path, &st) && !S_ISREG(st.st_mode)))
		ret = open_special(writer, path, err, err_size);
	else
		ret = open_regular(writer, path, err, err_size);
	if (ret) {
		record_writer__destroy(writer);
		return NULL;
	}
	make_buffers(writer);
	return writer;
}

struct record_writer *record_writer__create_held(void (*put)(void *ctx, const void *block,
							     size_t size), void *ctx)
{
	struct record_writer *writer = xcalloc(1, sizeof(*writer));

	writer->fd = -1;
	writer->put = put;
	writer->put_ctx = ctx;
	make_buffers(writer);
	return writer;
}

void record_writer__destroy(struct record_writer *writer)
{
	if (!writer)
		return;
	write_queue__destroy(writer->queue);
	if (writer->fd >= 0)
		close(writer->fd);
	packer__destroy(writer->packer);
	ZSTD_freeCCtx(writer->zstd);
	free(writer->recs);
	free(writer->owner);
	free(writer->owned);
	free(writer->packed);
	free(writer->block);
	free(writer->final);
	free(writer);
}

const char *record_writer__part(const struct record_writer *writer)
{
	return writer->regular ? writer->name : "";
}

const char *record_writer__final(const struct record_writer *writer)
{
	return writer->regular ? writer->final : "";
}

void record_writer__ask(struct record_writer *writer, struct loader *loader)
{
	writer->loader = loader;
}

/* After a refusal, errno. True: the loader did it. */
static bool ask_loader(struct record_writer *writer, enum loader_op op)
{
	struct loader_reply reply;

	return (errno == EACCES || errno == EPERM) && writer->loader &&
	       !loader__call(writer->loader, op, writer->number, &reply, NULL);
}

/* A failed write: cut the file behind its last whole block, see @done, and say what is in it. */
static void fail(struct record_writer *writer, int err, struct write_done done)
{
	if (writer->failed)
		return;
	writer->failed = -err;
	if (!writer->regular) {
		error__set(writer->error, sizeof(writer->error),
			   "cannot write to %s: %s; %llu events were written before", writer->name,
			   strerror(err), done.tag);
	} else if (!done.tag) {
		record_writer__discard(writer);
		error__set(writer->error, sizeof(writer->error),
			   "cannot write to %s: %s; %s", writer->name, strerror(err),
			   writer->number > 1 ? "it is not left, those before it are whole" :
						"nothing was recorded and no file is left");
	} else {
		int cut = ftruncate(writer->fd, done.bytes);

		error__set(writer->error, sizeof(writer->error),
			   "cannot write to %s: %s; the first %llu events are kept there%s, what "
			   "came later is not; free some space or choose another file with -o",
			   writer->name, strerror(err), done.tag,
			   cut ? ", followed by part of a block" : "");
	}
}

static void look(struct record_writer *writer, struct write_done done)
{
	if (done.error)
		fail(writer, -done.error, done);
}

/* What is not written yet may still fail, which is seen later. */
static void write_all(struct record_writer *writer, const void *data, size_t size)
{
	if (writer->failed)
		return;
	writer->queued_bytes += size;
	if (writer->put) {
		writer->put(writer->put_ctx, data, size);
		return;
	}
	write_queue__put(writer->queue, data, size, writer->queued_events);
	look(writer, write_queue__done(writer->queue));
}

static void read_boot_id(char *buf, size_t size)
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (!f)
		return;
	if (fgets(buf, size, f))
		buf[strcspn(buf, "\n")] = '\0';
	else
		*buf = '\0';
	fclose(f);
}

int record_writer__begin(struct record_writer *writer, const struct record_header *header)
{
	struct record_header complete = *header;
	int err;

	writer->realtime_offset_ns = header->realtime_offset_ns;
	complete.header_size = sizeof(complete);
	complete.header_crc = 0;
	complete.header_crc = crc32(0, (const void *)&complete, sizeof(complete));
	/* Not before: the caller had rights that no thread should keep. */
	writer->queue = write_queue__create(writer->fd, writer->regular,
					   2 * RECORD_WRITER_FULL + writer->room, &err);
	if (!writer->queue) {
		fail(writer, -err, (struct write_done){ 0 });
		return writer->failed;
	}
	write_all(writer, &complete, sizeof(complete));
	/* Where nothing can be written nothing need begin. */
	look(writer, write_queue__drain(writer->queue));
	return writer->failed;
}

void record_writer__follow(struct record_writer *writer, const __u64 *clock)
{
	writer->clock = clock;
}

void record_writer__header(struct record_header *header, const struct source_info *info,
			   __u64 events, __u64 now_ns)
{
	*header = (struct record_header){
		.magic = RECORD_MAGIC,
		.version = RECORD_VERSION,
		.rec_size = sizeof(struct vfio_rec),
		.n_events = VFIO_EV_COUNT,
		.events = events,
		.start_ns = now_ns,
		.realtime_offset_ns = info->realtime_offset_ns,
	};

	snprintf(header->kernel, sizeof(header->kernel), "%s", info->kernel);
	snprintf(header->host, sizeof(header->host), "%s", info->host);
	snprintf(header->source, sizeof(header->source), "%s", info->name);
	snprintf(header->detail, sizeof(header->detail), "%s", info->detail);
	read_boot_id(header->boot_id, sizeof(header->boot_id));
}

int record_writer__start(struct record_writer *writer, const struct source_info *info,
			 __u64 events, __u64 now_ns)
{
	struct record_header header;

	record_writer__header(&header, info, events, now_ns);
	return record_writer__begin(writer, &header);
}

/* Room for a block of @size bytes, the header's included. */
static void reserve(struct record_writer *writer, size_t size)
{
	if (size <= writer->block_max)
		return;
	writer->block_max = size;
	writer->block = xreallocarray(writer->block, size, 1);
}

/* Write the block whose payload is in writer->block, with @head before it, complete but its CRC. */
static void send_block(struct record_writer *writer, struct record_block *head)
{
	head->header_crc = 0;
	head->header_crc = crc32(0, (const void *)head, sizeof(*head));
	memcpy(writer->block, head, sizeof(*head));
	writer->queued_events += head->count;
	write_all(writer, writer->block, sizeof(*head) + head->stored_size);
	writer->blocks++;
}

/* The same with what is counted until now. */
static void write_block(struct record_writer *writer, struct record_block *head)
{
	memcpy(head->magic, RECORD_BLOCK_MAGIC, sizeof(head->magic));
	head->first_index = writer->queued_events + writer->loss.damaged;
	head->lost_ring = writer->loss.ring;
	head->lost_pool = writer->loss.pool;
	head->lost_recursion = writer->loss.recursion;
	head->realtime_offset_ns = writer->clock ? *writer->clock : writer->realtime_offset_ns;
	head->payload_crc = crc32(0, writer->block + sizeof(*head), head->stored_size);
	send_block(writer, head);
}

void record_writer__room(struct record_writer *writer, size_t room)
{
	writer->room = room;
}

struct record_base record_writer__base(const struct record_writer *writer)
{
	return (struct record_base){ writer->queued_events + writer->loss.damaged, writer->loss };
}

void record_writer__pass(struct record_writer *writer, const void *block, size_t size,
			 const struct record_base *base)
{
	struct record_block head;

	memcpy(&head, block, sizeof(head));
	head.first_index -= base->index;
	head.lost_ring -= base->loss.ring;
	head.lost_pool -= base->loss.pool;
	head.lost_recursion -= base->loss.recursion;
	reserve(writer, size);
	memcpy(writer->block, block, size);
	writer->events += head.count;
	send_block(writer, &head);
}

static void write_payload(struct record_writer *writer, enum record_block_type type, __u64 ts_ns,
			  const void *payload, size_t size)
{
	struct record_block head = {
		.type = type,
		.stored_size = size,
		.raw_size = size,
		.first_ns = ts_ns,
		.last_ns = ts_ns,
	};

	if (writer->failed)
		return;
	reserve(writer, sizeof(head) + size);
	memcpy(writer->block + sizeof(head), payload, size);
	write_block(writer, &head);
}

/* Appends @n texts at @at, if that is not NULL; their size. */
static size_t put_texts(char *at, const char *const *text, size_t n)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		size_t size = strnlen(text[i], VFIO_OBS_TEXT_MAX - 1);

		if (at) {
			memcpy(at + used, text[i], size);
			at[used + size] = '\0';
		}
		used += size + 1;
	}
	return used;
}

/*
 * Before the events in which these containers were opened, so that a recording that is cut off
 * has no container whose owner is behind the cut.
 */
static void write_owner(struct record_writer *writer)
{
	const struct source_owner *owner = writer->owner;
	__u64 ts_ns = writer->n_recs ? writer->recs[0].ts_ns : 0;
	struct record_owner *to;
	size_t size;

	if (!owner)
		return;
	size = sizeof(*to) + writer->n_owned * sizeof(*to->ids);
	to = xcalloc(1, size + put_texts(NULL, owner->text, VFIO_OWNER_TEXTS));
	to->started_ns = owner->started_ns;
	to->tgid = owner->tgid;
	to->kind = owner->kind;
	to->opened = writer->owned_opened;
	to->n_ids = writer->n_owned;
	memcpy(to->ids, writer->owned, writer->n_owned * sizeof(*to->ids));
	size += put_texts((char *)to + size, owner->text, VFIO_OWNER_TEXTS);
	write_payload(writer, RECORD_BLOCK_OWNER, ts_ns, to, size);
	free(to);
	free(writer->owner);
	writer->owner = NULL;
	writer->n_owned = 0;
}

static void write_events(struct record_writer *writer)
{
	struct record_block head = { .type = RECORD_BLOCK_EVENTS, .count = writer->n_recs };
	size_t size;

	write_owner(writer);
	if (!writer->n_recs || writer->failed)
		return;
	head.first_ns = writer->recs[0].ts_ns;
	head.last_ns = writer->recs[writer->n_recs - 1].ts_ns;
	head.raw_size = packer__pack(writer->packer, writer->recs, writer->n_recs, writer->packed);
	size = ZSTD_compressCCtx(writer->zstd, writer->block + sizeof(head),
				 writer->block_max - sizeof(head), writer->packed, head.raw_size,
				 ZSTD_LEVEL);
	if (ZSTD_isError(size)) {
		/* The only way it can: the room is large enough. */
		fail(writer, ENOMEM, writer->queue ? write_queue__drain(writer->queue) :
						     (struct write_done){ 0 });
		return;
	}
	head.stored_size = size;
	write_block(writer, &head);
	writer->n_recs = 0;
}

static void on_event(void *ctx, const struct vfio_rec *rec)
{
	struct record_writer *writer = ctx;

	writer->events++;
	if (writer->failed)
		return;
	/* Not before the next one comes: what was lost meanwhile belongs to the block, too. */
	if (writer->n_recs == BLOCK_EVENTS)
		write_events(writer);
	if (!writer->n_recs)
		writer->block_began_ns = rec->ts_ns;
	writer->recs[writer->n_recs++] = *rec;
}

static void on_loss(void *ctx, const struct source_loss *loss)
{
	struct record_writer *writer = ctx;

	writer->loss = *loss;
}

static void on_gap(void *ctx, enum source_gap kind, __u64 ts_ns, const char *why)
{
	struct record_writer *writer = ctx;
	struct record_gap gap = { .ts_ns = ts_ns, .gap = kind };
	__u8 payload[sizeof(gap) + RECORD_TEXT_MAX];
	char of_other[RECORD_TEXT_MAX];

	write_events(writer);
	/* No recorder has these: they are of a file that was read. */
	if (kind == SOURCE_GAP_TRUNCATED || kind == SOURCE_GAP_DAMAGED) {
		snprintf(of_other, sizeof(of_other), "of what this was made from: %.900s", why);
		why = of_other;
	}
	gap.text_len = strnlen(why, RECORD_TEXT_MAX);
	memcpy(payload, &gap, sizeof(gap));
	memcpy(payload + sizeof(gap), why, gap.text_len);
	write_payload(writer, RECORD_BLOCK_GAP, ts_ns, payload, sizeof(gap) + gap.text_len);
}

static void fill_existing(struct record_existing *to, const struct source_existing *existing,
			  __u32 n_listed)
{
	to->read_ns = existing->read_ns;
	to->id = existing->id;
	to->opened_ns = existing->opened_ns;
	to->cgroup = existing->cgroup;
	to->tgid = existing->tgid;
	to->holders = existing->holders;
	to->refs = existing->refs;
	to->file_closed = existing->file_closed;
	to->n_groups = existing->n_groups;
	to->n_listed = n_listed;
	memcpy(to->comm, existing->comm, sizeof(to->comm));
	memcpy(to->backend, existing->backend, sizeof(to->backend));
	for (__u32 i = 0; i < n_listed; i++)
		to->group[i] = (struct record_group){ existing->groups[i].number,
						      existing->groups[i].type };
}

static void on_existing(void *ctx, const struct source_existing *existing)
{
	__u32 n = existing->n_listed < RECORD_GROUPS_MAX ? existing->n_listed : RECORD_GROUPS_MAX;
	size_t size = sizeof(struct record_existing) + n * sizeof(struct record_group);
	struct record_carried *to = xcalloc(1, sizeof(to->carried) + size);

	to->carried = existing->carried;
	fill_existing(&to->existing, existing, n);
	write_events(ctx); /* those before it */
	if (existing->is_carried)
		write_payload(ctx, RECORD_BLOCK_CARRIED, existing->read_ns, to,
			      sizeof(to->carried) + size);
	else
		write_payload(ctx, RECORD_BLOCK_EXISTING, existing->read_ns, &to->existing, size);
	free(to);
}

static void on_table(void *ctx, const struct source_table *table)
{
	struct record_table *to;
	size_t size = sizeof(*to) + table->n * sizeof(*to->list);

	to = xcalloc(1, size);
	to->id = table->id;
	to->read_ns = table->read_ns;
	to->until_ns = table->until_ns;
	to->n = table->n;
	to->avail = table->avail;
	to->flags = (table->torn ? VFIO_TABLE_TORN : 0) | (table->more ? VFIO_TABLE_MORE : 0) |
		    (table->no_limit ? VFIO_TABLE_NO_LIMIT : 0);
	for (__u32 i = 0; i < table->n; i++)
		to->list[i] = table->list[i];
	write_events(ctx); /* those before it */
	write_payload(ctx, RECORD_BLOCK_TABLE, table->read_ns, to, size);
	free(to);
}

/* Containers of one owner, and a process may open thousands, share a block. */
static void on_owner(void *ctx, __u64 id, const struct source_owner *owner)
{
	struct record_writer *writer = ctx;
	const struct vfio_rec *last = writer->n_recs ? &writer->recs[writer->n_recs - 1] : NULL;
	bool opened = last && last->type == VFIO_EV_OPEN && last->id == id;

	if (writer->owner && (writer->n_owned == BLOCK_EVENTS || writer->owned_opened != opened ||
			      !source_copy__owner_equal(writer->owner, owner)))
		write_owner(writer);
	if (!writer->owner)
		writer->owner = source_copy__owner(owner);
	writer->owned_opened = opened;
	writer->owned[writer->n_owned++] = id;
}

static void on_group(void *ctx, const struct source_group_info *group)
{
	struct record_writer *writer = ctx;
	struct record_group_info *to;
	size_t size, texts = 0;

	for (__u32 i = 0; i < group->n_listed; i++)
		texts += put_texts(NULL, group->devices[i].text, VFIO_DEVICE_TEXTS);
	size = sizeof(*to) + group->n_listed * sizeof(*to->device);
	to = xcalloc(1, size + texts);
	to->number = group->number;
	to->n_devices = group->n_devices;
	to->n_listed = group->n_listed;
	to->texts = VFIO_DEVICE_TEXTS;
	for (__u32 i = 0; i < group->n_listed; i++) {
		const struct source_device *device = &group->devices[i];

		to->device[i] = (struct record_device){ device->vendor, device->device };
		size += put_texts((char *)to + size, device->text, VFIO_DEVICE_TEXTS);
	}
	write_events(writer); /* the attach before it */
	write_payload(writer, RECORD_BLOCK_GROUP, 0, to, size);
	free(to);
}

struct source_sink record_writer__sink(struct record_writer *writer)
{
	return (struct source_sink){
		.ctx = writer,
		.existing = on_existing,
		.table = on_table,
		.owner = on_owner,
		.group = on_group,
		.event = on_event,
		.loss = on_loss,
		.gap = on_gap,
	};
}

void record_writer__tick(struct record_writer *writer, __u64 now_ns, __u64 realtime_offset_ns)
{
	writer->realtime_offset_ns = realtime_offset_ns;
	if (writer->n_recs == BLOCK_EVENTS ||
	    (writer->n_recs && now_ns - writer->block_began_ns >= BLOCK_AGE_NS))
		write_events(writer);
	else if (!writer->n_recs)
		write_owner(writer);
	if (writer->queue)
		look(writer, write_queue__done(writer->queue));
}

size_t record_writer__waiting(const struct record_writer *writer)
{
	return writer->queue ? write_queue__done(writer->queue).waiting : 0;
}

void record_writer__flush(struct record_writer *writer)
{
	write_events(writer);
}

const char *record_writer__error(struct record_writer *writer)
{
	return writer->failed ? writer->error : NULL;
}

/* FILE.part becomes FILE, on disk before it has the name. */
static void give_name(struct record_writer *writer)
{
	if (fsync(writer->fd)) {
		fail(writer, errno, write_queue__done(writer->queue));
		return;
	}
	if (!rename(writer->name, writer->final))
		return;
	writer->failed = -errno;
	if (ask_loader(writer, LOADER_RENAME)) {
		writer->failed = 0;
		return;
	}
	error__set(writer->error, sizeof(writer->error),
		   "cannot rename %s to %s: %s; the recording is complete, rename it yourself",
		   writer->name, writer->final, strerror(-writer->failed));
}

void record_writer__end(struct record_writer *writer, __u64 now_ns)
{
	struct record_end end = { .end_ns = now_ns };

	if (writer->ended)
		return;
	write_events(writer);
	end.events = writer->queued_events;
	end.blocks = writer->blocks;
	write_payload(writer, RECORD_BLOCK_END, now_ns, &end, sizeof(end));
	writer->ended = true;
}

bool record_writer__is_on_disk(struct record_writer *writer)
{
	struct write_done done;

	if (writer->failed)
		return true;
	done = write_queue__done(writer->queue);
	look(writer, done);
	return writer->failed || (!done.waiting && done.synced);
}

int record_writer__finish(struct record_writer *writer, __u64 now_ns)
{
	record_writer__end(writer, now_ns);
	if (!writer->failed)
		look(writer, write_queue__drain(writer->queue));
	if (!writer->failed && writer->regular)
		give_name(writer);
	return writer->failed;
}

void record_writer__discard(struct record_writer *writer)
{
	if (writer->regular && unlink(writer->name))
		ask_loader(writer, LOADER_REMOVE);
}

__u64 record_writer__events(const struct record_writer *writer)
{
	return writer->events;
}

__u64 record_writer__bytes(const struct record_writer *writer)
{
	return writer->queued_bytes;
}

const struct source_loss *record_writer__loss(const struct record_writer *writer)
{
	return &writer->loss;
}
