/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DAEMON_PRIVILEGES_H
#define RPORT_DAEMON_PRIVILEGES_H

/* Gives up the capabilities that rportd does not need. */

/**
 * privileges_drop() - give up what rportd does not need, for good
 *
 * What was not needed leaves the permitted, effective and bounding sets. The ambient set is empty
 * afterwards, also as a service, which gets its capabilities as ambient ones
 * (systemd/rportd.service.in). So is the inheritable set, unless a filter refuses capset(2), as
 * that of the unit does. Call it before other threads are made: they inherit it.
 *
 * Return: 0, or -errno of capset(2) or prctl(2): -EPERM where a filter refuses them.
 */
int privileges_drop(void);

/**
 * privileges_drop_to_start() - give up what the starter does not need: all but CAP_SYS_ADMIN, by
 * which a new process makes a network namespace of its own, and io_uring where
 * kernel.io_uring_disabled is 1
 *
 * Return: as privileges_drop().
 */
int privileges_drop_to_start(void);

/**
 * privileges_drop_ambient() - have the next program that this process executes get no capabilities,
 * unless it is root
 *
 * Return: 0 or -errno of prctl(2).
 */
int privileges_drop_ambient(void);

/**
 * privileges_pass_on() - have the next program that this process executes get the capabilities that
 * rportd needs, as far as this process has them, also where it is not root
 *
 * Return: 0, or -errno of prctl(2): what root has it passes on without.
 */
int privileges_pass_on(void);

/**
 * privileges_drop_all() - give up all capabilities of the calling thread
 *
 * Return: as privileges_drop().
 */
int privileges_drop_all(void);

#endif
