// SPDX-License-Identifier: GPL-2.0-only
/*
 * tp_module.c - the loaded vfio module as the live sources need to know it
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "error.h"
#include "event.h"
#include "kernel_types.h"
#include "tp_module.h"
#include "xalloc.h"

#define MODULE_DIR "/sys/module/vfio"
#define TYPE1 "vfio_iommu_type1"

__u64 tp_module__instance(void)
{
	struct stat st;

	/* sysfs numbers its entries upwards, so a reloaded module has another number. */
	return stat(MODULE_DIR "/refcnt", &st) ? 0 : st.st_ino;
}

static unsigned int count_holders(void)
{
	DIR *dir = opendir(MODULE_DIR "/holders");
	struct dirent *entry;
	unsigned int n = 0;

	if (!dir)
		return 0;
	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

__u64 tp_module__type1_instance(void)
{
	struct stat st;

	if (stat("/sys/module/" TYPE1 "/refcnt", &st))
		return 0;
	return count_holders() > (access(MODULE_DIR "/holders/" TYPE1, F_OK) ? 0 : 1) ? st.st_ino :
											  0;
}

/* First line of a sysfs file, "" when it cannot be read. */
static void read_line(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "re");

	*buf = '\0';
	if (!f)
		return;
	if (!fgets(buf, size, f))
		*buf = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	fclose(f);
}

void tp_module__srcversion(char *buf, size_t size)
{
	read_line(MODULE_DIR "/srcversion", buf, size);
}

static int size_of_ctype(enum event_ctype ctype)
{
	switch (ctype) {
	case EVENT_CTYPE_u32:
		return sizeof(__u32);
	case EVENT_CTYPE_bool:
		return sizeof(bool);
	case EVENT_CTYPE_u64:
	case EVENT_CTYPE_s64:
		return sizeof(__u64);
	case EVENT_CTYPE_str:
		return sizeof(char *);
	}
	return -1;
}

static bool arg_matches(const struct btf *btf, const struct btf_param *arg, int size, bool pointer)
{
	int id = btf__resolve_type(btf, arg->type);
	const struct btf_type *type = id < 0 ? NULL : btf__type_by_id(btf, id);

	return type && btf_is_ptr(type) == pointer && btf__resolve_size(btf, arg->type) == size;
}

/* Compare one tracepoint's arguments with its row; the first is the tracer's own pointer. */
static int check_event(const struct kernel_types *types, const struct event_desc *desc, char *err,
		       size_t err_size)
{
	const struct btf_type *proto = kernel_types__proto(types, desc->tracepoint);
	const struct btf *btf = kernel_types__vfio(types);
	unsigned int first = desc->container ? 3 : 1;
	unsigned int want = first + desc->n_fields;
	const struct btf_param *args;
	bool same;

	if (!proto) {
		error__set(err, err_size, "cannot attach to %s: the loaded vfio module has no such "
			   "tracepoint; load the vfio.ko of this tool's version", desc->tracepoint);
		return -EPROTO;
	}
	args = btf_params(proto);
	same = btf_vlen(proto) == want;
	if (same && desc->container)
		same = arg_matches(btf, &args[1], sizeof(__u64), false) &&
		       arg_matches(btf, &args[2], sizeof(__u32), false);
	for (unsigned int i = 0; same && i < desc->n_fields; i++)
		same = arg_matches(btf, &args[first + i], size_of_ctype(desc->fields[i].ctype),
				   desc->fields[i].ctype == EVENT_CTYPE_str);
	if (same)
		return 0;
	error__set(err, err_size, "cannot attach to %s: its arguments in the loaded vfio module "
		   "are not those that this tool knows; load the vfio.ko of this tool's version",
		   desc->tracepoint);
	return -EPROTO;
}

/* Room for the BTF of some vfio.ko: that of ours has some 60 KB. */
#define MODULE_BTF_MAX (1 << 20)

int tp_module__is_ours(char *err, size_t err_size)
{
	FILE *f = fopen("/sys/kernel/btf/vfio", "re");
	char *data, name[80];
	size_t size;
	bool found;

	if (!f)
		return 0;
	data = xcalloc(1, MODULE_BTF_MAX);
	size = fread(data, 1, MODULE_BTF_MAX, f);
	fclose(f);
	snprintf(name, sizeof(name), "btf_trace_%s", event__desc(VFIO_EV_OPEN)->tracepoint);
	found = !size || size == MODULE_BTF_MAX || memmem(data, size, name, strlen(name) + 1);
	free(data);
	if (found)
		return 0;
	error__set(err, err_size, "cannot attach: the loaded vfio module is the distribution's own, "
		   "which has no tracepoints; use --source=fentry, or load ours (modinfo -n vfio "
		   "shows which one modprobe takes)");
	return -ENOTSUP;
}

int tp_module__check(const struct kernel_types *types, char *err, size_t err_size)
{
	int ret = 0;

	for (unsigned int type = 0; !ret && type < VFIO_EV_COUNT; type++)
		if (!event__desc(type)->hook)
			ret = check_event(types, event__desc(type), err, err_size);
	return ret;
}

static bool is_our_tracepoint(const char *name)
{
	for (unsigned int type = 0; type < VFIO_EV_COUNT; type++)
		if (!strcmp(name, event__desc(type)->tracepoint))
			return true;
	return false;
}

/*
 * The references of fentry programs on vfio: the kernel takes one for each program since 6.3,
 * before that one for each function that has some.
 */
unsigned int tp_module__refs_of_tracing(unsigned int programs, unsigned int functions)
{
	unsigned int major = 0, minor = 0;
	struct utsname uts;

	if (uname(&uts) || sscanf(uts.release, "%u.%u", &major, &minor) != 2)
		return functions;
	return major > 6 || (major == 6 && minor >= 3) ? programs : functions;
}

/* Links on vfio that were found, of whatever program. */
struct links {
	__u32 module_btf; /* id, 0 unknown */
	unsigned int raw; /* on our tracepoints */
	unsigned int programs; /* fentry and the like */
	unsigned int n_functions, max_functions;
	__u32 *functions; /* BTF ids of what these are on */
};

static void add_function(struct links *links, __u32 id)
{
	for (unsigned int i = 0; i < links->n_functions; i++)
		if (links->functions[i] == id)
			return;
	if (links->n_functions == links->max_functions) {
		links->max_functions += 32;
		links->functions = xreallocarray(links->functions, links->max_functions,
						 sizeof(*links->functions));
	}
	links->functions[links->n_functions++] = id;
}

static void look_at_link(struct links *links, __u32 id)
{
	char name[64] = "";
	struct bpf_link_info info = {
		.raw_tracepoint.tp_name = (unsigned long)name,
		.raw_tracepoint.tp_name_len = sizeof(name),
	};
	__u32 len = sizeof(info);
	int fd = bpf_link_get_fd_by_id(id);

	if (fd < 0)
		return;
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		info.type = BPF_LINK_TYPE_UNSPEC;
	close(fd);
	if (info.type == BPF_LINK_TYPE_RAW_TRACEPOINT) {
		links->raw += is_our_tracepoint(name);
	} else if (info.type == BPF_LINK_TYPE_TRACING && links->module_btf &&
		   info.tracing.target_obj_id == links->module_btf) {
		links->programs++;
		add_function(links, info.tracing.target_btf_id);
	}
}

int tp_module__open_btf(const char *of, __u32 *id)
{
	*id = 0;
	while (!bpf_btf_get_next_id(*id, id)) {
		char name[64] = "";
		struct bpf_btf_info info = {
			.name = (unsigned long)name,
			.name_len = sizeof(name),
		};
		__u32 len = sizeof(info);
		int fd = bpf_btf_get_fd_by_id(*id);

		if (fd < 0 && errno != ENOENT)
			return -errno;
		if (fd < 0)
			continue;
		if (!bpf_obj_get_info_by_fd(fd, &info, &len) && info.kernel_btf &&
		    !strcmp(name, of))
			return fd;
		close(fd);
	}
	return errno == ENOENT ? -ENOENT : -errno;
}

/* The number under which the kernel keeps the module's BTF, 0 when it does not tell. */
static __u32 module_btf_id(void)
{
	__u32 id;
	int fd = tp_module__open_btf("vfio", &id);

	if (fd < 0)
		return 0;
	close(fd);
	return id;
}

/* References that all links take. */
static unsigned int count_links(void)
{
	struct links links = { .module_btf = module_btf_id() };
	__u32 id = 0;

	while (!bpf_link_get_next_id(id, &id))
		look_at_link(&links, id);
	free(links.functions);
	return links.raw + tp_module__refs_of_tracing(links.programs, links.n_functions);
}

void tp_module__use(struct tp_module_use *use, unsigned int own_refs)
{
	char line[32];
	unsigned int found;

	memset(use, 0, sizeof(*use));
	use->holders = count_holders();
	read_line(MODULE_DIR "/refcnt", line, sizeof(line));
	use->refs = strtoul(line, NULL, 10);
	use->links = own_refs;
	if (use->holders || use->refs <= own_refs)
		return;
	found = count_links();
	if (found > own_refs)
		use->links = found;
}
