/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DATAPATH_WORKER_H
#define RPORT_DATAPATH_WORKER_H

/*
 * A worker is one thread with one engine, moving frames for many flows. It shares nothing with the
 * main thread but a queue of commands, which the main thread waits for, counters, which only the
 * worker writes, and the number of the last question whether it is alive.
 */

#include "datapath/engine.h"

struct worker;

struct worker_options {
	const struct engine_class *class;
	unsigned int workers;   /* how many there will be, see engine_options.engines */
	unsigned int busy_poll; /* microseconds, see engine_options */
	bool nowait;            /* see engine_options */

	/* Called from the worker's thread, once, when the port that a flow reads from was removed. */
	void (*gone)(struct flow *flow, void *userdata);
	/* Called from the worker's thread once its engine is made; see shuttle_options. */
	void (*confine)(void);
	void *userdata;
};

/**
 * worker_new() - start a worker
 * @options: copied
 * @ret: stop it with worker_free()
 *
 * Return: 0; -ENOMEM; -EAGAIN when there are too many threads; -EMFILE; or what the engine's
 * create() returned, see ring_init().
 */
int worker_new(const struct worker_options *options, struct worker **ret);

/**
 * worker_free() - stop the thread and free the worker; takes NULL
 * @worker: without flows
 */
void worker_free(struct worker *worker);

/**
 * worker_add_flows() - begin to move frames of the two flows of a link
 * @worker: the worker; the call waits until its thread has taken the flows
 * @flows: they and their fds must stay until worker_remove_flows() returns
 *
 * Return: 0, -ENOMEM, or -ENOSPC when the engine can serve no more flows.
 */
int worker_add_flows(struct worker *worker, struct flow *flows[static 2]);

/**
 * worker_remove_flows() - stop moving frames, and wait until the kernel has finished all reads and
 * writes
 * @worker: the worker that has the flows
 * @flows: of worker_add_flows(); no longer used when this returns
 */
void worker_remove_flows(struct worker *worker, struct flow *flows[static 2]);

/**
 * worker_ask() - ask the thread for a sign of life, without waiting for it
 * @worker: see worker_has_answered()
 */
void worker_ask(struct worker *worker);

/**
 * worker_has_answered() - tell whether the thread has answered the last worker_ask()
 * @worker: of worker_new()
 *
 * Return: true when it has; false also when the thread hangs.
 */
bool worker_has_answered(const struct worker *worker);

/**
 * worker_cpu_time() - how long its thread ran, so far
 * @worker: of worker_new()
 *
 * Return: nanoseconds of CPU time.
 */
uint64_t worker_cpu_time(const struct worker *worker);

/**
 * worker_busy_time() - for how long it had something to do, so far
 * @worker: of worker_new()
 *
 * A CPU that it has to share with others counts in full: while these run, its frames wait.
 *
 * Return: nanoseconds in which it ran, or waited for a CPU.
 */
uint64_t worker_busy_time(const struct worker *worker);

/**
 * worker_n_flows() - count the flows of a worker
 * @worker: of worker_new()
 *
 * Return: the number of flows, two for each queue of a link.
 */
unsigned int worker_n_flows(const struct worker *worker);

#endif
