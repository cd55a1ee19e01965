/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * A link is built in stages, each of which is undone when a later one fails:
 *
 *	both ports are made in their domains, down and without addresses;
 *	they are set up and get addresses and routes;
 *	they become each other's peer, and the shuttle begins to move frames. Last, so that packets
 *	that the first sends as it comes up (MLD) wait until the second can receive them.
 */

#include <stdio.h>

#include "base/log.h"
#include "manager/change.h"
#include "manager/commit.h"
#include "manager/context.h"
#include "manager/pair.h"
#include "manager/parents.h"
#include "manager/ports.h"
#include "manager/reconcile.h"
#include "manager/status.h"
#include "port/spec-diff.h"

static void take_place(struct port_spec *spec, struct network_place *place)
{
	spec->domain = place->domain;
	process_free(spec->process);
	spec->process = steal_ptr(place->process);
}

/* Resolves the domains, so that all of the spec is checked before anything is changed. Return: how
 * many domains exist, or -errno. */
static int find_domains(struct manager *manager, struct link_spec *spec, struct rport_error *err)
{
	int found = 0;

	for (int end = 0; end < 2; end++) {
		_cleanup_network_place_ struct network_place place = { 0 };
		struct rport_error why;
		int r = network_resolve(manager->network, &spec->ports[end].domain, NULL, &place,
					&why);

		if (r >= 0) {
			take_place(&spec->ports[end], &place);
			found++;
		} else if (!spec->wait || why.kind != RPORT_ERR_DOMAIN_NOT_FOUND) {
			*err = why;
			return r;
		}
	}
	return found;
}

/* A process cannot be waited for: another one may get its number. */
static int check_wait(const struct link_spec *spec, struct rport_error *err)
{
	for (int end = 0; end < 2 && spec->wait; end++)
		if (spec->ports[end].domain.netns == DOMAIN_NETNS_PID)
			return rport_error_set(
				err, RPORT_ERR_INVALID, EINVAL,
				"pid:%d cannot be waited for: give its namespace a name (ip netns "
				"attach NAME %d)",
				spec->ports[end].domain.pid, spec->ports[end].domain.pid);
	return 0;
}

/* What a link is made of, and made again. */
struct link_plan {
	struct link_spec spec;
	enum port_admin admin[2];
};

static int create_port(struct manager *manager, struct link_plan *plan, unsigned int end,
		       struct port **ret, struct rport_error *err)
{
	char alias[PORT_ALIAS_MAX];
	int r;

	port_link_alias(plan->spec.name, end, alias);
	r = manager_create_port(manager, &plan->spec.ports[end], alias, plan->spec.wait, ret, err);
	if (r < 0)
		return r;
	(*ret)->admin = plan->admin[end];
	return 0;
}

static int bring_up(struct manager *manager, struct port *port, struct rport_error *err)
{
	int r;

	if (!port->peering.present || port->admin != PORT_ADMIN_UP)
		return 0;
	r = reconcile_bring_up(manager, port, false, err);
	if (r >= 0)
		commit_port(manager, port, "asked for");
	return r;
}

/* Takes the contents of the plan's spec over, in any case, but for the name. */
static int build(struct manager *manager, struct link_plan *plan, struct rport_link **ret,
		 struct rport_error *err)
{
	struct link_spec *spec = &plan->spec;
	struct port *ports[2] = { NULL, NULL };
	int r = 0;

	for (unsigned int end = 0; end < 2 && r >= 0; end++)
		r = create_port(manager, plan, end, &ports[end], err);
	for (int end = 0; end < 2 && r >= 0; end++)
		r = bring_up(manager, ports[end], err);
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

static struct link_plan link_plan_new(struct link_spec *spec)
{
	struct link_plan plan = { .spec = *spec, .admin = { PORT_ADMIN_UP, PORT_ADMIN_UP } };

	spec->ports[0] = spec->ports[1] = (struct port_spec){ 0 };
	return plan;
}

/* The plan to make a link again as it is, even if its domains are gone by then; the contents of its
 * ports' specs move into the plan. */
static struct link_plan link_plan_again(struct rport_link *link)
{
	struct link_plan plan = { .spec = { .wait = true } };

	memcpy(plan.spec.name, link->name, sizeof(plan.spec.name));
	for (int end = 0; end < 2; end++) {
		plan.admin[end] = link->ports[end]->admin;
		plan.spec.ports[end] = link->ports[end]->spec;
		link->ports[end]->spec.addresses = NULL;
		link->ports[end]->spec.routes = NULL;
		link->ports[end]->spec.process = NULL;
	}
	return plan;
}

static void link_plan_release(struct link_plan *plan)
{
	link_spec_release(&plan->spec);
}
#define _cleanup_link_plan_ _cleanup_(link_plan_release)

/* The file of a link that was inherited is not known until it is read. */
static void keep_file(struct manager *manager, struct rport_link *link, bool configured,
		      const char *file)
{
	if (configured)
		manager_set_file(manager, link, file ? file : "");
}

/* Removes the old link; if the new one cannot be made the old one is made again. */
static int replace_link(struct manager *manager, struct rport_link *old, struct link_plan *plan,
			struct rport_link **ret, struct rport_error *err)
{
	_cleanup_link_plan_ struct link_plan back = link_plan_again(old);
	_cleanup_free_ char *file = steal_ptr(old->file);
	bool configured = old->configured;
	struct rport_error again;
	struct rport_link *link;
	int r, restored;

	manager_destroy_link(manager, old);
	r = build(manager, plan, ret, err);
	if (r >= 0) {
		keep_file(manager, *ret, configured, file);
		return r;
	}
	restored = build(manager, &back, &link, &again);
	if (restored >= 0)
		keep_file(manager, link, configured, file);
	else
		log_error("link %s: could not be restored after a failed replacement: %s",
			  back.spec.name, again.message);
	rport_error_prefix(err, restored < 0 ? "the link is lost (see the log): "
					     : "the link is kept as it was: ");
	return r;
}

bool pair_differs(const struct rport_link *have, const struct link_spec *want, char *ret,
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

static bool is_whole(const struct rport_link *link)
{
	return link->ports[0]->peering.present && link->ports[1]->peering.present;
}

static int refuse_other(const struct link_spec *spec, const char *difference,
			struct rport_error *err)
{
	return rport_error_set(err, RPORT_ERR_LINK_EXISTS, EEXIST,
			       "there is a link %s already with other parameters: %s; give this "
			       "one another name (--name), or say --replace",
			       spec->name, difference);
}

/* The link matches the spec. A port that stays pending is an error, unless the spec may wait. */
static int complete(struct manager *manager, struct rport_link *link, bool wait,
		    struct rport_error *err)
{
	for (int end = 0; end < 2; end++) {
		int r = manager_complete_port(manager, link->ports[end], err);

		if (r < 0 && !wait)
			return r;
	}
	return 0;
}

static bool is_anew(const struct pair_outcome *outcome)
{
	return outcome->anew[0] || outcome->anew[1];
}

/*
 * struct situation - the state before a link is made
 * @old: the link of that name, or NULL
 * @same: it matches the spec
 * @found: how many of the domains exist
 */
struct situation {
	struct rport_link *old;
	bool same;
	int found;
};

/* Makes all checks that are possible before anything is changed. */
static int check(struct manager *manager, struct link_spec *spec, bool replace,
		 struct situation *ret, struct rport_error *err)
{
	char difference[2 * DOMAIN_TEXT_MAX + 128];
	struct rport_link *old;
	int r;

	r = spec->name[0] ? 0 : link_spec_default_name(spec, err);
	if (r >= 0)
		r = link_spec_check(spec, err);
	if (r >= 0)
		r = check_wait(spec, err);
	if (r >= 0)
		r = ret->found = find_domains(manager, spec, err);
	if (r < 0)
		return r;
	old = ret->old = table_link_by_name(manager_table(manager), spec->name);
	if (old)
		reconcile_take_over(manager, old->ports[0]);
	ret->same = old && !pair_differs(old, spec, difference, sizeof(difference));
	if (ret->same)
		return 0;
	if (old && !replace)
		return refuse_other(spec, difference, err);
	for (int end = 0; end < 2 && r >= 0; end++) /* before the old one is removed */
		r = manager_check_name(manager, &spec->ports[end], old, err);
	return r;
}

static enum pair_result result_of(const struct situation *situation, const struct link_spec *spec,
				  const struct pair_outcome *outcome)
{
	if (!situation->old)
		return PAIR_CREATED;
	if (situation->same)
		return PAIR_UNCHANGED;
	if (is_anew(outcome) || !change_is_possible(situation->old, spec))
		return PAIR_REPLACED;
	return PAIR_CHANGED;
}

/* Finds out what there is, whether the spec is possible, and what has to be done for it. */
static int examine(struct manager *manager, struct link_spec *spec, bool replace,
		   struct situation *ret, struct pair_outcome *ret_outcome, struct rport_error *err)
{
	int r;

	*ret = (struct situation){ 0 };
	*ret_outcome = (struct pair_outcome){ 0 };
	r = check(manager, spec, replace, ret, err);
	if (r < 0)
		return r;
	if (ret->old && !ret->same)
		change_needs_anew(ret->old, spec, ret_outcome->anew);
	ret_outcome->result = result_of(ret, spec, ret_outcome);
	return 0;
}

static int change(struct manager *manager, struct link_spec *spec, struct rport_link *old,
		  struct rport_error *err)
{
	int r = change_link(manager, old, spec, err);

	return r < 0 ? r : complete(manager, old, true, err);
}

static int make(struct manager *manager, struct link_spec *spec, const struct situation *situation,
		struct rport_link **ret, struct rport_error *err)
{
	_cleanup_link_plan_ struct link_plan plan = link_plan_new(spec);
	struct rport_link *old = situation->old;

	/* an obstacle to the new link must not cost the old one */
	if (old && is_whole(old) && situation->found == 2)
		plan.spec.wait = false;
	return old ? replace_link(manager, old, &plan, ret, err) : build(manager, &plan, ret, err);
}

int pair_domains(struct manager *manager, struct link_spec *spec, bool replace,
		 struct pair_outcome *ret_outcome, struct rport_link **ret_link,
		 struct rport_error *err)
{
	struct situation situation;
	int r = examine(manager, spec, replace, &situation, ret_outcome, err);

	if (r < 0)
		return r;
	*ret_link = situation.old;
	if (situation.same)
		return complete(manager, situation.old, spec->wait, err);
	if (situation.old && change_is_possible(situation.old, spec))
		return change(manager, spec, situation.old, err);
	return make(manager, spec, &situation, ret_link, err);
}

int pair_preview(struct manager *manager, struct link_spec *spec, bool replace,
		 struct pair_outcome *ret_outcome,
		 void (*step)(unsigned int end, const char *text, void *userdata), void *userdata,
		 struct rport_error *err)
{
	struct situation situation;
	int r = examine(manager, spec, replace, &situation, ret_outcome, err);

	if (r < 0)
		return r;
	if (!situation.old || situation.same || !change_is_possible(situation.old, spec))
		return 0;
	r = change_preview(manager, situation.old, spec, step, userdata);
	return r < 0 ? rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot look at the link %s: %s",
				       spec->name, strerror(-r))
		     : 0;
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
	_cleanup_network_place_ struct network_place place = { 0 };
	char difference[2 * DOMAIN_TEXT_MAX + 64];
	struct port *port;
	int r;

	r = port_spec_check(spec, err);
	if (r >= 0)
		r = network_resolve(manager->network, &spec->domain, NULL, &place, err);
	if (r < 0)
		return r;
	take_place(spec, &place);
	port = spec->ifname[0] ? port_called(manager, spec) : NULL;
	if (!port) {
		r = manager_create_port(manager, spec, PORT_ALIAS, false, ret, err);
		if (r >= 0)
			manager_keep_port(manager, *ret);
		return r < 0 ? r : 1;
	}
	if (port_spec_diff(&port->spec, spec, difference, sizeof(difference)))
		return rport_error_set(err, RPORT_ERR_PORT_EXISTS, EEXIST,
				       "there is a port %s already with other parameters: %s",
				       spec->ifname, difference);
	*ret = port;
	return manager_complete_port(manager, port, err);
}
