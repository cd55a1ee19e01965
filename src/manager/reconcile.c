/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * Each port has a timer, which says when it is looked at the next time, or tried if it is pending.
 * Events do not carry what happened: they only have the port looked at (events.c), and what is true
 * is asked of the kernel then, once for a burst. The timers come after clients: so many ports at
 * once do not keep others waiting, whose calls are answered between two looks.
 *
 * A look at the device (port_look()) comes at once. It shows whether the device is lost; then the
 * port is pending, and is tried again. It shows whether the port was down meanwhile: then the kernel
 * took IPv6 addresses and routes away, and they are given back. Everything else that somebody
 * changed is drift: the settings are compared a moment later, and the plan that would put them back
 * (port_plan()) is shown, and carried out when somebody asks for it.
 *
 * A pending port is tried
 *
 *	when something came or went that it may have waited for: a name in /run/netns, a mount on
 *	one, an interface of a namespace that is listened to (reconcile_wake());
 *	after a while anyway, should nobody have told, or something else have been in the way
 *	(port/backoff.h).
 *
 * The owner of a namespace decides how often its ports change, how many there are and how much the
 * kernel has to search for an answer. So each look is charged to its namespace (budget.h), and the
 * ports of one that has used up its share are looked at later.
 */

#include <stdio.h>

#include "base/turn.h"
#include "manager/budget.h"
#include "manager/commit.h"
#include "manager/make.h"
#include "manager/reconcile.h"
#include "manager/report.h"
#include "port/look.h"

#define PRIORITY       7            /* behind root and the group, before other users */
#define SETTINGS_DELAY (50 * 1000)  /* after a change, for more to come */
#define AGAIN_DELAY    (250 * 1000) /* after a look that failed */
#define WAKE_DELAY     (2 * 1000)   /* until what came is complete */
#define WAKE_EACH      30           /* and so much more for each that waits */
#define NEVER          UINT64_MAX

struct reconciler {
	struct budget budget; /* of the time that looks take */
	sd_event_source *wake;
	bool woken; /* the timer runs */
};

/*
 * struct look - when a port is looked at; times are CLOCK_MONOTONIC in microseconds
 * @device_at: at its device
 * @settings_at: at its settings
 * @name_at: at the name of its namespace
 */
struct look {
	struct manager *manager;
	struct port *port;
	sd_event_source *timer;
	uint64_t device_at;
	uint64_t settings_at;
	uint64_t name_at;
};

/* --- timers ----------------------------------------------------------------------------------- */

static uint64_t due(const struct look *look)
{
	const struct port *port = look->port;

	if (!port->rule.present)
		return backoff_due(&port->retry, look->manager->options.max_retries);
	return MIN(MIN(look->device_at, look->settings_at), look->name_at);
}

static void arm(struct look *look)
{
	uint64_t at = due(look);

	if (at != NEVER)
		(void)sd_event_source_set_time(look->timer, at);
	(void)sd_event_source_set_enabled(look->timer,
					  at == NEVER ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

static void forget(struct look *look)
{
	look->device_at = look->settings_at = look->name_at = NEVER;
}

/* @at: one of the times of @look */
static void look_at(struct look *look, uint64_t *at, uint64_t usec)
{
	if (!look->port->rule.present || *at <= usec)
		return;
	*at = usec;
	arm(look);
}

void reconcile_look(struct port *port)
{
	look_at(port->look, &port->look->device_at, monotonic_usec());
}

void reconcile_look_name(struct port *port)
{
	look_at(port->look, &port->look->name_at, monotonic_usec());
}

void reconcile_look_settings(struct port *port)
{
	look_at(port->look, &port->look->settings_at, monotonic_usec() + SETTINGS_DELAY);
}

uint64_t reconcile_may_look(const struct manager *manager, const struct port *port)
{
	/* rportd's own namespace is in the hands of those who run it */
	if (port->nsid == manager->own_nsid)
		return 0;
	return budget_next(&manager->reconciler->budget, port->nsid);
}

static void charge(struct manager *manager, int nsid, uint64_t start)
{
	uint64_t now = monotonic_usec();

	if (nsid != manager->own_nsid)
		budget_charge(&manager->reconciler->budget, nsid, now, now - start);
}

/* --- a port with a device --------------------------------------------------------------------- */

void reconcile_lose(struct manager *manager, struct port *port, const char *reason)
{
	char held[256];
	uint64_t delay;

	if (!port->rule.present)
		return;
	commit_detach(manager, port);
	delay = backoff_lost(&port->retry, monotonic_usec());
	if (delay > 0) {
		snprintf(held, sizeof(held),
			 "%s; held back for %u s, since it was lost %u times in short order",
			 reason, (unsigned int)(delay / USEC_PER_SEC), port->retry.recent);
		reason = held;
	}
	commit_port(manager, port, reason);
	forget(port->look);
	arm(port->look);
}

static void give_back(struct port *port)
{
	struct rport_error err;

	if (!port->bounced || !port->rule.up || port->away)
		return;
	if (port_give_back(port, &err) < 0)
		log_limited(LOG_WARNING, "%s", err.message);
	reconcile_look_settings(port);
}

static void report_move(struct port *port)
{
	char name[PORT_TEXT_MAX];

	report_port_event(LOG_WARNING, MESSAGE_PORT_MOVED, port, "port %s was moved %s its domain",
			  port_format(port, name), port->away ? "out of" : "back into");
}

/* The number of a deleted namespace was given to a new one before we heard of it. */
static void make_way(struct manager *manager, struct port *port)
{
	struct port *stale = table_port_by_index(&manager->table, port->nsid, port->index);

	if (!stale || stale == port)
		return;
	table_leave_index(&manager->table, stale);
	reconcile_look(stale);
}

struct facts {
	char ifname[IFNAMSIZ];
	int nsid;
	unsigned int index, mtu, master;
	bool up, away;
};

static struct facts facts_of(const struct port *port)
{
	struct facts facts = {
		.nsid = port->nsid,
		.index = port->index,
		.mtu = port->mtu,
		.master = port->master,
		.up = port->rule.up,
		.away = port->away,
	};

	memcpy(facts.ifname, port->ifname, sizeof(facts.ifname));
	return facts;
}

static bool has_place_of(const struct port *port, const struct facts *facts)
{
	return streq(port->ifname, facts->ifname) && port->nsid == facts->nsid &&
	       port->index == facts->index && port->away == facts->away;
}

static bool is_as(const struct port *port, const struct facts *facts)
{
	return has_place_of(port, facts) && port->mtu == facts->mtu &&
	       port->master == facts->master && port->rule.up == facts->up;
}

static const char *why_state(const struct port *port)
{
	return port->rule.up ? "somebody set it up" : "somebody set it down";
}

/* Where it is, or how it is called, is news. */
static int take_place(struct manager *manager, struct port *port, bool was_away)
{
	struct rport_error err;
	int r;

	make_way(manager, port);
	r = commit_attach(manager, port, false, &err);
	if (r < 0) {
		reconcile_lose(manager, port, err.message);
		return r;
	}
	if (port->away != was_away)
		report_move(port);
	reconcile_wake(manager); /* perhaps its name was in the way */
	return 0;
}

/* Whoever sets a port up that nobody set up or down before decides that it shall be. */
static bool adopt_admin(struct port *port)
{
	if (!port->rule.up || port->away || port->admin != PORT_ADMIN_UNSET)
		return false;
	port->admin = PORT_ADMIN_UP;
	return true;
}

static void take_in(struct manager *manager, struct port *port, const struct facts *before)
{
	bool news = !is_as(port, before);

	if ((!port->indexed || !has_place_of(port, before)) &&
	    take_place(manager, port, before->away) < 0)
		return;
	news |= adopt_admin(port);
	give_back(port);
	if (!news)
		return;
	commit_port(manager, port, why_state(port));
	reconcile_look_settings(port);
}

static void look_at_device(struct manager *manager, struct port *port)
{
	struct facts before = facts_of(port);
	const char *lost = NULL;
	int r;

	port->look->device_at = NEVER;
	r = port_look(&manager->yard, port, &lost);
	if (lost) {
		reconcile_lose(manager, port, lost);
		return;
	}
	if (r < 0) {
		look_at(port->look, &port->look->device_at, monotonic_usec() + AGAIN_DELAY);
		return;
	}
	take_in(manager, port, &before);
}

void reconcile_saw(struct manager *manager, struct port *port, const struct rtnl_dev *dev)
{
	struct facts before = facts_of(port);

	port_saw(port, dev);
	if (port->vrf > 0 && dev->master != port->vrf)
		reconcile_look(port);
	if (is_as(port, &before))
		return;
	commit_port(manager, port, why_state(port));
	reconcile_look(port);
	reconcile_look_settings(port);
}

static void look_at_name(struct manager *manager, struct port *port)
{
	port->look->name_at = NEVER;
	if (port_lost_name(port))
		reconcile_lose(manager, port, "its namespace is not called so any more");
}

void reconcile_now(struct manager *manager, struct port *port)
{
	if (port->rule.present)
		look_at_device(manager, port);
	arm(port->look);
}

void reconcile_compare(struct manager *manager, struct port *port)
{
	port->look->settings_at = NEVER;
	if (!port->rule.present)
		return;
	if (port_compare(port) > 0)
		commit_port(manager, port, NULL);
	if (port->bounced) /* IPv6, which was disabled, is not any more */
		reconcile_look(port);
}

/* --- a port without ----------------------------------------------------------------------------- */

static void note_failure(struct manager *manager, struct port *port, const struct rport_error *err)
{
	unsigned int max_retries = manager->options.max_retries;
	char text[RPORT_ERROR_MESSAGE_MAX + 128];
	uint64_t now = monotonic_usec();

	if (err->kind == RPORT_ERR_DOMAIN_NOT_FOUND)
		backoff_no_domain(&port->retry, now);
	else
		backoff_failed(&port->retry, now, err->kind == RPORT_ERR_SYSTEM);
	snprintf(text, sizeof(text), "%s%s", err->message,
		 backoff_given_up(&port->retry, max_retries) ? "; given up, until it is reconciled"
							     : "");
	commit_port(manager, port, text);
}

int reconcile_take(struct manager *manager, struct port *port, bool stale, const char *why,
		   struct rport_error *err)
{
	int r;

	make_way(manager, port);
	r = commit_attach(manager, port, stale, err);
	if (r < 0) {
		commit_detach(manager, port);
		return r;
	}
	commit_port(manager, port, why);
	reconcile_look_settings(port);
	return 0;
}

int reconcile_try(struct manager *manager, struct port *port, struct rport_error *err)
{
	int r = make_device(manager, port, err);

	if (r >= 0 && port->admin == PORT_ADMIN_UP)
		r = port_bring_up(port, false, err);
	if (r < 0)
		commit_detach(manager, port);
	else
		r = reconcile_take(manager, port, false, "its domain is there", err);
	if (r < 0)
		note_failure(manager, port, err);
	else
		backoff_succeeded(&port->retry);
	arm(port->look);
	return r;
}

static void try_again(struct manager *manager, struct port *port)
{
	struct rport_error err = { 0 };
	char name[PORT_TEXT_MAX];

	if (reconcile_try(manager, port, &err) < 0 &&
	    backoff_given_up(&port->retry, manager->options.max_retries))
		report_port_event(LOG_WARNING, MESSAGE_PORT_GIVEN_UP, port,
				  "port %s is given up: %s", port_format(port, name), err.message);
}

/* --- waking pending ports ------------------------------------------------------------------------ */

static int wake(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
	struct manager *manager = userdata;
	uint64_t now = monotonic_usec();
	struct port *port;

	turn_is("waking pending ports");
	manager->reconciler->woken = false;
	TAILQ_FOREACH(port, &manager->pending, pending_entry)
	{
		backoff_wake(&port->retry, now);
		arm(port->look);
	}
	return 0;
}

/*
 * Others may make and remove interfaces all the time, and each may be one that is waited for. So
 * all that come within a while are one reason to look, and the while is longer when there is more
 * to look at.
 */
void reconcile_wake(struct manager *manager)
{
	struct reconciler *reconciler = manager->reconciler;

	if (TAILQ_EMPTY(&manager->pending) || reconciler->woken)
		return;
	reconciler->woken = true;
	(void)sd_event_source_set_time(reconciler->wake,
				       monotonic_usec() + WAKE_DELAY +
					       (uint64_t)WAKE_EACH * manager->n_pending);
	(void)sd_event_source_set_enabled(reconciler->wake, SD_EVENT_ONESHOT);
}

/* --- the loop --------------------------------------------------------------------------------- */

static void postpone(struct look *look, uint64_t until)
{
	look->device_at = look->device_at == NEVER ? NEVER : MAX(look->device_at, until);
	look->settings_at = look->settings_at == NEVER ? NEVER : MAX(look->settings_at, until);
	look->name_at = look->name_at == NEVER ? NEVER : MAX(look->name_at, until);
}

static void reconcile(struct manager *manager, struct port *port, uint64_t now)
{
	uint64_t may = reconcile_may_look(manager, port);
	struct look *look = port->look;
	int nsid = port->nsid;

	/* that a device with several queues was opened by somebody else cannot wait */
	if (may > now && port->tun.n_queues < 2) {
		postpone(look, may);
		return;
	}
	if (look->name_at <= now)
		look_at_name(manager, port);
	if (look->device_at <= now)
		look_at_device(manager, port);
	if (look->settings_at <= now)
		reconcile_compare(manager, port);
	charge(manager, nsid, now);
}

static int on_due(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
	struct look *look = userdata;
	struct manager *manager = look->manager;
	struct port *port = look->port;
	uint64_t now = monotonic_usec();

	turn_is(port->rule.present ? "looking at a port" : "making a port");
	if (port->rule.present)
		reconcile(manager, port, now);
	else if (due(look) <= now)
		try_again(manager, port);
	arm(look);
	commit_flush(manager);
	return 0;
}

/* --- beginning and end ------------------------------------------------------------------------ */

static int add_timer(struct manager *manager, sd_event_time_handler_t handler, void *userdata,
		     sd_event_source **ret)
{
	int r = sd_event_add_time(manager->event, ret, CLOCK_MONOTONIC, 0, 1, handler, userdata);

	if (r >= 0)
		r = sd_event_source_set_priority(*ret, PRIORITY);
	return r < 0 ? r : sd_event_source_set_enabled(*ret, SD_EVENT_OFF);
}

int reconcile_add(struct manager *manager, struct port *port)
{
	struct look *look = malloc(sizeof(*look));
	int r;

	if (!look)
		return -ENOMEM;
	*look = (struct look){ .manager = manager, .port = port };
	forget(look);
	r = add_timer(manager, on_due, look, &look->timer);
	port->look = look;
	if (r < 0)
		reconcile_remove(port);
	return r;
}

void reconcile_remove(struct port *port)
{
	if (!port->look)
		return;
	sd_event_source_disable_unref(port->look->timer);
	free(steal_ptr(port->look));
}

int reconcile_start(struct manager *manager)
{
	manager->reconciler = calloc(1, sizeof(*manager->reconciler));
	if (!manager->reconciler)
		return -ENOMEM;
	return add_timer(manager, wake, manager, &manager->reconciler->wake);
}

void reconcile_stop(struct manager *manager)
{
	if (!manager->reconciler)
		return;
	sd_event_source_disable_unref(manager->reconciler->wake);
	budget_release(&manager->reconciler->budget);
	free(steal_ptr(manager->reconciler));
}
