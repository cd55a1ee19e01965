/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_MANAGER_PRIVATE_H
#define RPORT_MANAGER_MANAGER_PRIVATE_H

/*
 * What the files of the manager share with each other:
 *
 *	manager.c	the verbs for ports; beginning and end
 *	parents.c	the verbs for parents, and so links
 *	events.c		what becomes known of ports, and what is done about it
 *	ask.c		what an answer asks the kernel
 *	suspects.c	ports whose settings are compared with what was asked for
 *	reconcile.c		ports without a device: what they wait for, and how they get one
 *	restore.c	what the next daemon is told
 *	adopt.c		what it finds out by itself, when it was not told
 */

#include "store/counters.h"
#include "manager/budget.h"
#include "manager/manager.h"
#include "kernel/monitor.h"
#include "kernel/netns-watch.h"
#include "store/fdstore.h"

struct manager {
	struct manager_options options;
	struct manager_observer observer;
	struct port_yard yard;
	struct monitor *monitor;
	struct netns_watch *names; /* of namespaces; NULL: it cannot be had */
	struct shuttle *shuttle;
	struct table table;
	int own_nsid; /* by which the monitor may name our own namespace */

	struct state *state; /* NULL: we are ending, and nothing is recorded any more */
	struct counters *counters;
	sd_event_source *alive;

	struct port_list dirty; /* ports that have to be looked at */
	struct port_list suspects;
	sd_event_source *compare; /* timer: look at the suspects' settings */
	struct budget budget;     /* of the time that this takes */
	struct port_asker *asker;
	unsigned int asking; /* round of manager_ask_all() */

	struct port_list pending;
	unsigned int n_pending;
	sd_event_source *retry;     /* timer: try pending ports */
	uint64_t retry_at;          /* when it expires, UINT64_MAX: never */
	bool poked;                 /* something came that any of them may have waited for */
	struct netns_watch *mounts; /* while ports are pending; NULL: none, or it failed */
};

/* --- manager.c --- */

/**
 * manager_add_port() - take a port into the table, without a device
 * @manager: the manager
 * @spec: its contents are taken over, in any case
 * @slot: of its counters, inherited; or MANAGER_NEW_SLOT
 * @ret: the port, owned by the manager
 * @err: what failed, and why
 *
 * Return: 0 or -errno.
 */
int manager_add_port(struct manager *manager, struct port_spec *spec, unsigned int slot,
		     struct port **ret, struct rport_error *err);
#define MANAGER_NEW_SLOT UINT32_MAX

/**
 * manager_remove_port() - remove a port with its device, and free it
 * @manager: the manager
 * @port: in no link
 */
void manager_remove_port(struct manager *manager, struct port *port);

/* --- parents.c --- */

/**
 * manager_connect() - begin to move frames between the ports of a link, if both have a device
 * @stale: what waits in them is old
 */
int manager_connect(struct manager *manager, struct rport_link *link, bool stale);

/**
 * manager_disconnect() - stop
 */
void manager_disconnect(struct rport_link *link);

/**
 * manager_tie() - make a link of two ports whose rules allow it
 * @name: not taken
 */
int manager_tie(struct manager *manager, struct port *port, struct port *parent, const char *name,
		bool stale, struct rport_error *err);

/**
 * manager_set_alias() - let `ip link` show of which link a port is
 */
void manager_set_alias(struct port *port, const char *link, unsigned int end);

/* --- events.c --- */

/**
 * watch_look() - see at once how a port is, and where
 * @manager: the manager
 * @port: the port; afterwards it may be pending
 *
 * Netlink events may still be queued, and a moved interface has a new ifindex. Call this before
 * changing a port, or the change may hit someone else's interface.
 */
void watch_look(struct manager *manager, struct port *port);

/**
 * watch_take_in() - note what the kernel says of a port now
 * @manager: the manager
 * @port: the port
 * @dev: the interface of the port, just asked for
 */
void watch_take_in(struct manager *manager, struct port *port, const struct rtnl_dev *dev);

int watch_start(struct manager *manager, sd_event *event, struct rport_error *err);
void watch_stop(struct manager *manager);

/**
 * watch_mark_dirty() - something is known of a port that has to be acted on, or told
 */
void watch_mark_dirty(struct manager *manager, struct port *port);
void watch_mark_peer_dirty(struct manager *manager, struct port *port);

/**
 * watch_forget() - a port is about to go
 */
void watch_forget(struct manager *manager, struct port *port);

/**
 * watch_port_gone() - the shuttle says that a port was removed; see shuttle_options.gone
 */
void watch_port_gone(void *owner, unsigned int end, void *userdata);

/**
 * watch_link_moved() - the shuttle says that a link has other workers; see shuttle_options.moved
 */
void watch_link_moved(void *owner, void *userdata);

/**
 * watch_enter_index() - know a port by its number from now on
 */
int watch_enter_index(struct manager *manager, struct port *port);

/**
 * watch_is_in_sight() - is the port known by its number?
 */
bool watch_is_in_sight(const struct manager *manager, const struct port *port);

/**
 * watch_restore() - give a port what the kernel took away while it was down
 */
void watch_restore(struct port *port);

/* --- ask.c --- */

/**
 * manager_start_asking() - start the thread that asks the kernel; see port_asker_free()
 * @manager: the manager
 * @err: what failed, and why
 *
 * Return: 0 or -errno.
 */
int manager_start_asking(struct manager *manager, struct rport_error *err);

/* --- suspects.c --- */

int watch_start_suspects(struct manager *manager, sd_event *event);
void watch_stop_suspects(struct manager *manager);

/**
 * watch_suspect() - its settings may be other than they were asked to be: look soon
 */
void watch_suspect(struct manager *manager, struct port *port);

/**
 * watch_acquit() - no need to look any more
 */
void watch_acquit(struct manager *manager, struct port *port);

/**
 * watch_doubt() - an event was not acted on: locate a port, and compare it, soon
 */
void watch_doubt(struct manager *manager, struct port *port);

/**
 * watch_doubt_all() - events were lost: locate each port, and compare it, soon
 */
void watch_doubt_all(struct manager *manager);

/**
 * watch_may_look() - when may a port be looked at?
 *
 * Return: CLOCK_MONOTONIC, in microseconds; not after now unless its namespace has taken more than
 * its share of the main loop's time.
 */
uint64_t watch_may_look(const struct manager *manager, const struct port *port);

/**
 * watch_charge() - a namespace has taken some of the main loop's time
 * @start: when that began, CLOCK_MONOTONIC in microseconds
 *
 * Return: the time now.
 */
uint64_t watch_charge(struct manager *manager, int nsid, uint64_t start);

/* --- reconcile.c --- */

int hold_start(struct manager *manager, sd_event *event, struct rport_error *err);
void hold_stop(struct manager *manager);

/**
 * hold_give_up() - remove the device of a port, whatever state it is in, with all that refers to it
 * @port: as port_adopt() or hold_settle() left it, or one without a device
 *
 * Its link, the index and what is stored for the next daemon let go of it. Nothing is counted or
 * logged.
 */
void hold_give_up(struct manager *manager, struct port *port);

/**
 * hold_lost() - the device of a port is gone, or must go
 */
void hold_lost(struct manager *manager, struct port *port, const char *reason);

/**
 * hold_resolve() - open the domain of a port
 * @port: gets the process that pid:N stands for, if it has none yet
 * @ret: release it with domain_place_release()
 * @err: says what was looked for
 *
 * Return: as domain_resolve_again(); -ENOENT, too, when a former daemon knew the process.
 */
int hold_resolve(struct port *port, struct domain_place *ret, struct rport_error *err);

/**
 * hold_try() - give a port its device now
 * Return: 0 or -errno; then the port waits for the next try.
 */
int hold_try(struct manager *manager, struct port *port, struct rport_error *err);

/**
 * hold_settle() - a port has a device: begin what it is for
 * @stale: what waits in it is old
 */
int hold_settle(struct manager *manager, struct port *port, bool stale, struct rport_error *err);

/**
 * hold_poke() - something came or went that a port may have waited for
 */
void hold_poke(struct manager *manager);

/**
 * hold_forget() - a port is about to go
 */
void hold_forget(struct manager *manager, struct port *port);

/* --- restore.c --- */

#define RECORD_DEVICE \
	"p" /* and the number of the port: its device in the store; see state_store_fd() */

/* And the number of the port: the process that is its domain, a pidfd. */
#define RECORD_PROCESS "d"

/**
 * record_port() - tell the next daemon what a port, or the link it is in, shall be
 */
void record_port(struct manager *manager, const struct port *port);

/**
 * record_forget_port() - of a port by itself
 */
void record_forget_port(struct manager *manager, const struct port *port);

/**
 * record_forget_link() - there is no such link any more
 */
void record_forget_link(struct manager *manager, const struct rport_link *link);

/**
 * record_device() - keep the device of a port over a restart; or no longer, if it has none
 *
 * With a device the process that is its domain is kept, too, until record_drop_process().
 */
void record_device(struct manager *manager, const struct port *port);

/**
 * record_drop_device() - keep a device no longer
 * @slot: the number of its port
 * @queues: of the device
 */
void record_drop_device(struct manager *manager, unsigned int slot, unsigned int queues);

/**
 * record_drop_process() - keep the process that is the domain of a port no longer
 * @manager: whose store has it
 * @port: which is about to go; its domain may be another one
 */
void record_drop_process(struct manager *manager, const struct port *port);

/**
 * record_take_queues() - take the descriptors of a device that a former daemon had
 * @slot: the number of its port
 * @n: how many have been taken, and are in @fds
 * @fds: the others are put behind them; now the caller's
 *
 * Return: how many there are in all.
 */
unsigned int record_take_queues(struct manager *manager, unsigned int slot, unsigned int n,
				int fds[static TUN_QUEUES_MAX]);

/**
 * record_restore() - be as the former daemon was
 */
void record_restore(struct manager *manager);

/* --- adopt.c --- */

/**
 * adopt_all() - take over the devices that were handed on, by what the kernel knows of them
 */
void adopt_all(struct manager *manager);

#endif
