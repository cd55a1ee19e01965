/* SPDX-License-Identifier: ISC */
/*
 * Asks the kernel for the place and state of a device. Only its descriptor identifies the
 * interface: its former name and ifindex may be those of another interface by now. So the
 * descriptor is asked for the name first, and again after the lookup by that name, since names
 * change at any moment.
 */

#include "datapath/fastpath.h"
#include "kernel/netns-pid.h"
#include "port/look.h"

#define LOCATE_TRIES 3 /* lookups during which the interface is renamed */

/* Return: 0; -EAGAIN: it was renamed meanwhile; or another -errno. */
static int find_interface(struct staging *staging, const struct tun *tun, int nsid,
			  struct rtnl_dev *ret)
{
	char before[IFNAMSIZ], after[IFNAMSIZ];
	struct rtnl_dev dev;
	int r, found;

	r = tun_name(tun_fd(tun), before);
	if (r < 0)
		return r;
	found = rtnl_dev_by_nsid_name(staging->own, nsid, before, &dev);
	r = tun_name(tun_fd(tun), after);
	if (r < 0)
		return r;
	if (!streq(before, after))
		return -EAGAIN;
	if (found < 0)
		return found;
	/* found by an altname: ours was renamed, another took its name, ours was renamed back */
	if (!streq(dev.name, after))
		return -EAGAIN;
	*ret = dev;
	return 0;
}

int port_locate(struct staging *staging, struct port *port, struct rtnl_dev *ret)
{
	_cleanup_close_ int netns_fd = tun_netns(tun_fd(&port->tun));
	int nsid, r;

	if (netns_fd < 0)
		return netns_fd;
	r = rtnl_nsid(staging->own, netns_fd, &nsid);
	if (r < 0)
		return r;
	r = -EAGAIN;
	for (int i = 0; i < LOCATE_TRIES && r == -EAGAIN; i++)
		r = find_interface(staging, &port->tun, nsid, ret);
	if (r < 0)
		return r;
	memcpy(port->ifname, ret->name, IFNAMSIZ);
	port->nsid = nsid;
	port->index = ret->index;
	return 0;
}

const char *port_intruder(const struct port *port, const struct rtnl_dev *dev)
{
	if (port->tun.n_queues < 2)
		return NULL;
	if (tun_verify(&port->tun) == -ESTALE)
		return "another process changed how packets pass its interface";
	if (dev->tun_queues > port->tun.n_queues)
		return "another process opened a queue of its interface";
	if (dev->tun_persist || dev->tun_owned)
		return "another process made its interface persistent or gave it an owner";
	return NULL;
}

/* The namespace to compare with the name of the domain: the one of the domain as it was found, or
 * of a device that was moved, the one where it is. */
static int identify_netns(const struct port *port, struct netns_id *ret)
{
	_cleanup_close_ int netns_fd = -EBADF;

	if (!port->elsewhere) {
		*ret = port->netns;
		return 0;
	}
	netns_fd = tun_netns(tun_fd(&port->tun));
	return netns_fd < 0 ? netns_fd : netns_identify(netns_fd, ret);
}

static int compare_name(const struct port *port, const char **ret_lost)
{
	struct netns_id netns;
	int r = identify_netns(port, &netns);

	if (r >= 0)
		r = netns_pid_named(port->spec.domain.name, &netns);
	if (r < 0)
		return r;
	/* it may just have come back */
	if (port->elsewhere && r > 0 && !netns_equal(&netns, &port->netns))
		*ret_lost = "its domain is another namespace now";
	if (!port->elsewhere && r == 0)
		*ret_lost = "its namespace is not called so any more";
	return 0;
}

int port_lost_name(const struct port *port, const char **ret_lost)
{
	int r = 1;

	if (!port->peering.present || port->spec.domain.netns != DOMAIN_NETNS_NAMED)
		return 0;
	if (port->pinned.ino != 0)
		r = netns_name_holds(port->spec.domain.name, &port->pinned);
	if (r == 0)
		*ret_lost = "its namespace is not called so any more";
	if (r <= 0 || (port->pinned.ino != 0 && !port->elsewhere))
		return r;
	return compare_name(port, ret_lost);
}

/* The kernel removes the nsid of a deleted namespace first, and then its interfaces. */
static const char *why_removed(struct staging *staging, const struct port *port)
{
	struct rtnl_dev dev;
	int r = rtnl_dev_by_nsid(staging->own, port->nsid, port->index, &dev);

	return r == -EINVAL ? "its namespace was deleted" : "its interface was removed";
}

static const char *why_lost(const struct port *port, const struct rtnl_dev *dev)
{
	if (port->vrf > 0 && !port->elsewhere && dev->master != port->vrf)
		return "its VRF was deleted, or it was taken out of it";
	return port_intruder(port, dev);
}

void port_saw(struct port *port, const struct rtnl_dev *dev)
{
	memcpy(port->ifname, dev->name, IFNAMSIZ);
	port->peering.up = dev->flags & IFF_UP;
	port->bounced |= !port->peering.up;
	port->mtu = dev->mtu;
	port->master = dev->master;
	port->interface_dropped = dev->tx_dropped;
	port->captured = dev->promiscuity > 0;
	port->shaped = fastpath_is_shaper(dev->qdisc);
}

int port_look(struct staging *staging, struct port *port, const char **ret_lost)
{
	const char *lost = NULL;
	struct rtnl_dev dev;
	int r;

	r = port_locate(staging, port, &dev);
	if (r == -EBADFD) {
		lost = why_removed(staging, port);
	} else if (r == -EINVAL) {
		lost = "its namespace was deleted";
	} else if (r < 0) {
		return r;
	} else {
		port->elsewhere = port->nsid != port->domain_nsid;
		port_saw(port, &dev);
		lost = why_lost(port, &dev);
	}
	if (!lost)
		return 0;
	*ret_lost = lost;
	return -ENODEV;
}
