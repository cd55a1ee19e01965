/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * The store has devices of a former daemon, but its records cannot be read. The kernel knows nearly
 * all of the state: the namespace and the name of an interface, its VRF, MTU, addresses and routes;
 * the descriptor has the options of the device, and the alias the name of the link and the end.
 * What the kernel does not have (a pending port, a route of a port that is down) is not restored:
 * the administrator has to configure it again.
 *
 * All devices are adopted in one go, before clients are served: until the last one has been read
 * nobody knows which ports and links there are, so nothing true could be told, nor a name given.
 */

#include <stdio.h>

#include "base/log.h"
#include "base/messages.h"
#include "kernel/netns-pid.h"
#include "kernel/tc.h"
#include "manager/adopt.h"
#include "manager/commit.h"
#include "manager/context.h"
#include "manager/parents.h"
#include "manager/ports.h"
#include "manager/reconcile.h"
#include "manager/records.h"
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

/* --- taking it -------------------------------------------------------------------------------- */

/* A device, and what was read of it. */
struct find {
	int fds[TUN_QUEUES_MAX];
	unsigned int n_fds;
	struct tun tun;
	int netns_fd;
	struct rtnl_dev dev, master;
	struct port_spec spec;
};

static int look_at(struct manager *manager, struct find *find)
{
	struct port where = { 0 };
	int r;

	r = tun_adopt(find->fds, find->n_fds, &find->tun);
	if (r >= 0)
		r = find->netns_fd = tun_netns(tun_fd(&find->tun));
	where.tun = find->tun;
	if (r >= 0)
		r = port_locate(&manager->staging, &where, &find->dev);
	if (r >= 0 && find->dev.master > 0)
		r = rtnl_dev_by_nsid(manager->staging.own, where.nsid, find->dev.master,
				     &find->master);
	if (r >= 0)
		r = find_domain(find->netns_fd, &find->master, &find->spec.domain);
	if (r >= 0)
		r = read_settings(find->netns_fd, find->dev.index, &find->spec);
	if (r < 0)
		return r;
	memcpy(find->spec.ifname, find->dev.name, IFNAMSIZ);
	find->spec.mtu = find->dev.mtu;
	find->spec.offload = find->tun.header >= TUN_VNET_HEADER;
	find->spec.mpls = find->dev.tun_pi;
	find->spec.queues = find->tun.n_queues;
	return 0;
}

static int make_port(struct manager *manager, unsigned int slot, struct find *find,
		     struct port **ret)
{
	_cleanup_domain_place_ struct domain_place place = DOMAIN_PLACE_INIT;
	struct rport_error err;
	struct port *port;
	int r;

	r = ports_add(manager, &find->spec, slot, &port, &err);
	if (r < 0)
		return r;
	r = domain_resolve(&port->spec.domain, &place, &err);
	if (r >= 0)
		r = port_adopt(&manager->staging, port, find->fds, &place);
	if (r < 0) {
		ports_remove(manager, port);
		return r;
	}
	port->admin = port->peering.up ? PORT_ADMIN_UP : PORT_ADMIN_UNSET;
	port->inherited = false;
	port->stored = port->kept = true;
	r = reconcile_take(manager, port, true, "taken over from the former rportd", &err);
	if (r < 0) {
		ports_remove(manager, port);
		return 0; /* the descriptors were closed with the device */
	}
	*ret = port;
	return 0;
}

static bool read_alias(const char *alias, char ret_link[static LINK_NAME_MAX + 1], char *ret_end)
{
	return sscanf(alias, PORT_ALIAS " link %" STRINGIFY(LINK_NAME_MAX) "[^,], end %c", ret_link,
		      ret_end) == 2 &&
	       link_name_valid(ret_link) && (*ret_end == 'a' || *ret_end == 'b');
}

static struct port *port_by_slot(struct manager *manager, unsigned int slot)
{
	struct port *port;

	TAILQ_FOREACH(port, &manager->table.ports, entry)
	{
		if (port->slot == slot)
			return port;
	}
	return NULL;
}

/* The alias has the name of the link, which is made when its other end has been found, too. */
static void join(struct manager *manager, struct port *port, const char *alias, json_t *waiting)
{
	char link[LINK_NAME_MAX + 1], end;
	struct port *other, *a, *b;
	struct rport_error err;
	json_t *number;

	if (!read_alias(alias, link, &end))
		return;
	number = json_object_get(waiting, link);
	if (!number) {
		json_object_set_new(waiting, link, json_integer(port->slot));
		return;
	}
	other = port_by_slot(manager, (unsigned int)json_integer_value(number));
	a = end == 'a' ? port : other;
	b = end == 'a' ? other : port;
	if (!other || link_set_parent(&a->peering, &b->peering) < 0)
		return;
	/* one direction may have been off, as a capture was running */
	a->spec.fastpath = b->spec.fastpath = a->spec.fastpath || b->spec.fastpath;
	if (parents_tie(manager, a, b, link, true, &err) < 0) {
		link_delete_parent(&a->peering);
		log_error("link %s: cannot be made again: %s", link, err.message);
		return;
	}
	commit_link(manager, a->link);
}

static bool read_number(const char *name, unsigned int *ret)
{
	const char *digits = name + strlen(RECORD_DEVICE);
	unsigned long number;
	char *end;

	errno = 0;
	number = strtoul(digits, &end, 10);
	if (errno || end == digits || *end || number >= PORTS_NEW_SLOT)
		return false;
	*ret = (unsigned int)number;
	return true;
}

static void give_up(struct manager *manager, const char *name, unsigned int slot,
		    const struct find *find, int errnum)
{
	log_warning("%s of the former rportd is given up: %s", name, strerror(errnum));
	state_drop_fd(manager->state, name);
	if (slot != PORTS_NEW_SLOT)
		records_drop_device(manager, slot, find->n_fds);
	for (unsigned int i = 0; i < find->n_fds; i++)
		safe_close(find->fds[i]);
}

/* @fd: of the first queue, which is the first by name, too */
static void adopt(struct manager *manager, const char *name, int fd, json_t *waiting)
{
	struct find find = {
		.fds = { fd },
		.n_fds = 1,
		.netns_fd = -1,
		.spec = PORT_SPEC_INIT,
	};
	struct port *port = NULL;
	unsigned int slot = PORTS_NEW_SLOT;
	int r = -EINVAL;

	if (read_number(name, &slot)) {
		find.n_fds = records_take_queues(manager, slot, 1, find.fds);
		r = look_at(manager, &find);
	}
	if (r >= 0)
		r = make_port(manager, slot, &find, &port);
	if (r < 0)
		give_up(manager, name, slot, &find, -r);
	if (port)
		join(manager, port, find.dev.alias, waiting);
	safe_close(find.netns_fd);
	port_spec_release(&find.spec);
}

void adopt_all(struct manager *manager)
{
	json_t *waiting = json_object(); /* links of which one end was found: the port's number */
	char name[STATE_NAME_MAX];
	int fd;

	while ((fd = state_next_fd(manager->state, RECORD_DEVICE, name)) >= 0)
		adopt(manager, name, fd, waiting);
	json_decref(waiting);
	state_drop_rest(manager->state);
	log_print_id(LOG_NOTICE, MESSAGE_ADOPTED,
		     "adopted from the former rportd: %u link%s, %u port%s", manager->table.n_links,
		     PLURAL(manager->table.n_links), manager->table.n_ports,
		     PLURAL(manager->table.n_ports));
}
