/* SPDX-License-Identifier: ISC */

/* Gets what the metrics are made of. */

#include "fetch.h"

static const char *const methods[] = {
	"org.rportd.Manager.List",
	"org.rportd.Manager.ListPorts",
	"org.rportd.Manager.Status",
};

enum ctl_status fetch_metrics(const struct ctl_options *options, struct fetched *ret)
{
	enum ctl_status status = STATUS_DONE;

	*ret = (struct fetched){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(methods) && status == STATUS_DONE; i++)
		status = client_call(options, methods[i], json_object(), &ret->answers[i]);
	ret->metrics = (struct metrics){
		.links = json_object_get(ret->answers[0].parameters, "links"),
		.ports = json_object_get(ret->answers[1].parameters, "ports"),
		.status = ret->answers[2].parameters,
	};
	return status;
}

const char *fetched_message(const struct fetched *fetched)
{
	for (size_t i = 0; i < ARRAY_SIZE(fetched->answers); i++)
		if (fetched->answers[i].status != STATUS_DONE)
			return fetched->answers[i].message;
	return "";
}

void fetched_release(struct fetched *fetched)
{
	for (size_t i = 0; i < ARRAY_SIZE(fetched->answers); i++)
		client_answer_release(&fetched->answers[i]);
}
