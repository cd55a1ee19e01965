/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_PROPERTY_H
#define RPORT_PORT_PROPERTY_H

/* The properties of base/property.h in a struct port_spec. */

#include <jansson.h>

#include "base/property.h"
#include "port/spec.h"

/**
 * property_get() - the value that a port is asked to have
 * @port: the port
 * @id: of the property
 *
 * Return: the value; 0 or 1 of a switch.
 */
unsigned int property_get(const struct port_spec *port, enum property_id id);

/**
 * property_set() - ask for another value
 * @port: the port
 * @id: of the property
 * @value: of a client, see property_check()
 * @err: names the value and what is possible
 *
 * Return: 0, or -EINVAL (@port is untouched).
 */
int property_set(struct port_spec *port, enum property_id id, int64_t value,
		 struct rport_error *err);

/**
 * property_differs() - find a property in which two ports differ
 * @a: one
 * @b: the other
 * @fixed: look only at those that a device cannot change
 *
 * Return: the first in the order of the table, or NULL.
 */
const struct property *property_differs(const struct port_spec *a, const struct port_spec *b,
					bool fixed);

/**
 * property_write() - add properties to a JSON object
 * @port: the port
 * @first: the first of them; all that follow in the table are added, too
 * @object: gets a member for each
 */
void property_write(const struct port_spec *port, enum property_id first, json_t *object);

#endif
