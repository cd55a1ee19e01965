/* SPDX-License-Identifier: ISC */

/* One client: its states, one step in each turn of the loop. */

#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/turn.h"
#include "varlink/call.h"
#include "varlink/connection.h"
#include "varlink/server-state.h"

/*
 * Theory of operation
 *
 * A connection is in one of eight states, given by its members, and waits for one event in each:
 *
 *   close_reason             EPOLLHUP  close
 *   throttled                EPOLLHUP  close, or wait for the server to resume it
 *   output to write          EPOLLOUT  write; nothing else happens until the client has read it
 *   a reply in pieces        EPOLLOUT  make the next piece, and write it
 *   an answer to come later  EPOLLHUP  close
 *   a stream                 EPOLLHUP  close
 *   input not yet looked at  EPOLLOUT  take one message out of it, and run it
 *   none of these            EPOLLIN   read
 *
 * The first of them that is true counts. EPOLLHUP comes without being asked for, in every state,
 * and says that both directions are shut: the client has closed, or we have for our part
 * (varlink_connection_close_later()). A client that only shuts down its sending side goes on
 * receiving its stream.
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
	enum varlink_class class;
	size_t n_groups = 0;
	int r;

	if (getsockopt(connection->fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
		return -errno;
	r = peer_groups(connection->fd, &groups, &n_groups);
	if (r < 0)
		return r;
	class = cred.uid == 0 ? VARLINK_ROOT
		: varlink_may_change(cred.uid, cred.gid, groups, n_groups,
				     connection->server->options.group)
			? VARLINK_GROUP
			: VARLINK_OTHER;
	connection->pid = cred.pid;
	connection->user = varlink_user_get(connection->server, cred.uid, class);
	return connection->user ? 0 : -ENOMEM;
}

/* --- the steps -------------------------------------------------------------------------------- */

static int connection_process(struct varlink_connection *connection)
{
	json_t *message;
	int r;

	r = frame_buffer_next(&connection->input, &message);
	if (r <= 0)
		return r;
	connection->active = monotonic_usec();
	r = varlink_connection_call(connection, message);
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
	if (connection->throttled)
		return 0;
	if (connection->output.waiting > 0 || connection->pieces.next)
		return EPOLLOUT;
	if (connection->later.open || connection->stream.open)
		return 0;
	return input ? EPOLLOUT : EPOLLIN;
}

int varlink_connection_wait(struct varlink_connection *connection, bool input)
{
	return sd_event_source_set_io_events(connection->io, connection_wants(connection, input));
}

static int connection_write(struct varlink_connection *connection)
{
	size_t before = connection->output.waiting;
	int r = varlink_output_write(&connection->output, connection->fd);

	if (connection->output.waiting < before)
		connection->active = monotonic_usec();
	return r;
}

/* Return: 1 when there may be input to look at, 0 when there is none, or why to close. */
static int connection_step(struct varlink_connection *connection, bool readable, bool hung_up)
{
	int r;

	if (connection->close_reason < 0)
		return connection->close_reason;
	if (connection->throttled)
		return hung_up ? -ESHUTDOWN : 0;
	if (connection->output.waiting > 0) {
		r = connection_write(connection);
		/* There may be calls in the buffer behind the one just answered. */
		return r < 0 ? r : 1;
	}
	if (connection->pieces.next) {
		r = varlink_pieces_step(connection);
		return r < 0 ? r : 1;
	}
	if (connection->later.open || connection->stream.open)
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
	case -EDQUOT:
		return "its user holds too much memory";
	case -ETIMEDOUT:
		return "it does nothing";
	case -EXFULL:
		return "a user with fewer connections needs its place";
	case -EUSERS:
		return "too many streams";
	default:
		return strerror(-reason);
	}
}

static void connection_explain(const struct varlink_connection *connection, int result)
{
	/* A client that disconnects is not worth a line in the log. */
	if (result == -ESHUTDOWN || result == -EPIPE || result == -ECONNRESET)
		return;
	if (log_limit_pass(varlink_log_limit(connection->user->uid),
			   "closing connections of a user"))
		log_notice("closing the connection of a client of uid %u: %s",
			   (unsigned int)connection->user->uid, reason_text(connection, result));
}

static int connection_throttle(struct varlink_connection *connection)
{
	connection->throttled = true;
	varlink_server_resume_later(connection->server);
	return varlink_connection_wait(connection, true);
}

/* Do one step, and charge the user with what it cost. */
static int connection_turn(struct varlink_connection *connection, uint32_t wanted, uint32_t revents)
{
	struct varlink_server *server = connection->server;
	uint64_t before = varlink_cpu_usec();
	bool more;
	int r;

	/* A new connection brings no step that its user has not paid for. */
	if (!connection->throttled && connection->close_reason == 0 &&
	    varlink_user_is_throttled(server, connection->user))
		return connection_throttle(connection);
	r = connection_step(connection, wanted == EPOLLIN, revents & (EPOLLHUP | EPOLLERR));
	varlink_user_spend(server, connection->user, varlink_cpu_usec() - before);
	if (r < 0)
		return r;
	more = r > 0;
	r = varlink_connection_account(connection);
	if (r < 0)
		return r;
	if (!connection->throttled && varlink_user_is_throttled(server, connection->user))
		return connection_throttle(connection);
	return varlink_connection_wait(connection, more);
}

static int connection_event(sd_event_source *source, int fd _unused_, uint32_t revents,
			    void *userdata)
{
	struct varlink_connection *connection = userdata;
	uint32_t wanted;
	int r;

	turn_is("a client");
	/* Go by the events that were asked for: EPOLLHUP is always reported, in every state. */
	r = sd_event_source_get_io_events(source, &wanted);
	if (r >= 0)
		r = connection_turn(connection, wanted, revents);
	if (r < 0)
		varlink_connection_close(connection, r);
	return 0;
}

void varlink_connection_close(struct varlink_connection *connection, int reason)
{
	struct varlink_server *server = connection->server;
	struct varlink_user *user = connection->user;
	uint64_t before = varlink_cpu_usec();

	connection_explain(connection, reason);
	varlink_connection_free(connection);
	varlink_user_spend(server, user, varlink_cpu_usec() - before);
}

/* --- life ------------------------------------------------------------------------------------- */

int varlink_connection_account(struct varlink_connection *connection)
{
	struct varlink_server *server = connection->server;
	size_t now = connection->input.allocated + connection->output.waiting +
		     connection->pieces.later.waiting;

	varlink_user_account(server, connection->user, connection->accounted, now);
	connection->accounted = now;
	if (connection->user->class != VARLINK_OTHER)
		return 0;
	return connection->user->memory > server->options.limits.user_memory ? -EDQUOT : 0;
}

bool varlink_connection_is_idle(const struct varlink_connection *connection, uint64_t now)
{
	uint64_t limit = connection->server->options.limits.idle * USEC_PER_SEC;

	if (limit == 0 || connection->user->class != VARLINK_OTHER || connection->throttled)
		return false;
	if ((connection->later.open || connection->stream.open) &&
	    connection->output.waiting == 0 && !connection->pieces.next)
		return false;
	return now - connection->active > limit;
}

static void connection_link(struct varlink_connection *connection)
{
	struct varlink_server *server = connection->server;

	connection->next = server->connections;
	if (connection->next)
		connection->next->prev = connection;
	server->connections = connection;
	server->n_connections++;
	server->n_other += connection->user->class == VARLINK_OTHER;
	connection->user->connections++;
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
	server->n_other -= connection->user->class == VARLINK_OTHER;
	connection->user->connections--;
	varlink_stream_uncount(connection);
	varlink_user_account(server, connection->user, connection->accounted, 0);
}

/* Root before the group before the others. Accepting is below root, whose calls go on during a
 * flood of connections, and above the others. */
static int64_t connection_priority(const struct varlink_connection *connection)
{
	return connection->server->options.priorities[connection->user->class];
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
	r = varlink_server_admit(server, connection->user);
	if (r < 0)
		return r;
	frame_buffer_init(&connection->input, server->options.limits.message);
	r = sd_event_add_io(server->event, &connection->io, fd, EPOLLIN, connection_event,
			    connection);
	if (r >= 0)
		r = sd_event_source_set_priority(connection->io, connection_priority(connection));
	if (r < 0) {
		connection->io = sd_event_source_disable_unref(connection->io);
		return r;
	}
	connection->since = connection->active = monotonic_usec();
	connection_link(steal_ptr(connection));
	return 0;
}

void varlink_connection_close_later(struct varlink_connection *connection, int reason)
{
	connection->close_reason = reason;
	varlink_stream_uncount(connection);
	varlink_output_release(&connection->output);
	/* The pieces stay until the loop closes the connection: next() may be running. */
	varlink_output_release(&connection->pieces.later);
	/* That makes an EPOLLHUP of our own, and needs no memory, which may be the reason. */
	shutdown(connection->fd, SHUT_RDWR);
}

void varlink_connection_free(struct varlink_connection *connection)
{
	struct varlink_stream stream;
	struct varlink_later later;

	if (!connection)
		return;
	stream = connection->stream;
	later = connection->later;
	connection_unlink(connection);
	sd_event_source_disable_unref(connection->io);
	safe_close(connection->fd);
	frame_buffer_release(&connection->input);
	varlink_output_release(&connection->output);
	varlink_pieces_release(connection);
	free(connection);
	if (stream.open)
		stream.closed(stream.userdata);
	if (later.open)
		later.gone(later.userdata);
}
