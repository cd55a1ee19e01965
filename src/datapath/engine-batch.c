/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * What costs in a user-space link is the system call and the wake-up, so both are shared by as many
 * frames as there are. A round is one io_uring_enter(2). It hands the kernel, in this order,
 *
 *	the writes of the frames that the last round read,
 *	up to flow->batch reads for each ready flow, into other buffers,
 *	a poll for each flow that has run dry.
 *
 * Reads and writes carry RWF_NOWAIT: the kernel carries each out while it takes it, one after the
 * other, so that order is kept, and when the call returns all of them are over. Hence a buffer is
 * free for the next round exactly when its write was submitted, although writes that succeed make
 * no completion: nothing can stay pending on it. What a batch reads beyond the end of the queue
 * comes back as EAGAIN; flow_next_batch() keeps that waste low. A flow is polled only after a round
 * that brought it nothing, or large frames.
 *
 * A lone frame has nobody to share a round with, and would take two, one to be read and one to be
 * written. So what comes first after a poll is moved by plain system calls (move.c), a few frames
 * at most; batches begin where there are more. Large frames are always moved so: beside copying
 * them a system call is little, and one buffer for all of them stays in the cache. Order is kept:
 * the poll is answered after the round in which all that the flow had on the way was written.
 *
 * Ready flows are served in turn. The reads of a round are limited; a flow that found no room is
 * first in the next one, so a flood on one link cannot starve another. But a frame waits for the
 * round that goes on when it comes, and is written in the one after that which reads it. So a flow
 * that has a worker for itself may read many frames at once, and while others have had something,
 * too, each reads few, and rounds are short. Buffers are taken last-in first-out: few frames use
 * few buffers, which stay in the cache. They belong to the engine: an idle link holds none.
 */

#include <poll.h>

#include "datapath/engine.h"
#include "datapath/move.h"
#include "datapath/pool.h"
#include "datapath/ring.h"

#define RING_ENTRIES 1024
#define ROUND_READS  256         /* in one round, of all flows */
#define SHARED_READS 32          /* of a flow, while others have something, too */
#define SHARED_LONG  64          /* rounds for which they are remembered */
#define ALONE_FRAMES 4           /* of a flow that was dry, before they are moved in batches */
#define LARGE_FRAME  (16 * 1024) /* and larger: moved one by one */
#define N_BUFFERS    (2 * ROUND_READS) /* those being written and those being read into */
#define ALONE_BUFFER N_BUFFERS         /* one more */

/* A frame that was read and is to be written in the next round. */
struct frame {
	struct flow *flow;
	unsigned int buffer;
	unsigned int size;
	int errnum; /* of the write */
};

struct frames {
	struct frame frame[ROUND_READS];
	unsigned int n;
};

struct batch_engine {
	struct engine engine;
	struct ring ring;
	struct pool pool;
	uint16_t free[N_BUFFERS]; /* a stack */
	unsigned int n_free;
	struct flow_list ready;
	unsigned int shared; /* rounds in which flows read no more than SHARED_READS each */
	struct frames frames[2];
	struct frames *writing, *reading; /* the two, which change places each round */
};

static struct batch_engine *batch_engine(struct engine *engine)
{
	return container_of(engine, struct batch_engine, engine);
}

static void release_buffer(struct batch_engine *batch, unsigned int buffer)
{
	batch->free[batch->n_free++] = (uint16_t)buffer;
}

static void make_ready(struct batch_engine *batch, struct flow *flow)
{
	flow->state = FLOW_READY;
	TAILQ_INSERT_TAIL(&batch->ready, flow, ready);
}

static void make_idle(struct batch_engine *batch, struct flow *flow)
{
	flow->state = FLOW_IDLE;
	flow->polled = true;
	flow->in_flight++;
	ring_poll(&batch->ring, flow->from,
		  (struct ring_tag){ .op = RING_POLL, .slot = flow->slot });
}

static void make_gone(struct batch_engine *batch, struct flow *flow)
{
	if (flow->state == FLOW_GONE)
		return;
	if (flow->state == FLOW_READY)
		TAILQ_REMOVE(&batch->ready, flow, ready);
	flow->state = FLOW_GONE;
	if (!flow->removing)
		batch->engine.gone(&batch->engine, flow);
}

/* --- a round, in its order -------------------------------------------------------------------- */

static void queue_writes(struct batch_engine *batch)
{
	struct frames *writing = batch->writing;

	for (unsigned int i = 0; i < writing->n; i++) {
		struct frame *frame = &writing->frame[i];

		ring_write_nowait(&batch->ring, frame->flow->to,
				  pool_at(&batch->pool, frame->buffer), frame->size,
				  (struct ring_tag){ .op = RING_WRITE,
						     .slot = frame->flow->slot,
						     .index = i });
	}
}

static void queue_reads_of(struct batch_engine *batch, struct flow *flow, unsigned int n)
{
	flow->asked = n;
	flow->came = 0;
	flow->came_bytes = 0;
	flow->in_flight += n;
	while (n-- > 0) {
		unsigned int buffer = batch->free[--batch->n_free];

		flow_clear(pool_at(&batch->pool, buffer));
		ring_read_nowait(
			&batch->ring, flow->from, pool_at(&batch->pool, buffer), POOL_FRAME_MAX,
			(struct ring_tag){ .op = RING_READ, .slot = flow->slot, .index = buffer });
	}
}

static void queue_reads(struct batch_engine *batch)
{
	unsigned int room = MIN(ROUND_READS, batch->n_free);
	unsigned int most = batch->shared > 0 ? SHARED_READS : FLOW_BATCH_MAX;
	struct flow *flow;

	TAILQ_FOREACH(flow, &batch->ready, ready)
	{
		unsigned int n = MIN(MIN(flow->batch, most), room);

		if (n == 0)
			break;
		queue_reads_of(batch, flow, n);
		room -= n;
	}
}

static void complete_read(struct batch_engine *batch, struct flow *flow, unsigned int buffer,
			  int result)
{
	struct frames *reading = batch->reading;

	flow->in_flight--;
	if (result <= 0) {
		release_buffer(batch, buffer);
		if (result == -EBADFD)
			make_gone(batch, flow);
		else if (result == -ENOMEM)
			flow_count_drop(flow, DROP_NO_MEMORY);
		return;
	}
	flow->came++;
	flow->came_bytes += (size_t)result;
	if (!flow_admit(flow, pool_at(&batch->pool, buffer), (size_t)result)) {
		release_buffer(batch, buffer);
		return;
	}
	flow->in_flight++;
	reading->frame[reading->n++] = (struct frame){
		.flow = flow,
		.buffer = buffer,
		.size = (unsigned int)result,
	};
}

/*
 * Move the first frames after a poll, and go on in batches where there are more small ones. After
 * as many bytes as a batch may have, others have their turn: the poll is over at once when there is
 * more.
 */
static void begin(struct batch_engine *batch, struct flow *flow)
{
	unsigned char *buffer = pool_at(&batch->pool, ALONE_BUFFER);
	unsigned int n_small = 0;
	size_t bytes = 0;

	if (!TAILQ_EMPTY(&batch->ready))
		batch->shared = SHARED_LONG;
	while (n_small < ALONE_FRAMES && bytes < FLOW_BATCH_BYTES) {
		ssize_t size = move_frame(flow, buffer);

		if (size == -EBADFD) {
			make_gone(batch, flow);
			return;
		}
		if (size < 0)
			break;
		bytes += (size_t)size;
		n_small += size < LARGE_FRAME;
	}
	if (n_small < ALONE_FRAMES) {
		make_idle(batch, flow);
	} else {
		flow->batch = ALONE_FRAMES;
		make_ready(batch, flow);
	}
}

static void complete_poll(struct batch_engine *batch, struct flow *flow, int result)
{
	flow->in_flight--;
	flow->polled = false;
	if (flow->removing)
		return;
	/* A TUN says POLLERR, alone, once its device is being removed (tun_chr_poll() of the
	 * kernel). */
	if (result > 0 && (result & (POLLERR | POLLIN)) == POLLERR)
		make_gone(batch, flow);
	else
		begin(batch, flow);
}

static void complete(struct batch_engine *batch, const struct io_uring_cqe *cqe)
{
	struct ring_tag tag = ring_tag_unpack(cqe->user_data);

	switch (tag.op) {
	case RING_READ:
		complete_read(batch, batch->engine.flows[tag.slot], tag.index, cqe->res);
		break;
	case RING_WRITE: /* only of failures */
		batch->writing->frame[tag.index].errnum = -cqe->res;
		break;
	case RING_POLL:
		complete_poll(batch, batch->engine.flows[tag.slot], cqe->res);
		break;
	case RING_WAKE:
		ring_woken(&batch->ring);
		break;
	case RING_CANCEL:
		break;
	}
}

static void complete_all(struct batch_engine *batch)
{
	struct io_uring_cqe *cqe;
	unsigned int head, n = 0;

	io_uring_for_each_cqe(&batch->ring.uring, head, cqe)
	{
		complete(batch, cqe);
		n++;
	}
	io_uring_cq_advance(&batch->ring.uring, n);
}

/* Every write has been submitted, so it is over. */
static void settle_writes(struct batch_engine *batch)
{
	struct frames *writing = batch->writing;

	for (unsigned int i = 0; i < writing->n; i++) {
		struct frame *frame = &writing->frame[i];

		flow_count_write(frame->flow, frame->size, frame->errnum);
		frame->flow->in_flight--;
		release_buffer(batch, frame->buffer);
	}
	writing->n = 0;
}

static bool has_large_frames(const struct flow *flow)
{
	return flow->came_bytes >= (size_t)flow->came * LARGE_FRAME;
}

/* Flows that were read go behind those that found no room. Those that brought nothing, or large
 * frames, are polled. */
static void settle_reads(struct batch_engine *batch)
{
	struct flow *first = TAILQ_FIRST(&batch->ready), *flow, *next;
	struct flow_list served = TAILQ_HEAD_INITIALIZER(served);
	unsigned int n_served = 0;

	for (flow = first; flow && flow->asked > 0; flow = next) {
		next = TAILQ_NEXT(flow, ready);
		TAILQ_REMOVE(&batch->ready, flow, ready);
		if (flow->came == 0 || has_large_frames(flow)) {
			flow->batch = 1;
			make_idle(batch, flow);
		} else {
			flow->batch = flow_next_batch(flow->asked, flow->came, flow->came_bytes);
			TAILQ_INSERT_TAIL(&served, flow, ready);
			n_served++;
		}
		flow->asked = 0;
	}
	if (n_served > 1)
		batch->shared = SHARED_LONG;
	else if (batch->shared > 0)
		batch->shared--;
	TAILQ_CONCAT(&batch->ready, &served, ready);
}

static void batch_run(struct engine *engine)
{
	struct batch_engine *batch = batch_engine(engine);
	struct frames *written = batch->writing;
	bool busy = written->n > 0 || !TAILQ_EMPTY(&batch->ready);

	queue_writes(batch);
	queue_reads(batch);
	ring_submit(&batch->ring, !busy);
	complete_all(batch);
	settle_writes(batch);
	settle_reads(batch);

	batch->writing = batch->reading;
	batch->reading = written;
}

/* --- coming and going ------------------------------------------------------------------------- */

static void batch_start(struct engine *engine, struct flow *flow)
{
	flow->batch = 1;
	flow->asked = 0;
	make_ready(batch_engine(engine), flow);
}

static void batch_stop(struct engine *engine, struct flow *flow)
{
	struct batch_engine *batch = batch_engine(engine);

	if (flow->state == FLOW_READY)
		TAILQ_REMOVE(&batch->ready, flow, ready);
	if (flow->polled)
		ring_cancel(&batch->ring, (struct ring_tag){ .op = RING_POLL, .slot = flow->slot });
	flow->state = FLOW_GONE;
}

static void batch_destroy(struct engine *engine)
{
	struct batch_engine *batch = batch_engine(engine);

	ring_exit(&batch->ring);
	pool_exit(&batch->pool);
	free(batch);
}

static int batch_create(const struct engine_options *options, struct engine **ret)
{
	struct batch_engine *batch = calloc(1, sizeof(*batch));
	int r;

	if (!batch)
		return -ENOMEM;
	r = pool_init(&batch->pool, N_BUFFERS + 1);
	if (r >= 0)
		r = ring_init(&batch->ring, RING_ENTRIES, options->wake_fd, options->busy_poll);
	if (r < 0) {
		batch_destroy(&batch->engine);
		return r;
	}
	batch->engine.class = &engine_batch;
	for (unsigned int i = 0; i < N_BUFFERS; i++)
		release_buffer(batch, N_BUFFERS - 1 - i);
	TAILQ_INIT(&batch->ready);
	batch->writing = &batch->frames[0];
	batch->reading = &batch->frames[1];
	*ret = &batch->engine;
	return 0;
}

const struct engine_class engine_batch = {
	.name = "uring-batch",
	.has_busy_poll = true,
	.create = batch_create,
	.destroy = batch_destroy,
	.start = batch_start,
	.stop = batch_stop,
	.run = batch_run,
};
