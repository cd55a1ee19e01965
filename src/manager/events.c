/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * What the monitor tells changes what we know of a port. It is acted on when all has been told, so
 * that a burst of changes does not make carriers flap, nor old news undo what came after. That a
 * port was removed is learned from the monitor or from the shuttle, whichever is first; its
 * descriptor is asked whether it is true. That its VRF was deleted shows in that it is in none: it
 * must not stay, for it would join the VRF's networks to those of the main table.
 *
 * When a namespace is deleted, its number is taken away before its interfaces are, so that nothing
 * is heard of them: that the number was taken away is what tells (RTM_DELNSID).
 *
 * A device with several queues can be opened by the owner of its namespace. The kernel tells of
 * that as of any change, and what became of the device is asked for each time (port_intruder()).
 *
 * A port whose settings somebody changed becomes a suspect: see suspects.c.
 */

#include <stdio.h>

#include "manager/manager-private.h"
#include "manager/report.h"

#define RESTORE_SLICE (10 * 1000) /* microseconds; then the rest of the loop has its turn */

/* --- lists of ports --------------------------------------------------------------------------- */

void watch_mark_dirty(struct manager *manager, struct port *port)
{
	if (!port->dirty)
		TAILQ_INSERT_TAIL(&manager->dirty, port, dirty_entry);
	port->dirty = true;
}

static void mark_clean(struct manager *manager, struct port *port)
{
	if (port->dirty)
		TAILQ_REMOVE(&manager->dirty, port, dirty_entry);
	port->dirty = false;
}

void watch_mark_peer_dirty(struct manager *manager, struct port *port)
{
	struct link_port *peer;

	if (link_get_parent(&port->rule, &peer) == 0)
		watch_mark_dirty(manager, container_of(peer, struct port, rule));
}

void watch_forget(struct manager *manager, struct port *port)
{
	mark_clean(manager, port);
	watch_acquit(manager, port);
}

bool watch_is_in_sight(const struct manager *manager, const struct port *port)
{
	return table_port_by_index(&manager->table, port->nsid, port->index) == port;
}

/* --- what is told ----------------------------------------------------------------------------- */

int watch_enter_index(struct manager *manager, struct port *port)
{
	struct port *stale = table_port_by_index(&manager->table, port->nsid, port->index);

	/* A deleted namespace's number was given to a new one before we heard of it. */
	if (stale && stale != port)
		hold_lost(manager, stale, "its namespace was deleted");
	return table_enter_index(&manager->table, port);
}

static void notice_up(struct manager *manager, struct port *port, bool up)
{
	if (port->rule.up == up)
		return;
	port->rule.up = up;
	port->rose = up && !port->away; /* elsewhere it is given nothing */
	watch_suspect(manager, port);
	if (up && !port->away && port->admin == PORT_ADMIN_UNSET) {
		port->admin = PORT_ADMIN_UP;
		record_port(manager, port);
	}
	watch_mark_dirty(manager, port);
	watch_mark_peer_dirty(manager, port);
}

static bool left_vrf(struct manager *manager, struct port *port, unsigned int master)
{
	struct rtnl_dev dev;

	if (port->vrf == 0 || port->away || master == port->vrf)
		return false;
	/* what was told may be older than our own doing: ask */
	return port_query(&manager->yard, port, &dev) == 0 && dev.master != port->vrf;
}

/* What was told may be older than our own doing, or than what followed: when it is news, ask. */
static void take_flags(struct manager *manager, struct port *port, bool up)
{
	struct rtnl_dev dev;

	if (up)
		port->unheard = false;
	if (up == port->rule.up || port->unheard || port_query(&manager->yard, port, &dev) < 0)
		return;
	/* down and up again at once: meanwhile the kernel took things away */
	if (!up && dev.flags & IFF_UP && !port->away) {
		port->rose = true;
		watch_mark_dirty(manager, port);
	}
	notice_up(manager, port, dev.flags & IFF_UP);
}

static void take_name_and_mtu(struct manager *manager, struct port *port, const char *name,
			      unsigned int mtu)
{
	if (streq(port->ifname, name) && (mtu == 0 || port->mtu == mtu))
		return;
	snprintf(port->ifname, sizeof(port->ifname), "%s", name);
	table_rename_port(&manager->table, port);
	hold_poke(manager); /* perhaps its name was in the way */
	port->mtu = mtu > 0 ? mtu : port->mtu;
	watch_mark_dirty(manager, port);
	watch_mark_peer_dirty(manager, port); /* it says how its peer is called */
	watch_suspect(manager, port);
}

static void take_in(struct manager *manager, struct port *port, const char *name,
		    const struct monitor_event *event)
{
	take_name_and_mtu(manager, port, name, event->mtu);
	take_flags(manager, port, event->flags & IFF_UP);
}

/*
 * It is no longer where it was, and yet it exists: somebody moved it to another namespace. That may
 * be about to be deleted, or not be the last one: then it is looked for again a moment later.
 */
static void follow(struct manager *manager, struct port *port)
{
	bool was_in_sight = watch_is_in_sight(manager, port);
	char name[PORT_TEXT_MAX], ifname[IFNAMSIZ];
	int nsid = port->nsid, r;
	struct rtnl_dev dev;

	memcpy(ifname, port->ifname, sizeof(ifname));
	table_leave_index(&manager->table, port);
	r = port_locate(&manager->yard, port);
	table_rename_port(&manager->table, port);
	if (r >= 0)
		r = watch_enter_index(manager, port);
	if (r >= 0 && port->nsid == nsid && streq(port->ifname, ifname))
		return; /* it was another one that had its number before */
	port->away = port->nsid != port->home;
	/* it was set down there before we could hear of it */
	if (port_query(&manager->yard, port, &dev) >= 0)
		notice_up(manager, port, dev.flags & IFF_UP);
	watch_suspect(manager, port);
	watch_mark_dirty(manager, port);
	watch_mark_peer_dirty(manager, port);
	if (r >= 0)
		report_port_event(LOG_WARNING, MESSAGE_PORT_MOVED, port,
				  "port %s was moved %s its domain", port_format(port, name),
				  port->away ? "out of" : "back into");
	else if (was_in_sight)
		report_port_event(LOG_WARNING, MESSAGE_PORT_MOVED, port,
				  "port %s was moved, and cannot be followed: %s",
				  port_format(port, name), strerror(-r));
}

static int event_nsid(const struct manager *manager, int nsid)
{
	return nsid == MONITOR_OWN_NSID ? manager->own_nsid : nsid;
}

/* A device that another process has opened, too, is not ours any more: see kernel/tun.c. */
static bool lost_to_intruder(struct manager *manager, struct port *port)
{
	const char *reason;
	struct rtnl_dev dev;

	if (port->tun.n_queues < 2 || port_query(&manager->yard, port, &dev) < 0)
		return false;
	reason = port_intruder(port, &dev);
	if (reason)
		hold_lost(manager, port, reason);
	return reason != NULL;
}

static void take_device(struct manager *manager, struct port *port,
			const struct monitor_event *event)
{
	char name[IFNAMSIZ];

	/*
	 * It may have been told, because of its peer, say, as it was between two changes of which
	 * the second undid the first. Then neither is news here, but to those who were told.
	 */
	watch_mark_dirty(manager, port);
	if (event->removed) /* it may have been in the way, too */
		hold_poke(manager);
	/* Only our own descriptor knows whether it is still our device. */
	if (tun_name(tun_fd(&port->tun), name) < 0)
		hold_lost(manager, port, "its interface was removed");
	else if (event->removed)
		follow(manager, port);
	else if (left_vrf(manager, port, event->master))
		hold_lost(manager, port, "its VRF was deleted, or it was taken out of it");
	else if (!lost_to_intruder(manager, port))
		take_in(manager, port, name, event);
	if (port->rule.present && port->vrf == 0 && (event->master > 0 || port->drift))
		watch_suspect(manager, port);
}

/* Each question takes the rtnl lock, which the owner of a namespace can keep busy: so what is asked
 * because of his ports is charged to it, and asked later if that is too much. */
static void device_changed(const struct monitor_event *event, void *userdata)
{
	struct manager *manager = userdata;
	uint64_t start = monotonic_usec();
	int nsid = event_nsid(manager, event->nsid);
	struct port *port = table_port_by_index(&manager->table, nsid, event->index);

	if (!port) { /* perhaps a VRF that one waits for, or an interface that was in the way */
		hold_poke(manager);
		return;
	}
	/* that a device with several queues was opened by somebody else cannot wait */
	if (port->tun.n_queues < 2 && watch_may_look(manager, port) > start) {
		watch_doubt(manager, port);
		return;
	}
	take_device(manager, port, event);
	(void)watch_charge(manager, nsid, start);
}

static void settings_changed(int nsid, unsigned int index, void *userdata)
{
	struct manager *manager = userdata;
	struct port *port = table_port_by_index(&manager->table, event_nsid(manager, nsid), index);

	if (port)
		watch_suspect(manager, port);
}

/* Its number may have been given to another one before we hear that it is gone. */
static bool netns_is_alive(const struct port *port)
{
	_cleanup_close_ int fd = tun_netns(tun_fd(&port->tun));

	return fd >= 0;
}

static void lose_if_dead(struct port *port, void *userdata)
{
	if (!port->rule.present || netns_is_alive(port))
		return;
	hold_lost(userdata, port, "its namespace was deleted");
}

/* Of one that is elsewhere, or has no device: nsid and inode number may be given to a namespace
 * that is not its domain's. The kernel tells this before it gives the inode number away. */
static void forget_home(struct port *port, void *userdata)
{
	const int *nsid = userdata;

	if (port->home != *nsid || (port->rule.present && port->nsid == *nsid))
		return;
	port->home = PORT_HOME_GONE;
	port->netns = (struct netns_id){ 0 };
}

static void namespace_gone(int where, int nsid, void *userdata)
{
	struct manager *manager = userdata;

	if (event_nsid(manager, where) != manager->own_nsid)
		return; /* a number that another namespace had given */
	table_foreach_in_nsid(&manager->table, nsid, lose_if_dead, manager);
	table_foreach_port(&manager->table, forget_home, &nsid);
}

/* A namespace lives on without its name while a process is in it. But the name is the domain. */
static void check_name(struct port *port, void *userdata)
{
	const struct domain *domain = &port->spec.domain;

	if (port->rule.present && !port->away && domain->netns == DOMAIN_NETNS_NAMED &&
	    netns_named(domain->name, &port->netns) == 0)
		hold_lost(userdata, port, "its namespace is not called so any more");
}

static void names_changed(void *userdata)
{
	struct manager *manager = userdata;
	const char *name;

	if (netns_watch_missed(manager->names))
		table_foreach_port(&manager->table, check_name, manager);
	for (size_t i = 0; (name = netns_watch_name(manager->names, i)); i++)
		table_foreach_in_netns(&manager->table, name, check_name, manager);
	manager_update_ports(manager);
}

static void all_told(void *userdata)
{
	manager_update_ports(userdata);
}

/* Is it still the device that its number stands for? */
static bool is_where_it_was(struct manager *manager, const struct port *port)
{
	_cleanup_close_ int netns_fd = tun_netns(tun_fd(&port->tun));
	char name[IFNAMSIZ];
	struct rtnl_dev dev;
	int nsid;

	return netns_fd >= 0 && rtnl_nsid(manager->yard.own, netns_fd, &nsid) >= 0 &&
	       nsid == port->nsid && port_query(&manager->yard, port, &dev) >= 0 &&
	       tun_name(tun_fd(&port->tun), name) >= 0 && streq(name, dev.name);
}

void watch_take_in(struct manager *manager, struct port *port, const struct rtnl_dev *dev)
{
	bool up = dev->flags & IFF_UP;

	take_name_and_mtu(manager, port, dev->name, dev->mtu);
	if (up)
		port->unheard = false;
	if (!port->unheard)
		notice_up(manager, port, up);
}

void watch_look(struct manager *manager, struct port *port)
{
	char name[IFNAMSIZ];
	struct rtnl_dev dev;

	if (!port->rule.present)
		return;
	if (tun_name(tun_fd(&port->tun), name) < 0) {
		hold_lost(manager, port, "its interface was removed");
		return;
	}
	if (!watch_is_in_sight(manager, port) || !is_where_it_was(manager, port))
		follow(manager, port);
	if (port_query(&manager->yard, port, &dev) < 0)
		return;
	if (left_vrf(manager, port, dev.master)) {
		hold_lost(manager, port, "its VRF was deleted, or it was taken out of it");
		return;
	}
	if (lost_to_intruder(manager, port))
		return;
	port->interface_dropped = dev.tx_dropped;
	watch_take_in(manager, port, &dev);
	watch_suspect(manager, port);
}

static void events_lost(void *userdata)
{
	struct manager *manager = userdata;

	log_limited(LOG_WARNING, "netlink events were lost; asking the kernel about every port");
	watch_doubt_all(manager);
	hold_poke(manager);
}

void watch_port_gone(void *owner, unsigned int end, void *userdata)
{
	struct manager *manager = userdata;
	struct rport_link *link = owner;
	struct port *port = link->ports[end];
	char name[IFNAMSIZ];

	if (port->rule.present && tun_name(tun_fd(&port->tun), name) < 0)
		hold_lost(manager, port, "its interface was removed");
	manager_update_ports(manager);
}

void watch_link_moved(void *owner, void *userdata)
{
	struct rport_link *link = owner;
	unsigned int workers[TUN_QUEUES_MAX];
	unsigned int n = shuttle_link_workers(link->shuttle, workers);

	for (unsigned int i = 0; i < n; i++)
		report_link(LOG_DEBUG, NULL, link->name, "link %s: queue %u is worker %u's",
			    link->name, i, workers[i]);
	watch_mark_dirty(userdata, link->ports[0]);
	manager_update_ports(userdata);
}

/* --- acting on it ----------------------------------------------------------------------------- */

void watch_restore(struct port *port)
{
	struct rport_error err;

	if (port->rose && port->rule.present && port_give_back(port, &err) < 0)
		log_limited(LOG_WARNING, "%s", err.message);
	port->rose = false;
}

/* Now, or with the other suspects if its namespace, or all of them, have taken too much time. */
static void restore(struct manager *manager, struct port *port, uint64_t start)
{
	uint64_t now = monotonic_usec();
	int nsid = port->nsid;

	if (!port->rose)
		return;
	if (now >= start + RESTORE_SLICE || watch_may_look(manager, port) > now) {
		watch_suspect(manager, port);
		return;
	}
	watch_restore(port);
	(void)watch_charge(manager, nsid, now);
}

static void tell(struct manager *manager, const struct port *port)
{
	const struct manager_observer *observer = &manager->observer;

	if (observer->port)
		observer->port(port, false, observer->userdata);
	if (observer->link && port->link)
		observer->link(port->link, false, observer->userdata);
}

void manager_update_ports(struct manager *manager)
{
	uint64_t start = monotonic_usec();
	struct port *port;

	while ((port = TAILQ_FIRST(&manager->dirty))) {
		mark_clean(manager, port);
		restore(manager, port, start);
		port_update_carrier(&manager->yard, port);
		tell(manager, port);
	}
}

/* --- beginning and end ------------------------------------------------------------------------ */

static int start_monitor(struct manager *manager, sd_event *event)
{
	_cleanup_close_ int own_netns = netns_open_self();
	struct monitor_handler handler = {
		.device = device_changed,
		.settings = settings_changed,
		.namespace_gone = namespace_gone,
		.caught_up = all_told,
		.lost = events_lost,
		.userdata = manager,
	};
	int r;

	/* So that our own namespace has one name only in what the monitor tells. */
	r = own_netns < 0 ? own_netns : rtnl_nsid(manager->yard.own, own_netns, &manager->own_nsid);
	return r < 0 ? r : monitor_new(event, &handler, &manager->monitor);
}

int watch_start(struct manager *manager, sd_event *event, struct rport_error *err)
{
	int r;

	r = start_monitor(manager, event);
	if (r < 0)
		return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot monitor interfaces: %s",
				       strerror(-r));
	r = netns_watch_new(event, false, names_changed, manager, &manager->names);
	if (r < 0) /* that a namespace ended is heard by the monitor, too */
		log_warning("cannot watch %s: %s", NETNS_RUN_DIR, strerror(-r));
	r = watch_start_suspects(manager, event);
	return r < 0 ? rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot make a timer: %s",
				       strerror(-r))
		     : 0;
}

void watch_stop(struct manager *manager)
{
	monitor_free(manager->monitor);
	netns_watch_free(manager->names);
	watch_stop_suspects(manager);
}
