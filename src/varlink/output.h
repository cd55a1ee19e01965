/* SPDX-License-Identifier: ISC */
#ifndef RPORT_VARLINK_OUTPUT_H
#define RPORT_VARLINK_OUTPUT_H

/* What waits to be sent to a client. */

#include <jansson.h>

#include "base/util.h"

struct varlink_frame;

/* What waits for the client to read it. */
struct varlink_output {
	struct varlink_frame *head, *tail;
	size_t sent;    /* bytes of the head that went already */
	size_t waiting; /* bytes in all */
	size_t first;   /* of these, bytes that belong to the first reply of a stream */
};

/**
 * varlink_output_add() - append one frame
 * @output: where to
 * @message: the message; borrowed
 *
 * Return: how many bytes it is long; or -ENOMEM, and nothing has changed.
 */
int varlink_output_add(struct varlink_output *output, const json_t *message);

/**
 * varlink_output_add_text() - one more piece of text
 * @output: where to
 * @text: from malloc(3); taken over, and freed on failure
 * @size: bytes of it, the NUL that ends a message included where it ends one
 *
 * Return: how many bytes it is long, or -ENOMEM.
 */
int varlink_output_add_text(struct varlink_output *output, char *text, size_t size);

/**
 * varlink_output_append() - move all that waits in one output behind what waits in another
 * @output: where to
 * @more: of which nothing was sent; empty afterwards
 */
void varlink_output_append(struct varlink_output *output, struct varlink_output *more);

/**
 * varlink_output_write() - send as much of what waits as the socket takes now
 * @output: what waits
 * @fd: the socket
 *
 * Return: 0 or -errno; a socket that takes nothing is no error.
 */
int varlink_output_write(struct varlink_output *output, int fd);

/**
 * varlink_output_release() - free what waits
 * @output: zeroed afterwards; may be zeroed already
 */
void varlink_output_release(struct varlink_output *output);

#endif
