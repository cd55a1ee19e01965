/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes what container runtimes and other plugins write: the configuration of a CNI network, the
 * result of an IPAM plugin, a link as rportd describes it, and the input of the netavark plugin.
 *
 * Properties: whatever is taken gives a link with a valid name that tells its network, and no more
 * addresses and routes than their maximum; a refusal has a code and a message; a result can be
 * written.
 */

#include "cni.h"
#include "fuzz.h"
#include "netavark.h"

/* Whatever a message repeats, it can be written as JSON. */
static void require_message(const char *message)
{
	json_t *text = output_message(message);

	fuzz_require(json_is_string(text));
	json_decref(text);
}

static void require_link(const struct plugin_link *link, const struct attachment *attachment)
{
	fuzz_require(link_name_valid(link->name));
	fuzz_require(attachment_in_network(link->name, attachment->runtime, attachment->network));
	fuzz_require(json_array_size(link->container.addresses) <= PLUGIN_ADDRESSES_MAX);
	fuzz_require(json_array_size(link->container.routes) <= PLUGIN_ROUTES_MAX);
	fuzz_require(json_array_size(link->host.routes) <= PLUGIN_ROUTES_MAX);
}

/* --- CNI -------------------------------------------------------------------------------------- */

static void try_request(const struct cni_request *request, const json_t *ipam, const json_t *made)
{
	_cleanup_plugin_link_ struct plugin_link link = { 0 };
	struct cni_error error = { 0 };
	json_t *result;

	fuzz_require(plugin_link_init(&link, &request->attachment, request->domain) == 0);
	if (cni_request_properties(request, link.properties, &error) == 0 && ipam &&
	    cni_result_use_ipam(&link, ipam, &error) == 0) {
		result = cni_result_write(request, ipam, made);
		fuzz_require(!result || json_is_object(result));
		json_decref(result);
	} else {
		fuzz_require(!ipam || error.code != 0);
	}
	require_link(&link, &request->attachment);
	if (made && cni_check_link(request, made, &error) < 0)
		fuzz_require(error.code != 0 && *error.message);
}

static void try_cni(const char *command, char *text, const json_t *ipam, const json_t *made)
{
	const struct cni_environment environment = { .command = command,
						     .container = "container",
						     .netns = "/run/netns/c",
						     .interface = "eth0" };
	struct cni_error error = { 0 };
	struct cni_request request;

	if (cni_request_read(&environment, text, strlen(text), &request, &error) == 0)
		try_request(&request, ipam, made);
	else
		fuzz_require(error.code != 0 && *error.message);
	require_message(error.details);
	cni_request_release(&request);
}

/* --- netavark --------------------------------------------------------------------------------- */

static void try_netavark(json_t *input)
{
	_cleanup_plugin_link_ struct plugin_link link = { 0 };
	struct netavark_error error = { "" };
	struct attachment attachment;
	json_t *network = json_object_get(input, "network");

	if (netavark_attachment(input, &attachment, &error) == 0) {
		fuzz_require(plugin_link_init(&link, &attachment, netavark_domain(network)) == 0);
		if (netavark_fill_link(&link, input, &error) == 0) {
			json_t *status = netavark_status(input, attachment.interface);

			fuzz_require(json_is_object(status));
			json_decref(status);
		} else {
			fuzz_require(*error.message);
		}
		require_link(&link, &attachment);
	}
	if (netavark_check_network(input, &error) < 0)
		fuzz_require(*error.message);
	require_message(error.message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size }, part;
	json_t *objects[3] = { NULL };
	char message[256], *texts[3];

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (!fuzz_take_part(&input, &part))
			part = (struct fuzz_input){ 0 };
		texts[i] = fuzz_text(&part);
		objects[i] = input_object(texts[i], strlen(texts[i]), message, sizeof(message));
	}
	try_cni("ADD", strdup(texts[0]), objects[1], objects[2]);
	try_cni("DEL", strdup(texts[0]), objects[1], objects[2]);
	if (objects[0])
		try_netavark(objects[0]);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		json_decref(objects[i]);
		free(texts[i]);
	}
	return 0;
}
