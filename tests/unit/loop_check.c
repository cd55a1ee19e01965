/* SPDX-License-Identifier: ISC */
/* What must be true of the manager, the kernel and the store. */

#include <stdio.h>

#include "loop.h"
#include "manager/restore.h"

#define QUIET_USEC (70 * USEC_PER_SEC) /* longer than any port is held back, or tried again */

/* --- what the observer was told --------------------------------------------------------------- */

/* By the number of the port. */
struct told {
	bool known;
	char text[512];
};

static struct told told[LOOP_MAX_PORTS];

static void describe(const struct port *port, char *ret, size_t size)
{
	struct port_status status;

	manager_port_status(port, &status);
	snprintf(ret, size, "%s state %d carrier %d mtu %u link %s reason %.150s drift %.150s",
		 status.ifname, (int)status.state, status.carrier, status.mtu,
		 port->link ? port->link->name : "-", port->reason ? port->reason : "-",
		 port->drift ? port->drift : "-");
}

static void port_told(const struct port *port, bool removed, void *userdata _unused_)
{
	struct told *about = &told[port->slot];

	about->known = !removed;
	if (!removed)
		describe(port, about->text, sizeof(about->text));
}

static void see(struct port *port, void *userdata)
{
	port_told(port, false, userdata);
}

/* Whoever begins to listen looks at all first. */
void loop_observe(void)
{
	memset(told, 0, sizeof(told));
	table_foreach_port(manager_table(loop.manager), see, NULL);
	manager_observe(loop.manager, &(struct manager_observer){ .port = port_told });
}

/* --- the table, the links, the data path ------------------------------------------------------ */

static struct loop_count count;
static char name_of[PORT_TEXT_MAX];

static const char *name(const struct port *port)
{
	return port_format(port, name_of);
}

static struct fake_dev *dev_of(const struct port *port)
{
	return fake_file(tun_fd(&port->tun))->dev;
}

static bool is_found(const struct port *port,
		     struct port *(*find)(const struct table *table, const struct domain *domain,
					  const char *ifname, const struct port *after),
		     const char *ifname)
{
	const struct port *found = NULL;

	do
		found = find(manager_table(loop.manager), &port->spec.domain, ifname, found);
	while (found && found != port);
	return found;
}

static void check_port(struct port *port, void *userdata _unused_)
{
	count.ports++;
	count.alone += !port->link;
	count.processes += port->spec.process != NULL;
	if (port->link)
		fake_require(port->link->ports[port->end] == port);
	fake_require((port->link != NULL) == (port->peering.peer != NULL));
	if (!is_found(port, table_port_wanting, port->spec.ifname) ||
	    !is_found(port, table_port_called, port->ifname))
		fake_fail("%s is not found by its name", name(port));
	fake_require(port->state == port_state(port));
	count.pending += port->state == PORT_PENDING;
	count.inherited += port->state == PORT_INHERITED;
	if (!port->peering.present) {
		fake_require(port->tun.n_queues == 0 && (port->reason || port->inherited));
		return;
	}
	count.present++;
	count.queues += port->tun.n_queues;
	fake_require(!port->inherited && port->tun.n_queues == port->spec.queues);
	for (unsigned int i = 0; i < port->tun.n_queues; i++)
		fake_require(fake_file(port->tun.queues[i])->dev == dev_of(port));
}

static void check_link(struct rport_link *link, void *userdata _unused_)
{
	bool whole = link->ports[0]->peering.present && link->ports[1]->peering.present;

	count.links++;
	fake_require(link->ports[0]->link == link && link->ports[1]->link == link);
	if (whole != (link->datapath != NULL))
		fake_fail("link %s is %s, and the data path has it%s", link->name,
			  whole ? "whole" : "not whole", link->datapath ? "" : " not");
	for (int end = 0; end < 2 && whole; end++)
		fake_require(fake_shuttle_uses(tun_fd(&link->ports[end]->tun)));
	count.paths += whole;
}

/* Verbs and the loop take over one link after another, and the loop comes to an end. */
static void check_restore(void)
{
	unsigned int n, total;

	if (restore_progress(loop.manager, &n, &total))
		fake_require(n == total - count.inherited && !loop.restored);
	else
		fake_require(count.inherited == 0 && loop.restored);
}

void loop_check(void)
{
	const struct table *table = manager_table(loop.manager);

	count = (struct loop_count){ 0 };
	table_foreach_port(table, check_port, NULL);
	table_foreach_link(table, check_link, NULL);
	fake_require(table->n_ports == count.ports && table->n_links == count.links);
	fake_require(manager_n_pending(loop.manager) == count.pending);
	check_restore();
	fake_require(fake_shuttle_links() == count.paths);
}

/* --- ports with a device ---------------------------------------------------------------------- */

/* Where a domain is now. Return: NULL: it is not, or cannot be told from another one. */
static struct fake_netns *find_domain(const struct port *port, unsigned int *ret_vrf)
{
	const struct domain *domain = &port->spec.domain;
	const struct fake_dev *vrf = NULL;
	struct fake_netns *netns = fake.own;
	const char *vrf_name = domain->vrf;

	if (domain->netns == DOMAIN_NETNS_ANY) {
		vrf = fake_dev_by_name(fake.own, domain->name);
		vrf = vrf && vrf->kind == FAKE_VRF ? vrf : NULL;
		netns = fake_name_netns(domain->name);
		if (vrf && netns)
			return NULL;
		vrf_name = vrf ? domain->name : "";
		netns = vrf ? fake.own : netns;
	}
	if (domain->netns == DOMAIN_NETNS_NAMED)
		netns = fake_name_netns(domain->name);
	if (domain->netns == DOMAIN_NETNS_PID)
		netns = port->spec.process && !process_has_ended(port->spec.process)
				? fake_file(process_fd(port->spec.process))->process->netns
				: NULL;
	if (netns && *vrf_name) {
		vrf = fake_dev_by_name(netns, vrf_name);
		if (!vrf || vrf->kind != FAKE_VRF)
			return NULL;
	}
	*ret_vrf = vrf ? vrf->index : 0;
	return netns;
}

static bool hangs(const struct port *port)
{
	const struct fake_name *found = fake_name_find(port->spec.domain.name);

	return found && found->hangs;
}

static void check_place(const struct port *port, const struct fake_dev *dev)
{
	unsigned int vrf = 0;
	const struct fake_netns *netns = find_domain(port, &vrf);

	if (port->elsewhere) {
		if (dev->netns == netns)
			fake_fail("%s is not where it is said to be", name(port));
		return;
	}
	if (port->spec.domain.netns == DOMAIN_NETNS_PID || hangs(port))
		return; /* the process may have ended */
	if (dev->netns != netns || (dev->master != vrf && vrf > 0))
		fake_fail("%s is not in its domain: in %lu, vrf %u, not in %lu, vrf %u", name(port),
			  (unsigned long)dev->netns->ino, dev->master,
			  netns ? (unsigned long)netns->ino : 0, vrf);
}

/* Differences that must be told as drift, and what somebody must have done for them. */
struct differences {
	const struct port *port;
	const struct fake_dev *dev;
	unsigned int n;
};

static void differ(struct differences *differences, unsigned int touched, const char *fmt, ...)
	_printf_(3, 4);
static void differ(struct differences *differences, unsigned int touched, const char *fmt, ...)
{
	const struct port *port = differences->port;
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	differences->n++;
	if (!port->drift || !strstr(port->drift, text))
		fake_fail("%s: drift is not told: %s; but: %s", name(port), text,
			  port->drift ? port->drift : "none");
	if (!(differences->dev->touched & touched) && !loop.excused)
		fake_fail("%s: nobody did this: %s", name(port), text);
}

/* In the words of plan_drift(). */
static void check_routes(struct differences *differences)
{
	const struct port *port = differences->port;
	const struct fake_dev *dev = differences->dev;
	char text[ROUTE_TEXT_MAX];

	for (size_t i = 0; i < port->spec.n_routes; i++) {
		const struct route_spec *route = &port->spec.routes[i];

		if (fake_route_find(dev, route, port->table) ||
		    (dev->no_ipv6 && route->to.address.family == AF_INET6))
			continue;
		differ(differences, FAKE_TOUCHED_SETTINGS, "the route %s is missing",
		       route_format(route, text));
	}
}

static void check_settings(struct differences *differences)
{
	const struct port_spec *spec = &differences->port->spec;
	const struct fake_dev *dev = differences->dev;
	char text[IP_PREFIX_TEXT_MAX];

	for (size_t i = 0; i < spec->n_addresses; i++) {
		const struct ip_prefix *address = &spec->addresses[i].address;

		if (!fake_address_find(dev, &address->address))
			differ(differences, FAKE_TOUCHED_SETTINGS, "the address %s is missing",
			       ip_prefix_format(address, text));
	}
	check_routes(differences);
	if (!fake_address_find(dev, &differences->port->link_local) && !differences->port->no_ipv6)
		differ(differences, FAKE_TOUCHED_SETTINGS, "the link-local address");
}

static unsigned int count_lines(const char *text)
{
	unsigned int n = 0;

	for (; text && *text; text++)
		n += *text == '\n';
	return n;
}

/* Somebody put a port of the main table into a VRF. */
static bool is_enslaved(const struct port *port, const struct fake_dev *dev)
{
	return !port->elsewhere && port->vrf == 0 && dev->master > 0;
}

static void check_drift(const struct port *port, const struct fake_dev *dev)
{
	struct differences differences = { .port = port, .dev = dev };

	if (port->elsewhere)
		differ(&differences, FAKE_TOUCHED_PLACE, "another namespace");
	if (!streq(dev->name, port->spec.ifname))
		differ(&differences, FAKE_TOUCHED_NAME, "the name is %s", dev->name);
	if (dev->mtu != port->spec.mtu)
		differ(&differences, FAKE_TOUCHED_MTU, "mtu is %u, not %u", dev->mtu,
		       port->spec.mtu);
	if (port->admin != PORT_ADMIN_UNSET && dev->up != (port->admin == PORT_ADMIN_UP))
		differ(&differences, FAKE_TOUCHED_ADMIN, "it is %s", dev->up ? "up" : "down");
	if (is_enslaved(port, dev))
		differ(&differences, FAKE_TOUCHED_PLACE, "it is in the VRF");
	else if (dev->up && !port->elsewhere && port->admin != PORT_ADMIN_DOWN)
		check_settings(&differences);
	if (count_lines(port->drift) != differences.n)
		fake_fail("%s has no such drift: %s", name(port), port->drift);
}

static void check_carrier(const struct port *port, const struct fake_dev *dev)
{
	const struct port *peer = port->link ? port->link->ports[!port->end] : NULL;
	bool carrier = peer && peer->peering.present && dev_of(peer)->up;

	if (dev->up && dev->carrier != carrier)
		fake_fail("%s has %s carrier", name(port), dev->carrier ? "a" : "no");
}

static void check_present(const struct port *port)
{
	const struct fake_dev *dev = dev_of(port);

	if (!dev->netns)
		fake_fail("the device of %s is gone", name(port));
	if (!streq(port->ifname, dev->name) || port->index != dev->index ||
	    port->nsid != dev->netns->nsid)
		fake_fail("%s is %s", name(port), dev->name);
	if (port->mtu != dev->mtu || port->peering.up != dev->up)
		fake_fail("%s has mtu %u and is %s, not %u and %s", name(port), dev->mtu,
			  dev->up ? "up" : "down", port->mtu, port->peering.up ? "up" : "down");
	if (table_port_by_index(manager_table(loop.manager), port->nsid, port->index) != port)
		fake_fail("%s is not found by its number", name(port));
	check_place(port, dev);
	check_drift(port, dev);
	check_carrier(port, dev);
}

/* --- ports without a device ------------------------------------------------------------------- */

static bool says(const struct port *port, const char *text)
{
	return strstr(port->reason, text);
}

static void check_pending(const struct port *port)
{
	const struct domain *domain = &port->spec.domain;
	unsigned int vrf = 0;
	const struct fake_netns *netns = find_domain(port, &vrf);
	bool right;

	if (netns && says(port, "already"))
		right = fake_dev_by_name(netns, port->spec.ifname);
	else if (netns)
		right = false;
	else if (hangs(port))
		right = says(port, "does not answer");
	else if (domain->netns == DOMAIN_NETNS_ANY)
		right = says(port, "no domain") || says(port, "ambiguous");
	else if (domain->netns == DOMAIN_NETNS_PID)
		right = says(port, "process");
	else if (domain->netns == DOMAIN_NETNS_NAMED && !fake_name_netns(domain->name))
		right = says(port, "no namespace");
	else
		right = says(port, "no VRF");
	if (!right)
		fake_fail("%s is pending, and its domain is %s: %s", name(port),
			  netns ? "there" : "not there", port->reason);
}

/* --- at rest ---------------------------------------------------------------------------------- */

static void check_told(const struct port *port)
{
	char text[sizeof(told[0].text)];

	describe(port, text, sizeof(text));
	if (!told[port->slot].known)
		fake_fail("nobody was told of %s", name(port));
	if (!streq(text, told[port->slot].text))
		fake_fail("this was told of %s:\n%s\nbut it is\n%s", name(port),
			  told[port->slot].text, text);
}

static void check_at_rest(struct port *port, void *userdata _unused_)
{
	if (port->peering.present)
		check_present(port);
	else
		check_pending(port);
	check_told(port);
}

static void check_no_other_told(void)
{
	unsigned int n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(told); i++)
		n += told[i].known;
	if (n != count.ports)
		fake_fail("%u ports are known to observers, of %u", n, count.ports);
}

void loop_check_at_rest(void)
{
	loop_check();
	check_no_other_told();
	fake_require(loop.restored);
	table_foreach_port(manager_table(loop.manager), check_at_rest, NULL);
	loop_check_left(&count);
}

void loop_quiet(void)
{
	loop_trace("= quiet");
	fake.fail_rate = 0;
	loop.excused |= fake.failed > 0;
	fake.failed = 0;
	fake_pass(QUIET_USEC);
	loop_check_at_rest();
	if (fake_random(2) == 0) {
		(void)loop_reconcile();
		fake_pass(QUIET_USEC);
		loop.excused = false;
		loop_check_at_rest();
	}
}
