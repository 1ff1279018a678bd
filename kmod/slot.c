// SPDX-License-Identifier: GPL-2.0-only
/*
 * slot.c - small dense numbers for containers, so that observers can index an array
 *
 * Called by container.c. Always the lowest free number, as an observer walks its array up to the
 * highest one that it has seen; without memory of its own, so that a slot costs next to nothing.
 */
#include "container.h"

#include <linux/bitmap.h>
#include <linux/spinlock.h>

static DEFINE_SPINLOCK(lock);
static DECLARE_BITMAP(used, VFIO_OBS_SLOTS);
/* All slots below it are used. */
static unsigned int lowest;

/**
 * vfio_slot_get - the lowest free slot
 *
 * Return: the slot, to be given back with vfio_slot_put(), or VFIO_NO_SLOT when all are used.
 */
u32 vfio_slot_get(void)
{
	unsigned int slot;

	spin_lock(&lock);
	slot = find_next_zero_bit(used, VFIO_OBS_SLOTS, lowest);
	lowest = slot;
	if (slot < VFIO_OBS_SLOTS) {
		__set_bit(slot, used);
		lowest++;
	}
	spin_unlock(&lock);
	return slot < VFIO_OBS_SLOTS ? slot : VFIO_NO_SLOT;
}

/* vfio_slot_put - give @slot back; nothing to do for VFIO_NO_SLOT. */
void vfio_slot_put(u32 slot)
{
	if (slot == VFIO_NO_SLOT)
		return;
	spin_lock(&lock);
	__clear_bit(slot, used);
	if (slot < lowest)
		lowest = slot;
	spin_unlock(&lock);
}
