/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes what is decided about a frame: a flow with the header that the first byte says, and
 * frames as the owner of a namespace makes them.
 *
 * Properties: nothing beyond the frame is read; what has no family is counted as dropped, once;
 * the size of the next batch stays in its bounds.
 */

#include "datapath/flow.h"
#include "fuzz.h"

static uint64_t all_drops(const struct flow_counters *counters)
{
	uint64_t sum = 0;

	for (int cause = 0; cause < DROP_CAUSES; cause++)
		sum += counters->drops[cause];
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned int headers[] = { 0, 4, 10, 14 }; /* packet info, virtio header */
	struct fuzz_input input = { data, size }, part;
	struct flow_counters counters = { 0 };
	unsigned int shape = fuzz_take_byte(&input), batch;
	struct flow flow = { .header = headers[shape % 4],
			     .family_header = shape % 4 == 1 || shape % 4 == 3,
			     .counters = &counters };
	uint64_t n = 0;

	while (fuzz_take_part(&input, &part)) {
		_cleanup_free_ unsigned char *frame = fuzz_copy(&part);
		uint64_t dropped = all_drops(&counters);
		bool admitted = flow_admit(&flow, frame, part.size);

		fuzz_require(all_drops(&counters) == dropped + !admitted);
		if (admitted)
			flow_count_write(&flow, part.size, (int)(shape >> 2));
		batch = flow_next_batch(1 + shape % FLOW_BATCH_MAX, (unsigned int)(part.size % 129),
					part.size);
		fuzz_require(batch >= 1 && batch <= FLOW_BATCH_MAX);
		n++;
	}
	fuzz_require(counters.packets + all_drops(&counters) == n);
	return 0;
}
