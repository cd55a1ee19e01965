/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_TABLE_H
#define RPORT_MANAGER_TABLE_H

/*
 * The table of ports and links. Ports are in a list and, while they have a device, in a tree by
 * (nsid, ifindex), which is how the monitor names an interface; links are in a tree by name. The
 * table owns neither.
 *
 * The cost of an event must not grow with the number of links, so hash tables find ports by their
 * names and namespaces. Code that changes the names or the domain of a port calls
 * table_rename_port().
 */

#include "port/fastpath.h"
#include "port/port.h"
#include "datapath/datapath.h"

TAILQ_HEAD(port_list, port);
LIST_HEAD(port_chain, port);

#define TABLE_BUCKETS 2048 /* ten ports in each at the usual limit */

/* Two ports that are each other's peer, and the shuttle between them. */
struct rport_link {
	char name[LINK_NAME_MAX + 1];
	struct port *ports[2];
	struct datapath_link *datapath; /* NULL: a port of it is pending */
	bool configured;                /* there is a file for it */
	char *file;                     /* its path; NULL: it was not read yet, or there is none */
	bool local_first[2]; /* as it was seen last: see struct check_end, which has it by family */
	struct fastpath fastpath; /* laid over the shuttle; see fastpath.c */
	char *fastpath_failure;   /* why it could not be laid; NULL: it could */
	uint64_t fastpath_retry;  /* not before this time, in microseconds, if it could not */
	uint64_t recorded;        /* hash of its record; see records.c */
};

struct port_cursor;

struct table {
	struct port_list ports;
	void *indices;                            /* tree of struct port */
	void *links;                              /* tree of struct rport_link */
	struct port_chain called[TABLE_BUCKETS];  /* by domain and the name that it has */
	struct port_chain wanting[TABLE_BUCKETS]; /* by domain and the name in the spec */
	struct port_chain
		in_netns[TABLE_BUCKETS]; /* by the name of their namespace, if it has one */
	struct port_chain in_nsid[TABLE_BUCKETS]; /* by nsid, while they are known by it */
	unsigned int n_ports, n_links;
	LIST_HEAD(port_cursors, port_cursor) cursors;
	uint64_t serial; /* of the port that was made last */
};

/**
 * table_add_port() - enter a port, under its names, but not yet under its nsid and ifindex
 * @table: the table
 * @port: gets the next serial number; stays the caller's
 */
void table_add_port(struct table *table, struct port *port);

/**
 * table_remove_port() - remove a port, also from the index by nsid and ifindex
 * @table: the table
 * @port: in the table; the caller frees it
 */
void table_remove_port(struct table *table, struct port *port);

/**
 * table_rename_port() - update the indices by name after a change of a port's domain or names
 * @table: the table
 * @port: in the table; its spec.domain, ifname and spec.ifname are read
 */
void table_rename_port(struct table *table, struct port *port);

/**
 * table_port_wanting() - find a port by the interface name of its spec
 * @table: the table
 * @domain: as a user wrote it, see domain_means()
 * @ifname: the name; "": ports whose spec has no name
 * @after: the port that the last call found, to get the next one; NULL: start
 *
 * Return: the port, or NULL.
 */
struct port *table_port_wanting(const struct table *table, const struct domain *domain,
				const char *ifname, const struct port *after);

/**
 * table_port_called() - find a port by the name that its interface has now
 * @table: the table
 * @domain: as a user wrote it, see domain_means()
 * @ifname: the name; of a port without a device that of its spec
 * @after: the port that the last call found, to get the next one; NULL: start
 *
 * Return: the port, or NULL.
 */
struct port *table_port_called(const struct table *table, const struct domain *domain,
			       const char *ifname, const struct port *after);

/**
 * table_foreach_in_netns() - call @fn for every port whose domain is in a named namespace
 * @table: the table
 * @name: of the namespace, in /run/netns
 * @fn: must not make or remove ports
 * @userdata: for @fn
 */
void table_foreach_in_netns(const struct table *table, const char *name,
			    void (*fn)(struct port *port, void *userdata), void *userdata);

/**
 * table_foreach_in_nsid() - call @fn for every port that is indexed under a nsid
 * @table: the table
 * @nsid: the nsid
 * @fn: must not make or remove ports; it may call table_leave_index() for its port
 * @userdata: for @fn
 */
void table_foreach_in_nsid(const struct table *table, int nsid,
			   void (*fn)(struct port *port, void *userdata), void *userdata);

/**
 * table_enter_index() - index a port under its nsid and ifindex, and no longer under former ones
 * @table: the table
 * @port: in the table
 *
 * It stays there when its nsid or ifindex change, until the next call of this or of
 * table_leave_index().
 *
 * Return: 0; -ENOMEM; or -EEXIST when another port is indexed there. After a failure @port is not
 * indexed.
 */
int table_enter_index(struct table *table, struct port *port);

/**
 * table_leave_index() - remove a port from the index by nsid and ifindex
 * @table: the table
 * @port: indexed or not
 */
void table_leave_index(struct table *table, struct port *port);

/**
 * table_port_by_index() - find a port in the index by nsid and ifindex
 * @table: the table
 * @nsid: of its namespace
 * @index: of its interface there
 *
 * Return: the port, or NULL.
 */
struct port *table_port_by_index(const struct table *table, int nsid, unsigned int index);

/**
 * table_add_link() - enter a link
 * @table: the table
 * @link: no other link has its name; stays the caller's
 *
 * Return: 0 or -ENOMEM.
 */
int table_add_link(struct table *table, struct rport_link *link);

/**
 * table_remove_link() - remove a link
 * @table: the table
 * @link: in the table; the caller frees it
 */
void table_remove_link(struct table *table, struct rport_link *link);

/**
 * table_rename_link() - rename a link
 * @table: the table
 * @link: in the table
 * @name: valid, and not the name of another link; copied
 *
 * Return: 0; or -ENOMEM, and the link keeps its name.
 */
int table_rename_link(struct table *table, struct rport_link *link, const char *name);

/**
 * table_link_by_name() - find a link by its name
 * @table: the table
 * @name: any text
 *
 * Return: the link, or NULL.
 */
struct rport_link *table_link_by_name(const struct table *table, const char *name);

/**
 * table_find_link() - find a link by its name, or by one of its interfaces
 * @table: the table
 * @name: of the link; or of an interface, IFNAME or DOMAIN/IFNAME, if only one link has it
 * @ret: the link
 * @err: says what was not found, or which names are possible; may be NULL
 *
 * Return: 0; -ENOENT (RPORT_ERR_LINK_NOT_FOUND) or -EINVAL (RPORT_ERR_AMBIGUOUS).
 */
int table_find_link(const struct table *table, const char *name, struct rport_link **ret,
		    struct rport_error *err);

/**
 * table_find_port() - find a port by its interface
 * @table: the table
 * @name: IFNAME, if only one port has it, or DOMAIN/IFNAME
 * @ret: the port
 * @err: says what was not found, or which names are possible; may be NULL
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
 * @table: the table
 * @fn: must not make or remove links
 * @userdata: for @fn
 */
void table_foreach_link(const struct table *table,
			void (*fn)(struct rport_link *link, void *userdata), void *userdata);

/**
 * table_foreach_port() - call @fn for every port, in the order of creation
 * @table: the table
 * @fn: must not make or remove ports
 * @userdata: for @fn
 */
void table_foreach_port(const struct table *table, void (*fn)(struct port *port, void *userdata),
			void *userdata);

#endif
