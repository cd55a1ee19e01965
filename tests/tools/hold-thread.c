/* SPDX-License-Identifier: ISC */

/*
 * hold-thread TID: stop one thread of another process, while the others go on, until it or we are
 * killed. Prints "held" when it has stopped. No signal does that, so it is traced (ptrace(2)).
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static int fail(const char *what)
{
	fprintf(stderr, "hold-thread: %s: %s\n", what, strerror(errno));
	return 1;
}

int main(int argc, char *argv[])
{
	pid_t tid = argc == 2 ? (pid_t)strtol(argv[1], NULL, 10) : 0;
	int status;

	if (tid <= 0) {
		fputs("Usage: hold-thread TID\n", stderr);
		return 2;
	}
	/* unlike PTRACE_ATTACH it sends no SIGSTOP, which the whole process would see */
	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) < 0)
		return fail("cannot trace");
	if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0)
		return fail("cannot interrupt");
	if (waitpid(tid, &status, __WALL) < 0 || !WIFSTOPPED(status))
		return fail("it does not stop");
	puts("held");
	fflush(stdout);
	/* a traced thread that was killed keeps its process from ending until this knows of it */
	while (waitpid(tid, &status, __WALL) == tid && WIFSTOPPED(status))
		;
	return 0;
}
