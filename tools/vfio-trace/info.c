// SPDX-License-Identifier: GPL-2.0-only
/*
 * info.c - vfio-trace info and verify: what a recording is, and whether all of it can be read
 *
 * Both read the blocks and count no operations, which is report's.
 */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cmds.h"
#include "lib/error.h"
#include "lib/event.h"
#include "lib/fmt.h"
#include "lib/json_set.h"
#include "lib/privilege.h"
#include "lib/record_reader.h"
#include "lib/source.h"
#include "lib/xalloc.h"

/* What the blocks of each type have, for people and as a JSON key. */
static const struct kind {
	const char *title, *key;
} kinds[] = {
	[RECORD_BLOCK_EVENTS] = { "events", "events" },
	[RECORD_BLOCK_GAP] = { "gaps", "gaps" },
	[RECORD_BLOCK_END] = { "end mark", "end" },
	[RECORD_BLOCK_EXISTING] = { "containers from before", "existing" },
	[RECORD_BLOCK_OWNER] = { "owners", "owners" },
	[RECORD_BLOCK_GROUP] = { "groups and devices", "groups" },
	[RECORD_BLOCK_TABLE] = { "mappings from before", "mappings" },
	[RECORD_BLOCK_CARRIED] = { "containers carried over", "carried" },
};
#define N_KINDS ARRAY_SIZE(kinds)

/* @blocks, @bytes, @raw: of each type, bytes as stored with their heads, and unpacked */
struct facts {
	const char *path;
	struct record_reader *reader;
	struct record_header header; /* its texts printable */
	__u64 blocks[N_KINDS], bytes[N_KINDS], raw[N_KINDS];
	__u64 size;
	__u64 first_ns, last_ns; /* of the events; 0 when there are none */
	__u64 realtime_offset_ns;
	struct source_loss loss;
	int end; /* of record_reader__next() */
};

static void add_block(struct facts *facts, const struct record_block *head)
{
	__u64 size = sizeof(*head) + head->stored_size;

	facts->size += size;
	facts->realtime_offset_ns = head->realtime_offset_ns;
	facts->loss.ring = head->lost_ring;
	facts->loss.pool = head->lost_pool;
	facts->loss.recursion = head->lost_recursion;
	if (head->type == RECORD_BLOCK_EVENTS && head->count) {
		if (!facts->first_ns)
			facts->first_ns = head->first_ns;
		facts->last_ns = head->last_ns;
	}
	if (head->type >= N_KINDS)
		return;
	facts->blocks[head->type]++;
	facts->bytes[head->type] += size;
	facts->raw[head->type] += head->raw_size;
}

/* @text came from a file. */
static void make_text(char *text, size_t size)
{
	text[size - 1] = '\0';
	event__make_text_printable(text, strlen(text));
}

static void take_header(struct facts *facts)
{
	struct record_header *header = &facts->header;

	*header = *record_reader__header(facts->reader);
	make_text(header->kernel, sizeof(header->kernel));
	make_text(header->host, sizeof(header->host));
	make_text(header->boot_id, sizeof(header->boot_id));
	make_text(header->source, sizeof(header->source));
	make_text(header->detail, sizeof(header->detail));
	make_text(header->made, sizeof(header->made));
	facts->size = header->header_size;
	facts->realtime_offset_ns = header->realtime_offset_ns;
}

/* Reads all of it. False, and said: it is no recording. */
static bool look(struct facts *facts, const char *path)
{
	struct record_view view;
	char err[1024];

	*facts = (struct facts){ .path = path };
	facts->reader = record_reader__open_path(path, err, sizeof(err));
	if (!facts->reader) {
		fprintf(stderr, "vfio-trace: %s\n", err);
		return false;
	}
	take_header(facts);
	while ((facts->end = record_reader__next(facts->reader, &view)) > 0)
		add_block(facts, &view.head);
	facts->loss.damaged = record_reader__missing(facts->reader);
	return true;
}

static bool is_whole(const struct facts *facts)
{
	return !facts->end && !record_reader__damages(facts->reader);
}

/* What is wrong with it, a line each on stderr; the exit status. */
static int tell_trouble(const struct facts *facts)
{
	char why[RECORD_WHY_MAX];

	if (record_reader__damages(facts->reader)) {
		record_reader__say_damage(facts->reader, why, sizeof(why));
		fprintf(stderr, "vfio-trace: %s: %s\n", record_reader__name(facts->path), why);
	}
	if (facts->end == -ENODATA) {
		record_reader__say_cut(facts->reader, why, sizeof(why));
		fprintf(stderr, "vfio-trace: %s: %s\n", record_reader__name(facts->path), why);
	} else if (facts->end < 0) {
		fprintf(stderr, "vfio-trace: %s\n", record_reader__error(facts->reader));
	}
	return is_whole(facts) ? 0 : 1;
}

static __u64 n_blocks(const struct facts *facts)
{
	__u64 n = 0;

	for (size_t i = 0; i < N_KINDS; i++)
		n += facts->blocks[i];
	return n;
}

/* Text */

static void print_events(const struct facts *facts)
{
	bool all = true;

	for (unsigned int type = 0; type < VFIO_EV_COUNT; type++) {
		if (facts->header.events >> type & 1)
			continue;
		printf("%s %s", all ? "Left out   " : "", event__key(event__desc(type)));
		all = false;
	}
	if (!all)
		putchar('\n');
}

static void print_blocks(const struct facts *facts)
{
	char bytes[FMT_MAX], raw[FMT_MAX];

	printf("\n  %-24s %7s %7s %9s\n", "BLOCKS OF", "NUMBER", "BYTES", "UNPACKED");
	for (size_t i = 0; i < N_KINDS; i++) {
		if (!facts->blocks[i])
			continue;
		printf("  %-24s %7llu %7s %9s\n", kinds[i].title, facts->blocks[i],
		       fmt_bytes(bytes, sizeof(bytes), facts->bytes[i]),
		       fmt_bytes(raw, sizeof(raw), facts->raw[i]));
	}
}

static void print_text(const struct facts *facts)
{
	const struct record_header *header = &facts->header;
	__u64 events = record_reader__events(facts->reader);
	char text[FMT_MAX];

	printf("File        %s, version %u, %s\n", record_reader__name(facts->path), header->version,
	       fmt_bytes(text, sizeof(text), facts->size));
	printf("Host        %s, kernel %s, boot %s\n", header->host, header->kernel,
	       *header->boot_id ? header->boot_id : "unknown");
	printf("Source      %s\n", header->detail);
	if (*header->made)
		printf("Made by     %s\n", header->made);
	printf("Begun       %s\n",
	       fmt_time(text, sizeof(text), header->start_ns + header->realtime_offset_ns));
	printf("Events      %llu", events);
	if (facts->first_ns) {
		printf(" from %s", fmt_time(text, sizeof(text),
					    facts->first_ns + facts->realtime_offset_ns));
		printf(" for %s", fmt_latency(text, sizeof(text),
					      facts->last_ns - facts->first_ns));
	}
	if (events)
		printf(", %.1f bytes each",
		       (double)facts->bytes[RECORD_BLOCK_EVENTS] / (double)events);
	putchar('\n');
	print_events(facts);
	if (header->flags & RECORD_SOME)
		printf("Left out    of the others what the options of 'cut' above do not choose\n");
	printf("Lost        %llu\n", source_loss__total(&facts->loss));
	printf("Complete    %s\n", is_whole(facts) ? "yes" : "no");
	print_blocks(facts);
}

/* JSON */

static json_t *events_json(const struct facts *facts)
{
	json_t *list = xalloc__check(json_array());

	for (unsigned int type = 0; type < VFIO_EV_COUNT; type++)
		if (facts->header.events >> type & 1)
			json_append(list, json_string(event__key(event__desc(type))));
	return list;
}

static json_t *blocks_json(const struct facts *facts)
{
	json_t *blocks = xalloc__check(json_object());

	for (size_t i = 0; i < N_KINDS; i++) {
		json_t *one;

		if (!kinds[i].key)
			continue;
		one = xalloc__check(json_object());
		json_set(one, "number", json_count(facts->blocks[i]));
		json_set(one, "bytes", json_count(facts->bytes[i]));
		json_set(one, "unpacked_bytes", json_count(facts->raw[i]));
		json_set(blocks, kinds[i].key, one);
	}
	return blocks;
}

static void print_json(const struct facts *facts)
{
	const struct record_header *header = &facts->header;
	json_t *root = xalloc__check(json_object());

	json_set(root, "schema", json_string("vfio-trace-info/1"));
	json_set(root, "version", json_count(header->version));
	json_set(root, "bytes", json_count(facts->size));
	json_set(root, "host", json_string(header->host));
	json_set(root, "kernel", json_string(header->kernel));
	json_set(root, "boot_id", *header->boot_id ? json_string(header->boot_id) : json_null());
	json_set(root, "source", json_string(header->source));
	json_set(root, "detail", json_string(header->detail));
	json_set(root, "made_by", *header->made ? json_string(header->made) : json_null());
	json_set(root, "start_ns", json_count(header->start_ns));
	json_set(root, "realtime_offset_ns", json_count(facts->realtime_offset_ns));
	json_set(root, "events", json_count(record_reader__events(facts->reader)));
	json_set(root, "first_ns", facts->first_ns ? json_count(facts->first_ns) : json_null());
	json_set(root, "last_ns", facts->first_ns ? json_count(facts->last_ns) : json_null());
	json_set(root, "recorded", events_json(facts));
	json_set(root, "only_some", json_boolean(header->flags & RECORD_SOME));
	json_set(root, "anonymised", json_boolean(header->flags & RECORD_ANONYMISED));
	json_set(root, "lost", json_count(source_loss__total(&facts->loss)));
	json_set(root, "complete", json_boolean(is_whole(facts)));
	json_set(root, "blocks", blocks_json(facts));
	json_dumpf(root, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(root);
}

/* Commands */

static bool written(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return true;
	fprintf(stderr, "vfio-trace: cannot write to standard output: %s\n", strerror(errno));
	return false;
}

static bool drop_privileges(void)
{
	char err[1024];

	if (!privilege__drop(err, sizeof(err)))
		return true;
	fprintf(stderr, "vfio-trace: %s\n", err);
	return false;
}

static int info(const char *path, bool json)
{
	struct facts facts;
	int status;

	if (!drop_privileges() || !look(&facts, path))
		return 1;
	if (json)
		print_json(&facts);
	else
		print_text(&facts);
	status = written() ? tell_trouble(&facts) : 1;
	record_reader__close(facts.reader);
	return status;
}

static const char info_help[] =
	"Usage: vfio-trace info [OPTION...] FILE\n"
	"\n"
	"Says of what host, kernel and source a recording is, which events are in it, and what takes\n"
	"how much room. FILE - is standard input.\n"
	"\n"
	"      --json    one JSON object\n"
	"  -h, --help    this text\n"
	"\n"
	"Exit status: 0 when all of FILE could be read; 1 failed, or FILE is cut off or damaged;\n"
	"2 usage.\n";

int cmd_info(int argc, char **argv)
{
	struct cmds_line line = { .help = info_help };
	int status;

	return cmds__one_file(argc, argv, &line, &status) ? info(line.path, line.json) : status;
}

static int verify(const char *path)
{
	struct facts facts;
	int status;

	if (!look(&facts, path))
		return 1;
	status = tell_trouble(&facts);
	if (!status)
		printf("%s: whole, %llu events in %llu blocks; %llu were lost while it was "
		       "recorded\n",
		       record_reader__name(path), record_reader__events(facts.reader),
		       n_blocks(&facts), source_loss__total(&facts.loss));
	record_reader__close(facts.reader);
	return status;
}

static const char verify_help[] =
	"Usage: vfio-trace verify FILE...\n"
	"\n"
	"Reads all of each recording and says whether it is whole, or what is missing: a line each, on\n"
	"standard error for one that is cut off or damaged. FILE - is standard input.\n"
	"\n"
	"  -h, --help    this text\n"
	"\n"
	"Exit status: 0 when all are whole, 1 when one is not or cannot be read, 2 usage.\n";

int cmd_verify(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option, status = 0;

	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (option != 'h')
			return EXIT_USAGE;
		fputs(verify_help, stdout);
		return 0;
	}
	if (optind == argc) {
		fputs("vfio-trace verify: name a FILE; see 'vfio-trace verify --help'\n", stderr);
		return EXIT_USAGE;
	}
	if (!drop_privileges())
		return 1;
	for (int i = optind; i < argc; i++)
		status |= verify(argv[i]);
	return written() ? status : 1;
}
