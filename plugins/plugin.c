/* SPDX-License-Identifier: ISC */

/* The link of an attachment: its ends, and the calls that make and remove it. */

#include <stdio.h>

#include "plugin.h"
#include "base/route.h"

/* --- namespaces ------------------------------------------------------------------------------- */

/*
 * The end of a process is an event; a file in /proc is only looked at from time to time. A last
 * component "vrf:NAME" would be taken for a VRF.
 */
int plugin_domain_of_path(const char *path, char buf[static PLUGIN_DOMAIN_TEXT_MAX])
{
	const char *last = strrchr(path, '/');
	pid_t pid = netns_path_pid(path);

	if (*path != '/' || strlen(path) > NAME_MAX || skip_prefix(last, "/vrf:") ||
	    !text_printable(path))
		return -EINVAL;
	if (pid > 0)
		snprintf(buf, PLUGIN_DOMAIN_TEXT_MAX, "pid:%d", pid);
	else
		snprintf(buf, PLUGIN_DOMAIN_TEXT_MAX, "netns:%s", path);
	return 0;
}

/* --- what a link is made of ------------------------------------------------------------------- */

int plugin_link_init(struct plugin_link *link, const struct attachment *attachment,
		     const char *domain)
{
	*link = (struct plugin_link){
		.domain = domain,
		.interface = attachment->interface,
		.host = { json_array(), json_array() },
		.container = { json_array(), json_array() },
		.properties = json_object(),
	};
	attachment_link_name(attachment, link->name);
	return link->host.addresses && link->host.routes && link->container.addresses &&
			       link->container.routes && link->properties
		       ? 0
		       : -ENOMEM;
}

void plugin_link_release(struct plugin_link *link)
{
	json_decref(link->host.addresses);
	json_decref(link->host.routes);
	json_decref(link->container.addresses);
	json_decref(link->container.routes);
	json_decref(link->properties);
	*link = (struct plugin_link){ 0 };
}

/* Finds the address in a list of an end, with any length. */
static bool has_address(const json_t *addresses, const struct ip_address *address)
{
	struct ip_prefix had;
	const json_t *member;
	size_t i;

	json_array_foreach((json_t *)addresses, i, member)
	{
		const char *text = json_string_value(json_object_get(member, "address"));

		if (text && ip_prefix_parse(text, &had) == 0 &&
		    ip_address_equal(&had.address, address))
			return true;
	}
	return false;
}

static struct ip_prefix host_prefix(const struct ip_address *address)
{
	return (struct ip_prefix){ *address, ip_address_bits(address->family) };
}

static int append_address(json_t *addresses, const struct ip_address *address,
			  const struct ip_address *peer)
{
	struct ip_prefix prefix = host_prefix(address);
	char text[IP_PREFIX_TEXT_MAX], peer_text[IP_TEXT_MAX];
	json_t *object;

	object = json_pack("{s:s, s:s*}", "address", ip_prefix_format(&prefix, text), "peer",
			   peer ? ip_address_format(peer, peer_text) : NULL);
	return json_array_append_new(addresses, object) < 0 ? -ENOMEM : 0;
}

static bool has_text(const json_t *array, const char *text)
{
	const json_t *member;
	size_t i;

	json_array_foreach((json_t *)array, i, member)
	{
		if (streq(json_string_value(member), text))
			return true;
	}
	return false;
}

static void clear_host_bits(struct ip_prefix *prefix)
{
	for (unsigned int bit = prefix->length; bit < ip_address_bits(prefix->address.family);
	     bit++)
		prefix->address.bytes[bit / 8] &= (unsigned char)~(0x80 >> (bit % 8));
}

static int append_route(json_t *routes, const struct ip_prefix *to, uint32_t metric)
{
	struct route_spec route = { .to = *to, .metric = metric };
	char text[ROUTE_TEXT_MAX];

	clear_host_bits(&route.to);
	route_format(&route, text);
	if (has_text(routes, text))
		return 0;
	if (json_array_size(routes) >= PLUGIN_ROUTES_MAX)
		return -E2BIG;
	return json_array_append_new(routes, json_string(text)) < 0 ? -ENOMEM : 0;
}

int plugin_link_add_route(struct plugin_link *link, const struct ip_prefix *to, uint32_t metric)
{
	return append_route(link->container.routes, to, metric);
}

/* An end has an address once: a second peer of it is reached by a route. */
static int add_host_end(struct plugin_link *link, const struct ip_address *address,
			const struct ip_address *gateway)
{
	struct ip_prefix to = host_prefix(address);

	if (gateway->family == AF_UNSPEC || has_address(link->host.addresses, gateway))
		return append_route(link->host.routes, &to, 0);
	return append_address(link->host.addresses, gateway, address);
}

int plugin_link_add_address(struct plugin_link *link, const struct ip_prefix *subnet,
			    const struct ip_address *gateway)
{
	const struct ip_address *address = &subnet->address, *peer = gateway;
	int r;

	if (gateway->family != AF_UNSPEC && gateway->family != address->family)
		return -EINVAL;
	if (json_array_size(link->container.addresses) >= PLUGIN_ADDRESSES_MAX)
		return -E2BIG;
	if (gateway->family == AF_UNSPEC || has_address(link->host.addresses, gateway))
		peer = NULL;
	r = add_host_end(link, address, gateway);
	if (r == 0)
		r = append_address(link->container.addresses, address, peer);
	if (r == 0 && subnet->length < ip_address_bits(address->family))
		r = append_route(link->container.routes, subnet, 0);
	return r;
}

/* --- calls ------------------------------------------------------------------------------------ */

static json_t *end_parameters(const char *domain, const char *interface,
			      const struct plugin_end *end)
{
	return json_pack("{s:s, s:s*, s:O, s:O}", "domain", domain, "interface", interface,
			 "addresses", end->addresses, "routes", end->routes);
}

enum ctl_status plugin_link_pair(const struct plugin_link *link, struct client_answer *answer)
{
	static const struct ctl_options options;
	json_t *parameters = json_pack(
		"{s:s, s:b, s:o, s:o}", "name", link->name, "replace", link->replace, "a",
		end_parameters(link->domain, NULL, &link->host), "b",
		end_parameters(link->container_domain, link->interface, &link->container));

	if (parameters && json_object_update(parameters, link->properties) < 0) {
		json_decref(parameters);
		parameters = NULL;
	}
	return client_call(&options, "org.rportd.Manager.Pair", parameters, answer);
}

const json_t *plugin_link_show(const char *name, bool start, struct client_answer *answer)
{
	const struct ctl_options options = { .start = start };

	client_call(&options, "org.rportd.Manager.Show", json_pack("{s:s}", "name", name), answer);
	return client_member(answer, "link");
}

enum ctl_status plugin_link_unpair(const char *name, struct client_answer *answer)
{
	static const struct ctl_options options;

	client_call(&options, "org.rportd.Manager.Unpair", json_pack("{s:s}", "name", name),
		    answer);
	if (answer->status == STATUS_NOT_FOUND)
		answer->status = STATUS_DONE;
	return answer->status;
}
