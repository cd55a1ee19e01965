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

#include "base/util.h"

struct varlink_server;
struct varlink_call;   /* one call being answered; valid until it is answered */
struct varlink_stream; /* a call that is answered again and again */

/*
 * A method answers its call with varlink_reply() or varlink_error(), exactly once, before it
 * returns; or makes a stream of it with varlink_stream_new().
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

struct varlink_limits {
	unsigned int connections;         /* in all */
	unsigned int connections_per_uid; /* for one user other than root */
	size_t message;                   /* bytes that a client may send at once */
	size_t output;                    /* bytes that may wait for a client to read */
	unsigned int streams;             /* in all */
	size_t stream_output; /* bytes that may wait in a stream, besides its first reply */
};

struct varlink_server_options {
	const struct varlink_interface *interface;
	void *userdata; /* for the methods */
	gid_t group;    /* may call what changes something, besides root; (gid_t)-1: nobody */
	struct varlink_limits limits;
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
 * other. When descriptors run out (EMFILE), accepting pauses for a second. No answer is sent to a
 * "oneway" call.
 *
 * Return: 0 or -errno.
 */
int varlink_server_new(sd_event *event, int listen_fd, const struct varlink_server_options *options,
		       struct varlink_server **ret);

/**
 * varlink_server_free() - close all connections and the socket; takes NULL
 */
void varlink_server_free(struct varlink_server *server);

/**
 * varlink_call_may_change() - may the caller call what changes something?
 * @call: the call being answered
 *
 * For methods that are open to everybody, and do more for those who may do everything.
 *
 * Return: true for root and the server's group.
 */
bool varlink_call_may_change(const struct varlink_call *call);

/**
 * varlink_reply() - answer a call
 * @parameters: an object; the reference is taken over. NULL (out of memory) closes the connection
 */
void varlink_reply(struct varlink_call *call, json_t *parameters);

/**
 * varlink_error() - answer a call with an error
 * @error: its full name, "org.rportd.Manager.LinkNotFound"
 * @parameters: an object, or NULL for none; the reference is taken over
 */
void varlink_error(struct varlink_call *call, const char *error, json_t *parameters);

/**
 * varlink_stream_new() - answer a call with one reply after another
 * @first: the first reply, an object; the reference is taken over. NULL (out of memory) closes the
 *	connection
 * @closed: called once, when the client has gone, or was dropped because it does not read, or the
 *	server ends; @userdata is the caller's again, and the stream is gone
 * @userdata: for @closed; not used when no stream is made
 *
 * A caller that did not ask for "more" is answered with org.varlink.service.ExpectedMore. Calls
 * that the client sends besides are left unread. Without varlink_streams_full() having been asked,
 * one stream too many closes the connection.
 *
 * Return: the stream, or NULL when there is none, and the call has been answered.
 */
struct varlink_stream *varlink_stream_new(struct varlink_call *call, json_t *first,
					  void (*closed)(void *userdata), void *userdata);

/**
 * varlink_streams_full() - are there limits.streams already?
 *
 * Asked before varlink_stream_new(), so that the caller says so in its own words.
 */
bool varlink_streams_full(const struct varlink_call *call);

/**
 * varlink_stream_reply() - one more reply
 * @parameters: an object; the reference is taken over. NULL (out of memory) drops the client
 *
 * Never calls @closed: a client that has to be dropped, because more than limits.stream_output
 * bytes wait for it, is dropped from the loop.
 */
void varlink_stream_reply(struct varlink_stream *stream, json_t *parameters);

/**
 * varlink_error_invalid_parameter() - org.varlink.service.InvalidParameter
 * @parameter: which one
 */
void varlink_error_invalid_parameter(struct varlink_call *call, const char *parameter);

/**
 * varlink_listen() - make a listening socket
 * @path: of the socket; one that nobody serves any more is replaced
 * @ret_fd: close it and unlink @path when done
 *
 * The socket is open to every user (mode 0666): who may do what is decided for each call.
 *
 * Return: 0, -ENAMETOOLONG, -EADDRINUSE when somebody serves it, or another -errno.
 */
int varlink_listen(const char *path, int *ret_fd);

#endif
