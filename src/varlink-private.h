/* SPDX-License-Identifier: ISC */
#ifndef RPORT_VARLINK_PRIVATE_H
#define RPORT_VARLINK_PRIVATE_H

/* What the files of the Varlink server share with each other, and with its tests. */

#include "frame.h"
#include "varlink.h"

struct varlink_connection {
	struct varlink_server *server;
	struct varlink_connection *prev, *next; /* in the server's list */
	sd_event_source *io;
	int fd;
	uid_t uid;
	bool may_change;
	struct frame_buffer input;
	char *output; /* the answer that is on its way, or NULL */
	size_t output_size;
	size_t output_sent;
};

struct varlink_server {
	struct varlink_server_options options;
	sd_event *event;
	sd_event_source *listen;
	sd_event_source *resume; /* timer that ends a pause in accepting */
	int listen_fd;
	struct varlink_connection *connections;
	unsigned int n_connections;
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
 */
void varlink_connection_free(struct varlink_connection *connection);

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
