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
 * property_use_standards() - set all properties to what they are where nothing is said
 * @port: the port
 */
void property_use_standards(struct port_spec *port);

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

/**
 * port_spec_set_mtu() - set the MTU of a port
 * @port: the spec; a failure leaves it unchanged
 * @mtu: bytes
 * @err: names the value and the range
 *
 * Return: 0, or -EINVAL outside LINK_MTU_MIN to LINK_MTU_MAX.
 */
int port_spec_set_mtu(struct port_spec *port, int64_t mtu, struct rport_error *err);

/**
 * port_spec_set_queues() - set the number of queues over which the flows of a port are spread
 * @port: the spec; a failure leaves it unchanged
 * @queues: 1 to SPEC_QUEUES_MAX; SPEC_QUEUES_AUTO: as many as the CPUs that rportd may use, at most
 *	SPEC_QUEUES_MAX
 * @err: names the value and the range
 *
 * Return: 0, or -EINVAL outside that range.
 */
int port_spec_set_queues(struct port_spec *port, int64_t queues, struct rport_error *err);

#endif
