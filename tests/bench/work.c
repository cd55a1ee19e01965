/* SPDX-License-Identifier: ISC */

/*
 * How long a machine with one CPU works for a packet: from the sender's write to the receiver's read.
 * Both are in this process, or take turns, so that the time between the first packet and the last is
 * the work for all of them. Where the CPU is emulated and counts instructions (instructions.sh),
 * that is the same in each run.
 *
 *	work udp|tcp|rtt FROM TO ADDRESS	from one namespace to ADDRESS in another
 *
 * prints nanoseconds: for a datagram of 64 bytes; for a write of 64 KiB; for a round trip of such
 * datagrams between two processes. It is the median of the rounds.
 */

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

#include "base/util.h"

#define PORT     5001
#define ROUNDS   5
#define SMALL    64
#define LARGE    65536
#define TURN     32 /* datagrams that are sent before they are received */
#define PACKETS  4096
#define SEGMENTS 1024
#define TRIPS    1024

static char buffer[LARGE];

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static int open_socket(const char *netns, int type)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		die(path);
	close(fd);
	fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("socket");
	return fd;
}

/* --- what is measured ------------------------------------------------------------------------- */

static double send_datagrams(int to, int from)
{
	double start = now();

	for (int turn = 0; turn < PACKETS / TURN; turn++) {
		for (int i = 0; i < TURN; i++)
			if (send(to, buffer, SMALL, 0) < 0)
				die("send");
		for (int i = 0; i < TURN; i++)
			if (recv(from, buffer, SMALL, 0) < 0)
				die("a datagram is lost");
	}
	return (now() - start) / PACKETS;
}

static double send_segments(int to, int from _unused_)
{
	double start = now();

	for (int i = 0; i < SEGMENTS; i++)
		if (write(to, buffer, LARGE) != LARGE)
			die("write");
	return (now() - start) / SEGMENTS;
}

static double make_trips(int to, int from _unused_)
{
	double start = now();

	for (int i = 0; i < TRIPS; i++)
		if (send(to, buffer, SMALL, 0) < 0 || recv(to, buffer, SMALL, 0) < 0)
			die("round trip");
	return (now() - start) / TRIPS;
}

/* --- the other end ---------------------------------------------------------------------------- */

static _Noreturn void discard(int listener)
{
	int fd = accept(listener, NULL, NULL);

	while (read(fd, buffer, sizeof(buffer)) > 0)
		;
	exit(0);
}

static _Noreturn void answer(int fd)
{
	struct sockaddr_in from;
	socklen_t size = sizeof(from);

	while (recvfrom(fd, buffer, SMALL, 0, (struct sockaddr *)&from, &size) > 0)
		(void)sendto(fd, buffer, SMALL, 0, (struct sockaddr *)&from, size);
	exit(1);
}

static const struct measure {
	const char *name;
	int type;
	double (*run)(int to, int from);
	void (*other)(int fd); /* in another process; NULL: nothing */
} measures[] = {
	{ "udp", SOCK_DGRAM, send_datagrams, NULL },
	{ "tcp", SOCK_STREAM, send_segments, discard },
	{ "rtt", SOCK_DGRAM, make_trips, answer },
};

static pid_t start_other(const struct measure *measure, int fd)
{
	pid_t pid = measure->other ? fork() : 0;

	if (pid == 0 && measure->other)
		measure->other(fd);
	return pid;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(const struct measure *measure, int to, int from)
{
	double result[ROUNDS];

	(void)measure->run(to, from); /* warms up */
	for (int i = 0; i < ROUNDS; i++)
		result[i] = measure->run(to, from);
	qsort(result, ROUNDS, sizeof(result[0]), compare);
	return result[ROUNDS / 2];
}

static double measure_between(const struct measure *measure, char *netns[], const char *address)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	const struct timeval patience = { .tv_sec = 10 };
	int from = open_socket(netns[1], measure->type), to;
	double result;
	pid_t other;

	if (inet_pton(AF_INET, address, &at.sin_addr) != 1 ||
	    bind(from, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    setsockopt(from, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		die(address);
	if (measure->type == SOCK_STREAM && listen(from, 1) < 0)
		die("listen");
	other = start_other(measure, from);
	to = open_socket(netns[0], measure->type);
	if (connect(to, (struct sockaddr *)&at, sizeof(at)) < 0)
		die("connect");
	result = median(measure, to, from);
	close(to);
	if (other > 0) {
		(void)kill(other, SIGTERM);
		(void)waitpid(other, NULL, 0);
	}
	return result;
}

int main(int argc, char *argv[])
{
	for (size_t i = 0; argc == 5 && i < ARRAY_SIZE(measures); i++)
		if (streq(argv[1], measures[i].name)) {
			printf("%.0f\n", measure_between(&measures[i], argv + 2, argv[4]));
			return 0;
		}
	fprintf(stderr, "Usage: work udp|tcp|rtt FROM TO ADDRESS\n");
	return 2;
}
