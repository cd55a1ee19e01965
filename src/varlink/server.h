/* SPDX-License-Identifier: ISC */
#ifndef RPORT_VARLINK_SERVER_H
#define RPORT_VARLINK_SERVER_H

/*
 * A Varlink server (https://varlink.org) on a Unix stream socket, driven by sd-event. It knows
 * framing, dispatch, the standard interface org.varlink.service, who is asking, and limits; it
 * knows nothing of links.
 */

#include <jansson.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "base/entry.h"
#include "base/socket-name.h"
#include "base/util.h"

struct varlink_server;
struct varlink_call;   /* one call being answered; valid until it is answered */
struct varlink_stream; /* a call that is answered again and again */
struct varlink_later;  /* a call that is answered after its method has returned */

/*
 * A method answers its call with varlink_reply() or varlink_error(), exactly once, before it
 * returns; or makes a stream of it with varlink_stream_new(); or answers it later, after
 * varlink_later_new().
 * @parameters is an object (empty when the caller sent none); it is the server's, valid during the
 * call.
 */
typedef void (*varlink_method_fn)(struct varlink_call *call, json_t *parameters, void *userdata);

struct varlink_method {
	const char *name; /* without the interface's name: "Pair" */
	varlink_method_fn run;
	bool changes; /* something: for uid 0 and the server's group only */
};

struct varlink_interface {
	const char *name;        /* "org.rportd.Manager" */
	const char *description; /* the text of its .varlink file */
	const struct varlink_method *methods;
	size_t n_methods;
};

/* Who a client is. Root and the group may call what changes something. */
enum varlink_class {
	VARLINK_ROOT,
	VARLINK_GROUP,
	VARLINK_OTHER,
};
#define VARLINK_CLASSES 3

/*
 * Of connections and streams a quarter, at least one, is kept for root and the group, and half of
 * it for root alone. @connections_per_uid, @user_memory, @memory and @idle are for the others only.
 *
 * @connections: in all
 * @connections_per_uid: of one user
 * @message: bytes that a client may send at once
 * @output: bytes that may wait for a client to read
 * @streams: in all
 * @stream_output: bytes that may wait in a stream, besides its first reply
 * @user_memory: bytes of buffers and waiting output of one user
 * @memory: the same of all of them together
 * @idle: seconds after which a connection on which nothing moves is closed; 0: never
 */
struct varlink_limits {
	unsigned int connections;
	unsigned int connections_per_uid;
	size_t message;
	size_t output;
	unsigned int streams;
	size_t stream_output;
	size_t user_memory;
	size_t memory;
	unsigned int idle;
};

/*
 * Who made a call.
 *
 * @uid: when it connected
 * @pid: the same; 0: a process of another PID namespace, which has no number here
 * @program: as the process calls itself, any bytes: /proc/PID/comm, or the name of its socket where
 *	that is hidden; "": not known
 */
struct varlink_caller {
	uid_t uid;
	pid_t pid;
	char program[PROGRAM_NAME_MAX];
};

/*
 * Is told of each call of a method that changes something, when it is answered, also when it is
 * refused.
 * @reply: the whole message that answers it, borrowed; NULL: it is answered later
 */
typedef void (*varlink_audit_fn)(const struct varlink_call *call, const json_t *reply,
				 void *userdata);

struct varlink_server_options {
	const struct varlink_interface *interface;
	void *userdata;         /* for the methods, and @audit */
	varlink_audit_fn audit; /* NULL: nobody is told */
	gid_t group; /* may call what changes something, besides root; (gid_t)-1: nobody */
	struct varlink_limits limits;
	int64_t priorities[VARLINK_CLASSES]; /* of their connections, as sd-event has them */
	const char *vendor, *product, *version, *url; /* for GetInfo */
};

/**
 * varlink_server_new() - serve calls that come to a listening socket
 * @event: the loop; referenced
 * @listen_fd: a non-blocking listening SOCK_STREAM socket; owned by the server on success
 * @options: copied; the interface and the strings must live as long as the server
 * @ret: free it with varlink_server_free()
 *
 * Calls of one connection are answered in order. The next call is not read before the answer to
 * the last one has gone out, so a client that does not read holds up itself alone; more than
 * limits.output bytes waiting close its connection. Malformed input closes that connection and no
 * other. When descriptors run out (EMFILE), a reserve is used: root and the group are accepted, the
 * others are refused and lose some of their connections.
 * The calls of users other than root and the group wait while these use more than their share of
 * CPU time. No answer is sent to a "oneway" call.
 *
 * Return: 0; -ENOMEM; or another -errno of sd_event_add_io(3) or sd_event_add_time(3).
 */
int varlink_server_new(sd_event *event, int listen_fd, const struct varlink_server_options *options,
		       struct varlink_server **ret);

/**
 * varlink_server_free() - close all connections and the socket; takes NULL
 * @server: of varlink_server_new(), or NULL
 */
void varlink_server_free(struct varlink_server *server);

/**
 * varlink_call_may_change() - tell whether the caller may call methods that change something
 * @call: the call being answered
 *
 * For methods that are open to everybody, and do more for those who may do everything.
 *
 * Return: true for root and the server's group.
 */
bool varlink_call_may_change(const struct varlink_call *call);

/**
 * varlink_call_uid() - name the user who makes a call
 * @call: the call being answered
 *
 * Return: the uid with which the client connected.
 */
uid_t varlink_call_uid(const struct varlink_call *call);

/**
 * varlink_call_method() - name the method that a call is of
 * @call: the call being answered
 *
 * Return: the name without that of the interface, "Pair"; valid as long as the call.
 */
const char *varlink_call_method(const struct varlink_call *call);

/**
 * varlink_call_caller() - find out who makes a call
 * @call: the call being answered
 * @ret: filled; reads from /proc
 */
void varlink_call_caller(const struct varlink_call *call, struct varlink_caller *ret);

/**
 * varlink_reply() - answer a call
 * @call: the call
 * @parameters: an object; the reference is taken over. NULL (out of memory) closes the connection
 */
void varlink_reply(struct varlink_call *call, json_t *parameters);

/*
 * The parameters of a reply, made in pieces.
 *
 * @next: makes one more: 1, and @ret is a string to free(3), a part of the text of a JSON object; 0
 *	at the end; -errno closes the connection. The loop serves other clients between two
 *	pieces: one takes a millisecond at most
 * @done: called once, after the last piece or when the connection closes
 */
struct varlink_pieces {
	int (*next)(char **ret, void *userdata);
	void (*done)(void *userdata);
	void *userdata;
};

/**
 * varlink_reply_pieces() - answer a call with a long reply, which is made while the client reads it
 * @call: the call
 * @pieces: copied
 */
void varlink_reply_pieces(struct varlink_call *call, const struct varlink_pieces *pieces);

/**
 * varlink_error() - answer a call with an error
 * @call: the call
 * @error: its full name, "org.rportd.Manager.LinkNotFound"
 * @parameters: an object, or NULL for none; the reference is taken over
 */
void varlink_error(struct varlink_call *call, const char *error, json_t *parameters);

/**
 * varlink_stream_new() - answer a call with one reply after another
 * @call: the call
 * @first: the first reply, an object; the reference is taken over. NULL (out of memory) closes the
 *	connection
 * @closed: called once, when the client has gone, or was dropped because it does not read, or the
 *	server ends; @userdata is the caller's again, and the stream is gone
 * @userdata: for @closed; not used when no stream is made
 *
 * A caller that did not ask for "more" is answered with org.varlink.service.ExpectedMore. Calls
 * that the client sends besides are left unread. Without a place for it
 * (varlink_stream_make_place()), the connection is closed.
 *
 * Return: the stream, or NULL when there is none, and the call has been answered.
 */
struct varlink_stream *varlink_stream_new(struct varlink_call *call, json_t *first,
					  void (*closed)(void *userdata), void *userdata);

/**
 * varlink_stream_new_pieces() - varlink_stream_new() with a first reply that is made in pieces
 * @call: the call
 * @first: copied; done() is called also when no stream is made
 * @closed: as for varlink_stream_new()
 * @userdata: for @closed
 *
 * What is replied while the first reply is under way follows it.
 *
 * Return: the stream, or NULL when there is none, and the call has been answered.
 */
struct varlink_stream *varlink_stream_new_pieces(struct varlink_call *call,
						 const struct varlink_pieces *first,
						 void (*closed)(void *userdata), void *userdata);

/**
 * varlink_stream_make_place() - see to it that there is a place for one more stream of the caller
 * @call: the call being answered
 *
 * When all places are taken, a user who has more streams than the caller loses one: the loop closes
 * its connection. Ask before varlink_stream_new(), to refuse the call in words of your own.
 *
 * Return: true when there is a place; false when no user has more streams than the caller.
 */
bool varlink_stream_make_place(struct varlink_call *call);

/**
 * varlink_stream_reply() - one more reply
 * @stream: of varlink_stream_new()
 * @parameters: an object; the reference is taken over. NULL (out of memory) drops the client
 *
 * Never calls @closed: a client that has to be dropped, because more than limits.stream_output
 * bytes wait for it, is dropped from the loop.
 */
void varlink_stream_reply(struct varlink_stream *stream, json_t *parameters);

/**
 * varlink_later_new() - answer a call after its method has returned
 * @call: the call
 * @gone: called once when the connection closes before the last reply; the handle is invalid then
 * @userdata: for @gone; the caller's
 *
 * Other calls of the connection wait until varlink_later_reply() or varlink_later_error().
 *
 * Return: a handle, owned by the connection; NULL when the client wants no answer, and the call
 * counts as answered.
 */
struct varlink_later *varlink_later_new(struct varlink_call *call, void (*gone)(void *userdata),
					void *userdata);

/**
 * varlink_later_interim() - send a reply before the last one
 * @later: the handle; stays valid
 * @parameters: an object; the reference is taken over
 *
 * Nothing is sent to a client that did not ask for "more", or has not read the reply before.
 * Never calls @gone.
 */
void varlink_later_interim(struct varlink_later *later, json_t *parameters);

/**
 * varlink_later_reply() - send the last reply
 * @later: the handle; invalid afterwards
 * @parameters: as for varlink_reply()
 */
void varlink_later_reply(struct varlink_later *later, json_t *parameters);

/**
 * varlink_later_error() - send an error as the last reply
 * @later: the handle; invalid afterwards
 * @error: its full name
 * @parameters: an object, or NULL for none; the reference is taken over
 */
void varlink_later_error(struct varlink_later *later, const char *error, json_t *parameters);

/**
 * varlink_error_invalid_parameter() - org.varlink.service.InvalidParameter
 * @call: the call
 * @parameter: its name
 */
void varlink_error_invalid_parameter(struct varlink_call *call, const char *parameter);

/**
 * varlink_listen() - make a listening socket
 * @path: of the socket; one that no process serves any more is replaced
 * @ret_entry: of the socket: entry_remove() and entry_close() it when done
 * @ret_fd: owned by the caller
 *
 * The socket is open to every user (mode 0666): who may do what is decided for each call.
 *
 * Return: 0, -ENAMETOOLONG, -EADDRINUSE when a process serves it, -EEXIST when it is no socket,
 * -ESTALE when another process replaces it meanwhile, or another -errno.
 */
int varlink_listen(const char *path, struct dir_entry *ret_entry, int *ret_fd);

#endif
