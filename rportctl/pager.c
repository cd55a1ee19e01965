/* SPDX-License-Identifier: ISC */

/* A pager between standard output and the terminal. */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/util.h"
#include "output.h"
#include "pager.h"

/* less: quit when it fits, colours, no wrapping, no clearing, long prompt, end by an interrupt. */
#define LESS_OPTIONS "FRSXMK"

static pid_t pager;

bool pager_is_open(void)
{
	return pager > 0;
}

/* Return: a command for the shell; "" for none; NULL: whatever there is. */
static const char *chosen_pager(void)
{
	static const char *const variables[] = { "SYSTEMD_PAGER", "PAGER" };

	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		const char *value = getenv(variables[i]);

		if (value)
			return streq(value, "cat") ? "" : value;
	}
	return NULL;
}

static void set_less_options(void)
{
	const char *wanted = getenv("SYSTEMD_LESS");

	setenv("LESS", wanted ? wanted : LESS_OPTIONS, true);
	setenv("LESSCHARSET", "utf-8", false);
	/* who may run rportctl by sudo(8) may not therefore run a shell out of less */
	if (getenv("SUDO_UID"))
		setenv("LESSSECURE", "1", true);
}

static void run_pager(const char *command, int input)
{
	if (dup2(input, STDIN_FILENO) < 0)
		_exit(EXIT_FAILURE);
	set_less_options();
	if (command) {
		execl("/bin/sh", "sh", "-c", command, NULL);
	} else {
		execlp("less", "less", NULL);
		execlp("more", "more", NULL);
		execlp("cat", "cat", NULL);
	}
	_exit(EXIT_FAILURE);
}

void pager_open(const struct ctl_options *options)
{
	const char *command = chosen_pager();
	int ends[2];
	pid_t pid;

	if (options->no_pager || pager_is_open() || !output_is_terminal() ||
	    (command && !*command) || pipe2(ends, O_CLOEXEC) < 0)
		return;
	output_width(); /* while it can be found out */
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		run_pager(command, ends[0]);
	if (pid > 0 && dup2(ends[1], STDOUT_FILENO) >= 0) {
		pager = pid;
		/* one who leaves early makes writing fail, and that is all */
		signal(SIGPIPE, SIG_IGN);
	}
	close(ends[0]);
	close(ends[1]);
}

bool pager_close(void)
{
	if (!pager_is_open())
		return false;
	fflush(stdout);
	/* the pager has the other end of no other pipe: this ends its input */
	close(STDOUT_FILENO);
	while (waitpid(pager, NULL, 0) < 0 && errno == EINTR)
		;
	pager = 0;
	return true;
}
