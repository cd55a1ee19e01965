/* SPDX-License-Identifier: ISC */

/* The system calls of rportd-net, beside those that it has in common with rportd. */

#include <linux/bpf.h>
#include <linux/if_tun.h>
#include <linux/nsfs.h>
#include <linux/sockios.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "daemon/seccomp-table.h"

#ifndef BPF_TOKEN_CREATE
#define BPF_TOKEN_CREATE 36 /* of <linux/bpf.h>, Linux 6.9 */
#endif
#ifndef SIOCGSKNS
#define SIOCGSKNS 0x894C
#endif

static const char *const calls[] = {
	/* names of namespaces: /run/netns */
	"inotify_add_watch",
	"inotify_init1",
	"inotify_rm_watch",

	/* netlink and packet sockets; socket() is guarded */
	"bind",

	/* processes that namespaces belong to; setns() and unshare() are guarded */
	"pidfd_open",
};

static const struct guarded_call guarded[] = {
	/* namespaces of networks only */
	{ "setns", 1, ANY_BIT, CLONE_NEWNET },
	{ "unshare", 0, ANY_BIT, CLONE_NEWNET },
	/* sockets of the families that the unit allows, too (RestrictAddressFamilies=) */
	{ "socket", 0, ANY_BIT, AF_NETLINK },
	{ "socket", 0, ANY_BIT, AF_PACKET },
	/* TUN devices */
	{ "ioctl", 1, ANY_BIT, TUNSETIFF },
	{ "ioctl", 1, ANY_BIT, TUNGETIFF },
	{ "ioctl", 1, ANY_BIT, TUNGETFEATURES },
	{ "ioctl", 1, ANY_BIT, TUNSETOFFLOAD },
	{ "ioctl", 1, ANY_BIT, TUNSETPERSIST },
	{ "ioctl", 1, ANY_BIT, TUNSETQUEUE },
	{ "ioctl", 1, ANY_BIT, TUNSETVNETHDRSZ },
	{ "ioctl", 1, ANY_BIT, TUNGETVNETHDRSZ },
	{ "ioctl", 1, ANY_BIT, TUNSETSNDBUF },
	{ "ioctl", 1, ANY_BIT, TUNGETSNDBUF },
	{ "ioctl", 1, ANY_BIT, TUNSETCARRIER },
	{ "ioctl", 1, ANY_BIT, TUNGETDEVNETNS },
	/* which namespace is it? */
	{ "ioctl", 1, ANY_BIT, SIOCGSKNS },
	{ "ioctl", 1, ANY_BIT, NS_GET_NSTYPE },
	{ "ioctl", 1, ANY_BIT, NS_GET_USERNS },
};

const struct seccomp_table seccomp_table_network = SECCOMP_TABLE(calls, guarded);

/* Programs of the fast path, and what they count: only where links may have one. */
static const char *const fastpath_calls[] = {
	"memfd_create", /* libbpf 1.4 reserves the descriptors of maps by it */
};

static const struct guarded_call fastpath_guarded[] = {
	/* load a program, with its map and the types of both */
	{ "bpf", 0, ANY_BIT, BPF_PROG_LOAD },
	{ "bpf", 0, ANY_BIT, BPF_BTF_LOAD },
	{ "bpf", 0, ANY_BIT, BPF_MAP_CREATE },
	{ "bpf", 0, ANY_BIT, BPF_MAP_UPDATE_ELEM },
	{ "bpf", 0, ANY_BIT, BPF_MAP_FREEZE },
	{ "bpf", 0, ANY_BIT, BPF_PROG_BIND_MAP },
	/* have netkit interfaces run it, and find out whether they do */
	{ "bpf", 0, ANY_BIT, BPF_PROG_ATTACH },
	{ "bpf", 0, ANY_BIT, BPF_PROG_QUERY },
	/* libbpf 1.4 asks whether somebody delegated bpf(2) to us by a token */
	{ "bpf", 0, ANY_BIT, BPF_TOKEN_CREATE },
	/* read what it counts, also when a former daemon loaded it */
	{ "bpf", 0, ANY_BIT, BPF_MAP_LOOKUP_ELEM },
	{ "bpf", 0, ANY_BIT, BPF_PROG_GET_FD_BY_ID },
	{ "bpf", 0, ANY_BIT, BPF_MAP_GET_FD_BY_ID },
	{ "bpf", 0, ANY_BIT, BPF_OBJ_GET_INFO_BY_FD },
	/* where bpf(2) fails, libbpf takes the kernel for an old one, which counts locked memory */
	{ "prlimit64", 1, ANY_BIT, RLIMIT_MEMLOCK },
};

const struct seccomp_table seccomp_table_fastpath = SECCOMP_TABLE(fastpath_calls, fastpath_guarded);
