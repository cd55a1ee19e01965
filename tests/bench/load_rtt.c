/* SPDX-License-Identifier: ISC */

/* Round trips: a datagram goes and comes back, and only then the next one goes. */

#include <stdio.h>
#include <sys/socket.h>

#include "loadgen.h"

#define TRIPS_MAX 2000000
#define WARM_UP   50 /* trips that do not count: caches, routes */
#define PATIENCE                  \
	{                         \
		.tv_usec = 200000 \
	}
#define DATAGRAM_MAX 1500

struct echo {
	int fd;
	bool over; /* atomic */
};

static void set_patience(int fd)
{
	const struct timeval patience = PATIENCE;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		load_die("SO_RCVTIMEO");
}

static void *echo_run(void *arg)
{
	struct echo *echo = arg;
	char data[DATAGRAM_MAX];

	while (!__atomic_load_n(&echo->over, __ATOMIC_ACQUIRE)) {
		struct sockaddr_in from;
		socklen_t length = sizeof(from);
		ssize_t n = recvfrom(echo->fd, data, sizeof(data), 0, (struct sockaddr *)&from,
				     &length);

		if (n > 0)
			(void)sendto(echo->fd, data, (size_t)n, 0, (struct sockaddr *)&from,
				     length);
	}
	return NULL;
}

/* One trip. Return: whether it came back; an answer to an earlier one, which was late, is not it.
 */
static bool trip(int fd, uint64_t number, unsigned int size)
{
	char data[DATAGRAM_MAX] = { 0 };
	uint64_t answer;

	memcpy(data, &number, sizeof(number));
	if (send(fd, data, size, 0) < 0)
		load_die("send");
	while (recv(fd, data, sizeof(data), 0) >= (ssize_t)sizeof(answer)) {
		memcpy(&answer, data, sizeof(answer));
		if (answer == number)
			return true;
	}
	return false;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static double percentile_us(const uint64_t *sorted, size_t n, double percent)
{
	size_t rank = (size_t)((double)(n - 1) * percent / 100 + 0.5);

	return (double)sorted[rank] / 1e3;
}

int load_rtt(const struct load_options *options)
{
	struct echo echo = { .fd = load_socket(options->to, SOCK_DGRAM) };
	struct sockaddr_in address = load_bind(echo.fd, options);
	_cleanup_free_ uint64_t *times = calloc(TRIPS_MAX, sizeof(*times));
	int fd = load_socket(options->from, SOCK_DGRAM);
	size_t n = 0, lost = 0;
	uint64_t end, cpu, number = 0;
	pthread_t thread;

	if (!times)
		load_die("memory");
	set_patience(fd);
	set_patience(echo.fd);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		load_die("connect");
	thread = load_thread(echo_run, &echo);
	while (number < WARM_UP)
		trip(fd, number++, options->size);
	cpu = load_cpu(options);
	end = load_now() + options->ns;
	while (n < TRIPS_MAX) {
		uint64_t began = load_now();

		if (began >= end)
			break;
		if (trip(fd, number++, options->size))
			times[n++] = load_now() - began;
		else
			lost++;
	}
	cpu = load_cpu(options) - cpu;
	__atomic_store_n(&echo.over, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	close(fd);
	close(echo.fd);
	if (n == 0) {
		fprintf(stderr, "loadgen: nothing came back\n");
		return 1;
	}
	qsort(times, n, sizeof(*times), compare);
	printf("{\"trips\":%zu,\"lost\":%zu,\"p50_us\":%.2f,\"p99_us\":%.2f,\"min_us\":%.2f,"
	       "\"max_us\":%.2f,\"cpu_us_per_trip\":%.3f}\n",
	       n, lost, percentile_us(times, n, 50), percentile_us(times, n, 99),
	       percentile_us(times, n, 0), percentile_us(times, n, 100),
	       (double)cpu / 1e3 / (double)n);
	return 0;
}
