/* SPDX-License-Identifier: ISC */
/* What is decided about a frame: its family, the cause of a drop, counters, the size of batches. */

#include <check.h>
#include <time.h>

#include "datapath/flow.h"
#include "suite.h"

static const struct flow plain = { .header = 0 };
static const struct flow offload = { .header = 10 };

START_TEST(family_is_the_version_nibble)
{
	/* every possible first byte */
	unsigned char frame[20] = { 0 };
	bool expected = _i >> 4 == 4 || _i >> 4 == 6;

	frame[0] = (unsigned char)_i;
	ck_assert_int_eq(flow_check_frame(&plain, frame, sizeof(frame)), expected);
}
END_TEST

START_TEST(family_is_behind_the_virtio_header)
{
	unsigned char frame[30] = { 0x45 };

	ck_assert(!flow_check_frame(&offload, frame, sizeof(frame)));
	frame[10] = 0x60;
	ck_assert(flow_check_frame(&offload, frame, sizeof(frame)));
}
END_TEST

static const struct {
	unsigned char type[2];
	bool crosses;
} families[] = {
	{ { 0x08, 0x00 }, true },  /* IPv4 */
	{ { 0x86, 0xdd }, true },  /* IPv6 */
	{ { 0x88, 0x47 }, true },  /* MPLS unicast */
	{ { 0x88, 0x48 }, true },  /* MPLS multicast */
	{ { 0x00, 0xfe }, true },  /* OSI */
	{ { 0x08, 0x06 }, false }, /* ARP */
	{ { 0x00, 0x00 }, false }, { { 0x00, 0x08 }, false }, { { 0xff, 0xff }, false },
};

START_TEST(family_is_what_the_family_header_says)
{
	const struct flow mpls = { .header = 14, .family_header = true };
	/* what follows looks like IPv4, and is not looked at */
	unsigned char frame[FLOW_CLEARED] = { 0, 0, families[_i].type[0],
					      families[_i].type[1], [14] = 0x45 };

	ck_assert_int_eq(flow_check_frame(&mpls, frame, sizeof(frame)), families[_i].crosses);
	ck_assert(!flow_check_frame(&mpls, frame, 14));
}
END_TEST

START_TEST(what_was_not_written_is_no_packet)
{
	const struct flow mpls = { .header = FLOW_HEADER_MAX, .family_header = true };
	const unsigned char family[] = { 0, 0, 0x88, 0x47 };
	unsigned char frame[200];

	/* of another one; the kernel then writes the header, and skips what follows */
	memset(frame, 0x45, sizeof(frame));
	flow_clear(frame);
	ck_assert(!flow_check_frame(&offload, frame, sizeof(frame)));
	memcpy(frame, family, sizeof(family));
	ck_assert(!flow_check_frame(&mpls, frame, sizeof(frame)));
	/* of the first bytes it skips fewer than can be seen: none are another one's */
	frame[FLOW_HEADER_MAX + FLOW_PACKET_START - 1] = 1;
	ck_assert(flow_check_frame(&mpls, frame, sizeof(frame)));
	for (int i = sizeof(family); i < FLOW_HEADER_MAX + FLOW_PACKET_START - 1; i++)
		ck_assert_uint_eq(frame[i], 0);
}
END_TEST

START_TEST(short_frames_have_no_family)
{
	unsigned char frame[11] = { 0x45, [10] = 0x45 };

	ck_assert(!flow_check_frame(&plain, frame, 0));
	ck_assert(flow_check_frame(&plain, frame, 1));
	ck_assert(!flow_check_frame(&offload, frame, 10));
	ck_assert(flow_check_frame(&offload, frame, 11));
}
END_TEST

START_TEST(errors_have_causes)
{
	ck_assert_int_eq(flow_drop_cause(EIO), DROP_PEER_DOWN);
	ck_assert_int_eq(flow_drop_cause(EBADFD), DROP_PEER_DOWN);
	ck_assert_int_eq(flow_drop_cause(ENOMEM), DROP_NO_MEMORY);
	ck_assert_int_eq(flow_drop_cause(ENOBUFS), DROP_NO_MEMORY);
	ck_assert_int_eq(flow_drop_cause(EAGAIN), DROP_NO_MEMORY);
	ck_assert_int_eq(flow_drop_cause(EINVAL), DROP_INVALID);
	ck_assert_int_eq(flow_drop_cause(EPERM), DROP_OTHER);
}
END_TEST

START_TEST(counters_add_up)
{
	struct flow_counters counted = { 0 }, counters = { .packets = 1, .drops = { 1 } };
	struct flow flow = { .header = 10, .counters = &counted };

	flow_count_write(&flow, 110, 0);
	flow_count_write(&flow, 11, 0);
	flow_count_drop(&flow, DROP_NO_PROTO);
	for (int i = 0; i < 3; i++)
		flow_count_drop(&flow, DROP_PEER_DOWN);
	flow_add_counters(&counted, &counters);
	ck_assert_uint_eq(counters.packets, 3);
	ck_assert_uint_eq(counters.bytes, 101);
	ck_assert_uint_eq(counters.drops[DROP_NO_PROTO], 1);
	ck_assert_uint_eq(counters.drops[DROP_PEER_DOWN], 4);
	ck_assert_uint_eq(counters.drops[DROP_NO_MEMORY], 0);
	ck_assert_uint_eq(counters.drops[DROP_OTHER], 0);
}
END_TEST

START_TEST(the_last_drop_has_a_time)
{
	struct flow_counters counted = { 0 }, sum = { 0 };
	struct flow flow = { .counters = &counted };

	flow_count_write(&flow, 100, 0);
	flow_count_purged(&flow, 0);
	ck_assert_uint_eq(counted.dropped_at, 0);
	flow_count_purged(&flow, 7);
	ck_assert_uint_eq(counted.drops[DROP_PEER_DOWN], 7);
	/* the coarse clock may be a tick behind */
	ck_assert_uint_ge(counted.dropped_at + 1, (uint64_t)time(NULL));
	/* of several queues it is the last */
	counted.dropped_at = 200;
	flow_add_counters(&counted, &sum);
	counted.dropped_at = 100;
	flow_add_counters(&counted, &sum);
	ck_assert_uint_eq(sum.dropped_at, 200);
}
END_TEST

START_TEST(a_full_batch_doubles)
{
	unsigned int batch = 1;

	for (int i = 0; i < 20; i++) {
		unsigned int next = flow_next_batch(batch, batch, batch * 64);

		ck_assert_uint_eq(next, MIN(batch * 2, FLOW_BATCH_MAX));
		batch = next;
	}
}
END_TEST

START_TEST(a_dry_queue_is_asked_for_one_more_than_came)
{
	ck_assert_uint_eq(flow_next_batch(64, 5, 5 * 64), 6);
	ck_assert_uint_eq(flow_next_batch(64, 0, 0), 1);
	ck_assert_uint_eq(flow_next_batch(2, 1, 100), 2);
}
END_TEST

START_TEST(a_batch_of_segments_stays_in_the_cache)
{
	/* 64 KiB each: 7 of them and a bit are 512 KiB */
	ck_assert_uint_le(flow_next_batch(64, 64, 64 * 65536UL) * 65536UL, FLOW_BATCH_BYTES);
	ck_assert_uint_ge(flow_next_batch(64, 64, 64 * 65536UL), 4);
	/* never nothing, whatever came */
	ck_assert_uint_ge(flow_next_batch(1, 1, FLOW_BATCH_BYTES * 2UL), 1);
}
END_TEST

static const struct {
	int errnum;
	enum drop_cause cause; /* DROP_CAUSES: nothing was lost */
} read_errors[] = {
	{ EAGAIN, DROP_CAUSES },    { EINTR, DROP_CAUSES },  { ENOBUFS, DROP_CAUSES },
	{ ECANCELED, DROP_CAUSES }, { EBADFD, DROP_CAUSES }, { ENOMEM, DROP_NO_MEMORY },
	{ EFAULT, DROP_OTHER },     { EIO, DROP_OTHER },     { EINVAL, DROP_OTHER },
};

START_TEST(a_failed_read_is_counted)
{
	struct flow_counters counters = { 0 };
	struct flow flow = { .counters = &counters };

	flow_count_read_error(&flow, read_errors[_i].errnum);
	for (int cause = 0; cause < DROP_CAUSES; cause++)
		ck_assert_uint_eq(counters.drops[cause],
				  cause == (int)read_errors[_i].cause ? 1 : 0);
}
END_TEST

START_TEST(slow_writes_shorten_a_turn)
{
	struct flow flow = { 0 };

	ck_assert_uint_eq(flow_write_time(&flow), 0);
	ck_assert_uint_eq(flow_turn(&flow, 128), 128);
	flow_count_time(&flow, 2000);
	ck_assert_uint_eq(flow_write_time(&flow), 2000);
	ck_assert(!flow_is_slow(&flow));
	ck_assert_uint_eq(flow_turn(&flow, 128), 128);
	for (int i = 0; i < 100; i++)
		flow_count_time(&flow, 250 * 1000);
	ck_assert(flow_is_slow(&flow));
	ck_assert_uint_eq(flow_turn(&flow, 128), 4);
	ck_assert_uint_eq(flow_turn(&flow, 2), 2);
	/* one frame at least, however long it takes, and whatever a clock says */
	for (int i = 0; i < 100; i++)
		flow_count_time(&flow, UINT64_MAX);
	ck_assert_uint_eq(flow_turn(&flow, 128), 1);
	for (int i = 0; i < 100; i++)
		flow_count_time(&flow, 0);
	ck_assert(!flow_is_slow(&flow));
	ck_assert_uint_ge(flow_write_time(&flow), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("flow");
	TCase *tcase = tcase_create("flow");

	tcase_add_loop_test(tcase, a_failed_read_is_counted, 0, ARRAY_SIZE(read_errors));
	tcase_add_loop_test(tcase, family_is_the_version_nibble, 0, 256);
	tcase_add_test(tcase, family_is_behind_the_virtio_header);
	tcase_add_loop_test(tcase, family_is_what_the_family_header_says, 0, ARRAY_SIZE(families));
	tcase_add_test(tcase, what_was_not_written_is_no_packet);
	tcase_add_test(tcase, short_frames_have_no_family);
	tcase_add_test(tcase, errors_have_causes);
	tcase_add_test(tcase, counters_add_up);
	tcase_add_test(tcase, the_last_drop_has_a_time);
	tcase_add_test(tcase, a_full_batch_doubles);
	tcase_add_test(tcase, a_dry_queue_is_asked_for_one_more_than_came);
	tcase_add_test(tcase, a_batch_of_segments_stays_in_the_cache);
	tcase_add_test(tcase, slow_writes_shorten_a_turn);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
