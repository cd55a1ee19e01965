/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * Why. Each query of an interface takes the rtnl lock. A namespace with 100,000 IPv6 routes
 * whose owner adds and deletes an address makes the kernel hold this lock, which is one for all
 * namespaces, for hundreds of milliseconds.
 *
 * Copies. The thread gets a copy of each port with what a query needs: a duplicate of one
 * descriptor, the addresses and the routes. So the port may change, or be removed, while a late
 * query is still waiting.
 *
 * Being late. The thread counts its answers, in order. At the deadline the caller takes those that
 * are there, tells the thread to ask no more, and goes on. Both then use different entries of the
 * list. The caller writes to it again only after the thread has said that it is done.
 */

#include <fcntl.h>
#include <stdatomic.h>

#include "kernel/thread.h"
#include "port/ask.h"
#include "port/port-private.h"

struct question {
	struct port port; /* the copy */
	bool observe;
	struct port_answer answer;
};

/*
 * struct port_asker
 * @own: a socket in rportd's namespace; the thread's
 * @begun: posted when there are questions, or @ended is set
 * @done: posted when the thread has asked all of them, or was stopped
 * @n: questions
 * @n_answered: of these, from the first
 * @abandoned: the caller does not wait any more
 * @late: @done has not been waited for; the caller's
 */
struct port_asker {
	pthread_t thread;
	struct rtnl *own;
	sem_t begun, done;
	struct question questions[PORT_ASK_MAX];
	unsigned int n;
	_Atomic unsigned int n_answered;
	_Atomic bool abandoned;
	bool late;
	bool ended;
};

/* --- in the thread ---------------------------------------------------------------------------- */

static int ask_dev(struct rtnl *own, const struct port *port, struct rtnl_dev *ret)
{
	char name[IFNAMSIZ];

	if (tun_name(tun_fd(&port->tun), name) < 0)
		return -EBADFD;
	if (rtnl_dev_by_nsid(own, port->nsid, port->index, ret) < 0 || !streq(name, ret->name))
		return -ESTALE;
	return 0;
}

static void ask(struct rtnl *own, const struct question *question, struct port_answer *ret)
{
	const struct port *port = &question->port;
	struct port_want want = port_want_of(port, port->admin);

	ret->result = ask_dev(own, port, &ret->dev);
	if (ret->result >= 0 && question->observe)
		ret->observed = port_observe(port, &want, PLAN_ALL, &ret->seen, NULL);
}

static void drop_copy(struct port *copy)
{
	tun_close(&copy->tun);
	free(steal_ptr(copy->spec.addresses));
	free(steal_ptr(copy->spec.routes));
}

static void *live(void *arg)
{
	struct port_asker *asker = arg;

	for (;;) {
		thread_wait(&asker->begun);
		if (asker->ended)
			return NULL;
		for (unsigned int i = 0; i < asker->n; i++) {
			struct question *question = &asker->questions[i];

			if (!asker->abandoned) {
				ask(asker->own, question, &question->answer);
				asker->n_answered = i + 1;
			}
			drop_copy(&question->port);
		}
		sem_post(&asker->done);
	}
}

/* --- in the caller ---------------------------------------------------------------------------- */

static void *copy_array(const void *array, size_t n, size_t size, bool *failed)
{
	void *copy = n > 0 ? calloc(n, size) : NULL;

	if (copy)
		memcpy(copy, array, n * size);
	*failed |= n > 0 && !copy;
	return copy;
}

static int copy_port(const struct port *port, bool observe, struct port *ret)
{
	const struct port_spec *spec = &port->spec;
	bool failed = false;
	struct port copy = *port;

	copy.spec.process = NULL;
	copy.drift = NULL;
	copy.spec.n_addresses = observe ? spec->n_addresses : 0;
	copy.spec.n_routes = observe ? spec->n_routes : 0;
	copy.spec.addresses = copy_array(spec->addresses, copy.spec.n_addresses,
					 sizeof(*spec->addresses), &failed);
	copy.spec.routes =
		copy_array(spec->routes, copy.spec.n_routes, sizeof(*spec->routes), &failed);
	copy.tun.queues[0] = fcntl(tun_fd(&port->tun), F_DUPFD_CLOEXEC, 0);
	copy.tun.n_queues = copy.tun.queues[0] >= 0 ? 1 : 0;
	if (failed || copy.tun.n_queues == 0) {
		drop_copy(&copy);
		return -ENOMEM;
	}
	*ret = copy;
	return 0;
}

/* Answers that the caller did not take still own memory. */
static void drop_answers(struct port_asker *asker)
{
	for (unsigned int i = 0; i < asker->n; i++)
		port_seen_release(&asker->questions[i].answer.seen);
	asker->n = 0;
}

static bool is_idle(struct port_asker *asker)
{
	if (asker->late)
		asker->late = !thread_wait_until(&asker->done, 0);
	return !asker->late;
}

static void put_questions(struct port_asker *asker, struct port *const ports[], unsigned int n,
			  bool observe)
{
	drop_answers(asker);
	for (unsigned int i = 0; i < n; i++) {
		struct question *question = &asker->questions[i];

		*question = (struct question){ .observe = observe };
		if (copy_port(ports[i], observe, &question->port) < 0)
			break;
		asker->n++;
	}
	asker->n_answered = 0;
	asker->abandoned = false;
}

unsigned int port_ask(struct port_asker *asker, struct port *const ports[], unsigned int n,
		      bool observe, uint64_t deadline, struct port_answer ret[])
{
	unsigned int n_answered;

	if (!is_idle(asker))
		return 0;
	put_questions(asker, ports, n, observe);
	sem_post(&asker->begun);
	asker->late = !thread_wait_until(&asker->done, deadline);
	asker->abandoned = asker->late;
	n_answered = asker->n_answered;
	for (unsigned int i = 0; i < n_answered; i++) {
		ret[i] = asker->questions[i].answer;
		asker->questions[i].answer.seen = (struct port_seen){ 0 };
	}
	return n_answered;
}

/* --- beginning and end ------------------------------------------------------------------------ */

int port_asker_new(struct port_asker **ret)
{
	struct port_asker *asker = calloc(1, sizeof(*asker));
	int r;

	if (!asker)
		return -ENOMEM;
	sem_init(&asker->begun, 0, 0);
	sem_init(&asker->done, 0, 0);
	r = rtnl_open(-1, &asker->own);
	if (r >= 0)
		r = thread_start(&asker->thread, "rportd-ask", live, asker);
	if (r < 0) {
		rtnl_close(asker->own);
		free(asker);
		return r;
	}
	*ret = asker;
	return 0;
}

void port_asker_free(struct port_asker *asker)
{
	if (!asker)
		return;
	if (asker->late)
		thread_wait(&asker->done);
	asker->ended = true;
	sem_post(&asker->begun);
	pthread_join(asker->thread, NULL);
	drop_answers(asker);
	rtnl_close(asker->own);
	sem_destroy(&asker->begun);
	sem_destroy(&asker->done);
	free(asker);
}
