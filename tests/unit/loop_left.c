/* SPDX-License-Identifier: ISC */
/* What must be left for the next daemon, and what must not be left of a port that is gone. */

#include <stdio.h>

#include "loop.h"
#include "port/spec-json.h"

static char name_of[PORT_TEXT_MAX];

static const char *name(const struct port *port)
{
	return port_format(port, name_of);
}

/* --- what is nobody's ------------------------------------------------------------------------- */

static void check_devices(const struct loop_count *count)
{
	const struct fake_netns *netns;
	const struct fake_dev *dev;
	unsigned int n = 0;

	TAILQ_FOREACH(netns, &fake.namespaces, entry)
	{
		TAILQ_FOREACH(dev, &netns->devs, entry)
		{
			n += dev->kind == FAKE_TUN && dev->queues > 0;
		}
	}
	if (n != count->present)
		fake_fail("there are %u ports with a device, and %u devices", count->present, n);
}

/* A namespace that was made for a domain lives by a name or a process, not by a port in it. */
static bool is_kept(const struct fake_netns *netns)
{
	const struct fake_process *process;

	for (size_t i = 0; i < FAKE_NAMES_MAX; i++)
		if (fake.names[i].name[0] && fake.names[i].netns == netns)
			return true;
	TAILQ_FOREACH(process, &fake.processes, entry)
	{
		if (process->netns == netns)
			return true;
	}
	return netns == fake.own;
}

static void check_namespaces(void)
{
	const struct fake_netns *netns;

	TAILQ_FOREACH(netns, &fake.namespaces, entry)
	{
		/* a staging namespace has no number */
		if (netns->refs > 0 && netns->nsid >= 0 && !is_kept(netns))
			fake_fail("the namespace %lu lives by a port only",
				  (unsigned long)netns->ino);
	}
}

static void check_stored(const struct port *port, unsigned int queue)
{
	char stored[64];
	int fd;

	snprintf(stored, sizeof(stored), queue > 0 ? "p%u.%u" : "p%u", port->slot, queue);
	fd = fake_store_find(stored);
	if (fd < 0 || fake_file(fd) != fake_file(port->tun.queues[queue]))
		fake_fail("queue %u of %s is not in the store", queue, name(port));
}

static void check_store_of(struct port *port, void *userdata)
{
	unsigned int *processes = userdata;
	char stored[64];

	for (unsigned int i = 0; i < port->tun.n_queues; i++)
		check_stored(port, i);
	snprintf(stored, sizeof(stored), "d%u", port->slot);
	if (port->spec.domain.netns == DOMAIN_NETNS_PID)
		*processes += fake_store_find(stored) >= 0;
}

/* Besides those that the daemon and the store have from the beginning. */
static void check_descriptors(unsigned int n)
{
	unsigned int have = fake_descriptors() - loop.descriptors;

	if (have != n)
		fake_fail("%u descriptors are open for ports, not %u", have, n);
}

#define STORED_ALWAYS 3 /* two files of the journal, and the counters */

static void check_store(const struct loop_count *count)
{
	unsigned int processes = 0;

	table_foreach_port(manager_table(loop.manager), check_store_of, &processes);
	if (fake_store_count() != STORED_ALWAYS + count->queues + processes)
		fake_fail("%u descriptors are in the store, of %u queues and %u processes",
			  fake_store_count(), count->queues, processes);
	check_descriptors(2 * count->queues + count->processes + processes);
}

/* --- records ---------------------------------------------------------------------------------- */

static void check_record_of(const struct port *port, const json_t *record)
{
	json_t *spec = spec_json_write(&port->spec);

	if (!record || json_integer_value(json_object_get(record, "slot")) != port->slot)
		fake_fail("%s has no record", name(port));
	if (!json_equal(spec, json_object_get(record, "spec")))
		fake_fail("the record of %s is\n%s, not\n%s", name(port),
			  json_dumps(json_object_get(record, "spec"), JSON_COMPACT),
			  json_dumps(spec, JSON_COMPACT));
	json_decref(spec);
}

static void check_link_record(const char *link_name, const json_t *record)
{
	const struct rport_link *link = table_link_by_name(manager_table(loop.manager), link_name);

	if (!link)
		fake_fail("there is a record of link %s", link_name);
	check_record_of(link->ports[0], json_object_get(record, "a"));
	check_record_of(link->ports[1], json_object_get(record, "b"));
	fake_require(json_is_true(json_object_get(record, "configured")) == link->configured);
}

struct wanted {
	unsigned int slot;
	const struct port *port;
};

static void find_slot(struct port *port, void *userdata)
{
	struct wanted *wanted = userdata;

	if (port->slot == wanted->slot && !port->link)
		wanted->port = port;
}

static void check_port_record(const char *slot, const json_t *record)
{
	struct wanted wanted = { .slot = (unsigned int)strtoul(slot, NULL, 10) };

	table_foreach_port(manager_table(loop.manager), find_slot, &wanted);
	if (!wanted.port)
		fake_fail("there is a record of port %s", slot);
	check_record_of(wanted.port, record);
}

static void check_record(const char *key, json_t *record, void *userdata)
{
	unsigned int *n = userdata;

	++*n;
	if (strncmp(key, "link ", 5) == 0)
		check_link_record(key + 5, record);
	else if (strncmp(key, "port ", 5) == 0)
		check_port_record(key + 5, record);
	else
		fake_fail("there is a record of %s", key);
}

static void check_records(const struct loop_count *count)
{
	unsigned int n = 0;

	fake_require(state_foreach(loop.state, check_record, &n) == 0);
	if (n != count->links + count->alone)
		fake_fail("%u records of %u links and %u ports", n, count->links, count->alone);
}

void loop_check_left(const struct loop_count *count)
{
	check_devices(count);
	check_namespaces();
	check_store(count);
	check_records(count);
}
