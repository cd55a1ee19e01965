/* SPDX-License-Identifier: ISC */

/*
 * Queries of the kernel on behalf of clients. All queries of a call share one deadline: see
 * port/ask.c.
 */

#include "manager/ask.h"
#include "manager/commit.h"
#include "manager/context.h"
#include "manager/fastpath.h"
#include "manager/reconcile.h"
#include "manager/schedule.h"
#include "port/ask.h"

#define ASK_ALL_USEC  (10 * USEC_PER_MSEC)
#define ASK_LINK_USEC (50 * USEC_PER_MSEC)

static void take_answer(struct manager *manager, struct port *port,
			const struct port_answer *answer)
{
	if (answer->result == -EBADFD)
		reconcile_now(manager, port);
	else if (answer->result < 0)
		schedule_look(port);
	else
		reconcile_saw(manager, port, &answer->dev);
}

/* Return: how many of @ports were answered, from the first. */
static unsigned int ask_some(struct manager *manager, struct port *const ports[], unsigned int n,
			     uint64_t deadline)
{
	struct port_answer answers[PORT_ASK_MAX];
	unsigned int n_answers = network_ask(manager->network, ports, n, false, deadline, answers);

	for (unsigned int i = 0; i < n_answers; i++) {
		ports[i]->asked = manager->asking;
		take_answer(manager, ports[i], &answers[i]);
	}
	return n_answers;
}

/* @port: the first port to consider; afterwards the first port that was not considered. Return: how
 * many ports are in @ret. */
static unsigned int gather(const struct manager *manager, struct port **port, uint64_t now,
			   struct port *ret[static PORT_ASK_MAX])
{
	unsigned int n = 0;

	for (; *port && n < PORT_ASK_MAX; *port = TAILQ_NEXT(*port, entry))
		if ((*port)->peering.present && (*port)->asked != manager->asking &&
		    schedule_may_look(manager, *port) <= now)
			ret[n++] = *port;
	return n;
}

void manager_ask_all(struct manager *manager)
{
	struct port *port = TAILQ_FIRST(&manager->table.ports), *ports[PORT_ASK_MAX];
	uint64_t start = monotonic_usec(), now = start;
	unsigned int n;

	while ((n = gather(manager, &port, now, ports)) > 0) {
		if (now >= start + ASK_ALL_USEC ||
		    ask_some(manager, ports, n, start + ASK_ALL_USEC) < n)
			break;
		now = monotonic_usec();
	}
	if (n == 0) /* no port was left out */
		manager->asking++;
	fastpath_count(manager, NULL);
	commit_flush(manager);
}

void manager_ask_link(struct manager *manager, struct rport_link *link)
{
	struct port_answer answers[2];
	struct port *ports[2];
	unsigned int n = 0;

	reconcile_take_over(manager, link->ports[0]);
	for (int end = 0; end < 2; end++)
		if (link->ports[end]->peering.present)
			ports[n++] = link->ports[end];
	n = network_ask(manager->network, ports, n, true, monotonic_usec() + ASK_LINK_USEC,
			answers);
	for (unsigned int i = 0; i < n; i++) {
		take_answer(manager, ports[i], &answers[i]);
		if (answers[i].result >= 0 && answers[i].observed >= 0 &&
		    ports[i]->peering.present && port_compare_seen(ports[i], &answers[i].seen) > 0)
			commit_port(manager, ports[i], NULL);
		port_seen_release(&answers[i].seen);
	}
	fastpath_count(manager, link);
	commit_flush(manager);
}
