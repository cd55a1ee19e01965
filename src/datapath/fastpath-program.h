/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DATAPATH_FASTPATH_PROGRAM_H
#define RPORT_DATAPATH_FASTPATH_PROGRAM_H

/* Loads fastpath.bpf.c, and reads what its copies count; the only user of libbpf. */

#include "base/util.h"
#include "datapath/fastpath-shared.h"

enum fastpath_role {
	FASTPATH_SEND,    /* at the egress of a port */
	FASTPATH_RECEIVE, /* at the ingress of a hidden veth interface */
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
