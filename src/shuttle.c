/* SPDX-License-Identifier: ISC */
#include <pthread.h>
#include <sys/eventfd.h>

#include "shuttle.h"
#include "worker.h"

struct shuttle_link {
	struct shuttle *shuttle;
	unsigned int worker;
	void *owner;
	struct flow flows[2]; /* flows[i] reads from port i */
	bool gone[2];         /* seen by a worker; under the shuttle's lock */
	TAILQ_ENTRY(shuttle_link) gone_entry;
	bool listed; /* in the gone list */
};

TAILQ_HEAD(shuttle_link_list, shuttle_link);

struct shuttle {
	const struct engine_class *class;
	int uring_error; /* see shuttle_uring_error() */
	struct worker **workers;
	unsigned int n_workers;
	void (*gone)(void *owner, unsigned int end, void *userdata);
	void *userdata;

	int gone_fd; /* eventfd: the list below has something */
	sd_event_source *gone_source;
	pthread_mutex_t
		lock; /* of the list, and of gone[] and listed in links; never taken for a packet */
	struct shuttle_link_list gone_links;
};

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
	struct shuttle_link *link = flow->owner;
	uint64_t one = 1;

	pthread_mutex_lock(&shuttle->lock);
	link->gone[flow - link->flows] = true;
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
static int start_workers(struct shuttle *shuttle, unsigned int n)
{
	for (; shuttle->n_workers < n; shuttle->n_workers++) {
		int r = worker_new(shuttle->class, flow_gone, shuttle,
				   &shuttle->workers[shuttle->n_workers]);

		if (r < 0) {
			stop_workers(shuttle);
			return r;
		}
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
	int r = start_workers(shuttle, options->workers);

	if (r >= 0 || options->datapath != SHUTTLE_AUTO)
		return r;
	shuttle->uring_error = -r;
	shuttle->class = &engine_epoll;
	return start_workers(shuttle, options->workers);
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
	shuttle->userdata = options->userdata;
	pthread_mutex_init(&shuttle->lock, NULL);
	TAILQ_INIT(&shuttle->gone_links);
	shuttle->gone_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = shuttle->gone_fd < 0 ? -errno : choose_engine(options, &shuttle->class);
	if (r < 0)
		goto fail;
	r = sd_event_add_io(event, &shuttle->gone_source, shuttle->gone_fd, EPOLLIN, report_gone,
			    shuttle);
	if (r >= 0)
		r = start_best_workers(shuttle, options);
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
	stop_workers(shuttle);
	free(shuttle->workers);
	sd_event_source_disable_unref(shuttle->gone_source);
	safe_close(shuttle->gone_fd);
	pthread_mutex_destroy(&shuttle->lock);
	free(shuttle);
}

static unsigned int least_busy_worker(const struct shuttle *shuttle)
{
	unsigned int best = 0;

	for (unsigned int i = 1; i < shuttle->n_workers; i++)
		if (worker_n_flows(shuttle->workers[i]) < worker_n_flows(shuttle->workers[best]))
			best = i;
	return best;
}

static void init_flow(struct flow *flow, struct shuttle_link *link, const struct shuttle_port *from,
		      const struct shuttle_port *to)
{
	*flow = (struct flow){
		.from = from->tun.fd,
		.to = to->tun.fd,
		.header = from->tun.header,
		.family_header = from->tun.family_header,
		.owner = link,
		.counters = from->counters,
	};
	if (from->stale)
		flow->counters->drops[DROP_PEER_DOWN] += tun_discard(from->tun.fd);
}

int shuttle_add_link(struct shuttle *shuttle, const struct shuttle_port ports[static 2],
		     void *owner, struct shuttle_link **ret)
{
	struct shuttle_link *link;
	int r;

	if (ports[0].tun.header != ports[1].tun.header)
		return -EINVAL;
	link = calloc(1, sizeof(*link));
	if (!link)
		return -ENOMEM;
	link->shuttle = shuttle;
	link->owner = owner;
	link->worker = least_busy_worker(shuttle);
	for (unsigned int end = 0; end < 2; end++)
		init_flow(&link->flows[end], link, &ports[end], &ports[!end]);
	r = worker_add_flows(shuttle->workers[link->worker],
			     (struct flow *[]){ &link->flows[0], &link->flows[1] });
	if (r < 0) {
		free(link);
		return r;
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
	worker_remove_flows(shuttle->workers[link->worker],
			    (struct flow *[]){ &link->flows[0], &link->flows[1] });
	pthread_mutex_lock(&shuttle->lock);
	if (link->listed)
		TAILQ_REMOVE(&shuttle->gone_links, link, gone_entry);
	pthread_mutex_unlock(&shuttle->lock);
	free(link);
}

unsigned int shuttle_link_worker(const struct shuttle_link *link)
{
	return link->worker;
}

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

int shuttle_uring_error(const struct shuttle *shuttle)
{
	return shuttle->uring_error;
}
