/* SPDX-License-Identifier: ISC */
#ifndef RPORT_VARLINK_VARLINK_PRIVATE_H
#define RPORT_VARLINK_VARLINK_PRIVATE_H

/* What the files of the Varlink server share with each other, and with its tests. */

#include "base/frame.h"
#include "varlink/server.h"

struct log_limit;
struct varlink_frame;

/* A connection keeps its place at least this long, so that users do not evict each other in turn.
 */
#define VARLINK_EVICT_USEC USEC_PER_SEC

/* What waits for the client to read it. */
struct varlink_output {
	struct varlink_frame *head, *tail;
	size_t sent;    /* bytes of the head that went already */
	size_t waiting; /* bytes in all */
	size_t first;   /* of these, bytes that belong to the first reply of a stream */
};

struct varlink_stream {
	bool open;
	bool counted; /* it has one of the places */
	void (*closed)(void *userdata);
	void *userdata;
};

/* A call that is answered later; see later.c. */
struct varlink_later {
	bool open;
	bool more; /* the client takes interim replies */
	void (*gone)(void *userdata);
	void *userdata;
};

/* CPU time that was used and is not paid off yet, microseconds. */
struct varlink_budget {
	uint64_t debt;
	uint64_t paid_at;
};

/* A uid in a class, and what all its connections hold; see user.c. */
struct varlink_user {
	struct varlink_user *next; /* in the server's list */
	uid_t uid;
	enum varlink_class class;
	unsigned int connections;
	unsigned int streams;
	size_t memory; /* bytes of input buffers and waiting output */
	struct varlink_budget budget;
};

/* A reply in pieces that is under way; see pieces.c. */
struct varlink_making {
	int (*next)(char **ret, void *userdata);
	void (*done)(void *userdata);
	void *userdata;
	struct varlink_output later; /* messages of the stream that follow it */
};

struct varlink_connection {
	struct varlink_server *server;
	struct varlink_connection *prev, *next; /* in the server's list */
	sd_event_source *io;
	int fd;
	struct varlink_user *user; /* owned by the server */
	struct frame_buffer input;
	struct varlink_output output;
	struct varlink_making pieces; /* while next is set */
	struct varlink_later later;   /* while it is open */
	struct varlink_stream stream; /* once open, it is until the end */
	int doom;                     /* -errno with which the loop closes it, or 0 */
	bool held;                    /* it waits until its user has paid off the debt */
	uint64_t since;               /* when it was accepted */
	uint64_t active;              /* when it last made progress */
	size_t accounted;             /* of what it holds, bytes that its user is charged with */
};

struct varlink_call {
	struct varlink_connection *connection;
	const char *method; /* in full, as the client wrote it */
	json_t *parameters;
	bool more;
	bool oneway;
	bool upgrade;
	bool answered;
	int result; /* of answering: 0, or why the connection must close */
};

struct varlink_server {
	struct varlink_server_options options;
	sd_event *event;
	sd_event_source *listen;
	sd_event_source *resume; /* timer that ends a pause in accepting */
	int listen_fd;
	int spare_fd; /* closed to accept one client when no descriptor is left; -1: used */
	bool scarce;  /* it is used now: only root and the group are admitted */
	struct varlink_connection *connections;
	unsigned int n_connections;
	unsigned int n_streams;
	struct varlink_user *users;
	struct varlink_budget others; /* of all users of class VARLINK_OTHER */
	size_t memory;                /* theirs */
	unsigned int n_other;         /* their connections */
	unsigned int n_other_streams; /* their streams */
	sd_event_source *release;     /* timer: look at the connections that are held */
	sd_event_source *sweep;       /* timer: close the connections that do nothing */
};

/**
 * varlink_cpu_usec() - CPU time of this thread
 *
 * Return: microseconds.
 */
uint64_t varlink_cpu_usec(void);

/**
 * varlink_places() - how many of a limited number a class may take, with the classes below it
 * @class: whose places
 * @limit: the number in all
 *
 * Return: the number of places.
 */
unsigned int varlink_places(enum varlink_class class, unsigned int limit);

/**
 * varlink_user_get() - the user of a uid in a class, remembered or new
 * @server: the server
 * @uid: of the peer
 * @class: of the peer
 *
 * Return: the user, owned by the server; NULL when out of memory.
 */
struct varlink_user *varlink_user_get(struct varlink_server *server, uid_t uid,
				      enum varlink_class class);

/**
 * varlink_user_greatest() - the user of class VARLINK_OTHER that holds the most
 * @server: the server
 * @holds: how much a user holds
 *
 * Return: the user, or NULL when there is no such user.
 */
struct varlink_user *varlink_user_greatest(const struct varlink_server *server,
					   size_t (*holds)(const struct varlink_user *user));

/**
 * varlink_user_spend() - charge a user with CPU time; root and the group are not charged
 * @server: the server
 * @user: whose step it was
 * @usec: CPU time, microseconds
 */
void varlink_user_spend(struct varlink_server *server, struct varlink_user *user, uint64_t usec);

/**
 * varlink_user_held() - must the connections of a user wait?
 * @server: the server
 * @user: whose
 *
 * Return: true while the debt of the user, or that of all others together, is too high.
 */
bool varlink_user_held(struct varlink_server *server, struct varlink_user *user);

/**
 * varlink_user_account() - a connection of a user holds another amount of memory
 * @server: the server
 * @user: whose
 * @before: bytes it held before
 * @now: bytes it holds now
 */
void varlink_user_account(struct varlink_server *server, struct varlink_user *user, size_t before,
			  size_t now);

/**
 * varlink_users_free() - forget all users; no connection may be left
 * @server: the server
 */
void varlink_users_free(struct varlink_server *server);

/**
 * varlink_connection_account() - charge the user with what the connection holds now
 * @connection: the connection
 *
 * Return: 0, or -EDQUOT when the user holds more memory than it may.
 */
int varlink_connection_account(struct varlink_connection *connection);

/**
 * varlink_connection_is_idle() - has nothing moved for limits.idle seconds?
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

/**
 * varlink_may_change() - who may call a method that changes something
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
 * varlink_connection_new() - take a new client into the server's list
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
 * varlink_connection_doom() - have the loop close it
 * @connection: the connection
 * @reason: -errno
 *
 * Nothing more is sent, and waiting output is freed. The loop closes the connection in its next
 * turn; until then the connection, its stream and its reply in pieces stay valid.
 */
void varlink_connection_doom(struct varlink_connection *connection, int reason);

/**
 * varlink_connection_wait() - wait for the event that brings the next step
 * @connection: the connection
 * @input: the buffer may hold input that was not processed
 *
 * Return: 0 or -errno.
 */
int varlink_connection_wait(struct varlink_connection *connection, bool input);

/**
 * varlink_call_answer() - send the answer, unless the client wants none
 * @call: the call; answered afterwards
 * @message: the reference is taken over. NULL (out of memory) closes the connection
 *
 * Return: 0, or why there is no answer: -EALREADY when there has been one, or the reason for which
 * the connection closes.
 */
int varlink_call_answer(struct varlink_call *call, json_t *message);

/**
 * varlink_call_fail() - close the connection in place of an answer
 * @call: the call; answered afterwards
 * @reason: -errno
 */
void varlink_call_fail(struct varlink_call *call, int reason);

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

/**
 * varlink_stream_uncount() - give back the place of a stream
 * @connection: its connection; may have none
 */
void varlink_stream_uncount(struct varlink_connection *connection);

/**
 * varlink_log_limit() - the limit of what is logged about a user
 * @uid: of the user
 *
 * One user does not silence what is said about another; root shares its limit with nobody.
 *
 * Return: the limit, for log_limit_pass().
 */
struct log_limit *varlink_log_limit(uid_t uid);

/**
 * varlink_connection_close() - log why, unless the client left, and free it
 * @connection: freed
 * @reason: -errno
 */
void varlink_connection_close(struct varlink_connection *connection, int reason);

/**
 * varlink_connection_call() - run the call that a message is
 * @connection: where it came from
 * @message: what came
 *
 * Return: 0, or why to close: -EBADMSG, -ENOMEM, -ENODATA or an error of the answer.
 */
int varlink_connection_call(struct varlink_connection *connection, json_t *message);

/**
 * varlink_server_admit() - is there a place for one more connection of a user?
 * @server: the server
 * @user: whose
 *
 * A user who holds more connections may lose one for it.
 *
 * Return: 0, -EUSERS, or -EMFILE while the last descriptor is in use and the user is not trusted.
 */
int varlink_server_admit(struct varlink_server *server, struct varlink_user *user);

/**
 * varlink_server_hold() - a connection is held: have the server release it in time
 * @server: the server
 */
void varlink_server_hold(struct varlink_server *server);

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

/**
 * varlink_error_name() - answer with a standard error that carries one name
 * @call: the call
 * @error: "org.varlink.service.InterfaceNotFound" and the like
 * @key: its only parameter
 * @value: what goes into it; valid UTF-8
 */
void varlink_error_name(struct varlink_call *call, const char *error, const char *key,
			const char *value);

/* org.varlink.service; its methods take the struct varlink_server as their userdata. */
extern const struct varlink_interface varlink_service_interface;

#endif
