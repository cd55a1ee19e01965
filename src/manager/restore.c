/* SPDX-License-Identifier: ISC */
/* Restores the state of the former daemon from its records (records.c). */

#include <stdio.h>

#include "manager/adopt.h"
#include "manager/commit.h"
#include "manager/context.h"
#include "manager/make.h"
#include "manager/parents.h"
#include "manager/ports.h"
#include "manager/reconcile.h"
#include "manager/records.h"
#include "manager/report.h"
#include "manager/restore.h"
#include "port/spec-json.h"

#define STALE_USEC (1000 * 1000) /* packets that waited longer are not delivered */

/* A port as it was, but without its device. */
static int read_port(struct manager *manager, const json_t *record, struct port **ret,
		     struct rport_error *err)
{
	_cleanup_port_spec_ struct port_spec spec = PORT_SPEC_INIT;
	const json_t *slot = json_object_get(record, "slot");
	json_int_t number = json_is_integer(slot) ? json_integer_value(slot) : -1;
	struct port *port;
	int r;

	if (number < 0 || number >= PORTS_NEW_SLOT) {
		rport_error_set(err, RPORT_ERR_INVALID, EINVAL, "a port has no number");
		return -EINVAL;
	}
	r = spec_json_read(json_object_get(record, "spec"), &spec, err);
	if (r >= 0)
		r = ports_add(manager, &spec, (unsigned int)number, &port, err);
	if (r < 0)
		return r;
	port->had_device = port->spec.ifname[0];
	port->kept = true;
	records_take_process(manager, port);
	port->admin = records_admin(json_string_value(json_object_get(record, "wish")));
	port->retry.losses = (unsigned int)json_integer_value(json_object_get(record, "losses"));
	*ret = port;
	return 0;
}

/* Has the device the name of another port? Then the records or the store mix them up. */
static bool has_name_of_another(const struct manager *manager, const struct port *port)
{
	const struct port *other = NULL;

	if (!port->spec.ifname[0] || streq(port->ifname, port->spec.ifname))
		return false;
	do
		other = table_port_wanting(&manager->table, &port->spec.domain, port->ifname,
					   other);
	while (other == port && other);
	return other;
}

/* Its device is still there: use it. */
static int take_device(struct manager *manager, struct port *port, struct rport_error *err)
{
	_cleanup_domain_place_ struct domain_place place = DOMAIN_PLACE_INIT;
	int fds[TUN_QUEUES_MAX];
	unsigned int n = records_take_queues(manager, port->slot, 0, fds);
	int r;

	/* rportd ended while it stored the queues: make the device again */
	r = n == port->spec.queues ? 0 : -ENOENT;
	if (r >= 0)
		r = make_resolve(port, &place, err);
	if (r >= 0)
		r = port_adopt(&manager->staging, port, fds, &place);
	if (r < 0) {
		records_drop_device(manager, port->slot, n);
		while (n > 0)
			safe_close(fds[--n]);
		return r;
	}
	port->stored = true;
	if (!has_name_of_another(manager, port))
		return 0;
	commit_detach(manager, port);
	return -ESTALE;
}

/* A device that cannot be adopted is made again; if that fails the port is pending. */
static void restore_device(struct port *port, void *userdata)
{
	struct manager *manager = userdata;
	bool stale = counters_absence(manager->counters) >= STALE_USEC;
	struct rport_error err = { 0 };
	char name[PORT_TEXT_MAX];
	int r;

	r = take_device(manager, port, &err);
	if (r >= 0)
		r = reconcile_take(manager, port, stale, "taken over from the former rportd", &err);
	if (r < 0 && reconcile_try(manager, port, &err) < 0)
		report_port_event(LOG_NOTICE, MESSAGE_PORT_PENDING, port, "port %s is pending: %s",
				  port_format(port, name), err.message);
}

static int tie(struct manager *manager, struct port *ports[static 2], const char *name,
	       const json_t *record, struct rport_error *err)
{
	int r = link_set_parent(&ports[0]->peering, &ports[1]->peering);

	if (r >= 0)
		r = parents_tie(manager, ports[0], ports[1], name, false, err);
	if (r < 0)
		return r;
	ports[0]->link->configured = json_is_true(json_object_get(record, "configured"));
	ports[0]->link->recorded = records_hash(record);
	commit_link(manager, ports[0]->link);
	return 0;
}

static int restore_link(struct manager *manager, const char *name, const json_t *record,
			struct rport_error *err)
{
	struct port *ports[2] = { NULL, NULL };
	int r;

	if (!link_name_valid(name) || table_link_by_name(&manager->table, name))
		return rport_error_set(err, RPORT_ERR_INVALID, EINVAL, "its name is not valid");
	r = read_port(manager, json_object_get(record, "a"), &ports[0], err);
	if (r >= 0)
		r = read_port(manager, json_object_get(record, "b"), &ports[1], err);
	if (r >= 0)
		r = tie(manager, ports, name, record, err);
	for (int end = 0; end < 2 && r < 0; end++)
		if (ports[end])
			ports_remove(manager, ports[end]);
	return r;
}

static int restore_port(struct manager *manager, const char *name _unused_, const json_t *record,
			struct rport_error *err)
{
	struct port *port;
	int r = read_port(manager, record, &port, err);

	if (r >= 0)
		port->recorded = records_hash(record);
	return r;
}

/* Restoring writes records itself, so they are read first. */
static void collect(const char *key, json_t *value, void *userdata)
{
	json_object_set(userdata, key, value);
}

static void restore_kind(struct manager *manager, json_t *records, const char *prefix,
			 int (*restore_one)(struct manager *manager, const char *name,
					    const json_t *record, struct rport_error *err))
{
	size_t length = strlen(prefix);
	struct rport_error err;
	const char *key;
	json_t *value;

	json_object_foreach(records, key, value)
	{
		if (strncmp(key, prefix, length) != 0)
			continue;
		if (restore_one(manager, key + length, value, &err) >= 0)
			continue;
		log_error("cannot restore %s: %s", key, err.message);
		(void)state_remove(manager->state, key);
	}
}

void restore_all(struct manager *manager)
{
	json_t *records = json_object();
	unsigned int n;
	int r;

	r = records ? state_foreach(manager->state, collect, records) : -ENOMEM;
	if (r < 0)
		log_error("cannot read the records of the former rportd: %s", strerror(-r));
	/* links first: a port in one that is found by itself as well is a leftover */
	restore_kind(manager, records, RECORD_LINK, restore_link);
	restore_kind(manager, records, RECORD_PORT, restore_port);
	json_decref(records);
	/* after all ports were read: a port without a name must not get that of another one */
	table_foreach_port(&manager->table, restore_device, manager);
	n = state_drop_rest(manager->state);
	log_print_id(LOG_INFO, MESSAGE_ADOPTED,
		     "taken over from the former rportd: %u links, %u ports%s",
		     manager->table.n_links, manager->table.n_ports,
		     n > 0 ? "; what belonged to none was dropped" : "");
}
