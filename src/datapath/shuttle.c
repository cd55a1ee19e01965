/* SPDX-License-Identifier: ISC */
#include <sys/eventfd.h>

#include "datapath/shuttle-private.h"

static const struct {
	const char *name;
	enum shuttle_datapath datapath;
} datapaths[] = {
	{ "auto", SHUTTLE_AUTO },
	{ "uring", SHUTTLE_URING },
	{ "uring-batch", SHUTTLE_URING_BATCH },
	{ "uring-pending", SHUTTLE_URING_PENDING },
	{ "epoll", SHUTTLE_EPOLL },
};

int shuttle_datapath_from_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(datapaths); i++)
		if (streq(name, datapaths[i].name))
			return (int)datapaths[i].datapath;
	return -EINVAL;
}

static int choose_engine(const struct shuttle_options *options, const struct engine_class **ret)
{
	switch (options->datapath) {
	case SHUTTLE_AUTO: /* see start_best_workers() */
	case SHUTTLE_URING:
		*ret = options->nowait ? &engine_batch : &engine_pending;
		return 0;
	case SHUTTLE_URING_BATCH:
		if (!options->nowait)
			return -EOPNOTSUPP;
		*ret = &engine_batch;
		return 0;
	case SHUTTLE_URING_PENDING:
		*ret = &engine_pending;
		return 0;
	case SHUTTLE_EPOLL:
		*ret = &engine_epoll;
		return 0;
	}
	return -EINVAL;
}

/* In a worker's thread. */
static void flow_gone(struct flow *flow, void *userdata)
{
	struct shuttle *shuttle = userdata;
	struct lane *lane = flow->owner;
	struct shuttle_link *link = lane->link;
	uint64_t one = 1;

	pthread_mutex_lock(&shuttle->lock);
	link->gone[flow - lane->flows] = true;
	if (!link->listed)
		TAILQ_INSERT_TAIL(&shuttle->gone_links, link, gone_entry);
	link->listed = true;
	pthread_mutex_unlock(&shuttle->lock);
	(void)!write(shuttle->gone_fd, &one, sizeof(one));
}

/* Take one link off the list; the callback runs without the lock, as it may remove links. */
static bool next_gone(struct shuttle *shuttle, void **ret_owner, bool ret_gone[static 2])
{
	struct shuttle_link *link;

	pthread_mutex_lock(&shuttle->lock);
	link = TAILQ_FIRST(&shuttle->gone_links);
	if (link) {
		TAILQ_REMOVE(&shuttle->gone_links, link, gone_entry);
		link->listed = false;
		*ret_owner = link->owner;
		for (int end = 0; end < 2; end++) {
			ret_gone[end] = link->gone[end];
			link->gone[end] = false;
		}
	}
	pthread_mutex_unlock(&shuttle->lock);
	return link != NULL;
}

static int report_gone(sd_event_source *source _unused_, int fd, uint32_t revents _unused_,
		       void *userdata)
{
	struct shuttle *shuttle = userdata;
	uint64_t count;
	bool gone[2];
	void *owner;

	(void)!read(fd, &count, sizeof(count));
	while (next_gone(shuttle, &owner, gone))
		for (unsigned int end = 0; end < 2; end++)
			if (gone[end])
				shuttle->gone(owner, end, shuttle->userdata);
	return 0;
}

static void stop_workers(struct shuttle *shuttle)
{
	while (shuttle->n_workers > 0)
		worker_free(shuttle->workers[--shuttle->n_workers]);
}

/* All of them or none. */
static int start_workers(struct shuttle *shuttle, const struct shuttle_options *options)
{
	while (shuttle->n_workers < options->workers) {
		int r = worker_new(shuttle->class, options->busy_poll, options->nowait,
				   options->workers, flow_gone, shuttle,
				   &shuttle->workers[shuttle->n_workers]);

		if (r < 0) {
			stop_workers(shuttle);
			return r;
		}
		shuttle->n_workers++;
	}
	return 0;
}

/*
 * Whether there is io_uring is known when a worker has its ring: it may be missing (ENOSYS),
 * forbidden by sysctl, seccomp or a security module (EPERM, EACCES), too old (EINVAL), or want more
 * locked memory than we may have (ENOMEM). Whatever it is, epoll needs none of it.
 */
static int start_best_workers(struct shuttle *shuttle, const struct shuttle_options *options)
{
	int r = start_workers(shuttle, options);

	if (r >= 0 || options->datapath != SHUTTLE_AUTO)
		return r;
	shuttle->uring_error = -r;
	shuttle->class = &engine_epoll;
	return start_workers(shuttle, options);
}

int shuttle_new(sd_event *event, const struct shuttle_options *options, struct shuttle **ret)
{
	struct shuttle *shuttle;
	int r;

	shuttle = calloc(1, sizeof(*shuttle));
	if (!shuttle)
		return -ENOMEM;
	shuttle->workers = calloc(options->workers, sizeof(struct worker *));
	if (!shuttle->workers) {
		free(shuttle);
		return -ENOMEM;
	}
	shuttle->gone = options->gone;
	shuttle->moved = options->moved;
	shuttle->userdata = options->userdata;
	pthread_mutex_init(&shuttle->lock, NULL);
	TAILQ_INIT(&shuttle->links);
	TAILQ_INIT(&shuttle->gone_links);
	shuttle->gone_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = shuttle->gone_fd < 0 ? -errno : choose_engine(options, &shuttle->class);
	if (r < 0)
		goto fail;
	r = sd_event_add_io(event, &shuttle->gone_source, shuttle->gone_fd, EPOLLIN, report_gone,
			    shuttle);
	if (r >= 0)
		r = start_best_workers(shuttle, options);
	if (r >= 0)
		r = shuttle_balance_start(shuttle, event);
	if (r < 0)
		goto fail;
	*ret = shuttle;
	return 0;

fail:
	shuttle_free(shuttle);
	return r;
}

void shuttle_free(struct shuttle *shuttle)
{
	if (!shuttle)
		return;
	shuttle_balance_stop(shuttle);
	stop_workers(shuttle);
	free(shuttle->workers);
	sd_event_source_disable_unref(shuttle->gone_source);
	safe_close(shuttle->gone_fd);
	pthread_mutex_destroy(&shuttle->lock);
	free(shuttle);
}

/* --- links ------------------------------------------------------------------------------------ */

static unsigned int lanes_on(const struct shuttle_link *link, unsigned int worker)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < link->n_lanes; i++)
		n += link->lanes[i].worker == worker;
	return n;
}

/* Is worker @a a better place than @b for one more lane of the link? It has fewer lanes of the link
 * so far, else it has time left, else it has fewer flows. */
static bool is_better(const struct shuttle *shuttle, const struct shuttle_link *link,
		      unsigned int a, unsigned int b)
{
	unsigned int own_a = lanes_on(link, a), own_b = lanes_on(link, b);
	bool full_a = shuttle_is_full(shuttle, a), full_b = shuttle_is_full(shuttle, b);

	if (own_a != own_b)
		return own_a < own_b;
	if (full_a != full_b)
		return full_b;
	return worker_n_flows(shuttle->workers[a]) < worker_n_flows(shuttle->workers[b]);
}

static unsigned int choose_worker(const struct shuttle *shuttle, const struct shuttle_link *link)
{
	unsigned int best = 0;

	for (unsigned int i = 1; i < shuttle->n_workers; i++)
		if (is_better(shuttle, link, i, best))
			best = i;
	return best;
}

static int lane_begin(struct shuttle *shuttle, struct lane *lane, unsigned int worker)
{
	lane->worker = worker;
	return worker_add_flows(shuttle->workers[worker],
				(struct flow *[]){ &lane->flows[0], &lane->flows[1] });
}

static void lane_end(struct shuttle *shuttle, struct lane *lane)
{
	worker_remove_flows(shuttle->workers[lane->worker],
			    (struct flow *[]){ &lane->flows[0], &lane->flows[1] });
}

void lane_move(struct shuttle *shuttle, struct lane *lane, unsigned int worker)
{
	unsigned int old = lane->worker;

	lane_end(shuttle, lane);
	if (lane_begin(shuttle, lane, worker) < 0) /* no memory; what it had there is free again */
		(void)lane_begin(shuttle, lane, old);
}

static void init_flow(struct lane *lane, unsigned int end, unsigned int queue,
		      const struct shuttle_port ports[static 2])
{
	const struct shuttle_port *from = &ports[end], *to = &ports[!end];
	struct flow *flow = &lane->flows[end];

	*flow = (struct flow){
		.from = from->tun->queues[queue],
		.to = to->tun->queues[queue],
		.header = from->tun->header,
		.family_header = from->tun->family_header,
		.owner = lane,
		.counters = from->counters[queue],
	};
	if (from->stale)
		flow->counters->drops[DROP_PEER_DOWN] += tun_discard(flow->from);
}

static struct shuttle_link *link_new(struct shuttle *shuttle, unsigned int n_lanes, void *owner)
{
	size_t size = sizeof(struct shuttle_link) + n_lanes * sizeof(struct lane);
	struct shuttle_link *link = aligned_alloc(_Alignof(struct shuttle_link), size);

	if (!link)
		return NULL;
	memset(link, 0, size);
	link->shuttle = shuttle;
	link->owner = owner;
	TAILQ_INSERT_TAIL(&shuttle->links, link, entry);
	return link;
}

int shuttle_add_link(struct shuttle *shuttle, const struct shuttle_port ports[static 2],
		     void *owner, struct shuttle_link **ret)
{
	unsigned int n = ports[0].tun->n_queues;
	struct shuttle_link *link;
	int r;

	if (ports[0].tun->header != ports[1].tun->header || ports[1].tun->n_queues != n)
		return -EINVAL;
	link = link_new(shuttle, n, owner);
	if (!link)
		return -ENOMEM;
	for (unsigned int i = 0; i < n; i++) {
		struct lane *lane = &link->lanes[i];

		lane->link = link;
		for (unsigned int end = 0; end < 2; end++)
			init_flow(lane, end, i, ports);
		(void)lane_take_work(lane);
		r = lane_begin(shuttle, lane, choose_worker(shuttle, link));
		if (r < 0) {
			shuttle_remove_link(link);
			return r;
		}
		link->n_lanes++;
		shuttle->n_lanes++;
	}
	*ret = link;
	return 0;
}

void shuttle_remove_link(struct shuttle_link *link)
{
	struct shuttle *shuttle;

	if (!link)
		return;
	shuttle = link->shuttle;
	shuttle->n_lanes -= link->n_lanes;
	while (link->n_lanes > 0)
		lane_end(shuttle, &link->lanes[--link->n_lanes]);
	pthread_mutex_lock(&shuttle->lock);
	if (link->listed)
		TAILQ_REMOVE(&shuttle->gone_links, link, gone_entry);
	pthread_mutex_unlock(&shuttle->lock);
	TAILQ_REMOVE(&shuttle->links, link, entry);
	free(link);
}

unsigned int shuttle_link_workers(const struct shuttle_link *link,
				  unsigned int ret[static TUN_QUEUES_MAX])
{
	for (unsigned int i = 0; i < link->n_lanes; i++)
		ret[i] = link->lanes[i].worker;
	return link->n_lanes;
}

/* --- workers ---------------------------------------------------------------------------------- */

bool shuttle_workers_answer(struct shuttle *shuttle, unsigned int *ret_silent)
{
	bool all = true;

	for (unsigned int i = 0; i < shuttle->n_workers; i++) {
		if (all && !worker_has_answered(shuttle->workers[i])) {
			*ret_silent = i;
			all = false;
		}
		worker_ask(shuttle->workers[i]);
	}
	return all;
}

const char *shuttle_datapath_name(const struct shuttle *shuttle)
{
	return shuttle->class->name;
}

bool shuttle_has_busy_poll(const struct shuttle *shuttle)
{
	return shuttle->class->has_busy_poll;
}

int shuttle_uring_error(const struct shuttle *shuttle)
{
	return shuttle->uring_error;
}
