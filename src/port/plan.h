/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_PLAN_H
#define RPORT_PORT_PLAN_H

/*
 * Plans how the device of a port becomes what its spec says. Pure: from the wanted and the observed
 * state it makes a list of steps, in the order in which the kernel accepts them. The steps that
 * undo changes of other processes are, in words, the drift of the port.
 */

#include "port/spec.h"

/*
 * struct port_want - the wanted state of a port with a device; everything is borrowed
 * @spec: name, MTU, addresses and routes
 * @given: the former spec, whose addresses and routes are removed; NULL: as @spec
 * @admin: administrative state
 * @link_local: the IPv6 link-local address that rportd gives it
 * @given_link_local: the former one, which is removed; AF_UNSPEC: none
 */
struct port_want {
	const struct port_spec *spec;
	const struct port_spec *given;
	enum port_admin admin;
	struct ip_address link_local;
	struct ip_address given_link_local;
};

/*
 * struct route_rival - a route of another interface that prevents a route of the port
 * @route: that of the port
 * @ifname: the interface of the other route, to the same network with the same metric
 */
struct route_rival {
	struct route_spec route;
	char ifname[IFNAMSIZ];
};

/*
 * struct port_seen - the observed state of the device of a port
 * @elsewhere: it was moved to another namespace; its addresses and routes there do not matter
 * @master: the VRF, bridge or bond into which another process put it, or ""; its routes are then
 *	those of another table
 * @in_vrf: @master is a VRF
 * @up: IFF_UP
 * @no_ipv6: IPv6 is disabled on it, or in its namespace
 * @has_link_local: it has the address of port_want.link_local
 * @has_given_link_local: it has that of port_want.given_link_local
 * @mtu: bytes
 * @name: of the interface
 * @addresses: those that have the same bits as an address of the spec, or of the former one
 * @routes: those of rportd through it, in its table, that are in the spec, or in the former one
 * @rivals: of routes of the spec that are missing; not all can be found
 */
struct port_seen {
	bool elsewhere;
	bool in_vrf;
	bool up;
	bool no_ipv6;
	bool has_link_local;
	bool has_given_link_local;
	unsigned int mtu;
	char name[IFNAMSIZ];
	char master[IFNAMSIZ];
	struct address_spec *addresses;
	size_t n_addresses;
	struct route_spec *routes;
	size_t n_routes;
	struct route_rival *rivals;
	size_t n_rivals;
};

/**
 * port_seen_release() - free the lists of a result of port_observe()
 * @seen: zeroed afterwards; may be zeroed already
 */
void port_seen_release(struct port_seen *seen);
#define _cleanup_port_seen_ _cleanup_(port_seen_release)

/* What a plan may change. A verb names the part that it changes, and leaves other drift alone. */
enum plan_scope {
	PLAN_PLACE = 1 << 0,
	PLAN_NAME = 1 << 1,
	PLAN_MTU = 1 << 2,
	PLAN_ADMIN = 1 << 3,
	PLAN_SETTINGS = 1 << 4, /* addresses and routes */
	PLAN_MASTER = 1 << 5,
	PLAN_ALL = (1 << 6) - 1,
	PLAN_IN_PLACE = PLAN_ALL & ~PLAN_PLACE,
};

enum plan_action {
	PLAN_REMAKE,  /* the device cannot be moved back from there: make another one */
	PLAN_RELEASE, /* take it out of a VRF, bridge or bond */
	PLAN_RENAME,
	PLAN_DELETE_ROUTE,
	PLAN_DELETE_ADDRESS,
	PLAN_SET_DOWN,
	PLAN_SET_MTU,
	PLAN_SET_UP,
	PLAN_ADD_LINK_LOCAL,
	PLAN_ADD_ADDRESS,
	PLAN_ADD_ROUTE,
	PLAN_REPLACE_ROUTE, /* ours to the same network with the same metric */
	PLAN_AWAIT_IPV6,    /* nothing can be done while it is disabled */
};

/*
 * struct plan_step - one step
 * @action: what is done
 * @drift: the step undoes a change of another process; else it follows from another step, or from
 *	the wanted state
 * @mtu: of SET_MTU
 * @name: of RENAME
 * @master: of RELEASE
 * @ipv6: of AWAIT_IPV6: the domain, borrowed from struct port_want, and the interface
 * @address: of DELETE_ADDRESS, ADD_ADDRESS and ADD_LINK_LOCAL
 * @route: of DELETE_ROUTE, ADD_ROUTE and REPLACE_ROUTE, with the interface of its rival, or ""
 */
struct plan_step {
	enum plan_action action;
	bool drift;
	union {
		struct {
			unsigned int from, to;
		} mtu;
		struct {
			char from[IFNAMSIZ], to[IFNAMSIZ];
		} name;
		struct {
			char name[IFNAMSIZ];
			bool is_vrf;
		} master;
		struct {
			const struct domain *domain;
			char name[IFNAMSIZ];
		} ipv6;
		struct address_spec address;
		struct route_rival route;
	};
};

struct plan {
	struct plan_step *steps;
	size_t n;
};

#define PLAN_STEP_TEXT_MAX 448

/**
 * port_plan() - plan the steps from what was seen to what is wanted
 * @want: the wanted state
 * @seen: the state of the device
 * @scope: PLAN_* bits: what may be changed
 * @ret: the steps; free them with plan_release()
 *
 * A port that is down, and stays so, gets no address and no route: it gets them as it comes up.
 * Likewise a port in a VRF, bridge or bond that is not its own, and IPv6 while that is disabled.
 *
 * Return: 0 or -ENOMEM.
 */
int port_plan(const struct port_want *want, const struct port_seen *seen, unsigned int scope,
	      struct plan *ret);

/**
 * plan_release() - free the steps of a plan
 * @plan: zeroed afterwards; may be zeroed already
 */
void plan_release(struct plan *plan);
#define _cleanup_plan_ _cleanup_(plan_release)

/**
 * plan_step_describe() - say why a step is needed: "mtu is 1500, not 9000"
 * @step: the step
 * @buf: filled
 *
 * Return: @buf.
 */
const char *plan_step_describe(const struct plan_step *step, char buf[static PLAN_STEP_TEXT_MAX]);

/**
 * plan_drift() - describe the drift, a line for each step that is drift
 * @plan: made with PLAN_ALL
 * @ret: the text, each line ended by a newline; NULL without drift; free(3) it
 *
 * Return: 0 or -ENOMEM.
 */
int plan_drift(const struct plan *plan, char **ret);

#endif
