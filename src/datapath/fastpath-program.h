/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DATAPATH_FASTPATH_PROGRAM_H
#define RPORT_DATAPATH_FASTPATH_PROGRAM_H

/* Loads fastpath.bpf.c, and reads what its copies count; the only user of libbpf. */

#include "base/util.h"
#include "datapath/fastpath-shared.h"

enum fastpath_role {
	FASTPATH_SEND,    /* at the egress of a port */
	FASTPATH_RECEIVE, /* for what comes by a hidden pair */
};

/*
 * struct fastpath_program - a loaded copy
 * @fd: of the program; a filter keeps the program, too
 * @counts: descriptor of what it counts; -1: it counts nothing
 */
struct fastpath_program {
	int fd;
	int counts;
};

/**
 * fastpath_program_load() - load a copy of the program
 * @role: what it does
 * @target: where it sends packets
 * @ret: the caller closes both descriptors
 *
 * Return: 0; -EOPNOTSUPP when rportd was built without; -EPERM when bpf(2) is forbidden; -ENOSYS
 * when the kernel has none; or another -errno.
 */
int fastpath_program_load(enum fastpath_role role, const struct fastpath_target *target,
			  struct fastpath_program *ret);

/**
 * fastpath_program_attach() - have an end of a netkit pair run a program for all that it sends
 * @netns_fd: the namespace of the primary end
 * @primary: ifindex of that
 * @peer: the program is for the other end
 * @program: a FASTPATH_RECEIVE; stays the caller's, the interface keeps the program
 *
 * Return: 0; -EINVAL when the kernel knows no netkit; -EPERM when bpf(2) is forbidden; or another
 * -errno of bpf(2) or of netns_run_inside().
 */
int fastpath_program_attach(int netns_fd, unsigned int primary, bool peer, int program);

/**
 * fastpath_program_attached() - check that an end of a netkit pair runs a program of ours
 * @netns_fd: the namespace of the primary end
 * @primary: ifindex of that
 * @peer: of the other end
 *
 * Return: 1 when it runs a FASTPATH_RECEIVE and nothing else; 0 when not; or -errno as
 * fastpath_program_attach().
 */
int fastpath_program_attached(int netns_fd, unsigned int primary, bool peer);

/**
 * fastpath_program_counts() - open what a program of a former daemon counts
 * @program: its number
 *
 * Return: a descriptor, which the caller closes; -ENOENT when there is no such program, or it does
 * not count as ours does; or another -errno.
 */
int fastpath_program_counts(uint32_t program);

/**
 * fastpath_read_counts() - add up what all CPUs counted
 * @counts: a descriptor
 * @ret: the sum
 *
 * Return: 0; -ENOMEM; or -errno of bpf(2) or of reading the number of CPUs.
 */
int fastpath_read_counts(int counts, struct fastpath_count *ret);

#endif
