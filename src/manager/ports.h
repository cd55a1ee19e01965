/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_PORTS_H
#define RPORT_MANAGER_PORTS_H

/* Makes and removes ports. The verbs for ports are in manager.h. */

#include "manager/options.h"

#define PORTS_NEW_SLOT UINT32_MAX

/**
 * ports_add() - make a port without a device, pending or inherited
 * @manager: the manager
 * @spec: zeroed on success, when its contents are the port's
 * @slot: the number of its counters, and of its device in the store, of a former daemon; or
 *	PORTS_NEW_SLOT
 * @ret: the port, owned by the manager
 * @err: the reason
 *
 * Return: 0; -ENOSPC (RPORT_ERR_LIMIT); or -ENOMEM.
 */
int ports_add(struct manager *manager, struct port_spec *spec, unsigned int slot, struct port **ret,
	      struct rport_error *err);

/**
 * ports_remove() - remove a port with its device
 * @manager: the manager
 * @port: in no link; freed
 */
void ports_remove(struct manager *manager, struct port *port);

/**
 * manager_create_port() - make a port, down and without a peer
 * @manager: the manager
 * @spec: of the port; zeroed when the manager takes its contents over, which a failure frees then.
 *	The caller releases it in any case
 * @alias: of the interface, as `ip link` shows it; copied
 * @wait: true: while its domain does not exist, or another interface has its name, the port is
 *	pending; false: that is an error
 * @ret: the port, owned by the manager
 * @err: names the step, the object and the reason; may be NULL
 *
 * A failure leaves nothing behind.
 *
 * Return: 0; -ENOENT (RPORT_ERR_DOMAIN_NOT_FOUND); -EEXIST (RPORT_ERR_INTERFACE_EXISTS); -ENOSPC
 * (RPORT_ERR_LIMIT); or another -errno.
 */
int manager_create_port(struct manager *manager, struct port_spec *spec, const char *alias,
			bool wait, struct port **ret, struct rport_error *err);

/**
 * manager_check_name() - check that no other port has, or waits for, the interface name of a spec
 * @manager: the manager
 * @spec: its domain and interface name are read; no name is never taken
 * @except: a link whose ports are ignored, or NULL
 * @err: names the interface and the domain
 *
 * Only ports are checked, the kernel is not asked. A pending port has its name, too: users name it
 * so.
 *
 * Return: 0, or -EEXIST (RPORT_ERR_INTERFACE_EXISTS).
 */
int manager_check_name(struct manager *manager, const struct port_spec *spec,
		       const struct rport_link *except, struct rport_error *err);

/**
 * manager_complete_port() - if a port is pending, try to make its device now
 * @manager: the manager
 * @port: any port; nothing is done for one with a device
 * @err: names the step, the object and the reason; not NULL
 *
 * Return: 0; or as make_device(), -ENOENT, -EEXIST or another -errno: then the port is still
 * pending.
 */
int manager_complete_port(struct manager *manager, struct port *port, struct rport_error *err);

/**
 * manager_keep_port() - keep a port without a peer: it is recorded for the next daemon
 * @manager: the manager
 * @port: of manager_create_port()
 */
void manager_keep_port(struct manager *manager, struct port *port);

/**
 * manager_set_up() - set a port up, with its addresses and routes, or down
 * @manager: the manager
 * @port: the port; a pending one is set up, or not, when it gets its device
 * @up: true: up; false: down
 * @err: names the step, the object and the reason
 *
 * A failure leaves the administrative state of the port as it was.
 *
 * Return: 1: changed; 0: it was so; -EBADFD or -ESTALE when the device was removed or moved just
 * now; or another -errno of rtnetlink(7).
 */
int manager_set_up(struct manager *manager, struct port *port, bool up, struct rport_error *err);

/**
 * manager_set_fastpath() - ask for the fast path, or for none
 * @manager: the manager
 * @ports: the ports
 * @n: how many, at most 2
 * @on: true: what they send takes the fast path where it can; false: it does not
 *
 * Return: 1: changed; 0: it was so.
 */
int manager_set_fastpath(struct manager *manager, struct port *const ports[], size_t n, bool on);

/**
 * manager_set_mtu() - set the MTU of some ports, of all or none
 * @manager: the manager
 * @ports: the ports; a pending one gets the MTU with its device
 * @n: how many, at most 2
 * @mtu: bytes
 * @err: names the range, or the step, the object and the reason
 *
 * Return: 1: changed; 0: it was so; -EINVAL outside LINK_MTU_MIN to LINK_MTU_MAX; -EBADFD or
 * -ESTALE when a device was removed or moved just now; or another -errno of rtnetlink(7).
 */
int manager_set_mtu(struct manager *manager, struct port *const ports[], size_t n, int64_t mtu,
		    struct rport_error *err);

/**
 * manager_rename_port() - rename the interface of a port, in place
 * @manager: the manager
 * @port: the port; a pending one gets the name with its device
 * @ifname: its new name; copied
 * @err: why it was refused, or which step failed
 *
 * Its link-local address, which is a hash of domain and name, changes, too. A failure changes
 * nothing.
 *
 * Return: 1: changed; 0: it was so; -EINVAL (RPORT_ERR_INVALID) when the name is not valid; -EEXIST
 * (RPORT_ERR_INTERFACE_EXISTS) when it is taken; or another -errno.
 */
int manager_rename_port(struct manager *manager, struct port *port, const char *ifname,
			struct rport_error *err);

/**
 * manager_reconcile() - undo the drift of a port, or make the device of a pending one now
 * @manager: the manager
 * @port: any port; one that was given up is tried, too
 * @restored: called, after success, for each thing that was put back; @what, in words, is valid
 *	during the call only
 * @userdata: for @restored
 * @err: names the step, the object and the reason; not NULL
 *
 * What was put back before a failure stays so.
 *
 * Return: 0; -EBUSY when the port has drifted again, or still; for a pending port, or one that was
 * moved to another namespace, as manager_complete_port(); -ENOMEM; or another -errno of
 * rtnetlink(7).
 */
int manager_reconcile(struct manager *manager, struct port *port,
		      void (*restored)(const struct port *port, const char *what, void *userdata),
		      void *userdata, struct rport_error *err);

#endif
