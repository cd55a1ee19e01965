/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DATAPATH_POOL_H
#define RPORT_DATAPATH_POOL_H

/*
 * The buffers of a worker, each for one frame. They belong to the worker, not to its links, so that
 * an idle link costs none. Memory that no frame has touched is not taken from the system.
 */

#include "base/util.h"

/* The largest frame: a segment of 64 KiB that is yet to be cut, and its virtio header. */
#define POOL_FRAME_MAX (65536 + 64)

/* Of a buffer. An odd number of cache lines: the headers of a batch do not fall into one set of the
 * cache. */
#define POOL_STRIDE (POOL_FRAME_MAX + 64)

struct pool {
	unsigned char *memory;
	unsigned int n;
};

/**
 * pool_init() - reserve memory for buffers
 * @pool: filled; release it with pool_exit()
 * @n: number of buffers, of POOL_STRIDE bytes each
 *
 * Return: 0, or -ENOMEM.
 */
int pool_init(struct pool *pool, unsigned int n);

/**
 * pool_exit() - release the memory of the buffers
 * @pool: of pool_init(), or zeroed
 */
void pool_exit(struct pool *pool);

/**
 * pool_at() - find a buffer by its number
 * @pool: of pool_init()
 * @i: the number, less than pool->n
 *
 * Return: the buffer, POOL_FRAME_MAX bytes, owned by the pool.
 */
static inline unsigned char *pool_at(const struct pool *pool, unsigned int i)
{
	return pool->memory + (size_t)i * POOL_STRIDE;
}

#endif
