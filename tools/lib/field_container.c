// SPDX-License-Identifier: GPL-2.0-only
/*
 * field_container.c - the fields of a container
 *
 * Read through field__containers() by every view.
 */
#include <string.h>

#include "event.h"
#include "field.h"

static struct field_value unknown(void)
{
	return (struct field_value){ .type = FIELD_UNKNOWN };
}

static struct field_value number(__u64 value)
{
	return (struct field_value){ .type = FIELD_UINT, .uint = value };
}

static struct field_value text(const char *value)
{
	return (struct field_value){ .type = FIELD_TEXT, .text = value };
}

static struct field_value rate(double value)
{
	return value < 0 ? unknown() : (struct field_value){ .type = FIELD_REAL, .real = value };
}

static struct field_value get_id(const struct field_row *row)
{
	return number(row->container->id);
}

static struct field_value get_pid(const struct field_row *row)
{
	return row->container->tgid ? number(row->container->tgid) : unknown();
}

static struct field_value get_command(const struct field_row *row)
{
	return row->container->comm[0] ? text(row->container->comm) : unknown();
}

/* Blank for a process that is nothing more: COMMAND says all. */
static struct field_value get_owner(const struct field_row *row)
{
	const struct source_owner *owner = row->container->owner;

	if (!owner)
		return unknown();
	if (owner->kind != VFIO_OWNER_UNKNOWN && owner->kind != VFIO_OWNER_PROCESS)
		return (struct field_value){ .type = FIELD_OWNER, .container = row->container };
	if (*owner->text[VFIO_OWNER_UNIT_TEXT])
		return (struct field_value){ .type = FIELD_OWNER, .container = row->container };
	return owner->kind == VFIO_OWNER_UNKNOWN ? unknown() :
						   (struct field_value){ .type = FIELD_NONE };
}

static struct field_value get_cgroup(const struct field_row *row)
{
	return row->container->cgroup ? number(row->container->cgroup) : unknown();
}

static struct field_value get_groups(const struct field_row *row)
{
	const struct model_container *c = row->container;

	if (!c->n_groups)
		return c->groups_known ? (struct field_value){ .type = FIELD_NONE } : unknown();
	return (struct field_value){ .type = FIELD_GROUPS, .container = c };
}

static struct field_value get_backend(const struct field_row *row)
{
	static const char prefix[] = "vfio-iommu-";
	const char *name = row->container->backend;

	if (!row->container->backend_known)
		return unknown();
	if (!name[0])
		return (struct field_value){ .type = FIELD_NONE };
	/* The part that differs: type1. */
	if (!strncmp(name, prefix, sizeof(prefix) - 1) && name[sizeof(prefix) - 1])
		name += sizeof(prefix) - 1;
	return text(name);
}

static struct field_value get_state(const struct field_row *row)
{
	const char *state = field__state(row->container);

	return state ? text(state) : unknown();
}

static struct field_value get_age(const struct field_row *row)
{
	const struct model_container *c = row->container;
	__u64 until_ns = c->freed ? c->freed_ns : row->now_ns;

	if (!c->opened_known)
		return unknown();
	/* Opened between the refresh and now. */
	return number(until_ns > c->opened_ns ? until_ns - c->opened_ns : 0);
}

static struct field_value get_refs(const struct field_row *row)
{
	return row->container->refs_known ? number(row->container->refs) : unknown();
}

static struct field_value get_mapped(const struct field_row *row)
{
	__u64 bytes;

	return model_container__mapped_bytes(row->container, &bytes) ? number(bytes) : unknown();
}

static struct field_value get_pinned(const struct field_row *row)
{
	__u64 pages;

	return model_container__pinned_pages(row->container, &pages) ? number(pages) : unknown();
}

static struct field_value get_rate(const struct field_row *row)
{
	return rate(row->container->rate);
}

static struct field_value get_errors(const struct field_row *row)
{
	__u64 errors = 0;

	for (int op = 0; op < VFIO_OP_COUNT; op++)
		if (row->container->op[op])
			errors += row->container->op[op]->errors;
	return number(errors);
}

static struct field_value get_running(const struct field_row *row)
{
	return row->container->n_begun ? text(event__op(row->container->begun.op)->key) :
					 (struct field_value){ .type = FIELD_NONE };
}

static struct field_value get_running_for(const struct field_row *row)
{
	const struct model_container *c = row->container;

	if (!c->n_begun)
		return (struct field_value){ .type = FIELD_NONE };
	/* Begun between the refresh and now. */
	return number(row->now_ns > c->begun.start_ns ? row->now_ns - c->begun.start_ns : 0);
}

static bool is_busier(const struct model_op *a, const struct model_op *b)
{
	if (a->busy != b->busy)
		return a->busy > b->busy;
	return a->sum_ns > b->sum_ns;
}

/* The operation in which callers spend most time now; when nothing goes on, did so until now. */
static int busiest(const struct model_container *c)
{
	int best = VFIO_OP_NONE;

	for (int op = 0; op < VFIO_OP_COUNT; op++)
		if (c->op[op] && c->op[op]->sum_ns &&
		    (best == VFIO_OP_NONE || is_busier(c->op[op], c->op[best])))
			best = op;
	return best;
}

static struct field_value get_busiest(const struct field_row *row)
{
	int op = busiest(row->container);

	return op == VFIO_OP_NONE ? (struct field_value){ .type = FIELD_NONE } :
				    text(event__op(op)->key);
}

static struct field_value busiest_quantile(const struct field_row *row, double q)
{
	int op = busiest(row->container);
	__u64 ns;

	if (op == VFIO_OP_NONE)
		return (struct field_value){ .type = FIELD_NONE };
	return model_op__quantile(row->container->op[op], q, &ns) ? number(ns) : unknown();
}

static struct field_value get_busiest_p50(const struct field_row *row)
{
	return busiest_quantile(row, 0.5);
}

static struct field_value get_busiest_p99(const struct field_row *row)
{
	return busiest_quantile(row, 0.99);
}

static struct field_value get_busiest_max(const struct field_row *row)
{
	int op = busiest(row->container);

	return op == VFIO_OP_NONE ? (struct field_value){ .type = FIELD_NONE } :
				    number(row->container->op[op]->max_ns);
}

static const struct field fields[] = {
	{ "id", "ID", UNIT_ID, 5, 16, 0, true,
	  "number of the container; \"5@2\" is number 5 of the module's second load",
	  get_id, FIELD_TOTAL_NONE },
	{ "pid", "PID", UNIT_PLAIN, 7, 0, 1, true,
	  "process that opened /dev/vfio/vfio, or had it open when the tool began; in the initial pid namespace",
	  get_pid, FIELD_TOTAL_SAME },
	{ "command", "COMMAND", UNIT_TEXT, 15, 0, 0, true, "its name at that moment",
	  get_command, FIELD_TOTAL_SAME },
	{ "owner", "OWNER", UNIT_TEXT, 12, 40, 0, true,
	  "VM, Kubernetes pod, container or service that the process is; blank: none of these",
	  get_owner, FIELD_TOTAL_SAME },
	{ "groups", "GROUPS", UNIT_TEXT, 6, 24, 2, true,
	  "IOMMU groups attached; \"?\" at the end: there are more, attached before the tool began",
	  get_groups, FIELD_TOTAL_NONE },
	{ "backend", "BACKEND", UNIT_TEXT, 7, 16, 8, true,
	  "IOMMU backend; blank until SET_IOMMU (vfio-iommu-type1 is shown as type1)",
	  get_backend, FIELD_TOTAL_SAME },
	{ "state", "STATE", UNIT_TEXT, 6, 0, 9, true,
	  "open; closed: its file is closed but something still holds it; gone: freed",
	  get_state, FIELD_TOTAL_NONE },
	{ "age_ns", "AGE", UNIT_AGE, 6, 0, 6, false, "time since it was opened, until it was freed",
	  get_age, FIELD_TOTAL_NONE },
	{ "refs", "REFS", UNIT_COUNT, 4, 5, 7, false,
	  "references: one for the file and one for each group", get_refs, FIELD_TOTAL_NONE },
	{ "mapped_bytes", "MAPPED", UNIT_BYTES, 6, 0, 3, false,
	  "bytes mapped for DMA (MAP_DMA minus what UNMAP_DMA gave back)",
	  get_mapped, FIELD_TOTAL_HELD },
	{ "pinned_pages", "PINNED", UNIT_PAGES, 6, 0, 4, false,
	  "pages held in memory: by vfio_pin_pages and, with an IOMMU-backed group, by mappings",
	  get_pinned, FIELD_TOTAL_HELD },
	{ "ops_per_second", "OPS/S", UNIT_PER_S, 5, 0, 0, false,
	  "operations of all kinds a second during the last interval", get_rate, FIELD_TOTAL_SUM },
	{ "errors", "ERRORS", UNIT_COUNT, 6, 0, 5, false, "operations that failed since it was opened",
	  get_errors, FIELD_TOTAL_SUM },
	{ "running_op", "RUNNING", UNIT_TEXT, 7, 15, 10, true,
	  "attach, set_iommu or ioctl that began first of those that have not returned",
	  get_running, FIELD_TOTAL_NONE },
	{ "running_ns", "FOR", UNIT_AGE, 5, 0, 11, false, "how long ago it began",
	  get_running_for, FIELD_TOTAL_NONE },
	{ "busiest_op", "BUSIEST", UNIT_TEXT, 9, 15, 12, true,
	  "operation in which most time is spent now, or was when nothing goes on",
	  get_busiest, FIELD_TOTAL_NONE },
	{ "busiest_p50_ns", "P50", UNIT_NS, 6, 0, 14, false, "its median latency",
	  get_busiest_p50, FIELD_TOTAL_NONE },
	{ "busiest_p99_ns", "P99", UNIT_NS, 6, 0, 13, false,
	  "its latency that 1 in 100 calls exceeds", get_busiest_p99, FIELD_TOTAL_NONE },
	{ "busiest_max_ns", "MAX", UNIT_NS, 6, 0, 15, false, "its longest latency",
	  get_busiest_max, FIELD_TOTAL_NONE },
	{ "cgroup", "CGROUP", UNIT_PLAIN, 6, 12, 16, true,
	  "id of the opener's cgroup (v2): the inode number of its folder",
	  get_cgroup, FIELD_TOTAL_SAME },
};

size_t field__containers(const struct field **list)
{
	*list = fields;
	return sizeof(fields) / sizeof(fields[0]);
}
