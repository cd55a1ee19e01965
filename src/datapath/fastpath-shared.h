/* SPDX-License-Identifier: ISC OR GPL-2.0-only */
#ifndef RPORT_DATAPATH_FASTPATH_SHARED_H
#define RPORT_DATAPATH_FASTPATH_SHARED_H

/* What the program fastpath.bpf.c and rportd both know. */

#include <linux/types.h>

/*
 * struct fastpath_target - where a copy of the program sends packets
 * @index: of the interface, in the namespace of the program's own
 * @hidden: it is a hidden interface, which takes frames with an Ethernet header; else the
 *	ingress of a port
 */
struct fastpath_target {
	__u32 index;
	__u32 hidden;
};

/* What one CPU sent. */
struct fastpath_count {
	__u64 packets; /* of a packet to be segmented: its segments */
	__u64 bytes;   /* of IP packets */
};

/* Of both ends of a hidden pair; locally administered, "rport" in ASCII. */
#define FASTPATH_MAC                               \
	{                                          \
		0x02, 0x72, 0x70, 0x6f, 0x72, 0x74 \
	}

#endif
