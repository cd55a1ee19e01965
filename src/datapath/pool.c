/* SPDX-License-Identifier: ISC */

/* The buffers of a worker. */

#include <sys/mman.h>

#include "datapath/pool.h"

int pool_init(struct pool *pool, unsigned int n)
{
	void *memory = mmap(NULL, (size_t)n * POOL_STRIDE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return -errno;
	*pool = (struct pool){ .memory = memory, .n = n };
	return 0;
}

void pool_exit(struct pool *pool)
{
	if (pool->memory)
		munmap(pool->memory, (size_t)pool->n * POOL_STRIDE);
	pool->memory = NULL;
}
