/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DAEMON_CRASH_LOOP_H
#define RPORT_DAEMON_CRASH_LOOP_H

/*
 * The service manager starts rportd again at once, so that packets do not wait, and never gives up,
 * as it would throw the descriptors of all ports away. So that a fault that comes back does not take
 * all of a CPU, rportd itself waits where the former one died young, or where it cannot start.
 */

#include <systemd/sd-event.h>

#include "store/fdstore.h"

/**
 * crash_loop_begin() - wait if the former rportd died young, and note that this one has started
 * @state: where it is noted; borrowed, must live as long as @event
 * @event: the loop, which notes after a second that this one did not die young
 *
 * The first two starts are at once, then after 50 ms, and twice as long each time, to 5 s. Without a
 * store nothing is known of a former rportd.
 *
 * Return: 0, or -errno of sd_event_add_time(3), which was logged.
 */
int crash_loop_begin(struct state *state, sd_event *event);

/**
 * crash_loop_end() - note that this rportd ends as it should
 * @state: of crash_loop_begin(), or NULL
 */
void crash_loop_end(struct state *state);

/**
 * crash_loop_failed() - wait for a second, as rportd could not start, if it would be started again
 */
void crash_loop_failed(void);

#endif
