/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DATAPATH_ENGINE_H
#define RPORT_DATAPATH_ENGINE_H

/*
 * How a worker moves frames. There are several ways, by what the kernel can do; each is an engine
 * behind this face. An engine belongs to one thread.
 */

#include "datapath/flow.h"

struct engine {
	const struct engine_class *class;
	struct flow **flows; /* by slot; the worker's table */
	unsigned int n_slots;
	unsigned int flows_max; /* that the engine can serve; set by create() */
	void (*gone)(struct engine *engine,
		     struct flow *flow); /* the port it reads from was removed */
	void *userdata;                  /* for gone() */
};

struct engine_options {
	int wake_fd;            /* an eventfd; writing to it ends the engine's wait */
	unsigned int busy_poll; /* microseconds to look for frames before sleeping, if it can */
	bool nowait;            /* TUNs honour RWF_NOWAIT, see tun_has_nowait() */
	unsigned int engines;   /* that share the memory which the user may lock; 0: only this */
};

struct engine_class {
	const char *name;  /* as users see it */
	const char *needs; /* what it needs of the kernel, in words; NULL: nothing special */
	bool has_busy_poll;
	bool needs_nowait; /* engine_options.nowait must be true */

	/* Make one, in the thread that will run it. */
	int (*create)(const struct engine_options *options, struct engine **ret);
	void (*destroy)(struct engine *engine);

	/* Begin to read from a flow. */
	void (*start)(struct engine *engine, struct flow *flow);

	/* End it: flow->in_flight falls to 0 within the next rounds. */
	void (*stop)(struct engine *engine, struct flow *flow);

	/*
	 * One round: hand work to the kernel and take what is done. Waits only when there is
	 * nothing to do, until something comes or the wake_fd is written to.
	 */
	void (*run)(struct engine *engine);
};

/**
 * engine_flow() - find the flow that a completion or an event names
 * @engine: the engine
 * @slot: as the kernel gave it back
 *
 * Return: the flow, or NULL when the slot has none.
 */
static inline struct flow *engine_flow(const struct engine *engine, unsigned int slot)
{
	return slot < engine->n_slots ? engine->flows[slot] : NULL;
}

/* Batches of reads and writes that do not wait: Linux 6.4 and later. See engine-batch.c. */
extern const struct engine_class engine_batch;

/* A read kept pending in the kernel: Linux 6.1 and later. See engine-pending.c. */
extern const struct engine_class engine_pending;

/* System calls for each frame: where there is no io_uring. See engine-epoll.c. */
extern const struct engine_class engine_epoll;

#endif
