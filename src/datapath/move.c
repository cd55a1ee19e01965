/* SPDX-License-Identifier: ISC */

/* One frame, by read(2) and write(2). */

#include "datapath/move.h"
#include "datapath/pool.h"

static void move_untimed(struct flow *flow, const unsigned char *frame, size_t size)
{
	bool failed = write(flow->to, frame, size) < 0;

	flow_count_write(flow, size, failed ? errno : 0);
}

void move_timed(struct flow *flow, const unsigned char *frame, size_t size)
{
	uint64_t began = monotonic_ns();

	move_untimed(flow, frame, size);
	flow_count_time(flow, monotonic_ns() - began);
}

ssize_t move_frame(struct flow *flow, unsigned char *buffer)
{
	ssize_t size;

	flow_clear(buffer);
	size = read(flow->from, buffer, POOL_FRAME_MAX);
	if (size < 0) {
		int errnum = errno;

		flow_count_read_error(flow, errnum);
		/* after EINTR there may be a frame: the port is asked again */
		return errnum == EINTR ? -EAGAIN : -errnum;
	}
	if (flow_admit(flow, buffer, (size_t)size)) {
		if (move_is_sample(flow))
			move_timed(flow, buffer, (size_t)size);
		else
			move_untimed(flow, buffer, (size_t)size);
	}
	return size;
}
