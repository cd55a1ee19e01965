/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_TCPDUMP_H
#define RPORTCTL_TCPDUMP_H

/*
 * Runs tcpdump(8) at a port.
 *
 * Where packets have a family of their own (--mpls), libpcap cannot tell what they are. There, what
 * tcpdump reads is a stream of Ethernet frames, which another process makes (capture-frames.h).
 */

#include <sys/types.h>

#include "rportctl.h"

/*
 * struct tcpdump_port - where to listen
 * @name: for messages
 * @ifname: of the interface
 * @netns_fd: its namespace
 * @mpls: its packets have a family of their own
 */
struct tcpdump_port {
	const char *name;
	const char *ifname;
	int netns_fd;
	bool mpls;
};

/*
 * struct tcpdump_order - what to print
 * @packets: packets, as pcap-savefile(5) with nanoseconds; else lines
 * @count: end after so many; NULL: never
 * @filter: words of pcap-filter(7)
 * @n_filter: how many words
 */
struct tcpdump_order {
	bool packets;
	const char *count;
	const char *const *filter;
	int n_filter;
};

/*
 * struct tcpdump - its processes
 * @pid: of tcpdump; 0 or less while there is none
 * @source: of the process that makes frames for it; as @pid
 */
struct tcpdump {
	pid_t pid, source;
};

/* More words of a filter are not taken. */
#define TCPDUMP_FILTER_MAX 256

/**
 * tcpdump_start() - listen at a port
 * @tcpdump: zeroed; what was started, to be ended by tcpdump_wait() whatever is returned
 * @port: where to
 * @order: what to print
 * @ret_fd: its output, which the caller closes
 *
 * A failure is printed.
 *
 * Return: STATUS_DONE, or STATUS_REFUSED. What fails in the new processes tcpdump_wait() returns.
 */
enum ctl_status tcpdump_start(struct tcpdump *tcpdump, const struct tcpdump_port *port,
			      const struct tcpdump_order *order, int *ret_fd);

/**
 * tcpdump_interrupt() - have it end, after what it has got so far
 * @tcpdump: started or not
 */
void tcpdump_interrupt(const struct tcpdump *tcpdump);

/**
 * tcpdump_wait() - wait until it has ended
 * @tcpdump: started or not
 *
 * Return: STATUS_DONE, also when it was interrupted; STATUS_NOT_PERMITTED; or STATUS_REFUSED. It has
 * said why.
 */
enum ctl_status tcpdump_wait(const struct tcpdump *tcpdump);

#endif
