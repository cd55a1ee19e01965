/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DATAPATH_BUFFERS_H
#define RPORT_DATAPATH_BUFFERS_H

/*
 * Which buffers of engine-batch.c the kernel is using, and what the others contain. Only numbers:
 * the memory is that of a pool. A buffer is in one state, and in a list only if that state has one,
 * so a list never has more entries than there are buffers.
 */

#include "datapath/flow.h"

#define BUFFERS_MAX 512

enum buffer_state {
	BUFFER_FREE,
	BUFFER_READING, /* the kernel has it */
	BUFFER_HELD,    /* with a frame, to be written in the next round */
	BUFFER_WRITING, /* the kernel has it */
};

struct buffer {
	enum buffer_state state;
	struct flow *flow; /* unless it is free */
	unsigned int size; /* of its frame, in bytes */
};

struct buffer_list {
	uint16_t index[BUFFERS_MAX];
	unsigned int n;
};

struct buffers {
	struct buffer buffer[BUFFERS_MAX];
	struct buffer_list free; /* a stack: few frames use few buffers, which stay in the cache */
	struct buffer_list held; /* in the order in which the frames came */
	unsigned int n_reading;  /* buffers in that state */
};

/**
 * buffer_list_add() - put a buffer at the end of a list
 * @list: the list; its length grows by one
 * @index: of a buffer that is in no list
 */
static inline void buffer_list_add(struct buffer_list *list, unsigned int index)
{
	list->index[list->n++] = (uint16_t)index;
}

/**
 * buffers_free() - make a buffer free that is in no list
 * @buffers: the engine's
 * @index: of the buffer
 */
static inline void buffers_free(struct buffers *buffers, unsigned int index)
{
	buffers->buffer[index] = (struct buffer){ .state = BUFFER_FREE };
	buffer_list_add(&buffers->free, index);
}

/**
 * buffers_init() - make all buffers free
 * @ret: zeroed
 */
static inline void buffers_init(struct buffers *ret)
{
	for (unsigned int i = 0; i < BUFFERS_MAX; i++)
		buffers_free(ret, BUFFERS_MAX - 1 - i);
}

/**
 * buffers_begin_read() - take a free buffer for a read
 * @buffers: the engine's; one is free
 * @flow: that is to be read
 *
 * Return: the index of the buffer, which is BUFFER_READING now.
 */
static inline unsigned int buffers_begin_read(struct buffers *buffers, struct flow *flow)
{
	unsigned int index = buffers->free.index[--buffers->free.n];

	buffers->buffer[index] = (struct buffer){ .state = BUFFER_READING, .flow = flow };
	buffers->n_reading++;
	return index;
}

/**
 * buffers_hold() - keep a buffer for the next round
 * @buffers: the engine's
 * @index: of the buffer, which is in no list
 * @size: of the frame in it, in bytes
 */
static inline void buffers_hold(struct buffers *buffers, unsigned int index, unsigned int size)
{
	buffers->buffer[index].state = BUFFER_HELD;
	buffers->buffer[index].size = size;
	buffer_list_add(&buffers->held, index);
}

/**
 * buffers_find() - find the buffer that a completion names
 * @buffers: the engine's
 * @index: as the kernel gave it back
 * @state: of a buffer that may have such a completion
 *
 * Return: the buffer; NULL when the kernel does not have it for that.
 */
static inline struct buffer *buffers_find(struct buffers *buffers, unsigned int index,
					  enum buffer_state state)
{
	if (index >= BUFFERS_MAX || buffers->buffer[index].state != state)
		return NULL;
	return &buffers->buffer[index];
}

#endif
