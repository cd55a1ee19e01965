/* SPDX-License-Identifier: ISC */
/* Owns the parts of the manager: starts them in order, and stops them. */

#include "base/log.h"
#include "base/messages.h"
#include "manager/adopt.h"
#include "manager/ask.h"
#include "manager/captures.h"
#include "manager/commit.h"
#include "manager/context.h"
#include "manager/events.h"
#include "manager/manager.h"
#include "manager/parents.h"
#include "manager/ports.h"
#include "manager/reconcile.h"
#include "manager/restore.h"
#include "manager/schedule.h"

/* --- beginning and end ------------------------------------------------------------------------ */

#define ALIVE_USEC (250 * 1000) /* accuracy with which the next daemon knows when this one ended */

/* A port that is not taken over yet has its packets wait, as if there were no daemon. */
static void note_time(struct manager *manager)
{
	if (!manager->restore)
		counters_alive(manager->counters);
}

static int note_alive(sd_event_source *source, uint64_t usec _unused_, void *userdata)
{
	note_time(userdata);
	(void)sd_event_source_set_time_relative(source, ALIVE_USEC);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int start_counters(struct manager *manager, sd_event *event, struct rport_error *err)
{
	int r;

	r = counters_open(manager->state, manager->options.max_ports, &manager->counters);
	if (r >= 0 && state_is_kept(manager->state))
		r = sd_event_add_time_relative(event, &manager->alive, CLOCK_MONOTONIC, 0, 0,
					       note_alive, manager);
	if (r < 0)
		return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot make the counters: %s",
				       strerror(-r));
	return 0;
}

/* Of rportd-data. */
static int start_failed(int r, struct rport_error *err)
{
	if (r == -EPERM || r == -ENOSYS)
		return rport_error_set(
			err, RPORT_ERR_SYSTEM, -r,
			"io_uring is unavailable: %s; see sysctl kernel.io_uring_disabled, or use "
			"--datapath=epoll",
			strerror(-r));
	if (r == -EOPNOTSUPP)
		return rport_error_set(
			err, RPORT_ERR_SYSTEM, -r,
			"this kernel cannot do that data path: choose another (--datapath=auto)");
	return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot start the data path: %s",
			       strerror(-r));
}

static int start_datapath(struct manager *manager, sd_event *event, struct rport_error *err)
{
	struct datapath_options options = {
		.starter = manager->options.starter,
		.role = manager->options.data_role,
		.datapath = manager->options.datapath,
		.workers = manager->options.workers,
		.busy_poll = manager->options.busy_poll,
		.gone = events_port_gone,
		.moved = events_link_moved,
		.ended = events_datapath_ended,
		.failed = events_starter_failed,
		.userdata = manager,
	};
	int r;

	options.counters = counters_memory(manager->counters, &options.counters_fd,
					   &options.counters_offset, &options.counters_size);
	r = datapath_new(event, &options, &manager->datapath);
	return r < 0 ? start_failed(r, err) : 0;
}

static int run_datapath(struct manager *manager, struct rport_error *err)
{
	int r = datapath_run(manager->datapath, network_about(manager->network)->nowait);

	return r < 0 ? start_failed(r, err) : 0;
}

static int start_reconciler(struct manager *manager, struct rport_error *err)
{
	int r = schedule_start(manager, reconcile_due);

	if (r >= 0)
		r = captures_start(manager, events_captures_changed, manager);

	return r < 0 ? rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot make a timer: %s",
				       strerror(-r))
		     : 0;
}

/* Restores the state of the former daemon, as far as it can be read. */
static int take_over(struct manager *manager, struct rport_error *err)
{
	const struct state_handover *handover = &manager->options.handover;
	int r;

	if (!handover->inherited) {
		if (manager->options.fastpath != FASTPATH_NEVER)
			network_sweep(manager->network);
		return 0;
	}
	if (!handover->unreadable) {
		r = restore_start(manager);
		return r < 0 ? rport_error_set(err, RPORT_ERR_SYSTEM, -r,
					       "cannot restore the state of the former rportd: %s",
					       strerror(-r))
			     : 0;
	}
	log_print_id(LOG_ERR, MESSAGE_STATE_UNREADABLE,
		     "the records of the former rportd cannot be read: %s; %s%s", handover->reason,
		     handover->aside[0] ? "they were set aside in " : "they could not be set aside",
		     handover->aside);
	adopt_all(manager);
	commit_flush(manager);
	return 0;
}

int manager_new(sd_event *event, const struct manager_options *options, struct manager **ret,
		struct rport_error *err)
{
	struct manager *manager;
	int r;

	manager = calloc(1, sizeof(*manager));
	if (!manager)
		return rport_error_no_memory(err);
	property_set_standard(PROPERTY_FASTPATH, options->fastpath == FASTPATH_DEFAULT_ON);
	manager->options = *options;
	manager->asking = 1; /* no port has been asked about */
	manager->state = options->state;
	manager->event = sd_event_ref(event);
	TAILQ_INIT(&manager->table.ports);
	TAILQ_INIT(&manager->untold);
	TAILQ_INIT(&manager->pending.list);
	TAILQ_INIT(&manager->inherited.list);
	r = start_counters(manager, event, err);
	if (r >= 0) /* packets wait: rportd-data and rportd-net start at the same time */
		r = start_datapath(manager, event, err);
	if (r >= 0)
		r = events_start(manager, err);
	if (r >= 0)
		r = start_reconciler(manager, err);
	if (r >= 0)
		r = run_datapath(manager, err);
	if (r >= 0)
		r = take_over(manager, err);
	if (r < 0) {
		manager_free(manager);
		return r;
	}
	*ret = manager;
	return 0;
}

/* Without memory, ports_remove() closes one device after another. */
static void close_devices(struct manager *manager)
{
	_cleanup_free_ struct port **ports = calloc(manager->table.n_ports + 1, sizeof(*ports));
	struct port *port;
	size_t n = 0;

	if (!ports)
		return;
	TAILQ_FOREACH(port, &manager->table.ports, entry)
	{
		ports[n++] = port;
	}
	commit_end_fastpaths(manager, ports, n);
	commit_detach_all(manager, ports, n);
}

/* Packets pass until the next daemon is about to be started: rportd-net ends first, which takes an RCU
 * grace period, then all links at once. */
static void stop_for_next(struct manager *manager)
{
	if (manager->network)
		network_stop(manager->network);
	if (manager->datapath)
		datapath_stop(manager->datapath);
}

void manager_free(struct manager *manager)
{
	struct port *port;

	if (!manager)
		return;
	manager->observer = (struct manager_observer){ 0 };
	if (manager->state && state_is_kept(manager->state)) {
		stop_for_next(manager);
	} else if (manager->state) {
		/* removed in groups, which is faster than to close one after another */
		close_devices(manager);
	}
	if (manager->counters)
		note_time(manager);
	/* from here on nothing is recorded: the store stays as it is for the next daemon */
	manager->state = NULL;
	close_devices(manager);
	while ((port = TAILQ_FIRST(&manager->table.ports))) {
		if (port->link)
			manager_destroy_link(manager, port->link);
		else
			ports_remove(manager, port);
	}
	captures_stop(manager);
	restore_stop(manager);
	sd_event_source_disable_unref(manager->alive);
	schedule_stop(manager);
	events_stop(manager);
	datapath_free(manager->datapath);
	counters_close(manager->counters);
	network_free(manager->network);
	sd_event_unref(manager->event);
	free(manager);
}
