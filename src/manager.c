/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * A verb validates, stages what can fail, and commits to the table last; what was staged is undone
 * when a later stage fails.
 *
 * What the monitor tells changes what we know of a port. It is acted on when all has been told, so
 * that a burst of changes does not make carriers flap, nor old news undo what came after. That a
 * port was removed is learned from the monitor or from the shuttle, whichever is first; its
 * descriptor is asked whether it is true.
 */

#include <stdio.h>

#include "log.h"
#include "manager.h"
#include "monitor.h"
#include "table.h"

struct manager {
	struct manager_options options;
	struct port_yard yard;
	struct monitor *monitor;
	struct shuttle *shuttle;
	struct table table;
	struct port_list dirty; /* ports that have to be looked at */
	int own_nsid;           /* by which the monitor may name our own namespace */
};

static int out_of_memory(struct rport_error *err)
{
	return rport_error_set(err, RPORT_ERR_SYSTEM, ENOMEM, "out of memory");
}

/* --- what happens to ports -------------------------------------------------------------------- */

static void mark_dirty(struct manager *manager, struct port *port)
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

static void mark_peer_dirty(struct manager *manager, struct port *port)
{
	struct link_port *peer;

	if (link_get_parent(&port->rule, &peer) == 0)
		mark_dirty(manager, container_of(peer, struct port, rule));
}

static void mark_gone(struct manager *manager, struct port *port)
{
	char name[PORT_TEXT_MAX];

	if (!port->rule.present)
		return;
	table_leave_index(&manager->table, port);
	port->rule.present = false;
	port->rule.up = false;
	port->carrier = false;
	port->index = 0;
	mark_peer_dirty(manager, port);
	log_notice("port %s is gone", port_format(port, name));
}

static int enter_index(struct manager *manager, struct port *port)
{
	struct port *stale = table_port_by_index(&manager->table, port->nsid, port->index);

	/* A deleted namespace's number was given to a new one before we heard of it. */
	if (stale && stale != port)
		mark_gone(manager, stale);
	return table_enter_index(&manager->table, port);
}

/* It is no longer where it was, and yet it exists: somebody moved it to another namespace. */
static void follow(struct manager *manager, struct port *port)
{
	char name[PORT_TEXT_MAX];
	int nsid = port->nsid, r;

	table_leave_index(&manager->table, port);
	r = port_locate(&manager->yard, port);
	if (r >= 0)
		r = enter_index(manager, port);
	if (r >= 0 && port->nsid == nsid) /* it was another one that had its number before */
		return;
	log_warning("port %s was moved out of its domain%s%s", port_format(port, name),
		    r < 0 ? ", and cannot be followed: " : "", r < 0 ? strerror(-r) : "");
}

static void notice_up(struct manager *manager, struct port *port, bool up)
{
	if (port->rule.up == up)
		return;
	port->rule.up = up;
	port->rose = up;
	mark_dirty(manager, port);
	mark_peer_dirty(manager, port);
}

static void device_changed(const struct monitor_event *event, void *userdata)
{
	struct manager *manager = userdata;
	int nsid = event->nsid == MONITOR_OWN_NSID ? manager->own_nsid : event->nsid;
	struct port *port = table_port_by_index(&manager->table, nsid, event->index);
	char name[IFNAMSIZ];

	if (!port)
		return;
	/* Only our own descriptor knows whether it is still our device. */
	if (tun_name(port->tun.fd, name) < 0) {
		mark_gone(manager, port);
		return;
	}
	if (event->removed) {
		follow(manager, port);
		return;
	}
	memcpy(port->ifname, name, sizeof(name));
	if (event->mtu > 0)
		port->mtu = event->mtu;
	notice_up(manager, port, event->flags & IFF_UP);
}

/* It gets what it shall have, for the first time or because the kernel took it away. */
static void restore(struct port *port)
{
	struct rport_error err;

	if (port->rose && port_bring_up(port, true, &err) < 0)
		log_limited(LOG_WARNING, "%s", err.message);
	port->rose = false;
}

void manager_update_ports(struct manager *manager)
{
	struct port *port;

	while ((port = TAILQ_FIRST(&manager->dirty))) {
		mark_clean(manager, port);
		restore(port);
		port_update_carrier(&manager->yard, port);
	}
}

static void all_told(void *userdata)
{
	manager_update_ports(userdata);
}

static void ask_again(struct port *port, void *userdata)
{
	struct manager *manager = userdata;
	struct rtnl_dev dev;

	if (!port->rule.present)
		return;
	if (port_query(&manager->yard, port, &dev) < 0) {
		mark_gone(manager, port);
		return;
	}
	memcpy(port->ifname, dev.name, sizeof(port->ifname));
	port->mtu = dev.mtu;
	notice_up(manager, port, dev.flags & IFF_UP);
}

static void events_lost(void *userdata)
{
	struct manager *manager = userdata;

	log_limited(LOG_WARNING, "netlink events were lost; asking the kernel about every port");
	table_foreach_port(&manager->table, ask_again, manager);
}

static void port_gone(void *owner, unsigned int end, void *userdata)
{
	struct manager *manager = userdata;
	struct rport_link *link = owner;

	mark_gone(manager, link->ports[end]);
	manager_update_ports(manager);
}

/* --- ports ------------------------------------------------------------------------------------ */

static void remove_port(struct manager *manager, struct port *port)
{
	mark_clean(manager, port);
	table_remove_port(&manager->table, port);
	port_destroy(port);
	free(port);
}

/* A port that is gone, and in no link, makes way for one that is called the same. */
static void supersede(struct manager *manager, const struct port *port)
{
	struct port *other, *next;

	for (other = TAILQ_FIRST(&manager->table.ports); other; other = next) {
		next = TAILQ_NEXT(other, entry);
		if (other != port && !other->rule.present && !other->link &&
		    streq(other->ifname, port->ifname) &&
		    domain_equal(&other->spec.domain, &port->spec.domain))
			remove_port(manager, other);
	}
}

int manager_create_port(struct manager *manager, struct port_spec *spec,
			const struct domain_place *place, struct port **ret,
			struct rport_error *err)
{
	struct port *port;
	int r;

	if (manager->table.n_ports >= manager->options.max_ports)
		return rport_error_set(err, RPORT_ERR_LIMIT, ENOSPC,
				       "there are %u ports already, which is the limit",
				       manager->table.n_ports);
	port = malloc(sizeof(*port));
	if (!port)
		return out_of_memory(err);
	*port = (struct port)PORT_INIT;
	table_add_port(&manager->table, port);
	r = port_create(&manager->yard, port, spec, place, err);
	if (r >= 0 && enter_index(manager, port) < 0)
		r = out_of_memory(err);
	if (r < 0) {
		remove_port(manager, port);
		return r;
	}
	supersede(manager, port);
	mark_dirty(manager, port);
	*ret = port;
	return 0;
}

void manager_destroy_port(struct manager *manager, struct port *port)
{
	char name[PORT_TEXT_MAX];

	manager_delete_parent(manager, port);
	log_info("port %s: removed", port_format(port, name));
	remove_port(manager, port);
}

static int check_present(const struct port *port, struct rport_error *err)
{
	char name[PORT_TEXT_MAX];

	if (port->rule.present)
		return 0;
	return rport_error_set(
		err, RPORT_ERR_PORT_NOT_FOUND, ENXIO,
		"the interface of the port %s is gone: destroy the port, or pair anew",
		port_format(port, name));
}

int manager_set_up(struct manager *manager, struct port *port, bool up, struct rport_error *err)
{
	bool was_up = port->rule.up;
	int r;

	r = check_present(port, err);
	if (r < 0)
		return r;
	r = up ? port_bring_up(port, port->was_up, err) : port_take_down(port, err);
	if (r < 0)
		return r;
	mark_peer_dirty(manager, port);
	manager_update_ports(manager);
	return was_up != up;
}

static void set_mtu_back(struct port *port, unsigned int mtu, unsigned int wanted)
{
	port_set_mtu(port, mtu, NULL);
	port->spec.mtu = wanted;
}

int manager_set_mtu(struct port *const ports[], size_t n, int64_t mtu, struct rport_error *err)
{
	struct port_spec checked = PORT_SPEC_INIT;
	struct {
		unsigned int mtu, wanted;
	} before[2] = { 0 };
	bool changed = false;
	int r;

	r = port_spec_set_mtu(&checked, mtu, err);
	for (size_t i = 0; i < n && r >= 0; i++)
		r = check_present(ports[i], err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		before[i].mtu = ports[i]->mtu;
		before[i].wanted = ports[i]->spec.mtu;
		changed |= before[i].mtu != checked.mtu;
		r = port_set_mtu(ports[i], checked.mtu, err);
		if (r < 0) {
			while (i-- > 0)
				set_mtu_back(ports[i], before[i].mtu, before[i].wanted);
			return r;
		}
	}
	return changed;
}

/* --- parents ---------------------------------------------------------------------------------- */

static int check_limit(const struct manager *manager, struct rport_error *err)
{
	if (manager->table.n_links < manager->options.max_links)
		return 0;
	return rport_error_set(err, RPORT_ERR_LIMIT, ENOSPC,
			       "there are %u links already, which is the limit",
			       manager->table.n_links);
}

static int refuse_self(const struct port *port, struct rport_error *err)
{
	char name[PORT_TEXT_MAX];

	return rport_error_set(err, RPORT_ERR_PARENT_IS_SELF, EINVAL, "%s cannot be its own parent",
			       port_format(port, name));
}

static int refuse_taken(const struct port *port, const struct port *parent, struct rport_error *err)
{
	const struct port *taken = port->link ? port : parent;
	const struct port *peer = taken->link->ports[!taken->end];
	char a[PORT_TEXT_MAX], b[PORT_TEXT_MAX];

	return rport_error_set(err, RPORT_ERR_PORT_BUSY, EBUSY,
			       "%s is taken: its parent is %s (rportctl unparent separates them)",
			       port_format(taken, a), port_format(peer, b));
}

static int refuse_different(const struct port *port, const struct port *parent,
			    struct rport_error *err)
{
	char a[PORT_TEXT_MAX], b[PORT_TEXT_MAX];

	return rport_error_set(err, RPORT_ERR_PORTS_DIFFER, EOPNOTSUPP,
			       "%s and %s differ in %s: create both with it, or both without",
			       port_format(port, a), port_format(parent, b),
			       port->spec.mpls != parent->spec.mpls ? "--mpls" : "--no-offload");
}

/* A name that no link has: of the domains, and a number if there must be one. */
static int choose_name(struct manager *manager, const struct port *a, const struct port *b,
		       char ret[static LINK_NAME_MAX + 1])
{
	char x[DOMAIN_TEXT_MAX], y[DOMAIN_TEXT_MAX], name[2 * DOMAIN_TEXT_MAX];

	for (unsigned int i = 1; i <= manager->table.n_links + 1; i++) {
		snprintf(name, sizeof(name), "%s-%s", domain_label(&a->spec.domain, x),
			 domain_label(&b->spec.domain, y));
		if (i > 1)
			snprintf(name + strlen(name), sizeof(name) - strlen(name), ".%u", i);
		if (!link_name_valid(name))
			snprintf(name, sizeof(name), "link%u", i);
		if (!table_link_by_name(&manager->table, name))
			break;
	}
	memcpy(ret, name, strlen(name) + 1);
	return 0;
}

static struct shuttle_port shuttle_port(const struct port *port)
{
	/* While it had no carrier nothing should have come; what did is old. */
	return (struct shuttle_port){ .tun = port->tun, .stale = !port->carrier };
}

static int start_link(struct manager *manager, struct rport_link *link, struct rport_error *err)
{
	struct shuttle_port ports[2] = { shuttle_port(link->ports[0]),
					 shuttle_port(link->ports[1]) };
	int r;

	if (table_add_link(&manager->table, link) < 0)
		return out_of_memory(err);
	r = shuttle_add_link(manager->shuttle, ports, link, &link->shuttle);
	if (r < 0) {
		table_remove_link(&manager->table, link);
		return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot start the data path: %s",
				       strerror(-r));
	}
	return 0;
}

static void set_alias(struct port *port)
{
	char alias[LINK_NAME_MAX + 32];

	snprintf(alias, sizeof(alias), PORT_ALIAS " link %s, end %c", port->link->name,
		 "ab"[port->end]);
	port_set_alias(port, alias);
}

static int make_link(struct manager *manager, struct port *port, struct port *parent,
		     const char *name, struct rport_error *err)
{
	struct rport_link *link = calloc(1, sizeof(*link));
	int r;

	if (!link)
		return out_of_memory(err);
	if (name)
		snprintf(link->name, sizeof(link->name), "%s", name);
	else
		choose_name(manager, port, parent, link->name);
	link->ports[0] = port;
	link->ports[1] = parent;
	r = start_link(manager, link, err);
	if (r < 0) {
		free(link);
		return r;
	}
	for (unsigned int end = 0; end < 2; end++) {
		link->ports[end]->link = link;
		link->ports[end]->end = end;
		set_alias(link->ports[end]);
		mark_dirty(manager, link->ports[end]);
	}
	manager_update_ports(manager);
	return 0;
}

int manager_set_parent(struct manager *manager, struct port *port, struct port *parent,
		       const char *name, struct rport_error *err)
{
	int r;

	r = link_set_parent(&port->rule, &parent->rule);
	if (r == -EINVAL)
		return refuse_self(port, err);
	if (r == -EBUSY)
		return refuse_taken(port, parent, err);
	if (r == 0)
		return 0;
	r = check_present(port, err);
	if (r >= 0)
		r = check_present(parent, err);
	if (r >= 0 && port->tun.header != parent->tun.header)
		r = refuse_different(port, parent, err);
	if (r >= 0)
		r = check_limit(manager, err);
	if (r >= 0)
		r = make_link(manager, port, parent, name, err);
	if (r < 0) {
		link_delete_parent(&port->rule);
		return r;
	}
	log_info("link %s: made", port->link->name);
	return 1;
}

int manager_get_parent(const struct port *port, struct port **ret, struct rport_error *err)
{
	char name[PORT_TEXT_MAX];
	struct link_port *peer;
	int r;

	r = link_get_parent(&port->rule, &peer);
	if (r < 0)
		return rport_error_set(err, RPORT_ERR_NO_PARENT, -r, "%s has no parent",
				       port_format(port, name));
	*ret = container_of(peer, struct port, rule);
	return 0;
}

static void add_counters(struct flow_counters *sum, const struct flow_counters *more)
{
	sum->packets += more->packets;
	sum->bytes += more->bytes;
	for (size_t i = 0; i < DROP_CAUSES; i++)
		sum->drops[i] += more->drops[i];
}

static void current_counters(const struct port *port, struct flow_counters *ret)
{
	struct flow_counters now;

	*ret = port->past;
	if (!port->link)
		return;
	shuttle_link_counters(port->link->shuttle, port->end, &now);
	add_counters(ret, &now);
}

static void separate(struct manager *manager, struct rport_link *link)
{
	for (int end = 0; end < 2; end++)
		current_counters(link->ports[end], &link->ports[end]->past);
	shuttle_remove_link(link->shuttle);
	link_delete_parent(&link->ports[0]->rule);
	for (int end = 0; end < 2; end++) {
		link->ports[end]->link = NULL;
		mark_dirty(manager, link->ports[end]);
	}
	table_remove_link(&manager->table, link);
	log_info("link %s: removed", link->name);
	free(link);
}

int manager_delete_parent(struct manager *manager, struct port *port)
{
	struct rport_link *link = port->link;
	struct port *a, *b;

	if (!link)
		return 0;
	a = link->ports[0];
	b = link->ports[1];
	separate(manager, link);
	manager_update_ports(manager);
	port_set_alias(a, PORT_ALIAS);
	port_set_alias(b, PORT_ALIAS);
	return 1;
}

void manager_destroy_link(struct manager *manager, struct rport_link *link)
{
	struct port *a = link->ports[0], *b = link->ports[1];

	separate(manager, link);
	remove_port(manager, a);
	remove_port(manager, b);
}

/* --- asking ----------------------------------------------------------------------------------- */

/* Is there an interface of that name: in our own namespace, or in the domain that stands before it?
 */
static bool interface_exists(struct manager *manager, const char *name)
{
	_cleanup_domain_place_ struct domain_place place = DOMAIN_PLACE_INIT;
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;
	const char *slash = strrchr(name, '/');
	char text[DOMAIN_TEXT_MAX];
	struct domain domain;
	struct rtnl_dev dev;

	if (!slash)
		return rtnl_dev_by_name(manager->yard.own, name, &dev) == 0;
	if ((size_t)(slash - name) >= sizeof(text))
		return false;
	memcpy(text, name, (size_t)(slash - name));
	text[slash - name] = '\0';
	return domain_parse(text, &domain, NULL) == 0 &&
	       domain_resolve(&domain, &place, NULL) == 0 &&
	       rtnl_open(place.netns_fd, &rtnl) == 0 &&
	       rtnl_dev_by_name(rtnl, slash + 1, &dev) == 0;
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

void manager_port_status(struct manager *manager, const struct port *port, struct port_status *ret)
{
	struct port_status status = { .state = PORT_GONE, .mtu = port->mtu };
	struct rtnl_dev dev;

	memcpy(status.ifname, port->ifname, sizeof(status.ifname));
	current_counters(port, &status.counters);
	if (port_query(&manager->yard, port, &dev) == 0) {
		status.state = dev.flags & IFF_UP ? PORT_UP : PORT_DOWN;
		status.carrier = port->carrier && status.state == PORT_UP;
		status.index = dev.index;
		status.mtu = dev.mtu;
		status.interface_dropped = dev.tx_dropped;
		memcpy(status.ifname, dev.name, sizeof(status.ifname));
	}
	*ret = status;
}

const char *manager_datapath(const struct manager *manager)
{
	return shuttle_datapath_name(manager->shuttle);
}

/* --- beginning and end ------------------------------------------------------------------------ */

static int start_monitor(struct manager *manager, sd_event *event, struct rport_error *err)
{
	_cleanup_close_ int own_netns = netns_open_self();
	struct monitor_handler handler = {
		.device = device_changed,
		.settled = all_told,
		.lost = events_lost,
		.userdata = manager,
	};
	int r;

	/* So that our own namespace has one name only in what the monitor tells. */
	r = own_netns < 0 ? own_netns : rtnl_nsid(manager->yard.own, own_netns, &manager->own_nsid);
	if (r >= 0)
		r = monitor_new(event, &handler, &manager->monitor);
	if (r < 0)
		return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot monitor interfaces: %s",
				       strerror(-r));
	return 0;
}

static int start_shuttle(struct manager *manager, sd_event *event, struct rport_error *err)
{
	struct shuttle_options options = {
		.datapath = manager->options.datapath,
		.nowait = manager->yard.nowait,
		.workers = manager->options.workers,
		.gone = port_gone,
		.userdata = manager,
	};
	int r;

	r = shuttle_new(event, &options, &manager->shuttle);
	if (r == -EPERM || r == -ENOSYS)
		return rport_error_set(
			err, RPORT_ERR_SYSTEM, -r,
			"io_uring is not to be had: %s (see sysctl kernel.io_uring_disabled)",
			strerror(-r));
	if (r == -EOPNOTSUPP)
		return rport_error_set(
			err, RPORT_ERR_SYSTEM, -r,
			"this kernel cannot do that data path: choose another (--datapath=auto)");
	if (r < 0)
		return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot start the data path: %s",
				       strerror(-r));
	return 0;
}

int manager_new(sd_event *event, const struct manager_options *options, struct manager **ret,
		struct rport_error *err)
{
	struct manager *manager;
	int r;

	manager = calloc(1, sizeof(*manager));
	if (!manager)
		return rport_error_set(err, RPORT_ERR_SYSTEM, ENOMEM, "out of memory");
	manager->options = *options;
	TAILQ_INIT(&manager->table.ports);
	TAILQ_INIT(&manager->dirty);
	manager->yard = (struct port_yard)PORT_YARD_INIT;
	r = port_yard_open(&manager->yard, err);
	if (r >= 0)
		r = start_monitor(manager, event, err);
	if (r >= 0)
		r = start_shuttle(manager, event, err);
	if (r < 0) {
		manager_free(manager);
		return r;
	}
	*ret = manager;
	return 0;
}

void manager_free(struct manager *manager)
{
	struct port *port;

	if (!manager)
		return;
	while ((port = TAILQ_FIRST(&manager->table.ports))) {
		if (port->link)
			manager_destroy_link(manager, port->link);
		else
			remove_port(manager, port);
	}
	monitor_free(manager->monitor);
	shuttle_free(manager->shuttle);
	port_yard_close(&manager->yard);
	free(manager);
}
