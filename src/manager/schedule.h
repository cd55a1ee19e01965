/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_SCHEDULE_H
#define RPORT_MANAGER_SCHEDULE_H

/* The time at which each port is examined, or its device is made, next. */

#include "manager/options.h"

/* Parts of a port that are examined. */
enum schedule_kind {
	SCHEDULE_NAME, /* of its namespace */
	SCHEDULE_DEVICE,
	SCHEDULE_SETTINGS,
	SCHEDULE_KINDS, /* how many there are */
};

/**
 * schedule_start() - prepare the schedule; it has no ports yet
 * @manager: the manager, with its event loop
 * @due: called from the event loop when a port is to be examined or, if it is pending, its device
 *	is to be made; must not remove the port
 *
 * Return: 0; -ENOMEM; or -errno of sd_event_add_time(3). The caller calls schedule_stop() in any
 * case.
 */
int schedule_start(struct manager *manager,
		   void (*due)(struct manager *manager, struct port *port));

/**
 * schedule_stop() - free the schedule
 * @manager: the manager, with no port left; nothing happens if schedule_start() was not called
 */
void schedule_stop(struct manager *manager);

/**
 * schedule_add() - make the timer of a port, not armed
 * @manager: the manager
 * @port: the port
 *
 * Return: 0; -ENOMEM; or -errno of sd_event_add_time(3).
 */
int schedule_add(struct manager *manager, struct port *port);

/**
 * schedule_remove() - free the timer of a port
 * @port: any port, also one that was not added
 */
void schedule_remove(struct port *port);

/**
 * schedule_look() - examine the device of a port in the next turn of the event loop
 * @port: any port; nothing happens to a pending one, which is left to schedule_wake()
 */
void schedule_look(struct port *port);

/**
 * schedule_look_again() - repeat an examination of a port 250 ms later, of a name 5 s or more
 * @port: any port; nothing happens to a pending one
 * @kind: of examination
 */
void schedule_look_again(struct port *port, enum schedule_kind kind);

/**
 * schedule_look_name() - check in the next turn of the event loop that a namespace has its name
 * @port: in that namespace; nothing happens to a pending one
 */
void schedule_look_name(struct port *port);

/**
 * schedule_look_settings() - compare the settings of a port with its spec 50 ms later
 * @port: any port; nothing happens to a pending one
 *
 * Settings often change many at a time; the delay turns them into one comparison.
 */
void schedule_look_settings(struct port *port);

/**
 * schedule_is_due() - check whether an examination of a port is due
 * @port: with a device
 * @kind: of examination
 * @now: CLOCK_MONOTONIC, in microseconds
 *
 * Return: true when its time has come.
 */
bool schedule_is_due(const struct port *port, enum schedule_kind kind, uint64_t now);

/**
 * schedule_done() - take an examination off the schedule, as it begins
 * @port: any port
 * @kind: of examination
 */
void schedule_done(struct port *port, enum schedule_kind kind);

/**
 * schedule_postpone() - put off all examinations of a port that are scheduled
 * @manager: the manager
 * @port: with a device, in a namespace that may not be looked at now: schedule_may_look()
 */
void schedule_postpone(struct manager *manager, struct port *port);

/**
 * schedule_forget() - take all examinations of a port off the schedule
 * @port: without a device now; the caller calls schedule_arm() afterwards
 */
void schedule_forget(struct port *port);

/**
 * schedule_arm() - set the timer of a port to the earliest time that is due
 * @port: whose retry time has changed, or that has got or lost its device
 */
void schedule_arm(struct port *port);

/**
 * schedule_wake() - try pending ports soon, for something appeared or went that they may wait for
 * @manager: the manager
 *
 * Waits 2 ms, and 30 us more for each pending port, so that a burst of events is one round.
 */
void schedule_wake(struct manager *manager);

/**
 * schedule_may_look() - get the time from which a port may be examined
 * @manager: the manager
 * @port: with a device
 *
 * Return: CLOCK_MONOTONIC, in microseconds; not after now unless its namespace has used up its
 * share of the main loop's time (budget.h).
 */
uint64_t schedule_may_look(const struct manager *manager, const struct port *port);

/**
 * schedule_charge() - charge a namespace for time of the main loop
 * @manager: the manager
 * @nsid: of the namespace; rportd's own is not charged
 * @start: when the work began, CLOCK_MONOTONIC in microseconds
 */
void schedule_charge(struct manager *manager, int nsid, uint64_t start);

#endif
