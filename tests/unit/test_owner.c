// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_owner.c - command lines and cgroup paths as they are found on real hosts, and hostile ones;
 * the looking up in a made proc/ and sys/
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/owner.h"
#include "lib/owner_parse.h"
#include "lib/owner_text.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define SEC 1000000000ULL
#define MS 1000000ULL
#define ID "3f2a4b1c5d6e7f8091a2b3c4d5e6f70813243546576879800a1b2c3d4e5f6071"
#define UID "0f6a2b1e-77aa-4c0e-9d5b-3a1f0c2b4d5e"
#define UID_SLICE "0f6a2b1e_77aa_4c0e_9d5b_3a1f0c2b4d5e"

/* Command lines: arguments are separated by '|' here. */

static void parse(const char *line, struct owner_cmdline *out)
{
	char args[4096];
	size_t n = snprintf(args, sizeof(args), "%s", line);

	for (size_t i = 0; i < n; i++)
		if (args[i] == '|')
			args[i] = '\0';
	owner_parse__cmdline(args, n + 1, out);
}

static void cmdlines(void **state)
{
	static const struct {
		const char *line;
		enum vfio_owner_kind kind;
		const char *name, *uuid;
	} cases[] = {
		{ "/usr/bin/qemu-system-x86_64|-name|guest=web01,debug-threads=on|-S|-object|"
		  "{\"qom-type\":\"secret\",\"id\":\"masterKey0\",\"format\":\"raw\",\"file\":"
		  "\"/var/lib/libvirt/qemu/domain-1-web01/master-key.aes\"}|-machine|"
		  "pc-q35-7.2,usb=off|-uuid|" UID "|-device|vfio-pci,host=0000:00:10.0",
		  VFIO_OWNER_LIBVIRT, "web01", UID },
		{ "qemu-system-x86_64|-M|q35|-name|guest=web01", VFIO_OWNER_QEMU, "web01", "" },
		{ "qemu-system-x86_64|--name|web01", VFIO_OWNER_QEMU, "web01", "" },
		{ "qemu-system-x86_64|-M|q35|-nodefaults", VFIO_OWNER_QEMU, "", "" },
		/* A name of its own with a comma; the process's name before it. */
		{ "qemu-kvm|-name|process=web,guest=a,,b=c,debug-threads=on", VFIO_OWNER_QEMU,
		  "a,b=c", "" },
		{ "qemu-kvm|-name|a,,b,process=guest", VFIO_OWNER_QEMU, "a,b", "" },
		{ "qemu-kvm|-name|process=x", VFIO_OWNER_QEMU, "", "" },
		{ "qemu-kvm|-name|guest=old|-name|guest=new", VFIO_OWNER_QEMU, "new", "" },
		/* Proxmox */
		{ "/usr/bin/kvm|-id|100|-name|db-1,debug-threads=on|-no-shutdown|-smbios|type=1,uuid="
		  UID, VFIO_OWNER_QEMU, "db-1", "" },
		/* The last option lacks its value. */
		{ "qemu-kvm|-name", VFIO_OWNER_QEMU, "", "" },
		{ "/usr/libexec/qemu-kvm|-name|guest=default_testvmi,debug-threads=on|-S|-object|"
		  "{\"file\":\"/var/run/kubevirt-private/libvirt/qemu/lib/domain-1-default_testvmi/"
		  "master-key.aes\"}|-uuid|" UID "|-smbios|type=1,manufacturer=KubeVirt,"
		  "product=None,uuid=" UID ",family=KubeVirt", VFIO_OWNER_KUBEVIRT,
		  "default_testvmi", UID },
		{ "/opt/kata/bin/qemu-system-x86_64|-name|sandbox-" ID ",debug-threads=on|-uuid|" UID
		  "|-qmp|unix:fd=3,server=on,wait=off", VFIO_OWNER_KATA, ID, UID },
		{ "/usr/bin/qemu-system-x86_64|-name|sandbox-x|-qmp|unix:/run/vc/vm/" ID
		  "/qmp.sock,server,nowait", VFIO_OWNER_KATA, ID, "" },
		/* Somebody's VM that is only called so. */
		{ "qemu-system-x86_64|-name|sandbox-1", VFIO_OWNER_QEMU, "sandbox-1", "" },
		{ "cloud-hypervisor|--api-socket|/run/ch/vm1.sock|--kernel|vmlinux",
		  VFIO_OWNER_CLOUD_HYPERVISOR, "/run/ch/vm1.sock", "" },
		{ "/usr/bin/cloud-hypervisor|--api-socket|path=/tmp/b.sock", VFIO_OWNER_CLOUD_HYPERVISOR,
		  "/tmp/b.sock", "" },
		{ "cloud-hypervisor-static|--cpus|boot=1", VFIO_OWNER_CLOUD_HYPERVISOR, "", "" },
		{ "/opt/kata/bin/cloud-hypervisor|--api-socket|/run/vc/vm/" ID "/clh-api.sock",
		  VFIO_OWNER_KATA, ID, "" },
		{ "firecracker|--id=551e7604|--api-sock|/tmp/fc.sock", VFIO_OWNER_FIRECRACKER,
		  "551e7604", "" },
		{ "/firecracker|--id|vm-a|--start-time-us|1", VFIO_OWNER_FIRECRACKER, "vm-a", "" },
		{ "firecracker|--api-sock|/tmp/fc.sock", VFIO_OWNER_FIRECRACKER, "/tmp/fc.sock", "" },
		{ "/usr/bin/dpdk-testpmd|-l|0-1|-name|guest=no", VFIO_OWNER_PROCESS, "dpdk-testpmd",
		  "" },
		{ "", VFIO_OWNER_UNKNOWN, "", "" },
		/* To a terminal or a log it would say more than it shows. */
		{ "qemu-kvm|-name|guest=\033[2J\xff\xfe\n", VFIO_OWNER_QEMU, "?[2J???", "" },
		{ "/bin/\033]0;x\a", VFIO_OWNER_PROCESS, "?]0;x?", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct owner_cmdline out;

		parse(cases[i].line, &out);
		if (out.kind != cases[i].kind || strcmp(out.name, cases[i].name) ||
		    strcmp(out.uuid, cases[i].uuid))
			fail_msg("%s: kind %d name '%s' uuid '%s'", cases[i].line, out.kind, out.name,
				 out.uuid);
	}
}

static void cmdlines_without_an_end(void **state)
{
	struct owner_cmdline out;
	char *args;

	owner_parse__cmdline("", 0, &out);
	assert_int_equal(out.kind, VFIO_OWNER_UNKNOWN);
	/* Cut in the middle of an argument, which is no argument then. */
	args = malloc(22);
	memcpy(args, "qemu-kvm\0-name\0guest=a", 22);
	owner_parse__cmdline(args, 22, &out);
	assert_int_equal(out.kind, VFIO_OWNER_QEMU);
	assert_string_equal(out.name, "");
	free(args);
	/* Not one end in it. */
	args = malloc(3);
	memcpy(args, "abc", 3);
	owner_parse__cmdline(args, 3, &out);
	assert_int_equal(out.kind, VFIO_OWNER_UNKNOWN);
	free(args);
	/* Longer than any name that is kept. */
	args = malloc(70000);
	memset(args, 'n', 70000);
	memcpy(args, "qemu-kvm\0-name\0", 15);
	args[69999] = '\0';
	owner_parse__cmdline(args, 70000, &out);
	assert_int_equal(strlen(out.name), VFIO_OBS_TEXT_MAX - 1);
	free(args);
}

/* Cgroups */

static void cgroup_paths(void **state)
{
	static const struct {
		const char *path, *pod, *container, *runtime, *libvirt, *kata, *unit;
	} cases[] = {
		/* containerd and cri-o, systemd's driver, all three classes of service */
		{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_SLICE
		  ".slice/cri-containerd-" ID ".scope", UID, ID, "containerd", "", "", "" },
		{ "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" UID_SLICE
		  ".slice/crio-" ID ".scope/container", UID, ID, "cri-o", "", "", "" },
		{ "/kubepods.slice/kubepods-pod" UID_SLICE ".slice/docker-" ID ".scope", UID, ID,
		  "docker", "", "", "" },
		/* the cgroupfs driver */
		{ "/kubepods/burstable/pod" UID "/" ID, UID, ID, "", "", "", "" },
		{ "/kubepods/pod" UID "/crio-" ID, UID, ID, "cri-o", "", "", "" },
		/* version 1 within another container (kind) */
		{ "/docker/" ID "/kubelet/kubepods/besteffort/pod" UID "/" ID, UID, ID, "docker", "",
		  "", "" },
		{ "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/"
		  "kubelet-kubepods-besteffort-pod" UID_SLICE ".slice/cri-containerd-" ID ".scope",
		  UID, ID, "containerd", "", "", "" },
		/* static pods have a hash for uid */
		{ "/kubepods/burstable/podabcdef0123456789abcdef0123456789/" ID,
		  "abcdef0123456789abcdef0123456789", ID, "", "", "", "" },
		/* containerd with cgroupfs' paths taken for systemd's */
		{ "/system.slice/containerd.service/kubepods-burstable-pod" UID_SLICE
		  ".slice:cri-containerd:" ID, UID, ID, "containerd", "", "", "containerd.service" },
		/* virt-launcher: libvirt inside makes its own below */
		{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_SLICE
		  ".slice/cri-containerd-" ID ".scope/machine/qemu-1-default_testvmi.libvirt-qemu/"
		  "emulator", UID, ID, "containerd", "default_testvmi", "", "" },
		/* Kata */
		{ "/kubepods/burstable/pod" UID "/kata_" ID, UID, "", "", "", ID, "" },
		{ "/kata_overhead/" ID, "", "", "", "", ID, "" },
		{ "/kubepods.slice/kubepods-pod" UID_SLICE ".slice:kata_overhead:" ID, UID, "", "", "",
		  ID, "" },
		/* libvirt */
		{ "/machine.slice/machine-qemu\\x2d1\\x2dweb01.scope/libvirt/emulator", "", "", "",
		  "web01", "", "" },
		{ "/machine.slice/machine-qemu\\x2d12\\x2ddb\\x2dtest.scope", "", "", "", "db-test",
		  "", "" },
		{ "/machine/qemu-3-a.libvirt-qemu/vcpu0", "", "", "", "a", "", "" },
		{ "/machine/old.libvirt-qemu", "", "", "", "old", "", "" },
		/* Containers without Kubernetes */
		{ "/docker/" ID, "", ID, "docker", "", "", "" },
		{ "/system.slice/docker-" ID ".scope", "", ID, "docker", "", "", "" },
		{ "/machine.slice/libpod-" ID ".scope/container", "", ID, "podman", "", "", "" },
		{ "/lxc.payload.web/init.scope", "", "web", "lxc", "", "", "" },
		{ "/lxc/101/ns", "", "101", "lxc", "", "", "" },
		{ "/machine.slice/systemd-nspawn@deb\\x2d12.service/payload", "", "deb-12", "nspawn", "",
		  "", "systemd-nspawn@deb-12.service" },
		/* Services and people */
		{ "/system.slice/spdk.service", "", "", "", "", "", "spdk.service" },
		{ "/system.slice/system-spdk.slice/spdk@0.service", "", "", "", "", "",
		  "spdk@0.service" },
		{ "/user.slice/user-1000.slice/session-3.scope", "", "", "", "", "", "" },
		{ "/", "", "", "", "", "", "" },
		{ "", "", "", "", "", "", "" },
		/* Nearly */
		{ "/kubepods/pod" UID "0", "", "", "", "", "", "" },
		{ "/kubepods/podcast", "", "", "", "", "", "" },
		{ "/home/" ID, "", "", "", "", "", "" },
		{ "/docker/" ID "0", "", "", "", "", "", "" },
		{ "/machine.slice/machine-qemu\\x2d.scope", "", "", "", "", "", "" },
		{ "/a\\x1b[2J\\x00.service", "", "", "", "", "", "a?[2J?.service" },
		{ "/\xff\xfe\033.service/", "", "", "", "", "", "???.service" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct owner_cgroup out;

		owner_parse__cgroup(cases[i].path, &out);
		if (strcmp(out.pod, cases[i].pod) || strcmp(out.container, cases[i].container) ||
		    strcmp(out.runtime, cases[i].runtime) ||
		    strcmp(out.libvirt, cases[i].libvirt) ||
		    strcmp(out.kata, cases[i].kata) || strcmp(out.unit, cases[i].unit))
			fail_msg("%s: pod '%s' container '%s' runtime '%s' libvirt '%s' kata '%s' "
				 "unit '%s'", cases[i].path, out.pod, out.container, out.runtime,
				 out.libvirt, out.kata, out.unit);
	}
}

static void long_cgroup_paths(void **state)
{
	struct owner_cgroup out;
	char path[8192];

	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	owner_parse__cgroup(path, &out);
	for (size_t i = 0; i < sizeof(path) - 1; i += 2)
		path[i] = '/';
	owner_parse__cgroup(path, &out);
	assert_string_equal(out.pod, "");
}

static void own_cgroup(void **state)
{
	char path[256];
	bool unified;

	assert_true(owner_parse__own_cgroup("0::/a/b\n", path, sizeof(path), &unified));
	assert_string_equal(path, "/a/b");
	assert_true(unified);
	/* Hybrid: version 2 has nothing. */
	assert_true(owner_parse__own_cgroup("12:memory:/kubepods/pod1\n1:name=systemd:/s\n0::/\n",
					    path, sizeof(path), &unified));
	assert_string_equal(path, "/s");
	assert_false(unified);
	assert_true(owner_parse__own_cgroup("12:memory:/kubepods/pod1\n11:cpu,cpuacct:/k\n"
					    "1:name=systemd:/\n0::/\n", path, sizeof(path), NULL));
	assert_string_equal(path, "/kubepods/pod1");
	/* A path that looks like other lines. */
	assert_true(owner_parse__own_cgroup("3:pids:/0::/x:y\n", path, sizeof(path), NULL));
	assert_string_equal(path, "/0::/x:y");
	assert_true(owner_parse__own_cgroup("0::/", path, sizeof(path), &unified));
	assert_string_equal(path, "/");
	assert_false(owner_parse__own_cgroup("", path, sizeof(path), NULL));
	assert_false(owner_parse__own_cgroup("nonsense\n::\n:", path, sizeof(path), NULL));
}

static void stat_of_processes(void **state)
{
	__u64 ticks = 0;

	assert_true(owner_parse__stat("7 (a) b) 3 4 5) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 "
				      "4711 20\n", &ticks));
	assert_int_equal(ticks, 4711);
	assert_false(owner_parse__stat("7 (a) S 1 2 3", &ticks));
	assert_false(owner_parse__stat("7 (a) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 x ",
				       &ticks));
	assert_false(owner_parse__stat("", &ticks));
}

/* Looking up in a made tree */

static void put(const char *root, const char *path, const char *text, size_t size)
{
	char full[512];
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	for (char *slash = full + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(full, 0700);
		*slash = '/';
	}
	f = fopen(full, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, size, f), size);
	fclose(f);
}

static void put_text(const char *root, const char *path, const char *text)
{
	put(root, path, text, strlen(text));
}

struct fake_process {
	unsigned int pid;
	__u64 start_ticks;
	const char *comm, *cgroup, *cmdline;
};

/* @cgroup "": as on a host without version 2. */
static void put_process(const char *root, const struct fake_process *p)
{
	char path[300], text[1024];

	snprintf(path, sizeof(path), "proc/%u/stat", p->pid);
	snprintf(text, sizeof(text), "%u (%s) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 %llu 1\n",
		 p->pid, p->comm, p->start_ticks);
	put_text(root, path, text);
	snprintf(path, sizeof(path), "proc/%u/comm", p->pid);
	snprintf(text, sizeof(text), "%s\n", p->comm);
	put_text(root, path, text);
	snprintf(path, sizeof(path), "proc/%u/cgroup", p->pid);
	snprintf(text, sizeof(text), "0::%s\n", p->cgroup);
	put_text(root, path, text);
	snprintf(path, sizeof(path), "sys/fs/cgroup%s/cgroup.procs", p->cgroup);
	put_text(root, path, "");
	snprintf(path, sizeof(path), "proc/%u/cmdline", p->pid);
	snprintf(text, sizeof(text), "%s", p->cmdline);
	for (char *c = text; *c; c++)
		if (*c == '|')
			*c = '\0';
	put(root, path, text, strlen(p->cmdline) + 1);
}

static __u64 cgroup_id(const char *root, const char *path)
{
	char full[512];
	struct stat st;

	snprintf(full, sizeof(full), "%s/sys/fs/cgroup%s", root, path);
	assert_int_equal(stat(full, &st), 0);
	return st.st_ino;
}

static void remove_tree(const char *root)
{
	char command[512];

	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	assert_int_equal(system(command), 0);
}

/* A tree whose /proc is that of the pid namespace @ns. */
static char *make_tree(const char *ns)
{
	char *root = strdup("/tmp/test_owner.XXXXXX"), path[512];

	assert_non_null(mkdtemp(root));
	put_text(root, "sys/fs/cgroup/cgroup.procs", "");
	put_text(root, "proc/self/ns/x", "");
	snprintf(path, sizeof(path), "%s/proc/self/ns/pid", root);
	assert_int_equal(symlink(ns, path), 0);
	return root;
}

#define INITIAL "pid:[4026531836]"
#define POD_PATH "/kubepods/burstable/pod" UID "/" ID
#define VM_PATH "/machine.slice/machine-qemu\\x2d1\\x2dscope.scope"

/* Started 100 s after boot. */
static const struct fake_process web01 = {
	42, 10000, "qemu-system-x86", VM_PATH, "/usr/bin/qemu-system-x86_64|-name|guest=web01",
};

static struct owner_claim claim_of(const char *root, const struct fake_process *p, __u64 seen_ns)
{
	return (struct owner_claim){ .tgid = p->pid, .pid = p->pid, .comm = p->comm,
				     .cgroup = cgroup_id(root, p->cgroup), .seen_ns = seen_ns };
}

static void check_owner(const struct source_owner *owner, enum vfio_owner_kind kind,
			const char *name)
{
	if (owner->kind != kind || strcmp(owner->text[VFIO_OWNER_NAME_TEXT], name))
		fail_msg("%s '%s' (%s), expected %s '%s'", owner_text__kind(owner->kind),
			 owner->text[VFIO_OWNER_NAME_TEXT], owner->text[VFIO_OWNER_WHY_TEXT],
			 owner_text__kind(kind), name);
}

static void finds_a_vm(void **state)
{
	char *root = make_tree(INITIAL);
	struct owner_lookup *lookup = owner_lookup__create(root);
	const struct source_owner *owner;
	struct owner_claim claim;

	put_process(root, &web01);
	claim = claim_of(root, &web01, 200 * SEC);
	owner = owner_lookup__find(lookup, &claim, 201 * SEC);
	/* Its own word goes before the scope's, which libvirt may have cut. */
	check_owner(owner, VFIO_OWNER_LIBVIRT, "web01");
	assert_int_equal(owner->started_ns, 100 * SEC);
	assert_int_equal(owner->tgid, 42);
	assert_string_equal(owner->text[VFIO_OWNER_CGROUP_TEXT], VM_PATH);
	assert_string_equal(owner->text[VFIO_OWNER_WHY_TEXT], "");
	owner_lookup__destroy(lookup);
	remove_tree(root);
	free(root);
}

static void kinds(void **state)
{
	static const struct {
		struct fake_process p;
		enum vfio_owner_kind kind;
		const char *name, *shown;
	} cases[] = {
		{ { 1, 1, "qemu-kvm", POD_PATH, "qemu-kvm|-name|guest=default_vm_1|-smbios|"
		    "type=1,family=KubeVirt" }, VFIO_OWNER_KUBEVIRT, "default/vm_1", "default/vm_1" },
		/* Says so, but is in no pod. */
		{ { 2, 1, "qemu-kvm", "/x", "qemu-kvm|-name|guest=default_vm_1|-smbios|"
		    "type=1,family=KubeVirt" }, VFIO_OWNER_LIBVIRT, "default_vm_1", "default_vm_1" },
		{ { 3, 1, "qemu-kvm", POD_PATH, "qemu-kvm|-name|mine" }, VFIO_OWNER_QEMU, "mine",
		  "mine" },
		{ { 4, 1, "app", POD_PATH, "app" }, VFIO_OWNER_POD, UID, "pod " UID },
		{ { 5, 1, "app", "/docker/" ID, "app" }, VFIO_OWNER_CONTAINER, ID,
		  "docker 3f2a4b1c5d6e" },
		{ { 6, 1, "app", "/lxc/101", "app" }, VFIO_OWNER_CONTAINER, "101", "lxc 101" },
		{ { 7, 1, "spdk", "/system.slice/spdk.service", "/usr/bin/spdk_tgt|-m|1" },
		  VFIO_OWNER_PROCESS, "spdk_tgt", "spdk.service" },
		{ { 8, 1, "app", "/user.slice", "./app" }, VFIO_OWNER_PROCESS, "app", "" },
		{ { 9, 1, "virtiofsd", "/kubepods/pod" UID "/kata_" ID, "virtiofsd" },
		  VFIO_OWNER_KATA, ID, "kata 3f2a4b1c5d6e" },
		{ { 10, 1, "kworker/1:1", "/", "" }, VFIO_OWNER_PROCESS, "kworker/1:1", "" },
		{ { 11, 1, "qemu-kvm", "/x", "qemu-kvm" }, VFIO_OWNER_QEMU, "", "qemu" },
	};
	char *root = make_tree(INITIAL), shown[600];
	struct owner_lookup *lookup = owner_lookup__create(root);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct owner_claim claim;
		const struct source_owner *owner;

		put_process(root, &cases[i].p);
		claim = claim_of(root, &cases[i].p, SEC);
		owner = owner_lookup__find(lookup, &claim, SEC);
		check_owner(owner, cases[i].kind, cases[i].name);
		assert_string_equal(owner_text__short(owner, shown, sizeof(shown)), cases[i].shown);
	}
	owner_lookup__destroy(lookup);
	remove_tree(root);
	free(root);
}

/* The number of the process that opened it is another's now. */
static void reused_pids(void **state)
{
	char *root = make_tree(INITIAL);
	struct owner_lookup *lookup = owner_lookup__create(root);
	struct fake_process other = web01;
	struct owner_claim claim;

	put_process(root, &web01);
	claim = claim_of(root, &web01, 99990 * MS);
	check_owner(owner_lookup__find(lookup, &claim, 200 * SEC), VFIO_OWNER_UNKNOWN, "");

	/* Within the tick in which it started only name and cgroup together tell. */
	claim.seen_ns = 100 * SEC;
	check_owner(owner_lookup__find(lookup, &claim, 200 * SEC), VFIO_OWNER_LIBVIRT, "web01");
	owner_lookup__destroy(lookup);
	lookup = owner_lookup__create(root);
	claim.comm = "other";
	check_owner(owner_lookup__find(lookup, &claim, 200 * SEC), VFIO_OWNER_UNKNOWN, "");
	claim.comm = web01.comm;
	claim.cgroup++;
	check_owner(owner_lookup__find(lookup, &claim, 200 * SEC), VFIO_OWNER_UNKNOWN, "");

	/* Behind it: a name may have been changed, or the cgroup, but not both. */
	claim.seen_ns = 101 * SEC;
	check_owner(owner_lookup__find(lookup, &claim, 200 * SEC), VFIO_OWNER_LIBVIRT, "web01");
	claim.comm = "other";
	check_owner(owner_lookup__find(lookup, &claim, 200 * SEC), VFIO_OWNER_UNKNOWN, "");
	claim.cgroup--;
	check_owner(owner_lookup__find(lookup, &claim, 200 * SEC), VFIO_OWNER_LIBVIRT, "web01");

	/* What was found before is not believed when the number has gone to another since. */
	claim = claim_of(root, &web01, 150 * SEC);
	check_owner(owner_lookup__find(lookup, &claim, 160 * SEC), VFIO_OWNER_LIBVIRT, "web01");
	other.start_ticks = 30000;
	other.cmdline = "qemu-kvm|-name|guest=other";
	put_process(root, &other);
	claim.seen_ns = 250 * SEC;
	check_owner(owner_lookup__find(lookup, &claim, 400 * SEC), VFIO_OWNER_UNKNOWN, "");
	claim.seen_ns = 350 * SEC;
	check_owner(owner_lookup__find(lookup, &claim, 400 * SEC), VFIO_OWNER_LIBVIRT, "other");
	owner_lookup__destroy(lookup);
	remove_tree(root);
	free(root);
}

static void a_thread_has_a_name_of_its_own(void **state)
{
	char *root = make_tree(INITIAL);
	struct owner_lookup *lookup = owner_lookup__create(root);
	struct owner_claim claim;

	put_process(root, &web01);
	put_text(root, "proc/42/task/43/comm", "IO mon_iothread\n");
	claim = claim_of(root, &web01, 101 * SEC);
	claim.pid = 43;
	claim.comm = "IO mon_iothread";
	claim.cgroup++;
	check_owner(owner_lookup__find(lookup, &claim, 200 * SEC), VFIO_OWNER_LIBVIRT, "web01");
	owner_lookup__destroy(lookup);
	remove_tree(root);
	free(root);
}

static void dead_processes(void **state)
{
	char *root = make_tree(INITIAL);
	struct owner_lookup *lookup = owner_lookup__create(root);
	struct owner_claim claim = { .tgid = 4, .pid = 4, .comm = "gone", .seen_ns = SEC };
	const struct source_owner *owner = owner_lookup__find(lookup, &claim, SEC);

	check_owner(owner, VFIO_OWNER_UNKNOWN, "");
	assert_int_equal(owner->started_ns, 0);
	assert_non_null(strstr(owner->text[VFIO_OWNER_WHY_TEXT], "process 4 had ended"));
	owner_lookup__destroy(lookup);
	remove_tree(root);
	free(root);
}

static void other_namespaces(void **state)
{
	static const char *const namespaces[] = { "pid:[4026532201]", "pid:[402653183]", "x", "" };

	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
		char *root = make_tree(*namespaces[i] ? namespaces[i] : INITIAL), path[600];
		struct owner_lookup *lookup;
		struct owner_claim claim;

		if (!*namespaces[i]) { /* /proc without us */
			snprintf(path, sizeof(path), "%s/proc/self", root);
			remove_tree(path);
		}
		lookup = owner_lookup__create(root);
		put_process(root, &web01);
		claim = claim_of(root, &web01, 200 * SEC);
		check_owner(owner_lookup__find(lookup, &claim, 200 * SEC), VFIO_OWNER_UNKNOWN, "");
		assert_string_equal(owner_lookup__find(lookup, &claim, SEC)
					    ->text[VFIO_OWNER_CGROUP_TEXT], "");
		owner_lookup__destroy(lookup);
		remove_tree(root);
		free(root);
	}
}

static void looked_up_once(void **state)
{
	char *root = make_tree(INITIAL);
	struct owner_lookup *lookup = owner_lookup__create(root);
	struct fake_process same_slot = web01;
	struct owner_claim claim;

	put_process(root, &web01);
	claim = claim_of(root, &web01, 150 * SEC);
	for (int i = 0; i < 10; i++)
		check_owner(owner_lookup__find(lookup, &claim, 160 * SEC), VFIO_OWNER_LIBVIRT, "web01");
	assert_int_equal(owner_lookup__reads(lookup), 1);
	/* Later than the look, so the process is looked at, but not read. */
	claim.seen_ns = 170 * SEC;
	check_owner(owner_lookup__find(lookup, &claim, 171 * SEC), VFIO_OWNER_LIBVIRT, "web01");
	assert_int_equal(owner_lookup__reads(lookup), 1);
	/* Gone since, but what it opened before is known to be its. */
	remove_tree(strcat(strcpy((char[600]){ 0 }, root), "/proc/42"));
	check_owner(owner_lookup__find(lookup, &claim, 172 * SEC), VFIO_OWNER_LIBVIRT, "web01");
	claim.seen_ns = 180 * SEC;
	check_owner(owner_lookup__find(lookup, &claim, 181 * SEC), VFIO_OWNER_UNKNOWN, "");
	/* The cache is bounded: another takes its place. */
	same_slot.pid = 42 + 256;
	put_process(root, &same_slot);
	put_process(root, &web01);
	claim = claim_of(root, &same_slot, 150 * SEC);
	owner_lookup__find(lookup, &claim, 190 * SEC);
	claim = claim_of(root, &web01, 150 * SEC);
	owner_lookup__find(lookup, &claim, 190 * SEC);
	assert_int_equal(owner_lookup__reads(lookup), 3);
	owner_lookup__destroy(lookup);
	remove_tree(root);
	free(root);
}

/* The truth about ourselves, in the real /proc. */
static void ourselves(void **state)
{
	struct owner_lookup *lookup = owner_lookup__create("");
	struct owner_claim claim = { .tgid = getpid(), .pid = getpid(), .comm = "test_owner" };
	const struct source_owner *owner;
	struct timespec now;
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) || st.st_ino != 0xEFFFFFFC) {
		owner_lookup__destroy(lookup);
		skip();
	}
	clock_gettime(CLOCK_BOOTTIME, &now);
	claim.seen_ns = now.tv_sec * SEC + now.tv_nsec;
	owner = owner_lookup__find(lookup, &claim, claim.seen_ns);
	assert_int_not_equal(owner->kind, VFIO_OWNER_UNKNOWN);
	assert_true(owner->started_ns <= claim.seen_ns &&
		    owner->started_ns + 60 * SEC > claim.seen_ns);
	owner_lookup__destroy(lookup);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cmdlines),
		cmocka_unit_test(cmdlines_without_an_end),
		cmocka_unit_test(cgroup_paths),
		cmocka_unit_test(long_cgroup_paths),
		cmocka_unit_test(own_cgroup),
		cmocka_unit_test(stat_of_processes),
		cmocka_unit_test(finds_a_vm),
		cmocka_unit_test(kinds),
		cmocka_unit_test(reused_pids),
		cmocka_unit_test(a_thread_has_a_name_of_its_own),
		cmocka_unit_test(dead_processes),
		cmocka_unit_test(other_namespaces),
		cmocka_unit_test(looked_up_once),
		cmocka_unit_test(ourselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
