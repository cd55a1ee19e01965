/* SPDX-License-Identifier: ISC */
#ifndef RPORT_FAKE_KERNEL_H
#define RPORT_FAKE_KERNEL_H

/*
 * A kernel in memory, for tests of the manager without root. It stands behind the interface of
 * src/kernel, of the shuttle, of sd-event and of the service manager: a test program that is linked
 * with these files calls them instead of the members of librportd.a.
 *
 * It has network namespaces, names of them in /run/netns, processes, interfaces with addresses and
 * routes, and it does with them what Linux does. Descriptors are real ones (of /dev/null), so that
 *a leak of them shows in /proc/self/fd. Time passes only when the test says so, and a little with
 * each call. What happens goes into a queue of events, and the test decides when they are told.
 *
 *	fake_kernel.c	namespaces, names, processes, descriptors, failures, time
 *	fake_devices.c	interfaces: what becomes of them when somebody does something
 *	fake_calls.c	the functions of src/kernel, but for
 *	fake_tun.c	/dev/net/tun
 *	fake_monitor.c	the monitor, and the watch on names
 *	fake_loop.c	sd-event
 *	fake_shuttle.c	the shuttle, and the descriptor store
 *
 * Functions that begin with fake_ are for the tests; those that return int return 0 or -errno.
 */

#include <net/if.h>
#include <sys/queue.h>

#include "base/route.h"
#include "kernel/tun.h"

#define FAKE_NAMES_MAX      16
#define FAKE_FDS_MAX        4096
#define FAKE_ADDRESSES_MAX  16
#define FAKE_ROUTES_MAX     16
#define FAKE_FDS_OF_STORE   512 /* descriptors of the store have this number or a higher one */
#define FAKE_ROUTE_OF_OTHER 3   /* protocol of a route that is not rportd's: RTPROT_BOOT */

struct fake_address {
	struct ip_prefix prefix;
	struct ip_address peer;
};

struct fake_route {
	struct route_spec route;
	uint32_t table;
	unsigned char protocol;
};

enum fake_kind {
	FAKE_TUN,
	FAKE_VRF,
	FAKE_DUMMY, /* any other interface */
};

/* What somebody else has changed of an interface, for the test. */
enum {
	FAKE_TOUCHED_NAME = 1 << 0,
	FAKE_TOUCHED_MTU = 1 << 1,
	FAKE_TOUCHED_ADMIN = 1 << 2,
	FAKE_TOUCHED_SETTINGS = 1 << 3,
	FAKE_TOUCHED_PLACE = 1 << 4,
};

/*
 * struct fake_dev - an interface
 * @netns: NULL: it was removed, and only descriptors of its queues are left
 * @no_ipv6: somebody has switched IPv6 off (disable_ipv6)
 * @touched: FAKE_TOUCHED_* bits
 * @bounced: for the test: somebody else set it up
 * @queues: open descriptors of queues, each open file once
 * @foreign: queues that somebody else has opened
 */
struct fake_dev {
	TAILQ_ENTRY(fake_dev) entry;
	struct fake_netns *netns;
	enum fake_kind kind;
	unsigned int index;
	char name[IFNAMSIZ];
	char altname[IFNAMSIZ];
	char alias[128];
	unsigned int mtu;
	bool up, carrier, no_ipv6;
	unsigned int master;
	uint32_t table; /* of a VRF */
	uint32_t group;

	/* of a TUN */
	bool pi, vnet, multi, persist, changed;
	unsigned int queues, foreign;

	struct fake_address addresses[FAKE_ADDRESSES_MAX];
	size_t n_addresses;
	struct fake_route routes[FAKE_ROUTES_MAX];
	size_t n_routes;
	unsigned int touched;
	bool bounced;
};

TAILQ_HEAD(fake_dev_list, fake_dev);

/*
 * struct fake_netns - a network namespace
 * @refs: names, processes, descriptors and sockets: it goes with the last of them
 * @nsid: its number in rportd's own namespace, -1: none
 */
struct fake_netns {
	TAILQ_ENTRY(fake_netns) entry;
	ino_t ino;
	unsigned int refs;
	int nsid;
	unsigned int last_index;
	struct fake_dev_list devs;
};

/*
 * struct fake_name - a file in /run/netns
 * @netns: mounted on it; NULL: an empty file, or a link
 * @pid: it is a link to /proc/PID/ns/net; 0: it is not
 * @hangs: whoever opens it waits until the deadline
 */
struct fake_name {
	char name[32]; /* "": this one is free */
	struct fake_netns *netns;
	pid_t pid;
	bool hangs;
};

struct fake_process {
	TAILQ_ENTRY(fake_process) entry;
	pid_t pid;
	bool ended;
	struct fake_netns *netns; /* NULL: it has ended */
	unsigned int refs;        /* pidfds, and one while it lives */
};

/*
 * struct fake_kernel - all there is
 * @current: the namespace of the calling thread
 * @now: CLOCK_MONOTONIC and CLOCK_BOOTTIME, microseconds
 * @slow: every so many calls one takes some milliseconds, on average; 0: none does
 * @calls: how many have been made
 * @faults: how many of these could have failed
 * @fail_at: the number, among these, of the call that fails; 0: none
 * @fail_rate: one call in so many fails, on average; 0: none
 * @failed: how many calls were made to fail
 * @failed_call: the name of the last one
 * @kill_at: before the call of this number rportd is killed; 0: it is not
 * @dead: it has been: nothing that it does has an effect, but that its descriptors are closed
 * @old: as Linux before 6.2: an interface that is up cannot be renamed
 * @lazy: a namespace that nobody keeps any more goes a while later, as in cleanup_net()
 */
struct fake_kernel {
	uint64_t random;
	TAILQ_HEAD(fake_netns_list, fake_netns) namespaces;
	TAILQ_HEAD(fake_process_list, fake_process) processes;
	struct fake_name names[FAKE_NAMES_MAX];
	struct fake_netns *own, *current;
	uint64_t now;
	unsigned int slow;

	uint64_t calls, faults, fail_at, kill_at;
	unsigned int fail_rate, failed;
	const char *failed_call;
	bool dead;
	bool old, lazy;
};

extern struct fake_kernel fake;

/* --- fake_kernel.c --- */

/**
 * fake_begin() - boot: rportd's own namespace, and nothing else
 * @seed: of all that is left to chance
 */
void fake_begin(uint64_t seed);

/**
 * fake_end() - remove all there is; the daemon must have ended, and the store be empty
 */
void fake_end(void);

/**
 * fake_random() - a number below @below, by chance
 */
unsigned int fake_random(unsigned int below);

/**
 * fake_call() - each function of the kernel begins with this: time passes, and it may fail
 * @call: its name
 * @errnos: positive numbers with which it may fail, ended by 0
 *
 * Return: 0 or -errno.
 */
int fake_call(const char *call, const int *errnos);
#define FAKE_ERRNOS(...) ((const int[]){ __VA_ARGS__, 0 })

/* In a function of the kernel that may fail with one of these: whether it does. */
#define FAKE_CALL(...)                                                  \
	do {                                                            \
		int r_ = fake_call(__func__, FAKE_ERRNOS(__VA_ARGS__)); \
		if (r_ < 0)                                             \
			return r_;                                      \
	} while (0)
#define FAKE_NO_MEMORY ENOMEM, ENOBUFS
#define FAKE_NO_FILES  ENOMEM, EMFILE, ENFILE

struct fake_netns *fake_netns_new(void);
void fake_netns_get(struct fake_netns *netns);
void fake_netns_put(struct fake_netns *netns);
struct fake_netns *fake_netns_by_nsid(int nsid);

/** fake_netns_number() - the number that a namespace has in rportd's; it is given one */
int fake_netns_number(struct fake_netns *netns);

/** fake_netns_reap() - one that nobody keeps any more goes. Return: whether there was one */
bool fake_netns_reap(void);

/** fake_name_find() - the file of that name in /run/netns, or of that path, or NULL */
struct fake_name *fake_name_find(const char *name);

/** fake_name_netns() - what a name stands for, or NULL */
struct fake_netns *fake_name_netns(const char *name);

/**
 * fake_name_set() - make a name in /run/netns, or let one stand for another namespace
 * @netns: NULL: for none, an empty file
 * @mount: as mount(2) and `ip netns add` do it, of which the watch on names may not hear; else as a
 *	symbolic link that is renamed over what was there
 */
void fake_name_set(const char *name, struct fake_netns *netns, bool mount);

/** fake_name_link() - make a name a link to the namespace of a process */
void fake_name_link(const char *name, pid_t pid);

/** fake_name_remove() - `ip netns delete`, which leaves the namespace to those who are in it */
void fake_name_remove(const char *name);

struct fake_process *fake_process_start(pid_t pid, struct fake_netns *netns);
struct fake_process *fake_process_find(pid_t pid);
void fake_process_end(struct fake_process *process);

/* Descriptors: what each open file is. */
enum fake_file_kind {
	FAKE_FILE_NETNS,
	FAKE_FILE_SOCKET, /* of rtnetlink: keeps its namespace */
	FAKE_FILE_QUEUE,  /* keeps the namespace in which it was opened */
	FAKE_FILE_PIDFD,
	FAKE_FILE_OTHER,
};

struct fake_file {
	enum fake_file_kind kind;
	unsigned int refs; /* descriptors */
	struct fake_netns *netns;
	struct fake_dev *dev;
	struct fake_process *process;
};

/** fake_netns_of() - the namespace of a descriptor that stands for one */
struct fake_netns *fake_netns_of(int fd);

/** fake_open() - a new descriptor; what it refers to is taken over. Return: it, or -errno */
int fake_open(const struct fake_file *file);

/** fake_file() - the open file of a descriptor, or NULL when it is none of ours */
struct fake_file *fake_file(int fd);

/** fake_dup() - a new descriptor for the same file: number @fd, or the lowest from @from on */
int fake_dup(int old, int from);
int fake_dup_to(int old, int fd);

/** fake_descriptors() - how many this process has open */
unsigned int fake_descriptors(void);

/* --- fake_devices.c: what anybody may do --- */

struct fake_dev *fake_dev_new(struct fake_netns *netns, const char *name, enum fake_kind kind);
struct fake_dev *fake_dev_by_name(const struct fake_netns *netns, const char *name);
struct fake_dev *fake_dev_by_index(const struct fake_netns *netns, unsigned int index);
struct fake_dev *fake_vrf_new(struct fake_netns *netns, const char *name, uint32_t table);
void fake_dev_remove(struct fake_dev *dev);

/** fake_dev_release() - the last descriptor of a removed one is closed */
void fake_dev_release(struct fake_dev *dev);

void fake_dev_up(struct fake_dev *dev, bool up);
int fake_dev_mtu(struct fake_dev *dev, unsigned int mtu);
int fake_dev_rename(struct fake_dev *dev, const char *name);
int fake_dev_enslave(struct fake_dev *dev, unsigned int master);
int fake_dev_move(struct fake_dev *dev, struct fake_netns *to);
void fake_dev_carrier(struct fake_dev *dev, bool carrier);
void fake_dev_alias(struct fake_dev *dev, const char *alias);
void fake_dev_no_ipv6(struct fake_dev *dev, bool off);
int fake_address_add(struct fake_dev *dev, const struct ip_prefix *prefix,
		     const struct ip_address *peer);
int fake_address_delete(struct fake_dev *dev, const struct ip_prefix *prefix);
const struct fake_address *fake_address_find(const struct fake_dev *dev,
					     const struct ip_address *address);
int fake_route_add(struct fake_dev *dev, const struct route_spec *route, uint32_t table,
		   unsigned char protocol);
int fake_route_delete(struct fake_dev *dev, const struct route_spec *route, uint32_t table);
bool fake_route_find(const struct fake_dev *dev, const struct route_spec *route, uint32_t table);

/**
 * fake_route_rival() - whose route has the place of this one in a table?
 * Return: the interface, or NULL.
 */
struct fake_dev *fake_route_rival(const struct fake_netns *netns, const struct route_spec *route,
				  uint32_t table);

/* --- fake_monitor.c --- */

/** fake_tell_device() - an interface is new, or changed; or was removed */
void fake_tell_device(const struct fake_dev *dev, bool removed);

/** fake_tell_settings() - an address or a route of an interface came or went */
void fake_tell_settings(const struct fake_dev *dev);

/** fake_tell_nsid() - a namespace in which nobody is any more lost its number */
void fake_tell_nsid(int nsid);

/** fake_tell_name() - a name changed, NULL: any; @mounted: only a watch on mounts hears of it */
void fake_tell_name(const char *name, bool mounted);

/** fake_join_events() - the last event is not told before the one that came before it */
void fake_join_events(void);

/** fake_lose_events() - the receive buffer is full: some of what waits is lost */
void fake_lose_events(void);

/** fake_say_lost() - events were lost, it says, but none was */
void fake_say_lost(void);

/** fake_double_event() - one of the events that wait comes twice */
void fake_double_event(void);

/** fake_monitor_turn() - tell of as many events as @n */
void fake_monitor_turn(unsigned int n);
bool fake_monitor_idle(void);

/** fake_watch_turn() - tell one watch that names changed. Return: whether there was something */
bool fake_watch_turn(void);
bool fake_watch_idle(void);

/** fake_monitor_end() - fails the test if the monitor or a watch is left */
void fake_monitor_end(void);

/* --- fake_loop.c --- */

/**
 * fake_turn() - a turn of the event loop: tell of something that waits, or run a timer that is due
 * @events: so many events of interfaces at most
 */
void fake_turn(unsigned int events);

/** fake_pass() - let time pass, with all that it brings, until @usec have gone by */
void fake_pass(uint64_t usec);

/** fake_idle() - does nothing wait to be told or done now? */
bool fake_idle(void);

/** fake_loop_end() - fails the test if a timer or somebody who listens is left */
void fake_loop_end(void);

/* --- fake_shuttle.c --- */

/** fake_shuttle_turn() - tell of one port that was removed. Return: whether there was one */
bool fake_shuttle_turn(void);
bool fake_shuttle_idle(void);

/** fake_shuttle_uses() - is this descriptor used by the data path? */
bool fake_shuttle_uses(int fd);

/** fake_shuttle_links() - how many links it has */
unsigned int fake_shuttle_links(void);

/** fake_store_find() - the descriptor of that name in the store, or -1 */
int fake_store_find(const char *name);

/** fake_store_count() - how many descriptors are in the store */
unsigned int fake_store_count(void);

/** fake_store_foreach() - call @fn for each */
void fake_store_foreach(void (*fn)(const char *name, int fd));

/** fake_store_clear() - the service was stopped: what the store has goes */
void fake_store_clear(void);

/** fake_trace() - print what happens, if that was asked for */
void fake_trace(const char *fmt, ...) _printf_(1, 2);

/**
 * fake_fail() - the test has failed
 */
void fake_fail(const char *fmt, ...) _printf_(1, 2) __attribute__((noreturn));
#define fake_require(condition)                                                         \
	do {                                                                            \
		if (!(condition))                                                       \
			fake_fail("%s:%d: not so: %s", __FILE__, __LINE__, #condition); \
	} while (0)

#endif
