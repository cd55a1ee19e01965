/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * The records (records.c) say what was wanted, and the store has the devices. First all ports and
 * links are made of the records, without devices: the ports are inherited. Then they are reconciled
 * in slices of the event loop, which take over their devices (reconcile_take_over()); in between
 * clients are answered.
 *
 * The packets wait, and are lost if they wait for too long. So both ports of a link are taken over
 * together, and connected; links come first, in the order in which they were made; and slices come
 * before the ports that were taken over are examined.
 *
 * Events of a device are not heard before it has been taken over, as they were not while no daemon
 * ran. It is asked for its state then.
 */

#include "base/turn.h"
#include "manager/commit.h"
#include "manager/context.h"
#include "manager/parents.h"
#include "manager/ports.h"
#include "manager/reconcile.h"
#include "manager/records.h"
#include "manager/report.h"
#include "manager/restore.h"
#include "manager/slices.h"
#include "port/spec-json.h"

/* --- reading the records ---------------------------------------------------------------------- */

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

/* --- taking over the devices ------------------------------------------------------------------ */

#define SLICE_USEC     (5 * USEC_PER_MSEC)
#define SLICE_PRIORITY 6                    /* behind root and the group, before schedule.c */
#define SLICE_LATE     (20 * USEC_PER_MSEC) /* however busy the loop is */

/*
 * struct restore - exists until all was taken over
 * @n_links: how many there were
 * @n_ports: likewise
 * @done: called at the end, or NULL
 * @userdata: for @done
 */
struct restore {
	struct slices *slices;
	unsigned int n_links, n_ports;
	void (*done)(void *userdata);
	void *userdata;
};

static void finish(struct manager *manager)
{
	struct restore *restore = manager->restore;
	unsigned int n = state_drop_rest(manager->state);

	log_print_id(LOG_INFO, MESSAGE_ADOPTED,
		     "taken over from the former rportd: %u link%s, %u port%s%s", restore->n_links,
		     PLURAL(restore->n_links), restore->n_ports, PLURAL(restore->n_ports),
		     n > 0 ? "; what belonged to no port was dropped" : "");
	manager->restore = NULL;
	slices_free(restore->slices);
	if (restore->done)
		restore->done(restore->userdata);
	free(restore);
}

static void take_slice(void *userdata)
{
	struct manager *manager = userdata;
	uint64_t end = monotonic_usec() + SLICE_USEC;
	struct port *port;

	turn_is("taking over ports");
	do {
		port = TAILQ_FIRST(&manager->inherited.list);
		if (port)
			reconcile_take_over(manager, port);
		commit_flush(manager);
	} while (port && monotonic_usec() < end);
	if (port)
		slices_arm(manager->restore->slices);
	else
		finish(manager);
}

void restore_when_done(struct manager *manager, void (*done)(void *userdata), void *userdata)
{
	if (!manager->restore) {
		done(userdata);
		return;
	}
	manager->restore->done = done;
	manager->restore->userdata = userdata;
}

bool restore_progress(const struct manager *manager, unsigned int *ret_done,
		      unsigned int *ret_total)
{
	const struct restore *restore = manager->restore;

	if (!restore)
		return false;
	*ret_done = restore->n_ports - manager->inherited.n;
	*ret_total = restore->n_ports;
	return true;
}

/* --- beginning and end ------------------------------------------------------------------------ */

static void read_records(struct manager *manager)
{
	json_t *records = json_object();
	int r;

	r = records ? state_foreach(manager->state, collect, records) : -ENOMEM;
	if (r < 0)
		log_error("cannot read the records of the former rportd: %s", strerror(-r));
	/* links first: a port in one that is found by itself as well is a leftover */
	restore_kind(manager, records, RECORD_LINK, restore_link);
	restore_kind(manager, records, RECORD_PORT, restore_port);
	json_decref(records);
}

int restore_start(struct manager *manager)
{
	struct restore *restore = calloc(1, sizeof(*restore));
	int r;

	if (!restore)
		return -ENOMEM;
	manager->restore = restore;
	r = slices_new(manager->event, SLICE_PRIORITY, SLICE_LATE, take_slice, manager,
		       &restore->slices);
	if (r < 0)
		return r;
	/* all of them first: a port without a name must not get that of another one */
	read_records(manager);
	restore->n_links = manager->table.n_links;
	restore->n_ports = manager->table.n_ports;
	slices_arm(restore->slices);
	return 0;
}

void restore_stop(struct manager *manager)
{
	if (!manager->restore)
		return;
	slices_free(manager->restore->slices);
	free(steal_ptr(manager->restore));
}
