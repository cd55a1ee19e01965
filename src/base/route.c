/* SPDX-License-Identifier: ISC */

/* Routes as users write them. */

#include <stdio.h>

#include "base/route.h"

#define BLANKS    " \t"
#define WORDS_MAX 256 /* bytes of a route; the longest that is valid is ROUTE_TEXT_MAX */

static int invalid(struct rport_error *err, const char *text, const char *flaw)
{
	return rport_error_set(err, RPORT_ERR_INVALID, EINVAL, "\"%s\" %s", text, flaw);
}

static int parse_prefix(const char *text, struct ip_prefix *ret, struct rport_error *err)
{
	if (ip_prefix_parse(text, ret) < 0)
		return invalid(err, text, "is not a network: use PREFIX/LENGTH, or default");
	if (ip_prefix_has_host_bits(ret))
		return rport_error_set(
			err, RPORT_ERR_INVALID, EINVAL,
			"\"%s\" is not a network: bits are set beyond its length of %u", text,
			ret->length);
	return 0;
}

/* --- words ------------------------------------------------------------------------------------ */

static int parse_address(const char *text, const char *word, struct ip_address *ret,
			 struct rport_error *err)
{
	char printed[IP_TEXT_MAX];
	const char *flaw;

	if (ip_address_parse(text, ret) < 0)
		return rport_error_set(err, RPORT_ERR_INVALID, EINVAL,
				       "%s \"%s\": this is not an IPv4 or IPv6 address", word,
				       text);
	flaw = ip_address_flaw(ret);
	if (flaw)
		return rport_error_set(err, RPORT_ERR_INVALID, EINVAL, "%s %s is not possible: %s",
				       word, ip_address_format(ret, printed), flaw);
	return 0;
}

static int take_via(const char *text, struct route_spec *route, struct rport_error *err)
{
	return parse_address(text, "via", &route->via, err);
}

static int take_src(const char *text, struct route_spec *route, struct rport_error *err)
{
	return parse_address(text, "src", &route->src, err);
}

/* Decimal digits alone: strtoul() would let signs and blanks pass. */
static bool parse_number(const char *text, uint32_t *ret)
{
	uint32_t n = 0;

	for (const char *c = text; *c; c++)
		if (*c < '0' || *c > '9' || __builtin_mul_overflow(n, 10u, &n) ||
		    __builtin_add_overflow(n, (uint32_t)(*c - '0'), &n))
			return false;
	*ret = n;
	return n > 0;
}

static int take_metric(const char *text, struct route_spec *route, struct rport_error *err)
{
	uint32_t metric = 0;

	if (!parse_number(text, &metric))
		return rport_error_set(err, RPORT_ERR_INVALID, EINVAL,
				       "metric \"%s\" is not possible: it must be 1 to 4294967295",
				       text);
	route->metric = metric;
	return 0;
}

static const struct word {
	const char *name;
	int (*take)(const char *text, struct route_spec *route, struct rport_error *err);
} words[] = {
	{ "via", take_via },
	{ "metric", take_metric },
	{ "src", take_src },
};

static const struct word *find_word(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (streq(words[i].name, name))
			return &words[i];
	return NULL;
}

/* @rest: what follows the network. Words come in any order, as with ip(8), each once. */
static int take_words(char *rest, struct route_spec *route, struct rport_error *err)
{
	bool taken[ARRAY_SIZE(words)] = { false };
	char *name, *value, *next = rest;
	int r = 0;

	while (r >= 0 && (name = strtok_r(NULL, BLANKS, &next))) {
		const struct word *word = find_word(name);

		if (!word)
			return invalid(err, name,
				       "has no meaning in a route, which is PREFIX [via ADDRESS] "
				       "[metric N] [src ADDRESS]");
		if (taken[word - words])
			return invalid(err, name, "is given twice");
		taken[word - words] = true;
		value = strtok_r(NULL, BLANKS, &next);
		if (!value)
			return invalid(err, name, "needs a value");
		r = word->take(value, route, err);
	}
	return r;
}

/* --- all of it -------------------------------------------------------------------------------- */

static int other_family(const struct route_spec *route, const char *word,
			const struct ip_address *address, struct rport_error *err)
{
	char prefix[IP_PREFIX_TEXT_MAX], text[IP_TEXT_MAX];

	if (address->family == AF_UNSPEC || address->family == route->to.address.family)
		return 0;
	return rport_error_set(err, RPORT_ERR_INVALID, EINVAL,
			       "%s %s is of another family than the network %s", word,
			       ip_address_format(address, text),
			       ip_prefix_format(&route->to, prefix));
}

static const char *default_network(const struct route_spec *route)
{
	return route->via.family == AF_INET6 || route->src.family == AF_INET6 ? "::/0"
									      : "0.0.0.0/0";
}

int route_parse(const char *text, struct route_spec *ret, struct rport_error *err)
{
	char copy[WORDS_MAX], *network, *next = NULL;
	struct route_spec route = { 0 };
	int r;

	if (strlen(text) >= sizeof(copy))
		return rport_error_set(err, RPORT_ERR_INVALID, EINVAL,
				       "\"%.40s...\" is not a network: it is too long", text);
	strcpy(copy, text);
	network = strtok_r(copy, BLANKS, &next);
	if (!network)
		return parse_prefix("", &route.to, err);
	r = take_words(next, &route, err);
	if (r >= 0)
		r = parse_prefix(streq(network, "default") ? default_network(&route) : network,
				 &route.to, err);
	if (r >= 0)
		r = other_family(&route, "via", &route.via, err);
	if (r >= 0)
		r = other_family(&route, "src", &route.src, err);
	if (r >= 0)
		*ret = route;
	return r;
}

const char *route_format(const struct route_spec *route, char buf[static ROUTE_TEXT_MAX])
{
	char text[IP_TEXT_MAX];
	size_t used = strlen(ip_prefix_format(&route->to, buf));

	if (route->via.family != AF_UNSPEC)
		used += (size_t)snprintf(buf + used, ROUTE_TEXT_MAX - used, " via %s",
					 ip_address_format(&route->via, text));
	if (route->metric > 0)
		used += (size_t)snprintf(buf + used, ROUTE_TEXT_MAX - used, " metric %u",
					 route->metric);
	if (route->src.family != AF_UNSPEC)
		snprintf(buf + used, ROUTE_TEXT_MAX - used, " src %s",
			 ip_address_format(&route->src, text));
	return buf;
}

uint32_t route_metric(const struct route_spec *route)
{
	if (route->metric == 0 && route->to.address.family == AF_INET6)
		return ROUTE_METRIC_IPV6;
	return route->metric;
}

bool route_same_key(const struct route_spec *a, const struct route_spec *b)
{
	return ip_prefix_equal(&a->to, &b->to) && route_metric(a) == route_metric(b);
}

bool route_equal(const struct route_spec *a, const struct route_spec *b)
{
	return route_same_key(a, b) && ip_address_equal(&a->via, &b->via) &&
	       ip_address_equal(&a->src, &b->src);
}
