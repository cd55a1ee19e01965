/* SPDX-License-Identifier: ISC */

/* The system calls of rportd itself. */

#include <asm/ioctls.h>
#include <linux/bpf.h>
#include <linux/if_tun.h>
#include <linux/nsfs.h>
#include <linux/sockios.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "daemon/seccomp-table.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41 /* of <linux/prctl.h>, Linux 5.17 */
#endif
#ifndef BPF_TOKEN_CREATE
#define BPF_TOKEN_CREATE 36 /* of <linux/bpf.h>, Linux 6.9 */
#endif
#ifndef SIOCGSKNS
#define SIOCGSKNS 0x894C
#endif

static const char *const calls[] = {
	/* memory; mmap() and mprotect() are guarded */
	"brk",
	"madvise",
	"mremap",
	"munmap",

	/* threads, locks, and what glibc does as one starts and ends; clone() is guarded */
	"clone3", /* see load_clone3_filter() */
	"exit",
	"exit_group",
	"futex",
	"futex_waitv",
	"getpid",
	"gettid",
	"membarrier",
	"restart_syscall",
	"rseq",
	"sched_getaffinity",
	"sched_yield",
	"set_robust_list",
	"set_tid_address",

	/* signals, and to end by one: abort() */
	"rt_sigaction",
	"rt_sigpending",
	"rt_sigprocmask",
	"rt_sigreturn",
	"rt_sigsuspend",
	"rt_sigtimedwait",
	"sigaltstack",
	"tgkill",

	/* time and chance */
	"clock_getres",
	"clock_gettime",
	"clock_gettime64",
	"clock_nanosleep",
	"clock_nanosleep_time64",
	"getrandom",
	"gettimeofday",
	"nanosleep",

	/* what we are */
	"getegid",
	"geteuid",
	"getgid",
	"getrusage",
	"getuid",
	"sysinfo",
	"uname",

	/* descriptors: frames, records, counters, eventfd and pipes */
	"close",
	"close_range",
	"dup",
	"dup2",
	"dup3",
	"eventfd2",
	"fcntl",
	"fcntl64",
	"ftruncate",
	"lseek",
	"_llseek",
	"memfd_create",
	"pipe2",
	"pread64",
	"preadv",
	"preadv2",
	"pwrite64",
	"pwritev",
	"pwritev2",
	"read",
	"readv",
	"write",
	"writev",

	/* the event loops of the main thread and of the workers */
	"epoll_create1",
	"epoll_ctl",
	"epoll_pwait",
	"epoll_pwait2",
	"epoll_wait",
	"inotify_add_watch",
	"inotify_init1",
	"inotify_rm_watch",
	"poll",
	"ppoll",
	"ppoll_time64",
	"pselect6",
	"select",
	"signalfd4",
	"timerfd_create",
	"timerfd_gettime",
	"timerfd_settime",
	"timerfd_settime64",

	/* clients, the service manager and netlink; socket() is guarded */
	"accept4",
	"bind", /* of netlink sockets */
	"connect",
	"getpeername",
	"getsockname",
	"getsockopt",
	"recvfrom",
	"recvmmsg",
	"recvmsg",
	"sendmmsg",
	"sendmsg",
	"sendto",
	"setsockopt",
	"shutdown",

	/* namespaces and processes that they belong to; setns() and unshare() are guarded */
	"pidfd_open",

	/* /etc/rportd, /run/netns, /proc */
	"access",
	"chmod",
	"faccessat",
	"faccessat2",
	"fadvise64",
	"fchmod",
	"fdatasync",
	"fstat",
	"fstat64",
	"fstatat64",
	"fstatfs",
	"fstatfs64",
	"fsync",
	"getcwd",
	"getdents",
	"getdents64",
	"lstat",
	"lstat64",
	"mkdir",
	"mkdirat",
	"newfstatat",
	"open",
	"openat",
	"openat2",
	"readlink",
	"readlinkat",
	"rename",
	"renameat",
	"renameat2",
	"stat",
	"stat64",
	"statfs",
	"statfs64",
	"statx",
	"umask",
	"unlink",
	"unlinkat",
};

static const struct guarded_call guarded[] = {
	/* threads only: no process, no namespace */
	{ "clone", 0, CLONE_THREAD | SECCOMP_NAMESPACES, CLONE_THREAD },
	/* namespaces of networks only */
	{ "setns", 1, ANY_BIT, CLONE_NEWNET },
	{ "unshare", 0, ANY_BIT, CLONE_NEWNET },
	/* no memory that can be written and executed; dlopen() may map files for execution */
	{ "mmap", 2, PROT_EXEC, 0 },
	{ "mmap", 2, PROT_WRITE, 0 },
	{ "mmap2", 2, PROT_EXEC, 0 },
	{ "mmap2", 2, PROT_WRITE, 0 },
	{ "mprotect", 2, PROT_EXEC, 0 },
	/* names of threads, and of memory as glibc gives them */
	{ "prctl", 0, ANY_BIT, PR_SET_NAME },
	{ "prctl", 0, ANY_BIT, PR_SET_VMA },
	/* sockets of the families that the unit allows, too (RestrictAddressFamilies=) */
	{ "socket", 0, ANY_BIT, AF_UNIX },
	{ "socketpair", 0, ANY_BIT, AF_UNIX }, /* to speak to a process of another role */
	{ "socket", 0, ANY_BIT, AF_NETLINK },
	{ "socket", 0, ANY_BIT, AF_PACKET },
	/* limits are read, not set */
	{ "prlimit64", 2, ANY_BIT, 0 },
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
	/* standard input and output: is it a terminal? sd-event: how much is there to read? */
	{ "ioctl", 1, ANY_BIT, TCGETS },
	{ "ioctl", 1, ANY_BIT, FIONREAD },
};

const struct seccomp_table seccomp_table_rportd = SECCOMP_TABLE(calls, guarded);

/* Programs of the fast path, and what they count: only where links may have one. */
static const struct guarded_call fastpath_calls[] = {
	/* load a program, with its map and the types of both */
	{ "bpf", 0, ANY_BIT, BPF_PROG_LOAD },
	{ "bpf", 0, ANY_BIT, BPF_BTF_LOAD },
	{ "bpf", 0, ANY_BIT, BPF_MAP_CREATE },
	{ "bpf", 0, ANY_BIT, BPF_MAP_UPDATE_ELEM },
	{ "bpf", 0, ANY_BIT, BPF_MAP_FREEZE },
	{ "bpf", 0, ANY_BIT, BPF_PROG_BIND_MAP },
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

const struct seccomp_table seccomp_table_fastpath = {
	.guarded = fastpath_calls,
	.n_guarded = ARRAY_SIZE(fastpath_calls),
};
