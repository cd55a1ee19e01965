/* SPDX-License-Identifier: ISC */

/*
 * rportd-data: a shuttle that is told by rportd what to move. The socket blocks for what is sent:
 * only the workers must never wait, and they do not send.
 */

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "datapath/serve.h"
#include "datapath/shuttle.h"
#include "datapath/wire.h"
#include "kernel/packet.h"

/* A link that rportd gave; @tuns are its own copies of the queues. */
struct served {
	struct data_server *server;
	struct shuttle_link *link;
	uint32_t number;
	struct tun tuns[2];
	struct flow_counters *counters[2][TUN_QUEUES_MAX];
};

struct data_server {
	int fd;
	struct shuttle *shuttle;
	sd_event *event;
	sd_event_source *source;
	char *counters; /* the mapping */
	size_t counters_size;
	struct served **links; /* by number */
	size_t n_links;        /* of that table */
	uint32_t setup_serial;
};

static int answer(const struct data_server *server, struct data_answer *answer)
{
	return packet_send(server->fd, answer, sizeof(*answer), NULL, 0, 0);
}

/* --- what happens in the shuttle -------------------------------------------------------------- */

static void gone(void *owner, unsigned int end, void *userdata)
{
	const struct served *served = owner;
	struct data_answer event = { .type = DATA_GONE, .link = served->number, .end = end };

	(void)answer(userdata, &event);
}

static void take_workers(const struct served *served, struct data_answer *answer)
{
	unsigned int workers[TUN_QUEUES_MAX];
	unsigned int n = shuttle_link_workers(served->link, workers);

	for (unsigned int i = 0; i < n; i++)
		answer->workers[i] = workers[i];
}

static void moved(void *owner, void *userdata)
{
	const struct served *served = owner;
	struct data_answer event = { .type = DATA_MOVED, .link = served->number };

	take_workers(served, &event);
	(void)answer(userdata, &event);
}

/* --- links ------------------------------------------------------------------------------------ */

static void served_free(struct served *served)
{
	if (!served)
		return;
	shuttle_remove_link(served->link);
	for (int end = 0; end < 2; end++)
		tun_close(&served->tuns[end]);
	free(served);
}

static int grow(struct data_server *server, size_t n)
{
	size_t wanted = MAX(n, 2 * server->n_links);
	struct served **links = reallocarray(server->links, wanted, sizeof(struct served *));

	if (!links)
		return -ENOMEM;
	memset(links + server->n_links, 0, (wanted - server->n_links) * sizeof(struct served *));
	server->links = links;
	server->n_links = wanted;
	return 0;
}

static bool counters_fit(const struct data_server *server, uint64_t offset)
{
	return offset % sizeof(uint64_t) == 0 && offset <= server->counters_size &&
	       server->counters_size - offset >= sizeof(struct flow_counters);
}

/* The descriptors are those of @served, also on failure. */
static int fill(const struct data_server *server, struct served *served,
		const struct data_link *add, const int fds[])
{
	for (unsigned int end = 0; end < 2; end++) {
		struct tun *tun = &served->tuns[end];

		tun->n_queues = add->n_queues;
		tun->header = add->header;
		tun->family_header = add->family_header;
		memcpy(tun->queues, fds + end * add->n_queues, add->n_queues * sizeof(int));
	}
	for (unsigned int end = 0; end < 2; end++) {
		for (unsigned int i = 0; i < add->n_queues; i++) {
			uint64_t offset = add->ports[end].counters[i];

			if (!counters_fit(server, offset))
				return -EBADMSG;
			served->counters[end][i] = (void *)(server->counters + offset);
		}
	}
	return 0;
}

static int move(struct data_server *server, struct served *served, const struct data_link *add)
{
	struct shuttle_port ports[2];

	for (int end = 0; end < 2; end++)
		ports[end] = (struct shuttle_port){
			.tun = &served->tuns[end],
			.stale = add->ports[end].stale,
			.counters = served->counters[end],
		};
	return shuttle_add_link(server->shuttle, ports, served, &served->link);
}

/* Takes the descriptors over. Return: 0, also when the answer is an error; -errno: rportd sends
 * rubbish, or is gone. */
static int add_link(struct data_server *server, const struct data_request *request, const int fds[],
		    unsigned int n_fds)
{
	const struct data_link *add = &request->add;
	struct data_answer reply = { .type = DATA_ANSWER, .serial = request->serial };
	struct served *served = NULL;
	int r = 0;

	if (add->n_queues < 1 || add->n_queues > TUN_QUEUES_MAX || n_fds != 2 * add->n_queues ||
	    add->header > FLOW_HEADER_MAX || request->link >= DATA_LINKS_MAX ||
	    (request->link < server->n_links && server->links[request->link]))
		r = -EBADMSG;
	if (r >= 0 && request->link >= server->n_links)
		r = grow(server, request->link + 1);
	if (r >= 0)
		served = calloc(1, sizeof(*served));
	if (!served) {
		for (unsigned int i = 0; i < n_fds; i++)
			safe_close(fds[i]);
		r = r < 0 ? r : -ENOMEM;
	} else {
		served->server = server;
		served->number = request->link;
		r = fill(server, served, add, fds);
		if (r >= 0)
			r = move(server, served, add);
	}
	if (r >= 0) {
		take_workers(served, &reply);
		server->links[request->link] = served;
	} else {
		served_free(served);
	}
	if (r == -EBADMSG)
		return r;
	reply.result = r;
	return answer(server, &reply);
}

static int remove_link(struct data_server *server, const struct data_request *request)
{
	struct data_answer reply = { .type = DATA_ANSWER, .serial = request->serial };

	if (request->link >= server->n_links || !server->links[request->link])
		return -EBADMSG;
	served_free(steal_ptr(server->links[request->link]));
	return answer(server, &reply);
}

static int pong(struct data_server *server, const struct data_request *request)
{
	struct data_answer reply = { .type = DATA_ALIVE, .serial = request->serial, .result = -1 };
	unsigned int silent;

	if (!shuttle_workers_answer(server->shuttle, &silent))
		reply.result = (int32_t)silent;
	return answer(server, &reply);
}

static int describe_worker(struct data_server *server, const struct data_request *request)
{
	struct data_answer reply = { .type = DATA_ANSWER,
				     .serial = request->serial,
				     .result = -ENOENT };
	struct shuttle_worker worker;

	if (shuttle_get_worker(server->shuttle, request->link, &worker)) {
		reply.result = 0;
		reply.worker.cpu_ns = worker.cpu_ns;
		reply.worker.flows = worker.flows;
	}
	return answer(server, &reply);
}

/* --- requests --------------------------------------------------------------------------------- */

static int take_request(struct data_server *server)
{
	struct data_request request;
	int fds[PACKET_FDS_MAX], r;
	unsigned int n_fds;

	r = packet_receive(server->fd, &request, sizeof(request), fds, &n_fds, MSG_DONTWAIT);
	if (r <= 0)
		return r == 0 ? -ECONNRESET : r;
	if (request.type == DATA_ADD)
		return add_link(server, &request, fds, n_fds);
	for (unsigned int i = 0; i < n_fds; i++)
		safe_close(fds[i]);
	if (request.type == DATA_REMOVE)
		return remove_link(server, &request);
	if (request.type == DATA_WORKER)
		return describe_worker(server, &request);
	return request.type == DATA_PING ? pong(server, &request) : -EBADMSG;
}

static int readable(sd_event_source *source _unused_, int fd _unused_, uint32_t revents _unused_,
		    void *userdata)
{
	struct data_server *server = userdata;
	int r = take_request(server);

	if (r == -ECONNRESET || r == -EPIPE)
		return sd_event_exit(server->event, EXIT_SUCCESS);
	return r < 0 && r != -EAGAIN ? sd_event_exit(server->event, EXIT_FAILURE) : 0;
}

/* --- beginning and end ------------------------------------------------------------------------ */

/* What is before the counters is rportd's: it is let go of, where pages are small enough. */
static int map_counters(struct data_server *server, int fd, const struct data_setup *setup)
{
	uint64_t offset = setup->counters_offset, size = setup->counters_size;
	struct stat st;
	char *memory;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (size < 1 || offset > (uint64_t)st.st_size || size > (uint64_t)st.st_size - offset)
		return -EBADMSG;
	memory = mmap(NULL, offset + size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	if (offset > 0)
		(void)munmap(memory, offset);
	server->counters = memory + offset;
	server->counters_size = size;
	return 0;
}

static int start_shuttle(struct data_server *server, struct data_setup *setup,
			 void (*confine)(void))
{
	struct shuttle_options options = {
		.datapath = setup->datapath,
		.nowait = setup->nowait,
		.workers = setup->workers,
		.busy_poll = setup->busy_poll,
		.gone = gone,
		.moved = moved,
		.confine = confine,
		.userdata = server,
	};

	setup->datapath[DATA_NAME_MAX - 1] = '\0';
	return shuttle_new(server->event, &options, &server->shuttle);
}

static int set_up(struct data_server *server, void (*confine)(void))
{
	struct data_request request;
	struct data_answer refusal = { .type = DATA_ANSWER };
	int fds[PACKET_FDS_MAX], r;
	unsigned int n_fds;

	r = packet_receive(server->fd, &request, sizeof(request), fds, &n_fds, 0);
	if (r <= 0)
		return r == 0 ? -ECONNRESET : r;
	r = request.type == DATA_SETUP && n_fds == 1 && request.setup.workers > 0
		    ? map_counters(server, fds[0], &request.setup)
		    : -EBADMSG;
	for (unsigned int i = 0; i < n_fds; i++)
		safe_close(fds[i]);
	if (r >= 0)
		r = start_shuttle(server, &request.setup, confine);
	server->setup_serial = refusal.serial = request.serial;
	refusal.result = r;
	if (r < 0)
		(void)answer(server, &refusal);
	return r;
}

int data_server_new(sd_event *event, int fd, void (*confine)(void), struct data_server **ret)
{
	struct data_server *server = calloc(1, sizeof(*server));
	int r;

	if (!server) {
		safe_close(fd);
		return -ENOMEM;
	}
	server->event = sd_event_ref(event);
	server->fd = fd;
	r = set_up(server, confine);
	if (r >= 0)
		r = sd_event_add_io(event, &server->source, fd, EPOLLIN, readable, server);
	if (r < 0) {
		data_server_free(server);
		return r;
	}
	*ret = server;
	return 0;
}

int data_server_ready(struct data_server *server)
{
	struct data_answer reply = {
		.type = DATA_ANSWER,
		.serial = server->setup_serial,
		.engine_error = shuttle_engine_error(server->shuttle),
	};

	strncpy(reply.engine, shuttle_datapath_name(server->shuttle), sizeof(reply.engine) - 1);
	return answer(server, &reply);
}

void data_server_free(struct data_server *server)
{
	if (!server)
		return;
	sd_event_source_disable_unref(server->source);
	for (size_t i = 0; i < server->n_links; i++)
		served_free(server->links[i]);
	free(server->links);
	shuttle_free(server->shuttle);
	if (server->counters)
		munmap(server->counters, server->counters_size);
	safe_close(server->fd);
	sd_event_unref(server->event);
	free(server);
}
