/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DAEMON_SECCOMP_H
#define RPORT_DAEMON_SECCOMP_H

/* The system calls that the processes of rportd may make once they serve. */

#include "datapath/fastpath.h"

/* What happens to a system call that is not in the filter. */
enum seccomp_mode {
	SECCOMP_REFUSE, /* it fails with EPERM, and the kernel logs it */
	SECCOMP_KILL,   /* SIGSYS ends the process: for tests */
	SECCOMP_OFF,    /* there is no filter: for debuggers such as valgrind(1) */
};

/**
 * seccomp_mode_from_name() - find the mode that --seccomp names
 * @name: "refuse", "kill" or "off"
 *
 * Return: an enum seccomp_mode, or -EINVAL.
 */
int seccomp_mode_from_name(const char *name);

/**
 * seccomp_mode_name() - name a mode
 * @mode: the mode
 *
 * Return: a static string, as seccomp_mode_from_name() takes it.
 */
const char *seccomp_mode_name(enum seccomp_mode mode);

/**
 * seccomp_install() - restrict all threads of the process to the system calls that rportd uses: files,
 * clients, and no others
 * @mode: what happens to others
 *
 * Call it at the end of start-up; it cannot be undone. Threads made later inherit the filter.
 *
 * Return: 0; -ENOMEM; -EINVAL or -EACCES when the kernel has no seccomp filters; another -errno.
 */
int seccomp_install(enum seccomp_mode mode);

/**
 * seccomp_install_network() - restrict rportd-net to namespaces, netlink and devices
 * @mode: what happens to other calls
 * @fastpath: unless it is FASTPATH_NEVER, it uses bpf(2), too
 *
 * Return: as seccomp_install().
 */
int seccomp_install_network(enum seccomp_mode mode, enum fastpath_policy fastpath);

/**
 * seccomp_install_data() - restrict rportd-data to what moves packets
 * @mode: what happens to other calls
 *
 * Return: as seccomp_install().
 */
int seccomp_install_data(enum seccomp_mode mode);

/**
 * seccomp_install_starter() - restrict the starter, and what it starts, to what the processes beside
 * rportd use, and what makes and ends processes
 * @mode: what happens to other calls
 * @fastpath: as for seccomp_install_network()
 *
 * Return: as seccomp_install().
 */
int seccomp_install_starter(enum seccomp_mode mode, enum fastpath_policy fastpath);

#endif
