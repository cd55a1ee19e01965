/* SPDX-License-Identifier: ISC */

/*
 * without-uring COMMAND [ARGUMENT]...: run a command to which the kernel refuses io_uring, as the
 * seccomp filters of containers do, and as kernel.io_uring_disabled does for a whole machine.
 */

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The number is the same on all architectures that this project is built for. */
static int forbid_uring(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(filter[0]),
		.filter = filter,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(int argc, char *argv[])
{
	if (argc < 2) {
		fputs("Usage: without-uring COMMAND [ARGUMENT]...\n", stderr);
		return EXIT_FAILURE;
	}
	if (forbid_uring() < 0) {
		perror("without-uring: cannot install the filter");
		return EXIT_FAILURE;
	}
	execvp(argv[1], &argv[1]);
	perror(argv[1]);
	return EXIT_FAILURE;
}
