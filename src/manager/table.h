/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_TABLE_H
#define RPORT_MANAGER_TABLE_H

/*
 * Which ports and links there are. Ports are in a list, and, while they exist, in a tree by (nsid,
 * ifindex), which is how the monitor names an interface; links are in a tree by name. It owns none
 * of them.
 *
 * What is done for each link or event must not cost more with many links: so ports are found by
 * their names and namespaces without looking at all of them. A port's names change, as do the
 * domains of those that wait: who changes them says so (table_rename_port()).
 */

#include "port/port.h"
#include "datapath/shuttle.h"

TAILQ_HEAD(port_list, port);
LIST_HEAD(port_chain, port);

#define TABLE_BUCKETS 2048 /* ten ports in each at the usual limit */

/* Two ports that are each other's peer, and the shuttle between them. */
struct rport_link {
	char name[LINK_NAME_MAX + 1];
	struct port *ports[2];
	struct shuttle_link *shuttle; /* NULL: a port of it is pending */
	bool configured;              /* there is a file for it */
	uint64_t recorded;            /* hash of its record; see records.c */
};

struct port_cursor;

struct table {
	struct port_list ports;
	void *indices;                            /* tree of struct port */
	void *links;                              /* tree of struct rport_link */
	struct port_chain called[TABLE_BUCKETS];  /* by domain and the name that it has */
	struct port_chain wanting[TABLE_BUCKETS]; /* by domain and the name that it shall have */
	struct port_chain
		in_netns[TABLE_BUCKETS]; /* by the name of their namespace, if it has one */
	struct port_chain in_nsid[TABLE_BUCKETS]; /* by nsid, while they are known by it */
	unsigned int n_ports, n_links;
	LIST_HEAD(port_cursors, port_cursor) cursors;
	uint64_t serial; /* of the port that was made last */
};

/**
 * table_add_port() - one more port; not yet by its index
 */
void table_add_port(struct table *table, struct port *port);

/**
 * table_remove_port() - also from its index
 */
void table_remove_port(struct table *table, struct port *port);

/**
 * table_rename_port() - the domain of a port, its name, or the name that it shall have has changed
 */
void table_rename_port(struct table *table, struct port *port);

/**
 * table_port_wanting() - a port that shall have this name in a domain
 * @domain: as it is said, see domain_means()
 * @after: the port that was found before it, or NULL
 *
 * Return: it, or NULL.
 */
struct port *table_port_wanting(const struct table *table, const struct domain *domain,
				const char *ifname, const struct port *after);

/**
 * table_port_called() - a port that has this name in a domain, now
 *
 * As table_port_wanting(). Of a port without a device it is the name that it shall have.
 */
struct port *table_port_called(const struct table *table, const struct domain *domain,
			       const char *ifname, const struct port *after);

/**
 * table_foreach_in_netns() - call @fn for every port whose domain is in the namespace of that name
 * @fn: must not make or remove any
 */
void table_foreach_in_netns(const struct table *table, const char *name,
			    void (*fn)(struct port *port, void *userdata), void *userdata);

/**
 * table_foreach_in_nsid() - call @fn for every port that is known by a number in this namespace
 * @fn: must not make or remove any; it may call table_leave_index()
 */
void table_foreach_in_nsid(const struct table *table, int nsid,
			   void (*fn)(struct port *port, void *userdata), void *userdata);

/**
 * table_enter_index() - make a port known by its nsid and ifindex, and no longer by former ones
 *
 * It stays known by these when its nsid or ifindex change, until this is called again or
 * table_leave_index() is.
 *
 * Return: 0, -ENOMEM, or -EEXIST when another port is known by them; then it is known by none.
 */
int table_enter_index(struct table *table, struct port *port);

/**
 * table_leave_index() - undo that; the port need not be known by any
 */
void table_leave_index(struct table *table, struct port *port);

/**
 * table_port_by_index() - the port of that number, or NULL
 */
struct port *table_port_by_index(const struct table *table, int nsid, unsigned int index);

/**
 * table_add_link() - one more link; no other has its name
 * Return: 0 or -ENOMEM.
 */
int table_add_link(struct table *table, struct rport_link *link);

/**
 * table_remove_link() - one less
 */
void table_remove_link(struct table *table, struct rport_link *link);

/**
 * table_rename_link() - give a link another name
 * @table: the table
 * @link: in the table
 * @name: valid, and not the name of another link
 *
 * Return: 0; or -ENOMEM, and it has its name still.
 */
int table_rename_link(struct table *table, struct rport_link *link, const char *name);

/**
 * table_link_by_name() - the link of that name, or NULL
 */
struct rport_link *table_link_by_name(const struct table *table, const char *name);

/**
 * table_find_link() - a link by its name, or by one of its interfaces
 * @name: of the link; or of an interface, IFNAME or DOMAIN/IFNAME, where only one link has such a
 * one
 *
 * Return: 0; -ENOENT (RPORT_ERR_LINK_NOT_FOUND) or -EINVAL (RPORT_ERR_AMBIGUOUS).
 */
int table_find_link(const struct table *table, const char *name, struct rport_link **ret,
		    struct rport_error *err);

/**
 * table_find_port() - a port by its interface
 * @name: IFNAME, where only one port is called so, or DOMAIN/IFNAME
 *
 * Return: 0; -ENXIO (RPORT_ERR_PORT_NOT_FOUND) or -EINVAL (RPORT_ERR_AMBIGUOUS).
 */
int table_find_port(const struct table *table, const char *name, struct port **ret,
		    struct rport_error *err);

/**
 * table_link_after() - the next link in the order of names
 * @table: the table
 * @name: of the link before it, which may not exist; "" for the first link
 *
 * Return: the link, or NULL after the last one.
 */
struct rport_link *table_link_after(const struct table *table, const char *name);

/* A place among the ports, in the order of their creation, that survives the removal of a port. */
struct port_cursor {
	struct port *next; /* NULL at the end */
	LIST_ENTRY(port_cursor) entry;
};

/**
 * table_cursor_begin() - start at the first port
 * @table: the table
 * @cursor: stays where it is in memory until table_cursor_end()
 */
void table_cursor_begin(struct table *table, struct port_cursor *cursor);

/**
 * table_cursor_next() - take the next port; ports that were made meanwhile are among them
 * @cursor: of table_cursor_begin()
 *
 * Return: the port, or NULL after the last one.
 */
struct port *table_cursor_next(struct port_cursor *cursor);

/**
 * table_cursor_end() - forget a cursor
 * @cursor: of table_cursor_begin()
 */
void table_cursor_end(struct port_cursor *cursor);

/**
 * table_foreach_link() - call @fn for every link, in the order of names
 * @fn: must not make or remove any
 */
void table_foreach_link(const struct table *table,
			void (*fn)(struct rport_link *link, void *userdata), void *userdata);

/**
 * table_foreach_port() - call @fn for every port, in the order of their creation
 * @fn: must not make or remove any
 */
void table_foreach_port(const struct table *table, void (*fn)(struct port *port, void *userdata),
			void *userdata);

#endif
