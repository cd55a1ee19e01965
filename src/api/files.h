/* SPDX-License-Identifier: ISC */
#ifndef RPORT_API_FILES_H
#define RPORT_API_FILES_H

/* The methods about NAME.rport files. */

#include "api/method.h"

API_METHOD(api_method_reload);
API_METHOD(api_method_export);

/**
 * api_persist() - write the file of a link
 * @api: has the directory to write to
 * @link: marked as configured on success
 * @err: names the file on failure
 *
 * Return: 0, or what config_write() returns.
 */
int api_persist(struct api *api, struct rport_link *link, struct rport_error *err);

#endif
