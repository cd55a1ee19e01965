/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * A link is one record, with both its ports in it; a port by itself is another. So what belongs
 * together is there or not. A port that becomes part of a link is put there first and removed by
 * itself after: should both be found, the link is right.
 *
 * A device is kept under the number of its port, which is that of its counters, too: "p7". What
 * is kept of it is a descriptor for each queue; of those after the first, "p7.1" and so on. If its
 * domain is that of a process, the pidfd is kept as "d7", as long as there is the port: it tells
 * the process from others that get its number, also where its /proc is hidden from us and where
 * two can have been started in one tick of the clock.
 */

#include <stdio.h>

#include "manager/manager-private.h"
#include "manager/report.h"
#include "port/spec-json.h"

#define STALE_USEC (1000 * 1000) /* packets that waited longer are not delivered */

/* --- keys ------------------------------------------------------------------------------------- */

static const char *port_key(const struct port *port, char buf[static STATE_KEY_MAX])
{
	snprintf(buf, STATE_KEY_MAX, "port %u", port->slot);
	return buf;
}

static const char *link_key(const struct rport_link *link, char buf[static STATE_KEY_MAX])
{
	snprintf(buf, STATE_KEY_MAX, "link %s", link->name);
	return buf;
}

static const char *queue_name(unsigned int slot, unsigned int queue,
			      char buf[static STATE_NAME_MAX])
{
	int length = snprintf(buf, STATE_NAME_MAX, RECORD_DEVICE "%u", slot);

	if (queue > 0)
		snprintf(buf + length, STATE_NAME_MAX - (size_t)length, ".%u", queue);
	return buf;
}

/* --- writing ---------------------------------------------------------------------------------- */

static const char *const admin_names[] = {
	[PORT_ADMIN_UNSET] = "none",
	[PORT_ADMIN_UP] = "up",
	[PORT_ADMIN_DOWN] = "down",
};

static json_t *port_to_record(const struct port *port)
{
	return json_pack("{s:I, s:s, s:I, s:o}", "slot", (json_int_t)port->slot, "wish",
			 admin_names[port->admin], "losses", (json_int_t)port->hold.losses, "spec",
			 spec_json_write(&port->spec));
}

static void put(struct manager *manager, const char *key, json_t *value)
{
	int r = value ? state_put(manager->state, key, value) : -ENOMEM;

	if (r < 0)
		log_limited(LOG_WARNING, "cannot record %s for a restart: %s", key, strerror(-r));
}

void record_port(struct manager *manager, const struct port *port)
{
	const struct rport_link *link = port->link;
	char key[STATE_KEY_MAX];

	if (!manager->state)
		return;
	if (link)
		put(manager, link_key(link, key),
		    json_pack("{s:o, s:o, s:b}", "a", port_to_record(link->ports[0]), "b",
			      port_to_record(link->ports[1]), "configured", link->configured));
	else
		put(manager, port_key(port, key), port_to_record(port));
}

void record_forget_port(struct manager *manager, const struct port *port)
{
	char key[STATE_KEY_MAX];

	if (manager->state)
		(void)state_remove(manager->state, port_key(port, key));
}

void record_forget_link(struct manager *manager, const struct rport_link *link)
{
	char key[STATE_KEY_MAX];

	if (manager->state)
		(void)state_remove(manager->state, link_key(link, key));
}

static const char *process_name(unsigned int slot, char buf[static STATE_NAME_MAX])
{
	snprintf(buf, STATE_NAME_MAX, RECORD_PROCESS "%u", slot);
	return buf;
}

static void keep_process(struct manager *manager, const struct port *port)
{
	char name[STATE_NAME_MAX];
	int r;

	if (!port->spec.process)
		return;
	r = state_store_fd(manager->state, process_name(port->slot, name),
			   process_fd(port->spec.process));
	if (r < 0)
		log_limited(LOG_WARNING, "cannot keep process %d over a restart: %s",
			    process_pid(port->spec.process), strerror(-r));
}

void record_device(struct manager *manager, const struct port *port)
{
	char name[STATE_NAME_MAX];
	int r = 0;

	if (!manager->state)
		return;
	if (!port->rule.present) {
		record_drop_device(manager, port->slot, port->spec.queues);
		return;
	}
	for (unsigned int i = 0; i < port->tun.n_queues && r >= 0; i++)
		r = state_store_fd(manager->state, queue_name(port->slot, i, name),
				   port->tun.queues[i]);
	if (r < 0)
		log_limited(LOG_WARNING, "cannot keep %s over a restart: %s", port->ifname,
			    strerror(-r));
	keep_process(manager, port);
}

void record_drop_process(struct manager *manager, const struct port *port)
{
	char name[STATE_NAME_MAX];

	if (manager->state && port->spec.domain.netns == DOMAIN_NETNS_PID)
		state_drop_fd(manager->state, process_name(port->slot, name));
}

void record_drop_device(struct manager *manager, unsigned int slot, unsigned int queues)
{
	char name[STATE_NAME_MAX];

	for (unsigned int i = 0; i < queues; i++)
		state_drop_fd(manager->state, queue_name(slot, i, name));
}

unsigned int record_take_queues(struct manager *manager, unsigned int slot, unsigned int n,
				int fds[static TUN_QUEUES_MAX])
{
	char name[STATE_NAME_MAX];

	for (; n < TUN_QUEUES_MAX; n++) {
		fds[n] = state_take_fd(manager->state, queue_name(slot, n, name));
		if (fds[n] < 0)
			break;
	}
	return n;
}

/* --- reading ---------------------------------------------------------------------------------- */

static enum port_admin admin_from_name(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_SIZE(admin_names); i++)
		if (streq(name, admin_names[i]))
			return (enum port_admin)i;
	return PORT_ADMIN_UNSET;
}

/* It stays in the store. */
static void take_process(struct manager *manager, struct port *port)
{
	char name[STATE_NAME_MAX];
	int fd;

	if (port->spec.domain.netns != DOMAIN_NETNS_PID)
		return;
	fd = state_take_fd(manager->state, process_name(port->slot, name));
	if (fd >= 0 && process_adopt(fd, port->spec.domain.pid, &port->spec.process) < 0)
		safe_close(fd);
}

/* A port as it was, but without its device. */
static int read_port(struct manager *manager, const json_t *record, struct port **ret,
		     struct rport_error *err)
{
	_cleanup_port_spec_ struct port_spec spec = PORT_SPEC_INIT;
	const json_t *slot = json_object_get(record, "slot");
	json_int_t number = json_is_integer(slot) ? json_integer_value(slot) : -1;
	struct port *port;
	int r;

	if (number < 0 || number >= MANAGER_NEW_SLOT) {
		rport_error_set(err, RPORT_ERR_INVALID, EINVAL, "a port has no number");
		return -EINVAL;
	}
	r = spec_json_read(json_object_get(record, "spec"), &spec, err);
	if (r >= 0)
		r = manager_add_port(manager, &spec, (unsigned int)number, &port, err);
	if (r < 0)
		return r;
	port->settled = port->spec.ifname[0];
	take_process(manager, port);
	port->admin = admin_from_name(json_string_value(json_object_get(record, "wish")));
	port->hold.losses = (unsigned int)json_integer_value(json_object_get(record, "losses"));
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
	unsigned int n = record_take_queues(manager, port->slot, 0, fds);
	int r;

	/* rportd ended while it stored the queues: make the device again */
	r = n == port->spec.queues ? 0 : -ENOENT;
	if (r >= 0)
		r = hold_resolve(port, &place, err);
	if (r >= 0)
		r = port_adopt(&manager->yard, port, fds, &place);
	if (r < 0) {
		record_drop_device(manager, port->slot, n);
		while (n > 0)
			safe_close(fds[--n]);
		return r;
	}
	if (!has_name_of_another(manager, port))
		return 0;
	hold_give_up(manager, port);
	return -ESTALE;
}

static void restore_device(struct port *port, void *userdata)
{
	struct manager *manager = userdata;
	bool stale = counters_absence(manager->counters) >= STALE_USEC;
	struct rport_error err = { 0 };
	char name[PORT_TEXT_MAX];
	int r;

	r = take_device(manager, port, &err);
	if (r >= 0)
		r = hold_settle(manager, port, stale, &err);
	if (r >= 0) {
		watch_suspect(manager, port);
		return;
	}
	hold_give_up(manager, port); /* a device that we cannot connect is no longer ours */
	if (hold_try(manager, port, &err) >= 0)
		record_port(manager, port);
	else
		report_port_event(LOG_NOTICE, MESSAGE_PORT_PENDING, port, "port %s is pending: %s",
				  port_format(port, name), err.message);
}

static int tie(struct manager *manager, struct port *ports[static 2], const char *name,
	       bool configured, struct rport_error *err)
{
	int r = link_set_parent(&ports[0]->rule, &ports[1]->rule);

	if (r >= 0)
		r = manager_tie(manager, ports[0], ports[1], name, false, err);
	if (r >= 0)
		ports[0]->link->configured = configured;
	return r;
}

static int restore_link(struct manager *manager, const char *name, const json_t *record,
			struct rport_error *err)
{
	bool configured = json_is_true(json_object_get(record, "configured"));
	struct port *ports[2] = { NULL, NULL };
	int r;

	if (!link_name_valid(name) || table_link_by_name(&manager->table, name))
		return rport_error_set(err, RPORT_ERR_INVALID, EINVAL, "its name is not valid");
	r = read_port(manager, json_object_get(record, "a"), &ports[0], err);
	if (r >= 0)
		r = read_port(manager, json_object_get(record, "b"), &ports[1], err);
	if (r >= 0)
		r = tie(manager, ports, name, configured, err);
	for (int end = 0; end < 2 && r < 0; end++)
		if (ports[end])
			manager_remove_port(manager, ports[end]);
	return r;
}

static int restore_port(struct manager *manager, const char *name _unused_, const json_t *record,
			struct rport_error *err)
{
	struct port *port;

	return read_port(manager, record, &port, err);
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

void record_restore(struct manager *manager)
{
	json_t *records = json_object();
	unsigned int n;
	int r;

	r = records ? state_foreach(manager->state, collect, records) : -ENOMEM;
	if (r < 0)
		log_error("cannot read the records of the former rportd: %s", strerror(-r));
	/* links first: a port in one that is found by itself as well is a leftover */
	restore_kind(manager, records, "link ", restore_link);
	restore_kind(manager, records, "port ", restore_port);
	json_decref(records);
	/* when all are known: one that has no name yet must not take that of another one */
	table_foreach_port(&manager->table, restore_device, manager);
	n = state_drop_rest(manager->state);
	log_print_id(LOG_INFO, MESSAGE_ADOPTED,
		     "taken over from the former rportd: %u links, %u ports%s",
		     manager->table.n_links, manager->table.n_ports,
		     n > 0 ? "; what belonged to none was dropped" : "");
}
