// SPDX-License-Identifier: GPL-2.0-only
/*
 * export_ctf.c - vfio-trace export -f ctf: the Common Trace Format 1.8, for babeltrace2 and Trace
 * Compass
 *
 * A folder with two files: the metadata, which declares an event class for each row of the event
 * list, and one stream of packets. A packet is collected in memory and written as a whole, so that
 * what an interrupted export leaves can be read.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "lib/event.h"
#include "lib/xalloc.h"

#define MAGIC 0xc1fc1fc1
#define PACKET_BYTES (1 << 17)
/* More than one event can take. */
#define EVENT_BYTES 512

/* As the metadata declares it; little-endian. */
struct packet_head {
	__u32 magic, stream_id;
	__u64 begin_ns, end_ns;
	__u64 content_bits, packet_bits;
	__u64 discarded, number;
};

/* A packet that is being filled. @lost: events until now, @packets: before this one. */
struct ctf {
	__u8 bytes[PACKET_BYTES];
	size_t used; /* 0: nothing but room for the head, when an event comes */
	__u64 begin_ns, end_ns, lost, packets;
};

/* The metadata */

static const char trace_text[] =
	"trace {\n"
	"	major = 1;\n"
	"	minor = 8;\n"
	"	byte_order = le;\n"
	"	packet.header := struct { uint32_t magic; uint32_t stream_id; };\n"
	"};\n";

static const char stream_text[] =
	"stream {\n"
	"	id = 0;\n"
	"	event.header := struct { uint16_t id; time_t timestamp; };\n"
	"	event.context := struct {\n"
	"		uint64_t _container;\n"
	"		uint16_t _load;\n"
	"		uint16_t _cpu;\n"
	"		uint32_t _pid;\n"
	"		uint32_t _tid;\n"
	"		uint64_t _cgroup;\n"
	"		string _comm;\n"
	"		string _error;\n"
	"		hex16_t _unknown;\n"
	"	};\n"
	"	packet.context := struct {\n"
	"		time_t timestamp_begin;\n"
	"		time_t timestamp_end;\n"
	"		uint64_t content_size;\n"
	"		uint64_t packet_size;\n"
	"		uint64_t events_discarded;\n"
	"		uint64_t packet_seq_num;\n"
	"	};\n"
	"};\n";

static void print_env(FILE *out, const char *name, const char *value)
{
	fprintf(out, "	%s = ", name);
	/* What a string escapes is the same. */
	export_json__string(out, value);
	fputs(";\n", out);
}

/* Integers without gaps between them: "uint32_t" and, in hexadecimal, "hex32_t". */
static void print_integers(FILE *out)
{
	static const unsigned int sizes[] = { 8, 16, 32, 64 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		fprintf(out, "typealias integer { size = %u; align = 8; } := uint%u_t;\n", sizes[i],
			sizes[i]);
		fprintf(out, "typealias integer { size = %u; align = 8; base = 16; } := hex%u_t;\n",
			sizes[i], sizes[i]);
	}
	fputs("typealias integer { size = 64; align = 8; signed = true; } := int64_t;\n", out);
}

/* Bytes that a field takes; 0: it ends with a NUL. */
static unsigned int size_of(const struct event_field *field)
{
	switch (field->ctype) {
	case EVENT_CTYPE_u32:
		return 4;
	case EVENT_CTYPE_bool:
		return 1;
	case EVENT_CTYPE_str:
		return 0;
	default:
		return 8;
	}
}

/* Readers take the underscore away; without it some names could be words of the language. */
static void print_field(FILE *out, const struct event_field *field)
{
	const struct event_value *value = field->values;
	unsigned int bits = 8 * size_of(field);

	fputs("		", out);
	if (field->ctype == EVENT_CTYPE_str) {
		fputs("string", out);
	} else if (value) {
		fprintf(out, "enum : uint%u_t {", bits);
		for (; value->name; value++)
			fprintf(out, " \"%s\" = %llu%s", value->name, value->number,
				value[1].name ? "," : " }");
	} else if (field->ctype == EVENT_CTYPE_s64) {
		fputs("int64_t", out);
	} else {
		fprintf(out, "%s%u_t", field->show == EVENT_SHOW_HEX ? "hex" : "uint", bits);
	}
	fprintf(out, " _%s;\n", field->name);
}

static void print_class(FILE *out, unsigned int type)
{
	const struct event_desc *desc = event__desc(type);

	fprintf(out, "event {\n	name = \"%s\";\n	id = %u;\n	stream_id = 0;\n"
		"	fields := struct {\n", event__key(desc), type);
	for (unsigned int i = 0; i < desc->n_fields; i++)
		print_field(out, &desc->fields[i]);
	fputs("	};\n};\n", out);
}

static void print_metadata(FILE *out, const struct source_info *info)
{
	fputs("/* CTF 1.8 */\n", out);
	print_integers(out);
	fputs(trace_text, out);
	fputs("env {\n", out);
	print_env(out, "hostname", info->host);
	print_env(out, "kernel_release", info->kernel);
	print_env(out, "tracer_name", "vfio-trace");
	print_env(out, "recording", info->detail);
	/* The time of day is the host's, as it was when the recording began. */
	fprintf(out, "};\nclock {\n	name = boottime;\n	description = \"CLOCK_BOOTTIME of the host\";\n"
		"	freq = 1000000000;\n	offset_s = %llu;\n	offset = %llu;\n};\n",
		info->realtime_offset_ns / 1000000000, info->realtime_offset_ns % 1000000000);
	fputs("typealias integer { size = 64; align = 8; map = clock.boottime.value; } := time_t;\n",
	      out);
	fputs(stream_text, out);
	for (unsigned int type = 0; type < VFIO_EV_COUNT; type++)
		print_class(out, type);
}

/* The stream */

static void write_packet(struct export *export)
{
	struct ctf *ctf = export->state;
	__u64 bits = htole64(8 * ctf->used);
	struct packet_head head = {
		.magic = htole32(MAGIC), .begin_ns = htole64(ctf->begin_ns),
		.end_ns = htole64(ctf->end_ns), .content_bits = bits, .packet_bits = bits,
		.discarded = htole64(ctf->lost), .number = htole64(ctf->packets++),
	};

	if (!ctf->used)
		return;
	memcpy(ctf->bytes, &head, sizeof(head));
	/* What it cannot write, the stream remembers. */
	fwrite(ctf->bytes, 1, ctf->used, export->out);
	fflush(export->out);
	ctf->used = 0;
}

/* The low @size bytes of @value. */
static void put_int(struct ctf *ctf, __u64 value, size_t size)
{
	value = htole64(value);
	memcpy(ctf->bytes + ctf->used, &value, size);
	ctf->used += size;
}

/* Never an empty one: for it babeltrace2 2.0.4, Debian 12's, shows that of the event before. */
static void put_text(struct ctf *ctf, const char *text, size_t max)
{
	size_t len;

	if (!*text)
		text = "-";
	len = strnlen(text, max);
	memcpy(ctf->bytes + ctf->used, text, len);
	ctf->bytes[ctf->used + len] = '\0';
	ctf->used += len + 1;
}

/* Bit per field of @rec that it does not tell. */
static __u16 unknown_fields(const struct vfio_rec *rec)
{
	const struct event_desc *desc = event__desc(rec->type);
	__u16 unknown = 0;

	for (unsigned int i = 0; i < desc->n_fields; i++)
		if (!event__is_known(rec, &desc->fields[i]))
			unknown |= 1U << i;
	return unknown;
}

static void put_context(struct ctf *ctf, const struct vfio_rec *rec)
{
	const char *error = event__error(rec);

	put_int(ctf, SOURCE_ID_NUMBER(rec->id), 8);
	put_int(ctf, SOURCE_ID_LOAD(rec->id), 2);
	put_int(ctf, rec->cpu, 2);
	put_int(ctf, rec->tgid, 4);
	put_int(ctf, rec->pid, 4);
	put_int(ctf, rec->cgroup, 8);
	put_text(ctf, rec->comm, VFIO_OBS_COMM_LEN);
	put_text(ctf, error ? error : "", 64);
	put_int(ctf, unknown_fields(rec), 2);
}

static void ctf_event(struct export *export, const struct vfio_rec *rec)
{
	const struct event_desc *desc = event__desc(rec->type);
	struct ctf *ctf = export->state;

	if (ctf->used > PACKET_BYTES - EVENT_BYTES)
		write_packet(export);
	if (!ctf->used) {
		ctf->used = sizeof(struct packet_head);
		ctf->begin_ns = rec->ts_ns;
	}
	ctf->end_ns = rec->ts_ns;
	put_int(ctf, rec->type, 2);
	put_int(ctf, rec->ts_ns, 8);
	put_context(ctf, rec);
	for (unsigned int i = 0; i < desc->n_fields; i++) {
		const struct event_field *field = &desc->fields[i];

		if (field->ctype == EVENT_CTYPE_str)
			put_text(ctf, (const char *)&rec->w[field->word], VFIO_OBS_STR_LEN);
		else
			put_int(ctf, rec->w[field->word], size_of(field));
	}
}

static void ctf_begin(struct export *export)
{
	export->state = xcalloc(1, sizeof(struct ctf));
	print_metadata(export->metadata, &export->info);
	fflush(export->metadata);
}

/* A packet says what was lost before its end, so those before the loss are another. */
static void ctf_loss(struct export *export, const struct source_loss *loss)
{
	struct ctf *ctf = export->state;
	__u64 lost = source_loss__total(loss);

	if (lost == ctf->lost)
		return;
	write_packet(export);
	ctf->lost = lost;
}

static void ctf_end(struct export *export)
{
	write_packet(export);
	free(export->state);
}

_Static_assert(sizeof(struct packet_head) == 56, "the metadata has no gaps");

const struct export_format export_ctf = {
	.name = "ctf",
	.help = "for babeltrace2 and Trace Compass: CTF 1.8, a folder that -o names",
	.folder = true,
	.begin = ctf_begin,
	.event = ctf_event,
	.loss = ctf_loss,
	.end = ctf_end,
};
