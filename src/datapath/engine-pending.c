/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * For kernels before 6.4, whose TUN refuses RWF_NOWAIT. Each flow has a plain read in the kernel,
 * on a non-blocking descriptor: io_uring arms a poll for it by itself, and no thread of io-wq is
 * involved (a blocking descriptor would make it so, and reorder frames). The read takes its buffer
 * from the common ring of buffers at the moment there is a frame, so an idle link holds none. Its
 * completion is followed by a plain write, which is carried out as it is submitted, and the next
 * read, in one submission; the buffer goes back when the write has completed.
 *
 * More than one read for a flow would be more than order can bear: each frame wakes all of them,
 * and one that was woken in vain 128 times (APOLL_MAX_RETRY of the kernel) is handed to io-wq after
 * all, where it runs beside the others.
 *
 * A write must not wait: its buffer would be missing to all links, and the end of its own would
 * wait for it. Before Linux 6.4 none does, since the descriptor is non-blocking; later kernels
 * would wait for room in the send buffer, which the owner of a namespace can make as small as he
 * likes (see kernel/tun.c), and are told not to (RWF_NOWAIT).
 *
 * When buffers run out, reads end with ENOBUFS: nothing was taken from the port. They are issued
 * again as writes give buffers back, to each flow that starved in turn.
 *
 * Bounds: a flow has one read in the kernel, a buffer one write at most, and there are no more
 * flows than the completion queue has room for. What is known of a frame is kept by buffer; a
 * completion that names a buffer which the kernel does not have is ignored.
 */

#include "datapath/engine.h"
#include "datapath/move.h"
#include "datapath/pause.h"
#include "datapath/pool.h"
#include "datapath/ring.h"

#define RING_ENTRIES 1024
#define N_BUFFERS    256 /* a power of two */

struct pending_engine {
	struct engine engine;
	struct ring ring;
	struct pool pool;
	/* what each buffer holds: a frame that is being written, or NULL in @flow */
	struct {
		struct flow *flow;
		unsigned int size;
		bool provided; /* the kernel has it, for a read */
	} buffers[N_BUFFERS];
	unsigned int n_free;
	int write_flags;          /* RWF_NOWAIT, where a TUN takes it */
	struct flow_list starved; /* FLOW_READY: they wait for buffers */
	struct pause pause;
};

static struct pending_engine *pending_engine(struct engine *engine)
{
	return container_of(engine, struct pending_engine, engine);
}

static void release_buffer(struct pending_engine *pending, unsigned int buffer)
{
	unsigned char *memory = pool_at(&pending->pool, buffer);

	pending->buffers[buffer].flow = NULL;
	pending->buffers[buffer].provided = true;
	flow_clear(memory);
	ring_provide(&pending->ring, memory, POOL_FRAME_MAX, buffer);
	pending->n_free++;
}

static void queue_read(struct pending_engine *pending, struct flow *flow)
{
	flow->asked = 1;
	flow->in_flight++;
	ring_read_provided(&pending->ring, flow->from, POOL_FRAME_MAX,
			   (struct ring_tag){ .op = RING_READ, .slot = flow->slot });
}

static void feed_starved(struct pending_engine *pending)
{
	struct flow *flow;

	while (pending->n_free > 0 && (flow = TAILQ_FIRST(&pending->starved))) {
		TAILQ_REMOVE(&pending->starved, flow, ready);
		flow->state = FLOW_IDLE;
		queue_read(pending, flow);
	}
}

static void make_starved(struct pending_engine *pending, struct flow *flow)
{
	if (flow->state != FLOW_IDLE)
		return;
	flow->state = FLOW_READY;
	TAILQ_INSERT_TAIL(&pending->starved, flow, ready);
}

static void end_pause(struct pending_engine *pending)
{
	struct flow_list flows = TAILQ_HEAD_INITIALIZER(flows);
	struct flow *flow;

	pause_end(&pending->pause, &flows);
	while ((flow = TAILQ_FIRST(&flows))) {
		TAILQ_REMOVE(&flows, flow, ready);
		flow->state = FLOW_IDLE;
		queue_read(pending, flow);
	}
	pending->ring.wait_ms = TAILQ_EMPTY(&pending->pause.flows) ? 0 : PAUSE_MS;
}

static void unlist(struct pending_engine *pending, struct flow *flow)
{
	if (flow->state == FLOW_READY)
		TAILQ_REMOVE(&pending->starved, flow, ready);
	if (flow->state == FLOW_PAUSED)
		TAILQ_REMOVE(&pending->pause.flows, flow, ready);
}

static void make_gone(struct pending_engine *pending, struct flow *flow)
{
	if (flow->state == FLOW_GONE)
		return;
	unlist(pending, flow);
	flow->state = FLOW_GONE;
	if (!flow->removing)
		pending->engine.gone(&pending->engine, flow);
}

static void forward(struct pending_engine *pending, struct flow *flow, unsigned int buffer,
		    size_t size)
{
	unsigned char *frame = pool_at(&pending->pool, buffer);

	if (!flow_admit(flow, frame, size)) {
		release_buffer(pending, buffer);
		return;
	}
	/* the write before it was carried out before this frame was read */
	if (move_is_sample(flow)) {
		move_timed(flow, frame, size);
		release_buffer(pending, buffer);
		return;
	}
	pending->buffers[buffer].flow = flow;
	pending->buffers[buffer].size = (unsigned int)size;
	flow->in_flight++;
	ring_write(&pending->ring, flow->to, frame, size, pending->write_flags,
		   (struct ring_tag){ .op = RING_WRITE, .slot = flow->slot, .index = buffer });
}

/* A read that failed: the caller issues another if the flow stays idle. */
static void read_failed(struct pending_engine *pending, struct flow *flow, int errnum)
{
	switch (errnum) {
	case EBADFD:
		make_gone(pending, flow);
		break;
	case ENOBUFS:
		make_starved(pending, flow);
		break;
	default:
		flow_count_read_error(flow, errnum);
		if (flow->state == FLOW_IDLE && flow_read_failed(errnum))
			pause_add(&pending->pause, flow);
		break;
	}
}

/* Return: whether the completed read took a buffer, which the kernel had. */
static bool take_buffer(struct pending_engine *pending, const struct io_uring_cqe *cqe,
			unsigned int *ret)
{
	int id = ring_provided_id(cqe);

	if (id < 0 || id >= N_BUFFERS || !pending->buffers[id].provided)
		return false;
	pending->buffers[id].provided = false;
	pending->n_free--;
	*ret = (unsigned int)id;
	return true;
}

static void complete_read(struct pending_engine *pending, struct flow *flow,
			  const struct io_uring_cqe *cqe)
{
	unsigned int buffer;

	if (!flow || flow->asked == 0)
		return;
	flow->in_flight--;
	flow->asked--;
	if (!take_buffer(pending, cqe, &buffer)) {
		read_failed(pending, flow, cqe->res < 0 ? -cqe->res : EIO);
	} else if (cqe->res > 0) {
		forward(pending, flow, buffer, (size_t)cqe->res);
	} else {
		release_buffer(pending, buffer);
		read_failed(pending, flow, -cqe->res);
	}
	if (flow->state == FLOW_IDLE)
		queue_read(pending, flow);
}

static void complete_write(struct pending_engine *pending, unsigned int buffer, int result)
{
	struct flow *flow = buffer < N_BUFFERS ? pending->buffers[buffer].flow : NULL;

	if (!flow)
		return;
	flow->in_flight--;
	flow_count_write(flow, pending->buffers[buffer].size, result < 0 ? -result : 0);
	release_buffer(pending, buffer);
}

static void complete(struct pending_engine *pending, const struct io_uring_cqe *cqe)
{
	struct ring_tag tag = ring_tag_unpack(cqe->user_data);

	switch (tag.op) {
	case RING_READ:
		complete_read(pending, engine_flow(&pending->engine, tag.slot), cqe);
		break;
	case RING_WRITE:
		complete_write(pending, tag.index, cqe->res);
		break;
	case RING_WAKE:
		ring_woken(&pending->ring);
		break;
	case RING_POLL:
	case RING_CANCEL:
		break;
	}
}

/* What completes while completions are handled, as more is submitted then, is the next round's: a
 * round has an end under any load. */
static void pending_run(struct engine *engine)
{
	struct pending_engine *pending = pending_engine(engine);
	struct io_uring_cqe cqe;

	end_pause(pending);
	ring_submit(&pending->ring, true);
	for (unsigned int n = io_uring_cq_ready(&pending->ring.uring); n > 0; n--)
		if (ring_take(&pending->ring, &cqe))
			complete(pending, &cqe);
	feed_starved(pending);
}

static void pending_start(struct engine *engine, struct flow *flow)
{
	flow->state = FLOW_IDLE;
	flow->asked = 0;
	queue_read(pending_engine(engine), flow);
}

static void pending_stop(struct engine *engine, struct flow *flow)
{
	struct pending_engine *pending = pending_engine(engine);

	unlist(pending, flow);
	flow->state = FLOW_GONE;
	if (flow->asked > 0)
		ring_cancel(&pending->ring,
			    (struct ring_tag){ .op = RING_READ, .slot = flow->slot });
}

static void pending_destroy(struct engine *engine)
{
	struct pending_engine *pending = pending_engine(engine);

	ring_exit(&pending->ring);
	pool_exit(&pending->pool);
	free(pending);
}

static int pending_create(const struct engine_options *options, struct engine **ret)
{
	struct pending_engine *pending = calloc(1, sizeof(*pending));
	int r;

	if (!pending)
		return -ENOMEM;
	r = pool_init(&pending->pool, N_BUFFERS);
	if (r >= 0)
		r = ring_init(&pending->ring, RING_ENTRIES, options->engines, options->wake_fd,
			      options->busy_poll);
	if (r >= 0)
		r = ring_provide_init(&pending->ring, N_BUFFERS);
	if (r >= 0)
		r = ring_enable(&pending->ring);
	if (r < 0) {
		pending_destroy(&pending->engine);
		return r;
	}
	pending->engine.class = &engine_pending;
	pending->write_flags = options->nowait ? RWF_NOWAIT : 0;
	pending->engine.flows_max = ring_flows_max(&pending->ring, N_BUFFERS);
	for (unsigned int i = 0; i < N_BUFFERS; i++)
		release_buffer(pending, i);
	TAILQ_INIT(&pending->starved);
	TAILQ_INIT(&pending->pause.flows);
	*ret = &pending->engine;
	return 0;
}

const struct engine_class engine_pending = {
	.name = "uring-pending",
	.needs = "Linux 6.1",
	.has_busy_poll = true,
	.create = pending_create,
	.destroy = pending_destroy,
	.start = pending_start,
	.stop = pending_stop,
	.run = pending_run,
};
