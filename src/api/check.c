/* SPDX-License-Identifier: ISC */

/* The method Check. */

#include <stdio.h>

#include "api/check.h"
#include "api/reply.h"
#include "base/escape.h"
#include "manager/checker.h"
#include "manager/status.h"

/*
 * A call of Check, until the link has been looked at.
 *
 * @trusted: the client may be told of other interfaces than those of the link
 * @later: NULL: the client wants no answer
 * @job: looks at the link
 */
struct check_call {
	bool trusted;
	struct varlink_later *later;
	struct check_job *job;
};

static json_t *end_to_json(int end)
{
	return end < 0 ? json_null() : json_string(end == 0 ? "a" : "b");
}

static json_t *lines_to_json(const char *text)
{
	json_t *lines = json_array();

	while (*text) {
		_cleanup_free_ char *line = strndup(text, strcspn(text, "\n"));

		if (line)
			json_array_append_new(lines, escape_json(line));
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return lines;
}

static void add_finding(const struct check_finding *finding, void *userdata)
{
	json_array_append_new(userdata,
			      json_pack("{s:s, s:s, s:o, s:o, s:o}", "id", finding->id, "severity",
					check_severity_name(finding->severity), "end",
					end_to_json(finding->end), "message",
					escape_json(finding->message), "remedy",
					lines_to_json(finding->remedy)));
}

/* --- probes ----------------------------------------------------------------------------------- */

#define LOST_MAX 256

static const char *const purge_causes[DROP_CAUSES] = {
	[DROP_PEER_DOWN] = "rportd purged it, since the peer is down",
	[DROP_NO_PROTO] = "rportd took it for neither IPv4 nor IPv6",
	[DROP_INVALID] = "the kernel refused it at the peer as malformed",
	[DROP_NO_MEMORY] = "the kernel had no memory for it at the peer",
	[DROP_OTHER] = "the kernel refused it at the peer",
};

/* Where a probe was lost is told by the counter that grew meanwhile. */
static const char *find_loss(const struct check_result *result, const struct inspect_probe *probe,
			     char buf[static LOST_MAX])
{
	const struct check_end *from = &result->facts->ends[probe->from];
	const struct check_drops *after = &result->after[probe->from];

	if (probe->interface_dropped) {
		snprintf(buf, LOST_MAX, "the interface %s dropped it (no carrier, or a full queue)",
			 from->port);
		return buf;
	}
	if (probe->result.sent == -ENOBUFS) {
		snprintf(buf, LOST_MAX,
			 "a filter at the egress of %s dropped it, or its queueing "
			 "discipline",
			 from->port);
		return buf;
	}
	if (probe->result.sent < 0) {
		snprintf(buf, LOST_MAX, "%s did not take it: %s", from->port,
			 strerror(-probe->result.sent));
		return buf;
	}
	for (unsigned int i = 0; i < DROP_CAUSES; i++)
		if (after->counters.drops[i] > from->drops.counters.drops[i])
			return purge_causes[i];
	if (after->counters.packets > from->drops.counters.packets)
		snprintf(buf, LOST_MAX, "it reached %s, where a filter at the ingress dropped it",
			 result->facts->ends[!probe->from].port);
	else
		snprintf(buf, LOST_MAX,
			 "it did not come out of %s: a filter at the egress, or its "
			 "queueing discipline, has it",
			 from->port);
	return buf;
}

static json_t *loss_to_json(const struct check_result *result, const struct inspect_probe *probe)
{
	char buf[LOST_MAX];

	if (probe->error < 0) {
		snprintf(buf, sizeof(buf), "no probe could be sent: %s", strerror(-probe->error));
		return escape_json(buf);
	}
	if (probe->result.arrived)
		return json_null();
	return escape_json(find_loss(result, probe, buf));
}

static json_t *probes_to_json(const struct check_result *result)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < result->n_probes; i++) {
		const struct inspect_probe *probe = &result->probes[i];

		json_array_append_new(
			array, json_pack("{s:o, s:s, s:b, s:b, s:I, s:o}", "from",
					 end_to_json((int)probe->from), "family",
					 probe->family == CHECK_IPV4 ? "ipv4" : "ipv6", "sent",
					 probe->error == 0 && probe->result.sent == 0, "arrived",
					 probe->result.arrived, "microseconds",
					 (json_int_t)probe->result.usec, "lost",
					 loss_to_json(result, probe)));
	}
	return array;
}

/* --- the method ------------------------------------------------------------------------------- */

/* Everybody may look at a link, but the other interfaces of its namespaces are not for all. */
static void hide_others(struct check_facts *facts)
{
	for (unsigned int i = 0; i < facts->n_flows; i++) {
		struct check_flow *flow = &facts->flows[i];

		flow->out.ifname[0] = flow->in.ifname[0] = flow->back.ifname[0] = '\0';
	}
	for (unsigned int end = 0; end < 2; end++)
		for (enum check_family family = CHECK_IPV4; family <= CHECK_IPV6; family++) {
			char *leak = facts->ends[end].seen.leaks[family];

			if (leak[0])
				snprintf(leak, IFNAMSIZ, "another one");
		}
}

static void reply(const struct check_result *result, void *userdata)
{
	struct check_call *check = userdata;
	struct check_facts facts = *result->facts;
	json_t *findings = json_array();

	if (!check->trusted)
		hide_others(&facts);
	check_run(&facts, add_finding, findings);
	if (check->later)
		varlink_later_reply(check->later,
				    json_pack("{s:s, s:o, s:o}", "name", result->facts->link,
					      "findings", findings, "probes",
					      probes_to_json(result)));
	else
		json_decref(findings);
	free(check);
}

static void client_left(void *userdata)
{
	struct check_call *check = userdata;

	checker_forget(check->job);
	free(check);
}

struct check_parameters {
	const char *name;
	bool probe;
};

static const struct api_field check_fields[] = {
	API_REQUIRED("name", api_field_string, offsetof(struct check_parameters, name)),
	API_OPTIONAL("probe", api_field_bool, offsetof(struct check_parameters, probe)),
};

static void begin(struct varlink_call *call, struct api *api, struct rport_link *link, bool probe)
{
	struct check_call *check = calloc(1, sizeof(*check));
	const struct check_request request = {
		.link = link,
		.probe = probe,
		.trusted = varlink_call_may_change(call),
		.done = reply,
		.userdata = check,
	};

	if (check)
		check->trusted = request.trusted;
	if (!check || checker_begin(api->checker, &request, &check->job) < 0) {
		free(check);
		varlink_reply(call, NULL);
		return;
	}
	check->later = varlink_later_new(call, client_left, check);
}

void api_method_check(struct varlink_call *call, json_t *json, void *userdata)
{
	struct check_parameters parameters = { 0 };
	struct api *api = userdata;
	struct rport_link *link;
	struct rport_error err;

	if (!api_read_or_refuse(call, json, check_fields, ARRAY_SIZE(check_fields), &parameters))
		return;
	if (parameters.probe && !varlink_call_may_change(call)) {
		varlink_error(call, "org.varlink.service.PermissionDenied", NULL);
		return;
	}
	if (table_find_link(manager_table(api->manager), parameters.name, &link, &err) < 0) {
		api_reply_error(call, &err);
		return;
	}
	begin(call, api, link, parameters.probe);
}
