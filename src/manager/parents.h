/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_PARENTS_H
#define RPORT_MANAGER_PARENTS_H

/* Makes links of ports. The verbs for parents are in manager.h. */

#include "manager/options.h"

/**
 * parents_tie() - make a link of two ports that link_set_parent() has made peers
 * @manager: the manager
 * @port: end a
 * @parent: end b
 * @name: of the link, valid, and not the name of another link
 * @stale: true: drop the packets that wait in their devices
 * @err: the reason
 *
 * The caller calls commit_link() afterwards.
 *
 * Return: 0; -EINVAL when the ports differ in headers or number of queues; -ENOMEM; or -ENOSPC when
 * the data path can serve no more queues.
 */
int parents_tie(struct manager *manager, struct port *port, struct port *parent, const char *name,
		bool stale, struct rport_error *err);

/**
 * manager_set_parent() - make two ports each other's peer, and begin to move frames between them
 * @manager: the manager
 * @port: becomes end a of the new link
 * @parent: becomes end b
 * @name: of the link, valid, and not the name of another link; NULL: after their domains, with a
 *	number if that is taken
 * @err: why it was refused
 *
 * A failure changes nothing.
 *
 * Return: 1: done; 0: they already were peers; -EINVAL (RPORT_ERR_PARENT_IS_SELF); -EBUSY
 * (RPORT_ERR_PORT_BUSY); -EOPNOTSUPP (RPORT_ERR_PORTS_DIFFER); -ENOSPC (RPORT_ERR_LIMIT, or the
 * data path can serve no more queues); or -ENOMEM.
 */
int manager_set_parent(struct manager *manager, struct port *port, struct port *parent,
		       const char *name, struct rport_error *err);

/**
 * manager_get_parent() - get the peer of a port
 * @port: the port
 * @ret: its peer
 * @err: names the port
 *
 * Return: 0, or -EADDRNOTAVAIL (RPORT_ERR_NO_PARENT).
 */
int manager_get_parent(const struct port *port, struct port **ret, struct rport_error *err);

/**
 * manager_delete_parent() - separate a port from its peer; both ports stay
 * @manager: the manager
 * @port: the port; the link that it was in is freed
 *
 * Return: 1: done; 0: it had no peer.
 */
int manager_delete_parent(struct manager *manager, struct port *port);

/**
 * manager_destroy_port() - remove a port with its device
 * @manager: the manager
 * @port: freed; if it has a peer, they are separated first, and their link is freed
 */
void manager_destroy_port(struct manager *manager, struct port *port);

/**
 * manager_rename_link() - rename a link
 * @manager: the manager
 * @link: the link, which no file makes
 * @name: its new name; copied
 * @err: why it was refused
 *
 * Return: 1: changed; 0: it has this name; -EINVAL (RPORT_ERR_INVALID) when it is not valid, or
 * when a file makes the link; -EEXIST (RPORT_ERR_LINK_EXISTS); or -ENOMEM.
 */
int manager_rename_link(struct manager *manager, struct rport_link *link, const char *name,
			struct rport_error *err);

/**
 * manager_set_file() - note which file makes a link
 * @manager: the manager
 * @link: the link
 * @file: its path, copied; NULL: none does
 */
void manager_set_file(struct manager *manager, struct rport_link *link, const char *file);

#define MANAGER_DESTROY_MAX 32 /* links */

/**
 * manager_destroy_links() - remove links and all their ports with their devices
 * @manager: the manager
 * @links: freed, with their ports
 * @n: how many, at most MANAGER_DESTROY_MAX
 *
 * The removals of all devices wait for the kernel at once (port_remove_all()).
 */
void manager_destroy_links(struct manager *manager, struct rport_link *links[], size_t n);

/**
 * manager_destroy_link() - manager_destroy_links() of one link
 * @manager: the manager
 * @link: freed, with its ports
 */
void manager_destroy_link(struct manager *manager, struct rport_link *link);

#endif
