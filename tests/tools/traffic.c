/* SPDX-License-Identifier: ISC */

/*
 * traffic: the senders and receivers that the tests run inside namespaces. Everything it does is
 * bounded in count (--count, --bytes) and in time (--timeout).
 */

#include <fcntl.h>
#include <getopt.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "traffic.h"

struct traffic_command {
	const char *name;
	int n_args;
	int (*run)(const struct traffic_options *options, char **args);
	const char *usage;
};

static const struct traffic_command commands[] = {
	{ "pattern", 0, traffic_pattern, "--bytes N [--seed N]: write a pseudo-random stream" },
	{ "tcp-listen", 2, traffic_tcp_listen,
	  "[--duplex] ADDRESS PORT: accept one connection, copy it to stdout" },
	{ "tcp-send", 2, traffic_tcp_send,
	  "ADDRESS PORT: copy stdin to a connection, what comes back to stdout" },
	{ "unix-send", 1, traffic_unix_send, "PATH: the same on a Unix stream socket" },
	{ "unix-hold", 1, traffic_unix_hold,
	  "--count N PATH: open N connections and hold them for --idle ms" },
	{ "udp-listen", 2, traffic_udp_listen,
	  "--size N --count N [--window N] [--echo] [--pause] [--multicast IF] ADDRESS PORT" },
	{ "udp-send", 2, traffic_udp_send,
	  "--size N --count N [--rate N] [--window N] [--segments N] [--echo] ADDRESS PORT" },
	{ "probe", 2, traffic_probe,
	  "--size N [--ttl N] [--discover HOW] ADDRESS PORT: print the ICMP error that comes" },
	{ "frame", 3, traffic_frame,
	  "[--count N] INTERFACE ETHERTYPE HEX: send a frame by a packet socket" },
	{ "frame-listen", 2, traffic_frame_listen,
	  "[--count N] INTERFACE ETHERTYPE: print the frames that come in; 0003: of any type" },
	{ "queue", 2, traffic_queue,
	  "[--idle MS] --size N INTERFACE header|send-buffer|persist|owner|open: open a TUN, set "
	  "that" },
};

enum {
	OPT_DEVICE = 256,
	OPT_MULTICAST,
	OPT_READY,
	OPT_SOURCE,
	OPT_DISCOVER,
	OPT_TTL,
	OPT_SIZE,
	OPT_SEGMENTS,
	OPT_WINDOW,
	OPT_COUNT,
	OPT_RATE,
	OPT_BYTES,
	OPT_SEED,
	OPT_TIMEOUT,
	OPT_IDLE,
	OPT_ECHO,
	OPT_PAUSE,
	OPT_DUPLEX,
	OPT_IGNORE_ERRORS,
};

static const struct option long_options[] = {
	{ "device", required_argument, NULL, OPT_DEVICE },
	{ "multicast", required_argument, NULL, OPT_MULTICAST },
	{ "ready", required_argument, NULL, OPT_READY },
	{ "source", required_argument, NULL, OPT_SOURCE },
	{ "discover", required_argument, NULL, OPT_DISCOVER },
	{ "ttl", required_argument, NULL, OPT_TTL },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "segments", required_argument, NULL, OPT_SEGMENTS },
	{ "window", required_argument, NULL, OPT_WINDOW },
	{ "count", required_argument, NULL, OPT_COUNT },
	{ "rate", required_argument, NULL, OPT_RATE },
	{ "bytes", required_argument, NULL, OPT_BYTES },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "idle", required_argument, NULL, OPT_IDLE },
	{ "echo", no_argument, NULL, OPT_ECHO },
	{ "pause", no_argument, NULL, OPT_PAUSE },
	{ "duplex", no_argument, NULL, OPT_DUPLEX },
	{ "ignore-errors", no_argument, NULL, OPT_IGNORE_ERRORS },
	{ NULL, 0, NULL, 0 },
};

static void __attribute__((noreturn)) usage(void)
{
	fprintf(stderr, "usage: traffic COMMAND [OPTIONS] [ARGUMENTS]\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(stderr, "  %-12s %s\n", commands[i].name, commands[i].usage);
	fprintf(stderr,
		"options of all: --timeout MS, --device IF, --ready FILE, --source ADDRESS,\n"
		"  --ttl N, --discover do|dont|want|probe, --idle MS, --ignore-errors\n");
	exit(2);
}

void traffic_die(const char *fmt, ...)
{
	int errnum = errno;
	va_list args;

	fprintf(stderr, "traffic: ");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	if (errnum)
		fprintf(stderr, ": %s", strerror(errnum));
	fputc('\n', stderr);
	exit(1);
}

unsigned long long traffic_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (unsigned long long)now.tv_sec * 1000 + (unsigned long long)now.tv_nsec / 1000000;
}

short traffic_wait(int fd, short events, unsigned long long deadline)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	for (;;) {
		unsigned long long now = traffic_now();
		int r = poll(&pfd, 1, now < deadline ? (int)(deadline - now) : 0);

		if (r > 0)
			return pfd.revents;
		if (r == 0 && traffic_now() >= deadline)
			return 0;
		if (r < 0 && errno != EINTR)
			traffic_die("poll");
	}
}

socklen_t traffic_address(const char *address, const char *port, struct sockaddr_storage *ret)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				  .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	socklen_t length;
	int r = getaddrinfo(address, port, &hints, &found);

	if (r) {
		errno = 0;
		traffic_die("%s port %s: %s", address, port, gai_strerror(r));
	}
	length = found->ai_addrlen;
	memcpy(ret, found->ai_addr, length);
	freeaddrinfo(found);
	return length;
}

void traffic_set(int fd, int level, int option, int value, const char *what)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)) < 0)
		traffic_die("%s", what);
}

int traffic_socket(int family, int type, const struct traffic_options *options)
{
	bool v6 = family == AF_INET6;
	int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		traffic_die("socket");
	traffic_set(fd, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR");
	if (v6)
		traffic_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1, "IPV6_V6ONLY");
	if (options->device && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, options->device,
					  (socklen_t)strlen(options->device)) < 0)
		traffic_die("bind to device %s", options->device);
	if (options->ttl)
		traffic_set(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_UNICAST_HOPS : IP_TTL,
			    options->ttl, "TTL");
	if (options->discover >= 0)
		traffic_set(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
			    v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, options->discover,
			    "MTU_DISCOVER");
	if (type == SOCK_DGRAM) {
		int size = 8 << 20;

		/* beyond net.core.rmem_max where we may; otherwise what the kernel gives */
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	}
	if (options->source) {
		struct sockaddr_storage source;
		socklen_t length = traffic_address(options->source, "0", &source);

		if (bind(fd, (struct sockaddr *)&source, length) < 0)
			traffic_die("bind to %s", options->source);
	}
	return fd;
}

void traffic_ready(const struct traffic_options *options)
{
	int fd;

	if (!options->ready)
		return;
	fd = open(options->ready, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		traffic_die("%s", options->ready);
	close(fd);
}

static unsigned long long number(const char *text, unsigned long long min, unsigned long long max)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || end == text || *end || *text == '-' || value < min || value > max) {
		errno = 0;
		traffic_die("%s is not a number from %llu to %llu", text, min, max);
	}
	return value;
}

static int discover(const char *text)
{
	static const struct {
		const char *name;
		int value;
	} words[] = {
		/* IPV6_PMTUDISC_* have the same values */
		{ "dont", IP_PMTUDISC_DONT },
		{ "want", IP_PMTUDISC_WANT },
		{ "do", IP_PMTUDISC_DO },
		{ "probe", IP_PMTUDISC_PROBE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (streq(text, words[i].name))
			return words[i].value;
	usage();
}

static void set_option(struct traffic_options *options, int option, const char *value)
{
	switch (option) {
	case OPT_DEVICE:
		options->device = value;
		break;
	case OPT_MULTICAST:
		options->multicast = value;
		break;
	case OPT_READY:
		options->ready = value;
		break;
	case OPT_SOURCE:
		options->source = value;
		break;
	case OPT_DISCOVER:
		options->discover = discover(value);
		break;
	case OPT_TTL:
		options->ttl = (int)number(value, 1, 255);
		break;
	case OPT_SIZE:
		options->size = (unsigned int)number(value, 1, TRAFFIC_DATAGRAM_MAX);
		break;
	case OPT_SEGMENTS:
		options->segments = (unsigned int)number(value, 1, 64);
		break;
	case OPT_WINDOW:
		options->window = (unsigned int)number(value, 1, 100000);
		break;
	case OPT_COUNT:
		options->count = (unsigned long)number(value, 1, TRAFFIC_COUNT_MAX);
		break;
	case OPT_RATE:
		options->rate = number(value, 1, 10000000);
		break;
	case OPT_BYTES:
		options->bytes = number(value, 0, 1ULL << 40);
		break;
	case OPT_SEED:
		options->seed = (unsigned long)number(value, 0, UINT32_MAX);
		break;
	case OPT_TIMEOUT:
		options->timeout_ms = (unsigned int)number(value, 1, 600000);
		break;
	case OPT_IDLE:
		options->idle_ms = (unsigned int)number(value, 1, 600000);
		break;
	case OPT_ECHO:
		options->echo = true;
		break;
	case OPT_PAUSE:
		options->pause = true;
		break;
	case OPT_DUPLEX:
		options->duplex = true;
		break;
	case OPT_IGNORE_ERRORS:
		options->ignore_errors = true;
		break;
	default:
		usage();
	}
}

int main(int argc, char **argv)
{
	struct traffic_options options = {
		.discover = -1,
		.size = 64,
		.segments = 1,
		.count = 1,
		.timeout_ms = 30000,
		.idle_ms = 1000,
	};
	int option;

	if (argc < 2)
		usage();
	signal(SIGPIPE, SIG_IGN);
	while ((option = getopt_long(argc - 1, argv + 1, "+", long_options, NULL)) != -1)
		set_option(&options, option, optarg);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (streq(commands[i].name, argv[1])) {
			if (argc - 1 - optind != commands[i].n_args)
				usage();
			return commands[i].run(&options, argv + 1 + optind);
		}
	usage();
}
