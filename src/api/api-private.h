/* SPDX-License-Identifier: ISC */
#ifndef RPORT_API_API_PRIVATE_H
#define RPORT_API_API_PRIVATE_H

/* What the files of the API share: interface.c links and ports, files.c files, monitor.c
 * changes.
 */

#include "api/read.h"
#include "api/interface.h"

#define API_INTERFACE "org.rportd.Manager"

struct api_monitor;

struct api {
	struct manager *manager;
	const char *config_path;
	struct api_monitor *monitor;
};

/**
 * api_reply_error() - answer with an error
 */
void api_reply_error(struct varlink_call *call, const struct rport_error *err);

/**
 * api_refuse() - answer with what is wrong with the parameters
 */
void api_refuse(struct varlink_call *call, const struct api_reader *reader);

/**
 * api_find_link() - the link that the parameter "name" names
 * Return: 0 or -errno, with the reader saying what is wrong.
 */
int api_find_link(struct api_reader *reader, json_t *parameters, struct manager *manager,
		  struct rport_link **ret);

/**
 * api_named_link() - the link that the one parameter "name" names
 * Return: it, or NULL, and the call has been answered with what is wrong.
 */
struct rport_link *api_named_link(struct varlink_call *call, json_t *parameters,
				  struct manager *manager);

/* --- list.c --- */

void api_method_list(struct varlink_call *call, json_t *parameters, void *userdata);
void api_method_list_ports(struct varlink_call *call, json_t *parameters, void *userdata);

/* --- files.c --- */

/**
 * api_persist() - write the file of a link
 */
int api_persist(struct api *api, struct rport_link *link, struct rport_error *err);

void api_method_reload(struct varlink_call *call, json_t *parameters, void *userdata);
void api_method_export(struct varlink_call *call, json_t *parameters, void *userdata);

/* --- monitor.c --- */

int api_monitor_new(struct manager *manager, struct api_monitor **ret);
void api_monitor_free(struct api_monitor *monitor);
void api_method_monitor(struct varlink_call *call, json_t *parameters, void *userdata);

#endif
