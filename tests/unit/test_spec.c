/* SPDX-License-Identifier: ISC */
/* What a link is to be: default names, values that are refused, and differences. */

#include <check.h>
#include <stdio.h>

#include "port/property.h"
#include "port/spec-diff.h"
#include "port/spec.h"
#include "suite.h"

static struct rport_error err;

static struct link_spec make_spec(const char *domain_a, const char *domain_b)
{
	struct link_spec spec = LINK_SPEC_INIT;

	ck_assert_int_eq(domain_parse(domain_a, &spec.ports[0].domain, &err), 0);
	ck_assert_int_eq(domain_parse(domain_b, &spec.ports[1].domain, &err), 0);
	return spec;
}

#define LONG "123456789012345678901234567890"

static const struct {
	const char *a, *b, *name;
} default_names[] = {
	{ "red", "blue", "red-blue" },
	{ "vrf:red", "netns:blue", "red-blue" },
	{ "default", "netns:vpn/vrf:x", "default-vpn.x" },
	{ "pid:17", "default", "pid17-default" },
	/* 64 characters fit, 65 do not */
	{ "netns:" LONG "12", "netns:" LONG "1", LONG "12-" LONG "1" },
	{ "netns:" LONG "12", "netns:" LONG "12",
	  "123456789012345678901234567-123456789012345678901234567-c67405e6" },
	{ "netns:" LONG LONG LONG "a", "netns:b", LONG "12345678901234567890123-b-589c13b6" },
	{ "netns:b", "netns:" LONG LONG LONG "a", "b-" LONG "12345678901234567890123-427511ca" },
};

START_TEST(default_name)
{
	struct link_spec spec = make_spec(default_names[_i].a, default_names[_i].b);

	ck_assert_int_eq(link_spec_default_name(&spec, &err), 0);
	ck_assert_str_eq(spec.name, default_names[_i].name);
}
END_TEST

START_TEST(names_that_begin_alike_stay_different)
{
	struct link_spec one = make_spec("netns:" LONG LONG "a", "netns:b");
	struct link_spec other = make_spec("netns:" LONG LONG "c", "netns:b");

	ck_assert_int_eq(link_spec_default_name(&one, &err), 0);
	ck_assert_int_eq(link_spec_default_name(&other, &err), 0);
	ck_assert_str_ne(one.name, other.name);
}
END_TEST

START_TEST(names_of_all_interfaces_are_refused)
{
	struct link_spec spec = make_spec("a", "b");

	ck_assert_int_eq(port_spec_set_ifname(&spec.ports[0], "all", &err), -EINVAL);
	ck_assert_str_eq(err.message, "no interface can be named \"all\": in /proc/sys/net it "
				      "stands for other interfaces; choose another name");
	ck_assert_int_eq(port_spec_set_ifname(&spec.ports[0], "default", &err), -EINVAL);
	ck_assert_int_eq(port_spec_set_ifname(&spec.ports[0], "all0", &err), 0);
}
END_TEST

START_TEST(default_name_that_will_not_do)
{
	struct link_spec spec = make_spec("netns:with blank", "default");

	ck_assert_int_eq(link_spec_default_name(&spec, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.message, "--name"));
	ck_assert_str_eq(spec.name, "");
}
END_TEST

START_TEST(mtu_out_of_range_says_the_range)
{
	struct link_spec spec = make_spec("a", "b");

	ck_assert_int_eq(port_spec_set_mtu(&spec.ports[0], 1279, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.message, "1280 to 32768"));
	ck_assert_uint_eq(spec.ports[0].mtu, LINK_MTU_DEFAULT);
	ck_assert_int_eq(port_spec_set_mtu(&spec.ports[0], 1280, &err), 0);
	ck_assert_uint_eq(spec.ports[0].mtu, 1280);
}
END_TEST

static const struct {
	const char *address, *peer;
	int result;
} addresses[] = {
	{ "10.0.0.1", NULL, 0 },
	{ "10.0.0.1/24", NULL, 0 },
	{ "10.0.0.1/32", "10.0.0.2", 0 },
	{ "fd00::1", "fd00::2", 0 },
	{ "fd00::1/64", NULL, 0 },
	{ "10.0.0.1/33", NULL, -EINVAL },
	{ "10.0.0", NULL, -EINVAL },
	{ "", NULL, -EINVAL },
	{ "10.0.0.1", "fd00::2", -EINVAL },
	{ "10.0.0.1", "10.0.0.2/32", -EINVAL },
	{ "fd00::1", "here", -EINVAL },
	{ "fd00::1/129", NULL, -EINVAL },
	{ "10.0.0.1", "10.0.0.1", -EINVAL },
	{ "fd00::1", "fd00:0::1", -EINVAL },
};

START_TEST(address)
{
	struct link_spec spec = make_spec("a", "b");

	ck_assert_int_eq(port_spec_add_address(&spec.ports[0], addresses[_i].address,
					       addresses[_i].peer, &err),
			 addresses[_i].result);
	ck_assert_uint_eq(spec.ports[0].n_addresses, addresses[_i].result == 0);
	link_spec_release(&spec);
}
END_TEST

#define OF_PORT(address) address " cannot be the address of a port: "

static const struct {
	const char *address, *message;
} impossible[] = {
	{ "0.0.0.0", OF_PORT("0.0.0.0") "it stands for no address; leave it out for a port "
					"without one" },
	{ "::/64", OF_PORT("::") "it stands for no address; leave it out for a port without one" },
	{ "224.0.0.1", OF_PORT("224.0.0.1") "it is a multicast address; use a unicast address" },
	{ "239.1.2.3", OF_PORT("239.1.2.3") "it is a multicast address; use a unicast address" },
	{ "ff02::1", OF_PORT("ff02::1") "it is a multicast address; use a unicast address" },
	{ "255.255.255.255", OF_PORT("255.255.255.255") "it is the broadcast address; use a "
							"unicast address" },
	{ "::ffff:10.0.0.1", OF_PORT("::ffff:10.0.0.1") "it is an IPv4 address written as IPv6; "
							"use the IPv4 address" },
	{ "::1", OF_PORT("::1") "it is the loopback address, which only the interface lo can "
				"have" },
};

START_TEST(impossible_address)
{
	struct link_spec spec = make_spec("a", "b");
	struct port_spec *port = &spec.ports[0];
	const char *other = strchr(impossible[_i].address, ':') ? "fd00::1" : "10.0.0.1";

	ck_assert_int_eq(port_spec_add_address(port, impossible[_i].address, NULL, &err), -EINVAL);
	ck_assert_str_eq(err.message, impossible[_i].message);
	if (!strchr(impossible[_i].address, '/'))
		ck_assert_int_eq(port_spec_add_address(port, other, impossible[_i].address, &err),
				 -EINVAL);
	ck_assert_uint_eq(port->n_addresses, 0);
}
END_TEST

START_TEST(address_given_twice)
{
	struct link_spec spec = make_spec("a", "b");
	struct port_spec *port = &spec.ports[0];

	ck_assert_int_eq(port_spec_add_address(port, "10.0.0.1/24", NULL, &err), 0);
	ck_assert_int_eq(port_spec_add_address(port, "10.0.0.1/24", NULL, &err), -EINVAL);
	ck_assert_str_eq(err.message, "the address 10.0.0.1 is given twice: leave one out");
	ck_assert_int_eq(port_spec_add_address(port, "10.0.0.1", "10.0.0.2", &err), 0);
	ck_assert_int_eq(port_spec_add_address(port, "fd00::1/64", NULL, &err), 0);
	ck_assert_int_eq(port_spec_add_address(port, "fd00::1", "fd00::2", &err), -EINVAL);
	link_spec_release(&spec);
}
END_TEST

START_TEST(same_address_at_both_ends)
{
	struct link_spec spec = make_spec("a", "b");

	ck_assert_int_eq(port_spec_add_address(&spec.ports[0], "10.0.0.1", NULL, &err), 0);
	ck_assert_int_eq(port_spec_add_address(&spec.ports[1], "10.0.0.2", NULL, &err), 0);
	ck_assert_int_eq(link_spec_check(&spec, &err), 0);
	ck_assert_int_eq(port_spec_add_address(&spec.ports[1], "10.0.0.1/24", NULL, &err), 0);
	ck_assert_int_eq(link_spec_check(&spec, &err), -EINVAL);
	ck_assert_str_eq(err.message, "10.0.0.1 cannot be the address of both ends: give each end "
				      "its own");
	link_spec_release(&spec);
}
END_TEST

START_TEST(too_many_addresses_and_routes)
{
	struct link_spec spec = make_spec("a", "b");
	struct port_spec *port = &spec.ports[0];
	char text[32];

	for (int i = 0; i < SPEC_ADDRESSES_MAX; i++) {
		snprintf(text, sizeof(text), "10.0.0.%d", i + 1);
		ck_assert_int_eq(port_spec_add_address(port, text, NULL, &err), 0);
	}
	ck_assert_int_eq(port_spec_add_address(port, "10.1.0.0", NULL, &err), -E2BIG);
	ck_assert_int_eq(err.kind, RPORT_ERR_LIMIT);
	for (int i = 0; i < SPEC_ROUTES_MAX; i++) {
		snprintf(text, sizeof(text), "10.%d.%d.0/24", i / 256, i % 256);
		ck_assert_int_eq(port_spec_add_route(port, text, &err), 0);
	}
	ck_assert_int_eq(port_spec_add_route(port, "11.0.0.0/8", &err), -E2BIG);
	link_spec_release(&spec);
}
END_TEST

START_TEST(routes)
{
	struct link_spec spec = make_spec("a", "b");
	struct port_spec *port = &spec.ports[1];

	ck_assert_int_eq(port_spec_add_route(port, "10.0.0.0/8 via 10.9.0.1", &err), 0);
	ck_assert_int_eq(port_spec_add_route(port, "::/0", &err), 0);
	ck_assert_int_eq(port_spec_add_route(port, "10.0.0.0/8", &err), -EINVAL);
	ck_assert_str_eq(err.message, "the route 10.0.0.0/8 is given twice: leave one out, or give "
				      "one another metric");
	ck_assert_int_eq(port_spec_add_route(port, "::/0 metric 1024", &err), -EINVAL);
	ck_assert_int_eq(port_spec_add_route(port, "10.0.0.0/8 metric 9", &err), 0);
	ck_assert_uint_eq(port->n_routes, 3);
	ck_assert_int_eq(link_spec_check(&spec, &err), 0);
	ck_assert_int_eq(port_spec_add_address(port, "10.9.0.1/24", NULL, &err), 0);
	ck_assert_int_eq(link_spec_check(&spec, &err), -EINVAL);
	ck_assert_str_eq(err.message,
			 "the route 10.0.0.0/8 via 10.9.0.1 has the port's own address as its next "
			 "hop: use an address behind the link");
	link_spec_release(&spec);
}
END_TEST

START_TEST(equal_specifications_do_not_differ)
{
	struct link_spec spec = make_spec("netns:blue", "netns:blue");
	struct port_spec *have = &spec.ports[0], *want = &spec.ports[1];
	char difference[1024] = "";

	ck_assert_int_eq(port_spec_set_ifname(have, "rport7", &err), 0);
	ck_assert_int_eq(port_spec_add_address(have, "10.0.0.1", "10.0.0.2", &err), 0);
	ck_assert_int_eq(port_spec_add_address(want, "10.0.0.1/32", "10.0.0.2", &err), 0);
	ck_assert(!port_spec_diff(have, want, difference, sizeof(difference)));
	link_spec_release(&spec);
}
END_TEST

/* Each changes one thing in what is wanted. */
static void want_domain(struct port_spec *want)
{
	domain_parse("netns:green", &want->domain, &err);
}

static void want_ifname(struct port_spec *want)
{
	port_spec_set_ifname(want, "wan0", &err);
}

static void want_mtu(struct port_spec *want)
{
	want->mtu = 1500;
}

static void want_no_offload(struct port_spec *want)
{
	want->offload = false;
}

static void want_mpls(struct port_spec *want)
{
	want->mpls = true;
}

static void want_queues(struct port_spec *want)
{
	want->queues = 2;
}

static void want_address(struct port_spec *want)
{
	port_spec_add_address(want, "10.0.0.1", NULL, &err);
}

static void want_peer(struct port_spec *want)
{
	port_spec_add_address(want, "10.9.0.1", "10.9.0.2", &err);
}

static void want_route(struct port_spec *want)
{
	port_spec_add_route(want, "10.0.0.0/8", &err);
}

static void want_via(struct port_spec *want)
{
	port_spec_add_route(want, "10.0.0.0/8 metric 3 via 10.9.0.2", &err);
	port_spec_add_route(want, "default", &err);
}

static const struct {
	void (*change)(struct port_spec *want);
	const char *difference;
} differences[] = {
	{ want_domain, "the domain is netns:blue, not netns:green" },
	{ want_ifname, "the interface is rport0, not wan0" },
	{ want_mtu, "mtu is 32768, not 1500" },
	{ want_no_offload, "offload is on, not off" },
	{ want_mpls, "mpls is off, not on" },
	{ want_queues, "queues is 1, not 2" },
	{ want_address, "the addresses are none, not 10.0.0.1/32" },
	{ want_peer, "the addresses are none, not 10.9.0.1/32 peer 10.9.0.2" },
	{ want_route, "the routes are none, not 10.0.0.0/8" },
	{ want_via, "the routes are none, not 10.0.0.0/8 via 10.9.0.2 metric 3, 0.0.0.0/0" },
};

START_TEST(a_difference_is_named)
{
	struct link_spec spec = make_spec("netns:blue", "netns:blue");
	struct port_spec *have = &spec.ports[0], *want = &spec.ports[1];
	char difference[1024] = "";

	port_spec_set_ifname(have, "rport0", &err);
	differences[_i].change(want);
	ck_assert(port_spec_diff(have, want, difference, sizeof(difference)));
	ck_assert_str_eq(difference, differences[_i].difference);
	link_spec_release(&spec);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spec");
	TCase *specs = tcase_create("specifications");

	tcase_add_loop_test(specs, default_name, 0, ARRAY_SIZE(default_names));
	tcase_add_test(specs, default_name_that_will_not_do);
	tcase_add_test(specs, mtu_out_of_range_says_the_range);
	tcase_add_loop_test(specs, address, 0, ARRAY_SIZE(addresses));
	tcase_add_test(specs, names_that_begin_alike_stay_different);
	tcase_add_test(specs, names_of_all_interfaces_are_refused);
	tcase_add_loop_test(specs, impossible_address, 0, ARRAY_SIZE(impossible));
	tcase_add_test(specs, address_given_twice);
	tcase_add_test(specs, same_address_at_both_ends);
	tcase_add_test(specs, too_many_addresses_and_routes);
	tcase_add_test(specs, routes);
	tcase_add_test(specs, equal_specifications_do_not_differ);
	tcase_add_loop_test(specs, a_difference_is_named, 0, ARRAY_SIZE(differences));
	suite_add_tcase(suite, specs);

	return suite_run(suite);
}
