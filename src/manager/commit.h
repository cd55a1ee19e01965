/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_COMMIT_H
#define RPORT_MANAGER_COMMIT_H

/*
 * All that must follow a change of a port or a link: the indices of the table, the data path, the
 * carrier of both ends, the record for the next daemon, observers and the log. Nobody else does any
 * of this.
 */

#include "manager/context.h"

/**
 * commit_port() - a port has changed: what it is asked to be, or what was seen of it
 * @manager: the manager
 * @port: which has a device that commit_attach() took in, or none
 * @why: the reason in words if its state may have changed, or if a pending port waits for something
 *	else now, which is shown; NULL if not
 *
 * Observers are told, and carriers set, by commit_flush().
 */
void commit_port(struct manager *manager, struct port *port, const char *why);

/**
 * commit_attach() - a port has got a device: know it by its number, and begin to move packets
 * @manager: the manager
 * @port: no other port is known by its number
 * @stale: packets that wait in the device are old, and are dropped
 * @err: what failed
 *
 * Return: 0 or -errno; then commit_detach() is due.
 */
int commit_attach(struct manager *manager, struct port *port, bool stale, struct rport_error *err);

/**
 * commit_connect() - begin to move packets between the ports of a link that was just made
 * @manager: the manager
 * @link: if one of its ports has no device, nothing happens
 * @stale: packets that wait in the devices are old, and are dropped
 * @err: what failed
 *
 * Return: 0 or -errno.
 */
int commit_connect(struct manager *manager, struct rport_link *link, bool stale,
		   struct rport_error *err);

/**
 * commit_detach() - remove the device of a port, whatever state it is in, with all that refers to it
 * @manager: the manager
 * @port: as port_make(), port_adopt() or commit_attach() left it, or one without a device
 */
void commit_detach(struct manager *manager, struct port *port);

/**
 * commit_link() - a link was made of two ports, or something of it has changed
 * @manager: the manager
 * @link: in the table; its ports are kept from now on
 */
void commit_link(struct manager *manager, struct rport_link *link);

/**
 * commit_link_name() - a link is to have another name; observers are told at once of its end
 * @manager: the manager
 * @link: in the table
 * @name: valid, and not the name of another link
 *
 * Return: 0; or -ENOMEM, and it has its name still.
 */
int commit_link_name(struct manager *manager, struct rport_link *link, const char *name);

/**
 * commit_link_gone() - there is no such link any more; observers are told at once
 * @manager: the manager
 * @link: not in the table any more, nor known to its former ports; the caller frees it
 */
void commit_link_gone(struct manager *manager, struct rport_link *link);

/**
 * commit_new_port() - there is a port, pending, and not kept yet
 * @manager: the manager
 * @port: the port
 */
void commit_new_port(struct manager *manager, struct port *port);

/**
 * commit_port_gone() - a port is about to go, with its device; observers are told at once
 * @manager: the manager
 * @port: in no link
 *
 * When rportd is ending the device is left to the next daemon, or goes with its descriptor.
 */
void commit_port_gone(struct manager *manager, struct port *port);

/**
 * commit_flush() - show the carriers that follow from what was committed, and tell observers
 * @manager: the manager
 *
 * At the end of a verb, and of a burst of events, so that carriers do not flap meanwhile.
 */
void commit_flush(struct manager *manager);

#endif
