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
 * other, so that order is kept, and their completions are there when the call returns. What a batch
 * reads beyond the end of the queue comes back as EAGAIN; flow_next_batch() keeps that waste low. A
 * flow is polled only after a round that brought it nothing, or large frames.
 *
 * Late completions: nothing but speed depends on completions being there. What the engine knows of
 * a frame it keeps by buffer (buffers.h), and a buffer is in one state: free, being read into, held
 * until the next round writes it, or being written. Only a completion takes it back from the
 * kernel, and one that names a buffer which the kernel does not have is ignored. A flow is not read
 * again before all its reads are over. So no number of completions, early or late, leads beyond the
 * end of an array. The completion queue does not overflow either: the engine takes no more flows
 * than it has room for.
 *
 * A lone frame has no other to share a round with, and would take two, one to be read and one to be
 * written. So what comes first after a poll is moved by plain system calls (move.c), a few frames
 * at most; batches begin where there are more. Large frames are always moved so: beside copying
 * them a system call is little, and one buffer for all of them stays in the cache. Order is kept:
 * polls are answered at the end of a round, and a flow that still has frames on the way is read in
 * batches.
 *
 * Ready flows are served in turn. The reads of a round are limited; a flow that found no room is
 * first in the next one, so a flood on one link cannot starve another. But a frame waits for the
 * round that goes on when it comes, and is written in the one after that which reads it. So a flow
 * that has a worker for itself may read many frames at once, and while others have had something,
 * too, each reads few, and rounds are short. Buffers are taken last-in first-out: few frames use
 * few buffers, which stay in the cache. They belong to the engine: an idle link holds none.
 */

#include <poll.h>

#include "datapath/buffers.h"
#include "datapath/engine.h"
#include "datapath/move.h"
#include "datapath/pause.h"
#include "datapath/pool.h"
#include "datapath/ring.h"

#define RING_ENTRIES 1024
#define ROUND_READS  (BUFFERS_MAX / 2) /* in one round, of all flows; as many are written */
#define ROUND_POLLS  64                /* answered in one round */
#define SHARED_READS 32                /* of a flow, while others have something, too */
#define SHARED_LONG  64                /* rounds for which they are remembered */
#define ALONE_FRAMES 4           /* of a flow that was dry, before they are moved in batches */
#define LARGE_FRAME  (16 * 1024) /* and larger: moved one by one */
#define ALONE_BUFFER BUFFERS_MAX /* one more in the pool */

struct batch_engine {
	struct engine engine;
	struct ring ring;
	struct pool pool;
	struct buffers buffers;
	struct flow_list ready;
	struct flow_list fired; /* in the order in which their polls completed */
	struct pause pause;
	unsigned int shared;  /* rounds in which flows read no more than SHARED_READS each */
	unsigned int untimed; /* rounds until all writes of one are timed */
};

static struct batch_engine *batch_engine(struct engine *engine)
{
	return container_of(engine, struct batch_engine, engine);
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

static void unlist(struct batch_engine *batch, struct flow *flow)
{
	if (flow->state == FLOW_READY)
		TAILQ_REMOVE(&batch->ready, flow, ready);
	if (flow->state == FLOW_FIRED)
		TAILQ_REMOVE(&batch->fired, flow, ready);
	if (flow->state == FLOW_PAUSED)
		TAILQ_REMOVE(&batch->pause.flows, flow, ready);
}

static void make_gone(struct batch_engine *batch, struct flow *flow)
{
	if (flow->state == FLOW_GONE)
		return;
	unlist(batch, flow);
	flow->state = FLOW_GONE;
	if (!flow->removing)
		batch->engine.gone(&batch->engine, flow);
}

/* --- a round, in its order -------------------------------------------------------------------- */

/* Is this one of the rounds in which all writes are timed? */
static bool is_sample(struct batch_engine *batch)
{
	if (batch->untimed-- > 0)
		return false;
	batch->untimed = MOVE_SAMPLE - 1;
	return true;
}

/*
 * What is timed is written at once, by a system call of its own. Within a round a flow can become
 * slow only when all are timed, and what is queued is written later, so order is kept.
 *
 * Return: the number of writes.
 */
static unsigned int queue_writes(struct batch_engine *batch)
{
	struct buffers *buffers = &batch->buffers;
	unsigned int n = buffers->held.n;
	bool sample = n > 0 && is_sample(batch);

	for (unsigned int i = 0; i < n; i++) {
		unsigned int index = buffers->held.index[i];
		struct buffer *buffer = &buffers->buffer[index];

		if (sample || flow_is_slow(buffer->flow)) {
			move_timed(buffer->flow, pool_at(&batch->pool, index), buffer->size);
			buffer->flow->in_flight--;
			buffers_free(buffers, index);
			continue;
		}
		buffer->state = BUFFER_WRITING;
		ring_write_nowait(&batch->ring, buffer->flow->to, pool_at(&batch->pool, index),
				  buffer->size,
				  (struct ring_tag){ .op = RING_WRITE,
						     .slot = buffer->flow->slot,
						     .index = index });
	}
	buffers->held.n = 0;
	return n;
}

static void queue_reads_of(struct batch_engine *batch, struct flow *flow, unsigned int n)
{
	flow->asked = n;
	flow->reading = n;
	flow->came = 0;
	flow->came_bytes = 0;
	flow->failed = false;
	flow->in_flight += n;
	while (n-- > 0) {
		unsigned int index = buffers_begin_read(&batch->buffers, flow);

		flow_clear(pool_at(&batch->pool, index));
		ring_read_nowait(
			&batch->ring, flow->from, pool_at(&batch->pool, index), POOL_FRAME_MAX,
			(struct ring_tag){ .op = RING_READ, .slot = flow->slot, .index = index });
	}
}

/* Return: the number of reads. */
static unsigned int queue_reads(struct batch_engine *batch)
{
	unsigned int room = MIN(ROUND_READS - batch->buffers.n_reading, batch->buffers.free.n);
	unsigned int most = batch->shared > 0 ? SHARED_READS : FLOW_BATCH_MAX;
	unsigned int total = 0;
	struct flow *flow;

	TAILQ_FOREACH(flow, &batch->ready, ready)
	{
		unsigned int n = MIN(flow_turn(flow, MIN(flow->batch, most)), room - total);

		if (flow->reading > 0)
			continue;
		if (n == 0)
			break;
		queue_reads_of(batch, flow, n);
		total += n;
	}
	return total;
}

static void complete_read(struct batch_engine *batch, unsigned int index, int result)
{
	struct buffer *buffer = buffers_find(&batch->buffers, index, BUFFER_READING);
	struct flow *flow;

	if (!buffer)
		return;
	flow = buffer->flow;
	flow->reading--;
	batch->buffers.n_reading--;
	if (result > 0) {
		flow->came++;
		flow->came_bytes += (size_t)result;
	}
	if (result < 0) {
		flow_count_read_error(flow, -result);
		flow->failed |= flow_read_failed(-result);
		if (result == -EBADFD)
			make_gone(batch, flow);
	} else if (flow_admit(flow, pool_at(&batch->pool, index), (size_t)result)) {
		buffers_hold(&batch->buffers, index, (unsigned int)result);
		return;
	}
	flow->in_flight--;
	buffers_free(&batch->buffers, index);
}

static void complete_write(struct batch_engine *batch, unsigned int index, int result)
{
	struct buffer *buffer = buffers_find(&batch->buffers, index, BUFFER_WRITING);

	if (!buffer)
		return;
	flow_count_write(buffer->flow, buffer->size, result < 0 ? -result : 0);
	buffer->flow->in_flight--;
	buffers_free(&batch->buffers, index);
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
		if (size < 0 && flow_read_failed((int)-size)) {
			pause_add(&batch->pause, flow);
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
	if (!flow || !flow->polled)
		return;
	flow->in_flight--;
	flow->polled = false;
	if (flow->state != FLOW_IDLE)
		return;
	/* A TUN says POLLERR, alone, once its device is being removed (tun_chr_poll() of the
	 * kernel). */
	if (result > 0 && (result & (POLLERR | POLLIN)) == POLLERR) {
		make_gone(batch, flow);
		return;
	}
	flow->state = FLOW_FIRED;
	TAILQ_INSERT_TAIL(&batch->fired, flow, ready);
}

static void complete(struct batch_engine *batch, const struct io_uring_cqe *cqe)
{
	struct ring_tag tag = ring_tag_unpack(cqe->user_data);

	switch (tag.op) {
	case RING_READ:
		complete_read(batch, tag.index, cqe->res);
		break;
	case RING_WRITE:
		complete_write(batch, tag.index, cqe->res);
		break;
	case RING_POLL:
		complete_poll(batch, engine_flow(&batch->engine, tag.slot), cqe->res);
		break;
	case RING_WAKE:
		ring_woken(&batch->ring);
		break;
	case RING_CANCEL:
		break;
	}
}

/* Those that are there: a round has an end, however many come meanwhile. */
static void complete_all(struct batch_engine *batch)
{
	struct io_uring_cqe cqe;

	for (unsigned int n = io_uring_cq_ready(&batch->ring.uring); n > 0; n--)
		if (ring_take(&batch->ring, &cqe))
			complete(batch, &cqe);
}

/* After all completions of the round, which may be of frames that came before. A crowd takes
 * several rounds, between which commands and others have their turn. */
static void answer_polls(struct batch_engine *batch)
{
	struct flow *flow;

	for (unsigned int n = 0; n < ROUND_POLLS && (flow = TAILQ_FIRST(&batch->fired)); n++) {
		TAILQ_REMOVE(&batch->fired, flow, ready);
		flow->state = FLOW_IDLE;
		if (flow->in_flight == 0) {
			begin(batch, flow);
		} else {
			flow->batch = 1;
			make_ready(batch, flow);
		}
	}
}

static bool has_large_frames(const struct flow *flow)
{
	return flow->came_bytes >= (size_t)flow->came * LARGE_FRAME;
}

/* Flows that have been read go behind those that found no room. Those that brought nothing, or
 * large frames, are polled. */
static void settle_reads(struct batch_engine *batch)
{
	struct flow *first = TAILQ_FIRST(&batch->ready), *flow, *next;
	struct flow_list served = TAILQ_HEAD_INITIALIZER(served);
	unsigned int n_served = 0;

	for (flow = first; flow && flow->asked > 0; flow = next) {
		next = TAILQ_NEXT(flow, ready);
		if (flow->reading > 0)
			continue;
		TAILQ_REMOVE(&batch->ready, flow, ready);
		if (flow->failed) {
			pause_add(&batch->pause, flow);
		} else if (flow->came == 0 || has_large_frames(flow)) {
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

static void end_pause(struct batch_engine *batch)
{
	struct flow_list flows = TAILQ_HEAD_INITIALIZER(flows);
	struct flow *flow;

	pause_end(&batch->pause, &flows);
	while ((flow = TAILQ_FIRST(&flows))) {
		TAILQ_REMOVE(&flows, flow, ready);
		flow->batch = 1;
		make_ready(batch, flow);
	}
	batch->ring.wait_ms = TAILQ_EMPTY(&batch->pause.flows) ? 0 : PAUSE_MS;
}

static void batch_run(struct engine *engine)
{
	struct batch_engine *batch = batch_engine(engine);
	unsigned int n;

	end_pause(batch);
	n = queue_writes(batch);
	n += queue_reads(batch);
	ring_submit(&batch->ring, n == 0 && TAILQ_EMPTY(&batch->fired));
	complete_all(batch);
	settle_reads(batch);
	answer_polls(batch);
}

/* --- coming and going ------------------------------------------------------------------------- */

static void batch_start(struct engine *engine, struct flow *flow)
{
	flow->batch = 1;
	flow->asked = 0;
	flow->reading = 0;
	make_ready(batch_engine(engine), flow);
}

static void batch_stop(struct engine *engine, struct flow *flow)
{
	struct batch_engine *batch = batch_engine(engine);

	unlist(batch, flow);
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
	r = pool_init(&batch->pool, BUFFERS_MAX + 1);
	if (r >= 0)
		r = ring_init(&batch->ring, RING_ENTRIES, options->engines, options->wake_fd,
			      options->busy_poll);
	if (r >= 0)
		r = ring_enable(&batch->ring);
	if (r < 0) {
		batch_destroy(&batch->engine);
		return r;
	}
	batch->engine.class = &engine_batch;
	batch->engine.flows_max = ring_flows_max(&batch->ring, BUFFERS_MAX);
	buffers_init(&batch->buffers);
	TAILQ_INIT(&batch->ready);
	TAILQ_INIT(&batch->fired);
	TAILQ_INIT(&batch->pause.flows);
	*ret = &batch->engine;
	return 0;
}

const struct engine_class engine_batch = {
	.name = "uring-batch",
	.needs = "Linux 6.4",
	.needs_nowait = true,
	.has_busy_poll = true,
	.create = batch_create,
	.destroy = batch_destroy,
	.start = batch_start,
	.stop = batch_stop,
	.run = batch_run,
};
