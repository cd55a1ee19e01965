/* SPDX-License-Identifier: ISC */

/*
 * The data path, as rportd sees it: rportd-data, and what it is told to move.
 *
 * Theory of operation
 *
 * Calls. A link is added or removed by a request that is waited for, until a deadline. What comes
 * meanwhile from rportd-data, events, is noted in the links that they are about, and told by the
 * event loop later: a caller never finds its links changed. So an event costs a bit, however often
 * it is sent.
 *
 * Trust. Whoever owns rportd-data can send whatever he likes. Each number is checked before it is
 * used; one that cannot be, an answer to nothing, or no answer, and the process is killed.
 *
 * Ends. However rportd-data ends, its links only wait: the descriptors are rportd's, and so are the
 * queues of the devices, where frames wait. A new process is set up without being waited for, and
 * given the links GIVE_MAX at a time, so that others have their turn. A process that ends young is
 * started again after a while, which doubles each time.
 *
 * Kept promise. Until the starter has said that a process has ended, that may use the ports.
 */

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/turn.h"
#include "datapath/datapath.h"
#include "datapath/engines.h"
#include "datapath/wire.h"
#include "kernel/packet.h"

#define ANSWER_USEC   (10 * USEC_PER_SEC) /* for one answer */
#define END_USEC      (5 * USEC_PER_SEC)  /* for the end of a killed process */
#define OLD_USEC      (1 * USEC_PER_SEC)  /* a process that lived so long is replaced at once */
#define WAIT_MIN_USEC (50 * USEC_PER_MSEC)
#define WAIT_MAX_USEC (5 * USEC_PER_SEC)
#define GIVE_MAX      64 /* links in one turn of the loop */
#define READ_MAX      64 /* messages in one turn of the loop */

TAILQ_HEAD(datapath_link_list, datapath_link);

struct datapath_link {
	struct datapath *datapath;
	void *owner;
	uint32_t number;
	struct shuttle_port ports[2];
	uint32_t workers[TUN_QUEUES_MAX];
	bool given; /* else in the list of those that wait */
	TAILQ_ENTRY(datapath_link) waiting;
	bool gone[2], moved; /* what is to be told */
	bool listed;         /* in the list of those with news */
	TAILQ_ENTRY(datapath_link) news;
};

enum state {
	ENDING,   /* killed, or just ended; the starter has not said so yet */
	ABSENT,   /* the timer starts it */
	STARTING, /* DATA_SETUP was sent */
	RUNNING,
};

struct datapath {
	struct datapath_options options;
	sd_event *event;
	enum state state;
	int fd; /* -1: there is no process to speak to */
	sd_event_source *source;
	sd_event_source *timer; /* starts it again */
	sd_event_source *work;  /* gives links, and tells news */
	uint32_t serial;        /* of the last request */
	uint32_t setup;         /* serial of DATA_SETUP */
	uint32_t asked, alive;  /* serial of the last DATA_PING, and of the last answer */
	int silent;             /* what that said; -1: all workers answered */
	uint64_t started;       /* CLOCK_MONOTONIC, microseconds */
	uint64_t wait;          /* before the next start, microseconds; 0: none */
	unsigned int restarts;
	char why[96]; /* it ended, in words; "": it was not killed by us */
	const struct engine_class *engine;
	int engine_error;

	struct datapath_link **links; /* by number */
	uint32_t n_links;             /* of that table */
	uint32_t first_free;          /* no number below it is free */
	struct datapath_link_list waiting;
	struct datapath_link_list news;
};

static void work_soon(struct datapath *datapath)
{
	(void)sd_event_source_set_enabled(datapath->work, SD_EVENT_ONESHOT);
}

/* --- the end of the process ------------------------------------------------------------------- */

static void let_go(struct datapath *datapath)
{
	datapath->source = sd_event_source_disable_unref(datapath->source);
	datapath->fd = safe_close(datapath->fd);
	datapath->alive = datapath->asked; /* the next one has not been asked */
	datapath->silent = -1;
	for (uint32_t i = 0; i < datapath->n_links; i++) {
		struct datapath_link *link = datapath->links[i];

		if (link && link->given)
			TAILQ_INSERT_TAIL(&datapath->waiting, link, waiting);
		if (link)
			link->given = false;
	}
}

/* It ended, or must end since it cannot be trusted, or does not answer. */
static void lose(struct datapath *datapath, const char *why)
{
	if (datapath->fd < 0)
		return;
	if (!datapath->why[0])
		snprintf(datapath->why, sizeof(datapath->why), "%s", why);
	let_go(datapath);
	datapath->state = ENDING;
	starter_kill(datapath->options.starter, datapath->options.role);
}

static void ended(int status, void *userdata)
{
	struct datapath *datapath = userdata;
	bool old = monotonic_usec() - datapath->started >= OLD_USEC;
	char how[64], why[2 * sizeof(datapath->why)];

	if (WIFSIGNALED(status))
		snprintf(how, sizeof(how), "killed by signal %d", WTERMSIG(status));
	else
		snprintf(how, sizeof(how), "exit status %d", WEXITSTATUS(status));
	snprintf(why, sizeof(why), "%s%s%s", datapath->why, datapath->why[0] ? "; " : "", how);
	let_go(datapath);
	datapath->why[0] = '\0';
	datapath->state = ABSENT;
	datapath->wait = old ? 0 : MIN(MAX(2 * datapath->wait, WAIT_MIN_USEC), WAIT_MAX_USEC);
	(void)sd_event_source_set_time_relative(datapath->timer, datapath->wait);
	(void)sd_event_source_set_enabled(datapath->timer, SD_EVENT_ONESHOT);
	datapath->options.ended(why, datapath->options.userdata);
}

static void starter_failed(void *userdata)
{
	struct datapath *datapath = userdata;

	datapath->options.failed(datapath->options.userdata);
}

/* --- what it sends ---------------------------------------------------------------------------- */

static bool workers_are_valid(const struct datapath *datapath, const struct datapath_link *link,
			      const struct data_answer *answer)
{
	for (unsigned int i = 0; i < link->ports[0].tun->n_queues; i++)
		if (answer->workers[i] >= datapath->options.workers)
			return false;
	return true;
}

static void note_news(struct datapath *datapath, struct datapath_link *link)
{
	if (!link->listed)
		TAILQ_INSERT_TAIL(&datapath->news, link, news);
	link->listed = true;
	work_soon(datapath);
}

/* A link that it was given, or NULL. */
static struct datapath_link *named_link(const struct datapath *datapath, uint32_t number)
{
	struct datapath_link *link = number < datapath->n_links ? datapath->links[number] : NULL;

	return link && link->given ? link : NULL;
}

static int note_event(struct datapath *datapath, const struct data_answer *event)
{
	struct datapath_link *link = named_link(datapath, event->link);

	if (!link)
		return -EBADMSG;
	if (event->type == DATA_GONE) {
		if (event->end > 1)
			return -EBADMSG;
		link->gone[event->end] = true;
	} else {
		if (!workers_are_valid(datapath, link, event))
			return -EBADMSG;
		memcpy(link->workers, event->workers, sizeof(link->workers));
		link->moved = true;
	}
	note_news(datapath, link);
	return 0;
}

static int note_alive(struct datapath *datapath, const struct data_answer *answer)
{
	if (answer->serial != datapath->asked || answer->result < -1 ||
	    answer->result >= (int)datapath->options.workers)
		return -EBADMSG;
	datapath->alive = answer->serial;
	datapath->silent = answer->result;
	return 0;
}

static const struct engine_class *find_engine(const char *choice, const char *name)
{
	const struct engine_class *engine = NULL;

	while ((engine = engines_next(choice, engine)))
		if (strncmp(engine->name, name, DATA_NAME_MAX) == 0)
			return engine;
	return NULL;
}

/* The answer to DATA_SETUP. Return: 0; its error; -EBADMSG. */
static int note_ready(struct datapath *datapath, const struct data_answer *answer)
{
	const struct engine_class *engine;

	if (answer->result < 0 && answer->result > -4096)
		return answer->result;
	engine = find_engine(datapath->options.datapath, answer->engine);
	if (answer->result != 0 || !engine || answer->engine_error < 0 ||
	    answer->engine_error > 4095)
		return -EBADMSG;
	datapath->engine = engine;
	datapath->engine_error = answer->engine_error;
	datapath->state = RUNNING;
	work_soon(datapath);
	return 0;
}

/* What is no answer to the request that is waited for. Return: 0, or -errno: lose it. */
static int note(struct datapath *datapath, const struct data_answer *answer)
{
	switch (answer->type) {
	case DATA_GONE:
	case DATA_MOVED:
		return note_event(datapath, answer);
	case DATA_ALIVE:
		return note_alive(datapath, answer);
	case DATA_ANSWER:
		if (datapath->state == STARTING && answer->serial == datapath->setup)
			return note_ready(datapath, answer);
		return -EBADMSG;
	}
	return -EBADMSG;
}

static void lose_by(struct datapath *datapath, int r)
{
	char why[sizeof(datapath->why)];

	switch (r) {
	case -EPIPE:
	case -ECONNRESET:
		lose(datapath, "");
		return;
	case -EBADMSG:
		lose(datapath, "it sent what makes no sense");
		return;
	case -ETIME:
	case -EAGAIN:
		lose(datapath, "it did not answer");
		return;
	default:
		snprintf(why, sizeof(why), "it failed: %s", strerror(-r));
		lose(datapath, why);
	}
}

/* Return: 0; -EAGAIN; -errno: lose it. */
static int receive(struct datapath *datapath, struct data_answer *ret)
{
	int r = packet_receive(datapath->fd, ret, sizeof(*ret), NULL, NULL, MSG_DONTWAIT);

	return r == 0 ? -EPIPE : MIN(r, 0);
}

static int readable(sd_event_source *source _unused_, int fd _unused_, uint32_t revents _unused_,
		    void *userdata)
{
	struct datapath *datapath = userdata;
	struct data_answer answer;
	int r = 0;

	turn_is("the data path");
	for (unsigned int i = 0; i < READ_MAX && r >= 0; i++) {
		r = receive(datapath, &answer);
		if (r >= 0)
			r = note(datapath, &answer);
	}
	if (r < 0 && r != -EAGAIN)
		lose_by(datapath, r);
	return 0;
}

/* --- what is asked of it ---------------------------------------------------------------------- */

static int send_request(struct datapath *datapath, struct data_request *request, const int fds[],
			unsigned int n_fds)
{
	request->serial = ++datapath->serial;
	return packet_send(datapath->fd, request, sizeof(*request), fds, n_fds, MSG_DONTWAIT);
}

/* Return: 0, -ETIME, or -errno. */
static int wait_readable(const struct datapath *datapath, uint64_t deadline)
{
	struct pollfd fd = { .fd = datapath->fd, .events = POLLIN };
	uint64_t now = monotonic_usec();
	int r;

	if (now >= deadline)
		return -ETIME;
	r = poll(&fd, 1, (int)((deadline - now) / 1000 + 1));
	return r < 0 && errno != EINTR ? -errno : 0;
}

/* Return: 0 and the answer; -EPIPE: there is none, and the process is lost. */
static int await_answer(struct datapath *datapath, uint32_t serial, struct data_answer *ret)
{
	uint64_t deadline = monotonic_usec() + ANSWER_USEC;
	struct data_answer answer;
	int r;

	for (;;) {
		r = receive(datapath, &answer);
		if (r == -EAGAIN) {
			r = wait_readable(datapath, deadline);
			if (r >= 0)
				continue;
		}
		if (r >= 0 && answer.type == DATA_ANSWER && answer.serial == serial) {
			*ret = answer;
			return 0;
		}
		if (r >= 0)
			r = note(datapath, &answer);
		if (r < 0) {
			lose_by(datapath, r);
			return -EPIPE;
		}
	}
}

/* Return: as await_answer(). */
static int call(struct datapath *datapath, struct data_request *request, const int fds[],
		unsigned int n_fds, struct data_answer *ret)
{
	int r = send_request(datapath, request, fds, n_fds);

	if (r < 0) {
		lose_by(datapath, r);
		return -EPIPE;
	}
	return await_answer(datapath, request->serial, ret);
}

/* --- links ------------------------------------------------------------------------------------ */

static uint64_t offset_of(const struct datapath *datapath, const struct flow_counters *counters)
{
	return (uint64_t)((const char *)counters - (const char *)datapath->options.counters);
}

static void describe(const struct datapath_link *link, struct data_link *ret,
		     int ret_fds[static PACKET_FDS_MAX])
{
	const struct tun *tun = link->ports[0].tun;

	ret->n_queues = tun->n_queues;
	ret->header = tun->header;
	ret->family_header = tun->family_header;
	for (unsigned int end = 0; end < 2; end++) {
		const struct shuttle_port *port = &link->ports[end];

		ret->ports[end].stale = port->stale;
		memcpy(ret_fds + end * tun->n_queues, port->tun->queues,
		       tun->n_queues * sizeof(int));
		for (unsigned int i = 0; i < tun->n_queues; i++)
			ret->ports[end].counters[i] = offset_of(link->datapath, port->counters[i]);
	}
}

/* Return: 0, also when the process was lost, and the link waits for the next; -ENOMEM, -ENOSPC. */
static int give(struct datapath_link *link)
{
	struct datapath *datapath = link->datapath;
	struct data_request request = { .type = DATA_ADD, .link = link->number };
	struct data_answer answer;
	int fds[PACKET_FDS_MAX];

	describe(link, &request.add, fds);
	if (call(datapath, &request, fds, 2 * link->ports[0].tun->n_queues, &answer) < 0)
		return 0;
	if (answer.result == -ENOMEM || answer.result == -ENOSPC)
		return answer.result;
	if (answer.result != 0 || !workers_are_valid(datapath, link, &answer)) {
		lose_by(datapath, -EBADMSG);
		return 0;
	}
	memcpy(link->workers, answer.workers, sizeof(link->workers));
	link->given = true;
	link->ports[0].stale = link->ports[1].stale = false; /* what waits for the next is not */
	TAILQ_REMOVE(&datapath->waiting, link, waiting);
	return 0;
}

/* Give links that wait. What cannot be given now is tried again with the next process. */
static void give_some(struct datapath *datapath)
{
	struct datapath_link *link, *next;
	unsigned int n = 0;

	for (link = TAILQ_FIRST(&datapath->waiting); link; link = next) {
		next = TAILQ_NEXT(link, waiting);
		if (datapath->state != RUNNING)
			return;
		if (n++ == GIVE_MAX) {
			work_soon(datapath);
			return;
		}
		if (give(link) >= 0 && link->given) {
			link->moved = true;
			note_news(datapath, link);
		}
	}
}

/* The callbacks may remove links. */
static void tell_news(struct datapath *datapath)
{
	struct datapath_link *link;

	while ((link = TAILQ_FIRST(&datapath->news))) {
		bool gone[2] = { link->gone[0], link->gone[1] }, moved = link->moved;
		void *owner = link->owner;

		TAILQ_REMOVE(&datapath->news, link, news);
		link->listed = link->moved = link->gone[0] = link->gone[1] = false;
		for (unsigned int end = 0; end < 2; end++)
			if (gone[end])
				datapath->options.gone(owner, end, datapath->options.userdata);
		if (moved)
			datapath->options.moved(owner, datapath->options.userdata);
	}
}

static int work(sd_event_source *source _unused_, void *userdata)
{
	struct datapath *datapath = userdata;

	turn_is("the data path");
	if (datapath->state == RUNNING)
		give_some(datapath);
	tell_news(datapath);
	return 0;
}

static int take_number(struct datapath *datapath, struct datapath_link *link)
{
	uint32_t number = datapath->first_free;

	while (number < datapath->n_links && datapath->links[number])
		number++;
	if (number == DATA_LINKS_MAX)
		return -ENOSPC;
	if (number == datapath->n_links) {
		uint32_t n = MAX(64U, 2 * datapath->n_links);
		struct datapath_link **links =
			reallocarray(datapath->links, n, sizeof(struct datapath_link *));

		if (!links)
			return -ENOMEM;
		memset(links + datapath->n_links, 0,
		       (n - datapath->n_links) * sizeof(struct datapath_link *));
		datapath->links = links;
		datapath->n_links = n;
	}
	link->number = number;
	datapath->links[number] = link;
	datapath->first_free = number + 1;
	return 0;
}

static void forget(struct datapath_link *link)
{
	struct datapath *datapath = link->datapath;

	if (!link->given)
		TAILQ_REMOVE(&datapath->waiting, link, waiting);
	if (link->listed)
		TAILQ_REMOVE(&datapath->news, link, news);
	datapath->links[link->number] = NULL;
	datapath->first_free = MIN(datapath->first_free, link->number);
	free(link);
}

int datapath_add_link(struct datapath *datapath, const struct shuttle_port ports[static 2],
		      void *owner, struct datapath_link **ret)
{
	struct datapath_link *link;
	int r;

	if (ports[0].tun->header != ports[1].tun->header ||
	    ports[0].tun->n_queues != ports[1].tun->n_queues)
		return -EINVAL;
	link = calloc(1, sizeof(*link));
	if (!link)
		return -ENOMEM;
	link->datapath = datapath;
	link->owner = owner;
	memcpy(link->ports, ports, sizeof(link->ports));
	r = take_number(datapath, link);
	if (r < 0) {
		free(link);
		return r;
	}
	TAILQ_INSERT_TAIL(&datapath->waiting, link, waiting);
	if (datapath->state == RUNNING)
		r = give(link);
	if (r < 0) {
		forget(link);
		return r;
	}
	*ret = link;
	return 0;
}

void datapath_remove_link(struct datapath_link *link)
{
	struct datapath *datapath;
	struct data_answer answer;

	if (!link)
		return;
	datapath = link->datapath;
	if (link->given) {
		struct data_request request = { .type = DATA_REMOVE, .link = link->number };

		if (call(datapath, &request, NULL, 0, &answer) >= 0 && answer.result != 0)
			lose_by(datapath, -EBADMSG);
	}
	if (datapath->state == ENDING)
		(void)starter_await_end(datapath->options.starter, datapath->options.role,
					END_USEC);
	forget(link);
}

unsigned int datapath_link_workers(const struct datapath_link *link,
				   unsigned int ret[static TUN_QUEUES_MAX])
{
	unsigned int n = link->ports[0].tun->n_queues;

	for (unsigned int i = 0; i < n; i++)
		ret[i] = link->workers[i];
	return n;
}

/* --- the process ------------------------------------------------------------------------------ */

static int send_setup(struct datapath *datapath)
{
	const struct datapath_options *options = &datapath->options;
	struct data_request request = {
		.type = DATA_SETUP,
		.setup = { .counters_size = options->counters_size,
			   .workers = options->workers,
			   .busy_poll = options->busy_poll,
			   .nowait = options->nowait },
	};
	int r;

	/* another time the one that was found to work: an error that passes must not choose */
	strncpy(request.setup.datapath,
		datapath->engine    ? datapath->engine->name
		: options->datapath ? options->datapath
				    : ENGINES_AUTO,
		DATA_NAME_MAX - 1);
	r = send_request(datapath, &request, &options->counters_fd, 1);
	datapath->setup = request.serial;
	return r;
}

/* Does not wait until it runs. The state is STARTING when there is a process, also on failure. */
static int start(struct datapath *datapath)
{
	int fds[2], r;

	r = packet_pair(fds);
	if (r < 0)
		return r;
	datapath->fd = fds[0];
	datapath->started = monotonic_usec();
	r = starter_start(datapath->options.starter, datapath->options.role, fds[1]);
	safe_close(fds[1]);
	if (r < 0)
		return r;
	datapath->state = STARTING;
	r = sd_event_add_io(datapath->event, &datapath->source, datapath->fd, EPOLLIN, readable,
			    datapath);
	return r < 0 ? r : send_setup(datapath);
}

static int start_again(sd_event_source *source, uint64_t usec _unused_, void *userdata)
{
	struct datapath *datapath = userdata;
	int r;

	turn_is("starting rportd-data");
	r = start(datapath);
	if (r >= 0) {
		datapath->restarts++;
		return 0;
	}
	if (datapath->state == STARTING) {
		lose_by(datapath, r); /* and ended() is called */
		return 0;
	}
	/* no memory, or no descriptor: later */
	datapath->fd = safe_close(datapath->fd);
	(void)sd_event_source_set_time_relative(source, WAIT_MAX_USEC);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* The first start: whether it works, and with which engine, has to be known. */
static int start_first(struct datapath *datapath)
{
	struct data_answer answer;
	int r = start(datapath);

	if (r >= 0)
		r = await_answer(datapath, datapath->setup, &answer);
	return r < 0 ? r : note_ready(datapath, &answer);
}

static int prepare(struct datapath *datapath)
{
	struct starter_watch watch = {
		.ended = ended,
		.failed = starter_failed,
		.userdata = datapath,
	};
	int r;

	r = sd_event_add_time(datapath->event, &datapath->timer, CLOCK_MONOTONIC, 0, 1, start_again,
			      datapath);
	if (r >= 0)
		r = sd_event_source_set_enabled(datapath->timer, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_defer(datapath->event, &datapath->work, work, datapath);
	if (r >= 0)
		r = sd_event_source_set_enabled(datapath->work, SD_EVENT_OFF);
	if (r >= 0)
		r = starter_watch(datapath->options.starter, datapath->event,
				  datapath->options.role, &watch);
	return r;
}

int datapath_new(sd_event *event, const struct datapath_options *options, struct datapath **ret)
{
	struct datapath *datapath = calloc(1, sizeof(*datapath));
	int r;

	if (!datapath)
		return -ENOMEM;
	datapath->options = *options;
	datapath->event = sd_event_ref(event);
	datapath->fd = -1;
	datapath->state = ABSENT;
	datapath->silent = -1;
	TAILQ_INIT(&datapath->waiting);
	TAILQ_INIT(&datapath->news);
	r = prepare(datapath);
	if (r >= 0)
		r = start_first(datapath);
	if (r < 0) {
		datapath_free(datapath);
		return r;
	}
	*ret = datapath;
	return 0;
}

void datapath_free(struct datapath *datapath)
{
	struct starter_watch nobody = { 0 };

	if (!datapath)
		return;
	starter_kill(datapath->options.starter, datapath->options.role);
	(void)starter_await_end(datapath->options.starter, datapath->options.role, END_USEC);
	(void)starter_watch(datapath->options.starter, datapath->event, datapath->options.role,
			    &nobody);
	sd_event_source_disable_unref(datapath->source);
	sd_event_source_disable_unref(datapath->timer);
	sd_event_source_disable_unref(datapath->work);
	safe_close(datapath->fd);
	sd_event_unref(datapath->event);
	free(datapath->links);
	free(datapath);
}

bool datapath_answers(struct datapath *datapath, int *ret_silent)
{
	struct data_request request = { .type = DATA_PING };
	bool all = datapath->alive == datapath->asked && datapath->silent < 0;
	int r;

	if (!all)
		*ret_silent = datapath->silent;
	/* one that is being started has nothing to say; one that is silent is not asked again */
	if (datapath->state != RUNNING || datapath->alive != datapath->asked)
		return all;
	r = send_request(datapath, &request, NULL, 0);
	datapath->asked = request.serial;
	if (r < 0)
		lose_by(datapath, r);
	return all;
}

const char *datapath_name(const struct datapath *datapath)
{
	return datapath->engine->name;
}

bool datapath_has_busy_poll(const struct datapath *datapath)
{
	return datapath->engine->has_busy_poll;
}

int datapath_engine_error(const struct datapath *datapath)
{
	return datapath->engine_error;
}

unsigned int datapath_restarts(const struct datapath *datapath)
{
	return datapath->restarts;
}
