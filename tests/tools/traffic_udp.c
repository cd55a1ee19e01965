/* SPDX-License-Identifier: ISC */

/*
 * Datagrams that can be told apart and checked byte for byte.
 *
 * A datagram begins with the low-order bytes of its sequence number, big-endian, four of them or as
 * many as fit; what follows is a pattern made from number and offset. A receiver completes a short
 * number with the one it expects next, so even datagrams of one byte can be put in order.
 *
 * With --window the receiver acknowledges every quarter of a window, and the sender never is more
 * than a window ahead: then nothing may be lost, however busy the machine is. An acknowledgement is
 * four bytes, the number of datagrams seen.
 */

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>

#include "traffic.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103 /* linux/udp.h */
#endif

#define SEQUENCE_BYTES 4
#define LINGER_MS      50   /* after the last datagram: time for a duplicate to show */
#define STALL_MS       1000 /* without an acknowledgement the sender goes on after so long */

struct tally {
	unsigned long received, duplicated, reordered, corrupt;
	unsigned long long bytes;
	uint32_t next; /* sequence number after the highest seen */
	unsigned char *seen;
	unsigned long count;
	unsigned long long last, pause; /* microseconds: the last arrival, the longest pause */
};

static unsigned int sequence_bytes(unsigned int size)
{
	return MIN(size, (unsigned int)SEQUENCE_BYTES);
}

static unsigned char pattern_byte(uint32_t sequence, unsigned int offset)
{
	return (unsigned char)(sequence * 31 + offset * 7 + (offset >> 8));
}

static void datagram_fill(unsigned char *data, unsigned int size, uint32_t sequence)
{
	unsigned int n = sequence_bytes(size);

	for (unsigned int i = 0; i < n; i++)
		data[i] = (unsigned char)(sequence >> (8 * (n - 1 - i)));
	for (unsigned int i = n; i < size; i++)
		data[i] = pattern_byte(sequence, i);
}

/* The number that ends in the bytes of this datagram and is nearest to the expected one. */
static uint32_t datagram_sequence(const unsigned char *data, unsigned int size, uint32_t expected)
{
	unsigned int n = sequence_bytes(size);
	uint64_t low = 0, span = 1ULL << (8 * n), sequence;

	for (unsigned int i = 0; i < n; i++)
		low = low << 8 | data[i];
	sequence = (expected & ~(span - 1)) | low;
	if (sequence + span / 2 < expected)
		sequence += span;
	else if (sequence >= expected + span / 2 && sequence >= span)
		sequence -= span;
	return (uint32_t)sequence;
}

static bool datagram_intact(const unsigned char *data, unsigned int size, uint32_t sequence)
{
	for (unsigned int i = sequence_bytes(size); i < size; i++)
		if (data[i] != pattern_byte(sequence, i))
			return false;
	return true;
}

static void tally_init(struct tally *tally, unsigned long count)
{
	memset(tally, 0, sizeof(*tally));
	tally->count = count;
	tally->seen = calloc(count, 1);
	if (!tally->seen)
		traffic_die("memory");
}

static void tally_time(struct tally *tally)
{
	unsigned long long now = monotonic_usec();

	if (tally->last)
		tally->pause = MAX(tally->pause, now - tally->last);
	tally->last = now;
}

static void tally_add(struct tally *tally, const unsigned char *data, size_t length,
		      unsigned int size)
{
	uint32_t sequence;

	tally->bytes += length;
	if (length != size) {
		tally->corrupt++;
		return;
	}
	sequence = datagram_sequence(data, size, tally->next);
	if (sequence >= tally->count || !datagram_intact(data, size, sequence)) {
		tally->corrupt++;
		return;
	}
	if (tally->seen[sequence]) {
		tally->duplicated++;
		return;
	}
	tally->seen[sequence] = 1;
	tally->received++;
	if (sequence < tally->next)
		tally->reordered++;
	else
		tally->next = sequence + 1;
}

/* Print the result; the exit status says whether it is perfect. */
static int tally_report(struct tally *tally)
{
	unsigned long lost = tally->count - tally->received;

	printf("received=%lu lost=%lu reordered=%lu duplicated=%lu corrupt=%lu bytes=%llu\n",
	       tally->received, lost, tally->reordered, tally->duplicated, tally->corrupt,
	       tally->bytes);
	free(tally->seen);
	return lost || tally->reordered || tally->duplicated || tally->corrupt;
}

static unsigned int interface_index(const char *name)
{
	unsigned int index = if_nametoindex(name);

	if (!index)
		traffic_die("interface %s", name);
	return index;
}

static void multicast_join(int fd, const struct sockaddr_storage *group, const char *interface)
{
	struct group_req request = { .gr_interface = interface_index(interface) };

	memcpy(&request.gr_group, group, sizeof(*group));
	if (setsockopt(fd, group->ss_family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP,
		       MCAST_JOIN_GROUP, &request, sizeof(request)) < 0)
		traffic_die("join a group on %s", interface);
}

static void multicast_send_on(int fd, int family, const char *interface, int ttl)
{
	struct ip_mreqn request = { .imr_ifindex = (int)interface_index(interface) };

	if (ttl)
		traffic_set(fd, family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP,
			    family == AF_INET6 ? IPV6_MULTICAST_HOPS : IP_MULTICAST_TTL, ttl,
			    "MULTICAST_TTL");
	if (family == AF_INET6)
		traffic_set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, request.imr_ifindex,
			    "IPV6_MULTICAST_IF");
	else if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof(request)) < 0)
		traffic_die("IP_MULTICAST_IF");
}

int traffic_udp_listen(const struct traffic_options *options, char **args)
{
	struct sockaddr_storage address, from;
	socklen_t length = traffic_address(args[0], args[1], &address);
	unsigned long long end = traffic_now() + options->timeout_ms, deadline = end;
	unsigned long ack_every = MAX(options->window / 4, 1U), n = 0;
	static unsigned char data[TRAFFIC_DATAGRAM_MAX + 1];
	struct tally tally;
	int fd = traffic_socket(address.ss_family, SOCK_DGRAM, options);

	tally_init(&tally, options->count);
	if (bind(fd, (struct sockaddr *)&address, length) < 0)
		traffic_die("bind to %s port %s", args[0], args[1]);
	if (options->multicast)
		multicast_join(fd, &address, options->multicast);
	traffic_ready(options);
	while (traffic_wait(fd, POLLIN, deadline)) {
		socklen_t from_length = sizeof(from);
		ssize_t size =
			recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from, &from_length);

		if (size < 0) {
			if (errno == EAGAIN || errno == EINTR)
				continue;
			traffic_die("receive");
		}
		tally_time(&tally);
		tally_add(&tally, data, (size_t)size, options->size);
		n++;
		if (options->echo)
			(void)sendto(fd, data, (size_t)size, 0, (struct sockaddr *)&from,
				     from_length);
		if (options->window && n % ack_every == 0) {
			uint32_t ack = htonl((uint32_t)n);

			(void)sendto(fd, &ack, sizeof(ack), 0, (struct sockaddr *)&from,
				     from_length);
		}
		deadline = traffic_now() +
			   (tally.received < options->count ? options->idle_ms : LINGER_MS);
		if (n >= 2 * options->count) /* bounded, whatever is sent to us */
			break;
		deadline = MIN(deadline, end);
	}
	close(fd);
	if (options->pause)
		printf("pause=%llu ", tally.pause);
	return tally_report(&tally);
}

/* Wait until @unacknowledged datagrams fit the window again; true: they do, false: gave up. */
static bool window_wait(int fd, unsigned long sent, unsigned long *acknowledged,
			const struct traffic_options *options)
{
	unsigned long long deadline = traffic_now() + STALL_MS;

	while (sent - *acknowledged + options->segments > options->window) {
		uint32_t ack;
		ssize_t n;

		if (!traffic_wait(fd, POLLIN, deadline))
			return false;
		n = recv(fd, &ack, sizeof(ack), 0);
		if (n == sizeof(ack) && ntohl(ack) > *acknowledged && ntohl(ack) <= sent)
			*acknowledged = ntohl(ack);
	}
	return true;
}

/* Sleep until the datagram with this number is due. */
static void rate_wait(unsigned long long rate, unsigned long sequence, const struct timespec *start)
{
	unsigned long long ns = sequence * 1000000000ULL / rate;
	struct timespec due = *start;

	due.tv_sec += (time_t)(ns / 1000000000);
	due.tv_nsec += (long)(ns % 1000000000);
	if (due.tv_nsec >= 1000000000) {
		due.tv_nsec -= 1000000000;
		due.tv_sec++;
	}
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
		;
}

/* Wait for the echo of what was sent. */
static void echo_wait(int fd, struct tally *tally, const struct traffic_options *options)
{
	static unsigned char data[TRAFFIC_DATAGRAM_MAX + 1];
	unsigned long long deadline = traffic_now() + options->idle_ms;
	unsigned long before = tally->received;

	while (tally->received == before && traffic_wait(fd, POLLIN, deadline)) {
		ssize_t n = recv(fd, data, sizeof(data), 0);

		if (n >= 0)
			tally_add(tally, data, (size_t)n, options->size);
	}
}

int traffic_udp_send(const struct traffic_options *options, char **args)
{
	struct sockaddr_storage address;
	socklen_t length = traffic_address(args[0], args[1], &address);
	unsigned long long end = traffic_now() + options->timeout_ms;
	unsigned long sent = 0, acknowledged = 0, errors = 0, stalls = 0;
	static unsigned char data[TRAFFIC_DATAGRAM_MAX * 2];
	size_t batch = (size_t)options->size * options->segments;
	struct timespec start;
	struct tally tally;
	int last_error = 0, status;
	int fd = traffic_socket(address.ss_family, SOCK_DGRAM, options);

	errno = 0;
	if (batch > TRAFFIC_DATAGRAM_MAX)
		traffic_die("--segments times --size is more than a datagram holds");
	if (options->segments > 1)
		traffic_set(fd, IPPROTO_UDP, UDP_SEGMENT, (int)options->size, "UDP_SEGMENT");
	if (options->multicast)
		multicast_send_on(fd, address.ss_family, options->multicast, options->ttl);
	tally_init(&tally, options->count);
	clock_gettime(CLOCK_MONOTONIC, &start);
	while (sent < options->count && traffic_now() < end) {
		if (options->window && !window_wait(fd, sent, &acknowledged, options)) {
			stalls++;
			acknowledged = sent;
		}
		if (options->rate)
			rate_wait(options->rate, sent, &start);
		for (unsigned int i = 0; i < options->segments; i++)
			datagram_fill(data + (size_t)i * options->size, options->size,
				      (uint32_t)(sent + i));
		if (sendto(fd, data, batch, 0, (struct sockaddr *)&address, length) < 0) {
			if (errno == EAGAIN) {
				traffic_wait(fd, POLLOUT, traffic_now() + 10);
				continue;
			}
			last_error = errno;
			errors++;
		}
		sent += options->segments;
		if (options->echo)
			echo_wait(fd, &tally, options);
	}
	printf("sent=%lu errors=%lu error=%s stalls=%lu\n", sent, errors,
	       last_error ? strerrorname_np(last_error) : "none", stalls);
	close(fd);
	status = (errors && !options->ignore_errors) || sent < options->count;
	if (options->echo)
		return tally_report(&tally) || status;
	free(tally.seen);
	return status;
}
