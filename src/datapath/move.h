/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DATAPATH_MOVE_H
#define RPORT_DATAPATH_MOVE_H

/*
 * One frame by plain system calls: a read(2) and a write(2). That is what engine-epoll.c does with
 * all of them, and engine-batch.c with those that come alone.
 */

#include <sys/types.h>

#include "datapath/flow.h"

/*
 * How long a write takes says what the packets of a flow cost in the stack of the receiver, since
 * his stack, and his netfilter rules, run inside the write. A clock is read for one frame in
 * MOVE_SAMPLE, and for all frames of a flow that is slow.
 */
#define MOVE_SAMPLE 32

/**
 * move_timed() - write a frame, and count what became of it and how long that took
 * @flow: that it was read from; its descriptors do not block
 * @frame: the frame, which flow_admit() admitted
 * @size: bytes, with the virtio header
 */
void move_timed(struct flow *flow, const unsigned char *frame, size_t size);

/**
 * move_is_sample() - check whether the next frame is to be written with move_timed()
 * @flow: the flow; frames are counted
 *
 * Return: true for one frame in MOVE_SAMPLE, the first one, and any of a slow flow.
 */
static inline bool move_is_sample(struct flow *flow)
{
	if (!flow_is_slow(flow) && flow->untimed-- > 0)
		return false;
	flow->untimed = MOVE_SAMPLE - 1;
	return true;
}

/**
 * move_frame() - read the next frame of a flow, and write it to the peer
 * @flow: of non-blocking descriptors
 * @buffer: of POOL_STRIDE bytes, free again on return
 *
 * What becomes of the frame is counted.
 *
 * Return: its size in bytes, also when it did not cross. -EAGAIN: no frame. -EBADFD: the port
 * was removed. Another -errno of read(2): counted as a drop.
 */
ssize_t move_frame(struct flow *flow, unsigned char *buffer);

#endif
