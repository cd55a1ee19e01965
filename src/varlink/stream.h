/* SPDX-License-Identifier: ISC */
#ifndef RPORT_VARLINK_STREAM_H
#define RPORT_VARLINK_STREAM_H

/* A call that is answered again and again: a state of its connection. */

#include "varlink/server.h"

struct varlink_connection;

struct varlink_stream {
	bool open;
	bool counted; /* it has one of the places */
	void (*closed)(void *userdata);
	void *userdata;
};

/**
 * varlink_stream_uncount() - give back the place of a stream
 * @connection: its connection; may have none
 */
void varlink_stream_uncount(struct varlink_connection *connection);

#endif
