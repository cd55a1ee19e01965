/* SPDX-License-Identifier: ISC */

/*
 * Networks and containers, as podman(1) and netavark describe them: checked, and made the parts of a
 * link. No system calls.
 */

#include <stdarg.h>
#include <stdio.h>

#include "netavark.h"

static const char *const known_options[] = { "domain", "metric", "no_default_route" };
static const struct input_keys known = { known_options, ARRAY_SIZE(known_options) };

int netavark_fail(struct netavark_error *error, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(error->message, sizeof(error->message), fmt, args);
	va_end(args);
	return -EINVAL;
}

static int no_memory(struct netavark_error *error)
{
	netavark_fail(error, "out of memory");
	return -ENOMEM;
}

static const char *option_of(const json_t *network, const char *key)
{
	return input_text(json_object_get(network, "options"), key);
}

const char *netavark_domain(const json_t *network)
{
	const char *domain = option_of(network, "domain");

	return *domain ? domain : "default";
}

/* --- options ---------------------------------------------------------------------------------- */

static int refuse_option(const char *key, struct netavark_error *error)
{
	struct nearest nearest;
	const char *meant = input_key_meant(&known, key, &nearest);

	return netavark_fail(error, "unknown option \"%.64s\"%s%s%s; see netavark-rport(8)", key,
			     meant ? ", did you mean \"" : "", meant ? meant : "",
			     meant ? "\"?" : "");
}

/* All options, of which the properties go into @values. */
static int read_options(const json_t *network, json_t *values, struct netavark_error *error)
{
	json_t *options = json_object_get(network, "options"), *value;
	struct rport_error err;
	const char *key;
	int r;

	json_object_foreach(options, key, value)
	{
		if (!json_is_string(value))
			return netavark_fail(error, "option %.64s is not a text", key);
		if (input_key_known(&known, key))
			continue;
		r = input_property(key, value, values, &err);
		if (r == -ENOENT)
			return refuse_option(key, error);
		if (r == -ENOMEM)
			return no_memory(error);
		if (r < 0)
			return netavark_fail(error, "option %.64s: %s", key, err.message);
	}
	return 0;
}

static bool says_yes(const char *text)
{
	return streq(text, "true") || streq(text, "1");
}

static int read_metric(const char *text, uint32_t *ret, struct netavark_error *error)
{
	uint32_t metric = 0;

	for (const char *c = text; *c; c++)
		if (*c < '0' || *c > '9' || __builtin_mul_overflow(metric, 10, &metric) ||
		    __builtin_add_overflow(metric, (uint32_t)(*c - '0'), &metric))
			return netavark_fail(error,
					     "option metric: \"%.64s\" is not a number, 0 to "
					     "4294967295",
					     text);
	*ret = metric;
	return 0;
}

/* --- create ----------------------------------------------------------------------------------- */

static int check_ipam(json_t *network, struct netavark_error *error)
{
	json_t *ipam = json_object_get(network, "ipam_options");
	const char *driver = input_text(ipam, "driver");
	bool subnets = json_array_size(json_object_get(network, "subnets")) > 0;

	if (streq(driver, "none"))
		return subnets ? netavark_fail(error, "--ipam-driver none gives out no addresses: "
						      "leave the subnets out")
			       : 0;
	if (*driver && !streq(driver, "host-local"))
		return netavark_fail(
			error,
			"the IPAM driver %.64s cannot be used: a port has no Ethernet; "
			"use host-local, or none",
			driver);
	if (!subnets)
		return netavark_fail(error, "which addresses? give the network a subnet (--subnet "
					    "10.1.0.0/24), or none (--ipam-driver none)");
	if (*driver)
		return 0;
	if (!json_is_object(ipam)) {
		ipam = json_object();
		if (json_object_set_new(network, "ipam_options", ipam) < 0)
			return no_memory(error);
	}
	return json_object_set_new(ipam, "driver", json_string("host-local")) < 0 ? no_memory(error)
										  : 0;
}

int netavark_check_network(json_t *network, struct netavark_error *error)
{
	json_t *values = json_object();
	uint32_t metric;
	int r;

	if (*input_text(network, "network_interface")) {
		json_decref(values);
		return netavark_fail(error,
				     "--interface-name names a bridge, and this network has none: "
				     "each container has a port of its own");
	}
	r = read_options(network, values, error);
	json_decref(values);
	if (r == 0)
		r = read_metric(option_of(network, "metric"), &metric, error);
	if (r == 0)
		r = check_ipam(network, error);
	/* nobody would answer at the gateway */
	if (r == 0 && json_object_set_new(network, "dns_enabled", json_false()) < 0)
		r = no_memory(error);
	return r;
}

/* --- setup ------------------------------------------------------------------------------------ */

int netavark_attachment(const json_t *input, struct attachment *ret, struct netavark_error *error)
{
	const json_t *network = json_object_get(input, "network");
	const json_t *options = json_object_get(input, "network_options");
	struct attachment attachment = {
		.runtime = NETAVARK_RUNTIME,
		.network = input_text(network, "name"),
		.container = input_text(input, "container_id"),
		.interface = input_text(options, "interface_name"),
	};

	if (!container_name_valid(attachment.network))
		return netavark_fail(error, "the network has no valid name");
	if (!container_name_valid(attachment.container))
		return netavark_fail(error, "the container has no valid container_id");
	if (!ifname_valid(attachment.interface) || !text_printable(attachment.interface))
		return netavark_fail(error, "interface_name \"%.64s\" is not valid",
				     attachment.interface);
	*ret = attachment;
	return 0;
}

static bool contains(const struct ip_prefix *subnet, const struct ip_address *address)
{
	if (subnet->address.family != address->family)
		return false;
	for (unsigned int bit = 0; bit < subnet->length; bit++)
		if ((subnet->address.bytes[bit / 8] ^ address->bytes[bit / 8]) &
		    (0x80 >> (bit % 8)))
			return false;
	return true;
}

/* The subnet of the network that an address is of, or NULL. */
static const json_t *find_subnet(const json_t *network, const struct ip_address *address,
				 struct ip_prefix *ret)
{
	const json_t *member;
	size_t i;

	json_array_foreach(json_object_get(network, "subnets"), i, member)
	{
		if (ip_prefix_parse(input_text(member, "subnet"), ret) == 0 &&
		    contains(ret, address))
			return member;
	}
	return NULL;
}

static int add_address(struct plugin_link *link, const json_t *network, const char *text,
		       struct netavark_error *error)
{
	struct ip_address gateway = { .family = AF_UNSPEC };
	const char *gateway_text;
	struct ip_prefix prefix;
	const json_t *subnet;
	struct ip_address address;
	int r;

	if (ip_address_parse(text, &address) < 0)
		return netavark_fail(error, "invalid address \"%.64s\"", text);
	subnet = find_subnet(network, &address, &prefix);
	if (!subnet)
		return netavark_fail(error, "the address %.64s is in no subnet of the network",
				     text);
	gateway_text = input_text(subnet, "gateway");
	if (*gateway_text && ip_address_parse(gateway_text, &gateway) < 0)
		return netavark_fail(error, "invalid gateway \"%.64s\"", gateway_text);
	prefix.address = address;
	r = plugin_link_add_address(link, &prefix, &gateway);
	if (r == -ENOMEM)
		return no_memory(error);
	return r < 0 ? netavark_fail(error, "the address %.64s cannot be used: %s", text,
				     r == -E2BIG ? "there are too many"
						 : "the gateway is of another family")
		     : 0;
}

static int add_route(struct plugin_link *link, const struct ip_prefix *to, uint32_t metric,
		     struct netavark_error *error)
{
	int r = plugin_link_add_route(link, to, metric);

	if (r == -ENOMEM)
		return no_memory(error);
	return r < 0 ? netavark_fail(error, "there are too many routes") : 0;
}

/* For each family that the container has an address of. */
static int add_default_routes(struct plugin_link *link, const json_t *network, const json_t *ips,
			      struct netavark_error *error)
{
	struct ip_address address;
	uint32_t metric = 0;
	const json_t *ip;
	size_t i;
	int r;

	if (json_is_true(json_object_get(network, "internal")) ||
	    says_yes(option_of(network, "no_default_route")))
		return 0;
	r = read_metric(option_of(network, "metric"), &metric, error);
	json_array_foreach((json_t *)ips, i, ip)
	{
		struct ip_prefix everything = { 0 };

		if (r < 0)
			break;
		if (ip_address_parse(json_string_value(ip), &address) < 0)
			continue;
		everything.address.family = address.family;
		r = add_route(link, &everything, metric, error);
	}
	return r;
}

/* The gateway of a route does not matter: the only next hop of a link is the peer. */
static int add_static_routes(struct plugin_link *link, const json_t *network,
			     struct netavark_error *error)
{
	const json_t *route;
	size_t i;
	int r;

	json_array_foreach(json_object_get(network, "routes"), i, route)
	{
		const char *text = input_text(route, "destination"),
			   *type = input_text(route, "route_type");
		json_int_t metric = json_integer_value(json_object_get(route, "metric"));
		struct ip_prefix to;

		if (*type && !streq(type, "unicast"))
			return netavark_fail(error,
					     "the route to %.64s is %.32s: only unicast can "
					     "go through a port",
					     text, type);
		if (ip_prefix_parse(text, &to) < 0 || metric < 0 || metric > UINT32_MAX)
			return netavark_fail(error, "invalid route to \"%.64s\"", text);
		r = add_route(link, &to, (uint32_t)metric, error);
		if (r < 0)
			return r;
	}
	return 0;
}

static const json_t *static_ips(const json_t *input)
{
	return json_object_get(json_object_get(input, "network_options"), "static_ips");
}

static int refuse_what_ports_lack(const json_t *input, struct netavark_error *error)
{
	const json_t *options = json_object_get(input, "network_options");

	if (*input_text(options, "static_mac"))
		return netavark_fail(error, "a port has no MAC address: leave --mac-address out");
	return 0;
}

int netavark_fill_link(struct plugin_link *link, const json_t *input, struct netavark_error *error)
{
	const json_t *network = json_object_get(input, "network"), *ips = static_ips(input), *ip;
	size_t i;
	int r;

	r = refuse_what_ports_lack(input, error);
	if (r == 0)
		r = read_options(network, link->properties, error);
	json_array_foreach((json_t *)ips, i, ip)
	{
		const char *text = json_string_value(ip);

		if (r == 0)
			r = add_address(link, network, text ? text : "", error);
	}
	if (r == 0)
		r = add_default_routes(link, network, ips, error);
	return r == 0 ? add_static_routes(link, network, error) : r;
}

/* --- the answer of setup ---------------------------------------------------------------------- */

static json_t *address_object(const json_t *network, const char *text)
{
	struct ip_address address;
	struct ip_prefix prefix;
	char ipnet[IP_PREFIX_TEXT_MAX];
	const json_t *subnet;

	if (!text || ip_address_parse(text, &address) < 0)
		return NULL;
	subnet = find_subnet(network, &address, &prefix);
	prefix = (struct ip_prefix){ address, ip_address_bits(address.family) };
	return json_pack("{s:s, s:O*}", "ipnet", ip_prefix_format(&prefix, ipnet), "gateway",
			 json_object_get(subnet, "gateway"));
}

json_t *netavark_status(const json_t *input, const char *interface)
{
	const json_t *network = json_object_get(input, "network"), *ip;
	json_t *subnets = json_array();
	size_t i;

	json_array_foreach((json_t *)static_ips(input), i, ip)
	{
		if (json_array_append_new(subnets, address_object(network, json_string_value(ip))) <
		    0) {
			json_decref(subnets);
			return NULL;
		}
	}
	return json_pack("{s:[], s:[], s:{s:{s:s, s:o}}}", "dns_search_domains", "dns_server_ips",
			 "interfaces", interface, "mac_address", "", "subnets", subnets);
}
