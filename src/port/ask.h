/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_ASK_H
#define RPORT_PORT_ASK_H

/* Asks the kernel about a port that may have changed, or been moved, meanwhile. */

#include "port/observe.h"

#define PORT_ASK_MAX 64 /* ports at once, of those who ask about many */

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
 * port_ask() - ask the kernel about a port
 * @own: a socket in rportd's own namespace
 * @port: with a device
 * @observe: true: ask about its settings, too
 * @ret: the answer
 */
void port_ask(struct rtnl *own, const struct port *port, bool observe, struct port_answer *ret);

#endif
