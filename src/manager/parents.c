/* SPDX-License-Identifier: ISC */

/*
 * Parents, and so links: two ports that are each other's peer, with a name, and the shuttle between
 * them while both have a device.
 */

#include <stdio.h>

#include "manager/commit.h"
#include "manager/context.h"
#include "manager/fastpath.h"
#include "manager/parents.h"
#include "manager/ports.h"
#include "manager/reconcile.h"
#include "manager/report.h"
#include "port/property.h"

/* --- what is refused -------------------------------------------------------------------------- */

static int check_limit(const struct manager *manager, struct rport_error *err)
{
	if (manager->table.n_links < manager->options.max_links)
		return 0;
	return rport_error_set(err, RPORT_ERR_LIMIT, ENOSPC,
			       "the limit of %u link%s is reached (rportd --limit links=N)",
			       manager->options.max_links, PLURAL(manager->options.max_links));
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
			    const struct property *property, struct rport_error *err)
{
	char a[PORT_TEXT_MAX], b[PORT_TEXT_MAX];

	port_format(port, a);
	port_format(parent, b);
	if (property->type != PROPERTY_SWITCH)
		return rport_error_set(err, RPORT_ERR_PORTS_DIFFER, EOPNOTSUPP,
				       "%s has %u %s and %s has %u: create both with as many (%s)",
				       a, property_get(&port->spec, property->id), property->name,
				       b, property_get(&parent->spec, property->id),
				       property->option);
	return rport_error_set(err, RPORT_ERR_PORTS_DIFFER, EOPNOTSUPP,
			       "%s and %s differ in %s: create both with it, or both without", a, b,
			       property->option);
}

static void make_name(const struct port *a, const struct port *b, unsigned int number,
		      char ret[static LINK_NAME_MAX + 1])
{
	if (link_name_from_domains(&a->spec.domain, &b->spec.domain, number, ret) < 0)
		snprintf(ret, LINK_NAME_MAX + 1, "link%u", number);
}

/*
 * Chooses a name that no link has: of the domains, with a number if necessary. The search tries 1,
 * 2, 4, ... until a number is free, and then bisects between that and the last one that is not. The
 * result is the lowest free number unless there are gaps.
 */
static void choose_name(struct manager *manager, const struct port *a, const struct port *b,
			char ret[static LINK_NAME_MAX + 1])
{
	unsigned int taken = 0, unused = 1;

	make_name(a, b, unused, ret);
	while (table_link_by_name(&manager->table, ret)) {
		taken = unused;
		unused *= 2;
		make_name(a, b, unused, ret);
	}
	while (unused - taken > 1) {
		unsigned int middle = taken + (unused - taken) / 2;

		make_name(a, b, middle, ret);
		if (table_link_by_name(&manager->table, ret))
			taken = middle;
		else
			unused = middle;
	}
	make_name(a, b, unused, ret);
}

/* --- making and separating -------------------------------------------------------------------- */

/* Enters the link into the table and the data path, or into neither. */
static int start_link(struct manager *manager, struct rport_link *link, bool stale,
		      struct rport_error *err)
{
	int r;

	if (table_add_link(&manager->table, link) < 0)
		return rport_error_no_memory(err);
	r = commit_connect(manager, link, stale, err);
	if (r < 0)
		table_remove_link(&manager->table, link);
	return r;
}

static void link_free(struct rport_link *link)
{
	free(link->file);
	free(link);
}

int parents_tie(struct manager *manager, struct port *port, struct port *parent, const char *name,
		bool stale, struct rport_error *err)
{
	struct rport_link *link = calloc(1, sizeof(*link));
	int r;

	if (!link)
		return rport_error_no_memory(err);
	snprintf(link->name, sizeof(link->name), "%s", name);
	link->ports[0] = port;
	link->ports[1] = parent;
	r = start_link(manager, link, stale, err);
	if (r < 0) {
		free(link);
		return r;
	}
	for (unsigned int end = 0; end < 2; end++) {
		link->ports[end]->link = link;
		link->ports[end]->end = end;
	}
	return 0;
}

static void set_alias(struct manager *manager, struct port *port)
{
	char alias[PORT_ALIAS_MAX];

	network_set_alias(manager->network, port,
			  port->link ? port_link_alias(port->link->name, port->end, alias)
				     : PORT_ALIAS);
}

static int make_link(struct manager *manager, struct port *port, struct port *parent,
		     const char *name, struct rport_error *err)
{
	char chosen[LINK_NAME_MAX + 1];
	int r;

	if (!name)
		choose_name(manager, port, parent, chosen);
	r = parents_tie(manager, port, parent, name ? name : chosen, false, err);
	if (r < 0)
		return r;
	set_alias(manager, port);
	set_alias(manager, parent);
	commit_link(manager, port->link);
	commit_flush(manager);
	return 0;
}

int manager_set_parent(struct manager *manager, struct port *port, struct port *parent,
		       const char *name, struct rport_error *err)
{
	const struct property *property;
	int r;

	reconcile_take_over(manager, port);
	reconcile_take_over(manager, parent);
	r = link_set_parent(&port->peering, &parent->peering);
	if (r == -EINVAL)
		return refuse_self(port, err);
	if (r == -EBUSY)
		return refuse_taken(port, parent, err);
	if (r == 0)
		return 0;
	property = property_differs(&port->spec, &parent->spec, true);
	r = property ? refuse_different(port, parent, property, err) : check_limit(manager, err);
	if (r >= 0)
		r = make_link(manager, port, parent, name, err);
	if (r < 0) {
		link_delete_parent(&port->peering);
		return r;
	}
	report_link(LOG_INFO, MESSAGE_LINK_MADE, port->link->name, "link %s: made",
		    port->link->name);
	return 1;
}

int manager_get_parent(const struct port *port, struct port **ret, struct rport_error *err)
{
	char name[PORT_TEXT_MAX];
	struct link_port *peer;
	int r;

	r = link_get_parent(&port->peering, &peer);
	if (r < 0)
		return rport_error_set(err, RPORT_ERR_NO_PARENT, -r, "%s has no parent",
				       port_format(port, name));
	*ret = container_of(peer, struct port, peering);
	return 0;
}

/* Removes all references to the link; the caller frees it. */
static void separate(struct manager *manager, struct rport_link *link)
{
	link_delete_parent(&link->ports[0]->peering);
	for (int end = 0; end < 2; end++)
		link->ports[end]->link = NULL;
	table_remove_link(&manager->table, link);
}

int manager_delete_parent(struct manager *manager, struct port *port)
{
	struct rport_link *link = port->link;

	reconcile_take_over(manager, port);
	if (!link)
		return 0;
	separate(manager, link);
	for (int end = 0; end < 2; end++) {
		set_alias(manager, link->ports[end]);
		commit_port(manager, link->ports[end], NULL);
	}
	commit_link_gone(manager, link);
	link_free(link);
	commit_flush(manager);
	return 1;
}

void manager_destroy_port(struct manager *manager, struct port *port)
{
	char name[PORT_TEXT_MAX];

	manager_delete_parent(manager, port);
	report_port(LOG_INFO, NULL, port, "port %s: removed", port_format(port, name));
	ports_remove(manager, port);
	commit_flush(manager);
}

void manager_destroy_links(struct manager *manager, struct rport_link *links[], size_t n)
{
	struct port *ports[2 * MANAGER_DESTROY_MAX];

	for (size_t i = 0; i < n; i++) {
		reconcile_take_over(manager, links[i]->ports[0]);
		memcpy(&ports[2 * i], links[i]->ports, sizeof(links[i]->ports));
	}
	fastpath_end(manager, links, n, true);
	for (size_t i = 0; i < n; i++) {
		separate(manager, links[i]);
		commit_link_gone(manager, links[i]);
		link_free(links[i]);
	}
	if (manager->state) /* else manager_free() has closed the devices */
		commit_detach_all(manager, ports, 2 * n);
	for (size_t i = 0; i < 2 * n; i++)
		ports_remove(manager, ports[i]);
	commit_flush(manager);
}

void manager_destroy_link(struct manager *manager, struct rport_link *link)
{
	manager_destroy_links(manager, &link, 1);
}

/* A file that makes the link names it, too. */
static int check_new_name(const struct rport_link *link, const char *name,
			  const struct rport_link *other, struct rport_error *err)
{
	struct link_spec checked = LINK_SPEC_INIT;
	int r = link_spec_set_name(&checked, name, err);

	if (r < 0)
		return r;
	if (other)
		return rport_error_set(err, RPORT_ERR_LINK_EXISTS, EEXIST,
				       "there is a link %s already: choose another name", name);
	if (!link->configured)
		return 0;
	return rport_error_set(err, RPORT_ERR_INVALID, EINVAL,
			       "a file makes the link %s: rename the file to %s.rport, and use "
			       "rportctl apply",
			       link->name, name);
}

int manager_rename_link(struct manager *manager, struct rport_link *link, const char *name,
			struct rport_error *err)
{
	struct rport_link *other = table_link_by_name(&manager->table, name);
	int r;

	if (other == link)
		return 0;
	r = check_new_name(link, name, other, err);
	if (r < 0)
		return r;
	reconcile_take_over(manager, link->ports[0]);
	if (commit_link_name(manager, link, name) < 0)
		return rport_error_no_memory(err);
	set_alias(manager, link->ports[0]);
	set_alias(manager, link->ports[1]);
	commit_flush(manager);
	return 1;
}

void manager_set_file(struct manager *manager, struct rport_link *link, const char *file)
{
	bool configured = file != NULL;

	if (!link->file || !file || !streq(link->file, file)) {
		free(link->file);
		link->file = file ? strdup(file) : NULL; /* without memory it is not told */
	}
	if (link->configured == configured)
		return;
	link->configured = configured;
	commit_link(manager, link);
	commit_flush(manager);
}
