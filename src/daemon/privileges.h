/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DAEMON_PRIVILEGES_H
#define RPORT_DAEMON_PRIVILEGES_H

/* Gives up the capabilities that a process of rportd does not need. */

/**
 * privileges_keep_network() - give up all but what namespaces and interfaces need, for good
 *
 * What is not needed leaves the permitted, effective and bounding sets. The ambient set is empty
 * afterwards, also as a service, which gets its capabilities as ambient ones
 * (systemd/rportd.service.in). So is the inheritable set, unless a filter refuses capset(2), as
 * that of the unit does. Call it before other threads are made: they inherit it.
 *
 * Return: 0, or -errno of capset(2) or prctl(2): -EPERM where a filter refuses them.
 */
int privileges_keep_network(void);

/**
 * privileges_keep_files() - give up all but what root needs for files of others: CAP_DAC_OVERRIDE
 *
 * Return: as privileges_keep_network().
 */
int privileges_keep_files(void);

/**
 * privileges_drop_ambient() - have the next program that this process executes get no capabilities,
 * unless it is root
 *
 * Return: 0 or -errno of prctl(2).
 */
int privileges_drop_ambient(void);

/**
 * privileges_pass_on() - have the next program that this process executes get the capabilities that
 * namespaces and interfaces need, as far as this process has them, also where it is not root
 *
 * Return: 0, or -errno of prctl(2): what root has it passes on without.
 */
int privileges_pass_on(void);

/**
 * privileges_drop_all() - give up all capabilities of the calling thread
 *
 * Return: as privileges_keep_network().
 */
int privileges_drop_all(void);

#endif
