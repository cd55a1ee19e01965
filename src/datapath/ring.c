/* SPDX-License-Identifier: ISC */

/* An io_uring; the only user of liburing. */

#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#include "datapath/ring.h"

#define RETRY_PAUSE_NS (1000 * 1000)
#define RING_SPARE     64 /* completions of RING_WAKE and RING_CANCEL */

/* IORING_MAX_CQ_ENTRIES of the kernel; 16 bytes each. tests/unit/test_late has fewer. */
#ifndef RING_COMPLETIONS_MAX
#define RING_COMPLETIONS_MAX 65536
#endif
#define RING_COMPLETIONS_MIN 8192U /* where many rings share RING_COMPLETIONS_MAX */

static uint64_t pack(struct ring_tag tag)
{
	return (uint64_t)tag.op << 56 | (uint64_t)(tag.slot & 0xffffff) << 32 | tag.index;
}

struct ring_tag ring_tag_unpack(uint64_t user_data)
{
	return (struct ring_tag){
		.op = (enum ring_op)(user_data >> 56),
		.slot = (user_data >> 32) & 0xffffff,
		.index = (uint32_t)user_data,
	};
}

/* The queues are locked memory, of which a user may have 8 MiB by default. */
static unsigned int completions_of(unsigned int rings)
{
	return MAX(RING_COMPLETIONS_MAX / MAX(rings, 1U),
		   MIN(RING_COMPLETIONS_MAX, RING_COMPLETIONS_MIN));
}

/* Return: 0 or -errno; -EINVAL where the kernel does not know one of @flags. */
static int set_up(struct ring *ring, unsigned int entries, unsigned int rings, unsigned int flags)
{
	unsigned int completions = completions_of(rings);
	int r;

	/* Up to Linux 6.9 the queue needs contiguous pages: a fragmented machine has fewer. */
	do {
		struct io_uring_params params = {
			.flags = flags | IORING_SETUP_CQSIZE | IORING_SETUP_R_DISABLED,
			.cq_entries = completions,
		};

		r = io_uring_queue_init_params(entries, &ring->uring, &params);
		ring->n_completions = params.cq_entries;
		completions /= 2;
	} while (r == -ENOMEM && completions >= entries * 4);
	return r;
}

int ring_init(struct ring *ring, unsigned int entries, unsigned int rings, int wake_fd,
	      unsigned int busy_poll)
{
	/*
	 * COOP_TASKRUN, of Linux 5.19, spares the interrupt for each poll that fires. DEFER_TASKRUN
	 * would, too, but hands out at most some 20 completions at each call (seen on 6.18), and
	 * the batch engine would wait for the others in the next round.
	 */
	static const unsigned int flags[] = {
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN,
		IORING_SETUP_COOP_TASKRUN,
		0,
	};
	/* so that work to be done is seen by who spins, without a system call */
	unsigned int flag = busy_poll > 0 ? IORING_SETUP_TASKRUN_FLAG : 0;
	int r = -EINVAL;

	*ring = (struct ring){ .wake_fd = wake_fd };
	spin_init(&ring->spin, busy_poll);
	for (size_t i = 0; i < ARRAY_SIZE(flags) && r == -EINVAL; i++)
		r = set_up(ring, entries, rings, flags[i] | (flags[i] ? flag : 0));
	if (r < 0)
		return r;
	ring->ready = true;
	/* Saves looking the descriptor up at each system call; without it all works as well. */
	(void)io_uring_register_ring_fd(&ring->uring);
	return 0;
}

/* The shared library of liburing 2.3 does not export io_uring_enable_rings() and
 * io_uring_register_restrictions(). */
static int register_with(const struct ring *ring, unsigned int opcode, const void *arg,
			 unsigned int n)
{
	long r = syscall(__NR_io_uring_register, ring->uring.ring_fd, opcode, arg, n);

	return r < 0 ? -errno : 0;
}

int ring_enable(struct ring *ring)
{
	static const unsigned char operations[] = { IORING_OP_READ, IORING_OP_WRITE,
						    IORING_OP_POLL_ADD, IORING_OP_ASYNC_CANCEL };
	struct io_uring_restriction rules[ARRAY_SIZE(operations) + 2] = {
		{ .opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED,
		  .sqe_flags = IOSQE_BUFFER_SELECT },
		/* of ring_exit() */
		{ .opcode = IORING_RESTRICTION_REGISTER_OP,
		  .register_op = IORING_UNREGISTER_RING_FDS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(operations); i++)
		rules[i + 2] = (struct io_uring_restriction){
			.opcode = IORING_RESTRICTION_SQE_OP,
			.sqe_op = operations[i],
		};
	ring->restricted =
		register_with(ring, IORING_REGISTER_RESTRICTIONS, rules, ARRAY_SIZE(rules)) == 0;
	return register_with(ring, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
}

unsigned int ring_flows_max(const struct ring *ring, unsigned int others)
{
	return ring->n_completions - MIN(ring->n_completions, others + RING_SPARE);
}

bool ring_take(struct ring *ring, struct io_uring_cqe *ret)
{
	struct io_uring_cqe *cqe;
	unsigned int head;

	io_uring_for_each_cqe(&ring->uring, head, cqe)
	{
		*ret = *cqe;
		io_uring_cq_advance(&ring->uring, 1);
		return true;
	}
	return false;
}

void ring_exit(struct ring *ring)
{
	if (ring->ready)
		io_uring_queue_exit(&ring->uring);
	ring->ready = false;
	if (ring->buffers)
		munmap(ring->buffers, ring->buffers_size);
	ring->buffers = NULL;
}

void ring_woken(struct ring *ring)
{
	uint64_t count;

	(void)!read(ring->wake_fd, &count, sizeof(count));
	ring->wake_polled = false;
}

/* Return: as io_uring_submit_and_wait(); -ETIME after ring->wait_ms, if that is a limit. */
static int submit_and_wait(struct ring *ring)
{
	struct __kernel_timespec limit = { .tv_nsec = 1000000LL * ring->wait_ms };
	struct io_uring_cqe *cqe;

	if (ring->wait_ms == 0)
		return io_uring_submit_and_wait(&ring->uring, 1);
	return io_uring_submit_and_wait_timeout(&ring->uring, &cqe, 1, &limit, NULL);
}

static void enter(struct ring *ring, bool wait)
{
	do {
		int r = wait ? submit_and_wait(ring) : io_uring_submit_and_get_events(&ring->uring);

		if (r == -EAGAIN || r == -EBUSY || r == -ENOMEM)
			nanosleep(&(struct timespec){ .tv_nsec = RETRY_PAUSE_NS }, NULL);
	} while (io_uring_sq_ready(&ring->uring) > 0);
}

/* Without it nothing could end the wait: make space in the queue if there is none. */
static void poll_wake_fd(struct ring *ring)
{
	struct io_uring_sqe *sqe;

	while (!(sqe = io_uring_get_sqe(&ring->uring)))
		enter(ring, false);
	io_uring_prep_poll_add(sqe, ring->wake_fd, POLLIN);
	sqe->user_data = pack((struct ring_tag){ .op = RING_WAKE });
	ring->wake_polled = true;
}

/* Are there completions, or will there be as soon as we enter the kernel? */
static bool has_news(struct ring *ring)
{
	return io_uring_cq_ready(&ring->uring) > 0 || (IO_URING_READ_ONCE(*ring->uring.sq.kflags) &
						       (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW));
}

static void pause_cpu(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* Wait for something; look for it for a while, if that has paid lately, before going to sleep. */
static void spin_and_wait(struct ring *ring)
{
	uint64_t began = monotonic_ns();

	if (ring->spin.budget > 0) {
		enter(ring, false);
		while (!has_news(ring) && monotonic_ns() - began < ring->spin.budget)
			pause_cpu();
	}
	if (io_uring_cq_ready(&ring->uring) == 0)
		enter(ring, true);
	spin_learn(&ring->spin, monotonic_ns() - began);
}

void ring_submit(struct ring *ring, bool wait)
{
	if (!ring->wake_polled)
		poll_wake_fd(ring);
	if (wait && ring->spin.max > 0)
		spin_and_wait(ring);
	else
		enter(ring, wait);
}

/* Room for one more operation; what is queued is submitted first if there is none. */
static struct io_uring_sqe *next_sqe(struct ring *ring)
{
	struct io_uring_sqe *sqe;

	while (!(sqe = io_uring_get_sqe(&ring->uring)))
		ring_submit(ring, false);
	return sqe;
}

/* A TUN has no file position; preadv2(2) calls this offset -1. */
#define NO_OFFSET ((uint64_t)-1)

/* After io_uring_prep_*(), which clears user_data in some versions of liburing. */
static void set_tag(struct io_uring_sqe *sqe, struct ring_tag tag)
{
	sqe->user_data = pack(tag);
}

void ring_read_nowait(struct ring *ring, int fd, void *buffer, size_t size, struct ring_tag tag)
{
	struct io_uring_sqe *sqe = next_sqe(ring);

	io_uring_prep_read(sqe, fd, buffer, (unsigned int)size, NO_OFFSET);
	sqe->rw_flags = RWF_NOWAIT;
	set_tag(sqe, tag);
}

void ring_write_nowait(struct ring *ring, int fd, const void *buffer, size_t size,
		       struct ring_tag tag)
{
	struct io_uring_sqe *sqe = next_sqe(ring);

	io_uring_prep_write(sqe, fd, buffer, (unsigned int)size, NO_OFFSET);
	sqe->rw_flags = RWF_NOWAIT;
	set_tag(sqe, tag);
}

void ring_read_provided(struct ring *ring, int fd, size_t size, struct ring_tag tag)
{
	struct io_uring_sqe *sqe = next_sqe(ring);

	io_uring_prep_read(sqe, fd, NULL, (unsigned int)size, NO_OFFSET);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = RING_BUFFER_GROUP;
	set_tag(sqe, tag);
}

void ring_write(struct ring *ring, int fd, const void *buffer, size_t size, int flags,
		struct ring_tag tag)
{
	struct io_uring_sqe *sqe = next_sqe(ring);

	io_uring_prep_write(sqe, fd, buffer, (unsigned int)size, NO_OFFSET);
	sqe->rw_flags = flags;
	set_tag(sqe, tag);
}

void ring_poll(struct ring *ring, int fd, struct ring_tag tag)
{
	struct io_uring_sqe *sqe = next_sqe(ring);

	io_uring_prep_poll_add(sqe, fd, POLLIN);
	set_tag(sqe, tag);
}

void ring_cancel(struct ring *ring, struct ring_tag tag)
{
	struct ring_tag own = { .op = RING_CANCEL, .slot = tag.slot };
	struct io_uring_sqe *sqe = next_sqe(ring);

	io_uring_prep_cancel64(sqe, pack(tag), IORING_ASYNC_CANCEL_ALL);
	set_tag(sqe, own);
}

int ring_provide_init(struct ring *ring, unsigned int entries)
{
	size_t size = entries * sizeof(struct io_uring_buf);
	struct io_uring_buf_reg reg = {
		.ring_entries = entries,
		.bgid = RING_BUFFER_GROUP,
	};
	void *memory;
	int r;

	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return -errno;
	reg.ring_addr = (uintptr_t)memory;
	r = io_uring_register_buf_ring(&ring->uring, &reg, 0);
	if (r < 0) {
		munmap(memory, size);
		return r;
	}
	ring->buffers = memory;
	ring->buffers_size = size;
	ring->buffers_mask = (unsigned int)io_uring_buf_ring_mask(entries);
	io_uring_buf_ring_init(ring->buffers);
	return 0;
}

void ring_provide(struct ring *ring, void *buffer, size_t size, unsigned int id)
{
	io_uring_buf_ring_add(ring->buffers, buffer, (unsigned int)size, (unsigned short)id,
			      (int)ring->buffers_mask, 0);
	io_uring_buf_ring_advance(ring->buffers, 1);
}

int ring_provided_id(const struct io_uring_cqe *cqe)
{
	if (!(cqe->flags & IORING_CQE_F_BUFFER))
		return -ENOENT;
	return (int)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
}
