/* SPDX-License-Identifier: ISC OR GPL-2.0-only */

/*
 * The fast path: hands a packet that leaves a port to the peer, inside the kernel.
 *
 * Theory of operation
 *
 * Sending. The program is a filter (tc-bpf(8), direct action) at the egress of a port. In one
 * namespace it redirects the packet to the ingress of the peer. A redirect cannot leave its
 * namespace, so across namespaces it goes out by a hidden interface, netkit or veth: with an
 * Ethernet header put in front, as both move frames.
 *
 * Receiving. In the namespace of the other end the same program redirects the packet to the ingress
 * of the port. netkit runs it as the packet is sent, and the redirect removes the header. veth runs
 * it when the packet is received: eth_type_trans() has read the protocol and removed the header.
 *
 * Declining. TC_ACT_UNSPEC lets the packet go on to the TUN device, whose packets the shuttle
 * moves: what is not IP, what has a VLAN tag, and frames for which bpf_skb_change_head() has no
 * room: without GSO those above 16,050 bytes (SKB_MAX_ALLOC in the kernel).
 *
 * One image serves all of this: each copy is loaded with its own constants, and the verifier
 * removes what they rule out.
 */

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <stdbool.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "datapath/fastpath-shared.h"

/* Set before a copy is loaded. */
const volatile struct fastpath_target target SEC(".rodata.target");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fastpath_count);
} counts SEC(".maps");

/* The shuttle goes by the first four bits, so they and the protocol must agree. */
static bool may_cross(const struct __sk_buff *skb)
{
	const unsigned char *data = (void *)(long)skb->data;
	const unsigned char *end = (void *)(long)skb->data_end;

	if (skb->vlan_present || data + 1 > end)
		return false;
	switch (*data >> 4) {
	case 4:
		return skb->protocol == bpf_htons(ETH_P_IP);
	case 6:
		return skb->protocol == bpf_htons(ETH_P_IPV6);
	default:
		return false;
	}
}

/* Both ends of the pair have this address, so the frame is for its receiver (PACKET_HOST). */
static bool put_header(struct __sk_buff *skb)
{
	struct ethhdr header = {
		.h_dest = FASTPATH_MAC,
		.h_source = FASTPATH_MAC,
		.h_proto = (__be16)skb->protocol,
	};

	return bpf_skb_change_head(skb, sizeof(header), 0) == 0 &&
	       bpf_skb_store_bytes(skb, 0, &header, sizeof(header), 0) == 0;
}

static void count(__u32 packets, __u32 bytes)
{
	__u32 key = 0;
	struct fastpath_count *sum = bpf_map_lookup_elem(&counts, &key);

	if (!sum)
		return;
	sum->packets += packets;
	sum->bytes += bytes;
}

SEC("tc")
int rport_send(struct __sk_buff *skb)
{
	__u32 packets = skb->gso_segs > 0 ? skb->gso_segs : 1, bytes = skb->len;

	if (!may_cross(skb))
		return TC_ACT_UNSPEC;
	if (target.hidden && !put_header(skb))
		return TC_ACT_UNSPEC;
	count(packets, bytes);
	/* as veth does between namespaces */
	skb->mark = 0;
	return (int)bpf_redirect(target.index, target.hidden ? 0 : BPF_F_INGRESS);
}

SEC("tc")
int rport_receive(struct __sk_buff *skb __attribute__((unused)))
{
	return (int)bpf_redirect(target.index, BPF_F_INGRESS);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
