/* SPDX-License-Identifier: ISC */

/* Varlink framing: JSON objects in a stream of bytes, each ended by a NUL. */

#include "base/frame.h"

/*
 * Theory of operation
 *
 * The buffer is data[0..allocated): messages already given out, then the start of the next one,
 * then room. Every byte is looked at once for a NUL (scanned) however small the pieces are in which
 * it comes. What is left of an unfinished message moves to the front only when the room is used up,
 * and since a caller reads on only after frame_buffer_next() gave 0, it moves at most once.
 */

#define FRAME_ALLOCATE_MIN 4096

void frame_buffer_init(struct frame_buffer *buffer, size_t limit)
{
	*buffer = (struct frame_buffer){ .limit = limit };
}

void frame_buffer_release(struct frame_buffer *buffer)
{
	free(buffer->data);
	frame_buffer_init(buffer, buffer->limit);
}

static void frame_buffer_compact(struct frame_buffer *buffer)
{
	if (buffer->consumed == 0)
		return;
	memmove(buffer->data, buffer->data + buffer->consumed, buffer->used - buffer->consumed);
	buffer->used -= buffer->consumed;
	buffer->scanned -= buffer->consumed;
	buffer->consumed = 0;
}

/* Twice the room, but never more than the longest message and its NUL. */
static int frame_buffer_grow(struct frame_buffer *buffer)
{
	size_t size =
		MIN(MAX(buffer->allocated * 2, (size_t)FRAME_ALLOCATE_MIN), buffer->limit + 1);
	char *data;

	if (size <= buffer->allocated)
		return -ENOMEM; /* full of what the caller did not take out */
	data = realloc(buffer->data, size);
	if (!data)
		return -ENOMEM;
	buffer->data = data;
	buffer->allocated = size;
	return 0;
}

ssize_t frame_buffer_space(struct frame_buffer *buffer, char **ret_data)
{
	int r;

	if (buffer->used == buffer->allocated)
		frame_buffer_compact(buffer);
	if (buffer->used == buffer->allocated) {
		r = frame_buffer_grow(buffer);
		if (r < 0)
			return r;
	}
	*ret_data = buffer->data + buffer->used;
	return (ssize_t)(buffer->allocated - buffer->used);
}

void frame_buffer_filled(struct frame_buffer *buffer, size_t size)
{
	buffer->used += size;
}

static int frame_decode(const char *text, size_t length, json_t **ret)
{
	json_error_t error;
	json_t *message = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);

	if (!message)
		return json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : -EBADMSG;
	if (!json_is_object(message)) {
		json_decref(message);
		return -EBADMSG;
	}
	*ret = message;
	return 1;
}

int frame_buffer_next(struct frame_buffer *buffer, json_t **ret)
{
	size_t unseen = buffer->used - buffer->scanned;
	const char *start, *end = NULL;
	size_t length;

	if (unseen > 0)
		end = memchr(buffer->data + buffer->scanned, '\0', unseen);
	if (!end) {
		buffer->scanned = buffer->used;
		return buffer->used - buffer->consumed > buffer->limit ? -EMSGSIZE : 0;
	}
	start = buffer->data + buffer->consumed;
	length = (size_t)(end - start);
	if (length > buffer->limit)
		return -EMSGSIZE;
	buffer->consumed += length + 1;
	buffer->scanned = buffer->consumed;
	return frame_decode(start, length, ret);
}

char *frame_encode(const json_t *message, size_t *ret_size)
{
	char *text = json_dumps(message, JSON_COMPACT);

	if (text)
		*ret_size = strlen(text) + 1;
	return text;
}
