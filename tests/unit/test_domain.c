/* SPDX-License-Identifier: ISC */
/* The pure half of domain.c: what exists is looked at by the tests that run as root. */
#include <check.h>
#include <stdio.h>

#include "kernel/domain.h"
#include "suite.h"

#define NAME_15  "123456789012345"
#define NAME_50  "12345678901234567890123456789012345678901234567890"
#define NAME_254 NAME_50 NAME_50 NAME_50 NAME_50 NAME_50 "1234"
#define NAME_255 NAME_254 "5"
#define PATH_255 "/" NAME_254

static const struct {
	const char *text;
	struct domain domain;
	const char *label;
} good[] = {
	{ "default", { .netns = DOMAIN_NETNS_SELF }, "default" },
	{ "red", { .netns = DOMAIN_NETNS_ANY, .name = "red" }, "red" },
	{ "vrf", { .netns = DOMAIN_NETNS_ANY, .name = "vrf" }, "vrf" },
	{ "netns", { .netns = DOMAIN_NETNS_ANY, .name = "netns" }, "netns" },
	{ "pid", { .netns = DOMAIN_NETNS_ANY, .name = "pid" }, "pid" },
	{ "Default", { .netns = DOMAIN_NETNS_ANY, .name = "Default" }, "Default" },
	{ "default2", { .netns = DOMAIN_NETNS_ANY, .name = "default2" }, "default2" },
	{ "...", { .netns = DOMAIN_NETNS_ANY, .name = "..." }, "..." },
	{ "42", { .netns = DOMAIN_NETNS_ANY, .name = "42" }, "42" },
	/* these can be namespaces, not VRFs */
	{ NAME_15 "6", { .netns = DOMAIN_NETNS_ANY, .name = NAME_15 "6" }, NAME_15 "6" },
	{ "a%d", { .netns = DOMAIN_NETNS_ANY, .name = "a%d" }, "a%d" },
	{ "my lab", { .netns = DOMAIN_NETNS_ANY, .name = "my lab" }, "my lab" },
	{ "gr\xc3\xbcn", { .netns = DOMAIN_NETNS_ANY, .name = "gr\xc3\xbcn" }, "gr\xc3\xbcn" },
	{ "\xe2\x82\xac", { .netns = DOMAIN_NETNS_ANY, .name = "\xe2\x82\xac" }, "\xe2\x82\xac" },
	{ "\xf0\x9f\x90\xa1",
	  { .netns = DOMAIN_NETNS_ANY, .name = "\xf0\x9f\x90\xa1" },
	  "\xf0\x9f\x90\xa1" },
	{ NAME_255, { .netns = DOMAIN_NETNS_ANY, .name = NAME_255 }, NAME_255 },

	{ "vrf:red", { .netns = DOMAIN_NETNS_SELF, .vrf = "red" }, "red" },
	{ "vrf:default", { .netns = DOMAIN_NETNS_SELF, .vrf = "default" }, "default" },
	{ "vrf:" NAME_15, { .netns = DOMAIN_NETNS_SELF, .vrf = NAME_15 }, NAME_15 },

	{ "netns:vpn", { .netns = DOMAIN_NETNS_NAMED, .name = "vpn" }, "vpn" },
	{ "netns:default", { .netns = DOMAIN_NETNS_NAMED, .name = "default" }, "default" },
	{ "netns:a:b", { .netns = DOMAIN_NETNS_NAMED, .name = "a:b" }, "a:b" },
	{ "netns:vrf:red", { .netns = DOMAIN_NETNS_NAMED, .name = "vrf:red" }, "vrf:red" },
	{ "netns:...", { .netns = DOMAIN_NETNS_NAMED, .name = "..." }, "..." },
	{ "netns:" NAME_255, { .netns = DOMAIN_NETNS_NAMED, .name = NAME_255 }, NAME_255 },
	{ "netns:vpn/vrf:red",
	  { .netns = DOMAIN_NETNS_NAMED, .name = "vpn", .vrf = "red" },
	  "vpn.red" },
	{ "netns:" NAME_255 "/vrf:" NAME_15,
	  { .netns = DOMAIN_NETNS_NAMED, .name = NAME_255, .vrf = NAME_15 },
	  NAME_255 "." NAME_15 },

	{ "netns:/mnt/x", { .netns = DOMAIN_NETNS_NAMED, .name = "/mnt/x" }, "x" },
	{ "netns:/x", { .netns = DOMAIN_NETNS_NAMED, .name = "/x" }, "x" },
	{ "netns:/a b/c:d", { .netns = DOMAIN_NETNS_NAMED, .name = "/a b/c:d" }, "c:d" },
	{ "netns:/run/docker/netns/0a1b",
	  { .netns = DOMAIN_NETNS_NAMED, .name = "/run/docker/netns/0a1b" },
	  "0a1b" },
	{ "netns:/run/netns/a/b", { .netns = DOMAIN_NETNS_NAMED, .name = "/run/netns/a/b" }, "b" },
	{ "netns:/run/netns2/a", { .netns = DOMAIN_NETNS_NAMED, .name = "/run/netns2/a" }, "a" },
	{ "netns:/...", { .netns = DOMAIN_NETNS_NAMED, .name = "/..." }, "..." },
	{ "netns:/mnt/x/vrf:red",
	  { .netns = DOMAIN_NETNS_NAMED, .name = "/mnt/x", .vrf = "red" },
	  "x.red" },
	{ "netns:/mnt/vrf:x/y", { .netns = DOMAIN_NETNS_NAMED, .name = "/mnt/vrf:x/y" }, "y" },
	{ "netns:/mnt/vrf:x/vrf:y",
	  { .netns = DOMAIN_NETNS_NAMED, .name = "/mnt/vrf:x", .vrf = "y" },
	  "vrf:x.y" },
	{ "netns:/proc/42/ns/net",
	  { .netns = DOMAIN_NETNS_NAMED, .name = "/proc/42/ns/net" },
	  "pid42" },
	{ "netns:/proc/42/ns/net/vrf:red",
	  { .netns = DOMAIN_NETNS_NAMED, .name = "/proc/42/ns/net", .vrf = "red" },
	  "pid42.red" },
	{ "netns:/proc/ns/net", { .netns = DOMAIN_NETNS_NAMED, .name = "/proc/ns/net" }, "net" },
	{ "netns:" PATH_255, { .netns = DOMAIN_NETNS_NAMED, .name = PATH_255 }, NAME_254 },
	{ "netns:" PATH_255 "/vrf:" NAME_15,
	  { .netns = DOMAIN_NETNS_NAMED, .name = PATH_255, .vrf = NAME_15 },
	  NAME_254 "." NAME_15 },
	{ "pid:1", { .netns = DOMAIN_NETNS_PID, .pid = 1 }, "pid1" },
	{ "pid:4194304", { .netns = DOMAIN_NETNS_PID, .pid = 4194304 }, "pid4194304" },
	{ "pid:2147483647", { .netns = DOMAIN_NETNS_PID, .pid = INT_MAX }, "pid2147483647" },
};

static const char *const bad[] = {
	"",
	" ",
	".",
	"..",
	"/",
	":",
	" red",
	"red ",
	"default ",
	" default",
	"red/",
	"/red",
	"red/blue",
	"red/vrf:blue",
	"../red",
	"/run/netns/red",
	"default/vrf:red",
	"red:",
	":red",
	"vfr:red",
	"VRF:red",
	"Netns:red",
	"vrf :red",
	"default:red",
	NAME_255 "6",

	"vrf:",
	"vrf: ",
	"vrf:.",
	"vrf:..",
	"vrf:/",
	"vrf:red/",
	"vrf:red/blue",
	"vrf:red:blue",
	"vrf:red blue",
	"vrf:red ",
	"vrf: red",
	"vrf:red%d",
	"vrf:vrf:red",
	"vrf:netns:x",
	("vrf:" NAME_15 "6"),

	"netns:",
	"netns:/",
	"netns://",
	"netns:/.",
	"netns:/..",
	"netns:/x/",
	"netns:/x/..",
	"netns:/x/../y",
	"netns:/../x",
	"netns:/ x",
	"netns:/x ",
	"netns:/x/vrf:",
	"netns:/x/vrf:a b",
	"netns:/x/vrf:red/",
	"netns:/x/vrf:red/.",
	"netns:/vrf:/.",
	("netns:/x/vrf:" NAME_15 "6"),
	"netns:/run/netns",
	"netns:/var/run/netns/",
	"netns:/run/netns/vrf:red",
	"netns:/run/netns/ x",
	"netns:/run/netns/x ",
	"netns:/run/netns/..",
	"netns:/proc/self/ns/net",
	"netns:/proc/thread-self/ns/net",
	"netns:./x",
	"netns:../x",
	"netns:x/y/z",
	"netns:" PATH_255 "6",
	"/mnt/x",
	"netns:.",
	"netns:..",
	"netns: ",
	"netns: x",
	"netns:x ",
	"netns:x/",
	"netns:x//vrf:red",
	"netns:/vrf:red",
	"netns:./vrf:red",
	"netns:../vrf:red",
	"netns:x /vrf:red",
	"netns:x/y",
	"netns:x/vrf",
	"netns:x/vrf:",
	"netns:x/vrf:.",
	"netns:x/vrf:..",
	"netns:x/vrf:red/",
	"netns:x/vrf:red/vrf:blue",
	"netns:x/vrf:red ",
	"netns:x/vrf: red",
	"netns:x/ vrf:red",
	"netns:x/VRF:red",
	"netns:x/netns:y",
	"netns:x/pid:1",
	"netns:x/../y",
	("netns:x/vrf:" NAME_15 "6"),
	("netns:" NAME_255 "6"),
	("netns:" NAME_255 "6/vrf:red"),

	"pid:",
	"pid:0",
	"pid:00",
	"pid:01",
	"pid:-1",
	"pid:+1",
	"pid: 1",
	"pid:1 ",
	"pid:1x",
	"pid:x",
	"pid:0x10",
	"pid:1.5",
	"pid:1/",
	"pid:1/vrf:red",
	"pid:self",
	"pid:2147483648",
	"pid:4294967297",
	"pid:18446744073709551617",
	"pid:99999999999999999999999999999999999999",
};

START_TEST(test_parse_good)
{
	char buf[DOMAIN_TEXT_MAX];
	struct rport_error err = { .errnum = 77 };
	struct domain domain, again;

	memset(&domain, 0x5a, sizeof(domain));
	ck_assert_msg(domain_parse(good[_i].text, &domain, &err) == 0, "%s", err.message);
	ck_assert_int_eq(err.errnum, 77); /* untouched */
	ck_assert_int_eq(domain.netns, good[_i].domain.netns);
	ck_assert_str_eq(domain.name, good[_i].domain.name);
	ck_assert_str_eq(domain.vrf, good[_i].domain.vrf);
	ck_assert_int_eq(domain.pid, good[_i].domain.pid);
	ck_assert(domain_equal(&domain, &good[_i].domain));

	ck_assert_str_eq(domain_format(&domain, buf), good[_i].text);
	ck_assert_int_eq(domain_parse(buf, &again, NULL), 0);
	ck_assert(domain_equal(&domain, &again));
	ck_assert_str_eq(domain_label(&domain, buf), good[_i].label);
}
END_TEST

START_TEST(test_parse_bad)
{
	struct domain domain, before;
	struct rport_error err = { 0 };

	memset(&domain, 0x5a, sizeof(domain));
	before = domain;
	ck_assert_msg(domain_parse(bad[_i], &domain, &err) == -EINVAL, "\"%s\"", bad[_i]);
	ck_assert_mem_eq(&domain, &before, sizeof(domain));
	ck_assert_int_eq(err.kind, RPORT_ERR_INVALID);
	ck_assert_int_eq(err.errnum, EINVAL);
	ck_assert_int_eq(domain_parse(bad[_i], &domain, NULL), -EINVAL);

	/* the way out is there, and whole */
	ck_assert(strstr(err.message, "netns:NAME/vrf:NAME or pid:N") ||
		  strstr(err.message, ": the namespace with this path is netns:"));
	ck_assert_uint_lt(strlen(err.message), sizeof(err.message) - 1);
}
END_TEST

START_TEST(test_parse_message)
{
	static const struct {
		const char *text, *part;
	} cases[] = {
		{ "vfr:red", "\"vfr:red\"" },
		{ "vfr:red", "before the colon" },
		{ "", "empty" },
		{ "vrf:", "name of the VRF is missing" },
		{ "netns:", "name of the namespace is missing" },
		{ "netns:x/y", "/vrf:NAME" },
		{ "x/vrf:y", "netns:NAME/vrf:NAME;" },
		{ "pid:0", "from 1 to 2147483647" },
		{ "netns:" NAME_255 "6", "too long" },
		{ "netns:" PATH_255 "6", "longer than 255 bytes" },
		{ "netns:x/y", "a path begins with '/'" },
		{ "netns:/x/../y", "without \"..\"" },
		{ "netns:/x/", "does not end with '/'" },
		{ "netns:/", "does not end with '/'" },
		{ "netns:/.", "the path of the namespace is missing" },
		{ "netns:/run/netns", "say netns:NAME" },
		{ "netns:/proc/self/ns/net", "say /proc/PID/ns/net" },
		{ "netns:/x/vrf:red/.", "ends with \"vrf:NAME\" is a VRF" },
		{ "netns:/x/vrf:", "name of the VRF is missing" },
		{ "/run/netns/red", "this path is netns:red" },
		{ "/var/run/netns/red", "this path is netns:red" },
		{ "/mnt//x/vrf:red", "this path is netns:/mnt/x/vrf:red" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rport_error err = { 0 };
		struct domain domain;

		ck_assert_int_eq(domain_parse(cases[i].text, &domain, &err), -EINVAL);
		ck_assert_msg(strstr(err.message, cases[i].part) != NULL, "%s", err.message);
	}
}
END_TEST

/* A namespace has one domain, however its path is written. */
START_TEST(test_paths_are_simplified)
{
	static const struct {
		const char *text, *domain;
	} cases[] = {
		{ "netns:/run/netns/red", "netns:red" },
		{ "netns:/var/run/netns/red", "netns:red" },
		{ "netns://run/./netns//red", "netns:red" },
		{ "netns:/run/netns/red/vrf:blue", "netns:red/vrf:blue" },
		{ "netns:/run/netns/default", "netns:default" },
		{ "netns:/run/netns/vrf:x/vrf:y", "netns:vrf:x/vrf:y" },
		{ "netns:/mnt//x", "netns:/mnt/x" },
		{ "netns:/./mnt/././x/.", "netns:/mnt/x" },
		{ "netns:/mnt/x//vrf:red", "netns:/mnt/x/vrf:red" },
		{ "netns:/var/run/docker/netns/0a1b", "netns:/run/docker/netns/0a1b" },
		{ "netns:/var/runs/x", "netns:/var/runs/x" },
		{ "netns:/var/run/netns/a/b", "netns:/run/netns/a/b" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct domain domain, simple;
		char buf[DOMAIN_TEXT_MAX];

		ck_assert_int_eq(domain_parse(cases[i].text, &domain, NULL), 0);
		ck_assert_str_eq(domain_format(&domain, buf), cases[i].domain);
		ck_assert_int_eq(domain_parse(cases[i].domain, &simple, NULL), 0);
		ck_assert(domain_equal(&domain, &simple));
	}
}
END_TEST

/* However long the text is: no overrun, and a message that is not cut short. */
START_TEST(test_parse_long)
{
	static const char *const prefixes[] = { "",        "vrf:",      "netns:", "netns:x/vrf:",
						"netns:/", "netns:/x/", "pid:" };
	static char text[70000];

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t used = strlen(prefixes[i]);

		memset(text, '1', sizeof(text) - 1);
		memcpy(text, prefixes[i], used);
		for (size_t length = sizeof(text) - 1; length > used + NAME_MAX;
		     length = MIN(length - 1, 600u)) {
			struct rport_error err = { 0 };
			struct domain domain;

			text[length] = '\0';
			ck_assert_int_eq(domain_parse(text, &domain, &err), -EINVAL);
			ck_assert_ptr_nonnull(strstr(err.message, "or pid:N"));
		}
	}
}
END_TEST

START_TEST(test_equal)
{
	/* each spelling equals itself only */
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		for (size_t j = 0; j < ARRAY_SIZE(good); j++)
			ck_assert_msg(domain_equal(&good[i].domain, &good[j].domain) == (i == j),
				      "%s, %s", good[i].text, good[j].text);
}
END_TEST

/* Whatever bytes come: either refused, or written again as they were read. */
START_TEST(test_parse_bytes)
{
	static const char *const forms[] = { "%c",          "a%cb",        "vrf:a%cb",
					     "netns:%c",    "netns:a%cb",  "netns:x/vrf:a%cb",
					     "netns:/a%cb", "netns:/%c/b", "netns:x%cvrf:y",
					     "pid:1%c" };
	char text[64], buf[DOMAIN_TEXT_MAX];
	struct domain domain;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const char *mark = strchr(forms[i], '%');

		for (int byte = 1; byte < 256; byte++) {
			snprintf(text, sizeof(text), "%.*s%c%s", (int)(mark - forms[i]), forms[i],
				 byte, mark + 2);
			if (domain_parse(text, &domain, NULL) == 0)
				ck_assert_str_eq(domain_format(&domain, buf),
						 i == 7 && (byte == '/' || byte == '.') ? "netns:/b"
											: text);
			else
				ck_assert(byte <= ' ' || byte >= 0x7f || byte == '/' ||
					  byte == ':' || byte == '.' || byte == '%' || i >= 8);
		}
	}
}
END_TEST

START_TEST(test_place_release)
{
	struct domain_place place = DOMAIN_PLACE_INIT;

	domain_place_release(&place);
	domain_place_release(&place);
	ck_assert_int_eq(place.netns_fd, -1);
}
END_TEST

static const struct {
	const char *said, *found;
	bool means;
} meanings[] = {
	{ "red", "vrf:red", true },
	{ "red", "netns:red", true },
	{ "red", "netns:red/vrf:red", false },
	{ "red", "netns:blue/vrf:red", false },
	{ "red", "netns:redder", false },
	{ "red", "default", false },
	{ "vrf:red", "vrf:red", true },
	{ "vrf:red", "netns:red", false },
	{ "netns:red", "netns:red", true },
	{ "netns:red", "netns:red/vrf:x", false },
	{ "netns:red/vrf:x", "netns:red/vrf:x", true },
	{ "default", "default", true },
	{ "default", "vrf:red", false },
	{ "pid:7", "pid:7", true },
	{ "pid:7", "pid:8", false },
};

START_TEST(what_is_said_means_a_domain)
{
	struct domain said, found;

	ck_assert_int_eq(domain_parse(meanings[_i].said, &said, NULL), 0);
	ck_assert_int_eq(domain_parse(meanings[_i].found, &found, NULL), 0);
	ck_assert_int_eq(domain_means(&said, &found), meanings[_i].means);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("domain");
	TCase *parse = tcase_create("parse");

	suite_add_tcase(suite, parse);
	tcase_add_loop_test(parse, what_is_said_means_a_domain, 0, ARRAY_SIZE(meanings));
	tcase_add_loop_test(parse, test_parse_good, 0, ARRAY_SIZE(good));
	tcase_add_loop_test(parse, test_parse_bad, 0, ARRAY_SIZE(bad));
	tcase_add_test(parse, test_parse_message);
	tcase_add_test(parse, test_paths_are_simplified);
	tcase_add_test(parse, test_parse_long);
	tcase_add_test(parse, test_parse_bytes);
	tcase_add_test(parse, test_equal);
	tcase_add_test(parse, test_place_release);

	return suite_run(suite);
}
