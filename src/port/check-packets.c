/* SPDX-License-Identifier: ISC */

/*
 * Checks that follow a packet on its way: what the sender does with it, what the receiver does, and
 * where the answer goes. The kernel has been asked all that; here is told what its refusals mean.
 */

#include <linux/rtnetlink.h>
#include <stdio.h>

#include "port/check-packets.h"

/* --- packets on their way --------------------------------------------------------------------- */

static const struct check_end *receiver_of(const struct check_facts *facts,
					   const struct check_flow *flow)
{
	return check_end_of(facts, !flow->from);
}

/* "10.0.0.2 (an address of netns:blue/rport0)", "10.0.0.0/8" */
static const char *target(const struct check_facts *facts, const struct check_flow *flow,
			  char buf[static PORT_TEXT_MAX + 96])
{
	char text[IP_PREFIX_TEXT_MAX];

	if (flow->to_peer)
		snprintf(buf, PORT_TEXT_MAX + 96, "%s (an address of %s)",
			 ip_address_format(&flow->to, text), receiver_of(facts, flow)->port);
	else
		snprintf(buf, PORT_TEXT_MAX + 96, "%s", ip_prefix_format(&flow->network, text));
	return buf;
}

static bool leaves_by_port(const struct check_facts *facts, const struct check_flow *flow)
{
	return flow->out.asked && flow->out.result == 0 && flow->out.answer.type != RTN_LOCAL &&
	       flow->out.answer.oif == check_end_of(facts, flow->from)->index;
}

static bool is_refused(const struct check_facts *facts, const struct check_flow *flow, int r)
{
	return leaves_by_port(facts, flow) && flow->in.asked && flow->in.result == r;
}

/* Its source address is refused. Linux before 6.13 says -EXDEV where the reverse path is the reason. */
static bool is_invalid(const struct check_facts *facts, const struct check_flow *flow)
{
	return is_refused(facts, flow, -EXDEV) || is_refused(facts, flow, -EINVAL);
}

/* The route of the receiver to the source address of the packets does not lead into the link. */
static bool has_no_way_back(const struct check_facts *facts, const struct check_flow *flow)
{
	return flow->back.asked && flow->back.answer.type != RTN_LOCAL &&
	       (flow->back.result < 0 || flow->back.answer.oif != receiver_of(facts, flow)->index);
}

typedef bool (*flow_fn)(const struct check_facts *facts, const struct check_flow *flow);

/* Return: the first flow that @end sends, or receives, of which @fn is true; NULL: there is none. */
static const struct check_flow *find_flow(const struct check_facts *facts, unsigned int end,
					  bool receives, flow_fn fn)
{
	for (unsigned int i = 0; i < facts->n_flows; i++) {
		const struct check_flow *flow = &facts->flows[i];

		if ((flow->from != end) == receives && fn(facts, flow))
			return flow;
	}
	return NULL;
}

static const struct check_flow *find_sent(const struct check_facts *facts, unsigned int end,
					  flow_fn fn)
{
	return find_flow(facts, end, false, fn);
}

static const struct check_flow *find_received(const struct check_facts *facts, unsigned int end,
					      flow_fn fn)
{
	return find_flow(facts, end, true, fn);
}

/* --- what the sender does --------------------------------------------------------------------- */

static bool sender_has_no_route(const struct check_facts *facts _unused_,
				const struct check_flow *flow)
{
	return flow->to_peer && flow->out.asked && flow->out.result < 0;
}

bool check_no_route(const struct check_facts *facts, unsigned int end,
		    struct check_finding *finding)
{
	const struct check_flow *flow = find_sent(facts, end, sender_has_no_route);
	const struct check_end *from = check_end_of(facts, end);
	char prefix[COMMAND_PREFIX_MAX], vrf[COMMAND_VRF_MAX], ifname[COMMAND_IFNAME_MAX],
		text[IP_TEXT_MAX], to[PORT_TEXT_MAX + 96];

	if (!flow || from->state != PORT_UP)
		return false;
	check_say(finding, "%s has no route to %s: %s", from->port, target(facts, flow, to),
		  strerror(-flow->out.result));
	check_advise(finding, "%sip route add %s dev %s%s", check_inside(from, prefix),
		     ip_address_format(&flow->to, text), check_ifname(from, ifname),
		     check_vrf_words(from, vrf));
	return true;
}

/* A network of one address of its own is routed into the port, too. */
static bool goes_another_way(const struct check_facts *facts, const struct check_flow *flow)
{
	if (!flow->to_peer && flow->out.answer.type == RTN_LOCAL)
		return false;
	return flow->out.asked && flow->out.result == 0 && !leaves_by_port(facts, flow);
}

bool check_another_way(const struct check_facts *facts, unsigned int end,
		       struct check_finding *finding)
{
	const struct check_flow *flow = find_sent(facts, end, goes_another_way);
	const struct check_end *from = check_end_of(facts, end);
	char to[PORT_TEXT_MAX + 96];

	/* what explains it better is told by others */
	if (!flow || check_duplicate(facts, end, finding) ||
	    check_same_domain(facts, end, finding) || check_local_first(facts, end, finding))
		return false;
	if (flow->out.answer.type == RTN_LOCAL)
		check_say(finding, "%s takes %s for an address of its own host", from->port,
			  target(facts, flow, to));
	else
		check_say(finding, "packets to %s leave through %s, not through %s",
			  target(facts, flow, to),
			  flow->out.ifname[0] ? flow->out.ifname : "another interface", from->port);
	return true;
}

/* --- what the receiver does ------------------------------------------------------------------- */

static bool is_not_forwarded(const struct check_facts *facts, const struct check_flow *flow)
{
	const struct check_end *to = receiver_of(facts, flow);

	if (is_refused(facts, flow, -EHOSTUNREACH))
		return to->seen.forwards[CHECK_IPV4] == 0;
	/* IPv6 finds the route first, and refuses later */
	return flow->to.family == AF_INET6 && is_refused(facts, flow, 0) &&
	       flow->in.answer.type == RTN_UNICAST && to->seen.forwards[CHECK_IPV6] == 0;
}

bool check_no_forwarding(const struct check_facts *facts, unsigned int end,
			 struct check_finding *finding)
{
	const struct check_flow *flow = find_received(facts, end, is_not_forwarded);
	const struct check_end *to = check_end_of(facts, end);
	char prefix[COMMAND_PREFIX_MAX], text[PORT_TEXT_MAX + 96];

	if (!flow)
		return false;
	check_say(finding, "%s does not forward packets to %s: forwarding is off in its namespace",
		  to->port, target(facts, flow, text));
	check_advise(finding, "%ssysctl -w %s=1", check_inside(to, prefix),
		     flow->to.family == AF_INET ? "net.ipv4.ip_forward"
						: "net.ipv6.conf.all.forwarding");
	return true;
}

static bool fails_strict(const struct check_facts *facts, const struct check_flow *flow)
{
	return is_invalid(facts, flow) && receiver_of(facts, flow)->seen.strict &&
	       flow->back.result == 0 && has_no_way_back(facts, flow);
}

bool check_strict(const struct check_facts *facts, unsigned int end, struct check_finding *finding)
{
	const struct check_flow *flow = find_received(facts, end, fails_strict);
	const struct check_end *to = check_end_of(facts, end);
	char prefix[COMMAND_PREFIX_MAX], ifname[COMMAND_IFNAME_MAX], source[IP_TEXT_MAX];

	if (!flow)
		return false;
	check_say(finding,
		  "%s drops packets from %s: rp_filter is strict there, and its own route to "
		  "that address leads through %s",
		  to->port, ip_address_format(&flow->out.answer.source, source),
		  flow->back.ifname[0] ? flow->back.ifname : "another interface");
	check_advise(finding, "%ssysctl -w net.ipv4.conf.%s.rp_filter=2", check_inside(to, prefix),
		     check_ifname(to, ifname));
	return true;
}

static bool is_martian(const struct check_facts *facts, const struct check_flow *flow)
{
	return is_invalid(facts, flow) && facts->same_netns && !fails_strict(facts, flow);
}

bool check_martian(const struct check_facts *facts, unsigned int end, struct check_finding *finding)
{
	const struct check_flow *flow = find_received(facts, end, is_martian);
	const struct check_end *to = check_end_of(facts, end);
	char prefix[COMMAND_PREFIX_MAX], ifname[COMMAND_IFNAME_MAX], source[IP_TEXT_MAX];

	if (!flow || check_local_first(facts, end, finding))
		return false;
	check_say(finding, "%s drops packets from %s, which is an address of its own host",
		  to->port, ip_address_format(&flow->out.answer.source, source));
	check_advise(finding, "%ssysctl -w net.ipv4.conf.%s.accept_local=1",
		     check_inside(to, prefix), check_ifname(to, ifname));
	return true;
}

static bool receiver_has_no_route(const struct check_facts *facts, const struct check_flow *flow)
{
	return !flow->to_peer && !is_not_forwarded(facts, flow) &&
	       (is_refused(facts, flow, -ENETUNREACH) || is_refused(facts, flow, -EHOSTUNREACH));
}

bool check_no_route_on(const struct check_facts *facts, unsigned int end,
		       struct check_finding *finding)
{
	const struct check_flow *flow = find_received(facts, end, receiver_has_no_route);
	const struct check_end *to = check_end_of(facts, end);
	char text[PORT_TEXT_MAX + 96], address[IP_TEXT_MAX];

	if (!flow)
		return false;
	check_say(finding, "%s has no route for what its peer sends to %s (asked for %s): %s",
		  to->port, target(facts, flow, text), ip_address_format(&flow->to, address),
		  strerror(-flow->in.result));
	return true;
}

static bool is_sent_back(const struct check_facts *facts, const struct check_flow *flow)
{
	return is_refused(facts, flow, 0) && flow->in.answer.type == RTN_UNICAST &&
	       flow->in.answer.oif == receiver_of(facts, flow)->index;
}

bool check_loop(const struct check_facts *facts, unsigned int end, struct check_finding *finding)
{
	const struct check_flow *flow = find_received(facts, end, is_sent_back);
	char text[PORT_TEXT_MAX + 96];

	if (!flow)
		return false;
	check_say(finding,
		  "%s sends packets to %s back through the link they came by: they go round "
		  "until their TTL ends",
		  check_end_of(facts, end)->port, target(facts, flow, text));
	return true;
}

/* Answers are lost, or the packets themselves, where the reverse path is checked. */
static bool lacks_way_back(const struct check_facts *facts, const struct check_flow *flow)
{
	return leaves_by_port(facts, flow) && flow->out.answer.source.family != AF_UNSPEC &&
	       flow->back.asked && flow->back.result < 0;
}

bool check_no_way_back(const struct check_facts *facts, unsigned int end,
		       struct check_finding *finding)
{
	const struct check_flow *flow = find_received(facts, end, lacks_way_back);
	const struct check_end *to = check_end_of(facts, end);
	char prefix[COMMAND_PREFIX_MAX], vrf[COMMAND_VRF_MAX], ifname[COMMAND_IFNAME_MAX],
		source[IP_TEXT_MAX], text[PORT_TEXT_MAX + 96];

	if (!flow)
		return false;
	ip_address_format(&flow->out.answer.source, source);
	check_say(finding,
		  "%s has no route back to %s, the source address of what its peer sends to %s",
		  to->port, source, target(facts, flow, text));
	check_advise(finding, "%sip route add %s dev %s%s", check_inside(to, prefix), source,
		     check_ifname(to, ifname), check_vrf_words(to, vrf));
	return true;
}

static bool returns_elsewhere(const struct check_facts *facts, const struct check_flow *flow)
{
	return leaves_by_port(facts, flow) && !lacks_way_back(facts, flow) &&
	       !fails_strict(facts, flow) && has_no_way_back(facts, flow);
}

bool check_asymmetric(const struct check_facts *facts, unsigned int end,
		      struct check_finding *finding)
{
	const struct check_flow *flow = find_received(facts, end, returns_elsewhere);
	char source[IP_TEXT_MAX];

	if (!flow)
		return false;
	check_say(finding,
		  "%s sends the answers to %s through %s: they do not come back by the link",
		  check_end_of(facts, end)->port,
		  ip_address_format(&flow->out.answer.source, source),
		  flow->back.ifname[0] ? flow->back.ifname : "another interface");
	return true;
}

static bool is_narrowed(const struct check_facts *facts, const struct check_flow *flow)
{
	const struct check_end *to = receiver_of(facts, flow);

	return is_refused(facts, flow, 0) && flow->in.answer.type == RTN_UNICAST &&
	       flow->in.answer.oif != to->index && flow->in.mtu > 0 && flow->in.mtu < to->mtu;
}

bool check_narrow(const struct check_facts *facts, unsigned int end, struct check_finding *finding)
{
	const struct check_flow *flow = find_received(facts, end, is_narrowed);
	const struct check_end *to = check_end_of(facts, end);
	char text[PORT_TEXT_MAX + 96];

	if (!flow)
		return false;
	check_say(
		finding,
		"packets to %s go on from %s through %s, whose MTU is %u, not %u: they pass if "
		"path MTU discovery works, or, those of TCP, where the MSS is clamped (in nft, for "
		"what is forwarded: tcp flags syn tcp option maxseg size set rt mtu)",
		target(facts, flow, text), to->port,
		flow->in.ifname[0] ? flow->in.ifname : "another interface", flow->in.mtu, to->mtu);
	check_advise(finding, "rportctl set %s mtu %u", facts->link, MAX(flow->in.mtu, 1280U));
	return true;
}
