/* SPDX-License-Identifier: ISC */

/* Replies that are made in pieces, while the client reads them. */

#include <stdio.h>

#include "varlink/call.h"
#include "varlink/pieces.h"
#include "varlink/server-state.h"

/*
 * Theory of operation
 *
 * A long reply is one message, but is never whole in memory: the method leaves a function that
 * makes the text of the parameters piece by piece. A piece is made when the socket has taken all
 * before it, in a turn of the loop of its own. So a client that does not read costs one piece, and
 * a long list does not keep the loop from other clients.
 *
 * What a stream tells while its first reply is under way waits behind it (later).
 */

static int pieces_add(struct varlink_connection *connection, char *text, size_t size)
{
	int r = varlink_output_add_text(&connection->output, text, size);

	return r < 0 ? r : varlink_output_write(&connection->output, connection->fd);
}

static int pieces_begin(struct varlink_connection *connection, const char *head)
{
	char *text = strdup(head);

	return text ? pieces_add(connection, text, strlen(text)) : -ENOMEM;
}

/* The end of the message, its NUL included, and what came meanwhile. */
static int pieces_end(struct varlink_connection *connection)
{
	struct varlink_output later = connection->pieces.later;
	char *text = strdup("}");

	if (!text)
		return -ENOMEM;
	connection->pieces.later = (struct varlink_output){ 0 };
	varlink_pieces_release(connection);
	if (varlink_output_add_text(&connection->output, text, 2) < 0) {
		varlink_output_release(&later);
		return -ENOMEM;
	}
	varlink_output_append(&connection->output, &later);
	return varlink_output_write(&connection->output, connection->fd);
}

int varlink_pieces_step(struct varlink_connection *connection)
{
	char *text;
	int r;

	r = connection->pieces.next(&text, connection->pieces.userdata);
	if (r < 0)
		return r;
	return r > 0 ? pieces_add(connection, text, strlen(text)) : pieces_end(connection);
}

void varlink_pieces_release(struct varlink_connection *connection)
{
	struct varlink_pieces_state pieces = connection->pieces;

	connection->pieces = (struct varlink_pieces_state){ 0 };
	if (pieces.next)
		pieces.done(pieces.userdata);
	varlink_output_release(&pieces.later);
}

int varlink_pieces_start(struct varlink_call *call, const char *head,
			 const struct varlink_pieces *pieces)
{
	struct varlink_connection *connection = call->connection;
	int r;

	r = call->answered ? -EALREADY : call->oneway ? 0 : pieces_begin(connection, head);
	if (r < 0 || call->oneway)
		pieces->done(pieces->userdata);
	else
		connection->pieces = (struct varlink_pieces_state){ .next = pieces->next,
								    .done = pieces->done,
								    .userdata = pieces->userdata };
	call->answered = true;
	call->result = r;
	return r;
}

void varlink_reply_pieces(struct varlink_call *call, const struct varlink_pieces *pieces)
{
	(void)varlink_pieces_start(call, "{\"parameters\":", pieces);
}
