/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_MATCH_H
#define RPORTCTL_MATCH_H

/*
 * Which links and ports a word stands for. A PATTERN has "*", "?" and "[...]" as in a shell; a word
 * without them is a name. Names are in natural order: link2 comes before link10.
 */

#include <jansson.h>

#include "rportctl.h"

/**
 * match_link() - tell whether a pattern stands for a link
 * @link: as the daemon describes it
 * @pattern: of its name, or IFNAME or DOMAIN/IFNAME of one of its interfaces
 *
 * Return: true when it does.
 */
bool match_link(const json_t *link, const char *pattern);

/**
 * match_port() - tell whether a pattern stands for a port
 * @port: as the daemon describes it
 * @pattern: of IFNAME or DOMAIN/IFNAME, or of the name of its link
 *
 * Return: true when it does.
 */
bool match_port(const json_t *port, const char *pattern);

/**
 * match_domain() - tell whether a port is in a domain
 * @port: as the daemon describes it
 * @pattern: of the domain as it is written in full, or of a name in it: "red" stands for netns:red,
 *	for vrf:red, and for each VRF in netns:red
 *
 * Return: true when it is.
 */
bool match_domain(const json_t *port, const char *pattern);

/**
 * match_names() - find the links that the words of a command line stand for
 * @options: of them, where the daemon is
 * @words: names and patterns; a name is taken as it is, so that the daemon finds out what it means
 * @n: number of @words
 * @all: rather than @words, all links are meant
 * @ret_status: STATUS_DONE; else of the failure, which was printed: patterns that stand for no link
 *
 * Return: an array of names without doubles, those of a pattern in natural order; what stands for
 * no link is not in it. NULL: out of memory, or the daemon did not answer.
 */
json_t *match_names(const struct ctl_options *options, const char *const *words, size_t n, bool all,
		    enum ctl_status *ret_status);

/**
 * match_is_pattern() - tell a pattern from a name
 * @word: of the command line
 *
 * Return: true when it may stand for several links.
 */
bool match_is_pattern(const char *word);

#endif
