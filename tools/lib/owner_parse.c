// SPDX-License-Identifier: GPL-2.0-only
/*
 * owner_parse.c - what command lines, cgroup paths and files of /proc say about an owner
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "owner_parse.h"

/* A container runtime's and a Kata sandbox's id. */
#define RUNTIME_ID_LEN 64

static void copy_n(char *to, size_t size, const char *from, size_t n)
{
	snprintf(to, size, "%.*s", (int)n, from);
	event__make_text_printable(to, strlen(to));
}

static void copy(char *to, size_t size, const char *from)
{
	copy_n(to, size, from, strlen(from));
}

#define COPY(to, from) copy(to, sizeof(to), from)
#define COPY_N(to, from, n) copy_n(to, sizeof(to), from, n)

static size_t hex_length(const char *text)
{
	return strspn(text, "0123456789abcdef");
}

static bool starts_with(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

/* Command lines */

/* A walk through the arguments; each is a string. */
struct args {
	const char *at, *end;
};

static const char *next_arg(struct args *args)
{
	const char *arg = args->at;

	if (arg >= args->end)
		return NULL;
	args->at = arg + strlen(arg) + 1;
	return arg;
}

/*
 * The value of option @name at @arg: "--name VALUE", "-name VALUE" or "--name=VALUE". NULL: @arg
 * is not this option.
 */
static const char *option_value(const char *arg, const char *name, struct args *args)
{
	size_t length = strlen(name);

	if (*arg != '-')
		return NULL;
	arg += arg[1] == '-' ? 2 : 1;
	if (strncmp(arg, name, length))
		return NULL;
	if (arg[length] == '=')
		return arg + length + 1;
	return arg[length] ? NULL : next_arg(args);
}

/*
 * The value of @key in QEMU's "first,key=value,...", where ",," is a comma; the first needs no
 * key when that is @key. False: it is not there.
 */
static bool qemu_value(const char *list, const char *key, char *value, size_t size)
{
	size_t key_length = strlen(key), used = 0;
	const char *at = list;

	while (*at) {
		size_t word = strcspn(at, ",=");
		bool ours = at[word] == '=' ? word == key_length && !strncmp(at, key, word) :
					      at == list;

		if (at[word] == '=')
			at += word + 1;
		for (used = 0; *at && (*at != ',' || at[1] == ','); at++) {
			at += *at == ',';
			if (ours && used + 1 < size)
				value[used++] = *at;
		}
		at += *at == ',';
		if (!ours)
			continue;
		value[used] = '\0';
		event__make_text_printable(value, used);
		return true;
	}
	return false;
}

/* Whatever path of Kata's an argument has, "/run/vc/vm/ID/...": its sandbox. */
static bool kata_path(const char *arg, char *id, size_t size)
{
	static const char *const folders[] = { "/run/vc/vm/", "/run/kata/", "/run/vc/firecracker/" };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		const char *found = strstr(arg, folders[i]);

		if (!found)
			continue;
		found += strlen(folders[i]);
		copy_n(id, size, found, strcspn(found, "/,"));
		return *id;
	}
	return false;
}

/* "sandbox-" and an id: how Kata names its QEMU. */
static bool kata_name(const char *name)
{
	static const char prefix[] = "sandbox-";

	return starts_with(name, prefix) &&
	       hex_length(name + sizeof(prefix) - 1) == RUNTIME_ID_LEN &&
	       !name[sizeof(prefix) - 1 + RUNTIME_ID_LEN];
}

/* Whether QEMU was told to say KubeVirt in the SMBIOS, or uses its folders. */
static bool is_kubevirt(const char *arg)
{
	return strstr(arg, "family=KubeVirt") || strstr(arg, "manufacturer=KubeVirt") ||
	       strstr(arg, "/kubevirt-private/");
}

static void parse_qemu(struct args args, struct owner_cmdline *out)
{
	bool libvirt = false, kubevirt = false, kata;
	char sandbox[VFIO_OBS_TEXT_MAX] = "";
	const char *arg, *value;

	while ((arg = next_arg(&args))) {
		libvirt |= strstr(arg, "/libvirt/qemu/") != NULL;
		kubevirt |= is_kubevirt(arg);
		if (!*sandbox)
			kata_path(arg, sandbox, sizeof(sandbox));
		value = option_value(arg, "name", &args);
		if (value) {
			qemu_value(value, "guest", out->name, sizeof(out->name));
			continue;
		}
		value = option_value(arg, "uuid", &args);
		if (value)
			COPY(out->uuid, value);
		/* The argument of another option may hold the paths. */
	}
	kata = *sandbox || kata_name(out->name);
	out->kind = kata     ? VFIO_OWNER_KATA :
		    kubevirt ? VFIO_OWNER_KUBEVIRT :
		    libvirt  ? VFIO_OWNER_LIBVIRT :
			       VFIO_OWNER_QEMU;
	if (kata && *sandbox)
		COPY(out->name, sandbox);
	else if (kata)
		memmove(out->name, out->name + strlen("sandbox-"), RUNTIME_ID_LEN + 1);
}

/* Its only name is the socket through which it is ruled. */
static void parse_cloud_hypervisor(struct args args, struct owner_cmdline *out)
{
	char sandbox[VFIO_OBS_TEXT_MAX] = "";
	const char *arg, *value;

	out->kind = VFIO_OWNER_CLOUD_HYPERVISOR;
	while ((arg = next_arg(&args))) {
		value = option_value(arg, "api-socket", &args);
		if (value)
			qemu_value(value, "path", out->name, sizeof(out->name));
		if (!*sandbox)
			kata_path(value ? value : arg, sandbox, sizeof(sandbox));
	}
	if (!*sandbox)
		return;
	out->kind = VFIO_OWNER_KATA;
	COPY(out->name, sandbox);
}

static void parse_firecracker(struct args args, struct owner_cmdline *out)
{
	char sandbox[VFIO_OBS_TEXT_MAX] = "", socket[VFIO_OBS_TEXT_MAX] = "";
	const char *arg, *value;

	out->kind = VFIO_OWNER_FIRECRACKER;
	while ((arg = next_arg(&args))) {
		value = option_value(arg, "id", &args);
		if (value) {
			COPY(out->name, value);
			continue;
		}
		value = option_value(arg, "api-sock", &args);
		if (value)
			COPY(socket, value);
		if (!*sandbox)
			kata_path(value ? value : arg, sandbox, sizeof(sandbox));
	}
	if (*sandbox) {
		out->kind = VFIO_OWNER_KATA;
		COPY(out->name, sandbox);
	} else if (!*out->name) {
		COPY(out->name, socket);
	}
}

static bool is_qemu(const char *program)
{
	return starts_with(program, "qemu-system-") || !strcmp(program, "qemu-kvm") ||
	       !strcmp(program, "kvm") || !strcmp(program, "qemu");
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

void owner_parse__cmdline(const char *args, size_t size, struct owner_cmdline *out)
{
	/* Only what ends is an argument: a longer command line is cut by who reads it. */
	const char *last = memrchr(args, '\0', size);
	struct args walk = { args, last ? last + 1 : args };
	const char *program;

	memset(out, 0, sizeof(*out));
	program = next_arg(&walk);
	if (!program || !*program)
		return;
	program = base_name(program);
	if (is_qemu(program)) {
		parse_qemu(walk, out);
	} else if (starts_with(program, "cloud-hypervisor")) {
		parse_cloud_hypervisor(walk, out);
	} else if (starts_with(program, "firecracker")) {
		parse_firecracker(walk, out);
	} else {
		out->kind = VFIO_OWNER_PROCESS;
		COPY(out->name, program);
	}
}

/* Paths of cgroups */

/* systemd writes what it must not have in a unit's name as "\x2d". */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (from[0] == '\\' && from[1] == 'x' && isxdigit((unsigned char)from[2]) &&
		    isxdigit((unsigned char)from[3])) {
			char digits[3] = { from[2], from[3], '\0' };
			char decoded = strtoul(digits, NULL, 16);

			*to++ = decoded ? decoded : '?';
			from += 3;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
	event__make_text_printable(text, strlen(text));
}

/* Removes @suffix; whether it was there. */
static bool strip(char *text, const char *suffix)
{
	size_t length = strlen(text), n = strlen(suffix);

	if (length < n || strcmp(text + length - n, suffix))
		return false;
	text[length - n] = '\0';
	return true;
}

/*
 * "pod" and a uid: 8-4-4-4-12 digits, with '_' for '-' where systemd made slices of it, or the 32
 * digits of a static pod.
 */
static bool pod_uid(const char *text, struct owner_cgroup *out)
{
	static const size_t groups[] = { 8, 4, 4, 4, 12 };
	const char *at = text;

	if (hex_length(text) == 32 && !text[32]) {
		COPY(out->pod, text);
		return true;
	}
	for (size_t i = 0; i < 5; i++) {
		if (hex_length(at) != groups[i])
			return false;
		at += groups[i];
		if (i < 4 && *at != '-' && *at != '_')
			return false;
		at += i < 4;
	}
	if (*at)
		return false;
	COPY(out->pod, text);
	for (char *c = out->pod; *c; c++)
		if (*c == '_')
			*c = '-';
	return true;
}

/* "pod<uid>" below kubepods, or "kubepods-burstable-pod<uid>.slice". */
static bool parse_pod(char *part, struct owner_cgroup *out)
{
	char *pod;

	if (starts_with(part, "pod"))
		return pod_uid(part + 3, out);
	if (!strstr(part, "kubepods") || !strip(part, ".slice"))
		return false;
	pod = strstr(part, "-pod");
	return pod && pod_uid(pod + 4, out);
}

struct runtime {
	const char *prefix, *name;
};

/* "cri-containerd-<id>.scope", "crio-<id>", "<id>" below a pod or "docker". */
static bool parse_runtime(char *part, const char *parent, struct owner_cgroup *out)
{
	static const struct runtime runtimes[] = {
		{ "cri-containerd-", "containerd" }, { "crio-", "cri-o" }, { "docker-", "docker" },
		{ "libpod-", "podman" },	     { "nerdctl-", "containerd" },
	};
	const char *id = part, *name = NULL;

	strip(part, ".scope");
	for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++) {
		if (!starts_with(part, runtimes[i].prefix))
			continue;
		id = part + strlen(runtimes[i].prefix);
		name = runtimes[i].name;
	}
	/* containerd without its shim's own scope: "...slice:cri-containerd:<id>". */
	if (strstr(part, ":cri-containerd:")) {
		id = strstr(part, ":cri-containerd:") + strlen(":cri-containerd:");
		name = "containerd";
	}
	if (!name && !strcmp(parent, "docker"))
		name = "docker";
	if (hex_length(id) != RUNTIME_ID_LEN || id[RUNTIME_ID_LEN] || (!name && !*out->pod))
		return false;
	COPY(out->container, id);
	COPY(out->runtime, name ? name : "");
	return true;
}

/* What follows "qemu-", a number and "-"; NULL: nothing does, or @text is something else. */
static const char *behind_qemu(const char *text)
{
	static const char prefix[] = "qemu-";
	const char *at = text + sizeof(prefix) - 1;

	if (!starts_with(text, prefix))
		return NULL;
	at += strspn(at, "0123456789");
	return at > text + sizeof(prefix) - 1 && at[0] == '-' && at[1] ? at + 1 : NULL;
}

/* "machine-qemu\x2d1\x2dname.scope" of systemd, "qemu-1-name.libvirt-qemu" without it. */
static bool parse_libvirt(const char *part, struct owner_cgroup *out)
{
	char text[VFIO_OBS_TEXT_MAX];
	const char *name;

	COPY(text, part);
	if (starts_with(text, "machine-") && strip(text, ".scope")) {
		unescape(text);
		name = behind_qemu(text + strlen("machine-"));
	} else if (strip(text, ".libvirt-qemu")) {
		name = behind_qemu(text);
		name = name ? name : text; /* of old versions */
	} else {
		return false;
	}
	COPY(out->libvirt, name ? name : "");
	return *out->libvirt;
}

/* "kata_<id>", "kata_overhead/<id>": a sandbox as the host sees it. */
static bool parse_kata(const char *part, const char *parent, struct owner_cgroup *out)
{
	const char *id = !strcmp(parent, "kata_overhead") ? part :
			 starts_with(part, "kata_")	  ? part + 5 :
							    NULL;

	if (!id && strstr(part, ":kata_overhead:"))
		id = strstr(part, ":kata_overhead:") + strlen(":kata_overhead:");
	if (id && hex_length(id) >= RUNTIME_ID_LEN)
		COPY_N(out->kata, id, RUNTIME_ID_LEN);
	return *out->kata;
}

/* LXC and systemd-nspawn name their containers. */
static bool parse_named(char *part, const char *parent, struct owner_cgroup *out)
{
	const char *name = NULL, *runtime = "lxc";

	if (starts_with(part, "lxc.payload."))
		name = part + strlen("lxc.payload.");
	else if (!strcmp(parent, "lxc"))
		name = part;
	else if (starts_with(part, "systemd-nspawn@") && strip(part, ".service")) {
		name = part + strlen("systemd-nspawn@");
		runtime = "nspawn";
	} else if (starts_with(part, "machine-") && strip(part, ".scope")) {
		name = part + strlen("machine-");
		runtime = "nspawn";
	}
	if (!name || !*name)
		return false;
	COPY(out->container, name);
	unescape(out->container);
	COPY(out->runtime, runtime);
	return true;
}

/* "SLICE:PREFIX:NAME", systemd's notation, taken for a path by those who use cgroups directly. */
static void parse_slice(const char *part, struct owner_cgroup *out)
{
	char slice[VFIO_OBS_TEXT_MAX];

	if (!strstr(part, ".slice:"))
		return;
	COPY_N(slice, part, strcspn(part, ":"));
	parse_pod(slice, out);
}

static void parse_part(char *part, const char *parent, struct owner_cgroup *out)
{
	size_t length = strlen(part);

	parse_slice(part, out);
	if (length > 8 && !strcmp(part + length - 8, ".service")) {
		COPY(out->unit, part);
		unescape(out->unit);
	}
	if (parse_kata(part, parent, out) || parse_libvirt(part, out) || parse_pod(part, out))
		return;
	if (!*out->container && parse_runtime(part, parent, out))
		return;
	if (!*out->container)
		parse_named(part, parent, out);
}

void owner_parse__cgroup(const char *path, struct owner_cgroup *out)
{
	char parent[VFIO_OBS_TEXT_MAX] = "", part[VFIO_OBS_TEXT_MAX];

	memset(out, 0, sizeof(*out));
	while (*path) {
		size_t n = strcspn(path, "/");

		/* No name in a file system is longer than 255 bytes. */
		if (n && n < sizeof(part)) {
			memcpy(part, path, n);
			part[n] = '\0';
			parse_part(part, parent, out);
			memcpy(parent, path, n);
			parent[n] = '\0';
		}
		path += n;
		path += *path == '/';
	}
}

/* Files of /proc */

/* How much the line "ID:CONTROLLERS:PATH" of this path tells. */
static size_t worth(const char *line, const char *path, size_t length)
{
	if (length <= 1) /* the root */
		return 0;
	if (starts_with(line, "0::"))
		return 3 * VFIO_OBS_TEXT_MAX * 8;
	if (strstr(line, ":name=systemd:") && strstr(line, ":name=systemd:") < path)
		return 2 * VFIO_OBS_TEXT_MAX * 8;
	return length;
}

bool owner_parse__own_cgroup(const char *text, char *path, size_t size, bool *unified)
{
	size_t best = 0;
	bool found = false;

	for (const char *line = text, *next; *line; line = next) {
		size_t length = strcspn(line, "\n");
		const char *end = line + length, *controllers = memchr(line, ':', length), *at;

		next = end + (*end == '\n');
		at = controllers ? memchr(controllers + 1, ':', end - controllers - 1) : NULL;
		if (!at || at[1] != '/')
			continue;
		at++;
		length -= at - line;
		if (found && worth(line, at, length) <= best)
			continue;
		best = worth(line, at, length);
		found = true;
		snprintf(path, size, "%.*s", (int)length, at);
		if (unified)
			*unified = starts_with(line, "0::");
	}
	return found;
}

bool owner_parse__stat(const char *text, __u64 *start_ticks)
{
	/* The name may hold anything, blanks and parentheses too. */
	const char *at = strrchr(text, ')');
	char *end;

	/* The 22nd field; the name is the second. */
	for (int field = 2; at && field < 22; field++) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	if (!at || !isdigit((unsigned char)*at))
		return false;
	*start_ticks = strtoull(at, &end, 10);
	return *end == ' ' || *end == '\n';
}
