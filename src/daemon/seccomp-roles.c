/* SPDX-License-Identifier: ISC */

/* The system calls of the processes beside rportd. */

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "daemon/seccomp-table.h"

/* Of rportd-data: its descriptors come by recvmsg(). */
static const char *const data_calls[] = {
	/* memory, locks, ends */
	"brk",
	"exit",
	"exit_group",
	"futex",
	"futex_waitv",
	"getpid",
	"getrandom",
	"gettid",
	"madvise",
	"mremap",
	"munmap",
	"restart_syscall",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"sched_yield",
	"set_robust_list",
	"tgkill",
	/* time */
	"clock_gettime",
	"clock_gettime64",
	"clock_nanosleep",
	"clock_nanosleep_time64",
	"nanosleep",
	/* frames, and what rportd asks */
	"close",
	"epoll_ctl",
	"epoll_pwait",
	"epoll_pwait2",
	"epoll_wait",
	"fstat",
	"io_uring_enter",
	"io_uring_register",
	"newfstatat",
	"poll",
	"ppoll",
	"ppoll_time64",
	"pread64",
	"preadv2",
	"pwritev2",
	"read",
	"readv",
	"recvmsg",
	"sendmsg",
	"sendto",
	"timerfd_settime",
	"timerfd_settime64",
	"write",
	"writev",
};

static const struct guarded_call data_guarded[] = {
	{ "mmap", 2, PROT_EXEC, 0 },
	{ "mmap2", 2, PROT_EXEC, 0 },
	{ "mprotect", 2, PROT_EXEC, 0 },
};

const struct seccomp_table seccomp_table_data = SECCOMP_TABLE(data_calls, data_guarded);

/*
 * What a role needs until it has its own filter is allowed to the starter, too, as a process keeps
 * the filter under which it was made.
 */
static const char *const starter_calls[] = {
	/* processes */
	"dup2",
	"dup3",
	"execve",
	"fcntl",
	"fcntl64",
	"fork",
	"kill",
	"pidfd_open",
	"wait4",
	/* the start of a program */
	"access",
	"arch_prctl",
	"faccessat",
	"getegid",
	"geteuid",
	"getgid",
	"getppid",
	"getuid",
	"io_uring_setup",
	"prctl",
	"readlinkat",
	"rseq",
	"set_tid_address",
	"uname",
	/* fewer rights */
	"capget",
	"capset",
	"seccomp",
};

static const struct guarded_call starter_guarded[] = {
	{ "clone", 0, CLONE_THREAD | SECCOMP_NAMESPACES, 0 },
	/* a program and its libraries; nothing that can be written, too */
	{ "mprotect", 2, PROT_WRITE, 0 },
};

const struct seccomp_table seccomp_table_starter = SECCOMP_TABLE(starter_calls, starter_guarded);
