/* SPDX-License-Identifier: ISC */

/* The data path's face: links and their queues, the workers, and ports that were removed. */

#include <sys/eventfd.h>

#include "datapath/engines.h"
#include "base/turn.h"
#include "datapath/shuttle-private.h"

/* In a worker's thread. */
static void flow_gone(struct flow *flow, void *userdata)
{
	struct shuttle *shuttle = userdata;
	struct link_queue *queue = flow->owner;
	struct shuttle_link *link = queue->link;
	uint64_t one = 1;

	pthread_mutex_lock(&shuttle->lock);
	link->gone[flow - queue->flows] = true;
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

	turn_is("removed interfaces");
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
	struct worker_options worker = {
		.class = shuttle->class,
		.workers = options->workers,
		.busy_poll = options->busy_poll,
		.nowait = options->nowait,
		.gone = flow_gone,
		.confine = options->confine,
		.userdata = shuttle,
	};

	while (shuttle->n_workers < options->workers) {
		int r = worker_new(&worker, &shuttle->workers[shuttle->n_workers]);

		if (r < 0) {
			stop_workers(shuttle);
			return r;
		}
		shuttle->n_workers++;
	}
	return 0;
}

/*
 * Whether an engine works is known once a worker has made it: io_uring may be missing (ENOSYS),
 * forbidden by sysctl, seccomp or a security module (EPERM, EACCES), too old (EINVAL), or want more
 * locked memory than we may have (ENOMEM). Whatever the reason, the next engine may do without.
 */
static int start_best_workers(struct shuttle *shuttle, const struct shuttle_options *options)
{
	const struct engine_class *engine = NULL;
	int r, first_error = -EOPNOTSUPP;
	bool tried = false;

	while ((engine = engines_next(options->datapath, engine))) {
		if (engine->needs_nowait && !options->nowait)
			continue;
		shuttle->class = engine;
		r = start_workers(shuttle, options);
		if (r >= 0) {
			shuttle->error = tried ? -first_error : 0;
			return 0;
		}
		first_error = tried ? first_error : r;
		tried = true;
	}
	return first_error;
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
	r = shuttle->gone_fd < 0 ? -errno : 0;
	if (r >= 0)
		r = sd_event_add_io(event, &shuttle->gone_source, shuttle->gone_fd, EPOLLIN,
				    report_gone, shuttle);
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

static unsigned int queues_on(const struct shuttle_link *link, unsigned int worker)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < link->n_queues; i++)
		n += link->queues[i].worker == worker;
	return n;
}

/* Is worker @a a better place than @b for one more queue of the link? It has fewer queues of it
 * so far, else it has time left, else it has fewer flows. */
static bool is_better(const struct shuttle *shuttle, const struct shuttle_link *link,
		      unsigned int a, unsigned int b)
{
	unsigned int own_a = queues_on(link, a), own_b = queues_on(link, b);
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

static void init_flow(struct link_queue *queue, unsigned int end, unsigned int index,
		      const struct shuttle_port ports[static 2])
{
	const struct shuttle_port *from = &ports[end], *to = &ports[!end];
	struct flow *flow = &queue->flows[end];

	*flow = (struct flow){
		.from = from->tun->queues[index],
		.to = to->tun->queues[index],
		.header = from->tun->header,
		.family_header = from->tun->family_header,
		.owner = queue,
		.counters = from->counters[index],
	};
	if (from->stale)
		flow_count_purged(flow, tun_discard(flow->from));
}

static struct shuttle_link *link_new(struct shuttle *shuttle, unsigned int n_queues, void *owner)
{
	size_t size = sizeof(struct shuttle_link) + n_queues * sizeof(struct link_queue);
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
		struct link_queue *queue = &link->queues[i];

		queue->link = link;
		for (unsigned int end = 0; end < 2; end++)
			init_flow(queue, end, i, ports);
		(void)link_queue_take_work(queue);
		r = link_queue_begin(queue, shuttle->workers, choose_worker(shuttle, link));
		if (r < 0) {
			shuttle_remove_link(link);
			return r;
		}
		link->n_queues++;
		shuttle->n_queues++;
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
	shuttle->n_queues -= link->n_queues;
	while (link->n_queues > 0)
		link_queue_end(&link->queues[--link->n_queues], shuttle->workers);
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
	for (unsigned int i = 0; i < link->n_queues; i++)
		ret[i] = link->queues[i].worker;
	return link->n_queues;
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

bool shuttle_get_worker(const struct shuttle *shuttle, unsigned int index,
			struct shuttle_worker *ret)
{
	if (index >= shuttle->n_workers)
		return false;
	*ret = (struct shuttle_worker){
		.cpu_ns = worker_cpu_time(shuttle->workers[index]),
		.flows = worker_n_flows(shuttle->workers[index]),
	};
	return true;
}

const char *shuttle_datapath_name(const struct shuttle *shuttle)
{
	return shuttle->class->name;
}

bool shuttle_has_busy_poll(const struct shuttle *shuttle)
{
	return shuttle->class->has_busy_poll;
}

int shuttle_engine_error(const struct shuttle *shuttle)
{
	return shuttle->error;
}
