/* SPDX-License-Identifier: ISC */
/* Links as files: lines and values. */

#include <check.h>
#include <stdio.h>

#include "config_fixture.h"
#include "suite.h"

START_TEST(defaults)
{
	const struct link_spec *spec = load_good(DOMAINS);

	ck_assert_str_eq(config.links[0].file, at("a/x.rport"));
	ck_domain(spec, 0, "red");
	ck_domain(spec, 1, "blue");
	ck_assert(spec->wait);
	for (int side = 0; side < 2; side++) {
		const struct port_spec *port = &spec->ports[side];

		ck_assert_uint_eq(port->mtu, LINK_MTU_DEFAULT);
		ck_assert(port->offload && !port->mpls);
		ck_assert_str_eq(port->ifname, "");
		ck_assert_uint_eq(port->n_addresses + port->n_routes, 0);
	}
}
END_TEST

/* They stand in the manual, word by word. */
static const char uplink[] = "[Link]\n"
			     "MTU=9000\n"
			     "\n"
			     "[A]\n"
			     "Domain=vrf:red\n"
			     "Name=rport0\n"
			     "Address=192.168.0.0/32\n"
			     "PeerAddress=192.168.0.1\n"
			     "Route=10.0.0.0/8\n"
			     "\n"
			     "[B]\n"
			     "Domain=netns:vpn\n"
			     "Address=192.168.0.1/32\n"
			     "PeerAddress=192.168.0.0\n";
static const char core_edge_comment[] = "# both VRFs are made before rportd starts\n";
static const char core_edge[] = "[Link]\n"
				"OnMissing=fail\n"
				"MPLS=yes\n"
				"\n"
				"[A]\n"
				"Domain=vrf:core\n"
				"Name=to-edge\n"
				"Address=2001:db8::1/128\n"
				"\n"
				"[B]\n"
				"Domain=netns:border/vrf:edge\n"
				"Name=to-core\n"
				"Route=2001:db8::/32 metric 50\n"
				"Route=0.0.0.0/0\n";

START_TEST(example_uplink)
{
	const struct link_spec *spec = load_good(uplink);
	const struct port_spec *a = &spec->ports[0], *b = &spec->ports[1];
	_cleanup_free_ char *text = config_format(spec);
	struct ip_prefix prefix;
	struct ip_address peer;

	ck_assert_str_eq(text, uplink);
	ck_domain(spec, 0, "vrf:red");
	ck_domain(spec, 1, "netns:vpn");
	ck_assert_uint_eq(a->mtu, 9000);
	ck_assert_uint_eq(b->mtu, 9000);
	ck_assert_str_eq(a->ifname, "rport0");
	ck_assert_str_eq(b->ifname, "");
	ck_assert_uint_eq(a->n_addresses, 1);
	ip_prefix_parse("192.168.0.0", &prefix);
	ip_address_parse("192.168.0.1", &peer);
	ck_assert(ip_prefix_equal(&a->addresses[0].address, &prefix));
	ck_assert(ip_address_equal(&a->addresses[0].peer, &peer));
	ck_assert_uint_eq(a->n_routes, 1);
	ip_prefix_parse("10.0.0.0/8", &prefix);
	ck_assert(ip_prefix_equal(&a->routes[0].to, &prefix));
	ck_assert_uint_eq(b->n_addresses, 1);
	ck_assert_uint_eq(b->n_routes, 0);
}
END_TEST

START_TEST(example_core_edge)
{
	char whole[1024];
	const struct link_spec *spec;
	_cleanup_free_ char *text = NULL;

	snprintf(whole, sizeof(whole), "%s%s", core_edge_comment, core_edge);
	spec = load_good(whole);
	text = config_format(spec);
	ck_assert_str_eq(text, core_edge);
	ck_assert(!spec->wait);
	ck_assert(spec->ports[0].mpls && spec->ports[1].mpls);
	ck_domain(spec, 1, "netns:border/vrf:edge");
	ck_assert_uint_eq(spec->ports[1].n_routes, 2);
}
END_TEST

START_TEST(examples_are_those_of_the_manual)
{
	const char *top = getenv("srcdir"); /* set by make check */
	char file[4096], manual[65536], block[2048];
	size_t size;
	FILE *in;

	snprintf(file, sizeof(file), "%s/man/rport.5", top ? top : ".");
	in = fopen(file, "r");
	ck_assert_msg(in != NULL, "%s", file);
	size = fread(manual, 1, sizeof(manual) - 1, in);
	fclose(in);
	manual[size] = '\0';
	snprintf(block, sizeof(block), ".Bd -literal -offset indent\n%s.Ed\n", uplink);
	ck_assert_ptr_nonnull(strstr(manual, block));
	snprintf(block, sizeof(block), ".Bd -literal -offset indent\n%s%s.Ed\n", core_edge_comment,
		 core_edge);
	ck_assert_ptr_nonnull(strstr(manual, block));
}
END_TEST

static const struct {
	const char *word;
	bool value;
} booleans[] = {
	{ "yes", true }, { "true", true },   { "on", true },   { "1", true },  { "YES", true },
	{ "no", false }, { "false", false }, { "off", false }, { "0", false }, { "oFF", false },
};

START_TEST(boolean)
{
	bool value = booleans[_i].value;
	const struct link_spec *spec;
	char text[256];

	/* first the other, so that a default is not taken for the value */
	snprintf(text, sizeof(text), DOMAINS "[Link]\nOffload=%d\nMPLS=%d\nOffload=%s\nMPLS=%s\n",
		 !value, !value, booleans[_i].word, booleans[_i].word);
	spec = load_good(text);
	for (int side = 0; side < 2; side++) {
		ck_assert_int_eq(spec->ports[side].offload, value);
		ck_assert_int_eq(spec->ports[side].mpls, value);
	}
}
END_TEST

START_TEST(queues)
{
	const struct link_spec *spec = load_good(DOMAINS "[Link]\nQueues=3\n");

	ck_assert_uint_eq(spec->ports[0].queues, 3);
	ck_assert_uint_eq(spec->ports[1].queues, 3);
	spec = load_good(DOMAINS "[Link]\nQueues=auto\n");
	ck_assert_uint_eq(spec->ports[0].queues, MIN(usable_cpus(), 8U));
	ck_assert_uint_eq(spec->ports[1].queues, MIN(usable_cpus(), 8U));
}
END_TEST

/* An empty value is the default again, whatever was said before. */
START_TEST(empty_value)
{
	const struct link_spec *spec =
		load_good("[Link]\nMTU=1500\nOnMissing=fail\nOffload=no\n"
			  "MPLS=yes\nQueues=2\nQueues=\nMTU=\nOnMissing= \nOffload=\nMPLS=\n"
			  "[A]\nDomain=vrf:x\nDomain=\nDomain=red\nName=x\n"
			  "Name=\nAddress=10.0.0.1\nRoute=10.0.0.0/8\n"
			  "Route=default\nAddress=\nRoute=\n"
			  "[B]\nDomain=blue\nAddress=10.0.0.1\n"
			  "PeerAddress=10.0.0.2\nPeerAddress=\n");

	ck_domain(spec, 0, "red");
	ck_assert(spec->wait);
	for (int side = 0; side < 2; side++) {
		ck_assert_uint_eq(spec->ports[side].mtu, LINK_MTU_DEFAULT);
		ck_assert(spec->ports[side].offload && !spec->ports[side].mpls);
		ck_assert_uint_eq(spec->ports[side].queues, 1);
	}
	ck_assert_str_eq(spec->ports[0].ifname, "");
	ck_assert_uint_eq(spec->ports[0].n_addresses + spec->ports[0].n_routes, 0);
	ck_assert_uint_eq(spec->ports[1].n_addresses, 1);
	ck_assert_int_eq(spec->ports[1].addresses[0].peer.family, AF_UNSPEC);
}
END_TEST

/* A peer belongs to the address before it, also with other keys and sections between. */
START_TEST(peers)
{
	const struct link_spec *spec =
		load_good(DOMAINS "[A]\nAddress=10.0.0.1\nAddress=10.0.0.2/24\nRoute=default\n"
				  "[B]\nAddress=fd00::1\n[A]\nPeerAddress=10.0.0.3\n"
				  "[B]\nPeerAddress=fd00::2\n[A]\nAddress=10.0.0.4\n");
	const struct port_spec *a = &spec->ports[0];
	char text[IP_PREFIX_TEXT_MAX];

	ck_assert_uint_eq(a->n_addresses, 3);
	ck_assert_int_eq(a->addresses[0].peer.family, AF_UNSPEC);
	ck_assert_str_eq(ip_prefix_format(&a->addresses[1].address, text), "10.0.0.2/24");
	ck_assert_str_eq(ip_address_format(&a->addresses[1].peer, text), "10.0.0.3");
	ck_assert_int_eq(a->addresses[2].peer.family, AF_UNSPEC);
	ck_assert_str_eq(ip_address_format(&spec->ports[1].addresses[0].peer, text), "fd00::2");
}
END_TEST

/* One bad line each, after six good ones, in [A]; all that is told is this. */
static const struct {
	const char *line, *message;
} bad_lines[] = {
	{ "[Link]\nMTU=1279", "9: MTU: mtu 1279 is not possible: it must be 1280 to 32768" },
	{ "[Link]\nMTU=32769", "9: MTU: mtu 32769 is not possible" },
	{ "[Link]\nMTU=-1", "9: MTU: \"-1\" is not a number, 1280 to 32768" },
	{ "[Link]\nMTU=0x600", "9: MTU: \"0x600\" is not a number" },
	{ "[Link]\nMTU=1500 ", NULL },
	{ "[Link]\nMTU=1 500", "9: MTU: \"1 500\" is not a number" },
	{ "[Link]\nMTU=18446744073709553116", "9: MTU: \"18446744073709553116\" is not a number" },
	{ "[Link]\nOnMissing=Wait", "9: OnMissing: \"Wait\" is neither wait nor fail" },
	{ "[Link]\nOffload=maybe", "9: Offload: \"maybe\" is neither yes nor no" },
	{ "[Link]\nQueues=1\nQueues=8\nQueues=auto", NULL },
	{ "[Link]\nQueues=9", "9: Queues: queues 9 is not possible: it must be 1 to 8, or auto" },
	{ "[Link]\nQueues=-1", "9: Queues: \"-1\" is not a number, 1 to 8, nor auto" },
	{ "[Link]\nQueues=Auto", "9: Queues: \"Auto\" is not a number, 1 to 8, nor auto" },
	{ "[Link]\nMPLS=2", "9: MPLS: \"2\" is neither yes nor no" },
	{ "Domain=vfr:red", "8: Domain: invalid domain \"vfr:red\"" },
	{ "Domain=a\tb", "8: there is a control character, or it is not UTF-8" },
	/* what was decoded is escaped again when it is told */
	{ "Domain=pid:\\xa0\\x1b", "8: Domain: invalid domain \"pid:\\xa0\\x1b\"" },
	{ "Domain=\xff", "8: there is a control character, or it is not UTF-8" },
	{ "Name=abcdefghijklmnop", "8: Name: \"abcdefghijklmnop\" is not an interface name" },
	{ "Name=a b", "8: Name: \"a b\" is not an interface name" },
	{ "Address=10.0.0.256", "8: Address: \"10.0.0.256\" is not an address" },
	{ "Address=10.0.0.1 10.0.0.2", "8: Address: \"10.0.0.1 10.0.0.2\" is not an address" },
	{ "PeerAddress=10.0.0.1", "8: PeerAddress: there is no Address= before it" },
	{ "PeerAddress=", NULL },
	{ "Address=10.0.0.1\nPeerAddress=fd00::1", "9: PeerAddress: the peer address fd00::1 is" },
	{ "Address=10.0.0.1\nPeerAddress=fd00::1\nPeerAddress=10.0.0.2",
	  "9: PeerAddress: the peer address fd00::1 is" },
	{ "Address=10.0.0.1\nPeerAddress=10.0.0.2/32", "9: PeerAddress: \"10.0.0.2/32\" is not" },
	{ "Address=10.0.0.1\nPeerAddress=10.0.0.2\nPeerAddress=10.0.0.3",
	  "10: PeerAddress: the address before it, 10.0.0.1/32, has one already" },
	{ "Address=10.0.0.1\nAddress=\nPeerAddress=10.0.0.2", "10: PeerAddress: there is no" },
	{ "Address=10.0.0.1\n[B]\nPeerAddress=10.0.0.2", "10: PeerAddress: there is no" },
	/* one fault, not two */
	{ "Address=10.0.0.256\nPeerAddress=10.0.0.1", "8: Address: \"10.0.0.256\" is not" },
	{ "Domain=\nDomain=:", "9: Domain: invalid domain" },
	{ "Route=10.0.0.1/8", "8: Route: \"10.0.0.1/8\" is not a network: bits are set" },
	{ "Route=all", "8: Route: \"all\" is not a network" },
	{ "Address", "8: this is neither [SECTION] nor KEY=VALUE" },
	{ "Domain: vrf:red", "8: this is neither [SECTION] nor KEY=VALUE" },
	{ "Domain:x=red", "8: this is neither [SECTION] nor KEY=VALUE" },
	{ "=red", "8: this is neither [SECTION] nor KEY=VALUE" },
	{ "[B", "8: this is neither [SECTION] nor KEY=VALUE" },
	/* nobody knows whose domain that is: it is neither A's nor unknown */
	{ "[B\nDomain=:\nColour=green", "8: this is neither [SECTION] nor KEY=VALUE" },
	{ "[A] x", "8: this is neither [SECTION] nor KEY=VALUE" },
	{ "[A]]", "8: this is neither [SECTION] nor KEY=VALUE" },
	{ "[A\x01]", "8: there is a control character, or it is not UTF-8" },
	{ "K\x1b[1mey=1", "8: there is a control character, or it is not UTF-8" },
	{ "Domain=red # the red one", "8: a comment needs a line of its own" },
	{ "Domain=red\t; the red one", "8: a comment needs a line of its own" },
	{ "Domain= ; none", "8: a comment needs a line of its own" },
	{ "[B] ; that", "8: a comment needs a line of its own" },
	{ "Dom #ain=red", "8: a comment needs a line of its own" },
	/* it is no continuation of "blue" */
	{ "\tgreen", "8: this is neither [SECTION] nor KEY=VALUE" },
	{ "# Domain=x # y ; z", NULL },
	{ "  ; indented", NULL },
	{ "\t Route = default\t\r", NULL },
};

START_TEST(bad_line)
{
	const struct config_link *link;
	char text[512], expected[512];

	snprintf(text, sizeof(text), "[B]\nDomain=red\n\n# a comment\n\n[A]\nDomain=blue\n%s\n",
		 bad_lines[_i].line);
	link = load_text(text);
	if (!bad_lines[_i].message) {
		ck_told("");
		ck_assert(!link->bad);
		return;
	}
	snprintf(expected, sizeof(expected), "E a/x.rport:%s", bad_lines[_i].message);
	ck_assert_msg(n_told == 1 && strncmp(told, expected, strlen(expected)) == 0, "%s", told);
	ck_assert(link->bad);
}
END_TEST

START_TEST(domain_missing)
{
	ck_assert(load_text("[A]\nDomain=red\n")->bad);
	ck_told("E a/x.rport:0: there is no Domain= in [B]\n");
	ck_assert(load_text("# nothing\n")->bad);
	ck_told("E a/x.rport:0: there is no Domain= in [A]\n"
		"E a/x.rport:0: there is no Domain= in [B]\n");
	ck_assert(load_text(DOMAINS "Domain=\n")->bad);
	ck_told("E a/x.rport:0: there is no Domain= in [B]\n");
	/* if it is in a line that cannot be read, it is not missing as well */
	ck_assert(load_text("[A]\nDomain=red\n[B]\nDomain=blue ; b\n")->bad);
	ck_told("E a/x.rport:4: a comment needs a line of its own\n");
}
END_TEST

START_TEST(unknown_words)
{
	load_text("Early=1\nearly=2\n[link]\nMTU=1\nMTU=2\n[" NAME_50 NAME_50 "]\nx=1\n" DOMAINS
		  "colour=green\nTaste=7\n");
	ck_told("W a/x.rport:1: what stands before the first section has no effect\n"
		"W a/x.rport:3: the section is unknown: there are [Link], [A] and [B]\n"
		"W a/x.rport:6: the section is unknown: there are [Link], [A] and [B]\n"
		"W a/x.rport:12: there is no key \"colour\" in [B]\n"
		"W a/x.rport:13: there is no key \"Taste\" in [B]\n");
	ck_assert(!config.links[0].bad);
}
END_TEST

/* A port's own stands above the link's, wherever it stands. */
START_TEST(an_mtu_of_its_own)
{
	const struct link_spec *spec = load_good(DOMAINS "MTU=1500\n[Link]\nMTU=9000\n");

	ck_assert_uint_eq(spec->ports[0].mtu, 9000);
	ck_assert_uint_eq(spec->ports[1].mtu, 1500);
	spec = load_good(DOMAINS "MTU=1500\nMTU=\n[Link]\nMTU=9000\n");
	ck_assert_uint_eq(spec->ports[1].mtu, 9000);
	ck_assert(load_text(DOMAINS "MTU=1279\n")->bad);
}
END_TEST

START_TEST(a_process_is_not_waited_for)
{
	ck_assert(load_text("[A]\nDomain=pid:7\n[B]\nDomain=blue\n")->bad);
	ck_told("E a/x.rport:0: the process of Domain=pid:7 cannot be waited for: say "
		"OnMissing=fail\n");
	load_good("[Link]\nOnMissing=fail\n[A]\nDomain=pid:7\n[B]\nDomain=blue\n");
}
END_TEST

START_TEST(blanks_and_marks)
{
	const struct link_spec *spec = load_good("\xef\xbb\xbf  [A]\t\r\n\r\n\tDomain\t= \tred \r\n"
						 "   Name=#=;x\r\n[B]\nDomain=a;b=[c]#d");

	ck_domain(spec, 0, "red");
	ck_assert_str_eq(spec->ports[0].ifname, "#=;x");
	ck_domain(spec, 1, "a;b=[c]#d");
}
END_TEST

START_TEST(long_lines)
{
	char text[2048];

	/* as long as can be: more than the buffer of inih takes */
	snprintf(text, sizeof(text), DOMAINS "%*s\n", CONFIG_LINE_MAX, "Name=rport0");
	load_good(text);
	snprintf(text, sizeof(text), DOMAINS "Route=%0*d\nTaste=1\n", 900, 1);
	ck_assert(load_text(text)->bad);
	ck_assert_ptr_nonnull(strstr(told, "\" is not a network"));
	ck_assert_ptr_nonnull(strstr(told, "\nW a/x.rport:6: there is no key \"Taste\" in [B]\n"));
	ck_assert_uint_eq(n_told, 2);

	/* one byte too long; what it ends with is not read as a line */
	snprintf(text, sizeof(text), DOMAINS "Route=%*s\n", CONFIG_LINE_MAX + 1 - 6, "MTU=1");
	ck_assert(load_text(text)->bad);
	ck_told("E a/x.rport:5: the line is too long: 1280 bytes are possible\n");
	/* a key that inih would cut */
	snprintf(text, sizeof(text), DOMAINS "%0*dDomain=x\n", 300, 1);
	ck_assert(load_text(text)->bad);
	ck_told("E a/x.rport:5: the name is too long: 128 bytes are possible\n");
	snprintf(text, sizeof(text), DOMAINS "[%0*d]\nx=1\n", 127, 1);
	ck_assert(load_text(text)->bad);
	ck_told("E a/x.rport:5: the name is too long: 128 bytes are possible\n");
	snprintf(text, sizeof(text), DOMAINS "%0*d=\n[%0*d]\nx=1\n", 128, 1, 126, 1);
	ck_assert(!load_text(text)->bad);
	ck_assert_uint_eq(n_told, 2);
	snprintf(text, sizeof(text), DOMAINS "[%0*d\nMTU=7\n", CONFIG_LINE_MAX, 1);
	ck_assert(load_text(text)->bad);
	ck_told("E a/x.rport:5: the line is too long: 1280 bytes are possible\n");
	/* comments and blanks are as long as they like */
	snprintf(text, sizeof(text), DOMAINS "#%0*d\n%*s\n", 600, 1, 600, "");
	load_good(text);
}
END_TEST

START_TEST(limits)
{
	static char text[65536];
	size_t used;

	used = (size_t)snprintf(text, sizeof(text), DOMAINS);
	for (int i = 0; i < SPEC_ADDRESSES_MAX; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "Address=10.0.0.%d\n",
					 i);
	for (int i = 0; i < SPEC_ROUTES_MAX; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "Route=10.%d.%d.0/24\n",
					 i / 256, i % 256);
	ck_assert_uint_eq(load_good(text)->ports[1].n_routes, SPEC_ROUTES_MAX);
	snprintf(text + used, sizeof(text) - used, "Address=fd00::1\nRoute=default\n");
	ck_assert(load_text(text)->bad);
	ck_told("E a/x.rport:581: Address: a port can be given 64 addresses\n"
		"E a/x.rport:582: Route: a port can be given 512 routes\n");
}
END_TEST

/* A file that is something else does not flood the log. */
START_TEST(many_faults)
{
	static char text[4 * 1000 + 1];

	for (size_t i = 0; i < sizeof(text) - 1; i += 4)
		memcpy(text + i, "x=1\n", 4);
	put("a/x.rport", text);
	memset(text, 'x', sizeof(text));
	for (size_t i = 1; i < sizeof(text) - 1; i += 2)
		text[i] = '\n';
	text[sizeof(text) - 1] = '\0';
	ck_assert(load_text(text)->bad);
	ck_assert_uint_eq(n_told, CONFIG_FAULTS_MAX + 1);
	ck_assert_ptr_nonnull(strstr(told, "E a/x.rport:21: there is more, which is not shown\n"));
}
END_TEST

START_TEST(impossible_addresses)
{
	load_text("[A]\nDomain=red\nAddress=0.0.0.0\nAddress=10.0.0.1\nPeerAddress=10.0.0.1\n"
		  "[B]\nDomain=blue\nName=all\n");
	ck_told("E a/x.rport:3: Address: 0.0.0.0 cannot be the address of a port: it stands for no "
		"address; leave it out for a port without one\n"
		"E a/x.rport:5: PeerAddress: 10.0.0.1 cannot be the address of both ends: give "
		"each end its own\n"
		"E a/x.rport:8: Name: no interface can be named \"all\": in /proc/sys/net it "
		"stands "
		"for other interfaces; choose another name\n");
	load_text("[A]\nDomain=red\nAddress=10.0.0.1/24\n[B]\nDomain=blue\nAddress=10.0.0.1\n");
	ck_told("E a/x.rport:0: 10.0.0.1 cannot be the address of both ends: give each end its "
		"own\n");
}
END_TEST

/* --- whatever comes --------------------------------------------------------------------------- */

/* Bytes changed, put in, cut out and doubled, by a generator that is the same each time. */
static size_t mutate(char *text, size_t size, size_t max, unsigned int *seed)
{
	static const char bytes[] = "=[];#:\n\r\t \\/.,\0\xff\xef\xbb\xbf"
				    "019Aa";

	for (int n = 1 + rand_r(seed) % 8; n > 0; n--) {
		size_t from = (size_t)rand_r(seed) % size;
		size_t length = (size_t)rand_r(seed) % 40; /* not in MIN(), which takes it twice */

		length = MIN(length, size - from);
		switch (rand_r(seed) % 3) {
		case 0:
			text[from] = bytes[(size_t)rand_r(seed) % (sizeof(bytes) - 1)];
			break;
		case 1:
			if (length < size) {
				memmove(text + from, text + from + length, size - from - length);
				size -= length;
			}
			break;
		case 2:
			length = MIN(length, max - size);
			memmove(text + from + length, text + from, size - from);
			size += length;
			break;
		}
	}
	return size;
}

/* It returns; and what it finds good can be written and is read the same. */
START_TEST(mutations)
{
	unsigned int seed = 1, good = 0, bad = 0;

	for (int i = 0; i < 5000; i++) {
		_cleanup_config_draft_ struct config_draft draft = CONFIG_DRAFT_INIT;
		_cleanup_config_draft_ struct config_draft again = CONFIG_DRAFT_INIT;
		_cleanup_free_ char *formatted = NULL;
		char text[1024];
		size_t size;

		size = (size_t)snprintf(text, sizeof(text), "%s", i % 2 ? uplink : core_edge);
		size = mutate(text, size, sizeof(text), &seed);
		told[0] = '\0';
		draft.problem = again.problem = keep_problem;
		draft.userdata = again.userdata = &config;
		config_draft_read(&draft, "x", text, size);
		config_draft_finish(&draft, "x");
		ck_assert(!draft.out_of_memory);
		ck_assert(!draft.bad == !strstr(told, "E x:"));
		if (draft.bad) {
			bad++;
			continue;
		}
		good++;
		formatted = config_format(&draft.spec);
		config_draft_read(&again, "y", formatted, strlen(formatted));
		config_draft_finish(&again, "y");
		ck_assert_msg(!again.bad, "%s", formatted);
		ck_same(&again.spec, &draft.spec);
	}
	/* both were tried */
	ck_assert_uint_gt(good, 100);
	ck_assert_uint_gt(bad, 100);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *tests = tcase_create("config");

	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(tests, config_setup, config_teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, defaults);
	tcase_add_test(tests, example_uplink);
	tcase_add_test(tests, example_core_edge);
	tcase_add_test(tests, examples_are_those_of_the_manual);
	tcase_add_loop_test(tests, boolean, 0, ARRAY_SIZE(booleans));
	tcase_add_test(tests, queues);
	tcase_add_test(tests, empty_value);
	tcase_add_test(tests, peers);
	tcase_add_loop_test(tests, bad_line, 0, ARRAY_SIZE(bad_lines));
	tcase_add_test(tests, domain_missing);
	tcase_add_test(tests, unknown_words);
	tcase_add_test(tests, an_mtu_of_its_own);
	tcase_add_test(tests, a_process_is_not_waited_for);
	tcase_add_test(tests, blanks_and_marks);
	tcase_add_test(tests, long_lines);
	tcase_add_test(tests, limits);
	tcase_add_test(tests, many_faults);
	tcase_add_test(tests, impossible_addresses);
	tcase_add_test(tests, mutations);

	return suite_run(suite);
}
