/* SPDX-License-Identifier: ISC */
/* Routes as users write them. */

#include <check.h>
#include <stdio.h>

#include "base/route.h"
#include "suite.h"

static const struct {
	const char *text, *written; /* NULL: as it was said */
} good[] = {
	{ "10.0.0.0/8", NULL },
	{ "default", "0.0.0.0/0" },
	{ "::/0", NULL },
	{ "10.0.0.0/8 via 192.0.2.1", NULL },
	{ "10.0.0.0/8 via 192.0.2.1 metric 100 src 192.0.2.2", NULL },
	{ "10.0.0.0/8 src 192.0.2.2 metric 1 via 192.0.2.1",
	  "10.0.0.0/8 via 192.0.2.1 metric 1 src 192.0.2.2" },
	{ " 10.0.0.0/8\t  metric \t4294967295 ", "10.0.0.0/8 metric 4294967295" },
	{ "default via fe80::1", "::/0 via fe80::1" },
	{ "default src fd00::1", "::/0 src fd00::1" },
	{ "2001:db8::/32 metric 1024", NULL },
	{ "192.0.2.7", "192.0.2.7/32" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128 via "
	  "fd00:ffff:ffff:ffff:ffff:ffff:ffff:ffff metric 4294967295 src "
	  "fd00:ffff:ffff:ffff:ffff:ffff:ffff:fffe",
	  NULL },
};

START_TEST(good_route)
{
	const char *want = good[_i].written ? good[_i].written : good[_i].text;
	struct rport_error err = { 0 };
	struct route_spec route, again;
	char text[ROUTE_TEXT_MAX];

	ck_assert_msg(route_parse(good[_i].text, &route, &err) == 0, "%s", err.message);
	ck_assert_str_eq(route_format(&route, text), want);
	ck_assert_int_eq(route_parse(text, &again, NULL), 0);
	ck_assert(route_equal(&route, &again));
}
END_TEST

static const struct {
	const char *text, *message;
} bad[] = {
	{ "", "\"\" is not a network: use PREFIX/LENGTH, or default" },
	{ "  ", "\"\" is not a network: use PREFIX/LENGTH, or default" },
	{ "everywhere", "\"everywhere\" is not a network: use PREFIX/LENGTH, or default" },
	{ "10.0.0.1/8", "\"10.0.0.1/8\" is not a network: bits are set beyond its length of 8" },
	{ "10.0.0.0/8 dev eth0", "\"dev\" has no meaning in a route, which is PREFIX [via ADDRESS] "
				 "[metric N] [src ADDRESS]" },
	{ "10.0.0.0/8 via", "\"via\" needs a value" },
	{ "10.0.0.0/8 via 10.9.0.1 via 10.9.0.1", "\"via\" is given twice" },
	{ "10.0.0.0/8 via here", "via \"here\": this is not an IPv4 or IPv6 address" },
	{ "10.0.0.0/8 via fe80::1", "via fe80::1 is of another family than the network "
				    "10.0.0.0/8" },
	{ "fd00::/8 src 10.0.0.1", "src 10.0.0.1 is of another family than the network fd00::/8" },
	{ "default via 10.0.0.1 src fd00::1", "via 10.0.0.1 is of another family than the network "
					      "::/0" },
	{ "default via 0.0.0.0", "via 0.0.0.0 is not possible: it stands for no address; leave it "
				 "out for a port without one" },
	{ "default src 224.0.0.1", "src 224.0.0.1 is not possible: it is a multicast address; use "
				   "a unicast address" },
	{ "default metric 0", "metric \"0\" is not possible: it must be 1 to 4294967295" },
	{ "default metric 4294967296", "metric \"4294967296\" is not possible: it must be 1 to "
				       "4294967295" },
	{ "default metric -1", "metric \"-1\" is not possible: it must be 1 to 4294967295" },
	{ "default metric x", "metric \"x\" is not possible: it must be 1 to 4294967295" },
};

START_TEST(bad_route)
{
	struct rport_error err = { 0 };
	struct route_spec route;

	ck_assert_int_eq(route_parse(bad[_i].text, &route, &err), -EINVAL);
	ck_assert_str_eq(err.message, bad[_i].message);
}
END_TEST

START_TEST(long_route)
{
	struct rport_error err = { 0 };
	struct route_spec route;
	char text[300];

	memset(text, '1', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(route_parse(text, &route, &err), -EINVAL);
	ck_assert_str_eq(err.message, "\"1111111111111111111111111111111111111111...\" is not a "
				      "network: it is too long");
}
END_TEST

static struct route_spec parse(const char *text)
{
	struct route_spec route;

	ck_assert_int_eq(route_parse(text, &route, NULL), 0);
	return route;
}

START_TEST(the_default_metric_is_that_of_the_kernel)
{
	struct route_spec four = parse("default"), six = parse("::/0");
	struct route_spec said = parse("::/0 metric 1024"), other = parse("::/0 metric 5");

	ck_assert_uint_eq(route_metric(&four), 0);
	ck_assert_uint_eq(route_metric(&six), 1024);
	ck_assert(route_equal(&six, &said));
	ck_assert(!route_same_key(&six, &other));
}
END_TEST

START_TEST(next_hop_and_source_are_no_key)
{
	struct route_spec plain = parse("10.0.0.0/8"), via = parse("10.0.0.0/8 via 10.9.0.1");
	struct route_spec src = parse("10.0.0.0/8 src 10.9.0.1"), other = parse("10.0.0.0/9");

	ck_assert(route_same_key(&plain, &via) && !route_equal(&plain, &via));
	ck_assert(route_same_key(&plain, &src) && !route_equal(&plain, &src));
	ck_assert(!route_same_key(&plain, &other));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("route");
	TCase *tcase = tcase_create("route");

	tcase_add_loop_test(tcase, good_route, 0, ARRAY_SIZE(good));
	tcase_add_loop_test(tcase, bad_route, 0, ARRAY_SIZE(bad));
	tcase_add_test(tcase, long_route);
	tcase_add_test(tcase, the_default_metric_is_that_of_the_kernel);
	tcase_add_test(tcase, next_hop_and_source_are_no_key);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
