/* SPDX-License-Identifier: ISC */
#ifndef RPORT_VARLINK_SERVER_STATE_H
#define RPORT_VARLINK_SERVER_STATE_H

/* The state of a server, for the files of its connections and users. */

#include "varlink/connection.h"

/*
 * @options: as varlink_server_new() got them
 * @event: the loop
 * @listen: event source of the listening socket
 * @resume: timer that ends a pause in accepting
 * @listen_fd: the listening socket
 * @spare_fd: closed to accept one client when no descriptor is left; -1: used
 * @scarce: it is used now: only root and the group are admitted
 * @connections: all of them
 * @n_connections: how many
 * @n_streams: connections that are streams
 * @users: all uids that have been seen, see user.c
 * @others: CPU time of all users of class VARLINK_OTHER
 * @memory: bytes that these hold
 * @n_other: connections of these
 * @n_other_streams: streams of these
 * @release: timer that resumes the connections that are throttled
 * @sweep: timer that closes the connections that do nothing
 */
struct varlink_server {
	struct varlink_server_options options;
	sd_event *event;
	sd_event_source *listen;
	sd_event_source *resume;
	int listen_fd;
	int spare_fd;
	bool scarce;
	struct varlink_connection *connections;
	unsigned int n_connections;
	unsigned int n_streams;
	struct varlink_user *users;
	struct varlink_budget others;
	size_t memory;
	unsigned int n_other;
	unsigned int n_other_streams;
	sd_event_source *release;
	sd_event_source *sweep;
};

/**
 * varlink_server_admit() - find a place for one more connection of a user
 * @server: the server
 * @user: whose
 *
 * A user who holds more connections may lose one for it.
 *
 * Return: 0, -EUSERS, or -EMFILE while the last descriptor is in use and the user is not trusted.
 */
int varlink_server_admit(struct varlink_server *server, struct varlink_user *user);

/**
 * varlink_server_resume_later() - arm the timer that resumes the connections that are throttled
 * @server: the server
 */
void varlink_server_resume_later(struct varlink_server *server);

#endif
