/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * A port without a device waits in the list of pending ports until it can have one. It is tried
 *
 *	when something came or went that it may have waited for: a name in /run/netns, a mount on
 *	one, an interface of a namespace that is listened to (hold_poke());
 *	after a while anyway, should nobody have told, or something else have been in the way.
 *
 * For a VRF in another namespace to be heard of, that namespace is given a number (nsid) here.
 *Names and mounts are watched only while a port is pending: on some machines they come and go all
 *the time.
 *
 * One whose device is lost again and again is held back, longer each time, so that two who fight
 * about an interface do not keep us, and the log, busy. So are tries that fail though the domain is
 * there, and these can be given up after a number of them.
 */

#include <stdio.h>

#include "manager/manager-private.h"
#include "manager/report.h"

#define POKE_DELAY      (2 * 1000)  /* until what came is complete */
#define POKE_EACH       30          /* and so much more for each that waits, see hold_poke() */
#define SLICE           (20 * 1000) /* then the rest of the loop has its turn */
#define TRY_AGAIN       (5 * USEC_PER_SEC) /* for a domain that nobody told of */
#define RETRY_FIRST     (USEC_PER_SEC / 4) /* after something else was in the way, and doubled */
#define RETRY_MAX       (60 * USEC_PER_SEC)
#define FLAPS_FREE      5                   /* losses in short order that have no consequence */
#define FLAP_QUIET      (60 * USEC_PER_SEC) /* after which they are forgotten */
#define FLAP_MAX        (30 * USEC_PER_SEC)
#define NAMES_TAKEN_MAX 256   /* of automatic names that are looked up and taken by others */
#define NAMES_LOST_MAX  3     /* and that are taken while a device is made */
#define NUMBERS_MAX     32768 /* of automatic names that are looked up; a multiple of 64 */

/* @first, doubled @times times, but no more than @max. */
static uint64_t doubled(uint64_t first, unsigned int times, uint64_t max)
{
	return times >= 20 ? max : MIN(first << times, max);
}

static bool given_up(const struct manager *manager, const struct port *port)
{
	return manager->options.max_retries > 0 &&
	       port->hold.retries >= manager->options.max_retries;
}

static uint64_t due(const struct manager *manager, const struct port *port)
{
	return given_up(manager, port) ? UINT64_MAX
				       : MAX(port->hold.next_try, port->hold.held_until);
}

/* The timer is to ring at @usec, if not before. That it rings for nothing does no harm. */
static void arm(struct manager *manager, uint64_t usec)
{
	if (usec >= manager->retry_at)
		return;
	manager->retry_at = usec;
	(void)sd_event_source_set_time(manager->retry, usec);
	(void)sd_event_source_set_enabled(manager->retry, SD_EVENT_ONESHOT);
}

/* It rang: when the first port may be tried the next time. */
static void arm_anew(struct manager *manager)
{
	uint64_t first = UINT64_MAX;
	struct port *port;

	TAILQ_FOREACH(port, &manager->pending, hold.entry)
	{
		first = MIN(first, due(manager, port));
	}
	manager->retry_at = UINT64_MAX;
	arm(manager, first);
}

/* --- waiting ---------------------------------------------------------------------------------- */

static void set_reason(struct manager *manager, struct port *port, const char *reason)
{
	char *copy;

	if (port->hold.reason && streq(port->hold.reason, reason))
		return;
	copy = strdup(reason);
	if (!copy) /* the old one will do */
		return;
	free(port->hold.reason);
	port->hold.reason = copy;
	watch_mark_dirty(manager, port);
}

static void something_mounted(void *userdata)
{
	hold_poke(userdata);
}

/* Without it names are looked for now and then (TRY_AGAIN). */
static void watch_mounts(struct manager *manager)
{
	sd_event *event = sd_event_source_get_event(manager->retry);
	int r;

	if (manager->mounts)
		return;
	r = netns_watch_new(event, true, something_mounted, manager, &manager->mounts);
	if (r < 0)
		log_limited(LOG_WARNING, "cannot watch %s: %s", NETNS_RUN_DIR, strerror(-r));
	else
		hold_poke(manager); /* for what came before */
}

static void enter(struct manager *manager, struct port *port, const char *reason)
{
	if (!port->hold.pending) {
		TAILQ_INSERT_TAIL(&manager->pending, port, hold.entry);
		manager->n_pending++;
	}
	port->hold.pending = true;
	set_reason(manager, port, reason);
	watch_mounts(manager);
	arm(manager, due(manager, port));
}

static void leave(struct manager *manager, struct port *port)
{
	if (port->hold.pending) {
		TAILQ_REMOVE(&manager->pending, port, hold.entry);
		manager->n_pending--;
	}
	port->hold.pending = false;
	free(steal_ptr(port->hold.reason));
	if (TAILQ_EMPTY(&manager->pending))
		netns_watch_free(steal_ptr(manager->mounts));
}

void hold_forget(struct manager *manager, struct port *port)
{
	leave(manager, port);
}

/* Return: for how long it is held back. */
static uint64_t count_loss(struct port *port)
{
	struct port_hold *hold = &port->hold;
	uint64_t now = monotonic_usec(), delay = 0;

	if (now - hold->last_loss > FLAP_QUIET)
		hold->recent = 0;
	hold->losses++;
	hold->recent++;
	hold->last_loss = now;
	if (hold->recent > FLAPS_FREE)
		delay = doubled(USEC_PER_SEC, hold->recent - FLAPS_FREE - 1, FLAP_MAX);
	hold->held_until = now + delay;
	hold->next_try = hold->earliest = now; /* it may be there again already */
	hold->retries = 0;
	return delay;
}

void hold_give_up(struct manager *manager, struct port *port)
{
	if (port->link)
		manager_disconnect(port->link);
	table_leave_index(&manager->table, port);
	watch_forget(manager, port);
	port_remove(port);
	table_rename_port(&manager->table, port);
	record_device(manager, port);
}

void hold_lost(struct manager *manager, struct port *port, const char *reason)
{
	char name[PORT_TEXT_MAX], held[256];
	uint64_t delay;

	if (!port->rule.present)
		return;
	report_port_event(LOG_NOTICE, MESSAGE_PORT_PENDING, port, "port %s is pending: %s",
			  port_format(port, name), reason);
	hold_give_up(manager, port);
	watch_mark_dirty(manager, port);
	watch_mark_peer_dirty(manager, port);
	delay = count_loss(port);
	record_port(manager, port);
	if (delay > 0)
		snprintf(held, sizeof(held),
			 "%s; held back for %u s, since it was lost %u times "
			 "in short order",
			 reason, (unsigned int)(delay / USEC_PER_SEC), port->hold.recent);
	enter(manager, port, delay > 0 ? held : reason);
}

/* --- trying ----------------------------------------------------------------------------------- */

static int bring_up(struct port *port, struct rport_error *err)
{
	return port->admin == PORT_ADMIN_UP ? port_bring_up(port, false, err) : 0;
}

int hold_settle(struct manager *manager, struct port *port, bool stale, struct rport_error *err)
{
	int r;

	table_rename_port(&manager->table, port);
	r = watch_enter_index(manager, port);
	if (r >= 0 && port->link)
		r = manager_connect(manager, port->link, stale);
	if (r < 0)
		return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot start the data path: %s",
				       strerror(-r));
	leave(manager, port);
	watch_mark_dirty(manager, port);
	watch_mark_peer_dirty(manager, port);
	return 0;
}

/* Has another port a name that the kernel thinks is free: one that is pending, renamed or moved? */
static bool is_claimed(const struct manager *manager, const struct port *port, const char *name)
{
	const struct table *table = &manager->table;
	const struct domain *domain = &port->spec.domain;
	const struct port *other = NULL;

	do
		other = table_port_wanting(table, domain, name, other);
	while (other == port && other);
	if (other)
		return true;
	do
		other = table_port_called(table, domain, name, other);
	while (other == port && other);
	return other;
}

/* Numbers of interfaces "rportN" that we have in a namespace, whatever VRF they are in. */
struct numbers {
	uint64_t used[NUMBERS_MAX / 64];
};

static void note_number(struct port *port, void *userdata)
{
	struct numbers *numbers = userdata;
	char name[IFNAMSIZ];
	unsigned long n;

	if (strncmp(port->ifname, "rport", 5) != 0)
		return;
	n = strtoul(port->ifname + 5, NULL, 10);
	if (n >= NUMBERS_MAX)
		return;
	snprintf(name, sizeof(name), "rport%lu", n);
	if (streq(name, port->ifname)) /* not "rport007", nor "rport" */
		numbers->used[n / 64] |= UINT64_C(1) << n % 64;
}

static bool is_noted(const struct numbers *numbers, unsigned int n)
{
	return n < NUMBERS_MAX && numbers->used[n / 64] >> n % 64 & 1;
}

static int no_free_name(const struct port *port, struct rport_error *err)
{
	char domain[DOMAIN_TEXT_MAX];

	return rport_error_set(err, RPORT_ERR_INTERFACE_EXISTS, EEXIST,
			       "other interfaces in %s have the names rportN that were tried: "
			       "choose a name",
			       domain_format(&port->spec.domain, domain));
}

/* How often others were there before us in one search; their number is up to them. */
struct search {
	unsigned int taken; /* names that were found to be taken */
	unsigned int lost;  /* names that were taken while we made the device */
};

/* Return: 0; -EAGAIN: try the next name; or another -errno. */
static int make_named(struct manager *manager, struct port *port, const struct domain_place *place,
		      struct search *search, struct rport_error *err)
{
	int r;

	r = port_name_taken(&manager->yard, place, port->spec.ifname);
	if (r > 0)
		return ++search->taken < NAMES_TAKEN_MAX ? -EAGAIN : no_free_name(port, err);
	r = port_make(&manager->yard, port, place, err);
	if (r == -EEXIST)
		return ++search->lost < NAMES_LOST_MAX ? -EAGAIN : no_free_name(port, err);
	return r;
}

/*
 * The kernel could choose a name. But it knows nothing of those that are waited for, and it gives
 * the name only when the interface is there, under another one: udev would look for that, not find
 * it, and not see whose interface it is. So the lowest number is tried that is none of ours, and
 * the next when it is somebody else's.
 *
 * The owner of the namespace decides how many names are taken. port_make() looks a name up before
 * it makes anything, and after some that are taken we stop.
 */
static int make_with_free_name(struct manager *manager, struct port *port,
			       const struct domain_place *place, struct rport_error *err)
{
	struct numbers numbers = { 0 };
	struct search search = { 0 };
	int nsid, r = -EAGAIN;

	if (rtnl_nsid(manager->yard.own, place->netns_fd, &nsid) >= 0)
		table_foreach_in_nsid(&manager->table, nsid, note_number, &numbers);
	for (unsigned int n = 0; r == -EAGAIN; n++) {
		snprintf(port->spec.ifname, sizeof(port->spec.ifname), "rport%u", n);
		if (!is_noted(&numbers, n) && !is_claimed(manager, port, port->spec.ifname))
			r = make_named(manager, port, place, &search, err);
	}
	if (r < 0)
		port->spec.ifname[0] = port->ifname[0] = '\0';
	return r;
}

static int make(struct manager *manager, struct port *port, const struct domain_place *place,
		struct rport_error *err)
{
	int r;

	port->spec.domain = place->domain;
	if (port->link)
		manager_set_alias(port, port->link->name, port->end);
	if (port->spec.ifname[0] == '\0')
		r = make_with_free_name(manager, port, place, err);
	else
		r = port_make(&manager->yard, port, place, err);
	table_rename_port(&manager->table, port);
	if (r >= 0)
		r = bring_up(port, err);
	if (r >= 0)
		r = hold_settle(manager, port, false, err);
	if (r < 0) {
		if (port->link)
			manager_disconnect(port->link);
		table_leave_index(&manager->table, port);
		port_unmake(port);
		table_rename_port(&manager->table, port);
		return r;
	}
	record_device(manager, port);
	return 0;
}

/* So that an interface that comes to its namespace, or goes, is heard of: a VRF that it waits for,
 * or one that is in its way. Before we look, so that none is missed. */
static void listen_to(struct manager *manager, const struct port *port)
{
	_cleanup_domain_place_ struct domain_place place = DOMAIN_PLACE_INIT;
	struct domain domain = port->spec.domain;
	int nsid;

	domain.vrf[0] = '\0';
	if (domain.netns == DOMAIN_NETNS_NAMED && domain_resolve(&domain, &place, NULL) >= 0)
		(void)rtnl_nsid(manager->yard.own, place.netns_fd, &nsid);
}

/* @made: an interface, which is gone again */
static void count_failure(struct manager *manager, struct port *port, bool made,
			  const struct rport_error *err)
{
	struct port_hold *hold = &port->hold;
	char text[RPORT_ERROR_MESSAGE_MAX + 128];
	uint64_t now = monotonic_usec();

	if (err->kind == RPORT_ERR_DOMAIN_NOT_FOUND) {
		hold->retries = 0;
		hold->next_try = now + TRY_AGAIN;
		hold->earliest = now;
	} else {
		hold->next_try = now + doubled(RETRY_FIRST, hold->retries, RETRY_MAX);
		/* that one was made is heard, too: it must not bring on the next try */
		hold->earliest = made ? hold->next_try : now + RETRY_FIRST;
		hold->retries++;
	}
	snprintf(text, sizeof(text), "%s%s", err->message,
		 given_up(manager, port) ? "; given up, until it is reconciled" : "");
	enter(manager, port, text);
}

/*
 * The number of a process says nothing once it has ended: the process that it stood for first is
 * the domain for good.
 */
int hold_resolve(struct port *port, struct domain_place *ret, struct rport_error *err)
{
	struct port_spec *spec = &port->spec;
	int r;

	if (spec->domain.netns == DOMAIN_NETNS_PID && port->settled && !spec->process)
		return rport_error_set(err, RPORT_ERR_DOMAIN_NOT_FOUND, ENOENT,
				       "the process %d that was meant cannot be told from others "
				       "after a restart: unpair, and pair again",
				       spec->domain.pid);
	r = domain_resolve_again(&spec->domain, spec->process, ret, err);
	if (r >= 0 && ret->process)
		spec->process = steal_ptr(ret->process);
	return r;
}

/* A process may have gone to another namespace. */
static int check_netns(const struct port *port, const struct domain_place *place,
		       struct rport_error *err)
{
	struct netns_id netns = { 0 };

	if (place->domain.netns != DOMAIN_NETNS_PID || !port->settled)
		return 0;
	(void)netns_identify(place->netns_fd, &netns);
	if (netns_equal(&netns, &port->netns))
		return 0;
	return rport_error_set(err, RPORT_ERR_DOMAIN_NOT_FOUND, ENOENT,
			       "process %d is in another namespace than the one it stood for: pair "
			       "again (--replace)",
			       place->domain.pid);
}

/* A try that fails may have found its domain nevertheless, or taken a name; its peer tells both. */
static void notice_name(struct manager *manager, struct port *port, const char *before)
{
	char name[PORT_TEXT_MAX];

	if (streq(before, port_format(port, name)))
		return;
	watch_mark_dirty(manager, port);
	watch_mark_peer_dirty(manager, port);
}

int hold_try(struct manager *manager, struct port *port, struct rport_error *err)
{
	_cleanup_domain_place_ struct domain_place place = DOMAIN_PLACE_INIT;
	char before[PORT_TEXT_MAX];
	bool made = false;
	int r;

	port_format(port, before);
	listen_to(manager, port);
	r = hold_resolve(port, &place, err);
	if (r >= 0)
		r = check_netns(port, &place, err);
	if (r >= 0) {
		r = make(manager, port, &place, err);
		made = r < 0 && err->kind != RPORT_ERR_INTERFACE_EXISTS;
	}
	if (r < 0)
		count_failure(manager, port, made, err);
	else
		port->hold.retries = 0;
	notice_name(manager, port, before);
	return r;
}

static void try_again(struct manager *manager, struct port *port)
{
	struct rport_error err = { 0 };
	char name[PORT_TEXT_MAX];

	if (hold_try(manager, port, &err) >= 0) {
		report_port_event(LOG_NOTICE, MESSAGE_PORT_THERE, port, "port %s is there",
				  port_format(port, name));
		record_port(manager, port);
	} else if (given_up(manager, port)) {
		report_port_event(LOG_WARNING, MESSAGE_PORT_GIVEN_UP, port,
				  "port %s is given up: %s", port_format(port, name), err.message);
	}
}

static bool is_due(const struct manager *manager, const struct port *port, uint64_t now)
{
	return !given_up(manager, port) && port->hold.next_try <= now &&
	       port->hold.held_until <= now;
}

static void bring_forward(struct manager *manager, uint64_t now)
{
	struct port *port;

	TAILQ_FOREACH(port, &manager->pending, hold.entry)
	{
		port->hold.next_try = MIN(port->hold.next_try, MAX(port->hold.earliest, now));
	}
	manager->poked = false;
}

static int retry(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
	struct manager *manager = userdata;
	uint64_t start = monotonic_usec(), now = start;
	struct port *port, *next;

	if (manager->poked)
		bring_forward(manager, start);
	for (port = TAILQ_FIRST(&manager->pending); port && now < start + SLICE; port = next) {
		next = TAILQ_NEXT(port, hold.entry);
		if (is_due(manager, port, start))
			try_again(manager, port);
		now = monotonic_usec();
	}
	arm_anew(manager);
	manager_update_ports(manager);
	return 0;
}

/*
 * Others may make and remove interfaces all the time, and each may be one that is waited for. So
 * all that come within a while are one reason to look, and the while is longer when there is more
 * to look at.
 */
void hold_poke(struct manager *manager)
{
	if (TAILQ_EMPTY(&manager->pending) || manager->poked)
		return;
	manager->poked = true;
	arm(manager, monotonic_usec() + POKE_DELAY + (uint64_t)POKE_EACH * manager->n_pending);
}

/* --- beginning and end ------------------------------------------------------------------------ */

int hold_start(struct manager *manager, sd_event *event, struct rport_error *err)
{
	int r;

	manager->retry_at = UINT64_MAX;
	r = sd_event_add_time(event, &manager->retry, CLOCK_MONOTONIC, 0, 1000, retry, manager);
	if (r >= 0)
		r = sd_event_source_set_enabled(manager->retry, SD_EVENT_OFF);
	return r < 0 ? rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot make a timer: %s",
				       strerror(-r))
		     : 0;
}

void hold_stop(struct manager *manager)
{
	netns_watch_free(manager->mounts);
	sd_event_source_disable_unref(manager->retry);
}
