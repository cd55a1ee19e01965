/* SPDX-License-Identifier: ISC */

/* Calls that find out why packets do not pass. */

#include "network/act-private.h"

static int find_local_first(struct work *work, struct port *port)
{
	struct network_local_first local = { 0 };
	bool first[CHECK_FAMILIES] = { false };
	int r = inspect_local_first(port, first);

	for (enum check_family family = CHECK_IPV4; family <= CHECK_IPV6; family++)
		local.first[family] = first[family];
	if (r >= 0)
		message_put_value(work->out, local);
	return r;
}

int act_local_first(struct work *work)
{
	return work_with_port(work, find_local_first, false);
}

/* Its flows and probes are many bytes: not for the stack of a thread that sanitizers watch. */
static int inspect(struct work *work, const struct inspect_end ends[static 2], bool probe)
{
	struct inspect_result *result = malloc(sizeof(*result));

	if (!result)
		return -ENOMEM;
	inspect_link(ends, result);
	if (probe)
		inspect_probe(ends, result);
	message_put_inspected(work->out, result);
	free(result);
	return 0;
}

int act_check(struct work *work)
{
	struct inspect_end ends[2] = { 0 };
	struct port ports[2] = { 0 };
	struct network_check asked;
	int r;

	message_get_value(work->in, &asked);
	for (unsigned int end = 0; end < 2; end++) {
		if (!asked.present[end])
			continue;
		message_get_port(work->in, &ports[end]);
		if (!ports[end].peering.present)
			(void)work_refuse(work);
		ends[end] = (struct inspect_end){ &ports[end], asked.own[end] };
	}
	r = work->in->broken ? work_refuse(work) : inspect(work, ends, asked.probe);
	for (unsigned int end = 0; end < 2; end++)
		message_release_port(&ports[end]);
	return r;
}
