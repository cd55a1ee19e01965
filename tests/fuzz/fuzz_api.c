/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes the whole API in this process: a real manager with its rportd-data, in a network namespace of
 * its own with two more, "red" and "blue". A part of the input is one step, told by its first byte:
 *
 *	C	root calls: the rest is the message
 *	U	the same by another user
 *	M	root calls on a connection of its own, for streams
 *	F	the rest is the file fuzz.rport
 *	S	the rest is sent to the first port as a packet of its namespace
 *	d u x	the port that the next byte chooses is set down, up, deleted by somebody else
 *	r	the same port is renamed; the rest is its name
 *	m a	the same port gets another MTU, or an address
 *	N n	the namespace red comes, goes
 *	w	time passes for the daemon
 *
 * Properties: calls are answered in whole messages; after the end no descriptor, thread or
 * interface is left.
 *
 * It needs root; process numbers are its own, too, so that "pid:1" is not the machine's.
 */

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "api/audit.h"
#include "api/interface.h"
#include "clients.h"
#include "daemon/roles.h"
#include "kernel/helper.h"
#include "kernel/rtnl.h"
#include "manager/manager.h"
#include "manager/status.h"

#define STEPS_MAX   24 /* of an input: each may take some milliseconds */
#define CONFIG_PATH "/run/fuzz"
#define PORTS_MAX   6
#define LINKS_MAX   4

enum { ROOT, USER, STREAM, CLIENTS };

static const char *const netns_names[] = { "red", "blue" };

static struct state *state;
static struct starter *starter;
static struct manager *manager;
static struct reloader *reloader;
static sd_event *event;
static struct fuzz_client clients[CLIENTS];
static int listen_fd;

/* --- the machine ------------------------------------------------------------------------------ */

static void *make_netns(void *path)
{
	int fd = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);

	if (fd < 0)
		return NULL; /* it is there */
	close(fd);
	fuzz_require(unshare(CLONE_NEWNET) == 0);
	fuzz_require(mount("/proc/thread-self/ns/net", path, NULL, MS_BIND, NULL) == 0);
	return NULL;
}

static void add_netns(const char *name)
{
	char path[64];
	pthread_t thread;

	snprintf(path, sizeof(path), NETNS_RUN_DIR "/%s", name);
	fuzz_require(pthread_create(&thread, NULL, make_netns, path) == 0);
	fuzz_require(pthread_join(thread, NULL) == 0);
}

static void delete_netns(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), NETNS_RUN_DIR "/%s", name);
	(void)umount2(path, MNT_DETACH);
	(void)unlink(path);
}

/* Wait for a child, and end as it does. */
static void follow(pid_t child) __attribute__((noreturn));
static void follow(pid_t child)
{
	int status = 0;
	pid_t pid;

	while ((pid = wait(&status)) != child)
		if (pid < 0 && errno != EINTR)
			_exit(1);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static void fork_and_follow(void)
{
	pid_t pid = fork();

	fuzz_require(pid >= 0);
	if (pid > 0)
		follow(pid);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* This program is the processes beside rportd, too. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	role_main_t role = roles_main(*argv);
	int fd;

	if (role)
		exit(role(*argc, *argv));
	if (geteuid() != 0)
		fuzz_skip("needs root");
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fuzz_skip("there is no /dev/net/tun");
	close(fd);
	if (unshare(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID) < 0)
		fuzz_skip("namespaces cannot be made");
	fork_and_follow(); /* the first process of its namespace reaps, and takes no signal */
	fork_and_follow();
	fuzz_require(mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	fuzz_require(mount("proc", "/proc", "proc", 0, NULL) == 0);
	fuzz_require(mount("tmpfs", "/run", "tmpfs", 0, NULL) == 0);
	fuzz_require(mkdir(NETNS_RUN_DIR, 0755) == 0 && mkdir(CONFIG_PATH, 0755) == 0);
	unsetenv("NOTIFY_SOCKET");
	signal(SIGCHLD, SIG_IGN); /* the starter needs no reaper */
	fuzz_be_quiet();
	return 0;
}

/* --- what others do --------------------------------------------------------------------------- */

/* The port that a byte chooses, and a socket in its namespace; NULL: it has no device. */
static struct rtnl *enter_port(uint8_t which, unsigned int *ret_index)
{
	struct port_status status;
	struct domain_place place = DOMAIN_PLACE_INIT;
	struct rport_error err;
	const struct port *port;
	struct rtnl *rtnl = NULL;
	unsigned int i = 0, n = manager_table(manager)->n_ports;

	if (n == 0)
		return NULL;
	TAILQ_FOREACH(port, &manager_table(manager)->ports, entry)
	if (i++ == which % n)
		break;
	if (!port || domain_resolve(&port->spec.domain, &place, &err) < 0)
		return NULL;
	manager_port_status(port, &status);
	if (status.index > 0 && rtnl_open(place.netns_fd, &rtnl) == 0)
		*ret_index = status.index;
	domain_place_release(&place);
	return rtnl;
}

static void meddle(char how, struct fuzz_input *part)
{
	unsigned int index = 0;
	_cleanup_rtnl_ struct rtnl *rtnl = enter_port(fuzz_take_byte(part), &index);
	_cleanup_free_ char *text = fuzz_text(part);
	struct ip_prefix address;

	if (!rtnl)
		return;
	switch (how) {
	case 'd':
	case 'u':
		(void)rtnl_dev_set_up(rtnl, index, how == 'u');
		break;
	case 'x':
		(void)rtnl_dev_delete(rtnl, index);
		break;
	case 'r':
		if (strlen(text) < IFNAMSIZ)
			(void)rtnl_dev_rename(rtnl, index, text);
		break;
	case 'm':
		(void)rtnl_dev_set_mtu(rtnl, index, 68 + 7 * (unsigned int)strlen(text));
		break;
	default:
		if (ip_prefix_parse(text, &address) == 0)
			(void)rtnl_dev_add_address(rtnl, index, &address, NULL);
		break;
	}
}

static int open_packet_socket(const void *argument _unused_)
{
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? -errno : fd;
}

static void send_packet(const struct fuzz_input *part)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP) };
	const struct port *port = TAILQ_FIRST(&manager_table(manager)->ports);
	struct domain_place place = DOMAIN_PLACE_INIT;
	_cleanup_close_ int fd = -1;
	struct port_status status;
	struct rport_error err;

	if (!port || domain_resolve(&port->spec.domain, &place, &err) < 0)
		return;
	manager_port_status(port, &status);
	to.sll_ifindex = (int)status.index;
	if (status.index > 0)
		fd = netns_open_inside(place.netns_fd, open_packet_socket, NULL, 0);
	if (fd >= 0)
		(void)!sendto(fd, part->data, part->size, 0, (struct sockaddr *)&to, sizeof(to));
	domain_place_release(&place);
}

static void write_file(const struct fuzz_input *part)
{
	FILE *file = fopen(CONFIG_PATH "/fuzz.rport", "we");

	fuzz_require(file);
	(void)!fwrite(part->data, 1, part->size, file);
	fclose(file);
}

/* --- steps ------------------------------------------------------------------------------------ */

static void let_time_pass(unsigned int events, uint64_t usec)
{
	for (unsigned int i = 0; i < events; i++)
		if (sd_event_run(event, usec) <= 0)
			break;
}

static void call(int who, const struct fuzz_input *part)
{
	struct fuzz_client *client = &clients[who];

	fuzz_client_open(client, listen_fd, who == USER ? FUZZ_OTHER_UID : 0);
	fuzz_client_send(client, part->data, part->size);
	fuzz_client_send(client, "", 1);
	let_time_pass(32, 0);
	for (int i = 0; i < CLIENTS; i++)
		fuzz_client_read(&clients[i]);
}

static void step(struct fuzz_input *part)
{
	char what = (char)fuzz_take_byte(part);

	switch (what) {
	case 'C':
		call(ROOT, part);
		break;
	case 'U':
		call(USER, part);
		break;
	case 'M':
		call(STREAM, part);
		break;
	case 'F':
		write_file(part);
		break;
	case 'S':
		send_packet(part);
		break;
	case 'N':
		add_netns("red");
		break;
	case 'n':
		delete_netns("red");
		break;
	case 'w':
		let_time_pass(32, 5000);
		break;
	case 'd':
	case 'u':
	case 'x':
	case 'r':
	case 'm':
	case 'a':
		meddle(what, part);
		break;
	default:
		break;
	}
	let_time_pass(16, 0);
}

static int count_interfaces(const void *argument _unused_)
{
	struct if_nameindex *all = if_nameindex();
	int n = 0;

	fuzz_require(all);
	for (const struct if_nameindex *one = all; one->if_index > 0; one++)
		n++;
	if_freenameindex(all);
	return n;
}

static unsigned int count_inside(int netns_fd)
{
	int n = helper_run(&(struct helper_call){
		.run = count_interfaces,
		.msec = 10000,
		.enter = true,
		.netns_fd = netns_fd,
	});

	fuzz_require(n >= 0);
	return (unsigned int)n;
}

/* In all three namespaces; a namespace that is gone has none. */
static unsigned int count_all_interfaces(void)
{
	unsigned int n = (unsigned int)count_interfaces(NULL);

	for (size_t i = 0; i < ARRAY_SIZE(netns_names); i++) {
		_cleanup_close_ int fd = netns_open_name(netns_names[i]);

		if (fd >= 0)
			n += count_inside(fd);
	}
	return n;
}

struct inventory {
	unsigned int descriptors, threads, interfaces;
};

static struct inventory take_inventory(void)
{
	unsigned int interfaces = count_all_interfaces(); /* has a helper, which stays (helper.c) */

	return (struct inventory){ .descriptors = fuzz_count_entries("/proc/self/fd"),
				   .threads = fuzz_count_entries("/proc/self/task"),
				   .interfaces = interfaces };
}

/* Rings end in the background, after close(2), and hold their files until then. */
static void require_nothing_left(const struct inventory *before)
{
	struct inventory after = take_inventory();

	for (int tries = 0;
	     after.descriptors != before->descriptors || after.threads != before->threads ||
	     after.interfaces != before->interfaces;
	     tries++) {
		fuzz_require(tries < 2000);
		usleep(1000);
		after = take_inventory();
	}
}

static struct varlink_server *start(struct api **ret_api)
{
	struct manager_options options = { .workers = 1,
					   .max_links = LINKS_MAX,
					   .max_ports = PORTS_MAX };
	struct varlink_server_options server_options = {
		.interface = &api_interface,
		.group = (gid_t)-1,
		.limits = {
			.connections = 8,
			.connections_per_uid = 4,
			.message = 64 * 1024,
			.output = 4 * 1024 * 1024,
			.streams = 4,
			.stream_output = 1024 * 1024,
			.user_memory = 8 * 1024 * 1024,
			.memory = 16 * 1024 * 1024,
			.idle = 60,
		},
		.vendor = "rport for Linux",
		.product = "rportd",
		.version = "1",
		.url = "man:rportd(8)",
	};
	struct state_handover handover;
	struct varlink_server *server;
	struct rport_error err;

	fuzz_require(state_open(CONFIG_PATH "/aside", &state, &handover) == 0);
	options.state = state;
	options.handover = handover;
	fuzz_require(roles_start(&(struct role_options){ .seccomp = SECCOMP_OFF }, &starter) == 0);
	options.starter = starter;
	options.data_role = ROLE_DATA;
	options.net_role = ROLE_NET;
	fuzz_require(manager_new(event, &options, &manager, &err) == 0);
	fuzz_require(reloader_new(event, manager, CONFIG_PATH, 20, &reloader) == 0);
	reloader_start(reloader);
	fuzz_require(api_new(manager, reloader, CONFIG_PATH, ret_api) == 0);
	server_options.userdata = *ret_api;
	server_options.audit = api_audit;
	listen_fd = fuzz_listen();
	fuzz_require(varlink_server_new(event, listen_fd, &server_options, &server) == 0);
	return server;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size }, part;
	struct varlink_server *server;
	struct inventory before;
	struct api *api;

	for (size_t i = 0; i < ARRAY_SIZE(netns_names); i++)
		add_netns(netns_names[i]);
	before = take_inventory();
	fuzz_require(sd_event_new(&event) >= 0);
	server = start(&api);
	for (int i = 0; i < CLIENTS; i++)
		clients[i] = (struct fuzz_client){ .fd = -1 };
	for (unsigned int i = 0; i < STEPS_MAX && fuzz_take_part(&input, &part); i++)
		step(&part);
	for (int i = 0; i < CLIENTS; i++)
		fuzz_client_close(&clients[i]);
	varlink_server_free(server);
	reloader_free(reloader);
	api_free(api);
	manager_free(manager);
	starter_free(starter);
	state_close(state);
	event = sd_event_unref(event);
	add_netns("red"); /* as before, if it was deleted */
	require_nothing_left(&before);
	(void)unlink(CONFIG_PATH "/fuzz.rport");
	return 0;
}
