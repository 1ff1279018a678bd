/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * once.bpf.h - reading or storing what other programs change at the same time
 */
#ifndef VFIO_OBS_ONCE_BPF_H
#define VFIO_OBS_ONCE_BPF_H

#define read_once(x) (*(const volatile __typeof__(x) *)&(x))
#define write_once(x, value) ((void)(*(volatile __typeof__(x) *)&(x) = (value)))

#endif
