/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DATAPATH_DATA_PROCESS_H
#define RPORT_DATAPATH_DATA_PROCESS_H

/*
 * The process rportd-data, as rportd sees it: it is started, asked, and started again whenever it
 * ends. What it moves is datapath.c's affair. See data-process.c.
 */

#include <systemd/sd-event.h>

#include "datapath/engines.h"
#include "datapath/wire.h"
#include "kernel/starter.h"

struct data_process;

struct data_process_options {
	struct starter *starter; /* borrowed */
	unsigned int role;       /* of rportd-data, in the starter's table */
	struct data_setup setup; /* its datapath: the engines that may be used; without nowait */
	int counters_fd;         /* goes with it; borrowed */

	/* Called for DATA_GONE and DATA_MOVED, from the event loop or from data_process_call(): it
	 * notes them. Return: 0; -EBADMSG when they make no sense, and the process is killed. */
	int (*event)(const struct data_answer *event, void *userdata);
	/* Called from the event loop when a new process can be given links. */
	void (*running)(void *userdata);
	/* Called from the event loop or any function below: the process will answer nothing more. */
	void (*lost)(void *userdata);
	/* Called from the event loop when it has ended, and is about to be started again.
	 * @why: in words. */
	void (*ended)(const char *why, void *userdata);
	/* Called from the event loop when it cannot be started again. */
	void (*failed)(void *userdata);
	void *userdata;
};

/**
 * data_process_new() - start rportd-data, without waiting for it
 * @event: the loop; referenced
 * @options: copied
 * @ret: end it with data_process_free()
 *
 * Return: 0; -ENOMEM; -EPIPE when it cannot be started; or another -errno.
 */
int data_process_new(sd_event *event, const struct data_process_options *options,
		     struct data_process **ret);

/**
 * data_process_run() - tell rportd-data what to do, and wait until its workers run
 * @process: of data_process_new(); called once
 * @nowait: what tun_has_nowait() says of this kernel
 *
 * Return: 0; the errors of shuttle_new(); -ETIME when it does not answer; -EPIPE when it ended;
 * -EBADMSG when it sends rubbish.
 */
int data_process_run(struct data_process *process, bool nowait);

/**
 * data_process_stop() - end rportd-data for good, and wait for that
 * @process: of data_process_new()
 */
void data_process_stop(struct data_process *process);

/**
 * data_process_free() - as data_process_stop(), and free what is known of it; takes NULL
 * @process: of data_process_new(), or NULL
 */
void data_process_free(struct data_process *process);

/**
 * data_process_runs() - check whether links can be given to it
 * @process: of data_process_new()
 *
 * Return: false while it is being started again.
 */
bool data_process_runs(const struct data_process *process);

/**
 * data_process_call() - ask, and wait for the answer
 * @process: that runs
 * @request: its serial is set
 * @fds: descriptors that go with it, and stay the caller's; may be NULL without any
 * @n_fds: how many
 * @ret: the answer, of which no value has been checked
 *
 * Return: 0; -EPIPE when there is none in time, and the process is lost.
 */
int data_process_call(struct data_process *process, struct data_request *request, const int fds[],
		      unsigned int n_fds, struct data_answer *ret);

/**
 * data_process_distrust() - kill it, as it sent what makes no sense
 * @process: of data_process_new()
 */
void data_process_distrust(struct data_process *process);

/**
 * data_process_await_end() - when it was killed, wait until it uses nothing any more
 * @process: of data_process_new()
 */
void data_process_await_end(struct data_process *process);

/**
 * data_process_absence() - tell for how long nothing has been moved
 * @process: of data_process_new()
 *
 * Return: microseconds since the former process was lost; 0 when there was none.
 */
uint64_t data_process_absence(const struct data_process *process);

/**
 * data_process_answers() - see datapath_answers()
 * @process: of data_process_new()
 * @ret_silent: see there
 *
 * Return: see there.
 */
bool data_process_answers(struct data_process *process, int *ret_silent);

/**
 * data_process_replace() - kill it, as it or a worker does not answer
 * @process: of data_process_new()
 */
void data_process_replace(struct data_process *process);

/**
 * data_process_engine() - tell which engine its workers have
 * @process: of data_process_new()
 * @ret_error: the positive errno with which the preferred engine could not start, or 0
 *
 * Return: the engine.
 */
const struct engine_class *data_process_engine(const struct data_process *process, int *ret_error);

/**
 * data_process_restarts() - count how often it was started again
 * @process: of data_process_new()
 *
 * Return: the number.
 */
unsigned int data_process_restarts(const struct data_process *process);

#endif
