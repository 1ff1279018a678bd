/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kernel_types.h - the types and functions of the kernel and of vfio's modules, read once
 *
 * libbpf reads the kernel's BTF for each object anew, and looks through all of it for each name:
 * most of a start went by with that. Here it is read and looked through once, and the objects are
 * given what libbpf would have looked for: a file with the types that the programs name, and the
 * numbers of the functions that they are attached to.
 */
#ifndef VFIO_OBS_KERNEL_TYPES_H
#define VFIO_OBS_KERNEL_TYPES_H

#include <bpf/libbpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct btf_type;
struct kernel_types;

/* Whose. TYPE1 is vfio_iommu_type1. */
enum kernel_types_of {
	KERNEL_TYPES_KERNEL,
	KERNEL_TYPES_VFIO,
	KERNEL_TYPES_TYPE1,
	KERNEL_TYPES_N
};

/*
 * The names of the structures that kernel_types__path() has, NULL at the end: those of
 * bpf/kernel.bpf.h, with one of which each access to the kernel's memory begins.
 */
extern const char *const kernel_types__structs[];

/*
 * kernel_types__read - of what is loaded now; type1 need not be. To be freed when the programs are
 * loaded: it is large. Returns 0, or -errno with a sentence in @err: vfio is not loaded (-ENOENT),
 * or it or the kernel has no BTF (-ENOTSUP).
 */
int kernel_types__read(struct kernel_types **types, char *err, size_t err_size);
void kernel_types__free(struct kernel_types *types); /* takes NULL */

/*
 * kernel_types__is_current - they are of the modules of vfio that are loaded now: type1 often comes
 * while the first programs are verified, and its BTF behind its folder in sysfs.
 */
bool kernel_types__is_current(const struct kernel_types *types);

/*
 * kernel_types__function - it is there. Of the kernel only those listed in kernel_types.c are
 * known; of a module all.
 */
bool kernel_types__function(const struct kernel_types *types, enum kernel_types_of of,
			    const char *name);

/*
 * kernel_types__proto - the arguments of a tracepoint of vfio: the FUNC_PROTO behind its
 * "typedef void (*btf_trace_NAME)(void *, ...)"; NULL none. @types own it.
 */
const struct btf_type *kernel_types__proto(const struct kernel_types *types, const char *name);

/* vfio's BTF, in which that is. */
const struct btf *kernel_types__vfio(const struct kernel_types *types);

/*
 * kernel_types__path - for btf_custom_path of an object that is loaded while @types live. NULL: it
 * could not be made, and libbpf must look for itself.
 */
const char *kernel_types__path(const struct kernel_types *types);

/*
 * kernel_types__aim - @prog, of a section fentry/, fexit/ or iter/ and not loaded yet, is for this
 * function; an iterator's is "bpf_iter_NAME" of the kernel. To be called of each one that is
 * loaded, which must be done while @types live. Returns 0, -ENOENT when there is no such function
 * or the module was unloaded meanwhile, or -errno of the kernel, which lets CAP_SYS_ADMIN only look
 * at modules.
 */
int kernel_types__aim(struct kernel_types *types, struct bpf_program *prog,
		      enum kernel_types_of of, const char *function);

#endif
