/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * A link is built in stages, each of which is undone when a later one fails:
 *
 *	both ports are made and moved to their domains, down and without addresses;
 *	they are set up and get addresses and routes;
 *	they become each other's peer, and the shuttle begins to move frames. Last, so that what the
 *first says as it comes up (MLD) waits until the second can hear it.
 */

#include <stdio.h>

#include "log.h"
#include "pair.h"

struct places {
	struct domain_place end[2];
};

#define PLACES_INIT                                          \
	{                                                    \
		{                                            \
			DOMAIN_PLACE_INIT, DOMAIN_PLACE_INIT \
		}                                            \
	}

static void release_places(struct places *places)
{
	domain_place_release(&places->end[0]);
	domain_place_release(&places->end[1]);
}

static int find_domains(struct link_spec *spec, struct places *places, struct rport_error *err)
{
	for (int end = 0; end < 2; end++) {
		int r = domain_resolve(&spec->ports[end].domain, &places->end[end], err);

		if (r < 0)
			return r;
		spec->ports[end].domain = places->end[end].domain;
	}
	return 0;
}

static int create_ports(struct manager *manager, struct link_spec *spec,
			const struct places *places, struct port *ports[static 2],
			struct rport_error *err)
{
	for (int end = 0; end < 2; end++) {
		int r = manager_create_port(manager, &spec->ports[end], &places->end[end],
					    &ports[end], err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Takes the contents of @spec over, in any case, but for the name. */
static int build(struct manager *manager, struct link_spec *spec, const struct places *places,
		 struct rport_link **ret, struct rport_error *err)
{
	struct port *ports[2] = { NULL, NULL };
	int r;

	r = create_ports(manager, spec, places, ports, err);
	for (int end = 0; end < 2 && r >= 0; end++)
		r = port_bring_up(ports[end], false, err);
	if (r >= 0)
		r = manager_set_parent(manager, ports[0], ports[1], spec->name, err);
	if (r < 0) {
		rport_error_prefix(err, "cannot pair %s: ", spec->name);
		for (int end = 0; end < 2; end++)
			if (ports[end])
				manager_destroy_port(manager, ports[end]);
		return r;
	}
	*ret = ports[0]->link;
	return 0;
}

/* Of a link as it is, to make it again; its ports lose theirs. */
static void take_spec(struct rport_link *link, struct link_spec *ret)
{
	memcpy(ret->name, link->name, sizeof(ret->name));
	for (int end = 0; end < 2; end++) {
		ret->ports[end] = link->ports[end]->spec;
		link->ports[end]->spec.addresses = NULL;
		link->ports[end]->spec.routes = NULL;
	}
}

/* The old link makes way; if the new one cannot be made it is made again as it was. */
static int replace_link(struct manager *manager, struct rport_link *old, struct link_spec *spec,
			const struct places *places, struct rport_link **ret,
			struct rport_error *err)
{
	_cleanup_(release_places) struct places old_places = PLACES_INIT;
	_cleanup_link_spec_ struct link_spec old_spec = { 0 };
	struct rport_error again;
	struct rport_link *link;
	int r, restored;

	take_spec(old, &old_spec);
	manager_destroy_link(manager, old);
	r = build(manager, spec, places, ret, err);
	if (r >= 0)
		return r;

	restored = find_domains(&old_spec, &old_places, &again);
	if (restored >= 0)
		restored = build(manager, &old_spec, &old_places, &link, &again);
	if (restored < 0)
		log_error("link %s: could not be restored after a failed replacement: %s",
			  spec->name, again.message);
	rport_error_prefix(err, restored < 0 ? "the link is lost (see the log): "
					     : "the link is kept as it was: ");
	return r;
}

static bool differs(const struct rport_link *have, const struct link_spec *want, char *ret,
		    size_t size)
{
	char difference[2 * DOMAIN_TEXT_MAX + 64];

	for (int end = 0; end < 2; end++) {
		if (!port_spec_diff(&have->ports[end]->spec, &want->ports[end], difference,
				    sizeof(difference)))
			continue;
		snprintf(ret, size, "at end %c %s", "ab"[end], difference);
		return true;
	}
	return false;
}

static int refuse_other(const struct link_spec *spec, const char *difference,
			struct rport_error *err)
{
	return rport_error_set(err, RPORT_ERR_LINK_EXISTS, EEXIST,
			       "there is a link %s already with other parameters: %s; give this "
			       "one another name (--name), or say --replace",
			       spec->name, difference);
}

static bool is_whole(const struct rport_link *link)
{
	return link->ports[0]->rule.present && link->ports[1]->rule.present;
}

int pair_domains(struct manager *manager, struct link_spec *spec, bool replace,
		 enum pair_result *ret_result, struct rport_link **ret_link,
		 struct rport_error *err)
{
	_cleanup_(release_places) struct places places = PLACES_INIT;
	char difference[2 * DOMAIN_TEXT_MAX + 128];
	struct rport_link *link, *old;
	int r;

	r = spec->name[0] ? 0 : link_spec_default_name(spec, err);
	if (r < 0)
		return r;
	r = find_domains(spec, &places, err);
	if (r < 0)
		return r;
	old = table_link_by_name(manager_table(manager), spec->name);
	if (old && differs(old, spec, difference, sizeof(difference))) {
		if (!replace)
			return refuse_other(spec, difference, err);
	} else if (old && is_whole(old)) {
		*ret_result = PAIR_UNCHANGED;
		*ret_link = old;
		return 0;
	}
	/* one that is as it should be, but for a port that is gone, is made again */
	r = old ? replace_link(manager, old, spec, &places, &link, err)
		: build(manager, spec, &places, &link, err);
	if (r < 0)
		return r;
	*ret_result = old ? PAIR_REPLACED : PAIR_CREATED;
	*ret_link = link;
	return 0;
}

static struct port *port_called(struct manager *manager, const struct port_spec *spec)
{
	struct port wanted = { .spec.domain = spec->domain }, *port;
	char name[PORT_TEXT_MAX];

	memcpy(wanted.ifname, spec->ifname, IFNAMSIZ);
	if (table_find_port(manager_table(manager), port_format(&wanted, name), &port, NULL) < 0)
		return NULL;
	return port;
}

int pair_create_port(struct manager *manager, struct port_spec *spec, struct port **ret,
		     struct rport_error *err)
{
	_cleanup_domain_place_ struct domain_place place = DOMAIN_PLACE_INIT;
	char difference[2 * DOMAIN_TEXT_MAX + 64];
	struct port *port;
	int r;

	r = domain_resolve(&spec->domain, &place, err);
	if (r < 0)
		return r;
	spec->domain = place.domain;
	port = spec->ifname[0] ? port_called(manager, spec) : NULL;
	if (!port || !port->rule.present) { /* one that is gone makes way */
		r = manager_create_port(manager, spec, &place, ret, err);
		manager_update_ports(manager);
		return r < 0 ? r : 1;
	}
	if (port_spec_diff(&port->spec, spec, difference, sizeof(difference)))
		return rport_error_set(err, RPORT_ERR_PORT_EXISTS, EEXIST,
				       "there is a port %s already with other parameters: %s",
				       spec->ifname, difference);
	*ret = port;
	return 0;
}
