/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DATAPATH_MOVE_H
#define RPORT_DATAPATH_MOVE_H

/*
 * One frame by plain system calls: a read(2) and a write(2). That is what engine-epoll.c does with
 * all of them, and engine-batch.c with those that come alone.
 */

#include <sys/types.h>

#include "datapath/flow.h"

/**
 * move_frame() - take the next frame of a flow, and write it to the peer
 * @flow: of non-blocking descriptors
 * @buffer: of POOL_STRIDE bytes, free again on return
 *
 * What becomes of the frame is counted.
 *
 * Return: its size in bytes, also when it did not cross. -EAGAIN: there is none. -EBADFD: the port
 * was removed. Another -errno of read(2): counted as a drop.
 */
ssize_t move_frame(struct flow *flow, unsigned char *buffer);

#endif
