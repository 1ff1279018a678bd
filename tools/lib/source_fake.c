// SPDX-License-Identifier: GPL-2.0-only
/*
 * source_fake.c - a source that says what a test told it to
 */
#include <stdio.h>
#include <string.h>

#include "sink_queue.h"
#include "source_fake.h"
#include "xalloc.h"

struct source_fake {
	struct source source;
	struct source_info info;
	struct sink_queue *queue;
	bool ended;
	int error;
	char sentence[256];
};

static int fake_poll(struct source *source, const struct source_sink *sink)
{
	struct source_fake *fake = (struct source_fake *)source;

	if (fake->error)
		return fake->error;
	sink_queue__deliver(fake->queue, sink, ~0ULL);
	return !fake->ended;
}

static void fake_info(const struct source *source, struct source_info *info)
{
	*info = ((const struct source_fake *)source)->info;
}

static const char *fake_error(const struct source *source)
{
	return ((const struct source_fake *)source)->sentence;
}

static void fake_close(struct source *source)
{
	struct source_fake *fake = (struct source_fake *)source;

	sink_queue__destroy(fake->queue);
	free(fake);
}

struct source *source_fake__open(const struct source_info *info)
{
	static const struct source_ops ops = {
		.poll = fake_poll,
		.info = fake_info,
		.error = fake_error,
		.close = fake_close,
	};
	struct source_fake *fake = xcalloc(1, sizeof(*fake));

	fake->source.ops = &ops;
	fake->info = *info;
	fake->queue = sink_queue__create();
	return &fake->source;
}

struct source_sink source_fake__feed(struct source *source)
{
	return sink_queue__sink(((struct source_fake *)source)->queue);
}

void source_fake__end(struct source *source)
{
	((struct source_fake *)source)->ended = true;
}

void source_fake__break(struct source *source, int error, const char *sentence)
{
	struct source_fake *fake = (struct source_fake *)source;

	fake->error = error;
	snprintf(fake->sentence, sizeof(fake->sentence), "%s", sentence);
}

struct vfio_rec source_fake__rec(enum vfio_obs_event type, __u64 id, __u64 ts_ns)
{
	struct vfio_rec rec = {
		.ts_ns = ts_ns,
		.id = id,
		.tgid = 1000 + id,
		.pid = 1000 + id,
		.slot = id ? 0 : VFIO_OBS_NO_SLOT,
		.type = type,
	};

	snprintf(rec.comm, sizeof(rec.comm), "fake-%u", (unsigned)id);
	return rec;
}

void source_fake__owner(const struct source_sink *feed, __u64 id, const struct source_owner *owner)
{
	struct source_owner complete = *owner;

	if (!complete.tgid)
		complete.tgid = 1000 + id;
	for (int i = 0; i < VFIO_OWNER_TEXTS; i++)
		if (!complete.text[i])
			complete.text[i] = "";
	feed->owner(feed->ctx, id, &complete);
}

void source_fake__group(const struct source_sink *feed, __u32 number, const char *bdf,
			const char *vendor, const char *device)
{
	struct source_device pci = { .vendor = 0x8086, .device = 0x10d3 };
	struct source_group_info group = {
		.number = number, .n_listed = 1, .n_devices = 1, .devices = &pci,
	};

	for (int i = 0; i < VFIO_DEVICE_TEXTS; i++)
		pci.text[i] = "";
	pci.text[VFIO_DEVICE_NAME] = bdf;
	pci.text[VFIO_DEVICE_BUS] = "pci";
	pci.text[VFIO_DEVICE_DRIVER] = "vfio-pci";
	pci.text[VFIO_DEVICE_VENDOR] = vendor;
	pci.text[VFIO_DEVICE_MODEL] = device;
	feed->group(feed->ctx, &group);
}

void source_fake__set_str(__u64 *words, const char *value)
{
	char text[VFIO_OBS_STR_LEN] = "";

	if (value)
		snprintf(text, sizeof(text), "%s", value);
	memcpy(words, text, sizeof(text));
}
