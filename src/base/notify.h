/* SPDX-License-Identifier: ISC */
#ifndef RPORT_BASE_NOTIFY_H
#define RPORT_BASE_NOTIFY_H

/* Messages to the service manager, see sd_notify(3). Without a service manager they do nothing. */

#include <stdint.h>

#include "base/util.h"

/* What to do while the manager's socket is full. */
enum notify_wait {
	NOTIFY_NOW,  /* do without: there will be another message of the kind */
	NOTIFY_WAIT, /* wait, a second at most */
};

/**
 * notify_send() - send one message
 * @text: lines KEY=VALUE
 * @fd: a descriptor that goes with it, and stays the caller's; -1: none
 * @wait: see enum notify_wait
 *
 * Return: 0, also when there is no service manager; -EAGAIN when it does not take the message;
 * another -errno.
 */
int notify_send(const char *text, int fd, enum notify_wait wait);

/**
 * notify_sendf() - send one message without a descriptor
 * @wait: what to do while the socket is full
 * @fmt: printf format of the lines
 *
 * Return: as notify_send(); -EMSGSIZE when the text is too long.
 */
int notify_sendf(enum notify_wait wait, const char *fmt, ...) _printf_(2, 3);

/**
 * notify_is_wanted() - check whether there is a service manager
 *
 * Return: true when there is one.
 */
bool notify_is_wanted(void);

/**
 * notify_watchdog() - ping the watchdog
 */
void notify_watchdog(void);

/**
 * notify_ready() - tell the service manager that the files have been read, for the first time or
 * again
 */
void notify_ready(void);

/**
 * notify_reloading() - tell the service manager that the files are being read again;
 * notify_ready() must follow
 */
void notify_reloading(void);

/**
 * notify_stopping() - tell the service manager that the daemon is about to end
 */
void notify_stopping(void);

/**
 * notify_watchdog_period() - tell how often to ping the watchdog
 *
 * Return: half of WatchdogSec=, in microseconds; 0: no watchdog is set.
 */
uint64_t notify_watchdog_period(void);

#endif
