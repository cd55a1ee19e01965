/* SPDX-License-Identifier: ISC */

/* Reads a device from the kernel: where it is, and what it has. */

#include <stdio.h>

#include "kernel/netns-pid.h"
#include "kernel/tc.h"
#include "port/derive.h"
#include "port/look.h"

#define NAMES_USEC (500 * USEC_PER_MSEC) /* for each device */

/* --- where it is ------------------------------------------------------------------------------ */

static bool is_own(const struct netns_id *netns)
{
	_cleanup_close_ int fd = netns_open_self();
	struct netns_id own;

	return fd >= 0 && netns_identify(fd, &own) >= 0 && netns_equal(&own, netns);
}

/* A namespace, and the domain that gets its name. */
struct wanted_name {
	const struct netns_id *netns;
	struct domain *domain;
};

static int compare_name(const char *name, void *userdata)
{
	const struct wanted_name *wanted = userdata;

	if (netns_pid_named(name, wanted->netns) <= 0)
		return 0;
	wanted->domain->netns = DOMAIN_NETNS_NAMED;
	snprintf(wanted->domain->name, sizeof(wanted->domain->name), "%s", name);
	return 1;
}

/* Finds the name of a namespace in /run/netns, among as many names as can be compared in time. */
static int find_name(const struct netns_id *netns, struct domain *ret)
{
	struct wanted_name wanted = { netns, ret };

	return netns_each_name(NAMES_USEC, compare_name, &wanted) > 0 ? 0 : -ENOENT;
}

static int find_domain(int netns_fd, const struct rtnl_dev *master, struct domain *ret)
{
	struct domain domain = { .netns = DOMAIN_NETNS_SELF };
	struct netns_id netns;
	int r;

	r = netns_identify(netns_fd, &netns);
	if (r >= 0 && !is_own(&netns))
		r = find_name(&netns, &domain);
	if (r < 0)
		return r;
	snprintf(domain.vrf, sizeof(domain.vrf), "%s", master->name);
	*ret = domain;
	return 0;
}

/* --- what it has ------------------------------------------------------------------------------ */

static void add_address(const struct ip_prefix *address, const struct ip_address *peer,
			void *userdata)
{
	char text[IP_PREFIX_TEXT_MAX], peer_text[IP_TEXT_MAX];

	/* a port's own link-local address is made, not given */
	if (address->address.family == AF_INET6 && address->address.bytes[0] == 0xfe &&
	    (address->address.bytes[1] & 0xc0) == 0x80)
		return;
	ip_address_format(peer, peer_text);
	(void)port_spec_add_address(userdata, ip_prefix_format(address, text),
				    peer_text[0] ? peer_text : NULL, NULL);
}

static void add_route(const struct route_spec *route, uint32_t table _unused_, void *userdata)
{
	char text[ROUTE_TEXT_MAX];

	(void)port_spec_add_route(userdata, route_format(route, text), NULL);
}

/* A socket for each: one with more addresses than are read is unusable afterwards. */
static int read_settings(int netns_fd, unsigned int index, struct port_spec *spec)
{
	_cleanup_rtnl_ struct rtnl *addresses = NULL, *routes = NULL;
	struct tc_filter filter;
	int r;

	r = rtnl_open(netns_fd, &addresses);
	if (r >= 0)
		spec->fastpath = tc_find(addresses, index, TC_EGRESS, &filter) >= 0;
	if (r >= 0)
		r = rtnl_dev_addresses(addresses, index, AF_UNSPEC, add_address, spec);
	if (r >= 0)
		r = rtnl_open(netns_fd, &routes);
	return r < 0 ? r : rtnl_dev_routes(routes, index, add_route, spec);
}

/* --- all of it -------------------------------------------------------------------------------- */

/* @where: the port of the device, without a spec; its tun is borrowed */
static int read_device(struct staging *staging, struct port *where, struct port_derived *found)
{
	_cleanup_close_ int netns_fd = tun_netns(tun_fd(&where->tun));
	struct port_spec *spec = &found->spec;
	struct rtnl_dev dev, master = { 0 };
	int r;

	if (netns_fd < 0)
		return netns_fd;
	r = port_locate(staging, where, &dev);
	if (r >= 0 && dev.master > 0)
		r = rtnl_dev_by_nsid(staging->own, where->nsid, dev.master, &master);
	if (r >= 0)
		r = find_domain(netns_fd, &master, &spec->domain);
	if (r >= 0)
		r = read_settings(netns_fd, dev.index, spec);
	if (r < 0)
		return r;
	memcpy(spec->ifname, dev.name, IFNAMSIZ);
	memcpy(found->alias, dev.alias, sizeof(found->alias));
	spec->mtu = dev.mtu;
	spec->offload = where->tun.header >= TUN_VNET_HEADER;
	spec->mpls = dev.tun_pi;
	spec->queues = where->tun.n_queues;
	return 0;
}

int port_derive(struct staging *staging, const int fds[], unsigned int n, struct port_derived *ret)
{
	struct port_derived found = { .spec = PORT_SPEC_INIT };
	struct port where = { 0 };
	int r;

	r = tun_adopt(fds, n, &where.tun);
	if (r >= 0)
		r = read_device(staging, &where, &found);
	if (r < 0) {
		port_spec_release(&found.spec);
		return r;
	}
	*ret = found;
	return 0;
}
