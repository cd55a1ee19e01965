/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * The directory of the socket may belong to an unprivileged user, such as the one who called
 * sudo(8). Whatever is done by path after bind(2) can be redirected by that user. So
 * nothing is: the mode of the socket comes from the umask, and the directory is held by a
 * descriptor, relative to which the entry is checked and removed (base/entry.h).
 */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "varlink/server.h"

/* At least as many as accept() takes in a turn; a flood waits here before root does. */
#define LISTEN_BACKLOG 512
#define SOCKET_UMASK   0111 /* of 0777, which bind(2) begins with: mode 0666 */

static int address_from_path(const char *path, struct sockaddr_un *ret)
{
	size_t length = strlen(path);

	if (length == 0)
		return -EINVAL;
	if (length >= sizeof(ret->sun_path))
		return -ENAMETOOLONG;
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(ret->sun_path, path, length + 1);
	return 0;
}

/* Remove what a server that is gone left behind; whatever else is at the path stays. */
static int remove_stale_socket(const struct sockaddr_un *address, struct dir_entry *entry)
{
	_cleanup_close_ int fd = -1;
	struct stat st;
	int r;

	r = entry_stat(entry, &st);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	entry_claim(entry, &st);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* A server that is too busy to take one more (EAGAIN) is alive, too. */
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) >= 0 || errno == EAGAIN)
		return -EADDRINUSE;
	if (errno == ENOENT)
		return 0;
	if (errno != ECONNREFUSED)
		return -errno;
	r = entry_remove(entry);
	return r == -ESTALE || r == -ENOENT ? 0 : r; /* bind(2) says what is there instead */
}

static int bind_as(int fd, const struct sockaddr_un *address)
{
	mode_t before = umask(SOCKET_UMASK);
	int r = bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;

	umask(before);
	return r;
}

static int bind_replacing(int fd, const struct sockaddr_un *address, struct dir_entry *entry)
{
	int r = bind_as(fd, address);

	if (r != -EADDRINUSE)
		return r;
	r = remove_stale_socket(address, entry);
	return r < 0 ? r : bind_as(fd, address);
}

/* The entry is the socket of bind(2), unless another process replaced it or the directory. */
static int claim_socket(struct dir_entry *entry)
{
	struct stat st;
	int r = entry_stat(entry, &st);

	if (r < 0)
		return r == -ENOENT ? -ESTALE : r;
	if (!S_ISSOCK(st.st_mode) || st.st_uid != geteuid())
		return -ESTALE;
	entry_claim(entry, &st);
	return 0;
}

int varlink_listen(const char *path, struct dir_entry *ret_entry, int *ret_fd)
{
	_cleanup_entry_ struct dir_entry entry = ENTRY_INIT;
	_cleanup_close_ int fd = -1;
	struct sockaddr_un address;
	int r;

	r = address_from_path(path, &address);
	if (r >= 0)
		r = entry_open(path, &entry);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	r = bind_replacing(fd, &address, &entry);
	if (r >= 0)
		r = claim_socket(&entry);
	if (r < 0)
		return r;
	if (listen(fd, LISTEN_BACKLOG) < 0) {
		r = -errno;
		(void)entry_remove(&entry);
		return r;
	}
	*ret_fd = steal_fd(&fd);
	*ret_entry = entry;
	entry = (struct dir_entry)ENTRY_INIT;
	return 0;
}
