// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_stacks.c - call stacks: what is asked for, names of frames, reading, keeping, showing
 *
 * User frames are those of this very program, which has its symbols, and of copies of its file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/elf_file.h"
#include "lib/model.h"
#include "lib/stack_opts.h"
#include "lib/symbols.h"
#include "lib/tp_stacks.h"
#include "lib/view_folded.h"
#include "lib/view_json.h"
#include "lib/view_screen.h"
#include "lib/xalloc.h"
#include "batch_text.h"

#define MSEC 1000000ULL
#define SEC 1000000000ULL
#define BITS (3ULL << SOURCE_ID_LOAD_SHIFT)

/* Options */

static void options(void **state)
{
	static const char *const bad[] = {
		"", "x", "pin,", ",pin", "pinn", "slow=", "slow=10", "slow=0ms", "slow=-1ms",
		"slow=10d", "slow=99999999999999999999s", "slow=18446744073709551615s",
		"limit", "limit=", "limit=0", "limit=16385", "limit=-1", "limit=5x", "failed=1",
	};
	const __u32 pin = 1U << VFIO_OP_PIN | 1U << VFIO_OP_MAP;
	struct source_stack_opts opts;

	assert_true(stack_opts__parse(NULL, &opts));
	assert_true(opts.ops == pin && !opts.failed && !opts.slow_ns && opts.limit == 1024);
	assert_true(stack_opts__parse("failed", &opts));
	assert_true(!opts.ops && opts.failed && !opts.slow_ns);
	assert_true(stack_opts__parse("slow", &opts));
	assert_true(!opts.ops && !opts.failed && opts.slow_ns == 10 * MSEC);
	assert_true(stack_opts__parse("slow=250us,pin,failed,limit=16384", &opts));
	assert_true(opts.ops == pin && opts.failed && opts.slow_ns == 250000);
	assert_int_equal(opts.limit, 16384);
	assert_true(stack_opts__parse("slow=2s", &opts) && opts.slow_ns == 2 * SEC);
	assert_true(stack_opts__parse("slow=10m", &opts) && opts.slow_ns == 600 * SEC);
	assert_true(stack_opts__parse("limit=7", &opts));
	assert_true(opts.ops == pin && opts.limit == 7);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (stack_opts__parse(bad[i], &opts))
			fail_msg("'%s' was understood", bad[i]);
}

/* Frames of the kernel */

static void kernel_line(struct vfio_stack *stack, size_t i, const char *text)
{
	stack->kernel_ip[i] = 0xffffffff81000000ULL + i;
	strncpy(stack->kernel[i], text, VFIO_OBS_SYMBOL_LEN - 1);
}

static void kernel_frames(void **state)
{
	struct source_frame frames[VFIO_OBS_STACK_FRAMES];
	struct vfio_stack stack = { 0 };
	char cut[VFIO_OBS_SYMBOL_LEN];

	memset(cut, 'a', sizeof(cut));
	memcpy(cut + 60, "+0x1/0x2 [mo", 12);
	cut[sizeof(cut) - 1] = '\0';
	kernel_line(&stack, 0, "bpf_prog_0123456789abcdef_pin_end+0x3c/0x90");
	kernel_line(&stack, 1, "0xffffffffc0402000");
	kernel_line(&stack, 2, "bpf_trampoline_6442531_1+0x7e/0x100");
	kernel_line(&stack, 3, "vfio_pin_pages+0x5/0xb0 [vfio]");
	kernel_line(&stack, 4, "0xffffffffc0500000");
	kernel_line(&stack, 5, "do_syscall_64+0x5d/0x90");
	kernel_line(&stack, 6, "");
	kernel_line(&stack, 7, cut);
	assert_int_equal(symbols__kernel(&stack, frames), 5);
	assert_string_equal(frames[0].function, "vfio_pin_pages");
	assert_string_equal(frames[0].module, "vfio");
	assert_int_equal(frames[0].offset, 5);
	assert_string_equal(frames[1].function, "");
	assert_string_equal(frames[1].module, "");
	assert_int_equal(frames[1].address, 0xffffffff81000004ULL);
	assert_string_equal(frames[2].function, "do_syscall_64");
	assert_string_equal(frames[2].module, "");
	assert_int_equal(frames[2].offset, 0x5d);
	assert_string_equal(frames[3].function, "");
	/* Whose it is was cut off. */
	assert_string_equal(frames[4].function, "");
	assert_string_equal(frames[4].module, "");
}

/* Frames of a user's program */

/* The file that is opened next: NULL none; how often one was asked for, and of whom. */
static const char *opens;
static unsigned int asked;
static __u32 asked_tgid;

static int open_it(void *ctx, __u32 tgid, __u64 address, char *path, size_t size)
{
	int fd = opens ? open(opens, O_RDONLY | O_CLOEXEC) : -1;

	asked++;
	asked_tgid = tgid;
	snprintf(path, size, "/usr/bin/some program");
	return fd < 0 ? -ESRCH : fd;
}

static __attribute__((noinline)) int somebody(int n)
{
	__asm__ volatile("" : "+r"(n));
	return n + 1;
}

/* Where in our file @address is. */
static __u64 place_of(const void *address)
{
	unsigned long long from, to, offset, place = 0, at = (uintptr_t)address;
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[4096];

	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%llx-%llx %*s %llx", &from, &to, &offset) == 3 && at >= from &&
		    at < to)
			place = at - from + offset;
	fclose(maps);
	return place;
}

static void own_id(unsigned char id[BPF_BUILD_ID_SIZE])
{
	struct elf_file *file = elf_file__open(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));

	assert_non_null(file);
	assert_true(elf_file__build_id(file, id));
	elf_file__close(file);
}

static void user_frame(struct vfio_stack *stack, size_t i, const void *address)
{
	stack->user_ip[i] = (uintptr_t)address;
	stack->user[i].status = BPF_STACK_BUILD_ID_VALID;
	own_id(stack->user[i].build_id);
	stack->user[i].offset = place_of(address);
}

static struct symbols *new_symbols(const char *file)
{
	opens = file;
	asked = 0;
	return symbols__create(open_it, NULL, "/nonexistent");
}

static void user_frames(void **state)
{
	struct symbols *symbols = new_symbols("/proc/self/exe");
	struct source_frame frames[VFIO_OBS_STACK_FRAMES];
	struct vfio_stack stack = { .key.tgid = 77 };

	assert_int_equal(somebody(1), 2);
	user_frame(&stack, 0, (char *)somebody + 4);
	/* Returned to from a call that is the last of a function: it is that function's. */
	user_frame(&stack, 1, (char *)somebody);
	stack.user[1].offset++;
	/* Made at run time: belongs to no file. */
	stack.user_ip[2] = 0x7000;
	stack.user[2].status = BPF_STACK_BUILD_ID_IP;
	assert_int_equal(symbols__user(symbols, &stack, frames), 3);
	assert_int_equal(asked_tgid, 77);
	assert_string_equal(frames[0].function, "somebody");
	assert_string_equal(frames[0].module, "some program");
	assert_int_equal(frames[0].offset, 4);
	assert_string_equal(frames[1].function, "somebody");
	assert_int_equal(frames[1].offset, 1);
	assert_string_equal(frames[2].function, "");
	assert_string_equal(frames[2].module, "");
	assert_int_equal(frames[2].address, 0x7000);

	/* Known from now on, without the process. */
	assert_int_equal(symbols__opened(symbols), 1);
	assert_int_equal(symbols__searched(symbols), 2);
	opens = NULL;
	assert_int_equal(symbols__user(symbols, &stack, frames), 3);
	assert_string_equal(frames[0].function, "somebody");
	assert_int_equal(asked, 1);
	assert_int_equal(symbols__searched(symbols), 2);
	symbols__destroy(symbols);
}

/* Its begin is another function's end: what is there before it must not get its name. */
static void outside_of_functions(void **state)
{
	struct symbols *symbols = new_symbols("/proc/self/exe");
	struct source_frame frames[VFIO_OBS_STACK_FRAMES];
	struct vfio_stack stack = { 0 };

	user_frame(&stack, 0, (char *)somebody);
	user_frame(&stack, 1, (char *)somebody);
	stack.user[1].offset = 1; /* the file's head, no code */
	assert_int_equal(symbols__user(symbols, &stack, frames), 2);
	assert_string_not_equal(frames[0].function, "somebody");
	assert_string_equal(frames[1].function, "");
	assert_string_equal(frames[1].module, "some program");
	assert_int_equal(frames[1].offset, 1);
	symbols__destroy(symbols);
}

/* The pid is another's by now, or nobody's, or no program at all: no name, never a wrong one. */
static void another_file(void **state)
{
	static const char *const files[] = { "/bin/sh", "/etc/passwd", "/dev/null", NULL };
	struct source_frame frames[VFIO_OBS_STACK_FRAMES];
	struct vfio_stack stack = { 0 };

	user_frame(&stack, 0, (char *)somebody + 4);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct symbols *symbols = new_symbols(files[i]);
		char id[2 * BPF_BUILD_ID_SIZE + 16] = "build-id:";

		for (int b = 0; b < BPF_BUILD_ID_SIZE; b++)
			sprintf(id + strlen(id), "%02x", stack.user[0].build_id[b]);
		assert_int_equal(symbols__user(symbols, &stack, frames), 1);
		assert_string_equal(frames[0].function, "");
		assert_string_equal(frames[0].module, id);
		assert_int_equal(frames[0].offset, stack.user[0].offset);
		/* And who has it still may tell it. */
		opens = "/proc/self/exe";
		symbols__user(symbols, &stack, frames);
		assert_string_equal(frames[0].function, "somebody");
		symbols__destroy(symbols);
	}
}

/* Copies @size bytes of our file, byte @at being another. */
static void damaged_copy(int to, const char *bytes, size_t size, size_t at)
{
	char byte = ~bytes[at];

	assert_int_equal(ftruncate(to, 0), 0);
	assert_int_equal(pwrite(to, bytes, size, 0), size);
	if (at < size)
		assert_int_equal(pwrite(to, &byte, 1, at), 1);
}

/* Whatever is in a file: no crash (the sanitizers look on), and no name from another's id. */
static void damaged_files(void **state)
{
	struct source_frame frames[VFIO_OBS_STACK_FRAMES];
	struct vfio_stack stack = { 0 };
	char path[] = "/tmp/test_stacks.XXXXXX";
	int exe = open("/proc/self/exe", O_RDONLY), copy = mkstemp(path);
	struct stat st;
	char *bytes;

	assert_int_equal(fstat(exe, &st), 0);
	bytes = malloc(st.st_size);
	assert_int_equal(read(exe, bytes, st.st_size), st.st_size);
	user_frame(&stack, 0, (char *)somebody + 4);
	/* The head of the file and of its sections; then cut at places all over it. */
	for (size_t i = 0; i < 128; i++) {
		size_t at = i < 64 ? i : st.st_size - (i - 63) * 16;
		struct symbols *symbols = new_symbols(path);

		damaged_copy(copy, bytes, st.st_size, at);
		symbols__user(symbols, &stack, frames);
		symbols__destroy(symbols);
		symbols = new_symbols(path);
		damaged_copy(copy, bytes, st.st_size * i / 128, st.st_size - 1);
		symbols__user(symbols, &stack, frames);
		assert_string_not_equal(frames[0].function, "main");
		symbols__destroy(symbols);
	}
	unlink(path);
	free(bytes);
	close(copy);
	close(exe);
}

/* No more files stay open than there is room for. */
static void files_are_bounded(void **state)
{
	struct symbols *symbols = new_symbols("/proc/self/exe");
	struct source_frame frames[VFIO_OBS_STACK_FRAMES];
	char path[] = "/tmp/test_stacks.XXXXXX";
	int copy = mkstemp(path), first, last;
	struct vfio_stack stack = { 0 };
	unsigned char id[BPF_BUILD_ID_SIZE], *found;
	struct stat st;
	char *bytes;
	int exe = open("/proc/self/exe", O_RDONLY);

	own_id(id);
	assert_int_equal(fstat(exe, &st), 0);
	bytes = malloc(st.st_size);
	assert_int_equal(read(exe, bytes, st.st_size), st.st_size);
	found = memmem(bytes, st.st_size, id, sizeof(id));
	assert_non_null(found);
	user_frame(&stack, 0, (char *)somebody + 4);
	opens = path;
	first = dup(exe);
	for (int i = 0; i < 100; i++) {
		char name[64];

		/* A file of its own each time, as the others stay open. */
		found[0] = stack.user[0].build_id[0] = i;
		snprintf(name, sizeof(name), "%s.%d", path, i);
		assert_int_equal(unlink(path), 0);
		close(copy);
		copy = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		assert_int_equal(write(copy, bytes, st.st_size), st.st_size);
		assert_int_equal(symbols__user(symbols, &stack, frames), 1);
		assert_string_equal(frames[0].function, "somebody");
	}
	last = dup(exe);
	assert_int_equal(symbols__opened(symbols), 100);
	assert_true(last - first < 20);
	symbols__destroy(symbols);
	close(first);
	close(last);
	close(exe);
	close(copy);
	unlink(path);
	free(bytes);
}

/* Reading what the programs wrote */

struct reading {
	struct vfio_stack map[4];
	struct symbols *symbols;
	struct tp_stacks *stacks;
	struct source_sink sink;
	__u64 next;
	/* What was delivered last, and how often. */
	struct source_stack last;
	char function[SOURCE_FUNCTION_LEN];
	unsigned int calls;
};

static void on_stack(void *ctx, const struct source_stack *stack)
{
	struct reading *r = ctx;

	r->last = *stack;
	snprintf(r->function, sizeof(r->function), "%s",
		 stack->n_kernel ? stack->frames[0].function : "");
	r->calls++;
}

static void put(struct reading *r, __u32 i, __u64 id)
{
	r->map[i] = (struct vfio_stack){
		.key = { .id = id, .op = VFIO_OP_PIN, .tgid = 9, .kernel = 1, .user = 1 },
		.count = 5, .errors = 1, .untimed = 2, .sum_ns = 700, .max_ns = 300, .pages = 4,
		.comm = "qemu",
	};
	kernel_line(&r->map[i], 0, "vfio_pin_pages+0x5/0xb0 [vfio]");
}

static struct reading *new_reading(void)
{
	struct reading *r = calloc(1, sizeof(*r));
	struct tp_stacks_maps maps = { .stacks = r->map, .n = 4, .index_fd = -1, .free_fd = -1 };

	r->symbols = new_symbols(NULL);
	r->stacks = tp_stacks__create(&maps, r->symbols, &r->next);
	r->sink = (struct source_sink){ .ctx = r, .stack = on_stack };
	return r;
}

static void end_reading(struct reading *r)
{
	tp_stacks__destroy(r->stacks);
	symbols__destroy(r->symbols);
	free(r);
}

static void delivers_what_changed(void **state)
{
	struct reading *r = new_reading();
	__u64 number;

	put(r, 2, 7);
	tp_stacks__deliver(r->stacks, BITS, &r->sink);
	assert_int_equal(r->calls, 1);
	number = r->last.number;
	assert_true(r->last.id == (7 | BITS) && r->last.tgid == 9 && r->last.op == VFIO_OP_PIN);
	assert_true(r->last.count == 5 && r->last.errors == 1 && r->last.untimed == 2);
	assert_true(r->last.sum_ns == 700 && r->last.max_ns == 300 && r->last.pages == 4);
	assert_string_equal(r->last.comm, "qemu");
	assert_string_equal(r->function, "vfio_pin_pages");
	assert_true(r->last.n_kernel == 1 && r->last.n_user == 0 && !r->last.kernel_cut);
	tp_stacks__deliver(r->stacks, BITS, &r->sink);
	assert_int_equal(r->calls, 1);

	r->map[2].count = 6;
	r->map[2].sum_ns = 900;
	put(r, 0, 0); /* of no container; its stack fills all there is */
	for (int i = 0; i < VFIO_OBS_STACK_FRAMES; i++)
		kernel_line(&r->map[0], i, "recursion+0x5/0xb0");
	tp_stacks__deliver(r->stacks, BITS, &r->sink);
	assert_int_equal(r->calls, 3);
	assert_true(r->last.number == number && r->last.count == 6 && r->last.sum_ns == 900);
	put(r, 1, 0);
	r->map[1].key.op = VFIO_OP_COUNT; /* nothing that a program writes */
	r->map[0].count = 7;
	tp_stacks__deliver(r->stacks, BITS, &r->sink);
	assert_int_equal(r->calls, 4);
	assert_true(r->last.id == 0 && r->last.number != number);
	assert_true(r->last.n_kernel == VFIO_OBS_STACK_FRAMES && r->last.kernel_cut);
	end_reading(r);
}

static void forgets_a_container(void **state)
{
	static const struct vfio_stack none;
	struct reading *r = new_reading();

	put(r, 1, 7);
	put(r, 2, 8);
	tp_stacks__deliver(r->stacks, 0, &r->sink);
	r->map[1].count = 11;
	tp_stacks__forget(r->stacks, 7, 0, &r->sink);
	assert_true(r->calls == 3 && r->last.id == 7 && r->last.count == 11);
	assert_memory_equal(&r->map[1], &none, sizeof(none));
	assert_int_equal(r->map[2].count, 5);

	/* The entry is another stack's then, even with the same count. */
	put(r, 1, 9);
	r->map[1].count = 11;
	tp_stacks__deliver(r->stacks, 0, &r->sink);
	assert_true(r->calls == 4 && r->last.id == 9 && r->last.number == 3);
	end_reading(r);
}

/* Keeping and showing */

static const struct source_frame shown[] = {
	{ .function = "vfio_pin_pages", .module = "vfio", .offset = 0x9c, .address = 1 },
	{ .function = "do_syscall_64", .offset = 0x5d, .address = 2 },
	{ .module = "lib\033x.so", .offset = 0x1234, .address = 3 },
	{ .address = 0x7f00 },
};

static struct source_stack a_stack(__u64 number, __u64 sum_ns)
{
	return (struct source_stack){
		.number = number, .id = 3, .tgid = 12, .op = VFIO_OP_PIN, .comm = "qemu",
		.count = 9, .errors = 2, .sum_ns = sum_ns, .max_ns = 900000, .pages = 7,
		.frames = shown, .n_kernel = 2, .n_user = 2, .user_cut = true,
	};
}

static void keeps_those_that_took_most(void **state)
{
	struct model_stacks stacks = { 0 };
	struct model_stacks copy;

	for (__u64 i = 1; i <= 2100; i++) {
		struct source_stack s = a_stack(i, i * 1000);

		model_stacks__set(&stacks, &s);
	}
	assert_int_equal(stacks.n, 2048);
	assert_int_equal(stacks.left_out, 52);
	model_stacks__advance(&stacks, 0);
	assert_int_equal(stacks.list[0].stack.number, 2100);
	assert_int_equal(stacks.list[2047].stack.number, 53);
	assert_true(stacks.list[0].busy < 0);
	for (int i = 0; i < 2; i++) { /* one that goes on becomes the hottest */
		struct source_stack s = a_stack(60, 60000 + i * SEC / 2);

		model_stacks__set(&stacks, &s);
		model_stacks__advance(&stacks, 1);
	}
	assert_int_equal(stacks.list[0].stack.number, 60);
	assert_true(stacks.list[0].busy > 0.49 && stacks.list[0].busy < 0.51);
	copy = model_stacks__copy(&stacks);
	model_stacks__clear(&stacks);
	assert_string_equal(copy.list[0].stack.frames[0].function, "vfio_pin_pages");
	model_stacks__clear(&copy);
}

struct shown {
	struct model *model;
	struct source_info info;
	struct view_frame frame;
	struct source_sink sink;
};

static void show(struct shown *s, bool asked_for)
{
	s->model = model__create();
	s->sink = model__sink(s->model, true);
	s->info = (struct source_info){ .name = "fake", .live = true, .stacks = asked_for };
	s->frame = (struct view_frame){
		.model = s->model, .info = &s->info, .interval_ns = SEC, .cpu_percent = -1,
		.now_ns = 5 * SEC, .number = 1,
	};
	model__advance(s->model, 4 * SEC, SEC);
}

static void feed(struct shown *s)
{
	struct source_stack hot = a_stack(1, SEC / 2), failed = a_stack(2, 0);
	struct source_loss loss = { .stacks = 3 };

	failed.id = 0;
	failed.op = VFIO_OP_OPEN;
	failed.count = failed.errors = failed.untimed = 1;
	failed.pages = 0;
	failed.n_kernel = failed.n_user = 0;
	failed.user_cut = false;
	s->sink.stack(s->sink.ctx, &hot);
	s->sink.stack(s->sink.ctx, &failed);
	s->sink.loss(s->sink.ctx, &loss);
	model__advance(s->model, 5 * SEC, SEC);
}

#define LINES                                                                                      \
	"pin of container 3, pid 12 (qemu): 9 calls, 500ms in all, 900us at most, now 50.0% busy, " \
	"7 pages, 2 failed\n"                                                                      \
	"  kernel  vfio_pin_pages+0x9c [vfio]\n"                                                   \
	"          do_syscall_64+0x5d\n"                                                           \
	"  user    lib?x.so+0x1234\n"                                                              \
	"          0x7f00\n"                                                                       \
	"          (only the innermost are kept)\n"                                                \
	"open of no container, pid 12 (qemu): 1 call, time unknown, 1 failed\n"                    \
	"  kernel  unknown: it could not be read\n"                                                \
	"  user    none: a kernel thread, or a process that exits\n"

static void in_batch(void **state)
{
	struct shown s;
	char *text;

	show(&s, true);
	text = batch_text(&s.frame);
	assert_non_null(strstr(text, "0 call stacks, the hottest first\nno call was seen yet"));
	free(text);
	feed(&s);
	text = batch_text(&s.frame);
	if (!strstr(text, "\n\n2 call stacks, the hottest first\n" LINES "\n"))
		fail_msg("%s", text);
	assert_non_null(strstr(text, "LOST 3"));
	assert_non_null(strstr(text, "3 operations (in no stack"));
	free(text);
	model__destroy(s.model);

	show(&s, false);
	text = batch_text(&s.frame);
	assert_null(strstr(text, "stack"));
	free(text);
	model__destroy(s.model);
}

static json_t *json_of(const struct view_frame *frame)
{
	json_t *root;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	view_json__print(out, frame);
	fclose(out);
	root = json_loads(text, 0, NULL);
	free(text);
	assert_non_null(root);
	return root;
}

static void in_json(void **state)
{
	struct shown s;
	json_t *root, *want;

	show(&s, false);
	root = json_of(&s.frame);
	assert_true(json_is_null(json_object_get(root, "stacks")));
	json_decref(root);
	model__destroy(s.model);

	show(&s, true);
	feed(&s);
	root = json_of(&s.frame);
	want = json_loads(
		"[{\"operation\":\"pin\",\"container\":3,\"load\":0,\"pid\":12,\"command\":\"qemu\","
		"\"count\":9,\"errors\":2,\"untimed\":0,\"sum_ns\":500000000,\"max_ns\":900000,"
		"\"busy_ratio\":0.5,\"pages\":7,\"kernel\":["
		"{\"function\":\"vfio_pin_pages\",\"module\":\"vfio\",\"offset\":156,\"address\":1},"
		"{\"function\":\"do_syscall_64\",\"module\":null,\"offset\":93,\"address\":2}],"
		"\"kernel_complete\":true,\"user\":["
		"{\"function\":null,\"module\":\"lib\\u001bx.so\",\"offset\":4660,\"address\":3},"
		"{\"function\":null,\"module\":null,\"offset\":null,\"address\":32512}],"
		"\"user_complete\":false},"
		"{\"operation\":\"open\",\"container\":null,\"load\":null,\"pid\":12,"
		"\"command\":\"qemu\",\"count\":1,\"errors\":1,\"untimed\":1,\"sum_ns\":0,"
		"\"max_ns\":null,\"busy_ratio\":0.0,\"pages\":0,\"kernel\":null,"
		"\"kernel_complete\":true,\"user\":[],\"user_complete\":true}]", 0, NULL);
	assert_non_null(want);
	if (!json_equal(json_object_get(root, "stacks"), want))
		fail_msg("%s", json_dumps(json_object_get(root, "stacks"), 0));
	assert_int_equal(json_integer_value(json_object_get(root, "stacks_kept")), 2);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(root, "lost"),
							    "stacks")), 3);
	json_decref(want);
	json_decref(root);
	model__destroy(s.model);
}

/* What is printed of @frame and the number of lines that were told. To be freed. */
static char *folded(const struct view_frame *frame, enum view_weight weight, size_t *n)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	*n = view_folded__print(out, frame, weight);
	fclose(out);
	return text;
}

static void check_folded(const struct view_frame *frame, enum view_weight weight, size_t n,
			 const char *want)
{
	size_t lines;
	char *text = folded(frame, weight, &lines);

	if (strcmp(text, want) || lines != n)
		fail_msg("%zu lines, %s", lines, text);
	free(text);
}

#define FOLDED "[unknown];[lib?x.so];do_syscall_64_[k];vfio_pin_pages_[k]"

static void as_folded_lines(void **state)
{
	static const struct source_frame odd[] = {
		{ .function = "operator new(int); x", .module = "b" }, { .module = "a b;c" },
	};
	struct source_stack same = a_stack(9, 50), other = a_stack(10, 1);
	struct shown s;

	show(&s, true);
	check_folded(&s.frame, VIEW_WEIGHT_COUNT, 0, "");
	feed(&s);
	check_folded(&s.frame, VIEW_WEIGHT_COUNT, 2,
		     "qemu;" FOLDED " 9\n" "qemu;[unknown]_[k] 1\n");
	/* Another process of that name, another container: one line. */
	same.id = 4;
	same.tgid = 13;
	s.sink.stack(s.sink.ctx, &same);
	snprintf(other.comm, sizeof(other.comm), "a b;c");
	other.frames = odd;
	other.n_kernel = 0;
	s.sink.stack(s.sink.ctx, &other);
	check_folded(&s.frame, VIEW_WEIGHT_COUNT, 3,
		     "a_b:c;[a_b:c];operator_new(int):_x;[unknown]_[k] 9\n"
		     "qemu;" FOLDED " 18\n" "qemu;[unknown]_[k] 1\n");
	check_folded(&s.frame, VIEW_WEIGHT_TIME, 2,
		     "a_b:c;[a_b:c];operator_new(int):_x;[unknown]_[k] 1\n"
		     "qemu;" FOLDED " 500000050\n");
	check_folded(&s.frame, VIEW_WEIGHT_PAGES, 2,
		     "a_b:c;[a_b:c];operator_new(int):_x;[unknown]_[k] 7\n"
		     "qemu;" FOLDED " 14\n");
	model__destroy(s.model);
}

static void weights(void **state)
{
	static const char *const bad[] = { "", "counts", "ns", "time ", "COUNT" };
	enum view_weight weight = VIEW_WEIGHT_PAGES;

	assert_true(view_weight__parse(NULL, &weight) && weight == VIEW_WEIGHT_COUNT);
	assert_true(view_weight__parse("time", &weight) && weight == VIEW_WEIGHT_TIME);
	assert_true(view_weight__parse("pages", &weight) && weight == VIEW_WEIGHT_PAGES);
	assert_true(view_weight__parse("count", &weight) && weight == VIEW_WEIGHT_COUNT);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(view_weight__parse(bad[i], &weight));
}

static char *screen_text(struct view_screen *screen, const struct view_frame *frame)
{
	struct view_canvas *canvas = view_canvas__create(12, 60);
	char *text = calloc(1, 12 * 64), line[64];

	view_screen__draw(screen, frame, canvas);
	for (int row = 0; row < 12; row++) {
		view_canvas__text(canvas, row, line, sizeof(line));
		strcat(strcat(text, line), "\n");
	}
	view_canvas__destroy(canvas);
	return text;
}

/* @key, and then the screen has @want at its begin. */
static void key_shows(struct view_screen *screen, int key, const struct view_frame *frame,
		      const char *want)
{
	char *text;

	assert_int_equal(view_screen__key(screen, key), VIEW_REDRAW);
	text = screen_text(screen, frame);
	if (strncmp(text, want, strlen(want)))
		fail_msg("%s", text);
	free(text);
}

static void on_the_screen(void **state)
{
	struct view_screen *screen = view_screen__create();
	struct shown s;

	show(&s, false);
	key_shows(screen, 'S', &s.frame, "0 call stacks, the hottest first\n"
		  "no call stacks are kept: start vfiotop with --stacks\n");
	s.info.live = false;
	key_shows(screen, VIEW_KEY_RESIZE, &s.frame, "0 call stacks, the hottest first\n"
		  "no call stacks are kept: a recording has none\n");
	key_shows(screen, 'S', &s.frame, "vfiotop ");
	model__destroy(s.model);

	show(&s, true);
	feed(&s);
	key_shows(screen, 'S', &s.frame, "2 call stacks, the hottest first\n"
		  "pin of container 3, pid 12 (qemu): 9 calls, 500ms in all, 90\n"
		  "  kernel  vfio_pin_pages+0x9c [vfio]\n");
	key_shows(screen, 'j', &s.frame, "2 call stacks, the hottest first\n"
		  "pin of container 3"); /* all of it fits: nothing scrolls */
	for (__u64 i = 10; i < 20; i++) {
		struct source_stack more = a_stack(i, i);

		s.sink.stack(s.sink.ctx, &more);
	}
	key_shows(screen, 'j', &s.frame, "12 call stacks, the hottest first\n"
		  "  kernel  vfio_pin_pages+0x9c [vfio]\n");
	key_shows(screen, VIEW_KEY_ESCAPE, &s.frame, "vfiotop ");
	key_shows(screen, '?', &s.frame, "Keys\n");
	view_screen__destroy(screen);
	model__destroy(s.model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options),
		cmocka_unit_test(kernel_frames),
		cmocka_unit_test(user_frames),
		cmocka_unit_test(outside_of_functions),
		cmocka_unit_test(another_file),
		cmocka_unit_test(damaged_files),
		cmocka_unit_test(files_are_bounded),
		cmocka_unit_test(delivers_what_changed),
		cmocka_unit_test(forgets_a_container),
		cmocka_unit_test(keeps_those_that_took_most),
		cmocka_unit_test(in_batch),
		cmocka_unit_test(in_json), cmocka_unit_test(as_folded_lines),
		cmocka_unit_test(weights),
		cmocka_unit_test(on_the_screen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
