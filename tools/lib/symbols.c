// SPDX-License-Identifier: GPL-2.0-only
/*
 * symbols.c - names for the frames of a stack
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "elf_file.h"
#include "error.h"
#include "symbols.h"
#include "xalloc.h"

#define MAX_FILES 16
#define MAX_NAMES 4096 /* a power of two */

/* A file that is open, found by its build id. */
struct file {
	struct elf_file *elf, *debug; /* NULL: free; no separate symbols */
	unsigned char id[BPF_BUILD_ID_SIZE];
	char name[SOURCE_MODULE_LEN];
	__u64 used; /* a count of uses: the lowest is closed for another */
};

/* A place whose name is known, or known to have none. */
struct named {
	bool set;
	unsigned char id[BPF_BUILD_ID_SIZE];
	__u64 place;
	struct source_frame frame;
};

struct symbols {
	symbols_open_fn *open;
	void *ctx;
	const char *debug;
	struct file files[MAX_FILES];
	struct named *names; /* [MAX_NAMES], by a hash */
	__u64 uses, opened, searched;
};

struct symbols *symbols__create(symbols_open_fn *open, void *ctx, const char *debug)
{
	struct symbols *symbols = xcalloc(1, sizeof(*symbols));

	symbols->open = open;
	symbols->ctx = ctx;
	symbols->debug = debug;
	symbols->names = xcalloc(MAX_NAMES, sizeof(*symbols->names));
	return symbols;
}

static void file_close(struct file *file)
{
	elf_file__close(file->elf);
	elf_file__close(file->debug);
	*file = (struct file){ 0 };
}

void symbols__destroy(struct symbols *symbols)
{
	if (!symbols)
		return;
	for (size_t i = 0; i < MAX_FILES; i++)
		file_close(&symbols->files[i]);
	free(symbols->names);
	free(symbols);
}

__u64 symbols__opened(const struct symbols *symbols)
{
	return symbols->opened;
}

__u64 symbols__searched(const struct symbols *symbols)
{
	return symbols->searched;
}

/* Files */

/* The one with @id, or the one that was not used for the longest time. */
static struct file *file_slot(struct symbols *symbols, const unsigned char *id)
{
	struct file *oldest = &symbols->files[0];

	for (size_t i = 0; i < MAX_FILES; i++) {
		struct file *file = &symbols->files[i];

		if (file->elf && !memcmp(file->id, id, sizeof(file->id)))
			return file;
		if (file->used < oldest->used)
			oldest = file;
	}
	return oldest;
}

static bool has_id(const struct elf_file *elf, const unsigned char *id)
{
	unsigned char own[BPF_BUILD_ID_SIZE];

	return elf && elf_file__build_id(elf, own) && !memcmp(own, id, sizeof(own));
}

/* Of a stripped file, where a package has put its symbols. */
static struct elf_file *open_debug(const struct symbols *symbols, const unsigned char *id)
{
	struct elf_file *elf;
	char path[PATH_MAX];
	int n, fd;

	n = snprintf(path, sizeof(path), "%s/.build-id/%02x/", symbols->debug, id[0]);
	for (int i = 1; i < BPF_BUILD_ID_SIZE; i++)
		n += snprintf(path + n, sizeof(path) - n, "%02x", id[i]);
	snprintf(path + n, sizeof(path) - n, ".debug");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	elf = fd >= 0 ? elf_file__open(fd) : NULL;
	if (has_id(elf, id))
		return elf;
	elf_file__close(elf);
	return NULL;
}

static void name_file(struct file *file, const char *path)
{
	const char *base = strrchr(path, '/');

	if (snprintf(file->name, sizeof(file->name), "%s", base ? base + 1 : path) >=
	    (int)sizeof(file->name))
		file->name[sizeof(file->name) - 2] = '+';
}

/* The file with @id, which @tgid has, or had, at @address. NULL: it is not to be found. */
static struct file *file_get(struct symbols *symbols, const unsigned char *id, __u32 tgid,
			     __u64 address)
{
	struct file *file = file_slot(symbols, id);
	struct elf_file *elf;
	char path[PATH_MAX];
	int fd;

	if (!file->elf || memcmp(file->id, id, sizeof(file->id))) {
		fd = symbols->open(symbols->ctx, tgid, address, path, sizeof(path));
		if (fd < 0)
			return NULL;
		symbols->opened++;
		elf = elf_file__open(fd);
		if (!has_id(elf, id)) { /* it is another's by now */
			elf_file__close(elf);
			return NULL;
		}
		file_close(file);
		file->elf = elf;
		memcpy(file->id, id, sizeof(file->id));
		name_file(file, path);
		file->debug = open_debug(symbols, id);
	}
	file->used = ++symbols->uses;
	return file;
}

/* Names */

static struct named *named_slot(struct symbols *symbols, const unsigned char *id, __u64 place)
{
	__u64 hash = place;

	for (int i = 0; i < BPF_BUILD_ID_SIZE; i++)
		hash = (hash ^ id[i]) * 0x9e3779b97f4a7c15ULL;
	return &symbols->names[hash >> 32 & (MAX_NAMES - 1)];
}

/* A call returns behind itself, which may be another function already: asked is the byte before. */
static void search(struct symbols *symbols, const struct file *file, __u64 place,
		   struct source_frame *frame)
{
	__u64 address, begin;

	symbols->searched++;
	memcpy(frame->module, file->name, sizeof(frame->module));
	frame->offset = place;
	if (!place || !elf_file__address(file->elf, place - 1, &address))
		return;
	if (elf_file__function(file->elf, false, address, frame->function,
			       sizeof(frame->function), &begin) ||
	    (file->debug && elf_file__function(file->debug, false, address, frame->function,
					       sizeof(frame->function), &begin)) ||
	    elf_file__function(file->elf, true, address, frame->function,
			       sizeof(frame->function), &begin))
		frame->offset = address + 1 - begin;
}

static void say_build_id(const unsigned char *id, __u64 place, struct source_frame *frame)
{
	int n = snprintf(frame->module, sizeof(frame->module), "build-id:");

	for (int i = 0; i < BPF_BUILD_ID_SIZE; i++)
		n += snprintf(frame->module + n, sizeof(frame->module) - n, "%02x", id[i]);
	frame->offset = place;
}

static void name_user(struct symbols *symbols, __u32 tgid, __u64 address,
		      const struct bpf_stack_build_id *at, struct source_frame *frame)
{
	struct named *named = named_slot(symbols, at->build_id, at->offset);
	struct file *file;

	*frame = (struct source_frame){ .address = address };
	if (at->status != BPF_STACK_BUILD_ID_VALID)
		return;
	if (named->set && named->place == at->offset &&
	    !memcmp(named->id, at->build_id, sizeof(named->id))) {
		*frame = named->frame;
		frame->address = address;
		return;
	}
	file = file_get(symbols, at->build_id, tgid, address);
	if (!file) { /* another process may have it, so this is not kept */
		say_build_id(at->build_id, at->offset, frame);
		return;
	}
	search(symbols, file, at->offset, frame);
	*named = (struct named){ .set = true, .place = at->offset, .frame = *frame };
	memcpy(named->id, at->build_id, sizeof(named->id));
}

size_t symbols__user(struct symbols *symbols, const struct vfio_stack *stack,
		     struct source_frame *frames)
{
	size_t n = 0;

	while (n < VFIO_OBS_STACK_FRAMES && stack->user_ip[n]) {
		name_user(symbols, stack->key.tgid, stack->user_ip[n], &stack->user[n],
			  &frames[n]);
		n++;
	}
	return n;
}

/* The kernel */

/* "name+0x1/0x23 [module]"; where there is no name it is an address, and nothing is taken. */
static void parse_kernel(const char *text, struct source_frame *frame)
{
	size_t size = strnlen(text, VFIO_OBS_SYMBOL_LEN);
	char copy[VFIO_OBS_SYMBOL_LEN], *plus, *module, *end;

	if (!size || size == VFIO_OBS_SYMBOL_LEN || !strncmp(text, "0x", 2))
		return;
	memcpy(copy, text, size + 1);
	module = strstr(copy, " [");
	end = module ? strchr(module, ']') : NULL;
	/* Cut off: of which module it is would be a guess. */
	if (size == VFIO_OBS_SYMBOL_LEN - 1 && !end)
		return;
	plus = strchr(copy, '+');
	if (!plus)
		return;
	*plus = '\0';
	frame->offset = strtoull(plus + 1, NULL, 16);
	snprintf(frame->function, sizeof(frame->function), "%s", copy);
	if (end)
		snprintf(frame->module, sizeof(frame->module), "%.*s", (int)(end - module - 2),
			 module + 2);
}

/* Frames between the event and the program that took the stack; ours, or without a name. */
static bool is_tracing(const struct source_frame *frame)
{
	static const char *const begins[] = {
		"bpf_prog_", "bpf_trampoline_", "bpf_trace_run", "__bpf_trace_", "__traceiter_",
	};

	if (!*frame->function)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(begins); i++)
		if (!strncmp(frame->function, begins[i], strlen(begins[i])))
			return true;
	return false;
}

size_t symbols__kernel(const struct vfio_stack *stack, struct source_frame *frames)
{
	size_t n = 0;

	for (size_t i = 0; i < VFIO_OBS_STACK_FRAMES && stack->kernel_ip[i]; i++) {
		frames[n] = (struct source_frame){ .address = stack->kernel_ip[i] };
		parse_kernel(stack->kernel[i], &frames[n]);
		if (n || !is_tracing(&frames[n]))
			n++;
	}
	return n;
}
