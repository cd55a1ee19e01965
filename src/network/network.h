/* SPDX-License-Identifier: ISC */
#ifndef RPORT_NETWORK_NETWORK_H
#define RPORT_NETWORK_NETWORK_H

/*
 * The network, as rportd sees it: what rportd-net finds out and does in namespaces. Each function
 * below is one call of it, and is to port/port.h, port/look.h, port/observe.h, port/fastpath.h and
 * kernel/domain.h what its name says; what they return applies here, too. In addition each returns
 *
 *	-ETIMEDOUT when it was not done in time, and may still be done later;
 *	-ECONNRESET when rportd-net ended meanwhile; it is started again, and nothing is lost.
 */

#include <systemd/sd-event.h>

#include "kernel/monitor.h"
#include "kernel/packet-sockets.h"
#include "kernel/starter.h"
#include "port/ask.h"
#include "port/fastpath.h"
#include "port/derive.h"
#include "port/inspect.h"
#include "port/observe.h"

struct network;

/*
 * struct network_options - how it is started
 * @starter: borrowed; starts rportd-net
 * @role: of that, in the starter's table
 * @queues_forced: see struct staging
 * @events: called by the event loop; its userdata is that of all
 * @name: a namespace of this name may have come or gone
 * @names_missed: as may others
 * @names: these were all, for now
 * @ended: rportd-net ended, and is started again; events were lost, and @events.lost, @names_missed
 *	and @names follow
 * @not_started: it could not be started again; this is tried again by a timer
 * @failed: the starter has ended: it cannot be started any more
 */
struct network_options {
	struct starter *starter;
	unsigned int role;
	bool queues_forced;
	struct monitor_handler events;
	void (*name)(const char *name, void *userdata);
	void (*names_missed)(void *userdata);
	void (*names)(void *userdata);
	void (*ended)(const char *why, void *userdata);
	void (*not_started)(const char *why, void *userdata);
	void (*failed)(void *userdata);
};

/*
 * struct network_about - what is known once it runs
 * @own_nsid: of rportd's own namespace
 * @watch_error: -errno: names of namespaces are not watched; 0
 * @nowait: see tun_has_nowait()
 */
struct network_about {
	int own_nsid;
	int watch_error;
	bool nowait;
};

/**
 * network_new() - start rportd-net
 * @event: the loop; referenced
 * @options: copied
 * @ret: free it with network_free()
 * @err: says what is missing
 *
 * Return: 0; as staging_open(); or another -errno.
 */
int network_new(sd_event *event, const struct network_options *options, struct network **ret,
		struct rport_error *err);

/**
 * network_stop() - end rportd-net for good, and wait until it has ended
 * @network: of network_new(); calls fail with -ECONNRESET from here on
 */
void network_stop(struct network *network);

/**
 * network_free() - as network_stop(), and free what is known of it; takes NULL
 * @network: of network_new(), or NULL
 */
void network_free(struct network *network);

/**
 * network_about() - tell what is known since the start
 * @network: of network_new()
 *
 * Return: borrowed.
 */
const struct network_about *network_about(const struct network *network);

/**
 * network_drain() - have all events told that there are by now
 * @network: of network_new()
 */
void network_drain(struct network *network);

/**
 * network_replace() - end rportd-net, as it does not answer; it is started again
 * @network: of network_new()
 */
void network_replace(struct network *network);

/**
 * network_restarts() - count how often rportd-net was started again
 * @network: of network_new()
 *
 * Return: the number.
 */
unsigned int network_restarts(const struct network *network);

/**
 * network_answers() - check whether rportd-net answered since the last call of this function
 * @network: of network_new()
 *
 * One that is being started again needs not to.
 *
 * Return: false when it did not.
 */
bool network_answers(struct network *network);

/* --- domains ---------------------------------------------------------------------------------- */

/*
 * struct network_place - a domain that was found, until network_place_release()
 * @network: NULL: none
 * @number: by which rportd-net knows it
 * @domain: as it is, never DOMAIN_NETNS_ANY
 * @netns: its namespace
 * @nsid: of that, by which events name it; negative: it has none
 * @process: the process of pid:N, if it was not known before; may be taken away
 */
struct network_place {
	struct network *network;
	uint32_t number;
	struct domain domain;
	struct netns_id netns;
	int nsid;
	struct process *process;
};

/**
 * network_resolve() - domain_resolve_again()
 * @network: of network_new()
 * @domain: what to look for
 * @process: of pid:N as it was found before; NULL: as domain_resolve()
 * @ret: release it with network_place_release()
 * @err: as domain_resolve_again()
 *
 * From now on events of that namespace are told.
 *
 * Return: as domain_resolve_again().
 */
int network_resolve(struct network *network, const struct domain *domain,
		    const struct process *process, struct network_place *ret,
		    struct rport_error *err);

/**
 * network_place_release() - let go of a domain
 * @place: of network_resolve(), or zeroed
 */
void network_place_release(struct network_place *place);
#define _cleanup_network_place_ _cleanup_(network_place_release)

/**
 * network_exists() - check whether there is an interface of that name
 * @network: of network_new()
 * @place: where; NULL: in rportd's own namespace
 * @name: of the interface
 *
 * Return: 1; 0; or another -errno.
 */
int network_exists(struct network *network, const struct network_place *place, const char *name);

/* --- devices ---------------------------------------------------------------------------------- */

/**
 * network_make() - port_make()
 * @port: has a spec, with a name, and no device
 * @place: the domain of the spec
 * @unless_taken: ask first whether an interface there has the name, see port_name_taken()
 * @err: names the step, the object and the reason
 *
 * Return: 0; 1 when the name is taken, and nothing was made; or as port_make().
 */
int network_make(struct port *port, const struct network_place *place, bool unless_taken,
		 struct rport_error *err);

/**
 * network_adopt() - port_adopt()
 * @network: of network_new()
 * @port: has a spec, complete, and no device
 * @fds: one for each queue of the spec; owned by the port on success, else still by the caller
 * @place: the domain of the spec
 *
 * Return: as port_adopt().
 */
int network_adopt(struct network *network, struct port *port, const int fds[],
		  const struct network_place *place);

/**
 * network_derive() - port_derive()
 * @network: of network_new()
 * @fds: of its queues; stay the caller's
 * @n: how many
 * @ret: the caller frees its spec with port_spec_release()
 *
 * Return: as port_derive().
 */
int network_derive(struct network *network, const int fds[], unsigned int n,
		   struct port_derived *ret);

/**
 * network_look() - port_look()
 * @network: of network_new()
 * @port: with a device
 * @ret_lost: why the device is lost, valid until the next call; else untouched
 *
 * Return: as port_look().
 */
int network_look(struct network *network, struct port *port, const char **ret_lost);

/**
 * network_lost_name() - port_lost_name()
 * @network: of network_new()
 * @port: any port
 * @ret_lost: why the port has to let go of its device, valid until the next call; unchanged while it
 *	has not
 *
 * Return: as port_lost_name().
 */
int network_lost_name(struct network *network, const struct port *port, const char **ret_lost);

/**
 * network_remove() - port_remove() of several ports at once
 * @network: of network_new()
 * @ports: with or without a device
 * @n: how many
 *
 * If rportd-net does not do it, the kernel does as the last descriptor is closed.
 */
void network_remove(struct network *network, struct port *ports[], size_t n);

/**
 * network_remove_devices() - port_remove_devices()
 * @network: of network_new()
 * @fds: of TUN devices in one namespace; they stay open
 * @n: how many
 */
void network_remove_devices(struct network *network, const int fds[], size_t n);

/**
 * network_remove_unnamed() - remove devices that keep a namespace alive which has lost its name
 * @network: of network_new()
 * @name: in /run/netns, which may keep the namespace
 * @fds: of TUN devices, which stay open; only those are removed that are in the same namespace as the
 *	first, and keep it alive
 * @n: how many, at least one
 */
void network_remove_unnamed(struct network *network, const char *name, const int fds[], size_t n);

/**
 * network_update_carrier() - set the carrier of the device to that of link_carrier(), if it differs
 * @network: of network_new()
 * @port: nothing happens to one without a device
 *
 * Return: 0; or as port_set_carrier().
 */
int network_update_carrier(struct network *network, struct port *port);

/**
 * network_set_alias() - port_set_alias()
 * @network: of network_new()
 * @port: without a device it gets the alias when the device is made
 * @alias: copied
 */
void network_set_alias(struct network *network, struct port *port, const char *alias);

/* --- settings --------------------------------------------------------------------------------- */

/**
 * network_bring_up() - port_bring_up()
 * @network: of network_new()
 * @port: with a device
 * @again: true: an address that the port has already is no error
 * @err: names the step, the object and the reason
 *
 * Return: as port_bring_up().
 */
int network_bring_up(struct network *network, struct port *port, bool again,
		     struct rport_error *err);

/**
 * network_give_back() - port_give_back()
 * @network: of network_new()
 * @port: with a device
 * @err: names the step, the object and the reason
 *
 * Return: as port_give_back().
 */
int network_give_back(struct network *network, struct port *port, struct rport_error *err);

/**
 * network_take_down() - port_take_down()
 * @network: of network_new()
 * @port: with a device
 * @err: names the step, the object and the reason
 *
 * Return: as port_take_down().
 */
int network_take_down(struct network *network, struct port *port, struct rport_error *err);

/**
 * network_change() - port_change()
 * @network: of network_new()
 * @port: with a device; its spec, and its administrative state, are the new ones
 * @given: the former spec
 * @scope: PLAN_* bits
 * @again: as for network_bring_up()
 * @err: names the step, the object and the reason
 *
 * Return: as port_change().
 */
int network_change(struct network *network, struct port *port, const struct port_spec *given,
		   unsigned int scope, bool again, struct rport_error *err);

/**
 * network_put_back() - port_put_back()
 * @network: of network_new()
 * @port: with a device
 * @err: names the step, the object and the reason
 *
 * Return: as port_put_back().
 */
int network_put_back(struct network *network, struct port *port, struct rport_error *err);

/**
 * network_set_mtu() - port_set_mtu()
 * @network: of network_new()
 * @port: with a device
 * @mtu: bytes, LINK_MTU_MIN to LINK_MTU_MAX
 * @err: names the step, the object and the reason
 *
 * Return: as port_set_mtu().
 */
int network_set_mtu(struct network *network, struct port *port, unsigned int mtu,
		    struct rport_error *err);

/**
 * network_preview() - plan what network_change() would do, without doing it
 * @network: of network_new()
 * @port: with a device
 * @spec: the new spec, its domain and its name complete
 * @ret: the steps; free them with plan_release()
 *
 * Return: 0; -ENOMEM; or as port_observe().
 */
int network_preview(struct network *network, const struct port *port, const struct port_spec *spec,
		    struct plan *ret);

/**
 * network_compare() - find the drift of a port, see port_compare_seen()
 * @network: of network_new()
 * @port: port->drift becomes the result; without a device there is no drift
 *
 * Return: 1: the drift changed; 0: it is the same; or -errno, as port_observe(): the former drift
 * stays.
 */
int network_compare(struct network *network, struct port *port);

/**
 * network_ask() - ask about many ports, and wait for the answers until a deadline
 * @network: of network_new()
 * @ports: with a device
 * @n: how many, at most PORT_ASK_MAX
 * @observe: true: ask about their settings, too
 * @deadline: CLOCK_MONOTONIC, in microseconds
 * @ret: the answers, in the order of @ports; the caller frees what they saw
 *
 * Other calls do not wait for a query that is late. Until it has been answered no other one is
 * made.
 *
 * Return: how many answers there are.
 */
unsigned int network_ask(struct network *network, struct port *const ports[], unsigned int n,
			 bool observe, uint64_t deadline, struct port_answer ret[]);

/* --- the fast path ---------------------------------------------------------------------------- */

/**
 * network_lay() - fastpath_lay()
 * @network: of network_new()
 * @ports: the ports of a link
 * @want: by end: what this port sends takes the fast path
 * @keep: as for fastpath_lay()
 * @path: brought up to date
 * @err: names the step and the reason
 *
 * Return: as fastpath_lay().
 */
int network_lay(struct network *network, struct port *const ports[static 2],
		const bool want[static 2], bool keep, struct fastpath *path,
		struct rport_error *err);

/* The fast path of a link. */
struct network_path {
	struct port *const *ports; /* of the link */
	struct fastpath *path;
};

/**
 * network_clear() - fastpath_clear() of several links at once
 * @network: of network_new()
 * @paths: of links; what is done is zeroed, as by fastpath_forget()
 * @n: how many, at least one
 * @keep: as for fastpath_clear()
 *
 * Return: how many were done, from the first: at least one.
 */
size_t network_clear(struct network *network, const struct network_path paths[], size_t n,
		     bool keep);

#define NETWORK_COUNTS_MAX 64

/**
 * network_counts() - read what programs count
 * @network: of network_new()
 * @counts: descriptors, see struct fastpath
 * @n: how many, at most NETWORK_COUNTS_MAX
 * @ret: the counts, in that order
 *
 * Return: 0; -ETIMEDOUT; or -ECONNRESET.
 */
int network_counts(struct network *network, const int counts[], unsigned int n,
		   struct fastpath_count ret[]);

/**
 * network_captures() - packet_sockets_find() in the namespace where a port is
 * @network: of network_new()
 * @port: with a device
 * @ret: what was found
 *
 * Return: as packet_sockets_find().
 */
int network_captures(struct network *network, const struct port *port, struct packet_sockets *ret);

/**
 * network_sweep() - fastpath_sweep()
 * @network: of network_new()
 */
void network_sweep(struct network *network);

/* --- checks ----------------------------------------------------------------------------------- */

/**
 * network_local_first() - inspect_local_first()
 * @network: of network_new()
 * @port: with a device
 * @ret: as inspect_local_first()
 *
 * Return: as inspect_local_first().
 */
int network_local_first(struct network *network, const struct port *port,
			bool ret[static CHECK_FAMILIES]);

#define NETWORK_CHECKS_MAX 4 /* under way at the same time */

/* @result: borrowed; NULL: rportd-net ended meanwhile */
typedef void (*network_checked_t)(const struct inspect_result *result, void *userdata);

/**
 * network_check() - inspect_link(), and perhaps inspect_probe(), without waiting
 * @network: of network_new()
 * @ends: where to look; not needed any more afterwards
 * @probe: send probes, too
 * @done: called once, by the event loop; never if the network is freed before
 * @userdata: for @done
 *
 * There is no deadline: what hangs in a namespace keeps one of NETWORK_CHECKS_MAX places.
 *
 * Return: 0; -EBUSY when all places are taken; or -ECONNRESET.
 */
int network_check(struct network *network, const struct inspect_end ends[static 2], bool probe,
		  network_checked_t done, void *userdata);

#endif
