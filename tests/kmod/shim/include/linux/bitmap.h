/* SPDX-License-Identifier: GPL-2.0-only */
/* bitmap.h - the only bitmap of the container code is that of the slots: freeing one is logged */
#ifndef SHIM_BITMAP_H
#define SHIM_BITMAP_H

#include <linux/compiler.h>

#define SHIM_BITS 64
#define DECLARE_BITMAP(name, bits) unsigned long name[((bits) + SHIM_BITS - 1) / SHIM_BITS]

unsigned long find_next_zero_bit(const unsigned long *map, unsigned long size, unsigned long from);
void __set_bit(unsigned long nr, unsigned long *map);
void __clear_bit(unsigned long nr, unsigned long *map);

#endif
