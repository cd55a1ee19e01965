/* SPDX-License-Identifier: ISC */
/* Finds ports and links: by name, by nsid and ifindex, by namespace. */
#include <search.h>
#include <stdio.h>

#include "manager/table.h"

static int compare_links(const void *a, const void *b)
{
	const struct rport_link *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/*
 * The tree has keys of its own, which only table_enter_index() writes, and only while the port is
 * not in the tree: a port whose nsid or ifindex changes stays where it can be found and removed.
 */
static int compare_indices(const void *a, const void *b)
{
	const struct port_key *x = &((const struct port *)a)->key;
	const struct port_key *y = &((const struct port *)b)->key;

	if (x->nsid != y->nsid)
		return x->nsid < y->nsid ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/* --- ports by name ---------------------------------------------------------------------------- */

/*
 * A bare name may mean a VRF or a namespace (domain_means()): both have the same label, and so are
 * in one chain. A port is removed from its chains without its key, which may have changed since it
 * was entered.
 */

#define UNCHAIN(port, chain)                      \
	do {                                      \
		if ((port)->chain.le_prev)        \
			LIST_REMOVE(port, chain); \
		(port)->chain.le_prev = NULL;     \
	} while (0)

/* FNV-1a, 32 bits */
static uint32_t hash_text(uint32_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x01000193;
	return hash;
}

static unsigned int bucket_of(const struct domain *domain, const char *ifname)
{
	char label[DOMAIN_TEXT_MAX];

	return hash_text(hash_text(0x811c9dc5, domain_label(domain, label)), ifname) %
	       TABLE_BUCKETS;
}

static unsigned int bucket_of_netns(const char *name)
{
	return hash_text(0x811c9dc5, name) % TABLE_BUCKETS;
}

static void unname(struct port *port)
{
	UNCHAIN(port, called);
	UNCHAIN(port, wanting);
	UNCHAIN(port, in_netns);
}

void table_rename_port(struct table *table, struct port *port)
{
	const struct domain *domain = &port->spec.domain;

	unname(port);
	LIST_INSERT_HEAD(&table->called[bucket_of(domain, port->ifname)], port, called);
	LIST_INSERT_HEAD(&table->wanting[bucket_of(domain, port->spec.ifname)], port, wanting);
	if (domain->netns == DOMAIN_NETNS_NAMED)
		LIST_INSERT_HEAD(&table->in_netns[bucket_of_netns(domain->name)], port, in_netns);
}

struct port *table_port_wanting(const struct table *table, const struct domain *domain,
				const char *ifname, const struct port *after)
{
	struct port *port = after ? LIST_NEXT(after, wanting)
				  : LIST_FIRST(&table->wanting[bucket_of(domain, ifname)]);

	while (port &&
	       !(streq(port->spec.ifname, ifname) && domain_means(domain, &port->spec.domain)))
		port = LIST_NEXT(port, wanting);
	return port;
}

struct port *table_port_called(const struct table *table, const struct domain *domain,
			       const char *ifname, const struct port *after)
{
	struct port *port = after ? LIST_NEXT(after, called)
				  : LIST_FIRST(&table->called[bucket_of(domain, ifname)]);

	while (port && !(streq(port->ifname, ifname) && domain_means(domain, &port->spec.domain)))
		port = LIST_NEXT(port, called);
	return port;
}

void table_foreach_in_netns(const struct table *table, const char *name,
			    void (*fn)(struct port *port, void *userdata), void *userdata)
{
	struct port *port, *next;

	for (port = LIST_FIRST(&table->in_netns[bucket_of_netns(name)]); port; port = next) {
		next = LIST_NEXT(port, in_netns);
		if (streq(port->spec.domain.name, name))
			fn(port, userdata);
	}
}

/* --- ports ------------------------------------------------------------------------------------ */

void table_add_port(struct table *table, struct port *port)
{
	struct port_cursor *cursor;

	TAILQ_INSERT_TAIL(&table->ports, port, entry);
	table->n_ports++;
	port->serial = ++table->serial;
	/* A cursor at the end has all ports behind it; the new one is ahead. */
	LIST_FOREACH(cursor, &table->cursors, entry)
	if (!cursor->next)
		cursor->next = port;
	table_rename_port(table, port);
}

void table_remove_port(struct table *table, struct port *port)
{
	struct port_cursor *cursor;

	table_leave_index(table, port);
	unname(port);
	LIST_FOREACH(cursor, &table->cursors, entry)
	if (cursor->next == port)
		cursor->next = TAILQ_NEXT(port, entry);
	TAILQ_REMOVE(&table->ports, port, entry);
	table->n_ports--;
}

int table_enter_index(struct table *table, struct port *port)
{
	struct port **found;

	table_leave_index(table, port);
	port->key = (struct port_key){ .nsid = port->nsid, .index = port->index };
	found = tsearch(port, &table->indices, compare_indices);
	if (!found)
		return -ENOMEM;
	if (*found != port)
		return -EEXIST;
	port->indexed = true;
	LIST_INSERT_HEAD(&table->in_nsid[(unsigned int)port->key.nsid % TABLE_BUCKETS], port,
			 in_nsid);
	return 0;
}

void table_leave_index(struct table *table, struct port *port)
{
	if (!port->indexed)
		return;
	tdelete(port, &table->indices, compare_indices);
	port->indexed = false;
	UNCHAIN(port, in_nsid);
}

void table_foreach_in_nsid(const struct table *table, int nsid,
			   void (*fn)(struct port *port, void *userdata), void *userdata)
{
	struct port *port, *next;

	for (port = LIST_FIRST(&table->in_nsid[(unsigned int)nsid % TABLE_BUCKETS]); port;
	     port = next) {
		next = LIST_NEXT(port, in_nsid);
		if (port->key.nsid == nsid)
			fn(port, userdata);
	}
}

struct port *table_port_by_index(const struct table *table, int nsid, unsigned int index)
{
	struct port key = { .key = { .nsid = nsid, .index = index } }, **found;

	found = tfind(&key, &table->indices, compare_indices);
	return found ? *found : NULL;
}

void table_foreach_port(const struct table *table, void (*fn)(struct port *port, void *userdata),
			void *userdata)
{
	struct port *port;

	TAILQ_FOREACH(port, &table->ports, entry)
	fn(port, userdata);
}

void table_cursor_begin(struct table *table, struct port_cursor *cursor)
{
	cursor->next = TAILQ_FIRST(&table->ports);
	LIST_INSERT_HEAD(&table->cursors, cursor, entry);
}

struct port *table_cursor_next(struct port_cursor *cursor)
{
	struct port *port = cursor->next;

	if (port)
		cursor->next = TAILQ_NEXT(port, entry);
	return port;
}

void table_cursor_end(struct port_cursor *cursor)
{
	LIST_REMOVE(cursor, entry);
}

/* --- links ------------------------------------------------------------------------------------ */

int table_add_link(struct table *table, struct rport_link *link)
{
	if (!tsearch(link, &table->links, compare_links))
		return -ENOMEM;
	table->n_links++;
	return 0;
}

void table_remove_link(struct table *table, struct rport_link *link)
{
	tdelete(link, &table->links, compare_links);
	table->n_links--;
}

int table_rename_link(struct table *table, struct rport_link *link, const char *name)
{
	char before[LINK_NAME_MAX + 1];
	int r;

	memcpy(before, link->name, sizeof(before));
	table_remove_link(table, link);
	memcpy(link->name, name, strlen(name) + 1);
	r = table_add_link(table, link);
	if (r >= 0)
		return r;
	memcpy(link->name, before, sizeof(before));
	(void)table_add_link(table, link); /* it had a node of the tree a moment ago */
	return r;
}

struct rport_link *table_link_by_name(const struct table *table, const char *name)
{
	struct rport_link key, **found;

	if (!link_name_valid(name))
		return NULL;
	memcpy(key.name, name, strlen(name) + 1);
	found = tfind(&key, &table->links, compare_links);
	return found ? *found : NULL;
}

/* A search for the link after a name: the last node from which it went to the left. */
struct link_search {
	const char *name;
	struct rport_link *after;
};

static int search_after(const void *key, const void *node)
{
	struct link_search *search = *(struct link_search *const *)key;
	const struct rport_link *link = node;

	if (strcmp(link->name, search->name) <= 0)
		return 1;
	search->after = (struct rport_link *)link;
	return -1;
}

struct rport_link *table_link_after(const struct table *table, const char *name)
{
	struct link_search search = { .name = name }, *key = &search;

	tfind(&key, &table->links, search_after);
	return search.after;
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

void table_foreach_link(const struct table *table,
			void (*fn)(struct rport_link *link, void *userdata), void *userdata)
{
	struct walk walk = { .fn = fn, .userdata = userdata };

	twalk_r(table->links, visit, &walk);
}

/* --- by names from users ---------------------------------------------------------------------- */

/* Ports that a name fits: IFNAME, or DOMAIN/IFNAME. */
struct search {
	const char *ifname;
	bool has_domain;
	struct domain domain;
	bool linked; /* only ports of links, and only one of each */
	struct port *first, *second;
};

static struct search make_search(const char *name)
{
	const char *slash = strrchr(name, '/');
	struct search search = { .ifname = name };
	char domain[DOMAIN_TEXT_MAX];

	if (!slash || (size_t)(slash - name) >= sizeof(domain))
		return search;
	memcpy(domain, name, (size_t)(slash - name));
	domain[slash - name] = '\0';
	if (domain_parse(domain, &search.domain, NULL) < 0)
		return search; /* no interface has a slash in its name: nothing will be found */
	search.has_domain = true;
	search.ifname = slash + 1;
	return search;
}

static void search_port(struct port *port, void *userdata)
{
	struct search *search = userdata;

	if (!streq(port->ifname[0] ? port->ifname : "-", search->ifname) ||
	    (search->linked && !port->link))
		return;
	if (search->has_domain && !domain_means(&search->domain, &port->spec.domain))
		return;
	if (!search->first)
		search->first = port;
	else if (domain_equal(&search->first->spec.domain, &port->spec.domain))
		/* such as a renamed port and a pending one: no name distinguishes them */
		search->first = search->first->peering.present ? search->first : port;
	else if (!search->second && !(search->linked && search->first->link == port->link))
		search->second = port;
}

static int refuse_ambiguous(const struct search *search, const char *whose, struct rport_error *err)
{
	char a[PORT_TEXT_MAX], b[PORT_TEXT_MAX];

	return rport_error_set(err, RPORT_ERR_AMBIGUOUS, EINVAL,
			       "several %s have an interface %s: say %s or %s", whose,
			       search->first->ifname, port_format(search->first, a),
			       port_format(search->second, b));
}

/* A name with a domain is found without a walk through all ports. */
static void run_search(const struct table *table, struct search *search)
{
	const char *ifname = streq(search->ifname, "-") ? "" : search->ifname;
	struct port *port = NULL;

	if (!search->has_domain) {
		table_foreach_port(table, search_port, search);
		return;
	}
	while ((port = table_port_called(table, &search->domain, ifname, port)))
		search_port(port, search);
}

int table_find_link(const struct table *table, const char *name, struct rport_link **ret,
		    struct rport_error *err)
{
	struct rport_link *link = table_link_by_name(table, name);
	struct search search = make_search(name);

	if (!link) {
		search.linked = true;
		run_search(table, &search);
		if (!search.first)
			return rport_error_set(err, RPORT_ERR_LINK_NOT_FOUND, ENOENT,
					       "there is no link \"%s\", nor an interface of one "
					       "(rportctl list shows all)",
					       name);
		if (search.second)
			return refuse_ambiguous(&search, "links", err);
		link = search.first->link;
	}
	*ret = link;
	return 0;
}

int table_find_port(const struct table *table, const char *name, struct port **ret,
		    struct rport_error *err)
{
	struct search search = make_search(name);

	run_search(table, &search);
	if (!search.first)
		return rport_error_set(err, RPORT_ERR_PORT_NOT_FOUND, ENXIO,
				       "there is no port \"%s\" (rportctl ports shows all)", name);
	if (search.second)
		return refuse_ambiguous(&search, "ports", err);
	*ret = search.first;
	return 0;
}
