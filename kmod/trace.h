/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace.h - the tracepoints of system "vfio"
 *
 * An interface: perf, trace-cmd and bpftrace use them as they are, and BPF programs take the
 * arguments by position (append-only, at most 12). The rows and their fields are those of
 * include/vfio_obs/event_list.h; tests/vm compares the two through the module's BTF. Values only,
 * no kernel addresses. A duration of -1 is unknown: the operation began before its event was on.
 * Of pins and unpins, the hot path, those that began with both their events off are not told at
 * all.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vfio

#if !defined(VFIO_OBS_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VFIO_OBS_TRACE_H

#include <linux/tracepoint.h>
#include "compat.h"
#include "vfio_obs/event_list.h"

/* The value tables for __print_symbolic(); the detour lets the table's commas separate. */
#ifndef vfio_trace_symbols
#define vfio_trace_symbol(number, name) , { number, #name }
#define vfio_trace_symbols_(...) __print_symbolic(__VA_ARGS__)
#define vfio_trace_symbols(value, table)                                                           \
	vfio_trace_symbols_(value VFIO_OBS_VALUES_##table(vfio_trace_symbol))
#endif

TRACE_EVENT(vfio_container_open,
	TP_PROTO(u64 id, u32 slot, long ret),
	TP_ARGS(id, slot, ret),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, slot)
		__field(long, ret)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->slot = slot;
		__entry->ret = ret;
	),
	TP_printk("id=%llu slot=%d ret=%ld", __entry->id, __entry->slot, __entry->ret)
);

TRACE_EVENT(vfio_container_attach_start,
	TP_PROTO(u64 id, u32 slot, u32 group, u32 type),
	TP_ARGS(id, slot, group, type),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, slot)
		__field(u32, group)
		__field(u32, type)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->slot = slot;
		__entry->group = group;
		__entry->type = type;
	),
	TP_printk("id=%llu slot=%d group=%u type=%s", __entry->id, __entry->slot, __entry->group,
		  vfio_trace_symbols(__entry->type, group_type))
);

TRACE_EVENT(vfio_container_attach,
	TP_PROTO(u64 id, u32 slot, u32 group, u32 type, u32 groups, u32 refs, long ret,
		 u64 duration),
	TP_ARGS(id, slot, group, type, groups, refs, ret, duration),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, slot)
		__field(u32, group)
		__field(u32, type)
		__field(u32, groups)
		__field(u32, refs)
		__field(long, ret)
		__field(u64, duration)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->slot = slot;
		__entry->group = group;
		__entry->type = type;
		__entry->groups = groups;
		__entry->refs = refs;
		__entry->ret = ret;
		__entry->duration = duration;
	),
	TP_printk("id=%llu slot=%d group=%u type=%s groups=%u refs=%u ret=%ld duration=%lld",
		  __entry->id, __entry->slot, __entry->group,
		  vfio_trace_symbols(__entry->type, group_type), __entry->groups, __entry->refs,
		  __entry->ret, __entry->duration)
);

TRACE_EVENT(vfio_container_detach,
	TP_PROTO(u64 id, u32 slot, u32 group, u32 groups, u32 refs, u32 reason, u64 duration),
	TP_ARGS(id, slot, group, groups, refs, reason, duration),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, slot)
		__field(u32, group)
		__field(u32, groups)
		__field(u32, refs)
		__field(u32, reason)
		__field(u64, duration)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->slot = slot;
		__entry->group = group;
		__entry->groups = groups;
		__entry->refs = refs;
		__entry->reason = reason;
		__entry->duration = duration;
	),
	TP_printk("id=%llu slot=%d group=%u groups=%u refs=%u reason=%s duration=%lld",
		  __entry->id, __entry->slot, __entry->group, __entry->groups, __entry->refs,
		  vfio_trace_symbols(__entry->reason, detach_reason), __entry->duration)
);

TRACE_EVENT(vfio_container_set_iommu_start,
	TP_PROTO(u64 id, u32 slot, u32 type, u32 groups),
	TP_ARGS(id, slot, type, groups),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, slot)
		__field(u32, type)
		__field(u32, groups)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->slot = slot;
		__entry->type = type;
		__entry->groups = groups;
	),
	TP_printk("id=%llu slot=%d type=%s groups=%u", __entry->id, __entry->slot,
		  vfio_trace_symbols(__entry->type, iommu_type), __entry->groups)
);

TRACE_EVENT(vfio_container_set_iommu,
	TP_PROTO(u64 id, u32 slot, u32 type, const char *backend, u32 groups, long ret,
		 u64 duration),
	TP_ARGS(id, slot, type, backend, groups, ret, duration),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, slot)
		__field(u32, type)
		__string(backend, backend)
		__field(u32, groups)
		__field(long, ret)
		__field(u64, duration)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->slot = slot;
		__entry->type = type;
		vfio_obs_assign_str(backend, backend);
		__entry->groups = groups;
		__entry->ret = ret;
		__entry->duration = duration;
	),
	TP_printk("id=%llu slot=%d type=%s backend=%s groups=%u ret=%ld duration=%lld",
		  __entry->id, __entry->slot, vfio_trace_symbols(__entry->type, iommu_type),
		  __get_str(backend), __entry->groups, __entry->ret, __entry->duration)
);

TRACE_EVENT(vfio_container_check_extension,
	TP_PROTO(u64 id, u32 slot, u64 extension, long ret),
	TP_ARGS(id, slot, extension, ret),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, slot)
		__field(u64, extension)
		__field(long, ret)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->slot = slot;
		__entry->extension = extension;
		__entry->ret = ret;
	),
	TP_printk("id=%llu slot=%d extension=%llu ret=%ld", __entry->id, __entry->slot,
		  __entry->extension, __entry->ret)
);

TRACE_EVENT(vfio_container_ioctl_start,
	TP_PROTO(u64 id, u32 slot, u32 cmd, u32 groups, bool has_backend, bool known, u32 flags,
		 u64 iova, u64 size, u64 vaddr),
	TP_ARGS(id, slot, cmd, groups, has_backend, known, flags, iova, size, vaddr),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, slot)
		__field(u32, cmd)
		__field(u32, groups)
		__field(bool, has_backend)
		__field(bool, known)
		__field(u32, flags)
		__field(u64, iova)
		__field(u64, size)
		__field(u64, vaddr)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->slot = slot;
		__entry->cmd = cmd;
		__entry->groups = groups;
		__entry->has_backend = has_backend;
		__entry->known = known;
		__entry->flags = flags;
		__entry->iova = iova;
		__entry->size = size;
		__entry->vaddr = vaddr;
	),
	TP_printk("id=%llu slot=%d cmd=%s groups=%u has_backend=%d known=%d flags=0x%x iova=0x%llx size=%llu vaddr=0x%llx",
		  __entry->id, __entry->slot, vfio_trace_symbols(__entry->cmd, ioctl_cmd),
		  __entry->groups, __entry->has_backend, __entry->known, __entry->flags,
		  __entry->iova, __entry->size, __entry->vaddr)
);

TRACE_EVENT(vfio_container_ioctl,
	TP_PROTO(u64 id, u32 slot, u32 cmd, u32 groups, bool has_backend, bool known, u32 flags,
		 u64 iova, u64 size, u64 vaddr, long ret, u64 duration),
	TP_ARGS(id, slot, cmd, groups, has_backend, known, flags, iova, size, vaddr, ret, duration),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, slot)
		__field(u32, cmd)
		__field(u32, groups)
		__field(bool, has_backend)
		__field(bool, known)
		__field(u32, flags)
		__field(u64, iova)
		__field(u64, size)
		__field(u64, vaddr)
		__field(long, ret)
		__field(u64, duration)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->slot = slot;
		__entry->cmd = cmd;
		__entry->groups = groups;
		__entry->has_backend = has_backend;
		__entry->known = known;
		__entry->flags = flags;
		__entry->iova = iova;
		__entry->size = size;
		__entry->vaddr = vaddr;
		__entry->ret = ret;
		__entry->duration = duration;
	),
	TP_printk("id=%llu slot=%d cmd=%s groups=%u has_backend=%d known=%d flags=0x%x iova=0x%llx size=%llu vaddr=0x%llx ret=%ld duration=%lld",
		  __entry->id, __entry->slot, vfio_trace_symbols(__entry->cmd, ioctl_cmd),
		  __entry->groups, __entry->has_backend, __entry->known, __entry->flags,
		  __entry->iova, __entry->size, __entry->vaddr, __entry->ret, __entry->duration)
);

DECLARE_EVENT_CLASS(vfio_container_ref,
	TP_PROTO(u64 id, u32 slot, u32 reason, u32 refs),
	TP_ARGS(id, slot, reason, refs),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, slot)
		__field(u32, reason)
		__field(u32, refs)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->slot = slot;
		__entry->reason = reason;
		__entry->refs = refs;
	),
	TP_printk("id=%llu slot=%d reason=%s refs=%u", __entry->id, __entry->slot,
		  vfio_trace_symbols(__entry->reason, ref_reason), __entry->refs)
);

DEFINE_EVENT(vfio_container_ref, vfio_container_get,
	TP_PROTO(u64 id, u32 slot, u32 reason, u32 refs),
	TP_ARGS(id, slot, reason, refs)
);

DEFINE_EVENT(vfio_container_ref, vfio_container_put,
	TP_PROTO(u64 id, u32 slot, u32 reason, u32 refs),
	TP_ARGS(id, slot, reason, refs)
);

DECLARE_EVENT_CLASS(vfio_device_users,
	TP_PROTO(u64 id, u32 slot, u32 group, u32 users, long ret),
	TP_ARGS(id, slot, group, users, ret),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, slot)
		__field(u32, group)
		__field(u32, users)
		__field(long, ret)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->slot = slot;
		__entry->group = group;
		__entry->users = users;
		__entry->ret = ret;
	),
	TP_printk("id=%llu slot=%d group=%u users=%u ret=%ld", __entry->id, __entry->slot,
		  __entry->group, __entry->users, __entry->ret)
);

DEFINE_EVENT(vfio_device_users, vfio_device_assign,
	TP_PROTO(u64 id, u32 slot, u32 group, u32 users, long ret),
	TP_ARGS(id, slot, group, users, ret)
);

DEFINE_EVENT(vfio_device_users, vfio_device_unassign,
	TP_PROTO(u64 id, u32 slot, u32 group, u32 users, long ret),
	TP_ARGS(id, slot, group, users, ret)
);

TRACE_EVENT(vfio_container_pin_start,
	TP_PROTO(u64 id, u32 slot, u32 group, u64 iova, u32 npage, u32 prot),
	TP_ARGS(id, slot, group, iova, npage, prot),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, slot)
		__field(u32, group)
		__field(u64, iova)
		__field(u32, npage)
		__field(u32, prot)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->slot = slot;
		__entry->group = group;
		__entry->iova = iova;
		__entry->npage = npage;
		__entry->prot = prot;
	),
	TP_printk("id=%llu slot=%d group=%u iova=0x%llx npage=%d prot=0x%x", __entry->id,
		  __entry->slot, __entry->group, __entry->iova, __entry->npage, __entry->prot)
);

TRACE_EVENT(vfio_container_pin,
	TP_PROTO(u64 id, u32 slot, u32 group, u64 iova, u32 npage, u32 prot, long ret,
		 u64 duration),
	TP_ARGS(id, slot, group, iova, npage, prot, ret, duration),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, slot)
		__field(u32, group)
		__field(u64, iova)
		__field(u32, npage)
		__field(u32, prot)
		__field(long, ret)
		__field(u64, duration)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->slot = slot;
		__entry->group = group;
		__entry->iova = iova;
		__entry->npage = npage;
		__entry->prot = prot;
		__entry->ret = ret;
		__entry->duration = duration;
	),
	TP_printk("id=%llu slot=%d group=%u iova=0x%llx npage=%d prot=0x%x ret=%ld duration=%lld",
		  __entry->id, __entry->slot, __entry->group, __entry->iova, __entry->npage,
		  __entry->prot, __entry->ret, __entry->duration)
);

TRACE_EVENT(vfio_container_unpin_start,
	TP_PROTO(u64 id, u32 slot, u32 group, u64 iova, u32 npage),
	TP_ARGS(id, slot, group, iova, npage),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, slot)
		__field(u32, group)
		__field(u64, iova)
		__field(u32, npage)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->slot = slot;
		__entry->group = group;
		__entry->iova = iova;
		__entry->npage = npage;
	),
	TP_printk("id=%llu slot=%d group=%u iova=0x%llx npage=%d", __entry->id, __entry->slot,
		  __entry->group, __entry->iova, __entry->npage)
);

TRACE_EVENT(vfio_container_unpin,
	TP_PROTO(u64 id, u32 slot, u32 group, u64 iova, u32 npage, u64 duration),
	TP_ARGS(id, slot, group, iova, npage, duration),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, slot)
		__field(u32, group)
		__field(u64, iova)
		__field(u32, npage)
		__field(u64, duration)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->slot = slot;
		__entry->group = group;
		__entry->iova = iova;
		__entry->npage = npage;
		__entry->duration = duration;
	),
	TP_printk("id=%llu slot=%d group=%u iova=0x%llx npage=%d duration=%lld", __entry->id,
		  __entry->slot, __entry->group, __entry->iova, __entry->npage, __entry->duration)
);

TRACE_EVENT(vfio_container_dma_rw_start,
	TP_PROTO(u64 id, u32 slot, u32 group, u64 iova, u64 len, bool write),
	TP_ARGS(id, slot, group, iova, len, write),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, slot)
		__field(u32, group)
		__field(u64, iova)
		__field(u64, len)
		__field(bool, write)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->slot = slot;
		__entry->group = group;
		__entry->iova = iova;
		__entry->len = len;
		__entry->write = write;
	),
	TP_printk("id=%llu slot=%d group=%u iova=0x%llx len=%llu write=%d", __entry->id,
		  __entry->slot, __entry->group, __entry->iova, __entry->len, __entry->write)
);

TRACE_EVENT(vfio_container_dma_rw,
	TP_PROTO(u64 id, u32 slot, u32 group, u64 iova, u64 len, bool write, long ret,
		 u64 duration),
	TP_ARGS(id, slot, group, iova, len, write, ret, duration),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, slot)
		__field(u32, group)
		__field(u64, iova)
		__field(u64, len)
		__field(bool, write)
		__field(long, ret)
		__field(u64, duration)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->slot = slot;
		__entry->group = group;
		__entry->iova = iova;
		__entry->len = len;
		__entry->write = write;
		__entry->ret = ret;
		__entry->duration = duration;
	),
	TP_printk("id=%llu slot=%d group=%u iova=0x%llx len=%llu write=%d ret=%ld duration=%lld",
		  __entry->id, __entry->slot, __entry->group, __entry->iova, __entry->len,
		  __entry->write, __entry->ret, __entry->duration)
);

TRACE_EVENT(vfio_container_close,
	TP_PROTO(u64 id, u32 slot, u32 refs),
	TP_ARGS(id, slot, refs),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, slot)
		__field(u32, refs)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->slot = slot;
		__entry->refs = refs;
	),
	TP_printk("id=%llu slot=%d refs=%u", __entry->id, __entry->slot, __entry->refs)
);

TRACE_EVENT(vfio_container_release,
	TP_PROTO(u64 id, u32 slot, u64 age),
	TP_ARGS(id, slot, age),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, slot)
		__field(u64, age)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->slot = slot;
		__entry->age = age;
	),
	TP_printk("id=%llu slot=%d age=%llu", __entry->id, __entry->slot, __entry->age)
);

DECLARE_EVENT_CLASS(vfio_iommu_driver,
	TP_PROTO(const char *backend, long ret),
	TP_ARGS(backend, ret),
	TP_STRUCT__entry(
		__string(backend, backend)
		__field(long, ret)
	),
	TP_fast_assign(
		vfio_obs_assign_str(backend, backend);
		__entry->ret = ret;
	),
	TP_printk("backend=%s ret=%ld", __get_str(backend), __entry->ret)
);

DEFINE_EVENT(vfio_iommu_driver, vfio_iommu_driver_register,
	TP_PROTO(const char *backend, long ret),
	TP_ARGS(backend, ret)
);

DEFINE_EVENT(vfio_iommu_driver, vfio_iommu_driver_unregister,
	TP_PROTO(const char *backend, long ret),
	TP_ARGS(backend, ret)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
