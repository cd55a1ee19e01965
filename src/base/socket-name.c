/* SPDX-License-Identifier: ISC */

/* The name of a program as the name of its socket. */

#include <inttypes.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/socket-name.h"

#define MARK "/rport/"

void socket_name_set(int fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char program[PROGRAM_NAME_MAX] = "";
	uint64_t number;
	int n;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != sizeof(number) ||
	    prctl(PR_GET_NAME, program) < 0)
		return;
	n = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "%" PRIx64 MARK "%s",
		     number, program);
	(void)bind(fd, (const struct sockaddr *)&address,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n));
}

void socket_name_get(int fd, char ret[static PROGRAM_NAME_MAX])
{
	struct sockaddr_un address = { 0 };
	socklen_t size = sizeof(address);
	char name[sizeof(address.sun_path)] = "";
	const char *mark;

	ret[0] = '\0';
	if (getpeername(fd, (struct sockaddr *)&address, &size) < 0 ||
	    size <= offsetof(struct sockaddr_un, sun_path) + 1 || size > sizeof(address) ||
	    address.sun_path[0] != '\0')
		return;
	memcpy(name, address.sun_path + 1, size - offsetof(struct sockaddr_un, sun_path) - 1);
	mark = strstr(name, MARK);
	if (mark)
		snprintf(ret, PROGRAM_NAME_MAX, "%s", mark + strlen(MARK));
}
