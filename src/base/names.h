/* SPDX-License-Identifier: ISC */
#ifndef RPORT_BASE_NAMES_H
#define RPORT_BASE_NAMES_H

/* Names and addresses: what is valid, and how it is read and written. No system calls. */

#include <net/if.h>
#include <netinet/in.h>

#include "base/util.h"

#define LINK_NAME_MAX      64
#define IP_TEXT_MAX        (INET6_ADDRSTRLEN) /* an address, with its NUL */
#define IP_PREFIX_TEXT_MAX (IP_TEXT_MAX + 4)  /* "/128" more */

struct ip_address {
	int family; /* AF_INET, AF_INET6; AF_UNSPEC: none */
	unsigned char bytes[16];
};

struct ip_prefix {
	struct ip_address address;
	unsigned int length; /* bits */
};

/**
 * link_name_valid() - is @name fit for a link?
 *
 * 1 to LINK_NAME_MAX letters, digits, '.', '_' and '-', not beginning with '.' or '-': such a name
 * is a file name and an fd-store name as it stands.
 */
bool link_name_valid(const char *name);

/**
 * ifname_valid() - would the kernel take @name for an interface?
 *
 * @name: as it is, not escaped
 *
 * 1 to 15 bytes of any value but '/', ':', '%' and what the kernel takes for white space (with
 * 0xa0); not "." or ".." (dev_valid_name() in net/core/dev.c, which leaves '%' to patterns).
 */
bool ifname_valid(const char *name);

/**
 * netns_name_valid() - can @name be a file in /run/netns?
 */
bool netns_name_valid(const char *name);

/**
 * text_printable() - can it be shown on a terminal and sent as JSON?
 *
 * It is UTF-8 (RFC 3629) without control characters; file names can have any bytes.
 */
bool text_printable(const char *text);

/**
 * ip_address_parse() - read an IPv4 or IPv6 address
 *
 * Return: 0, or -EINVAL (@ret is untouched).
 */
int ip_address_parse(const char *text, struct ip_address *ret);

/**
 * ip_prefix_parse() - read ADDRESS or ADDRESS/LENGTH
 * @text: without a length, the whole address is meant (/32, /128)
 * @ret: the address with all its bits, and the length
 *
 * Return: 0, or -EINVAL (@ret is untouched).
 */
int ip_prefix_parse(const char *text, struct ip_prefix *ret);

/**
 * ip_prefix_has_host_bits() - is a bit beyond the length set, so that it is an address rather than
 * a network?
 */
bool ip_prefix_has_host_bits(const struct ip_prefix *prefix);

/**
 * ip_address_format() - write an address
 * Return: @buf, or "" for none.
 */
const char *ip_address_format(const struct ip_address *address, char buf[static IP_TEXT_MAX]);

/**
 * ip_prefix_format() - write ADDRESS/LENGTH
 * Return: @buf.
 */
const char *ip_prefix_format(const struct ip_prefix *prefix, char buf[static IP_PREFIX_TEXT_MAX]);

/**
 * ip_address_equal() - same family and bits (two of AF_UNSPEC are equal)
 */
bool ip_address_equal(const struct ip_address *a, const struct ip_address *b);

/**
 * ip_prefix_equal() - same address and length
 */
bool ip_prefix_equal(const struct ip_prefix *a, const struct ip_prefix *b);

/**
 * ip_address_bits() - length of an address of this family: 32 or 128
 */
unsigned int ip_address_bits(int family);

#endif
