/* SPDX-License-Identifier: ISC */

/*
 * Bytes that TCP streams carry. Each stream has a thread that writes and one that reads, as two
 * programs would; both copy, as programs do. What is counted is what was read between two moments
 * when all streams were under way.
 */

#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>

#include "loadgen.h"

#define BLOCK   (128 * 1024)
#define WARM_UP (200 * 1000 * 1000ULL) /* ns: out of slow start */

struct stream {
	int out, in;
	pthread_t writer, reader;
	uint64_t bytes; /* read so far; atomic */
} __attribute__((aligned(64)));

static void *write_stream(void *arg)
{
	struct stream *stream = arg;
	char *block = calloc(1, BLOCK);

	/* ends when the socket is shut down */
	while (block && send(stream->out, block, BLOCK, MSG_NOSIGNAL) > 0)
		;
	free(block);
	return NULL;
}

static void *read_stream(void *arg)
{
	struct stream *stream = arg;
	char *block = malloc(BLOCK);
	ssize_t n;

	while (block && (n = recv(stream->in, block, BLOCK, 0)) > 0)
		__atomic_store_n(&stream->bytes, stream->bytes + (uint64_t)n, __ATOMIC_RELAXED);
	free(block);
	return NULL;
}

/* The machine's default may be one that paces, which would measure timers. */
static void set_cubic(int fd)
{
	if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", sizeof("cubic") - 1) < 0)
		load_die("cubic");
}

static void open_streams(const struct load_options *options, struct stream *streams)
{
	_cleanup_close_ int listener = load_socket(options->to, SOCK_STREAM);
	struct sockaddr_in address = load_bind(listener, options);

	set_cubic(listener);
	if (listen(listener, LOAD_STREAMS_MAX) < 0)
		load_die("listen");
	for (unsigned int i = 0; i < options->streams; i++) {
		struct stream *stream = &streams[i];

		stream->out = load_socket(options->from, SOCK_STREAM);
		set_cubic(stream->out);
		if (connect(stream->out, (struct sockaddr *)&address, sizeof(address)) < 0)
			load_die("connect");
		stream->in = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (stream->in < 0)
			load_die("accept");
	}
}

static uint64_t total_bytes(const struct stream *streams, unsigned int n)
{
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < n; i++)
		bytes += __atomic_load_n(&streams[i].bytes, __ATOMIC_RELAXED);
	return bytes;
}

static unsigned int retransmissions(const struct stream *stream)
{
	struct tcp_info info = { 0 };
	socklen_t length = sizeof(info);

	if (getsockopt(stream->out, IPPROTO_TCP, TCP_INFO, &info, &length) < 0)
		load_die("TCP_INFO");
	return info.tcpi_total_retrans;
}

static void end_stream(struct stream *stream)
{
	shutdown(stream->out, SHUT_RDWR);
	shutdown(stream->in, SHUT_RDWR);
	pthread_join(stream->writer, NULL);
	pthread_join(stream->reader, NULL);
	close(stream->out);
	close(stream->in);
}

int load_tcp(const struct load_options *options)
{
	static struct stream streams[LOAD_STREAMS_MAX];
	uint64_t began, bytes, cpu, ns, retransmitted = 0;
	unsigned int n = options->streams;

	open_streams(options, streams);
	for (unsigned int i = 0; i < n; i++) {
		streams[i].reader = load_thread(read_stream, &streams[i]);
		streams[i].writer = load_thread(write_stream, &streams[i]);
	}
	load_sleep_until(load_now() + WARM_UP);
	began = load_now();
	bytes = total_bytes(streams, n);
	cpu = load_cpu(options);
	load_sleep_until(began + options->ns);
	ns = load_now() - began;
	bytes = total_bytes(streams, n) - bytes;
	cpu = load_cpu(options) - cpu;

	for (unsigned int i = 0; i < n; i++) {
		retransmitted += retransmissions(&streams[i]);
		end_stream(&streams[i]);
	}
	printf("{\"bits_per_second\":%.0f,\"bytes\":%llu,\"seconds\":%.4f,\"retransmitted\":%llu,"
	       "\"cpu_seconds\":%.6f",
	       (double)bytes * 8e9 / (double)ns, (unsigned long long)bytes, (double)ns / 1e9,
	       (unsigned long long)retransmitted, (double)cpu / 1e9);
	if (bytes > 0)
		printf(",\"cpu_seconds_per_gbit\":%.6f", (double)cpu / ((double)bytes * 8));
	printf("}\n");
	return bytes == 0;
}
