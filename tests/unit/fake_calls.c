/* SPDX-License-Identifier: ISC */
/* The functions of src/kernel that talk to the kernel: here to the one in memory. */

#include <fcntl.h>
#include <stdio.h>

#include "fake_kernel.h"
#include "kernel/monitor.h"
#include "kernel/netns-pid.h"
#include "kernel/netns-thread.h"
#include "kernel/netns.h"
#include "kernel/process.h"
#include "kernel/rtnl.h"
#include "kernel/thread.h"

#define DEVICE_OF_NSFS 4

/* --- namespaces ------------------------------------------------------------------------------- */

static int open_netns(struct fake_netns *netns)
{
	fake_netns_get(netns);
	return fake_open(&(struct fake_file){ .kind = FAKE_FILE_NETNS, .netns = netns });
}

struct fake_netns *fake_netns_of(int fd)
{
	const struct fake_file *file = fake_file(fd);

	fake_require(file && file->kind == FAKE_FILE_NETNS);
	return file->netns;
}

int netns_open_self(void)
{
	FAKE_CALL(FAKE_NO_FILES);
	return open_netns(fake.current);
}

int netns_pid_open_name(const char *name)
{
	const struct fake_name *found;
	struct fake_netns *netns;

	FAKE_CALL(FAKE_NO_FILES, ETIMEDOUT, EAGAIN);
	found = fake_name_find(name);
	if (found && found->hangs)
		return -ETIMEDOUT;
	netns = fake_name_netns(name);
	return netns ? open_netns(netns) : -ENOENT;
}

int netns_kind_of_name(const char *name)
{
	return fake_name_netns(name) ? NETNS_NETWORK : NETNS_NOTHING;
}

/* Only for records that cannot be read, of which there are none. */
int netns_each_name(uint64_t usec _unused_, int (*fn)(const char *name, void *userdata) _unused_,
		    void *userdata _unused_)
{
	return -ENOENT;
}

int netns_identify(int fd, struct netns_id *ret)
{
	*ret = (struct netns_id){ .dev = DEVICE_OF_NSFS, .ino = fake_netns_of(fd)->ino };
	return 0;
}

bool netns_equal(const struct netns_id *a, const struct netns_id *b)
{
	return a->ino != 0 && a->ino == b->ino && a->dev == b->dev;
}

int netns_pid_named(const char *name, const struct netns_id *id)
{
	struct netns_id other = { 0 };
	int fd = netns_pid_open_name(name);

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	netns_identify(fd, &other);
	safe_close(fd);
	return netns_equal(&other, id);
}

int netns_name_holds(const char *name, const struct netns_id *id)
{
	const struct fake_name *found;

	FAKE_CALL(FAKE_NO_FILES, ETIMEDOUT, EAGAIN);
	found = fake_name_find(name);
	return found && !found->hangs && found->netns && id->ino == found->netns->ino;
}

struct netns_thread {
	struct fake_netns *netns;
	int result;
};

int netns_thread_new(const char *name _unused_, struct netns_thread **ret)
{
	struct netns_thread *thread;

	FAKE_CALL(FAKE_NO_MEMORY, EPERM);
	thread = calloc(1, sizeof(*thread));
	fake_require(thread);
	thread->netns = fake_netns_new();
	*ret = thread;
	return 0;
}

int netns_thread_run(struct netns_thread *thread, int (*fn)(void *arg), void *arg)
{
	struct fake_netns *before = fake.current;

	fake.current = thread->netns;
	thread->result = fn(arg);
	fake.current = before;
	return thread->result;
}

void netns_thread_begin(struct netns_thread *thread, int (*fn)(void *arg), void *arg)
{
	(void)netns_thread_run(thread, fn, arg);
}

int netns_thread_end(struct netns_thread *thread)
{
	return thread->result;
}

void netns_thread_free(struct netns_thread *thread)
{
	if (!thread)
		return;
	if (!TAILQ_EMPTY(&thread->netns->devs))
		fake_fail("%s is left in the staging namespace",
			  TAILQ_FIRST(&thread->netns->devs)->name);
	fake_netns_put(thread->netns);
	free(thread);
}

/* There is one thread: the caller does without. */
int thread_start(pthread_t *ret _unused_, const char *name _unused_,
		 void *(*run)(void *arg)_unused_, void *arg _unused_)
{
	return -EAGAIN;
}

void thread_each(void (*fn)(void *arg, size_t i), void *arg, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fn(arg, i);
}

/* --- processes -------------------------------------------------------------------------------- */

struct process {
	pid_t pid;
	int fd;
};

static struct fake_process *held(const struct process *process)
{
	return fake_file(process->fd)->process;
}

static struct process *new_process(pid_t pid, int fd)
{
	struct process *process = malloc(sizeof(*process));

	fake_require(process);
	*process = (struct process){ .pid = pid, .fd = fd };
	return process;
}

int process_open(pid_t pid, struct process **ret)
{
	struct fake_process *found;

	FAKE_CALL(FAKE_NO_FILES);
	found = fake_process_find(pid);
	if (!found)
		return -ESRCH;
	found->refs++;
	*ret = new_process(
		pid, fake_open(&(struct fake_file){ .kind = FAKE_FILE_PIDFD, .process = found }));
	return 0;
}

int process_adopt(int pidfd, pid_t pid, struct process **ret)
{
	const struct fake_file *file = fake_file(pidfd);

	if (!file || !file->process || (file->process->pid != pid && !file->process->ended))
		return -EBADF;
	*ret = new_process(pid, pidfd);
	return 0;
}

void process_free(struct process *process)
{
	if (!process)
		return;
	safe_close(process->fd);
	free(process);
}

int process_take_fd(struct process *process)
{
	int fd = process->fd;

	free(process);
	return fd;
}

pid_t process_pid(const struct process *process)
{
	return process->pid;
}

int process_fd(const struct process *process)
{
	return process->fd;
}

bool process_has_ended(const struct process *process)
{
	return held(process)->ended;
}

bool process_equal(const struct process *a, const struct process *b)
{
	return held(a) == held(b) && !held(a)->ended;
}

int netns_pid_open(const struct process *process)
{
	FAKE_CALL(FAKE_NO_FILES, ETIMEDOUT, EAGAIN);
	return held(process)->ended ? -ESRCH : open_netns(held(process)->netns);
}
