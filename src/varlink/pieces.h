/* SPDX-License-Identifier: ISC */
#ifndef RPORT_VARLINK_PIECES_H
#define RPORT_VARLINK_PIECES_H

/* A reply that is made in pieces, while the client reads it. */

#include "varlink/output.h"
#include "varlink/server.h"

struct varlink_connection;

/* A reply in pieces that is under way; see pieces.c. */
struct varlink_pieces_state {
	int (*next)(char **ret, void *userdata);
	void (*done)(void *userdata);
	void *userdata;
	struct varlink_output later; /* messages of the stream that follow it */
};

/**
 * varlink_pieces_start() - begin a reply that is made in pieces
 * @call: the call; answered afterwards
 * @head: the text of the message before its parameters
 * @pieces: copied; done() is called also on failure
 *
 * Return: 0, or why the connection closes: -ENOMEM, -EALREADY or an error of the socket.
 */
int varlink_pieces_start(struct varlink_call *call, const char *head,
			 const struct varlink_pieces *pieces);

/**
 * varlink_pieces_step() - make the next piece and write what the socket takes
 * @connection: one that has pieces to make, and nothing that waits
 *
 * Return: 0 or more, or -errno: why to close.
 */
int varlink_pieces_step(struct varlink_connection *connection);

/**
 * varlink_pieces_release() - make no more pieces, and forget what waits behind them
 * @connection: may have none to make
 */
void varlink_pieces_release(struct varlink_connection *connection);

#endif
