/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_TC_H
#define RPORT_KERNEL_TC_H

/*
 * Our filter at an interface: a BPF program in direct-action mode (tc-bpf(8)) under the queueing
 * discipline clsact, which is made with the first filter and then stays. Filters of others run
 * before ours: it has the highest preference number.
 */

#include "kernel/rtnl.h"

#define TC_NAME_MAX 64

enum tc_hook {
	TC_INGRESS,
	TC_EGRESS,
};

/*
 * struct tc_filter - our filter, as the kernel reports it
 * @name: as given to tc_attach()
 * @program: the number of its program (bpf(2), BPF_PROG_GET_FD_BY_ID)
 */
struct tc_filter {
	char name[TC_NAME_MAX];
	uint32_t program;
};

/**
 * tc_attach() - attach a program to an interface, in place of our former one if there is one
 * @rtnl: a socket in the namespace of the interface
 * @index: of the interface
 * @hook: the side of the interface
 * @program_fd: of the program; stays the caller's, the filter keeps the program
 * @name: of the filter, cut at TC_NAME_MAX - 1 bytes
 *
 * Return: 0; -ENODEV when there is no such interface; -EEXIST when it has a queueing discipline
 * "ingress", with which clsact cannot be; -ENOENT or -EOPNOTSUPP when the kernel lacks clsact or
 * cls_bpf; or another -errno.
 */
int tc_attach(struct rtnl *rtnl, unsigned int index, enum tc_hook hook, int program_fd,
	      const char *name);

/**
 * tc_find() - look for our filter at an interface
 * @rtnl: a socket in the namespace of the interface
 * @index: of the interface
 * @hook: the side of the interface
 * @ret: the filter
 *
 * Return: 0; -ENOENT when there is none; or another -errno.
 */
int tc_find(struct rtnl *rtnl, unsigned int index, enum tc_hook hook, struct tc_filter *ret);

/**
 * tc_detach() - remove our filter
 * @rtnl: a socket in the namespace of the interface
 * @index: of the interface
 * @hook: the side of the interface
 *
 * Return: 0, also when there is no such filter or interface; or another -errno.
 */
int tc_detach(struct rtnl *rtnl, unsigned int index, enum tc_hook hook);

#endif
