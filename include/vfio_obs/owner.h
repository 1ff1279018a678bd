/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * owner.h - what is told about a container's owner and about a group's devices, in one list each
 *
 * Structures, recordings, JSON keys and the model follow from these lists, which only ever grow at
 * their ends: numbers and order are a file format.
 */
#ifndef VFIO_OBS_OWNER_H
#define VFIO_OBS_OWNER_H

/* K(number, ENUM, key): what the owner is; the key is the name in JSON and on the screen. */
#define VFIO_OBS_OWNER_KINDS(K)                                                                    \
	K(0, UNKNOWN, "unknown")                                                                   \
	K(1, PROCESS, "process")                                                                   \
	K(2, QEMU, "qemu")                                                                         \
	K(3, LIBVIRT, "libvirt")                                                                   \
	K(4, CLOUD_HYPERVISOR, "cloud-hypervisor")                                                 \
	K(5, FIRECRACKER, "firecracker")                                                           \
	K(6, KATA, "kata")                                                                         \
	K(7, KUBEVIRT, "kubevirt")                                                                 \
	K(8, POD, "pod")                                                                           \
	K(9, CONTAINER, "container")

/*
 * T(ENUM, key): texts about an owner, each "" when there is none.
 * NAME       VM, Kata sandbox, namespace/VMI of KubeVirt, container; program of a process
 * UUID       the VM's
 * POD        Kubernetes' uid of the pod
 * CONTAINER  the container runtime's id
 * RUNTIME    containerd, cri-o, docker, podman, lxc, nspawn
 * UNIT       systemd service
 * CGROUP     path below the cgroup mount
 * WHY        of an unknown owner: what could not be looked up
 */
#define VFIO_OBS_OWNER_TEXTS(T)                                                                    \
	T(NAME, "name")                                                                            \
	T(UUID, "uuid")                                                                            \
	T(POD, "pod_uid")                                                                          \
	T(CONTAINER, "container_id")                                                               \
	T(RUNTIME, "runtime")                                                                      \
	T(UNIT, "unit")                                                                            \
	T(CGROUP, "cgroup_path")                                                                   \
	T(WHY, "why")

/*
 * T(ENUM, key): texts about a device of a group.
 * NAME       BDF, UUID of a mediated device, name of a platform device
 * PARENT     of a mediated device: the device that it is a part of
 */
#define VFIO_OBS_DEVICE_TEXTS(T)                                                                   \
	T(NAME, "name")                                                                            \
	T(BUS, "bus")                                                                              \
	T(DRIVER, "driver")                                                                        \
	T(VENDOR, "vendor")                                                                        \
	T(MODEL, "device")                                                                         \
	T(PARENT, "parent")                                                                        \
	T(MDEV_TYPE, "mdev_type")

enum vfio_owner_kind {
#define K(number, ENUM, key) VFIO_OWNER_##ENUM = number,
	VFIO_OBS_OWNER_KINDS(K)
#undef K
	VFIO_OWNER_KINDS
};

enum vfio_owner_text {
#define T(ENUM, key) VFIO_OWNER_##ENUM##_TEXT,
	VFIO_OBS_OWNER_TEXTS(T)
#undef T
	VFIO_OWNER_TEXTS
};

enum vfio_device_text {
#define T(ENUM, key) VFIO_DEVICE_##ENUM,
	VFIO_OBS_DEVICE_TEXTS(T)
#undef T
	VFIO_DEVICE_TEXTS
};

/* Bytes of one text with its end; longer ones are cut. */
#define VFIO_OBS_TEXT_MAX 512
/* Devices listed of one group; real groups have a handful. */
#define VFIO_OBS_DEVICES_MAX 256
/* No PCI id. */
#define VFIO_OBS_NO_PCI_ID (~0U)

#endif
