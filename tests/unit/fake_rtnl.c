/* SPDX-License-Identifier: ISC */
/* rtnetlink(7), as src/kernel/rtnl.h has it, over the kernel in memory. */

#include <stdio.h>

#include "fake_kernel.h"
#include "kernel/rtnl.h"

#ifndef IFF_LOWER_UP
#define IFF_LOWER_UP 0x10000
#endif

/* --- finding ---------------------------------------------------------------------------------- */

struct rtnl {
	int fd;
	struct fake_netns *netns;
};

int rtnl_open(int netns_fd, struct rtnl **ret)
{
	struct rtnl *rtnl;

	FAKE_CALL(FAKE_NO_FILES, ETIMEDOUT, EAGAIN);
	rtnl = malloc(sizeof(*rtnl));
	fake_require(rtnl);
	rtnl->netns = netns_fd < 0 ? fake.current : fake_netns_of(netns_fd);
	fake_netns_get(rtnl->netns);
	rtnl->fd = fake_open(&(struct fake_file){ .kind = FAKE_FILE_SOCKET, .netns = rtnl->netns });
	*ret = rtnl;
	return 0;
}

void rtnl_close(struct rtnl *rtnl)
{
	if (!rtnl)
		return;
	safe_close(rtnl->fd);
	free(rtnl);
}

static int describe(const struct fake_dev *dev, struct rtnl_dev *ret)
{
	if (!dev)
		return -ENODEV;
	*ret = (struct rtnl_dev){
		.index = dev->index,
		.mtu = dev->mtu,
		.flags = dev->up ? IFF_UP | (dev->carrier ? IFF_LOWER_UP : 0) : 0,
		.master = dev->master,
		.vrf_table = dev->table,
		.is_vrf = dev->kind == FAKE_VRF,
		.no_ipv6 = dev->no_ipv6,
		.tun_pi = dev->pi,
		.tun_persist = dev->persist,
		.tun_queues = dev->multi ? dev->queues + dev->foreign : 0,
	};
	memcpy(ret->name, dev->name, IFNAMSIZ);
	memcpy(ret->alias, dev->alias, sizeof(ret->alias));
	return 0;
}

int rtnl_dev_by_name(struct rtnl *rtnl, const char *name, struct rtnl_dev *ret)
{
	FAKE_CALL(FAKE_NO_MEMORY);
	return describe(fake_dev_by_name(rtnl->netns, name), ret);
}

static struct fake_netns *target(const struct rtnl *rtnl, int nsid)
{
	return nsid < 0 ? rtnl->netns : fake_netns_by_nsid(nsid);
}

int rtnl_dev_by_nsid(struct rtnl *rtnl, int nsid, unsigned int index, struct rtnl_dev *ret)
{
	FAKE_CALL(FAKE_NO_MEMORY);
	if (!target(rtnl, nsid))
		return -EINVAL;
	return describe(fake_dev_by_index(target(rtnl, nsid), index), ret);
}

int rtnl_dev_by_nsid_name(struct rtnl *rtnl, int nsid, const char *name, struct rtnl_dev *ret)
{
	FAKE_CALL(FAKE_NO_MEMORY);
	if (!target(rtnl, nsid))
		return -EINVAL;
	return describe(fake_dev_by_name(target(rtnl, nsid), name), ret);
}

int rtnl_has_nsid(struct rtnl *rtnl _unused_, int netns_fd)
{
	FAKE_CALL(FAKE_NO_MEMORY);
	return fake_netns_of(netns_fd)->nsid >= 0;
}

int rtnl_nsid(struct rtnl *rtnl _unused_, int netns_fd, int *ret)
{
	FAKE_CALL(FAKE_NO_MEMORY);
	*ret = fake_netns_number(fake_netns_of(netns_fd));
	return 0;
}

/* --- changing --------------------------------------------------------------------------------- */

#define FIND(dev, rtnl, index)                                          \
	struct fake_dev *dev = fake_dev_by_index((rtnl)->netns, index); \
	if (!(dev))                                                     \
		return -ENODEV;                                         \
	FAKE_CALL(FAKE_NO_MEMORY)

int rtnl_dev_configure(struct rtnl *rtnl, unsigned int index, const char *alias, unsigned int mtu,
		       unsigned int queue_length _unused_)
{
	FIND(dev, rtnl, index);
	fake_dev_alias(dev, alias);
	return fake_dev_mtu(dev, mtu);
}

int rtnl_dev_move(struct rtnl *rtnl, unsigned int index, int netns_fd, const char *name,
		  unsigned int master)
{
	int r;

	FIND(dev, rtnl, index);
	r = fake_dev_rename(dev, name);
	if (r >= 0)
		r = fake_call("rtnl_dev_move (2)", FAKE_ERRNOS(FAKE_NO_MEMORY));
	if (r >= 0)
		r = fake_dev_move(dev, fake_netns_of(netns_fd));
	if (r >= 0 && master > 0)
		r = fake_call("rtnl_dev_move (3)", FAKE_ERRNOS(FAKE_NO_MEMORY, EINVAL));
	return r < 0 ? r : fake_dev_enslave(dev, master);
}

int rtnl_dev_delete(struct rtnl *rtnl, unsigned int index)
{
	FIND(dev, rtnl, index);
	fake_dev_remove(dev);
	return 0;
}

int rtnl_dev_set_up(struct rtnl *rtnl, unsigned int index, bool up)
{
	FIND(dev, rtnl, index);
	fake_dev_up(dev, up);
	return 0;
}

int rtnl_dev_set_mtu(struct rtnl *rtnl, unsigned int index, unsigned int mtu)
{
	FIND(dev, rtnl, index);
	return fake_dev_mtu(dev, mtu);
}

int rtnl_dev_set_alias(struct rtnl *rtnl, unsigned int index, const char *alias)
{
	FIND(dev, rtnl, index);
	fake_dev_alias(dev, alias);
	return 0;
}

int rtnl_dev_rename(struct rtnl *rtnl, unsigned int index, const char *name)
{
	int r, raised = 0;
	bool up;

	FIND(dev, rtnl, index);
	up = dev->up && fake.old && !streq(dev->name, name);
	if (up)
		fake_dev_up(dev, false);
	r = fake_dev_rename(dev, name);
	if (up)
		raised = fake_call("rtnl_dev_rename (2)", FAKE_ERRNOS(FAKE_NO_MEMORY));
	if (up && raised >= 0)
		fake_dev_up(dev, true);
	return r < 0 ? r : raised;
}

int rtnl_dev_add_address(struct rtnl *rtnl, unsigned int index, const struct ip_prefix *address,
			 const struct ip_address *peer)
{
	FIND(dev, rtnl, index);
	return fake_address_add(dev, address, peer);
}

int rtnl_dev_delete_address(struct rtnl *rtnl, unsigned int index, const struct ip_prefix *address,
			    const struct ip_address *peer _unused_)
{
	FIND(dev, rtnl, index);
	return fake_address_delete(dev, address);
}

int rtnl_dev_promote_secondaries(struct rtnl *rtnl, unsigned int index)
{
	FIND(dev, rtnl, index);
	return 0;
}

int rtnl_dev_addresses(struct rtnl *rtnl, unsigned int index, int family,
		       void (*fn)(const struct ip_prefix *address, const struct ip_address *peer,
				  void *userdata),
		       void *userdata)
{
	FIND(dev, rtnl, index);
	for (size_t i = 0; i < dev->n_addresses; i++)
		if (family == AF_UNSPEC || dev->addresses[i].prefix.address.family == family)
			fn(&dev->addresses[i].prefix, &dev->addresses[i].peer, userdata);
	return 0;
}

int rtnl_dev_find_address6(struct rtnl *rtnl, unsigned int index, const struct ip_address *address,
			   struct ip_prefix *ret, struct ip_address *ret_peer)
{
	const struct fake_address *found;

	FIND(dev, rtnl, index);
	found = fake_address_find(dev, address);
	if (!found)
		return -ENOENT;
	*ret = found->prefix;
	*ret_peer = found->peer;
	return 0;
}

int rtnl_dev_routes(struct rtnl *rtnl, unsigned int index,
		    void (*fn)(const struct route_spec *route, uint32_t table, void *userdata),
		    void *userdata)
{
	FIND(dev, rtnl, index);
	for (size_t i = 0; i < dev->n_routes; i++)
		if (dev->routes[i].protocol == RTNL_ROUTE_PROTOCOL)
			fn(&dev->routes[i].route, dev->routes[i].table, userdata);
	return 0;
}

int rtnl_dev_has_route(struct rtnl *rtnl, unsigned int index, const struct route_spec *route,
		       uint32_t table)
{
	FIND(dev, rtnl, index);
	return fake_route_find(dev, route, table);
}

int rtnl_find_rival(struct rtnl *rtnl, unsigned int vrf _unused_, const struct route_spec *route,
		    uint32_t table, unsigned int *ret)
{
	const struct fake_dev *rival;

	FAKE_CALL(FAKE_NO_MEMORY);
	rival = fake_route_rival(rtnl->netns, route, table);
	if (!rival)
		return 0;
	*ret = rival->index;
	return 1;
}

int rtnl_dev_add_route(struct rtnl *rtnl, unsigned int index, const struct route_spec *route,
		       uint32_t table)
{
	FIND(dev, rtnl, index);
	return fake_route_add(dev, route, table, RTNL_ROUTE_PROTOCOL);
}

int rtnl_dev_replace_route(struct rtnl *rtnl, unsigned int index, const struct route_spec *route,
			   uint32_t table)
{
	FIND(dev, rtnl, index);
	(void)fake_route_delete(dev, route, table);
	return fake_route_add(dev, route, table, RTNL_ROUTE_PROTOCOL);
}

int rtnl_dev_delete_route(struct rtnl *rtnl, unsigned int index, const struct route_spec *route,
			  uint32_t table)
{
	int r;

	FIND(dev, rtnl, index);
	r = fake_route_delete(dev, route, table);
	return r == -ESRCH ? 0 : r;
}

int rtnl_dev_enslave(struct rtnl *rtnl, unsigned int index, unsigned int master)
{
	FIND(dev, rtnl, index);
	return fake_dev_enslave(dev, master);
}

int rtnl_dev_set_group(struct rtnl *rtnl, unsigned int index, uint32_t group)
{
	FIND(dev, rtnl, index);
	dev->group = group;
	return 0;
}

int rtnl_delete_group(struct rtnl *rtnl, uint32_t group)
{
	struct fake_dev *dev, *next;

	FAKE_CALL(FAKE_NO_MEMORY, EOPNOTSUPP);
	for (dev = TAILQ_FIRST(&rtnl->netns->devs); dev; dev = next) {
		next = TAILQ_NEXT(dev, entry);
		if (dev->group == group)
			fake_dev_remove(dev);
	}
	return 0;
}

int rtnl_dev_release(struct rtnl *rtnl, unsigned int index)
{
	FIND(dev, rtnl, index);
	return fake_dev_enslave(dev, 0);
}

int rtnl_dev_delete_altname(struct rtnl *rtnl, unsigned int index, const char *name)
{
	FIND(dev, rtnl, index);
	if (!streq(dev->altname, name))
		return -EINVAL;
	dev->altname[0] = '\0';
	return 0;
}
