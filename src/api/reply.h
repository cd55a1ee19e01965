/* SPDX-License-Identifier: ISC */
#ifndef RPORT_API_REPLY_H
#define RPORT_API_REPLY_H

/* What methods answer alike: errors, and parameters that name a link or a port. */

#include "api/method.h"
#include "api/read.h"

/**
 * api_reply_error() - answer a call with an error of org.rportd.Manager
 * @call: the call
 * @err: borrowed; its kind says which error
 */
void api_reply_error(struct varlink_call *call, const struct rport_error *err);

/**
 * api_reply_error_later() - api_reply_error() for a call that is answered later
 * @later: the call; invalid afterwards
 * @err: borrowed; its kind says which error
 */
void api_reply_error_later(struct varlink_later *later, const struct rport_error *err);

/**
 * api_refuse() - answer a call with what is wrong with its parameters
 * @call: the call
 * @reader: of its parameters, after a failure
 */
void api_refuse(struct varlink_call *call, const struct api_reader *reader);

/**
 * api_read_or_refuse() - read the parameters of a call, or answer it with what is wrong with them
 * @call: the call
 * @parameters: of the call
 * @fields: what the method takes
 * @n_fields: entries of @fields
 * @target: as for api_read_fields()
 *
 * Return: true when they were read; false when the call was answered.
 */
bool api_read_or_refuse(struct varlink_call *call, json_t *parameters,
			const struct api_field *fields, size_t n_fields, void *target);

/**
 * api_named_link() - find the link that the only parameter, "name", names
 * @call: the call
 * @parameters: of the call
 * @manager: has the links
 *
 * Return: the link, owned by the manager; NULL when the call was answered with what is wrong.
 */
struct rport_link *api_named_link(struct varlink_call *call, json_t *parameters,
				  struct manager *manager);

/**
 * api_named_port() - find the port that the only parameter, "port", names
 * @call: the call; for callers that may not change anything only the table of ports is searched:
 *	that a namespace or an interface of that name exists is not for them to know
 * @parameters: of the call
 * @manager: has the ports
 *
 * Return: the port, owned by the manager; NULL when the call was answered with what is wrong.
 */
struct port *api_named_port(struct varlink_call *call, json_t *parameters, struct manager *manager);

/**
 * api_reply_changed() - answer with "changed", and what it is now
 * @call: the call
 * @changed: did the call change anything?
 * @key: name of the other member
 * @value: the other member; the reference is taken over. NULL (out of memory) closes the connection
 */
void api_reply_changed(struct varlink_call *call, bool changed, const char *key, json_t *value);

#endif
