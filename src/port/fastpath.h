/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_FASTPATH_H
#define RPORT_PORT_FASTPATH_H

/* Lays the fast path over the ports of a link, and takes it away: filters, and a hidden pair of
 * interfaces (kernel/hidden.h) where the ports are in two namespaces. */

#include "datapath/fastpath-shared.h"
#include "port/port.h"

/*
 * The hidden interface of a port has its ifindex in its name, which no other port of the
 * namespace has. It is looked up by that name: nothing has to be recorded.
 */
#define FASTPATH_HIDDEN "rportf"

/*
 * struct fastpath - what is laid over a link; zeroed: nothing is known
 * @known: fastpath_lay() has succeeded; before, the kernel may have what a former daemon laid
 * @on: by end: what this port sends takes the fast path
 * @counts: by end, while it is on: descriptor of what its program counts
 * @counted: by end: what that was when it was read last
 */
struct fastpath {
	bool known;
	bool on[2];
	int counts[2];
	struct fastpath_count counted[2];
};

/**
 * fastpath_lay() - make what is in the kernel as it is wanted
 * @ports: the ports of a link
 * @want: by end: what this port sends takes the fast path; a port without a device sends nothing
 * @keep: the hidden pair stays for the next time, also when no direction is wanted now
 * @path: brought up to date. Counts of programs that go are added to port->passed
 * @err: names the step and the reason
 *
 * What is there already stays, also when a former daemon laid it; what others removed is made
 * again. Without a direction that is wanted nothing is left, but for the hidden pair with @keep.
 *
 * Return: 0; -EOPNOTSUPP, -EPERM or -ENOSYS when programs cannot be loaded; -EBADFD or -ESTALE when
 * a device was removed or moved; or another -errno. After a failure the caller calls
 * fastpath_clear().
 */
int fastpath_lay(struct port *const ports[static 2], const bool want[static 2], bool keep,
		 struct fastpath *path, struct rport_error *err);

/**
 * fastpath_clear() - take the fast path away, as far as its ports still exist
 * @ports: the ports of a link
 * @keep: the hidden pair stays: port_remove_all() removes it with the ports
 * @path: brought up to date, as by fastpath_lay()
 */
void fastpath_clear(struct port *const ports[static 2], bool keep, struct fastpath *path);

/**
 * fastpath_forget() - close what belongs to this process, and leave the rest to the next daemon
 * @path: zeroed afterwards
 */
void fastpath_forget(struct fastpath *path);

/**
 * fastpath_find_hidden() - find the hidden interface beside a port
 * @rtnl: a socket in the namespace of the port
 * @port: has an ifindex
 * @ret: ifindex of the interface
 *
 * Return: true when there is one.
 */
bool fastpath_find_hidden(struct rtnl *rtnl, const struct port *port, unsigned int *ret);

/**
 * fastpath_hidden_port() - find the port that a hidden interface belongs to
 * @name: of an interface
 * @ret: ifindex of the port, in the namespace of the interface
 *
 * Return: true when @name is that of a hidden interface.
 */
bool fastpath_hidden_port(const char *name, unsigned int *ret);

/**
 * fastpath_remove_orphans() - remove hidden interfaces of ports that are gone
 * @netns_fd: of the namespace to look in; negative: rportd's own
 *
 * A daemon that was killed leaves them, if nobody kept its devices.
 */
void fastpath_remove_orphans(int netns_fd);

/**
 * fastpath_sweep() - remove what a killed daemon left whose devices nobody kept
 *
 * Looks in rportd's own namespace and in those with a name, as many as it can in a second. Does
 * nothing where rportd was built without the fast path.
 */
void fastpath_sweep(void);

#endif
