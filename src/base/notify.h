/* SPDX-License-Identifier: ISC */
#ifndef RPORT_BASE_NOTIFY_H
#define RPORT_BASE_NOTIFY_H

/* Messages to the service manager, see sd_notify(3). Without a service manager they do nothing. */

#include <stdint.h>

/**
 * notify_ready() - the files have been read, for the first time or again
 */
void notify_ready(void);

/**
 * notify_reloading() - the files are being read again; notify_ready() must follow
 */
void notify_reloading(void);

/**
 * notify_progress() - ping the watchdog from inside a step that keeps the event loop busy
 *
 * Call it after each of many parts of the step; it pings at most once in a quarter of WatchdogSec=.
 */
void notify_progress(void);

/**
 * notify_stopping() - the daemon is about to end
 */
void notify_stopping(void);

/**
 * notify_watchdog_period() - how often to ping
 *
 * Return: half of WatchdogSec=, in microseconds; 0: no watchdog is set.
 */
uint64_t notify_watchdog_period(void);

#endif
