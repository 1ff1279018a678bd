/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event_list.h - the one list of VFIO container events
 *
 * Each row is a tracepoint of our vfio.ko or, with SCOPE HOOK, a function beside the container
 * that is traced whatever the module (bpf/vfio_hooks.bpf.c). The BPF wrappers, the record layout,
 * the prototype check before attaching, the names in reports, the JSON keys and the table in docs/
 * are all generated from these rows by redefining EV() and F(). Includes nothing.
 *
 * Two orders are an interface and append-only: the rows (their position is the event's number in
 * recordings) and the fields of a row (their position is the tracepoint's positional argument).
 *
 *   EV(ENUM, tracepoint, SCOPE, OP, HELP)
 *      SCOPE  CONTAINER: the arguments begin with (u64 id, u32 slot); MODULE: they do not;
 *             HOOK: no tracepoint, and of the container at most the id is known
 *      OP     the operation that the event completes (see VFIO_OBS_OPS), NONE if it completes none
 *   F(name, CTYPE, SHOW, HELP) for every argument behind id and slot
 *      CTYPE  u32 u64 s64 bool str (str is a kernel string; a record keeps 23 bytes of it)
 *      SHOW   DEC HEX SIZE NS RET, or the name of a value table below
 */
#ifndef VFIO_OBS_EVENT_LIST_H
#define VFIO_OBS_EVENT_LIST_H

/*
 * The module's slots are 0 .. VFIO_OBS_SLOTS - 1. A container beyond that many has none (-1) and is
 * not aggregated; recordings have its events all the same.
 */
#define VFIO_OBS_SLOTS 16384

#define VFIO_OBS_EVENTS(EV)                                                                        \
	EV(OPEN, vfio_container_open, CONTAINER, OPEN, "/dev/vfio/vfio opened")                    \
	EV(ATTACH_START, vfio_container_attach_start, CONTAINER, NONE, "a group's attach begins")  \
	EV(ATTACH, vfio_container_attach, CONTAINER, ATTACH, "a group was attached, or not")       \
	EV(DETACH, vfio_container_detach, CONTAINER, DETACH, "a group was detached")               \
	EV(SET_IOMMU_START, vfio_container_set_iommu_start, CONTAINER, NONE, "SET_IOMMU begins")   \
	EV(SET_IOMMU, vfio_container_set_iommu, CONTAINER, SET_IOMMU, "SET_IOMMU returned")        \
	EV(CHECK_EXTENSION, vfio_container_check_extension, CONTAINER, CHECK_EXTENSION,            \
	   "CHECK_EXTENSION returned")                                                             \
	EV(IOCTL_START, vfio_container_ioctl_start, CONTAINER, NONE,                               \
	   "an ioctl other than SET_IOMMU and CHECK_EXTENSION begins")                             \
	EV(IOCTL, vfio_container_ioctl, CONTAINER, IOCTL,                                          \
	   "an ioctl other than SET_IOMMU and CHECK_EXTENSION returned")                           \
	EV(GET, vfio_container_get, CONTAINER, NONE, "a reference was taken")                      \
	EV(PUT, vfio_container_put, CONTAINER, NONE, "a reference was dropped")                    \
	EV(ASSIGN, vfio_device_assign, CONTAINER, NONE, "a device file joined the container")      \
	EV(UNASSIGN, vfio_device_unassign, CONTAINER, NONE, "a device file left the container")    \
	EV(PIN_START, vfio_container_pin_start, CONTAINER, NONE, "vfio_pin_pages begins")          \
	EV(PIN, vfio_container_pin, CONTAINER, PIN, "vfio_pin_pages returned")                     \
	EV(UNPIN_START, vfio_container_unpin_start, CONTAINER, NONE, "vfio_unpin_pages begins")    \
	EV(UNPIN, vfio_container_unpin, CONTAINER, UNPIN, "vfio_unpin_pages returned")             \
	EV(DMA_RW_START, vfio_container_dma_rw_start, CONTAINER, NONE, "vfio_dma_rw begins")       \
	EV(DMA_RW, vfio_container_dma_rw, CONTAINER, DMA_RW, "vfio_dma_rw returned")               \
	EV(CLOSE, vfio_container_close, CONTAINER, NONE, "the container's file was closed")        \
	EV(RELEASE, vfio_container_release, CONTAINER, NONE, "the container was freed")            \
	EV(DRIVER_REGISTER, vfio_iommu_driver_register, MODULE, NONE, "an IOMMU backend came")     \
	EV(DRIVER_UNREGISTER, vfio_iommu_driver_unregister, MODULE, NONE, "an IOMMU backend left") \
	EV(GROUP_OPEN, vfio_group_open, HOOK, NONE, "a group's file was opened, or not")           \
	EV(GROUP_CLOSE, vfio_group_close, HOOK, NONE, "a group's file is being closed")            \
	EV(GROUP_IOCTL, vfio_group_ioctl, HOOK, NONE, "an ioctl on a group's file returned")       \
	EV(CLAIM_DMA_OWNER, vfio_claim_dma_owner, HOOK, NONE,                                      \
	   "iommu_group_claim_dma_owner returned")                                                 \
	EV(DEVICE_CLOSE, vfio_device_close, HOOK, NONE, "a device's file was closed")              \
	EV(MAP_PARTS, vfio_map_parts, HOOK, NONE, "where the time of a MAP_DMA went")

/* The fields of each row: VFIO_OBS_FIELDS_<ENUM>(F). */

#define VFIO_OBS_FIELDS_OPEN(F) F(ret, s64, RET, "0 or -errno")

#define VFIO_OBS_FIELDS_ATTACH_START(F)                                                            \
	F(group, u32, DEC, "number of the IOMMU group")                                            \
	F(type, u32, group_type, "kind of group")

#define VFIO_OBS_FIELDS_ATTACH(F)                                                                  \
	F(group, u32, DEC, "number of the IOMMU group")                                            \
	F(type, u32, group_type, "kind of group")                                                  \
	F(groups, u32, DEC, "groups attached after this call")                                     \
	F(refs, u32, DEC, "references that this transition left; unchanged on an error")           \
	F(ret, s64, RET, "0 or -errno")                                                            \
	F(duration, u64, NS, "time inside the call")

#define VFIO_OBS_FIELDS_DETACH(F)                                                                  \
	F(group, u32, DEC, "number of the IOMMU group")                                            \
	F(groups, u32, DEC, "groups attached after this call")                                     \
	F(refs, u32, DEC, "references that this transition left")                                  \
	F(reason, u32, detach_reason, "who detached")                                              \
	F(duration, u64, NS, "time inside the call")

#define VFIO_OBS_FIELDS_SET_IOMMU_START(F)                                                         \
	F(type, u32, iommu_type, "IOMMU type asked for")                                           \
	F(groups, u32, DEC, "groups attached")

#define VFIO_OBS_FIELDS_SET_IOMMU(F)                                                               \
	F(type, u32, iommu_type, "IOMMU type asked for")                                           \
	F(backend, str, STR, "backend that took the container; empty when none did")               \
	F(groups, u32, DEC, "groups attached")                                                     \
	F(ret, s64, RET, "0 or -errno")                                                            \
	F(duration, u64, NS, "time inside the call")

#define VFIO_OBS_FIELDS_CHECK_EXTENSION(F)                                                         \
	F(extension, u64, DEC, "extension asked for")                                              \
	F(ret, s64, RET, "positive: supported")

#define VFIO_OBS_FIELDS_IOCTL_START(F)                                                             \
	F(cmd, u32, ioctl_cmd, "ioctl number")                                                     \
	F(groups, u32, DEC, "groups attached")                                                     \
	F(has_backend, bool, DEC, "a backend was set")                                             \
	F(known, bool, DEC, "the user's MAP_DMA/UNMAP_DMA structure could be read")                \
	F(flags, u32, HEX, "its flags")                                                            \
	F(iova, u64, HEX, "its iova")                                                              \
	F(size, u64, SIZE, "its size in bytes")                                                    \
	F(vaddr, u64, HEX, "its vaddr (MAP_DMA)")

#define VFIO_OBS_FIELDS_IOCTL(F)                                                                   \
	F(cmd, u32, ioctl_cmd, "ioctl number")                                                     \
	F(groups, u32, DEC, "groups attached")                                                     \
	F(has_backend, bool, DEC, "a backend was set")                                             \
	F(known, bool, DEC, "the user's MAP_DMA/UNMAP_DMA structure could be read")                \
	F(flags, u32, HEX, "its flags")                                                            \
	F(iova, u64, HEX, "its iova")                                                              \
	F(size, u64, SIZE, "its size in bytes; for UNMAP_DMA what the call gave back")             \
	F(vaddr, u64, HEX, "its vaddr (MAP_DMA)")                                                  \
	F(ret, s64, RET, "the ioctl's result")                                                     \
	F(duration, u64, NS, "time inside the call")

#define VFIO_OBS_FIELDS_GET(F)                                                                     \
	F(reason, u32, ref_reason, "who took the reference")                                       \
	F(refs, u32, DEC, "references that this transition left")

#define VFIO_OBS_FIELDS_PUT(F)                                                                     \
	F(reason, u32, ref_reason, "who dropped the reference")                                    \
	F(refs, u32, DEC, "references that this transition left")

#define VFIO_OBS_FIELDS_ASSIGN(F)                                                                  \
	F(group, u32, DEC, "number of the IOMMU group")                                            \
	F(users, u32, DEC, "users of the container through this group")                            \
	F(ret, s64, RET, "0 or -errno")

#define VFIO_OBS_FIELDS_UNASSIGN(F)                                                                \
	F(group, u32, DEC, "number of the IOMMU group")                                            \
	F(users, u32, DEC, "users of the container through this group")                            \
	F(ret, s64, RET, "0")

#define VFIO_OBS_FIELDS_PIN_START(F)                                                               \
	F(group, u32, DEC, "number of the IOMMU group")                                            \
	F(iova, u64, HEX, "first iova")                                                            \
	F(npage, u32, DEC, "pages asked for")                                                      \
	F(prot, u32, HEX, "IOMMU_READ, IOMMU_WRITE")

#define VFIO_OBS_FIELDS_PIN(F)                                                                     \
	F(group, u32, DEC, "number of the IOMMU group")                                            \
	F(iova, u64, HEX, "first iova")                                                            \
	F(npage, u32, DEC, "pages asked for")                                                      \
	F(prot, u32, HEX, "IOMMU_READ, IOMMU_WRITE")                                               \
	F(ret, s64, RET, "pages pinned or -errno")                                                 \
	F(duration, u64, NS, "time inside the call")

#define VFIO_OBS_FIELDS_UNPIN_START(F)                                                             \
	F(group, u32, DEC, "number of the IOMMU group")                                            \
	F(iova, u64, HEX, "first iova")                                                            \
	F(npage, u32, DEC, "pages")

#define VFIO_OBS_FIELDS_UNPIN(F)                                                                   \
	F(group, u32, DEC, "number of the IOMMU group")                                            \
	F(iova, u64, HEX, "first iova")                                                            \
	F(npage, u32, DEC, "pages")                                                                \
	F(duration, u64, NS, "time inside the call")

#define VFIO_OBS_FIELDS_DMA_RW_START(F)                                                            \
	F(group, u32, DEC, "number of the IOMMU group")                                            \
	F(iova, u64, HEX, "first iova")                                                            \
	F(len, u64, SIZE, "bytes")                                                                 \
	F(write, bool, DEC, "1: into the user's memory")

#define VFIO_OBS_FIELDS_DMA_RW(F)                                                                  \
	F(group, u32, DEC, "number of the IOMMU group")                                            \
	F(iova, u64, HEX, "first iova")                                                            \
	F(len, u64, SIZE, "bytes")                                                                 \
	F(write, bool, DEC, "1: into the user's memory")                                           \
	F(ret, s64, RET, "0 or -errno")                                                            \
	F(duration, u64, NS, "time inside the call")

#define VFIO_OBS_FIELDS_CLOSE(F) F(refs, u32, DEC, "references that the file's put left")

#define VFIO_OBS_FIELDS_RELEASE(F) F(age, u64, NS, "time since the open")

#define VFIO_OBS_FIELDS_DRIVER_REGISTER(F)                                                         \
	F(backend, str, STR, "name of the backend")                                                \
	F(ret, s64, RET, "0 or -errno")

#define VFIO_OBS_FIELDS_DRIVER_UNREGISTER(F)                                                       \
	F(backend, str, STR, "name of the backend")                                                \
	F(ret, s64, RET, "0, or -ENOENT when it was not registered")

#define VFIO_OBS_FIELDS_GROUP_OPEN(F)                                                              \
	F(group, u32, DEC, "number of the IOMMU group")                                            \
	F(ret, s64, RET, "0 or -errno; -EBUSY: it is open already")

#define VFIO_OBS_FIELDS_GROUP_CLOSE(F) F(group, u32, DEC, "number of the IOMMU group")

#define VFIO_OBS_FIELDS_GROUP_IOCTL(F)                                                             \
	F(group, u32, DEC, "number of the IOMMU group")                                            \
	F(cmd, u32, ioctl_cmd, "ioctl number")                                                     \
	F(ret, s64, RET, "the ioctl's result; of GET_DEVICE_FD the descriptor")                    \
	F(duration, u64, NS, "time inside the call")                                               \
	F(device, str, STR, "GET_DEVICE_FD: name that was asked for; empty: not readable")

#define VFIO_OBS_FIELDS_CLAIM_DMA_OWNER(F)                                                         \
	F(group, u32, DEC, "number of the IOMMU group")                                            \
	F(ret, s64, RET, "0 or -errno; -EPERM, -EBUSY: the group is not free")                     \
	F(duration, u64, NS, "time inside the call")

#define VFIO_OBS_FIELDS_DEVICE_CLOSE(F)                                                            \
	F(group, u32, DEC, "number of the IOMMU group")                                            \
	F(duration, u64, NS, "time inside the call")

/* All but ret are sums for the model, whose keys they are. */
#define VFIO_OBS_FIELDS_MAP_PARTS(F)                                                               \
	F(ret, s64, RET, "the ioctl's result")                                                     \
	F(total_ns, u64, NS, "time inside the ioctl")                                              \
	F(pin_ns, u64, NS, "of it in vfio_pin_pages_remote: page faults, zeroing, pinning")        \
	F(chunks, u64, DEC, "contiguous chunks of memory that it gave")                            \
	F(pin_bytes, u64, SIZE, "bytes in them")                                                   \
	F(iommu_ns, u64, NS, "of it behind the pin of a chunk: mapping the chunk in the IOMMU")    \
	F(iommu_maps, u64, DEC, "iommu:map: chunks mapped, one for each domain")                   \
	F(iommu_bytes, u64, SIZE, "iommu:map: bytes in them")

/*
 * Operations that are counted and, where the event has a duration, timed. MAP and UNMAP are the
 * ioctls MAP_DMA and UNMAP_DMA; IOCTL is every other one that reaches the IOCTL event.
 *   OP(ENUM, json key, TIMED, HELP)
 */
#define VFIO_OBS_OPS(OP)                                                                           \
	OP(OPEN, open, 0, "open of /dev/vfio/vfio")                                                \
	OP(ATTACH, attach, 1, "GROUP_SET_CONTAINER reaching the container")                        \
	OP(DETACH, detach, 1, "a group leaving the container")                                     \
	OP(SET_IOMMU, set_iommu, 1, "SET_IOMMU")                                                   \
	OP(CHECK_EXTENSION, check_extension, 0, "CHECK_EXTENSION")                                 \
	OP(MAP, map_dma, 1, "MAP_DMA")                                                             \
	OP(UNMAP, unmap_dma, 1, "UNMAP_DMA")                                                       \
	OP(IOCTL, ioctl, 1, "any other ioctl")                                                     \
	OP(PIN, pin, 1, "vfio_pin_pages")                                                          \
	OP(UNPIN, unpin, 1, "vfio_unpin_pages")                                                    \
	OP(DMA_RW, dma_rw, 1, "vfio_dma_rw")

/* Value tables: VFIO_OBS_VALUES_<table>(V), V(number, name). */
#define VFIO_OBS_VALUES_group_type(V) V(0, iommu) V(1, emulated) V(2, noiommu)
#define VFIO_OBS_VALUES_detach_reason(V) V(0, unset) V(1, group_close) V(2, device_removal)
#define VFIO_OBS_VALUES_ref_reason(V) V(0, file) V(1, group)
/* uapi/linux/vfio.h: VFIO_*_IOMMU */
#define VFIO_OBS_VALUES_iommu_type(V)                                                              \
	V(1, type1) V(2, spapr_tce) V(3, type1v2) V(6, type1_nesting) V(7, spapr_tce_v2)           \
	V(8, noiommu)
/* uapi/linux/vfio.h: _IO(VFIO_TYPE, VFIO_BASE + n) */
#define VFIO_OBS_VALUES_ioctl_cmd(V)                                                               \
	V(0x3b64, GET_API_VERSION) V(0x3b65, CHECK_EXTENSION) V(0x3b66, SET_IOMMU)                 \
	V(0x3b67, GROUP_GET_STATUS) V(0x3b68, GROUP_SET_CONTAINER)                                 \
	V(0x3b69, GROUP_UNSET_CONTAINER) V(0x3b6a, GROUP_GET_DEVICE_FD)                            \
	V(0x3b70, GET_INFO) V(0x3b71, MAP_DMA) V(0x3b72, UNMAP_DMA) V(0x3b73, ENABLE)              \
	V(0x3b74, DISABLE) V(0x3b75, DIRTY_PAGES)
/* Every value table, for generators: T(table) */
#define VFIO_OBS_VALUE_TABLES(T)                                                                   \
	T(group_type) T(detach_reason) T(ref_reason) T(iommu_type) T(ioctl_cmd)

#endif
