/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DAEMON_LOOP_H
#define RPORT_DAEMON_LOOP_H

/* The event loop of rportd: its signals, and its turns. */

#include <systemd/sd-event.h>

/**
 * loop_new() - make the loop, which SIGTERM and SIGINT end
 * @ret: the loop, to be unreferenced; also when this fails half-way, else untouched
 *
 * SIGHUP waits until there is a handler for it; SIGPIPE is ignored. A failure is logged.
 *
 * Return: 0, -ENOMEM, or -errno of sd_event_add_signal(3).
 */
int loop_new(sd_event **ret);

/**
 * loop_add_signal() - handle a signal before whatever clients or the kernel have for us
 * @event: of loop_new(), which keeps the handler
 * @signal: blocked
 * @handler: as for sd_event_add_signal(3)
 * @userdata: for @handler
 *
 * Return: 0, or -errno of sd_event_add_signal(3).
 */
int loop_add_signal(sd_event *event, int signal, sd_event_signal_handler_t handler, void *userdata);

/**
 * loop_run() - serve events until the loop is to end
 * @event: of loop_new()
 *
 * Turns that take long are logged, for debugging.
 *
 * Return: what was given to sd_event_exit(3), or -errno of sd_event_dispatch(3).
 */
int loop_run(sd_event *event);

#endif
