/* SPDX-License-Identifier: ISC */

/* One queue of a link: which worker moves its frames, and how much work that is. */

#include "datapath/queue.h"

#define PACKET_NS    1000 /* to read and write a small packet, about */
#define BYTES_PER_NS 4    /* to copy them, about */

int link_queue_begin(struct link_queue *queue, struct worker *const *workers, unsigned int worker)
{
	queue->worker = worker;
	return worker_add_flows(workers[worker],
				(struct flow *[]){ &queue->flows[0], &queue->flows[1] });
}

void link_queue_end(struct link_queue *queue, struct worker *const *workers)
{
	worker_remove_flows(workers[queue->worker],
			    (struct flow *[]){ &queue->flows[0], &queue->flows[1] });
}

void link_queue_move(struct link_queue *queue, struct worker *const *workers, unsigned int worker)
{
	unsigned int old = queue->worker;

	link_queue_end(queue, workers);
	if (link_queue_begin(queue, workers, worker) < 0)
		(void)link_queue_begin(queue, workers, old); /* its slots there are free again */
}

uint64_t link_queue_take_work(struct link_queue *queue)
{
	uint64_t work = 0;

	for (int end = 0; end < 2; end++) {
		struct flow_counters sum = { 0 };
		uint64_t packets, done_packets, done_bytes;

		flow_add_counters(queue->flows[end].counters, &sum);
		packets = sum.packets;
		for (int i = 0; i < DROP_CAUSES; i++)
			packets += sum.drops[i];
		done_packets = packets - queue->seen[end].packets;
		done_bytes = sum.bytes - queue->seen[end].bytes;
		queue->seen[end].packets = packets;
		queue->seen[end].bytes = sum.bytes;
		work += done_packets * (PACKET_NS + flow_write_time(&queue->flows[end])) +
			done_bytes / BYTES_PER_NS;
	}
	return work;
}
