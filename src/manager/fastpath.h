/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_FASTPATH_H
#define RPORT_MANAGER_FASTPATH_H

/* Keeps the fast path of each link as datapath/fastpath.h decides. */

#include "datapath/fastpath.h"
#include "manager/options.h"

/**
 * fastpath_update() - decide again which way the packets of a link go, and act on it
 * @manager: the manager
 * @link: the link; carriers of its ports are up to date
 *
 * Makes no system call where nothing is to be done. A failure leaves the packets to the shuttle,
 * with the reason in link->fastpath_failure. It is tried again when something of the link changes,
 * but not within ten seconds unless fastpath_retry() was called.
 */
void fastpath_update(struct manager *manager, struct rport_link *link);

/**
 * fastpath_retry() - have the next fastpath_update() try at once what has failed
 * @link: the link
 */
void fastpath_retry(struct rport_link *link);

/**
 * fastpath_withdraw() - take the fast path of a link away that does not want it any more
 * @manager: the manager
 * @link: the link
 *
 * Before that is recorded: the next daemon does not look for a fast path that no record speaks of.
 */
void fastpath_withdraw(struct manager *manager, struct rport_link *link);

/**
 * fastpath_end() - take the fast path of links away, for good
 * @manager: the manager; when rportd is ending with a store, the kernel keeps the fast path for the
 *	next daemon
 * @links: about to lose a port, or to be removed
 * @n: how many
 * @keep: both ports are removed next, and the hidden pair with them. To remove it alone takes the
 *	kernel as long as to remove a port
 */
void fastpath_end(struct manager *manager, struct rport_link *links[], size_t n, bool keep);

/**
 * fastpath_count() - read what went by the fast path, for manager_port_status()
 * @manager: the manager
 * @link: the link; NULL: all links
 */
void fastpath_count(struct manager *manager, struct rport_link *link);

/**
 * fastpath_is_doubted() - check whether the kernel has to be looked at again
 * @link: the link
 *
 * Return: true when fastpath_update() has something to find out.
 */
bool fastpath_is_doubted(const struct rport_link *link);

/**
 * fastpath_doubt() - have the next fastpath_update() look at the kernel
 * @link: the link
 *
 * Return: true when it wants the fast path, so that there is something to look at.
 */
bool fastpath_doubt(struct rport_link *link);

/**
 * fastpath_lost_hidden() - act on the loss of an interface that may be a hidden one
 * @manager: the manager
 * @nsid: of its namespace
 * @name: of the interface, which was removed or set down
 *
 * Return: the port beside which it was: fastpath_update() of its link makes it again; or NULL.
 */
struct port *fastpath_lost_hidden(struct manager *manager, int nsid, const char *name);

/*
 * struct fastpath_status - which way the packets go that a port sends
 * @fast: by the fast path; else by the shuttle
 * @reason: why not, if the fast path is wanted; else ""
 */
struct fastpath_status {
	bool fast;
	char reason[FASTPATH_REASON_MAX];
};

/**
 * fastpath_status() - tell which way the packets go that a port of a link sends
 * @manager: the manager
 * @link: the link
 * @end: of the port
 * @ret: the answer
 */
void fastpath_status(const struct manager *manager, const struct rport_link *link, unsigned int end,
		     struct fastpath_status *ret);

#endif
