/* SPDX-License-Identifier: ISC */

/* The daemon: start-up as a numbered checklist, signals, and the end. */

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "api/audit.h"
#include "api/interface.h"
#include "daemon/arguments.h"
#include "daemon/check.h"
#include "build-config.h"
#include "config/config.h"
#include "daemon/crash-loop.h"
#include "base/entry.h"
#include "base/log.h"
#include "base/notify.h"
#include "manager/manager.h"
#include "daemon/lock.h"
#include "daemon/logging.h"
#include "daemon/loop.h"
#include "daemon/privileges.h"
#include "daemon/reload-log.h"
#include "manager/reload.h"
#include "manager/restore.h"
#include "daemon/resources.h"
#include "daemon/roles.h"
#include "daemon/rportd.h"
#include "daemon/seccomp.h"
#include "daemon/watchdog.h"
#include "manager/status.h"
#include "varlink/server.h"

#define RUNTIME_DIR "/run/rportd"
#define GROUP       "rportd"
#define SOCKET_NAME "varlink" /* FileDescriptorName= of rportd.socket */

#define OUTPUT_MAX         (64U * 1024 * 1024) /* a list of 10,000 links with all their routes */
#define MONITOR_OUTPUT_MAX (4U * 1024 * 1024)
/* of one user who is neither root nor in the group, and of all of them */
#define USER_MEMORY_MAX    (16U * 1024 * 1024)
#define OTHERS_MEMORY_MAX  (64U * 1024 * 1024)

/*
 * Who is served first: signals and the watchdog (SD_EVENT_PRIORITY_IMPORTANT); root, in turn with
 * the events of the kernel (SD_EVENT_PRIORITY_NORMAL), which calls must not overtake; the group;
 * others; and when none of them wants anything, files are read and links made as they say.
 */
enum {
	PRIORITY_ROOT = SD_EVENT_PRIORITY_NORMAL,
	PRIORITY_GROUP = 5,
	PRIORITY_OTHER = 10,
	PRIORITY_RELOAD = 20,
};

enum exit_status {
	EXIT_OK = 0,
	EXIT_USAGE = 1,
	EXIT_FAILED = 2,
};

struct rportd {
	struct arguments arguments;
	struct lock lock;
	struct dir_entry socket; /* ours to remove; none when the service manager listens for us */
	int socket_fd;           /* until the server has it; or -1 */
	sd_event *event;
	struct state *state;
	struct state_handover handover;
	struct starter *starter;
	struct manager *manager;
	struct reloader *reloader;
	struct api *api;
	struct varlink_server *varlink;
	struct service *service;
};

/* --- start-up --------------------------------------------------------------------------------- */

/* rportd works without this, so a failure is logged only. */
static void drop_privileges(void)
{
	int r = privileges_keep_files();

	if (r < 0)
		log_warning("cannot give up privileges that are not needed: %s", strerror(-r));
}

/* The starter of processes keeps its capabilities; rportd goes on without them. */
static int start_starter(struct rportd *rportd, char *argv[])
{
	const struct role_options options = {
		.seccomp = rportd->arguments.seccomp,
		.fastpath = rportd->arguments.fastpath,
	};
	int r = roles_begin(&options, argv, &rportd->starter);

	if (r < 0)
		log_error("cannot start a process: %s", strerror(-r));
	return r;
}

/* A failure is logged only: a container may forbid filters, or its kernel not have them. */
static void restrict_system_calls(const struct rportd *rportd)
{
	int r = seccomp_install(rportd->arguments.seccomp);

	if (r < 0)
		log_warning("cannot restrict the system calls of rportd: %s", strerror(-r));
}

static int make_runtime_dir(const char *socket)
{
	if (!streq(socket, ARGUMENTS_SOCKET_DEFAULT))
		return 0;
	if (mkdir(RUNTIME_DIR, 0755) < 0 && errno != EEXIST) {
		log_error("cannot make %s: %m", RUNTIME_DIR);
		return -errno;
	}
	return 0;
}

static int open_state(struct rportd *rportd)
{
	char aside[PATH_MAX];
	int r;

	snprintf(aside, sizeof(aside), "%s.unreadable-state", rportd->arguments.socket);
	r = state_open(aside, &rportd->state, &rportd->handover);
	if (r < 0)
		log_error("cannot keep the state: %s", strerror(-r));
	return r;
}

/*
 * The service manager may listen for us, so that no client is refused while rportd restarts. The
 * path of that socket is its affair, so nothing is made or removed there.
 */
static int take_socket(struct rportd *rportd)
{
	int fd = state_take_fd(rportd->state, SOCKET_NAME), flags;

	if (fd < 0)
		return 0;
	rportd->socket_fd = fd;
	if (sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 1) <= 0) {
		log_error("what the service manager passes as \"" SOCKET_NAME
			  "\" is no listening Unix stream socket");
		return -EINVAL;
	}
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
		log_error("cannot use the socket of the service manager: %m");
		return -errno;
	}
	return 0;
}

static int start_manager(struct rportd *rportd)
{
	const struct limits *limits = &rportd->arguments.limits;
	struct manager_options options = {
		.workers = rportd->arguments.workers,
		.busy_poll = rportd->arguments.busy_poll,
		.datapath = rportd->arguments.datapath,
		.starter = rportd->starter,
		.data_role = ROLE_DATA,
		.net_role = ROLE_NET,
		.max_links = limits->links,
		.max_ports = limits->ports,
		.max_retries = limits->retries,
		.unwatched_queues = rportd->arguments.unwatched_queues,
		.fastpath = rportd->arguments.fastpath,
		.state = rportd->state,
		.handover = rportd->handover,
	};
	struct rport_error err = { 0 };
	int r;

	r = manager_new(rportd->event, &options, &rportd->manager, &err);
	if (r < 0)
		log_error("%s", err.message);
	return r;
}

/* --- files of links --------------------------------------------------------------------------- */

static int request_reload(struct rportd *rportd)
{
	int r = reloader_request(rportd->reloader, false, &reload_log);

	if (r < 0)
		log_error("cannot reload: %s", strerror(-r));
	return r;
}

static int reload(sd_event_source *source _unused_, const struct signalfd_siginfo *info _unused_,
		  void *userdata)
{
	struct rportd *rportd = userdata;

	if (rportd->arguments.config_path[0])
		(void)request_reload(rportd);
	return 0;
}

static int prepare_reload(struct rportd *rportd)
{
	int r;

	r = reloader_new(rportd->event, rportd->manager, rportd->arguments.config_path,
			 PRIORITY_RELOAD, &rportd->reloader);
	if (r >= 0)
		r = loop_add_signal(rportd->event, SIGHUP, reload, rportd);
	if (r < 0)
		log_error("cannot prepare for SIGHUP: %s", strerror(-r));
	return r;
}

/* All was taken over from the former daemon: now the loop makes the links. Faulty files do not keep
 * us from starting. */
static void load_links(void *userdata)
{
	struct rportd *rportd = userdata;
	int r = 0;

	reloader_start(rportd->reloader);
	if (rportd->arguments.config_path[0])
		r = request_reload(rportd);
	else
		notify_ready();
	if (r < 0)
		(void)sd_event_exit(rportd->event, r);
}

/* --- serving ---------------------------------------------------------------------------------- */

static gid_t allowed_group(void)
{
	const struct group *group = getgrnam(GROUP);

	return group ? group->gr_gid : (gid_t)-1;
}

static int start_api(struct rportd *rportd)
{
	int r = api_new(rportd->manager, rportd->reloader, rportd->arguments.config_path,
			&rportd->api);

	if (r < 0)
		log_error("cannot prepare the API: %s", strerror(-r));
	return r;
}

static int start_varlink(struct rportd *rportd)
{
	const struct limits *limits = &rportd->arguments.limits;
	struct varlink_server_options options = {
		.interface = &api_interface,
		.userdata = rportd->api,
		.audit = api_audit,
		.group = allowed_group(),
		.limits = {
			.connections = limits->connections,
			.connections_per_uid = limits->connections_per_user,
			.message = limits->message,
			.output = OUTPUT_MAX,
			.streams = limits->monitors,
			.stream_output = MONITOR_OUTPUT_MAX,
			.user_memory = USER_MEMORY_MAX,
			.memory = OTHERS_MEMORY_MAX,
			.idle = limits->idle,
		},
		.priorities = {
			[VARLINK_ROOT] = PRIORITY_ROOT,
			[VARLINK_GROUP] = PRIORITY_GROUP,
			[VARLINK_OTHER] = PRIORITY_OTHER,
		},
		.vendor = "rport for Linux",
		.product = "rportd",
		.version = PACKAGE_VERSION,
		.url = "man:rportd(8)",
	};
	int r = 0;

	if (rportd->socket_fd < 0)
		r = varlink_listen(rportd->arguments.socket, &rportd->socket, &rportd->socket_fd);
	if (r >= 0)
		r = varlink_server_new(rportd->event, rportd->socket_fd, &options,
				       &rportd->varlink);
	if (r < 0) {
		log_error("cannot listen on %s: %s", rportd->arguments.socket, strerror(-r));
		return r;
	}
	rportd->socket_fd = -1; /* the server's now */
	return 0;
}

static int start_service(struct rportd *rportd)
{
	int r = service_new(rportd->event, rportd->manager, rportd->reloader, &rportd->service);

	if (r >= 0)
		r = logging_start(rportd->event);
	if (r < 0)
		log_error("cannot tell the service manager how it goes: %s", strerror(-r));
	return r;
}

static void announce(const struct rportd *rportd)
{
	int errnum = manager_uring_error(rportd->manager);

	log_info("rportd %s: serving %s, %u worker%s, data path %s%s%s%s", PACKAGE_VERSION,
		 rportd->arguments.socket, rportd->arguments.workers,
		 PLURAL(rportd->arguments.workers), manager_datapath(rportd->manager),
		 errnum ? " (io_uring: " : "", errnum ? strerror(errnum) : "", errnum ? ")" : "");
	if (rportd->arguments.busy_poll > 0 && !manager_has_busy_poll(rportd->manager))
		log_warning("--busy-poll has no effect with the data path %s",
			    manager_datapath(rportd->manager));
}

/* The last to come is the first to go; takes a half-started one. */
static void shut_down(struct rportd *rportd)
{
	notify_stopping();
	service_free(rportd->service);
	varlink_server_free(rportd->varlink);
	safe_close(rportd->socket_fd);
	(void)entry_remove(&rportd->socket);
	entry_close(&rportd->socket);
	reloader_free(rportd->reloader);
	api_free(rportd->api);
	manager_free(rportd->manager);
	starter_free(rportd->starter);
	state_close(rportd->state);
	sd_event_unref(rportd->event);
	lock_release(&rportd->lock);
}

static int start_up(struct rportd *rportd, char *argv[])
{
	int r;

	/* 1. what we need of the process: descriptors, the starter, no more rights, an event loop,
	 * signals */
	resources_raise_limits();
	r = start_starter(rportd, argv);
	if (r < 0)
		return r;
	drop_privileges();
	r = loop_new(&rportd->event);
	if (r < 0)
		return r;

	/* 2. be the only one, and have no process of a former one beside us */
	r = make_runtime_dir(rportd->arguments.socket);
	if (r < 0)
		return r;
	r = lock_take(&rportd->lock, rportd->arguments.socket);
	if (r < 0)
		return r;
	starter_set_lock(rportd->starter, rportd->lock.shared);

	/* 3. what a former daemon left; namespaces, netlink, workers */
	r = open_state(rportd);
	if (r < 0)
		return r;
	r = crash_loop_begin(rportd->state, rportd->event);
	if (r < 0)
		return r;
	r = take_socket(rportd);
	if (r < 0)
		return r;
	r = start_manager(rportd);
	if (r < 0)
		return r;

	r = prepare_reload(rportd);
	if (r < 0)
		return r;
	r = start_api(rportd);
	if (r < 0)
		return r;

	/* 4. from now on we can be asked for something */
	r = start_varlink(rportd);
	if (r < 0)
		return r;
	r = start_service(rportd);
	if (r < 0)
		return r;
	restrict_system_calls(rportd);
	announce(rportd);

	/* 5. the loop takes over what a former daemon left, then the links of files come; we are
	 * ready once they are there */
	restore_when_done(rportd->manager, load_links, rportd);
	return 0;
}

int rportd_main(int argc, char *argv[])
{
	struct rportd rportd = {
		.lock = LOCK_INIT,
		.socket = ENTRY_INIT,
		.socket_fd = -1,
	};
	role_main_t role = roles_main(argv);
	int r;

	if (role)
		return role(argc, argv);
	if (resources_open_standard_descriptors() < 0)
		return EXIT_FAILED; /* there may be nowhere to say so */
	log_open();
	r = arguments_parse(argc, argv, &rportd.arguments);
	if (r <= 0)
		return r < 0 ? EXIT_USAGE : EXIT_OK;
	log_set_level(rportd.arguments.log_level);
	if (rportd.arguments.check_config)
		return check_config(&rportd.arguments) ? EXIT_OK : EXIT_FAILED;
	r = start_up(&rportd, argv);
	if (r < 0)
		crash_loop_failed();
	else
		r = loop_run(rportd.event);
	if (r >= 0)
		crash_loop_end(rportd.state);
	shut_down(&rportd);
	return r < 0 ? EXIT_FAILED : EXIT_OK;
}
