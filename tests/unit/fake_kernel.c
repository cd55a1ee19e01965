/* SPDX-License-Identifier: ISC */
/* Namespaces, their names, processes, descriptors, failures and time of the kernel in memory. */

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>

#include "fake_kernel.h"

#define FIRST_INODE 4026532000
#define CALL_USEC   10
#define SLOW_USEC   4000

struct fake_kernel fake;
static struct fake_file *files[FAKE_FDS_MAX];
static int null_fd = -1;

/* --- chance, time, failures ------------------------------------------------------------------- */

/* xorshift64* */
unsigned int fake_random(unsigned int below)
{
	fake.random ^= fake.random >> 12;
	fake.random ^= fake.random << 25;
	fake.random ^= fake.random >> 27;
	return below == 0
		       ? 0
		       : (unsigned int)((fake.random * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % below;
}

/* Instead of libc's, also for monotonic_usec(). */
int __real_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
	if (fake.now == 0) /* Check asks, too */
		return __real_clock_gettime(clock, ret);
	fake.now++;
	ret->tv_sec = (time_t)(fake.now / USEC_PER_SEC);
	ret->tv_nsec = (long)(fake.now % USEC_PER_SEC * 1000);
	return 0;
}

static int fail(const char *call, const int *errnos)
{
	unsigned int n = 0;

	while (errnos[n])
		n++;
	fake_require(n > 0);
	fake.failed++;
	fake.failed_call = call;
	fake_trace("  %s fails", call);
	return -errnos[fake_random(n)];
}

int fake_call(const char *call, const int *errnos)
{
	fake.now += CALL_USEC;
	if (fake.slow > 0 && fake_random(fake.slow) == 0)
		fake.now += fake_random(SLOW_USEC);
	fake.calls++;
	if (fake.calls == fake.kill_at)
		fake.dead = true;
	if (fake.dead)
		return -EIO;
	if (!errnos[0])
		return 0;
	fake.faults++;
	if (fake.faults == fake.fail_at)
		return fail(call, errnos);
	return fake.fail_rate > 0 && fake_random(fake.fail_rate) == 0 ? fail(call, errnos) : 0;
}

/* --- namespaces ------------------------------------------------------------------------------- */

/* As the kernel does it: the lowest number that nobody has now. */
static ino_t free_inode(void)
{
	const struct fake_netns *netns;
	ino_t ino = FIRST_INODE;
	bool taken = true;

	while (taken) {
		taken = false;
		ino++;
		TAILQ_FOREACH(netns, &fake.namespaces, entry)
		{
			taken |= netns->ino == ino;
		}
	}
	return ino;
}

struct fake_netns *fake_netns_new(void)
{
	struct fake_netns *netns = calloc(1, sizeof(*netns));

	fake_require(netns);
	netns->ino = free_inode();
	netns->nsid = -1;
	netns->refs = 1;
	netns->last_index = 1;
	TAILQ_INIT(&netns->devs);
	TAILQ_INSERT_TAIL(&fake.namespaces, netns, entry);
	return netns;
}

void fake_netns_get(struct fake_netns *netns)
{
	fake_require(netns->refs > 0);
	netns->refs++;
}

/* Its number is taken away before its interfaces are, so that of these nothing is told. */
static void destroy_netns(struct fake_netns *netns)
{
	struct fake_dev *dev;
	int nsid = netns->nsid;

	netns->nsid = -1;
	if (nsid >= 0)
		fake_tell_nsid(nsid);
	while ((dev = TAILQ_FIRST(&netns->devs)))
		fake_dev_remove(dev);
	TAILQ_REMOVE(&fake.namespaces, netns, entry);
	free(netns);
}

void fake_netns_put(struct fake_netns *netns)
{
	fake_require(netns->refs > 0);
	if (--netns->refs == 0 && !fake.lazy)
		destroy_netns(netns);
}

bool fake_netns_reap(void)
{
	struct fake_netns *netns;

	TAILQ_FOREACH(netns, &fake.namespaces, entry)
	{
		if (netns->refs > 0)
			continue;
		destroy_netns(netns);
		return true;
	}
	return false;
}

struct fake_netns *fake_netns_by_nsid(int nsid)
{
	struct fake_netns *netns;

	TAILQ_FOREACH(netns, &fake.namespaces, entry)
	{
		if (netns->nsid == nsid && netns->refs > 0)
			return netns;
	}
	return NULL;
}

int fake_netns_number(struct fake_netns *netns)
{
	const struct fake_netns *other;
	int nsid = -1;
	bool taken = netns->nsid < 0;

	while (taken) {
		taken = false;
		nsid++;
		TAILQ_FOREACH(other, &fake.namespaces, entry)
		{
			taken |= other->nsid == nsid;
		}
	}
	if (netns->nsid < 0)
		netns->nsid = nsid;
	return netns->nsid;
}

/* --- names ------------------------------------------------------------------------------------ */

struct fake_name *fake_name_find(const char *name)
{
	for (size_t i = 0; i < FAKE_NAMES_MAX; i++)
		if (streq(fake.names[i].name, name))
			return &fake.names[i];
	return NULL;
}

/* That of /proc/N/ns/net, which is no name that somebody gave. */
static struct fake_netns *netns_in_proc(const char *path)
{
	static const char proc[] = "/proc/";
	const struct fake_process *process = NULL;
	char *end;
	long pid;

	if (strncmp(path, proc, strlen(proc)) != 0)
		return NULL;
	pid = strtol(path + strlen(proc), &end, 10);
	if (streq(end, "/ns/net"))
		process = fake_process_find((pid_t)pid);
	return process ? process->netns : NULL;
}

struct fake_netns *fake_name_netns(const char *name)
{
	const struct fake_name *found = fake_name_find(name);
	const struct fake_process *process;

	if (!found)
		return netns_in_proc(name);
	if (found->hangs)
		return NULL;
	if (found->pid == 0)
		return found->netns;
	process = fake_process_find(found->pid);
	return process ? process->netns : NULL;
}

/* Return: what it was before goes when the new one is there. */
static struct fake_netns *clear_name(struct fake_name *name)
{
	struct fake_netns *old = name->netns;

	name->netns = NULL;
	name->pid = 0;
	name->hangs = false;
	return old;
}

static struct fake_name *find_or_make(const char *name)
{
	struct fake_name *found = fake_name_find(name);

	if (!found)
		found = fake_name_find("");
	fake_require(found && strlen(name) < sizeof(found->name));
	strcpy(found->name, name);
	return found;
}

void fake_name_set(const char *name, struct fake_netns *netns, bool mount)
{
	bool is_new = !fake_name_find(name);
	struct fake_name *found = find_or_make(name);
	struct fake_netns *old = clear_name(found);

	found->netns = netns;
	if (netns)
		fake_netns_get(netns);
	if (is_new || !mount)
		fake_tell_name(name, false);
	if (mount)
		fake_tell_name(name, true);
	if (old)
		fake_netns_put(old);
}

void fake_name_link(const char *name, pid_t pid)
{
	struct fake_name *found = find_or_make(name);
	struct fake_netns *old = clear_name(found);

	found->pid = pid;
	fake_tell_name(name, false);
	if (old)
		fake_netns_put(old);
}

void fake_name_remove(const char *name)
{
	struct fake_name *found = fake_name_find(name);
	struct fake_netns *old;

	if (!found)
		return;
	old = clear_name(found);
	found->name[0] = '\0';
	fake_tell_name(name, false);
	if (old)
		fake_netns_put(old);
}

/* --- processes -------------------------------------------------------------------------------- */

struct fake_process *fake_process_start(pid_t pid, struct fake_netns *netns)
{
	struct fake_process *process = calloc(1, sizeof(*process));

	fake_require(process && !fake_process_find(pid));
	process->pid = pid;
	process->refs = 1;
	process->netns = netns;
	fake_netns_get(netns);
	TAILQ_INSERT_TAIL(&fake.processes, process, entry);
	return process;
}

struct fake_process *fake_process_find(pid_t pid)
{
	struct fake_process *process;

	TAILQ_FOREACH(process, &fake.processes, entry)
	{
		if (process->pid == pid && !process->ended)
			return process;
	}
	return NULL;
}

static void put_process(struct fake_process *process)
{
	if (--process->refs > 0)
		return;
	TAILQ_REMOVE(&fake.processes, process, entry);
	free(process);
}

void fake_process_end(struct fake_process *process)
{
	process->ended = true;
	fake_netns_put(steal_ptr(process->netns));
	put_process(process);
}

/* --- descriptors ------------------------------------------------------------------------------ */

int __real_close(int fd);
int __wrap_close(int fd);

static void release_file(struct fake_file *file)
{
	if (file->netns)
		fake_netns_put(file->netns);
	if (file->process)
		put_process(file->process);
	if (file->dev) {
		file->dev->queues--;
		fake_dev_release(file->dev);
	}
	free(file);
}

static void set_file(int fd, struct fake_file *file)
{
	fake_require(fd >= 0 && fd < FAKE_FDS_MAX && !files[fd]);
	files[fd] = file;
	file->refs++;
}

int fake_open(const struct fake_file *opened)
{
	struct fake_file *file = malloc(sizeof(*file));
	int fd = fcntl(null_fd, F_DUPFD_CLOEXEC, 0);

	fake_require(file && fd >= 0);
	*file = *opened;
	set_file(fd, file);
	return fd;
}

struct fake_file *fake_file(int fd)
{
	return fd >= 0 && fd < FAKE_FDS_MAX ? files[fd] : NULL;
}

int fake_dup(int old, int from)
{
	int fd = fcntl(old, F_DUPFD_CLOEXEC, from);

	fake_require(fd >= 0);
	if (fake_file(old))
		set_file(fd, fake_file(old));
	return fd;
}

int fake_dup_to(int old, int fd)
{
	if (fcntl(fd, F_GETFD) >= 0)
		fake_fail("descriptor %d is left of the former daemon", fd);
	fake_require(dup3(old, fd, O_CLOEXEC) == fd);
	if (fake_file(old))
		set_file(fd, fake_file(old));
	return fd;
}

/* Instead of libc's: that the last descriptor of something is closed is the end of it. */
int __wrap_close(int fd)
{
	struct fake_file *file = fake_file(fd);
	int r = __real_close(fd);

	if (r < 0)
		fake_fail("descriptor %d is closed twice", fd);
	if (!file)
		return r;
	if (fake_shuttle_uses(fd))
		fake_fail("descriptor %d is closed, and the shuttle still uses it", fd);
	files[fd] = NULL;
	if (--file->refs == 0)
		release_file(file);
	return r;
}

unsigned int fake_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	unsigned int n = 0;

	fake_require(dir);
	while ((entry = readdir(dir))) {
		int fd = (int)strtol(entry->d_name, NULL, 10);

		if (entry->d_name[0] == '.' || fd == dirfd(dir))
			continue;
		n++;
	}
	closedir(dir);
	return n;
}

/* What a process that was killed writes into its files is not there. */

ssize_t __real_pwrite(int fd, const void *data, size_t size, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *data, size_t size, off_t offset);
int __real_ftruncate(int fd, off_t size);
int __wrap_ftruncate(int fd, off_t size);

ssize_t __wrap_pwrite(int fd, const void *data, size_t size, off_t offset)
{
	return fake.dead ? (ssize_t)size : __real_pwrite(fd, data, size, offset);
}

int __wrap_ftruncate(int fd, off_t size)
{
	return fake.dead ? 0 : __real_ftruncate(fd, size);
}

/* --- begin and end ---------------------------------------------------------------------------- */

void fake_begin(uint64_t seed)
{
	fake = (struct fake_kernel){ .random = seed * 2 + 1, .now = 1000 * USEC_PER_SEC };
	TAILQ_INIT(&fake.namespaces);
	TAILQ_INIT(&fake.processes);
	for (int i = 0; i < 8; i++) /* seeds that are alike shall not begin alike */
		fake_random(1);
	if (null_fd < 0) {
		int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

		null_fd = fcntl(fd, F_DUPFD_CLOEXEC, FAKE_FDS_OF_STORE - 1);
		fake_require(fd >= 0 && null_fd >= 0);
		__real_close(fd);
	}
	fake.own = fake.current = fake_netns_new();
}

void fake_end(void)
{
	struct fake_process *process;

	fake.lazy = false;
	while (fake_netns_reap())
		;
	for (size_t i = 0; i < FAKE_NAMES_MAX; i++)
		if (fake.names[i].name[0])
			fake_name_remove(fake.names[i].name);
	while ((process = TAILQ_FIRST(&fake.processes))) {
		if (process->ended)
			fake_fail("somebody still holds process %d", process->pid);
		fake_process_end(process);
	}
	fake_netns_put(fake.own);
	if (!TAILQ_EMPTY(&fake.namespaces))
		fake_fail("something still keeps a namespace");
	for (int fd = 0; fd < FAKE_FDS_MAX; fd++)
		if (files[fd])
			fake_fail("descriptor %d is left", fd);
	fake_loop_end();
	fake.now = 0;
}
