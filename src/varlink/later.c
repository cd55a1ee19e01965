/* SPDX-License-Identifier: ISC */

/* Calls that are answered after their method has returned. */

#include "varlink/call.h"
#include "varlink/later.h"
#include "varlink/server-state.h"

/*
 * Theory of operation
 *
 * A call that is answered later is a state of its connection: nothing is read from the client until
 * the last reply has been made. The client may leave meanwhile: gone() tells the method, which
 * decides whether to go on.
 *
 * Interim replies are for clients that asked for "more". One that the client is too slow to read is
 * left out: each says all that those before it said.
 */

struct varlink_later *varlink_later_new(struct varlink_call *call, void (*gone)(void *userdata),
					void *userdata)
{
	struct varlink_connection *connection = call->connection;

	varlink_call_audit(call, NULL);
	if (call->answered || call->oneway) {
		call->answered = true;
		return NULL;
	}
	call->answered = true;
	connection->later = (struct varlink_later){
		.open = true, .more = call->more, .gone = gone, .userdata = userdata
	};
	return &connection->later;
}

static int later_send(struct varlink_connection *connection, const json_t *message)
{
	int r;

	r = varlink_output_add(&connection->output, message);
	if (r >= 0)
		r = varlink_output_write(&connection->output, connection->fd);
	if (r < 0)
		return r;
	if (connection->output.waiting > connection->server->options.limits.output)
		return -ENOBUFS;
	r = varlink_connection_account(connection);
	if (r < 0)
		return r;
	/* Behind the call there may be others in the buffer. */
	return varlink_connection_wait(connection, true);
}

/* Takes over the reference to the message; NULL: there was no memory to make it. */
static void later_reply(struct varlink_connection *connection, json_t *message)
{
	int r;

	if (connection->close_reason == 0) {
		r = message ? later_send(connection, message) : -ENOMEM;
		if (r < 0)
			varlink_connection_close_later(connection, r);
	}
	json_decref(message);
}

static struct varlink_connection *connection_of(struct varlink_later *later)
{
	return container_of(later, struct varlink_connection, later);
}

void varlink_later_interim(struct varlink_later *later, json_t *parameters)
{
	struct varlink_connection *connection = connection_of(later);

	if (!later->more || !parameters || connection->output.waiting > 0) {
		json_decref(parameters);
		return;
	}
	later_reply(connection,
		    json_pack("{s:b, s:o}", "continues", true, "parameters", parameters));
}

void varlink_later_reply(struct varlink_later *later, json_t *parameters)
{
	later->open = false;
	later_reply(connection_of(later),
		    parameters ? json_pack("{s:o}", "parameters", parameters) : NULL);
}

void varlink_later_error(struct varlink_later *later, const char *error, json_t *parameters)
{
	later->open = false;
	later_reply(connection_of(later), json_pack("{s:s, s:o*}", "error", error, "parameters",
						    parameters ? parameters : json_object()));
}
