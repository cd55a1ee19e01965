/* SPDX-License-Identifier: ISC */

/*
 * CHECK: compares a link, as rportd describes it, with the result of ADD. No system calls.
 *
 * A plugin that comes later in the chain may have changed the MTU (tuning) or removed the route to
 * the subnet of an address: that is no fault. An address or a route of the result that is missing is.
 */

#include <stdio.h>

#include "cni.h"

static int differs(struct cni_error *error, const char *link, const char *what)
{
	return cni_fail(error, CNI_DIFFERS, "the attachment is not as it was made",
			"link %.64s: %s", link, what);
}

/* --- the result of ADD ------------------------------------------------------------------------ */

/* Our interface in the container, in the result; its index, or -ENOENT. */
static int find_interface(const struct cni_request *request, const json_t *result)
{
	const json_t *member;
	size_t i;

	json_array_foreach(json_object_get(result, "interfaces"), i, member)
	{
		if (streq(input_text(member, "name"), request->environment.interface) &&
		    streq(input_text(member, "sandbox"), request->environment.netns))
			return (int)i;
	}
	return -ENOENT;
}

static bool port_has_address(const json_t *port, const struct ip_address *address)
{
	const json_t *member;
	struct ip_prefix had;
	size_t i;

	json_array_foreach(json_object_get(port, "addresses"), i, member)
	{
		if (ip_prefix_parse(input_text(member, "address"), &had) == 0 &&
		    ip_address_equal(&had.address, address))
			return true;
	}
	return false;
}

/* The addresses of the result that are of our interface. */
static int check_addresses(const json_t *result, int interface, const json_t *port,
			   const char *link, struct cni_error *error)
{
	char what[128];
	const json_t *ip;
	size_t i;

	json_array_foreach(json_object_get(result, "ips"), i, ip)
	{
		const char *text = input_text(ip, "address");
		struct ip_prefix prefix;

		if (json_integer_value(json_object_get(ip, "interface")) != interface)
			continue;
		if (ip_prefix_parse(text, &prefix) < 0 ||
		    !port_has_address(port, &prefix.address)) {
			snprintf(what, sizeof(what), "the address %.64s is missing", text);
			return differs(error, link, what);
		}
	}
	return 0;
}

static bool has_route(const json_t *result, const struct ip_prefix *to)
{
	const json_t *route;
	struct ip_prefix dst;
	size_t i;

	json_array_foreach(json_object_get(result, "routes"), i, route)
	{
		if (ip_prefix_parse(input_text(route, "dst"), &dst) == 0 &&
		    ip_prefix_equal(&dst, to))
			return true;
	}
	return false;
}

/* --- drift ------------------------------------------------------------------------------------ */

/* The destination in "the route PREFIX ... is missing". */
static bool missing_route(const char *drift, struct ip_prefix *ret)
{
	const char *destination = skip_prefix(drift, "the route ");
	char text[IP_PREFIX_TEXT_MAX];
	size_t length;

	if (!destination || !strstr(destination, " is missing"))
		return false;
	length = strcspn(destination, " ");
	if (length >= sizeof(text))
		return false;
	memcpy(text, destination, length);
	text[length] = '\0';
	return ip_prefix_parse(text, ret) == 0;
}

/* Is it what a plugin later in the chain may have done? */
static bool drift_is_allowed(const json_t *result, const char *drift)
{
	struct ip_prefix to;

	if (skip_prefix(drift, "mtu ") || strstr(drift, " is not wanted"))
		return true;
	return missing_route(drift, &to) && !has_route(result, &to);
}

static int check_port(const json_t *result, const json_t *port, const char *link,
		      struct cni_error *error)
{
	const json_t *drift;
	size_t i;

	json_array_foreach(json_object_get(port, "drift"), i, drift)
	{
		const char *text = json_string_value(drift);

		if (text && !drift_is_allowed(result, text))
			return differs(error, link, text);
	}
	if (!json_is_true(json_object_get(port, "carrier")))
		return differs(error, link, "it has no carrier");
	return 0;
}

int cni_check_link(const struct cni_request *request, const json_t *link, struct cni_error *error)
{
	const json_t *result = json_object_get(request->config, "prevResult");
	const json_t *a = json_object_get(link, "a"), *b = json_object_get(link, "b");
	const char *name = input_text(link, "name"), *state = input_text(link, "state");
	char what[256];
	int interface, r;

	interface = find_interface(request, result);
	if (interface < 0)
		return cni_fail(error, CNI_INVALID_CONFIG, "invalid network configuration",
				"prevResult has no interface %s in %.128s",
				request->environment.interface, request->environment.netns);
	if (!streq(state, "up")) {
		const char *reason = input_text(a, "reason");

		snprintf(what, sizeof(what), "it is %.16s: %.200s", state,
			 *reason ? reason : input_text(b, "reason"));
		return differs(error, name, what);
	}
	if (!streq(input_text(b, "interface"), request->environment.interface))
		return differs(error, name, "its interface has another name");
	r = check_addresses(result, interface, b, name, error);
	if (r == 0)
		r = check_port(result, a, name, error);
	return r == 0 ? check_port(result, b, name, error) : r;
}
