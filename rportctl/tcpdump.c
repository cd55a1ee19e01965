/* SPDX-License-Identifier: ISC */

/* tcpdump(8) at a port: see tcpdump.h. */

#include "tcpdump.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/util.h"
#include "capture-frames.h"
#include "output.h"

/* --- in the new processes --------------------------------------------------------------------- */

static void enter_namespace(const struct tcpdump_port *port)
{
	if (setns(port->netns_fd, CLONE_NEWNET) == 0)
		return;
	fprintf(stderr, "rportctl: cannot enter the namespace of %s: %s\n", port->name,
		strerror(errno));
	_exit(errno == EPERM ? STATUS_NOT_PERMITTED : STATUS_REFUSED);
}

/* input: frames; negative: it listens itself */
static void run_tcpdump(const struct tcpdump_port *port, const struct tcpdump_order *order,
			int input, int output)
{
	/* at once: a packet that waits in the kernel when it is interrupted would be lost */
	const char *argv[TCPDUMP_FILTER_MAX + 16] = { "tcpdump", "-n", "--immediate-mode",
						      input < 0 ? "-i" : "-r",
						      input < 0 ? port->ifname : "-" };
	int argc = 5;

	if (order->packets) {
		argv[argc++] = "-U";
		argv[argc++] = "-w";
		argv[argc++] = "-";
		argv[argc++] = "--time-stamp-precision=nano";
	} else {
		argv[argc++] = "-l";
	}
	if (order->count) {
		argv[argc++] = "-c";
		argv[argc++] = order->count;
	}
	argv[argc++] = "--";
	for (int i = 0; i < order->n_filter; i++)
		argv[argc++] = order->filter[i];
	argv[argc] = NULL;
	if (input < 0)
		enter_namespace(port);
	else
		dup2(input, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	fprintf(stderr, "rportctl: cannot run tcpdump: %s\n", strerror(errno));
	_exit(STATUS_REFUSED);
}

static void run_source(const struct tcpdump_port *port, int output)
{
	int r;

	enter_namespace(port);
	r = capture_frames(port->ifname, output);
	if (r < 0)
		fprintf(stderr, "rportctl: cannot capture on %s: %s\n", port->name, strerror(-r));
	_exit(r == 0 ? STATUS_DONE : r == -EPERM ? STATUS_NOT_PERMITTED : STATUS_REFUSED);
}

/* --- starting and ending them ----------------------------------------------------------------- */

static bool make_pipe(int fds[2])
{
	if (pipe2(fds, O_CLOEXEC) == 0)
		return true;
	output_error("cannot make a pipe: %s", strerror(errno));
	return false;
}

/*
 * Starts a process; an interrupt ends it from its first moment on.
 *
 * Return: as fork(2), after having said what is wrong.
 */
static pid_t start_process(void)
{
	sigset_t all, old;
	pid_t pid;

	/* whoever executed us may have ignored it, and then there is no status to wait for */
	(void)signal(SIGCHLD, SIG_DFL);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	pid = fork();
	if (pid == 0) {
		(void)signal(SIGINT, SIG_DFL);
		(void)signal(SIGTERM, SIG_DFL);
		(void)signal(SIGPIPE, SIG_DFL);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (pid < 0)
		output_error("cannot start a process: %s", strerror(errno));
	return pid;
}

/* Return: frames of the port, to read; negative after having said what is wrong. */
static int start_source(struct tcpdump *tcpdump, const struct tcpdump_port *port)
{
	int fds[2];

	if (!make_pipe(fds))
		return -1;
	tcpdump->source = start_process();
	if (tcpdump->source == 0) {
		close(fds[0]); /* or it would never hear that nobody reads */
		run_source(port, fds[1]);
	}
	close(fds[1]);
	if (tcpdump->source < 0)
		fds[0] = safe_close(fds[0]);
	return fds[0];
}

enum ctl_status tcpdump_start(struct tcpdump *tcpdump, const struct tcpdump_port *port,
			      const struct tcpdump_order *order, int *ret_fd)
{
	_cleanup_close_ int frames = port->mpls ? start_source(tcpdump, port) : -1;
	int fds[2];

	if ((port->mpls && frames < 0) || !make_pipe(fds))
		return STATUS_REFUSED;
	tcpdump->pid = start_process();
	if (tcpdump->pid == 0)
		run_tcpdump(port, order, frames, fds[1]);
	close(fds[1]);
	if (tcpdump->pid < 0) {
		close(fds[0]);
		return STATUS_REFUSED;
	}
	*ret_fd = fds[0];
	return STATUS_DONE;
}

/* Where there is a source, its end is that of the frames, which ends tcpdump after the last one. */
void tcpdump_interrupt(const struct tcpdump *tcpdump)
{
	pid_t first = tcpdump->source > 0 ? tcpdump->source : tcpdump->pid;

	if (first > 0)
		(void)kill(first, SIGINT);
}

/* Return: its exit status; STATUS_DONE if a signal ended it, or if there is no such process. */
static enum ctl_status wait_for(pid_t pid)
{
	int result = 0;

	if (pid <= 0)
		return STATUS_DONE;
	while (waitpid(pid, &result, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(result) || WEXITSTATUS(result) == 0)
		return STATUS_DONE;
	return WEXITSTATUS(result) == STATUS_NOT_PERMITTED ? STATUS_NOT_PERMITTED : STATUS_REFUSED;
}

enum ctl_status tcpdump_wait(const struct tcpdump *tcpdump)
{
	enum ctl_status source = wait_for(tcpdump->source);
	enum ctl_status reader = wait_for(tcpdump->pid);

	return source != STATUS_DONE ? source : reader;
}
