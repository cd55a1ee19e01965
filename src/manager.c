/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * A link is built in stages, each of which can be undone by destroy_link():
 *
 *	both ports are made in the staging namespace and moved to their domains, down and without
 *addresses; they become each other's peer; the shuttle begins to move frames; they are set up and
 *get addresses and routes; commit: the link enters the tables.
 *
 * Two trees find things without a search: links by name, and ports by (nsid, ifindex), which is how
 *the monitor names an interface. What the monitor tells changes what we know of a port; carriers
 *are set when it has told all, so that a burst of changes does not make them flap. That a port was
 *removed is learned from the monitor or from the shuttle, whichever is first.
 */

#include <search.h>
#include <stdio.h>

#include "log.h"
#include "manager.h"
#include "monitor.h"

struct manager {
	struct manager_options options;
	struct port_yard yard;
	struct monitor *monitor;
	struct shuttle *shuttle;
	int own_nsid; /* by which the monitor may name our own namespace */
	void *links;  /* tree of struct rport_link, by name */
	void *ports;  /* tree of struct port, by nsid and index */
	unsigned int n_links;
	bool dirty; /* some port is */
};

/* --- the tables ------------------------------------------------------------------------------- */

static int compare_links(const void *a, const void *b)
{
	const struct rport_link *x = a, *y = b;

	return strcmp(x->spec.name, y->spec.name);
}

static int compare_ports(const void *a, const void *b)
{
	const struct port *x = a, *y = b;

	if (x->nsid != y->nsid)
		return x->nsid < y->nsid ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static struct rport_link *link_by_name(struct manager *manager, const char *name)
{
	struct rport_link key, **found;

	snprintf(key.spec.name, sizeof(key.spec.name), "%s", name);
	found = tfind(&key, &manager->links, compare_links);
	return found ? *found : NULL;
}

static struct port *port_by_index(struct manager *manager, int nsid, unsigned int index)
{
	struct port key = { .nsid = nsid, .index = index }, **found;

	found = tfind(&key, &manager->ports, compare_ports);
	return found ? *found : NULL;
}

static void mark_gone(struct manager *manager, struct port *port);

static int register_port(struct manager *manager, struct port *port)
{
	struct port **found = tsearch(port, &manager->ports, compare_ports);

	if (!found)
		return -ENOMEM;
	if (*found != port) {
		/* The number of a deleted namespace was given to a new one before we heard of the
		 * deletion. */
		mark_gone(manager, *found);
		if (!tsearch(port, &manager->ports, compare_ports))
			return -ENOMEM;
	}
	return 0;
}

static void unregister_port(struct manager *manager, struct port *port)
{
	if (port_by_index(manager, port->nsid, port->index) == port)
		tdelete(port, &manager->ports, compare_ports);
}

/* --- what happens to ports -------------------------------------------------------------------- */

static void mark_dirty(struct manager *manager, struct port *port)
{
	port->dirty = true;
	manager->dirty = true;
}

static void mark_peer_dirty(struct manager *manager, struct port *port)
{
	struct link_port *peer;

	if (link_get_parent(&port->rule, &peer) == 0)
		mark_dirty(manager, container_of(peer, struct port, rule));
}

static void mark_gone(struct manager *manager, struct port *port)
{
	char domain[DOMAIN_TEXT_MAX];

	if (!port->rule.present)
		return;
	unregister_port(manager, port);
	port->rule.present = false;
	port->rule.up = false;
	port->carrier = false;
	port->index = 0;
	mark_peer_dirty(manager, port);
	log_notice("link %s: %s in %s is gone", port->link->spec.name, port->ifname,
		   domain_format(&port->domain, domain));
}

/* Somebody moved it to another namespace. */
static void follow(struct manager *manager, struct port *port)
{
	int r;

	unregister_port(manager, port);
	r = port_locate(&manager->yard, port);
	if (r >= 0)
		r = register_port(manager, port);
	log_warning("link %s: %s was moved out of its domain%s%s", port->link->spec.name,
		    port->ifname, r < 0 ? ", and cannot be followed: " : "",
		    r < 0 ? strerror(-r) : "");
}

static void device_changed(const struct monitor_event *event, void *userdata)
{
	struct manager *manager = userdata;
	int nsid = event->nsid == MONITOR_OWN_NSID ? manager->own_nsid : event->nsid;
	struct port *port = port_by_index(manager, nsid, event->index);
	char name[IFNAMSIZ];
	bool up = event->flags & IFF_UP;

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
	if (port->rule.up != up) {
		port->rule.up = up;
		mark_peer_dirty(manager, port);
	}
}

static void update_carriers(struct rport_link *link, void *userdata _unused_)
{
	for (int end = 0; end < 2; end++)
		if (link->ports[end].dirty)
			port_update_carrier(&link->ports[end]);
}

static void all_told(void *userdata)
{
	struct manager *manager = userdata;

	if (!manager->dirty)
		return;
	manager->dirty = false;
	manager_foreach(manager, update_carriers, NULL);
}

static void ask_again(struct rport_link *link, void *userdata)
{
	struct manager *manager = userdata;

	for (int end = 0; end < 2; end++) {
		struct port *port = &link->ports[end];
		struct rtnl_dev dev;

		if (!port->rule.present)
			continue;
		if (port_query(&manager->yard, port, &dev) < 0) {
			mark_gone(manager, port);
			continue;
		}
		port->mtu = dev.mtu;
		port->rule.up = dev.flags & IFF_UP;
		memcpy(port->ifname, dev.name, sizeof(port->ifname));
		mark_peer_dirty(manager, port);
	}
}

static void events_lost(void *userdata)
{
	struct manager *manager = userdata;

	log_limited(LOG_WARNING, "netlink events were lost; asking the kernel about every port");
	manager_foreach(manager, ask_again, manager);
}

static void port_gone(void *owner, unsigned int end, void *userdata)
{
	struct manager *manager = userdata;
	struct rport_link *link = owner;

	mark_gone(manager, &link->ports[end]);
	all_told(manager);
}

/* --- making and removing links ---------------------------------------------------------------- */

static void destroy_link(struct manager *manager, struct rport_link *link)
{
	if (!link)
		return;
	shuttle_remove_link(steal_ptr(link->shuttle));
	for (int end = 0; end < 2; end++) {
		unregister_port(manager, &link->ports[end]);
		port_destroy(&link->ports[end]);
	}
	link_spec_release(&link->spec);
	free(link);
}

static int stage_ports(struct manager *manager, struct rport_link *link,
		       const struct link_spec *spec, const struct domain_place places[static 2],
		       struct rport_error *err)
{
	for (unsigned int end = 0; end < 2; end++) {
		struct port *port = &link->ports[end];
		int r;

		r = port_create(&manager->yard, port, &spec->ports[end], spec, &places[end], err);
		if (r < 0)
			return r;
		r = register_port(manager, port);
		if (r < 0)
			return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "out of memory");
	}
	link_set_parent(&link->ports[0].rule, &link->ports[1].rule);
	return 0;
}

static int start_ports(struct manager *manager, struct rport_link *link,
		       const struct link_spec *spec, const struct domain_place places[static 2],
		       struct rport_error *err)
{
	struct tun tuns[2] = { link->ports[0].tun, link->ports[1].tun };
	int r;

	for (int end = 0; end < 2; end++) {
		r = port_bring_up(&link->ports[end], &spec->ports[end], &places[end], err);
		if (r < 0)
			return r;
	}
	/* Last: what the first port says as it comes up (MLD) waits until the second can hear it.
	 */
	r = shuttle_add_link(manager->shuttle, tuns, link, &link->shuttle);
	if (r < 0)
		return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot start the data path: %s",
				       strerror(-r));
	return 0;
}

static struct rport_link *new_link(const char *name)
{
	struct rport_link *link = calloc(1, sizeof(*link));

	if (!link)
		return NULL;
	snprintf(link->spec.name, sizeof(link->spec.name), "%s", name);
	for (unsigned int end = 0; end < 2; end++) {
		link->ports[end] = (struct port)PORT_INIT;
		link->ports[end].link = link;
		link->ports[end].end = end;
	}
	return link;
}

/* Takes the contents of @spec over on success. */
static int build_link(struct manager *manager, struct link_spec *spec,
		      const struct domain_place places[static 2], struct rport_link **ret,
		      struct rport_error *err)
{
	struct rport_link *link;
	int r;

	link = new_link(spec->name);
	if (!link)
		return rport_error_set(err, RPORT_ERR_SYSTEM, ENOMEM, "out of memory");
	r = stage_ports(manager, link, spec, places, err);
	if (r >= 0)
		r = start_ports(manager, link, spec, places, err);
	if (r >= 0 && !tsearch(link, &manager->links, compare_links))
		r = rport_error_set(err, RPORT_ERR_SYSTEM, ENOMEM, "out of memory");
	if (r < 0) {
		rport_error_prefix(err, "cannot pair %s: ", spec->name);
		destroy_link(manager, link);
		return r;
	}

	/* commit */
	link->spec = *spec;
	for (int end = 0; end < 2; end++) {
		memcpy(link->spec.ports[end].ifname, link->ports[end].ifname, IFNAMSIZ);
		spec->ports[end] = (struct port_spec){ 0 };
	}
	manager->n_links++;
	*ret = link;
	return 0;
}

static void forget_link(struct manager *manager, struct rport_link *link)
{
	tdelete(link, &manager->links, compare_links);
	manager->n_links--;
}

void manager_unpair(struct manager *manager, struct rport_link *link)
{
	log_info("link %s: removed", link->spec.name);
	forget_link(manager, link);
	destroy_link(manager, link);
}

/* --- pairing ---------------------------------------------------------------------------------- */

struct places {
	struct domain_place end[2];
};

#define PLACES_INIT                                          \
	{                                                    \
		{                                            \
			DOMAIN_PLACE_INIT, DOMAIN_PLACE_INIT \
		}                                            \
	}

static void release_places(struct places *places)
{
	domain_place_release(&places->end[0]);
	domain_place_release(&places->end[1]);
}

static int resolve_domains(struct link_spec *spec, struct places *places, struct rport_error *err)
{
	for (int end = 0; end < 2; end++) {
		int r = domain_resolve(&spec->ports[end].domain, &places->end[end], err);

		if (r < 0)
			return r;
		spec->ports[end].domain = places->end[end].domain;
	}
	return 0;
}

/* The old link makes way; if the new one cannot be made it is made again as it was. */
static int replace_link(struct manager *manager, struct rport_link *old, struct link_spec *spec,
			const struct places *places, struct rport_link **ret,
			struct rport_error *err)
{
	_cleanup_(release_places) struct places old_places = PLACES_INIT;
	_cleanup_link_spec_ struct link_spec old_spec = old->spec;
	struct rport_error restore_error;
	struct rport_link *restored;
	int r, restore;

	forget_link(manager, old);
	old->spec = (struct link_spec){ 0 };
	destroy_link(manager, old);

	r = build_link(manager, spec, places->end, ret, err);
	if (r >= 0)
		return r;
	restore = resolve_domains(&old_spec, &old_places, &restore_error);
	if (restore >= 0)
		restore = build_link(manager, &old_spec, old_places.end, &restored, &restore_error);
	if (restore < 0)
		log_error("link %s: could not be restored after a failed replacement: %s",
			  spec->name, restore_error.message);
	rport_error_prefix(err,
			   restore < 0 ? "the link is lost (see the log): " : "the link is kept: ");
	return r;
}

static int refuse_other(const struct link_spec *spec, const char *difference,
			struct rport_error *err)
{
	return rport_error_set(err, RPORT_ERR_LINK_EXISTS, EEXIST,
			       "there is a link %s already with other parameters: %s; give this "
			       "one another name (--name), or say --replace",
			       spec->name, difference);
}

static int check_limit(const struct manager *manager, struct rport_error *err)
{
	if (manager->n_links < manager->options.max_links)
		return 0;
	return rport_error_set(err, RPORT_ERR_LIMIT, ENOSPC,
			       "there are %u links already, which is the limit", manager->n_links);
}

static bool is_whole(const struct rport_link *link)
{
	return link->ports[0].rule.present && link->ports[1].rule.present;
}

int manager_pair(struct manager *manager, struct link_spec *spec, bool replace,
		 enum pair_result *ret_result, struct rport_link **ret_link,
		 struct rport_error *err)
{
	_cleanup_(release_places) struct places places = PLACES_INIT;
	char difference[2 * DOMAIN_TEXT_MAX] = "";
	struct rport_link *link, *old;
	int r;

	if (!spec->name[0]) {
		r = link_spec_default_name(spec, err);
		if (r < 0)
			return r;
	}
	r = resolve_domains(spec, &places, err);
	if (r < 0)
		return r;

	old = link_by_name(manager, spec->name);
	if (!old) {
		r = check_limit(manager, err);
		if (r >= 0)
			r = build_link(manager, spec, places.end, &link, err);
	} else {
		if (link_spec_diff(&old->spec, spec, difference, sizeof(difference))) {
			if (!replace)
				return refuse_other(spec, difference, err);
		} else if (is_whole(old)) {
			*ret_result = PAIR_UNCHANGED;
			*ret_link = old;
			return 0;
		}
		r = replace_link(manager, old, spec, &places, &link, err);
	}
	if (r < 0)
		return r;
	log_info("link %s: %s", link->spec.name, old ? "replaced" : "created");
	*ret_result = old ? PAIR_REPLACED : PAIR_CREATED;
	*ret_link = link;
	return 0;
}

/* --- asking ----------------------------------------------------------------------------------- */

struct search {
	const char *name;
	struct rport_link *found;
	const struct port *first, *second; /* ports of different links that fit */
};

static bool port_is_named(const struct port *port, const char *name)
{
	char domain[DOMAIN_TEXT_MAX], full[DOMAIN_TEXT_MAX + IFNAMSIZ + 1];

	if (streq(port->ifname, name))
		return true;
	snprintf(full, sizeof(full), "%s/%s", domain_format(&port->domain, domain), port->ifname);
	return streq(full, name);
}

static void search_link(struct rport_link *link, void *userdata)
{
	struct search *search = userdata;

	for (int end = 0; end < 2; end++) {
		const struct port *port = &link->ports[end];

		if (!port_is_named(port, search->name))
			continue;
		if (!search->found) {
			search->found = link;
			search->first = port;
		} else if (search->found != link && !search->second) {
			search->second = port;
		}
	}
}

int manager_find(struct manager *manager, const char *name, struct rport_link **ret,
		 struct rport_error *err)
{
	struct search search = { .name = name };
	char a[DOMAIN_TEXT_MAX], b[DOMAIN_TEXT_MAX];

	if (link_name_valid(name))
		search.found = link_by_name(manager, name);
	if (!search.found)
		manager_foreach(manager, search_link, &search);
	if (!search.found)
		return rport_error_set(
			err, RPORT_ERR_LINK_NOT_FOUND, ENOENT,
			"there is no link and no interface \"%s\" of one (rportctl list shows all)",
			name);
	if (search.second)
		return rport_error_set(
			err, RPORT_ERR_AMBIGUOUS, EINVAL,
			"several links have an interface %s: say %s/%s or %s/%s, or name the link",
			name, domain_format(&search.first->domain, a), search.first->ifname,
			domain_format(&search.second->domain, b), search.second->ifname);
	*ret = search.found;
	return 0;
}

struct walk {
	void (*fn)(struct rport_link *link, void *userdata);
	void *userdata;
};

static void visit(const void *node, VISIT which, void *closure)
{
	struct rport_link *const *link = node;
	struct walk *walk = closure;

	if (which == postorder || which == leaf)
		walk->fn(*link, walk->userdata);
}

void manager_foreach(struct manager *manager, void (*fn)(struct rport_link *link, void *userdata),
		     void *userdata)
{
	struct walk walk = { .fn = fn, .userdata = userdata };

	twalk_r(manager->links, visit, &walk);
}

unsigned int manager_n_links(const struct manager *manager)
{
	return manager->n_links;
}

void manager_port_status(struct manager *manager, const struct port *port, struct port_status *ret)
{
	struct port_status status = { .state = PORT_GONE, .mtu = port->mtu };
	struct rtnl_dev dev;

	memcpy(status.ifname, port->ifname, sizeof(status.ifname));
	shuttle_link_counters(port->link->shuttle, port->end, &status.counters);
	if (port_query(&manager->yard, port, &dev) == 0) {
		status.state = dev.flags & IFF_UP ? PORT_UP : PORT_DOWN;
		status.carrier = port->carrier;
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
	if (!manager)
		return;
	while (manager->links) {
		struct rport_link *link = *(struct rport_link **)manager->links; /* the root */

		forget_link(manager, link);
		destroy_link(manager, link);
	}
	monitor_free(manager->monitor);
	shuttle_free(manager->shuttle);
	port_yard_close(&manager->yard);
	free(manager);
}
