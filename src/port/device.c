/* SPDX-License-Identifier: ISC */
/* The device of a port: makes, adopts and removes a TUN. */
#include <stdio.h>

#include "kernel/thread.h"
#include "port/look.h"
#include "port/port-private.h"

#ifndef IFF_LOWER_UP
#define IFF_LOWER_UP 0x10000 /* of <linux/if.h>, which does not go with <net/if.h> */
#endif

_Static_assert(SPEC_QUEUES_MAX <= TUN_QUEUES_MAX, "a port has the queues that were asked for");

/* Packets that may wait for the shuttle: the kernel's default of 500 is too few for a TCP window.
 */
#define QUEUE_LENGTH 2000
#define STAGING_NAME "rportd-new%d" /* no other interface has such a name */

/* --- the staging namespace -------------------------------------------------------------------- */

static int open_staging(void *arg)
{
	struct staging *staging = arg;

	return rtnl_open(-1, &staging->inside);
}

struct open_job {
	struct tun_options options;
	struct tun *ret;
};

static int open_tun(void *arg)
{
	struct open_job *job = arg;

	return tun_open(STAGING_NAME, &job->options, job->ret);
}

static int open_staged(struct staging *staging, struct tun_options options, struct tun *ret,
		       struct rport_error *err)
{
	struct open_job job = { .options = options, .ret = ret };
	int r;

	r = netns_thread_run(staging->thread, open_tun, &job);
	if (r == -ENOENT || r == -ENODEV || r == -ENXIO)
		return rport_error_set(err, RPORT_ERR_SYSTEM, -r,
				       "cannot open /dev/net/tun: %s (is the tun module there?)",
				       strerror(-r));
	if (r < 0)
		return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot make a TUN device: %s",
				       strerror(-r));
	return 0;
}

/* Does netlink report how many queues of a device are open? */
static bool are_queues_told(struct staging *staging, const struct tun *tun)
{
	char name[IFNAMSIZ];
	struct rtnl_dev dev;

	return tun_name(tun_fd(tun), name) >= 0 &&
	       rtnl_dev_by_nsid_name(staging->inside, -1, name, &dev) >= 0 &&
	       dev.tun_queues == tun->n_queues;
}

int staging_open(struct staging *ret, struct rport_error *err)
{
	struct staging staging = { 0 };
	const char *step = "making the staging namespace";
	struct tun probe;
	int r;

	r = netns_thread_new("rportd-staging", &staging.thread);
	if (r >= 0) {
		step = "opening netlink sockets";
		r = netns_thread_run(staging.thread, open_staging, &staging);
	}
	if (r >= 0)
		r = rtnl_open(-1, &staging.own);
	if (r < 0) {
		staging_close(&staging);
		return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "%s: %s%s", step, strerror(-r),
				       r == -EPERM ? " (CAP_SYS_ADMIN and CAP_NET_ADMIN are needed)"
						   : "");
	}
	r = open_staged(&staging, (struct tun_options){ .offload = true, .queues = 2 }, &probe,
			err);
	if (r < 0) {
		staging_close(&staging);
		return r;
	}
	staging.nowait = tun_has_nowait(tun_fd(&probe));
	staging.queues_watched = are_queues_told(&staging, &probe) && tun_watchable(&probe);
	tun_close(&probe);
	*ret = staging;
	return 0;
}

void staging_close(struct staging *staging)
{
	rtnl_close(steal_ptr(staging->inside));
	rtnl_close(steal_ptr(staging->own));
	netns_thread_free(steal_ptr(staging->thread));
}

/* --- making a port ---------------------------------------------------------------------------- */

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

/* In the staging namespace: what the device gets before other processes can see it. */
static int prepare(struct staging *staging, struct port *port)
{
	char name[IFNAMSIZ];
	struct rtnl_dev dev;
	int r;

	r = tun_name(tun_fd(&port->tun), name);
	if (r < 0)
		return r;
	r = rtnl_dev_by_name(staging->inside, name, &dev);
	if (r < 0)
		return r;
	port->index = dev.index;
	port->mtu = port->spec.mtu;
	return rtnl_dev_configure(staging->inside, dev.index,
				  port->alias[0] ? port->alias : PORT_ALIAS, port->mtu,
				  QUEUE_LENGTH);
}

static int name_taken(const struct port *port, struct rport_error *err)
{
	char domain[DOMAIN_TEXT_MAX];

	return rport_error_set(err, RPORT_ERR_INTERFACE_EXISTS, EEXIST,
			       "there is an interface %s in %s already: choose another name",
			       port->spec.ifname, domain_format(&port->spec.domain, domain));
}

/* The name may be an altname (ip-link(8)) of an interface that has so many of these that the answer
 * does not fit into a message (EMSGSIZE). */
int port_name_taken(struct staging *staging, const struct domain_place *place, const char *name)
{
	struct rtnl_dev dev;
	int nsid, r;

	r = rtnl_nsid(staging->own, place->netns_fd, &nsid);
	if (r >= 0)
		r = rtnl_dev_by_nsid_name(staging->own, nsid, name, &dev);
	if (r == -ENODEV)
		return 0;
	return r >= 0 || r == -EMSGSIZE ? 1 : r;
}

static int move(struct staging *staging, struct port *port, const struct domain_place *place,
		struct rport_error *err)
{
	int r;

	r = rtnl_dev_move(staging->inside, port->index, place->netns_fd, port->spec.ifname,
			  place->vrf_index);
	if (r == -EEXIST)
		return name_taken(port, err);
	return r < 0 ? port_step_failed(err, r, port, "move to its domain") : 0;
}

/*
 * The kernel's link-local address for a TUN is random, and differs each time it is set up. This one
 * is a hash (FNV-1a, 64 bits) of domain and name in the spec, even if the interface was renamed
 * meanwhile, so that routing daemons find the same address again.
 */
struct ip_address port_make_link_local(const struct port_spec *spec)
{
	struct ip_address address = { .family = AF_INET6, .bytes = { 0xfe, 0x80 } };
	char domain[DOMAIN_TEXT_MAX], seed[PORT_TEXT_MAX];
	uint64_t hash = 0xcbf29ce484222325;

	snprintf(seed, sizeof(seed), "%s/%s", domain_format(&spec->domain, domain), spec->ifname);
	for (const char *c = seed; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 0x100000001b3;
	for (int i = 0; i < 8; i++)
		address.bytes[8 + i] = (unsigned char)(hash >> (56 - 8 * i));
	/* not an identifier that is unique in the world (RFC 4291, 2.5.1) */
	address.bytes[8] &= 0xfd;
	return address;
}

static int make(struct staging *staging, struct port *port, const struct domain_place *place,
		struct rport_error *err)
{
	struct rtnl_dev dev;
	int r;

	if (port->spec.queues > 1 && !staging->queues_watched && !staging->queues_forced)
		return rport_error_set(
			err, RPORT_ERR_SYSTEM, EOPNOTSUPP,
			"this kernel does not tell when somebody opens a queue of an "
			"interface that has several: ask for one, or start rportd "
			"with --unwatched-queues (see rportd(8))");
	r = port_name_taken(staging, place, port->spec.ifname);
	if (r != 0)
		return r > 0 ? name_taken(port, err) : port_step_failed(err, r, port, "look for");
	r = open_staged(staging,
			(struct tun_options){ .offload = port->spec.offload,
					      .mpls = port->spec.mpls,
					      .queues = port->spec.queues },
			&port->tun, err);
	if (r < 0)
		return r;
	r = prepare(staging, port);
	if (r < 0)
		return port_step_failed(err, r, port, "prepare");
	r = move(staging, port, place, err);
	if (r < 0)
		return r;
	r = port_locate(staging, port, &dev);
	return r < 0 ? port_step_failed(err, r, port, "find after its move") : 0;
}

/* Sets the members that follow from a device in the domain of the port. */
static void settle_in(struct port *port, const struct domain_place *place)
{
	port->spec.domain = place->domain; /* resolved: no longer a bare name */
	if (!port->spec.ifname[0])         /* else it has, or had when it was made, that name */
		memcpy(port->spec.ifname, port->ifname, IFNAMSIZ);
	port->domain_nsid = port->nsid;
	port->had_device = true;
	(void)netns_identify(place->netns_fd, &port->netns);
	port->vrf = port->master = place->vrf_index;
	port->table = place->table;
	port->link_local = port_make_link_local(&port->spec);
	port->peering.present = true;
}

int port_make(struct staging *staging, struct port *port, const struct domain_place *place,
	      struct rport_error *err)
{
	int r;

	port->spec.domain = place->domain;
	r = make(staging, port, place, err);
	if (r < 0) {
		port_unmake(port);
		return r;
	}
	settle_in(port, place);
	port->carrier = true; /* of a new TUN */
	port->bounced = true; /* it has no addresses and routes yet */
	return 0;
}

/* Is the port in its domain? */
static int check_place(struct staging *staging, const struct port *port,
		       const struct domain_place *place, const struct rtnl_dev *dev)
{
	int nsid, r;

	r = rtnl_nsid(staging->own, place->netns_fd, &nsid);
	if (r < 0)
		return r;
	/* a port of the main table that another process put into a VRF has drifted */
	return port->nsid == nsid && (place->vrf_index == 0 || dev->master == place->vrf_index)
		       ? 0
		       : -ENODEV;
}

/* A device of another port, or made with other properties by a former daemon, is not used. */
static bool is_as_specified(const struct port *port, const struct rtnl_dev *dev)
{
	const struct port_spec *spec = &port->spec;

	return (port->tun.header >= TUN_VNET_HEADER) == spec->offload &&
	       dev->tun_pi == spec->mpls && port->tun.n_queues == spec->queues;
}

int port_adopt(struct staging *staging, struct port *port, const int fds[],
	       const struct domain_place *place)
{
	struct rtnl_dev dev;
	int r;

	r = tun_adopt(fds, port->spec.queues, &port->tun);
	if (r < 0)
		return r;
	r = port_locate(staging, port, &dev);
	if (r >= 0)
		r = check_place(staging, port, place, &dev);
	if (r >= 0 && dev.tun_pi)
		tun_set_family_header(&port->tun);
	if (r >= 0 && (!is_as_specified(port, &dev) || port_intruder(port, &dev)))
		r = -ESTALE;
	/* of one that is down nobody can tell whether it would have a carrier: now it is known */
	if (r >= 0 && !(dev.flags & IFF_UP))
		r = tun_set_carrier(tun_fd(&port->tun), false);
	if (r < 0) {
		port->tun = (struct tun){ 0 }; /* the caller's */
		port_unmake(port);
		return r;
	}
	settle_in(port, place);
	port_saw(port, &dev);
	port->carrier = port->peering.up && dev.flags & IFF_LOWER_UP;
	return 0;
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
	port->interface_dropped = 0;
	port->index = 0;
	port_forget_device(port);
	free(steal_ptr(port->drift));
}

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

static int remove_first(void *ports)
{
	port_remove(*(struct port **)ports);
	return 0;
}

static void remove_one(void *ports, size_t i)
{
	port_remove(((struct port **)ports)[i]);
}

void port_remove_all(struct staging *staging, struct port *ports[], size_t n)
{
	if (n == 0)
		return;
	netns_thread_begin(staging->thread, remove_first, ports);
	thread_each(remove_one, ports + 1, n - 1);
	(void)netns_thread_end(staging->thread);
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

void port_update_carrier(struct staging *staging, struct port *port)
{
	bool carrier = link_carrier(&port->peering);
	struct rtnl_dev dev;

	if (!port->peering.present || carrier == port->carrier)
		return;
	if (tun_set_carrier(tun_fd(&port->tun), carrier) < 0)
		return;
	port->carrier = carrier;
	/*
	 * The kernel announces the loss of a carrier once a second at most
	 * (linkwatch_schedule_work()), but at once after a query (linkwatch_sync_dev() in
	 * rtnl_getlink(), since Linux 6.8).
	 */
	(void)rtnl_dev_by_nsid(staging->own, port->nsid, port->index, &dev);
}

void port_set_alias(struct port *port, const char *alias)
{
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;

	if (streq(port->alias, alias)) /* it was made with it */
		return;
	snprintf(port->alias, sizeof(port->alias), "%s", alias);
	if (port->peering.present && port_open_rtnl(port, &rtnl) >= 0)
		rtnl_dev_set_alias(rtnl, port->index, alias);
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
