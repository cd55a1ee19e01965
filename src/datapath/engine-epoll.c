/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * For machines where io_uring is unavailable: kernel.io_uring_disabled, as some distributions set
 * it, or the seccomp filter of a container. A round is one epoll_wait(2); then each flow that has
 * something is served in turn, frame by frame: read(2), write(2). Descriptors are non-blocking and
 * both calls are over when they return, so order is kept, nothing is ever in flight, and one buffer
 * serves all flows.
 *
 * A flow's turn ends when its port is dry or its budget is used up. Waiting is level-triggered: the
 * kernel puts what it reported at the end of its own list of ready descriptors, and a later
 * epoll_wait() reports it again if there is still something to read. So that list is the round
 * robin, a flood on one link cannot starve another, and no second list is needed, which with
 * edge-triggered waiting would have to remember who did not read to the end.
 *
 * A removed device reports EPOLLERR for ever, and a descriptor stays in the set as long as any
 * duplicate of it is open (a service manager may keep one). Hence descriptors are taken out by
 * name: of a removed port when that is seen, of a flow when it is stopped.
 *
 * Bounds: a round takes ROUND_EVENTS at most, and the kernel keeps the others in its own list,
 * however many descriptors become ready at once and however long the engine does not wait. There is
 * no queue to overflow. An event whose slot has no flow by then is ignored.
 *
 * The kernel can refuse to put a descriptor into the set (no memory, fs.epoll.max_user_watches).
 * Such flows wait in a list and are tried again, but no more than one in vain each round.
 */

#include <sys/epoll.h>

#include "datapath/engine.h"
#include "datapath/move.h"
#include "datapath/pause.h"
#include "datapath/pool.h"

#define ROUND_EVENTS 32
#define TURN_FRAMES  64 /* and no more than FLOW_BATCH_BYTES, give or take a frame */
#define RETRY_MS     100
#define WAKE_SLOT    UINT32_MAX /* no flow's: see SLOTS_MAX of worker.c */

struct epoll_engine {
	struct engine engine;
	int fd;
	int wake_fd;
	struct pool pool;         /* of one buffer */
	struct flow_list refused; /* FLOW_READY: yet to be put into the set */
	struct pause pause;       /* flows taken out of the set */
};

static struct epoll_engine *epoll_engine(struct engine *engine)
{
	return container_of(engine, struct epoll_engine, engine);
}

/* --- the set ---------------------------------------------------------------------------------- */

static int set_add(struct epoll_engine *epoll, int fd, uint32_t slot)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = slot };

	return epoll_ctl(epoll->fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static void watch(struct epoll_engine *epoll, struct flow *flow)
{
	if (set_add(epoll, flow->from, flow->slot) == 0) {
		flow->state = FLOW_IDLE;
		return;
	}
	flow->state = FLOW_READY;
	TAILQ_INSERT_TAIL(&epoll->refused, flow, ready);
}

static void unwatch(struct epoll_engine *epoll, struct flow *flow)
{
	if (flow->state == FLOW_IDLE)
		epoll_ctl(epoll->fd, EPOLL_CTL_DEL, flow->from, NULL);
	if (flow->state == FLOW_READY)
		TAILQ_REMOVE(&epoll->refused, flow, ready);
	if (flow->state == FLOW_PAUSED)
		TAILQ_REMOVE(&epoll->pause.flows, flow, ready);
	flow->state = FLOW_GONE;
}

/* Up to one that is refused again, which goes to the end: the next round begins with another. */
static void retry_refused(struct epoll_engine *epoll)
{
	struct flow *flow;

	while ((flow = TAILQ_FIRST(&epoll->refused))) {
		TAILQ_REMOVE(&epoll->refused, flow, ready);
		watch(epoll, flow);
		if (flow->state == FLOW_READY)
			break;
	}
}

/* --- a flow's turn ---------------------------------------------------------------------------- */

static void make_gone(struct epoll_engine *epoll, struct flow *flow)
{
	unwatch(epoll, flow);
	epoll->engine.gone(&epoll->engine, flow);
}

static void pause_reading(struct epoll_engine *epoll, struct flow *flow)
{
	unwatch(epoll, flow);
	pause_add(&epoll->pause, flow);
}

static void end_pause(struct epoll_engine *epoll)
{
	struct flow_list flows = TAILQ_HEAD_INITIALIZER(flows);
	struct flow *flow;

	pause_end(&epoll->pause, &flows);
	while ((flow = TAILQ_FIRST(&flows))) {
		TAILQ_REMOVE(&flows, flow, ready);
		watch(epoll, flow);
	}
}

static void serve(struct epoll_engine *epoll, struct flow *flow)
{
	unsigned char *buffer = pool_at(&epoll->pool, 0);
	size_t bytes = 0;

	for (unsigned int n = 0; n < flow_turn(flow, TURN_FRAMES) && bytes < FLOW_BATCH_BYTES;
	     n++) {
		ssize_t size = move_frame(flow, buffer);

		if (size == -EBADFD)
			make_gone(epoll, flow);
		else if (size < 0 && flow_read_failed((int)-size))
			pause_reading(epoll, flow);
		if (size < 0)
			return;
		bytes += (size_t)size;
	}
}

static void woken(struct epoll_engine *epoll)
{
	uint64_t count;

	(void)!read(epoll->wake_fd, &count, sizeof(count));
}

static void handle(struct epoll_engine *epoll, const struct epoll_event *event)
{
	struct flow *flow;

	if (event->data.u32 == WAKE_SLOT) {
		woken(epoll);
		return;
	}
	flow = engine_flow(&epoll->engine, event->data.u32);
	if (!flow || flow->state != FLOW_IDLE)
		return;
	/* A TUN says EPOLLERR, alone, once its device is being removed (tun_chr_poll() of the
	 * kernel). */
	if (event->events & (EPOLLERR | EPOLLHUP))
		make_gone(epoll, flow);
	else
		serve(epoll, flow);
}

/* Return: milliseconds, or -1 for no limit. */
static int longest_wait(const struct epoll_engine *epoll)
{
	if (!TAILQ_EMPTY(&epoll->pause.flows))
		return PAUSE_MS;
	return TAILQ_EMPTY(&epoll->refused) ? -1 : RETRY_MS;
}

static void epoll_engine_run(struct engine *engine)
{
	struct epoll_engine *epoll = epoll_engine(engine);
	struct epoll_event events[ROUND_EVENTS];
	int n;

	retry_refused(epoll);
	end_pause(epoll);
	n = epoll_wait(epoll->fd, events, ROUND_EVENTS, longest_wait(epoll));
	for (int i = 0; i < n; i++)
		handle(epoll, &events[i]);
}

/* --- coming and going ------------------------------------------------------------------------- */

static void epoll_engine_start(struct engine *engine, struct flow *flow)
{
	watch(epoll_engine(engine), flow);
}

static void epoll_engine_stop(struct engine *engine, struct flow *flow)
{
	unwatch(epoll_engine(engine), flow);
}

static void epoll_engine_destroy(struct engine *engine)
{
	struct epoll_engine *epoll = epoll_engine(engine);

	safe_close(epoll->fd);
	pool_exit(&epoll->pool);
	free(epoll);
}

static int epoll_engine_create(const struct engine_options *options, struct engine **ret)
{
	struct epoll_engine *epoll = calloc(1, sizeof(*epoll));
	int r;

	if (!epoll)
		return -ENOMEM;
	epoll->engine.class = &engine_epoll;
	epoll->engine.flows_max = WAKE_SLOT;
	epoll->wake_fd = options->wake_fd;
	TAILQ_INIT(&epoll->refused);
	TAILQ_INIT(&epoll->pause.flows);
	epoll->fd = epoll_create1(EPOLL_CLOEXEC);
	r = epoll->fd < 0 ? -errno : set_add(epoll, epoll->wake_fd, WAKE_SLOT);
	if (r >= 0)
		r = pool_init(&epoll->pool, 1);
	if (r < 0) {
		epoll_engine_destroy(&epoll->engine);
		return r;
	}
	*ret = &epoll->engine;
	return 0;
}

const struct engine_class engine_epoll = {
	.name = "epoll",
	.create = epoll_engine_create,
	.destroy = epoll_engine_destroy,
	.start = epoll_engine_start,
	.stop = epoll_engine_stop,
	.run = epoll_engine_run,
};
