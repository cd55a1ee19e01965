/* SPDX-License-Identifier: ISC */

/* Calls that are answered again and again. */

#include "varlink/call.h"
#include "varlink/server-state.h"
#include "varlink/stream.h"

/*
 * Theory of operation
 *
 * A stream is a state of its connection and ends with it, never before: there is no last reply.
 * When a reply cannot be delivered, the loop closes the connection in its next turn
 * (varlink_connection_close_later()), so that the caller may walk a list of streams meanwhile.
 */

/* Takes over the reference to @parameters; NULL: there was no memory to make them. */
static json_t *stream_message(json_t *parameters)
{
	if (!parameters)
		return NULL;
	return json_pack("{s:b, s:o}", "continues", true, "parameters", parameters);
}

/* Where no answer may go out, there is nothing that could be a stream. */
static bool stream_refused(struct varlink_call *call)
{
	if (!call->more || call->oneway)
		varlink_error(call, "org.varlink.service.ExpectedMore", NULL);
	else if (!varlink_stream_make_place(call))
		varlink_call_fail(call, -EUSERS);
	else
		return false;
	return true;
}

static void stream_count(struct varlink_connection *connection, int by)
{
	unsigned int n = (unsigned int)by; /* -1 wraps around, as it is meant to */

	connection->user->streams += n;
	connection->server->n_streams += n;
	if (connection->user->class == VARLINK_OTHER)
		connection->server->n_other_streams += n;
}

static struct varlink_stream *stream_open(struct varlink_connection *connection,
					  void (*closed)(void *userdata), void *userdata)
{
	connection->stream =
		(struct varlink_stream){ .open = true, .closed = closed, .userdata = userdata };
	connection->stream.counted = true;
	stream_count(connection, 1);
	connection->output.first = connection->output.waiting;
	frame_buffer_release(&connection->input); /* of calls that are not going to be looked at */
	return &connection->stream;
}

struct varlink_stream *varlink_stream_new(struct varlink_call *call, json_t *first,
					  void (*closed)(void *userdata), void *userdata)
{
	if (stream_refused(call)) {
		json_decref(first);
		return NULL;
	}
	if (varlink_call_answer(call, stream_message(first)) < 0)
		return NULL;
	return stream_open(call->connection, closed, userdata);
}

struct varlink_stream *varlink_stream_new_pieces(struct varlink_call *call,
						 const struct varlink_pieces *first,
						 void (*closed)(void *userdata), void *userdata)
{
	if (stream_refused(call)) {
		first->done(first->userdata);
		return NULL;
	}
	if (varlink_pieces_start(call, "{\"continues\":true,\"parameters\":", first) < 0)
		return NULL;
	return stream_open(call->connection, closed, userdata);
}

void varlink_stream_uncount(struct varlink_connection *connection)
{
	if (connection->stream.counted)
		stream_count(connection, -1);
	connection->stream.counted = false;
}

static size_t user_streams(const struct varlink_user *user)
{
	return user->streams;
}

/* The oldest stream of a user that has been open long enough to lose its place. */
static struct varlink_connection *oldest_stream(struct varlink_server *server,
						const struct varlink_user *user)
{
	uint64_t latest = monotonic_usec() - VARLINK_EVICT_USEC;
	struct varlink_connection *oldest = NULL;

	for (struct varlink_connection *c = server->connections; c; c = c->next)
		if (c->user == user && c->stream.counted && c->since <= latest &&
		    (!oldest || c->since < oldest->since))
			oldest = c;
	return oldest;
}

/*
 * The user with the most streams loses one, if it then still has as many as @user. The loop closes
 * the connection: this runs within a call.
 */
static bool evict_stream(struct varlink_server *server, const struct varlink_user *user)
{
	struct varlink_user *greatest = varlink_user_greatest(server, user_streams);
	struct varlink_connection *connection;

	if (!greatest || greatest->streams <= user->streams + 1)
		return false;
	connection = oldest_stream(server, greatest);
	if (!connection)
		return false;
	varlink_connection_close_later(connection, -EXFULL);
	return true;
}

/* One user of the others has a quarter of their places, at least one. */
bool varlink_stream_make_place(struct varlink_call *call)
{
	struct varlink_server *server = call->connection->server;
	const struct varlink_user *user = call->connection->user;
	unsigned int limit = server->options.limits.streams;
	unsigned int places = varlink_places(user->class, limit);

	if (user->class != VARLINK_OTHER)
		return server->n_streams < places;
	if (user->streams >= MAX(places / 4, 1U))
		return false;
	return (server->n_streams < limit && server->n_other_streams < places) ||
	       evict_stream(server, user);
}

static bool stream_over_limit(const struct varlink_connection *connection)
{
	return connection->output.waiting - connection->output.first +
		       connection->pieces.later.waiting >
	       connection->server->options.limits.stream_output;
}

static int stream_send(struct varlink_connection *connection, const json_t *message)
{
	struct varlink_output *output =
		connection->pieces.next ? &connection->pieces.later : &connection->output;
	bool idle = connection->output.waiting == 0 && !connection->pieces.next;
	int r;

	r = varlink_output_add(output, message);
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
	r = varlink_connection_account(connection);
	if (r < 0)
		return r;
	return varlink_connection_wait(connection, false);
}

void varlink_stream_reply(struct varlink_stream *stream, json_t *parameters)
{
	struct varlink_connection *connection =
		container_of(stream, struct varlink_connection, stream);
	json_t *message;
	int r;

	if (connection->close_reason < 0) {
		json_decref(parameters);
		return;
	}
	message = stream_message(parameters);
	r = message ? stream_send(connection, message) : -ENOMEM;
	json_decref(message);
	if (r < 0)
		varlink_connection_close_later(connection, r);
}
