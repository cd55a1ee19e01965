/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_CAPTURE_FRAMES_H
#define RPORTCTL_CAPTURE_FRAMES_H

/*
 * Captures the frames of a port whose packets have a family of their own (--mpls), as Ethernet frames.
 *
 * Theory of operation
 *
 * A TUN device has no link layer. libpcap takes its link type for RAW, where the version of IP in the
 * first four bits is all that says what a packet is: a label or OSI cannot be decoded. The kernel
 * knows better. A packet socket is told the family of each packet beside the packet, and that is the
 * type in the Ethernet header that is made here.
 */

/**
 * capture_frames() - write what passes an interface to a pipe, until the pipe or the interface is gone
 * @ifname: of the interface, in the network namespace of the caller
 * @output: of the pipe: a stream of pcap-savefile(5) with nanoseconds and LINKTYPE_ETHERNET;
 *	open until the process ends
 *
 * It says on stderr that it begins, as tcpdump(8) does, or what went wrong.
 *
 * Return: 0: nobody reads from the pipe any more; or -errno of the packet socket, -ENETDOWN when the
 * interface was removed or set down.
 */
int capture_frames(const char *ifname, int output);

#endif
