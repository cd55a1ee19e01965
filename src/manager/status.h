/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_STATUS_H
#define RPORT_MANAGER_STATUS_H

/* What can be asked of the manager without a system call: ports, links and how they are. */

#include "datapath/shuttle.h"
#include "manager/options.h"

/* A port as the daemon knows it; see manager_port_status(). */
/*
 * struct port_status - a port as others see it
 * @interface_dropped: packets that the kernel dropped at the interface
 * @counters: of all queues, and the fast path
 * @since: when they began: seconds of CLOCK_REALTIME; 0: not known
 */
struct port_status {
	enum port_state state;
	bool carrier;
	unsigned int index, mtu;
	char ifname[IFNAMSIZ];
	uint64_t interface_dropped;
	struct flow_counters counters;
	uint64_t since;
};

/**
 * manager_get_worker() - tell what a worker does; see datapath_get_worker()
 * @manager: the manager
 * @index: from 0
 * @ret: filled
 *
 * Return: false when there is no such worker.
 */
bool manager_get_worker(struct manager *manager, unsigned int index, struct shuttle_worker *ret);

/**
 * manager_get_counts() - tell what has been done since the start
 * @manager: the manager
 *
 * Return: the numbers, owned by the manager.
 */
const struct manager_counts *manager_get_counts(const struct manager *manager);

/**
 * manager_observe() - set the observer, of which there is one
 * @manager: the manager
 * @observer: copied; replaces the former one. Functions that are NULL are not called
 */
void manager_observe(struct manager *manager, const struct manager_observer *observer);

/**
 * manager_find_port() - find a port by its interface
 * @manager: the manager
 * @name: IFNAME, if only one port has it, or DOMAIN/IFNAME
 * @ret: the port
 * @err: says what was not found, or which names are possible
 *
 * Return: 0; -ENXIO (RPORT_ERR_PORT_NOT_FOUND); -EPROTONOSUPPORT (RPORT_ERR_NOT_RPORT) when there
 * is such an interface, but not of rportd; -EINVAL (RPORT_ERR_AMBIGUOUS).
 */
int manager_find_port(struct manager *manager, const char *name, struct port **ret,
		      struct rport_error *err);

/**
 * manager_table() - get the table of ports and links
 * @manager: the manager
 *
 * Return: the table, owned by the manager; for lookups only.
 */
struct table *manager_table(struct manager *manager);

/**
 * manager_port_status() - get the status of a port as the daemon knows it
 * @port: any port
 * @ret: its status; interface_dropped is of the last query of the kernel, events keep all else up
 *	to date
 *
 * Makes no system call in the namespace of the port, so any caller may have it.
 */
void manager_port_status(const struct port *port, struct port_status *ret);

/**
 * manager_n_pending() - count the pending ports
 * @manager: the manager
 *
 * Return: how many.
 */
unsigned int manager_n_pending(const struct manager *manager);

/**
 * manager_workers_answer() - check that all workers answered the last call, and ask them again
 * @manager: the manager
 * @ret_silent: index of the first worker that did not answer; untouched when all did
 *
 * Return: true when all workers answered; see datapath_answers().
 */
bool manager_workers_answer(struct manager *manager, int *ret_silent);

/**
 * manager_replace_data() - replace rportd-data, as it or a worker does not answer
 * @manager: the manager
 */
void manager_replace_data(struct manager *manager);

/**
 * manager_network_answers() - check that rportd-net answered the last call, and ask it again
 * @manager: the manager
 *
 * Return: true when it did, or is being started.
 */
bool manager_network_answers(struct manager *manager);

/**
 * manager_replace_network() - replace rportd-net, as it does not answer
 * @manager: the manager
 */
void manager_replace_network(struct manager *manager);

/**
 * manager_network_restarts() - count how often rportd-net was started again
 * @manager: the manager
 *
 * Return: the number.
 */
unsigned int manager_network_restarts(const struct manager *manager);

/**
 * manager_data_restarts() - count how often rportd-data was started again
 * @manager: the manager
 *
 * Return: the number.
 */
unsigned int manager_data_restarts(const struct manager *manager);

/**
 * manager_datapath() - name the engine that moves the packets
 * @manager: the manager
 *
 * Return: a static string, as --datapath takes it.
 */
const char *manager_datapath(const struct manager *manager);

/**
 * manager_has_busy_poll() - check whether workers poll before they sleep
 * @manager: the manager
 *
 * Return: true when the options ask for it and the engine in use can do it.
 */
bool manager_has_busy_poll(const struct manager *manager);

/**
 * manager_uring_error() - tell why the engine is not io_uring, though that was preferred
 * @manager: the manager
 *
 * Return: the positive errno with which the preferred engine could not start; 0 when it did.
 */
int manager_uring_error(const struct manager *manager);

#endif
