/* SPDX-License-Identifier: ISC */

/* The method Status. */

#ifdef HAVE_CONFIG_H
#include "build-config.h"
#endif

#include "api/reply.h"
#include "api/status.h"
#include "manager/status.h"

static json_t *workers_to_json(struct manager *manager)
{
	json_t *array = json_array();
	struct shuttle_worker worker;

	for (unsigned int i = 0; manager_get_worker(manager, i, &worker); i++)
		json_array_append_new(array, json_pack("{s:I, s:I}", "cpuMicroseconds",
						       (json_int_t)(worker.cpu_ns / 1000), "flows",
						       (json_int_t)worker.flows));
	return array;
}

void api_method_status(struct varlink_call *call, json_t *parameters, void *userdata)
{
	struct api *api = userdata;
	const struct table *table = manager_table(api->manager);
	const struct manager_counts *counts = manager_get_counts(api->manager);

	if (!api_read_or_refuse(call, parameters, NULL, 0, NULL))
		return;
	varlink_reply(call,
		      json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "version",
				PACKAGE_VERSION, "datapath", manager_datapath(api->manager), "pid",
				(json_int_t)getpid(), "links", (json_int_t)table->n_links, "ports",
				(json_int_t)table->n_ports, "pending",
				(json_int_t)manager_n_pending(api->manager), "attempts",
				(json_int_t)counts->attempts, "failures",
				(json_int_t)counts->failures, "losses", (json_int_t)counts->losses,
				"workers", workers_to_json(api->manager)));
}
