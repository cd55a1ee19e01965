/* SPDX-License-Identifier: ISC */
#include "datapath/move.h"

#include "datapath/pool.h"

static ssize_t read_failed(struct flow *flow, int errnum)
{
	switch (errnum) {
	case EINTR: /* there may be one: it is asked for again */
	case EAGAIN:
		return -EAGAIN;
	case EBADFD:
		break;
	case ENOMEM:
		flow_count_drop(flow, DROP_NO_MEMORY);
		break;
	default:
		flow_count_drop(flow, DROP_OTHER);
		break;
	}
	return -errnum;
}

ssize_t move_frame(struct flow *flow, unsigned char *buffer)
{
	ssize_t size;

	flow_clear(buffer);
	size = read(flow->from, buffer, POOL_FRAME_MAX);
	if (size < 0)
		return read_failed(flow, errno);
	if (flow_admit(flow, buffer, (size_t)size)) {
		bool failed = write(flow->to, buffer, (size_t)size) < 0;

		flow_count_write(flow, (size_t)size, failed ? errno : 0);
	}
	return size;
}
