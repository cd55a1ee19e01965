/* SPDX-License-Identifier: ISC */
#include "varlink/varlink-private.h"

/*
 * Theory of operation
 *
 * A stream is a state of its connection and ends with it, never before: there is no last reply.
 * What cannot be delivered dooms the connection, which the loop then closes
 * (varlink_connection_doom()), so that whoever replies may walk a list of streams meanwhile.
 */

/* Takes over the reference to @parameters; NULL: there was no memory to make them. */
static json_t *stream_message(json_t *parameters)
{
	if (!parameters)
		return NULL;
	return json_pack("{s:b, s:o}", "continues", true, "parameters", parameters);
}

struct varlink_stream *varlink_stream_new(struct varlink_call *call, json_t *first,
					  void (*closed)(void *userdata), void *userdata)
{
	struct varlink_connection *connection = call->connection;

	/* Where no answer may go out, there is nothing that could be a stream. */
	if (!call->more || call->oneway) {
		json_decref(first);
		varlink_error(call, "org.varlink.service.ExpectedMore", NULL);
		return NULL;
	}
	if (varlink_streams_full(call)) {
		json_decref(first);
		varlink_call_fail(call, -EUSERS);
		return NULL;
	}
	if (varlink_call_answer(call, stream_message(first)) < 0)
		return NULL;
	connection->stream =
		(struct varlink_stream){ .open = true, .closed = closed, .userdata = userdata };
	connection->server->n_streams++;
	connection->output.first = connection->output.waiting;
	frame_buffer_release(&connection->input); /* of calls that are not going to be looked at */
	return &connection->stream;
}

bool varlink_streams_full(const struct varlink_call *call)
{
	const struct varlink_server *server = call->connection->server;

	return server->n_streams >= server->options.limits.streams;
}

static bool stream_over_limit(const struct varlink_connection *connection)
{
	return connection->output.waiting - connection->output.first >
	       connection->server->options.limits.stream_output;
}

static int stream_send(struct varlink_connection *connection, const json_t *message)
{
	bool idle = connection->output.waiting == 0;
	int r;

	r = varlink_output_add(&connection->output, message);
	/*
	 * While something waits, the loop writes when the socket has room. Yet the client may have
	 * read since the loop was there last, and is not to be dropped then.
	 */
	if (r >= 0 && (idle || stream_over_limit(connection)))
		r = varlink_output_write(&connection->output, connection->fd);
	if (r < 0)
		return r;
	if (stream_over_limit(connection))
		return -ENOBUFS;
	return varlink_connection_wait(connection, false);
}

void varlink_stream_reply(struct varlink_stream *stream, json_t *parameters)
{
	struct varlink_connection *connection =
		container_of(stream, struct varlink_connection, stream);
	json_t *message;
	int r;

	if (connection->doom < 0) {
		json_decref(parameters);
		return;
	}
	message = stream_message(parameters);
	r = message ? stream_send(connection, message) : -ENOMEM;
	json_decref(message);
	if (r < 0)
		varlink_connection_doom(connection, r);
}
