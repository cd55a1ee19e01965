/* SPDX-License-Identifier: ISC */
/* All that must follow a change of a port or a link. */

#include <stdio.h>

#include "manager/commit.h"
#include "manager/context.h"
#include "manager/fastpath.h"
#include "manager/records.h"
#include "manager/report.h"
#include "manager/schedule.h"

/* --- observers -------------------------------------------------------------------------------- */

static void mark_untold(struct manager *manager, struct port *port)
{
	if (!port->untold)
		TAILQ_INSERT_TAIL(&manager->untold, port, untold_entry);
	port->untold = true;
}

static void mark_told(struct manager *manager, struct port *port)
{
	if (port->untold)
		TAILQ_REMOVE(&manager->untold, port, untold_entry);
	port->untold = false;
}

/* Observers report the name of the peer of a port; the carrier of a port depends on its peer. */
static void mark_both_untold(struct manager *manager, struct port *port)
{
	mark_untold(manager, port);
	if (port->link)
		mark_untold(manager, port->link->ports[!port->end]);
}

static void tell(struct manager *manager, const struct port *port)
{
	const struct manager_observer *observer = &manager->observer;

	if (observer->port)
		observer->port(port, false, observer->userdata);
	if (observer->link && port->link)
		observer->link(port->link, false, observer->userdata);
}

void commit_flush(struct manager *manager)
{
	struct port *port;

	while ((port = TAILQ_FIRST(&manager->untold))) {
		mark_told(manager, port);
		if (network_update_carrier(manager->network, port) < 0)
			schedule_look_again(port, SCHEDULE_DEVICE);
		if (port->link)
			fastpath_update(manager, port->link);
		tell(manager, port);
	}
}

/* --- the state -------------------------------------------------------------------------------- */

static const char *const state_names[] = {
	[PORT_PENDING] = "pending",
	[PORT_INHERITED] = "inherited",
	[PORT_DOWN] = "down",
	[PORT_UP] = "up",
};

/* @reason: NULL: as before */
static void set_reason(struct port *port, const char *reason)
{
	char *copy = NULL;

	if (!port->peering.present) {
		copy = reason ? strdup(reason) : NULL;
		if (!copy) /* out of memory: the former one is better than none */
			return;
	}
	free(port->reason);
	port->reason = copy;
}

/* Return: the list of the ports in a state, or NULL. */
static struct waiting_ports *waiting_in(struct manager *manager, enum port_state state)
{
	switch (state) {
	case PORT_PENDING:
		return &manager->pending;
	case PORT_INHERITED:
		return &manager->inherited;
	case PORT_DOWN:
	case PORT_UP:
		break;
	}
	return NULL;
}

static void enter_state(struct manager *manager, struct port *port, enum port_state state)
{
	struct waiting_ports *waiting = waiting_in(manager, state);

	port->state = state;
	if (!waiting)
		return;
	TAILQ_INSERT_TAIL(&waiting->list, port, waiting_entry);
	waiting->n++;
}

static void leave_state(struct manager *manager, struct port *port)
{
	struct waiting_ports *waiting = waiting_in(manager, port->state);

	if (!waiting)
		return;
	TAILQ_REMOVE(&waiting->list, port, waiting_entry);
	waiting->n--;
}

/* Ports that are made or taken over together are logged together, by the code that does that. */
static int level_of(const struct port *port, enum port_state old)
{
	if (!port->kept || (old == PORT_INHERITED && port->state != PORT_PENDING))
		return LOG_DEBUG;
	return port->state == PORT_PENDING || old == PORT_PENDING ? LOG_NOTICE : LOG_INFO;
}

static void log_state(struct port *port, enum port_state old, const char *why)
{
	const char *id = port->state == PORT_PENDING ? MESSAGE_PORT_PENDING
			 : old == PORT_PENDING       ? MESSAGE_PORT_THERE
						     : NULL;
	char name[PORT_TEXT_MAX];

	report_port_event(level_of(port, old), id, port, "port %s: %s -> %s%s%s",
			  port_format(port, name), state_names[old], state_names[port->state],
			  why ? ": " : "", why ? why : "");
}

static void set_state(struct manager *manager, struct port *port, const char *why)
{
	enum port_state old = port->state;

	set_reason(port, why);
	if (port_state(port) == old)
		return;
	leave_state(manager, port);
	enter_state(manager, port, port_state(port));
	log_state(port, old, why);
}

void commit_port(struct manager *manager, struct port *port, const char *why)
{
	table_rename_port(&manager->table, port);
	set_state(manager, port, why);
	if (port->link)
		fastpath_withdraw(manager, port->link);
	records_device(manager, port);
	records_port(manager, port);
	mark_both_untold(manager, port);
}

void commit_touch(struct manager *manager, struct port *port)
{
	mark_untold(manager, port);
}

/* --- the data path ---------------------------------------------------------------------------- */

static struct shuttle_port shuttle_port(const struct port *port, bool stale)
{
	return (struct shuttle_port){
		.tun = &port->tun,
		/* Packets from the time without a carrier are old. */
		.stale = stale || !port->carrier,
		.counters = port->counters,
	};
}

static int connect_link(struct manager *manager, struct rport_link *link, bool stale)
{
	struct shuttle_port ports[2] = { shuttle_port(link->ports[0], stale),
					 shuttle_port(link->ports[1], stale) };

	if (link->datapath || !link->ports[0]->peering.present || !link->ports[1]->peering.present)
		return 0;
	return datapath_add_link(manager->datapath, ports, link, &link->datapath);
}

static void disconnect(struct manager *manager, struct rport_link *link)
{
	fastpath_end(manager, &link, 1, false);
	datapath_remove_link(steal_ptr(link->datapath));
}

static int cannot_connect(int r, struct rport_error *err)
{
	return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot start the data path: %s",
			       strerror(-r));
}

int commit_attach(struct manager *manager, struct port *port, bool stale, struct rport_error *err)
{
	int r = table_enter_index(&manager->table, port);

	if (r >= 0 && port->link)
		r = connect_link(manager, port->link, stale);
	return r < 0 ? cannot_connect(r, err) : 0;
}

static int compare_links(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t) * (struct rport_link *const *)a;
	uintptr_t y = (uintptr_t) * (struct rport_link *const *)b;

	return (x > y) - (x < y);
}

void commit_end_fastpaths(struct manager *manager, struct port *const ports[], size_t n)
{
	_cleanup_free_ struct rport_link **links = calloc(n, sizeof(struct rport_link *));
	size_t all = 0, different = 0;

	if (!links)
		return;
	for (size_t i = 0; i < n; i++)
		if (ports[i]->link)
			links[all++] = ports[i]->link;
	qsort(links, all, sizeof(struct rport_link *), compare_links);
	for (size_t i = 0; i < all; i++)
		if (i == 0 || links[i] != links[i - 1])
			links[different++] = links[i];
	fastpath_end(manager, links, different, true);
}

static void leave(struct manager *manager, struct port *port)
{
	if (port->link)
		disconnect(manager, port->link);
	table_leave_index(&manager->table, port);
}

void commit_detach(struct manager *manager, struct port *port)
{
	leave(manager, port);
	network_remove(manager->network, &port, 1);
	records_device(manager, port);
}

void commit_detach_all(struct manager *manager, struct port *ports[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		leave(manager, ports[i]);
	if (manager->state)
		network_remove(manager->network, ports, n);
	else /* they may be for the next daemon */
		port_unmake_all(ports, n);
	for (size_t i = 0; i < n; i++)
		records_device(manager, ports[i]);
}

int commit_connect(struct manager *manager, struct rport_link *link, bool stale,
		   struct rport_error *err)
{
	int r = connect_link(manager, link, stale);

	return r < 0 ? cannot_connect(r, err) : 0;
}

/* --- coming and going ------------------------------------------------------------------------- */

void commit_new_port(struct manager *manager, struct port *port)
{
	table_add_port(&manager->table, port);
	enter_state(manager, port, port_state(port));
}

void commit_port_gone(struct manager *manager, struct port *port)
{
	if (manager->observer.port)
		manager->observer.port(port, true, manager->observer.userdata);
	mark_told(manager, port);
	leave_state(manager, port);
	if (manager->state) { /* else it may be for the next daemon */
		commit_detach(manager, port);
		records_drop_process(manager, port);
		records_forget_port(manager, port);
	}
	table_remove_port(&manager->table, port);
}

void commit_link(struct manager *manager, struct rport_link *link)
{
	for (int end = 0; end < 2; end++) {
		link->ports[end]->kept = true;
		mark_untold(manager, link->ports[end]);
	}
	records_port(manager, link->ports[0]);
	for (int end = 0; end < 2; end++)
		if (link->ports[end]->recorded)
			records_forget_port(manager, link->ports[end]);
}

static void tell_link_gone(struct manager *manager, const struct rport_link *link)
{
	if (manager->observer.link)
		manager->observer.link(link, true, manager->observer.userdata);
}

int commit_link_name(struct manager *manager, struct rport_link *link, const char *name)
{
	struct rport_link before = *link;
	int r = table_rename_link(&manager->table, link, name);

	if (r < 0)
		return r;
	tell_link_gone(manager, &before);
	link->recorded = 0; /* under its new name */
	commit_link(manager, link);
	records_forget_link(manager, before.name);
	report_link(LOG_INFO, NULL, link->name, "link %s: its name was %s", link->name,
		    before.name);
	return 0;
}

void commit_link_gone(struct manager *manager, struct rport_link *link)
{
	tell_link_gone(manager, link);
	disconnect(manager, link);
	records_forget_link(manager, link->name);
	if (manager->state) /* else rportd is ending */
		report_link(LOG_INFO, MESSAGE_LINK_REMOVED, link->name, "link %s: removed",
			    link->name);
}
