/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_SPEC_JSON_H
#define RPORT_PORT_SPEC_JSON_H

/* What a port was asked to be, as JSON: to clients, and from one daemon to the next. */

#include <jansson.h>

#include "port/spec.h"

/**
 * spec_json_addresses() - an array of { address, peer }
 * Return: a new reference, or NULL when out of memory.
 */
json_t *spec_json_addresses(const struct port_spec *port);

/**
 * spec_json_routes() - an array of routes, as base/route.h writes them
 * Return: a new reference, or NULL when out of memory.
 */
json_t *spec_json_routes(const struct port_spec *port);

/**
 * spec_json_write() - all of it
 * Return: a new reference, or NULL when out of memory.
 */
json_t *spec_json_write(const struct port_spec *port);

/**
 * spec_json_read() - read what spec_json_write() wrote, also that of another version
 * @ret: initialised; release it, also after a failure. What is not said stays as it is
 *
 * Return: 0, or -EINVAL when something is said that cannot be.
 */
int spec_json_read(const json_t *object, struct port_spec *ret, struct rport_error *err);

#endif
