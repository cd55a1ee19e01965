/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * An attacker who takes over a thread of rportd must not reach the whole kernel with it. So at
 * the end of start-up a seccomp filter (seccomp(2), libseccomp) leaves the calls of the tables
 * below, and no others, to all threads.
 *
 * calls[] lists those that are harmless whatever their arguments are. guarded[] lists those that
 * are allowed with certain arguments only; each entry is one alternative, so that a call which has
 * several is allowed when one of them fits. Add a new call to the group that tells why rportd
 * needs it. The tests run rportd with --seccomp=kill, and so find what is missing: SIGSYS ends
 * the daemon, and `strace -f` shows the last call.
 *
 * Calls by which io_uring acts are not seen by the filter: the rings restrict these themselves.
 *
 * A name that libseccomp or the architecture does not know is left out: what it does not know
 * rportd cannot call by glibc either, or glibc falls back to an older call, which is listed too.
 */

#include <asm/ioctls.h>
#include <linux/bpf.h>
#include <linux/if_tun.h>
#include <linux/nsfs.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/util.h"
#include "daemon/seccomp.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41 /* of <linux/prctl.h>, Linux 5.17 */
#endif
#ifndef BPF_TOKEN_CREATE
#define BPF_TOKEN_CREATE 36 /* of <linux/bpf.h>, Linux 6.9 */
#endif
#ifndef SIOCGSKNS
#define SIOCGSKNS 0x894C
#endif

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
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

	/* the data path */
	"io_uring_enter",
	"io_uring_register",
	"io_uring_setup",

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

/* AddressSanitizer reports faults; LeakSanitizer stops all threads from a process of its own. */
static const char *const sanitizer_calls[] = {
	"clone",    "getppid",   "getrlimit", "gettid", "kill",      "mmap",
	"mprotect", "msync",     "pipe",      "prctl",  "prlimit64", "process_vm_readv",
	"ptrace",   "setrlimit", "wait4",     "waitid",
};

/*
 * Which arguments: of argument number .argument the bits of .mask must be .value. All bits are
 * compared where the mask is ANY_BIT.
 */
#define ANY_BIT UINT32_MAX

struct guarded_call {
	const char *name;
	unsigned int argument;
	uint32_t mask, value;
};

#define NAMESPACES                                                                     \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET)

static const struct guarded_call guarded[] = {
	/* threads only: no process, no namespace */
	{ "clone", 0, CLONE_THREAD | NAMESPACES, CLONE_THREAD },
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

static const char *const mode_names[] = {
	[SECCOMP_REFUSE] = "refuse",
	[SECCOMP_KILL] = "kill",
	[SECCOMP_OFF] = "off",
};

int seccomp_mode_from_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(mode_names); i++)
		if (streq(name, mode_names[i]))
			return (int)i;
	return -EINVAL;
}

static int allow_calls(scmp_filter_ctx filter, const char *const names[], size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r >= 0; i++) {
		int number = seccomp_syscall_resolve_name(names[i]);

		if (number != __NR_SCMP_ERROR)
			r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
	}
	return r;
}

static int allow_guarded(scmp_filter_ctx filter, const struct guarded_call table[], size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r >= 0; i++) {
		const struct guarded_call *call = &table[i];
		int number = seccomp_syscall_resolve_name(call->name);

		if (number != __NR_SCMP_ERROR)
			r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
					     SCMP_CMP(call->argument, SCMP_CMP_MASKED_EQ,
						      call->mask, call->value));
	}
	return r;
}

/*
 * A tracer skips a system call by making it number -1, which the filter must let pass. What
 * libseccomp or the kernel is too old for is left out: logging, and a tree for the lookup.
 */
static int set_attributes(scmp_filter_ctx filter)
{
	int r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

	if (r < 0)
		return r;
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (seccomp_attr_set(filter, SCMP_FLTATR_API_TSKIP, 1) >= 0)
		(void)seccomp_rule_add(filter, SCMP_ACT_ALLOW, -1, 0);
	return 0;
}

static int load_main_filter(uint32_t otherwise, bool fastpath)
{
	scmp_filter_ctx filter = seccomp_init(otherwise);
	int r;

	if (!filter)
		return -ENOMEM;
	r = set_attributes(filter);
	if (r >= 0)
		r = allow_calls(filter, calls, ARRAY_SIZE(calls));
	if (r >= 0 && SANITIZED)
		r = allow_calls(filter, sanitizer_calls, ARRAY_SIZE(sanitizer_calls));
	if (r >= 0)
		r = allow_guarded(filter, guarded, ARRAY_SIZE(guarded));
	if (r >= 0 && fastpath)
		r = allow_guarded(filter, fastpath_calls, ARRAY_SIZE(fastpath_calls));
	if (r >= 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}

/*
 * The flags of clone3() are in memory, where a filter does not see them. When the call seems to be
 * missing glibc uses clone(). This filter is one by itself since the other logs what it refuses.
 */
static int load_clone3_filter(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int number = seccomp_syscall_resolve_name("clone3"), r;

	if (!filter)
		return -ENOMEM;
	r = number == __NR_SCMP_ERROR ? -EOPNOTSUPP
				      : seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (r >= 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), number, 0);
	if (r >= 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}

int seccomp_install(enum seccomp_mode mode, enum fastpath_policy fastpath)
{
	int r = 0;

	switch (mode) {
	case SECCOMP_REFUSE:
	case SECCOMP_KILL:
		r = load_clone3_filter();
		if (r >= 0)
			r = load_main_filter(mode == SECCOMP_KILL ? SCMP_ACT_KILL_PROCESS
								  : SCMP_ACT_ERRNO(EPERM),
					     fastpath != FASTPATH_NEVER);
		break;
	case SECCOMP_OFF:
		break;
	}
	return r;
}
