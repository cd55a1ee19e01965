/* SPDX-License-Identifier: ISC */
#ifndef RPORT_API_WRITE_H
#define RPORT_API_WRITE_H

/* Ports and links as JSON, in the types of org.rportd.Manager. */

#include <jansson.h>

#include "manager/options.h"

/**
 * api_port_to_json() - write a port as a Port of org.rportd.Manager, as the daemon knows it
 * @port: any port
 *
 * Return: a new reference, or NULL when out of memory.
 */
json_t *api_port_to_json(const struct port *port);

/**
 * api_link_to_json() - write a link as a Link of org.rportd.Manager, as the daemon knows it
 * @manager: for the name of the data path
 * @link: any link
 *
 * Return: a new reference, or NULL when out of memory.
 */
json_t *api_link_to_json(struct manager *manager, const struct rport_link *link);

#endif
