/* SPDX-License-Identifier: ISC */
#ifndef RPORT_BASE_FRAME_H
#define RPORT_BASE_FRAME_H

/*
 * Varlink framing: one JSON object, then a NUL byte. No system calls; bytes go in as they come
 * from the socket, messages come out. Shared by the daemon and rportctl.
 */

#include <jansson.h>

#include <sys/types.h>

#include "base/util.h"

/* Longest message a client may send, in bytes without its NUL. */
#define FRAME_MESSAGE_MAX (64 * 1024)

struct frame_buffer {
	char *data;
	size_t used;     /* bytes held */
	size_t consumed; /* of these, bytes of messages already given out */
	size_t scanned;  /* bytes known to hold no NUL */
	size_t allocated;
	size_t limit; /* longest message, without its NUL */
};

/**
 * frame_buffer_init() - begin with an empty buffer, which allocates once bytes come in
 * @buffer: filled; release it with frame_buffer_release()
 * @limit: longest message that is taken, in bytes without its NUL
 */
void frame_buffer_init(struct frame_buffer *buffer, size_t limit);

/**
 * frame_buffer_release() - free the memory of a buffer
 * @buffer: of frame_buffer_init(), or zeroed; zeroed afterwards
 */
void frame_buffer_release(struct frame_buffer *buffer);

/**
 * frame_buffer_space() - find where the next bytes from the socket go
 * @buffer: of frame_buffer_init(); grows when it is full
 * @ret_data: where to write; valid until the next call for this buffer
 *
 * Return: how many bytes may be written there, at least 1; or -ENOMEM.
 */
ssize_t frame_buffer_space(struct frame_buffer *buffer, char **ret_data);

/**
 * frame_buffer_filled() - say how many bytes were written where frame_buffer_space() said
 * @buffer: of frame_buffer_space()
 * @size: bytes
 */
void frame_buffer_filled(struct frame_buffer *buffer, size_t size);

/**
 * frame_buffer_next() - take the next message out
 * @buffer: of frame_buffer_init()
 * @ret: a JSON object that the caller owns
 *
 * Return: 1: a message; 0: none is complete; -EMSGSIZE: longer than the limit; -EBADMSG: not a
 * JSON object (invalid UTF-8 and duplicate keys included); -ENOMEM. After a negative return the
 * stream is of no further use.
 */
int frame_buffer_next(struct frame_buffer *buffer, json_t **ret);

/**
 * frame_encode() - write a message as bytes, with the NUL at the end
 * @message: a JSON object
 * @ret_size: bytes, the NUL included
 *
 * Return: a string to free(3), or NULL when out of memory.
 */
char *frame_encode(const json_t *message, size_t *ret_size);

#endif
