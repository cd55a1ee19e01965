/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_PLACE_H
#define RPORTCTL_PLACE_H

/* The network namespaces of ports, for commands that look into them themselves. */

#include <jansson.h>

#include "rportctl.h"

/**
 * place_open() - open the network namespace that a domain is in
 * @options: of them, where the daemon is, whose own namespace some domains are in
 * @domain: as the daemon writes it
 *
 * Return: an O_CLOEXEC fd; or -errno after having said what is wrong.
 */
int place_open(const struct ctl_options *options, const char *domain);

#endif
