/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * The old and the new spec of a port are swapped, and the port is put right as it is for drift: new
 * addresses and routes are added, then those of the old spec are removed. If that fails, the specs
 * are swapped again and the port is put right again, which undoes the change.
 */

#include "manager/change.h"
#include "manager/commit.h"
#include "manager/reconcile.h"

bool change_is_possible(const struct rport_link *link, const struct link_spec *want)
{
	for (int end = 0; end < 2; end++) {
		const struct port *port = link->ports[end];

		if (!port->rule.present && !want->wait)
			return false;
		if (port->away || port_spec_needs_device(&port->spec, &want->ports[end]))
			return false;
	}
	return true;
}

/*
 * struct change - of one port
 * @spec: what it is asked to be; after the change, what it was asked to be before
 * @admin: likewise
 */
struct change {
	struct port *port;
	struct port_spec *spec;
	enum port_admin admin;
};

static void swap(struct change *change)
{
	struct port *port = change->port;
	struct port_spec spec = port->spec;
	enum port_admin admin = port->admin;

	port->spec = *change->spec;
	port->admin = change->admin;
	*change->spec = spec;
	change->admin = admin;
}

static int apply(struct manager *manager, struct change *change, bool again,
		 struct rport_error *err)
{
	struct port *port = change->port;
	int r = 0;

	reconcile_now(manager, port);
	swap(change);
	if (port->rule.present) {
		r = port_change(port, change->spec, PLAN_ALL & ~(unsigned int)PLAN_PLACE, again,
				err);
	} else {
		port->mtu = port->spec.mtu;
		memcpy(port->ifname, port->spec.ifname, IFNAMSIZ);
	}
	commit_port(manager, port, port->rule.present ? "asked for" : NULL);
	reconcile_look_settings(port);
	return r;
}

static void take_back(struct manager *manager, struct change *change)
{
	struct rport_error err;

	if (apply(manager, change, true, &err) < 0)
		log_error("cannot take back a change: %s", err.message);
}

static void complete_spec(const struct port *port, struct port_spec *want)
{
	want->domain = port->spec.domain;
	if (!want->ifname[0])
		memcpy(want->ifname, port->spec.ifname, IFNAMSIZ);
}

int change_link(struct manager *manager, struct rport_link *link, struct link_spec *want,
		struct rport_error *err)
{
	struct change changes[2];
	int r = 0, done;

	for (int end = 0; end < 2; end++) {
		changes[end] = (struct change){ .port = link->ports[end],
						.spec = &want->ports[end],
						.admin = PORT_ADMIN_UP };
		complete_spec(link->ports[end], &want->ports[end]);
	}
	for (done = 0; done < 2 && r >= 0; done++)
		r = apply(manager, &changes[done], false, err);
	if (r < 0)
		rport_error_prefix(err,
				   "the link is kept as it was: cannot change %s: ", link->name);
	while (r < 0 && done > 0)
		take_back(manager, &changes[--done]);
	commit_flush(manager);
	return r;
}
