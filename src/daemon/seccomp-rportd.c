/* SPDX-License-Identifier: ISC */

/* The system calls of rportd: what it has in common with rportd-net, and its own. */

#include <asm/ioctls.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "daemon/seccomp-table.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41 /* of <linux/prctl.h>, Linux 5.17 */
#endif

static const char *const common_calls[] = {
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

	/* descriptors: counters, eventfd and pipes */
	"close",
	"close_range",
	"dup",
	"dup2",
	"dup3",
	"eventfd2",
	"fcntl",
	"fcntl64",
	"lseek",
	"_llseek",
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

	/* event loops */
	"epoll_create1",
	"epoll_ctl",
	"epoll_pwait",
	"epoll_pwait2",
	"epoll_wait",
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

	/* sockets; socket() is guarded */
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

	/* to read /etc/rportd, /run/netns, /proc */
	"access",
	"faccessat",
	"faccessat2",
	"fadvise64",
	"fstat",
	"fstat64",
	"fstatat64",
	"fstatfs",
	"fstatfs64",
	"getcwd",
	"getdents",
	"getdents64",
	"lstat",
	"lstat64",
	"newfstatat",
	"open",
	"openat",
	"openat2",
	"readlink",
	"readlinkat",
	"stat",
	"stat64",
	"statfs",
	"statfs64",
	"statx",
};

static const struct guarded_call common_guarded[] = {
	/* threads only: no process, no namespace */
	{ "clone", 0, CLONE_THREAD | SECCOMP_NAMESPACES, CLONE_THREAD },
	/* no memory that can be written and executed; dlopen() may map files for execution */
	{ "mmap", 2, PROT_EXEC, 0 },
	{ "mmap", 2, PROT_WRITE, 0 },
	{ "mmap2", 2, PROT_EXEC, 0 },
	{ "mmap2", 2, PROT_WRITE, 0 },
	{ "mprotect", 2, PROT_EXEC, 0 },
	/* names of threads, and of memory as glibc gives them */
	{ "prctl", 0, ANY_BIT, PR_SET_NAME },
	{ "prctl", 0, ANY_BIT, PR_SET_VMA },
	/* limits are read, not set */
	{ "prlimit64", 2, ANY_BIT, 0 },
	/* standard input and output: is it a terminal? sd-event: how much is there to read? */
	{ "ioctl", 1, ANY_BIT, TCGETS },
	{ "ioctl", 1, ANY_BIT, FIONREAD },
	/* the service manager, the log */
	{ "socket", 0, ANY_BIT, AF_UNIX },
};

const struct seccomp_table seccomp_table_common = SECCOMP_TABLE(common_calls, common_guarded);

static const char *const rportd_calls[] = {
	/* clients */
	"accept4",

	/* records and counters, which are in memory */
	"ftruncate",
	"memfd_create",

	/* to write /etc/rportd, /run/rportd */
	"chmod",
	"fchmod",
	"fdatasync",
	"fsync",
	"mkdir",
	"mkdirat",
	"rename",
	"renameat",
	"renameat2",
	"umask",
	"unlink",
	"unlinkat",
};

static const struct guarded_call rportd_guarded[] = {
	/* to speak to a process of another role */
	{ "socketpair", 0, ANY_BIT, AF_UNIX },
};

const struct seccomp_table seccomp_table_rportd = SECCOMP_TABLE(rportd_calls, rportd_guarded);
