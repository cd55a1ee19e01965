/* SPDX-License-Identifier: ISC */

/* A process that ended and is started again. */

#include <stdio.h>
#include <sys/wait.h>

#include "kernel/restart.h"

#define WAIT_MIN_USEC (50 * USEC_PER_MSEC)

const char *restart_describe_end(int status, char buf[static RESTART_END_MAX])
{
	if (WIFSIGNALED(status))
		snprintf(buf, RESTART_END_MAX, "killed by signal %d", WTERMSIG(status));
	else
		snprintf(buf, RESTART_END_MAX, "exit status %d", WEXITSTATUS(status));
	return buf;
}

uint64_t restart_longer(uint64_t wait)
{
	return MIN(MAX(2 * wait, WAIT_MIN_USEC), RESTART_WAIT_MAX_USEC);
}

uint64_t restart_wait(uint64_t started, uint64_t wait)
{
	return monotonic_usec() - started >= RESTART_OLD_USEC ? 0 : restart_longer(wait);
}
