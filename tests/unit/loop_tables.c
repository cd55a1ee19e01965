/* SPDX-License-Identifier: ISC */
/* Each reason for which a port is pending, and each loss of a device: what is said, and what mends it. */

#include <check.h>
#include <stdio.h>

#include "loop.h"

#define SETTLE_USEC (70 * USEC_PER_SEC)
#define AT_ONCE     (20 * USEC_PER_MSEC)

static struct rport_error why;
static struct rport_link *made;

/* The port that it is about is end a; the other one is in rportd's own namespace. */
static int pair(const char *domain, bool wait)
{
	_cleanup_link_spec_ struct link_spec spec = LINK_SPEC_INIT;
	struct pair_outcome outcome;

	spec.wait = wait;
	strcpy(spec.name, "link");
	strcpy(spec.ports[0].ifname, "port");
	strcpy(spec.ports[1].ifname, "peer");
	fake_require(domain_parse(domain, &spec.ports[0].domain, NULL) >= 0);
	fake_require(domain_parse("default", &spec.ports[1].domain, NULL) >= 0);
	fake_require(port_spec_add_address(&spec.ports[0], "10.0.0.1/24", NULL, NULL) >= 0);
	fake_require(port_spec_add_address(&spec.ports[0], "fd00::1/64", NULL, NULL) >= 0);
	fake_require(port_spec_add_route(&spec.ports[0], "10.1.0.0/16", NULL) >= 0);
	return pair_domains(loop.manager, &spec, false, &outcome, &made, &why);
}

static struct port *port(void)
{
	return made->ports[0];
}

static struct fake_dev *dev(void)
{
	return fake_file(tun_fd(&port()->tun))->dev;
}

static const struct fake_dev *peer_dev(void)
{
	return fake_file(tun_fd(&made->ports[1]->tun))->dev;
}

static void make_netns(const char *name)
{
	struct fake_netns *netns = fake_netns_new();

	fake_name_set(name, netns, true);
	fake_netns_put(netns);
}

/* --- reasons to wait -------------------------------------------------------------------------- */

static void nothing(void)
{
}

static void make_red(void)
{
	make_netns("red");
}

static void make_vrf(void)
{
	(void)fake_vrf_new(fake.own, "v1", 100);
}

static void make_inner_vrf(void)
{
	(void)fake_vrf_new(fake_name_netns("red"), "inner", 100);
}

static void make_file(void)
{
	fake_name_set("red", NULL, true);
}

static void hang(void)
{
	make_red();
	fake_name_find("red")->hangs = true;
}

static void answer(void)
{
	fake_name_find("red")->hangs = false;
}

static void take_name(void)
{
	make_red();
	(void)fake_dev_new(fake_name_netns("red"), "port", FAKE_DUMMY);
}

static void give_name_back(void)
{
	fake_dev_remove(fake_dev_by_name(fake_name_netns("red"), "port"));
}

static void take_altname(void)
{
	make_red();
	strcpy(fake_dev_new(fake_name_netns("red"), "dummy", FAKE_DUMMY)->altname, "port");
}

static void remove_dummy(void)
{
	fake_dev_remove(fake_dev_by_name(fake_name_netns("red"), "dummy"));
}

/*
 * @usec: after the mending, until the port is there: what is heard of is acted on at once, else it
 *	is looked for now and then
 */
static const struct {
	const char *domain;
	void (*prepare)(void);
	const char *reason;
	void (*mend)(void);
	uint64_t usec;
} waits[] = {
	{ "netns:red", nothing, "no namespace /run/netns/red", make_red, AT_ONCE },
	{ "netns:red", make_file, "no namespace /run/netns/red", make_red, AT_ONCE },
	{ "red", nothing, "no domain \"red\"", make_red, AT_ONCE },
	{ "v1", nothing, "no domain \"v1\"", make_vrf, AT_ONCE },
	{ "vrf:v1", nothing, "no VRF \"v1\" in rportd's namespace", make_vrf, AT_ONCE },
	{ "netns:red/vrf:inner", make_red, "no VRF \"inner\" in netns:red", make_inner_vrf,
	  AT_ONCE },
	{ "netns:red", hang, "does not answer", answer, SETTLE_USEC },
	{ "netns:red", take_name, "there is an interface port in netns:red", give_name_back,
	  SETTLE_USEC },
	{ "netns:red", take_altname, "there is an interface port in netns:red", remove_dummy,
	  SETTLE_USEC },
};

START_TEST(a_port_waits_for_what_is_missing)
{
	loop_open();
	loop_begin(1);
	waits[_i].prepare();
	ck_assert_int_lt(pair(waits[_i].domain, false), 0);
	ck_assert_msg(strstr(why.message, waits[_i].reason), "%s", why.message);
	ck_assert_int_eq(pair(waits[_i].domain, true), 0);
	ck_assert(!port()->peering.present);
	ck_assert_msg(strstr(port()->reason, waits[_i].reason), "%s", port()->reason);
	fake_pass(SETTLE_USEC);
	loop_check_at_rest();
	ck_assert(!peer_dev()->carrier);

	waits[_i].mend();
	fake_pass(waits[_i].usec);
	ck_assert_msg(port()->peering.present, "%s", port()->reason);
	ck_assert(peer_dev()->carrier);
	fake_pass(SETTLE_USEC);
	loop_check_at_rest();
	loop_end();
}
END_TEST

/* --- losses ----------------------------------------------------------------------------------- */

static void delete_name(void)
{
	fake_name_remove("red");
}

/* A process is in the namespace, which so outlives its name. */
static void delete_name_only(void)
{
	(void)fake_process_start(200, fake_name_netns("red"));
	fake_name_remove("red");
}

static void repoint(void)
{
	struct fake_netns *netns = fake_netns_new();

	fake_name_set("red", netns, false);
	fake_netns_put(netns);
}

static void remove_device(void)
{
	fake_dev_remove(dev());
}

static void remove_vrf(void)
{
	fake_dev_remove(fake_dev_by_name(fake.own, "v1"));
}

static void leave_vrf(void)
{
	fake_require(fake_dev_enslave(dev(), 0) == 0);
}

static void start_process(void)
{
	make_red();
	(void)fake_process_start(100, fake_name_netns("red"));
	fake_name_remove("red");
}

static void end_process(void)
{
	fake_process_end(fake_process_find(100));
}

/* @reason: NULL: the domain is there, so that it gets another device at once */
static const struct {
	const char *domain;
	void (*prepare)(void);
	void (*lose)(void);
	const char *reason;
	void (*mend)(void);
} losses[] = {
	{ "netns:red", make_red, remove_device, NULL, nothing },
	{ "netns:red", make_red, delete_name, "no namespace", make_red },
	{ "netns:red", make_red, delete_name_only, "no namespace", make_red },
	{ "netns:red", make_red, repoint, NULL, nothing },
	{ "vrf:v1", make_vrf, remove_vrf, "no VRF", make_vrf },
	{ "vrf:v1", make_vrf, leave_vrf, NULL, nothing },
	{ "pid:100", start_process, remove_device, NULL, nothing },
	{ "pid:100", start_process, end_process, "process 100 has ended", NULL },
};

START_TEST(a_port_that_is_lost_returns)
{
	unsigned int index;

	loop_open();
	loop_begin(1);
	losses[_i].prepare();
	ck_assert_msg(pair(losses[_i].domain, false) == 0, "%s", why.message);
	fake_pass(SETTLE_USEC);
	index = port()->index;

	losses[_i].lose();
	fake_pass(SETTLE_USEC);
	ck_assert(port()->peering.present == !losses[_i].reason);
	if (losses[_i].reason)
		ck_assert_msg(strstr(port()->reason, losses[_i].reason), "%s", port()->reason);
	ck_assert(peer_dev()->carrier == port()->peering.present);
	ck_assert_uint_eq(port()->retry.losses, 1);
	loop_check_at_rest();

	if (losses[_i].mend) {
		losses[_i].mend();
		fake_pass(SETTLE_USEC);
		ck_assert(port()->peering.present && peer_dev()->carrier && !port()->drift);
		/* in another namespace it may be the same number */
		ck_assert(port()->index != index || losses[_i].reason ||
			  losses[_i].lose == repoint);
	}
	loop_check_at_rest();
	loop_end();
}
END_TEST

/* --- what somebody does to a device ----------------------------------------------------------- */

static void rename_it(void)
{
	fake_dev_rename(dev(), "other");
	dev()->touched |= FAKE_TOUCHED_NAME;
}

static void change_mtu(void)
{
	fake_dev_mtu(dev(), 2000);
	dev()->touched |= FAKE_TOUCHED_MTU;
}

static void set_down(void)
{
	fake_dev_up(dev(), false);
	dev()->touched |= FAKE_TOUCHED_ADMIN;
}

static void bounce(void)
{
	fake_dev_up(dev(), false);
	fake_dev_up(dev(), true);
}

static void delete_address(void)
{
	fake_address_delete(dev(), &port()->spec.addresses[0].address);
	dev()->touched |= FAKE_TOUCHED_SETTINGS;
}

static void delete_route(void)
{
	fake_route_delete(dev(), &port()->spec.routes[0], port()->table);
	dev()->touched |= FAKE_TOUCHED_SETTINGS;
}

static void move(void)
{
	fake_require(fake_dev_move(dev(), fake.own) == 0);
	dev()->touched = ~0U;
}

/* @drift: what is said of it; NULL: it is put back unasked */
static const struct {
	void (*change)(void);
	const char *drift;
} changes[] = {
	{ rename_it, "the name is other, not port" },
	{ change_mtu, "mtu is 2000, not 32768" },
	{ set_down, "it is down, not up" },
	{ bounce, NULL },
	{ delete_address, "the address 10.0.0.1/24 is missing" },
	{ delete_route, "the route 10.1.0.0/16 is missing" },
	{ move, "it was moved to another namespace" },
};

static void note_restored(const struct port *of _unused_, const char *what _unused_, void *userdata)
{
	++*(unsigned int *)userdata;
}

START_TEST(a_change_is_drift_until_it_is_put_back)
{
	unsigned int n = 0;

	loop_open();
	loop_begin(1);
	make_red();
	ck_assert_int_eq(pair("netns:red", false), 0);
	fake_pass(SETTLE_USEC);
	changes[_i].change();
	fake_pass(SETTLE_USEC);
	ck_assert((port()->drift != NULL) == (changes[_i].drift != NULL));
	if (changes[_i].drift)
		ck_assert_msg(strstr(port()->drift, changes[_i].drift), "%s", port()->drift);
	loop_check_at_rest();

	ck_assert_int_eq(manager_reconcile(loop.manager, port(), note_restored, &n, &why), 0);
	ck_assert((n > 0) == (changes[_i].drift != NULL));
	ck_assert(!port()->drift);
	fake_pass(SETTLE_USEC);
	loop_check_at_rest();
	loop_end();
}
END_TEST

TCase *loop_tables_case(void)
{
	TCase *tcase = tcase_create("tables");

	tcase_add_loop_test(tcase, a_port_waits_for_what_is_missing, 0, ARRAY_SIZE(waits));
	tcase_add_loop_test(tcase, a_port_that_is_lost_returns, 0, ARRAY_SIZE(losses));
	tcase_add_loop_test(tcase, a_change_is_drift_until_it_is_put_back, 0, ARRAY_SIZE(changes));
	return tcase;
}
