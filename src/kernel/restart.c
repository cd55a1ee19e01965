/* SPDX-License-Identifier: ISC */

/* A process that ended and is started again. */

#include <stdio.h>
#include <sys/wait.h>

#include "kernel/restart.h"

#define OLD_USEC      (1 * USEC_PER_SEC) /* a process that lived so long is replaced at once */
#define WAIT_MIN_USEC (50 * USEC_PER_MSEC)

const char *restart_describe_end(int status, char buf[static RESTART_END_MAX])
{
	if (WIFSIGNALED(status))
		snprintf(buf, RESTART_END_MAX, "killed by signal %d", WTERMSIG(status));
	else
		snprintf(buf, RESTART_END_MAX, "exit status %d", WEXITSTATUS(status));
	return buf;
}

uint64_t restart_wait(uint64_t started, uint64_t wait)
{
	if (monotonic_usec() - started >= OLD_USEC)
		return 0;
	return MIN(MAX(2 * wait, WAIT_MIN_USEC), RESTART_WAIT_MAX_USEC);
}
