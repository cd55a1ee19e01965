/* SPDX-License-Identifier: ISC */

/* Loads the program of the fast path, and reads what it counts. */

#include "datapath/fastpath-program.h"

#include <bpf/bpf.h>
#include <fcntl.h>

#include "datapath/fastpath.skel.h"
#include "kernel/netns.h"

/* of <linux/bpf.h>, Linux 6.7 */
#define NETKIT_PRIMARY ((enum bpf_attach_type)54)
#define NETKIT_PEER    ((enum bpf_attach_type)55)

static int silent(enum libbpf_print_level level _unused_, const char *format _unused_,
		  va_list args _unused_)
{
	return 0;
}

static int duplicate(int fd, int *ret)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (copy < 0)
		return -errno;
	*ret = copy;
	return 0;
}

static int take(const struct fastpath_bpf *object, enum fastpath_role role,
		struct fastpath_program *ret)
{
	const struct bpf_program *program =
		role == FASTPATH_SEND ? object->progs.rport_send : object->progs.rport_receive;
	struct fastpath_program taken = { -1, -1 };
	int r = duplicate(bpf_program__fd(program), &taken.fd);

	if (r >= 0 && role == FASTPATH_SEND)
		r = duplicate(bpf_map__fd(object->maps.counts), &taken.counts);
	if (r < 0)
		safe_close(taken.fd);
	else
		*ret = taken;
	return r;
}

int fastpath_program_load(enum fastpath_role role, const struct fastpath_target *target,
			  struct fastpath_program *ret)
{
	struct fastpath_bpf *object;
	int r;

	libbpf_set_print(silent);
	object = fastpath_bpf__open();
	if (!object)
		return -errno;
	object->rodata_target->target = *target;
	bpf_program__set_autoload(object->progs.rport_send, role == FASTPATH_SEND);
	bpf_program__set_autoload(object->progs.rport_receive, role == FASTPATH_RECEIVE);
	bpf_map__set_autocreate(object->maps.counts, role == FASTPATH_SEND);
	r = fastpath_bpf__load(object);
	if (r >= 0)
		r = take(object, role, ret);
	fastpath_bpf__destroy(object);
	return r;
}

static int get_info(int program, struct bpf_prog_info *ret)
{
	uint32_t size = sizeof(*ret);

	*ret = (struct bpf_prog_info){ 0 };
	return bpf_obj_get_info_by_fd(program, ret, &size) < 0 ? -errno : 0;
}

/*
 * struct netkit_end - an end of a netkit pair, and what is to run there
 * @primary: ifindex, in the namespace of the thread that makes the call
 * @type: which end
 * @program: its number. A descriptor could be another one's by the time of a late call
 */
struct netkit_end {
	unsigned int primary;
	enum bpf_attach_type type;
	uint32_t program;
};

/* bpf(2) looks for an interface in the namespace of its caller. */
static int attach_inside(const void *argument)
{
	const struct netkit_end *end = argument;
	_cleanup_close_ int program = bpf_prog_get_fd_by_id(end->program);

	if (program < 0 || bpf_prog_attach(program, (int)end->primary, end->type, 0) < 0)
		return -errno;
	return 0;
}

int fastpath_program_attach(int netns_fd, unsigned int primary, bool peer, int program)
{
	struct netkit_end end = { .primary = primary, .type = peer ? NETKIT_PEER : NETKIT_PRIMARY };
	struct bpf_prog_info info;
	int r = get_info(program, &info);

	end.program = info.id;
	return r < 0 ? r : netns_run_inside(netns_fd, attach_inside, &end, sizeof(end));
}

static int is_receiver(uint32_t program)
{
	_cleanup_close_ int fd = bpf_prog_get_fd_by_id(program);
	struct bpf_prog_info info;
	int r = fd < 0 ? -errno : get_info(fd, &info);

	return r < 0 ? r : streq(info.name, "rport_receive");
}

static int look_inside(const void *argument)
{
	const struct netkit_end *end = argument;
	uint32_t programs[2];
	LIBBPF_OPTS(bpf_prog_query_opts, found, .prog_ids = programs,
		    .prog_cnt = ARRAY_SIZE(programs));

	if (bpf_prog_query_opts((int)end->primary, end->type, &found) < 0)
		return -errno;
	return found.prog_cnt == 1 ? is_receiver(programs[0]) : 0;
}

int fastpath_program_attached(int netns_fd, unsigned int primary, bool peer)
{
	const struct netkit_end end = { .primary = primary,
					.type = peer ? NETKIT_PEER : NETKIT_PRIMARY };

	return netns_run_inside(netns_fd, look_inside, &end, sizeof(end));
}

/* Return: a descriptor of the map, or -ENOENT when it is not one of counts. */
static int open_map(uint32_t id)
{
	_cleanup_close_ int fd = bpf_map_get_fd_by_id(id);
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return -errno;
	return info.type == BPF_MAP_TYPE_PERCPU_ARRAY &&
			       info.value_size == sizeof(struct fastpath_count)
		       ? steal_fd(&fd)
		       : -ENOENT;
}

int fastpath_program_counts(uint32_t program)
{
	_cleanup_close_ int fd = bpf_prog_get_fd_by_id(program);
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info), maps[4];
	int r = -ENOENT;

	info.map_ids = (uintptr_t)maps;
	info.nr_map_ids = ARRAY_SIZE(maps);
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return -errno;
	for (unsigned int i = 0; i < MIN(info.nr_map_ids, (uint32_t)ARRAY_SIZE(maps)) && r < 0; i++)
		r = open_map(maps[i]);
	return r;
}

int fastpath_read_counts(int counts, struct fastpath_count *ret)
{
	struct fastpath_count *of_cpu, sum = { 0 };
	int n = libbpf_num_possible_cpus();
	const uint32_t key = 0;

	if (n < 1)
		return n;
	of_cpu = calloc((size_t)n, sizeof(*of_cpu));
	if (!of_cpu)
		return -ENOMEM;
	if (bpf_map_lookup_elem(counts, &key, of_cpu) < 0)
		n = -errno;
	for (int i = 0; i < n; i++) {
		sum.packets += of_cpu[i].packets;
		sum.bytes += of_cpu[i].bytes;
	}
	free(of_cpu);
	if (n < 0)
		return n;
	*ret = sum;
	return 0;
}
