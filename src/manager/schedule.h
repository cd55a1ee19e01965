/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_SCHEDULE_H
#define RPORT_MANAGER_SCHEDULE_H

/* When each port is looked at, or tried, the next time. */

#include "manager/context.h"

/* What of a port is looked at. */
enum schedule_kind {
	SCHEDULE_NAME, /* of its namespace */
	SCHEDULE_DEVICE,
	SCHEDULE_SETTINGS,
	SCHEDULE_KINDS, /* how many there are */
};

/**
 * schedule_start() - begin; no ports yet
 * @manager: the manager, with its event loop
 * @due: called in a turn of the event loop of its own when a port is to be looked at, or, if it is
 *	pending, to be tried; it must not remove the port
 *
 * Return: 0 or -errno; schedule_stop() is due in any case.
 */
int schedule_start(struct manager *manager,
		   void (*due)(struct manager *manager, struct port *port));

/**
 * schedule_stop() - end
 * @manager: the manager, with no port left
 */
void schedule_stop(struct manager *manager);

/**
 * schedule_add() - one more port; nothing is due
 * @manager: the manager
 * @port: the port
 *
 * Return: 0 or -errno.
 */
int schedule_add(struct manager *manager, struct port *port);

/**
 * schedule_remove() - one less
 * @port: any port, also one that was not added
 */
void schedule_remove(struct port *port);

/**
 * schedule_look() - look at the device of a port soon
 * @port: any port; a pending one is left to schedule_wake()
 */
void schedule_look(struct port *port);

/**
 * schedule_look_again() - look at a port later, since that failed
 * @port: any port
 * @kind: of the look
 */
void schedule_look_again(struct port *port, enum schedule_kind kind);

/**
 * schedule_look_name() - see soon whether the name of its namespace still stands for it
 * @port: any port
 */
void schedule_look_name(struct port *port);

/**
 * schedule_look_settings() - see soon whether a port has drifted
 * @port: any port
 *
 * Settings often change many at a time: they are looked at when that is over.
 */
void schedule_look_settings(struct port *port);

/**
 * schedule_is_due() - is it time for a look?
 * @port: with a device
 * @kind: of the look
 * @now: CLOCK_MONOTONIC, in microseconds
 */
bool schedule_is_due(const struct port *port, enum schedule_kind kind, uint64_t now);

/**
 * schedule_done() - a look is about to be made
 * @port: any port
 * @kind: of the look
 */
void schedule_done(struct port *port, enum schedule_kind kind);

/**
 * schedule_postpone() - look later
 * @port: with a device
 * @until: not before this; CLOCK_MONOTONIC, in microseconds
 */
void schedule_postpone(struct port *port, uint64_t until);

/**
 * schedule_forget() - look no more; schedule_arm() is to follow
 * @port: which has no device any more
 */
void schedule_forget(struct port *port);

/**
 * schedule_arm() - set the timer of a port
 * @port: whose retry has changed, or that has got or lost its device
 */
void schedule_arm(struct port *port);

/**
 * schedule_wake() - something came or went that a pending port may have waited for
 * @manager: the manager
 */
void schedule_wake(struct manager *manager);

/**
 * schedule_may_look() - when may a port be looked at?
 * @manager: the manager
 * @port: with a device
 *
 * Return: CLOCK_MONOTONIC, in microseconds; not after now unless its namespace has taken more than
 * its share of the main loop's time.
 */
uint64_t schedule_may_look(const struct manager *manager, const struct port *port);

/**
 * schedule_charge() - a namespace has taken some of the main loop's time
 * @manager: the manager
 * @nsid: of the namespace
 * @start: when that began, CLOCK_MONOTONIC in microseconds
 */
void schedule_charge(struct manager *manager, int nsid, uint64_t start);

#endif
