/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DAEMON_LOGGING_H
#define RPORT_DAEMON_LOGGING_H

/* Tells how many lines of the log were lost or held back, in time. */

#include <systemd/sd-event.h>

/**
 * logging_start() - have the event loop call log_flush() while there is something to tell
 * @event: what is added to it goes with it
 *
 * Return: 0, -ENOMEM, or another -errno of sd_event_add_time(3).
 */
int logging_start(sd_event *event);

#endif
