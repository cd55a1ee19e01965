/* SPDX-License-Identifier: ISC */
/* What has to be done so that a port becomes what it was asked to be: every step, and its reason.
 */

#include <check.h>
#include <stdio.h>

#include "port/plan.h"
#include "suite.h"

static struct port_spec spec, given;
static struct port_want want;
static struct port_seen seen;

/* --- a port that is as it was asked to be ----------------------------------------------------- */

static struct ip_prefix prefix(const char *text)
{
	struct ip_prefix ret;

	ck_assert_int_eq(ip_prefix_parse(text, &ret), 0);
	return ret;
}

static void give_address(struct port_spec *to, const char *text, const char *peer)
{
	ck_assert_int_eq(port_spec_add_address(to, text, peer, NULL), 0);
}

static void give_route(struct port_spec *to, const char *text)
{
	ck_assert_int_eq(port_spec_add_route(to, text, NULL), 0);
}

static void see_address(const char *text, const char *peer)
{
	struct address_spec address = { .address = prefix(text) };

	if (peer)
		ck_assert_int_eq(ip_address_parse(peer, &address.peer), 0);
	seen.addresses = reallocarray(seen.addresses, seen.n_addresses + 1, sizeof(address));
	seen.addresses[seen.n_addresses++] = address;
}

static void see_route(const char *text)
{
	seen.routes = reallocarray(seen.routes, seen.n_routes + 1, sizeof(*seen.routes));
	ck_assert_int_eq(route_parse(text, &seen.routes[seen.n_routes++], NULL), 0);
}

static void see_rival(const char *route, const char *ifname)
{
	struct route_rival *rival;

	seen.rivals = reallocarray(seen.rivals, seen.n_rivals + 1, sizeof(*seen.rivals));
	rival = &seen.rivals[seen.n_rivals++];
	ck_assert_int_eq(route_parse(route, &rival->route, NULL), 0);
	snprintf(rival->ifname, sizeof(rival->ifname), "%s", ifname);
}

static void setup(void)
{
	spec = given = (struct port_spec)PORT_SPEC_INIT;
	ck_assert_int_eq(port_spec_set_ifname(&spec, "rport0", NULL), 0);
	give_address(&spec, "10.0.0.1", "10.0.0.2");
	give_address(&spec, "fd00::1", "fd00::2");
	give_route(&spec, "10.1.0.0/16");
	give_route(&spec, "2001:db8::/32");
	want = (struct port_want){ .spec = &spec, .admin = PORT_ADMIN_UP };
	ck_assert_int_eq(ip_address_parse("fe80::1", &want.link_local), 0);

	seen = (struct port_seen){ .up = true, .mtu = LINK_MTU_DEFAULT, .has_link_local = true };
	snprintf(seen.name, sizeof(seen.name), "rport0");
	see_address("10.0.0.1/32", "10.0.0.2");
	see_address("fd00::1/128", "fd00::2");
	see_route("10.1.0.0/16");
	see_route("2001:db8::/32");
}

static void teardown(void)
{
	port_spec_release(&spec);
	port_spec_release(&given);
	port_seen_release(&seen);
}

static void see_down(void)
{
	seen.up = false;
	seen.has_link_local = false;
	seen.n_addresses = 1; /* the IPv4 address stays */
	seen.n_routes = 0;
}

/* --- the plan as text ------------------------------------------------------------------------- */

static const char *action_name(enum plan_action action)
{
	static const char *const names[] = {
		[PLAN_REMAKE] = "remake",
		[PLAN_RELEASE] = "release",
		[PLAN_AWAIT_IPV6] = "no-ipv6",
		[PLAN_RENAME] = "rename",
		[PLAN_DELETE_ROUTE] = "-route",
		[PLAN_DELETE_ADDRESS] = "-address",
		[PLAN_SET_DOWN] = "down",
		[PLAN_SET_MTU] = "mtu",
		[PLAN_SET_UP] = "up",
		[PLAN_ADD_LINK_LOCAL] = "+link-local",
		[PLAN_ADD_ADDRESS] = "+address",
		[PLAN_ADD_ROUTE] = "+route",
		[PLAN_REPLACE_ROUTE] = "=route",
	};

	return names[action];
}

/* "down +address*": the steps in order, a star after each that is drift */
static void expect(unsigned int scope, const char *steps, const char *drift)
{
	_cleanup_plan_ struct plan plan = { 0 };
	_cleanup_free_ char *words = NULL;
	char text[1024] = "";
	size_t length = 0;

	ck_assert_int_eq(port_plan(&want, &seen, scope, &plan), 0);
	for (size_t i = 0; i < plan.n; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s%s",
					   i > 0 ? " " : "", action_name(plan.steps[i].action),
					   plan.steps[i].drift ? "*" : "");
	ck_assert_str_eq(text, steps);
	ck_assert_int_eq(plan_drift(&plan, &words), 0);
	ck_assert_str_eq(words ? words : "", drift);
}

/* --- nothing to do ---------------------------------------------------------------------------- */

START_TEST(as_wanted_needs_no_step)
{
	expect(PLAN_ALL, "", "");
}
END_TEST

START_TEST(what_others_added_is_left_alone)
{
	see_address("192.0.2.1/24", NULL);
	see_route("198.51.100.0/24");
	expect(PLAN_ALL, "", "");
}
END_TEST

START_TEST(unset_admin_state_follows_the_device)
{
	want.admin = PORT_ADMIN_UNSET;
	expect(PLAN_ALL, "", "");
	see_down();
	expect(PLAN_ALL, "", "");
}
END_TEST

START_TEST(wanted_down_needs_no_settings)
{
	want.admin = PORT_ADMIN_DOWN;
	see_down();
	expect(PLAN_ALL, "", "");
}
END_TEST

/* --- drift ------------------------------------------------------------------------------------ */

START_TEST(moved_away_is_made_again)
{
	seen.elsewhere = true;
	seen.n_addresses = seen.n_routes = 0;
	expect(PLAN_ALL, "remake*", "it was moved to another namespace\n");
	expect(PLAN_IN_PLACE, "", "");
	seen.mtu = 1500;
	seen.up = false;
	expect(PLAN_ALL, "remake* mtu* up*",
	       "it was moved to another namespace\nmtu is 1500, not 32768\nit is down, not up\n");
	expect(PLAN_MTU, "mtu*", "mtu is 1500, not 32768\n");
}
END_TEST

START_TEST(another_name_is_changed_back)
{
	snprintf(seen.name, sizeof(seen.name), "eth7");
	expect(PLAN_ALL, "rename*", "the name is eth7, not rport0\n");
	expect(PLAN_MTU, "", "");
}
END_TEST

START_TEST(another_mtu_is_changed_back)
{
	seen.mtu = 1500;
	expect(PLAN_ALL, "mtu*", "mtu is 1500, not 32768\n");
	expect(PLAN_SETTINGS | PLAN_ADMIN, "", "");
}
END_TEST

START_TEST(mtu_without_ipv6_bounces_the_port)
{
	seen.mtu = 1000;
	seen.has_link_local = false;
	seen.n_addresses = 1;
	seen.n_routes = 1;
	expect(PLAN_ALL, "down mtu* up +link-local* +address* +route +route*",
	       "mtu is 1000, not 32768\n"
	       "the link-local address fe80::1 is missing\n"
	       "the address fd00::1/128 is missing\n"
	       "the route 2001:db8::/32 is missing\n");
	/* who may not give settings back must not take them away */
	expect(PLAN_MTU, "mtu*", "mtu is 1000, not 32768\n");
}
END_TEST

START_TEST(set_down_is_set_up_with_all_it_lost)
{
	see_down();
	expect(PLAN_ALL, "up* +link-local +address +route +route", "it is down, not up\n");
}
END_TEST

START_TEST(set_up_is_set_down)
{
	want.admin = PORT_ADMIN_DOWN;
	expect(PLAN_ALL, "down*", "it is up, not down\n");
}
END_TEST

START_TEST(missing_settings_are_added)
{
	seen.has_link_local = false;
	seen.n_addresses = 0;
	seen.n_routes = 0;
	expect(PLAN_ALL, "+link-local* +address* +address* +route* +route*",
	       "the link-local address fe80::1 is missing\n"
	       "the address 10.0.0.1/32 is missing\n"
	       "the address fd00::1/128 is missing\n"
	       "the route 10.1.0.0/16 is missing\n"
	       "the route 2001:db8::/32 is missing\n");
}
END_TEST

/* The IPv4 half is put back, and the rest is one line. */
START_TEST(without_ipv6_the_ipv4_half_works)
{
	ck_assert_int_eq(domain_parse("netns:red", &spec.domain, NULL), 0);
	seen.has_link_local = false;
	seen.no_ipv6 = true;
	seen.n_addresses = seen.n_routes = 0;
	expect(PLAN_ALL, "no-ipv6* +address* +route*",
	       "IPv6 is disabled in netns:red (net.ipv6.conf.rport0.disable_ipv6): its IPv6 "
	       "addresses and routes wait\n"
	       "the address 10.0.0.1/32 is missing\n"
	       "the route 10.1.0.0/16 is missing\n");
}
END_TEST

START_TEST(without_ipv6_no_link_local_is_missed)
{
	spec.n_addresses = spec.n_routes = 1;
	seen.has_link_local = false;
	seen.no_ipv6 = true;
	expect(PLAN_ALL, "", "");
}
END_TEST

/* Nothing is given to a port in another table; once it is out, all is looked at again. */
START_TEST(in_somebody_elses_vrf_it_is_taken_out)
{
	snprintf(seen.master, sizeof(seen.master), "red");
	seen.in_vrf = true;
	seen.n_addresses = seen.n_routes = 0;
	expect(PLAN_ALL, "release*", "it is in the VRF red, not in the main table\n");
	expect(PLAN_ADMIN | PLAN_SETTINGS, "", "");
	seen.in_vrf = false;
	expect(PLAN_ALL, "release*", "it is a member of red, not by itself\n");
}
END_TEST

START_TEST(ipv6_address_with_another_length_makes_way)
{
	seen.n_addresses = 1;
	see_address("fd00::1/64", NULL);
	expect(PLAN_ALL, "-address +address*", "the address fd00::1/128 is missing\n");
}
END_TEST

START_TEST(ipv4_address_with_another_peer_stays)
{
	seen.n_addresses = 0;
	see_address("10.0.0.1/32", "10.9.9.9");
	see_address("fd00::1/128", "fd00::2");
	expect(PLAN_ALL, "+address*", "the address 10.0.0.1/32 is missing\n");
}
END_TEST

/* --- changes in place ------------------------------------------------------------------------- */

START_TEST(old_settings_go_after_new_ones_came)
{
	give_address(&given, "10.0.0.1", "10.0.0.2");
	give_address(&given, "10.7.7.7/24", NULL);
	give_route(&given, "10.1.0.0/16");
	give_route(&given, "10.8.0.0/16");
	give_address(&spec, "10.6.6.6/24", NULL);
	want.given = &given;
	see_address("10.7.7.7/24", NULL);
	see_route("10.8.0.0/16");
	expect(PLAN_SETTINGS, "+address* -route -address", "the address 10.6.6.6/24 is missing\n");
}
END_TEST

/* A table has room for one of them: the old one is not there and gone, but changed. */
START_TEST(a_changed_route_is_replaced)
{
	give_route(&given, "10.1.0.0/16");
	give_route(&given, "10.8.0.0/16 via 10.0.0.2");
	give_route(&given, "2001:db8:8::/48");
	give_route(&spec, "10.8.0.0/16 via 10.0.0.9 src 10.0.0.1");
	give_route(&spec, "2001:db8:8::/48 via fd00::2 metric 1024");
	give_route(&spec, "10.8.0.0/16 metric 5");
	want.given = &given;
	see_route("10.8.0.0/16 via 10.0.0.2");
	see_route("2001:db8:8::/48");
	expect(PLAN_SETTINGS, "=route* =route* +route*",
	       "the route 10.8.0.0/16 via 10.0.0.9 src 10.0.0.1 is missing\n"
	       "the route 2001:db8:8::/48 via fd00::2 metric 1024 is missing\n"
	       "the route 10.8.0.0/16 metric 5 is missing\n");
}
END_TEST

START_TEST(a_changed_route_of_a_port_that_bounces_is_added)
{
	give_route(&given, "10.8.0.0/16 via 10.0.0.2");
	give_route(&spec, "10.8.0.0/16 via 10.0.0.9");
	want.given = &given;
	see_route("10.8.0.0/16 via 10.0.0.2");
	seen.mtu = 1000;
	expect(PLAN_SETTINGS | PLAN_MTU | PLAN_ADMIN,
	       "down mtu* up +link-local +address +route +route +route*",
	       "mtu is 1000, not 32768\nthe route 10.8.0.0/16 via 10.0.0.9 is missing\n");
}
END_TEST

START_TEST(route_with_another_metric_is_another_route)
{
	give_route(&given, "10.8.0.0/16 metric 10");
	give_route(&spec, "10.8.0.0/16 metric 20");
	want.given = &given;
	see_route("10.8.0.0/16 metric 10");
	expect(PLAN_SETTINGS, "+route* -route", "the route 10.8.0.0/16 metric 20 is missing\n");
}
END_TEST

START_TEST(rival_of_a_missing_route_is_named)
{
	give_route(&spec, "default metric 7");
	see_rival("default metric 7", "eth0");
	expect(PLAN_ALL, "+route*",
	       "the route 0.0.0.0/0 metric 7 is missing: there is one by eth0 with metric 7; give "
	       "this one another (metric N)\n");
}
END_TEST

START_TEST(old_settings_that_went_already_need_no_step)
{
	give_address(&given, "10.7.7.7/24", NULL);
	give_route(&given, "10.8.0.0/16");
	want.given = &given;
	expect(PLAN_SETTINGS, "", "");
}
END_TEST

START_TEST(old_ipv4_address_goes_from_a_port_that_is_down)
{
	give_address(&given, "10.7.7.7/24", NULL);
	want.given = &given;
	want.admin = PORT_ADMIN_DOWN;
	see_down();
	see_address("10.7.7.7/24", NULL);
	expect(PLAN_SETTINGS, "-address", "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan");
	TCase *tcase = tcase_create("plan");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, as_wanted_needs_no_step);
	tcase_add_test(tcase, what_others_added_is_left_alone);
	tcase_add_test(tcase, unset_admin_state_follows_the_device);
	tcase_add_test(tcase, wanted_down_needs_no_settings);
	tcase_add_test(tcase, moved_away_is_made_again);
	tcase_add_test(tcase, another_name_is_changed_back);
	tcase_add_test(tcase, another_mtu_is_changed_back);
	tcase_add_test(tcase, mtu_without_ipv6_bounces_the_port);
	tcase_add_test(tcase, set_down_is_set_up_with_all_it_lost);
	tcase_add_test(tcase, set_up_is_set_down);
	tcase_add_test(tcase, missing_settings_are_added);
	tcase_add_test(tcase, without_ipv6_the_ipv4_half_works);
	tcase_add_test(tcase, without_ipv6_no_link_local_is_missed);
	tcase_add_test(tcase, in_somebody_elses_vrf_it_is_taken_out);
	tcase_add_test(tcase, ipv6_address_with_another_length_makes_way);
	tcase_add_test(tcase, ipv4_address_with_another_peer_stays);
	tcase_add_test(tcase, old_settings_go_after_new_ones_came);
	tcase_add_test(tcase, a_changed_route_is_replaced);
	tcase_add_test(tcase, a_changed_route_of_a_port_that_bounces_is_added);
	tcase_add_test(tcase, route_with_another_metric_is_another_route);
	tcase_add_test(tcase, rival_of_a_missing_route_is_named);
	tcase_add_test(tcase, old_settings_that_went_already_need_no_step);
	tcase_add_test(tcase, old_ipv4_address_goes_from_a_port_that_is_down);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
