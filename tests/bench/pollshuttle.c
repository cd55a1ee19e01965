/* SPDX-License-Identifier: ISC */

/*
 * What one would write first: poll, one read, one write. A rival for the benchmark, with the same
 * TUN devices that rport has, so that the difference is how frames are moved and nothing else.
 */

#include <poll.h>
#include <stdio.h>

#include "kernel/netns.h"
#include "kernel/tun.h"

#define FRAME_MAX (65536 + 64) /* a segment that is yet to be cut, with its header */

struct opening {
	char interface[IFNAMSIZ];
	struct tun_options options;
};

static int open_here(const void *argument)
{
	const struct opening *opening = argument;
	struct tun tun;
	int r = tun_open(opening->interface, &opening->options, &tun);

	return r < 0 ? r : tun_fd(&tun);
}

static int open_in(const char *netns, const char *interface, bool offload, int *ret_fd)
{
	_cleanup_close_ int netns_fd = netns_open_name(netns);
	struct opening opening = { .options.offload = offload };
	int fd;

	snprintf(opening.interface, sizeof(opening.interface), "%s", interface);
	fd = netns_fd < 0 ? netns_fd
			  : netns_open_inside(netns_fd, open_here, &opening, sizeof(opening));
	if (fd < 0) {
		fprintf(stderr, "pollshuttle: %s in %s: %s\n", interface, netns, strerror(-fd));
		return fd;
	}
	*ret_fd = fd;
	return 0;
}

/* Return: whether there is more to come; a removed device says POLLERR. */
static bool move(const struct pollfd *from, int to)
{
	static unsigned char frame[FRAME_MAX];
	ssize_t n;

	if (from->revents & POLLIN) {
		n = read(from->fd, frame, sizeof(frame));
		if (n > 0 && write(to, frame, (size_t)n) < 0 && errno == EBADFD)
			return false;
		return n >= 0 || errno == EAGAIN;
	}
	return from->revents == 0;
}

int main(int argc, char **argv)
{
	bool offload = !(argc == 6 && streq(argv[5], "--no-offload"));
	struct pollfd fds[2] = { { .events = POLLIN }, { .events = POLLIN } };

	if (argc != 5 && offload) {
		fprintf(stderr,
			"Usage: pollshuttle NETNS INTERFACE NETNS INTERFACE [--no-offload]\n");
		return 2;
	}
	if (open_in(argv[1], argv[2], offload, &fds[0].fd) < 0 ||
	    open_in(argv[3], argv[4], offload, &fds[1].fd) < 0)
		return 1;
	do {
		if (poll(fds, 2, -1) < 0)
			return 1;
	} while (move(&fds[0], fds[1].fd) && move(&fds[1], fds[0].fd));
	return 0;
}
