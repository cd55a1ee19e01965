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
 * @netns_fd: the namespace of the port
 * @vrf: ifindex of its VRF; 0: none
 * @own: it is the namespace of rportd
 */
struct inspect_end {
	int netns_fd;
	unsigned int vrf;
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

/**
 * inspect_link() - find out what the facts of a link lack
 * @facts: what the daemon knows is filled in; the rest is afterwards
 * @ends: where to look
 *
 * It reads, and changes nothing. Ports that are not up are not asked about packets.
 */
void inspect_link(struct check_facts *facts, const struct inspect_end ends[static 2]);

/**
 * inspect_probe() - send a packet through a link, both ways, in each family
 * @facts: of the link
 * @ends: where to send
 * @ret: what became of each
 *
 * Return: how many; 0 when a port has no interface.
 */
unsigned int inspect_probe(const struct check_facts *facts, const struct inspect_end ends[static 2],
			   struct inspect_probe ret[static INSPECT_PROBES_MAX]);

#endif
