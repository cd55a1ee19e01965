/* SPDX-License-Identifier: ISC */

/* What the checks of check.c and check-packets.c share: words, and findings that explain others. */

#include <linux/rtnetlink.h>
#include <stdarg.h>
#include <stdio.h>

#include "port/check-words.h"

void check_say(struct check_finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(finding->message, sizeof(finding->message), format, args);
	va_end(args);
}

/* Adds a line. What does not fit is cut. */
void check_advise(struct check_finding *finding, const char *format, ...)
{
	size_t before = strlen(finding->remedy), length = before;
	va_list args;
	int n;

	if (length > 0 && length + 1 < sizeof(finding->remedy))
		finding->remedy[length++] = '\n';
	va_start(args, format);
	n = vsnprintf(finding->remedy + length, sizeof(finding->remedy) - length, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(finding->remedy) - length)
		finding->remedy[before] = '\0'; /* half a command is another one */
}

const struct check_end *check_end_of(const struct check_facts *facts, unsigned int end)
{
	return &facts->ends[end];
}

/* --- commands in a namespace ------------------------------------------------------------------ */

/* "ip netns exec red ", before any command. */
const char *check_inside(const struct check_end *end, char buf[static COMMAND_PREFIX_MAX])
{
	const struct domain *domain = &end->spec->domain;
	char name[ESCAPED_WORD_SIZE(NAME_MAX)];

	switch (domain->netns) {
	case DOMAIN_NETNS_NAMED:
		snprintf(buf, COMMAND_PREFIX_MAX,
			 *domain->name == '/' ? "nsenter --net=%s " : "ip netns exec %s ",
			 escape_word(domain->name, name));
		return buf;
	case DOMAIN_NETNS_PID:
		snprintf(buf, COMMAND_PREFIX_MAX, "nsenter -t %d -n ", domain->pid);
		return buf;
	case DOMAIN_NETNS_ANY:
	case DOMAIN_NETNS_SELF:
		break;
	}
	buf[0] = '\0';
	return buf;
}

/* " table 1001" would need a number that may change: ip(8) takes the name of the VRF. */
const char *check_vrf_words(const struct check_end *end, char buf[static COMMAND_VRF_MAX])
{
	const char *vrf = end->spec->domain.vrf;
	char word[ESCAPED_WORD_SIZE(IFNAMSIZ)];

	snprintf(buf, COMMAND_VRF_MAX, "%s%s", *vrf ? " vrf " : "",
		 *vrf ? escape_word(vrf, word) : "");
	return buf;
}

const char *check_ifname(const struct check_end *end, char buf[static COMMAND_IFNAME_MAX])
{
	return escape_word(end->ifname, buf);
}

const char *check_dashed(enum check_family family)
{
	return family == CHECK_IPV6 ? " -6" : "";
}

/* --- the local table before the VRFs ---------------------------------------------------------- */

static bool joins_vrf_and_main(const struct check_facts *facts)
{
	return facts->same_netns &&
	       !facts->ends[0].spec->domain.vrf[0] != !facts->ends[1].spec->domain.vrf[0];
}

bool check_local_first(const struct check_facts *facts, unsigned int end _unused_,
		       struct check_finding *finding)
{
	const struct check_end *a = check_end_of(facts, 0);
	char prefix[COMMAND_PREFIX_MAX];

	if (!joins_vrf_and_main(facts) ||
	    !(a->seen.local_first[CHECK_IPV4] || a->seen.local_first[CHECK_IPV6]))
		return false;
	check_say(finding,
		  "it joins a VRF and the main table of one namespace, where the local table is "
		  "consulted before VRFs are: each end takes the address of the other one for "
		  "its own");
	check_inside(a, prefix);
	for (enum check_family family = CHECK_IPV4; family <= CHECK_IPV6; family++) {
		if (!a->seen.local_first[family])
			continue;
		check_advise(finding, "%sip%s rule add pref 32765 table local", prefix,
			     check_dashed(family));
		check_advise(finding, "%sip%s rule del pref 0", prefix, check_dashed(family));
	}
	return true;
}

/* --- addresses -------------------------------------------------------------------------------- */

/* The source of what one end sends is local at the other, or what it sends to is local there. */
static const struct ip_address *duplicate_of(const struct check_flow *flow)
{
	if (flow->back.asked && flow->back.result == 0 && flow->back.answer.type == RTN_LOCAL)
		return &flow->out.answer.source;
	if (flow->to_peer && flow->out.asked && flow->out.result == 0 &&
	    flow->out.answer.type == RTN_LOCAL)
		return &flow->to;
	return NULL;
}

/* An address that was not asked for here: on another interface, or by drift. */
static bool is_duplicate_by_others(const struct check_facts *facts, struct check_finding *finding)
{
	char text[IP_TEXT_MAX];

	/* where one namespace is both ends, or takes its part in both, that is not it */
	if (facts->same_netns)
		return false;
	for (unsigned int i = 0; i < facts->n_flows; i++) {
		const struct ip_address *address = duplicate_of(&facts->flows[i]);

		if (!address)
			continue;
		check_say(finding,
			  "both namespaces have the address %s: neither can reach the other one "
			  "by it",
			  ip_address_format(address, text));
		return true;
	}
	return false;
}

bool check_duplicate(const struct check_facts *facts, unsigned int end _unused_,
		     struct check_finding *finding)
{
	const struct port_spec *a = facts->ends[0].spec, *b = facts->ends[1].spec;
	char text[IP_TEXT_MAX];

	for (size_t i = 0; i < a->n_addresses; i++)
		for (size_t j = 0; j < b->n_addresses; j++) {
			const struct ip_address *address = &a->addresses[i].address.address;

			if (!ip_address_equal(address, &b->addresses[j].address.address))
				continue;
			check_say(finding,
				  "both ends have the address %s: neither can reach the other "
				  "one by it",
				  ip_address_format(address, text));
			check_advise(finding,
				     "rportctl pair ... --name %s --replace, with another address "
				     "at one end",
				     facts->link);
			return true;
		}
	return is_duplicate_by_others(facts, finding);
}

bool check_same_domain(const struct check_facts *facts, unsigned int end _unused_,
		       struct check_finding *finding)
{
	char text[DOMAIN_TEXT_MAX];

	if (!facts->same_netns ||
	    !streq(facts->ends[0].spec->domain.vrf, facts->ends[1].spec->domain.vrf))
		return false;
	check_say(finding,
		  "it joins the domain %s with itself: the addresses of both ends are local, so "
		  "no packet to them enters the link",
		  domain_format(&facts->ends[0].spec->domain, text));
	return true;
}
