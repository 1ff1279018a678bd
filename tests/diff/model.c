// SPDX-License-Identifier: GPL-2.0-only
/* What a sequence has probably reached so far; called by generate.c. */
#include <linux/vfio.h>
#include <string.h>

#include "model.h"

void model_init(struct model *model)
{
	int i;

	memset(model, 0, sizeof(*model));
	for (i = 0; i < NR_CONTAINERS; i++)
		model->container[i] = -1;
	for (i = 0; i < NR_GROUPS; i++)
		model->group[i].object = -1;
}

static bool is_container(int file)
{
	return file >= FILE_CONTAINER && file < FILE_CONTAINER + NR_CONTAINERS;
}

static bool is_group(int file)
{
	return file >= FILE_GROUP && file < FILE_GROUP + NR_GROUPS;
}

static bool is_device(int file)
{
	return file >= FILE_DEVICE && file < FILE_NULL;
}

struct object *model_object(struct model *model, int file)
{
	if (!is_container(file) || model->container[file] < 0)
		return NULL;
	return &model->objects[model->container[file]];
}

static struct model_group *group_of(struct model *model, int file)
{
	if (is_group(file))
		return &model->group[file - FILE_GROUP];
	if (is_device(file))
		return &model->group[(file - FILE_DEVICE) / NR_DEVICE_FILES];
	return NULL;
}

bool model_device_open(const struct model_group *group)
{
	return group->device_open[0] || group->device_open[1];
}

bool model_file_open(const struct model *model, int file)
{
	if (is_container(file))
		return model->container[file] >= 0;
	if (is_group(file))
		return model->group[file - FILE_GROUP].open;
	if (is_device(file))
		return model->group[(file - FILE_DEVICE) / NR_DEVICE_FILES]
			.device_open[(file - FILE_DEVICE) % NR_DEVICE_FILES];
	return file == FILE_NULL;
}

static bool is_real(const struct model *model, const struct model_group *group)
{
	return group - model->group >= NR_TESTDEVS;
}

static void detach(struct model *model, struct model_group *group)
{
	struct object *object = &model->objects[group->object];

	group->object = -1;
	object->real_groups -= is_real(model, group);
	if (--object->groups)
		return;
	object->type = 0;
	object->nr_maps = 0;
	object->dirty = false;
}

static void apply_open(struct model *model, int file)
{
	struct model_group *group = group_of(model, file);

	if (is_container(file) && model->container[file] < 0 &&
	    model->nr_objects < MODEL_OBJECTS)
		model->container[file] = model->nr_objects++;
	/* A group whose device is open cannot be opened again. */
	if (group && !group->open && group->object < 0)
		group->open = true;
}

static void apply_close(struct model *model, int file)
{
	struct model_group *group = group_of(model, file);

	if (is_container(file)) {
		model->container[file] = -1;
		return;
	}
	if (!group)
		return;
	if (is_group(file))
		group->open = false;
	else
		group->device_open[(file - FILE_DEVICE) % NR_DEVICE_FILES] = false;
	if (!model_device_open(group))
		group->nr_pins = 0;
	if (!group->open && !model_device_open(group) && group->object >= 0)
		detach(model, group);
}

static void apply_attach(struct model *model, const struct step *step)
{
	struct object *object = model_object(model, step->other);
	struct model_group *group = group_of(model, step->file);

	if (!object || !group || !group->open || group->object >= 0)
		return;
	group->object = model->container[step->other];
	object->groups++;
	object->real_groups += is_real(model, group);
}

static void apply_set_iommu(struct model *model, const struct step *step)
{
	struct object *object = model_object(model, step->file);
	uint64_t type = step->arg[0];

	if (object && object->groups && !object->type &&
	    (type == VFIO_TYPE1_IOMMU || type == VFIO_TYPE1v2_IOMMU ||
	     type == VFIO_TYPE1_NESTING_IOMMU))
		object->type = type;
}

static void apply_get_device(struct model *model, const struct step *step)
{
	struct model_group *group = group_of(model, step->file);

	if (!group || !group->open || group->object < 0 ||
	    !model->objects[group->object].type ||
	    step->arg[0] != (uint64_t)(group - model->group))
		return;
	group->device_open[(step->other - FILE_DEVICE) % NR_DEVICE_FILES] = true;
}

static bool overlaps(const struct range *a, uint64_t iova, uint64_t size)
{
	return iova < a->iova + a->size && a->iova < iova + size;
}

static void apply_map(struct model *model, const struct step *step)
{
	struct object *object = model_object(model, step->file);
	uint64_t iova = step->arg[3], size = step->arg[4];
	int i;

	if (!object || !object->type || !size || object->nr_maps == MODEL_RANGES ||
	    (size | iova | step->arg[2]) & 0xfff || iova + size < iova)
		return;
	for (i = 0; i < object->nr_maps; i++)
		if (overlaps(&object->maps[i], iova, size))
			return;
	object->maps[object->nr_maps++] = (struct range){ iova, size };
}

static void remove_covered(struct range *ranges, int *nr, uint64_t iova, uint64_t size)
{
	int i;

	for (i = *nr - 1; i >= 0; i--)
		if (ranges[i].iova >= iova && ranges[i].iova - iova < size &&
		    ranges[i].size <= size)
			ranges[i] = ranges[--*nr];
}

static void apply_unmap(struct model *model, const struct step *step)
{
	struct object *object = model_object(model, step->file);
	bool all = step->arg[1] & VFIO_DMA_UNMAP_FLAG_ALL;
	struct model_group *group;
	uint64_t iova = step->arg[2], size = all ? UINT64_MAX : step->arg[3];

	if (!object || step->arg[1] & VFIO_DMA_UNMAP_FLAG_VADDR)
		return;
	remove_covered(object->maps, &object->nr_maps, iova, size);
	for (group = model->group; group < model->group + NR_GROUPS; group++)
		if (group->object == object - model->objects)
			remove_covered(group->pins, &group->nr_pins, iova, size);
}

static void apply_pin(struct model *model, const struct step *step)
{
	struct model_group *group = group_of(model, step->file);
	uint64_t size = step->arg[3] << 12;

	if (!group || !model_device_open(group) || group->nr_pins == MODEL_RANGES)
		return;
	group->pins[group->nr_pins++] = (struct range){ step->arg[2], size };
}

static void apply_unpin(struct model *model, const struct step *step)
{
	struct model_group *group = group_of(model, step->file);
	int i;

	for (i = 0; group && i < group->nr_pins; i++) {
		if (group->pins[i].iova != step->arg[2] ||
		    group->pins[i].size != step->arg[3] << 12)
			continue;
		group->pins[i] = group->pins[--group->nr_pins];
		return;
	}
}

void model_apply(struct model *model, const struct step *step)
{
	struct model_group *group = group_of(model, step->file);

	/* The files that a child opens or closes are its own. */
	if (step->in_child && (step->op == OP_OPEN || step->op == OP_CLOSE ||
			       step->op == OP_GET_DEVICE))
		return;
	if (step->where != WHERE_RW && step->where != WHERE_READ_ONLY)
		return;
	switch (step->op) {
	case OP_OPEN: apply_open(model, step->file); break;
	case OP_CLOSE: apply_close(model, step->file); break;
	case OP_SET_CONTAINER: apply_attach(model, step); break;
	case OP_SET_IOMMU: apply_set_iommu(model, step); break;
	case OP_GET_DEVICE: apply_get_device(model, step); break;
	case OP_MAP: apply_map(model, step); break;
	case OP_UNMAP: apply_unmap(model, step); break;
	case OP_PIN: apply_pin(model, step); break;
	case OP_UNPIN: apply_unpin(model, step); break;
	case OP_FORK: model->child = true; break;
	case OP_JOIN: model->child = false; break;
	case OP_UNSET_CONTAINER:
		if (group && group->open && group->object >= 0 && !model_device_open(group))
			detach(model, group);
		break;
	default: break;
	}
}
