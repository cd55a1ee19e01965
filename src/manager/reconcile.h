/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_RECONCILE_H
#define RPORT_MANAGER_RECONCILE_H

/* The loop that keeps ports as they are asked to be: when a port is looked at, and what is done. */

#include "manager/context.h"

/**
 * reconcile_start() - begin; no ports yet
 * @manager: the manager, with its event loop
 *
 * Return: 0 or -errno; reconcile_stop() is due in any case.
 */
int reconcile_start(struct manager *manager);

/**
 * reconcile_stop() - end
 * @manager: the manager, with no port left
 */
void reconcile_stop(struct manager *manager);

/**
 * reconcile_add() - look at one more port from now on
 * @manager: the manager
 * @port: pending; it is not tried by itself before reconcile_try()
 *
 * Return: 0 or -errno.
 */
int reconcile_add(struct manager *manager, struct port *port);

/**
 * reconcile_remove() - no longer
 * @port: any port, also one that was not added
 */
void reconcile_remove(struct port *port);

/**
 * reconcile_look() - look at the device of a port soon
 * @port: any port; a pending one is left to reconcile_wake()
 */
void reconcile_look(struct port *port);

/**
 * reconcile_look_name() - see soon whether the name of its namespace still stands for it
 * @port: as for reconcile_look()
 */
void reconcile_look_name(struct port *port);

/**
 * reconcile_look_settings() - see soon whether a port has drifted
 * @port: as for reconcile_look()
 *
 * Settings often change many at a time: it is looked at when that is over.
 */
void reconcile_look_settings(struct port *port);

/**
 * reconcile_now() - look at the device of a port at once
 * @manager: the manager
 * @port: any port; afterwards it may be pending
 *
 * Netlink events may still be queued, and a moved interface has a new ifindex. Call this before
 * changing a port, or the change may hit someone else's interface.
 */
void reconcile_now(struct manager *manager, struct port *port);

/**
 * reconcile_saw() - somebody has asked the kernel about a port just now
 * @manager: the manager
 * @port: with a device
 * @dev: its interface, which has the nsid and the number that the port has
 *
 * What is news is shown at once, and acted on when the port is looked at.
 */
void reconcile_saw(struct manager *manager, struct port *port, const struct rtnl_dev *dev);

/**
 * reconcile_compare() - see at once whether a port has drifted: port->drift is up to date
 * @manager: the manager
 * @port: any port
 */
void reconcile_compare(struct manager *manager, struct port *port);

/**
 * reconcile_try() - give a port its device now
 * @manager: the manager
 * @port: pending
 * @err: which step failed, on what, and why
 *
 * Return: 0; or -errno as for make_device(), and the port waits for the next try.
 */
int reconcile_try(struct manager *manager, struct port *port, struct rport_error *err);

/**
 * reconcile_take() - a port was given a device that is there already
 * @manager: the manager
 * @port: as port_adopt() left it
 * @stale: packets that wait in the device are old, and are dropped
 * @why: the reason for its new state, in words
 * @err: what failed
 *
 * Return: 0 or -errno; then the port has no device.
 */
int reconcile_take(struct manager *manager, struct port *port, bool stale, const char *why,
		   struct rport_error *err);

/**
 * reconcile_lose() - the device of a port is gone, or must go
 * @manager: the manager
 * @port: any port; nothing happens to one that is pending
 * @reason: in words
 */
void reconcile_lose(struct manager *manager, struct port *port, const char *reason);

/**
 * reconcile_wake() - something came or went that a pending port may have waited for
 * @manager: the manager
 */
void reconcile_wake(struct manager *manager);

/**
 * reconcile_may_look() - when may a port be looked at?
 * @manager: the manager
 * @port: with a device
 *
 * Return: CLOCK_MONOTONIC, in microseconds; not after now unless its namespace has taken more than
 * its share of the main loop's time.
 */
uint64_t reconcile_may_look(const struct manager *manager, const struct port *port);

#endif
