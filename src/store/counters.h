/* SPDX-License-Identifier: ISC */
#ifndef RPORT_STORE_COUNTERS_H
#define RPORT_STORE_COUNTERS_H

/*
 * The counters of all ports, in one piece of shared memory, so that they outlive the daemon that
 * counts: a memfd which the descriptor store keeps. A port has a slot of it, as long as it exists,
 * and in the slot a set of counters for each of its queues, as each is counted by another worker.
 */

#include "datapath/flow.h"
#include "store/fdstore.h"

struct counters;

/**
 * counters_open() - take over the counters of a former daemon, or begin with zeros
 * @state: where they are kept; borrowed, must live as long
 * @max: slots, at least; there are more when a former daemon had more
 * @ret: close it with counters_close()
 *
 * A file of another layout is dropped, and all counters begin at zero.
 *
 * Return: 0; -ENOMEM; or -errno of memfd_create(2), ftruncate(2) or mmap(2).
 */
int counters_open(struct state *state, unsigned int max, struct counters **ret);

/**
 * counters_close() - unmap the counters; the descriptor store keeps them. Takes NULL
 * @counters: of counters_open(), or NULL
 */
void counters_close(struct counters *counters);

#define COUNTERS_QUEUES   8 /* of a slot */
#define COUNTERS_FASTPATH 8 /* in place of a queue: of packets that no queue moved */

/**
 * counters_take() - mark an inherited slot as used, and keep its counts
 * @counters: of counters_open()
 * @slot: one that a former daemon used
 *
 * Return: 0, or -ENOENT when it is taken, or out of range.
 */
int counters_take(struct counters *counters, unsigned int slot);

/**
 * counters_new() - find a free slot, and set its counters to zero
 * @counters: of counters_open()
 * @queues: so many sets of counters are zeroed, 1 to COUNTERS_QUEUES, and that of COUNTERS_FASTPATH
 * @ret_slot: its number
 *
 * Inherited slots must have been taken before. In the set of COUNTERS_FASTPATH, which has no drops,
 * @dropped_at becomes the present time: that at which counting begins.
 *
 * Return: 0, or -ENOSPC when all are taken.
 */
int counters_new(struct counters *counters, unsigned int queues, unsigned int *ret_slot);

/**
 * counters_of() - find the counters of one queue
 * @counters: of counters_open()
 * @slot: one that is used
 * @queue: from 0, or COUNTERS_FASTPATH
 *
 * Return: the counters, in the shared memory.
 */
struct flow_counters *counters_of(struct counters *counters, unsigned int slot, unsigned int queue);

/**
 * counters_memory() - tell where the counters are, for the process that counts
 * @counters: of counters_open()
 * @ret_fd: the memfd; stays that of @counters
 * @ret_offset: where the first counter is in it, in bytes; what is before is not for others
 * @ret_size: bytes from there on
 *
 * Return: where the first counter is mapped.
 */
const void *counters_memory(const struct counters *counters, int *ret_fd, size_t *ret_offset,
			    size_t *ret_size);

/**
 * counters_free() - mark a slot as free
 * @counters: of counters_open()
 * @slot: of counters_take() or counters_new()
 */
void counters_free(struct counters *counters, unsigned int slot);

/**
 * counters_alive() - record the present time in the shared memory
 * @counters: of counters_open()
 *
 * Called from time to time, so that the next daemon can tell for how long none ran.
 */
void counters_alive(struct counters *counters);

/**
 * counters_absence() - tell for how long no daemon ran, at most
 * @counters: of counters_open()
 *
 * Return: microseconds between the last counters_alive() of the former daemon and counters_open();
 * UINT64_MAX when that is not known.
 */
uint64_t counters_absence(const struct counters *counters);

#endif
