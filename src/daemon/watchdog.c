/* SPDX-License-Identifier: ISC */

/*
 * Tells the service manager how many links there are, and that the daemon is alive.
 *
 * Theory of operation
 *
 * Watchdog. A ping must mean that packets are moved, and links can be changed. So twice in
 * WatchdogSec= every worker of rportd-data, and rportd-net, is asked for a sign of life, without
 * waiting. Whoever has not answered the question before is replaced, which costs no link; if there is
 * no answer the next time, either, the ping is not sent, and the service manager starts all of it
 * again. What hangs is replaced after half of WatchdogSec=, or all of it. The main loop needs no
 * check: if it hung, the timer would not fire.
 *
 * Status. After each turn of the loop that did something the numbers are compared with those sent
 * last. A status is sent once a second at most, since it is work for the service manager and for
 * all processes that watch it.
 */

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "base/messages.h"
#include "base/notify.h"
#include "daemon/watchdog.h"
#include "manager/restore.h"
#include "manager/status.h"

#define STATUS_PERIOD USEC_PER_SEC
#define EXTEND_PERIOD (30 * USEC_PER_SEC) /* longer than making one link can take */

struct counts {
	unsigned int links, pending;
	unsigned int data_restarts, network_restarts;
	bool restoring, reloading;
	unsigned int restored, to_restore; /* ports */
	struct reload_progress reload;
};

struct service {
	struct manager *manager;
	const struct reloader *reloader;
	sd_event_source *watchdog;            /* timer */
	uint64_t period;                      /* of it, microseconds */
	bool data_replaced, network_replaced; /* the last time */

	sd_event_source *changed; /* after each turn of the loop */
	sd_event_source *status;  /* timer: tell it */
	struct counts sent;
	uint64_t sent_at;
	bool due; /* the timer is set */
};

/* --- the watchdog ----------------------------------------------------------------------------- */

/* @before: it was replaced the last time, too. Return: whether that may help. */
static bool may_replace(const char *who, bool before)
{
	log_print_id(LOG_ERR, MESSAGE_PROCESS_SILENT, "%s does not answer: %s", who,
		     before ? "leaving it to the service manager's watchdog"
			    : "replacing its process");
	return !before;
}

/* Return: false when replacing it did not help. */
static bool watch_data(struct service *service)
{
	bool before = service->data_replaced;
	char worker[32];
	int silent;

	service->data_replaced = !manager_workers_answer(service->manager, &silent);
	if (!service->data_replaced)
		return true;
	snprintf(worker, sizeof(worker), "worker %d", silent);
	if (!may_replace(silent < 0 ? "rportd-data" : worker, before))
		return false;
	manager_replace_data(service->manager);
	return true;
}

/* Return: as watch_data(). */
static bool watch_network(struct service *service)
{
	bool before = service->network_replaced;

	service->network_replaced = !manager_network_answers(service->manager);
	if (!service->network_replaced)
		return true;
	if (!may_replace("rportd-net", before))
		return false;
	manager_replace_network(service->manager);
	return true;
}

static int ping(sd_event_source *source, uint64_t usec _unused_, void *userdata)
{
	struct service *service = userdata;
	bool data = watch_data(service), network = watch_network(service);

	if (data && network)
		notify_watchdog();
	(void)sd_event_source_set_time_relative(source, service->period);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int start_watchdog(struct service *service, sd_event *event)
{
	int silent;
	int r;

	service->period = notify_watchdog_period();
	if (service->period == 0)
		return 0;
	(void)manager_workers_answer(service->manager, &silent); /* the first questions */
	(void)manager_network_answers(service->manager);
	r = sd_event_add_time_relative(event, &service->watchdog, CLOCK_MONOTONIC, service->period,
				       service->period / 10, ping, service);
	return r < 0 ? r
		     : sd_event_source_set_priority(service->watchdog, SD_EVENT_PRIORITY_IMPORTANT);
}

/* --- the status ------------------------------------------------------------------------------- */

static struct counts count(const struct service *service)
{
	struct counts counts = { .links = manager_table(service->manager)->n_links,
				 .pending = manager_n_pending(service->manager),
				 .data_restarts = manager_data_restarts(service->manager),
				 .network_restarts = manager_network_restarts(service->manager) };

	counts.restoring = restore_progress(service->manager, &counts.restored, &counts.to_restore);
	counts.reloading = reloader_progress(service->reloader, &counts.reload);
	return counts;
}

static bool counts_equal(const struct counts *a, const struct counts *b)
{
	return a->links == b->links && a->pending == b->pending &&
	       a->data_restarts == b->data_restarts && a->network_restarts == b->network_restarts &&
	       a->restoring == b->restoring && a->restored == b->restored &&
	       a->reloading == b->reloading && a->reload.done == b->reload.done;
}

static void format_restarts(const char *who, unsigned int n, char *ret, size_t size)
{
	if (n > 0)
		snprintf(ret, size, ", %s was started again %u time%s", who, n, PLURAL(n));
}

/* "350 links, 2 ports pending, files: 350 of 1000 done, rportd-data was started again 2 times" */
static void send_status(struct service *service)
{
	char pending[64] = "", restored[64] = "", files[64] = "", data[64] = "", network[64] = "",
	     extend[64] = "";
	struct counts counts = count(service);

	service->sent = counts;
	service->sent_at = monotonic_usec();
	if (counts.pending > 0)
		snprintf(pending, sizeof(pending), ", %u port%s pending", counts.pending,
			 PLURAL(counts.pending));
	if (counts.restoring)
		snprintf(restored, sizeof(restored), ", %u of %u port%s taken over",
			 counts.restored, counts.to_restore, PLURAL(counts.to_restore));
	if (counts.reloading)
		snprintf(files, sizeof(files), ", files: %zu of %zu done", counts.reload.done,
			 counts.reload.total);
	format_restarts("rportd-data", counts.data_restarts, data, sizeof(data));
	format_restarts("rportd-net", counts.network_restarts, network, sizeof(network));
	/* as long as one follows another, it takes the time that it takes */
	if (counts.restoring || counts.reloading)
		snprintf(extend, sizeof(extend), "\nEXTEND_TIMEOUT_USEC=%" PRIu64, EXTEND_PERIOD);
	(void)notify_sendf(NOTIFY_NOW, "STATUS=%u link%s%s%s%s%s%s%s", counts.links,
			   PLURAL(counts.links), pending, restored, files, data, network, extend);
}

static int send_due_status(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
	struct service *service = userdata;

	service->due = false;
	send_status(service);
	return 0;
}

static int status_may_have_changed(sd_event_source *source _unused_, void *userdata)
{
	struct service *service = userdata;
	struct counts counts = count(service);

	if (service->due || counts_equal(&counts, &service->sent))
		return 0;
	service->due = true;
	(void)sd_event_source_set_time(service->status, service->sent_at + STATUS_PERIOD);
	return sd_event_source_set_enabled(service->status, SD_EVENT_ONESHOT);
}

static int start_status(struct service *service, sd_event *event)
{
	int r;

	r = sd_event_add_time(event, &service->status, CLOCK_MONOTONIC, 0, 0, send_due_status,
			      service);
	if (r >= 0)
		r = sd_event_source_set_enabled(service->status, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_post(event, &service->changed, status_may_have_changed, service);
	if (r >= 0)
		send_status(service);
	return r;
}

/* --- beginning and end ------------------------------------------------------------------------ */

int service_new(sd_event *event, struct manager *manager, const struct reloader *reloader,
		struct service **ret)
{
	struct service *service = calloc(1, sizeof(*service));
	int r = 0;

	if (!service)
		return -ENOMEM;
	service->manager = manager;
	service->reloader = reloader;
	if (getenv("NOTIFY_SOCKET"))
		r = start_status(service, event);
	if (r >= 0)
		r = start_watchdog(service, event);
	if (r < 0) {
		service_free(service);
		return r;
	}
	*ret = service;
	return 0;
}

void service_free(struct service *service)
{
	if (!service)
		return;
	sd_event_source_disable_unref(service->changed);
	sd_event_source_disable_unref(service->status);
	sd_event_source_disable_unref(service->watchdog);
	free(service);
}
