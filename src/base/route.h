/* SPDX-License-Identifier: ISC */
#ifndef RPORT_BASE_ROUTE_H
#define RPORT_BASE_ROUTE_H

/*
 * A route as a user asks for it, in the words and the order of ip-route(8):
 *
 *	PREFIX [via ADDRESS] [metric N] [src ADDRESS]
 *
 * The interface and the table are those of the port that it is a route of. No system calls.
 */

#include "base/error.h"
#include "base/names.h"

#define ROUTE_METRIC_IPV6 1024 /* what the kernel gives an IPv6 route without one */

/*
 * struct route_spec - a route into a port
 * @to: the network, without host bits
 * @via: the next hop; AF_UNSPEC: none
 * @src: the source address of packets that this host sends; AF_UNSPEC: the kernel chooses
 * @metric: routes with a lower one are preferred; 0: what the kernel gives, see route_metric()
 */
struct route_spec {
	struct ip_prefix to;
	struct ip_address via;
	struct ip_address src;
	uint32_t metric;
};

#define ROUTE_TEXT_MAX \
	(IP_PREFIX_TEXT_MAX + 2 * IP_TEXT_MAX + sizeof(" via  metric 4294967295 src "))

/**
 * route_parse() - read a route
 * @text: see the top of this file; "default" is ::/0 where an address after it is IPv6, else
 *	0.0.0.0/0
 * @ret: the route
 * @err: names the word that is wrong, and what can stand there
 *
 * Return: 0, or -EINVAL (@ret is untouched).
 */
int route_parse(const char *text, struct route_spec *ret, struct rport_error *err);

/**
 * route_format() - write a route as route_parse() reads it
 * @route: the route
 * @buf: for the text
 *
 * Return: @buf.
 */
const char *route_format(const struct route_spec *route, char buf[static ROUTE_TEXT_MAX]);

/**
 * route_metric() - compute the metric that a route has in the kernel
 * @route: the route
 *
 * Return: the metric; without one it is 0 for IPv4 and ROUTE_METRIC_IPV6 for IPv6.
 */
uint32_t route_metric(const struct route_spec *route);

/**
 * route_equal() - check whether two routes are the same to the kernel
 * @a: one route
 * @b: another
 *
 * Return: true when network, next hop, source and metric are the same.
 */
bool route_equal(const struct route_spec *a, const struct route_spec *b);

/**
 * route_same_key() - check whether a table can have only one of two routes
 * @a: one route
 * @b: another
 *
 * Return: true when network and metric are the same.
 */
bool route_same_key(const struct route_spec *a, const struct route_spec *b);

#endif
