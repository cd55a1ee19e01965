/* SPDX-License-Identifier: ISC */

/* The names of the links of attachments. No system calls. */

#include <inttypes.h>
#include <stdio.h>

#include "plugin.h"

#define CONTAINER_SHOWN 12 /* characters of its identifier: what runtimes show of it, too */
#define HASH_DIGITS     12
#define HASH_TEXT_MAX   (HASH_DIGITS + 1)

#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME  UINT64_C(0x100000001b3)

/* FNV-1a. Names are chosen by runtimes and administrators: it need not withstand an attack. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
	/* with its NUL, so that "ab", "c" is not "a", "bc" */
	for (;; text++) {
		hash = (hash ^ (unsigned char)*text) * FNV_PRIME;
		if (!*text)
			return hash;
	}
}

static const char *hash_format(uint64_t hash, char buf[static HASH_TEXT_MAX])
{
	uint64_t folded = (hash ^ (hash >> 48)) & UINT64_C(0xffffffffffff);

	snprintf(buf, HASH_TEXT_MAX, "%012" PRIx64, folded);
	return buf;
}

static const char *network_hash(const char *network, char buf[static HASH_TEXT_MAX])
{
	return hash_format(hash_text(FNV_OFFSET, network), buf);
}

static bool is_letter_or_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool in_a_name(char c)
{
	return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
}

bool container_name_valid(const char *name)
{
	const char *c = name;

	if (!is_letter_or_digit(*c))
		return false;
	while (in_a_name(*c))
		c++;
	return !*c && c - name <= PLUGIN_CONTAINER_MAX;
}

const char *attachment_link_name(const struct attachment *attachment,
				 char buf[static LINK_NAME_MAX + 1])
{
	char network[HASH_TEXT_MAX], all[HASH_TEXT_MAX];
	uint64_t hash = FNV_OFFSET;

	hash = hash_text(hash, attachment->network);
	hash = hash_text(hash, attachment->container);
	hash = hash_text(hash, attachment->interface);
	snprintf(buf, LINK_NAME_MAX + 1, "%s-%.*s.%.*s-%s-%s", attachment->runtime, CONTAINER_SHOWN,
		 attachment->container, IFNAMSIZ - 1, attachment->interface,
		 network_hash(attachment->network, network), hash_format(hash, all));
	/* an interface may have a name of any bytes */
	for (char *c = buf; *c; c++)
		if (!in_a_name(*c))
			*c = '_';
	return buf;
}

bool attachment_in_network(const char *link, const char *runtime, const char *network)
{
	size_t prefix = strlen(runtime), length = strlen(link);
	char hash[HASH_TEXT_MAX];
	const char *end;

	if (length < prefix + 2 * (HASH_DIGITS + 1) || strncmp(link, runtime, prefix) != 0 ||
	    link[prefix] != '-')
		return false;
	end = link + length - 2 * (HASH_DIGITS + 1);
	return end[0] == '-' && end[HASH_DIGITS + 1] == '-' &&
	       strncmp(end + 1, network_hash(network, hash), HASH_DIGITS) == 0;
}
