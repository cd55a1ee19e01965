/* SPDX-License-Identifier: ISC */
#ifndef RPORT_NETWORK_MESSAGE_H
#define RPORT_NETWORK_MESSAGE_H

/*
 * A message between rportd and rportd-net while it is written or read: bytes, and descriptors
 * beside them. Both processes are of one program, so structs are sent as they are, without what
 * they point to. The reader checks all that it uses.
 */

#include "kernel/packet.h"
#include "port/inspect.h"
#include "port/port.h"

#define MESSAGE_MAX (192U * 1024) /* bytes; less than what a socket takes (net.core.wmem_default) */

/*
 * struct message - a message
 * @size: bytes that were written, or received
 * @at: how many of them were read
 * @n_fds: descriptors that were added, or received
 * @fds_at: how many of them were taken
 * @fds: of a request that is being written they are the caller's; else the message's, until taken
 * @broken: it was read or written beyond its end, or what was read is not valid
 */
struct message {
	size_t size, at;
	unsigned int n_fds, fds_at;
	int fds[PACKET_FDS_MAX];
	bool broken;
	unsigned char data[MESSAGE_MAX];
};

/**
 * message_begin() - begin to write a message
 * @message: emptied; its former descriptors are not closed
 */
void message_begin(struct message *message);

/**
 * message_put() - add bytes
 * @message: becomes broken if they do not fit
 * @data: the bytes
 * @size: how many
 */
void message_put(struct message *message, const void *data, size_t size);

/**
 * message_get() - read the next bytes
 * @message: becomes broken if there are not so many
 * @ret: filled; zeroed if the message is broken
 * @size: how many
 */
void message_get(struct message *message, void *ret, size_t size);

/* One value of any type without pointers. */
#define message_put_value(message, value) message_put((message), &(value), sizeof(value))
#define message_get_value(message, ret)   message_get((message), (ret), sizeof(*(ret)))

/**
 * message_put_fd() - add a descriptor
 * @message: becomes broken when it has PACKET_FDS_MAX
 * @fd: the descriptor
 */
void message_put_fd(struct message *message, int fd);

/**
 * message_take_fd() - take the next descriptor out
 * @message: becomes broken when there is none
 *
 * Return: the descriptor, the caller's; -1 when the message is broken.
 */
int message_take_fd(struct message *message);

/**
 * message_close_fds() - close the descriptors that were not taken
 * @message: which owns them
 */
void message_close_fds(struct message *message);

/**
 * message_put_port() - add a port, with its spec, its device and the descriptors of its queues
 * @message: becomes broken if it does not fit
 * @port: all but its peer and what only rportd knows of it
 */
void message_put_port(struct message *message, const struct port *port);

/**
 * message_put_bare_port() - message_put_port() for calls to which addresses and routes do not matter
 * @message: becomes broken if it does not fit
 * @port: as for message_put_port()
 */
void message_put_bare_port(struct message *message, const struct port *port);

/**
 * message_get_port() - read a port
 * @message: becomes broken if there is none, or it is not valid
 * @ret: zeroed, but for what message_put_port() adds; owned by the caller, who frees it with
 *	message_release_port()
 *
 * The process of its domain is not part of it.
 */
void message_get_port(struct message *message, struct port *ret);

/**
 * message_release_port() - close and free what a port of message_get_port() holds
 * @port: zeroed afterwards
 */
void message_release_port(struct port *port);

/**
 * message_put_state() - add what a call may change of a port
 * @message: becomes broken if it does not fit
 * @port: the port; its domain, the name of its spec and its device are added, and no descriptors
 */
void message_put_state(struct message *message, const struct port *port);

/**
 * message_get_state() - take over what a call changed of a port
 * @message: becomes broken if there is none, or it is not valid; then @port is unchanged
 * @port: the port
 */
void message_get_state(struct message *message, struct port *port);

/**
 * message_put_spec() - add a spec, with its addresses and routes
 * @message: becomes broken if it does not fit
 * @spec: all but its process
 */
void message_put_spec(struct message *message, const struct port_spec *spec);

/**
 * message_get_spec() - read a spec
 * @message: becomes broken if there is none, or it is not valid
 * @ret: zeroed, or a spec, which the caller frees with port_spec_release()
 */
void message_get_spec(struct message *message, struct port_spec *ret);

/**
 * message_put_seen() - add an observed state
 * @message: becomes broken if it does not fit
 * @seen: of port_observe()
 */
void message_put_seen(struct message *message, const struct port_seen *seen);

/**
 * message_get_seen() - read an observed state
 * @message: becomes broken if there is none, or it is not valid
 * @ret: the caller's, who frees it with port_seen_release()
 */
void message_get_seen(struct message *message, struct port_seen *ret);

/**
 * message_put_inspected() - add what was found out about a link
 * @message: becomes broken if it does not fit
 * @result: of inspect_link()
 */
void message_put_inspected(struct message *message, const struct inspect_result *result);

/**
 * message_get_inspected() - read what was found out about a link
 * @message: becomes broken if there is none, or it is not valid
 * @ret: filled
 */
void message_get_inspected(struct message *message, struct inspect_result *ret);

/**
 * message_domain_valid() - check a domain that was read
 * @domain: as it was read
 *
 * Return: whether it can be used.
 */
bool message_domain_valid(const struct domain *domain);

/**
 * message_text_valid() - check a text that was read
 * @text: an array of characters
 * @size: of the array
 *
 * Return: whether it has a NUL.
 */
bool message_text_valid(const char *text, size_t size);

#endif
