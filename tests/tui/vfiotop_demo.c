// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfiotop_demo.c - vfiotop over invented containers, to look at its screen without VFIO
 *
 * For developers and for tests of the terminal; never installed. Takes vfiotop's options. The
 * environment: DEMO_CONTAINERS (default 4).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/source_fake.h"
#include "lib/xalloc.h"
#include "vfiotop/options.h"
#include "vfiotop/top.h"

#define NSEC 1000000000ULL
#define STEP_NS 2000000ULL /* between two rounds of events */

struct demo {
	struct source source;
	struct source *fake;
	struct source_sink feed;
	unsigned int containers;
	unsigned int seed;
	__u64 last_ns;
};

static __u64 now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * NSEC + ts.tv_nsec;
}

/* Latencies with a long tail, as real ones have. */
static __u64 latency(struct demo *demo, __u64 typical_ns)
{
	unsigned int r = rand_r(&demo->seed);

	return typical_ns + typical_ns * (r % 100) / 200 + (r % 997 == 0 ? typical_ns * 40 : 0);
}

static void feed_open(struct demo *demo, __u64 id, const char *comm, __u64 ts_ns)
{
	struct vfio_rec rec = source_fake__rec(VFIO_EV_OPEN, id, ts_ns);

	snprintf(rec.comm, sizeof(rec.comm), "%s", comm);
	rec.cgroup = 4242 + id;
	demo->feed.event(demo->feed.ctx, &rec);
	fake_event(&demo->feed, GET, id, ts_ns, .refs = 1);
}

static void feed_start(struct demo *demo, __u64 id, const char *comm, __u64 group_type,
		       __u64 bytes, __u64 ts_ns)
{
	const __u64 chunk = 64 << 20;

	feed_open(demo, id, comm, ts_ns);
	fake_event(&demo->feed, CHECK_EXTENSION, id, ts_ns, .extension = 3, .ret = 1);
	fake_event(&demo->feed, ATTACH, id, ts_ns, .group = 10 + id, .type = group_type,
		   .groups = 1, .refs = 2, .duration = latency(demo, 300000));
	fake_event(&demo->feed, GET, id, ts_ns, .reason = 1, .refs = 2);
	fake_event(&demo->feed, SET_IOMMU, id, ts_ns, .type = 3, .backend = "vfio-iommu-type1",
		   .groups = 1, .duration = latency(demo, 900000));
	for (__u64 done = 0; done < bytes; done += chunk)
		fake_event(&demo->feed, IOCTL, id, ts_ns, .cmd = VFIO_CMD_MAP_DMA, .groups = 1,
			   .has_backend = true, .known = true, .flags = 3, .iova = done,
			   .size = chunk, .duration = latency(demo, 9000000));
}

static const char uid[] = "0f6a2b1e-77aa-4c0e-9d5b-3a1f0c2b4d5e";

static void feed_owner(struct demo *demo, unsigned int i, __u64 id)
{
	const __u64 started = demo->last_ns > 3600 * NSEC ? demo->last_ns - 3600 * NSEC : 1;

	switch (i % 4) {
	case 0:
		fake_owner(&demo->feed, id, VFIO_OWNER_LIBVIRT, .started_ns = started,
			   .text[VFIO_OWNER_NAME_TEXT] = "web01", .text[VFIO_OWNER_UUID_TEXT] = uid,
			   .text[VFIO_OWNER_CGROUP_TEXT] =
				   "/machine.slice/machine-qemu\\x2d1\\x2dweb01.scope/libvirt/emulator");
		break;
	case 1:
		fake_owner(&demo->feed, id, VFIO_OWNER_KUBEVIRT, .started_ns = started,
			   .text[VFIO_OWNER_NAME_TEXT] = "shop/database",
			   .text[VFIO_OWNER_POD_TEXT] = uid);
		break;
	case 2:
		fake_owner(&demo->feed, id, VFIO_OWNER_POD, .started_ns = started,
			   .text[VFIO_OWNER_NAME_TEXT] = uid, .text[VFIO_OWNER_POD_TEXT] = uid);
		break;
	default:
		fake_owner(&demo->feed, id, VFIO_OWNER_PROCESS, .started_ns = started,
			   .text[VFIO_OWNER_NAME_TEXT] = "testdev-load");
	}
	source_fake__group(&demo->feed, 10 + id, "0000:00:10.0", "Intel Corporation",
			   "82574L Gigabit Network Connection");
}

static void feed_round(struct demo *demo, __u64 ts_ns)
{
	for (unsigned int i = 0; i < demo->containers; i++) {
		__u64 id = 3 + i;

		if (i % 4 == 2) {
			fake_event(&demo->feed, PIN, id, ts_ns, .group = 10 + id, .npage = 2,
				   .ret = 2, .duration = latency(demo, 2300));
			fake_event(&demo->feed, UNPIN, id, ts_ns, .group = 10 + id, .npage = 2,
				   .duration = latency(demo, 1400));
		} else if (i % 4 == 1 && ts_ns / STEP_NS % 50 == 0) {
			fake_event(&demo->feed, IOCTL, id, ts_ns, .cmd = VFIO_CMD_MAP_DMA,
				   .groups = 1, .has_backend = true, .known = true, .ret = -17,
				   .size = 4096, .duration = latency(demo, 4000));
		}
	}
}

static int demo_poll(struct source *source, const struct source_sink *sink)
{
	struct demo *demo = (struct demo *)source;
	__u64 now_ns = now();

	while (demo->last_ns + STEP_NS < now_ns) {
		demo->last_ns += STEP_NS;
		feed_round(demo, demo->last_ns);
	}
	return source__poll(demo->fake, sink);
}

static void demo_info(const struct source *source, struct source_info *info)
{
	source__info(((const struct demo *)source)->fake, info);
}

static const char *demo_error(const struct source *source)
{
	return source__error(((const struct demo *)source)->fake);
}

static void demo_close(struct source *source)
{
	source__close(((struct demo *)source)->fake);
	free(source);
}

static struct source *demo_open(void)
{
	static const struct source_ops ops = {
		.poll = demo_poll, .info = demo_info, .error = demo_error, .close = demo_close,
	};
	static const char *const names[] = { "qemu-system-x86", "qemu-system-x86", "dpdk-testpmd",
					     "testdev-load" };
	struct source_info info = {
		.name = "demo", .detail = "invented data: no VFIO is involved", .live = true,
		.described = true,
	};
	const char *containers = getenv("DEMO_CONTAINERS");
	struct demo *demo = xcalloc(1, sizeof(*demo));
	__u64 now_ns = now();

	gethostname(info.host, sizeof(info.host) - 1);
	snprintf(info.kernel, sizeof(info.kernel), "6.1.0-56-amd64");
	info.realtime_offset_ns = time(NULL) * NSEC - now_ns;
	demo->source.ops = &ops;
	demo->fake = source_fake__open(&info);
	demo->feed = source_fake__feed(demo->fake);
	demo->containers = containers ? strtoul(containers, NULL, 10) : 4;
	demo->last_ns = now_ns;
	for (unsigned int i = 0; i < demo->containers; i++) {
		feed_start(demo, 3 + i, names[i % 4], i % 4 == 2, (1ULL << 30) << i % 4,
			   now_ns > (i + 1) * 400 * NSEC ? now_ns - (i + 1) * 400 * NSEC : 1);
		feed_owner(demo, i, 3 + i);
	}
	return &demo->source;
}

int main(int argc, char **argv)
{
	struct options options;
	struct source *source;
	int status;

	switch (options__parse(&options, argc, argv)) {
	case OPTIONS_RUN:
		break;
	case OPTIONS_DONE:
		return 0;
	case OPTIONS_USAGE:
		return 2;
	}
	source = demo_open();
	status = top__run(&options, source, NULL);
	source__close(source);
	options__clear(&options);
	return status;
}
