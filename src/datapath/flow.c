/* SPDX-License-Identifier: ISC */

/* One direction of a link: what is decided about a frame, without system calls. */

#include <linux/if_ether.h>

#include <time.h>

#include "datapath/flow.h"
#include "datapath/pool.h"

/* struct tun_pi: two bytes of flags, then the Ethernet type, in network byte order. */
#define ETHERTYPE_OSI \
	0x00fe /* as GRE has it (RFC 3147): IS-IS on an interface without a link layer */

static bool family_crosses(const unsigned char *frame)
{
	switch (frame[2] << 8 | frame[3]) {
	case ETH_P_IP:
	case ETH_P_IPV6:
	case ETH_P_MPLS_UC:
	case ETH_P_MPLS_MC:
	case ETHERTYPE_OSI:
		return true;
	default:
		return false;
	}
}

_Static_assert(FLOW_HEADER_MAX + FLOW_PACKET_START + 12 + 4 <= FLOW_CLEARED,
	       "what is skipped and cannot be seen was cleared");

/* Did the kernel write where the packet begins? See flow.h. A shorter one shows zeros at worst. */
static bool is_written(const unsigned char *packet, size_t size)
{
	static const unsigned char cleared[FLOW_PACKET_START];

	return size < sizeof(cleared) || memcmp(packet, cleared, sizeof(cleared)) != 0;
}

bool flow_check_frame(const struct flow *flow, const unsigned char *frame, size_t size)
{
	unsigned char version;

	if (size <= flow->header)
		return false;
	if (flow->family_header)
		return family_crosses(frame) &&
		       is_written(frame + flow->header, size - flow->header);
	version = frame[flow->header] >> 4;
	return version == 4 || version == 6;
}

/* What tun_chr_write_iter() and tun_get_user() of drivers/net/tun.c return. */
enum drop_cause flow_drop_cause(int errnum)
{
	switch (errnum) {
	case EIO:    /* the interface is down */
	case EBADFD: /* the device was removed */
		return DROP_PEER_DOWN;
	case EINVAL:
		return DROP_INVALID;
	case EAGAIN: /* it would have had to wait for memory */
	case ENOMEM:
	case ENOBUFS:
		return DROP_NO_MEMORY;
	default:
		return DROP_OTHER;
	}
}

/*
 * One writer, readers that only want a value that is whole: a relaxed store and a plain load cost
 * nothing on 64-bit machines, and no lock is taken for a packet.
 */
static void add(uint64_t *counter, uint64_t amount)
{
	__atomic_store_n(counter, *counter + amount, __ATOMIC_RELAXED);
}

static void count_drops(struct flow *flow, enum drop_cause cause, uint64_t n)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now); /* no system call */
	add(&flow->counters->drops[cause], n);
	__atomic_store_n(&flow->counters->dropped_at, (uint64_t)now.tv_sec, __ATOMIC_RELAXED);
}

void flow_count_drop(struct flow *flow, enum drop_cause cause)
{
	count_drops(flow, cause, 1);
}

void flow_count_purged(struct flow *flow, uint64_t n)
{
	if (n > 0)
		count_drops(flow, DROP_PEER_DOWN, n);
}

void flow_count_read_error(struct flow *flow, int errnum)
{
	if (flow_read_failed(errnum))
		flow_count_drop(flow, errnum == ENOMEM ? DROP_NO_MEMORY : DROP_OTHER);
}

bool flow_read_failed(int errnum)
{
	switch (errnum) {
	case EAGAIN:
	case EINTR:
	case ENOBUFS:
	case ECANCELED:
	case EBADFD:
		return false;
	default:
		return true;
	}
}

void flow_count_write(struct flow *flow, size_t size, int errnum)
{
	if (errnum != 0) {
		flow_count_drop(flow, flow_drop_cause(errnum));
		return;
	}
	add(&flow->counters->packets, 1);
	add(&flow->counters->bytes, size - flow->header);
}

bool flow_admit(struct flow *flow, const unsigned char *frame, size_t size)
{
	if (size <= POOL_FRAME_MAX && flow_check_frame(flow, frame, size))
		return true;
	flow_count_drop(flow, size > POOL_FRAME_MAX ? DROP_OTHER : DROP_NO_PROTO);
	return false;
}

void flow_add_counters(const struct flow_counters *counters, struct flow_counters *sum)
{
	sum->packets += __atomic_load_n(&counters->packets, __ATOMIC_RELAXED);
	sum->bytes += __atomic_load_n(&counters->bytes, __ATOMIC_RELAXED);
	for (size_t i = 0; i < DROP_CAUSES; i++)
		sum->drops[i] += __atomic_load_n(&counters->drops[i], __ATOMIC_RELAXED);
	sum->dropped_at =
		MAX(sum->dropped_at, __atomic_load_n(&counters->dropped_at, __ATOMIC_RELAXED));
}

/* A mean over some TIME_WEIGHT writes. A write that was interrupted for long counts as one of
 * FLOW_TURN_NS * TIME_WEIGHT at most, hence does not overflow. */
#define TIME_WEIGHT 8

void flow_count_time(struct flow *flow, uint64_t ns)
{
	uint64_t sample = MIN(ns, (uint64_t)TIME_WEIGHT * FLOW_TURN_NS), mean = flow->write_ns;

	if (mean > 0)
		sample = (mean * (TIME_WEIGHT - 1) + sample) / TIME_WEIGHT;
	__atomic_store_n(&flow->write_ns, (unsigned int)MAX(sample, UINT64_C(1)), __ATOMIC_RELAXED);
}

unsigned int flow_write_time(const struct flow *flow)
{
	return __atomic_load_n(&flow->write_ns, __ATOMIC_RELAXED);
}

bool flow_is_slow(const struct flow *flow)
{
	return flow->write_ns >= FLOW_SLOW_NS;
}

unsigned int flow_turn(const struct flow *flow, unsigned int most)
{
	return flow_is_slow(flow) ? MAX(MIN(most, FLOW_TURN_NS / flow->write_ns), 1U) : most;
}

unsigned int flow_next_batch(unsigned int asked, unsigned int came, size_t bytes)
{
	unsigned int batch = came == asked ? asked * 2 : came + 1;
	size_t fits = came > 0 ? FLOW_BATCH_BYTES / (bytes / came + 1) : FLOW_BATCH_MAX;

	batch = MIN(batch, FLOW_BATCH_MAX);
	batch = MIN(batch, (unsigned int)fits);
	return MAX(batch, 1U);
}
