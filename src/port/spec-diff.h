/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_SPEC_DIFF_H
#define RPORT_PORT_SPEC_DIFF_H

/* In what two specs of a port differ, in words; pure. */

#include "port/spec.h"

/**
 * port_spec_diff() - find the first difference between a port and a requested spec
 * @have: the spec of the port, its domain resolved
 * @want: the requested spec, its domain resolved or not; without an interface name any name will do
 * @ret: the first difference in words: "mtu is 9000, not 1500"; untouched when there is none
 * @size: of @ret, in bytes
 *
 * Return: true when they differ.
 */
bool port_spec_diff(const struct port_spec *have, const struct port_spec *want, char *ret,
		    size_t size);

/**
 * port_spec_fixed_difference() - find the first difference that needs a new device
 * @have: the spec of the port, its domain resolved
 * @want: the requested spec, its domain resolved or not
 *
 * Return: "domain", or the name of the property, as in "made anew, because queues"; NULL when the
 * device can follow.
 */
const char *port_spec_fixed_difference(const struct port_spec *have, const struct port_spec *want);

#endif
