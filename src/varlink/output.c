/* SPDX-License-Identifier: ISC */

/* What waits to be sent to a client. */

#include <limits.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/frame.h"
#include "varlink/output.h"

#define FRAMES_PER_WRITE 64

/*
 * A list, not one growing buffer: a first reply of many megabytes stays where it was made while
 * small ones queue up behind it, and what the client has read is given back at once.
 */
struct varlink_frame {
	struct varlink_frame *next;
	char *text;
	size_t size;
};

int varlink_output_add_text(struct varlink_output *output, char *text, size_t size)
{
	struct varlink_frame *frame = calloc(1, sizeof(*frame));

	if (!frame) {
		free(text);
		return -ENOMEM;
	}
	*frame = (struct varlink_frame){ .text = text, .size = size };
	output->waiting += size;
	if (output->tail)
		output->tail->next = frame;
	else
		output->head = frame;
	output->tail = frame;
	return (int)MIN(size, INT_MAX);
}

int varlink_output_add(struct varlink_output *output, const json_t *message)
{
	size_t size;
	char *text = frame_encode(message, &size);

	return text ? varlink_output_add_text(output, text, size) : -ENOMEM;
}

void varlink_output_append(struct varlink_output *output, struct varlink_output *more)
{
	if (!more->head)
		return;
	if (output->tail)
		output->tail->next = more->head;
	else
		output->head = more->head;
	output->tail = more->tail;
	output->waiting += more->waiting;
	*more = (struct varlink_output){ 0 };
}

static void output_remove_head(struct varlink_output *output)
{
	struct varlink_frame *frame = output->head;

	output->head = frame->next;
	if (!output->head)
		output->tail = NULL;
	free(frame->text);
	free(frame);
}

static void output_went(struct varlink_output *output, size_t size)
{
	output->waiting -= size;
	output->first -= MIN(output->first, size);
	output->sent += size;
	while (output->head && output->sent >= output->head->size) {
		output->sent -= output->head->size;
		output_remove_head(output);
	}
}

int varlink_output_write(struct varlink_output *output, int fd)
{
	struct iovec iov[FRAMES_PER_WRITE];
	struct msghdr msg = { .msg_iov = iov };
	ssize_t n;

	for (struct varlink_frame *f = output->head; f && msg.msg_iovlen < ARRAY_SIZE(iov);
	     f = f->next) {
		size_t skip = f == output->head ? output->sent : 0;

		iov[msg.msg_iovlen++] = (struct iovec){ f->text + skip, f->size - skip };
	}
	do
		n = sendmsg(fd, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	output_went(output, (size_t)n);
	return 0;
}

void varlink_output_release(struct varlink_output *output)
{
	while (output->head)
		output_remove_head(output);
	*output = (struct varlink_output){ 0 };
}
