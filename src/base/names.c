/* SPDX-License-Identifier: ISC */

/* Names and addresses: what is valid, and how it is read and written. */

#include <arpa/inet.h>
#include <stdio.h>

#include "base/escape.h"
#include "base/names.h"

/* <ctype.h> follows the locale; a name is valid or not on every machine alike. */
static bool ascii_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool dot_or_dotdot(const char *name)
{
	return streq(name, ".") || streq(name, "..");
}

bool link_name_valid(const char *name)
{
	size_t length = strlen(name);

	if (length < 1 || length > LINK_NAME_MAX || name[0] == '.' || name[0] == '-')
		return false;
	for (const char *c = name; *c; c++)
		if (!ascii_alnum(*c) && !strchr("._-", *c))
			return false;
	return true;
}

bool ifname_valid(const char *name)
{
	size_t length = strlen(name);

	if (length < 1 || length >= IFNAMSIZ || dot_or_dotdot(name))
		return false;
	/* the kernel's isspace() counts the Latin-1 no-break space, whatever the encoding */
	return !strpbrk(name, "/:% \t\n\v\f\r\xa0");
}

bool netns_name_valid(const char *name)
{
	size_t length = strlen(name);

	return length >= 1 && length <= NAME_MAX && !dot_or_dotdot(name) && !strchr(name, '/');
}

bool netns_path_valid(const char *path)
{
	char component[NAME_MAX + 1];
	size_t length;

	if (*path != '/' || strlen(path) > NAME_MAX)
		return false;
	for (; *path; path += length) {
		length = strcspn(++path, "/");
		memcpy(component, path, length);
		component[length] = '\0';
		if (!netns_name_valid(component))
			return false;
	}
	return true;
}

int netns_path(const char *name, char ret[static NETNS_PATH_MAX])
{
	if (netns_path_valid(name))
		snprintf(ret, NETNS_PATH_MAX, "%s", name);
	else if (netns_name_valid(name))
		snprintf(ret, NETNS_PATH_MAX, "%s/%s", NETNS_RUN_DIR, name);
	else
		return -EINVAL;
	return 0;
}

const char *pid_parse(const char *text, pid_t *ret)
{
	pid_t pid = 0;

	if (*text < '1' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(pid, 10, &pid) ||
		    __builtin_add_overflow(pid, *text - '0', &pid))
			return NULL;
	*ret = pid;
	return text;
}

pid_t netns_path_pid(const char *path)
{
	const char *rest = skip_prefix(path, "/proc/");
	pid_t pid;

	rest = rest ? pid_parse(rest, &pid) : NULL;
	return rest && streq(rest, "/ns/net") ? pid : 0;
}

/* The namespace of "netns:NAME/vrf:NAME": the last component is the VRF. */
static int path_of_name(const char *text, char ret[static NETNS_PATH_MAX])
{
	const char *slash = strrchr(text, '/');
	size_t length =
		slash && skip_prefix(slash, "/vrf:") ? (size_t)(slash - text) : strlen(text);
	char name[NAME_MAX + 1];

	if (length >= sizeof(name))
		return -EINVAL;
	memcpy(name, text, length);
	name[length] = '\0';
	return netns_path(name, ret);
}

int netns_path_of_domain(const char *domain, char ret[static NETNS_PATH_MAX])
{
	const char *name = skip_prefix(domain, "netns:"), *rest = skip_prefix(domain, "pid:");
	pid_t pid;

	if (name)
		return path_of_name(name, ret);
	if (streq(domain, "default") || skip_prefix(domain, "vrf:")) {
		*ret = '\0';
		return 0;
	}
	rest = rest ? pid_parse(rest, &pid) : NULL;
	if (!rest || *rest)
		return -EINVAL;
	snprintf(ret, NETNS_PATH_MAX, "/proc/%d/ns/net", pid);
	return 0;
}

bool text_printable(const char *text)
{
	while (*text) {
		uint32_t c;
		size_t length = utf8_decode(text, &c);

		if (length == 0 || c < ' ' || (c >= 0x7f && c <= 0x9f))
			return false;
		text += length;
	}
	return true;
}

unsigned int ip_address_bits(int family)
{
	switch (family) {
	case AF_INET:
		return 32;
	case AF_INET6:
		return 128;
	default:
		return 0;
	}
}

int ip_address_parse(const char *text, struct ip_address *ret)
{
	struct ip_address parsed = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	if (inet_pton(parsed.family, text, parsed.bytes) != 1)
		return -EINVAL;
	*ret = parsed;
	return 0;
}

static const char unspecified[] = "it stands for no address; leave it out for a port without one";
static const char multicast[] = "it is a multicast address; use a unicast address";

static const char *ipv4_flaw(const unsigned char *bytes)
{
	static const unsigned char zeros[4], ones[4] = { 255, 255, 255, 255 };

	if (memcmp(bytes, zeros, sizeof(zeros)) == 0)
		return unspecified;
	if (memcmp(bytes, ones, sizeof(ones)) == 0)
		return "it is the broadcast address; use a unicast address";
	return bytes[0] >> 4 == 14 ? multicast : NULL;
}

static const char *ipv6_flaw(const unsigned char *bytes)
{
	static const unsigned char zeros[16], mapped[12] = { [10] = 255, [11] = 255 };

	if (memcmp(bytes, zeros, sizeof(zeros)) == 0)
		return unspecified;
	if (bytes[0] == 255)
		return multicast;
	if (memcmp(bytes, mapped, sizeof(mapped)) == 0)
		return "it is an IPv4 address written as IPv6; use the IPv4 address";
	if (memcmp(bytes, zeros, 15) == 0 && bytes[15] == 1)
		return "it is the loopback address, which only the interface lo can have";
	return NULL;
}

const char *ip_address_flaw(const struct ip_address *address)
{
	return address->family == AF_INET ? ipv4_flaw(address->bytes) : ipv6_flaw(address->bytes);
}

/* A decimal number without sign, space or leading zero, which strtoul() would all let pass. */
static int parse_length(const char *text, unsigned int max, unsigned int *ret)
{
	unsigned int value = 0;

	if (!*text || (text[0] == '0' && text[1]))
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		value = value * 10 + (unsigned int)(*text - '0');
		if (value > max)
			return -EINVAL;
	}
	*ret = value;
	return 0;
}

int ip_prefix_parse(const char *text, struct ip_prefix *ret)
{
	const char *slash = strchrnul(text, '/');
	struct ip_prefix parsed = { 0 };
	char address[IP_TEXT_MAX];
	size_t size = (size_t)(slash - text);

	if (size >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, size);
	address[size] = '\0';
	if (ip_address_parse(address, &parsed.address) < 0)
		return -EINVAL;

	parsed.length = ip_address_bits(parsed.address.family);
	if (*slash && parse_length(slash + 1, parsed.length, &parsed.length) < 0)
		return -EINVAL;
	*ret = parsed;
	return 0;
}

bool ip_prefix_has_host_bits(const struct ip_prefix *prefix)
{
	unsigned int bits = ip_address_bits(prefix->address.family);

	for (unsigned int bit = prefix->length; bit < bits; bit++)
		if (prefix->address.bytes[bit / 8] & (0x80u >> (bit % 8)))
			return true;
	return false;
}

const char *ip_address_format(const struct ip_address *address, char buf[static IP_TEXT_MAX])
{
	/* an unknown family leaves the buffer alone */
	if (!inet_ntop(address->family, address->bytes, buf, IP_TEXT_MAX))
		buf[0] = '\0';
	return buf;
}

const char *ip_prefix_format(const struct ip_prefix *prefix, char buf[static IP_PREFIX_TEXT_MAX])
{
	size_t used = strlen(ip_address_format(&prefix->address, buf));

	/* no address: no length either */
	if (used > 0)
		snprintf(buf + used, IP_PREFIX_TEXT_MAX - used, "/%u", prefix->length);
	return buf;
}

bool ip_address_equal(const struct ip_address *a, const struct ip_address *b)
{
	return a->family == b->family &&
	       memcmp(a->bytes, b->bytes, ip_address_bits(a->family) / 8) == 0;
}

bool ip_prefix_equal(const struct ip_prefix *a, const struct ip_prefix *b)
{
	return ip_address_equal(&a->address, &b->address) && a->length == b->length;
}
