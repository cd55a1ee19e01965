/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_CHECK_WORDS_H
#define RPORT_PORT_CHECK_WORDS_H

/* What the checks of check.c and check-packets.c share: words, and findings that explain others. */

#include "base/escape.h"
#include "port/check-facts.h"

/* Bytes of what the functions below write. Names are words of a shell: strangers choose some. */
#define COMMAND_PREFIX_MAX (ESCAPED_WORD_SIZE(NAME_MAX) + 32)
#define COMMAND_VRF_MAX    (ESCAPED_WORD_SIZE(IFNAMSIZ) + 8)
#define COMMAND_IFNAME_MAX ESCAPED_WORD_SIZE(IFNAMSIZ)

/**
 * check_say() - set the message of a finding
 * @finding: the finding
 * @format: printf format of a line
 */
void check_say(struct check_finding *finding, const char *format, ...) _printf_(2, 3);

/**
 * check_advise() - add a line to the remedy of a finding; one that does not fit is left out
 * @finding: the finding
 * @format: printf format of a line
 */
void check_advise(struct check_finding *finding, const char *format, ...) _printf_(2, 3);

/**
 * check_end_of() - get one end
 * @facts: of a link
 * @end: 0 or 1
 *
 * Return: what is known of it.
 */
const struct check_end *check_end_of(const struct check_facts *facts, unsigned int end);

/**
 * check_inside() - format what comes before a command that is to be run in the namespace of a port
 * @end: the port
 * @buf: filled: "ip netns exec red ", or ""
 *
 * Return: @buf.
 */
const char *check_inside(const struct check_end *end, char buf[static COMMAND_PREFIX_MAX]);

/**
 * check_vrf_words() - format what follows a route in a command of ip(8)
 * @end: the port that the route leads into
 * @buf: filled: " vrf red", or ""
 *
 * Return: @buf.
 */
const char *check_vrf_words(const struct check_end *end, char buf[static COMMAND_VRF_MAX]);

/**
 * check_ifname() - format the interface of a port for a command
 * @end: the port
 * @buf: filled: "rport0"
 *
 * Return: @buf.
 */
const char *check_ifname(const struct check_end *end, char buf[static COMMAND_IFNAME_MAX]);

/**
 * check_dashed() - name the option of ip(8) for a family
 * @family: any
 *
 * Return: " -6" or "".
 */
const char *check_dashed(enum check_family family);

/*
 * Checks, each of a link as a whole: true when there is something, and @finding has the words. The
 * others do without a finding of their own where one of these explains it.
 */
#define CHECK_FUNCTION(name) \
	bool name(const struct check_facts *facts, unsigned int end, struct check_finding *finding)

CHECK_FUNCTION(check_duplicate);
CHECK_FUNCTION(check_local_first);
CHECK_FUNCTION(check_same_domain);

#endif
