/* SPDX-License-Identifier: ISC */
#ifndef RPORT_API_LIST_H
#define RPORT_API_LIST_H

/* Long replies: all links, all ports, or both, made in pieces; the methods List and ListPorts. */

#include "api/method.h"
#include "manager/table.h"
#include "varlink/server.h"

API_METHOD(api_method_list);
API_METHOD(api_method_list_ports);

/* Which arrays the reply has, in this order. */
enum listing_stage {
	LISTING_LINKS,
	LISTING_PORTS,
	LISTING_END,
};

/*
 * A reply under way, part of an object of the caller.
 *
 * @heads:	text before the first element of each stage; NULL: the stage is left out
 * @link:	makes the JSON of a link, a new reference
 * @port:	makes the JSON of a port, a new reference
 * @userdata:	for them
 * @trusted:	larger pieces, for a caller who may change something
 * @begun:	the head of the stage was written
 * @element:	an element of the stage was written
 * @cursor, @table: where the ports are
 * @stage:	what is made now
 * @after:	the last link that was made
 * @serial:	of the last port that was made
 */
struct listing {
	const char *heads[LISTING_END];
	json_t *(*link)(struct rport_link *link, void *userdata);
	json_t *(*port)(struct port *port, void *userdata);
	void *userdata;
	enum listing_stage stage;
	char after[LINK_NAME_MAX + 1];
	uint64_t serial;
	struct port_cursor cursor;
	struct table *table;
	bool begun, element;
	bool trusted;
};

/**
 * listing_begin() - start at the first link and the first port
 * @listing: heads, link, port and userdata are set; stays where it is until listing_end()
 * @table: what is listed
 */
void listing_begin(struct listing *listing, struct table *table);

/**
 * listing_next() - make the next piece; see struct varlink_pieces
 * @listing: of listing_begin()
 * @ret: a string to free(3)
 *
 * Links and ports that are made or removed meanwhile may be in the reply or not; each is as it is
 * when its piece is made.
 *
 * Return: 1, 0 at the end, or -ENOMEM.
 */
int listing_next(struct listing *listing, char **ret);

/**
 * listing_end() - end a listing, also before its last piece
 * @listing: of listing_begin()
 */
void listing_end(struct listing *listing);

/**
 * listing_has_link() - tell whether a link of a name is in the pieces made so far
 * @listing: of listing_begin()
 * @name: of the link
 *
 * Return: true when it is, or would be if there were such a link.
 */
bool listing_has_link(const struct listing *listing, const char *name);

/**
 * listing_has_port() - tell whether a port is in the pieces made so far
 * @listing: of listing_begin()
 * @port: the port
 *
 * Return: true when it is.
 */
bool listing_has_port(const struct listing *listing, const struct port *port);

#endif
