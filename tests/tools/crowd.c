/* SPDX-License-Identifier: ISC */

/*
 * crowd SOCKET NOTIFY SECONDS UID...: users who do what they are allowed to do to rportd, as often
 * as they can, while root lists links and somebody listens to the watchdog's pings at NOTIFY.
 * It measures what root waits for (98-many-users). The users send without a pause, and nothing but
 * what rportd has to answer or to close: stranger.c is one user who sends anything, beside a test
 * that measures.
 *
 * Prints "alone MS calls N p90 MS max MS gap MS pings N".
 */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS 70 /* more than one user may have */
#define CALLS_MAX   100000
#define METHOD      "{\"method\":\"org.rportd.Manager."

struct role {
	const char *call;
	size_t size;
	bool reads;
};

#define ROLE(call, reads)                     \
	{                                     \
		(call), sizeof(call), (reads) \
	}

static const struct role roles[] = {
	ROLE(METHOD "List\"}", false),
	ROLE(METHOD "List\"}", true),
	ROLE(METHOD "Show\",\"parameters\":{\"name\":\"l1\"}}", true),
	ROLE(METHOD "GetParent\",\"parameters\":{\"port\":\"pid:1/x\"}}", true),
	ROLE(METHOD "Monitor\",\"more\":true}", false),
	ROLE("GET / HTTP/1.1", true),
	ROLE(METHOD "ListPorts\"}", true),
};
#define ROLES (sizeof(roles) / sizeof(roles[0]))

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t now_usec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return address;
}

static int open_connection(const char *path, int flags)
{
	struct sockaddr_un address = address_of(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

	if (fd < 0)
		die("socket");
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) >= 0)
		return fd;
	close(fd);
	return -1;
}

/* --- a user of the crowd ---------------------------------------------------------------------- */

/* Return: false when the server has closed the connection. */
static bool attack(int fd, const struct role *role)
{
	static char bytes[65536];
	ssize_t n;

	for (int i = 0; i < 20; i++)
		if (send(fd, role->call, role->size, MSG_NOSIGNAL) < 0)
			break;
	if (errno == EPIPE || errno == ECONNRESET)
		return false;
	n = role->reads ? recv(fd, bytes, sizeof(bytes), 0) : 1;
	return n > 0 || (n < 0 && errno == EAGAIN);
}

static void attack_all(const char *path, int64_t end)
{
	int fds[CONNECTIONS];

	for (size_t i = 0; i < CONNECTIONS; i++)
		fds[i] = -1;
	while (now_usec() < end) {
		for (size_t i = 0; i < CONNECTIONS; i++) {
			errno = 0;
			if (fds[i] < 0)
				fds[i] = open_connection(path, SOCK_NONBLOCK);
			else if (!attack(fds[i], &roles[i % ROLES])) {
				close(fds[i]);
				fds[i] = -1;
			}
		}
		poll(NULL, 0, 1);
	}
	exit(0);
}

static pid_t start_user(const char *path, int64_t end, const char *uid)
{
	unsigned int id = (unsigned int)strtoul(uid, NULL, 10);
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid > 0)
		return pid;
	if (setgroups(0, NULL) < 0 || setgid(id) < 0 || setuid(id) < 0)
		die(uid);
	attack_all(path, end);
	return 0;
}

/* --- the watchdog's pings --------------------------------------------------------------------- */

static int listen_to_pings(const char *path)
{
	struct sockaddr_un address = address_of(path);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die(path);
	return fd;
}

static void watch(int fd, int64_t end, int out)
{
	int64_t last = 0, figures[2] = { 0 };
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char text[256];

	while (now_usec() < end) {
		ssize_t n;

		poll(&p, 1, 100);
		n = recv(fd, text, sizeof(text) - 1, 0);
		text[n > 0 ? n : 0] = '\0';
		if (!strstr(text, "WATCHDOG=1"))
			continue;
		if (last && now_usec() - last > figures[0])
			figures[0] = now_usec() - last;
		last = now_usec();
		figures[1]++;
	}
	if (write(out, figures, sizeof(figures)) < 0)
		die("write");
	exit(0);
}

static pid_t start_watching(int fd, int64_t end, int out)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0)
		watch(fd, end, out);
	return pid;
}

/* --- root ------------------------------------------------------------------------------------- */

static void list_links(const char *path)
{
	static const char call[] = METHOD "List\"}";
	int fd = open_connection(path, 0);
	char bytes[65536];
	ssize_t n;

	if (fd < 0)
		die("root cannot connect");
	if (send(fd, call, sizeof(call), MSG_NOSIGNAL) < 0)
		die("root cannot call");
	do
		n = recv(fd, bytes, sizeof(bytes), 0);
	while (n > 0 && bytes[n - 1] != '\0');
	if (n <= 0) {
		fputs("root is not answered\n", stderr);
		exit(1);
	}
	close(fd);
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Call until @end. Return: how many calls, with what each took in microseconds, sorted. */
static size_t call_until(const char *path, int64_t end, int64_t *took)
{
	size_t n = 0;

	while (now_usec() < end && n < CALLS_MAX) {
		int64_t start = now_usec();

		list_links(path);
		took[n++] = now_usec() - start;
		poll(NULL, 0, 20);
	}
	qsort(took, n, sizeof(took[0]), compare);
	return n;
}

int main(int argc, char *argv[])
{
	static int64_t took[CALLS_MAX];
	int64_t end, alone, gap[2] = { 0 };
	int out[2], status, failed = 0;
	size_t n;

	if (argc < 4) {
		fputs("usage: crowd SOCKET NOTIFY SECONDS UID...\n", stderr);
		return 2;
	}
	n = call_until(argv[1], now_usec() + 1000000, took);
	alone = took[n * 9 / 10];
	end = now_usec() + (int64_t)strtol(argv[3], NULL, 10) * 1000000;
	if (pipe2(out, O_CLOEXEC) < 0)
		die("pipe");
	start_watching(listen_to_pings(argv[2]), end, out[1]);
	for (int i = 4; i < argc; i++)
		start_user(argv[1], end, argv[i]);
	n = call_until(argv[1], end, took);
	while (wait(&status) > 0)
		failed |= !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	if (failed || n == 0 || read(out[0], gap, sizeof(gap)) != sizeof(gap))
		return 1;
	printf("alone %lld calls %zu p90 %lld max %lld gap %lld pings %lld\n",
	       (long long)alone / 1000, n, (long long)took[n * 9 / 10] / 1000,
	       (long long)took[n - 1] / 1000, (long long)gap[0] / 1000, (long long)gap[1]);
	return 0;
}
