/* SPDX-License-Identifier: ISC */

/*
 * Makes the device of a port in its domain, or takes over the one of a former daemon.
 *
 * Theory of operation
 *
 * Directly. A TUN that is opened in its domain's namespace costs a tenth of a millisecond. But its
 * descriptor keeps that namespace alive, wherever the device is moved to. So it is done where this
 * makes no difference: in rportd's own namespace; and where the namespace has a name in /run/netns
 * on which it is mounted, since that keeps it alive, too, and when it is unmounted, events.c hears
 * of it and the device is removed at once.
 *
 * Staged. Elsewhere, as for pid:N or a name that is a symbolic link to the namespace of a process,
 * the device is made in the staging namespace, rportd's own, and moved: 15 to 30 ms, most of which
 * is rcu_barrier() under the rtnl lock. Its descriptor keeps the staging namespace alive.
 *
 * Half-made. Network managers must not adopt a device before it says whose it is. One that is
 * staged has its alias before anybody can see it. One that is made directly gets it a moment after
 * it appeared; until then its name says it: rportN, or rportd-newN, under which a port with any other
 * name is made before it is renamed. systemd/99-rportd.rules and rportd-networkmanager.conf have
 * both patterns.
 */

#include <stdio.h>

#include "port/look.h"
#include "port/port-private.h"

#ifndef IFF_LOWER_UP
#define IFF_LOWER_UP 0x10000 /* of <linux/if.h>, which does not go with <net/if.h> */
#endif

/* Packets that may wait for the shuttle: the kernel's default of 500 is too few for a TCP window.
 */
#define QUEUE_LENGTH 2000

/* --- what both ways have in common ------------------------------------------------------------ */

static struct tun_options options_of(const struct port_spec *spec)
{
	return (struct tun_options){
		.offload = spec->offload,
		.mpls = spec->mpls,
		.queues = spec->queues,
	};
}

static int configure(struct rtnl *rtnl, struct port *port)
{
	port->mtu = port->spec.mtu;
	return rtnl_dev_configure(rtnl, port->index, port->alias[0] ? port->alias : PORT_ALIAS,
				  port->mtu, QUEUE_LENGTH);
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

/* --- staged ----------------------------------------------------------------------------------- */

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
	return configure(staging->inside, port);
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

static int make_staged(struct staging *staging, struct port *port, const struct domain_place *place,
		       struct rport_error *err)
{
	struct tun_options options = options_of(&port->spec);
	struct rtnl_dev dev;
	int r;

	r = port_name_taken(staging, place, port->spec.ifname);
	if (r != 0)
		return r > 0 ? name_taken(port, err) : port_step_failed(err, r, port, "look for");
	r = staging_open_tun(staging, &options, &port->tun, err);
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

/* --- directly --------------------------------------------------------------------------------- */

/* May a descriptor of a device keep the namespace alive? */
static bool may_pin(const struct staging *staging, const struct domain_place *place)
{
	return place->domain.netns == DOMAIN_NETNS_SELF || (place->held && staging->names_watched);
}

/* As "rport[0-9]*" in systemd/99-rportd.rules. */
static bool tells_whose(const char *name)
{
	return strncmp(name, "rport", 5) == 0 && name[5] >= '0' && name[5] <= '9';
}

/* Is it where the domain is? Somebody may have moved it. */
static int check_netns(struct staging *staging, const struct port *port,
		       const struct domain_place *place)
{
	int nsid, r = rtnl_nsid(staging->own, place->netns_fd, &nsid);

	if (r < 0)
		return r;
	return port->nsid == nsid ? 0 : -ENODEV;
}

static int give_name(struct rtnl *rtnl, struct port *port)
{
	int r;

	if (streq(port->ifname, port->spec.ifname))
		return 0;
	r = rtnl_dev_rename(rtnl, port->index, port->spec.ifname);
	if (r >= 0)
		memcpy(port->ifname, port->spec.ifname, IFNAMSIZ);
	return r;
}

static int complete(struct staging *staging, struct port *port, const struct domain_place *place)
{
	bool own = place->domain.netns == DOMAIN_NETNS_SELF;
	_cleanup_rtnl_ struct rtnl *opened = NULL;
	struct rtnl *rtnl = staging->own;
	struct rtnl_dev dev;
	int r;

	r = port_locate(staging, port, &dev);
	if (r >= 0)
		r = check_netns(staging, port, place);
	if (r >= 0 && !own)
		r = rtnl_open(place->netns_fd, &opened);
	if (r < 0)
		return r;
	rtnl = own ? rtnl : opened;
	r = configure(rtnl, port);
	if (r >= 0)
		r = give_name(rtnl, port);
	if (r >= 0 && place->vrf_index > 0)
		r = rtnl_dev_enslave(rtnl, port->index, place->vrf_index);
	return r;
}

static int make_directly(struct staging *staging, struct port *port,
			 const struct domain_place *place, struct rport_error *err)
{
	bool own = place->domain.netns == DOMAIN_NETNS_SELF;
	struct tun_options options = options_of(&port->spec);
	const char *name = port->spec.ifname;
	int r;

	r = tun_open_in(own ? -1 : place->netns_fd, tells_whose(name) ? name : PORT_NEW_NAME "%d",
			&options, &port->tun);
	if (r >= 0)
		r = complete(staging, port, place);
	else if (r != -EEXIST)
		return staging_no_tun(r, err);
	if (r == -EEXIST)
		return name_taken(port, err);
	return r < 0 ? port_step_failed(err, r, port, "prepare") : 0;
}

/* --- either ----------------------------------------------------------------------------------- */

static int make(struct staging *staging, struct port *port, const struct domain_place *place,
		struct rport_error *err)
{
	if (port->spec.queues > 1 && !staging->queues_watched && !staging->queues_forced)
		return rport_error_set(
			err, RPORT_ERR_SYSTEM, EOPNOTSUPP,
			"this kernel does not tell when somebody opens a queue of an "
			"interface that has several: ask for one, or start rportd "
			"with --unwatched-queues (see rportd(8))");
	return may_pin(staging, place) ? make_directly(staging, port, place, err)
				       : make_staged(staging, port, place, err);
}

/* The namespace with a name that a device keeps alive, if it does. */
static struct netns_id pinned_by(const struct port *port, const struct domain_place *place)
{
	_cleanup_close_ int fd = -1;
	struct netns_id home = { 0 };

	if (place->domain.netns == DOMAIN_NETNS_SELF)
		return home;
	fd = tun_home(tun_fd(&port->tun));
	if (fd < 0 || netns_identify(fd, &home) < 0 || !netns_equal(&home, &port->netns))
		return (struct netns_id){ 0 };
	return home;
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
	port->pinned = pinned_by(port, place);
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

/* --- that of a former daemon ------------------------------------------------------------------ */

/* Is the port in its domain? */
static int check_place(struct staging *staging, const struct port *port,
		       const struct domain_place *place, const struct rtnl_dev *dev)
{
	int r = check_netns(staging, port, place);

	if (r < 0)
		return r;
	/* a port of the main table that another process put into a VRF has drifted */
	return place->vrf_index == 0 || dev->master == place->vrf_index ? 0 : -ENODEV;
}

/* Does it keep a namespace alive, and that unnoticed? A staging namespace has no number here; one
 * that a port was made for has. */
static int check_home(struct staging *staging, const struct port *port,
		      const struct domain_place *place)
{
	_cleanup_close_ int fd = tun_home(tun_fd(&port->tun));
	struct netns_id home, netns;
	int r = fd;

	if (r >= 0)
		r = netns_identify(fd, &home);
	if (r >= 0)
		r = netns_identify(place->netns_fd, &netns);
	if (r < 0)
		return r;
	if (netns_equal(&home, &netns))
		return may_pin(staging, place) ? 0 : -ESTALE;
	r = rtnl_has_nsid(staging->own, fd);
	return r > 0 ? -ESTALE : r;
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
	if (r >= 0)
		r = check_home(staging, port, place);
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
