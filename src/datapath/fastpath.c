/* SPDX-License-Identifier: ISC */

/* Which way the packets of a link go. */

#include <stdio.h>

#include "datapath/fastpath.h"

static enum fastpath_obstacle obstacle_of_link(const struct fastpath_facts *facts)
{
	if (!facts->wanted)
		return FASTPATH_UNWANTED;
	if (facts->forbidden)
		return FASTPATH_FORBIDDEN;
	if (!facts->offload)
		return FASTPATH_NO_OFFLOAD;
	return facts->mpls ? FASTPATH_MPLS : FASTPATH_CLEAR;
}

static enum fastpath_obstacle obstacle_at(const struct fastpath_end *end)
{
	if (!end->up)
		return FASTPATH_DOWN;
	return end->moved ? FASTPATH_MOVED : FASTPATH_CLEAR;
}

static enum fastpath_obstacle obstacle_at_sender(const struct fastpath_facts *facts,
						 unsigned int from)
{
	const struct fastpath_end *sender = &facts->ends[from];

	if (!sender->carrier || !facts->ends[!from].carrier)
		return FASTPATH_NO_CARRIER;
	/* the egress of the sender is passed by; a capture at the receiver sees the packet arrive */
	if (sender->captured)
		return FASTPATH_CAPTURE;
	if (sender->shaped)
		return FASTPATH_SHAPED;
	if (facts->across && sender->mtu > FASTPATH_MTU_MAX)
		return FASTPATH_TOO_LARGE;
	return sender->mtu > facts->ends[!from].mtu ? FASTPATH_SMALLER : FASTPATH_CLEAR;
}

struct fastpath_verdict fastpath_decide(const struct fastpath_facts *facts, unsigned int from)
{
	struct fastpath_verdict verdict = { obstacle_of_link(facts), from };

	for (unsigned int i = 0; i < 2 && verdict.obstacle == FASTPATH_CLEAR; i++) {
		verdict.end = i == 0 ? from : !from;
		verdict.obstacle = obstacle_at(&facts->ends[verdict.end]);
	}
	if (verdict.obstacle != FASTPATH_CLEAR)
		return verdict;
	return (struct fastpath_verdict){ obstacle_at_sender(facts, from), from };
}

const char *fastpath_reason(const struct fastpath_facts *facts,
			    const struct fastpath_verdict *verdict,
			    char buf[static FASTPATH_REASON_MAX])
{
	const char end = "ab"[verdict->end];
	unsigned int mtu = facts->ends[verdict->end].mtu, other = facts->ends[!verdict->end].mtu;

	buf[0] = '\0';
	switch (verdict->obstacle) {
	case FASTPATH_CLEAR:
	case FASTPATH_UNWANTED:
		break;
	case FASTPATH_FORBIDDEN:
		snprintf(buf, FASTPATH_REASON_MAX, "rportd runs with --fast-path=never");
		break;
	case FASTPATH_DOWN:
		snprintf(buf, FASTPATH_REASON_MAX, "%c is down", end);
		break;
	case FASTPATH_NO_CARRIER:
		snprintf(buf, FASTPATH_REASON_MAX, "it has no carrier yet");
		break;
	case FASTPATH_MOVED:
		snprintf(buf, FASTPATH_REASON_MAX, "%c was moved out of its domain", end);
		break;
	case FASTPATH_NO_OFFLOAD:
		snprintf(buf, FASTPATH_REASON_MAX, "offload is off");
		break;
	case FASTPATH_MPLS:
		snprintf(buf, FASTPATH_REASON_MAX, "it carries MPLS");
		break;
	case FASTPATH_CAPTURE:
		snprintf(buf, FASTPATH_REASON_MAX, "a capture is running on %c", end);
		break;
	case FASTPATH_SHAPED:
		snprintf(buf, FASTPATH_REASON_MAX, "%c has a queueing discipline", end);
		break;
	case FASTPATH_TOO_LARGE:
		snprintf(buf, FASTPATH_REASON_MAX, "the MTU of %c is %u, and more than %u", end,
			 mtu, FASTPATH_MTU_MAX);
		break;
	case FASTPATH_SMALLER:
		snprintf(buf, FASTPATH_REASON_MAX,
			 "the MTU of %c is %u, and more than the %u of %c", end, mtu, other,
			 "ab"[!verdict->end]);
		break;
	}
	return buf;
}

bool fastpath_is_shaper(const char *kind)
{
	static const char *const queues[] = {
		"",      "noop",     "noqueue", "mq", "pfifo_fast", "pfifo",
		"bfifo", "fq_codel", "codel",   "fq", "sfq",
	};

	for (size_t i = 0; i < ARRAY_SIZE(queues); i++)
		if (streq(kind, queues[i]))
			return false;
	return true;
}
