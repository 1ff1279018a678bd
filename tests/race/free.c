// SPDX-License-Identifier: GPL-2.0-only
/*
 * The scenarios without --uffd, called by vfio-race.c: threads that run into each other by chance.
 *
 * ioctl: threads use one container while another one detaches its only group and attaches it again,
 * all the time. close: in each round one thread closes the container's file while a second detaches
 * the group and others are using the container.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "guard.h"
#include "race.h"

#define MAP_SIZE	(UINT64_C(128) * 4096)
#define NR_USERS	4

/* What the threads of one run share. */
struct field {
	struct race *race;
	_Atomic int group;
	_Atomic int container;
	_Atomic bool stop;
	/* Counts the beginnings and the ends of UNSET_CONTAINER: odd while one is running. */
	_Atomic uint64_t detaches;
	/* close: the rounds, and when what is raced against began and ended. */
	pthread_barrier_t begin, end;
	_Atomic uint64_t close_begin, close_end;
};

struct user {
	struct field *field;
	unsigned int number;
	pthread_t thread;
	struct watch_task *task;
	struct race_map map;
	uint64_t random;
	bool mapped;
	/* detaches when the mapping had been made */
	uint64_t mapped_at;
};

/* A call during which a detach was running, or was done. */
static void note_overlap(struct user *user, uint64_t before)
{
	uint64_t after = user->field->detaches;

	if (before != after || before & 1)
		user->field->race->overlaps++;
}

/*
 * One mapping and its removal. The thread's places are its own: a mapping that is not found again
 * was made on a backend that has gone since. If no detach has begun since MAP_DMA returned, it had
 * gone already then: MAP_DMA went on with a withdrawn backend, or with one being withdrawn.
 */
static void map_and_unmap(struct user *user, int container)
{
	struct field *field = user->field;
	struct race_map unmap = user->map;
	uint64_t before = field->detaches;
	bool mapped;

	mapped = !race_map_dma(user->task, container, &user->map);
	note_overlap(user, before);

	before = field->detaches;
	if (race_unmap_dma(user->task, container, &unmap))
		return;
	note_overlap(user, before);
	if (mapped && !unmap.size && !(before & 1) && field->detaches == before)
		field->race->orphans++;
	if (unmap.size && unmap.size != MAP_SIZE)
		watch_fail(&field->race->watch, "%s: UNMAP_DMA gave back %" PRIu64 " bytes of a "
			   "mapping of %" PRIu64, user->task->name, (uint64_t)unmap.size, MAP_SIZE);
}

static void use(struct user *user)
{
	struct field *field = user->field;
	int container = field->container;
	uint64_t before;
	int ret;

	if (user->number < 2) {
		map_and_unmap(user, container);
		return;
	}
	before = field->detaches;
	if (user->number == 2) {
		race_get_info(user->task, container, NULL);
	} else {
		ret = race_check_extension(user->task, container, VFIO_TYPE1v2_IOMMU);
		if (ret != 1 && ret != -EBADF)
			watch_fail(&field->race->watch, "%s: CHECK_EXTENSION of TYPE1v2 answered %d",
				   user->task->name, ret);
	}
	note_overlap(user, before);
}

static void pause_ns(uint64_t ns)
{
	struct timespec time = { .tv_nsec = (long)ns };

	nanosleep(&time, NULL);
}

static void *user_main(void *data)
{
	static const char *const names[NR_USERS] = {
		"mapper 1", "mapper 2", "asker", "checker",
	};
	struct user *user = data;
	struct field *field = user->field;

	user->task = race_task(field->race, 1 + user->number, names[user->number]);
	while (!field->stop) {
		use(user);
		/* What cannot sleep inside would keep the others off a CPU for long. */
		if (user->number >= 2 && race_random(&user->random) % 8 == 0)
			pause_ns(50000);
	}
	return NULL;
}

static int start_users(struct field *field, struct user *users, void *(*main)(void *))
{
	unsigned int i;
	int error;

	for (i = 0; i < NR_USERS; i++) {
		users[i] = (struct user){
			.field = field, .number = i, .map = { IOVA(i), MAP_SIZE, NULL },
			.random = (field->race->seed + i) * UINT64_C(0x9e3779b97f4a7c15) | 1,
		};
		users[i].map.memory = race_memory(field->race, MAP_SIZE);
		if (!users[i].map.memory)
			return -1;
		error = pthread_create(&users[i].thread, NULL, main, &users[i]);
		if (error)
			return watch_fail(&field->race->watch, "cannot start a thread: %s",
					  strerror(error));
	}
	return 0;
}

static int attach(struct race *race, struct watch_task *task, int group, int container)
{
	return must(race, task, race_set_container(task, group, container), "SET_CONTAINER") ||
	       must(race, task, race_set_iommu(task, container), "SET_IOMMU") ? -1 : 0;
}

static int detach(struct field *field, struct watch_task *task)
{
	int ret;

	field->detaches++;
	ret = race_unset_container(task, field->group);
	field->detaches++;
	return must(field->race, task, ret, "UNSET_CONTAINER");
}

static int open_files(struct field *field, struct watch_task *task)
{
	field->container = race_open_container(task);
	if (must(field->race, task, field->container, "open of a container"))
		return -1;
	if (field->group >= 0)
		return 0;
	field->group = race_open_group(field->race, task);
	return must(field->race, task, field->group, "open of the group");
}

/*
 * ioctl
 */
static int detach_and_attach(struct field *field, struct watch_task *task, uint64_t *random)
{
	struct race *race = field->race;

	if (attach(race, task, field->group, field->container))
		return -1;
	pause_ns(race_random(random) % 300000);
	if (detach(field, task))
		return -1;
	race->rounds++;
	race->watch.progress++;
	return 0;
}

int race_ioctl(struct race *race)
{
	struct field field = { .race = race, .group = -1 };
	uint64_t deadline = now_ns() + (uint64_t)(race->seconds * 1e9);
	struct watch_task *task = race_task(race, 0, "detacher");
	struct user users[NR_USERS];
	uint64_t random = race->seed * 2 + 1;
	unsigned int i;
	int ret = 0;

	if (open_files(&field, task) || start_users(&field, users, user_main))
		return -1;
	while (!ret && now_ns() < deadline && !race->watch.failed)
		ret = detach_and_attach(&field, task, &random);
	field.stop = true;
	for (i = 0; i < NR_USERS; i++)
		pthread_join(users[i].thread, NULL);
	if (ret || race_expect(race, 0, 0, "with the group detached and all ioctls returned"))
		return -1;
	race_close_file(task, CALL_CLOSE_GROUP, field.group);
	race_close_file(task, CALL_CLOSE_CONTAINER, field.container);
	return 0;
}

/*
 * close
 */
static void note_close_overlap(struct field *field, uint64_t begin, uint64_t end)
{
	if (begin < field->close_end && end > field->close_begin)
		field->race->overlaps++;
}

/* Uses the container as it is being closed. */
static void *close_user_main(void *data)
{
	static const char *const names[NR_USERS] = {
		"closer", "mapper", "asker", "checker",
	};
	struct user *user = data;
	struct field *field = user->field;
	uint64_t wait;

	user->task = race_task(field->race, 1 + user->number, names[user->number]);
	for (;;) {
		pthread_barrier_wait(&field->begin);
		if (field->stop)
			return NULL;
		wait = now_ns() + race_random(&user->random) % 60000;
		while (now_ns() < wait)
			;
		if (user->number == 0) {
			field->close_begin = now_ns();
			race_close_file(user->task, CALL_CLOSE_CONTAINER, field->container);
			field->close_end = now_ns();
		} else if (user->number == 1) {
			race_map_dma(user->task, field->container, &user->map);
		} else {
			use(user);
		}
		pthread_barrier_wait(&field->end);
	}
}

/* What the closing of the container is raced against; the group is detached afterwards. */
static int take_group_away(struct field *field, struct watch_task *task, uint64_t random)
{
	int ret;

	switch (random % 4) {
	case 0:
		ret = race_close_file(task, CALL_CLOSE_GROUP, field->group);
		field->group = -1;
		return must(field->race, task, ret, "close of the group");
	case 1:
		return detach(field, task);
	case 2:
		if (detach(field, task))
			return -1;
		break;
	default:
		/* The group stays until the close is over. */
		return 0;
	}
	/* The container may have been closed by now. */
	ret = race_set_container(task, field->group, field->container);
	if (!ret)
		ret = race_set_iommu(task, field->container);
	return ret && ret != -EBADF ? must(field->race, task, ret, "SET_CONTAINER, SET_IOMMU") : 0;
}

static int detach_if_attached(struct field *field, struct watch_task *task)
{
	int ret;

	if (field->group < 0)
		return 0;
	ret = race_unset_container(task, field->group);
	/* It was detached before. */
	return ret == -EINVAL ? 0 : must(field->race, task, ret, "UNSET_CONTAINER");
}

static int close_round(struct field *field, struct watch_task *task, uint64_t *random)
{
	uint64_t kind, wait, begin, end;
	int ret;

	if (open_files(field, task) || attach(field->race, task, field->group, field->container))
		return -1;
	kind = race_random(random);
	pthread_barrier_wait(&field->begin);
	wait = now_ns() + (kind >> 32) % 60000;
	while (now_ns() < wait)
		;
	begin = now_ns();
	ret = take_group_away(field, task, kind);
	end = now_ns();
	pthread_barrier_wait(&field->end);
	if (kind % 4 != 3)
		note_close_overlap(field, begin, end);
	if (ret || detach_if_attached(field, task))
		return -1;
	field->race->rounds++;
	field->race->watch.progress++;
	return race_expect(field->race, 0, 0, "with the container closed and the group detached");
}

int race_close(struct race *race)
{
	struct field field = { .race = race, .group = -1, .container = -1 };
	uint64_t deadline = now_ns() + (uint64_t)(race->seconds * 1e9);
	struct watch_task *task = race_task(race, 0, "detacher");
	struct user users[NR_USERS];
	uint64_t random = race->seed * 2 + 1;
	unsigned int i;
	int ret = 0;

	pthread_barrier_init(&field.begin, NULL, NR_USERS + 1);
	pthread_barrier_init(&field.end, NULL, NR_USERS + 1);
	if (start_users(&field, users, close_user_main))
		return -1;
	while (!ret && now_ns() < deadline && !race->watch.failed)
		ret = close_round(&field, task, &random);
	field.stop = true;
	if (ret)
		return -1;
	pthread_barrier_wait(&field.begin);
	for (i = 0; i < NR_USERS; i++)
		pthread_join(users[i].thread, NULL);
	if (field.group >= 0)
		race_close_file(task, CALL_CLOSE_GROUP, field.group);
	return 0;
}
