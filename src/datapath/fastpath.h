/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DATAPATH_FASTPATH_H
#define RPORT_DATAPATH_FASTPATH_H

/*
 * Decides which way the packets of a link go, for each direction: by the fast path, inside the
 * kernel (fastpath.bpf.c), or by the shuttle. Pure. The shuttle is always attached: it takes what
 * the fast path declines, and everything when the fast path is taken away.
 */

#include "base/util.h"

/* bpf_skb_change_head() refuses larger packets without GSO, and TCP suffers from the reordering
 * when some go the other way. */
#define FASTPATH_MTU_MAX 16000U

/* Which links take the fast path. */
enum fastpath_policy {
	FASTPATH_DEFAULT_OFF, /* those that ask for it */
	FASTPATH_DEFAULT_ON,  /* all but those that say no */
	FASTPATH_NEVER,
};

/* Why a direction does not take the fast path. */
enum fastpath_obstacle {
	FASTPATH_CLEAR, /* nothing is in the way */
	FASTPATH_UNWANTED,
	FASTPATH_FORBIDDEN,
	FASTPATH_DOWN,
	FASTPATH_NO_CARRIER,
	FASTPATH_MOVED,
	FASTPATH_NO_OFFLOAD,
	FASTPATH_MPLS,
	FASTPATH_CAPTURE,
	FASTPATH_SHAPED,
	FASTPATH_TOO_LARGE,
	FASTPATH_SMALLER,
};

/*
 * struct fastpath_end - what is known of a port
 * @up: its device exists and is up
 * @carrier: it has a carrier
 * @moved: it is in another namespace than that of its domain
 * @captured: somebody captures packets on it
 * @shaped: it has a queueing discipline that may delay or drop packets
 * @mtu: bytes
 */
struct fastpath_end {
	bool up;
	bool carrier;
	bool moved;
	bool captured;
	bool shaped;
	unsigned int mtu;
};

/*
 * struct fastpath_facts - what is known of a link
 * @wanted: its property FastPath
 * @forbidden: rportd --fast-path=never
 * @offload: its property Offload
 * @mpls: its property MPLS
 * @across: its ports are in two namespaces
 * @ends: its ports
 */
struct fastpath_facts {
	bool wanted;
	bool forbidden;
	bool offload;
	bool mpls;
	bool across;
	struct fastpath_end ends[2];
};

/*
 * struct fastpath_verdict - the decision for one direction
 * @obstacle: FASTPATH_CLEAR: it takes the fast path
 * @end: the port that is the obstacle, 0 is a and 1 is b; of some obstacles
 */
struct fastpath_verdict {
	enum fastpath_obstacle obstacle;
	unsigned int end;
};

/**
 * fastpath_decide() - decide which way the packets go that are sent at one end of a link
 * @facts: what is known
 * @from: the sending end, 0 or 1
 *
 * Return: the verdict, with the first obstacle that is found.
 */
struct fastpath_verdict fastpath_decide(const struct fastpath_facts *facts, unsigned int from);

#define FASTPATH_REASON_MAX 128

/**
 * fastpath_reason() - say why a direction does not take the fast path
 * @facts: what is known
 * @verdict: of fastpath_decide()
 * @buf: filled; "" for FASTPATH_CLEAR and FASTPATH_UNWANTED
 *
 * Return: @buf.
 */
const char *fastpath_reason(const struct fastpath_facts *facts,
			    const struct fastpath_verdict *verdict,
			    char buf[static FASTPATH_REASON_MAX]);

/**
 * fastpath_is_shaper() - tell whether a queueing discipline may delay or drop packets that would
 * not wait
 * @kind: of it (tc(8)); "" when that is not known
 *
 * On the fast path no packet waits, so a queue without a rate has nothing to do there.
 *
 * Return: false for those that only queue, such as fq_codel; else true.
 */
bool fastpath_is_shaper(const char *kind);

#endif
