// SPDX-License-Identifier: GPL-2.0-only
/*
 * kernel_types.c - the types and functions of the kernel and of vfio's modules, read once
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "btf_reduce.h"
#include "error.h"
#include "kernel_types.h"
#include "memory_file.h"
#include "tp_module.h"
#include "xalloc.h"

#define BTF_DIR "/sys/kernel/btf/"
#define MODULE_EVENTS "/sys/kernel/tracing/events/vfio/vfio_container_open"

static const char *const names[KERNEL_TYPES_N] = {
	[KERNEL_TYPES_KERNEL] = "vmlinux",
	[KERNEL_TYPES_VFIO] = "vfio",
	[KERNEL_TYPES_TYPE1] = "vfio_iommu_type1",
};

const char *const kernel_types__structs[] = {
	"bpf_iter__task_file", "bpf_iter_meta", "cdev", "cgroup", "css_set", "file",
	"file_operations", "inode", "iommu_group", "kernfs_node", "kref", "list_head", "module",
	"rb_node", "rb_root", "refcount_struct", "task_struct", "vfio_container", "vfio_device",
	"vfio_device_file", "vfio_dma", "vfio_group", "vfio_iommu", "vfio_iommu_driver",
	"vfio_iommu_driver_ops", "vfio_obs_container", NULL
};
#define N_STRUCTS (ARRAY_SIZE(kernel_types__structs) - 1)

/* The kernel's own functions that programs are attached to. */
static const char *const functions[] = { "bpf_iter_task_file", "iommu_group_claim_dma_owner" };
#define N_FUNCTIONS ARRAY_SIZE(functions)

/* What one program is for. @btf_fd: of the module's BTF, 0 it is the kernel's */
struct aim {
	const struct bpf_program *prog;
	int btf_fd;
	__u32 id;
};

/*
 * @btf:     NULL: not loaded, or has none
 * @load:    of the modules, a number that differs for each load; 0 not loaded
 * @btf_fd:  the kernel's descriptors of the modules' BTFs, -1 not opened yet
 * @functions: numbers of the kernel's, 0 there is none
 * @file:    those of kernel_types__structs, -1 none; @path leads to it
 */
struct kernel_types {
	struct btf *btf[KERNEL_TYPES_N];
	ino_t load[KERNEL_TYPES_N];
	int btf_fd[KERNEL_TYPES_N];
	__u32 functions[N_FUNCTIONS];
	int file;
	char path[32];
	struct aim *aims;
	unsigned int n_aims;
	struct kernel_types *next;
};

/* All that live: libbpf's callback has but the program. */
static struct kernel_types *all;

static const struct aim *find_aim(const struct bpf_program *prog)
{
	for (struct kernel_types *types = all; types; types = types->next)
		/* The last first: earlier ones may be of an object that is closed again. */
		for (unsigned int i = types->n_aims; i-- > 0;)
			if (types->aims[i].prog == prog)
				return &types->aims[i];
	return NULL;
}

static int prepare_load(struct bpf_program *prog, struct bpf_prog_load_opts *opts, long cookie)
{
	const struct aim *aim = find_aim(prog);

	if (!aim)
		return -ENOENT;
	opts->attach_prog_fd = 0; /* that of kernel_types__aim() */
	opts->attach_btf_obj_fd = aim->btf_fd;
	opts->attach_btf_id = aim->id;
	return 0;
}

/* libbpf's own would read the kernel's BTF. */
static int register_handlers(void)
{
	static const struct {
		const char *section;
		enum bpf_attach_type type;
	} kinds[] = {
		{ "fentry/", BPF_TRACE_FENTRY }, { "fexit/", BPF_TRACE_FEXIT },
		{ "iter/", BPF_TRACE_ITER },
	};
	LIBBPF_OPTS(libbpf_prog_handler_opts, opts, .prog_prepare_load_fn = prepare_load);
	static bool done;

	for (size_t i = 0; !done && i < ARRAY_SIZE(kinds); i++) {
		int ret = libbpf_register_prog_handler(kinds[i].section, BPF_PROG_TYPE_TRACING,
						       kinds[i].type, &opts);

		if (ret < 0)
			return ret;
	}
	done = true;
	return 0;
}

/* Why a BTF could not be read, although vfio is loaded. */
static int explain_no_btf(int cause, char *err, size_t err_size)
{
	if (access(BTF_DIR "vmlinux", R_OK))
		error__set(err, err_size, "cannot attach to vfio: this kernel has no BTF (%s: %s); "
			   "boot one built with CONFIG_DEBUG_INFO_BTF, as Debian's are",
			   BTF_DIR "vmlinux", strerror(errno));
	else if (!access(MODULE_EVENTS, F_OK))
		error__set(err, err_size, "cannot attach to vfio: the loaded vfio.ko was built "
			   "without BTF (%s: %s); build it again with 'make kmod'", BTF_DIR "vfio",
			   strerror(-cause));
	else
		error__set(err, err_size, "cannot attach to vfio: the loaded vfio module has no BTF "
			   "(%s: %s) and no tracepoints; unload it and load ours", BTF_DIR "vfio",
			   strerror(-cause));
	return -ENOTSUP;
}

/* In one piece from the kernel, which costs half of what reading the file does. NULL and errno. */
static struct btf *read_kernel_btf(void)
{
	struct bpf_btf_info info = { 0 };
	__u32 len = sizeof(info), id;
	struct btf *btf = NULL;
	int fd = tp_module__open_btf(names[KERNEL_TYPES_KERNEL], &id);

	if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &len)) {
		void *data = xreallocarray(NULL, info.btf_size, 1);

		info = (struct bpf_btf_info){
			.btf = (unsigned long)data, .btf_size = info.btf_size,
		};
		if (!bpf_obj_get_info_by_fd(fd, &info, &len))
			btf = btf__new(data, info.btf_size);
		free(data);
	}
	if (fd >= 0)
		close(fd);
	/* Without CAP_SYS_ADMIN there is but the file. */
	return btf ? btf : btf__parse(BTF_DIR "vmlinux", NULL);
}

/* sysfs numbers its entries upwards, so a reloaded module has another number. */
static ino_t load_of(enum kernel_types_of of)
{
	struct stat st;
	char path[64];

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", names[of]);
	return stat(path, &st) ? 0 : st.st_ino;
}

static int read_btfs(struct kernel_types *types)
{
	types->btf[KERNEL_TYPES_KERNEL] = read_kernel_btf();
	if (!types->btf[KERNEL_TYPES_KERNEL])
		return -errno;
	for (int of = KERNEL_TYPES_VFIO; of < KERNEL_TYPES_N; of++) {
		char path[64];

		snprintf(path, sizeof(path), BTF_DIR "%s", names[of]);
		types->load[of] = load_of(of);
		types->btf[of] = btf__parse_split(path, types->btf[KERNEL_TYPES_KERNEL]);
		if (!types->btf[of] && of == KERNEL_TYPES_VFIO)
			return -errno;
	}
	return 0;
}

/* Number of its first type: those of the kernel come before a module's. */
static __u32 first_of(const struct kernel_types *types, enum kernel_types_of of)
{
	return of == KERNEL_TYPES_KERNEL ? 1 : btf__type_cnt(types->btf[KERNEL_TYPES_KERNEL]);
}

/* A set of the first two letters of the names that are looked for: few others have such. */
struct letters {
	__u8 bits[1 << 13];
};

static __u16 first_two(const char *name)
{
	return (__u8)name[0] | (name[0] ? (__u8)name[1] << 8 : 0);
}

static void add_letters(struct letters *letters, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		letters->bits[first_two(list[i]) >> 3] |= 1 << (first_two(list[i]) & 7);
}

static bool has_letters(const struct letters *letters, const char *name)
{
	return letters->bits[first_two(name) >> 3] >> (first_two(name) & 7) & 1;
}

static int find_name(const char *const *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i], name))
			return i;
	return -1;
}

/*
 * What is looked for in all BTFs, one after the other.
 * @found: one before has had it; @here: the one in hand
 */
struct search {
	struct letters letters;
	struct btf_reduce *reduce;
	bool found[N_STRUCTS], here[N_STRUCTS];
};

/* There may be several of a name in one BTF: libbpf takes those that agree. 0 or -errno. */
static int found_struct(struct search *search, const struct btf *btf, __u32 id, const char *name)
{
	int i = find_name(kernel_types__structs, N_STRUCTS, name);

	if (i < 0 || search->found[i])
		return 0;
	search->here[i] = true;
	return btf_reduce__add(search->reduce, btf, id);
}

static void found_function(struct kernel_types *types, __u32 id, const char *name)
{
	int i = find_name(functions, N_FUNCTIONS, name);

	if (i >= 0)
		types->functions[i] = id;
}

/* Of a module only the structures. 0 or -errno. */
static int look_through(struct kernel_types *types, enum kernel_types_of of, struct search *search)
{
	const struct btf *btf = types->btf[of];
	__u32 end = btf__type_cnt(btf);

	for (__u32 id = first_of(types, of); id < end; id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		bool function = btf_is_func(type);
		const char *name;
		int ret = 0;

		if (!function && !btf_is_struct(type))
			continue;
		name = btf__name_by_offset(btf, type->name_off);
		if (!has_letters(&search->letters, name))
			continue;
		if (!function)
			ret = found_struct(search, btf, id, name);
		else if (of == KERNEL_TYPES_KERNEL)
			found_function(types, id, name);
		if (ret)
			return ret;
	}
	for (size_t i = 0; i < N_STRUCTS; i++)
		search->found[i] |= search->here[i];
	return 0;
}

/* NULL: it could not be made. */
static struct btf *reduce(struct kernel_types *types)
{
	struct search search = {
		.reduce = btf_reduce__begin(types->btf[KERNEL_TYPES_KERNEL]),
	};
	struct btf *btf;
	int ret = 0;

	add_letters(&search.letters, kernel_types__structs, N_STRUCTS);
	add_letters(&search.letters, functions, N_FUNCTIONS);
	for (int of = 0; !ret && of < KERNEL_TYPES_N; of++)
		if (types->btf[of])
			ret = look_through(types, of, &search);
	btf = btf_reduce__end(search.reduce);
	if (!ret)
		return btf;
	btf__free(btf);
	return NULL;
}

/* In memory, as libbpf takes them from a file only. */
static void write_file(struct kernel_types *types, const struct btf *btf)
{
	__u32 size;
	const char *data = btf ? btf__raw_data(btf, &size) : NULL;
	int fd;

	if (data)
		types->file = memory_file__create("types", data, size);
	if (types->file < 0)
		return;
	snprintf(types->path, sizeof(types->path), "/proc/self/fd/%d", types->file);
	fd = open(types->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) /* there is no /proc */
		*types->path = '\0';
	else
		close(fd);
}

int kernel_types__read(struct kernel_types **to, char *err, size_t err_size)
{
	struct kernel_types *types;
	struct btf *btf;
	int ret;

	if (!tp_module__instance()) {
		error__set(err, err_size, "cannot attach to vfio: the vfio module is not loaded; run "
			   "'modprobe vfio'");
		return -ENOENT;
	}
	ret = register_handlers(); /* taken by objects that are opened later */
	if (ret) {
		error__set(err, err_size, "cannot prepare libbpf: %s", strerror(-ret));
		return ret;
	}
	types = xcalloc(1, sizeof(*types));
	types->file = -1;
	for (int of = 0; of < KERNEL_TYPES_N; of++)
		types->btf_fd[of] = -1;
	types->next = all;
	all = types;
	ret = read_btfs(types);
	if (ret) {
		kernel_types__free(types);
		return explain_no_btf(ret, err, err_size);
	}
	btf = reduce(types);
	write_file(types, btf);
	btf__free(btf);
	*to = types;
	return 0;
}

void kernel_types__free(struct kernel_types *types)
{
	struct kernel_types **at = &all;

	if (!types)
		return;
	while (*at != types)
		at = &(*at)->next;
	*at = types->next;
	for (int of = KERNEL_TYPES_N; of-- > 0;) { /* the kernel's last: the others build on it */
		btf__free(types->btf[of]);
		if (types->btf_fd[of] >= 0)
			close(types->btf_fd[of]);
	}
	if (types->file >= 0)
		close(types->file);
	free(types->aims);
	free(types);
}

bool kernel_types__is_current(const struct kernel_types *types)
{
	for (int of = KERNEL_TYPES_VFIO; of < KERNEL_TYPES_N; of++)
		if (types->load[of] != load_of(of) || (types->load[of] && !types->btf[of]))
			return false;
	return true;
}

/* Of a module's own. 0: there is none. */
static __u32 find_in_module(const struct kernel_types *types, enum kernel_types_of of,
			    const char *name, unsigned int kind)
{
	const struct btf *btf = types->btf[of];
	__u32 end = btf ? btf__type_cnt(btf) : 0;

	for (__u32 id = first_of(types, of); id < end; id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);

		if (btf_kind(type) == kind &&
		    !strcmp(btf__name_by_offset(btf, type->name_off), name))
			return id;
	}
	return 0;
}

static __u32 find_function(const struct kernel_types *types, enum kernel_types_of of,
			   const char *name)
{
	int i;

	if (of != KERNEL_TYPES_KERNEL)
		return find_in_module(types, of, name, BTF_KIND_FUNC);
	i = find_name(functions, N_FUNCTIONS, name);
	return i < 0 ? 0 : types->functions[i];
}

bool kernel_types__function(const struct kernel_types *types, enum kernel_types_of of,
			    const char *name)
{
	return find_function(types, of, name);
}

const struct btf *kernel_types__vfio(const struct kernel_types *types)
{
	return types->btf[KERNEL_TYPES_VFIO];
}

const struct btf_type *kernel_types__proto(const struct kernel_types *types, const char *name)
{
	const struct btf *btf = types->btf[KERNEL_TYPES_VFIO];
	const struct btf_type *type;
	char full[80];
	__u32 id;

	snprintf(full, sizeof(full), "btf_trace_%s", name);
	id = find_in_module(types, KERNEL_TYPES_VFIO, full, BTF_KIND_TYPEDEF);
	if (!id)
		return NULL;
	type = btf__type_by_id(btf, btf__type_by_id(btf, id)->type);
	if (!type || !btf_is_ptr(type))
		return NULL;
	type = btf__type_by_id(btf, type->type);
	return type && btf_is_func_proto(type) ? type : NULL;
}

const char *kernel_types__path(const struct kernel_types *types)
{
	return *types->path ? types->path : NULL;
}

/* The kernel's descriptor of the BTF that was read; -ENOENT when it is not loaded any more. */
static int open_module_btf(const struct kernel_types *types, enum kernel_types_of of)
{
	__u32 id;
	int fd = tp_module__open_btf(names[of], &id);

	if (fd < 0 || load_of(of) == types->load[of])
		return fd;
	close(fd);
	return -ENOENT;
}

int kernel_types__aim(struct kernel_types *types, struct bpf_program *prog,
		      enum kernel_types_of of, const char *function)
{
	__u32 id = find_function(types, of, function);

	if (!id)
		return -ENOENT;
	if (of != KERNEL_TYPES_KERNEL && types->btf_fd[of] < 0) {
		types->btf_fd[of] = open_module_btf(types, of);
		if (types->btf_fd[of] < 0)
			return types->btf_fd[of];
	}
	types->aims = xreallocarray(types->aims, types->n_aims + 1, sizeof(*types->aims));
	types->aims[types->n_aims++] = (struct aim){
		.prog = prog,
		.btf_fd = of == KERNEL_TYPES_KERNEL ? 0 : types->btf_fd[of],
		.id = id,
	};
	/* Any descriptor: libbpf then does not read the kernel's BTF to look for the function. */
	return bpf_program__set_attach_target(prog, types->file >= 0 ? types->file : 1, NULL);
}
