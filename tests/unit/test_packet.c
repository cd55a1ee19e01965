/* SPDX-License-Identifier: ISC */
/*
 * Messages between the processes of rportd: whole, with their descriptors, or not at all.
 *
 * passes: plain asan
 */

#include <check.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "kernel/packet.h"
#include "suite.h"

static int ends[2];

static void make_pair(void)
{
	ck_assert_int_eq(packet_pair(ends), 0);
}

static void close_pair(void)
{
	safe_close(ends[0]);
	safe_close(ends[1]);
}

START_TEST(a_message_arrives_with_its_descriptors)
{
	int sent[PACKET_FDS_MAX], got[PACKET_FDS_MAX];
	uint64_t message = 42, received = 0;
	unsigned int n;

	for (int i = 0; i < PACKET_FDS_MAX; i++)
		sent[i] = ends[i % 2];
	ck_assert_int_eq(packet_send(ends[0], &message, sizeof(message), sent, PACKET_FDS_MAX, 0),
			 0);
	ck_assert_int_eq(packet_receive(ends[1], &received, sizeof(received), got, &n, 0), 1);
	ck_assert_uint_eq(received, 42);
	ck_assert_uint_eq(n, PACKET_FDS_MAX);
	for (unsigned int i = 0; i < n; i++) {
		ck_assert_int_ge(got[i], 0);
		ck_assert(fcntl(got[i], F_GETFD) & FD_CLOEXEC);
		safe_close(got[i]);
	}
}
END_TEST

START_TEST(descriptors_that_nobody_wants_are_closed)
{
	uint64_t message = 42;
	int before = dup(ends[0]), after;

	safe_close(before);
	ck_assert_int_eq(packet_send(ends[0], &message, sizeof(message), ends, 2, 0), 0);
	ck_assert_int_eq(packet_receive(ends[1], &message, sizeof(message), NULL, NULL, 0), 1);
	after = dup(ends[0]);
	ck_assert_int_eq(after, before);
	safe_close(after);
}
END_TEST

/* With descriptors, which are not left open. */
START_TEST(another_size_is_refused)
{
	int got[PACKET_FDS_MAX], before = dup(ends[0]), after;
	uint64_t message[2] = { 0 };
	unsigned int n;

	safe_close(before);
	for (size_t size = 1; size <= sizeof(message); size++) {
		int r = size == sizeof(uint64_t) ? 1 : -EBADMSG;

		ck_assert_int_eq(packet_send(ends[0], message, size, ends, 2, 0), 0);
		ck_assert_int_eq(packet_receive(ends[1], message, sizeof(uint64_t), got, &n, 0), r);
		ck_assert_uint_eq(n, r == 1 ? 2 : 0);
		for (unsigned int i = 0; i < n; i++)
			safe_close(got[i]);
	}
	after = dup(ends[0]);
	ck_assert_int_eq(after, before);
	safe_close(after);
}
END_TEST

START_TEST(the_end_is_noticed)
{
	uint64_t message = 0;

	ck_assert_int_eq(packet_receive(ends[1], &message, sizeof(message), NULL, NULL,
					MSG_DONTWAIT),
			 -EAGAIN);
	ends[0] = safe_close(ends[0]);
	ck_assert_int_eq(packet_receive(ends[1], &message, sizeof(message), NULL, NULL, 0), 0);
	ck_assert_int_eq(packet_send(ends[1], &message, sizeof(message), NULL, 0, 0), -EPIPE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("packet");
	TCase *tcase = tcase_create("packet");

	tcase_add_checked_fixture(tcase, make_pair, close_pair);
	tcase_add_test(tcase, a_message_arrives_with_its_descriptors);
	tcase_add_test(tcase, descriptors_that_nobody_wants_are_closed);
	tcase_add_test(tcase, another_size_is_refused);
	tcase_add_test(tcase, the_end_is_noticed);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
