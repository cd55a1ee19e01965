/* SPDX-License-Identifier: ISC */
/* A ring does what rportd does with it, and nothing else. */

#include <check.h>
#include <fcntl.h>
#include <sys/eventfd.h>

#include "datapath/ring.h"
#include "suite.h"

static struct ring ring;
static int wake_fd;

/* Return: false where there is no io_uring, or a kernel that refuses restrictions. */
static bool start(void)
{
	wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (ring_init(&ring, 8, 0, wake_fd, 0) < 0)
		return false;
	ck_assert_int_eq(ring_enable(&ring), 0);
	return ring.restricted;
}

static void finish(void)
{
	ring_exit(&ring);
	close(wake_fd);
}

/* Return: the result of the operation in @sqe, which was prepared. */
static int result_of(struct io_uring_sqe *sqe)
{
	struct io_uring_cqe cqe;

	sqe->user_data = 77;
	ck_assert_int_eq(io_uring_submit_and_wait(&ring.uring, 1), 1);
	ck_assert(ring_take(&ring, &cqe));
	ck_assert_uint_eq(cqe.user_data, 77);
	return cqe.res;
}

START_TEST(other_operations_are_refused)
{
	char path[] = "/dev/null";
	struct io_uring_sqe *sqe;

	if (!start())
		return;
	sqe = io_uring_get_sqe(&ring.uring);
	io_uring_prep_nop(sqe);
	ck_assert_int_eq(result_of(sqe), -EACCES);
	sqe = io_uring_get_sqe(&ring.uring);
	io_uring_prep_openat(sqe, AT_FDCWD, path, O_RDONLY, 0);
	ck_assert_int_eq(result_of(sqe), -EACCES);
	sqe = io_uring_get_sqe(&ring.uring);
	io_uring_prep_socket(sqe, AF_INET, SOCK_DGRAM, 0, 0);
	ck_assert_int_eq(result_of(sqe), -EACCES);
	finish();
}
END_TEST

/* An operation of ours in a thread of the kernel would be out of order. */
START_TEST(other_flags_are_refused)
{
	struct io_uring_sqe *sqe;
	char byte = 0;
	int fds[2];

	if (!start())
		return;
	ck_assert_int_eq(pipe(fds), 0);
	sqe = io_uring_get_sqe(&ring.uring);
	io_uring_prep_write(sqe, fds[1], &byte, 1, 0);
	ck_assert_int_eq(result_of(sqe), 1);
	sqe = io_uring_get_sqe(&ring.uring);
	io_uring_prep_write(sqe, fds[1], &byte, 1, 0);
	sqe->flags |= IOSQE_ASYNC;
	ck_assert_int_eq(result_of(sqe), -EACCES);
	close(fds[0]);
	close(fds[1]);
	finish();
}
END_TEST

START_TEST(nothing_more_can_be_registered)
{
	struct iovec iov = { .iov_base = &wake_fd, .iov_len = sizeof(wake_fd) };

	if (!start())
		return;
	ck_assert_int_eq(io_uring_register_eventfd(&ring.uring, wake_fd), -EACCES);
	ck_assert_int_eq(io_uring_register_buffers(&ring.uring, &iov, 1), -EACCES);
	ck_assert_int_eq(io_uring_register_files(&ring.uring, &wake_fd, 1), -EACCES);
	finish();
}
END_TEST

/* A poll, a read and a write, and the cancellation of a poll. */
START_TEST(ours_are_carried_out)
{
	static const struct ring_tag poll_tag = { .op = RING_POLL, .slot = 5 };
	struct io_uring_cqe cqe;
	unsigned int seen = 0;
	char byte = 0;
	int fds[2];

	if (!start())
		return;
	ck_assert_int_eq(pipe2(fds, O_NONBLOCK), 0);
	ring_poll(&ring, fds[0], poll_tag);
	ring_cancel(&ring, poll_tag);
	ring_write(&ring, fds[1], "x", 1, 0, (struct ring_tag){ .op = RING_WRITE });
	ring_read_nowait(&ring, fds[0], &byte, 1, (struct ring_tag){ .op = RING_READ });
	while (seen != (1U << RING_POLL | 1U << RING_CANCEL | 1U << RING_WRITE | 1U << RING_READ)) {
		ring_submit(&ring, true);
		while (ring_take(&ring, &cqe)) {
			ck_assert_int_ne(cqe.res, -EACCES);
			seen |= 1U << ring_tag_unpack(cqe.user_data).op;
		}
	}
	ck_assert_int_eq(byte, 'x');
	close(fds[0]);
	close(fds[1]);
	finish();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ring");
	TCase *tcase = tcase_create("all");

	tcase_add_test(tcase, other_operations_are_refused);
	tcase_add_test(tcase, other_flags_are_refused);
	tcase_add_test(tcase, nothing_more_can_be_registered);
	tcase_add_test(tcase, ours_are_carried_out);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
