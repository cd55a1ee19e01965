/* SPDX-License-Identifier: ISC */

/*
 * Removes the devices of ports.
 *
 * Theory of operation
 *
 * The kernel removes an interface after an RCU grace period, for which the caller waits
 * (netdev_run_todo()), and several shorter ones under the rtnl lock. All interfaces of a group wait
 * for the same ones. So ports of one namespace, and the hidden interfaces of their fast path, are put
 * into a group that nobody else uses, and the group is removed; namespaces wait beside each other,
 * in a thread each.
 *
 * The number of the group is the time: no two calls have the same one, and no administrator chose
 * it. Whoever puts an interface into it meanwhile is asking for it.
 */

#include "kernel/thread.h"
#include "port/fastpath.h"
#include "port/look.h"
#include "port/port-private.h"

#define GROUP_BIT UINT32_C(0x80000000) /* far from the numbers that people choose, and not 0 */

void port_remove(struct port *port)
{
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;

	/* if that fails, the interface or its namespace has been removed already; or it is being
	 * renamed at this moment, and then closing it removes it */
	if (port_open_rtnl(port, &rtnl) >= 0)
		(void)rtnl_dev_delete(rtnl, port->index);
	tun_end_persistence(&port->tun);
	port_unmake(port);
}

/* --- those of one namespace ------------------------------------------------------------------- */

struct group {
	struct port **ports;
	size_t n;
};

/* Return: a socket in the namespace, or NULL when no port is there any more. */
static struct rtnl *open_rtnl(const struct group *group)
{
	struct rtnl *rtnl;

	for (size_t i = 0; i < group->n; i++)
		if (port_open_rtnl(group->ports[i], &rtnl) >= 0)
			return rtnl;
	return NULL;
}

static void join_group(struct rtnl *rtnl, const struct port *port, uint32_t number)
{
	unsigned int hidden;

	if (port_check_index(rtnl, port) < 0)
		return;
	(void)rtnl_dev_set_group(rtnl, port->index, number);
	if (fastpath_find_hidden(rtnl, port, &hidden))
		(void)rtnl_dev_set_group(rtnl, hidden, number);
}

static void delete_group(const struct group *group)
{
	uint32_t number = GROUP_BIT | (uint32_t)monotonic_usec();
	_cleanup_rtnl_ struct rtnl *rtnl = open_rtnl(group);

	for (size_t i = 0; rtnl && i < group->n; i++)
		join_group(rtnl, group->ports[i], number);
	if (rtnl)
		(void)rtnl_delete_group(rtnl, number);
}

/* @ports, @list: room for as many */
static void remove_devices(struct staging *staging, const int fds[], struct port ports[],
			   struct port *list[], size_t n)
{
	struct rtnl_dev dev;

	for (size_t i = 0; i < n; i++) {
		list[i] = &ports[i];
		ports[i] = (struct port){ .tun = { .queues = { fds[i] }, .n_queues = 1 } };
		ports[i].peering.present = port_locate(staging, &ports[i], &dev) >= 0;
	}
	delete_group(&(struct group){ .ports = list, .n = n });
}

/* Without memory for all devices it removes one after another, which takes longer. */
void port_remove_devices(struct staging *staging, const int fds[], size_t n)
{
	_cleanup_free_ struct port *ports = calloc(n, sizeof(*ports));
	_cleanup_free_ struct port **list = calloc(n, sizeof(*list));
	struct port one, *one_listed;

	if (ports && list)
		remove_devices(staging, fds, ports, list, n);
	else
		for (size_t i = 0; i < n; i++)
			remove_devices(staging, fds + i, &one, &one_listed, 1);
}

static void remove_group(const struct group *group)
{
	delete_group(group);
	/* those that are still there, too */
	for (size_t i = 0; i < group->n; i++)
		port_remove(group->ports[i]);
}

/* --- of several ------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	const struct port *const *x = a, *const *y = b;

	return ((*x)->nsid > (*y)->nsid) - ((*x)->nsid < (*y)->nsid);
}

/* Return: how many there are. */
static size_t divide(struct port *ports[], size_t n, struct group ret[])
{
	size_t groups = 0;

	qsort(ports, n, sizeof(struct port *), compare);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || ports[i]->nsid != ports[i - 1]->nsid)
			ret[groups++] = (struct group){ .ports = &ports[i] };
		ret[groups - 1].n++;
	}
	return groups;
}

static int remove_first(void *groups)
{
	remove_group(groups);
	return 0;
}

static void remove_one(void *groups, size_t i)
{
	remove_group(&((const struct group *)groups)[i]);
}

void port_remove_all(struct staging *staging, struct port *ports[], size_t n)
{
	_cleanup_free_ struct group *groups = NULL;
	size_t n_groups;

	if (n > 0)
		groups = calloc(n, sizeof(*groups));
	if (!groups) {
		for (size_t i = 0; i < n; i++)
			port_remove(ports[i]);
		return;
	}
	n_groups = divide(ports, n, groups);
	netns_thread_begin(staging->thread, remove_first, groups);
	thread_each(remove_one, groups + 1, n_groups - 1);
	(void)netns_thread_end(staging->thread);
}
