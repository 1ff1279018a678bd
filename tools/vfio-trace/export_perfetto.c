// SPDX-License-Identifier: GPL-2.0-only
/*
 * export_perfetto.c - vfio-trace export -f perfetto: Perfetto's own format, for ui.perfetto.dev
 *
 * A container is a process, and so is a group for what happens on it outside of a container. Below
 * it are a track for each operation, with slices that never overlap: a call that is under way
 * beside another is on a further track of the same name. Other events are instants.
 *
 * Packets need not be in the order of time: the reader sorts them. But of one moment the end of a
 * slice stands before the begin of the next on its track, as they are written when they end.
 */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "lib/error.h"
#include "lib/event.h"
#include "lib/fmt.h"
#include "lib/owner_text.h"
#include "lib/xalloc.h"
#include "perfetto.pb-c.h"

#define SEQUENCE 1	      /* there is one writer */
#define CLOCK_ID_REALTIME 1   /* Perfetto's numbers */
#define CLOCK_ID_BOOTTIME 6
#define PAGE_BYTES 4096	      /* x86 */
/* Calls of one operation at a time that have a track each. Real ones need a few. */
#define MAX_LANES 512
#define MAX_FIELDS 16
/* Beside the fields: who acted, and where. */
enum { EXTRA_COMMAND, EXTRA_TID, EXTRA_CPU, EXTRAS };

/* Numbers of interned names: of each event, then of each operation; of each event's fields. */
#define EVENT_IID(type) (1 + (type))
#define OP_IID(op) (1 + VFIO_EV_COUNT + (op))
#define EXTRA_IID(extra) (1 + (extra))
#define FIELD_IID(type, i) (1 + EXTRAS + (type) * MAX_FIELDS + (i))

/* Tracks of one name: @end_ns is when the last slice of each ended. */
struct lanes {
	__u64 *uuid, *end_ns;
	unsigned int n;
};

/*
 * A container, or a group.
 * @epoch:  of the begin, see struct perfetto; 0: what it maps and pins is not known
 * @ops:    by operation, and by event for those that complete none; events: of instants
 * @uuid:   of the tracks beside these; 0: there is none yet
 */
struct process {
	__u64 id;
	bool is_group, described;
	__u64 uuid, events, errors, mapped, pinned;
	__u64 epoch;
	struct vfio_gauges gauges;
	struct lanes ops[VFIO_OP_COUNT + VFIO_EV_COUNT];
};

/*
 * @last_uuid: tracks and processes are numbered through
 * @epoch:     from 1, a new one whenever events are missing; 0: they will be from now on
 * @lost:      events, as told last
 */
struct perfetto {
	void *processes; /* of search.h */
	struct export *export;
	uint8_t *buffer;
	size_t room;
	__u64 last_uuid, recording, lost;
	int last_pid;
	__u64 epoch;
	bool begun;
};

static int compare_processes(const void *a, const void *b)
{
	const struct process *x = a, *y = b;

	if (x->is_group != y->is_group)
		return x->is_group ? 1 : -1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* A trace is as good as the traces of its packets behind each other. */
static void put(struct perfetto *perfetto, Perfetto__TracePacket *packet)
{
	Perfetto__Trace trace = PERFETTO__TRACE__INIT;
	size_t size;

	packet->has_trusted_packet_sequence_id = true;
	packet->trusted_packet_sequence_id = SEQUENCE;
	packet->has_sequence_flags = true;
	packet->sequence_flags = perfetto->begun ?
		PERFETTO__TRACE_PACKET__SEQUENCE_FLAGS__SEQ_NEEDS_INCREMENTAL_STATE :
		PERFETTO__TRACE_PACKET__SEQUENCE_FLAGS__SEQ_INCREMENTAL_STATE_CLEARED;
	perfetto->begun = true;
	trace.packet = &packet;
	trace.n_packet = 1;
	size = perfetto__trace__get_packed_size(&trace);
	if (size > perfetto->room) {
		perfetto->buffer = xreallocarray(perfetto->buffer, size, 1);
		perfetto->room = size;
	}
	perfetto__trace__pack(&trace, perfetto->buffer);
	/* What it cannot write, the stream remembers. */
	fwrite(perfetto->buffer, 1, size, perfetto->export->out);
}

static void put_descriptor(struct perfetto *perfetto, Perfetto__TrackDescriptor *descriptor,
			   __u64 uuid)
{
	Perfetto__TracePacket packet = PERFETTO__TRACE_PACKET__INIT;

	descriptor->has_uuid = true;
	descriptor->uuid = uuid;
	packet.track_descriptor = descriptor;
	put(perfetto, &packet);
}

/* Its number. @parent 0: of the recording as a whole. */
static __u64 new_track(struct perfetto *perfetto, __u64 parent, const char *name, bool bytes)
{
	Perfetto__TrackDescriptor descriptor = PERFETTO__TRACK_DESCRIPTOR__INIT;
	Perfetto__CounterDescriptor counter = PERFETTO__COUNTER_DESCRIPTOR__INIT;

	descriptor.name = (char *)name;
	descriptor.has_parent_uuid = parent;
	descriptor.parent_uuid = parent;
	if (bytes) {
		counter.has_unit = true;
		counter.unit = PERFETTO__COUNTER_DESCRIPTOR__UNIT__UNIT_SIZE_BYTES;
		descriptor.counter = &counter;
	}
	put_descriptor(perfetto, &descriptor, ++perfetto->last_uuid);
	return perfetto->last_uuid;
}

/* Once: a reader keeps the first name of a process. */
static void describe(struct perfetto *perfetto, struct process *process, const char *more)
{
	Perfetto__TrackDescriptor descriptor = PERFETTO__TRACK_DESCRIPTOR__INIT;
	Perfetto__ProcessDescriptor info = PERFETTO__PROCESS_DESCRIPTOR__INIT;
	char number[FMT_MAX], name[1024];

	if (process->described)
		return;
	process->described = true;
	if (process->is_group)
		snprintf(number, sizeof(number), "%llu", process->id);
	else
		fmt_container(number, sizeof(number), process->id);
	snprintf(name, sizeof(name), "%s%s%s%s", process->is_group ? "group " :
		 process->id ? "container " : "vfio", process->is_group || process->id ? number : "",
		 *more ? ": " : "", more);
	info.has_pid = true;
	info.pid = ++perfetto->last_pid;
	info.process_name = name;
	descriptor.process = &info;
	put_descriptor(perfetto, &descriptor, process->uuid);
}

static struct process *process_of(struct perfetto *perfetto, __u64 id, bool is_group)
{
	struct process key = { .id = id, .is_group = is_group }, *process;
	void *found = tfind(&key, &perfetto->processes, compare_processes);

	if (found)
		return *(struct process **)found;
	process = xmemdup(&key, 1, sizeof(key));
	process->uuid = ++perfetto->last_uuid;
	xalloc__check(tsearch(process, &perfetto->processes, compare_processes));
	return process;
}

/* A track on which nothing is from @begin_ns on, until @end_ns; 0: there are too many. */
static __u64 lane_of(struct perfetto *perfetto, const struct process *process,
		     struct lanes *lanes, const char *name, __u64 begin_ns, __u64 end_ns)
{
	unsigned int i = 0;

	while (i < lanes->n && lanes->end_ns[i] > begin_ns)
		i++;
	if (i == MAX_LANES)
		return 0;
	if (i == lanes->n) {
		lanes->uuid = xreallocarray(lanes->uuid, i + 1, sizeof(*lanes->uuid));
		lanes->end_ns = xreallocarray(lanes->end_ns, i + 1, sizeof(*lanes->end_ns));
		lanes->uuid[i] = new_track(perfetto, process->uuid, name, false);
		lanes->n++;
	}
	lanes->end_ns[i] = end_ns;
	return lanes->uuid[i];
}

/* Annotations */

/* All that one event can have, and room for their texts. */
struct notes {
	Perfetto__DebugAnnotation list[MAX_FIELDS + EXTRAS], *pointers[MAX_FIELDS + EXTRAS];
	char text[VFIO_OBS_STR_LEN + 1];
	size_t n;
};

static Perfetto__DebugAnnotation *add_note(struct notes *notes, __u64 name)
{
	Perfetto__DebugAnnotation *note = &notes->list[notes->n];

	perfetto__debug_annotation__init(note);
	note->has_name_iid = true;
	note->name_iid = name;
	notes->pointers[notes->n++] = note;
	return note;
}

static void set_value(struct notes *notes, Perfetto__DebugAnnotation *note,
		      const struct event_field *field, const __u64 *w)
{
	const char *name = event__value_name(field->values, *w);

	if (field->ctype == EVENT_CTYPE_str) {
		/* No event has two of them. */
		snprintf(notes->text, sizeof(notes->text), "%.*s", VFIO_OBS_STR_LEN, (const char *)w);
		note->string_value = notes->text;
	} else if (name) {
		note->string_value = (char *)name;
	} else if (field->show == EVENT_SHOW_HEX || field->show == EVENT_SHOW_VALUE) {
		note->has_pointer_value = true;
		note->pointer_value = *w;
	} else if (field->ctype == EVENT_CTYPE_bool) {
		note->has_bool_value = true;
		note->bool_value = *w;
	} else if (field->ctype == EVENT_CTYPE_s64) {
		note->has_int_value = true;
		note->int_value = *w;
	} else {
		note->has_uint_value = true;
		note->uint_value = *w;
	}
}

static void note_uint(struct notes *notes, unsigned int extra, __u64 value)
{
	Perfetto__DebugAnnotation *note = add_note(notes, EXTRA_IID(extra));

	note->has_uint_value = true;
	note->uint_value = value;
}

static void note_fields(struct notes *notes, const struct vfio_rec *rec)
{
	const struct event_desc *desc = event__desc(rec->type);

	notes->n = 0;
	add_note(notes, EXTRA_IID(EXTRA_COMMAND))->string_value = (char *)rec->comm;
	note_uint(notes, EXTRA_TID, rec->pid);
	note_uint(notes, EXTRA_CPU, rec->cpu);
	for (unsigned int i = 0; i < desc->n_fields && i < MAX_FIELDS; i++)
		if (event__is_known(rec, &desc->fields[i]))
			set_value(notes, add_note(notes, FIELD_IID(rec->type, i)),
				  &desc->fields[i], &rec->w[desc->fields[i].word]);
}

/* Events */

static void put_event(struct perfetto *perfetto, __u64 ts_ns, __u64 track,
		      Perfetto__TrackEvent__Type type, Perfetto__TrackEvent *event)
{
	Perfetto__TracePacket packet = PERFETTO__TRACE_PACKET__INIT;

	event->has_type = true;
	event->type = type;
	event->has_track_uuid = true;
	event->track_uuid = track;
	packet.has_timestamp = true;
	packet.timestamp = ts_ns;
	packet.track_event = event;
	put(perfetto, &packet);
}

static void put_instant(struct perfetto *perfetto, __u64 ts_ns, __u64 track, const char *name,
			const char *why_key, const char *why)
{
	Perfetto__TrackEvent event = PERFETTO__TRACK_EVENT__INIT;
	Perfetto__DebugAnnotation note = PERFETTO__DEBUG_ANNOTATION__INIT, *notes = &note;

	note.name = (char *)why_key;
	note.string_value = (char *)why;
	event.name = (char *)name;
	event.debug_annotations = &notes;
	event.n_debug_annotations = 1;
	put_event(perfetto, ts_ns, track, PERFETTO__TRACK_EVENT__TYPE__TYPE_INSTANT, &event);
}

static void put_counter(struct perfetto *perfetto, struct process *process, __u64 *track,
			const char *name, __u64 ts_ns, __s64 value)
{
	Perfetto__TrackEvent event = PERFETTO__TRACK_EVENT__INIT;

	if (!*track)
		*track = new_track(perfetto, process->uuid, name, true);
	event.has_counter_value = true;
	event.counter_value = value;
	put_event(perfetto, ts_ns, *track, PERFETTO__TRACK_EVENT__TYPE__TYPE_COUNTER, &event);
}

/* What @rec made of the bytes that its container maps and pins, where all before it is known. */
static void count(struct perfetto *perfetto, struct process *process, const struct vfio_rec *rec,
		  const struct vfio_outcome *outcome)
{
	struct vfio_gauges was = process->gauges, *now = &process->gauges;
	bool maps = outcome->op == VFIO_OP_MAP || outcome->op == VFIO_OP_UNMAP;

	if (rec->type == VFIO_EV_OPEN && outcome->ret == 0 && rec->id && perfetto->export->counted)
		process->epoch = perfetto->epoch;
	/* How much it was only the user's structure said. */
	if (maps && outcome->ret >= 0 && !vfio_w(rec, IOCTL, known))
		process->epoch = 0;
	if (!process->epoch || process->epoch != perfetto->epoch)
		return;
	vfio_gauges_apply(now, rec->type, rec, outcome);
	if (now->mapped_bytes != was.mapped_bytes)
		put_counter(perfetto, process, &process->mapped, "mapped bytes", rec->ts_ns,
			    now->mapped_bytes);
	if (now->pinned_pages != was.pinned_pages)
		put_counter(perfetto, process, &process->pinned, "pinned bytes", rec->ts_ns,
			    now->pinned_pages * PAGE_BYTES);
}

/* The operation's track and name, or the event's where it completes none. */
struct kind {
	struct lanes *lanes;
	const char *name;
	__u64 iid;
};

static struct kind kind_of(struct process *process, const struct vfio_rec *rec, __u32 op)
{
	if (op != VFIO_OP_NONE)
		return (struct kind){ &process->ops[op], event__op(op)->key, OP_IID(op) };
	return (struct kind){ &process->ops[VFIO_OP_COUNT + rec->type],
			      event__key(event__desc(rec->type)), EVENT_IID(rec->type) };
}

/* An operation, from its begin to its end; false: it is none, or not known, or has no room. */
static bool put_slice(struct perfetto *perfetto, struct process *process,
		      const struct vfio_rec *rec, const struct kind *kind,
		      Perfetto__TrackEvent *event)
{
	Perfetto__TrackEvent end = PERFETTO__TRACK_EVENT__INIT;
	__u64 duration = event__duration(rec), begin_ns, track;

	if (duration == VFIO_OBS_UNKNOWN || duration > rec->ts_ns)
		return false;
	begin_ns = rec->ts_ns - duration;
	track = lane_of(perfetto, process, kind->lanes, kind->name, begin_ns, rec->ts_ns);
	if (!track)
		return false;
	put_event(perfetto, begin_ns, track, PERFETTO__TRACK_EVENT__TYPE__TYPE_SLICE_BEGIN, event);
	put_event(perfetto, rec->ts_ns, track, PERFETTO__TRACK_EVENT__TYPE__TYPE_SLICE_END, &end);
	return true;
}

/* The container's, else that of the group that it names, else the one for all others. */
static struct process *acts_on(struct perfetto *perfetto, const struct vfio_rec *rec)
{
	const struct event_desc *desc = event__desc(rec->type);

	for (unsigned int i = 0; !rec->id && i < desc->n_fields; i++)
		if (!strcmp(desc->fields[i].name, "group"))
			return process_of(perfetto, rec->w[desc->fields[i].word], true);
	return process_of(perfetto, rec->id, false);
}

static void perfetto_event(struct export *export, const struct vfio_rec *rec)
{
	struct vfio_outcome outcome = vfio_outcome_of(rec->type, rec);
	Perfetto__TrackEvent event = PERFETTO__TRACK_EVENT__INIT;
	struct perfetto *perfetto = export->state;
	struct process *process = acts_on(perfetto, rec);
	struct kind kind = kind_of(process, rec, outcome.op);
	const char *error = event__error(rec);
	char *category = "vfio";
	struct notes notes;

	note_fields(&notes, rec);
	event.debug_annotations = notes.pointers;
	event.n_debug_annotations = notes.n;
	event.has_name_iid = true;
	event.name_iid = kind.iid;
	event.categories = &category;
	event.n_categories = 1;
	if (!put_slice(perfetto, process, rec, &kind, &event)) {
		if (!process->events)
			process->events = new_track(perfetto, process->uuid, "events", false);
		put_event(perfetto, rec->ts_ns, process->events,
			  PERFETTO__TRACK_EVENT__TYPE__TYPE_INSTANT, &event);
	}
	if (error && !process->errors)
		process->errors = new_track(perfetto, process->uuid, "errors", false);
	if (error)
		put_instant(perfetto, rec->ts_ns, process->errors, error, "operation", kind.name);
	count(perfetto, process, rec, &outcome);
}

static void perfetto_owner(struct export *export, __u64 id, const struct source_owner *owner)
{
	struct perfetto *perfetto = export->state;
	char line[512];

	describe(perfetto, process_of(perfetto, id, false),
		 owner_text__line(owner, line, sizeof(line)));
}

static void perfetto_group(struct export *export, const struct source_group_info *group)
{
	struct perfetto *perfetto = export->state;
	char line[512], devices[900] = "";
	size_t used = 0;

	for (__u32 i = 0; i < group->n_listed && used < sizeof(devices) - 1; i++)
		used += snprintf(devices + used, sizeof(devices) - used, "%s%s", i ? ", " : "",
				 device_text__line(&group->devices[i], 0, line, sizeof(line)));
	describe(perfetto, process_of(perfetto, group->number, true), devices);
}

static __u64 recording_track(struct perfetto *perfetto)
{
	if (!perfetto->recording)
		perfetto->recording = new_track(perfetto, 0, "recording", false);
	return perfetto->recording;
}

/* What containers map is not known any more when an event is missing. */
static void perfetto_loss(struct export *export, const struct source_loss *loss)
{
	struct perfetto *perfetto = export->state;
	__u64 lost = source_loss__total(loss);

	if (lost != perfetto->lost && perfetto->epoch)
		perfetto->epoch++;
	perfetto->lost = lost;
}

static void perfetto_gap(struct export *export, enum source_gap gap, __u64 ts_ns, const char *why)
{
	struct perfetto *perfetto = export->state;

	put_instant(perfetto, ts_ns, recording_track(perfetto), source_gap__key(gap), "why", why);
	if (gap == SOURCE_GAP_THINNED)
		perfetto->epoch = 0;
	else if (perfetto->epoch)
		perfetto->epoch++;
}

static void put_clocks(struct perfetto *perfetto)
{
	const struct source_info *info = &perfetto->export->info;
	Perfetto__ClockSnapshot__Clock clock[2] = {
		PERFETTO__CLOCK_SNAPSHOT__CLOCK__INIT, PERFETTO__CLOCK_SNAPSHOT__CLOCK__INIT,
	}, *clocks[2] = { &clock[0], &clock[1] };
	Perfetto__ClockSnapshot snapshot = PERFETTO__CLOCK_SNAPSHOT__INIT;
	Perfetto__TracePacket packet = PERFETTO__TRACE_PACKET__INIT;

	for (size_t i = 0; i < ARRAY_SIZE(clock); i++)
		clock[i].has_clock_id = clock[i].has_timestamp = true;
	clock[0].clock_id = CLOCK_ID_BOOTTIME;
	clock[0].timestamp = info->start_ns;
	clock[1].clock_id = CLOCK_ID_REALTIME;
	clock[1].timestamp = info->start_ns + info->realtime_offset_ns;
	snapshot.clocks = clocks;
	snapshot.n_clocks = ARRAY_SIZE(clocks);
	snapshot.has_primary_trace_clock = true;
	snapshot.primary_trace_clock = CLOCK_ID_BOOTTIME;
	packet.clock_snapshot = &snapshot;
	put(perfetto, &packet);
}

static void put_event_name(struct perfetto *perfetto, __u64 iid, const char *text)
{
	Perfetto__TracePacket packet = PERFETTO__TRACE_PACKET__INIT;
	Perfetto__InternedData data = PERFETTO__INTERNED_DATA__INIT;
	Perfetto__EventName name = PERFETTO__EVENT_NAME__INIT, *names = &name;

	name.has_iid = true;
	name.iid = iid;
	name.name = (char *)text;
	data.event_names = &names;
	data.n_event_names = 1;
	packet.interned_data = &data;
	put(perfetto, &packet);
}

static void put_note_name(struct perfetto *perfetto, __u64 iid, const char *text)
{
	Perfetto__TracePacket packet = PERFETTO__TRACE_PACKET__INIT;
	Perfetto__InternedData data = PERFETTO__INTERNED_DATA__INIT;
	Perfetto__DebugAnnotationName name = PERFETTO__DEBUG_ANNOTATION_NAME__INIT, *names = &name;

	name.has_iid = true;
	name.iid = iid;
	name.name = (char *)text;
	data.debug_annotation_names = &names;
	data.n_debug_annotation_names = 1;
	packet.interned_data = &data;
	put(perfetto, &packet);
}

/* All names that there can be, a few KB. */
static void put_names(struct perfetto *perfetto)
{
	static const char *const extras[] = {
		[EXTRA_COMMAND] = "command", [EXTRA_TID] = "tid", [EXTRA_CPU] = "cpu",
	};

	for (unsigned int op = 0; op < VFIO_OP_COUNT; op++)
		put_event_name(perfetto, OP_IID(op), event__op(op)->key);
	for (unsigned int i = 0; i < EXTRAS; i++)
		put_note_name(perfetto, EXTRA_IID(i), extras[i]);
	for (unsigned int type = 0; type < VFIO_EV_COUNT; type++) {
		const struct event_desc *desc = event__desc(type);

		put_event_name(perfetto, EVENT_IID(type), event__key(desc));
		for (unsigned int i = 0; i < desc->n_fields && i < MAX_FIELDS; i++)
			put_note_name(perfetto, FIELD_IID(type, i), desc->fields[i].name);
	}
}

static void perfetto_begin(struct export *export)
{
	struct perfetto *perfetto = xcalloc(1, sizeof(*perfetto));

	perfetto->export = export;
	perfetto->epoch = 1;
	export->state = perfetto;
	put_clocks(perfetto);
	put_names(perfetto);
}

static void destroy_process(void *node)
{
	struct process *process = node;

	for (size_t i = 0; i < ARRAY_SIZE(process->ops); i++) {
		free(process->ops[i].uuid);
		free(process->ops[i].end_ns);
	}
	free(process);
}

static void describe_node(const void *node, VISIT visit, void *perfetto)
{
	if (visit == leaf || visit == postorder)
		describe(perfetto, *(struct process *const *)node, "");
}

/* Those whose owner or devices nobody told. */
static void perfetto_end(struct export *export)
{
	struct perfetto *perfetto = export->state;

	twalk_r(perfetto->processes, describe_node, perfetto);
	if (perfetto->lost)
		put_instant(perfetto, export->info.start_ns, recording_track(perfetto),
			    "events are missing: see vfio-trace report", "lost", "");
	tdestroy(perfetto->processes, destroy_process);
	free(perfetto->buffer);
	free(perfetto);
}

const struct export_format export_perfetto = {
	.name = "perfetto",
	.help = "for ui.perfetto.dev: slices by container and operation, counters, errors",
	.begin = perfetto_begin,
	.owner = perfetto_owner,
	.group = perfetto_group,
	.event = perfetto_event,
	.loss = perfetto_loss,
	.gap = perfetto_gap,
	.end = perfetto_end,
};
