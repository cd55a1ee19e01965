/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * A verb validates, stages what can fail, and commits to the table last; what was staged is undone
 * when a later stage fails. At its end what changed is recorded for the next daemon (restore.c),
 * and the observer is told (events.c, manager_update_ports()).
 */

#include <stdio.h>

#include "manager/manager-private.h"
#include "manager/report.h"
#include "port/ask.h"

/* --- ports ------------------------------------------------------------------------------------ */

_Static_assert(COUNTERS_QUEUES >= TUN_QUEUES_MAX, "each queue of a port is counted");

static int take_slot(struct manager *manager, struct port *port, unsigned int slot)
{
	int r;

	if (slot == MANAGER_NEW_SLOT)
		r = counters_new(manager->counters, port->spec.queues, &slot);
	else
		r = counters_take(manager->counters, slot);
	if (r < 0)
		return r;
	port->slot = slot;
	for (unsigned int i = 0; i < port->spec.queues; i++)
		port->counters[i] = counters_of(manager->counters, slot, i);
	return 0;
}

int manager_add_port(struct manager *manager, struct port_spec *spec, unsigned int slot,
		     struct port **ret, struct rport_error *err)
{
	struct port *port = malloc(sizeof(*port));

	if (!port) {
		rport_error_no_memory(err);
		return -ENOMEM;
	}
	*port = (struct port){ .log = REPORT_PORT_LIMIT };
	port->spec = *spec;
	if (take_slot(manager, port, slot) < 0) {
		free(port);
		rport_error_set(err, RPORT_ERR_LIMIT, ENOSPC,
				"the limit of %u ports is reached (rportd --limit ports=N)",
				manager->options.max_ports);
		return -ENOSPC;
	}
	*spec = (struct port_spec){ 0 };
	memcpy(port->ifname, port->spec.ifname, IFNAMSIZ);
	port->mtu = port->spec.mtu;
	table_add_port(&manager->table, port);
	*ret = port;
	return 0;
}

void manager_remove_port(struct manager *manager, struct port *port)
{
	if (manager->observer.port)
		manager->observer.port(port, true, manager->observer.userdata);
	watch_forget(manager, port);
	hold_forget(manager, port);
	table_remove_port(&manager->table, port);
	if (manager->state) { /* else it may be for the next daemon */
		port_remove(port);
		record_device(manager, port);
		record_drop_process(manager, port);
		record_forget_port(manager, port);
	}
	log_limit_end(&port->log);
	port_release(port);
	counters_free(manager->counters, port->slot);
	free(port);
}

/* A domain that is to come; an interface that is in the way, such as one of a daemon that was just
 * killed. */
static bool can_be_waited_for(const struct rport_error *err)
{
	return err->kind == RPORT_ERR_DOMAIN_NOT_FOUND || err->kind == RPORT_ERR_INTERFACE_EXISTS;
}

int manager_check_name(struct manager *manager, const struct port_spec *spec,
		       const struct rport_link *except, struct rport_error *err)
{
	char domain[DOMAIN_TEXT_MAX];
	const struct port *port = NULL;

	if (!spec->ifname[0])
		return 0;
	do
		port = table_port_wanting(&manager->table, &spec->domain, spec->ifname, port);
	while (port && except && port->link == except);
	if (!port)
		return 0;
	return rport_error_set(err, RPORT_ERR_INTERFACE_EXISTS, EEXIST,
			       "there is an interface %s in %s already: choose another name",
			       spec->ifname, domain_format(&port->spec.domain, domain));
}

int manager_create_port(struct manager *manager, struct port_spec *spec, const char *alias,
			bool wait, struct port **ret, struct rport_error *err)
{
	struct rport_error why;
	struct port *port;
	int r;

	r = manager_check_name(manager, spec, NULL, err);
	if (r < 0)
		return r;
	if (manager->table.n_ports >= manager->options.max_ports)
		return rport_error_set(err, RPORT_ERR_LIMIT, ENOSPC,
				       "the limit of %u ports is reached (rportd --limit ports=N)",
				       manager->options.max_ports);
	r = manager_add_port(manager, spec, MANAGER_NEW_SLOT, &port, err);
	if (r < 0)
		return r;
	port_set_alias(port, alias);
	r = hold_try(manager, port, &why);
	if (r < 0 && !(wait && can_be_waited_for(&why))) {
		manager_remove_port(manager, port);
		if (err)
			*err = why;
		return r;
	}
	watch_mark_dirty(manager, port);
	*ret = port;
	return 0;
}

int manager_complete_port(struct manager *manager, struct port *port, struct rport_error *err)
{
	int r;

	if (port->rule.present)
		return 0;
	r = hold_try(manager, port, err);
	if (r >= 0)
		record_port(manager, port);
	manager_update_ports(manager);
	return r;
}

void manager_keep_port(struct manager *manager, struct port *port)
{
	record_port(manager, port);
	manager_update_ports(manager);
}

void manager_destroy_port(struct manager *manager, struct port *port)
{
	char name[PORT_TEXT_MAX];

	manager_delete_parent(manager, port);
	report_port(LOG_INFO, NULL, port, "port %s: removed", port_format(port, name));
	manager_remove_port(manager, port);
}

int manager_set_up(struct manager *manager, struct port *port, bool up, struct rport_error *err)
{
	enum port_admin admin = up ? PORT_ADMIN_UP : PORT_ADMIN_DOWN;
	bool changed;
	int r = 0;

	watch_look(manager, port);
	changed = port->rule.present ? port->rule.up != up : port->admin != admin;
	if (port->rule.present)
		r = up ? port_bring_up(port, port->was_up, err) : port_take_down(port, err);
	if (r < 0)
		return r;
	port->admin = admin;
	record_port(manager, port);
	watch_mark_dirty(manager, port);
	watch_mark_peer_dirty(manager, port);
	watch_suspect(manager, port);
	manager_update_ports(manager);
	return changed;
}

static int set_mtu(struct port *port, unsigned int mtu, struct rport_error *err)
{
	if (port->rule.present)
		return port_set_mtu(port, mtu, err);
	port->mtu = port->spec.mtu = mtu;
	return 0;
}

static void set_mtu_back(struct port *port, unsigned int mtu, unsigned int wanted)
{
	set_mtu(port, mtu, NULL);
	port->spec.mtu = wanted;
}

int manager_set_mtu(struct manager *manager, struct port *const ports[], size_t n, int64_t mtu,
		    struct rport_error *err)
{
	struct port_spec checked = PORT_SPEC_INIT;
	struct {
		unsigned int mtu, wanted;
	} before[2] = { 0 };
	bool changed = false;
	int r;

	for (size_t i = 0; i < n; i++)
		watch_look(manager, ports[i]);
	r = port_spec_set_mtu(&checked, mtu, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		before[i].mtu = ports[i]->mtu;
		before[i].wanted = ports[i]->spec.mtu;
		changed |= before[i].mtu != checked.mtu;
		r = set_mtu(ports[i], checked.mtu, err);
		if (r < 0) {
			while (i-- > 0)
				set_mtu_back(ports[i], before[i].mtu, before[i].wanted);
			return r;
		}
	}
	for (size_t i = 0; i < n; i++) {
		record_port(manager, ports[i]);
		watch_mark_dirty(manager, ports[i]);
		watch_suspect(manager, ports[i]);
	}
	manager_update_ports(manager);
	return changed;
}

/* --- putting back ----------------------------------------------------------------------------- */

static void tell_restored(const struct port *port, char *drift,
			  void (*restored)(const struct port *port, const char *what,
					   void *userdata),
			  void *userdata)
{
	char *rest = drift, *line;

	while ((line = strsep(&rest, "\n")))
		if (*line)
			restored(port, line, userdata);
}

/* What was to be put back is as it was, though nothing failed: somebody else is at it, too. */
static int refuse_drift(const struct port *port, struct rport_error *err)
{
	char name[PORT_TEXT_MAX];

	return rport_error_set(err, RPORT_ERR_SYSTEM, EBUSY, "%s cannot be put back: %.*s",
			       port_format(port, name), (int)strcspn(port->drift, "\n"),
			       port->drift);
}

static int put_back(struct manager *manager, struct port *port, struct rport_error *err)
{
	int r;

	if (!port->away)
		return port_put_back(port, err);
	/* an interface cannot be moved back from another namespace: make it again in its own */
	hold_lost(manager, port, "it was moved to another namespace");
	r = hold_try(manager, port, err);
	if (r >= 0)
		record_port(manager, port);
	return r;
}

int manager_reconcile(struct manager *manager, struct port *port,
		      void (*restored)(const struct port *port, const char *what, void *userdata),
		      void *userdata, struct rport_error *err)
{
	_cleanup_free_ char *drift = NULL;
	int r;

	watch_look(manager, port);
	if (!port->rule.present) {
		port->hold.retries = 0; /* who was given up, too */
		r = manager_complete_port(manager, port, err);
		if (r >= 0)
			restored(port, "the interface", userdata);
		return r;
	}
	manager_compare(manager, port);
	manager_update_ports(manager);
	drift = port->drift ? strdup(port->drift) : NULL;
	if (!drift)
		return port->drift ? rport_error_no_memory(err) : 0;
	r = put_back(manager, port, err);
	table_rename_port(&manager->table, port);
	manager_compare(manager, port);
	if (r >= 0 && port->drift)
		r = refuse_drift(port, err);
	if (r >= 0)
		tell_restored(port, drift, restored, userdata);
	watch_mark_dirty(manager, port);
	watch_mark_peer_dirty(manager, port);
	manager_update_ports(manager);
	return r;
}

void manager_compare(struct manager *manager, struct port *port)
{
	if (port->rule.present && port_compare(port) > 0)
		watch_mark_dirty(manager, port);
}

/* --- asking ----------------------------------------------------------------------------------- */

/* Is there an interface of that name: in our own namespace, or in the domain that stands before it?
 */
static bool interface_exists(struct manager *manager, const char *name)
{
	_cleanup_domain_place_ struct domain_place place = DOMAIN_PLACE_INIT;
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;
	const char *slash = strrchr(name, '/');
	char text[DOMAIN_TEXT_MAX];
	struct domain domain;
	struct rtnl_dev dev;

	if (!slash)
		return rtnl_dev_by_name(manager->yard.own, name, &dev) == 0;
	if ((size_t)(slash - name) >= sizeof(text))
		return false;
	memcpy(text, name, (size_t)(slash - name));
	text[slash - name] = '\0';
	return domain_parse(text, &domain, NULL) == 0 &&
	       domain_resolve(&domain, &place, NULL) == 0 &&
	       rtnl_open(place.netns_fd, &rtnl) == 0 &&
	       rtnl_dev_by_name(rtnl, slash + 1, &dev) == 0;
}

int manager_find_port(struct manager *manager, const char *name, struct port **ret,
		      struct rport_error *err)
{
	int r = table_find_port(&manager->table, name, ret, err);

	if (r == -ENXIO && interface_exists(manager, name))
		return rport_error_set(err, RPORT_ERR_NOT_RPORT, EPROTONOSUPPORT,
				       "the interface %s is not a port of rportd's", name);
	return r;
}

struct table *manager_table(struct manager *manager)
{
	return &manager->table;
}

void manager_port_status(const struct port *port, struct port_status *ret)
{
	struct port_status status = { .state = PORT_PENDING, .mtu = port->mtu };

	memcpy(status.ifname, port->ifname, sizeof(status.ifname));
	for (unsigned int i = 0; i < port->spec.queues; i++)
		flow_add_counters(port->counters[i], &status.counters);
	if (port->rule.present) {
		status.state = port->rule.up ? PORT_UP : PORT_DOWN;
		status.carrier = port->carrier && port->rule.up;
		status.index = port->index;
		status.interface_dropped = port->interface_dropped;
	}
	*ret = status;
}

void manager_observe(struct manager *manager, const struct manager_observer *observer)
{
	manager->observer = *observer;
}

unsigned int manager_n_pending(const struct manager *manager)
{
	return manager->n_pending;
}

bool manager_workers_answer(struct manager *manager, unsigned int *ret_silent)
{
	return shuttle_workers_answer(manager->shuttle, ret_silent);
}

const char *manager_datapath(const struct manager *manager)
{
	return shuttle_datapath_name(manager->shuttle);
}

bool manager_has_busy_poll(const struct manager *manager)
{
	return manager->options.busy_poll > 0 && shuttle_has_busy_poll(manager->shuttle);
}

int manager_uring_error(const struct manager *manager)
{
	return shuttle_engine_error(manager->shuttle);
}

/* --- beginning and end ------------------------------------------------------------------------ */

#define ALIVE_USEC (250 * 1000) /* how exactly the next daemon knows when this one ended */

static int note_alive(sd_event_source *source, uint64_t usec _unused_, void *userdata)
{
	struct manager *manager = userdata;

	counters_alive(manager->counters);
	(void)sd_event_source_set_time_relative(source, ALIVE_USEC);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int start_counters(struct manager *manager, sd_event *event, struct rport_error *err)
{
	int r;

	r = counters_open(manager->state, manager->options.max_ports, &manager->counters);
	if (r >= 0 && state_is_kept(manager->state))
		r = sd_event_add_time_relative(event, &manager->alive, CLOCK_MONOTONIC, 0, 0,
					       note_alive, manager);
	if (r < 0)
		return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot make the counters: %s",
				       strerror(-r));
	return 0;
}

static int start_shuttle(struct manager *manager, sd_event *event, struct rport_error *err)
{
	struct shuttle_options options = {
		.datapath = manager->options.datapath,
		.nowait = manager->yard.nowait,
		.workers = manager->options.workers,
		.busy_poll = manager->options.busy_poll,
		.gone = watch_port_gone,
		.moved = watch_link_moved,
		.userdata = manager,
	};
	int r;

	r = shuttle_new(event, &options, &manager->shuttle);
	if (r == -EPERM || r == -ENOSYS)
		return rport_error_set(
			err, RPORT_ERR_SYSTEM, -r,
			"io_uring is not to be had: %s (see sysctl kernel.io_uring_disabled); "
			"--datapath=epoll does without",
			strerror(-r));
	if (r == -EOPNOTSUPP)
		return rport_error_set(
			err, RPORT_ERR_SYSTEM, -r,
			"this kernel cannot do that data path: choose another (--datapath=auto)");
	if (r < 0)
		return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot start the data path: %s",
				       strerror(-r));
	return 0;
}

/* Be as the former daemon was, as far as it could tell. */
static void take_over(struct manager *manager)
{
	const struct state_handover *handover = &manager->options.handover;

	if (!handover->inherited)
		return;
	if (handover->unreadable) {
		log_print_id(LOG_ERR, MESSAGE_STATE_UNREADABLE,
			     "the records of the former rportd cannot be read: %s; %s%s",
			     handover->reason,
			     handover->aside[0] ? "they were set aside in "
						: "they could not be set aside",
			     handover->aside);
		adopt_all(manager);
	} else {
		record_restore(manager);
	}
	manager_update_ports(manager);
}

int manager_new(sd_event *event, const struct manager_options *options, struct manager **ret,
		struct rport_error *err)
{
	struct manager *manager;
	int r;

	manager = calloc(1, sizeof(*manager));
	if (!manager)
		return rport_error_no_memory(err);
	manager->options = *options;
	manager->state = options->state;
	TAILQ_INIT(&manager->table.ports);
	TAILQ_INIT(&manager->dirty);
	TAILQ_INIT(&manager->suspects);
	TAILQ_INIT(&manager->pending);
	r = start_counters(manager, event, err);
	if (r >= 0)
		r = port_yard_open(&manager->yard, err);
	manager->yard.queues_forced = options->unwatched_queues;
	if (r >= 0)
		r = manager_start_asking(manager, err);
	if (r >= 0)
		r = watch_start(manager, event, err);
	if (r >= 0)
		r = hold_start(manager, event, err);
	if (r >= 0)
		r = start_shuttle(manager, event, err);
	if (r < 0) {
		manager_free(manager);
		return r;
	}
	take_over(manager);
	*ret = manager;
	return 0;
}

void manager_free(struct manager *manager)
{
	struct port *port;

	if (!manager)
		return;
	if (manager->counters)
		counters_alive(manager->counters);
	/* from here on nothing is recorded: what the store has is for the next daemon */
	manager->state = NULL;
	manager->observer = (struct manager_observer){ 0 };
	while ((port = TAILQ_FIRST(&manager->table.ports))) {
		if (port->link)
			manager_destroy_link(manager, port->link);
		else
			manager_remove_port(manager, port);
	}
	sd_event_source_disable_unref(manager->alive);
	hold_stop(manager);
	watch_stop(manager);
	shuttle_free(manager->shuttle);
	counters_close(manager->counters);
	port_asker_free(manager->asker);
	port_yard_close(&manager->yard);
	free(manager);
}
