/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * A link is one record, with both its ports in it; a port without a peer is another. So a link is
 * recorded as a whole or not at all. When a port becomes part of a link, the record of the link is
 * written first and that of the port removed after: if both are found, the link is right.
 *
 * A device is stored under the number of its port, which is that of its counters, too: "p7", a
 * descriptor for each queue; after the first, "p7.1" and so on. If its domain is that of a process,
 * the pidfd is stored as "d7", as long as the port exists: it distinguishes the process from others
 * that get its number, even if its /proc is hidden from us or both were started in one tick of the
 * clock.
 *
 * A record is written when it differs from the one before, of which a hash is kept.
 */

#include <stdio.h>

#include "manager/context.h"
#include "manager/records.h"
#include "port/spec-json.h"

/* --- keys ------------------------------------------------------------------------------------- */

static const char *port_key(const struct port *port, char buf[static STATE_KEY_MAX])
{
	snprintf(buf, STATE_KEY_MAX, RECORD_PORT "%u", port->slot);
	return buf;
}

static const char *link_key(const char *name, char buf[static STATE_KEY_MAX])
{
	snprintf(buf, STATE_KEY_MAX, RECORD_LINK "%s", name);
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
			 admin_names[port->admin], "losses", (json_int_t)port->retry.losses, "spec",
			 spec_json_write(&port->spec));
}

static int put(struct manager *manager, const char *key, json_t *value)
{
	int r = value ? state_put(manager->state, key, value) : -ENOMEM;

	if (r < 0)
		log_limited(LOG_WARNING, "cannot record %s for a restart: %s", key, strerror(-r));
	return r;
}

static json_t *link_to_record(const struct rport_link *link)
{
	return json_pack("{s:o, s:o, s:b}", "a", port_to_record(link->ports[0]), "b",
			 port_to_record(link->ports[1]), "configured", link->configured);
}

/* FNV-1a, 64 bits, of the record as text. */
uint64_t records_hash(const json_t *record)
{
	_cleanup_free_ char *text = json_dumps(record, JSON_COMPACT | JSON_SORT_KEYS);
	uint64_t hash = 0xcbf29ce484222325;

	for (const char *c = text; c && *c; c++)
		hash = (hash ^ (unsigned char)*c) * 0x100000001b3;
	return text && hash ? hash : 1;
}

void records_port(struct manager *manager, struct port *port)
{
	struct rport_link *link = port->link;
	uint64_t *recorded = link ? &link->recorded : &port->recorded, hash;
	char key[STATE_KEY_MAX];
	json_t *record;

	if (!manager->state || !port->kept)
		return;
	record = link ? link_to_record(link) : port_to_record(port);
	hash = record ? records_hash(record) : 0;
	if (record && hash == *recorded) {
		json_decref(record);
		return;
	}
	if (put(manager, link ? link_key(link->name, key) : port_key(port, key), record) >= 0)
		*recorded = hash;
}

void records_forget_port(struct manager *manager, struct port *port)
{
	char key[STATE_KEY_MAX];

	port->recorded = 0;
	if (manager->state)
		(void)state_remove(manager->state, port_key(port, key));
}

void records_forget_link(struct manager *manager, const char *name)
{
	char key[STATE_KEY_MAX];

	if (manager->state)
		(void)state_remove(manager->state, link_key(name, key));
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

void records_device(struct manager *manager, struct port *port)
{
	char name[STATE_NAME_MAX];
	int r = 0;

	if (!manager->state || port->stored == port->peering.present)
		return;
	port->stored = port->peering.present;
	if (!port->stored) {
		records_drop_device(manager, port->slot, port->spec.queues);
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

void records_drop_process(struct manager *manager, const struct port *port)
{
	char name[STATE_NAME_MAX];

	if (manager->state && port->spec.domain.netns == DOMAIN_NETNS_PID)
		state_drop_fd(manager->state, process_name(port->slot, name));
}

void records_drop_device(struct manager *manager, unsigned int slot, unsigned int queues)
{
	char name[STATE_NAME_MAX];

	for (unsigned int i = 0; i < queues; i++)
		state_drop_fd(manager->state, queue_name(slot, i, name));
}

int records_find_device(const struct manager *manager, unsigned int slot)
{
	char name[STATE_NAME_MAX];

	return state_find_fd(manager->state, queue_name(slot, 0, name));
}

unsigned int records_take_queues(struct manager *manager, unsigned int slot, unsigned int n,
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

enum port_admin records_admin(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_SIZE(admin_names); i++)
		if (streq(name, admin_names[i]))
			return (enum port_admin)i;
	return PORT_ADMIN_UNSET;
}

void records_take_process(struct manager *manager, struct port *port)
{
	char name[STATE_NAME_MAX];
	int fd;

	if (port->spec.domain.netns != DOMAIN_NETNS_PID)
		return;
	fd = state_take_fd(manager->state, process_name(port->slot, name));
	if (fd >= 0 && process_adopt(fd, port->spec.domain.pid, &port->spec.process) < 0)
		safe_close(fd);
}
