/* SPDX-License-Identifier: ISC */

/* Which way the packets of a link go, and what stands in /proc/net/packet. */

#include <check.h>
#include <stdlib.h>

#include "datapath/fastpath.h"
#include "kernel/packet-sockets.h"
#include "suite.h"

static struct fastpath_facts good(void)
{
	const struct fastpath_end end = { .up = true, .carrier = true, .mtu = 1500 };

	return (struct fastpath_facts){
		.wanted = true,
		.offload = true,
		.across = true,
		.ends = { end, end },
	};
}

#define CHANGE(name, statement)                        \
	static void name(struct fastpath_facts *facts) \
	{                                              \
		statement;                             \
	}

CHANGE(nothing, (void)facts)
CHANGE(unwanted, facts->wanted = false)
CHANGE(forbidden, facts->forbidden = true)
CHANGE(no_offload, facts->offload = false)
CHANGE(mpls, facts->mpls = true)
CHANGE(a_down, facts->ends[0].up = false)
CHANGE(b_down, facts->ends[1].up = false)
CHANGE(no_carrier, facts->ends[1].carrier = false)
CHANGE(a_moved, facts->ends[0].moved = true)
CHANGE(a_captured, facts->ends[0].captured = true)
CHANGE(b_captured, facts->ends[1].captured = true)
CHANGE(a_shaped, facts->ends[0].shaped = true)
CHANGE(b_smaller, facts->ends[1].mtu = 1280)
CHANGE(greatest, facts->ends[0].mtu = facts->ends[1].mtu = FASTPATH_MTU_MAX)
CHANGE(too_large, facts->ends[0].mtu = facts->ends[1].mtu = FASTPATH_MTU_MAX + 1)
CHANGE(large_in_one, (too_large(facts), facts->across = false))

/* NULL: the fast path is clear; "": it is not wanted */
static const struct {
	void (*change)(struct fastpath_facts *facts);
	const char *reasons[2];
} decisions[] = {
	{ nothing, { NULL, NULL } },
	{ unwanted, { "", "" } },
	{ forbidden,
	  { "rportd runs with --fast-path=never", "rportd runs with --fast-path=never" } },
	{ no_offload, { "offload is off", "offload is off" } },
	{ mpls, { "it carries MPLS", "it carries MPLS" } },
	{ a_down, { "a is down", "a is down" } },
	{ b_down, { "b is down", "b is down" } },
	{ no_carrier, { "it has no carrier yet", "it has no carrier yet" } },
	{ a_moved, { "a was moved out of its domain", "a was moved out of its domain" } },
	{ a_captured, { "a capture is running on a", NULL } },
	{ b_captured, { NULL, "a capture is running on b" } },
	{ a_shaped, { "a has a queueing discipline", NULL } },
	{ b_smaller, { "the MTU of a is 1500, and more than the 1280 of b", NULL } },
	{ greatest, { NULL, NULL } },
	{ too_large,
	  { "the MTU of a is 16001, and more than 16000",
	    "the MTU of b is 16001, and more than 16000" } },
	{ large_in_one, { NULL, NULL } },
};

START_TEST(each_obstacle)
{
	struct fastpath_facts facts = good();

	decisions[_i].change(&facts);
	for (unsigned int from = 0; from < 2; from++) {
		struct fastpath_verdict verdict = fastpath_decide(&facts, from);
		const char *want = decisions[_i].reasons[from];
		char reason[FASTPATH_REASON_MAX];

		ck_assert_int_eq(verdict.obstacle == FASTPATH_CLEAR, !want);
		ck_assert_str_eq(fastpath_reason(&facts, &verdict, reason), want ? want : "");
	}
}
END_TEST

START_TEST(queueing_disciplines)
{
	ck_assert(!fastpath_is_shaper(""));
	ck_assert(!fastpath_is_shaper("noqueue"));
	ck_assert(!fastpath_is_shaper("fq_codel"));
	ck_assert(fastpath_is_shaper("tbf"));
	ck_assert(fastpath_is_shaper("netem"));
	ck_assert(fastpath_is_shaper("htb"));
}
END_TEST

#define HEADER "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n"

START_TEST(sockets_that_hear_all)
{
	char text[] = HEADER "0000000000000000 3      3    0003   7     1 0      0      1234\n"
			     "0000000000000000 3      2    0800   8     1 0      0      1235\n"
			     "0000000000000000 3      3    0000   0     0 0      0      1236\n";
	struct packet_sockets sockets;

	packet_sockets_parse(text, &sockets);
	ck_assert(packet_sockets_hear(&sockets, 7));
	ck_assert(!packet_sockets_hear(&sockets, 8)); /* sees what arrives only */
	ck_assert(!packet_sockets_hear(&sockets, 9));
}
END_TEST

START_TEST(sockets_on_any_interface)
{
	char text[] = HEADER "0000000000000000 3      3    0003   0     1 0      0      1234\n";
	struct packet_sockets sockets;

	packet_sockets_parse(text, &sockets);
	ck_assert(packet_sockets_hear(&sockets, 7));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fastpath");
	TCase *tcase = tcase_create("decisions");

	tcase_add_loop_test(tcase, each_obstacle, 0, ARRAY_SIZE(decisions));
	tcase_add_test(tcase, queueing_disciplines);
	tcase_add_test(tcase, sockets_that_hear_all);
	tcase_add_test(tcase, sockets_on_any_interface);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
