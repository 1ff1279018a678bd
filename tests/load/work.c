// SPDX-License-Identifier: GPL-2.0-only
/*
 * The workloads of testdev-load; called by testdev-load.c.
 *
 * A worker is a thread. In lifecycle and mix each worker owns a container and opens and closes it
 * again and again; in pin, map and dma-rw the containers are set up once, and workers share them.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "work.h"

/* Where mappings begin: above every address that x86 reserves for interrupts. */
#define IOVA_BASE	(UINT64_C(1) << 32)
/* Nothing is ever mapped here. */
#define IOVA_NOTHING	(UINT64_C(1) << 20)
/* Operations in one ioctl: enough to hide its cost, few enough to end soon. */
#define LOOP_OPS	1024
#define NS_PER_S	1000000000

struct load;

struct worker {
	struct load *load;
	unsigned int number;
	pthread_t thread;
	struct container *container;
	struct device *device;
	uint64_t todo;
	/* Operations of this worker so far: decides iovas and when to sleep. */
	uint64_t done;
	uint64_t random;
	void *buffer;
	struct asked asked;
	struct counts counts;
	bool failed;
};

struct load {
	const struct options *options;
	const volatile sig_atomic_t *stop;
	uint64_t page_size;
	uint64_t begin_ns;
	struct device *devices;
	struct device **order_of_devices;
	struct container *containers;
	void **memory;
	struct worker *workers;
	unsigned int nr_workers;
	struct asked asked;
	bool failed;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* xorshift64: the same seed gives the same sequence on every machine. */
static uint64_t next_random(struct worker *worker)
{
	worker->random ^= worker->random << 13;
	worker->random ^= worker->random >> 7;
	worker->random ^= worker->random << 17;
	return worker->random;
}

static bool time_is_up(const struct load *load)
{
	double seconds = load->options->seconds;

	return seconds > 0 && (now_ns() - load->begin_ns) >= seconds * NS_PER_S;
}

static bool must_stop(const struct worker *worker)
{
	return *worker->load->stop || worker->failed || time_is_up(worker->load);
}

/* Sleeps until the worker may go on, in steps short enough to notice a signal. */
static void pace(const struct worker *worker)
{
	const struct load *load = worker->load;
	double per_second = load->options->rate / load->nr_workers;
	uint64_t due, now;

	if (load->options->rate <= 0)
		return;
	due = load->begin_ns + (uint64_t)(worker->done / per_second * NS_PER_S);
	while ((now = now_ns()) < due && !must_stop(worker)) {
		struct timespec step = { .tv_nsec = 50000000 };

		if (due - now < (uint64_t)step.tv_nsec)
			step.tv_nsec = due - now;
		nanosleep(&step, NULL);
	}
}

/* How many operations to do before looking at the clock again. */
static uint64_t next_step(const struct worker *worker)
{
	const struct load *load = worker->load;
	double per_second = load->options->rate / load->nr_workers;
	uint64_t left = worker->todo - worker->done;
	uint64_t step = LOOP_OPS;

	if (load->options->rate > 0 && per_second / 20 < step)
		step = per_second / 20 < 1 ? 1 : per_second / 20;
	if (load->options->seconds > 0 && step > 64)
		step = 64;
	return step < left ? step : left;
}

/* The place of the n-th operation, in units of `unit` bytes that lie one after the other. */
static uint64_t place(struct worker *worker, uint64_t n, uint64_t unit)
{
	uint64_t places = worker->load->options->memory / unit;

	return (worker->load->options->random ? next_random(worker) : n) % places * unit;
}

/*
 * pin
 */
static int pin_one(struct worker *worker, uint64_t n)
{
	const struct options *options = worker->load->options;
	uint64_t size = options->pages * worker->load->page_size;
	uint64_t iova = IOVA_BASE + place(worker, n, size);

	if (options->fail_every && (n + 1) % options->fail_every == 0)
		return device_pin_nothing(worker->device, IOVA_NOTHING, options->pages,
					  &worker->asked, &worker->counts);
	if (device_pin(worker->device, iova, options->pages, &worker->asked, &worker->counts))
		return -1;
	if (options->unpin != UNPIN_EACH)
		return 0;
	return device_unpin(worker->device, iova, options->pages, &worker->asked,
			    &worker->counts);
}

static int pin_step(struct worker *worker, uint64_t step)
{
	const struct options *options = worker->load->options;
	uint64_t page_size = worker->load->page_size;
	struct pin_loop loop = {
		.iova = IOVA_BASE,
		.span_pages = options->memory / page_size,
		.count = step,
		.npage = options->pages,
		.unpin = options->unpin == UNPIN_EACH,
		.random = options->random,
	};
	uint64_t i;

	if (options->per_call || options->fail_every) {
		for (i = 0; i < step; i++)
			if (pin_one(worker, worker->done + i))
				return -1;
		return 0;
	}
	if (loop.random)
		loop.start = next_random(worker);
	else
		loop.start = place(worker, worker->done, options->pages * page_size) / page_size;
	return device_pin_loop(worker->device, &loop, &worker->asked, &worker->counts);
}

/*
 * map
 */
static int map_step(struct worker *worker, uint64_t step)
{
	uint64_t size = worker->load->options->map_size;
	uint64_t iova = IOVA_BASE + worker->number * size;
	uint64_t i;

	for (i = 0; i < step; i++) {
		if (container_map(worker->container, iova, worker->buffer, size, &worker->counts) ||
		    container_unmap(worker->container, iova, size, &worker->counts))
			return -1;
	}
	return 0;
}

/*
 * dma-rw
 */
static int dma_rw_step(struct worker *worker, uint64_t step)
{
	const struct options *options = worker->load->options;
	uint64_t i;

	if (!options->per_call)
		return device_dma_rw_loop(worker->device,
					  IOVA_BASE + place(worker, worker->done, options->length),
					  options->length, options->write, step, &worker->asked,
					  &worker->counts);

	for (i = 0; i < step; i++)
		if (device_dma_rw(worker->device,
				  IOVA_BASE + place(worker, worker->done + i, options->length),
				  worker->buffer, options->length, options->write, &worker->asked,
				  &worker->counts))
			return -1;
	return 0;
}

/*
 * lifecycle and mix
 */
static const char *close_order(const struct worker *worker, uint64_t n)
{
	const char *order = worker->load->options->order;

	return order ? order : close_orders[n % nr_close_orders];
}

static int lifecycle_step(struct worker *worker, uint64_t step)
{
	const char *order;
	uint64_t i;
	int ret = 0;

	for (i = 0; i < step && !ret; i++) {
		order = close_order(worker, worker->done + i);
		ret = container_setup(worker->container, &worker->counts);
		if (container_close(worker->container, ret ? "dgc" : order, &worker->counts))
			ret = -1;
	}
	return ret;
}

/* What is written at an iova must be in the memory behind it, and what is read come from there. */
static int mix_dma_rw(struct worker *worker, struct device *device, uint8_t *memory)
{
	const struct options *options = worker->load->options;
	uint32_t length = options->length;
	uint8_t *buffer = worker->buffer;

	memset(buffer, (int)(worker->done % 251 + 1), length);
	if (device_dma_rw(device, IOVA_BASE, buffer, length, true, &worker->asked,
			  &worker->counts))
		return -1;
	if (memcmp(memory, buffer, length))
		return fail("%s wrote %" PRIu32 " bytes, but the memory holds others", device->name,
			    length);

	memory[length - 1] = 0;
	if (device_dma_rw(device, IOVA_BASE, buffer, length, false, &worker->asked,
			  &worker->counts))
		return -1;
	if (memcmp(memory, buffer, length))
		return fail("%s read %" PRIu32 " bytes that are not those of the memory",
			    device->name, length);
	return 0;
}

/* Four pins, of which one is given back, one lies over another, and three are left. */
static int mix_pins(struct worker *worker, struct device *device)
{
	const struct options *options = worker->load->options;
	uint64_t size = options->pages * worker->load->page_size;
	uint64_t first = IOVA_BASE;
	uint64_t second = IOVA_BASE + size;

	if (device_pin(device, first, options->pages, &worker->asked, &worker->counts) ||
	    device_pin(device, second, options->pages, &worker->asked, &worker->counts) ||
	    device_pin(device, first, options->pages, &worker->asked, &worker->counts) ||
	    device_unpin(device, second, options->pages, &worker->asked, &worker->counts) ||
	    device_pin(device, second, options->pages, &worker->asked, &worker->counts))
		return -1;
	return 0;
}

static int mix_round(struct worker *worker, uint64_t n)
{
	struct container *container = worker->container;
	uint64_t size = worker->load->options->memory;
	void *memory = worker->load->memory[container - worker->load->containers];
	unsigned int i;

	if (container_setup(container, &worker->counts) ||
	    container_get_info(container, &worker->counts) ||
	    container_map(container, IOVA_BASE, memory, size, &worker->counts))
		return -1;
	for (i = 0; i < container->nr_devices; i++)
		if (mix_pins(worker, container->devices[i]) ||
		    mix_dma_rw(worker, container->devices[i], memory))
			return -1;
	/* Every other round leaves the pins to the close. */
	if (n % 2)
		return 0;
	return container_unmap(container, IOVA_BASE, size, &worker->counts);
}

static int mix_step(struct worker *worker, uint64_t step)
{
	uint64_t i, n;
	int ret = 0;

	for (i = 0; i < step && !ret; i++) {
		n = worker->done + i;
		ret = mix_round(worker, n);
		if (container_close(worker->container, ret ? "dgc" : close_order(worker, n / 2),
				    &worker->counts))
			ret = -1;
	}
	return ret;
}

/*
 * Workers
 */
typedef int (*step_fn)(struct worker *worker, uint64_t step);

static const step_fn steps[] = {
	[WORK_LIFECYCLE] = lifecycle_step,
	[WORK_PIN] = pin_step,
	[WORK_MAP] = map_step,
	[WORK_DMA_RW] = dma_rw_step,
	[WORK_MIX] = mix_step,
};

static bool own_container(const struct options *options)
{
	return options->workload == WORK_LIFECYCLE || options->workload == WORK_MIX;
}

static void *worker_main(void *data)
{
	struct worker *worker = data;
	const struct options *options = worker->load->options;
	/* A lifecycle is many calls: look at the clock after each. */
	bool one = own_container(options);
	uint64_t step;

	while (worker->done < worker->todo && !must_stop(worker)) {
		step = one ? 1 : next_step(worker);
		worker->failed = steps[options->workload](worker, step) != 0;
		worker->done += step;
		pace(worker);
	}
	return NULL;
}

static void *map_memory(uint64_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED) {
		fail("cannot get %" PRIu64 " MiB of memory: %s; ask for less with --memory or --size",
		     size >> 20, strerror(errno));
		return NULL;
	}
	return memory;
}

static int worker_init(struct load *load, unsigned int number)
{
	const struct options *options = load->options;
	struct worker *worker = &load->workers[number];
	uint64_t size = 0;

	worker->load = load;
	worker->number = number;
	worker->random = (options->seed + number) * UINT64_C(0x9e3779b97f4a7c15) | 1;
	worker->todo = options->count;
	if (options->count != UINT64_MAX)
		worker->todo = options->count / load->nr_workers +
			       (number < options->count % load->nr_workers);
	if (own_container(options)) {
		worker->container = &load->containers[number];
	} else {
		worker->device = &load->devices[number % options->nr_devices];
		worker->container = worker->device->container;
	}

	if (options->workload == WORK_MAP)
		size = options->map_size;
	else if (options->workload == WORK_DMA_RW || options->workload == WORK_MIX)
		size = options->length;
	if (!size)
		return 0;
	worker->buffer = map_memory(size);
	return worker->buffer ? 0 : -1;
}

static void run_workers(struct load *load)
{
	unsigned int i, started;
	int error;

	load->begin_ns = now_ns();
	for (started = 0; started < load->nr_workers; started++) {
		struct worker *worker = &load->workers[started];

		error = pthread_create(&worker->thread, NULL, worker_main, worker);
		if (error) {
			fail("cannot start thread %u of %u: %s; use fewer --threads", started + 1,
			     load->nr_workers, strerror(error));
			load->failed = true;
			break;
		}
	}
	for (i = 0; i < started; i++)
		pthread_join(load->workers[i].thread, NULL);
}

/*
 * Containers and their memory
 */
static bool needs_memory(const struct options *options)
{
	return options->workload == WORK_PIN || options->workload == WORK_DMA_RW ||
	       options->workload == WORK_MIX;
}

static int load_init(struct load *load)
{
	const struct options *options = load->options;
	unsigned int i, k, nr = 0;

	load->page_size = sysconf(_SC_PAGESIZE);
	load->nr_workers = own_container(options) ? options->containers : options->threads;
	load->devices = calloc(options->nr_devices, sizeof(*load->devices));
	load->order_of_devices = calloc(options->nr_devices, sizeof(*load->order_of_devices));
	load->containers = calloc(options->containers, sizeof(*load->containers));
	load->memory = calloc(options->containers, sizeof(*load->memory));
	load->workers = calloc(load->nr_workers, sizeof(*load->workers));
	if (!load->devices || !load->order_of_devices || !load->containers || !load->memory ||
	    !load->workers)
		return fail("out of memory");

	for (i = 0; i < options->nr_devices; i++)
		if (device_find(&load->devices[i], options->devices[i]))
			return -1;
	/* Device i belongs to container i modulo their number. */
	for (k = 0; k < options->containers; k++) {
		struct container *container = &load->containers[k];

		container->fd = -1;
		container->devices = &load->order_of_devices[nr];
		for (i = k; i < options->nr_devices; i += options->containers) {
			load->devices[i].container = container;
			load->order_of_devices[nr++] = &load->devices[i];
			container->nr_devices++;
		}
		if (needs_memory(options)) {
			load->memory[k] = map_memory(options->memory);
			if (!load->memory[k])
				return -1;
		}
	}
	for (i = 0; i < load->nr_workers; i++)
		if (worker_init(load, i))
			return -1;
	return 0;
}

static int open_containers(struct load *load, struct counts *counts)
{
	const struct options *options = load->options;
	unsigned int i;

	for (i = 0; i < options->containers; i++) {
		if (container_setup(&load->containers[i], counts))
			return -1;
		if (needs_memory(options) &&
		    container_map(&load->containers[i], IOVA_BASE, load->memory[i],
				  options->memory, counts))
			return -1;
	}
	return 0;
}

/* Unmaps unless the close is meant to do it, and closes. Goes on after errors. */
static int close_containers(struct load *load, bool unmap, struct counts *counts)
{
	const struct options *options = load->options;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < options->containers; i++) {
		struct container *container = &load->containers[i];

		if (unmap && container_unmap(container, IOVA_BASE, options->memory, counts))
			ret = -1;
		if (container_close(container, close_order(&load->workers[0], i), counts))
			ret = -1;
	}
	return ret;
}

static void run(struct load *load, struct counts *counts)
{
	const struct options *options = load->options;
	unsigned int i;
	bool unmap;

	if (!own_container(options) && open_containers(load, counts)) {
		close_containers(load, false, counts);
		load->failed = true;
		return;
	}

	run_workers(load);
	for (i = 0; i < load->nr_workers; i++) {
		const struct worker *worker = &load->workers[i];

		counts_add(counts, &worker->counts);
		load->asked.pin += worker->asked.pin;
		load->asked.unpin += worker->asked.unpin;
		load->asked.dma_rw += worker->asked.dma_rw;
		load->failed |= worker->failed;
	}

	unmap = needs_memory(options) && options->unpin != UNPIN_CLOSE;
	if (!own_container(options) && close_containers(load, unmap, counts))
		load->failed = true;
}

/* The device must have counted what was asked of it, neither more nor less. */
static int compare(const struct load *load, const struct counts *counts)
{
	const struct asked *asked = &load->asked;

	if (counts->pin == asked->pin && counts->unpin - counts->unpin_forced == asked->unpin &&
	    counts->dma_rw == asked->dma_rw && !counts->pinned_left)
		return 0;
	return fail("asked for %" PRIu64 " pins, %" PRIu64 " unpins, %" PRIu64 " dma_rw, but the "
		    "devices counted %" PRIu64 ", %" PRIu64 ", %" PRIu64 ", and hold %" PRIu64
		    " pages; is another program using them?", asked->pin, asked->unpin,
		    asked->dma_rw, counts->pin, counts->unpin - counts->unpin_forced,
		    counts->dma_rw, counts->pinned_left);
}

static void load_free(struct load *load)
{
	/* The mapped memory goes with the process. */
	free(load->devices);
	free(load->order_of_devices);
	free(load->containers);
	free(load->memory);
	free(load->workers);
}

int work_run(const struct options *options, const volatile sig_atomic_t *stop,
	     struct counts *counts)
{
	struct load load = { .options = options, .stop = stop };
	unsigned int i;
	uint64_t begin;

	begin = now_ns();
	if (load_init(&load)) {
		load_free(&load);
		return -1;
	}
	run(&load, counts);
	counts->elapsed_ns = now_ns() - begin;

	for (i = 0; i < options->nr_devices; i++)
		if (device_counts(&load.devices[i], counts))
			load.failed = true;
	if (!load.failed && compare(&load, counts))
		load.failed = true;
	load_free(&load);
	return load.failed ? -1 : 0;
}
