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

#ifndef IFF_LOWER_UP
#define IFF_LOWER_UP 0x10000
#endif

#define DEVICE_OF_NSFS 4

/* With which a call may fail; and whether it does. */
#define CALL(...)                                                       \
	do {                                                            \
		int r_ = fake_call(__func__, FAKE_ERRNOS(__VA_ARGS__)); \
		if (r_ < 0)                                             \
			return r_;                                      \
	} while (0)
#define NO_MEMORY ENOMEM, ENOBUFS
#define NO_FILES  ENOMEM, EMFILE, ENFILE

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
	CALL(NO_FILES);
	return open_netns(fake.current);
}

int netns_pid_open_name(const char *name)
{
	const struct fake_name *found;
	struct fake_netns *netns;

	CALL(NO_FILES, ETIMEDOUT, EAGAIN);
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

	CALL(NO_FILES, ETIMEDOUT, EAGAIN);
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

	CALL(NO_MEMORY, EPERM);
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

	CALL(NO_FILES);
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
	CALL(NO_FILES, ETIMEDOUT, EAGAIN);
	return held(process)->ended ? -ESRCH : open_netns(held(process)->netns);
}

/* --- rtnetlink: finding ----------------------------------------------------------------------- */

struct rtnl {
	int fd;
	struct fake_netns *netns;
};

int rtnl_open(int netns_fd, struct rtnl **ret)
{
	struct rtnl *rtnl;

	CALL(NO_FILES, ETIMEDOUT, EAGAIN);
	rtnl = malloc(sizeof(*rtnl));
	fake_require(rtnl);
	rtnl->netns = netns_fd < 0 ? fake.current : fake_netns_of(netns_fd);
	fake_netns_get(rtnl->netns);
	rtnl->fd = fake_open(&(struct fake_file){ .kind = FAKE_FILE_SOCKET, .netns = rtnl->netns });
	*ret = rtnl;
	return 0;
}

void rtnl_close(struct rtnl *rtnl)
{
	if (!rtnl)
		return;
	safe_close(rtnl->fd);
	free(rtnl);
}

static int describe(const struct fake_dev *dev, struct rtnl_dev *ret)
{
	if (!dev)
		return -ENODEV;
	*ret = (struct rtnl_dev){
		.index = dev->index,
		.mtu = dev->mtu,
		.flags = dev->up ? IFF_UP | (dev->carrier ? IFF_LOWER_UP : 0) : 0,
		.master = dev->master,
		.vrf_table = dev->table,
		.is_vrf = dev->kind == FAKE_VRF,
		.no_ipv6 = dev->no_ipv6,
		.tun_pi = dev->pi,
		.tun_persist = dev->persist,
		.tun_queues = dev->multi ? dev->queues + dev->foreign : 0,
	};
	memcpy(ret->name, dev->name, IFNAMSIZ);
	memcpy(ret->alias, dev->alias, sizeof(ret->alias));
	return 0;
}

int rtnl_dev_by_name(struct rtnl *rtnl, const char *name, struct rtnl_dev *ret)
{
	CALL(NO_MEMORY);
	return describe(fake_dev_by_name(rtnl->netns, name), ret);
}

static struct fake_netns *target(const struct rtnl *rtnl, int nsid)
{
	return nsid < 0 ? rtnl->netns : fake_netns_by_nsid(nsid);
}

int rtnl_dev_by_nsid(struct rtnl *rtnl, int nsid, unsigned int index, struct rtnl_dev *ret)
{
	CALL(NO_MEMORY);
	if (!target(rtnl, nsid))
		return -EINVAL;
	return describe(fake_dev_by_index(target(rtnl, nsid), index), ret);
}

int rtnl_dev_by_nsid_name(struct rtnl *rtnl, int nsid, const char *name, struct rtnl_dev *ret)
{
	CALL(NO_MEMORY);
	if (!target(rtnl, nsid))
		return -EINVAL;
	return describe(fake_dev_by_name(target(rtnl, nsid), name), ret);
}

int rtnl_has_nsid(struct rtnl *rtnl _unused_, int netns_fd)
{
	CALL(NO_MEMORY);
	return fake_netns_of(netns_fd)->nsid >= 0;
}

int rtnl_nsid(struct rtnl *rtnl _unused_, int netns_fd, int *ret)
{
	CALL(NO_MEMORY);
	*ret = fake_netns_number(fake_netns_of(netns_fd));
	return 0;
}

/* --- rtnetlink: changing ---------------------------------------------------------------------- */

#define FIND(dev, rtnl, index)                                          \
	struct fake_dev *dev = fake_dev_by_index((rtnl)->netns, index); \
	if (!(dev))                                                     \
		return -ENODEV;                                         \
	CALL(NO_MEMORY)

int rtnl_dev_configure(struct rtnl *rtnl, unsigned int index, const char *alias, unsigned int mtu,
		       unsigned int queue_length _unused_)
{
	FIND(dev, rtnl, index);
	fake_dev_alias(dev, alias);
	return fake_dev_mtu(dev, mtu);
}

int rtnl_dev_move(struct rtnl *rtnl, unsigned int index, int netns_fd, const char *name,
		  unsigned int master)
{
	int r;

	FIND(dev, rtnl, index);
	r = fake_dev_rename(dev, name);
	if (r >= 0)
		r = fake_call("rtnl_dev_move (2)", FAKE_ERRNOS(NO_MEMORY));
	if (r >= 0)
		r = fake_dev_move(dev, fake_netns_of(netns_fd));
	if (r >= 0 && master > 0)
		r = fake_call("rtnl_dev_move (3)", FAKE_ERRNOS(NO_MEMORY, EINVAL));
	return r < 0 ? r : fake_dev_enslave(dev, master);
}

int rtnl_dev_delete(struct rtnl *rtnl, unsigned int index)
{
	FIND(dev, rtnl, index);
	fake_dev_remove(dev);
	return 0;
}

int rtnl_dev_set_up(struct rtnl *rtnl, unsigned int index, bool up)
{
	FIND(dev, rtnl, index);
	fake_dev_up(dev, up);
	return 0;
}

int rtnl_dev_set_mtu(struct rtnl *rtnl, unsigned int index, unsigned int mtu)
{
	FIND(dev, rtnl, index);
	return fake_dev_mtu(dev, mtu);
}

int rtnl_dev_set_alias(struct rtnl *rtnl, unsigned int index, const char *alias)
{
	FIND(dev, rtnl, index);
	fake_dev_alias(dev, alias);
	return 0;
}

int rtnl_dev_rename(struct rtnl *rtnl, unsigned int index, const char *name)
{
	int r, raised = 0;
	bool up;

	FIND(dev, rtnl, index);
	up = dev->up && fake.old && !streq(dev->name, name);
	if (up)
		fake_dev_up(dev, false);
	r = fake_dev_rename(dev, name);
	if (up)
		raised = fake_call("rtnl_dev_rename (2)", FAKE_ERRNOS(NO_MEMORY));
	if (up && raised >= 0)
		fake_dev_up(dev, true);
	return r < 0 ? r : raised;
}

int rtnl_dev_add_address(struct rtnl *rtnl, unsigned int index, const struct ip_prefix *address,
			 const struct ip_address *peer)
{
	FIND(dev, rtnl, index);
	return fake_address_add(dev, address, peer);
}

int rtnl_dev_delete_address(struct rtnl *rtnl, unsigned int index, const struct ip_prefix *address,
			    const struct ip_address *peer _unused_)
{
	FIND(dev, rtnl, index);
	return fake_address_delete(dev, address);
}

int rtnl_dev_promote_secondaries(struct rtnl *rtnl, unsigned int index)
{
	FIND(dev, rtnl, index);
	return 0;
}

int rtnl_dev_addresses(struct rtnl *rtnl, unsigned int index, int family,
		       void (*fn)(const struct ip_prefix *address, const struct ip_address *peer,
				  void *userdata),
		       void *userdata)
{
	FIND(dev, rtnl, index);
	for (size_t i = 0; i < dev->n_addresses; i++)
		if (family == AF_UNSPEC || dev->addresses[i].prefix.address.family == family)
			fn(&dev->addresses[i].prefix, &dev->addresses[i].peer, userdata);
	return 0;
}

int rtnl_dev_find_address6(struct rtnl *rtnl, unsigned int index, const struct ip_address *address,
			   struct ip_prefix *ret, struct ip_address *ret_peer)
{
	const struct fake_address *found;

	FIND(dev, rtnl, index);
	found = fake_address_find(dev, address);
	if (!found)
		return -ENOENT;
	*ret = found->prefix;
	*ret_peer = found->peer;
	return 0;
}

int rtnl_dev_routes(struct rtnl *rtnl, unsigned int index,
		    void (*fn)(const struct route_spec *route, uint32_t table, void *userdata),
		    void *userdata)
{
	FIND(dev, rtnl, index);
	for (size_t i = 0; i < dev->n_routes; i++)
		if (dev->routes[i].protocol == RTNL_ROUTE_PROTOCOL)
			fn(&dev->routes[i].route, dev->routes[i].table, userdata);
	return 0;
}

int rtnl_dev_has_route(struct rtnl *rtnl, unsigned int index, const struct route_spec *route,
		       uint32_t table)
{
	FIND(dev, rtnl, index);
	return fake_route_find(dev, route, table);
}

int rtnl_find_rival(struct rtnl *rtnl, unsigned int vrf _unused_, const struct route_spec *route,
		    uint32_t table, unsigned int *ret)
{
	const struct fake_dev *rival;

	CALL(NO_MEMORY);
	rival = fake_route_rival(rtnl->netns, route, table);
	if (!rival)
		return 0;
	*ret = rival->index;
	return 1;
}

int rtnl_dev_add_route(struct rtnl *rtnl, unsigned int index, const struct route_spec *route,
		       uint32_t table)
{
	FIND(dev, rtnl, index);
	return fake_route_add(dev, route, table, RTNL_ROUTE_PROTOCOL);
}

int rtnl_dev_replace_route(struct rtnl *rtnl, unsigned int index, const struct route_spec *route,
			   uint32_t table)
{
	FIND(dev, rtnl, index);
	(void)fake_route_delete(dev, route, table);
	return fake_route_add(dev, route, table, RTNL_ROUTE_PROTOCOL);
}

int rtnl_dev_delete_route(struct rtnl *rtnl, unsigned int index, const struct route_spec *route,
			  uint32_t table)
{
	int r;

	FIND(dev, rtnl, index);
	r = fake_route_delete(dev, route, table);
	return r == -ESRCH ? 0 : r;
}

int rtnl_dev_enslave(struct rtnl *rtnl, unsigned int index, unsigned int master)
{
	FIND(dev, rtnl, index);
	return fake_dev_enslave(dev, master);
}

int rtnl_dev_set_group(struct rtnl *rtnl, unsigned int index, uint32_t group)
{
	FIND(dev, rtnl, index);
	dev->group = group;
	return 0;
}

int rtnl_delete_group(struct rtnl *rtnl, uint32_t group)
{
	struct fake_dev *dev, *next;

	CALL(NO_MEMORY, EOPNOTSUPP);
	for (dev = TAILQ_FIRST(&rtnl->netns->devs); dev; dev = next) {
		next = TAILQ_NEXT(dev, entry);
		if (dev->group == group)
			fake_dev_remove(dev);
	}
	return 0;
}

int rtnl_dev_release(struct rtnl *rtnl, unsigned int index)
{
	FIND(dev, rtnl, index);
	return fake_dev_enslave(dev, 0);
}

int rtnl_dev_delete_altname(struct rtnl *rtnl, unsigned int index, const char *name)
{
	FIND(dev, rtnl, index);
	if (!streq(dev->altname, name))
		return -EINVAL;
	dev->altname[0] = '\0';
	return 0;
}
