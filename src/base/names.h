/* SPDX-License-Identifier: ISC */
#ifndef RPORT_BASE_NAMES_H
#define RPORT_BASE_NAMES_H

/* Names and addresses: what is valid, and how it is read and written. No system calls. */

#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>

#include "base/util.h"

#define NETNS_RUN_DIR  "/run/netns" /* of ip-netns(8) */
#define NETNS_PATH_MAX (sizeof(NETNS_RUN_DIR) + 1 + NAME_MAX)

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
 * link_name_valid() - check that a string can be the name of a link
 * @name: not escaped
 *
 * 1 to LINK_NAME_MAX letters, digits, '.', '_' and '-', not beginning with '.' or '-': such a name
 * is a file name and an fd-store name as it stands.
 *
 * Return: true when it can.
 */
bool link_name_valid(const char *name);

/**
 * ifname_valid() - check that the kernel would take a string as the name of an interface
 * @name: as it is, not escaped
 *
 * 1 to 15 bytes of any value but '/', ':', '%' and what the kernel takes for white space (with
 * 0xa0); not "." or ".." (dev_valid_name() in net/core/dev.c, which leaves '%' to patterns).
 *
 * Return: true when it would.
 */
bool ifname_valid(const char *name);

/**
 * netns_name_valid() - check that a string can be the name of a file in /run/netns
 * @name: not escaped
 *
 * Return: true when it can: 1 to NAME_MAX bytes without '/', not "." or "..".
 */
bool netns_name_valid(const char *name);

/**
 * netns_path_valid() - check that a string can be the path of a namespace, in the one form that is used
 * @path: not escaped
 *
 * 2 to NAME_MAX bytes: each component after one '/', none of them "." or "..".
 *
 * Return: true when it can.
 */
bool netns_path_valid(const char *path);

/**
 * netns_path() - find the file that the name of a namespace stands for
 * @name: of a file in NETNS_RUN_DIR, or an absolute path; not escaped
 * @ret: the path, with its NUL
 *
 * Return: 0; -EINVAL when neither netns_name_valid() nor netns_path_valid() is true of it.
 */
int netns_path(const char *name, char ret[static NETNS_PATH_MAX]);

/**
 * netns_path_of_domain() - find the file of the namespace that a domain is in
 * @domain: written in full, as rportd gives it
 * @ret: the path, with its NUL; "" where the domain is in rportd's own namespace
 *
 * Return: 0; -EINVAL when it is not a domain, or a bare NAME, which says nothing yet about where it is.
 */
int netns_path_of_domain(const char *domain, char ret[static NETNS_PATH_MAX]);

/**
 * netns_path_pid() - find the process whose namespace a path is
 * @path: any string
 *
 * Return: N of "/proc/N/ns/net"; 0 for all other paths.
 */
pid_t netns_path_pid(const char *path);

/**
 * pid_parse() - read the number of a process, in the one form that is used
 * @text: a number from 1, without sign, space or leading zero
 * @ret: the number
 *
 * Return: what follows the number in @text; NULL when @text does not begin with one.
 */
const char *pid_parse(const char *text, pid_t *ret);

/**
 * text_printable() - check that text can be shown on a terminal and sent as JSON
 * @text: any bytes, ended by NUL
 *
 * It is UTF-8 (RFC 3629) without control characters; file names can have any bytes.
 *
 * Return: true when it is UTF-8 without control characters.
 */
bool text_printable(const char *text);

/**
 * ip_address_parse() - read an IPv4 or IPv6 address
 * @text: such as "192.0.2.1" or "2001:db8::1", without a prefix length
 * @ret: the address, in network byte order
 *
 * Return: 0, or -EINVAL (@ret is untouched).
 */
int ip_address_parse(const char *text, struct ip_address *ret);

/**
 * ip_address_flaw() - tell why no interface can have an address
 * @address: AF_INET or AF_INET6
 *
 * Return: the reason, and what to use instead, in words; NULL: an interface can have it.
 */
const char *ip_address_flaw(const struct ip_address *address);

/**
 * ip_prefix_parse() - read ADDRESS or ADDRESS/LENGTH
 * @text: without a length, the whole address is meant (/32, /128)
 * @ret: the address with all its bits, and the length
 *
 * Return: 0, or -EINVAL (@ret is untouched).
 */
int ip_prefix_parse(const char *text, struct ip_prefix *ret);

/**
 * ip_prefix_has_host_bits() - check whether a bit beyond the length is set
 * @prefix: a valid prefix
 *
 * Return: true when one is, so that it is an address of a host rather than a network.
 */
bool ip_prefix_has_host_bits(const struct ip_prefix *prefix);

/**
 * ip_address_format() - write an address
 * @address: AF_UNSPEC stands for no address
 * @buf: filled; "" for no address
 *
 * Return: @buf.
 */
const char *ip_address_format(const struct ip_address *address, char buf[static IP_TEXT_MAX]);

/**
 * ip_prefix_format() - write ADDRESS/LENGTH
 * @prefix: the address with all its bits, and the length
 * @buf: filled
 *
 * Return: @buf.
 */
const char *ip_prefix_format(const struct ip_prefix *prefix, char buf[static IP_PREFIX_TEXT_MAX]);

/**
 * ip_address_equal() - compare two addresses
 * @a: AF_UNSPEC stands for no address
 * @b: the same
 *
 * Return: true for the same family and the same bits, and for two of AF_UNSPEC.
 */
bool ip_address_equal(const struct ip_address *a, const struct ip_address *b);

/**
 * ip_prefix_equal() - compare two prefixes
 * @a: one, with all bits of its address
 * @b: the other
 *
 * Return: true for the same address and the same length; host bits count.
 */
bool ip_prefix_equal(const struct ip_prefix *a, const struct ip_prefix *b);

/**
 * ip_address_bits() - tell how long the addresses of a family are
 * @family: AF_INET or AF_INET6
 *
 * Return: 32 or 128, in bits.
 */
unsigned int ip_address_bits(int family);

#endif
