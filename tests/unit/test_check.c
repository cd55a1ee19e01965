/* SPDX-License-Identifier: ISC */

/* What the checks find in facts. */

#include <check.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>

#include "port/check.h"
#include "suite.h"

static struct port_spec specs[2];

static struct ip_address address(const char *text)
{
	struct ip_address ret;

	ck_assert_int_eq(ip_address_parse(text, &ret), 0);
	return ret;
}

/* A link between two namespaces, whose ends reach each other's address. */
static struct check_facts good(void)
{
	struct check_facts facts = { .link = "ab", .n_flows = 1 };
	struct check_flow *flow = &facts.flows[0];

	for (unsigned int end = 0; end < 2; end++) {
		struct check_end *port = &facts.ends[end];

		specs[end] = (struct port_spec){ .domain.netns = DOMAIN_NETNS_NAMED };
		snprintf(specs[end].domain.name, sizeof(specs[end].domain.name), "%s",
			 end == 0 ? "red" : "blue");
		snprintf(port->port, sizeof(port->port), "netns:%s/rport0", specs[end].domain.name);
		snprintf(port->ifname, sizeof(port->ifname), "rport0");
		port->spec = &specs[end];
		port->state = PORT_UP;
		port->index = 2 + end;
		port->mtu = 1500;
		port->seen.forwards[CHECK_IPV4] = port->seen.forwards[CHECK_IPV6] = 1;
	}
	flow->to_peer = true;
	flow->to = address("10.0.0.2");
	flow->out = (struct check_way){
		.asked = true,
		.answer = { .type = RTN_UNICAST, .oif = 2, .source = address("10.0.0.1") }
	};
	flow->in = (struct check_way){ .asked = true, .answer.type = RTN_LOCAL };
	flow->back =
		(struct check_way){ .asked = true, .answer = { .type = RTN_UNICAST, .oif = 3 } };
	return facts;
}

#define FLOW(facts) (&(facts)->flows[0])

static void to_network(struct check_facts *facts)
{
	FLOW(facts)->to_peer = false;
	FLOW(facts)->to = address("10.9.0.1");
	FLOW(facts)->network = (struct ip_prefix){ address("10.9.0.0"), 16 };
	FLOW(facts)->in.answer = (struct route_answer){ .type = RTN_UNICAST, .oif = 7 };
	FLOW(facts)->in.mtu = 1500;
}

static void join_vrf(struct check_facts *facts)
{
	facts->same_netns = true;
	specs[0] = specs[1] = (struct port_spec){ .domain.netns = DOMAIN_NETNS_SELF };
	snprintf(specs[1].domain.vrf, sizeof(specs[1].domain.vrf), "blue");
}

#define CHANGE(name, ...)                           \
	static void name(struct check_facts *facts) \
	{                                           \
		__VA_ARGS__;                        \
	}

CHANGE(nothing, (void)facts)
CHANGE(is_pending, facts->ends[1].state = PORT_PENDING;
       facts->ends[1].reason = "no namespace \"blue\"")
CHANGE(is_down, facts->ends[0].state = PORT_DOWN)
CHANGE(local_first, join_vrf(facts); facts->ends[0].seen.local_first[CHECK_IPV4] = true)
CHANGE(vrf_first, join_vrf(facts))
CHANGE(no_route, FLOW(facts)->out = (struct check_way){ .asked = true, .result = -ENETUNREACH })
CHANGE(no_route_pending, no_route(facts); facts->ends[0].state = PORT_DOWN)
CHANGE(strict, FLOW(facts)->in.result = -EXDEV; facts->ends[1].seen.strict = true;
       FLOW(facts)->back.answer.oif = 9; memcpy(FLOW(facts)->back.ifname, "eth0", 5))
CHANGE(strict_at_a_strangers, strict(facts); strcpy(facts->ends[1].ifname, "$(reboot)"))
CHANGE(no_route_from_a_strangers, no_route(facts); strcpy(facts->ends[0].ifname, "a;'b"))
CHANGE(strict_of_late, strict(facts); FLOW(facts)->in.result = -EINVAL)
CHANGE(no_forwarding, to_network(facts); FLOW(facts)->in.result = -EHOSTUNREACH;
       facts->ends[1].seen.forwards[CHECK_IPV4] = 0)
CHANGE(martian, FLOW(facts)->in.result = -EINVAL; facts->same_netns = true;
       memcpy(specs[0].domain.vrf, "x", 2))
CHANGE(no_way_back, FLOW(facts)->back = (struct check_way){ .asked = true, .result = -ENETUNREACH })
CHANGE(loop, to_network(facts); FLOW(facts)->in.answer.oif = 3)
CHANGE(same_domain, facts->same_netns = true)
CHANGE(twin, memcpy(facts->twin, "cd", 3))
CHANGE(another_way, FLOW(facts)->out.answer.oif = 8; memcpy(FLOW(facts)->out.ifname, "eth1", 5))
CHANGE(own_network, to_network(facts); FLOW(facts)->out.answer.type = RTN_LOCAL)
CHANGE(no_route_on, to_network(facts); FLOW(facts)->in.result = -ENETUNREACH)
CHANGE(asymmetric, FLOW(facts)->back.answer.oif = 9; memcpy(FLOW(facts)->back.ifname, "eth0", 5))
CHANGE(peer_has_source, FLOW(facts)->in.result = -EINVAL;
       FLOW(facts)->back.answer = (struct route_answer){ .type = RTN_LOCAL, .oif = 1 })
CHANGE(sender_has_destination,
       FLOW(facts)->out.answer = (struct route_answer){ .type = RTN_LOCAL, .oif = 1 };
       FLOW(facts)->in.asked = FLOW(facts)->back.asked = false)
CHANGE(mtus, facts->ends[1].mtu = 1400)
CHANGE(drift, facts->ends[1].drift = "mtu is 1500, not 1400\nname is x")
CHANGE(lo_down, facts->ends[0].seen.lo_down = true)
CHANGE(leak, memcpy(specs[0].domain.vrf, "vrf1", 5);
       memcpy(facts->ends[0].seen.leaks[CHECK_IPV6], "eth0", 5))
CHANGE(managed, memcpy(facts->ends[0].seen.manager, "NetworkManager", 15))
CHANGE(not_examined, facts->ends[1].seen.looked = -ETIMEDOUT)
CHANGE(narrow, to_network(facts); FLOW(facts)->in.mtu = 1400;
       memcpy(FLOW(facts)->in.ifname, "eth0", 5))
CHANGE(zones_of_vrfs, facts->same_netns = true; facts->ends[0].seen.tracks = true;
       memcpy(specs[0].domain.vrf, "x", 2))
CHANGE(zones, facts->same_netns = true; facts->ends[0].seen.tracks = true)
CHANGE(no_fastpath, snprintf(facts->ends[1].fastpath, 128, "a capture is running on b"))
CHANGE(no_uring, facts->engine_error = EPERM)
CHANGE(drops, facts->ends[0].drops.counters.drops[DROP_PEER_DOWN] = 3;
       facts->ends[0].drops.interface_dropped = 4)
CHANGE(drops_with_times, drops(facts); facts->ends[0].drops.since = 1700000000;
       facts->ends[0].drops.counters.dropped_at = 1700003661)
CHANGE(drops_with_bad_times, drops(facts); facts->ends[0].drops.since = UINT64_MAX / 2;
       facts->ends[0].drops.counters.dropped_at = UINT64_MAX / 2)
static void duplicate(struct check_facts *facts)
{
	static struct address_spec same;

	same.address.address = address("10.0.0.1");
	for (int i = 0; i < 2; i++)
		specs[i].addresses = &same, specs[i].n_addresses = 1;
	ck_assert_ptr_eq(facts->ends[0].spec, &specs[0]);
}

static const struct {
	void (*change)(struct check_facts *facts);
	const char *ids;     /* of all that is found */
	const char *message; /* a part of the first message */
	const char *remedy;  /* a part of the first remedy; NULL: any */
} expectations[] = {
	{ nothing, "", "", NULL },
	{ is_pending, "pending ", "netns:blue/rport0 is pending: no namespace \"blue\"", "" },
	{ is_down, "down ", "netns:red/rport0 is down", "rportctl up netns:red/rport0" },
	{ duplicate, "duplicate-address ", "10.0.0.1", NULL },
	{ peer_has_source, "duplicate-address ", "both namespaces have the address 10.0.0.1:", "" },
	{ sender_has_destination, "duplicate-address ",
	  "both namespaces have the address 10.0.0.2:", "" },
	{ local_first, "local-table-first ", "before VRFs are",
	  "ip rule add pref 32765 table local\nip rule del pref 0" },
	{ vrf_first, "", "", NULL },
	{ no_route, "no-route ", "no route to 10.0.0.2 (an address of netns:blue/rport0)",
	  "ip netns exec red ip route add 10.0.0.2 dev rport0" },
	{ no_route_pending, "down ", "", NULL },
	{ strict, "strict-rp-filter ", "10.0.0.1: rp_filter is strict there",
	  "ip netns exec blue sysctl -w net.ipv4.conf.rport0.rp_filter=2" },
	{ strict_at_a_strangers, "strict-rp-filter ", "rp_filter is strict there",
	  "sysctl -w net.ipv4.conf.'$(reboot)'.rp_filter=2" },
	{ no_route_from_a_strangers, "no-route ", "", "ip route add 10.0.0.2 dev 'a;'\"'\"'b'" },
	{ strict_of_late, "strict-rp-filter ", "through eth0", NULL },
	{ no_forwarding, "forwarding-off ",
	  "netns:blue/rport0 does not forward packets to 10.9.0.0/16",
	  "ip netns exec blue sysctl -w net.ipv4.ip_forward=1" },
	{ martian, "martian-source ", "an address of its own host", "accept_local=1" },
	{ no_way_back, "no-route-back ", "no route back to 10.0.0.1",
	  "ip netns exec blue ip route add 10.0.0.1 dev rport0" },
	{ loop, "routing-loop ", "back through the link", NULL },
	{ same_domain, "same-domain ", "", NULL },
	{ twin, "joined-twice ", "the link cd joins", NULL },
	{ another_way, "another-way ", "leave through eth1, not through netns:red/rport0", NULL },
	{ own_network, "", "", NULL },
	{ no_route_on, "no-route-onward ", "no route for what its peer sends to 10.9.0.0/16",
	  NULL },
	{ asymmetric, "asymmetric ", "10.0.0.1 through eth0", NULL },
	{ mtus, "mtus-differ ", "1500 at end a, 1400 at end b", "rportctl set ab mtu 1400" },
	{ drift, "drift ", "mtu is 1500, not 1400", "rportctl reconcile ab" },
	{ lo_down, "lo-down ", "", "ip netns exec red ip link set lo up" },
	{ leak, "vrf-leak ", "through eth0", "ip -6 route add vrf vrf1 unreachable default" },
	{ managed, "managed ", "NetworkManager manages", "nmcli device set rport0 managed no" },
	{ not_examined, "not-examined ", "timed out", NULL },
	{ narrow, "mtu-onward ", "through eth0, whose MTU is 1400, not 1500", "mtu 1400" },
	{ narrow, "mtu-onward ", "the MSS is clamped", NULL },
	{ zones, "same-domain conntrack-zones ", "", NULL },
	{ zones_of_vrfs, "conntrack-zones ", "one zone, which NAT may take for a clash",
	  "ip netns exec red nft add table inet zones\n"
	  "ip netns exec red nft 'add chain inet zones pre { type filter hook prerouting priority "
	  "raw; }'\n"
	  "for i in x $(ip netns exec red ip -br link show master x | sed 's/[@ ].*//'); "
	  "do ip netns exec red nft add rule inet zones pre iifname $i ct zone set 1; done" },
	{ no_fastpath, "no-fast-path ", "a capture is running on b", NULL },
	{ no_uring, "no-io-uring ", "io_uring is refused", "io_uring_disabled=0" },
	{ drops, "drops ",
	  "since it was made, these were dropped: 3 (the peer was down), 4 (by the interface", "" },
	{ drops_with_times, "drops ", "since 2023-11-14 22:13:20 UTC, these were dropped: 3", "" },
	{ drops_with_times, "drops ", "; the last one at 2023-11-14 23:14:21 UTC", "" },
	{ drops_with_bad_times, "drops ", "since it was made", "" },
};

struct found {
	char ids[512];
	struct check_finding first;
	unsigned int standing;
};

static void note(const struct check_finding *finding, void *userdata)
{
	struct found *found = userdata;
	size_t length = strlen(found->ids);

	if (length == 0)
		found->first = *finding;
	found->standing += finding->standing;
	snprintf(found->ids + length, sizeof(found->ids) - length, "%s ", finding->id);
}

START_TEST(test_findings)
{
	struct check_facts facts = good();
	struct found found = { 0 };

	expectations[_i].change(&facts);
	check_run(&facts, note, &found);
	ck_assert_str_eq(found.ids, expectations[_i].ids);
	ck_assert_msg(strstr(found.first.message, expectations[_i].message) != NULL, "%s",
		      found.first.message);
	if (expectations[_i].remedy)
		ck_assert_msg(strstr(found.first.remedy, expectations[_i].remedy) != NULL, "%s",
			      found.first.remedy);
}
END_TEST

/* What stands in the warnings of a link needs nobody to look. */
START_TEST(test_standing)
{
	struct check_facts facts = good();
	struct found found = { 0 };

	facts.n_flows = 0;
	facts.ends[0].seen.looked = facts.ends[1].seen.looked = 1;
	mtus(&facts);
	same_domain(&facts);
	check_run(&facts, note, &found);
	ck_assert_str_eq(found.ids, "same-domain mtus-differ ");
	ck_assert_uint_eq(found.standing, 2);
}
END_TEST

/* A name and words as long as can be are cut, and end; but there is no half of a command. */
START_TEST(test_long)
{
	struct check_facts facts = good();
	struct found found = { 0 };

	for (int end = 0; end < 2; end++) {
		memset(specs[end].domain.name, 'n', sizeof(specs[end].domain.name) - 1);
		memset(facts.ends[end].port, 'p', sizeof(facts.ends[end].port) - 1);
	}
	local_first(&facts);
	no_route(&facts);
	facts.ends[0].seen.local_first[CHECK_IPV6] = true;
	specs[0].domain.netns = specs[1].domain.netns = DOMAIN_NETNS_NAMED;
	memset(specs[0].domain.name, 'n', sizeof(specs[0].domain.name) - 1);
	check_run(&facts, note, &found);
	ck_assert_uint_lt(strlen(found.first.message), CHECK_TEXT_MAX);
	ck_assert_ptr_nonnull(strrchr(found.first.remedy, '\n'));
	ck_assert_ptr_nonnull(strstr(strrchr(found.first.remedy, '\n'), "rule "));
	ck_assert(streq(found.first.remedy + strlen(found.first.remedy) - strlen("pref 0"),
			"pref 0") ||
		  streq(found.first.remedy + strlen(found.first.remedy) - strlen("table local"),
			"table local"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("check");
	TCase *findings = tcase_create("findings");

	tcase_add_loop_test(findings, test_findings, 0, ARRAY_SIZE(expectations));
	tcase_add_test(findings, test_standing);
	tcase_add_test(findings, test_long);
	suite_add_tcase(suite, findings);
	return suite_run(suite);
}
