/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DATAPATH_FLOW_H
#define RPORT_DATAPATH_FLOW_H

/*
 * A flow is one direction of a link: frames read from one port are written to the other. What is
 * decided about a frame is decided here, without system calls: its family, what an error means,
 * what is counted, how many to ask for next time. The engines (engine-batch.c, engine-pending.c,
 * engine-epoll.c, and move.c for them) do the reading and writing.
 */

#include <sys/queue.h>

#include "base/util.h"

enum drop_cause {
	DROP_PEER_DOWN, /* the port it was going to is down, or gone */
	DROP_NO_PROTO,  /* neither IPv4 nor IPv6 */
	DROP_INVALID, /* the kernel would not take it: cut short, or a header that makes no sense */
	DROP_NO_MEMORY, /* the kernel had no memory, or would have had to wait */
	DROP_OTHER,
	DROP_CAUSES
};

struct flow_counters {
	uint64_t packets; /* frames that reached the peer */
	uint64_t bytes;   /* of their IP packets; a frame to be segmented counts as it is */
	uint64_t drops[DROP_CAUSES];
	uint64_t dropped_at; /* the last one: seconds of CLOCK_REALTIME; 0: none, or not known */
};

/* What an engine knows of a flow; the meaning of each is the engine's. */
enum flow_state {
	FLOW_IDLE,   /* nothing to read: a poll (or reads) wait in the kernel */
	FLOW_FIRED,  /* its poll completed: in the list of those to be looked at */
	FLOW_READY,  /* in the engine's list, to be read next round */
	FLOW_PAUSED, /* a read failed: it is read again later, see pause.h */
	FLOW_GONE,   /* the port it reads from was removed */
};

struct flow {
	int from, to;                   /* TUN fds; borrowed, open until the flow was removed */
	unsigned int header;            /* bytes before the packet */
	bool family_header;             /* they begin with a struct tun_pi */
	void *owner;                    /* for the caller that added it */
	struct flow_counters *counters; /* borrowed; written by the worker alone */

	/* the worker's and the engine's */
	enum flow_state state;
	unsigned int slot;      /* index in the worker's table */
	unsigned int in_flight; /* operations in the kernel or frames on the way to it */
	bool polled;            /* a poll is among them */
	bool removing;
	unsigned int batch;   /* reads to ask for next round */
	unsigned int reading; /* reads in the kernel */
	unsigned int asked;   /* in this round: reads, frames and bytes that came */
	unsigned int came;
	size_t came_bytes;
	bool failed;           /* one of these reads did */
	unsigned int untimed;  /* frames since a write was timed, see move.h */
	unsigned int write_ns; /* running mean of the time of a write; 0: not known */
	TAILQ_ENTRY(flow) ready;
};

TAILQ_HEAD(flow_list, flow);

/*
 * Bytes at the start of a buffer that are cleared before each read, so that what the kernel reports
 * but does not write is not taken for a packet:
 *
 *	The owner of a namespace can open a queue of a TUN with several, and enlarge the virtio
 *	header of the device (TUNSETVNETHDRSZ). Before Linux 6.15 a read skips the added bytes.
 *
 *	Of a frame with a VLAN tag that is shorter than an Ethernet header, sent by a packet socket
 *	or tagged by tc(8), tun_put_user() writes four bytes fewer than it reports.
 *
 * Bytes are skipped from the end of our headers on. When FLOW_PACKET_START of them or more are, the
 * packet begins with as many zeros, and flow_check_frame() refuses it whatever follows. When fewer
 * are, those and the four of a short frame (of 12 bytes at most) lie within what was cleared.
 */
#define FLOW_HEADER_MAX   14
#define FLOW_PACKET_START 16
#define FLOW_CLEARED      64

/**
 * flow_clear() - prepare a buffer for a read of whatever flow
 * @buffer: of POOL_STRIDE bytes; the first FLOW_CLEARED are cleared
 */
static inline void flow_clear(unsigned char *buffer)
{
	memset(buffer, 0, FLOW_CLEARED);
}

/**
 * flow_check_frame() - check whether a frame may cross
 * @flow: that it was read from
 * @frame: with its virtio header, as read from the port into a buffer of flow_clear(); FLOW_CLEARED
 * bytes at least, whatever the size
 * @size: bytes
 *
 * Without a family header the family is that of the IP version nibble, which is where the kernel at
 * the other end takes it from (IFF_NO_PI); what is neither 4 nor 6 is never guessed at. With one it
 * is what the header says: IPv4, IPv6 or MPLS. No packet begins with FLOW_PACKET_START zeros (of
 * MPLS these would be labels with a TTL of 0, which no router forwards): the kernel wrote none
 * there.
 *
 * Return: true, or false when it is to be dropped as DROP_NO_PROTO.
 */
bool flow_check_frame(const struct flow *flow, const unsigned char *frame, size_t size);

/**
 * flow_admit() - check whether a frame may cross, and count it as dropped if not
 * @flow: that it was read from
 * @frame: as for flow_check_frame()
 * @size: bytes that were read; more than POOL_FRAME_MAX: it was longer than any frame may be
 *
 * Return: whether it may.
 */
bool flow_admit(struct flow *flow, const unsigned char *frame, size_t size);

/**
 * flow_drop_cause() - under which cause a failed write is counted
 * @errnum: positive errno of write(2) on a TUN
 *
 * Return: the cause.
 */
enum drop_cause flow_drop_cause(int errnum);

/**
 * flow_count_write() - count a frame after its write
 * @flow: that it was read from
 * @size: bytes, with the virtio header
 * @errnum: of the write, positive; 0: it reached the peer
 */
void flow_count_write(struct flow *flow, size_t size, int errnum);

/**
 * flow_count_read_error() - count what was lost by a read that failed
 * @flow: the direction of the link that the frame takes
 * @errnum: of the read, positive
 *
 * Nothing is lost when there was nothing to read (EAGAIN, EINTR), no buffer for it (ENOBUFS), when
 * the flow is being stopped (ECANCELED), or the port is gone (EBADFD).
 */
void flow_count_read_error(struct flow *flow, int errnum);

/**
 * flow_read_failed() - check whether to wait before reading from the port again
 * @errnum: of the read, positive
 *
 * Return: false for what passes by itself, or has an end of its own (see above).
 */
bool flow_read_failed(int errnum);

/**
 * flow_count_time() - add the time of a write to the running mean
 * @flow: the flow; its running mean is read by flow_write_time() in other threads
 * @ns: nanoseconds that the write took
 */
void flow_count_time(struct flow *flow, uint64_t ns);

/**
 * flow_write_time() - estimate how long a write to the peer takes
 * @flow: the direction of the link that the frame takes
 *
 * Return: nanoseconds, a running mean; 0 when no write was timed.
 */
unsigned int flow_write_time(const struct flow *flow);

/**
 * flow_is_slow() - check whether writes take so long that each is timed
 * @flow: the direction of the link that the frame takes
 *
 * Return: whether the mean is FLOW_SLOW_NS or more. Beside such a write, a clock costs nothing.
 */
bool flow_is_slow(const struct flow *flow);

/**
 * flow_turn() - compute how many frames a flow may move before others have their turn
 * @flow: the direction of the link that the frame takes
 * @most: frames, when its writes are fast
 *
 * Return: 1 to @most; so few that their writes take about FLOW_TURN_NS.
 */
unsigned int flow_turn(const struct flow *flow, unsigned int most);

/**
 * flow_count_drop() - count a frame that did not reach the peer
 * @flow: that it was read from
 * @cause: why
 */
void flow_count_drop(struct flow *flow, enum drop_cause cause);

/**
 * flow_count_purged() - count frames that were discarded since the peer is down
 * @flow: the flow that they came by
 * @n: how many
 */
void flow_count_purged(struct flow *flow, uint64_t n);

/**
 * flow_add_counters() - read counters from another thread than the worker's, and add them up
 * @counters: to read
 * @sum: to which they are added; of the last drops, the later one counts
 */
void flow_add_counters(const struct flow_counters *counters, struct flow_counters *sum);

/**
 * flow_next_batch() - compute how many reads to ask for, after what the last ones brought
 * @asked: reads asked for
 * @came: how many brought a frame
 * @bytes: of those frames
 *
 * All came back full: twice as many. Some did not: one more than came, which tells whether that was
 * all. No more than FLOW_BATCH_BYTES are expected at once, so that a batch stays in the cache.
 *
 * Return: 1 to FLOW_BATCH_MAX.
 */
unsigned int flow_next_batch(unsigned int asked, unsigned int came, size_t bytes);

#define FLOW_BATCH_MAX   128
#define FLOW_BATCH_BYTES (512 * 1024)
#define FLOW_SLOW_NS     (20 * 1000)
#define FLOW_TURN_NS     (1000 * 1000)

#endif
