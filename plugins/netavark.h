/* SPDX-License-Identifier: ISC */
#ifndef RPORT_NETAVARK_H
#define RPORT_NETAVARK_H

/* What netavark-rport reads and writes: networks, containers, and the status of one in the other. */

#include "input.h"
#include "plugin.h"

#define NETAVARK_RUNTIME "netavark" /* of the names of links */
#define NETAVARK_API     "1.0.0"

/* A message for whoever called podman(1). */
struct netavark_error {
	char message[CLIENT_MESSAGE_MAX];
};

/**
 * netavark_fail() - fill in an error
 * @error: filled
 * @fmt: printf format of the message
 *
 * Return: -EINVAL, so that failing reads "return netavark_fail(...)".
 */
int netavark_fail(struct netavark_error *error, const char *fmt, ...) _printf_(2, 3);

/**
 * netavark_check_network() - check a network that is to be created, and complete it
 * @network: as podman(1) has filled it in
 * @error: says what is wrong
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int netavark_check_network(json_t *network, struct netavark_error *error);

/**
 * netavark_attachment() - find what an attachment is called
 * @input: of setup or teardown
 * @ret: the names, borrowed from @input
 * @error: says what is missing
 *
 * Return: 0 or -EINVAL.
 */
int netavark_attachment(const json_t *input, struct attachment *ret, struct netavark_error *error);

/**
 * netavark_domain() - find where the ports of a network are
 * @network: the network
 *
 * Return: its option "domain", borrowed, or "default".
 */
const char *netavark_domain(const json_t *network);

/**
 * netavark_fill_link() - give a link what the network and the container ask for
 * @link: of plugin_link_init()
 * @input: of setup
 * @error: says what cannot be done
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int netavark_fill_link(struct plugin_link *link, const json_t *input, struct netavark_error *error);

/**
 * netavark_status() - compose what setup answers
 * @input: of setup
 * @interface: in the container
 *
 * Return: an object that the caller owns, or NULL when out of memory.
 */
json_t *netavark_status(const json_t *input, const char *interface);

#endif
