/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_PACKET_H
#define RPORT_KERNEL_PACKET_H

/*
 * Messages of a fixed size, with descriptors, between the processes of rportd: SOCK_SEQPACKET
 * sockets, on which a message arrives whole or not at all.
 */

#include "base/util.h"

#define PACKET_FDS_MAX 252 /* the kernel passes 253 with a message (SCM_MAX_FD) */

/**
 * packet_pair() - make two connected sockets, closed on exec
 * @ret: the two ends, both blocking
 *
 * Return: 0 or -errno of socketpair(2).
 */
int packet_pair(int ret[static 2]);

/**
 * packet_send() - send one message
 * @fd: the socket
 * @message: the message
 * @size: its bytes
 * @fds: descriptors that go with it, and stay the caller's; may be NULL without any
 * @n_fds: how many, 0 to PACKET_FDS_MAX
 * @flags: MSG_DONTWAIT, or 0: wait while the socket is full
 *
 * Return: 0 or -errno: -EPIPE or -ECONNRESET when the other end is closed; -EAGAIN.
 */
int packet_send(int fd, const void *message, size_t size, const int fds[], unsigned int n_fds,
		int flags);

/**
 * packet_receive() - receive one message of a known size
 * @fd: the socket
 * @ret: filled with the message
 * @size: its bytes
 * @ret_fds: filled with the descriptors that came with it, the caller's, closed on exec; NULL: they
 *	are dropped
 * @ret_n_fds: how many there are, up to PACKET_FDS_MAX; NULL together with @ret_fds
 * @flags: MSG_DONTWAIT, or 0: wait for one
 *
 * Return: 1; 0 when the other end is closed; -EAGAIN; -EBADMSG when it has another size; another
 * -errno of recvmsg(2).
 */
int packet_receive(int fd, void *ret, size_t size, int ret_fds[], unsigned int *ret_n_fds,
		   int flags);

/**
 * packet_receive_some() - receive one message of any size
 * @fd: the socket
 * @ret: filled with the message
 * @size: bytes of room
 * @ret_size: bytes of the message
 * @ret_fds: as for packet_receive()
 * @ret_n_fds: likewise
 * @flags: likewise
 *
 * Return: as packet_receive(); -EBADMSG when there is no room for it.
 */
int packet_receive_some(int fd, void *ret, size_t size, size_t *ret_size, int ret_fds[],
			unsigned int *ret_n_fds, int flags);

#endif
