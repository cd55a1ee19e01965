/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_MANAGER_H
#define RPORT_MANAGER_MANAGER_H

/*
 * Owns the ports and links, and all that orders namespaces, TUN devices, rtnetlink and the shuttle
 * about. The verbs are those of rport(4), for ports (ports.h) and parents (parents.h); what
 * `rportctl pair` does is composed of them (pair.h).
 *
 * A port exists until it is destroyed. Its device may be lost with its domain: then the port is
 * pending, and gets a device as soon as that is possible, with all its settings.
 */

#include <systemd/sd-event.h>

#include "manager/options.h"

/**
 * manager_new() - start the manager, and begin to restore the links and ports of a former daemon
 * @event: the loop; referenced
 * @options: copied; its state and its strings must live as long as the manager
 * @ret: free it with manager_free()
 * @err: names what is missing on this machine
 *
 * Return: 0; -ENOMEM; -EPERM without CAP_SYS_ADMIN or CAP_NET_ADMIN, or where io_uring is
 * forbidden; -ENOENT, -ENODEV or -ENXIO without /dev/net/tun; -ENOSYS without io_uring, when the
 * options ask for it; -EOPNOTSUPP when this kernel lacks what the data path needs; or another
 * -errno.
 */
int manager_new(sd_event *event, const struct manager_options *options, struct manager **ret,
		struct rport_error *err);

/**
 * manager_free() - stop the manager
 * @manager: of manager_new(), or NULL
 *
 * All links and ports are removed, unless the service manager keeps their devices for the next
 * daemon (store/fdstore.h). The observer is not notified.
 */
void manager_free(struct manager *manager);

#endif
