/* SPDX-License-Identifier: ISC */

/* Calls about the fast path, and about what keeps links off it. */

#include "datapath/fastpath-program.h"
#include "kernel/thread.h"
#include "network/act-private.h"
#include "port/fastpath.h"

/*
 * struct laying - the fast path of a link, and its ports
 * @passed: what programs counted that go now
 */
struct laying {
	struct port ports[2];
	struct flow_counters passed[2];
	struct fastpath path;
	bool want[2], keep;
};

static void get_laying(struct work *work, struct laying *ret)
{
	struct network_lay asked;

	*ret = (struct laying){ 0 };
	message_get_value(work->in, &asked);
	for (unsigned int i = 0; i < 2; i++) {
		message_get_port(work->in, &ret->ports[i]);
		if (ret->ports[i].end != i)
			(void)work_refuse(work);
		ret->ports[i].passed = &ret->passed[i];
		ret->want[i] = asked.want[i];
	}
	ret->keep = asked.keep;
	ret->path.known = asked.known;
	for (unsigned int i = 0; i < 2; i++) {
		ret->path.counts[i] = asked.on[i] ? message_take_fd(work->in) : -1;
		ret->path.on[i] = ret->path.counts[i] >= 0;
	}
}

/* Gives the descriptors to the reply, and releases the rest. */
static void put_laid(struct work *work, struct laying *laying)
{
	struct network_laid laid = { .known = laying->path.known };

	for (unsigned int i = 0; i < 2; i++) {
		laid.on[i] = laying->path.on[i];
		laid.passed[i] = (struct fastpath_count){ .packets = laying->passed[i].packets,
							  .bytes = laying->passed[i].bytes };
		if (laying->path.on[i])
			message_put_fd(work->out, laying->path.counts[i]);
		message_release_port(&laying->ports[i]);
	}
	message_put_value(work->out, laid);
}

int act_lay(struct work *work)
{
	struct laying laying;
	struct port *ports[2] = { &laying.ports[0], &laying.ports[1] };
	int r = 0;

	get_laying(work, &laying);
	if (!work->in->broken)
		r = fastpath_lay(ports, laying.want, laying.keep, &laying.path, &work->err);
	put_laid(work, &laying);
	return r;
}

static void clear_one(void *list, size_t i)
{
	struct laying *laying = (struct laying *)list + i;
	struct port *ports[2] = { &laying->ports[0], &laying->ports[1] };

	fastpath_clear(ports, laying->keep, &laying->path);
}

int act_clear(struct work *work)
{
	struct laying *list;
	uint32_t n;

	message_get_value(work->in, &n);
	if (work->in->broken || n < 1 || n > PACKET_FDS_MAX)
		return work_refuse(work);
	list = calloc(n, sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		get_laying(work, &list[i]);
	if (!work->in->broken)
		thread_each(clear_one, list, n);
	for (uint32_t i = 0; i < n; i++)
		put_laid(work, &list[i]);
	free(list);
	return 0;
}

int act_counts(struct work *work)
{
	while (!work->in->broken && work->in->fds_at < work->in->n_fds) {
		_cleanup_close_ int fd = message_take_fd(work->in);
		struct fastpath_count count = { 0 };

		(void)fastpath_read_counts(fd, &count);
		message_put_value(work->out, count);
	}
	return 0;
}

static int find_captures(struct work *work, struct port *port)
{
	_cleanup_close_ int netns_fd = tun_netns(tun_fd(&port->tun));
	struct packet_sockets sockets = { 0 };
	int r = netns_fd < 0 ? netns_fd : packet_sockets_find(netns_fd, &sockets);

	if (r >= 0)
		message_put_value(work->out, sockets);
	return r;
}

int act_captures(struct work *work)
{
	return work_with_port(work, find_captures, false);
}

int act_sweep(struct work *work _unused_)
{
	fastpath_sweep();
	return 0;
}
