/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_RECONCILE_H
#define RPORT_MANAGER_RECONCILE_H

/* Keeps ports as they are asked to be: what is seen of a port, and what is done about it. */

#include "manager/context.h"

/**
 * reconcile_due() - look at a port, or try it, as the schedule says; see schedule_start()
 * @manager: the manager
 * @port: any port
 */
void reconcile_due(struct manager *manager, struct port *port);

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
 * reconcile_bring_up() - set a port up and give it its addresses and routes
 * @manager: the manager
 * @port: with a device
 * @again: as for port_bring_up()
 * @err: which step failed, and why
 *
 * commit_port() is to follow.
 *
 * Return: 0 or -errno.
 */
int reconcile_bring_up(struct manager *manager, struct port *port, bool again,
		       struct rport_error *err);

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

#endif
