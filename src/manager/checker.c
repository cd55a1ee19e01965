/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * Looking at a link takes some twenty questions in the namespaces of others, any of which may wait
 * for the rtnl lock, and probes wait for packets. rportd-net does that while everything else goes
 * on, and answers later.
 *
 * What the daemon knew when a job began is the answer when the deadline comes first. A late job
 * keeps its place until rportd-net is done with it.
 *
 * All users may ask. Those who may not change anything get half of the places, and wait behind the
 * others.
 */

#include "manager/checker.h"
#include "manager/context.h"
#include "manager/facts.h"
#include "manager/status.h"

#define PLACES_MAX       NETWORK_CHECKS_MAX
#define PLACES_MAX_OTHER 2 /* of users who may not change anything */

/*
 * struct check_job - a link that is looked at
 * @facts: what the daemon knew; what is found out is added
 * @specs: own what the facts borrow
 * @texts: the same: reasons and drift
 * @serials: of the ports
 * @running: rportd-net is busy with it
 */
struct check_job {
	struct checker *checker;
	struct check_facts facts;
	struct port_spec specs[2];
	char *texts[4];
	uint64_t serials[2];
	struct check_request request;
	sd_event_source *deadline;
	bool running;
	TAILQ_ENTRY(check_job) entry;
};

TAILQ_HEAD(check_jobs, check_job);

/*
 * struct checker
 * @jobs: all of them, in the order in which they came
 * @running: with how many rportd-net is busy, and how many of them are for others
 */
struct checker {
	struct manager *manager;
	struct check_jobs jobs;
	unsigned int running, running_other;
};

/* --- a job ------------------------------------------------------------------------------------ */

static void free_job(struct check_job *job)
{
	sd_event_source_disable_unref(job->deadline);
	for (unsigned int end = 0; end < 2; end++)
		free(job->specs[end].addresses);
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
	struct check_end *facts = &job->facts.ends[end];
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

static int new_job(struct checker *checker, const struct check_request *request,
		   struct check_job **ret)
{
	struct check_job *job = calloc(1, sizeof(*job));
	int r = 0;

	if (!job)
		return -ENOMEM;
	job->checker = checker;
	job->request = *request;
	facts_of_link(checker->manager, request->link, &job->facts);
	facts_find_twin(checker->manager, request->link, &job->facts);
	for (unsigned int end = 0; end < 2; end++) {
		job->serials[end] = request->link->ports[end]->serial;
		if (r >= 0)
			r = own_end(job, end);
	}
	if (r < 0) {
		free_job(job);
		return r;
	}
	*ret = job;
	return 0;
}

/* --- its end ---------------------------------------------------------------------------------- */

/* The link, if it still is the one that was looked at. */
static struct rport_link *find_link(const struct check_job *job)
{
	struct rport_link *link =
		table_link_by_name(&job->checker->manager->table, job->facts.link);

	if (link && link->ports[0]->serial == job->serials[0] &&
	    link->ports[1]->serial == job->serials[1])
		return link;
	return NULL;
}

static void answer(struct check_job *job, const struct inspect_result *found)
{
	const struct check_facts *facts = &job->facts;
	struct check_result result = {
		.facts = facts,
		.probes = found ? found->probes : NULL,
		.n_probes = found ? found->n_probes : 0,
	};
	struct rport_link *link = find_link(job);
	struct port_status status;

	for (unsigned int end = 0; end < 2; end++) {
		result.after[end] = facts->ends[end].drops;
		if (!link)
			continue;
		manager_port_status(link->ports[end], &status);
		result.after[end].counters = status.counters;
		if (facts->ends[end].seen.looked == 0)
			memcpy(link->local_first, facts->ends[end].seen.local_first,
			       sizeof(link->local_first));
	}
	if (job->request.done)
		job->request.done(&result, job->request.userdata);
	job->request.done = NULL;
}

/* With what the daemon knew. @why: -errno: nobody has looked */
static void answer_without(struct check_job *job, int why)
{
	for (unsigned int end = 0; end < 2; end++)
		job->facts.ends[end].seen.looked = why;
	answer(job, NULL);
}

static void remove_job(struct check_job *job)
{
	TAILQ_REMOVE(&job->checker->jobs, job, entry);
	free_job(job);
}

static int late(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
	struct check_job *job = userdata;

	answer_without(job, job->running ? -ETIMEDOUT : -EBUSY);
	if (!job->running)
		remove_job(job);
	return 0;
}

static void start_jobs(struct checker *checker);

static void inspected(const struct inspect_result *found, void *userdata)
{
	struct check_job *job = userdata;
	struct checker *checker = job->checker;

	checker->running--;
	checker->running_other -= !job->request.trusted;
	if (found) {
		for (unsigned int end = 0; end < 2; end++)
			job->facts.ends[end].seen = found->ends[end];
		memcpy(job->facts.flows, found->flows, sizeof(job->facts.flows));
		job->facts.n_flows = found->n_flows;
		answer(job, found);
	} else {
		answer_without(job, -ECONNRESET);
	}
	remove_job(job);
	start_jobs(checker);
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

static struct inspect_end end_of(const struct manager *manager, const struct port *port)
{
	return (struct inspect_end){
		.port = port->peering.present && !port->elsewhere ? port : NULL,
		.own = port->nsid == manager->own_nsid ||
		       port->spec.domain.netns == DOMAIN_NETNS_SELF,
	};
}

/* A link that has gone meanwhile has nothing to look at. */
static int begin_job(struct check_job *job)
{
	struct manager *manager = job->checker->manager;
	const struct rport_link *link = find_link(job);
	struct inspect_end ends[2] = { 0 };

	for (unsigned int end = 0; link && end < 2; end++)
		ends[end] = end_of(manager, link->ports[end]);
	return network_check(manager->network, ends, job->request.probe, inspected, job);
}

static bool start_job(struct checker *checker, struct check_job *job)
{
	if (!job || begin_job(job) < 0)
		return false;
	job->running = true;
	checker->running++;
	checker->running_other += !job->request.trusted;
	return true;
}

static void start_jobs(struct checker *checker)
{
	while (checker->running < PLACES_MAX && start_job(checker, next_waiting(checker, true)))
		;
	while (checker->running < PLACES_MAX && checker->running_other < PLACES_MAX_OTHER &&
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

	if (!checker)
		return -ENOMEM;
	checker->manager = manager;
	TAILQ_INIT(&checker->jobs);
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
	free(checker);
}

/* --- rules ------------------------------------------------------------------------------------ */

void checker_look_at_rules(struct manager *manager, struct rport_link *link)
{
	const struct port *a = link->ports[0], *b = link->ports[1];

	if (!a->peering.present || !b->peering.present || a->nsid != b->nsid ||
	    !a->spec.domain.vrf[0] == !b->spec.domain.vrf[0])
		return;
	(void)network_local_first(manager->network, a, link->local_first);
}
