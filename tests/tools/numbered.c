/* SPDX-License-Identifier: ISC */

/*
 * numbered PID COMMAND [ARGUMENT...]: start a process that has a certain number, which may have
 * belonged to another one (clone3(2), set_tid: CAP_SYS_ADMIN). Ends with it, and it with us. The
 * former process may not have gone altogether: it is waited for, 10 s at most.
 */

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TRIES 1000

/* Return: as fork(2). */
static long clone_numbered(pid_t pid)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&pid,
		.set_tid_size = 1,
	};

	return syscall(SYS_clone3, &args, sizeof(args));
}

int main(int argc, char *argv[])
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	pid_t pid = argc > 2 ? (pid_t)strtol(argv[1], NULL, 10) : 0;
	long r = -1;

	if (pid <= 0) {
		fputs("Usage: numbered PID COMMAND [ARGUMENT...]\n", stderr);
		return 2;
	}
	for (int i = 0; i < TRIES && r < 0; i++) {
		r = clone_numbered(pid);
		if (r < 0 && errno != EEXIST)
			break;
		if (r < 0)
			nanosleep(&pause, NULL);
	}
	if (r == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (r < 0) {
		fprintf(stderr, "numbered: cannot start process %d: %s\n", pid, strerror(errno));
		return 1;
	}
	return waitpid(pid, NULL, 0) < 0;
}
