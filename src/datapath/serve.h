/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DATAPATH_SERVE_H
#define RPORT_DATAPATH_SERVE_H

/* rportd-data: a shuttle that is told by rportd, over a socket, what to move. */

#include <systemd/sd-event.h>

#include "base/util.h"

struct data_server;

/**
 * data_server_new() - wait for what rportd asks first, and start the workers
 * @event: the loop; referenced. It ends when rportd closes the socket
 * @fd: the socket, owned by the server
 * @confine: see shuttle_options
 * @ret: free it with data_server_free()
 *
 * When the workers cannot be started rportd is told why.
 *
 * Return: 0; -ECONNRESET when rportd is gone; -EBADMSG when it sends rubbish; or the error of the
 * counters' mmap(2), or of shuttle_new().
 */
int data_server_new(sd_event *event, int fd, void (*confine)(void), struct data_server **ret);

/**
 * data_server_ready() - tell rportd that links can be given
 * @server: of data_server_new()
 *
 * Return: 0 or -errno of sendmsg(2).
 */
int data_server_ready(struct data_server *server);

/**
 * data_server_free() - let go of all links, and stop the workers; takes NULL
 * @server: of data_server_new(), or NULL
 */
void data_server_free(struct data_server *server);

#endif
