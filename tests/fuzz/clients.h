/* SPDX-License-Identifier: ISC */
#ifndef RPORT_FUZZ_CLIENTS_H
#define RPORT_FUZZ_CLIENTS_H

/*
 * Clients of a Varlink server in this process and thread: none blocks, and what the server sends
 * is checked to be whole messages.
 */

#include <systemd/sd-event.h>

#include "base/frame.h"
#include "fuzz.h"

#define FUZZ_OTHER_UID 65534 /* not root */

struct fuzz_client {
	int fd; /* -1: not connected */
	struct frame_buffer input;
	unsigned int replies;
};

/**
 * fuzz_listen() - a listening socket with an address of its own
 * Return: the descriptor, non-blocking.
 */
int fuzz_listen(void);

/**
 * fuzz_client_open() - connect; does nothing when it is connected
 * @listen_fd: of fuzz_listen()
 * @uid: as whom, where we are root
 */
void fuzz_client_open(struct fuzz_client *client, int listen_fd, uid_t uid);

/**
 * fuzz_client_send() - send as much as the socket takes; the rest is lost
 */
void fuzz_client_send(struct fuzz_client *client, const void *data, size_t size);

/**
 * fuzz_client_read() - read what is there; a server that closed is a client that is not connected
 */
void fuzz_client_read(struct fuzz_client *client);

/**
 * fuzz_client_close() - close it; takes one that is not connected
 */
void fuzz_client_close(struct fuzz_client *client);

/**
 * fuzz_run() - let the loop do what is due, at most @steps events
 */
void fuzz_run(sd_event *event, unsigned int steps);

#endif
