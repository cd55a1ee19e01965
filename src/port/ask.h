/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_ASK_H
#define RPORT_PORT_ASK_H

/*
 * Asks the kernel about many ports at once, and waits for the answers until a deadline. A thread
 * asks, so that the caller does not wait for the rtnl lock, which the owner of any namespace can
 * keep busy.
 */

#include "port/observe.h"

#define PORT_ASK_MAX 64 /* ports at once */

struct port_asker;

/*
 * struct port_answer - what the kernel reports of a port
 * @result: 0; -EBADFD when its device was removed; -ESTALE when its nsid and ifindex find no
 *	interface, or one with another name than its descriptor reports, since it changed just now;
 *	or another -errno. The other members are valid only if this is 0.
 * @dev: its interface
 * @observed: 0, or -errno of port_observe()
 * @seen: what port_observe() found; the caller's, free it with port_seen_release()
 */
struct port_answer {
	int result;
	struct rtnl_dev dev;
	int observed;
	struct port_seen seen;
};

/**
 * port_asker_new() - start the thread
 * @ret: free it with port_asker_free()
 *
 * The thread has the rights that its caller has now.
 *
 * Return: 0 or -errno (socket(2), pthread_create(3)).
 */
int port_asker_new(struct port_asker **ret);

/**
 * port_asker_free() - end the thread, after the kernel has answered its last query
 * @asker: of port_asker_new(), or NULL
 */
void port_asker_free(struct port_asker *asker);

/**
 * port_ask() - ask the kernel about ports, and wait for the answers
 * @asker: the asker
 * @ports: with a device
 * @n: how many, at most PORT_ASK_MAX
 * @observe: true: ask about their settings, too, as port_compare() does
 * @deadline: CLOCK_MONOTONIC, in microseconds
 * @ret: the answers, in the order of @ports
 *
 * A query that was not answered by the deadline keeps a duplicate of the descriptor of the device
 * until the kernel answers, and until then no other query is made.
 *
 * Return: how many answers there are: less than @n when the deadline came first, an earlier query
 * is not answered yet, or descriptors or memory are short.
 */
unsigned int port_ask(struct port_asker *asker, struct port *const ports[], unsigned int n,
		      bool observe, uint64_t deadline, struct port_answer ret[]);

#endif
