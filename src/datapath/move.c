/* SPDX-License-Identifier: ISC */
#include "datapath/move.h"

#include "datapath/pool.h"

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
		bool failed = write(flow->to, buffer, (size_t)size) < 0;

		flow_count_write(flow, (size_t)size, failed ? errno : 0);
	}
	return size;
}
