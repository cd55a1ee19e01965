/* SPDX-License-Identifier: ISC */

/*
 * Lays the fast path over the ports of a link.
 *
 * Theory of operation
 *
 * Parts. What a port sends is redirected by a filter at its egress (fastpath.bpf.c). In one
 * namespace that is all. Across namespaces the filter redirects into a hidden interface beside the
 * port, whose other end is beside the peer, and a receiver redirects from there to the peer. Of
 * netkit the receiver is a program of the interface that sends, of veth a filter at the ingress of
 * the interface that receives. netkit costs less, veth is in every kernel. One pair serves both
 * directions.
 *
 * Level-triggered. The name of a filter says what its program does, and that of a hidden interface
 * whose it is. Each part is looked up and left alone if it is as it should be. So the same code lays
 * the fast path, adopts that of a former daemon, and repairs what others removed.
 *
 * Order. Receivers come before senders, and go after them, so that a packet always has a way. A
 * sender that goes leaves its packets to the shuttle. The pair may outlive the filters, for the
 * next time: to remove an interface takes the kernel long.
 */

#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>

#include "build-config.h"
#include "datapath/fastpath-program.h"
#include "kernel/hidden.h"
#include "kernel/netns-pid.h"
#include "kernel/tc.h"
#include "port/fastpath.h"
#include "port/port-private.h"

/* Programs of another version than ours are replaced. */
#define FILTER_NAME "rportd fast path 1"

static const unsigned char mac[ETH_ALEN] = FASTPATH_MAC;

/*
 * struct side - a port, and its namespace
 * @rtnl: a socket there; NULL: the port has no device, or it was moved just now
 * @via: ifindex of the interface to which its packets are redirected
 */
struct side {
	struct port *port;
	struct rtnl *rtnl;
	unsigned int via;
};

/* --- counts ----------------------------------------------------------------------------------- */

static void add_counts(int counts, struct flow_counters *sum)
{
	struct fastpath_count count;

	if (fastpath_read_counts(counts, &count) < 0)
		return;
	sum->packets += count.packets;
	sum->bytes += count.bytes;
}

/* What the former program of a port counted is kept, though the program goes. */
static void keep_counts(const struct port *port, struct fastpath *path)
{
	if (!path->on[port->end])
		return;
	add_counts(path->counts[port->end], port->passed);
	safe_close(path->counts[port->end]);
	path->on[port->end] = false;
}

/* --- filters ---------------------------------------------------------------------------------- */

static const char *format_name(enum fastpath_role role, const struct fastpath_target *target,
			       char buf[static TC_NAME_MAX])
{
	snprintf(buf, TC_NAME_MAX, FILTER_NAME ": %s %u%s",
		 role == FASTPATH_SEND ? "send" : "receive", target->index,
		 target->hidden ? " hidden" : "");
	return buf;
}

/* @ret_counts: of a sender, untouched else. */
static int attach(struct rtnl *rtnl, unsigned int index, enum fastpath_role role,
		  const struct fastpath_target *target, int *ret_counts)
{
	enum tc_hook hook = role == FASTPATH_SEND ? TC_EGRESS : TC_INGRESS;
	struct fastpath_program program;
	char name[TC_NAME_MAX];
	int r = fastpath_program_load(role, target, &program);

	if (r < 0)
		return r;
	r = tc_attach(rtnl, index, hook, program.fd, format_name(role, target, name));
	safe_close(program.fd);
	if (r < 0 || role == FASTPATH_RECEIVE)
		safe_close(program.counts);
	else
		*ret_counts = program.counts;
	return r;
}

static int start_receiver(const struct side *side)
{
	const struct fastpath_target target = { .index = side->port->index };
	struct tc_filter found;
	char name[TC_NAME_MAX];
	int r = tc_find(side->rtnl, side->via, TC_INGRESS, &found);

	if (r >= 0 && streq(found.name, format_name(FASTPATH_RECEIVE, &target, name)))
		return 0;
	return attach(side->rtnl, side->via, FASTPATH_RECEIVE, &target, NULL);
}

/* A program of a former daemon counts on, or is replaced. */
static void adopt(const struct side *side, const struct tc_filter *found, struct fastpath *path)
{
	unsigned int end = side->port->end;
	int counts = path->on[end] ? -1 : fastpath_program_counts(found->program);

	if (counts < 0)
		return;
	path->counts[end] = counts;
	path->on[end] = true;
}

static int start_sender(const struct side *side, bool hidden, struct fastpath *path)
{
	const struct fastpath_target target = { .index = side->via, .hidden = hidden };
	unsigned int index = side->port->index, end = side->port->end;
	struct tc_filter found;
	char name[TC_NAME_MAX];
	int r = tc_find(side->rtnl, index, TC_EGRESS, &found), counts;

	if (r >= 0)
		adopt(side, &found, path);
	if (r >= 0 && path->on[end] && streq(found.name, format_name(FASTPATH_SEND, &target, name)))
		return 0;
	r = attach(side->rtnl, index, FASTPATH_SEND, &target, &counts);
	if (r < 0)
		return r;
	keep_counts(side->port, path);
	path->counts[end] = counts;
	path->on[end] = true;
	return 0;
}

static int stop_sender(const struct side *side, struct fastpath *path)
{
	struct tc_filter found;
	int r = 0;

	if (side->rtnl && tc_find(side->rtnl, side->port->index, TC_EGRESS, &found) >= 0) {
		adopt(side, &found, path);
		r = tc_detach(side->rtnl, side->port->index, TC_EGRESS);
	}
	if (r >= 0)
		keep_counts(side->port, path);
	return r;
}

/* --- the hidden pair -------------------------------------------------------------------------- */

static const char *hidden_name(const struct port *port, char buf[static IFNAMSIZ])
{
	snprintf(buf, IFNAMSIZ, FASTPATH_HIDDEN "%u", port->index);
	return buf;
}

bool fastpath_hidden_port(const char *name, unsigned int *ret)
{
	const char *number = skip_prefix(name, FASTPATH_HIDDEN);
	unsigned long index;
	char *end;

	if (!number)
		return false;
	index = strtoul(number, &end, 10);
	if (end == number || *end || index > INT_MAX)
		return false;
	*ret = (unsigned int)index;
	return true;
}

static bool is_orphan(struct rtnl *rtnl, const struct hidden_name *hidden)
{
	struct rtnl_dev dev;
	unsigned int port;

	return fastpath_hidden_port(hidden->name, &port) &&
	       rtnl_dev_by_nsid(rtnl, -1, port, &dev) == -ENODEV &&
	       rtnl_dev_by_nsid(rtnl, -1, hidden->index, &dev) >= 0 &&
	       skip_prefix(dev.alias, PORT_ALIAS " ");
}

static void remove_orphans(struct rtnl *rtnl, enum hidden_kind kind)
{
	struct hidden_name found[HIDDEN_LIST_MAX];
	int n = hidden_list(rtnl, kind, FASTPATH_HIDDEN, found);

	for (int i = 0; i < n; i++)
		if (is_orphan(rtnl, &found[i]))
			(void)rtnl_dev_delete(rtnl, found[i].index);
}

void fastpath_remove_orphans(int netns_fd)
{
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;

	if (rtnl_open(netns_fd, &rtnl) < 0)
		return;
	remove_orphans(rtnl, HIDDEN_NETKIT);
	remove_orphans(rtnl, HIDDEN_VETH);
}

static int sweep_name(const char *name, void *userdata _unused_)
{
	_cleanup_close_ int netns_fd = netns_pid_open_name(name);

	if (netns_fd >= 0)
		fastpath_remove_orphans(netns_fd);
	return 0;
}

void fastpath_sweep(void)
{
	if (!HAVE_FASTPATH)
		return;
	fastpath_remove_orphans(-1);
	(void)netns_each_name(USEC_PER_SEC, sweep_name, NULL);
}

bool fastpath_find_hidden(struct rtnl *rtnl, const struct port *port, unsigned int *ret)
{
	char name[IFNAMSIZ];
	struct rtnl_dev dev;

	if (rtnl_dev_by_name(rtnl, hidden_name(port, name), &dev) < 0 || !hidden_is_possible(&dev))
		return false;
	*ret = dev.index;
	return true;
}

static void delete_hidden(const struct side *side)
{
	unsigned int index;

	if (side->rtnl && fastpath_find_hidden(side->rtnl, side->port, &index))
		(void)rtnl_dev_delete(side->rtnl, index);
}

/* Found out once: the kernel knows no netkit, or does not let us attach programs. */
static atomic_bool without_netkit;

/*
 * struct pair - the two hidden interfaces of a link, by end
 * @netns_fd: their namespaces
 * @index: of each, in its namespace; the first one is the primary of netkit
 */
struct pair {
	struct hidden_end ends[2];
	char names[2][IFNAMSIZ], aliases[2][PORT_ALIAS_MAX + IFNAMSIZ + 16];
	int netns_fd[2];
	enum hidden_kind kind;
	unsigned int index[2];
};

/* What one end of netkit sends goes to the port at the other end. */
static int attach_netkit(const struct pair *pair, unsigned int from, unsigned int port)
{
	const struct fastpath_target target = { .index = port };
	struct fastpath_program program;
	int r = fastpath_program_load(FASTPATH_RECEIVE, &target, &program);

	if (r < 0)
		return r;
	r = fastpath_program_attach(pair->netns_fd[0], pair->index[0], from == 1, program.fd);
	safe_close(program.fd);
	return r;
}

/* Its programs were attached when it was made, and their targets are in the names of its ends. */
static bool has_programs(const struct pair *pair)
{
	return fastpath_program_attached(pair->netns_fd[0], pair->index[0], false) == 1 &&
	       fastpath_program_attached(pair->netns_fd[0], pair->index[0], true) == 1;
}

static void delete_pair(const struct side sides[static 2])
{
	delete_hidden(&sides[0]);
	delete_hidden(&sides[1]);
}

static int make_netkit(const struct side sides[static 2], struct pair *pair)
{
	int r;

	pair->kind = HIDDEN_NETKIT;
	r = hidden_make(pair->kind, pair->ends, pair->netns_fd[1], mac, pair->index);
	if (r == -EOPNOTSUPP)
		without_netkit = true;
	if (r < 0)
		return r;
	for (unsigned int from = 0; from < 2 && r >= 0; from++)
		r = attach_netkit(pair, from, sides[!from].port->index);
	if (r == -EINVAL || r == -EPERM)
		without_netkit = true;
	if (r < 0)
		delete_pair(sides);
	return r;
}

static int make_pair(const struct side sides[static 2], struct pair *pair)
{
	if (!without_netkit && make_netkit(sides, pair) >= 0)
		return 0;
	pair->kind = HIDDEN_VETH;
	return hidden_make(pair->kind, pair->ends, pair->netns_fd[1], mac, pair->index);
}

static int find_or_make_pair(const struct side sides[static 2], struct pair *pair)
{
	int r = hidden_find(pair->ends, &pair->kind, pair->index);

	if (r >= 0 && (pair->kind == HIDDEN_VETH || has_programs(pair)))
		return 0;
	delete_pair(sides);
	return make_pair(sides, pair);
}

static void name_pair(const struct side sides[static 2], struct pair *ret)
{
	for (unsigned int i = 0; i < 2; i++) {
		const struct port *port = sides[i].port;

		snprintf(ret->aliases[i], sizeof(ret->aliases[i]), "%s: fast path of %s",
			 port->alias, port->ifname);
		ret->ends[i] = (struct hidden_end){ sides[i].rtnl, hidden_name(port, ret->names[i]),
						    ret->aliases[i] };
		ret->netns_fd[i] = tun_netns(tun_fd(&port->tun));
	}
}

static int make_hidden(struct side sides[static 2], enum hidden_kind *ret_kind)
{
	struct pair pair = { .kind = HIDDEN_VETH };
	int r = 0;

	name_pair(sides, &pair);
	for (unsigned int i = 0; i < 2 && r >= 0; i++)
		r = pair.netns_fd[i];
	if (r >= 0)
		r = find_or_make_pair(sides, &pair);
	for (unsigned int i = 0; i < 2; i++) {
		if (r >= 0)
			sides[i].via = pair.index[i];
		safe_close(pair.netns_fd[i]);
	}
	*ret_kind = pair.kind;
	return r;
}

/* --- both ------------------------------------------------------------------------------------- */

static int failed(struct rport_error *err, int r, const char *step)
{
	const char *why = strerror(-r);

	if (r == -EPERM)
		why = "bpf(2) is not allowed (see rportd(8))";
	else if (r == -EOPNOTSUPP)
		why = "this rportd was built without, or the kernel lacks it";
	return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "%s: %s", step, why);
}

static int start_hidden(struct side sides[static 2], struct rport_error *err)
{
	enum hidden_kind kind;
	int r = make_hidden(sides, &kind);

	if (r < 0)
		return failed(err, r, "cannot make a hidden pair of interfaces");
	for (unsigned int i = 0; i < 2 && r >= 0 && kind == HIDDEN_VETH; i++)
		r = start_receiver(&sides[i]);
	return r < 0 ? failed(err, r, "cannot start a receiver") : 0;
}

static int start_or_stop(struct side sides[static 2], const bool want[static 2], bool across,
			 struct fastpath *path, struct rport_error *err)
{
	int r = 0;

	if (across && (want[0] || want[1]))
		r = start_hidden(sides, err);
	for (unsigned int i = 0; i < 2 && r >= 0; i++) {
		r = want[i] ? start_sender(&sides[i], across, path) : stop_sender(&sides[i], path);
		if (r < 0)
			failed(err, r, want[i] ? "cannot start a sender" : "cannot stop a sender");
	}
	return r;
}

int fastpath_lay(struct port *const ports[static 2], const bool want[static 2], bool keep,
		 struct fastpath *path, struct rport_error *err)
{
	struct side sides[2] = { { .port = ports[0] }, { .port = ports[1] } };
	bool across = ports[0]->nsid != ports[1]->nsid;
	int r = 0;

	for (unsigned int i = 0; i < 2; i++) {
		int opened = port_open_rtnl(ports[i], &sides[i].rtnl);

		sides[i].via = ports[!i]->index;
		if (opened < 0 && (want[0] || want[1]))
			r = failed(err, opened, "cannot enter a namespace");
	}
	if (r >= 0)
		r = start_or_stop(sides, want, across, path, err);
	if (r >= 0 && !keep && !want[0] && !want[1])
		delete_pair(sides);
	for (unsigned int i = 0; i < 2; i++)
		rtnl_close(sides[i].rtnl);
	if (r >= 0)
		path->known = true;
	return r;
}

void fastpath_clear(struct port *const ports[static 2], bool keep, struct fastpath *path)
{
	static const bool none[2] = { false, false };
	struct rport_error err;

	(void)fastpath_lay(ports, none, keep, path, &err);
	for (unsigned int i = 0; i < 2; i++) /* of ports that are gone */
		keep_counts(ports[i], path);
}

void fastpath_forget(struct fastpath *path)
{
	for (unsigned int i = 0; i < 2; i++)
		if (path->on[i])
			safe_close(path->counts[i]);
	*path = (struct fastpath){ 0 };
}
