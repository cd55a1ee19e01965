/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PLUGIN_IPAM_H
#define RPORT_PLUGIN_IPAM_H

/* Running a delegated plugin, which gives out addresses. */

#include "cni.h"

/**
 * ipam_run() - run the IPAM plugin of a request
 * @request: without one, nothing is run
 * @command: "ADD", "DEL", ...
 * @ret: its result, which the caller owns; NULL: it has none, or there is no IPAM plugin. May be NULL
 * @error: its error, or what kept it from running
 *
 * It gets the environment and the configuration that this plugin got (the CNI specification, section
 * 4), but for CNI_COMMAND, and writes to the same standard error.
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int ipam_run(const struct cni_request *request, const char *command, json_t **ret,
	     struct cni_error *error);

#endif
