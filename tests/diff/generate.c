// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sequences of steps; called by vfio-diff.c.
 *
 * Four of five sequences are built to work: a container, groups, a backend, then mostly sensible
 * calls. The others do anything at any time. In both some steps are spoiled: one argument, the
 * file or the place of the structure is replaced by another.
 */
#include <linux/vfio.h>
#include <string.h>

#include "generate.h"
#include "model.h"
#include "vfio_obs/testdev_uapi.h"

#define PAGE		0x1000ULL

struct gen {
	uint64_t rng;
	struct model model;
	struct sequence *out;
	int groups[3];		/* those of this sequence */
	int nr_groups;
	bool open_real;		/* opening a real device is slow: only in some sequences */
};

/* splitmix64 */
static uint64_t draw(struct gen *gen)
{
	uint64_t z = gen->rng += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static unsigned int below(struct gen *gen, unsigned int limit)
{
	return draw(gen) % limit;
}

static bool chance(struct gen *gen, unsigned int percent)
{
	return below(gen, 100) < percent;
}

static void emit(struct gen *gen, const struct step *step)
{
	/* Room is left for the end. */
	if (gen->out->nr_steps == MAX_STEPS - 1)
		return;
	gen->out->steps[gen->out->nr_steps++] = *step;
	model_apply(&gen->model, step);
}

/*
 * Choices among what the model says is there; FILE_NONE when nothing is.
 */
static int choose(struct gen *gen, const int *files, int nr)
{
	return nr ? files[below(gen, nr)] : FILE_NONE;
}

enum container_need { ANY, CLOSED, OPEN, NO_BACKEND, BACKEND };

static int some_container(struct gen *gen, enum container_need need)
{
	int files[NR_CONTAINERS], nr = 0, file;

	for (file = 0; file < NR_CONTAINERS; file++) {
		const struct object *object = model_object(&gen->model, file);

		if (need == ANY || (need == CLOSED && !object) || (need == OPEN && object) ||
		    (need == NO_BACKEND && object && object->groups && !object->type) ||
		    (need == BACKEND && object && object->type))
			files[nr++] = file;
	}
	return choose(gen, files, nr);
}

enum group_need { G_ANY, G_CLOSED, G_OPEN, G_FREE, G_ATTACHED, G_IDLE, G_USABLE };

static bool group_fits(const struct gen *gen, int number, enum group_need need)
{
	const struct model_group *group = &gen->model.group[number];
	bool attached = group->object >= 0;

	switch (need) {
	case G_CLOSED: return !group->open && !attached;
	case G_OPEN: return group->open;
	case G_FREE: return group->open && !attached;
	case G_ATTACHED: return group->open && attached;
	case G_IDLE: return group->open && attached && !model_device_open(group);
	case G_USABLE: return group->open && attached && gen->model.objects[group->object].type &&
			      (number < NR_TESTDEVS || gen->open_real);
	default: return true;
	}
}

static int some_group(struct gen *gen, enum group_need need)
{
	int files[3], nr = 0, i;

	for (i = 0; i < gen->nr_groups; i++)
		if (group_fits(gen, gen->groups[i], need))
			files[nr++] = FILE_GROUP + gen->groups[i];
	return choose(gen, files, nr);
}

/* An open device file of the sequence; `testdev`: of vfio-testdev only. */
static int some_device(struct gen *gen, bool testdev)
{
	int files[3 * NR_DEVICE_FILES], nr = 0, i, which;

	for (i = 0; i < gen->nr_groups; i++)
		for (which = 0; which < NR_DEVICE_FILES; which++) {
			int file = device_file(gen->groups[i], which);

			if ((!testdev || gen->groups[i] < NR_TESTDEVS) &&
			    model_file_open(&gen->model, file))
				files[nr++] = file;
		}
	return choose(gen, files, nr);
}

static int some_open_file(struct gen *gen)
{
	int files[NR_FILES], nr = 0, file;

	for (file = 0; file < FILE_NULL; file++)
		if (model_file_open(&gen->model, file))
			files[nr++] = file;
	return choose(gen, files, nr);
}

/* The mappings that a device, or a container's file, sees. */
static struct object *object_of(struct gen *gen, int file)
{
	const struct model_group *group;

	if (file < FILE_GROUP)
		return model_object(&gen->model, file);
	group = &gen->model.group[(file - FILE_DEVICE) / NR_DEVICE_FILES];
	return group->object < 0 ? NULL : &gen->model.objects[group->object];
}

static const struct range *some_map(struct gen *gen, int file)
{
	const struct object *object = file == FILE_NONE ? NULL : object_of(gen, file);

	if (!object || !object->nr_maps)
		return NULL;
	return &object->maps[below(gen, object->nr_maps)];
}

/*
 * Sensible arguments, one function for each kind of step. False: nothing to do it with.
 */
static bool make_open(struct gen *gen, struct step *step)
{
	bool container = chance(gen, 30);

	step->file = container ? some_container(gen, CLOSED) : some_group(gen, G_CLOSED);
	return step->file != FILE_NONE;
}

static bool make_close(struct gen *gen, struct step *step)
{
	step->file = chance(gen, 50) ? some_device(gen, false) : some_open_file(gen);
	return step->file != FILE_NONE;
}

static bool make_attach(struct gen *gen, struct step *step)
{
	step->file = some_group(gen, G_FREE);
	step->other = some_container(gen, OPEN);
	return step->file != FILE_NONE && step->other != FILE_NONE;
}

static bool make_detach(struct gen *gen, struct step *step)
{
	step->file = some_group(gen, G_IDLE);
	return step->file != FILE_NONE;
}

static bool make_group_status(struct gen *gen, struct step *step)
{
	step->file = some_group(gen, G_OPEN);
	step->arg[0] = sizeof(struct vfio_group_status);
	return step->file != FILE_NONE;
}

static bool make_get_device(struct gen *gen, struct step *step)
{
	int group;

	step->file = some_group(gen, G_USABLE);
	if (step->file == FILE_NONE)
		return false;
	group = step->file - FILE_GROUP;
	step->arg[0] = group;
	step->other = device_file(group, below(gen, NR_DEVICE_FILES));
	return true;
}

static bool make_device_info(struct gen *gen, struct step *step)
{
	step->file = some_device(gen, false);
	step->arg[0] = sizeof(struct vfio_device_info) + below(gen, 3) * 8;
	return step->file != FILE_NONE;
}

static bool make_api_version(struct gen *gen, struct step *step)
{
	step->file = some_container(gen, OPEN);
	return step->file != FILE_NONE;
}

static bool make_check_extension(struct gen *gen, struct step *step)
{
	static const uint8_t positive[] = { VFIO_TYPE1_IOMMU, VFIO_TYPE1v2_IOMMU,
		VFIO_TYPE1_NESTING_IOMMU, VFIO_DMA_CC_IOMMU, VFIO_UNMAP_ALL, VFIO_UPDATE_VADDR };
	unsigned int kind = below(gen, 10);

	step->file = some_container(gen, OPEN);
	if (kind < 5)
		step->arg[0] = positive[below(gen, sizeof(positive))];
	else if (kind < 8)
		step->arg[0] = below(gen, 256);
	else
		step->arg[0] = draw(gen) >> below(gen, 64);
	return step->file != FILE_NONE;
}

static bool make_set_iommu(struct gen *gen, struct step *step)
{
	static const uint8_t types[] = { VFIO_TYPE1v2_IOMMU, VFIO_TYPE1v2_IOMMU, VFIO_TYPE1v2_IOMMU,
		VFIO_TYPE1v2_IOMMU, VFIO_TYPE1v2_IOMMU, VFIO_TYPE1_IOMMU,
		VFIO_TYPE1_NESTING_IOMMU };

	step->file = some_container(gen, NO_BACKEND);
	step->arg[0] = types[below(gen, sizeof(types))];
	return step->file != FILE_NONE;
}

static bool make_get_info(struct gen *gen, struct step *step)
{
	static const uint16_t sizes[] = { 16, 20, 24, 40, 64, 104, 512, 2048 };

	step->file = some_container(gen, BACKEND);
	step->arg[0] = sizes[below(gen, sizeof(sizes) / sizeof(sizes[0]))];
	return step->file != FILE_NONE;
}

static bool make_map(struct gen *gen, struct step *step)
{
	unsigned int pages = 1 + below(gen, chance(gen, 30) ? 16 : 4);
	unsigned int first = below(gen, ARENA_PAGES - pages + 1);

	step->file = some_container(gen, BACKEND);
	step->arg[0] = sizeof(struct vfio_iommu_type1_dma_map);
	step->arg[1] = chance(gen, 80) ? 3 : 1 + below(gen, 2);
	step->arg[2] = ARENA + first * PAGE;
	/* Sixteen places of sixteen pages, the last below what the MSIs reserve. */
	step->arg[3] = below(gen, 16) * 16 * PAGE + (chance(gen, 10) ? 0xfed00000 : 0);
	step->arg[4] = pages * PAGE;
	return step->file != FILE_NONE;
}

static bool make_unmap(struct gen *gen, struct step *step)
{
	const struct range *map;
	unsigned int kind = below(gen, 10);

	step->file = some_container(gen, BACKEND);
	map = some_map(gen, step->file);
	if (!map)
		return false;
	step->arg[0] = offsetof(struct vfio_iommu_type1_dma_unmap, data);
	step->arg[2] = map->iova;
	step->arg[3] = map->size;
	if (kind == 0) {
		step->arg[1] = VFIO_DMA_UNMAP_FLAG_ALL;
		step->arg[2] = step->arg[3] = 0;
	} else if (kind == 1) {
		step->arg[2] = 0;
		step->arg[3] = 1ULL << 32;
	} else if (kind == 2) {
		step->arg[0] += sizeof(struct vfio_bitmap);
		step->arg[1] = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP;
		step->arg[4] = PAGE;
		step->arg[5] = 8 * (1 + map->size / PAGE / 64);
		step->arg[6] = BUFFER;
	} else if (kind == 3 && !chance(gen, 60)) {
		step->arg[1] = VFIO_DMA_UNMAP_FLAG_VADDR;
	}
	return true;
}

static bool make_dirty(struct gen *gen, struct step *step)
{
	const struct range *map;
	struct object *object;

	step->file = some_container(gen, BACKEND);
	if (step->file == FILE_NONE)
		return false;
	object = model_object(&gen->model, step->file);
	map = some_map(gen, step->file);
	step->arg[0] = offsetof(struct vfio_iommu_type1_dirty_bitmap, data);
	if (!object->dirty || !map || chance(gen, 20)) {
		object->dirty = !object->dirty || chance(gen, 50);
		step->arg[1] = object->dirty ? VFIO_IOMMU_DIRTY_PAGES_FLAG_START :
					       VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP;
		return true;
	}
	step->arg[0] += sizeof(struct vfio_iommu_type1_dirty_bitmap_get);
	step->arg[1] = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP;
	step->arg[2] = map->iova;
	step->arg[3] = map->size;
	step->arg[4] = PAGE;
	step->arg[5] = 8 * (1 + map->size / PAGE / 64);
	step->arg[6] = BUFFER;
	return true;
}

/* Commands of vfio's and others, to containers, groups and vfio-testdev. */
static bool make_ioctl(struct gen *gen, struct step *step)
{
	int device = some_device(gen, true);

	step->file = chance(gen, 60) ? some_container(gen, ANY) : some_group(gen, G_ANY);
	if (device != FILE_NONE && chance(gen, 30))
		step->file = device;
	step->arg[0] = chance(gen, 80) ? VFIO_TYPE << 8 | (VFIO_BASE + below(gen, 32)) :
					 (uint32_t)draw(gen);
	step->arg[1] = chance(gen, 60) ? SCRATCH : draw(gen) >> below(gen, 64);
	return true;
}

static bool make_file_io(struct gen *gen, struct step *step)
{
	step->file = chance(gen, 60) ? some_container(gen, ANY) : some_group(gen, G_ANY);
	step->arg[0] = below(gen, 5);
	return true;
}

static bool make_pin(struct gen *gen, struct step *step)
{
	const struct range *map;
	uint64_t first, pages;

	step->file = some_device(gen, true);
	map = some_map(gen, step->file);
	if (!map)
		return false;
	pages = map->size / PAGE;
	first = draw(gen) % pages;
	step->arg[0] = sizeof(struct vfio_testdev_pin);
	step->arg[2] = map->iova + first * PAGE;
	step->arg[3] = 1 + draw(gen) % (pages - first);
	step->arg[3] = step->arg[3] > 20 ? 20 : step->arg[3];
	step->arg[4] = chance(gen, 70) ? 1 : 1 + below(gen, 3);
	return true;
}

static bool make_unpin(struct gen *gen, struct step *step)
{
	const struct model_group *group;
	const struct range *pin;

	step->file = some_device(gen, true);
	if (step->file == FILE_NONE)
		return false;
	group = &gen->model.group[(step->file - FILE_DEVICE) / NR_DEVICE_FILES];
	if (!group->nr_pins)
		return false;
	pin = &group->pins[below(gen, group->nr_pins)];
	step->arg[0] = sizeof(struct vfio_testdev_unpin);
	step->arg[2] = pin->iova;
	step->arg[3] = pin->size / PAGE;
	return true;
}

static bool make_dma_rw(struct gen *gen, struct step *step)
{
	const struct range *map;
	uint64_t first;

	step->file = some_device(gen, true);
	map = some_map(gen, step->file);
	if (!map)
		return false;
	first = draw(gen) % map->size;
	step->arg[0] = sizeof(struct vfio_testdev_dma_rw);
	step->arg[1] = chance(gen, 50) ? VFIO_TESTDEV_DMA_WRITE : 0;
	step->arg[2] = map->iova + first;
	step->arg[3] = 1 + draw(gen) % (map->size - first);
	step->arg[3] = step->arg[3] > 2 * PAGE ? 2 * PAGE : step->arg[3];
	step->arg[5] = BUFFER + below(gen, 64);
	return true;
}

static bool make_caps(struct gen *gen, struct step *step)
{
	/* Mostly only the one that lifts the limit of locked memory. */
	step->arg[0] = chance(gen, 60) ? CAPS_ALL & ~CAPS_IPC_LOCK : below(gen, CAPS_ALL + 1);
	return true;
}

static bool make_memlock(struct gen *gen, struct step *step)
{
	step->arg[0] = below(gen, 8) * 2 * PAGE;
	return true;
}

static bool make_fork(struct gen *gen, struct step *step)
{
	step->op = gen->model.child ? OP_JOIN : OP_FORK;
	return true;
}

static bool make_dup(struct gen *gen, struct step *step)
{
	step->op = chance(gen, 50) ? OP_DUP : OP_CLOSE_DUP;
	step->file = step->op == OP_DUP ? some_open_file(gen) : FILE_NONE;
	return step->op == OP_CLOSE_DUP || step->file != FILE_NONE;
}

/* How often each is chosen, in sequences that are to work and in the others. */
static const struct {
	enum op op;
	bool (*make)(struct gen *gen, struct step *step);
	uint8_t working;
	uint8_t wild;
} kinds[] = {
	{ OP_OPEN, make_open, 5, 20 },
	{ OP_CLOSE, make_close, 5, 8 },
	{ OP_SET_CONTAINER, make_attach, 6, 16 },
	{ OP_UNSET_CONTAINER, make_detach, 2, 5 },
	{ OP_GROUP_STATUS, make_group_status, 1, 2 },
	{ OP_GET_DEVICE, make_get_device, 14, 10 },
	{ OP_DEVICE_INFO, make_device_info, 2, 2 },
	{ OP_API_VERSION, make_api_version, 1, 1 },
	{ OP_CHECK_EXTENSION, make_check_extension, 6, 8 },
	{ OP_SET_IOMMU, make_set_iommu, 6, 12 },
	{ OP_GET_INFO, make_get_info, 6, 4 },
	{ OP_MAP, make_map, 20, 10 },
	{ OP_UNMAP, make_unmap, 9, 5 },
	{ OP_DIRTY, make_dirty, 5, 3 },
	{ OP_IOCTL, make_ioctl, 4, 6 },
	{ OP_FILE_IO, make_file_io, 1, 2 },
	{ OP_PIN, make_pin, 18, 8 },
	{ OP_UNPIN, make_unpin, 24, 5 },
	{ OP_DMA_RW, make_dma_rw, 10, 5 },
	{ OP_CAPS, make_caps, 2, 1 },
	{ OP_MEMLOCK, make_memlock, 3, 1 },
	{ OP_FORK, make_fork, 1, 1 },
	{ OP_DUP, make_dup, 2, 2 },
};

#define NR_KINDS	(sizeof(kinds) / sizeof(kinds[0]))

/* An argument that nobody would give. */
static uint64_t odd_value(struct gen *gen)
{
	static const uint64_t odd[] = {
		0, 1, 2, 4, 7, 8, 15, 32, 512, 513, 0xfff, 0x1000, 0x1001, 0x7fffffff, 0x80000000,
		0xffffffff, 0x100000000, 0xfee00000, 0x7fffffffffffffff, 0x8000000000000000,
		0xfffffffffffff000, 0xffffffffffffffff, ARENA, NOWHERE, BUFFER,
	};
	unsigned int index = below(gen, sizeof(odd) / sizeof(odd[0]) + 2);

	return index < sizeof(odd) / sizeof(odd[0]) ? odd[index] : draw(gen) >> below(gen, 64);
}

static bool has_structure(enum op op)
{
	return op == OP_SET_CONTAINER || op == OP_GROUP_STATUS || op == OP_GET_DEVICE ||
	       op == OP_DEVICE_INFO || op == OP_GET_INFO || op == OP_MAP || op == OP_UNMAP ||
	       op == OP_DIRTY || op == OP_PIN || op == OP_UNPIN || op == OP_DMA_RW;
}

/* Every kind of file; a real device only by the calls that cost nothing. */
static int any_file(struct gen *gen, enum op op)
{
	int file = below(gen, NR_FILES);

	if (op == OP_IOCTL && file >= device_file(NR_TESTDEVS, 0) && file < FILE_NULL)
		return FILE_NULL;
	return file;
}

/* As often an argument as all else together; where there is none, nothing changes. */
static void spoil(struct gen *gen, struct step *step)
{
	unsigned int kind = below(gen, 10);

	if (step->op == OP_CAPS || step->op == OP_MEMLOCK || step->op == OP_FORK ||
	    step->op == OP_JOIN || step->op == OP_CLOSE_DUP)
		return;
	if (step->op == OP_GET_DEVICE && kind < 7)
		step->arg[0] = NAME_UNKNOWN + below(gen, NR_NAMES - NAME_UNKNOWN);
	else if (step->op == OP_SET_CONTAINER && kind < 7)
		step->other = any_file(gen, step->op);
	else if (step->op == OP_FILE_IO)
		step->file = any_file(gen, OP_IOCTL);
	else if (kind < 6 && op_args(step->op) && step->op != OP_GET_DEVICE)
		step->arg[below(gen, op_args(step->op))] = odd_value(gen);
	else if (kind < 8 && has_structure(step->op))
		step->where = WHERE_READ_ONLY + below(gen, NR_WHERE - 1);
	else if (step->op != OP_OPEN && step->op != OP_CLOSE && step->op != OP_GET_DEVICE)
		step->file = any_file(gen, step->op);
}

/* A call at the wrong time: any arguments that are of the right form, whatever is open. */
static void misplace(struct gen *gen, struct step *step)
{
	unsigned int kind = below(gen, 5);

	if (kind == 0) {
		step->op = OP_SET_CONTAINER;
		step->file = some_group(gen, G_ANY);
		step->other = some_container(gen, ANY);
	} else if (kind == 1) {
		step->op = OP_SET_IOMMU;
		step->file = some_container(gen, ANY);
		step->arg[0] = chance(gen, 70) ? below(gen, 12) : odd_value(gen);
	} else if (kind == 2) {
		step->op = chance(gen, 70) ? OP_UNSET_CONTAINER : OP_OPEN;
		step->file = some_group(gen, G_ANY);
	} else if (kind == 3) {
		int other = gen->groups[below(gen, gen->nr_groups)];

		step->op = OP_GET_DEVICE;
		step->file = some_group(gen, G_ANY);
		step->other = device_file(step->file - FILE_GROUP, below(gen, NR_DEVICE_FILES));
		step->arg[0] = other;
		/* Only the wrong name is cheap with a real device. */
		if (!gen->open_real && other >= NR_TESTDEVS)
			step->arg[0] = NAME_UNKNOWN;
	} else {
		step->op = OP_GET_INFO;
		step->file = some_container(gen, ANY);
		step->arg[0] = 64;
	}
}

static void add_some_step(struct gen *gen, bool wild)
{
	struct step step;
	unsigned int total = 0, pick, i, tries;

	for (i = 0; i < NR_KINDS; i++)
		total += wild ? kinds[i].wild : kinds[i].working;
	for (tries = 0; tries < 10; tries++) {
		pick = below(gen, total);
		for (i = 0; pick >= (wild ? kinds[i].wild : kinds[i].working); i++)
			pick -= wild ? kinds[i].wild : kinds[i].working;
		step = (struct step){ .op = kinds[i].op, .file = FILE_NONE, .other = FILE_NONE };
		if (!kinds[i].make(gen, &step))
			continue;
		if (chance(gen, wild ? 25 : 12))
			spoil(gen, &step);
		/* A fork takes longer than all else. */
		step.in_child = step.op < OP_CAPS && step.op != OP_DUP &&
				step.op != OP_CLOSE_DUP && chance(gen, 1);
		emit(gen, &step);
		return;
	}
	step = (struct step){ .file = FILE_NONE, .other = FILE_NONE };
	misplace(gen, &step);
	emit(gen, &step);
}

/* Mostly vfio-testdev, whose calls cost little. */
static void choose_groups(struct gen *gen)
{
	int wanted = 1 + below(gen, chance(gen, 50) ? 3 : 1), i, group;

	while (gen->nr_groups < wanted) {
		unsigned int kind = below(gen, 100);

		if (kind < 70)
			group = below(gen, NR_TESTDEVS);
		else if (kind < 90)
			group = GROUP_EDU + below(gen, GROUP_SLOW - GROUP_EDU);
		else
			group = GROUP_SLOW + below(gen, NR_GROUPS - GROUP_SLOW);
		for (i = 0; i < gen->nr_groups && gen->groups[i] != group; i++)
			;
		if (i == gen->nr_groups)
			gen->groups[gen->nr_groups++] = group;
	}
}

/* A third of the sequences with a real device may open it; of those with a slow one, one in 60. */
static void choose_real(struct gen *gen)
{
	unsigned int kind = below(gen, 60);
	int i;

	gen->open_real = kind < 20;
	for (i = 0; i < gen->nr_groups; i++)
		if (gen->groups[i] >= GROUP_SLOW && kind > 0)
			gen->open_real = false;
}

static void emit_simple(struct gen *gen, enum op op, int file, int other, uint64_t arg)
{
	struct step step = { .op = op, .file = file, .other = other, .arg = { arg } };

	emit(gen, &step);
}

/* Container, groups, backend; now and then something else in between. */
static void add_setup(struct gen *gen)
{
	struct step step = { .op = OP_SET_IOMMU, .file = FILE_NONE, .other = FILE_NONE };
	int container = below(gen, NR_CONTAINERS), late = chance(gen, 30), i;

	emit_simple(gen, OP_OPEN, FILE_CONTAINER + container, FILE_NONE, 0);
	/* Without a backend, all values that a byte can have. */
	emit_simple(gen, OP_CHECK_EXTENSION, container, FILE_NONE, gen->out->number & 0xff);
	for (i = 0; i < gen->nr_groups - (late && gen->nr_groups > 1); i++) {
		if (chance(gen, 10))
			add_some_step(gen, true);
		emit_simple(gen, OP_OPEN, FILE_GROUP + gen->groups[i], FILE_NONE, 0);
		emit_simple(gen, OP_SET_CONTAINER, FILE_GROUP + gen->groups[i], container, 0);
	}
	if (chance(gen, 20)) {
		misplace(gen, &step);
		emit(gen, &step);
	}
	step = (struct step){ .op = OP_SET_IOMMU, .other = FILE_NONE };
	if (make_set_iommu(gen, &step))
		emit(gen, &step);
	if (chance(gen, 70)) {
		step = (struct step){ .op = OP_MAP, .other = FILE_NONE };
		if (make_map(gen, &step))
			emit(gen, &step);
		step = (struct step){ .op = OP_GET_DEVICE };
		if (make_get_device(gen, &step))
			emit(gen, &step);
	}
	/* And with it. */
	emit_simple(gen, OP_CHECK_EXTENSION, container, FILE_NONE, gen->out->number >> 1 & 0xff);
}

/* Closes and detaches in any order what is left. */
static void add_teardown(struct gen *gen)
{
	struct step step;
	int tries;

	for (tries = 0; tries < 12; tries++) {
		step = (struct step){ .op = OP_CLOSE, .file = FILE_NONE, .other = FILE_NONE };
		if (gen->model.child && chance(gen, 10)) {
			emit_simple(gen, OP_JOIN, FILE_NONE, FILE_NONE, 0);
			continue;
		}
		if (chance(gen, 25)) {
			step.op = OP_UNSET_CONTAINER;
			step.file = some_group(gen, G_IDLE);
		} else {
			step.file = some_open_file(gen);
		}
		if (step.file != FILE_NONE)
			emit(gen, &step);
	}
}

void generate(uint64_t seed, uint64_t number, struct sequence *sequence)
{
	struct gen gen = { .rng = seed, .out = sequence };
	bool wild;
	int steps;

	/* Neighbours must not look alike. */
	gen.rng = draw(&gen) ^ number * 0xd1342543de82ef95ULL;
	gen.rng = draw(&gen);
	model_init(&gen.model);
	sequence->number = number;
	sequence->nr_steps = 0;
	choose_groups(&gen);
	choose_real(&gen);

	wild = chance(&gen, 20);
	if (!wild)
		add_setup(&gen);
	for (steps = 6 + below(&gen, 13); steps > 0; steps--)
		add_some_step(&gen, wild);
	add_teardown(&gen);
	sequence->steps[sequence->nr_steps++] =
		(struct step){ .op = OP_END, .file = FILE_NONE, .other = FILE_NONE };
}
