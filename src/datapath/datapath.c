/* SPDX-License-Identifier: ISC */

/*
 * The data path, as rportd sees it: links, and the process that moves their frames.
 *
 * Theory of operation
 *
 * Links. A link is given to rportd-data (data-process.c) by a request that is waited for. What comes
 * meanwhile from there, events, is noted in the links that they are about, and told by the event
 * loop later: a caller never finds its links changed. So an event costs a bit, however often it is
 * sent. Each number in it is checked before it is used.
 *
 * Ends. However rportd-data ends, its links only wait: the descriptors are rportd's, and so are the
 * queues of the devices, where frames wait. The next process is given the links GIVE_MAX at a time,
 * so that others have their turn. What waited for longer than DATAPATH_STALE_USEC is not delivered.
 */

#include "base/turn.h"
#include "datapath/data-process.h"
#include "datapath/datapath.h"
#include "kernel/packet.h"

#define GIVE_MAX 64 /* links in one turn of the loop */

TAILQ_HEAD(datapath_link_list, datapath_link);

struct datapath_link {
	struct datapath *datapath;
	void *owner;
	uint32_t number;
	struct shuttle_port ports[2];
	uint32_t workers[TUN_QUEUES_MAX];
	bool given;  /* else in the list of those that wait */
	bool served; /* this process has it, or a former one had */
	TAILQ_ENTRY(datapath_link) waiting;
	bool gone[2], moved; /* what is to be told */
	bool listed;         /* in the list of those with news */
	TAILQ_ENTRY(datapath_link) news;
};

struct datapath {
	struct datapath_options options;
	struct data_process *process;
	sd_event_source *work; /* gives links, and tells news */

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

/* --- what rportd-data tells ------------------------------------------------------------------- */

static bool workers_are_valid(const struct datapath *datapath, const struct datapath_link *link,
			      const struct data_answer *answer)
{
	for (unsigned int i = 0; i < link->ports[0].tun->n_queues; i++)
		if (answer->workers[i] >= datapath->options.workers)
			return false;
	return true;
}

static void take_workers(struct datapath_link *link, const struct data_answer *answer)
{
	size_t size = link->ports[0].tun->n_queues * sizeof(link->workers[0]);

	link->moved = link->moved || memcmp(link->workers, answer->workers, size) != 0;
	memcpy(link->workers, answer->workers, size);
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

static int note_event(const struct data_answer *event, void *userdata)
{
	struct datapath *datapath = userdata;
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
		take_workers(link, event);
	}
	note_news(datapath, link);
	return 0;
}

static void running(void *userdata)
{
	work_soon(userdata);
}

static void lost(void *userdata)
{
	struct datapath *datapath = userdata;

	for (uint32_t i = 0; i < datapath->n_links; i++) {
		struct datapath_link *link = datapath->links[i];

		if (link && link->given)
			TAILQ_INSERT_TAIL(&datapath->waiting, link, waiting);
		if (link)
			link->given = false;
	}
}

static void ended(const char *why, void *userdata)
{
	const struct datapath *datapath = userdata;

	datapath->options.ended(why, datapath->options.userdata);
}

static void failed(void *userdata)
{
	const struct datapath *datapath = userdata;

	datapath->options.failed(datapath->options.userdata);
}

/* --- links ------------------------------------------------------------------------------------ */

static uint64_t offset_of(const struct datapath *datapath, const struct flow_counters *counters)
{
	return (uint64_t)((const char *)counters - (const char *)datapath->options.counters);
}

static void describe(const struct datapath_link *link, struct data_link *ret,
		     int ret_fds[static PACKET_FDS_MAX])
{
	bool waited = data_process_absence(link->datapath->process) >= DATAPATH_STALE_USEC;
	const struct tun *tun = link->ports[0].tun;

	ret->n_queues = tun->n_queues;
	ret->header = tun->header;
	ret->family_header = tun->family_header;
	for (unsigned int end = 0; end < 2; end++) {
		const struct shuttle_port *port = &link->ports[end];

		ret->ports[end].stale = port->stale || (link->served && waited);
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
	if (data_process_call(datapath->process, &request, fds, 2 * link->ports[0].tun->n_queues,
			      &answer) < 0)
		return 0;
	if (answer.result == -ENOMEM || answer.result == -ENOSPC)
		return answer.result;
	if (answer.result != 0 || !workers_are_valid(datapath, link, &answer)) {
		data_process_distrust(datapath->process);
		return 0;
	}
	take_workers(link, &answer);
	link->given = link->served = true;
	link->ports[0].stale = link->ports[1].stale = false; /* for the next process */
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
		if (!data_process_runs(datapath->process))
			return;
		if (n++ == GIVE_MAX) {
			work_soon(datapath);
			return;
		}
		if (give(link) >= 0 && link->moved)
			note_news(datapath, link);
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
	if (data_process_runs(datapath->process))
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
	if (data_process_runs(datapath->process))
		r = give(link);
	if (r < 0) {
		forget(link);
		return r;
	}
	link->moved = false; /* the caller asks */
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

		if (data_process_call(datapath->process, &request, NULL, 0, &answer) >= 0 &&
		    answer.result != 0)
			data_process_distrust(datapath->process);
	}
	data_process_await_end(datapath->process); /* if it was lost, now or before */
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

/* --- beginning and end ------------------------------------------------------------------------ */

static struct data_process_options process_options(struct datapath *datapath)
{
	const struct datapath_options *options = &datapath->options;
	struct data_process_options ret = {
		.starter = options->starter,
		.role = options->role,
		.setup = { .counters_offset = options->counters_offset,
			   .counters_size = options->counters_size,
			   .workers = options->workers,
			   .busy_poll = options->busy_poll },
		.counters_fd = options->counters_fd,
		.event = note_event,
		.running = running,
		.lost = lost,
		.ended = ended,
		.failed = failed,
		.userdata = datapath,
	};

	strncpy(ret.setup.datapath, options->datapath ? options->datapath : ENGINES_AUTO,
		DATA_NAME_MAX - 1);
	return ret;
}

int datapath_new(sd_event *event, const struct datapath_options *options, struct datapath **ret)
{
	struct datapath *datapath = calloc(1, sizeof(*datapath));
	struct data_process_options process;
	int r;

	if (!datapath)
		return -ENOMEM;
	datapath->options = *options;
	TAILQ_INIT(&datapath->waiting);
	TAILQ_INIT(&datapath->news);
	process = process_options(datapath);
	r = sd_event_add_defer(event, &datapath->work, work, datapath);
	if (r >= 0)
		r = sd_event_source_set_enabled(datapath->work, SD_EVENT_OFF);
	if (r >= 0)
		r = data_process_new(event, &process, &datapath->process);
	if (r < 0) {
		datapath_free(datapath);
		return r;
	}
	*ret = datapath;
	return 0;
}

int datapath_run(struct datapath *datapath, bool nowait)
{
	return data_process_run(datapath->process, nowait);
}

void datapath_stop(struct datapath *datapath)
{
	data_process_stop(datapath->process);
}

void datapath_free(struct datapath *datapath)
{
	if (!datapath)
		return;
	data_process_free(datapath->process);
	sd_event_source_disable_unref(datapath->work);
	free(datapath->links);
	free(datapath);
}

/* --- what is known of it ---------------------------------------------------------------------- */

bool datapath_answers(struct datapath *datapath, int *ret_silent)
{
	return data_process_answers(datapath->process, ret_silent);
}

void datapath_replace(struct datapath *datapath)
{
	data_process_replace(datapath->process);
}

bool datapath_get_worker(struct datapath *datapath, unsigned int index, struct shuttle_worker *ret)
{
	struct data_request request = { .type = DATA_WORKER, .link = index };
	struct data_answer answer;

	if (index >= datapath->options.workers || !data_process_runs(datapath->process) ||
	    data_process_call(datapath->process, &request, NULL, 0, &answer) < 0 ||
	    answer.result != 0)
		return false;
	*ret = (struct shuttle_worker){ .cpu_ns = answer.worker.cpu_ns,
					.flows = answer.worker.flows };
	return true;
}

const char *datapath_name(const struct datapath *datapath)
{
	int error;

	return data_process_engine(datapath->process, &error)->name;
}

bool datapath_has_busy_poll(const struct datapath *datapath)
{
	int error;

	return data_process_engine(datapath->process, &error)->has_busy_poll;
}

int datapath_engine_error(const struct datapath *datapath)
{
	int error;

	(void)data_process_engine(datapath->process, &error);
	return error;
}

unsigned int datapath_restarts(const struct datapath *datapath)
{
	return data_process_restarts(datapath->process);
}
