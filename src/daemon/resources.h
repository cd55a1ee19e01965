/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DAEMON_RESOURCES_H
#define RPORT_DAEMON_RESOURCES_H

/* What the process needs before anything else: standard descriptors, and limits high enough. */

/**
 * resources_open_standard_descriptors() - open /dev/null in place of those that are closed
 *
 * The process that started us may have closed standard input, output or error. The next file to be
 * opened would get that number: the log would go into a device, and its frames would be printed.
 *
 * Return: 0, or -errno of open(2).
 */
int resources_open_standard_descriptors(void);

/**
 * resources_raise_limits() - raise the limits of open files and locked memory as far as we may
 *
 * A failure is logged: with few links, rportd works without.
 */
void resources_raise_limits(void);

#endif
