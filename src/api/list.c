/* SPDX-License-Identifier: ISC */

/* Long replies, made in pieces, and the methods List and ListPorts. */

#include <stdio.h>

#include "api/list.h"
#include "api/reply.h"
#include "api/write.h"
#include "manager/ask.h"
#include "manager/status.h"

/*
 * A piece ends after this time or this many bytes, whichever comes first. Callers that may change
 * something get more time of the loop.
 */
#define PIECE_NS         (UINT64_C(500) * 1000)
#define PIECE_TRUSTED_NS (UINT64_C(10) * 1000 * 1000)
#define PIECE_SIZE       (16 * 1024)

void listing_begin(struct listing *listing, struct table *table)
{
	listing->stage = LISTING_LINKS;
	listing->table = table;
	table_cursor_begin(table, &listing->cursor);
}

void listing_end(struct listing *listing)
{
	table_cursor_end(&listing->cursor);
}

bool listing_has_link(const struct listing *listing, const char *name)
{
	return listing->stage > LISTING_LINKS || strcmp(name, listing->after) <= 0;
}

bool listing_has_port(const struct listing *listing, const struct port *port)
{
	return listing->stage > LISTING_PORTS || port->serial <= listing->serial;
}

static json_t *next_link(struct listing *listing)
{
	struct rport_link *link = table_link_after(listing->table, listing->after);
	json_t *element;

	if (!link)
		return NULL;
	element = listing->link(link, listing->userdata);
	memcpy(listing->after, link->name, sizeof(listing->after));
	return element ? element : json_null();
}

static json_t *next_port(struct listing *listing)
{
	struct port *port = table_cursor_next(&listing->cursor);
	json_t *element;

	if (!port)
		return NULL;
	element = listing->port(port, listing->userdata);
	listing->serial = port->serial;
	return element ? element : json_null();
}

static json_t *next_element(struct listing *listing)
{
	return listing->stage == LISTING_LINKS ? next_link(listing) : next_port(listing);
}

/* Write one element. Return: 1, 0 after the last one of the stage, or -ENOMEM. */
static int write_element(struct listing *listing, FILE *stream)
{
	json_t *element = next_element(listing);
	int r = 1;

	if (!element)
		return 0;
	if (json_is_null(element))
		return -ENOMEM; /* never send a list that lacks elements */
	if (listing->element)
		fputc(',', stream);
	listing->element = true;
	if (json_dumpf(element, stream, JSON_COMPACT) < 0)
		r = -ENOMEM;
	json_decref(element);
	return r;
}

static void next_stage(struct listing *listing)
{
	listing->begun = listing->element = false;
	listing->stage++;
}

static int write_step(struct listing *listing, FILE *stream)
{
	int r;

	if (!listing->heads[listing->stage]) {
		next_stage(listing);
		return 1;
	}
	if (!listing->begun)
		fputs(listing->heads[listing->stage], stream);
	listing->begun = true;
	r = write_element(listing, stream);
	if (r != 0)
		return r;
	fputc(']', stream);
	next_stage(listing);
	if (listing->stage == LISTING_END || !listing->heads[listing->stage])
		fputc('}', stream);
	return 1;
}

int listing_next(struct listing *listing, char **ret)
{
	uint64_t end = monotonic_ns() + (listing->trusted ? PIECE_TRUSTED_NS : PIECE_NS);
	char *text = NULL;
	size_t size = 0;
	FILE *stream;
	int r = 1;

	if (listing->stage == LISTING_END)
		return 0;
	stream = open_memstream(&text, &size);
	if (!stream)
		return -ENOMEM;
	do
		r = write_step(listing, stream);
	while (r > 0 && listing->stage < LISTING_END && ftell(stream) < PIECE_SIZE &&
	       monotonic_ns() < end);
	if (fclose(stream) != 0 && r > 0)
		r = -ENOMEM;
	if (r < 0) {
		free(text);
		return r;
	}
	*ret = text;
	return 1;
}

/* --- List and ListPorts ----------------------------------------------------------------------- */

struct list {
	struct manager *manager;
	struct listing listing;
};

static json_t *list_link(struct rport_link *link, void *userdata)
{
	struct list *list = userdata;

	return api_link_to_json(list->manager, link);
}

static json_t *list_port(struct port *port, void *userdata _unused_)
{
	return api_port_to_json(port);
}

static int list_next(char **ret, void *userdata)
{
	struct list *list = userdata;

	return listing_next(&list->listing, ret);
}

static void list_done(void *userdata)
{
	struct list *list = userdata;

	listing_end(&list->listing);
	free(list);
}

static void reply_list(struct varlink_call *call, json_t *parameters, struct api *api,
		       const char *links, const char *ports)
{
	struct list *list;

	if (!api_read_or_refuse(call, parameters, NULL, 0, NULL))
		return;
	if (varlink_call_may_change(call))
		manager_ask_all(api->manager);
	list = calloc(1, sizeof(*list));
	if (!list) {
		varlink_reply(call, NULL);
		return;
	}
	*list = (struct list){
		.manager = api->manager,
		.listing = { .heads = { links, ports },
			     .link = list_link,
			     .port = list_port,
			     .trusted = varlink_call_may_change(call) },
	};
	list->listing.userdata = list;
	listing_begin(&list->listing, manager_table(api->manager));
	varlink_reply_pieces(call, &(struct varlink_pieces){ .next = list_next,
							     .done = list_done,
							     .userdata = list });
}

void api_method_list(struct varlink_call *call, json_t *parameters, void *userdata)
{
	reply_list(call, parameters, userdata, "{\"links\":[", NULL);
}

void api_method_list_ports(struct varlink_call *call, json_t *parameters, void *userdata)
{
	reply_list(call, parameters, userdata, NULL, "{\"ports\":[");
}
