/* SPDX-License-Identifier: ISC */
/* What becomes of an interface when somebody does something with it, as in Linux. */

#include <stdio.h>

#include "fake_kernel.h"

#define IPV6_MTU_MIN 1280
#define DEV_MTU_MIN  68
#define DUMMY_MTU    1500

/* --- finding ---------------------------------------------------------------------------------- */

struct fake_dev *fake_dev_by_name(const struct fake_netns *netns, const char *name)
{
	struct fake_dev *dev;

	TAILQ_FOREACH(dev, &netns->devs, entry)
	{
		if (streq(dev->name, name) || (*dev->altname && streq(dev->altname, name)))
			return dev;
	}
	return NULL;
}

struct fake_dev *fake_dev_by_index(const struct fake_netns *netns, unsigned int index)
{
	struct fake_dev *dev;

	TAILQ_FOREACH(dev, &netns->devs, entry)
	{
		if (dev->index == index)
			return dev;
	}
	return NULL;
}

/* --- addresses and routes --------------------------------------------------------------------- */

static void drop_address(struct fake_dev *dev, size_t i)
{
	dev->n_addresses--;
	memmove(&dev->addresses[i], &dev->addresses[i + 1],
		(dev->n_addresses - i) * sizeof(dev->addresses[0]));
	fake_tell_settings(dev);
}

static void drop_addresses(struct fake_dev *dev, int family)
{
	for (size_t i = dev->n_addresses; i-- > 0;)
		if (family == AF_UNSPEC || dev->addresses[i].prefix.address.family == family)
			drop_address(dev, i);
}

/* The kernel says nothing of IPv4 routes that go with their interface. */
static void drop_route(struct fake_dev *dev, size_t i, bool silent)
{
	dev->n_routes--;
	memmove(&dev->routes[i], &dev->routes[i + 1], (dev->n_routes - i) * sizeof(dev->routes[0]));
	if (!silent)
		fake_tell_settings(dev);
}

static void drop_routes(struct fake_dev *dev, int family)
{
	for (size_t i = dev->n_routes; i-- > 0;) {
		int of = dev->routes[i].route.to.address.family;

		if (family == AF_UNSPEC || of == family)
			drop_route(dev, i, of == AF_INET);
	}
}

static bool has_ipv6(const struct fake_dev *dev)
{
	return !dev->no_ipv6 && dev->mtu >= IPV6_MTU_MIN;
}

const struct fake_address *fake_address_find(const struct fake_dev *dev,
					     const struct ip_address *address)
{
	for (size_t i = 0; i < dev->n_addresses; i++)
		if (ip_address_equal(&dev->addresses[i].prefix.address, address))
			return &dev->addresses[i];
	return NULL;
}

/* An IPv6 address is there once; an IPv4 address with each length. */
static bool address_exists(const struct fake_dev *dev, const struct ip_prefix *prefix)
{
	for (size_t i = 0; i < dev->n_addresses; i++) {
		const struct ip_prefix *have = &dev->addresses[i].prefix;

		if (ip_address_equal(&have->address, &prefix->address) &&
		    (prefix->address.family == AF_INET6 || have->length == prefix->length))
			return true;
	}
	return false;
}

int fake_address_add(struct fake_dev *dev, const struct ip_prefix *prefix,
		     const struct ip_address *peer)
{
	struct fake_address address = { .prefix = *prefix };

	if (prefix->address.family == AF_INET6 && dev->no_ipv6)
		return -EACCES;
	if (prefix->address.family == AF_INET6 && !has_ipv6(dev))
		return -EINVAL;
	if (address_exists(dev, prefix))
		return -EEXIST;
	if (dev->n_addresses == FAKE_ADDRESSES_MAX)
		return -ENOBUFS;
	if (peer)
		address.peer = *peer;
	dev->addresses[dev->n_addresses++] = address;
	fake_tell_settings(dev);
	return 0;
}

int fake_address_delete(struct fake_dev *dev, const struct ip_prefix *prefix)
{
	for (size_t i = 0; i < dev->n_addresses; i++) {
		if (!ip_prefix_equal(&dev->addresses[i].prefix, prefix))
			continue;
		drop_address(dev, i);
		return 0;
	}
	return -EADDRNOTAVAIL;
}

bool fake_route_find(const struct fake_dev *dev, const struct route_spec *route, uint32_t table)
{
	for (size_t i = 0; i < dev->n_routes; i++)
		if (dev->routes[i].table == table && route_equal(&dev->routes[i].route, route))
			return true;
	return false;
}

static struct fake_route *find_key(struct fake_dev *dev, const struct route_spec *route,
				   uint32_t table)
{
	for (size_t i = 0; i < dev->n_routes; i++)
		if (dev->routes[i].table == table && route_same_key(&dev->routes[i].route, route))
			return &dev->routes[i];
	return NULL;
}

struct fake_dev *fake_route_rival(const struct fake_netns *netns, const struct route_spec *route,
				  uint32_t table)
{
	struct fake_dev *dev;

	TAILQ_FOREACH(dev, &netns->devs, entry)
	{
		if (find_key(dev, route, table))
			return dev;
	}
	return NULL;
}

int fake_route_add(struct fake_dev *dev, const struct route_spec *route, uint32_t table,
		   unsigned char protocol)
{
	if (!dev->up)
		return -ENETDOWN;
	if (route->to.address.family == AF_INET6 && !has_ipv6(dev))
		return dev->no_ipv6 ? -EACCES : -ENODEV;
	if (fake_route_rival(dev->netns, route, table)) {
		dev->touched |= FAKE_TOUCHED_SETTINGS; /* whoever has it was there first */
		return -EEXIST;
	}
	if (dev->n_routes == FAKE_ROUTES_MAX)
		return -ENOBUFS;
	dev->routes[dev->n_routes++] = (struct fake_route){ *route, table, protocol };
	fake_tell_settings(dev);
	return 0;
}

int fake_route_delete(struct fake_dev *dev, const struct route_spec *route, uint32_t table)
{
	struct fake_route *found = find_key(dev, route, table);

	if (!found)
		return -ESRCH;
	drop_route(dev, (size_t)(found - dev->routes), false);
	return 0;
}

/* --- interfaces ------------------------------------------------------------------------------- */

static void enter(struct fake_netns *netns, struct fake_dev *dev)
{
	dev->netns = netns;
	if (dev->index == 0 || fake_dev_by_index(netns, dev->index))
		dev->index = ++netns->last_index;
	netns->last_index = MAX(netns->last_index, dev->index);
	TAILQ_INSERT_TAIL(&netns->devs, dev, entry);
	fake_tell_device(dev, false);
}

struct fake_dev *fake_dev_new(struct fake_netns *netns, const char *name, enum fake_kind kind)
{
	struct fake_dev *dev;

	if (fake_dev_by_name(netns, name))
		return NULL;
	dev = calloc(1, sizeof(*dev));
	fake_require(dev && strlen(name) < IFNAMSIZ);
	dev->kind = kind;
	dev->mtu = DUMMY_MTU;
	dev->carrier = true;
	strcpy(dev->name, name);
	enter(netns, dev);
	return dev;
}

struct fake_dev *fake_vrf_new(struct fake_netns *netns, const char *name, uint32_t table)
{
	struct fake_dev *dev = fake_dev_new(netns, name, FAKE_VRF);

	if (dev)
		dev->table = table;
	return dev;
}

void fake_dev_up(struct fake_dev *dev, bool up)
{
	if (dev->up == up)
		return;
	dev->up = up;
	if (!up) {
		drop_routes(dev, AF_UNSPEC);
		drop_addresses(dev, AF_INET6);
	}
	fake_tell_device(dev, false);
}

int fake_dev_mtu(struct fake_dev *dev, unsigned int mtu)
{
	if (mtu < DEV_MTU_MIN)
		return -EINVAL;
	if (dev->mtu == mtu)
		return 0;
	dev->mtu = mtu;
	if (!has_ipv6(dev)) {
		drop_routes(dev, AF_INET6);
		drop_addresses(dev, AF_INET6);
	}
	fake_tell_device(dev, false);
	return 0;
}

void fake_dev_no_ipv6(struct fake_dev *dev, bool off)
{
	dev->no_ipv6 = off;
	if (!off)
		return;
	drop_routes(dev, AF_INET6);
	drop_addresses(dev, AF_INET6);
}

int fake_dev_rename(struct fake_dev *dev, const char *name)
{
	const struct fake_dev *other = fake_dev_by_name(dev->netns, name);

	if (streq(dev->name, name))
		return 0;
	if (other)
		return -EEXIST;
	strcpy(dev->name, name);
	fake_tell_device(dev, false);
	return 0;
}

void fake_dev_alias(struct fake_dev *dev, const char *alias)
{
	snprintf(dev->alias, sizeof(dev->alias), "%s", alias);
	fake_tell_device(dev, false);
}

void fake_dev_carrier(struct fake_dev *dev, bool carrier)
{
	if (dev->carrier == carrier)
		return;
	dev->carrier = carrier;
	fake_tell_device(dev, false);
}

/* A VRF takes its ports down and up again, for what they have to be in its table (cycle_netdev()).
 */
int fake_dev_enslave(struct fake_dev *dev, unsigned int master)
{
	const struct fake_dev *vrf = fake_dev_by_index(dev->netns, master);

	if (master > 0 && (!vrf || vrf == dev))
		return -EINVAL;
	if (dev->master == master)
		return 0;
	dev->master = master;
	fake_tell_device(dev, false);
	if (dev->up) {
		fake_dev_up(dev, false);
		fake_dev_up(dev, true);
	}
	return 0;
}

static void release_ports(struct fake_dev *vrf)
{
	struct fake_dev *dev;

	TAILQ_FOREACH(dev, &vrf->netns->devs, entry)
	{
		if (dev->master == vrf->index)
			(void)fake_dev_enslave(dev, 0);
	}
}

/* As it leaves its namespace, or all of them. */
static void leave(struct fake_dev *dev)
{
	fake_dev_up(dev, false);
	drop_addresses(dev, AF_UNSPEC);
	dev->master = 0;
	if (dev->kind == FAKE_VRF)
		release_ports(dev);
	TAILQ_REMOVE(&dev->netns->devs, dev, entry);
	fake_tell_device(dev, true);
}

void fake_dev_remove(struct fake_dev *dev)
{
	leave(dev);
	dev->netns = NULL;
	dev->index = 0;
	dev->persist = false;
	if (dev->queues == 0)
		free(dev);
}

void fake_dev_release(struct fake_dev *dev)
{
	if (dev->queues > 0)
		return;
	if (!dev->netns)
		free(dev);
	else if (!dev->persist && dev->foreign == 0)
		fake_dev_remove(dev);
}

int fake_dev_move(struct fake_dev *dev, struct fake_netns *to)
{
	if (dev->netns == to)
		return 0;
	if (fake_dev_by_name(to, dev->name) ||
	    (*dev->altname && fake_dev_by_name(to, dev->altname)))
		return -EEXIST;
	leave(dev);
	enter(to, dev);
	fake_join_events();
	return 0;
}
