/* SPDX-License-Identifier: ISC */

/* Results: what an IPAM plugin gives, and what ADD gives. No system calls. */

#include <stdio.h>

#include "cni.h"

#define NO_MAC "00:00:00:00:00:00"

/* --- what an IPAM plugin gives ---------------------------------------------------------------- */

static int refuse_result(struct cni_error *error, const char *what, const char *value)
{
	return cni_fail(error, CNI_DELEGATE, "the result of the IPAM plugin is of no use",
			"%s \"%.64s\"", what, value ? value : "");
}

static int outcome(int r, const char *what, const char *value, struct cni_error *error)
{
	switch (r) {
	case 0:
		return 0;
	case -ENOMEM:
		return cni_no_memory(error);
	case -E2BIG:
		return refuse_result(error, "too many of them:", value);
	default:
		return refuse_result(error, what, value);
	}
}

static int use_address(struct plugin_link *link, const json_t *ip, struct cni_error *error)
{
	const char *text = json_string_value(json_object_get(ip, "address"));
	const char *gateway_text = json_string_value(json_object_get(ip, "gateway"));
	struct ip_address gateway = { .family = AF_UNSPEC };
	struct ip_prefix address;

	if (!text || ip_prefix_parse(text, &address) < 0)
		return refuse_result(error, "invalid address", text);
	if (gateway_text && *gateway_text && ip_address_parse(gateway_text, &gateway) < 0)
		return refuse_result(error, "invalid gateway", gateway_text);
	return outcome(plugin_link_add_address(link, &address, &gateway), "invalid gateway",
		       gateway_text, error);
}

/* Refuse what a route of a port cannot have. "gw" does not matter: the only next hop is the peer. */
static int refuse_fields(const json_t *route, struct cni_error *error)
{
	static const char *const fields[] = { "mtu", "advmss", "table", "scope" };

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const json_t *value = json_object_get(route, fields[i]);

		if (value && !json_is_null(value))
			return cni_fail(error, CNI_UNSUPPORTED_FIELD,
					"unsupported field in a route", "\"%s\": %lld", fields[i],
					(long long)json_integer_value(value));
	}
	return 0;
}

static int use_route(struct plugin_link *link, const json_t *route, struct cni_error *error)
{
	const char *text = json_string_value(json_object_get(route, "dst"));
	json_int_t metric = json_integer_value(json_object_get(route, "priority"));
	struct ip_prefix to;
	int r;

	if (!text || ip_prefix_parse(text, &to) < 0)
		return refuse_result(error, "invalid destination of a route", text);
	if (metric < 0 || metric > UINT32_MAX)
		return refuse_result(error, "invalid priority of the route to", text);
	r = refuse_fields(route, error);
	if (r < 0)
		return r;
	return outcome(plugin_link_add_route(link, &to, (uint32_t)metric), "invalid route", text,
		       error);
}

int cni_result_use_ipam(struct plugin_link *link, const json_t *ipam, struct cni_error *error)
{
	const json_t *ips = json_object_get(ipam, "ips"), *routes = json_object_get(ipam, "routes");
	const json_t *member;
	size_t i;
	int r;

	if (json_array_size(ips) == 0)
		return cni_fail(error, CNI_DELEGATE, "the result of the IPAM plugin is of no use",
				"it has no addresses (\"ips\")");
	json_array_foreach((json_t *)ips, i, member)
	{
		r = use_address(link, member, error);
		if (r < 0)
			return r;
	}
	json_array_foreach((json_t *)routes, i, member)
	{
		r = use_route(link, member, error);
		if (r < 0)
			return r;
	}
	return 0;
}

/* --- the result of ADD ------------------------------------------------------------------------ */

/*
 * The MTU came with CNI 1.1. A port has no hardware address; podman(1) does not take an interface
 * with a sandbox and without one, so it gets the one that a loopback interface has.
 */
static json_t *interface_object(const struct cni_request *request, const json_t *port,
				const char *sandbox)
{
	json_t *mtu = NULL;

	if (cni_version_at_least(request->version, "1.1.0"))
		mtu = json_object_get(port, "mtu");
	return json_pack("{s:O, s:s*, s:O*, s:s}", "name", json_object_get(port, "interface"),
			 "mac", *sandbox ? NO_MAC : NULL, "mtu", mtu, "sandbox", sandbox);
}

/* The address with its whole length, as the port has it. */
static json_t *ip_object(const struct cni_request *request, const json_t *ip, json_int_t interface)
{
	const char *text = json_string_value(json_object_get(ip, "address"));
	char address[IP_PREFIX_TEXT_MAX];
	const char *version = NULL;
	struct ip_prefix prefix;

	if (!text || ip_prefix_parse(text, &prefix) < 0)
		return NULL;
	prefix.length = ip_address_bits(prefix.address.family);
	if (!cni_version_at_least(request->version, "1.0.0"))
		version = prefix.address.family == AF_INET ? "4" : "6";
	return json_pack("{s:s*, s:s, s:O*, s:I}", "version", version, "address",
			 ip_prefix_format(&prefix, address), "gateway",
			 json_object_get(ip, "gateway"), "interface", interface);
}

static json_t *route_object(const json_t *route)
{
	return json_pack("{s:O, s:O*}", "dst", json_object_get(route, "dst"), "priority",
			 json_object_get(route, "priority"));
}

/* Return: the array with this key, which is added if it is missing; NULL when out of memory. */
static json_t *result_array(json_t *result, const char *key)
{
	json_t *array = json_object_get(result, key);

	if (json_is_array(array))
		return array;
	array = json_array();
	return json_object_set_new(result, key, array) < 0 ? NULL : array;
}

static int add_interfaces(json_t *result, const struct cni_request *request, const json_t *made,
			  json_int_t *ret_container)
{
	const json_t *a = json_object_get(made, "a"), *b = json_object_get(made, "b");
	const char *domain = json_string_value(json_object_get(a, "domain"));
	json_t *interfaces = result_array(result, "interfaces");
	char sandbox[NETNS_PATH_MAX];

	if (!domain || netns_path_of_domain(domain, sandbox) < 0 ||
	    json_array_append_new(interfaces, interface_object(request, a, sandbox)) < 0 ||
	    json_array_append_new(interfaces,
				  interface_object(request, b, request->environment.netns)) < 0)
		return -ENOMEM;
	*ret_container = (json_int_t)json_array_size(interfaces) - 1;
	return 0;
}

static int add_addresses(json_t *result, const struct cni_request *request, const json_t *ipam,
			 json_int_t interface)
{
	json_t *ips = result_array(result, "ips"), *routes = result_array(result, "routes");
	const json_t *member;
	size_t i;

	json_array_foreach(json_object_get(ipam, "ips"), i, member)
	{
		if (json_array_append_new(ips, ip_object(request, member, interface)) < 0)
			return -ENOMEM;
	}
	json_array_foreach(json_object_get(ipam, "routes"), i, member)
	{
		if (json_array_append_new(routes, route_object(member)) < 0)
			return -ENOMEM;
	}
	return ips && routes ? 0 : -ENOMEM;
}

/* Of the configuration if it says something, else of the IPAM plugin. */
static int add_dns(json_t *result, const struct cni_request *request, const json_t *ipam)
{
	json_t *dns = json_object_get(request->config, "dns");

	if (json_object_size(dns) == 0)
		dns = json_object_get(ipam, "dns");
	if (!json_is_object(dns))
		return 0;
	return json_object_set(result, "dns", dns);
}

json_t *cni_result_write(const struct cni_request *request, const json_t *ipam, const json_t *made)
{
	const json_t *before = json_object_get(request->config, "prevResult");
	json_t *result = before ? json_deep_copy(before) : json_object();
	json_int_t interface;

	if (!result ||
	    json_object_set_new(result, "cniVersion", json_string(request->version)) < 0 ||
	    add_interfaces(result, request, made, &interface) < 0 ||
	    add_addresses(result, request, ipam, interface) < 0 ||
	    add_dns(result, request, ipam) < 0) {
		json_decref(result);
		return NULL;
	}
	return result;
}
