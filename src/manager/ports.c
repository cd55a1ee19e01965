/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * A verb examines its ports (reconcile_now()), changes their wanted state, and applies it to the
 * kernel. If that fails it restores the former wanted state. At its end it commits the change
 * (commit.c).
 */

#include "manager/commit.h"
#include "manager/context.h"
#include "manager/fastpath.h"
#include "manager/ports.h"
#include "manager/reconcile.h"
#include "manager/report.h"
#include "manager/schedule.h"
#include "port/property.h"

/* --- coming and going ------------------------------------------------------------------------- */

_Static_assert(COUNTERS_QUEUES >= TUN_QUEUES_MAX, "each queue of a port is counted");

static int take_slot(struct manager *manager, struct port *port, unsigned int slot)
{
	int r;

	if (slot == PORTS_NEW_SLOT)
		r = counters_new(manager->counters, port->spec.queues, &slot);
	else
		r = counters_take(manager->counters, slot);
	if (r < 0)
		return r;
	port->slot = slot;
	for (unsigned int i = 0; i < port->spec.queues; i++)
		port->counters[i] = counters_of(manager->counters, slot, i);
	port->passed = counters_of(manager->counters, slot, COUNTERS_FASTPATH);
	return 0;
}

/* Return: a port without a number, or NULL. */
static struct port *new_port(struct manager *manager)
{
	struct port *port = malloc(sizeof(*port));

	if (!port)
		return NULL;
	*port = (struct port){ .log = REPORT_PORT_LIMIT };
	if (schedule_add(manager, port) < 0)
		free(steal_ptr(port));
	return port;
}

static int refuse_more(const struct manager *manager, struct rport_error *err)
{
	return rport_error_set(err, RPORT_ERR_LIMIT, ENOSPC,
			       "the limit of %u port%s is reached (rportd --limit ports=N)",
			       manager->options.max_ports, PLURAL(manager->options.max_ports));
}

int ports_add(struct manager *manager, struct port_spec *spec, unsigned int slot, struct port **ret,
	      struct rport_error *err)
{
	struct port *port = new_port(manager);

	if (!port) {
		rport_error_no_memory(err);
		return -ENOMEM;
	}
	port->spec = *spec;
	port->inherited = slot != PORTS_NEW_SLOT;
	if (take_slot(manager, port, slot) < 0) {
		schedule_remove(port);
		free(port);
		(void)refuse_more(manager, err);
		return -ENOSPC;
	}
	*spec = (struct port_spec){ 0 };
	port_forget_device(port);
	commit_new_port(manager, port);
	*ret = port;
	return 0;
}

void ports_remove(struct manager *manager, struct port *port)
{
	commit_port_gone(manager, port);
	schedule_remove(port);
	log_limit_end(&port->log);
	port_release(port);
	counters_free(manager->counters, port->slot);
	free(port);
}

/* A domain that does not exist yet; an interface that has the name, such as one of a daemon that
 * was just killed. */
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
	struct port *port = NULL;
	int r;

	r = manager_check_name(manager, spec, NULL, err);
	if (r < 0)
		return r;
	if (manager->table.n_ports >= manager->options.max_ports)
		return refuse_more(manager, err);
	r = ports_add(manager, spec, PORTS_NEW_SLOT, &port, err);
	if (r < 0)
		return r;
	network_set_alias(manager->network, port, alias);
	r = reconcile_try(manager, port, &why);
	if (r < 0 && !(wait && can_be_waited_for(&why))) {
		ports_remove(manager, port);
		if (err)
			*err = why;
		return r;
	}
	*ret = port;
	return 0;
}

int manager_complete_port(struct manager *manager, struct port *port, struct rport_error *err)
{
	int r;

	reconcile_take_over(manager, port);
	r = port->peering.present ? 0 : reconcile_try(manager, port, err);
	commit_flush(manager);
	return r;
}

void manager_keep_port(struct manager *manager, struct port *port)
{
	port->kept = true;
	commit_port(manager, port, NULL);
	commit_flush(manager);
}

/* --- its state and its MTU -------------------------------------------------------------------- */

int manager_set_up(struct manager *manager, struct port *port, bool up, struct rport_error *err)
{
	enum port_admin admin = up ? PORT_ADMIN_UP : PORT_ADMIN_DOWN;
	bool changed;
	int r = 0;

	reconcile_now(manager, port);
	changed = port->peering.present ? port->peering.up != up : port->admin != admin;
	if (port->peering.present)
		r = up ? reconcile_bring_up(manager, port, true, err)
		       : network_take_down(manager->network, port, err);
	if (r >= 0)
		port->admin = admin;
	commit_port(manager, port, port->peering.present ? "asked for" : NULL);
	schedule_look_settings(port);
	commit_flush(manager);
	return r < 0 ? r : changed;
}

static int set_mtu(struct manager *manager, struct port *port, unsigned int mtu,
		   struct rport_error *err)
{
	if (port->peering.present)
		return network_set_mtu(manager->network, port, mtu, err);
	port->spec.mtu = mtu;
	port_forget_device(port);
	return 0;
}

struct old_mtu {
	unsigned int seen, wanted;
};

/* Sets the MTU of all ports or of none. */
static int set_mtus(struct manager *manager, struct port *const ports[], size_t n, unsigned int mtu,
		    struct rport_error *err)
{
	struct old_mtu before[2] = { 0 };
	int r;

	for (size_t i = 0; i < n; i++) {
		before[i] = (struct old_mtu){ ports[i]->mtu, ports[i]->spec.mtu };
		r = set_mtu(manager, ports[i], mtu, err);
		if (r >= 0)
			continue;
		while (i-- > 0) {
			(void)set_mtu(manager, ports[i], before[i].seen, NULL);
			ports[i]->spec.mtu = before[i].wanted;
		}
		return r;
	}
	return 0;
}

int manager_set_mtu(struct manager *manager, struct port *const ports[], size_t n, int64_t mtu,
		    struct rport_error *err)
{
	struct port_spec checked = PORT_SPEC_INIT;
	bool changed = false;
	int r;

	for (size_t i = 0; i < n; i++)
		reconcile_now(manager, ports[i]);
	r = port_spec_set_mtu(&checked, mtu, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		changed |= ports[i]->mtu != checked.mtu;
	r = set_mtus(manager, ports, n, checked.mtu, err);
	for (size_t i = 0; i < n; i++) {
		commit_port(manager, ports[i], NULL);
		schedule_look_settings(ports[i]);
	}
	commit_flush(manager);
	return r < 0 ? r : changed;
}

int manager_set_fastpath(struct manager *manager, struct port *const ports[], size_t n, bool on)
{
	bool changed = false;

	for (size_t i = 0; i < n; i++) {
		reconcile_now(manager, ports[i]);
		changed |= ports[i]->spec.fastpath != on;
		ports[i]->spec.fastpath = on;
		if (ports[i]->link)
			fastpath_retry(ports[i]->link);
		commit_port(manager, ports[i], NULL);
	}
	commit_flush(manager);
	return changed;
}

/* --- its name --------------------------------------------------------------------------------- */

/* Nothing else of the port is changed. */
static int apply_name(struct manager *manager, struct port *port, const char *ifname,
		      struct rport_error *err)
{
	struct port_spec before = port->spec; /* its lists stay the port's */

	memcpy(port->spec.ifname, ifname, IFNAMSIZ);
	if (port->peering.present)
		return network_change(manager->network, port, &before, PLAN_NAME | PLAN_SETTINGS,
				      true, err);
	port_forget_device(port);
	return 0;
}

static int rename_port(struct manager *manager, struct port *port, const char *ifname,
		       struct rport_error *err)
{
	char before[IFNAMSIZ];
	int r;

	memcpy(before, port->spec.ifname, IFNAMSIZ);
	r = apply_name(manager, port, ifname, err);
	if (r < 0)
		(void)apply_name(manager, port, before, NULL);
	commit_port(manager, port, NULL);
	schedule_look_settings(port);
	return r;
}

int manager_rename_port(struct manager *manager, struct port *port, const char *ifname,
			struct rport_error *err)
{
	struct port_spec checked = { .domain = port->spec.domain };
	int r;

	reconcile_now(manager, port);
	r = port_spec_set_ifname(&checked, ifname, err);
	if (r < 0)
		return r;
	if (streq(checked.ifname, port->spec.ifname) && streq(checked.ifname, port->ifname)) {
		commit_flush(manager);
		return 0;
	}
	if (!streq(checked.ifname, port->spec.ifname))
		r = manager_check_name(manager, &checked, NULL, err);
	if (r >= 0)
		r = rename_port(manager, port, checked.ifname, err);
	commit_flush(manager);
	return r < 0 ? r : 1;
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

/* The drift is still there, though no step failed: another process changes the port, too. */
static int refuse_drift(const struct port *port, struct rport_error *err)
{
	char name[PORT_TEXT_MAX];

	return rport_error_set(err, RPORT_ERR_SYSTEM, EBUSY, "%s cannot be put back: %.*s",
			       port_format(port, name), (int)strcspn(port->drift, "\n"),
			       port->drift);
}

static int put_back(struct manager *manager, struct port *port, struct rport_error *err)
{
	if (!port->elsewhere)
		return network_put_back(manager->network, port, err);
	/* an interface cannot be moved back from another namespace: make it again in its own */
	reconcile_lose(manager, port, "it was moved to another namespace");
	return reconcile_try(manager, port, err);
}

static int make_again(struct manager *manager, struct port *port, struct rport_error *err)
{
	port->retry.failures = 0; /* also of one that was given up */
	return manager_complete_port(manager, port, err);
}

int manager_reconcile(struct manager *manager, struct port *port,
		      void (*restored)(const struct port *port, const char *what, void *userdata),
		      void *userdata, struct rport_error *err)
{
	_cleanup_free_ char *drift = NULL;
	int r;

	reconcile_now(manager, port);
	if (!port->peering.present) {
		r = make_again(manager, port, err);
		if (r >= 0)
			restored(port, "the interface", userdata);
		return r;
	}
	reconcile_compare(manager, port);
	drift = port->drift ? strdup(port->drift) : NULL;
	if (!drift) {
		commit_flush(manager);
		return port->drift ? rport_error_no_memory(err) : 0;
	}
	r = put_back(manager, port, err);
	reconcile_compare(manager, port);
	if (r >= 0 && port->drift)
		r = refuse_drift(port, err);
	if (r >= 0)
		tell_restored(port, drift, restored, userdata);
	commit_port(manager, port, port->peering.present ? "put back" : NULL);
	commit_flush(manager);
	return r;
}
