/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_SPEC_JSON_H
#define RPORT_PORT_SPEC_JSON_H

/* The spec of a port as JSON: for clients, and from one daemon to the next. */

#include <jansson.h>

#include "port/spec.h"

/**
 * spec_json_addresses() - make a JSON array of the addresses of a port: { address, peer }
 * @port: the port; an address without a peer has no such member
 *
 * Return: a new reference, or NULL when out of memory.
 */
json_t *spec_json_addresses(const struct port_spec *port);

/**
 * spec_json_routes() - make a JSON array of the routes of a port, as route_format() writes them
 * @port: the port
 *
 * Return: a new reference, or NULL when out of memory.
 */
json_t *spec_json_routes(const struct port_spec *port);

/**
 * spec_json_write() - make a JSON object of a spec
 * @port: the spec
 *
 * Return: a new reference, or NULL when out of memory.
 */
json_t *spec_json_write(const struct port_spec *port);

/**
 * spec_json_read() - read what spec_json_write() wrote, also that of another version
 * @object: any JSON value; unknown members are ignored
 * @ret: initialised; release it, also after a failure. Members that are missing keep their value,
 *	but the domain is mandatory
 * @err: names the member, or the value, and what is wrong with it
 *
 * Return: 0; -EINVAL when the domain is missing or a value is not valid; -E2BIG with too many
 * addresses or routes; or -ENOMEM.
 */
int spec_json_read(const json_t *object, struct port_spec *ret, struct rport_error *err);

#endif
