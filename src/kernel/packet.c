/* SPDX-License-Identifier: ISC */

/* Messages of a fixed size, with descriptors, between the processes of rportd. */

#include <sys/socket.h>

#include "kernel/packet.h"

union control {
	struct cmsghdr header; /* for its alignment */
	char space[CMSG_SPACE(PACKET_FDS_MAX * sizeof(int))];
};

int packet_pair(int ret[static 2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret) < 0 ? -errno : 0;
}

int packet_send(int fd, const void *message, size_t size, const int fds[], unsigned int n_fds,
		int flags)
{
	struct iovec part = { .iov_base = (void *)(uintptr_t)message, .iov_len = size };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
	union control control = { 0 };
	ssize_t n;

	if (n_fds > PACKET_FDS_MAX)
		return -EINVAL;
	if (n_fds > 0) {
		control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(n_fds * sizeof(int)),
						   .cmsg_level = SOL_SOCKET,
						   .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.header), fds, n_fds * sizeof(int));
		header.msg_control = &control;
		header.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
	}
	do
		n = n_fds > 0 ? sendmsg(fd, &header, flags | MSG_NOSIGNAL)
			      : send(fd, message, size, flags | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static unsigned int take_fds(struct msghdr *header, int ret[])
{
	const struct cmsghdr *cmsg = CMSG_FIRSTHDR(header);
	unsigned int n;

	if (!cmsg || cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
		return 0;
	n = (unsigned int)((cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int));
	memcpy(ret, CMSG_DATA(cmsg), n * sizeof(int));
	return n;
}

static void drop_fds(int fds[], unsigned int *n)
{
	while (fds && *n > 0)
		safe_close(fds[--*n]);
}

int packet_receive_some(int fd, void *ret, size_t size, size_t *ret_size, int ret_fds[],
			unsigned int *ret_n_fds, int flags)
{
	struct iovec part = { .iov_base = ret, .iov_len = size };
	union control control = { 0 };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t n;

	if (ret_fds) { /* without room for them the kernel closes what was sent */
		header.msg_control = &control;
		header.msg_controllen = sizeof(control);
	}
	do
		n = recvmsg(fd, &header, flags | MSG_CMSG_CLOEXEC | MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (ret_fds)
		*ret_n_fds = take_fds(&header, ret_fds);
	if (n > 0 && (size_t)n <= size) {
		*ret_size = (size_t)n;
		return 1;
	}
	drop_fds(ret_fds, ret_n_fds);
	return n == 0 ? 0 : -EBADMSG;
}

int packet_receive(int fd, void *ret, size_t size, int ret_fds[], unsigned int *ret_n_fds,
		   int flags)
{
	size_t got = 0;
	int r = packet_receive_some(fd, ret, size, &got, ret_fds, ret_n_fds, flags);

	if (r <= 0 || got == size)
		return r;
	drop_fds(ret_fds, ret_n_fds);
	return -EBADMSG;
}
