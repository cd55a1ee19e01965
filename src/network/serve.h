/* SPDX-License-Identifier: ISC */
#ifndef RPORT_NETWORK_SERVE_H
#define RPORT_NETWORK_SERVE_H

/* rportd-net, the process that carries out what rportd asks for in namespaces. See serve.c. */

#include <systemd/sd-event.h>

#include "base/util.h"

struct network_server;

/**
 * network_server_new() - take over the sockets, and begin to watch
 * @event: the loop; referenced
 * @fd: the socket on which rportd sends a struct network_setup; owned by the server in any case
 * @ret: free it with network_server_free()
 *
 * Return: 0; -ECONNRESET when rportd is gone; or another -errno, of which rportd was told.
 */
int network_server_new(sd_event *event, int fd, struct network_server **ret);

/**
 * network_server_ready() - serve calls from now on
 * @server: of network_server_new()
 *
 * Return: 0 or -errno of pthread_create(3) or sendmsg(2).
 */
int network_server_ready(struct network_server *server);

/**
 * network_server_free() - end the server; calls that are being carried out go on until the process
 * ends. Takes NULL
 * @server: of network_server_new(), or NULL
 */
void network_server_free(struct network_server *server);

#endif
