/* SPDX-License-Identifier: ISC */

/* What the daemon knows of a link, put together for the checks. */

#include <stdio.h>

#include "manager/context.h"
#include "manager/facts.h"
#include "manager/fastpath.h"
#include "manager/status.h"

static void describe_end(const struct manager *manager, const struct rport_link *link,
			 unsigned int end, struct check_end *ret)
{
	const struct port *port = link->ports[end];
	struct fastpath_status way;
	struct port_status status;

	manager_port_status(port, &status);
	fastpath_status(manager, link, end, &way);
	port_format(port, ret->port);
	ret->spec = &port->spec;
	ret->state = status.state;
	ret->reason = port->reason;
	ret->drift = port->drift;
	memcpy(ret->ifname, status.ifname, IFNAMSIZ);
	ret->index = port->elsewhere ? 0 : status.index;
	ret->mtu = status.mtu;
	ret->drops.counters = status.counters;
	ret->drops.interface_dropped = status.interface_dropped;
	ret->drops.since = status.since;
	snprintf(ret->fastpath, sizeof(ret->fastpath), "%s", way.fast ? "" : way.reason);
	ret->seen.looked = 1;
	ret->seen.forwards[CHECK_IPV4] = ret->seen.forwards[CHECK_IPV6] = -1;
	for (enum check_family family = CHECK_IPV4; family <= CHECK_IPV6; family++)
		ret->seen.local_first[family] = link->local_first[family];
}

void facts_of_link(const struct manager *manager, const struct rport_link *link,
		   struct check_facts *ret)
{
	const struct port *a = link->ports[0], *b = link->ports[1];
	struct check_facts facts = { .engine_error = manager_uring_error(manager) };

	memcpy(facts.link, link->name, sizeof(facts.link));
	for (unsigned int end = 0; end < 2; end++)
		describe_end(manager, link, end, &facts.ends[end]);
	facts.same_netns = a->peering.present && b->peering.present ? a->nsid == b->nsid : false;
	*ret = facts;
}

struct twin_search {
	const struct rport_link *link;
	const struct rport_link *twin;
};

static bool same_domain(const struct port *a, const struct port *b)
{
	return domain_equal(&a->spec.domain, &b->spec.domain);
}

static void compare(struct rport_link *other, void *userdata)
{
	struct twin_search *search = userdata;
	struct port *const *ports = search->link->ports;

	if (other == search->link || search->twin)
		return;
	if ((same_domain(ports[0], other->ports[0]) && same_domain(ports[1], other->ports[1])) ||
	    (same_domain(ports[0], other->ports[1]) && same_domain(ports[1], other->ports[0])))
		search->twin = other;
}

void facts_find_twin(const struct manager *manager, const struct rport_link *link,
		     struct check_facts *facts)
{
	struct twin_search search = { .link = link };

	table_foreach_link(&manager->table, compare, &search);
	if (search.twin)
		memcpy(facts->twin, search.twin->name, sizeof(facts->twin));
}
