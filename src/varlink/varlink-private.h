/* SPDX-License-Identifier: ISC */
#ifndef RPORT_VARLINK_VARLINK_PRIVATE_H
#define RPORT_VARLINK_VARLINK_PRIVATE_H

/* What the files of the Varlink server share with each other, and with its tests. */

#include "base/frame.h"
#include "varlink/server.h"

struct varlink_frame;

/* What waits for the client to read it. */
struct varlink_output {
	struct varlink_frame *head, *tail;
	size_t sent;    /* bytes of the head that went already */
	size_t waiting; /* bytes in all */
	size_t first;   /* of these, bytes that belong to the first reply of a stream */
};

struct varlink_stream {
	bool open;
	void (*closed)(void *userdata);
	void *userdata;
};

struct varlink_connection {
	struct varlink_server *server;
	struct varlink_connection *prev, *next; /* in the server's list */
	sd_event_source *io;
	int fd;
	uid_t uid;
	bool may_change;
	struct frame_buffer input;
	struct varlink_output output;
	struct varlink_stream stream; /* once open, it is until the end */
	int doom;                     /* why the loop has to close the connection, or 0 */
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
	struct varlink_connection *connections;
	unsigned int n_connections;
	unsigned int n_streams;
};

/**
 * varlink_may_change() - who may call a method that changes something
 * @uid: the caller's user
 * @gid: the caller's primary group
 * @groups: the caller's supplementary groups
 * @n_groups: how many
 * @allowed: the group that may, besides root; (gid_t)-1: nobody
 */
bool varlink_may_change(uid_t uid, gid_t gid, const gid_t *groups, size_t n_groups, gid_t allowed);

/**
 * varlink_connection_new() - take a new client into the server's list
 * @fd: its socket; owned by the connection on success
 *
 * Return: 0, -EUSERS when the client's user has too many connections already, or another -errno.
 */
int varlink_connection_new(struct varlink_server *server, int fd);

/**
 * varlink_connection_free() - close it and take it out of the server's list; takes NULL
 *
 * If it has a stream, that is closed().
 */
void varlink_connection_free(struct varlink_connection *connection);

/**
 * varlink_connection_doom() - have the loop close it
 * @reason: -errno
 *
 * Nothing more is sent, and what waits is let go. The connection is there until the loop comes to
 * it.
 */
void varlink_connection_doom(struct varlink_connection *connection, int reason);

/**
 * varlink_connection_wait() - wait for the event that brings the next step
 * @input: there may be input that was not looked at
 *
 * Return: 0 or -errno.
 */
int varlink_connection_wait(struct varlink_connection *connection, bool input);

/**
 * varlink_call_answer() - send the answer, unless the client wants none
 * @message: the reference is taken over. NULL (out of memory) closes the connection
 *
 * Return: 0, or why there is no answer: -EALREADY when there has been one, or the reason for which
 * the connection closes.
 */
int varlink_call_answer(struct varlink_call *call, json_t *message);

/**
 * varlink_call_fail() - close the connection in place of an answer
 * @reason: -errno
 */
void varlink_call_fail(struct varlink_call *call, int reason);

/**
 * varlink_output_add() - one more frame
 *
 * Return: how many bytes it is long; or -ENOMEM, and nothing has changed.
 */
int varlink_output_add(struct varlink_output *output, const json_t *message);

/**
 * varlink_output_write() - send as much of what waits as the socket takes now
 *
 * Return: 0 or -errno; a socket that takes nothing is no error.
 */
int varlink_output_write(struct varlink_output *output, int fd);

/**
 * varlink_output_release() - forget what waits; takes a zeroed one
 */
void varlink_output_release(struct varlink_output *output);

/**
 * varlink_error_name() - answer with a standard error that carries one name
 * @error: "org.varlink.service.InterfaceNotFound" and the like
 * @key: its only parameter
 * @value: what goes into it; valid UTF-8
 */
void varlink_error_name(struct varlink_call *call, const char *error, const char *key,
			const char *value);

/* org.varlink.service; its methods take the struct varlink_server as their userdata. */
extern const struct varlink_interface varlink_service_interface;

#endif
