/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DATAPATH_RING_H
#define RPORT_DATAPATH_RING_H

/*
 * One io_uring, used by one thread; the only user of liburing. An operation is known by its tag
 * when it completes: what it was, for which slot of the flow table, with which buffer or frame.
 * Never a pointer: a late completion must not meet freed memory.
 */

#include <liburing.h>

#include "datapath/spin.h"

enum ring_op {
	RING_READ,
	RING_WRITE,
	RING_POLL,
	RING_CANCEL,
	RING_WAKE,
};

struct ring_tag {
	enum ring_op op;    /* 8 bits */
	unsigned int slot;  /* 24 bits */
	unsigned int index; /* 32 bits */
};

struct ring {
	struct io_uring uring;
	bool ready;      /* the above is set up */
	bool restricted; /* to the operations of this file; since ring_enable() */
	unsigned int n_completions;
	int wake_fd;
	bool wake_polled;
	unsigned int wait_ms; /* ring_submit() waits no longer; 0: no limit */
	struct spin spin;
	struct io_uring_buf_ring *buffers; /* ring_provide(), else NULL */
	size_t buffers_size;
	unsigned int buffers_mask;
};

#define RING_BUFFER_GROUP 0

/**
 * ring_init() - set a ring up, to be used by the calling thread only
 * @ring: whatever is in it is overwritten; give it to ring_exit(), also after a failure
 * @entries: operations that may wait for submission
 * @rings: how many share the room for completions, RING_COMPLETIONS_MAX in all; 0: only this one
 * @wake_fd: an eventfd, stays the caller's: writing to it completes a RING_WAKE
 * @busy_poll: microseconds at most to look for completions before sleeping; 0: sleep at once
 *
 * Nothing can be submitted before ring_enable().
 *
 * Return: 0 or -errno: -ENOSYS or -EPERM where io_uring is missing or forbidden
 * (kernel.io_uring_disabled).
 */
int ring_init(struct ring *ring, unsigned int entries, unsigned int rings, int wake_fd,
	      unsigned int busy_poll);

/**
 * ring_enable() - restrict the ring to reads, writes, polls and their cancellation, and enable it
 * @ring: the ring; what is to be registered with it (ring_provide_init()) is registered by now
 *
 * The kernel then answers any other operation with -EACCES (io_uring_register(2),
 * IORING_REGISTER_RESTRICTIONS). Where it refuses the restrictions the ring works without;
 * ring->restricted tells.
 *
 * Return: 0, or -errno of io_uring_register(2).
 */
int ring_enable(struct ring *ring);

/**
 * ring_flows_max() - compute how many flows may have a poll or a read pending at once
 * @ring: of ring_init()
 * @others: other operations of which completions may be outstanding at once
 *
 * With no more than that the completion queue cannot overflow, whatever the kernel completes while
 * nobody reads it. An overflow costs more than time: the kernel drops completions when it has no
 * memory for them, and a flow whose poll is lost never moves again.
 *
 * Return: the number of flows.
 */
unsigned int ring_flows_max(const struct ring *ring, unsigned int others);

/**
 * ring_take() - take the oldest completion off the queue
 * @ring: enabled
 * @ret: a copy of it
 *
 * Return: true, or false when the queue is empty.
 */
bool ring_take(struct ring *ring, struct io_uring_cqe *ret);

/**
 * ring_exit() - give the ring back; the kernel cancels what still waits in it
 * @ring: the ring, or a zeroed one
 */
void ring_exit(struct ring *ring);

/**
 * ring_submit() - hand over what is queued
 * @ring: enabled
 * @wait: wait for at least one completion
 *
 * Returns when the kernel has taken every operation. Those that it can carry out at once
 * (RWF_NOWAIT) it has carried out by then, in the order in which they were queued. Where the kernel
 * is short of memory it is asked again every millisecond.
 */
void ring_submit(struct ring *ring, bool wait);

/**
 * ring_tag_unpack() - read the tag of a completion
 * @user_data: of the completion
 *
 * Return: the tag.
 */
struct ring_tag ring_tag_unpack(uint64_t user_data);

/**
 * ring_woken() - answer to a RING_WAKE: reset the eventfd, to be woken again
 * @ring: enabled
 */
void ring_woken(struct ring *ring);

/**
 * ring_read_nowait() - queue a read that completes during submission: a frame, or -EAGAIN
 * @ring: enabled
 * @fd: to read from
 * @buffer: the kernel's until the read completes
 * @size: bytes of @buffer
 * @tag: of the completion
 */
void ring_read_nowait(struct ring *ring, int fd, void *buffer, size_t size, struct ring_tag tag);

/**
 * ring_write_nowait() - queue a write that completes during submission
 * @ring: enabled
 * @fd: to write to
 * @buffer: the kernel's until the write completes
 * @size: bytes to write
 * @tag: of the completion
 *
 * One that would have to wait fails with -EAGAIN, rather than stay on a buffer that is used again.
 */
void ring_write_nowait(struct ring *ring, int fd, const void *buffer, size_t size,
		       struct ring_tag tag);

/**
 * ring_read_provided() - queue a read that waits until there is something to read
 * @ring: of which ring_provide_init() was called
 * @fd: to read from
 * @size: bytes to read at most
 * @tag: of the completion
 *
 * The kernel takes a buffer from those of ring_provide() when there is something;
 * ring_provided_id() tells which.
 */
void ring_read_provided(struct ring *ring, int fd, size_t size, struct ring_tag tag);

/**
 * ring_write() - queue a write
 * @ring: enabled
 * @fd: to write to
 * @buffer: the kernel's until the write completes
 * @size: bytes to write
 * @flags: RWF_*, of pwritev2(2)
 * @tag: of the completion
 */
void ring_write(struct ring *ring, int fd, const void *buffer, size_t size, int flags,
		struct ring_tag tag);

/**
 * ring_poll() - queue a poll for something to read, which completes once
 * @ring: enabled
 * @fd: to poll
 * @tag: of the completion
 */
void ring_poll(struct ring *ring, int fd, struct ring_tag tag);

/**
 * ring_cancel() - cancel all operations that carry a tag; they complete with -ECANCELED
 * @ring: enabled
 * @tag: of the operations
 */
void ring_cancel(struct ring *ring, struct ring_tag tag);

/**
 * ring_provide_init() - make the ring of buffers that ring_read_provided() takes from
 * @ring: the ring, before ring_enable()
 * @entries: a power of two
 *
 * Return: 0 or -errno (-EINVAL before Linux 5.19).
 */
int ring_provide_init(struct ring *ring, unsigned int entries);

/**
 * ring_provide() - offer a buffer to reads
 * @ring: of which ring_provide_init() has succeeded
 * @buffer: the kernel's until a read took it
 * @size: bytes of @buffer
 * @id: by which ring_provided_id() names it
 */
void ring_provide(struct ring *ring, void *buffer, size_t size, unsigned int id);

/**
 * ring_provided_id() - tell which buffer a completed read took
 * @cqe: its completion
 *
 * Return: its id, or -ENOENT when it took none.
 */
int ring_provided_id(const struct io_uring_cqe *cqe);

#endif
