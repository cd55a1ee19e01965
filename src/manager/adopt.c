/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * The store has devices of a former daemon, but its records cannot be read. The kernel knows nearly
 * all of the state: the namespace and the name of an interface, its VRF, MTU, addresses and routes;
 * the descriptor has the options of the device, and the alias the name of the link and the end.
 * What the kernel does not have (a pending port, a route of a port that is down) is not restored:
 * the administrator has to configure it again.
 *
 * All devices are adopted in one go, before clients are served: until the last one has been read
 * nobody knows which ports and links there are, so nothing true could be told, nor a name given.
 */

#include <stdio.h>

#include "base/log.h"
#include "base/messages.h"
#include "manager/adopt.h"
#include "manager/commit.h"
#include "manager/context.h"
#include "manager/parents.h"
#include "manager/ports.h"
#include "manager/reconcile.h"
#include "manager/records.h"

static int make_port(struct manager *manager, unsigned int slot, const int fds[],
		     struct port_derived *found, struct port **ret)
{
	_cleanup_network_place_ struct network_place place = { 0 };
	struct rport_error err;
	struct port *port;
	int r;

	r = ports_add(manager, &found->spec, slot, &port, &err);
	if (r < 0)
		return r;
	r = network_resolve(manager->network, &port->spec.domain, NULL, &place, &err);
	if (r >= 0)
		r = network_adopt(manager->network, port, fds, &place);
	if (r < 0) {
		ports_remove(manager, port);
		return r;
	}
	port->admin = port->peering.up ? PORT_ADMIN_UP : PORT_ADMIN_UNSET;
	port->inherited = false;
	port->stored = port->kept = true;
	r = reconcile_take(manager, port, true, "taken over from the former rportd", &err);
	if (r < 0) {
		ports_remove(manager, port);
		return 0; /* the descriptors were closed with the device */
	}
	*ret = port;
	return 0;
}

static bool read_alias(const char *alias, char ret_link[static LINK_NAME_MAX + 1], char *ret_end)
{
	return sscanf(alias, PORT_ALIAS " link %" STRINGIFY(LINK_NAME_MAX) "[^,], end %c", ret_link,
		      ret_end) == 2 &&
	       link_name_valid(ret_link) && (*ret_end == 'a' || *ret_end == 'b');
}

static struct port *port_by_slot(struct manager *manager, unsigned int slot)
{
	struct port *port;

	TAILQ_FOREACH(port, &manager->table.ports, entry)
	{
		if (port->slot == slot)
			return port;
	}
	return NULL;
}

/* The alias has the name of the link, which is made when its other end has been found, too. */
static void join(struct manager *manager, struct port *port, const char *alias, json_t *waiting)
{
	char link[LINK_NAME_MAX + 1], end;
	struct port *other, *a, *b;
	struct rport_error err;
	json_t *number;

	if (!read_alias(alias, link, &end))
		return;
	number = json_object_get(waiting, link);
	if (!number) {
		json_object_set_new(waiting, link, json_integer(port->slot));
		return;
	}
	other = port_by_slot(manager, (unsigned int)json_integer_value(number));
	a = end == 'a' ? port : other;
	b = end == 'a' ? other : port;
	if (!other || link_set_parent(&a->peering, &b->peering) < 0)
		return;
	/* one direction may have been off, as a capture was running */
	a->spec.fastpath = b->spec.fastpath = a->spec.fastpath || b->spec.fastpath;
	if (parents_tie(manager, a, b, link, true, &err) < 0) {
		link_delete_parent(&a->peering);
		log_error("link %s: cannot be made again: %s", link, err.message);
		return;
	}
	commit_link(manager, a->link);
}

static bool read_number(const char *name, unsigned int *ret)
{
	const char *digits = name + strlen(RECORD_DEVICE);
	unsigned long number;
	char *end;

	errno = 0;
	number = strtoul(digits, &end, 10);
	if (errno || end == digits || *end || number >= PORTS_NEW_SLOT)
		return false;
	*ret = (unsigned int)number;
	return true;
}

/* @fds: closed */
static void give_up(struct manager *manager, const char *name, unsigned int slot, const int fds[],
		    unsigned int n, int errnum)
{
	log_warning("%s of the former rportd is given up: %s", name, strerror(errnum));
	state_drop_fd(manager->state, name);
	if (slot != PORTS_NEW_SLOT)
		records_drop_device(manager, slot, n);
	for (unsigned int i = 0; i < n; i++)
		safe_close(fds[i]);
}

/* @fd: of the first queue, which is the first by name, too */
static void adopt(struct manager *manager, const char *name, int fd, json_t *waiting)
{
	int fds[TUN_QUEUES_MAX] = { fd };
	unsigned int n = 1, slot = PORTS_NEW_SLOT;
	struct port_derived found = { 0 };
	struct port *port = NULL;
	int r = -EINVAL;

	if (read_number(name, &slot)) {
		n = records_take_queues(manager, slot, 1, fds);
		r = network_derive(manager->network, fds, n, &found);
	}
	if (r >= 0)
		r = make_port(manager, slot, fds, &found, &port);
	if (r < 0)
		give_up(manager, name, slot, fds, n, -r);
	if (port)
		join(manager, port, found.alias, waiting);
	port_spec_release(&found.spec);
}

void adopt_all(struct manager *manager)
{
	json_t *waiting = json_object(); /* links of which one end was found: the port's number */
	char name[STATE_NAME_MAX];
	int fd;

	while ((fd = state_next_fd(manager->state, RECORD_DEVICE, name)) >= 0)
		adopt(manager, name, fd, waiting);
	json_decref(waiting);
	state_drop_rest(manager->state);
	log_print_id(LOG_NOTICE, MESSAGE_ADOPTED,
		     "adopted from the former rportd: %u link%s, %u port%s", manager->table.n_links,
		     PLURAL(manager->table.n_links), manager->table.n_ports,
		     PLURAL(manager->table.n_ports));
}
