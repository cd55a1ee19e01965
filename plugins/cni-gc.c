/* SPDX-License-Identifier: ISC */

/* The commands GC and STATUS of CNI. */

#include <stdio.h>

#include "cni.h"
#include "ipam.h"

#define ATTACHMENTS_KEY "cni.dev/valid-attachments"

/* --- GC --------------------------------------------------------------------------------------- */

/* The names of the links that stay, as the keys of an object. */
static int valid_links(const struct cni_request *request, json_t *names, struct cni_error *error)
{
	const json_t *attachments = json_object_get(request->config, ATTACHMENTS_KEY);
	const json_t *member;
	size_t i;

	/* an empty list, as encoding/json of Go writes it */
	if (json_is_null(attachments))
		return 0;
	if (!json_is_array(attachments))
		return cni_fail(error, CNI_INVALID_CONFIG, "invalid network configuration",
				"\"" ATTACHMENTS_KEY "\" is %s",
				attachments ? "not an array" : "missing");
	json_array_foreach((json_t *)attachments, i, member)
	{
		struct attachment attachment = request->attachment;
		char name[LINK_NAME_MAX + 1];

		attachment.container = json_string_value(json_object_get(member, "containerID"));
		attachment.interface = json_string_value(json_object_get(member, "ifname"));
		/* the link of an entry that is skipped would be removed */
		if (!attachment.container || !attachment.interface)
			return cni_fail(error, CNI_INVALID_CONFIG, "invalid network configuration",
					"number %zu of \"" ATTACHMENTS_KEY
					"\" has no \"containerID\" or no \"ifname\"",
					i);
		if (json_object_set_new(names, attachment_link_name(&attachment, name),
					json_true()) < 0)
			return cni_no_memory(error);
	}
	return 0;
}

/* The names of the links of the network that do not stay. */
static json_t *stale_links(const struct cni_request *request, const json_t *links,
			   const json_t *valid)
{
	json_t *stale = json_array();
	const json_t *link;
	size_t i;

	json_array_foreach((json_t *)links, i, link)
	{
		const char *name = json_string_value(json_object_get(link, "name"));

		if (name && attachment_in_network(name, CNI_RUNTIME, request->attachment.network) &&
		    !json_object_get(valid, name) &&
		    json_array_append_new(stale, json_string(name)) < 0) {
			json_decref(stale);
			return NULL;
		}
	}
	return stale;
}

static int remove_link(const char *name, struct cni_error *error)
{
	char what[sizeof("cannot remove the link ") + LINK_NAME_MAX];
	struct client_answer answer;
	int r = 0;

	if (plugin_link_unpair(name, &answer) != STATUS_DONE) {
		snprintf(what, sizeof(what), "cannot remove the link %.*s", LINK_NAME_MAX, name);
		r = cni_fail_with(error, what, &answer);
	}
	client_answer_release(&answer);
	return r;
}

/* Go on after a failure; report the first one. */
static int remove_links(const json_t *names, struct cni_error *error)
{
	struct cni_error ignored;
	const json_t *name;
	size_t i;
	int r = 0;

	json_array_foreach((json_t *)names, i, name)
	{
		int failed = remove_link(json_string_value(name), r < 0 ? &ignored : error);

		r = r < 0 ? r : failed;
	}
	return r;
}

static int collect_links(const struct cni_request *request, const json_t *valid,
			 struct cni_error *error)
{
	static const struct ctl_options options;
	struct client_answer answer;
	const json_t *links;
	json_t *stale = NULL;
	int r;

	client_call(&options, "org.rportd.Manager.List", json_object(), &answer);
	links = client_member(&answer, "links");
	if (!links)
		r = cni_fail_with(error, "cannot list the links", &answer);
	else if (!(stale = stale_links(request, links, valid)))
		r = cni_no_memory(error);
	else
		r = remove_links(stale, error);
	json_decref(stale);
	client_answer_release(&answer);
	return r;
}

int cni_gc(const struct cni_request *request, struct cni_error *error)
{
	json_t *valid = json_object();
	struct cni_error ignored;
	int r, ipam;

	r = valid ? valid_links(request, valid, error) : cni_no_memory(error);
	if (r == 0) {
		r = collect_links(request, valid, error);
		ipam = ipam_run(request, "GC", NULL, r < 0 ? &ignored : error);
		r = r < 0 ? r : ipam;
	}
	json_decref(valid);
	return r;
}

/* --- STATUS ----------------------------------------------------------------------------------- */

/*
 * The runtime asks whether ADD can be served, and may call no ADD until it can. ADD starts a stopped
 * rportd for which systemd listens, so that this is as good as a running one; STATUS itself, which
 * runtimes call again and again, does not start what an administrator has stopped.
 */
int cni_status(const struct cni_request *request, struct cni_error *error)
{
	static const struct ctl_options options;
	struct client_answer answer;
	int r = 0;

	client_call(&options, "org.rportd.Manager.Status", json_object(), &answer);
	if (answer.status != STATUS_DONE &&
	    !(answer.status == STATUS_NO_DAEMON && client_can_start(&options)))
		r = cni_fail(error, CNI_NOT_AVAILABLE, "rportd does not answer", "%s",
			     answer.message);
	client_answer_release(&answer);
	return r == 0 ? ipam_run(request, "STATUS", NULL, error) : r;
}
