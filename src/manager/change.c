/* SPDX-License-Identifier: ISC */
/* Changes of a link whose ports stay: in place where the devices can, else with a new device. */

/*
 * Theory of operation
 *
 * The old and the new spec of a port are swapped, and the port is reconciled: new addresses and
 * routes are added, then those of the old spec are removed. If that fails, the specs are swapped
 * again and the port is reconciled again, which undoes the change.
 *
 * A device cannot be moved to another domain. So it is removed, and another one is made in the new
 * domain; the port at the other end only loses its carrier meanwhile.
 */

#include "manager/change.h"
#include "manager/commit.h"
#include "manager/context.h"
#include "manager/reconcile.h"
#include "manager/records.h"
#include "manager/schedule.h"
#include "port/property.h"
#include "port/spec-diff.h"

/* The difference that needs a new device: "domain", the name of a property, or NULL. */
static const char *why_anew(const struct port *port, const struct port_spec *want)
{
	const char *difference = port_spec_fixed_difference(&port->spec, want);

	return !difference && port->elsewhere ? "domain" : difference;
}

bool change_is_possible(const struct rport_link *link, const struct link_spec *want)
{
	for (int end = 0; end < 2; end++) {
		const struct port *port = link->ports[end];

		if (!port->peering.present && !want->wait)
			return false;
		if (property_differs(&port->spec, &want->ports[end], true))
			return false;
	}
	return true;
}

void change_needs_anew(const struct rport_link *link, const struct link_spec *want,
		       const char *ret_anew[static 2])
{
	for (int end = 0; end < 2; end++)
		ret_anew[end] = why_anew(link->ports[end], &want->ports[end]);
}

/*
 * struct change - of one port
 * @spec: the new spec; after the change, the former one
 * @admin: likewise
 * @anew: it gets a new device
 * @wait: for a domain that does not exist
 */
struct change {
	struct port *port;
	struct port_spec *spec;
	enum port_admin admin;
	bool anew;
	bool wait;
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

static int apply_in_place(struct manager *manager, struct change *change, bool again,
			  struct rport_error *err)
{
	struct port *port = change->port;
	int r = 0;

	swap(change);
	if (port->peering.present)
		r = network_change(manager->network, port, change->spec, PLAN_IN_PLACE, again, err);
	else
		port_forget_device(port);
	commit_port(manager, port, port->peering.present ? "asked for" : NULL);
	schedule_look_settings(port);
	return r;
}

static int apply_anew(struct manager *manager, struct change *change, struct rport_error *err)
{
	struct port *port = change->port;
	int r;

	commit_detach(manager, port);
	records_drop_process(manager, port);
	port->netns = (struct netns_id){ 0 }; /* that of the former domain */
	swap(change);
	port_forget_device(port);
	r = reconcile_try(manager, port, err);
	return r < 0 && change->wait && err->kind == RPORT_ERR_DOMAIN_NOT_FOUND ? 0 : r;
}

static int apply(struct manager *manager, struct change *change, bool again,
		 struct rport_error *err)
{
	reconcile_now(manager, change->port);
	return change->anew ? apply_anew(manager, change, err)
			    : apply_in_place(manager, change, again, err);
}

static void take_back(struct manager *manager, struct change *change)
{
	struct rport_error err;

	if (apply(manager, change, true, &err) < 0)
		log_error("cannot take back a change: %s", err.message);
}

/* In another domain a port without a name gets a new one. */
static void complete_spec(const struct port *port, struct port_spec *want, bool anew)
{
	if (anew && !port->elsewhere)
		return;
	want->domain = port->spec.domain;
	if (!want->ifname[0])
		memcpy(want->ifname, port->spec.ifname, IFNAMSIZ);
}

static int preview_port(struct network *network, const struct port *port,
			const struct port_spec *want, unsigned int end,
			void (*step)(unsigned int end, const char *text, void *userdata),
			void *userdata)
{
	_cleanup_plan_ struct plan plan = { 0 };
	char text[PLAN_STEP_TEXT_MAX];
	int r = network_preview(network, port, want, &plan);

	for (size_t i = 0; i < plan.n && r >= 0; i++)
		step(end, plan_step_describe(&plan.steps[i], text), userdata);
	return r;
}

int change_preview(struct manager *manager, struct rport_link *link, struct link_spec *want,
		   void (*step)(unsigned int end, const char *text, void *userdata), void *userdata)
{
	int r = 0;

	for (unsigned int end = 0; end < 2 && r >= 0; end++) {
		struct port *port = link->ports[end];

		reconcile_now(manager, port);
		if (!port->peering.present || why_anew(port, &want->ports[end]))
			continue;
		complete_spec(port, &want->ports[end], false);
		r = preview_port(manager->network, port, &want->ports[end], end, step, userdata);
	}
	commit_flush(manager);
	return r;
}

int change_link(struct manager *manager, struct rport_link *link, struct link_spec *want,
		struct rport_error *err)
{
	struct change changes[2];
	int r = 0, done;

	for (int end = 0; end < 2; end++) {
		struct port *port = link->ports[end];

		changes[end] = (struct change){
			.port = port,
			.spec = &want->ports[end],
			.admin = PORT_ADMIN_UP,
			.anew = why_anew(port, &want->ports[end]) != NULL,
			.wait = want->wait,
		};
		complete_spec(port, &want->ports[end], changes[end].anew);
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
