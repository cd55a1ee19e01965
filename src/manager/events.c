/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * Level-triggered. An event only selects the port to examine; the kernel is asked for its state
 * when that happens (reconcile.c). So a burst of events is one examination, and late, doubled or
 * lost events do no harm. There is one exception. A port that was down and is up again has lost its
 * IPv6 addresses and its routes, which its state does not show: port->bounced records it.
 *
 * Removal. Either the monitor or the shuttle reports first that a device was removed. When a
 * namespace is deleted, the kernel removes its nsid before its interfaces, and so sends no events
 * of these, only RTM_DELNSID.
 *
 * Names. Names of namespaces are watched, and the mounts on them: a name is the domain, and a
 * namespace may live on without it. Mount events carry no name, and some machines mount all the
 * time: so after all names were checked, the next check waits ten times as long as that took.
 */

#include "base/messages.h"
#include "manager/commit.h"
#include "manager/context.h"
#include "manager/events.h"
#include "manager/fastpath.h"
#include "manager/report.h"
#include "manager/schedule.h"

#define NAMES_EACH 1000 /* microseconds for each port: ten times what a check costs */

struct events {
	sd_event_source *all_names; /* timer: check the names of all ports */
	uint64_t all_names_at;      /* not before; CLOCK_MONOTONIC, in microseconds */
};

static int event_nsid(const struct manager *manager, int nsid)
{
	return nsid == MONITOR_OWN_NSID ? manager->own_nsid : nsid;
}

/* --- netlink ---------------------------------------------------------------------------------- */

static void other_changed(struct manager *manager, const struct monitor_event *event)
{
	struct port *port = NULL;

	if (event->removed || !(event->flags & IFF_UP))
		port = fastpath_lost_hidden(manager, event_nsid(manager, event->nsid), event->name);
	if (port)
		schedule_look(port);
}

static void device_changed(const struct monitor_event *event, void *userdata)
{
	struct manager *manager = userdata;
	struct port *port = table_port_by_index(&manager->table, event_nsid(manager, event->nsid),
						event->index);

	/* perhaps a VRF that a pending port waits for, or an interface that had its name */
	if (!port || event->removed)
		schedule_wake(manager);
	if (!port) {
		other_changed(manager, event);
		return;
	}
	port->bounced |= !(event->flags & IFF_UP);
	schedule_look(port);
}

static void settings_changed(int nsid, unsigned int index, void *userdata)
{
	struct manager *manager = userdata;
	struct port *port = table_port_by_index(&manager->table, event_nsid(manager, nsid), index);

	if (port)
		schedule_look_settings(port);
}

/* Others, or we: the second look finds nothing to do. */
static void queueing_changed(int nsid, unsigned int index, void *userdata)
{
	struct manager *manager = userdata;
	struct port *port = table_port_by_index(&manager->table, event_nsid(manager, nsid), index);

	if (port && port->link && fastpath_doubt(port->link))
		schedule_look(port);
}

/*
 * For a port that is elsewhere, or has no device: the kernel may reuse nsid and inode number for a
 * namespace that is not its domain's. It sends this event before it reuses the inode number.
 */
static void forget_domain(struct port *port, void *userdata)
{
	const int *nsid = userdata;

	if (port->domain_nsid != *nsid || (port->peering.present && port->nsid == *nsid))
		return;
	port->domain_nsid = PORT_DOMAIN_GONE;
	port->netns = (struct netns_id){ 0 };
	schedule_look_name(port); /* the name may stand for another namespace by now */
}

static void look(struct port *port, void *userdata _unused_)
{
	schedule_look(port);
}

static void namespace_gone(int where, int nsid, void *userdata)
{
	struct manager *manager = userdata;

	if (event_nsid(manager, where) != manager->own_nsid)
		return; /* an nsid that another namespace had assigned */
	table_foreach_in_nsid(&manager->table, nsid, look, NULL);
	table_foreach_port(&manager->table, forget_domain, &nsid);
}

static void doubt(struct port *port, void *userdata _unused_)
{
	schedule_look(port);
	schedule_look_settings(port);
}

static void events_lost(void *userdata)
{
	struct manager *manager = userdata;

	log_limited(LOG_WARNING, "netlink events were lost; asking the kernel about every port");
	table_foreach_port(&manager->table, doubt, NULL);
	schedule_wake(manager);
}

void events_read(struct manager *manager)
{
	network_drain(manager->network);
}

/* --- names of namespaces ---------------------------------------------------------------------- */

static void look_name(struct port *port, void *userdata _unused_)
{
	if (port->spec.domain.netns == DOMAIN_NETNS_NAMED)
		schedule_look_name(port);
}

static int look_at_all_names(sd_event_source *source _unused_, uint64_t usec _unused_,
			     void *userdata)
{
	struct manager *manager = userdata;

	manager->events->all_names_at =
		monotonic_usec() + (uint64_t)NAMES_EACH * manager->table.n_ports;
	table_foreach_port(&manager->table, look_name, NULL);
	return 0;
}

static void look_at_all_names_soon(struct events *events)
{
	(void)sd_event_source_set_time(events->all_names, events->all_names_at);
	(void)sd_event_source_set_enabled(events->all_names, SD_EVENT_ONESHOT);
}

static void name_changed(const char *name, void *userdata)
{
	struct manager *manager = userdata;

	table_foreach_in_netns(&manager->table, name, look_name, NULL);
}

static void names_missed(void *userdata)
{
	struct manager *manager = userdata;

	look_at_all_names_soon(manager->events);
}

static void names_changed(void *userdata)
{
	schedule_wake(userdata);
}

/* --- the data path ---------------------------------------------------------------------------- */

void events_port_gone(void *owner, unsigned int end, void *userdata _unused_)
{
	struct rport_link *link = owner;

	schedule_look(link->ports[end]);
}

void events_link_moved(void *owner, void *userdata)
{
	struct rport_link *link = owner;
	unsigned int workers[TUN_QUEUES_MAX];
	unsigned int n = datapath_link_workers(link->datapath, workers);

	for (unsigned int i = 0; i < n; i++)
		report_link(LOG_DEBUG, NULL, link->name, "link %s: queue %u is worker %u's",
			    link->name, i, workers[i]);
	commit_link(userdata, link);
	commit_flush(userdata);
}

/* --- captures --------------------------------------------------------------------------------- */

/* The link has to be decided about again, though its ports are as they were. */
void events_captures_changed(struct port *port, void *userdata)
{
	commit_touch(userdata, port);
	schedule_look(port);
}

void events_datapath_ended(const char *why, void *userdata _unused_)
{
	log_print_id(LOG_ERR, MESSAGE_PROCESS_ENDED, "rportd-data ended (%s) and is started again",
		     why); /* at a rate that is bounded, see data-process.c */
}

void events_network_ended(const char *why, void *userdata _unused_)
{
	log_print_id(LOG_ERR, MESSAGE_PROCESS_ENDED, "rportd-net ended (%s) and is started again",
		     why); /* likewise, see client-start.c */
}

static void network_not_started(const char *why, void *userdata _unused_)
{
	log_limited(LOG_ERR, "%s; it is tried again", why);
}

void events_starter_failed(void *userdata)
{
	const struct manager *manager = userdata;

	log_error("the starter of processes is gone: ending, to be started again");
	(void)sd_event_exit(manager->event, -ECHILD);
}

/* --- beginning and end ------------------------------------------------------------------------ */

static int start_network(struct manager *manager, struct rport_error *err)
{
	const struct network_options options = {
		.starter = manager->options.starter,
		.role = manager->options.net_role,
		.queues_forced = manager->options.unwatched_queues,
		.events = {
			.device = device_changed,
			.settings = settings_changed,
			.queueing = queueing_changed,
			.namespace_gone = namespace_gone,
			.lost = events_lost,
			.userdata = manager,
		},
		.name = name_changed,
		.names_missed = names_missed,
		.names = names_changed,
		.ended = events_network_ended,
		.not_started = network_not_started,
		.failed = events_starter_failed,
	};

	return network_new(manager->event, &options, &manager->network, err);
}

int events_start(struct manager *manager, struct rport_error *err)
{
	int r;

	manager->events = calloc(1, sizeof(*manager->events));
	if (!manager->events)
		return rport_error_no_memory(err);
	r = sd_event_add_time(manager->event, &manager->events->all_names, CLOCK_MONOTONIC, 0, 1,
			      look_at_all_names, manager);
	if (r >= 0)
		r = sd_event_source_set_enabled(manager->events->all_names, SD_EVENT_OFF);
	if (r < 0)
		return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot make a timer: %s",
				       strerror(-r));
	r = start_network(manager, err);
	if (r < 0)
		return r;
	manager->own_nsid = network_about(manager->network)->own_nsid;
	r = network_about(manager->network)->watch_error;
	if (r < 0) /* deleted namespaces are reported in any case */
		log_warning("cannot watch %s: %s", NETNS_RUN_DIR, strerror(-r));
	return 0;
}

void events_stop(struct manager *manager)
{
	if (!manager->events)
		return;
	sd_event_source_disable_unref(manager->events->all_names);
	free(steal_ptr(manager->events));
}
