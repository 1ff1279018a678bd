// SPDX-License-Identifier: GPL-2.0-only
/* Conditions around a run; called by vfio-race.c and vfio-fuzz.c. See guard.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "guard.h"

/* A function that only our vfio has: the one that ends the life of a backend's data. */
#define OUR_SYMBOL	"vfio_backend_withdraw"

const char *const guarded_modules[NR_GUARDED_MODULES] = {
	"vfio", "vfio_iommu_type1", "vfio_testdev",
};

int complain(const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, text);
	return -1;
}

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static bool has_our_symbol(FILE *kallsyms)
{
	char line[512], name[256], module[64];

	while (fgets(line, sizeof(line), kallsyms))
		if (sscanf(line, "%*s %*s %255s [%63[^]]]", name, module) == 2 &&
		    !strcmp(name, OUR_SYMBOL) && !strcmp(module, "vfio"))
			return true;
	return false;
}

int guard_ours(void)
{
	FILE *kallsyms;
	bool ours;

	if (geteuid())
		return complain("needs root, for /dev/vfio and userfaultfd; run it as root");
	if (guard_refs("vfio") < 0)
		return complain("vfio is not loaded; run 'modprobe vfio' with our vfio.ko in place");

	kallsyms = fopen("/proc/kallsyms", "re");
	if (!kallsyms)
		return complain("cannot tell whose vfio is loaded: /proc/kallsyms: %s",
				strerror(errno));
	ours = has_our_symbol(kallsyms);
	fclose(kallsyms);
	if (ours)
		return 0;
	return complain("refuses to run: the loaded vfio is not ours (its symbols in /proc/kallsyms "
			"lack " OUR_SYMBOL "), and others do not promise what is tested here; "
			"unload it and load our vfio.ko");
}

long guard_refs(const char *module)
{
	char path[128];
	long refs = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", module);
	file = fopen(path, "re");
	if (!file)
		return -1;
	if (fscanf(file, "%ld", &refs) != 1)
		refs = -1;
	fclose(file);
	return refs;
}

void guard_refs_read(struct module_refs *refs)
{
	unsigned int i;

	for (i = 0; i < NR_GUARDED_MODULES; i++)
		refs->refs[i] = guard_refs(guarded_modules[i]);
}

int guard_refs_same(const struct module_refs *before)
{
	struct module_refs now;
	unsigned int i, tries;
	int ret = 0;

	for (tries = 0; tries < 50; tries++) {
		guard_refs_read(&now);
		if (!memcmp(&now, before, sizeof(now)))
			return 0;
		usleep(100000);
	}
	for (i = 0; i < NR_GUARDED_MODULES; i++)
		if (now.refs[i] != before->refs[i])
			ret = complain("%s has %ld references, %ld before the run: something still "
				       "holds it; does another program use vfio?",
				       guarded_modules[i], now.refs[i], before->refs[i]);
	return ret;
}

uint64_t guard_vm(const char *name)
{
	FILE *status = fopen("/proc/self/status", "re");
	uint64_t value = UINT64_MAX;
	size_t length = strlen(name);
	char line[256];

	if (!status)
		return UINT64_MAX;
	while (fgets(line, sizeof(line), status))
		if (!strncmp(line, name, length) && line[length] == ':')
			sscanf(line + length + 1, "%" SCNu64, &value);
	fclose(status);
	return value;
}
