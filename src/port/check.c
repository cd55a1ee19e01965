/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * The checks are rows of a table, in the order in which their findings are told. A check looks at
 * the facts for one end of the link, and returns true when it has found something, with the words
 * and the way out. Each is called for both ends; one that is about the link as a whole is called
 * once.
 *
 * Whether packets pass is for the kernel to say: inspect.c has asked it what the sender does with a
 * packet, what the receiver does with it, and where the answer goes. The checks only tell what the
 * kernel's refusals mean. They follow a packet on its way, and the first refusal is the finding.
 */

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "port/check-packets.h"
#include "port/check.h"

struct check {
	const char *id;
	enum check_severity severity;
	bool (*find)(const struct check_facts *facts, unsigned int end,
		     struct check_finding *finding);
	bool of_link;  /* not of its ends */
	bool standing; /* see struct check_finding */
};

static bool find_twin(const struct check_facts *facts, unsigned int end _unused_,
		      struct check_finding *finding)
{
	if (!facts->twin[0])
		return false;
	check_say(finding,
		  "the link %s joins the same two domains: which one packets take is for the "
		  "routes to say",
		  facts->twin);
	return true;
}

/* --- ports and domains ------------------------------------------------------------------------ */

static bool find_pending(const struct check_facts *facts, unsigned int end,
			 struct check_finding *finding)
{
	const struct check_end *port = check_end_of(facts, end);

	if (port->state != PORT_PENDING)
		return false;
	check_say(finding, "%s is pending: %s", port->port,
		  port->reason ? port->reason : "it has no interface");
	return true;
}

static bool find_down(const struct check_facts *facts, unsigned int end,
		      struct check_finding *finding)
{
	const struct check_end *port = check_end_of(facts, end);
	char word[ESCAPED_WORD_SIZE(PORT_TEXT_MAX)];

	if (port->state != PORT_DOWN)
		return false;
	check_say(finding, "%s is down", port->port);
	check_advise(finding, "rportctl up %s", escape_word(port->port, word));
	return true;
}

static bool find_drift(const struct check_facts *facts, unsigned int end,
		       struct check_finding *finding)
{
	const struct check_end *port = check_end_of(facts, end);

	if (!port->drift)
		return false;
	check_say(finding, "%s is not as it was asked for: %.*s", port->port,
		  (int)strcspn(port->drift, "\n"), port->drift);
	check_advise(finding, "rportctl reconcile %s", facts->link);
	return true;
}

static bool find_mtus(const struct check_facts *facts, unsigned int end _unused_,
		      struct check_finding *finding)
{
	unsigned int a = facts->ends[0].mtu, b = facts->ends[1].mtu;

	if (a == b)
		return false;
	check_say(finding, "the MTUs of the ends differ: %u at end a, %u at end b", a, b);
	check_advise(finding, "rportctl set %s mtu %u", facts->link, MIN(a, b));
	return true;
}

static bool find_lo_down(const struct check_facts *facts, unsigned int end,
			 struct check_finding *finding)
{
	const struct check_end *port = check_end_of(facts, end);
	char prefix[COMMAND_PREFIX_MAX];

	if (port->seen.looked != 0 || !port->seen.lo_down)
		return false;
	check_say(finding,
		  "the interface lo is down in the namespace of %s: its programs do not reach the "
		  "addresses of their own host",
		  port->port);
	check_advise(finding, "%sip link set lo up", check_inside(port, prefix));
	return true;
}

static bool find_leak(const struct check_facts *facts, unsigned int end,
		      struct check_finding *finding)
{
	const struct check_end *port = check_end_of(facts, end);
	char prefix[COMMAND_PREFIX_MAX], vrf[COMMAND_VRF_MAX];

	if (!port->seen.leaks[CHECK_IPV4][0] && !port->seen.leaks[CHECK_IPV6][0])
		return false;
	check_say(finding, "what the VRF %s has no route for goes by the main table, through %s",
		  port->spec->domain.vrf,
		  port->seen.leaks[CHECK_IPV4][0] ? port->seen.leaks[CHECK_IPV4]
						  : port->seen.leaks[CHECK_IPV6]);
	check_inside(port, prefix);
	for (enum check_family family = CHECK_IPV4; family <= CHECK_IPV6; family++)
		if (port->seen.leaks[family][0])
			check_advise(finding,
				     "%sip%s route add%s unreachable default metric 4278198272",
				     prefix, check_dashed(family), check_vrf_words(port, vrf));
	return true;
}

static bool find_managed(const struct check_facts *facts, unsigned int end,
			 struct check_finding *finding)
{
	const struct check_end *port = check_end_of(facts, end);
	char ifname[COMMAND_IFNAME_MAX];

	if (!port->seen.manager[0])
		return false;
	check_say(finding, "%s manages %s, and may remove its addresses and routes",
		  port->seen.manager, port->port);
	if (streq(port->seen.manager, "NetworkManager"))
		check_advise(finding, "nmcli device set %s managed no", check_ifname(port, ifname));
	else
		check_advise(
			finding,
			"install 00-rportd.network of rportd in /usr/lib/systemd/network, then "
			"networkctl reload");
	return true;
}

static bool find_not_looked(const struct check_facts *facts, unsigned int end,
			    struct check_finding *finding)
{
	const struct check_end *port = check_end_of(facts, end);

	if (port->seen.looked >= 0)
		return false;
	check_say(finding, "could not look into the namespace of %s: %s", port->port,
		  strerror(-port->seen.looked));
	return true;
}

/*
 * All interfaces of a VRF belong into its zone: a packet is tracked where it comes in first, which is
 * an interface of the VRF, or the VRF itself for what is sent there.
 */
static bool find_zones(const struct check_facts *facts, unsigned int end _unused_,
		       struct check_finding *finding)
{
	char prefix[COMMAND_PREFIX_MAX], word[ESCAPED_WORD_SIZE(IFNAMSIZ)];

	if (!facts->same_netns || !check_end_of(facts, 0)->seen.tracks)
		return false;
	check_say(finding,
		  "connections are tracked, and both ends are in one namespace: each connection is "
		  "seen twice in one zone, which NAT may take for a clash; give each VRF a zone, "
		  "with all of its interfaces");
	check_inside(check_end_of(facts, 0), prefix);
	check_advise(finding, "%snft add table inet zones", prefix);
	check_advise(
		finding,
		"%snft 'add chain inet zones pre { type filter hook prerouting priority raw; }'",
		prefix);
	for (unsigned int i = 0; i < 2; i++) {
		const char *vrf = check_end_of(facts, i)->spec->domain.vrf;

		if (vrf[0]) {
			escape_word(vrf, word);
			check_advise(
				finding,
				"for i in %s $(%sip -br link show master %s | sed 's/[@ ].*//'); "
				"do %snft add rule inet zones pre iifname $i ct zone set %u; done",
				word, prefix, word, prefix, i + 1);
		}
	}
	return true;
}

/* --- the data path ---------------------------------------------------------------------------- */

#define TIME_TEXT_MAX sizeof("-2147481748-12-31 23:59:59 UTC")

/* Return: whether it is known; without, @buf is "". */
static bool format_time(uint64_t seconds, char buf[static TIME_TEXT_MAX])
{
	time_t when = (time_t)seconds;
	struct tm tm;

	buf[0] = '\0';
	return seconds > 0 && gmtime_r(&when, &tm) &&
	       strftime(buf, TIME_TEXT_MAX, "%Y-%m-%d %H:%M:%S UTC", &tm) > 0;
}

static bool find_drops(const struct check_facts *facts, unsigned int end,
		       struct check_finding *finding)
{
	static const char *const causes[DROP_CAUSES] = {
		[DROP_PEER_DOWN] = "the peer was down", [DROP_NO_PROTO] = "neither IPv4 nor IPv6",
		[DROP_INVALID] = "malformed",           [DROP_NO_MEMORY] = "out of memory",
		[DROP_OTHER] = "other causes",
	};
	const struct check_drops *drops = &check_end_of(facts, end)->drops;
	char text[256], since[TIME_TEXT_MAX], last[TIME_TEXT_MAX];
	size_t n = 0;

	for (unsigned int i = 0; i < DROP_CAUSES && n < sizeof(text); i++)
		if (drops->counters.drops[i] > 0)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%" PRIu64 " (%s)",
					      n > 0 ? ", " : "", drops->counters.drops[i],
					      causes[i]);
	if (drops->interface_dropped > 0 && n < sizeof(text))
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "%s%" PRIu64
				      " (by the interface itself, which had no carrier "
				      "or a full queue)",
				      n > 0 ? ", " : "", drops->interface_dropped);
	if (n == 0)
		return false;
	check_say(finding, "of what was sent into %s since %s, these were dropped: %s%s%s",
		  check_end_of(facts, end)->port,
		  format_time(drops->since, since) ? since : "it was made", text,
		  format_time(drops->counters.dropped_at, last) ? "; the last one at " : "", last);
	return true;
}

static bool find_no_fastpath(const struct check_facts *facts, unsigned int end,
			     struct check_finding *finding)
{
	const struct check_end *port = check_end_of(facts, end);

	if (!port->fastpath[0])
		return false;
	check_say(finding, "what is sent into %s does not take the fast path: %s", port->port,
		  port->fastpath);
	return true;
}

static bool find_no_uring(const struct check_facts *facts, unsigned int end _unused_,
			  struct check_finding *finding)
{
	if (facts->engine_error == 0)
		return false;
	check_say(
		finding,
		"io_uring is refused (%s), so packets are moved by system calls, at a higher cost",
		strerror(facts->engine_error));
	if (facts->engine_error == EPERM)
		check_advise(finding, "sysctl -w kernel.io_uring_disabled=0, and restart rportd");
	return true;
}

/* --- all of it -------------------------------------------------------------------------------- */

static const struct check checks[] = {
	{ "pending", CHECK_ERROR, find_pending, false, false },
	{ "down", CHECK_ERROR, find_down, false, false },
	{ "duplicate-address", CHECK_ERROR, check_duplicate, true, true },
	{ "local-table-first", CHECK_ERROR, check_local_first, true, true },
	{ "no-route", CHECK_ERROR, check_no_route, false, false },
	{ "strict-rp-filter", CHECK_ERROR, check_strict, false, false },
	{ "forwarding-off", CHECK_ERROR, check_no_forwarding, false, false },
	{ "martian-source", CHECK_ERROR, check_martian, false, false },
	{ "no-route-back", CHECK_ERROR, check_no_way_back, false, false },
	{ "routing-loop", CHECK_ERROR, check_loop, false, false },
	{ "same-domain", CHECK_WARNING, check_same_domain, true, true },
	{ "joined-twice", CHECK_WARNING, find_twin, true, false },
	{ "another-way", CHECK_WARNING, check_another_way, false, false },
	{ "no-route-onward", CHECK_WARNING, check_no_route_on, false, false },
	{ "asymmetric", CHECK_WARNING, check_asymmetric, false, false },
	{ "mtus-differ", CHECK_WARNING, find_mtus, true, true },
	{ "drift", CHECK_WARNING, find_drift, false, false },
	{ "vrf-leak", CHECK_WARNING, find_leak, false, false },
	{ "managed", CHECK_WARNING, find_managed, false, false },
	{ "not-examined", CHECK_WARNING, find_not_looked, false, false },
	{ "lo-down", CHECK_HINT, find_lo_down, false, false },
	{ "mtu-onward", CHECK_HINT, check_narrow, false, false },
	{ "conntrack-zones", CHECK_HINT, find_zones, true, false },
	{ "no-fast-path", CHECK_HINT, find_no_fastpath, false, false },
	{ "no-io-uring", CHECK_HINT, find_no_uring, true, false },
	{ "drops", CHECK_HINT, find_drops, false, false },
};

const char *check_severity_name(enum check_severity severity)
{
	switch (severity) {
	case CHECK_ERROR:
		return "error";
	case CHECK_WARNING:
		return "warning";
	case CHECK_HINT:
		break;
	}
	return "hint";
}

static void run_check(const struct check_facts *facts, const struct check *check, unsigned int end,
		      void (*found)(const struct check_finding *finding, void *userdata),
		      void *userdata)
{
	/* a check that asks another one may leave words of it behind: both start with none */
	struct check_finding finding = { .id = check->id,
					 .severity = check->severity,
					 .standing = check->standing,
					 .end = check->of_link ? -1 : (int)end };

	if (check->find(facts, end, &finding))
		found(&finding, userdata);
}

void check_run(const struct check_facts *facts,
	       void (*found)(const struct check_finding *finding, void *userdata), void *userdata)
{
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		for (unsigned int end = 0; end < (checks[i].of_link ? 1 : 2); end++)
			run_check(facts, &checks[i], end, found, userdata);
}
