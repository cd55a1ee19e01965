/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DAEMON_PRIVILEGES_H
#define RPORT_DAEMON_PRIVILEGES_H

/**
 * privileges_drop() - give up what rportd does not need, for good
 *
 * For when it is started as root by hand; as a service it has no more than that from the beginning
 * (systemd/rportd.service.in), and this changes nothing. Call it before other threads are made:
 * they inherit it.
 *
 * Return: 0 or -errno.
 */
int privileges_drop(void);

#endif
