/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_COMMIT_H
#define RPORT_MANAGER_COMMIT_H

/*
 * All that must follow a change of a port or a link: the indices of the table, the data path, the
 * carrier of both ends, the record for the next daemon, observers and the log. No other file does
 * any of this.
 */

#include "manager/options.h"

/**
 * commit_port() - publish a change of a port: of its spec, or of what the kernel reports
 * @manager: the manager
 * @port: with a device that commit_attach() entered, or without one
 * @why: the reason, in words, if the state of the port may have changed, or if a pending port waits
 *	for something else now; copied. NULL: neither
 *
 * commit_flush() notifies observers and sets carriers.
 */
void commit_port(struct manager *manager, struct port *port, const char *why);

/**
 * commit_touch() - have commit_flush() look at a port again, of which nothing else changed
 * @manager: the manager
 * @port: any port
 */
void commit_touch(struct manager *manager, struct port *port);

/**
 * commit_attach() - enter the device that a port has got into the table, and into the data path
 * @manager: the manager
 * @port: with a device; no other port is in the table under its nsid and ifindex
 * @stale: true: drop the packets that wait in the device
 * @err: the reason
 *
 * If the port is in a link whose other port has a device, too, frames begin to move.
 *
 * Return: 0; -EEXIST when another port is in the table under its nsid and ifindex; -ENOMEM; or
 * -ENOSPC when the data path can serve no more queues. After a failure the caller calls
 * commit_detach().
 */
int commit_attach(struct manager *manager, struct port *port, bool stale, struct rport_error *err);

/**
 * commit_connect() - begin to move frames between the ports of a link that was just made
 * @manager: the manager
 * @link: nothing happens if one of its ports has no device
 * @stale: true: drop the packets that wait in the devices
 * @err: the reason
 *
 * Return: 0; -EINVAL when the ports differ in headers or number of queues; -ENOMEM; or -ENOSPC when
 * the data path can serve no more queues.
 */
int commit_connect(struct manager *manager, struct rport_link *link, bool stale,
		   struct rport_error *err);

/**
 * commit_detach() - remove the device of a port, and every reference to it
 * @manager: the manager
 * @port: with a device, as port_make(), port_adopt() or commit_attach() left it, or without one
 */
void commit_detach(struct manager *manager, struct port *port);

/**
 * commit_end_fastpaths() - take the fast paths of ports away, all at once, but for hidden pairs
 * @manager: the manager
 * @ports: their devices are removed next, and the hidden pairs with them
 * @n: how many
 */
void commit_end_fastpaths(struct manager *manager, struct port *const ports[], size_t n);

/**
 * commit_detach_all() - commit_detach() of several ports at once
 * @manager: the manager
 * @ports: as for commit_detach()
 * @n: how many
 *
 * It takes little longer than one. When rportd is ending, the descriptors are only closed, as
 * commit_port_gone() does.
 */
void commit_detach_all(struct manager *manager, struct port *ports[], size_t n);

/**
 * commit_link() - publish a new link, or a change of one
 * @manager: the manager
 * @link: in the table; its ports become kept
 */
void commit_link(struct manager *manager, struct rport_link *link);

/**
 * commit_link_name() - rename a link in the table, and record it under its new name
 * @manager: the manager
 * @link: in the table
 * @name: valid, and not the name of another link
 *
 * Observers are notified at once that the link of the former name is gone.
 *
 * Return: 0; or -ENOMEM, and the link keeps its name.
 */
int commit_link_name(struct manager *manager, struct rport_link *link, const char *name);

/**
 * commit_link_gone() - publish the removal of a link; observers are notified at once
 * @manager: the manager
 * @link: removed from the table, and from its former ports; the caller frees it
 */
void commit_link_gone(struct manager *manager, struct rport_link *link);

/**
 * commit_new_port() - enter a new port, pending or inherited, into the table; it is not kept yet
 * @manager: the manager
 * @port: the port
 */
void commit_new_port(struct manager *manager, struct port *port);

/**
 * commit_port_gone() - remove a port from the table, with its device
 * @manager: the manager
 * @port: in no link; the caller frees it
 *
 * Observers are notified at once. When rportd is ending, the device stays for the next daemon if
 * the service manager has its descriptor; else it goes with the last one.
 */
void commit_port_gone(struct manager *manager, struct port *port);

/**
 * commit_flush() - set the carriers and fast paths that follow from what was committed, and notify
 * observers
 * @manager: the manager
 *
 * Called at the end of a verb, and of a burst of events, so that carriers do not flap meanwhile.
 */
void commit_flush(struct manager *manager);

#endif
