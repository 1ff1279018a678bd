// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_stacks.c - call stacks as lines of text
 */
#include <stdarg.h>
#include <stdio.h>

#include "event.h"
#include "field.h"
#include "fmt.h"
#include "view_stacks.h"

#define LINE_SIZE 256

struct lines {
	view_stacks_line_fn *line;
	void *ctx;
};

__attribute__((format(printf, 3, 4))) static void say(const struct lines *lines, bool head,
						      const char *format, ...)
{
	char raw[LINE_SIZE], text[LINE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	field__format_text(raw, text, sizeof(text));
	lines->line(lines->ctx, head, text);
}

char *view_stacks__frame(const struct source_frame *frame, char *buf, size_t size)
{
	if (*frame->function && *frame->module)
		snprintf(buf, size, "%s+0x%llx [%s]", frame->function, frame->offset,
			 frame->module);
	else if (*frame->function || *frame->module)
		snprintf(buf, size, "%s+0x%llx",
			 *frame->function ? frame->function : frame->module, frame->offset);
	else
		snprintf(buf, size, "0x%llx", frame->address);
	return buf;
}

static void say_frames(const struct lines *lines, const char *where,
		       const struct source_frame *frames, size_t n, bool cut)
{
	char text[LINE_SIZE - 16];

	for (size_t i = 0; i < n; i++)
		say(lines, false, "  %-6s  %s", i ? "" : where,
		    view_stacks__frame(&frames[i], text, sizeof(text)));
	if (cut)
		say(lines, false, "  %-6s  (only the innermost are kept)", "");
}

/* "1.20ms in all, 900us at most, now 12.0% busy" */
static const char *format_time(const struct model_stack *s, char *buf, size_t size)
{
	char sum[FMT_MAX], max[FMT_MAX], busy[32] = "";

	if (s->stack.untimed == s->stack.count)
		return "time unknown";
	if (s->busy >= 0)
		snprintf(busy, sizeof(busy), ", now %.1f%% busy", 100 * s->busy);
	snprintf(buf, size, "%s in all, %s at most%s",
		 fmt_latency(sum, sizeof(sum), s->stack.sum_ns),
		 fmt_latency(max, sizeof(max), s->stack.max_ns), busy);
	return buf;
}

/* "pin of container 3, pid 12 (qemu): 9 calls, 1.20ms in all, 900us at most, 2 failed" */
static void say_head(const struct lines *lines, const struct model_stack *s)
{
	const struct source_stack *stack = &s->stack;
	char id[FMT_MAX] = "", time[128], pages[64] = "", errors[48] = "";

	if (stack->id)
		field__format_uint(UNIT_ID, stack->id, id, sizeof(id));
	if (stack->pages)
		snprintf(pages, sizeof(pages), ", %llu page%s", stack->pages,
			 stack->pages == 1 ? "" : "s");
	if (stack->errors)
		snprintf(errors, sizeof(errors), ", %llu failed", stack->errors);
	say(lines, true, "%s of %s%s, pid %u (%s): %llu call%s, %s%s%s",
	    event__op(stack->op)->key, stack->id ? "container " : "no container", id, stack->tgid,
	    stack->comm, stack->count, stack->count == 1 ? "" : "s",
	    format_time(s, time, sizeof(time)), pages, errors);
}

static void say_stack(const struct lines *lines, const struct model_stack *s)
{
	const struct source_stack *stack = &s->stack;

	say_head(lines, s);
	if (!stack->n_kernel)
		say(lines, false, "  kernel  unknown: it could not be read");
	say_frames(lines, "kernel", stack->frames, stack->n_kernel, stack->kernel_cut);
	if (!stack->n_user)
		say(lines, false, "  user    none: a kernel thread, or a process that exits");
	say_frames(lines, "user", stack->frames + stack->n_kernel, stack->n_user,
		   stack->user_cut);
}

static bool is_of(const struct model_stack *s, __u64 id)
{
	return !id || s->stack.id == id;
}

static size_t count(const struct model_stacks *stacks, __u64 id)
{
	size_t n = 0;

	for (size_t i = 0; i < stacks->n; i++)
		n += is_of(&stacks->list[i], id);
	return n;
}

void view_stacks__title(const struct view_frame *frame, __u64 id, size_t max, char *buf,
			size_t size)
{
	size_t n = count(model__stacks(frame->model), id);
	char part[48] = "", of[FMT_MAX + 16] = "", number[FMT_MAX];

	if (n > max)
		snprintf(part, sizeof(part), "%zu of ", max);
	field__format_uint(UNIT_ID, id, number, sizeof(number));
	if (id)
		snprintf(of, sizeof(of), " of container %s", number);
	snprintf(buf, size, "%s%zu call stack%s%s, the hottest first", part, n, n == 1 ? "" : "s",
		 of);
}

void view_stacks__lines(const struct view_frame *frame, __u64 id, size_t max,
			view_stacks_line_fn *line, void *ctx)
{
	const struct model_stacks *stacks = model__stacks(frame->model);
	const struct lines lines = { line, ctx };
	size_t said = 0;

	if (!frame->info->stacks)
		say(&lines, true, "no call stacks are kept: %s", frame->info->live ?
		    "start vfiotop with --stacks" : "a recording has none");
	else if (!count(stacks, id))
		say(&lines, true, "no call was seen yet of those that --stacks asks for");
	for (size_t i = 0; i < stacks->n && said < max; i++) {
		if (!is_of(&stacks->list[i], id))
			continue;
		say_stack(&lines, &stacks->list[i]);
		said++;
	}
}
