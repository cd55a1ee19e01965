/* SPDX-License-Identifier: ISC */

/* The descriptor store that fdkeeper keeps for a service. */

#include <fcntl.h>
#include <linux/kcmp.h>
#include <search.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "fdkeeper.h"

#define MESSAGE_MAX 4096
#define FDS_MAX     253 /* of one message: SCM_MAX_FD of the kernel */

/* A message of a service. */
struct message {
	char text[MESSAGE_MAX];
	int fds[FDS_MAX];
	size_t n_fds;
};

/* --- what is stored --------------------------------------------------------------------------- */

/*
 * Open files have an order, which kcmp(2) tells. Without CONFIG_KCMP it tells nothing, and no two
 * are the same.
 */
static int compare_files(const void *a, const void *b)
{
	const struct stored *x = a, *y = b;
	pid_t self = getpid();
	long r = syscall(SYS_kcmp, self, self, KCMP_FILE, (unsigned long)x->fd,
			 (unsigned long)y->fd);

	if (r == 0 || x == y)
		return 0;
	return r == 1 || (r < 0 && x < y) ? -1 : 1;
}

static void drop(struct store *store, struct stored *stored)
{
	tdelete(stored, &store->files, compare_files);
	/* closing it is not enough: the service has the same open file */
	if (stored->polled)
		epoll_ctl(store->epoll, EPOLL_CTL_DEL, stored->fd, NULL);
	TAILQ_REMOVE(&store->stored, stored, entry);
	store->n--;
	close(stored->fd);
	free(stored);
}

void store_remove(struct store *store, const char *name)
{
	struct stored *stored, *next;

	for (stored = TAILQ_FIRST(&store->stored); stored; stored = next) {
		next = TAILQ_NEXT(stored, entry);
		if (streq(stored->name, name))
			drop(store, stored);
	}
}

bool store_add(struct store *store, int fd, const char *name, bool watch)
{
	struct epoll_event event = { .events = 0 }; /* EPOLLHUP and EPOLLERR come unasked */
	struct stored *stored, **same;

	/* systemd looks at the limit first: a full store refuses what it has, too */
	if (store->n >= store->max) {
		keeper_warn("no room for \"%s\" beside %u descriptors", name, store->n);
		close(fd);
		return false;
	}
	stored = calloc(1, sizeof(*stored));
	if (!stored)
		keeper_die("store");
	stored->fd = fd;
	snprintf(stored->name, sizeof(stored->name), "%s", name);
	same = tsearch(stored, &store->files, compare_files);
	if (!same)
		keeper_die("store");
	if (*same != stored) {
		close(fd);
		free(stored);
		return true;
	}
	event.data.ptr = stored;
	/* EPERM: it is of a kind that cannot be polled */
	stored->polled = watch && epoll_ctl(store->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
	TAILQ_INSERT_HEAD(&store->stored, stored, entry);
	store->n++;
	return true;
}

void store_drop_dead(struct store *store)
{
	struct epoll_event event;

	/* one at a time: a stale pointer cannot be among them */
	while (epoll_wait(store->epoll, &event, 1, 0) > 0)
		drop(store, event.data.ptr);
}

/* --- messages --------------------------------------------------------------------------------- */

/* Return: the value of the first line that begins with @key, its length in @ret_length, or NULL. */
static const char *find_line(const char *text, const char *key, size_t *ret_length)
{
	size_t length = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, length) != 0)
			continue;
		*ret_length = strcspn(line + length, "\n");
		return line + length;
	}
	return NULL;
}

static bool has_line(const struct message *message, const char *line)
{
	size_t length;
	const char *rest = find_line(message->text, line, &length);

	return rest && length == 0;
}

static bool find_name(const struct message *message, char ret[static STORE_NAME_MAX])
{
	size_t length;
	const char *name = find_line(message->text, "FDNAME=", &length);

	if (!name || length == 0 || length >= STORE_NAME_MAX)
		return false;
	for (size_t i = 0; i < length; i++)
		if (name[i] < ' ' || name[i] > '~' || name[i] == ':')
			return false;
	memcpy(ret, name, length);
	ret[length] = '\0';
	return true;
}

/* Return: whether it was one. */
static bool receive(struct store *store, struct message *message)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(message->fds))];
	} control;
	struct iovec iov = { .iov_base = message->text, .iov_len = sizeof(message->text) - 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(store->socket, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		keeper_die("receive a message");
	if (n < 0)
		return errno == EINTR && receive(store, message);
	message->text[n] = '\0';
	message->n_fds = 0;
	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		message->n_fds = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(message->fds, CMSG_DATA(cmsg), message->n_fds * sizeof(int));
	}
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		keeper_warn("a message was truncated, for its length or for want of descriptors");
	return true;
}

static void handle(struct store *store, struct message *message)
{
	char name[STORE_NAME_MAX];
	bool named = find_name(message, name);
	size_t kept = 0;

	if (has_line(message, "FDSTOREREMOVE=1")) {
		if (named)
			store_remove(store, name);
	} else if (has_line(message, "FDSTORE=1")) {
		while (kept < message->n_fds &&
		       store_add(store, message->fds[kept++], named ? name : "stored",
				 !has_line(message, "FDPOLL=0")))
			;
	}
	/* the others, and that of BARRIER=1, whose end its sender waits for */
	while (kept < message->n_fds)
		close(message->fds[kept++]);
}

bool store_receive(struct store *store)
{
	struct message message;
	bool ready = false;

	while (receive(store, &message)) {
		ready |= has_line(&message, "READY=1");
		handle(store, &message);
	}
	return ready;
}

/* --- to the service --------------------------------------------------------------------------- */

/* Descriptors 3 and up become those of the store. All others are O_CLOEXEC. */
static int pass_descriptors(const struct store *store)
{
	_cleanup_free_ int *fds = calloc(store->n + 1, sizeof(*fds));
	const struct stored *stored;
	int i = 0;

	if (!fds)
		return -1;
	/* out of the way first, for their numbers may be among those that are wanted */
	TAILQ_FOREACH(stored, &store->stored, entry)
	{
		fds[i] = fcntl(stored->fd, F_DUPFD_CLOEXEC, FDS_START + (int)store->n);
		if (fds[i++] < 0)
			return -1;
	}
	for (i = 0; i < (int)store->n; i++)
		if (dup2(fds[i], FDS_START + i) < 0 || close(fds[i]) < 0)
			return -1;
	return 0;
}

static int set_number(const char *variable, unsigned long number)
{
	char text[24];

	snprintf(text, sizeof(text), "%lu", number);
	return setenv(variable, text, 1);
}

static int set_names(const struct store *store)
{
	_cleanup_free_ char *names = calloc(store->n + 1, STORE_NAME_MAX);
	const struct stored *stored;
	char *end = names;

	if (!names)
		return -1;
	TAILQ_FOREACH(stored, &store->stored, entry)
	end += sprintf(end, "%s%s", end > names ? ":" : "", stored->name);
	return setenv("LISTEN_FDNAMES", names, 1);
}

int store_pass(const struct store *store)
{
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	if (store->n == 0)
		return 0;
	if (set_number("LISTEN_FDS", store->n) < 0 ||
	    set_number("LISTEN_PID", (unsigned long)getpid()) < 0 || set_names(store) < 0)
		return -1;
	return pass_descriptors(store);
}

/* --- begin and end ---------------------------------------------------------------------------- */

void store_open(struct store *store, int socket, unsigned int max)
{
	*store = (struct store){ .socket = socket, .max = max };
	store->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (store->epoll < 0)
		keeper_die("epoll");
	TAILQ_INIT(&store->stored);
}

void store_close(struct store *store)
{
	struct stored *stored;

	while ((stored = TAILQ_FIRST(&store->stored)))
		drop(store, stored);
	close(store->epoll);
	close(store->socket);
}
