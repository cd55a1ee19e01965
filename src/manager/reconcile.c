/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * Events only schedule an examination of the port (events.c). When it is due (schedule.c), once for
 * a burst, the kernel is asked for the state of the port.
 *
 * The device is examined at once (port_look()). If it is lost, the port becomes pending, and is
 * tried again. If the port was down meanwhile, the kernel has removed IPv6 addresses and routes,
 * and they are restored. Every other change of another process is drift: the settings are compared
 * 50 ms later, and the plan that would put them back (port_plan()) is shown, and carried out on
 * request.
 *
 * After a restart the records say which ports are wanted, and the store has their devices. Such a
 * port is inherited until its turn comes (restore.c), or until a verb needs it: then its device is
 * taken over, or made again if it cannot be.
 *
 * A pending port is tried
 *
 *	when something appeared or went that it may wait for: a name in /run/netns, a mount on one,
 *	an interface of a namespace that is listened to (schedule_wake());
 *	after a delay anyway, in case there was no event, or another obstacle (port/backoff.h).
 */

#include <stdio.h>

#include "base/turn.h"
#include "manager/commit.h"
#include "manager/context.h"
#include "manager/events.h"
#include "manager/fastpath.h"
#include "manager/make.h"
#include "manager/reconcile.h"
#include "manager/report.h"
#include "manager/schedule.h"
#include "port/look.h"

/* --- a port with a device --------------------------------------------------------------------- */

void reconcile_lose(struct manager *manager, struct port *port, const char *reason)
{
	char held[256];
	uint64_t delay;

	if (!port->peering.present)
		return;
	manager->counts.losses++;
	commit_detach(manager, port);
	delay = backoff_lost(&port->retry, monotonic_usec());
	if (delay > 0) {
		snprintf(held, sizeof(held),
			 "%s; held back for %u s, since it was lost %u times in short order",
			 reason, (unsigned int)(delay / USEC_PER_SEC), port->retry.recent);
		reason = held;
	}
	commit_port(manager, port, reason);
	schedule_forget(port);
	schedule_arm(port);
}

static void give_back(struct manager *manager, struct port *port)
{
	struct rport_error err;

	if (!port->bounced || !port->peering.up || port->elsewhere)
		return;
	if (network_give_back(manager->network, port, &err) < 0)
		log_limited(LOG_WARNING, "%s", err.message);
	schedule_look_settings(port);
}

static void report_move(struct port *port)
{
	char name[PORT_TEXT_MAX];

	report_port_event(LOG_WARNING, MESSAGE_PORT_MOVED, port, "port %s was moved %s its domain",
			  port_format(port, name), port->elsewhere ? "out of" : "back into");
}

/* The kernel reused the nsid of a deleted namespace before we read of its deletion. */
static void make_way(struct manager *manager, struct port *port)
{
	struct port *stale = table_port_by_index(&manager->table, port->nsid, port->index);

	if (!stale || stale == port)
		return;
	table_leave_index(&manager->table, stale);
	schedule_look(stale);
}

struct facts {
	char ifname[IFNAMSIZ];
	int nsid;
	unsigned int index, mtu, master;
	bool up, elsewhere, captured, shaped;
};

static struct facts facts_of(const struct port *port)
{
	struct facts facts = {
		.nsid = port->nsid,
		.index = port->index,
		.mtu = port->mtu,
		.master = port->master,
		.up = port->peering.up,
		.elsewhere = port->elsewhere,
		.captured = port->captured,
		.shaped = port->shaped,
	};

	memcpy(facts.ifname, port->ifname, sizeof(facts.ifname));
	return facts;
}

static bool has_place_of(const struct port *port, const struct facts *facts)
{
	return streq(port->ifname, facts->ifname) && port->nsid == facts->nsid &&
	       port->index == facts->index && port->elsewhere == facts->elsewhere;
}

static bool is_as(const struct port *port, const struct facts *facts)
{
	return has_place_of(port, facts) && port->mtu == facts->mtu &&
	       port->master == facts->master && port->peering.up == facts->up &&
	       port->captured == facts->captured && port->shaped == facts->shaped;
}

static const char *why_state(const struct port *port)
{
	return port->peering.up ? "somebody set it up" : "somebody set it down";
}

/* The namespace or the name of the interface has changed. */
static int take_place(struct manager *manager, struct port *port, bool was_elsewhere)
{
	struct rport_error err;
	int r;

	make_way(manager, port);
	r = commit_attach(manager, port, false, &err);
	if (r < 0) {
		reconcile_lose(manager, port, err.message);
		return r;
	}
	if (port->elsewhere != was_elsewhere)
		report_move(port);
	schedule_wake(manager); /* perhaps a pending port waits for its former name */
	return 0;
}

/* If nobody has set the port up or down with rportctl, ip(8) decides its administrative state. */
static bool adopt_admin(struct port *port)
{
	if (!port->peering.up || port->elsewhere || port->admin != PORT_ADMIN_UNSET)
		return false;
	port->admin = PORT_ADMIN_UP;
	return true;
}

static void take_in(struct manager *manager, struct port *port, const struct facts *before)
{
	bool news = !is_as(port, before);

	if ((!port->indexed || !has_place_of(port, before)) &&
	    take_place(manager, port, before->elsewhere) < 0)
		return;
	news |= adopt_admin(port);
	news |= port->carrier != link_carrier(&port->peering); /* it could not be set */
	give_back(manager, port);
	if (!news)
		return;
	commit_port(manager, port, why_state(port));
	schedule_look_settings(port);
}

static void look_at_device(struct manager *manager, struct port *port)
{
	struct facts before = facts_of(port);
	const char *lost = NULL;
	int r;

	schedule_done(port, SCHEDULE_DEVICE);
	r = network_look(manager->network, port, &lost);
	if (lost) {
		reconcile_lose(manager, port, lost);
		return;
	}
	if (r < 0) {
		schedule_look_again(port, SCHEDULE_DEVICE);
		return;
	}
	take_in(manager, port, &before);
	if (port->link && fastpath_is_doubted(port->link))
		commit_touch(manager, port);
}

void reconcile_saw(struct manager *manager, struct port *port, const struct rtnl_dev *dev)
{
	struct facts before = facts_of(port);

	port_saw(port, dev);
	if (port->vrf > 0 && dev->master != port->vrf)
		schedule_look(port);
	if (is_as(port, &before))
		return;
	commit_port(manager, port, why_state(port));
	schedule_look(port);
	schedule_look_settings(port);
}

/* Ports in one namespace that have one name for it. */
struct named {
	struct port **ports;
	size_t n, max;
	const struct port *like;
};

static void count_named(struct port *port _unused_, void *userdata)
{
	((struct named *)userdata)->max++;
}

/* What is true of the name of one is true of that of the other. */
static bool is_named_alike(const struct port *port, const struct port *like)
{
	return port == like ||
	       (port->peering.present && !port->elsewhere && !like->elsewhere &&
		port->spec.domain.netns == DOMAIN_NETNS_NAMED &&
		port->pinned.ino == like->pinned.ino && netns_equal(&port->netns, &like->netns));
}

static void add_named(struct port *port, void *userdata)
{
	struct named *named = userdata;

	if (is_named_alike(port, named->like))
		named->ports[named->n++] = port;
}

/* A name on which its namespace is not mounted, such as /proc/PID/ns/net or a link to it, can stand for
 * another one at any time, and there is no event of that. (No namespace is kept alive by its device
 * there.) Nor are all directories of all paths watched. */
static void watch_name(struct port *port)
{
	const struct domain *domain = &port->spec.domain;

	if (domain->netns == DOMAIN_NETNS_NAMED && (port->pinned.ino == 0 || *domain->name == '/'))
		schedule_look_again(port, SCHEDULE_NAME);
}

static void keep_name(struct port *port, void *userdata)
{
	if (!is_named_alike(port, userdata))
		return;
	schedule_done(port, SCHEDULE_NAME);
	watch_name(port);
}

/* The namespace goes with the last device that keeps it alive: all are removed at once. */
static void remove_devices(struct manager *manager, const struct named *named)
{
	_cleanup_free_ int *fds = calloc(named->n, sizeof(*fds));

	if (!fds)
		return;
	for (size_t i = 0; i < named->n; i++)
		fds[i] = tun_fd(&named->ports[i]->tun);
	network_remove_devices(manager->network, fds, named->n);
}

static void lose_name(struct manager *manager, struct port *port, const char *reason)
{
	struct named named = { .like = port };
	const char *name = port->spec.domain.name;

	table_foreach_in_netns(&manager->table, name, count_named, &named);
	named.ports = calloc(named.max, sizeof(struct port *));
	if (!named.ports) { /* it is lost alone */
		reconcile_lose(manager, port, reason);
		return;
	}
	table_foreach_in_netns(&manager->table, name, add_named, &named);
	if (named.n > 1) {
		commit_end_fastpaths(manager, named.ports, named.n);
		remove_devices(manager, &named);
	}
	for (size_t i = 0; i < named.n; i++)
		reconcile_lose(manager, named.ports[i], reason);
	free(named.ports);
}

static void look_at_name(struct manager *manager, struct port *port)
{
	const char *lost = NULL;

	schedule_done(port, SCHEDULE_NAME);
	if (port->elsewhere) /* unless somebody has moved it back */
		look_at_device(manager, port);
	if (network_lost_name(manager->network, port, &lost) < 0)
		schedule_look_again(port, SCHEDULE_NAME);
	else if (lost)
		lose_name(manager, port, lost);
	else
		table_foreach_in_netns(&manager->table, port->spec.domain.name, keep_name, port);
}

void reconcile_now(struct manager *manager, struct port *port)
{
	reconcile_take_over(manager, port);
	if (port->peering.present)
		look_at_device(manager, port);
	schedule_arm(port);
}

void reconcile_compare(struct manager *manager, struct port *port)
{
	int r;

	schedule_done(port, SCHEDULE_SETTINGS);
	if (!port->peering.present)
		return;
	r = network_compare(manager->network, port);
	if (r > 0)
		commit_port(manager, port, NULL);
	else if (r < 0)
		schedule_look_again(port, SCHEDULE_SETTINGS);
	if (port->bounced) /* IPv6 was disabled, and is enabled now */
		schedule_look(port);
}

/* --- a port without --------------------------------------------------------------------------- */

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
	schedule_look_settings(port);
	watch_name(port);
	if (port->tun.n_queues > 1) /* whoever opened one of them before we heard of it */
		schedule_look(port);
	return 0;
}

/* Events from before it was up would mark the port as bounced: settings that another process
 * removes now would be restored. */
int reconcile_bring_up(struct manager *manager, struct port *port, bool again,
		       struct rport_error *err)
{
	int r = network_bring_up(manager->network, port, again, err);

	if (r < 0)
		return r;
	events_read(manager);
	port->bounced = false;
	return 0;
}

/* Packets that wait in the device are old if no daemon ran for long. */
static int take_over_device(struct manager *manager, struct port *port, struct rport_error *err)
{
	bool stale = counters_absence(manager->counters) >= DATAPATH_STALE_USEC;
	int r = make_take_over(manager, port, err);

	if (r < 0)
		return r;
	return reconcile_take(manager, port, stale, "taken over from the former rportd", err);
}

static int make_new_device(struct manager *manager, struct port *port, struct rport_error *err)
{
	int r = make_device(manager, port, err);

	if (r >= 0 && port->admin == PORT_ADMIN_UP)
		r = reconcile_bring_up(manager, port, false, err);
	if (r >= 0)
		return reconcile_take(manager, port, false, "its domain is there", err);
	commit_detach(manager, port);
	return r;
}

int reconcile_try(struct manager *manager, struct port *port, struct rport_error *err)
{
	bool inherited = port->inherited;
	int r = -ENODEV;

	port->inherited = false;
	manager->counts.attempts++;
	if (inherited)
		r = take_over_device(manager, port, err);
	if (r < 0)
		r = make_new_device(manager, port, err);
	manager->counts.failures += r < 0;
	if (r < 0)
		note_failure(manager, port, err);
	else
		backoff_succeeded(&port->retry);
	schedule_arm(port);
	return r;
}

/* Only once both ends have their device is their carrier known, and do frames move. */
void reconcile_take_over(struct manager *manager, struct port *port)
{
	struct port *ports[2] = { port, port->link ? port->link->ports[!port->end] : NULL };
	struct rport_error err;

	if (!manager->state) /* rportd is ending: it is for the next daemon */
		return;
	for (int i = 0; i < 2; i++)
		if (ports[i] && ports[i]->inherited)
			(void)reconcile_try(manager, ports[i], &err);
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

/* --- the loop --------------------------------------------------------------------------------- */

static void look_at_port(struct manager *manager, struct port *port)
{
	uint64_t now;
	int nsid;

	/* the owner of a namespace, whose budget this is, has no part in its name */
	if (schedule_is_due(port, SCHEDULE_NAME, monotonic_usec()))
		look_at_name(manager, port);
	now = monotonic_usec();
	nsid = port->nsid;
	/* another process that opened a device with several queues must be noticed at once */
	if (schedule_may_look(manager, port) > now && port->tun.n_queues < 2) {
		schedule_postpone(manager, port);
		return;
	}
	if (schedule_is_due(port, SCHEDULE_DEVICE, now))
		look_at_device(manager, port);
	if (schedule_is_due(port, SCHEDULE_SETTINGS, now))
		reconcile_compare(manager, port);
	/* it may repair the fast path, which others can break all the time */
	commit_flush(manager);
	schedule_charge(manager, nsid, now);
}

void reconcile_due(struct manager *manager, struct port *port)
{
	uint64_t now = monotonic_usec();

	turn_is(port->peering.present ? "looking at a port" : "making a port");
	if (port->peering.present)
		look_at_port(manager, port);
	else if (backoff_due(&port->retry, manager->options.max_retries) <= now)
		try_again(manager, port);
	commit_flush(manager);
}
