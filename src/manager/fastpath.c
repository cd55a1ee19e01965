/* SPDX-License-Identifier: ISC */

/*
 * Keeps the fast path of each link as it should be.
 *
 * Theory of operation
 *
 * Each change of a port ends in commit_flush(), which calls fastpath_update() for its link. The
 * decision is pure (datapath/fastpath.c), and costs nothing when it is the same as before. Else
 * port/fastpath.c changes the kernel.
 *
 * After a restart the first decision looks at the kernel in any case, and so adopts what a former
 * daemon laid, or takes it away.
 */

#include <stdio.h>

#include "manager/captures.h"
#include "manager/context.h"
#include "manager/fastpath.h"
#include "manager/report.h"

#define RETRY_USEC (10 * USEC_PER_SEC)
#define CLEAR_MAX  64 /* links at once */

/* --- deciding --------------------------------------------------------------------------------- */

static struct fastpath_end end_of(const struct port *port)
{
	return (struct fastpath_end){
		.up = port->peering.present && port->peering.up,
		.carrier = port->carrier,
		.moved = port->elsewhere,
		.captured = port->captured || port->overheard,
		.shaped = port->shaped,
		.mtu = port->mtu,
	};
}

static struct fastpath_facts facts_of(const struct manager *manager, const struct rport_link *link)
{
	const struct port *a = link->ports[0], *b = link->ports[1];

	return (struct fastpath_facts){
		.wanted = a->spec.fastpath && b->spec.fastpath,
		.forbidden = manager->options.fastpath == FASTPATH_NEVER,
		.offload = a->spec.offload,
		.mpls = a->spec.mpls,
		.across = a->nsid != b->nsid,
		.ends = { end_of(a), end_of(b) },
	};
}

void fastpath_status(const struct manager *manager, const struct rport_link *link, unsigned int end,
		     struct fastpath_status *ret)
{
	struct fastpath_facts facts = facts_of(manager, link);
	struct fastpath_verdict verdict = fastpath_decide(&facts, end);

	*ret = (struct fastpath_status){ .fast = link->fastpath.on[end] };
	fastpath_reason(&facts, &verdict, ret->reason);
	if (verdict.obstacle == FASTPATH_CLEAR && !ret->fast && link->fastpath_failure)
		snprintf(ret->reason, sizeof(ret->reason), "%s", link->fastpath_failure);
}

/* --- acting ----------------------------------------------------------------------------------- */

static void note_failure(struct rport_link *link, const char *failure)
{
	free(link->fastpath_failure);
	link->fastpath_failure = failure ? strdup(failure) : NULL;
}

static void report(const struct manager *manager, const struct rport_link *link, unsigned int end)
{
	struct fastpath_status status;
	char from = "ab"[end], to = "ab"[!end];

	fastpath_status(manager, link, end, &status);
	if (status.fast)
		report_link(LOG_INFO, NULL, link->name, "link %s: %c->%c takes the fast path",
			    link->name, from, to);
	else
		report_link(LOG_INFO, NULL, link->name,
			    "link %s: %c->%c does not take the fast path%s%s", link->name, from, to,
			    status.reason[0] ? ": " : "", status.reason);
}

/* A port that flaps does not cost a hidden pair each time. */
static bool keeps_hidden(const struct fastpath_facts *facts, const struct rport_link *link)
{
	return facts->wanted && !facts->forbidden && facts->across &&
	       link->ports[0]->peering.present && link->ports[1]->peering.present;
}

static void clear(struct manager *manager, const struct network_path paths[], size_t n, bool keep)
{
	for (size_t done = 0; done < n;)
		done += network_clear(manager->network, paths + done, n - done, keep);
}

static void lay(struct manager *manager, struct rport_link *link,
		const struct fastpath_facts *facts, const bool want[static 2])
{
	const bool before[2] = { link->fastpath.on[0], link->fastpath.on[1] };
	struct rport_error err;
	int r = network_lay(manager->network, link->ports, want, keeps_hidden(facts, link),
			    &link->fastpath, &err);

	note_failure(link, r < 0 ? err.message : NULL);
	if (r < 0) {
		link->fastpath_retry = monotonic_usec() + RETRY_USEC;
		log_limited(LOG_WARNING, "link %s: no fast path: %s", link->name, err.message);
		clear(manager, &(struct network_path){ link->ports, &link->fastpath }, 1, false);
	}
	for (unsigned int end = 0; end < 2; end++)
		if (link->fastpath.on[end] != before[end])
			report(manager, link, end);
}

void fastpath_retry(struct rport_link *link)
{
	link->fastpath_retry = 0;
}

static bool has_just_failed(const struct rport_link *link)
{
	return link->fastpath_failure && monotonic_usec() < link->fastpath_retry;
}

static bool is_as_wanted(const struct rport_link *link, const bool want[static 2])
{
	return link->fastpath.known && link->fastpath.on[0] == want[0] &&
	       link->fastpath.on[1] == want[1];
}

void fastpath_update(struct manager *manager, struct rport_link *link)
{
	struct fastpath_facts facts = facts_of(manager, link);
	bool want[2];

	if (link->ports[0]->inherited || link->ports[1]->inherited)
		return; /* what a former daemon laid stays until both are taken over */
	if (!facts.wanted && !link->fastpath.known)
		return;
	for (unsigned int end = 0; end < 2; end++)
		want[end] = fastpath_decide(&facts, end).obstacle == FASTPATH_CLEAR;
	if (!is_as_wanted(link, want) && !(has_just_failed(link) && (want[0] || want[1])))
		lay(manager, link, &facts, want);
	if (facts.wanted)
		captures_look(manager);
	else
		fastpath_forget(&link->fastpath);
}

void fastpath_withdraw(struct manager *manager, struct rport_link *link)
{
	if (link->fastpath.known &&
	    !(link->ports[0]->spec.fastpath && link->ports[1]->spec.fastpath))
		fastpath_update(manager, link);
}

void fastpath_end(struct manager *manager, struct rport_link *links[], size_t n, bool keep)
{
	struct network_path paths[CLEAR_MAX];
	size_t n_paths = 0;

	for (size_t i = 0; i < n; i++) {
		if (manager->state && links[i]->fastpath.known)
			paths[n_paths++] =
				(struct network_path){ links[i]->ports, &links[i]->fastpath };
		else
			fastpath_forget(&links[i]->fastpath);
		note_failure(links[i], NULL);
		if (n_paths == CLEAR_MAX || i + 1 == n) {
			clear(manager, paths, n_paths, keep);
			n_paths = 0;
		}
	}
}

/* --- counting --------------------------------------------------------------------------------- */

/* What is read with one call. */
struct reading {
	struct manager *manager;
	int fds[NETWORK_COUNTS_MAX];
	struct fastpath_count *into[NETWORK_COUNTS_MAX];
	unsigned int n;
};

static void read_counts(struct reading *reading)
{
	struct fastpath_count counts[NETWORK_COUNTS_MAX];
	int r = network_counts(reading->manager->network, reading->fds, reading->n, counts);

	for (unsigned int i = 0; i < reading->n && r >= 0; i++)
		*reading->into[i] = counts[i];
	reading->n = 0;
}

static void add_to_reading(struct rport_link *link, void *userdata)
{
	struct fastpath *path = &link->fastpath;
	struct reading *reading = userdata;

	for (unsigned int end = 0; end < 2; end++) {
		if (!path->on[end])
			continue;
		reading->fds[reading->n] = path->counts[end];
		reading->into[reading->n++] = &path->counted[end];
		if (reading->n == NETWORK_COUNTS_MAX)
			read_counts(reading);
	}
}

void fastpath_count(struct manager *manager, struct rport_link *link)
{
	struct reading reading = { .manager = manager };

	if (link)
		add_to_reading(link, &reading);
	else
		table_foreach_link(&manager->table, add_to_reading, &reading);
	if (reading.n > 0)
		read_counts(&reading);
}

/* --- repairing -------------------------------------------------------------------------------- */

bool fastpath_is_doubted(const struct rport_link *link)
{
	return !link->fastpath.known && !link->fastpath_failure && link->ports[0]->spec.fastpath &&
	       link->ports[1]->spec.fastpath;
}

bool fastpath_doubt(struct rport_link *link)
{
	/* after a failure it is known that there is none, and the events are of our own making */
	if (!link->fastpath.known || link->fastpath_failure)
		return false;
	link->fastpath.known = false;
	return true;
}

struct port *fastpath_lost_hidden(struct manager *manager, int nsid, const char *name)
{
	unsigned int index;
	struct port *port = fastpath_hidden_port(name, &index)
				    ? table_port_by_index(&manager->table, nsid, index)
				    : NULL;

	return port && port->link && fastpath_doubt(port->link) ? port : NULL;
}
