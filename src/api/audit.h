/* SPDX-License-Identifier: ISC */
#ifndef RPORT_API_AUDIT_H
#define RPORT_API_AUDIT_H

/*
 * The log of who changed what. Each call of a method that changes something is a line, also one
 * that was refused: the method, who called it, the links or ports that it is about, with their
 * domains, and what became of it. A method that has found, or read, what it is about says so before
 * it answers.
 */

#include "api/method.h"
#include "manager/table.h"

/**
 * api_audit() - log a call, as the audit function of the server
 * @call: was answered
 * @reply: borrowed; NULL: it is answered later
 * @userdata: the struct api
 */
void api_audit(const struct varlink_call *call, const json_t *reply, void *userdata);

/**
 * api_about_link() - the call that is being answered is about a link
 * @api: forgets it when the call is answered
 * @link: copied
 */
void api_about_link(struct api *api, const struct rport_link *link);

/**
 * api_about_port() - the call that is being answered is about a port
 * @api: forgets it when the call is answered
 * @port: copied, and the link that it belongs to
 */
void api_about_port(struct api *api, const struct port *port);

/**
 * api_about_ports() - the call that is being answered is about the link that two ports may become
 * @api: forgets it when the call is answered, or is about the link that they have become
 * @port: copied
 * @other: copied
 */
void api_about_ports(struct api *api, const struct port *port, const struct port *other);

/**
 * api_about_spec() - the call that is being answered is about a link, or a port, that may not exist
 * @api: forgets it when the call is answered, or is about a link or port that does
 * @name: of the link; "": it has none yet, or it is a port by itself
 * @specs: of its ports
 * @n_specs: how many, 0 to 2
 */
void api_about_spec(struct api *api, const char *name, const struct port_spec specs[],
		    size_t n_specs);

/**
 * api_about_nothing() - the call that is being answered changes nothing: it is not logged
 * @api: forgets it when the call is answered
 */
void api_about_nothing(struct api *api);

#endif
