/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_RECONCILE_H
#define RPORT_MANAGER_RECONCILE_H

/* The reconcile loop: compares ports with their specs, and acts on the difference. */

#include "manager/options.h"

/**
 * reconcile_due() - examine a port, or try to make its device; called by schedule.c
 * @manager: the manager
 * @port: any port
 */
void reconcile_due(struct manager *manager, struct port *port);

/**
 * reconcile_now() - ask the kernel about the device of a port, and act on the result
 * @manager: the manager
 * @port: any port; afterwards it may be pending
 *
 * Netlink events may still be queued, and a moved interface has a new ifindex. Call this before
 * changing a port, or the change may hit the interface of another owner.
 */
void reconcile_now(struct manager *manager, struct port *port);

/**
 * reconcile_saw() - take in what the kernel has just reported of a port
 * @manager: the manager
 * @port: with a device
 * @dev: its interface, found by the nsid and ifindex of the port
 *
 * Changes are published at once. The port is scheduled to be examined, which acts on them.
 */
void reconcile_saw(struct manager *manager, struct port *port, const struct rtnl_dev *dev);

/**
 * reconcile_compare() - bring port->drift up to date
 * @manager: the manager
 * @port: any port
 */
void reconcile_compare(struct manager *manager, struct port *port);

/**
 * reconcile_bring_up() - set a port up and give it its addresses and routes
 * @manager: the manager
 * @port: with a device; port->bounced becomes false
 * @again: as for port_bring_up()
 * @err: names the step, the object and the reason
 *
 * Processes the queued netlink events. The caller calls commit_port() afterwards.
 *
 * Return: 0; or as port_bring_up(), -EBADFD, -ESTALE, -EEXIST or another -errno.
 */
int reconcile_bring_up(struct manager *manager, struct port *port, bool again,
		       struct rport_error *err);

/**
 * reconcile_try() - make the device of a port, and set it up if it is to be up; or take over the
 * device of an inherited port
 * @manager: the manager
 * @port: pending or inherited
 * @err: names the step, the object and the reason; not NULL
 *
 * A device that cannot be taken over is made again. A failure leaves the port pending, and schedules
 * the next try.
 *
 * Return: 0; or as make_device(), reconcile_bring_up() and reconcile_take(): -ENOENT, -EEXIST or
 * another -errno.
 */
int reconcile_try(struct manager *manager, struct port *port, struct rport_error *err);

/**
 * reconcile_take_over() - take over the device of an inherited port now, and that of its peer
 * @manager: the manager
 * @port: any port; if neither it nor its peer is inherited nothing happens
 *
 * Verbs call it, or reconcile_now(), before they change a port or its link.
 */
void reconcile_take_over(struct manager *manager, struct port *port);

/**
 * reconcile_take() - attach a device that a port has got, and publish its state
 * @manager: the manager
 * @port: as make_device() or port_adopt() left it
 * @stale: true: drop the packets that wait in the device
 * @why: the reason for its new state, in words
 * @err: the reason of a failure
 *
 * Return: 0; or as commit_attach(), -EEXIST, -ENOMEM or -ENOSPC: then the device was removed.
 */
int reconcile_take(struct manager *manager, struct port *port, bool stale, const char *why,
		   struct rport_error *err);

/**
 * reconcile_lose() - remove the device of a port, which becomes pending
 * @manager: the manager
 * @port: any port; nothing happens to one that is pending
 * @reason: in words; copied
 */
void reconcile_lose(struct manager *manager, struct port *port, const char *reason);

#endif
