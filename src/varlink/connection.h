/* SPDX-License-Identifier: ISC */
#ifndef RPORT_VARLINK_CONNECTION_H
#define RPORT_VARLINK_CONNECTION_H

/* One client: its states, one step in each turn of the loop. */

#include "base/frame.h"
#include "varlink/later.h"
#include "varlink/output.h"
#include "varlink/pieces.h"
#include "varlink/stream.h"
#include "varlink/user.h"

/*
 * @prev, @next: in the server's list
 * @io: event source of the socket
 * @fd: the socket
 * @pid: of the process that connected; 0: it has none here
 * @user: owned by the server
 * @input: bytes that came, and calls among them that have not been run
 * @output: bytes that wait to be sent
 * @pieces: a reply that is made in pieces, while its next() is set
 * @later: a call that is answered later, while it is open
 * @stream: once open, it is until the end
 * @close_reason: -errno with which the loop closes it; 0: it stays open
 * @throttled: its calls wait until its user has paid off the debt of CPU time
 * @since: when it was accepted; monotonic clock, microseconds
 * @active: when it last made progress; the same
 * @accounted: bytes of memory that its user is charged with
 */
struct varlink_connection {
	struct varlink_server *server;
	struct varlink_connection *prev, *next;
	sd_event_source *io;
	int fd;
	pid_t pid;
	struct varlink_user *user;
	struct frame_buffer input;
	struct varlink_output output;
	struct varlink_pieces_state pieces;
	struct varlink_later later;
	struct varlink_stream stream;
	int close_reason;
	bool throttled;
	uint64_t since;
	uint64_t active;
	size_t accounted;
};

/**
 * varlink_may_change() - tell whether a user may call methods that change something
 * @uid: the caller's user
 * @gid: the caller's primary group
 * @groups: the caller's supplementary groups
 * @n_groups: how many
 * @allowed: the group that may, besides root; (gid_t)-1: nobody
 *
 * Return: true for root and the members of @allowed.
 */
bool varlink_may_change(uid_t uid, gid_t gid, const gid_t *groups, size_t n_groups, gid_t allowed);

/**
 * varlink_connection_new() - add a new client to the server's list
 * @server: the server
 * @fd: its socket; owned by the connection on success
 *
 * Return: 0, -EUSERS when the client's user has too many connections already, or another -errno.
 */
int varlink_connection_new(struct varlink_server *server, int fd);

/**
 * varlink_connection_free() - close it and take it out of the server's list
 * @connection: the connection, or NULL
 *
 * If it has a stream, that is closed().
 */
void varlink_connection_free(struct varlink_connection *connection);

/**
 * varlink_connection_close() - log why, unless the client left, and free it
 * @connection: freed
 * @reason: -errno
 */
void varlink_connection_close(struct varlink_connection *connection, int reason);

/**
 * varlink_connection_close_later() - have the loop close a connection in its next turn
 * @connection: the connection
 * @reason: -errno
 *
 * Nothing more is sent, and waiting output is freed at once. Until the loop has closed it, the
 * connection, its stream and its reply in pieces stay valid.
 */
void varlink_connection_close_later(struct varlink_connection *connection, int reason);

/**
 * varlink_connection_wait() - wait for the event that brings the next step
 * @connection: the connection
 * @input: the buffer may hold input that was not processed
 *
 * Return: 0, or -errno of epoll_ctl(2): -ENOMEM, -ENOSPC.
 */
int varlink_connection_wait(struct varlink_connection *connection, bool input);

/**
 * varlink_connection_account() - charge the user with what the connection holds now
 * @connection: the connection
 *
 * Return: 0, or -EDQUOT when the user holds more memory than it may.
 */
int varlink_connection_account(struct varlink_connection *connection);

/**
 * varlink_connection_is_idle() - tell whether nothing has moved for limits.idle seconds
 * @connection: the connection
 * @now: monotonic clock, microseconds
 *
 * Return: true if so; always false for a stream with nothing to write, and for root and the group.
 */
bool varlink_connection_is_idle(const struct varlink_connection *connection, uint64_t now);

/**
 * varlink_connection_class() - for the limits and the priority of a connection
 * @connection: the connection
 *
 * Return: the class of its user.
 */
static inline enum varlink_class varlink_connection_class(
	const struct varlink_connection *connection)
{
	return connection->user->class;
}

#endif
