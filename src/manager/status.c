/* SPDX-License-Identifier: ISC */
/* Lookups and status of ports and links. */

#include "manager/context.h"
#include "port/fastpath.h"
#include "manager/status.h"

/* --- asking ----------------------------------------------------------------------------------- */

/* Is there an interface of that name, in our own namespace or in the domain of DOMAIN/IFNAME? */
static bool interface_exists(struct manager *manager, const char *name)
{
	_cleanup_network_place_ struct network_place place = { 0 };
	const char *slash = strrchr(name, '/');
	char text[DOMAIN_TEXT_MAX];
	struct domain domain;

	if (!slash)
		return network_exists(manager->network, NULL, name) > 0;
	if ((size_t)(slash - name) >= sizeof(text))
		return false;
	memcpy(text, name, (size_t)(slash - name));
	text[slash - name] = '\0';
	return domain_parse(text, &domain, NULL) == 0 &&
	       network_resolve(manager->network, &domain, NULL, &place, NULL) == 0 &&
	       network_exists(manager->network, &place, slash + 1) > 0;
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
	struct port_status status = { .state = port_state(port), .mtu = port->mtu };
	struct flow_counters passed;

	memcpy(status.ifname, port->ifname, sizeof(status.ifname));
	for (unsigned int i = 0; i < port->spec.queues; i++)
		flow_add_counters(port->counters[i], &status.counters);
	passed = *port->passed;
	status.since = passed.dropped_at; /* see counters_new() */
	passed.dropped_at = 0;
	flow_add_counters(&passed, &status.counters);
	if (port->link) {
		status.counters.packets += port->link->fastpath.counted[port->end].packets;
		status.counters.bytes += port->link->fastpath.counted[port->end].bytes;
	}
	if (port->peering.present) {
		status.carrier = port->carrier && port->peering.up;
		status.index = port->index;
		status.interface_dropped = port->interface_dropped;
	}
	*ret = status;
}

void manager_observe(struct manager *manager, const struct manager_observer *observer)
{
	manager->observer = *observer;
}

bool manager_get_worker(struct manager *manager, unsigned int index, struct shuttle_worker *ret)
{
	return datapath_get_worker(manager->datapath, index, ret);
}

const struct manager_counts *manager_get_counts(const struct manager *manager)
{
	return &manager->counts;
}

unsigned int manager_n_pending(const struct manager *manager)
{
	return manager->pending.n;
}

bool manager_workers_answer(struct manager *manager, int *ret_silent)
{
	return datapath_answers(manager->datapath, ret_silent);
}

void manager_replace_data(struct manager *manager)
{
	datapath_replace(manager->datapath);
}

unsigned int manager_data_restarts(const struct manager *manager)
{
	return datapath_restarts(manager->datapath);
}

bool manager_network_answers(struct manager *manager)
{
	return network_answers(manager->network);
}

void manager_replace_network(struct manager *manager)
{
	network_replace(manager->network);
}

unsigned int manager_network_restarts(const struct manager *manager)
{
	return network_restarts(manager->network);
}

const char *manager_datapath(const struct manager *manager)
{
	return datapath_name(manager->datapath);
}

bool manager_has_busy_poll(const struct manager *manager)
{
	return manager->options.busy_poll > 0 && datapath_has_busy_poll(manager->datapath);
}

int manager_uring_error(const struct manager *manager)
{
	return datapath_engine_error(manager->datapath);
}
