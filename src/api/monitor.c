/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * While there are subscribers, the monitor keeps each link and port as the JSON that it sent last.
 * When the manager reports one, the monitor converts it again and sends the members that differ. So
 * each change is sent once, and without subscribers nothing is kept.
 *
 * The snapshot is made in pieces. A subscriber gets changes of a link or port once it is in the
 * snapshot; before that, the change will be in the snapshot itself.
 *
 * Counters change all the time and are no event: "statistics" is left out of the comparison.
 */

#include <stdio.h>
#include <sys/queue.h>

#include "api/list.h"
#include "api/monitor.h"
#include "api/reply.h"
#include "api/write.h"
#include "base/escape.h"
#include "manager/ask.h"
#include "manager/status.h"
#include "manager/table.h"

#define SNAPSHOT_HEAD \
	"{\"event\":\"snapshot\",\"name\":null,\"changes\":[],\"link\":null,\"port\":null,"

struct subscriber {
	struct api_monitor *monitor;
	struct varlink_stream *stream;
	struct listing listing; /* the snapshot; where it ends once it has been made */
	bool complete;          /* the snapshot was made */
	TAILQ_ENTRY(subscriber) entry;
};

struct api_monitor {
	struct manager *manager;
	TAILQ_HEAD(subscriber_list, subscriber) subscribers;
	json_t *links; /* by name */
	json_t *ports; /* by number */
};

/* --- what was sent last ----------------------------------------------------------------------- */

static const char *port_number(const struct port *port, char buf[static 16])
{
	snprintf(buf, 16, "%u", port->slot);
	return buf;
}

static void forget(struct api_monitor *monitor)
{
	json_decref(steal_ptr(monitor->links));
	json_decref(steal_ptr(monitor->ports));
}

/* Return: 0, or -ENOMEM; then nothing is remembered, rather than only a part. */
static int remember(struct api_monitor *monitor)
{
	if (monitor->links)
		return 0;
	monitor->links = json_object();
	monitor->ports = json_object();
	if (!monitor->links || !monitor->ports) {
		forget(monitor);
		return -ENOMEM;
	}
	return 0;
}

/* --- telling ---------------------------------------------------------------------------------- */

/* Takes over all references. */
static json_t *make_event(const char *event, json_t *name, json_t *changes, json_t *link,
			  json_t *port)
{
	return json_pack("{s:s, s:o?, s:o, s:o?, s:o?, s:n, s:n}", "event", event, "name", name,
			 "changes", changes ? changes : json_array(), "link", link, "port", port,
			 "links", "ports");
}

/*
 * To those whose snapshot has the link or port already; in the others it will be as it is now.
 * Takes over the reference.
 */
static void broadcast(struct api_monitor *monitor, const char *link, const struct port *port,
		      json_t *event)
{
	struct subscriber *subscriber;

	TAILQ_FOREACH(subscriber, &monitor->subscribers, entry)
	{
		if (!subscriber->complete && !(link ? listing_has_link(&subscriber->listing, link)
						    : listing_has_port(&subscriber->listing, port)))
			continue;
		varlink_stream_reply(subscriber->stream, json_incref(event));
	}
	json_decref(event);
}

static bool is_watched(const char *key)
{
	return !streq(key, "statistics") && !streq(key, "a") && !streq(key, "b");
}

/* The members that are other than before. A link's ports have events of their own. */
static json_t *differences(json_t *before, json_t *now)
{
	json_t *changes = json_array(), *value;
	const char *key;

	json_object_foreach(now, key, value)
	{
		if (is_watched(key) && !json_equal(value, json_object_get(before, key)))
			json_array_append_new(changes, json_string(key));
	}
	return changes;
}

/*
 * One of @known, under @key, is now as @now says (a reference that is taken over), or not any more
 * (NULL). Return: the event, "Added", "Changed" or "Removed", or NULL when nothing has changed.
 */
static const char *note(json_t *known, const char *key, json_t *now, json_t **ret_changes)
{
	json_t *before = json_object_get(known, key);

	*ret_changes = NULL;
	if (!now) {
		if (!before)
			return NULL;
		json_object_del(known, key);
		return "Removed";
	}
	if (before) {
		*ret_changes = differences(before, now);
		if (json_array_size(*ret_changes) == 0)
			json_decref(steal_ptr(*ret_changes));
	}
	json_object_set_new(known, key, now); /* with statistics, which are no event */
	return !before ? "Added" : *ret_changes ? "Changed" : NULL;
}

/* By which name those who listen know it, when it has another one now. */
static json_t *known_name(const json_t *before, const struct port *port)
{
	const char *domain = json_string_value(json_object_get(before, "domain"));
	const char *ifname = json_string_value(json_object_get(before, "interface"));
	char name[PORT_TEXT_MAX];

	if (!domain || !ifname)
		return escape_json(port_format(port, name));
	/* both are escaped already */
	return json_sprintf("%s/%s", domain, ifname[0] ? ifname : "-");
}

static void port_event(const struct port *port, bool removed, void *userdata)
{
	struct api_monitor *monitor = userdata;
	json_t *now, *changes, *name;
	char key[16], event[16];
	const char *what;

	if (!monitor->ports)
		return;
	now = removed ? NULL : api_port_to_json(port);
	if (!now && !removed)
		return; /* out of memory: it is not gone; the next event tells what changed */
	name = known_name(json_object_get(monitor->ports, port_number(port, key)), port);
	json_incref(now);
	what = note(monitor->ports, port_number(port, key), now, &changes);
	if (!what) {
		json_decref(now);
		json_decref(name);
		return;
	}
	snprintf(event, sizeof(event), "port%s", what);
	broadcast(monitor, NULL, port, make_event(event, name, changes, NULL, now));
}

static void link_event(const struct rport_link *link, bool removed, void *userdata)
{
	struct api_monitor *monitor = userdata;
	json_t *now, *changes;
	const char *what;
	char event[16];

	if (!monitor->links)
		return;
	now = removed ? NULL : api_link_to_json(monitor->manager, link);
	if (!now && !removed)
		return; /* as for ports */
	json_incref(now);
	what = note(monitor->links, link->name, now, &changes);
	if (!what) {
		json_decref(now);
		return;
	}
	snprintf(event, sizeof(event), "link%s", what);
	broadcast(monitor, link->name, NULL,
		  make_event(event, json_string(link->name), changes, now, NULL));
}

/* --- who listens ------------------------------------------------------------------------------ */

static void unsubscribe(void *userdata)
{
	struct subscriber *subscriber = userdata;
	struct api_monitor *monitor = subscriber->monitor;

	TAILQ_REMOVE(&monitor->subscribers, subscriber, entry);
	free(subscriber);
	if (TAILQ_EMPTY(&monitor->subscribers))
		forget(monitor);
}

/* Subscribers that are there already get the differences. */
static json_t *snapshot_link(struct rport_link *link, void *userdata)
{
	struct subscriber *subscriber = userdata;
	struct api_monitor *monitor = subscriber->monitor;

	link_event(link, false, monitor);
	return json_incref(json_object_get(monitor->links, link->name));
}

static json_t *snapshot_port(struct port *port, void *userdata)
{
	struct subscriber *subscriber = userdata;
	struct api_monitor *monitor = subscriber->monitor;
	char key[16];

	port_event(port, false, monitor);
	return json_incref(json_object_get(monitor->ports, port_number(port, key)));
}

static int snapshot_next(char **ret, void *userdata)
{
	struct subscriber *subscriber = userdata;

	return listing_next(&subscriber->listing, ret);
}

static void snapshot_done(void *userdata)
{
	struct subscriber *subscriber = userdata;

	listing_end(&subscriber->listing);
	subscriber->complete = true;
}

static void subscribe(struct api_monitor *monitor, struct varlink_call *call)
{
	struct subscriber *subscriber = calloc(1, sizeof(*subscriber));

	if (!subscriber || remember(monitor) < 0) {
		free(subscriber);
		varlink_reply(call, NULL);
		return;
	}
	if (varlink_call_may_change(call))
		manager_ask_all(monitor->manager);
	*subscriber = (struct subscriber){
		.monitor = monitor,
		.listing = { .heads = { SNAPSHOT_HEAD "\"links\":[", ",\"ports\":[" },
			     .link = snapshot_link,
			     .port = snapshot_port,
			     .trusted = varlink_call_may_change(call),
			     .userdata = subscriber },
	};
	listing_begin(&subscriber->listing, manager_table(monitor->manager));
	subscriber->stream =
		varlink_stream_new_pieces(call,
					  &(struct varlink_pieces){ .next = snapshot_next,
								    .done = snapshot_done,
								    .userdata = subscriber },
					  unsubscribe, subscriber);
	if (subscriber->stream)
		TAILQ_INSERT_TAIL(&monitor->subscribers, subscriber, entry);
	else
		free(subscriber);
	if (TAILQ_EMPTY(&monitor->subscribers))
		forget(monitor);
}

void api_method_monitor(struct varlink_call *call, json_t *parameters, void *userdata)
{
	struct api *api = userdata;
	struct rport_error err;

	if (!api_read_or_refuse(call, parameters, NULL, 0, NULL))
		return;
	if (!varlink_stream_make_place(call)) {
		rport_error_set(&err, RPORT_ERR_LIMIT, EUSERS,
				"there are as many monitors already as there may be (rportd "
				"--limit monitors=N)");
		api_reply_error(call, &err);
		return;
	}
	subscribe(api->monitor, call);
}

int api_monitor_new(struct manager *manager, struct api_monitor **ret)
{
	struct api_monitor *monitor = calloc(1, sizeof(*monitor));

	if (!monitor)
		return -ENOMEM;
	monitor->manager = manager;
	TAILQ_INIT(&monitor->subscribers);
	manager_observe(manager, &(struct manager_observer){ .port = port_event,
							     .link = link_event,
							     .userdata = monitor });
	*ret = monitor;
	return 0;
}

void api_monitor_free(struct api_monitor *monitor)
{
	if (!monitor)
		return;
	manager_observe(monitor->manager, &(struct manager_observer){ 0 });
	forget(monitor);
	free(monitor);
}
