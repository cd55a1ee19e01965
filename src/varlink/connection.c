/* SPDX-License-Identifier: ISC */
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/log.h"
#include "varlink/varlink-private.h"

/*
 * Theory of operation
 *
 * A connection is in one of five states, told by what it holds, and waits for one event in each:
 *
 *   doom                     EPOLLHUP  close
 *   output to write          EPOLLOUT  write; nothing else happens until the client has read it
 *   a stream                 EPOLLHUP  close
 *   input not yet looked at  EPOLLOUT  take one message out of it, and run it
 *   none of these            EPOLLIN   read
 *
 * The first of them that is true counts. EPOLLHUP comes without being asked for, in every state,
 * and says that both directions are shut: the client has closed, or we have for our part
 * (varlink_connection_doom()). A client that only shuts down its sending side goes on receiving its
 * stream.
 *
 * One event does one step and goes back to the loop, in which sd-event serves the sources in turn:
 * a client that pipelines calls without end gets its share and no more. Since reading comes last,
 * the end of the stream is seen only after all calls before it were answered: a client may send its
 * calls, shut down its sending side, and read.
 */

bool varlink_may_change(uid_t uid, gid_t gid, const gid_t *groups, size_t n_groups, gid_t allowed)
{
	if (uid == 0)
		return true;
	if (allowed == (gid_t)-1)
		return false;
	if (gid == allowed)
		return true;
	for (size_t i = 0; i < n_groups; i++)
		if (groups[i] == allowed)
			return true;
	return false;
}

/* The supplementary groups the client had when it connected. */
static int peer_groups(int fd, gid_t **ret_groups, size_t *ret_n)
{
	socklen_t size = 32 * sizeof(gid_t);
	gid_t *groups = malloc(size);

	if (!groups)
		return -ENOMEM;
	/* Too small a buffer gives ERANGE and the size it takes; the groups of a peer are fixed. */
	while (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0) {
		int errnum = errno;
		gid_t *larger = errnum == ERANGE ? realloc(groups, size) : NULL;

		if (!larger) {
			free(groups);
			return errnum == ERANGE ? -ENOMEM : -errnum;
		}
		groups = larger;
	}
	*ret_groups = groups;
	*ret_n = size / sizeof(gid_t);
	return 0;
}

static int connection_identify(struct varlink_connection *connection)
{
	_cleanup_free_ gid_t *groups = NULL;
	struct ucred cred;
	socklen_t size = sizeof(cred);
	size_t n_groups = 0;
	int r;

	if (getsockopt(connection->fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
		return -errno;
	r = peer_groups(connection->fd, &groups, &n_groups);
	if (r < 0)
		return r;
	connection->uid = cred.uid;
	connection->may_change = varlink_may_change(cred.uid, cred.gid, groups, n_groups,
						    connection->server->options.group);
	return 0;
}

/* --- answering -------------------------------------------------------------------------------- */

/*
 * A list of a thousand links is made of a hundred thousand small pieces, all of which malloc()
 * would keep: more than the links themselves need. So they are given back after a reply of that
 * many bytes, which are a tenth of what the pieces take.
 */
#define LARGE (32 * 1024)

/* Return: how many bytes it is long, or -errno. */
static int connection_send(struct varlink_connection *connection, const json_t *message)
{
	int size, r;

	size = varlink_output_add(&connection->output, message);
	if (size < 0)
		return size;
	r = varlink_output_write(&connection->output, connection->fd);
	if (r < 0)
		return r;
	if (connection->output.waiting > connection->server->options.limits.output)
		return -ENOBUFS;
	return size;
}

void varlink_call_fail(struct varlink_call *call, int reason)
{
	call->answered = true;
	call->result = reason;
}

int varlink_call_answer(struct varlink_call *call, json_t *message)
{
	int r = 0;

	if (call->answered) {
		log_limited(LOG_ERR, "%s was answered twice", call->method);
		json_decref(message);
		return -EALREADY;
	}
	if (!message)
		r = -ENOMEM;
	else if (!call->oneway)
		r = connection_send(call->connection, message);
	call->answered = true;
	call->result = MIN(r, 0);
	json_decref(message);
	if (r >= LARGE)
		malloc_trim(0);
	return MIN(r, 0);
}

void varlink_reply(struct varlink_call *call, json_t *parameters)
{
	varlink_call_answer(call, parameters ? json_pack("{s:o}", "parameters", parameters) : NULL);
}

void varlink_error(struct varlink_call *call, const char *error, json_t *parameters)
{
	if (!parameters)
		parameters = json_object();
	varlink_call_answer(call, parameters ? json_pack("{s:s, s:o}", "error", error, "parameters",
							 parameters)
					     : NULL);
}

void varlink_error_name(struct varlink_call *call, const char *error, const char *key,
			const char *value)
{
	varlink_call_answer(call,
			    json_pack("{s:s, s:{s:s}}", "error", error, "parameters", key, value));
}

void varlink_error_invalid_parameter(struct varlink_call *call, const char *parameter)
{
	varlink_error_name(call, "org.varlink.service.InvalidParameter", "parameter", parameter);
}

bool varlink_call_may_change(const struct varlink_call *call)
{
	return call->connection->may_change;
}

/* --- calling ---------------------------------------------------------------------------------- */

static const struct varlink_method *interface_find(const struct varlink_interface *interface,
						   const char *name)
{
	for (size_t i = 0; i < interface->n_methods; i++)
		if (streq(interface->methods[i].name, name))
			return &interface->methods[i];
	return NULL;
}

static void call_run(struct varlink_call *call, const struct varlink_interface *interface,
		     const char *name, void *userdata)
{
	const struct varlink_method *method = interface_find(interface, name);

	if (!method) {
		varlink_error_name(call, "org.varlink.service.MethodNotFound", "method",
				   call->method);
	} else if (method->changes && !call->connection->may_change) {
		varlink_error(call, "org.varlink.service.PermissionDenied", NULL);
	} else if (call->upgrade) {
		/* No method here turns the connection into something else. */
		varlink_error_name(call, "org.varlink.service.MethodNotImplemented", "method",
				   call->method);
	} else {
		method->run(call, call->parameters, userdata);
	}
}

static void call_dispatch(struct varlink_call *call)
{
	struct varlink_server *server = call->connection->server;
	const struct {
		const struct varlink_interface *interface;
		void *userdata;
	} table[] = {
		{ &varlink_service_interface, server },
		{ server->options.interface, server->options.userdata },
	};
	const char *dot = strrchr(call->method, '.');
	_cleanup_free_ char *interface = NULL;

	if (!dot) {
		varlink_error_invalid_parameter(call, "method");
		return;
	}
	interface = strndup(call->method, (size_t)(dot - call->method));
	if (!interface) {
		varlink_call_fail(call, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (!streq(table[i].interface->name, interface))
			continue;
		call_run(call, table[i].interface, dot + 1, table[i].userdata);
		return;
	}
	varlink_error_name(call, "org.varlink.service.InterfaceNotFound", "interface", interface);
}

/* A key that is missing or null is false, as in Varlink's "?bool". */
static int message_flag(const json_t *message, const char *key, bool *ret)
{
	const json_t *value = json_object_get(message, key);

	if (value && !json_is_null(value) && !json_is_boolean(value))
		return -EBADMSG;
	*ret = json_is_true(value);
	return 0;
}

static int message_parse(const json_t *message, struct varlink_call *call)
{
	call->method = json_string_value(json_object_get(message, "method"));
	call->parameters = json_object_get(message, "parameters");
	if (json_is_null(call->parameters))
		call->parameters = NULL;
	if (!call->method || (call->parameters && !json_is_object(call->parameters)))
		return -EBADMSG;
	if (message_flag(message, "more", &call->more) < 0 ||
	    message_flag(message, "oneway", &call->oneway) < 0 ||
	    message_flag(message, "upgrade", &call->upgrade) < 0)
		return -EBADMSG;
	return 0;
}

static int connection_call(struct varlink_connection *connection, json_t *message)
{
	struct varlink_call call = { .connection = connection };
	json_t *empty = NULL;
	int r;

	r = message_parse(message, &call);
	if (r < 0)
		return r;
	if (!call.parameters) {
		call.parameters = empty = json_object();
		if (!empty)
			return -ENOMEM;
	}
	call_dispatch(&call);
	if (!call.answered) {
		log_limited(LOG_ERR, "%s was not answered", call.method);
		call.result = -ENODATA;
	}
	json_decref(empty);
	return call.result;
}

/* --- the steps -------------------------------------------------------------------------------- */

static int connection_process(struct varlink_connection *connection)
{
	json_t *message;
	int r;

	r = frame_buffer_next(&connection->input, &message);
	if (r <= 0)
		return r;
	r = connection_call(connection, message);
	json_decref(message);
	return r < 0 ? r : 1;
}

/* Return: 1 when a call came and was run, 0 when there is none yet, or why to close. */
static int connection_read(struct varlink_connection *connection)
{
	char *data;
	ssize_t n;

	n = frame_buffer_space(&connection->input, &data);
	if (n < 0)
		return (int)n;
	n = recv(connection->fd, data, (size_t)n, 0);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -ESHUTDOWN;
	frame_buffer_filled(&connection->input, (size_t)n);
	return connection_process(connection);
}

static uint32_t connection_wants(const struct varlink_connection *connection, bool input)
{
	if (connection->output.waiting > 0)
		return EPOLLOUT;
	if (connection->stream.open)
		return 0;
	return input ? EPOLLOUT : EPOLLIN;
}

int varlink_connection_wait(struct varlink_connection *connection, bool input)
{
	return sd_event_source_set_io_events(connection->io, connection_wants(connection, input));
}

/* Return: 1 when there may be input to look at, 0 when there is none, or why to close. */
static int connection_step(struct varlink_connection *connection, bool readable, bool hung_up)
{
	int r;

	if (connection->doom < 0)
		return connection->doom;
	if (connection->output.waiting > 0) {
		r = varlink_output_write(&connection->output, connection->fd);
		/* There may be calls in the buffer behind the one just answered. */
		return r < 0 ? r : 1;
	}
	if (connection->stream.open)
		return hung_up ? -ESHUTDOWN : 0;
	return readable ? connection_read(connection) : connection_process(connection);
}

static const char *reason_text(const struct varlink_connection *connection, int reason)
{
	switch (reason) {
	case -EBADMSG:
		return "its message is malformed";
	case -EMSGSIZE:
		return "its message is too long";
	case -ENOBUFS:
		return connection->stream.open ? "it does not read what it asked for"
					       : "too much output is waiting for it";
	case -EUSERS:
		return "too many streams";
	default:
		return strerror(-reason);
	}
}

/* One user must not silence what is said about another; root shares its limit with nobody. */
static struct log_limit *limit_of(uid_t uid)
{
	static struct log_limit limits[32];
	struct log_limit *limit = &limits[uid == 0 ? 0 : 1 + uid % (ARRAY_SIZE(limits) - 1)];

	if (limit->burst == 0)
		*limit = (struct log_limit)LOG_LIMIT_INIT;
	return limit;
}

static void connection_explain(const struct varlink_connection *connection, int result)
{
	/* A client that goes away is no news. */
	if (result == -ESHUTDOWN || result == -EPIPE || result == -ECONNRESET)
		return;
	if (log_limit_pass(limit_of(connection->uid), "closing connections of a user"))
		log_notice("closing the connection of a client of uid %u: %s",
			   (unsigned int)connection->uid, reason_text(connection, result));
}

static int connection_event(sd_event_source *source, int fd _unused_, uint32_t revents,
			    void *userdata)
{
	struct varlink_connection *connection = userdata;
	uint32_t wanted;
	int r;

	/* What to do is told by what was asked for: EPOLLHUP comes unasked, in every state. */
	r = sd_event_source_get_io_events(source, &wanted);
	if (r >= 0)
		r = connection_step(connection, wanted == EPOLLIN, revents & (EPOLLHUP | EPOLLERR));
	if (r >= 0)
		r = varlink_connection_wait(connection, r > 0);
	if (r < 0) {
		connection_explain(connection, r);
		varlink_connection_free(connection);
	}
	return 0;
}

/* --- life ------------------------------------------------------------------------------------- */

static bool connection_over_limit(const struct varlink_connection *connection)
{
	const struct varlink_server *server = connection->server;
	unsigned int n = 0;

	if (connection->uid == 0)
		return false;
	for (const struct varlink_connection *c = server->connections; c; c = c->next)
		n += c->uid == connection->uid;
	return n >= server->options.limits.connections_per_uid;
}

static void connection_link(struct varlink_connection *connection)
{
	struct varlink_server *server = connection->server;

	connection->next = server->connections;
	if (connection->next)
		connection->next->prev = connection;
	server->connections = connection;
	server->n_connections++;
}

static void connection_unlink(struct varlink_connection *connection)
{
	struct varlink_server *server = connection->server;

	if (connection->next)
		connection->next->prev = connection->prev;
	if (connection->prev)
		connection->prev->next = connection->next;
	else
		server->connections = connection->next;
	server->n_connections--;
	server->n_streams -= connection->stream.open;
}

int varlink_connection_new(struct varlink_server *server, int fd)
{
	_cleanup_free_ struct varlink_connection *connection = calloc(1, sizeof(*connection));
	int r;

	if (!connection)
		return -ENOMEM;
	connection->server = server;
	connection->fd = fd;
	r = connection_identify(connection);
	if (r < 0)
		return r;
	if (connection_over_limit(connection))
		return -EUSERS;
	frame_buffer_init(&connection->input, server->options.limits.message);
	r = sd_event_add_io(server->event, &connection->io, fd, EPOLLIN, connection_event,
			    connection);
	if (r < 0)
		return r;
	connection_link(steal_ptr(connection));
	return 0;
}

void varlink_connection_doom(struct varlink_connection *connection, int reason)
{
	connection->doom = reason;
	varlink_output_release(&connection->output);
	/* That makes an EPOLLHUP of our own, and needs no memory, which may be the reason. */
	shutdown(connection->fd, SHUT_RDWR);
}

void varlink_connection_free(struct varlink_connection *connection)
{
	struct varlink_stream stream;

	if (!connection)
		return;
	stream = connection->stream;
	connection_unlink(connection);
	sd_event_source_disable_unref(connection->io);
	safe_close(connection->fd);
	frame_buffer_release(&connection->input);
	varlink_output_release(&connection->output);
	free(connection);
	if (stream.open)
		stream.closed(stream.userdata);
}
