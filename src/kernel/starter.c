/* SPDX-License-Identifier: ISC */

/*
 * Starts the processes of rportd that have a role of their own, and starts them again.
 *
 * Theory of operation
 *
 * Who starts. Once rportd serves clients its seccomp filter forbids it to make processes or execute
 * programs, and that must stay so. So before it reads or opens anything it executes itself once
 * more, as the starter: a process with one socket, which reads messages of eight bytes and knows
 * nothing else. The processes of roles are its children. It forks them; a role may execute the program
 * once more, as those of daemon/roles.c do. They inherit their own socket and the lock, and nothing else.
 *
 * Ends. Each child kills itself by PR_SET_PDEATHSIG when the starter ends, as the starter does when
 * rportd ends. Whatever is killed, no process that could still read packets outlives rportd.
 * A starter that is killed cannot be replaced: then rportd has to end, too, and it is the service
 * manager's to start all of it again.
 *
 * The lock. Each child has a lock of fcntl(2) on a file that rportd chose, from its first moment on, over
 * execve(2). The kernel releases it in do_exit() once no thread of the process runs any more and its
 * requests to io_uring are cancelled, before it frees rings, inotify instances and namespaces, which may
 * take long: measured with other work on the machine, 0 to 12 ms after the kill where the last of them was
 * gone after 0 to 34. So the next rportd learns that all of them are over, and service managers need not wait.
 *
 * Numbers of processes. Only the starter signals its children, and it has not waited for them then:
 * the number cannot be another process's.
 */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "kernel/packet.h"
#include "kernel/starter.h"

enum request_type {
	REQUEST_START,
	REQUEST_KILL,
};

struct request {
	uint32_t type;
	uint32_t role;
};

struct ending {
	uint32_t role;
	int32_t status;
};

/* --- in rportd -------------------------------------------------------------------------------- */

/* What rportd knows of the process of one role. */
struct running {
	bool running; /* or its end has not been heard of */
	bool untold;  /* of its end, in @status */
	int status;
	struct starter_watch watch;
};

struct starter {
	int fd;
	int lock; /* borrowed; or -1 */
	bool gone;
	struct running roles[STARTER_ROLES_MAX];
	sd_event_source *source;
	sd_event_source *late; /* what starter_await_end() heard is told later */
};

/* The service manager's messages to rportd, and the addresses for those to it. */
static bool is_for_rportd_only(const char *variable)
{
	static const char *const names[] = { "NOTIFY_SOCKET=", "WATCHDOG_", "LISTEN_", "FDSTORE=" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strncmp(variable, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* Return: for free(3); its strings are borrowed. */
static char **environment_of_starter(void)
{
	size_t n = 0, all = 0;
	char **ret;

	while (environ[all])
		all++;
	ret = calloc(all + 1, sizeof(*ret));
	for (size_t i = 0; ret && i < all; i++)
		if (!is_for_rportd_only(environ[i]))
			ret[n++] = environ[i];
	return ret;
}

static int execute(char *const argv[], int fd)
{
	_cleanup_free_ char **environment = environment_of_starter();
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int r;

	if (!environment)
		return -ENOMEM;
	r = -posix_spawn_file_actions_init(&actions);
	if (r < 0)
		return r;
	r = -posix_spawn_file_actions_adddup2(&actions, fd, STARTER_FD);
	if (r >= 0)
		r = -posix_spawn_file_actions_addclosefrom_np(&actions, STARTER_FD + 1);
	if (r >= 0)
		r = -posix_spawn(&pid, "/proc/self/exe", &actions, NULL, argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

int starter_new(char *const argv[], struct starter **ret)
{
	struct starter *starter;
	int fds[2], r;

	starter = calloc(1, sizeof(*starter));
	if (!starter)
		return -ENOMEM;
	starter->lock = -1;
	r = packet_pair(fds);
	if (r >= 0) {
		starter->fd = fds[0];
		r = execute(argv, fds[1]);
		safe_close(fds[1]);
		if (r < 0)
			safe_close(fds[0]);
	}
	if (r < 0) {
		free(starter);
		return r;
	}
	*ret = starter;
	return 0;
}

static bool is_connection(int fd)
{
	socklen_t size = sizeof(int);
	int type;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) >= 0 && type == SOCK_SEQPACKET;
}

int starter_pass_on(struct starter *starter)
{
	return fcntl(starter->fd, F_SETFD, 0) < 0 ? -errno : starter->fd;
}

int starter_adopt(int fd, struct starter **ret)
{
	struct starter *starter;

	if (!is_connection(fd) || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -ENOTSOCK;
	starter = calloc(1, sizeof(*starter));
	if (!starter)
		return -ENOMEM;
	starter->fd = fd;
	starter->lock = -1;
	*ret = starter;
	return 0;
}

void starter_set_lock(struct starter *starter, int fd)
{
	starter->lock = fd;
}

void starter_free(struct starter *starter)
{
	if (!starter)
		return;
	sd_event_source_disable_unref(starter->source);
	sd_event_source_disable_unref(starter->late);
	safe_close(starter->fd);
	free(starter);
}

static int request(struct starter *starter, enum request_type type, unsigned int role,
		   const int fds[], unsigned int n_fds)
{
	struct request request = { .type = type, .role = role };

	if (starter->gone)
		return -EPIPE;
	return packet_send(starter->fd, &request, sizeof(request), fds, n_fds, MSG_DONTWAIT);
}

int starter_start(struct starter *starter, unsigned int role, int fd)
{
	const int fds[] = { fd, starter->lock };
	int r = request(starter, REQUEST_START, role, fds, starter->lock < 0 ? 1 : 2);

	if (r >= 0)
		starter->roles[role].running = true;
	return r;
}

void starter_kill(struct starter *starter, unsigned int role)
{
	if (starter->roles[role].running)
		(void)request(starter, REQUEST_KILL, role, NULL, 0);
}

/* Return: 0, or -errno when nothing more will come. */
static int receive_ending(struct starter *starter)
{
	struct ending ending;
	int r = packet_receive(starter->fd, &ending, sizeof(ending), NULL, NULL, MSG_DONTWAIT);

	if (r == -EAGAIN)
		return 0;
	if (r <= 0 || ending.role >= STARTER_ROLES_MAX) {
		starter->gone = true;
		return -EPIPE;
	}
	starter->roles[ending.role].running = false;
	starter->roles[ending.role].untold = true;
	starter->roles[ending.role].status = ending.status;
	return 0;
}

static void tell(struct starter *starter)
{
	for (unsigned int i = 0; i < STARTER_ROLES_MAX; i++) {
		struct running *role = &starter->roles[i];
		bool untold = role->untold;

		role->untold = false;
		if (starter->gone && role->watch.failed)
			role->watch.failed(role->watch.userdata);
		else if (untold && role->watch.ended)
			role->watch.ended(role->status, role->watch.userdata);
	}
}

static int tell_late(sd_event_source *source _unused_, void *userdata)
{
	tell(userdata);
	return 0;
}

static int readable(sd_event_source *source, int fd _unused_, uint32_t revents _unused_,
		    void *userdata)
{
	struct starter *starter = userdata;

	if (receive_ending(starter) < 0)
		(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
	tell(starter);
	return 0;
}

int starter_watch(struct starter *starter, sd_event *event, unsigned int role,
		  const struct starter_watch *watch)
{
	int r = 0;

	starter->roles[role].watch = *watch;
	if (!starter->source)
		r = sd_event_add_io(event, &starter->source, starter->fd, EPOLLIN, readable,
				    starter);
	if (r >= 0)
		r = sd_event_source_set_priority(starter->source, SD_EVENT_PRIORITY_IMPORTANT);
	if (r >= 0 && !starter->late)
		r = sd_event_add_defer(event, &starter->late, tell_late, starter);
	if (r >= 0)
		r = sd_event_source_set_enabled(starter->late, SD_EVENT_OFF);
	return r;
}

int starter_await_end(struct starter *starter, unsigned int role, uint64_t usec)
{
	uint64_t deadline = monotonic_usec() + usec;

	while (starter->roles[role].running && !starter->gone) {
		struct pollfd fd = { .fd = starter->fd, .events = POLLIN };
		uint64_t now = monotonic_usec();

		if (now >= deadline)
			return -ETIME;
		if (poll(&fd, 1, (int)((deadline - now) / 1000 + 1)) > 0)
			(void)receive_ending(starter);
	}
	if (starter->late)
		(void)sd_event_source_set_enabled(starter->late, SD_EVENT_ONESHOT);
	return starter->gone ? -EPIPE : 0;
}

/* --- in the starter --------------------------------------------------------------------------- */

struct child {
	pid_t pid; /* 0: there is none */
	int pidfd;
};

struct serving {
	const struct starter_role *roles;
	unsigned int n;
	struct child children[STARTER_ROLES_MAX];
	void *userdata;
};

/* The starter may have ended before it would have been noticed. */
static bool end_with_parent(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) >= 0 && getppid() == parent;
}

/* Closing another descriptor of the file would release it: so there is this one, which stays open. */
static bool hold_lock(int fd)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_SETFD, 0) >= 0 && fcntl(fd, F_SETLK, &lock) >= 0;
}

/* In the new process. @lock: -1, or kept open until it ends */
static void run_role(struct serving *serving, const struct starter_role *role, int fd, int lock,
		     pid_t parent)
{
	if (!end_with_parent(parent) || (lock >= 0 && !hold_lock(lock)))
		_exit(EXIT_FAILURE);
	safe_close(STARTER_FD);
	for (unsigned int i = 0; i < serving->n; i++)
		if (serving->children[i].pid > 0)
			safe_close(serving->children[i].pidfd);
	(void)prctl(PR_SET_NAME, role->name, 0, 0, 0);
	exit(role->main(fd, serving->userdata));
}

static int report(unsigned int role, int status)
{
	struct ending ending = { .role = role, .status = status };

	return packet_send(STARTER_FD, &ending, sizeof(ending), NULL, 0, 0);
}

static int start_child(struct serving *serving, unsigned int role, int fd, int lock)
{
	struct child *child = &serving->children[role];
	pid_t parent = getpid(), pid;

	if (child->pid > 0)
		return -EBUSY;
	pid = fork();
	if (pid < 0)
		return report(role, W_EXITCODE(EXIT_FAILURE, 0));
	if (pid == 0)
		run_role(serving, &serving->roles[role], fd, lock, parent);
	child->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (child->pidfd < 0)
		return -errno;
	child->pid = pid;
	return 0;
}

static int reap(struct serving *serving, unsigned int role)
{
	struct child *child = &serving->children[role];
	int status;

	if (waitpid(child->pid, &status, 0) != child->pid)
		return -errno;
	child->pid = 0;
	safe_close(child->pidfd);
	return report(role, status);
}

/* Return: 1 to go on, 0 at the end of rportd, -errno. */
static int take_request(struct serving *serving)
{
	struct request request;
	int fds[PACKET_FDS_MAX], r;
	unsigned int n_fds;

	r = packet_receive(STARTER_FD, &request, sizeof(request), fds, &n_fds, 0);
	if (r <= 0)
		return r;
	if (request.role >= serving->n || (request.type == REQUEST_START) != (n_fds > 0) ||
	    n_fds > 2)
		r = -EBADMSG;
	else if (request.type == REQUEST_START)
		r = start_child(serving, request.role, fds[0], n_fds > 1 ? fds[1] : -1);
	else if (serving->children[request.role].pid > 0)
		(void)kill(serving->children[request.role].pid, SIGKILL);
	for (unsigned int i = 0; i < n_fds; i++)
		safe_close(fds[i]);
	return r < 0 ? r : 1;
}

/* Return: as take_request(). */
static int serve_once(struct serving *serving)
{
	struct pollfd fds[STARTER_ROLES_MAX + 1];
	int r = 1;

	for (unsigned int i = 0; i < serving->n; i++)
		fds[i] = (struct pollfd){ .fd = serving->children[i].pid > 0
							? serving->children[i].pidfd
							: -1,
					  .events = POLLIN };
	fds[serving->n] = (struct pollfd){ .fd = STARTER_FD, .events = POLLIN };
	if (poll(fds, serving->n + 1, -1) < 0)
		return errno == EINTR ? 1 : -errno;
	for (unsigned int i = 0; r > 0 && i < serving->n; i++)
		if (fds[i].revents)
			r = reap(serving, i) < 0 ? 0 : 1; /* nobody is there to hear of it */
	return r > 0 && fds[serving->n].revents ? take_request(serving) : r;
}

int starter_serve(const struct starter_role roles[], unsigned int n, void *userdata)
{
	struct serving serving = { .roles = roles, .n = n, .userdata = userdata };
	int r;

	if (!is_connection(STARTER_FD))
		return -ENOTSOCK;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -errno;
	signal(SIGCHLD, SIG_DFL); /* whoever ignores it has no children to wait for */
	do
		r = serve_once(&serving);
	while (r > 0);
	for (unsigned int i = 0; i < n; i++)
		if (serving.children[i].pid > 0)
			(void)kill(serving.children[i].pid, SIGKILL);
	return r;
}
