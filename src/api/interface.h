/* SPDX-License-Identifier: ISC */
#ifndef RPORT_API_INTERFACE_H
#define RPORT_API_INTERFACE_H

/* The methods of org.rportd.Manager: parameters in, calls of the manager, replies out. */

#include "manager/reload.h"
#include "varlink/server.h"

struct api;

/* The interface as varlink_server_new() takes it; its userdata is a struct api. */
extern const struct varlink_interface api_interface;

/**
 * api_new() - make what the methods work on
 * @manager: must live as long; its observer is the API's
 * @reloader: of the files in it; must live until the server has ended, and end before the API
 * @config_path: see config_load(); must live as long
 * @ret: free it with api_free(), after the server of its methods
 *
 * Return: 0, or -ENOMEM.
 */
int api_new(struct manager *manager, struct reloader *reloader, const char *config_path,
	    struct api **ret);

/**
 * api_free() - free what the methods work on; takes NULL
 * @api: of api_new(); the server of its methods was freed before
 */
void api_free(struct api *api);

#endif
