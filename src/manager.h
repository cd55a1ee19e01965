/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_H
#define RPORT_MANAGER_H

/*
 * The table of ports and links, and the only place that orders namespaces, TUN devices, rtnetlink
 * and the shuttle about: validate, stage, commit, roll back.
 */

#include <systemd/sd-event.h>

#include "port.h"
#include "shuttle.h"
#include "spec.h"

struct manager;

struct rport_link {
	struct link_spec spec; /* with its domains as they were found */
	struct port ports[2];
	struct shuttle_link *shuttle;
};

struct manager_options {
	unsigned int workers;
	enum shuttle_datapath datapath;
	unsigned int max_links;
};

enum pair_result {
	PAIR_CREATED,
	PAIR_REPLACED,
	PAIR_UNCHANGED,
};

enum port_state {
	PORT_UP,
	PORT_DOWN,
	PORT_GONE,
};

/* A port as it is now. */
struct port_status {
	enum port_state state;
	bool carrier;
	unsigned int index, mtu;
	char ifname[IFNAMSIZ];
	uint64_t interface_dropped;
	struct flow_counters counters;
};

/**
 * manager_new() - begin to manage; no links yet
 * @event: the loop; referenced
 * @ret: free it with manager_free()
 * @err: what is missing on this machine
 *
 * Return: 0 or -errno.
 */
int manager_new(sd_event *event, const struct manager_options *options, struct manager **ret,
		struct rport_error *err);

/**
 * manager_free() - remove all links and their ports; takes NULL
 */
void manager_free(struct manager *manager);

/**
 * manager_pair() - join two domains
 * @spec: what the link shall be; completed (domains, name); its contents are taken over on success
 *and are the caller's to release in any case
 * @replace: a link of that name with other parameters makes way
 * @ret_result: what was done
 * @ret_link: the link; valid until control returns to the event loop
 * @err: which step failed, on what, and why
 *
 * All or nothing: a failure leaves nothing behind, and a link that was to be replaced is there
 *again.
 *
 * Return: 0 or -errno.
 */
int manager_pair(struct manager *manager, struct link_spec *spec, bool replace,
		 enum pair_result *ret_result, struct rport_link **ret_link,
		 struct rport_error *err);

/**
 * manager_find() - a link by its name, or by one of its interfaces
 * @name: of the link; or of an interface, IFNAME or DOMAIN/IFNAME, where only one link has such a
 * one
 *
 * Return: 0; -ENOENT (RPORT_ERR_LINK_NOT_FOUND) or -EINVAL (RPORT_ERR_AMBIGUOUS).
 */
int manager_find(struct manager *manager, const char *name, struct rport_link **ret,
		 struct rport_error *err);

/**
 * manager_unpair() - remove a link and its ports
 */
void manager_unpair(struct manager *manager, struct rport_link *link);

/**
 * manager_foreach() - call @fn for every link, in the order of names
 * @fn: must not pair or unpair
 */
void manager_foreach(struct manager *manager, void (*fn)(struct rport_link *link, void *userdata),
		     void *userdata);

/**
 * manager_n_links() - how many there are
 */
unsigned int manager_n_links(const struct manager *manager);

/**
 * manager_port_status() - a port as it is now, the kernel asked
 */
void manager_port_status(struct manager *manager, const struct port *port, struct port_status *ret);

/**
 * manager_datapath() - the name of the engine that moves the packets
 */
const char *manager_datapath(const struct manager *manager);

#endif
