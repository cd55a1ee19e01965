/* SPDX-License-Identifier: ISC */

/*
 * The commands ADD and DEL of CNI, and CHECK.
 *
 * Theory of operation
 *
 * ADD asks the IPAM plugin for addresses, and then has rportd make the link, which is one call and
 * leaves nothing behind when it fails. What fails after the IPAM plugin gave addresses has it take
 * them back. When this plugin is killed in between, the runtime calls DEL, as it must after any ADD.
 *
 * DEL finds the link by its name alone. It takes both steps whatever becomes of the other, and an
 * attachment that is not there is success. When rportd does not answer, the link may still be there,
 * or come back when rportd is started: then DEL fails with "try again later" (11), as the runtime is
 * the only one who will.
 *
 * A link whose container is gone without a DEL is pending, and stays so until DEL or GC: the runtime
 * may still call DEL, for example after its own restart, and nobody else knows that it will not.
 */

#include <stdio.h>
#include <sys/stat.h>

#include "cni.h"
#include "ipam.h"

/* --- ADD -------------------------------------------------------------------------------------- */

/* The container must be there, and be another namespace than that of the runtime. */
static int check_netns(const struct cni_request *request, struct cni_error *error)
{
	const char *path = request->environment.netns;
	struct stat own, container;

	if (stat(path, &container) < 0)
		return cni_fail(error,
				errno == ENOENT ? CNI_UNKNOWN_CONTAINER : CNI_INVALID_ENVIRONMENT,
				"the container has no such namespace", "CNI_NETNS=%.256s: %s", path,
				strerror(errno));
	if (stat("/proc/self/ns/net", &own) == 0 && own.st_dev == container.st_dev &&
	    own.st_ino == container.st_ino)
		return cni_fail(error, CNI_INVALID_ENVIRONMENT,
				"the container has no namespace of its own", "CNI_NETNS=%.256s",
				path);
	return 0;
}

static int fail_exists(const struct plugin_link *link, struct cni_error *error)
{
	return cni_fail(error, CNI_EXISTS, "the attachment exists already",
			"it is the link %s; DEL removes it", link->name);
}

/*
 * A runtime should not call ADD twice. Checked before the IPAM plugin gives out another address. A stopped
 * rportd has to be started for it: ADD needs it anyway, and it may have kept the link.
 */
static int check_is_new(const struct plugin_link *link, struct cni_error *error)
{
	struct client_answer answer;
	int r = 0;

	if (plugin_link_show(link->name, true, &answer))
		r = fail_exists(link, error);
	else if (answer.status != STATUS_NOT_FOUND)
		r = cni_fail_with(error, "cannot make the link", &answer);
	client_answer_release(&answer);
	return r;
}

/* When the result cannot be written, the runtime knows nothing of the link: it is removed again. */
static int pair_and_tell(const struct cni_request *request, const struct plugin_link *link,
			 const json_t *ipam, struct cni_error *error)
{
	struct client_answer answer, removed;
	const char *result;
	int r;

	plugin_link_pair(link, &answer);
	if (!client_member(&answer, "link")) {
		r = cni_fail_with(error, "cannot make the link", &answer);
		client_answer_release(&answer);
		return r;
	}
	result = json_string_value(json_object_get(answer.parameters, "result"));
	if (!result || !streq(result, "created")) {
		client_answer_release(&answer);
		return fail_exists(link, error);
	}
	r = output_object(
		cni_result_write(request, ipam, json_object_get(answer.parameters, "link")));
	client_answer_release(&answer);
	if (r == 0)
		return 0;
	plugin_link_unpair(link->name, &removed);
	client_answer_release(&removed);
	return cni_fail(error, CNI_IO_FAILURE, "cannot write the result", "%s", "");
}

static int add_link(const struct cni_request *request, struct plugin_link *link, const json_t *ipam,
		    struct cni_error *error)
{
	int r = 0;

	if (ipam)
		r = cni_result_use_ipam(link, ipam, error);
	return r == 0 ? pair_and_tell(request, link, ipam, error) : r;
}

/* An IPAM plugin that failed is asked to clean up, too (the CNI specification, section 4). */
static int add_with_ipam(const struct cni_request *request, struct plugin_link *link,
			 struct cni_error *error)
{
	struct cni_error ignored;
	json_t *ipam;
	int r;

	r = ipam_run(request, "ADD", &ipam, error);
	if (r == 0)
		r = add_link(request, link, ipam, error);
	json_decref(ipam);
	if (r < 0)
		(void)ipam_run(request, "DEL", NULL, &ignored);
	return r;
}

int cni_add(const struct cni_request *request, struct cni_error *error)
{
	_cleanup_plugin_link_ struct plugin_link link = { 0 };
	int r;

	r = check_netns(request, error);
	if (r < 0)
		return r;
	if (plugin_link_init(&link, &request->attachment, request->domain) < 0)
		return cni_no_memory(error);
	if (plugin_domain_of_path(request->environment.netns, link.container_domain) < 0)
		return cni_fail(error, CNI_INVALID_ENVIRONMENT,
				"a variable of the environment is not valid", "CNI_NETNS=%.256s",
				request->environment.netns);
	r = cni_request_properties(request, link.properties, error);
	if (r == 0)
		r = check_is_new(&link, error);
	return r == 0 ? add_with_ipam(request, &link, error) : r;
}

/* --- DEL -------------------------------------------------------------------------------------- */

int cni_del(const struct cni_request *request, struct cni_error *error)
{
	char name[LINK_NAME_MAX + 1];
	struct client_answer answer;
	int r, unpaired = 0;

	plugin_link_unpair(attachment_link_name(&request->attachment, name), &answer);
	r = ipam_run(request, "DEL", NULL, error);
	if (answer.status != STATUS_DONE)
		unpaired = cni_fail_with(error, "cannot remove the link", &answer);
	client_answer_release(&answer);
	return unpaired < 0 ? unpaired : r;
}

/* --- CHECK ------------------------------------------------------------------------------------ */

int cni_check(const struct cni_request *request, struct cni_error *error)
{
	char name[LINK_NAME_MAX + 1];
	struct client_answer answer;
	const json_t *link;
	int r;

	if (!json_object_get(request->config, "prevResult"))
		return cni_fail(error, CNI_INVALID_CONFIG, "invalid network configuration",
				"\"prevResult\" is missing");
	r = ipam_run(request, "CHECK", NULL, error);
	if (r < 0)
		return r;
	link = plugin_link_show(attachment_link_name(&request->attachment, name), false, &answer);
	if (link)
		r = cni_check_link(request, link, error);
	else if (answer.status == STATUS_NOT_FOUND)
		r = cni_fail(error, CNI_DIFFERS, "the attachment is not as it was made",
			     "there is no link %s", name);
	else
		r = cni_fail_with(error, "cannot look at the link", &answer);
	client_answer_release(&answer);
	return r;
}
