/* SPDX-License-Identifier: ISC */

/*
 * without-uring [--queues|--bpf] COMMAND [ARGUMENT]...: run a command to which the kernel refuses
 * io_uring, as the seccomp filters of containers do, and as kernel.io_uring_disabled does for a
 * whole machine. With --queues it refuses to set the send buffer of a TUN instead: so it cannot be
 * found out whether the kernel tells that another process did. With --bpf it refuses bpf(2).
 */

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_tun.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The number is the same on all architectures that this project is built for. */
static int install(struct sock_filter *filter, unsigned short length)
{
	struct sock_fprog program = { .len = length, .filter = filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* The request is one that rportd makes of nothing but the device it tries the kernel with. */
static int forbid_send_buffer(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TUNSETSNDBUF, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	return install(filter, sizeof(filter) / sizeof(filter[0]));
}

static int forbid_call(unsigned int number)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	return install(filter, sizeof(filter) / sizeof(filter[0]));
}

int main(int argc, char *argv[])
{
	int queues = argc > 1 && strcmp(argv[1], "--queues") == 0;
	int bpf = argc > 1 && strcmp(argv[1], "--bpf") == 0;
	int options = queues + bpf;

	if (argc < 2 + options) {
		fputs("Usage: without-uring [--queues|--bpf] COMMAND [ARGUMENT]...\n", stderr);
		return EXIT_FAILURE;
	}
	if ((queues ? forbid_send_buffer() : forbid_call(bpf ? SYS_bpf : SYS_io_uring_setup)) < 0) {
		perror("without-uring: cannot install the filter");
		return EXIT_FAILURE;
	}
	execvp(argv[1 + options], &argv[1 + options]);
	perror(argv[1 + options]);
	return EXIT_FAILURE;
}
