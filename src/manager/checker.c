/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * Looking at a link takes some twenty questions in the namespaces of others, any of which may wait
 * for the rtnl lock, and probes wait for packets. So each job has a thread, and the main thread none
 * of the waiting: an eventfd tells it that a thread is done.
 *
 * A job belongs to its thread while that runs. What the daemon knew when it began is kept in a
 * second copy: it is the answer when the deadline comes first. A late thread keeps its place, so
 * there are never more than THREADS_MAX.
 *
 * All users may ask. Those who may not change anything get half of the places, and wait behind the
 * others.
 */

#include <fcntl.h>
#include <sys/eventfd.h>

#include "base/turn.h"
#include "kernel/thread.h"
#include "manager/checker.h"
#include "manager/context.h"
#include "manager/facts.h"
#include "manager/status.h"

#define THREADS_MAX       4
#define THREADS_MAX_OTHER 2 /* of users who may not change anything */

/*
 * struct check_job - a link that is looked at
 * @known: what the daemon knew; @facts: the thread's copy
 * @ends: where to look
 * @specs: own what the facts borrow
 * @texts: the same: reasons and drift
 * @serials: of the ports
 * @running: it has a thread
 * @finished: the thread's last word, under the lock of the checker
 */
struct check_job {
	struct checker *checker;
	struct check_facts known, facts;
	struct inspect_end ends[2];
	struct port_spec specs[2];
	char *texts[4];
	uint64_t serials[2];
	struct inspect_probe probes[INSPECT_PROBES_MAX];
	unsigned int n_probes;
	struct check_request request;
	sd_event_source *deadline;
	pthread_t thread;
	bool running;
	bool finished;
	TAILQ_ENTRY(check_job) entry;
};

TAILQ_HEAD(check_jobs, check_job);

/*
 * struct checker
 * @jobs: all of them, in the order in which they came
 * @running: how many threads there are, and how many of them are for others
 */
struct checker {
	struct manager *manager;
	struct check_jobs jobs;
	unsigned int running, running_other;
	pthread_mutex_t lock;
	int wake_fd;
	sd_event_source *source;
};

/* --- in the thread ---------------------------------------------------------------------------- */

static void *look(void *arg)
{
	struct check_job *job = arg;
	struct checker *checker = job->checker;
	uint64_t one = 1;

	inspect_link(&job->facts, job->ends);
	if (job->request.probe)
		job->n_probes = inspect_probe(&job->facts, job->ends, job->probes);
	for (unsigned int end = 0; end < 2; end++)
		job->ends[end].netns_fd = safe_close(job->ends[end].netns_fd);
	pthread_mutex_lock(&checker->lock);
	job->finished = true;
	pthread_mutex_unlock(&checker->lock);
	(void)!write(checker->wake_fd, &one, sizeof(one));
	return NULL;
}

/* --- a job ------------------------------------------------------------------------------------ */

static void free_job(struct check_job *job)
{
	sd_event_source_disable_unref(job->deadline);
	for (unsigned int end = 0; end < 2; end++) {
		safe_close(job->ends[end].netns_fd);
		free(job->specs[end].addresses);
	}
	for (size_t i = 0; i < ARRAY_SIZE(job->texts); i++)
		free(job->texts[i]);
	free(job);
}

static int copy_text(const char **text, char **ret_own)
{
	if (!*text)
		return 0;
	*ret_own = strdup(*text);
	*text = *ret_own;
	return *ret_own ? 0 : -ENOMEM;
}

/* The facts borrow from the ports, which may go: they borrow from the job instead. */
static int own_end(struct check_job *job, unsigned int end)
{
	struct check_end *facts = &job->known.ends[end];
	struct port_spec *spec = &job->specs[end];

	*spec = *facts->spec;
	spec->process = NULL;
	spec->routes = NULL;
	spec->n_routes = 0;
	spec->addresses = NULL;
	if (spec->n_addresses > 0) {
		spec->addresses = calloc(spec->n_addresses, sizeof(*spec->addresses));
		if (!spec->addresses)
			return -ENOMEM;
		memcpy(spec->addresses, facts->spec->addresses,
		       spec->n_addresses * sizeof(*spec->addresses));
	}
	facts->spec = spec;
	if (copy_text(&facts->reason, &job->texts[2 * end]) < 0 ||
	    copy_text(&facts->drift, &job->texts[2 * end + 1]) < 0)
		return -ENOMEM;
	return 0;
}

static void find_place(const struct manager *manager, const struct port *port,
		       struct inspect_end *ret)
{
	*ret = (struct inspect_end){ .netns_fd = -EBADF };
	if (!port->peering.present)
		return;
	ret->netns_fd = tun_netns(tun_fd(&port->tun));
	ret->vrf = port->vrf;
	ret->own = port->nsid == manager->own_nsid || port->spec.domain.netns == DOMAIN_NETNS_SELF;
}

static int new_job(struct checker *checker, const struct check_request *request,
		   struct check_job **ret)
{
	struct check_job *job = calloc(1, sizeof(*job));
	int r = 0;

	if (!job)
		return -ENOMEM;
	job->checker = checker;
	job->request = *request;
	facts_of_link(checker->manager, request->link, &job->known);
	facts_find_twin(checker->manager, request->link, &job->known);
	for (unsigned int end = 0; end < 2; end++) {
		const struct port *port = request->link->ports[end];

		find_place(checker->manager, port, &job->ends[end]);
		job->serials[end] = port->serial;
		if (job->ends[end].netns_fd < 0)
			job->known.ends[end].index = 0;
		if (r >= 0)
			r = own_end(job, end);
	}
	if (r < 0) {
		free_job(job);
		return r;
	}
	job->facts = job->known;
	*ret = job;
	return 0;
}

/* --- its end ---------------------------------------------------------------------------------- */

/* The link, if it still is the one that was looked at. */
static struct rport_link *find_link(const struct check_job *job)
{
	struct rport_link *link =
		table_link_by_name(&job->checker->manager->table, job->known.link);

	if (link && link->ports[0]->serial == job->serials[0] &&
	    link->ports[1]->serial == job->serials[1])
		return link;
	return NULL;
}

static void answer(struct check_job *job, const struct check_facts *facts, unsigned int n_probes)
{
	struct check_result result = { .facts = facts,
				       .probes = job->probes,
				       .n_probes = n_probes };
	struct rport_link *link = find_link(job);
	struct port_status status;

	for (unsigned int end = 0; end < 2; end++) {
		result.after[end] = facts->ends[end].drops;
		if (!link)
			continue;
		manager_port_status(link->ports[end], &status);
		result.after[end].counters = status.counters;
		if (facts->ends[end].looked == 0)
			memcpy(link->local_first, facts->ends[end].local_first,
			       sizeof(link->local_first));
	}
	if (job->request.done)
		job->request.done(&result, job->request.userdata);
	job->request.done = NULL;
}

static void start_jobs(struct checker *checker);

static void remove_job(struct check_job *job)
{
	struct checker *checker = job->checker;

	TAILQ_REMOVE(&checker->jobs, job, entry);
	if (job->running) {
		pthread_join(job->thread, NULL);
		checker->running--;
		checker->running_other -= !job->request.trusted;
	}
	free_job(job);
}

static int late(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
	struct check_job *job = userdata;

	for (unsigned int end = 0; end < 2; end++)
		job->known.ends[end].looked = job->running ? -ETIMEDOUT : -EBUSY;
	answer(job, &job->known, 0);
	if (!job->running)
		remove_job(job);
	return 0;
}

static struct check_job *next_finished(struct checker *checker)
{
	struct check_job *job;

	pthread_mutex_lock(&checker->lock);
	TAILQ_FOREACH(job, &checker->jobs, entry)
	{
		if (job->finished)
			break;
	}
	pthread_mutex_unlock(&checker->lock);
	return job;
}

static int take_finished(sd_event_source *source _unused_, int fd, uint32_t revents _unused_,
			 void *userdata)
{
	struct checker *checker = userdata;
	struct check_job *job;
	uint64_t count;

	turn_is("checks of links");
	(void)!read(fd, &count, sizeof(count));
	while ((job = next_finished(checker))) {
		answer(job, &job->facts, job->n_probes);
		remove_job(job);
	}
	start_jobs(checker);
	return 0;
}

/* --- their turn ------------------------------------------------------------------------------- */

static struct check_job *next_waiting(struct checker *checker, bool trusted)
{
	struct check_job *job;

	TAILQ_FOREACH(job, &checker->jobs, entry)
	{
		if (!job->running && job->request.done && job->request.trusted == trusted)
			return job;
	}
	return NULL;
}

static bool start_job(struct checker *checker, struct check_job *job)
{
	if (!job || thread_start(&job->thread, "rportd-check", look, job) < 0)
		return false;
	job->running = true;
	checker->running++;
	checker->running_other += !job->request.trusted;
	return true;
}

static void start_jobs(struct checker *checker)
{
	while (checker->running < THREADS_MAX && start_job(checker, next_waiting(checker, true)))
		;
	while (checker->running < THREADS_MAX && checker->running_other < THREADS_MAX_OTHER &&
	       start_job(checker, next_waiting(checker, false)))
		;
}

int checker_begin(struct checker *checker, const struct check_request *request,
		  struct check_job **ret)
{
	struct check_job *job;
	int r = new_job(checker, request, &job);

	if (r < 0)
		return r;
	r = sd_event_add_time_relative(checker->manager->event, &job->deadline, CLOCK_MONOTONIC,
				       CHECKER_MSEC * USEC_PER_MSEC, 0, late, job);
	if (r < 0) {
		free_job(job);
		return r;
	}
	TAILQ_INSERT_TAIL(&checker->jobs, job, entry);
	start_jobs(checker);
	*ret = job;
	return 0;
}

void checker_forget(struct check_job *job)
{
	job->request.done = NULL;
	if (!job->running)
		remove_job(job);
}

/* --- beginning and end ------------------------------------------------------------------------ */

int checker_new(struct manager *manager, struct checker **ret)
{
	struct checker *checker = calloc(1, sizeof(*checker));
	int r = -ENOMEM;

	if (!checker)
		return r;
	checker->manager = manager;
	TAILQ_INIT(&checker->jobs);
	pthread_mutex_init(&checker->lock, NULL);
	checker->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = checker->wake_fd < 0
		    ? -errno
		    : sd_event_add_io(manager->event, &checker->source, checker->wake_fd, EPOLLIN,
				      take_finished, checker);
	if (r < 0) {
		checker_free(checker);
		return r;
	}
	*ret = checker;
	return 0;
}

void checker_free(struct checker *checker)
{
	struct check_job *job;

	if (!checker)
		return;
	while ((job = TAILQ_FIRST(&checker->jobs)))
		remove_job(job);
	sd_event_source_disable_unref(checker->source);
	safe_close(checker->wake_fd);
	pthread_mutex_destroy(&checker->lock);
	free(checker);
}

/* --- rules ------------------------------------------------------------------------------------ */

void checker_look_at_rules(struct rport_link *link)
{
	const struct port *a = link->ports[0], *b = link->ports[1];
	_cleanup_close_ int netns_fd = -EBADF;
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;

	if (!a->peering.present || !b->peering.present || a->nsid != b->nsid ||
	    !a->spec.domain.vrf[0] == !b->spec.domain.vrf[0])
		return;
	netns_fd = tun_netns(tun_fd(&a->tun));
	if (netns_fd < 0 || rtnl_open(netns_fd, &rtnl) < 0)
		return;
	link->local_first[CHECK_IPV4] = rtnl_local_comes_first(rtnl, AF_INET) > 0;
	link->local_first[CHECK_IPV6] = rtnl_local_comes_first(rtnl, AF_INET6) > 0;
}
