/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes rportctl against any daemon: the first byte chooses a command line, each part is all that
 * the daemon sends on one connection before it closes it. All of rportctl runs in this process;
 * connect() (--wrap) gives it a socket that holds the answer already.
 *
 * Properties: a command ends with one of its documented statuses, whatever comes, and what it
 * prints on a terminal has no control characters but line ends and tabs.
 */

#include <fcntl.h>
#include <sys/socket.h>

#include "fuzz.h"

int rportctl_main(int argc, char **argv);
#define main rportctl_main
/* the file with main(), to call it by another name: NOLINTNEXTLINE(bugprone-suspicious-include) */
#include "../../rportctl/main.c"
#undef main

#define LINES(...)                            \
	(const char *const[])                 \
	{                                     \
		"rportctl", __VA_ARGS__, NULL \
	}

static const char *const *const command_lines[] = {
	LINES("list"),
	LINES("-j", "list"),
	LINES("-br", "-s", "list"),
	LINES("show"),
	LINES("-s", "show", "red-blue"),
	LINES("-j", "-p", "show", "red-blue"),
	LINES("ports"),
	LINES("-br", "-s", "ports"),
	LINES("monitor"),
	LINES("-j", "monitor"),
	LINES("-br", "monitor"),
	LINES("pair", "red", "blue"),
	LINES("-j", "pair", "red", "blue", "--wait", "--persist"),
	LINES("unpair", "red-blue"),
	LINES("reconcile", "red-blue"),
	LINES("apply"),
	LINES("apply", "--dry-run"),
	LINES("-j", "reload"),
	LINES("reload"),
	LINES("export", "red-blue"),
	LINES("exists", "red-blue"),
	LINES("create", "wan0", "in", "red"),
	LINES("destroy", "wan0"),
	LINES("up", "wan0"),
	LINES("set", "wan0", "mtu", "1500"),
	LINES("parent", "wan0"),
	LINES("parent", "wan0", "lan0"),
	LINES("unparent", "wan0"),
	LINES("version"),
	LINES("complete", "--", "show", ""),
	LINES("complete", "--", "up", "w"),
	LINES("complete", "--", "set", ""),
	LINES("list", "red*", "-o", "link,from,drops,workers,note", "--sort", "packets"),
	LINES("-br", "list", "--drift", "--state", "up,pending", "--domain", "r*"),
	LINES("ports", "--sort", "addresses", "-o", "port,addresses,routes,note"),
	LINES("show", "red-blue", "r*"),
	LINES("-br", "show", "red-blue"),
	LINES("-j", "reconcile", "--all"),
	LINES("status"),
	LINES("-j", "status"),
	LINES("wait", "red-blue", "--timeout", "0"),
	LINES("wait", "r*", "--state", "removed"),
	LINES("delete-file", "red-blue"),
	LINES("set", "red-blue", "mtu", "1500", "--persist"),
	LINES("set", "red-blue", "fast-path", "on"),
	LINES("set", "wan0", "name", "wan1"),
	LINES("check", "red-blue"),
	LINES("check"),
	LINES("metrics"),
	LINES("metrics", "--openmetrics"),
	LINES("graph"),
	LINES("graph", "--format", "mermaid"),
	LINES("top", "-b", "-n", "1", "-d", "0.1"),
};

static struct fuzz_input answers; /* of the connections to come */

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t size);

/* Replace the client's socket by one whose peer has answered and shut down. */
int __wrap_connect(int fd, const struct sockaddr *address _unused_, socklen_t size _unused_)
{
	struct fuzz_input part;
	int pair[2];

	if (!fuzz_take_part(&answers, &part)) {
		errno = ECONNREFUSED;
		return -1;
	}
	fuzz_require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
	/* what the socket's buffer does not take is lost, as with a daemon that dies */
	(void)!write(pair[1], part.data, part.size);
	fuzz_require(shutdown(pair[1], SHUT_WR) == 0);
	fuzz_require(dup3(pair[0], fd, O_CLOEXEC) == fd);
	close(pair[0]);
	/* it stays open until the end of the input, so that the client can send its call */
	fuzz_require(dup3(pair[1], 100 + fd, O_CLOEXEC) >= 0);
	close(pair[1]);
	return 0;
}

static bool fit_for_terminal(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)text[i] < ' ' && text[i] != '\n' && text[i] != '\t')
			return false;
	return !memchr(text, 0x7f, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	const char *const *line = command_lines[fuzz_take_byte(&input) % ARRAY_SIZE(command_lines)];
	FILE *saved[2] = { stdout, stderr };
	char *texts[2] = { NULL, NULL }, *argv[16];
	size_t sizes[2] = { 0, 0 };
	FILE *outputs[2];
	int argc, status;

	answers = input;
	for (argc = 0; argc < 15 && line[argc]; argc++)
		argv[argc] = (char *)(uintptr_t)line[argc];
	argv[argc] = NULL;
	for (int i = 0; i < 2; i++) {
		outputs[i] = open_memstream(&texts[i], &sizes[i]);
		fuzz_require(outputs[i]);
	}
	stdout = outputs[0];
	stderr = outputs[1];
	status = rportctl_main(argc, argv);
	stdout = saved[0];
	stderr = saved[1];
	for (int i = 0; i < 2; i++) {
		fclose(outputs[i]);
		fuzz_require(fit_for_terminal(texts[i], sizes[i]));
		free(texts[i]);
	}
	fuzz_require(status >= STATUS_DONE && status <= STATUS_NOT_PERMITTED);
	for (int fd = 100; fd < 116; fd++)
		close(fd);
	return 0;
}
