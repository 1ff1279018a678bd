// SPDX-License-Identifier: GPL-2.0-only
/*
 * The scenarios with --uffd, called by vfio-race.c: ioctls stop inside the backend, and one thread
 * detaches, closes and attaches again, and only then lets them go on. Nothing here depends on
 * timing, so every result, every reference on the backend's module and every locked page is known.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guard.h"
#include "parker.h"

/*
 * One round each, in the words of struct held:
 *   u  UNSET_CONTAINER            c  close the container's file
 *   g  close the group's file     o  open it again
 *   n  open a new container       s  SET_CONTAINER, SET_IOMMU, and map
 *   r  let the ioctls go on
 */
const char *const held_ioctl_scripts[] = {
	"ur", "usr", "ususr", "usususur", "usru", "urs", NULL
};
const char *const held_close_scripts[] = {
	"cur", "ucr", "cru", "crg", "gor", "gcr", "cgr", "cuonsr", "gconsr", "cuonsrc", "rcu", NULL
};

#define MAP_SIZE	(UINT64_C(16) * 4096)

/* What is mapped where: by the parkers, by us before they stop, and on each new backend. */
enum { PLACE_HELD_MAP, PLACE_OLD, PLACE_NEW, NR_PLACES };

/* The state of a round. Files are -1 while closed. */
struct held {
	struct race *race;
	struct watch_task *task;
	struct parker parkers[NR_PARKERS];
	struct race_map places[NR_PLACES];
	const char *script;
	char at;		/* the letter that is being done */
	uint32_t limit;		/* mappings that an empty backend takes */
	int group;
	int container;
	bool released;		/* the ioctls have gone on */
	bool old;		/* the group is attached to the backend they are in */
	bool new;		/* ... to one that came later */
	bool new_container;	/* `container` is not the one they were called on */
};

static int check(struct held *held, bool good, const char *what)
{
	if (good)
		return 0;
	return watch_fail(&held->race->watch, "script '%s' at '%c': %s", held->script, held->at,
			  what);
}

/* The backend that the ioctls are in lives until they have left it, and each group's as well. */
static int check_lifetime(struct held *held)
{
	long backends = (!held->released || held->old) + held->new;
	uint64_t places = 0;
	char when[64];

	if (held->old)
		places = 1 + held->released;
	else if (held->new)
		places = 2;
	/* The held UNMAP has taken one of them away. */
	if (held->old && held->released)
		places--;
	snprintf(when, sizeof(when), "script '%s' after '%c'", held->script, held->at);
	return race_expect(held->race, backends, places * MAP_SIZE / 1024, when);
}

static int map(struct held *held, int place)
{
	return must(held->race, held->task,
		    race_map_dma(held->task, held->container, &held->places[place]), "MAP_DMA");
}

static int attach(struct held *held)
{
	if (must(held->race, held->task,
		 race_set_container(held->task, held->group, held->container), "SET_CONTAINER"))
		return -1;
	return must(held->race, held->task, race_set_iommu(held->task, held->container),
		    "SET_IOMMU");
}

/* Unmaps a place and tells whether it was mapped. */
static int was_mapped(struct held *held, int place, bool want)
{
	struct race_map unmap = held->places[place];

	if (must(held->race, held->task,
		 race_unmap_dma(held->task, held->container, &unmap), "UNMAP_DMA"))
		return -1;
	return check(held, unmap.size == (want ? MAP_SIZE : 0),
		     want ? "a mapping of the new backend has gone" :
			    "a mapping is there that belongs to the old backend");
}

static bool is_tracking(struct held *held)
{
	uint64_t bitmap = 0;
	struct {
		struct vfio_iommu_type1_dirty_bitmap head;
		struct vfio_iommu_type1_dirty_bitmap_get get;
	} dirty = {
		.head = { sizeof(dirty), VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP },
		.get = {
			.iova = held->places[PLACE_NEW].iova,
			.size = MAP_SIZE,
			.bitmap = { 4096, sizeof(bitmap), (void *)&bitmap },
		},
	};

	return !race_ioctl_call(held->task, CALL_DIRTY_PAGES, held->container,
				VFIO_IOMMU_DIRTY_PAGES, &dirty);
}

/* The ioctls that were held have left no trace in the backend that came later. */
static int check_new_backend(struct held *held)
{
	uint32_t avail = 0;

	if (must(held->race, held->task, race_get_info(held->task, held->container, &avail),
		 "GET_INFO") ||
	    check(held, avail == held->limit - 2, "the new backend does not hold two mappings") ||
	    check(held, !is_tracking(held), "the new backend tracks dirty pages") ||
	    was_mapped(held, PLACE_HELD_MAP, false) ||
	    was_mapped(held, PLACE_OLD, true) || was_mapped(held, PLACE_NEW, true))
		return -1;
	return map(held, PLACE_OLD) || map(held, PLACE_NEW) ? -1 : 0;
}

/*
 * Withdrawing the backend has emptied it, so the held UNMAP finds nothing and GET_INFO tells so.
 * The answer that was being written tells of the time before.
 */
static int check_result(struct held *held, const struct parker *parker)
{
	switch (parker->kind) {
	case PARK_UNMAP:
		return check(held, parker_unmapped(parker) == (held->old ? MAP_SIZE : 0),
			     "the held UNMAP_DMA gave back a wrong size");
	case PARK_INFO_BEFORE:
		return check(held, parker_avail(parker) == held->limit - held->old,
			     "the held GET_INFO tells of another backend's mappings");
	case PARK_INFO_AFTER:
		return check(held, parker_avail(parker) == held->limit - 1,
			     "the held answer of GET_INFO is not that of its time");
	default:
		return 0;
	}
}

/* In this order the state of the old backend is known to each, when they are still on it. */
static int release(struct held *held)
{
	static const enum parker_kind order[NR_PARKERS] = {
		PARK_INFO_AFTER, PARK_INFO_BEFORE, PARK_MAP, PARK_UNMAP, PARK_DIRTY_START,
	};
	unsigned int i;

	for (i = 0; i < NR_PARKERS; i++) {
		struct parker *parker = &held->parkers[order[i]];

		if (parker_release(parker) ||
		    must(held->race, parker->task, parker->ret, "the held ioctl") ||
		    check_result(held, parker))
			return -1;
	}
	held->released = true;
	held->race->outlived += held->old ? 0 : NR_PARKERS;
	held->race->replaced += held->new ? NR_PARKERS : 0;
	return held->new ? check_new_backend(held) : 0;
}

static int open_group(struct held *held)
{
	held->group = race_open_group(held->race, held->task);
	return must(held->race, held->task, held->group, "open of the group");
}

static int open_container(struct held *held)
{
	held->container = race_open_container(held->task);
	return must(held->race, held->task, held->container, "open of a container");
}

static int close_group(struct held *held)
{
	int fd = held->group;

	held->group = -1;
	held->old = held->new = false;
	return must(held->race, held->task, race_close_file(held->task, CALL_CLOSE_GROUP, fd),
		    "close of the group");
}

static int close_container(struct held *held)
{
	int fd = held->container;

	held->container = -1;
	return must(held->race, held->task, race_close_file(held->task, CALL_CLOSE_CONTAINER, fd),
		    "close of the container");
}

static int step(struct held *held)
{
	switch (held->at) {
	case 'u':
		held->old = held->new = false;
		return must(held->race, held->task, race_unset_container(held->task, held->group),
			    "UNSET_CONTAINER");
	case 'c':
		return close_container(held);
	case 'g':
		return close_group(held);
	case 'o':
		return held->group < 0 ? open_group(held) : 0;
	case 'n':
		return open_container(held);
	case 's':
		held->new = true;
		return attach(held) || map(held, PLACE_OLD) || map(held, PLACE_NEW) ? -1 : 0;
	case 'r':
		return release(held);
	default:
		return watch_fail(&held->race->watch, "script '%s': '%c' means nothing",
				  held->script, held->at);
	}
}

/* Group and container open, attached, and one place mapped; the ioctls stopped inside. */
static int begin(struct held *held)
{
	held->at = '^';
	held->released = false;
	if (held->group < 0 && open_group(held))
		return -1;
	if (held->container < 0 && open_container(held))
		return -1;
	if (attach(held) || map(held, PLACE_OLD))
		return -1;
	held->old = true;
	if (parkers_park(held->parkers, held->container))
		return -1;
	held->race->parked += NR_PARKERS;
	return check_lifetime(held);
}

static int end(struct held *held)
{
	held->at = '$';
	if (held->old || held->new) {
		if (must(held->race, held->task, race_unset_container(held->task, held->group),
			 "UNSET_CONTAINER"))
			return -1;
		held->old = held->new = false;
	}
	return check_lifetime(held);
}

static int run_round(struct held *held, const char *script)
{
	const char *letter;

	held->script = script;
	if (begin(held))
		return -1;
	for (letter = script; *letter; letter++) {
		held->at = *letter;
		if (step(held) || check_lifetime(held))
			return -1;
	}
	held->race->rounds++;
	held->race->watch.progress++;
	return end(held);
}

static int prepare(struct held *held)
{
	struct race_map maps[NR_PARKERS] = { 0 };
	unsigned int i;

	for (i = 0; i < NR_PLACES; i++) {
		held->places[i] = (struct race_map){ IOVA(i), MAP_SIZE, NULL };
		held->places[i].memory = race_memory(held->race, MAP_SIZE);
		if (!held->places[i].memory)
			return -1;
	}
	maps[PARK_MAP] = held->places[PLACE_HELD_MAP];
	maps[PARK_UNMAP] = held->places[PLACE_OLD];
	if (parkers_start(held->race, held->parkers, maps))
		return -1;

	/* How many mappings an empty backend takes, from itself. */
	if (open_group(held) || open_container(held) || attach(held) ||
	    must(held->race, held->task, race_get_info(held->task, held->container, &held->limit),
		 "GET_INFO"))
		return -1;
	return must(held->race, held->task, race_unset_container(held->task, held->group),
		    "UNSET_CONTAINER");
}

int race_held(struct race *race, const char *const *scripts)
{
	struct held held = { .race = race, .group = -1, .container = -1 };
	uint64_t deadline = now_ns() + (uint64_t)(race->seconds * 1e9);
	const char *const *script = scripts;
	bool all = false;

	held.task = race_task(race, 0, "detacher");
	if (prepare(&held))
		return -1;
	/* Each script at least once. */
	while (!all || now_ns() < deadline) {
		if (run_round(&held, *script))
			return -1;
		if (!*++script) {
			script = scripts;
			all = true;
		}
	}

	if (held.container >= 0 && close_container(&held))
		return -1;
	if (held.group >= 0 && close_group(&held))
		return -1;
	parkers_stop(held.parkers);
	return 0;
}
