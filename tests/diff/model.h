/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a sequence has probably reached so far. The generator steers by it: it is a guess made
 * from the steps alone, never from what the kernel answered, so that both sides get the same
 * sequence. A wrong guess costs a failed call, no more.
 */
#ifndef VFIO_DIFF_MODEL_H
#define VFIO_DIFF_MODEL_H

#include "step.h"

#define MODEL_RANGES	24
#define MODEL_OBJECTS	16

struct range {
	uint64_t iova;
	uint64_t size;
};

/* Behind a container file, and perhaps still there when that is closed. */
struct object {
	int groups;
	int real_groups;
	int type;	/* of SET_IOMMU; 0: no backend */
	bool dirty;	/* tracking dirty pages */
	int nr_maps;
	struct range maps[MODEL_RANGES];
};

struct model_group {
	bool open;
	int object;	/* -1: not attached */
	bool device_open[NR_DEVICE_FILES];
	int nr_pins;
	struct range pins[MODEL_RANGES];
};

struct model {
	int container[NR_CONTAINERS];	/* the object of each open file, else -1 */
	struct model_group group[NR_GROUPS];
	int nr_objects;
	struct object objects[MODEL_OBJECTS];
	bool child;
};

void model_init(struct model *model);

/* Takes the step into account, if it is likely to succeed. */
void model_apply(struct model *model, const struct step *step);

/* The object behind a container file, or NULL. */
struct object *model_object(struct model *model, int file);

bool model_file_open(const struct model *model, int file);
bool model_device_open(const struct model_group *group);

#endif /* VFIO_DIFF_MODEL_H */
