/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DATAPATH_DATAPATH_H
#define RPORT_DATAPATH_DATAPATH_H

/*
 * The data path, as rportd sees it: links are given to it and taken back; rportd-data, a process of
 * its own, moves their frames (serve.c). Nothing that this process sends is trusted. When it ends,
 * or misbehaves and is killed, it is started again, and given all links.
 */

#include "datapath/shuttle.h"
#include "kernel/starter.h"

#define DATAPATH_STALE_USEC USEC_PER_SEC /* packets that waited longer are not delivered */

struct datapath;
struct datapath_link;

struct datapath_options {
	struct starter *starter; /* borrowed */
	unsigned int role;       /* of rportd-data, in the starter's table */
	const char *datapath;    /* which engines may be used, see engines.h; NULL: "auto" */
	unsigned int workers;    /* threads */
	unsigned int busy_poll;  /* microseconds that they look for frames before they sleep */

	/* the memory that all counters are in: a memfd, borrowed, where they begin in it, and where
	 * that is mapped; rportd-data does not keep what is before */
	int counters_fd;
	size_t counters_offset; /* bytes */
	const void *counters;
	size_t counters_size; /* bytes */

	/* Called from the event loop when port @end of the link given with @owner was removed. */
	void (*gone)(void *owner, unsigned int end, void *userdata);
	/* Called from the event loop when queues of a link have been given to other workers. */
	void (*moved)(void *owner, void *userdata);
	/* Called from the event loop when the process has ended, and is about to be started again.
	 * @why: in words. */
	void (*ended)(const char *why, void *userdata);
	/* Called from the event loop when it cannot be started again: rportd has to end. */
	void (*failed)(void *userdata);
	void *userdata;
};

/**
 * datapath_new() - start rportd-data, without waiting for it
 * @event: the loop; referenced
 * @options: copied
 * @ret: stop it with datapath_free(), after its links were removed
 *
 * Return: as data_process_new().
 */
int datapath_new(sd_event *event, const struct datapath_options *options, struct datapath **ret);

/**
 * datapath_run() - wait until the workers of rportd-data run
 * @datapath: of datapath_new(); called once, before links are added
 * @nowait: what tun_has_nowait() says of this kernel
 *
 * Return: as data_process_run().
 */
int datapath_run(struct datapath *datapath, bool nowait);

/**
 * datapath_stop() - stop rportd-data for good, and wait for its end
 * @datapath: of datapath_new(); its links can still be removed
 *
 * Afterwards nothing uses the ports of any link.
 */
void datapath_stop(struct datapath *datapath);

/**
 * datapath_free() - stop rportd-data, and wait for its end; takes NULL
 * @datapath: without links
 */
void datapath_free(struct datapath *datapath);

/**
 * datapath_add_link() - begin to move frames between two ports
 * @datapath: the data path
 * @ports: both with the same headers and the same number of queues; their struct tun, descriptors
 *	and counters must stay until datapath_remove_link() returns
 * @owner: passed to the callbacks of struct datapath_options
 * @ret: the link; remove it with datapath_remove_link()
 *
 * While rportd-data is being started again the link waits for that.
 *
 * Return: 0; -EINVAL when the ports differ in headers or number of queues; -ENOMEM; -ENOSPC when
 * the engine can serve no more queues.
 */
int datapath_add_link(struct datapath *datapath, const struct shuttle_port ports[static 2],
		      void *owner, struct datapath_link **ret);

/**
 * datapath_remove_link() - stop moving frames, and free the link; when it returns nothing uses the
 * ports any more
 * @link: of datapath_add_link(), or NULL
 *
 * When rportd-data does not answer in time it is killed, and its end is waited for.
 */
void datapath_remove_link(struct datapath_link *link);

/**
 * datapath_link_workers() - tell which workers move the queues of a link
 * @link: of datapath_add_link()
 * @ret: for each queue the index of its worker, from 0
 *
 * Return: the number of queues.
 */
unsigned int datapath_link_workers(const struct datapath_link *link,
				   unsigned int ret[static TUN_QUEUES_MAX]);

/**
 * datapath_answers() - check that rportd-data and all its workers answered the last call, and ask
 * again
 * @datapath: the data path
 * @ret_silent: index of the first worker that did not answer, -1 when it is the process itself;
 *	untouched when all did
 *
 * Does not wait for the new answers: the next call reads them.
 *
 * Return: true when all answered.
 */
bool datapath_answers(struct datapath *datapath, int *ret_silent);

/**
 * datapath_replace() - kill rportd-data, as it or a worker does not answer; it is started again
 * @datapath: the data path
 */
void datapath_replace(struct datapath *datapath);

/**
 * datapath_get_worker() - ask what a worker does
 * @datapath: the data path
 * @index: from 0
 * @ret: what rportd-data says; nothing in it is checked
 *
 * Return: false when there is no such worker, or rportd-data is being started again.
 */
bool datapath_get_worker(struct datapath *datapath, unsigned int index, struct shuttle_worker *ret);

/**
 * datapath_name() - name the engine in use
 * @datapath: the data path
 *
 * Return: a static string, as --datapath takes it.
 */
const char *datapath_name(const struct datapath *datapath);

/**
 * datapath_has_busy_poll() - tell whether the engine can poll before it sleeps
 * @datapath: the data path
 *
 * Return: true when datapath_options.busy_poll has an effect.
 */
bool datapath_has_busy_poll(const struct datapath *datapath);

/**
 * datapath_engine_error() - tell why the preferred engine is not the one in use
 * @datapath: the data path
 *
 * Return: the positive errno with which the preferred engine could not start; 0 when it did.
 */
int datapath_engine_error(const struct datapath *datapath);

/**
 * datapath_restarts() - count how often rportd-data was started again
 * @datapath: the data path
 *
 * Return: the number.
 */
unsigned int datapath_restarts(const struct datapath *datapath);

#endif
