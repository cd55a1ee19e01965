/* SPDX-License-Identifier: ISC */

/* Ports and links as JSON. */

#include "api/write.h"
#include "base/escape.h"
#include "manager/facts.h"
#include "manager/fastpath.h"
#include "manager/parents.h"
#include "manager/status.h"
#include "port/property.h"
#include "port/spec-json.h"

static json_t *null_or_string(const char *text)
{
	return text[0] ? escape_json(text) : json_null();
}

static json_t *offloads_to_json(unsigned int offloads)
{
	const char *names[TUN_OFFLOADS_MAX];
	size_t n = tun_offload_names(offloads, names);
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, json_string(names[i]));
	return array;
}

static json_t *statistics_to_json(const struct port_status *status)
{
	const struct flow_counters *counters = &status->counters;

	return json_pack("{s:I, s:I, s:{s:I, s:I, s:I, s:I, s:I}, s:I}", "packets",
			 (json_int_t)counters->packets, "bytes", (json_int_t)counters->bytes,
			 "drops", "peerDown", (json_int_t)counters->drops[DROP_PEER_DOWN],
			 "noProto", (json_int_t)counters->drops[DROP_NO_PROTO], "invalid",
			 (json_int_t)counters->drops[DROP_INVALID], "noMemory",
			 (json_int_t)counters->drops[DROP_NO_MEMORY], "other",
			 (json_int_t)counters->drops[DROP_OTHER], "interfaceDropped",
			 (json_int_t)status->interface_dropped);
}

static const char *state_name(enum port_state state)
{
	switch (state) {
	case PORT_UP:
		return "up";
	case PORT_DOWN:
		return "down";
	case PORT_INHERITED:
		return "inherited";
	case PORT_PENDING:
		break;
	}
	return "pending";
}

static json_t *peer_to_json(const struct port *port)
{
	char name[PORT_TEXT_MAX];
	struct port *peer;

	if (manager_get_parent(port, &peer, NULL) < 0)
		return json_null();
	return escape_json(port_format(peer, name));
}

/* No name in a line has a line end: the kernel refuses them for interfaces. */
static json_t *drift_to_json(const struct port *port)
{
	_cleanup_free_ char *copy = port->drift ? strdup(port->drift) : NULL;
	json_t *lines = json_array();
	char *rest = copy, *line;

	if (port->drift && !copy) {
		json_decref(lines);
		return NULL;
	}
	while (rest && (line = strsep(&rest, "\n")))
		if (*line)
			json_array_append_new(lines, escape_json(line));
	return lines;
}

static json_t *settings_to_json(const struct port *port)
{
	char link_local[IP_TEXT_MAX];
	const struct port_spec *spec = &port->spec;

	return json_pack(
		"{s:o, s:o, s:o}", "addresses", spec_json_addresses(spec), "routes",
		spec_json_routes(spec), "linkLocal",
		null_or_string(port->no_ipv6 ? ""
					     : ip_address_format(&port->link_local, link_local)));
}

/* Its MTU is the true one, other properties cannot be changed by others. */
static json_t *status_to_json(const struct port *port, const struct port_status *status)
{
	char domain[DOMAIN_TEXT_MAX];
	const struct port_spec *spec = &port->spec;
	json_t *settings = settings_to_json(port);
	json_t *object = json_pack("{s:o, s:o, s:I, s:s, s:o, s:I, s:o, s:b, s:o, s:o, s:I}",
				   "domain", escape_json(domain_format(&spec->domain, domain)),
				   "interface", escape_json(status->ifname), "index",
				   (json_int_t)status->index, "state", state_name(status->state),
				   "reason", null_or_string(port->reason ? port->reason : ""),
				   "losses", (json_int_t)port->retry.losses, "drift",
				   drift_to_json(port), "carrier", status->carrier, "link",
				   null_or_string(port->link ? port->link->name : ""), "peer",
				   peer_to_json(port), "mtu", (json_int_t)status->mtu);

	property_write(spec, PROPERTY_MTU + 1, object);
	json_object_update(object, settings);
	json_decref(settings);
	json_object_set_new(object, "offloads", offloads_to_json(port->tun.offloads));
	json_object_set_new(object, "statistics", statistics_to_json(status));
	return object;
}

json_t *api_port_to_json(const struct port *port)
{
	struct port_status status;

	manager_port_status(port, &status);
	return status_to_json(port, &status);
}

static bool one_is(const struct port_status status[static 2], enum port_state state)
{
	return status[0].state == state || status[1].state == state;
}

static void add_warning(const struct check_finding *finding, void *userdata)
{
	if (finding->standing)
		json_array_append_new(userdata, escape_json(finding->message));
}

static json_t *warnings_to_json(const struct manager *manager, const struct rport_link *link)
{
	json_t *warnings = json_array();
	struct check_facts facts;

	facts_of_link(manager, link, &facts);
	check_run(&facts, add_warning, warnings);
	return warnings;
}

static const char *link_state(const struct port_status status[static 2])
{
	if (one_is(status, PORT_PENDING))
		return "pending";
	if (one_is(status, PORT_INHERITED))
		return "inherited";
	return one_is(status, PORT_DOWN) ? "degraded" : "up";
}

/* By queue; none while it is pending. */
static json_t *workers_to_json(const struct rport_link *link)
{
	unsigned int workers[TUN_QUEUES_MAX];
	unsigned int n = link->datapath ? datapath_link_workers(link->datapath, workers) : 0;
	json_t *array = json_array();

	for (unsigned int i = 0; i < n; i++)
		json_array_append_new(array, json_integer(workers[i]));
	return array;
}

static json_t *way_to_json(struct manager *manager, const struct rport_link *link, unsigned int end)
{
	struct fastpath_status status;

	fastpath_status(manager, link, end, &status);
	return json_pack("{s:b, s:o}", "fast", status.fast, "reason",
			 null_or_string(status.reason));
}

json_t *api_link_to_json(struct manager *manager, const struct rport_link *link)
{
	const struct port *a = link->ports[0], *b = link->ports[1];
	struct port_status status[2];
	json_t *object;

	manager_port_status(a, &status[0]);
	manager_port_status(b, &status[1]);
	object = json_pack("{s:s, s:s, s:b, s:o, s:I}", "name", link->name, "state",
			   link_state(status), "configured", link->configured, "file",
			   link->file && *link->file ? escape_json(link->file) : json_null(), "mtu",
			   (json_int_t)MIN(status[0].mtu, status[1].mtu));
	property_write(&a->spec, PROPERTY_MTU + 1, object);
	json_object_set_new(object, "datapath", json_string(manager_datapath(manager)));
	json_object_set_new(object, "ways",
			    json_pack("{s:o, s:o}", "aToB", way_to_json(manager, link, 0), "bToA",
				      way_to_json(manager, link, 1)));
	json_object_set_new(object, "workers", workers_to_json(link));
	json_object_set_new(object, "warnings", warnings_to_json(manager, link));
	json_object_set_new(object, "a", status_to_json(a, &status[0]));
	json_object_set_new(object, "b", status_to_json(b, &status[1]));
	return object;
}
