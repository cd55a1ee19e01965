/* SPDX-License-Identifier: ISC */

/* Names and addresses: what is valid. */

#include <check.h>
#include <limits.h>

#include "base/names.h"
#include "suite.h"

/* A name of @length times @c; good until the next call. */
static const char *repeat(char c, size_t length)
{
	static char buf[512];

	ck_assert_uint_lt(length, sizeof(buf));
	memset(buf, c, length);
	buf[length] = '\0';
	return buf;
}

struct name_case {
	const char *name;
	bool valid;
};

/* clang-format off */
static const struct name_case link_names[] = {
	{ "a", true }, { "Z", true }, { "0", true }, { "red-blue", true }, { "a.b_c-d", true },
	{ "_x", true }, { "a.", true }, { "a-", true }, { "1..2", true },
	{ "", false }, { ".", false }, { "..", false }, { ".a", false }, { "-a", false },
	{ "a b", false }, { " a", false }, { "a ", false }, { "a/b", false }, { "a:b", false },
	{ "a\n", false }, { "a\tb", false }, { "a%d", false }, { "a@b", false }, { "a+b", false },
	{ "\xc3\xa4", false }, { "a\x7f", false }, { "a\x01", false }, { "[", false },
	{ "`", false }, { "{", false }, { "a,b", false },
};

static const struct name_case ifnames[] = {
	{ "a", true }, { "rport0", true }, { "wan0.100", true }, { "...", true }, { ".a", true },
	{ "-", true }, { "eth0@x", true }, { "~!#$&*()", true }, { "123456789012345", true },
	{ "", false }, { ".", false }, { "..", false }, { "1234567890123456", false },
	{ "a/b", false }, { "a:1", false }, { "rport%d", false }, { "%", false },
	{ "a b", false }, { "a\tb", false }, { "a\nb", false }, { "a\vb", false }, { " ", false },
	{ "a\x7f", true }, { "\x01", true }, { "\xc3\xa4", true }, { "\xff", true },
	{ "\033[31m", true }, { "$(id>x)", true }, { "a\\x5c", true }, { "\xc3\xa0", false },
};

static const struct name_case netns_names[] = {
	{ "a", true }, { "vpn", true }, { "...", true }, { ".hidden", true }, { "-x", true },
	{ "a:b", true }, { "a b", true }, { "a-name-longer-than-an-interface", true },
	{ "\xc3\xa4", true },
	{ "", false }, { ".", false }, { "..", false }, { "/", false }, { "a/b", false },
	{ "../x", false }, { "a/", false }, { "/a", false },
};
/* clang-format on */

START_TEST(test_link_name)
{
	const struct name_case *c = &link_names[_i];

	ck_assert_msg(link_name_valid(c->name) == c->valid, "\"%s\"", c->name);
}
END_TEST

START_TEST(test_ifname)
{
	const struct name_case *c = &ifnames[_i];

	ck_assert_msg(ifname_valid(c->name) == c->valid, "\"%s\"", c->name);
}
END_TEST

START_TEST(test_netns_name)
{
	const struct name_case *c = &netns_names[_i];

	ck_assert_msg(netns_name_valid(c->name) == c->valid, "\"%s\"", c->name);
}
END_TEST

static const struct {
	const char *domain, *path; /* NULL: it is no domain */
} domain_paths[] = {
	{ "default", "" },
	{ "vrf:red", "" },
	{ "netns:a", "/run/netns/a" },
	{ "netns:a/vrf:red", "/run/netns/a" },
	{ "netns:/srv/box", "/srv/box" },
	{ "netns:/srv/box/vrf:red", "/srv/box" },
	{ "netns:/srv/vrf:red/box", "/srv/vrf:red/box" },
	{ "netns:/srv/../box", NULL },
	{ "netns:", NULL },
	{ "red", NULL },
	{ "pid:42", "/proc/42/ns/net" },
	{ "pid:042", NULL },
	{ "pid:42/vrf:red", NULL },
	{ "pid:4294967338", NULL },
	{ "pid:", NULL },
};

START_TEST(test_path_of_domain)
{
	char path[NETNS_PATH_MAX];
	int r = netns_path_of_domain(domain_paths[_i].domain, path);

	ck_assert_int_eq(r, domain_paths[_i].path ? 0 : -EINVAL);
	if (domain_paths[_i].path)
		ck_assert_str_eq(path, domain_paths[_i].path);
}
END_TEST

START_TEST(test_pid_of_path)
{
	ck_assert_int_eq(netns_path_pid("/proc/42/ns/net"), 42);
	ck_assert_int_eq(netns_path_pid("/proc/2147483647/ns/net"), 2147483647);
	ck_assert_int_eq(netns_path_pid("/proc/2147483648/ns/net"), 0);
	ck_assert_int_eq(netns_path_pid("/proc/42/ns/net/"), 0);
	ck_assert_int_eq(netns_path_pid("/proc/42/ns/mnt"), 0);
	ck_assert_int_eq(netns_path_pid("/proc/+42/ns/net"), 0);
	ck_assert_int_eq(netns_path_pid("/proc/self/ns/net"), 0);
	ck_assert_int_eq(netns_path_pid("/proc/"), 0);
}
END_TEST

START_TEST(test_name_lengths)
{
	ck_assert(link_name_valid(repeat('x', LINK_NAME_MAX)));
	ck_assert(!link_name_valid(repeat('x', LINK_NAME_MAX + 1)));
	ck_assert(ifname_valid(repeat('x', IFNAMSIZ - 1)));
	ck_assert(!ifname_valid(repeat('x', IFNAMSIZ)));
	ck_assert(netns_name_valid(repeat('x', NAME_MAX)));
	ck_assert(!netns_name_valid(repeat('x', NAME_MAX + 1)));
}
END_TEST

/* Every byte, so that neither the locale nor the sign of char matters. */
START_TEST(test_name_bytes)
{
	for (int byte = 1; byte < 256; byte++) {
		char name[] = { 'x', (char)byte, '\0' };
		bool alnum = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
			     (byte >= 'a' && byte <= 'z');
		bool mark = byte == '.' || byte == '_' || byte == '-';
		/* what the kernel's isspace() takes for white space, and what means something */
		bool refused = (byte >= '\t' && byte <= '\r') || byte == ' ' || byte == 0xa0 ||
			       byte == '/' || byte == ':' || byte == '%';

		ck_assert_msg(link_name_valid(name) == (alnum || mark), "0x%02x", byte);
		ck_assert_msg(ifname_valid(name) == !refused, "0x%02x", byte);
		ck_assert_msg(netns_name_valid(name) == (byte != '/'), "0x%02x", byte);
	}
}
END_TEST

/* --- addresses -------------------------------------------------------------------------------- */

static const struct {
	const char *text;
	int family;
	const char *canonical;
} good_addresses[] = {
	{ "0.0.0.0", AF_INET, "0.0.0.0" },
	{ "192.168.0.1", AF_INET, "192.168.0.1" },
	{ "255.255.255.255", AF_INET, "255.255.255.255" },
	{ "::", AF_INET6, "::" },
	{ "::1", AF_INET6, "::1" },
	{ "fe80::1", AF_INET6, "fe80::1" },
	{ "2001:DB8:0:0:0:0:0:1", AF_INET6, "2001:db8::1" },
	{ "::ffff:10.0.0.1", AF_INET6, "::ffff:10.0.0.1" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", AF_INET6,
	  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", AF_INET6,
	  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
};

static const char *const bad_addresses[] = {
	"",
	" ",
	"1",
	"1.2.3",
	"1.2.3.4.5",
	"1.2.3.256",
	"1.2.3.-4",
	"01.2.3.4",
	"0x7f.0.0.1",
	" 1.2.3.4",
	"1.2.3.4 ",
	"1.2.3.4\n",
	"1.2.3.4/24",
	"1.2.3.4%eth0",
	"1..2.3",
	"1.2.3.",
	":",
	":::",
	"1::2::3",
	"12345::",
	"g::",
	"fe80::1%eth0",
	"::/0",
	"1:2:3:4:5:6:7",
	"1:2:3:4:5:6:7:8:9",
	"::1.2.3.256",
	"[::1]",
	"localhost",
	"1.2.3.4::",
};

START_TEST(test_address_good)
{
	struct ip_address address;
	char buf[IP_TEXT_MAX];

	ck_assert_int_eq(ip_address_parse(good_addresses[_i].text, &address), 0);
	ck_assert_int_eq(address.family, good_addresses[_i].family);
	ck_assert_str_eq(ip_address_format(&address, buf), good_addresses[_i].canonical);
}
END_TEST

START_TEST(test_address_bad)
{
	struct ip_address address, before;

	memset(&address, 0x5a, sizeof(address));
	before = address;
	ck_assert_msg(ip_address_parse(bad_addresses[_i], &address) == -EINVAL, "\"%s\"",
		      bad_addresses[_i]);
	ck_assert_mem_eq(&address, &before, sizeof(address));
}
END_TEST

START_TEST(test_address_bytes)
{
	static const unsigned char v4[16] = { 192, 0, 2, 1 };
	static const unsigned char v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x42 };
	struct ip_address address;

	/* what is behind an IPv4 address is zero */
	memset(&address, 0xff, sizeof(address));
	ck_assert_int_eq(ip_address_parse("192.0.2.1", &address), 0);
	ck_assert_mem_eq(address.bytes, v4, sizeof(v4));
	ck_assert_int_eq(ip_address_parse("2001:db8::42", &address), 0);
	ck_assert_mem_eq(address.bytes, v6, sizeof(v6));
}
END_TEST

START_TEST(test_address_none)
{
	struct ip_address none = { 0 }, other_none = { .bytes = { 1 } }, v4 = { .family = AF_INET };
	struct ip_prefix no_prefix = { 0 };
	char buf[IP_PREFIX_TEXT_MAX] = "x";

	ck_assert_str_eq(ip_address_format(&none, buf), "");
	strcpy(buf, "x");
	ck_assert_str_eq(ip_prefix_format(&no_prefix, buf), "");
	ck_assert(ip_address_equal(&none, &other_none));
	ck_assert(!ip_address_equal(&none, &v4));
	ck_assert(!ip_prefix_has_host_bits(&no_prefix));
}
END_TEST

START_TEST(test_address_equal)
{
	struct ip_address a, b;

	ck_assert_int_eq(ip_address_parse("10.0.0.1", &a), 0);
	b = a;
	b.bytes[15] = 1; /* not part of the address */
	ck_assert(ip_address_equal(&a, &b));
	b.bytes[3] = 2;
	ck_assert(!ip_address_equal(&a, &b));

	ck_assert_int_eq(ip_address_parse("::", &a), 0);
	ck_assert_int_eq(ip_address_parse("0.0.0.0", &b), 0);
	ck_assert(!ip_address_equal(&a, &b));
	b = a;
	ck_assert(ip_address_equal(&a, &b));
	b.bytes[15] = 1;
	ck_assert(!ip_address_equal(&a, &b));
}
END_TEST

START_TEST(test_address_bits)
{
	ck_assert_uint_eq(ip_address_bits(AF_INET), 32);
	ck_assert_uint_eq(ip_address_bits(AF_INET6), 128);
	ck_assert_uint_eq(ip_address_bits(AF_UNSPEC), 0);
}
END_TEST

/* --- prefixes --------------------------------------------------------------------------------- */

static const struct {
	const char *text;
	unsigned int length;
	bool host_bits;
	const char *canonical;
} good_prefixes[] = {
	{ "10.0.0.1", 32, false, "10.0.0.1/32" },
	{ "10.0.0.1/32", 32, false, "10.0.0.1/32" },
	{ "10.0.0.1/31", 31, true, "10.0.0.1/31" },
	{ "10.0.0.0/31", 31, false, "10.0.0.0/31" },
	{ "10.0.0.0/8", 8, false, "10.0.0.0/8" },
	{ "10.128.0.0/8", 8, true, "10.128.0.0/8" },
	{ "10.128.0.0/9", 9, false, "10.128.0.0/9" },
	{ "10.64.0.0/9", 9, true, "10.64.0.0/9" },
	{ "0.0.0.0/0", 0, false, "0.0.0.0/0" },
	{ "128.0.0.0/0", 0, true, "128.0.0.0/0" },
	{ "2001:db8::1", 128, false, "2001:db8::1/128" },
	{ "2001:db8::1/64", 64, true, "2001:db8::1/64" },
	{ "2001:db8::/64", 64, false, "2001:db8::/64" },
	{ "2001:db8::/28", 28, true, "2001:db8::/28" },
	{ "::/0", 0, false, "::/0" },
	{ "::1/127", 127, true, "::1/127" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128", 128, false,
	  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128" },
};

static const char *const bad_prefixes[] = {
	"",
	"/",
	"/24",
	"10.0.0.1/",
	"10.0.0.1/33",
	"10.0.0.1/-1",
	"10.0.0.1/+8",
	"10.0.0.1/ 8",
	"10.0.0.1/8 ",
	"10.0.0.1 /8",
	"10.0.0.1/08",
	"10.0.0.1/00",
	"10.0.0.1/0x8",
	"10.0.0.1/8/8",
	"10.0.0.1/255.0.0.0",
	"10.0.0.1/4294967304",
	"10.0.0.1/18446744073709551624",
	"10.0.0/8",
	"::/129",
	"::/1280",
	"::/1a",
	"::1%lo/128",
	"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2555/128",
};

START_TEST(test_prefix_good)
{
	const char *text = good_prefixes[_i].text;
	char buf[IP_PREFIX_TEXT_MAX];
	struct ip_prefix prefix, again;

	ck_assert_int_eq(ip_prefix_parse(text, &prefix), 0);
	ck_assert_uint_eq(prefix.length, good_prefixes[_i].length);
	ck_assert(ip_prefix_has_host_bits(&prefix) == good_prefixes[_i].host_bits);
	ck_assert_str_eq(ip_prefix_format(&prefix, buf), good_prefixes[_i].canonical);
	ck_assert_int_eq(ip_prefix_parse(buf, &again), 0);
	ck_assert(ip_prefix_equal(&prefix, &again));
}
END_TEST

START_TEST(test_prefix_bad)
{
	struct ip_prefix prefix, before;

	memset(&prefix, 0x5a, sizeof(prefix));
	before = prefix;
	ck_assert_msg(ip_prefix_parse(bad_prefixes[_i], &prefix) == -EINVAL, "\"%s\"",
		      bad_prefixes[_i]);
	ck_assert_mem_eq(&prefix, &before, sizeof(prefix));
}
END_TEST

/* Every length of both families: round trip, and the first bit behind it is a host bit. */
START_TEST(test_prefix_lengths)
{
	static const char *const zero[] = { "0.0.0.0", "::" };
	const char *text = zero[_i];
	struct ip_prefix prefix, again;
	char buf[IP_PREFIX_TEXT_MAX];
	unsigned int bits;

	ck_assert_int_eq(ip_prefix_parse(text, &prefix), 0);
	bits = ip_address_bits(prefix.address.family);
	for (unsigned int length = 0; length <= bits; length++) {
		prefix.length = length;
		ck_assert(!ip_prefix_has_host_bits(&prefix));
		ck_assert_int_eq(ip_prefix_parse(ip_prefix_format(&prefix, buf), &again), 0);
		ck_assert(ip_prefix_equal(&prefix, &again));
		again.length++;
		ck_assert(!ip_prefix_equal(&prefix, &again));
		if (length == bits)
			break;

		again = prefix;
		again.address.bytes[length / 8] |= 0x80 >> (length % 8);
		ck_assert(ip_prefix_has_host_bits(&again));
		ck_assert(!ip_prefix_equal(&prefix, &again));
		again.length++;
		ck_assert(!ip_prefix_has_host_bits(&again));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("names");
	TCase *names = tcase_create("names");
	TCase *addresses = tcase_create("addresses");
	TCase *prefixes = tcase_create("prefixes");

	suite_add_tcase(suite, names);
	tcase_add_loop_test(names, test_link_name, 0, ARRAY_SIZE(link_names));
	tcase_add_loop_test(names, test_ifname, 0, ARRAY_SIZE(ifnames));
	tcase_add_loop_test(names, test_netns_name, 0, ARRAY_SIZE(netns_names));
	tcase_add_loop_test(names, test_path_of_domain, 0, ARRAY_SIZE(domain_paths));
	tcase_add_test(names, test_pid_of_path);
	tcase_add_test(names, test_name_lengths);
	tcase_add_test(names, test_name_bytes);

	suite_add_tcase(suite, addresses);
	tcase_add_loop_test(addresses, test_address_good, 0, ARRAY_SIZE(good_addresses));
	tcase_add_loop_test(addresses, test_address_bad, 0, ARRAY_SIZE(bad_addresses));
	tcase_add_test(addresses, test_address_bytes);
	tcase_add_test(addresses, test_address_none);
	tcase_add_test(addresses, test_address_equal);
	tcase_add_test(addresses, test_address_bits);

	suite_add_tcase(suite, prefixes);
	tcase_add_loop_test(prefixes, test_prefix_good, 0, ARRAY_SIZE(good_prefixes));
	tcase_add_loop_test(prefixes, test_prefix_bad, 0, ARRAY_SIZE(bad_prefixes));
	tcase_add_loop_test(prefixes, test_prefix_lengths, 0, 2);

	return suite_run(suite);
}
