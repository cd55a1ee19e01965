/* SPDX-License-Identifier: ISC */

/*
 * Asks the kernel what it would do with packets that a port sends, and that its peer gets. Each
 * flow is a destination: an address of the peer, or the first address of a network that is routed
 * into the port. See check.c for what the answers mean.
 */

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdio.h>

#include "kernel/netns.h"
#include "port/inspect.h"
#include "port/port-private.h"

#define FLOWS_TO_PEER_MAX 4 /* from each end */
#define FLOWS_MAX         (CHECK_FLOWS_MAX / 2)

/*
 * struct inspector - what looks
 * @rtnl: a socket in the namespace of each end; NULL: it could not be opened
 */
struct inspector {
	const struct inspect_end *ends;
	struct inspect_result *result;
	struct rtnl *rtnl[2];
};

static int family_number(enum check_family family)
{
	return family == CHECK_IPV4 ? AF_INET : AF_INET6;
}

/* --- files ------------------------------------------------------------------------------------ */

static bool read_text(int fd, char *buf, size_t size)
{
	ssize_t n = fd >= 0 ? read(fd, buf, size - 1) : -1;

	if (n < 0)
		return false;
	buf[n] = '\0';
	return true;
}

static int open_tracked(const void *argument _unused_)
{
	int fd = open("/proc/thread-self/net/stat/nf_conntrack", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* The first column of the first line after the titles is the number of connections, in hex. */
static bool tracks_connections(int netns_fd)
{
	_cleanup_close_ int fd = netns_open_inside(netns_fd, open_tracked, NULL, 0);
	char text[1024];
	const char *line;

	if (!read_text(fd, text, sizeof(text)))
		return false;
	line = strchr(text, '\n');
	return line && strtoul(line + 1, NULL, 16) > 0;
}

static bool file_has(const char *prefix, unsigned int index, const char *line, bool missing)
{
	_cleanup_close_ int fd = -EBADF;
	char path[64], text[4096];

	snprintf(path, sizeof(path), "%s%u", prefix, index);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (!read_text(fd, text, sizeof(text)))
		return missing;
	return strstr(text, line) != NULL;
}

/*
 * Only for interfaces in our own namespace, which is the one that these programs manage. A port that
 * its administrator gave to them, as rportd(8) says, is in good hands.
 */
static const char *find_manager(unsigned int index)
{
	if (file_has("/run/udev/data/n", index, "E:RPORT_MANAGED=1\n", false))
		return "";
	if (!file_has("/run/systemd/netif/links/", index, "ADMIN_STATE=unmanaged", true))
		return "systemd-networkd";
	if (file_has("/run/NetworkManager/devices/", index, "managed=true", false))
		return "NetworkManager";
	return "";
}

/* --- an end ----------------------------------------------------------------------------------- */

static void read_settings(struct rtnl *rtnl, unsigned int index, struct check_seen *seen)
{
	struct inet_settings all = { -1, -1 }, own = { -1, -1 };

	(void)rtnl_inet_settings(rtnl, AF_INET, 0, &all);
	(void)rtnl_inet_settings(rtnl, AF_INET, index, &own);
	seen->forwards[CHECK_IPV4] = own.forwarding;
	seen->strict = MAX(all.rp_filter, own.rp_filter) == 1;
	own.forwarding = -1;
	(void)rtnl_inet_settings(rtnl, AF_INET6, index, &own);
	seen->forwards[CHECK_IPV6] = own.forwarding;
}

static void read_rules(struct rtnl *rtnl, bool ret[static CHECK_FAMILIES])
{
	for (enum check_family family = CHECK_IPV4; family <= CHECK_IPV6; family++)
		ret[family] = rtnl_local_comes_first(rtnl, family_number(family)) > 0;
}

static void name_interface(struct rtnl *rtnl, unsigned int index, char ret_name[static IFNAMSIZ],
			   unsigned int *ret_mtu)
{
	struct rtnl_dev dev;

	if (rtnl_dev_by_nsid(rtnl, -1, index, &dev) < 0)
		return;
	memcpy(ret_name, dev.name, IFNAMSIZ);
	if (ret_mtu)
		*ret_mtu = dev.mtu;
}

static struct ip_address documentation(int family)
{
	struct ip_address address = { .family = family };

	inet_pton(family, family == AF_INET ? "203.0.113.1" : "2001:db8:ffff::1", address.bytes);
	return address;
}

/* An address that no VRF has a route for, unless it has one for everything. */
static void look_for_leak(struct rtnl *rtnl, unsigned int vrf, enum check_family family,
			  char ret_name[static IFNAMSIZ])
{
	struct route_question question = { .to = documentation(family_number(family)), .oif = vrf };
	struct route_answer answer;

	if (rtnl_lookup(rtnl, &question, &answer) >= 0 &&
	    (answer.table == RT_TABLE_MAIN || answer.table == RT_TABLE_DEFAULT))
		name_interface(rtnl, answer.oif, ret_name, NULL);
}

static void look_at_end(struct inspector *inspector, unsigned int end)
{
	struct check_seen *seen = &inspector->result->ends[end];
	const struct port *port = inspector->ends[end].port;
	_cleanup_close_ int netns_fd = tun_netns(tun_fd(&port->tun));
	struct rtnl *rtnl;
	struct rtnl_dev lo;

	seen->looked = port_open_rtnl(port, &inspector->rtnl[end]);
	if (seen->looked < 0)
		return;
	rtnl = inspector->rtnl[end];
	seen->lo_down = rtnl_dev_by_name(rtnl, "lo", &lo) >= 0 && !(lo.flags & IFF_UP);
	read_settings(rtnl, port->index, seen);
	read_rules(rtnl, seen->local_first);
	if (port->vrf > 0)
		for (enum check_family family = CHECK_IPV4; family <= CHECK_IPV6; family++)
			look_for_leak(rtnl, port->vrf, family, seen->leaks[family]);
	seen->tracks = netns_fd >= 0 && tracks_connections(netns_fd);
	if (inspector->ends[end].own)
		snprintf(seen->manager, sizeof(seen->manager), "%s", find_manager(port->index));
}

/* --- flows ------------------------------------------------------------------------------------ */

/* Flows from one end; at most @max of them. */
struct flows {
	struct check_flow list[FLOWS_MAX];
	unsigned int n, max;
};

static bool is_link_local(const struct ip_address *address)
{
	return address->family == AF_INET6 && address->bytes[0] == 0xfe &&
	       (address->bytes[1] & 0xc0) == 0x80;
}

static void add_address(const struct ip_prefix *address, const struct ip_address *peer _unused_,
			void *userdata)
{
	struct flows *flows = userdata;

	if (flows->n < flows->max && !is_link_local(&address->address))
		flows->list[flows->n++] =
			(struct check_flow){ .to_peer = true, .to = address->address };
}

/* @number: 1 or 2: the first or the second address of the network */
static struct ip_address address_in(const struct ip_prefix *network, unsigned char number)
{
	unsigned int bits = ip_address_bits(network->address.family);
	struct ip_address address = network->address;

	if (network->length == 0)
		address = documentation(network->address.family);
	if (network->length + 1 < bits)
		address.bytes[bits / 8 - 1] = (address.bytes[bits / 8 - 1] & 0xfc) | number;
	return address;
}

static bool is_there(const struct flows *flows, const struct ip_address *to)
{
	for (unsigned int i = 0; i < flows->n; i++)
		if (ip_address_equal(&flows->list[i].to, to))
			return true;
	return false;
}

static void add_networks(struct flows *flows, const struct ip_prefix networks[], int n)
{
	for (int i = 0; i < n && flows->n < FLOWS_MAX; i++) {
		struct ip_address to = address_in(&networks[i], 1);

		if (!is_there(flows, &to))
			flows->list[flows->n++] =
				(struct check_flow){ .to = to, .network = networks[i] };
	}
}

static void find_flows(struct inspector *inspector, unsigned int from, struct flows *flows)
{
	const struct port *sender = inspector->ends[from].port;
	const struct port *receiver = inspector->ends[!from].port;
	struct ip_prefix networks[ROUTES_INTO_MAX];
	_cleanup_rtnl_ struct rtnl *rtnl = NULL; /* may be of no use afterwards */
	int n = 0;

	flows->n = 0;
	flows->max = FLOWS_TO_PEER_MAX;
	if (port_open_rtnl(receiver, &rtnl) >= 0)
		(void)rtnl_dev_addresses(rtnl, receiver->index, AF_UNSPEC, add_address, flows);
	rtnl_close(steal_ptr(rtnl));
	if (port_open_rtnl(sender, &rtnl) >= 0)
		n = rtnl_routes_into(rtnl, sender->index, networks);
	add_networks(flows, networks, n);
}

static void ask(struct inspector *inspector, unsigned int end,
		const struct route_question *question, struct check_way *ret)
{
	struct rtnl *rtnl = inspector->rtnl[end];

	ret->asked = true;
	ret->result = rtnl_lookup(rtnl, question, &ret->answer);
	if (ret->result >= 0 && ret->answer.type == RTN_UNICAST)
		name_interface(rtnl, ret->answer.oif, ret->ifname, &ret->mtu);
}

static void follow(struct inspector *inspector, struct check_flow *flow)
{
	unsigned int from = flow->from, to = !from;
	const struct port *sender = inspector->ends[from].port;
	const struct port *receiver = inspector->ends[to].port;
	struct route_question question = { .to = flow->to, .oif = sender->vrf };
	const struct ip_address *source = &flow->out.answer.source;

	ask(inspector, from, &question, &flow->out);
	if (flow->out.result < 0 || source->family == AF_UNSPEC)
		return;
	question =
		(struct route_question){ .to = flow->to, .from = *source, .iif = receiver->index };
	ask(inspector, to, &question, &flow->in);
	question = (struct route_question){ .to = *source, .oif = receiver->vrf };
	ask(inspector, to, &question, &flow->back);
}

static void look_at_flows(struct inspector *inspector, unsigned int from)
{
	struct inspect_result *result = inspector->result;
	struct flows flows;

	find_flows(inspector, from, &flows);
	for (unsigned int i = 0; i < flows.n && result->n_flows < CHECK_FLOWS_MAX; i++) {
		struct check_flow *flow = &result->flows[result->n_flows++];

		*flow = flows.list[i];
		flow->from = from;
		follow(inspector, flow);
		if (!flow->to_peer && flow->in.answer.type == RTN_LOCAL) {
			/* often the first address is that of the router itself */
			flow->to = address_in(&flow->network, 2);
			follow(inspector, flow);
		}
	}
}

static void look_at_link(const struct inspect_end ends[static 2], struct inspect_result *ret)
{
	struct inspector inspector = { .ends = ends, .result = ret };
	bool up = true;

	*ret = (struct inspect_result){ 0 };
	for (unsigned int end = 0; end < 2; end++) {
		struct check_seen *seen = &ret->ends[end];

		*seen = (struct check_seen){ .looked = 1, .forwards = { -1, -1 } };
		if (ends[end].port)
			look_at_end(&inspector, end);
		up &= seen->looked == 0 && port_state(ends[end].port) == PORT_UP;
	}
	for (unsigned int end = 0; end < 2 && up; end++)
		look_at_flows(&inspector, end);
	for (unsigned int end = 0; end < 2; end++)
		rtnl_close(inspector.rtnl[end]);
}

/*
 * The kernel completes IPv6 addresses, with their routes, in a work queue: some milliseconds after a
 * port got its addresses or its carrier. A link that was just made must not be found faulty.
 */
#define SETTLE_TRIES 5
#define SETTLE_MS    100

static bool lacks_ipv6(const struct inspect_result *result)
{
	for (unsigned int i = 0; i < result->n_flows; i++) {
		const struct check_flow *flow = &result->flows[i];

		if (flow->to.family == AF_INET6 &&
		    (flow->out.result < 0 || flow->in.result < 0 || flow->back.result < 0 ||
		     (flow->to_peer && flow->in.asked && flow->in.answer.type != RTN_LOCAL)))
			return true;
	}
	return false;
}

void inspect_link(const struct inspect_end ends[static 2], struct inspect_result *ret)
{
	look_at_link(ends, ret);
	for (unsigned int i = 0; i < SETTLE_TRIES && lacks_ipv6(ret); i++) {
		(void)poll(NULL, 0, SETTLE_MS);
		look_at_link(ends, ret);
	}
}

int inspect_local_first(const struct port *port, bool ret[static CHECK_FAMILIES])
{
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;
	int r = port_open_rtnl(port, &rtnl);

	if (r >= 0)
		read_rules(rtnl, ret);
	return r;
}

/* --- probes ----------------------------------------------------------------------------------- */

/* Return: packets that the interface of a port has dropped so far. */
static uint64_t dropped_at(const struct port *port)
{
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;
	struct rtnl_dev dev;

	return port_open_rtnl_dev(port, &rtnl, &dev) < 0 ? 0 : dev.tx_dropped;
}

/* The interface is the one that the descriptor is of. */
static int open_probe_end(const struct port *port, struct probe_end *ret)
{
	_cleanup_close_ int netns_fd = tun_netns(tun_fd(&port->tun));
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;
	int r = netns_fd < 0 ? netns_fd : rtnl_open(netns_fd, &rtnl);

	if (r >= 0)
		r = port_check_index(rtnl, port);
	*ret = (struct probe_end){ r < 0 ? -EBADF : steal_fd(&netns_fd), port->index };
	return r;
}

static int send_probe(const struct port *from, const struct port *to, int family,
		      struct probe_result *ret)
{
	struct probe_end from_end, to_end = { .netns_fd = -EBADF };
	int r = open_probe_end(from, &from_end);

	if (r >= 0)
		r = open_probe_end(to, &to_end);
	if (r >= 0)
		r = probe_send(&from_end, &to_end, family, ret);
	safe_close(from_end.netns_fd);
	safe_close(to_end.netns_fd);
	return r;
}

static void probe(const struct port *from, const struct port *to, struct inspect_probe *probe)
{
	uint64_t before = dropped_at(from);

	probe->error = send_probe(from, to, family_number(probe->family), &probe->result);
	if (probe->error == 0 && !probe->result.arrived)
		probe->interface_dropped = dropped_at(from) > before;
}

void inspect_probe(const struct inspect_end ends[static 2], struct inspect_result *ret)
{
	if (!ends[0].port || !ends[1].port)
		return;
	for (unsigned int from = 0; from < 2; from++)
		for (enum check_family family = CHECK_IPV4; family <= CHECK_IPV6; family++) {
			struct inspect_probe *next = &ret->probes[ret->n_probes++];

			*next = (struct inspect_probe){ .from = from, .family = family };
			probe(ends[from].port, ends[!from].port, next);
		}
}
