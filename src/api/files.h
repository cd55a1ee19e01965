/* SPDX-License-Identifier: ISC */
#ifndef RPORT_API_FILES_H
#define RPORT_API_FILES_H

/* The methods about NAME.rport files. */

#include "api/method.h"
#include "config/config.h"

API_METHOD(api_method_reload);
API_METHOD(api_method_export);
API_METHOD(api_method_delete_file);

/**
 * api_persist() - have the file of a link say it
 * @api: has the directory to write to
 * @link: marked as configured on success
 * @names: see config_write()
 * @ret: release it with config_written_release()
 * @err: names the file on failure
 *
 * Return: 0, or what config_write() returns.
 */
int api_persist(struct api *api, struct rport_link *link, bool names, struct config_written *ret,
		struct rport_error *err);

/**
 * api_written_to_json() - describe what api_persist() has done
 * @written: zeroed: nothing was to be persisted
 *
 * Return: an object, or null.
 */
json_t *api_written_to_json(const struct config_written *written);

#endif
