/* SPDX-License-Identifier: ISC */
/* The device of a port: what it is called, how it is reached, closed and changed. */
#include <stdio.h>

#include "kernel/thread.h"
#include "port/look.h"
#include "port/port-private.h"

_Static_assert(SPEC_QUEUES_MAX <= TUN_QUEUES_MAX, "a port has the queues that were asked for");

/* --- what it is ------------------------------------------------------------------------------- */

enum port_state port_state(const struct port *port)
{
	if (!port->peering.present)
		return port->inherited ? PORT_INHERITED : PORT_PENDING;
	return port->peering.up ? PORT_UP : PORT_DOWN;
}

const char *port_format(const struct port *port, char buf[static PORT_TEXT_MAX])
{
	char domain[DOMAIN_TEXT_MAX];

	snprintf(buf, PORT_TEXT_MAX, "%s/%s", domain_format(&port->spec.domain, domain),
		 port->ifname[0] ? port->ifname : "-");
	return buf;
}

int port_step_failed(struct rport_error *err, int r, const struct port *port, const char *step)
{
	char domain[DOMAIN_TEXT_MAX];

	return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot %s %s in %s: %s", step,
			       port->ifname[0] ? port->ifname : "the port",
			       domain_format(&port->spec.domain, domain), strerror(-r));
}

/* Is port->index the ifindex of our interface, in the namespace where it is now? */
static int check_index(struct rtnl *rtnl, const struct port *port, struct rtnl_dev *ret)
{
	char name[IFNAMSIZ];
	int r;

	r = tun_name(tun_fd(&port->tun), name);
	if (r >= 0)
		r = rtnl_dev_by_name(rtnl, name, ret);
	if (r < 0)
		return r;
	return ret->index == port->index ? 0 : -ESTALE;
}

int port_check_index(struct rtnl *rtnl, const struct port *port)
{
	struct rtnl_dev dev;

	return port->peering.present ? check_index(rtnl, port, &dev) : -EBADFD;
}

int port_open_rtnl_dev(const struct port *port, struct rtnl **ret, struct rtnl_dev *ret_dev)
{
	_cleanup_close_ int netns_fd =
		port->peering.present ? tun_netns(tun_fd(&port->tun)) : -EBADFD;
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;
	struct rtnl_dev dev;
	int r;

	if (netns_fd < 0)
		return netns_fd;
	r = rtnl_open(netns_fd, &rtnl);
	if (r >= 0)
		r = check_index(rtnl, port, &dev);
	if (r < 0)
		return r;
	*ret = steal_ptr(rtnl);
	*ret_dev = dev;
	return 0;
}

int port_open_rtnl(const struct port *port, struct rtnl **ret)
{
	struct rtnl_dev dev;

	return port_open_rtnl_dev(port, ret, &dev);
}

void port_forget_device(struct port *port)
{
	port->mtu = port->spec.mtu;
	memcpy(port->ifname, port->spec.ifname, IFNAMSIZ);
}

void port_unmake(struct port *port)
{
	tun_close(&port->tun);
	port->peering.present = false;
	port->peering.up = false;
	port->carrier = false;
	port->bounced = false;
	port->elsewhere = false;
	port->pinned = (struct netns_id){ 0 };
	port->interface_dropped = 0;
	port->index = 0;
	port_forget_device(port);
	free(steal_ptr(port->drift));
}

static void unmake_one(void *ports, size_t i)
{
	port_unmake(((struct port **)ports)[i]);
}

void port_unmake_all(struct port *ports[], size_t n)
{
	thread_each(unmake_one, ports, n);
}

/* --- later ------------------------------------------------------------------------------------ */

int port_set_carrier(struct staging *staging, const struct port *port, bool carrier)
{
	struct rtnl_dev dev;
	int r = tun_set_carrier(tun_fd(&port->tun), carrier);

	if (r < 0)
		return r;
	/*
	 * The kernel announces the loss of a carrier once a second at most
	 * (linkwatch_schedule_work()), but at once after a query (linkwatch_sync_dev() in
	 * rtnl_getlink(), since Linux 6.8).
	 */
	(void)rtnl_dev_by_nsid(staging->own, port->nsid, port->index, &dev);
	return 0;
}

void port_write_alias(const struct port *port)
{
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;

	if (port_open_rtnl(port, &rtnl) >= 0)
		rtnl_dev_set_alias(rtnl, port->index, port->alias);
}

const char *port_link_alias(const char *link, unsigned int end, char buf[static PORT_ALIAS_MAX])
{
	snprintf(buf, PORT_ALIAS_MAX, PORT_ALIAS " link %s, end %c", link, "ab"[end]);
	return buf;
}

void port_release(struct port *port)
{
	link_delete_parent(&port->peering);
	port_unmake(port);
	port_spec_release(&port->spec);
	free(steal_ptr(port->reason));
}
