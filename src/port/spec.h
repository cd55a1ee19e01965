/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_SPEC_H
#define RPORT_PORT_SPEC_H

/* The spec of a link, as a client or a file gives it. The only system call is the one that counts
 * CPUs. */

#include "base/error.h"
#include "base/names.h"
#include "base/property.h"
#include "base/route.h"
#include "kernel/domain.h"
#include "port/parent.h"

#define SPEC_ADDRESSES_MAX 64 /* of a port */
#define SPEC_ROUTES_MAX    512
#define SPEC_QUEUES_MAX    PROPERTY_MAX_QUEUES

/* Administrative state of a port. UNSET until someone brings the port up, by rportctl or ip(8). */
enum port_admin {
	PORT_ADMIN_UNSET,
	PORT_ADMIN_UP,
	PORT_ADMIN_DOWN,
};

struct address_spec {
	struct ip_prefix address;
	struct ip_address peer; /* AF_UNSPEC: none */
};

struct port_spec {
	struct domain domain;
	/* The process of the domain pid:N; NULL: another domain, or not resolved. */
	struct process *process;
	char ifname[IFNAMSIZ]; /* "": the lowest free rportN */
	/* see base/property.h */
	unsigned int mtu; /* bytes */
	bool offload;
	bool mpls;
	unsigned int queues;
	bool fastpath;
	struct address_spec *addresses;
	size_t n_addresses;
	struct route_spec *routes;
	size_t n_routes;
};

struct link_spec {
	char name[LINK_NAME_MAX + 1]; /* "": from the names of the domains */
	bool wait;                    /* wait for a domain that does not exist yet */
	struct port_spec ports[2];
};

#define PORT_SPEC_STANDARD(id, member, key, type, min, max, standard, ...) .member = (standard),
#define PORT_SPEC_INIT                              \
	{                                           \
		PORT_PROPERTIES(PORT_SPEC_STANDARD) \
	}
#define LINK_SPEC_INIT                                      \
	{                                                   \
		.ports = { PORT_SPEC_INIT, PORT_SPEC_INIT } \
	}

/**
 * port_spec_release() - free what a spec holds
 * @port: zeroed, or a spec; can be released again
 */
void port_spec_release(struct port_spec *port);
#define _cleanup_port_spec_ _cleanup_(port_spec_release)

/**
 * link_spec_release() - free what the specs of both ports hold
 * @spec: zeroed, or a spec; can be released again
 */
void link_spec_release(struct link_spec *spec);
#define _cleanup_link_spec_ _cleanup_(link_spec_release)

/**
 * port_spec_add_address() - add an address to a spec
 * @port: the spec; a failure leaves it unchanged
 * @address: "10.0.0.1/24", "fd00::1"
 * @peer: the address at the other end, or NULL
 * @err: names the address, why an interface cannot have it, and what to do
 *
 * Return: 0; -EINVAL; -E2BIG when the port has SPEC_ADDRESSES_MAX; or -ENOMEM.
 */
int port_spec_add_address(struct port_spec *port, const char *address, const char *peer,
			  struct rport_error *err);

/**
 * port_spec_add_route() - add a route to a spec
 * @port: the spec; a failure leaves it unchanged
 * @text: "10.0.0.0/8 via 192.0.2.1 metric 100", see base/route.h
 * @err: names what is wrong with it, and what is possible
 *
 * Return: 0; -EINVAL, also when the port has a route to this network with this metric; -E2BIG when
 * it has SPEC_ROUTES_MAX; or -ENOMEM.
 */
int port_spec_add_route(struct port_spec *port, const char *text, struct rport_error *err);

/**
 * port_spec_has_route() - look for a route in a spec
 * @port: the spec; NULL has none
 * @route: the route
 *
 * Return: true when the spec has exactly this route.
 */
bool port_spec_has_route(const struct port_spec *port, const struct route_spec *route);

/**
 * port_spec_check() - check the routes of a spec against its addresses
 * @port: complete, as a client or a file gives it
 * @err: names the route whose next hop is an address of the port itself
 *
 * Return: 0 or -EINVAL.
 */
int port_spec_check(const struct port_spec *port, struct rport_error *err);

/**
 * link_spec_check() - check both ends of a link, and that they have no address in common
 * @spec: complete, as a client or a file gives it
 * @err: names the address that both ends have, or the route that port_spec_check() refuses
 *
 * Return: 0 or -EINVAL.
 */
int link_spec_check(const struct link_spec *spec, struct rport_error *err);

/**
 * link_spec_set_name() - set the name of a link
 * @spec: the spec; a failure leaves it unchanged
 * @name: copied
 * @err: names the characters that are possible
 *
 * Return: 0, or -EINVAL when @name is not valid (link_name_valid()).
 */
int link_spec_set_name(struct link_spec *spec, const char *name, struct rport_error *err);

/**
 * link_name_from_domains() - make a link's name from those of its domains: "red-blue"
 * @a: the domain of end a
 * @b: that of end b
 * @number: the name ends in it; 1: it does not
 * @ret: the name; where both names are too long for one, the beginning of each with a hash of both
 *
 * Return: 0, or -EINVAL when a link's name cannot have the characters of a domain's.
 */
int link_name_from_domains(const struct domain *a, const struct domain *b, unsigned int number,
			   char ret[static LINK_NAME_MAX + 1]);

/**
 * link_spec_default_name() - name a link that has no name after its domains: "red-blue"
 * @spec: its domains are set
 * @err: names the text that is not a valid name
 *
 * Return: 0, or -EINVAL when that is not a valid name.
 */
int link_spec_default_name(struct link_spec *spec, struct rport_error *err);

/**
 * port_spec_set_ifname() - set the name of the interface of a port
 * @port: the spec; a failure leaves it unchanged
 * @ifname: copied
 * @err: names the characters that are possible
 *
 * Return: 0, or -EINVAL when @ifname is not valid (ifname_valid()), or is "all" or "default".
 */
int port_spec_set_ifname(struct port_spec *port, const char *ifname, struct rport_error *err);

#define SPEC_QUEUES_AUTO 0

#endif
