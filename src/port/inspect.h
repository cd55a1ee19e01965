/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_INSPECT_H
#define RPORT_PORT_INSPECT_H

/*
 * Looks into the namespaces of both ports of a link, for check.h, and sends probes. It waits for the
 * kernel as long as that takes, and so is for a thread of its own.
 */

#include "kernel/probe.h"
#include "port/check.h"

/*
 * struct inspect_end - where to look
 * @port: the port; NULL: it has no interface where it belongs
 * @own: it is in the namespace of rportd
 */
struct inspect_end {
	const struct port *port;
	bool own;
};

/* A probe for each direction and family. */
#define INSPECT_PROBES_MAX (2 * CHECK_FAMILIES)

/*
 * struct inspect_probe - what became of a probe
 * @from: the end where it was sent
 * @family: of the packet
 * @error: 0; or -errno of probe_send(): no probe was possible
 * @result: what became of it
 * @interface_dropped: the kernel counted a packet as dropped at the interface meanwhile
 */
struct inspect_probe {
	unsigned int from;
	enum check_family family;
	int error;
	struct probe_result result;
	bool interface_dropped;
};

/*
 * struct inspect_result - what was found out about a link
 * @ends: by looking into the domains of its ports
 * @flows: what was asked about packets
 * @n_flows: how many
 * @probes: what became of them
 * @n_probes: how many were sent
 */
struct inspect_result {
	struct check_seen ends[2];
	struct check_flow flows[CHECK_FLOWS_MAX];
	unsigned int n_flows;
	struct inspect_probe probes[INSPECT_PROBES_MAX];
	unsigned int n_probes;
};

/**
 * inspect_link() - find out what the facts of a link lack
 * @ends: where to look
 * @ret: all but the probes is filled in
 *
 * It reads, and changes nothing. Only where both ports are up is it asked about packets. Where those
 * of IPv6 do not pass, it looks again for half a second.
 */
void inspect_link(const struct inspect_end ends[static 2], struct inspect_result *ret);

/**
 * inspect_probe() - send a packet through a link, both ways, in each family
 * @ends: where to send
 * @ret: what became of each is added; nothing when a port has no interface
 */
void inspect_probe(const struct inspect_end ends[static 2], struct inspect_result *ret);

/**
 * inspect_local_first() - see which table a port's domain asks first
 * @port: with a device
 * @ret: by family: see rtnl_local_comes_first()
 *
 * Return: 0; -EBADFD when the device was removed; -ESTALE when it was moved just now; or another
 * -errno.
 */
int inspect_local_first(const struct port *port, bool ret[static CHECK_FAMILIES]);

#endif
