/* SPDX-License-Identifier: ISC */

/* The name of a program as the name of its socket. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/socket-name.h"
#include "suite.h"

static int listener;
static struct sockaddr_un where;
static socklen_t where_size;

static void setup(void)
{
	where = (struct sockaddr_un){ .sun_family = AF_UNIX };
	where_size = sizeof(sa_family_t); /* bind() chooses a name */
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(listener, 0);
	ck_assert_int_eq(bind(listener, (const struct sockaddr *)&where, where_size), 0);
	where_size = sizeof(where);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&where, &where_size), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
}

static void teardown(void)
{
	close(listener);
}

/* What the server is told of this socket, which is closed. */
static const char *name_of(int fd)
{
	static char name[PROGRAM_NAME_MAX];
	int accepted;

	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&where, where_size), 0);
	accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	ck_assert_int_ge(accepted, 0);
	socket_name_get(accepted, name);
	close(accepted);
	close(fd);
	return name;
}

static int new_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static int socket_called(const char *name, size_t length)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = new_socket();

	ck_assert_uint_lt(length, sizeof(address.sun_path));
	memcpy(address.sun_path + 1, name, length);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address,
			      (socklen_t)(sizeof(sa_family_t) + 1 + length)),
			 0);
	return fd;
}

START_TEST(a_program_says_its_name)
{
	int first = new_socket(), second = new_socket();

	ck_assert_int_eq(prctl(PR_SET_NAME, "a program"), 0);
	/* two of one program do not get in each other's way */
	socket_name_set(first);
	socket_name_set(second);
	ck_assert_str_eq(name_of(first), "a program");
	ck_assert_str_eq(name_of(second), "a program");
}
END_TEST

START_TEST(others_say_none)
{
	char text[107];

	ck_assert_str_eq(name_of(new_socket()), "");
	memset(text, 'x', sizeof(text));
	ck_assert_str_eq(name_of(socket_called(text, sizeof(text))), "");
	ck_assert_str_eq(name_of(socket_called("1/rport", 7)), "");
}
END_TEST

START_TEST(what_others_say_is_bounded)
{
	static const char mark[] = "0/rport/";
	char text[107];

	memset(text, 'x', sizeof(text));
	for (size_t i = 0; mark[i]; i++)
		text[i] = mark[i];
	ck_assert_str_eq(name_of(socket_called(text, sizeof(text))), "xxxxxxxxxxxxxxx");
	ck_assert_str_eq(name_of(socket_called("2/rport/a\0b", 11)), "a");
	ck_assert_str_eq(name_of(socket_called("3/rport/", 8)), "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("socket-name");
	TCase *tcase = tcase_create("socket-name");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_program_says_its_name);
	tcase_add_test(tcase, others_say_none);
	tcase_add_test(tcase, what_others_say_is_bounded);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
