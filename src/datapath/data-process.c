/* SPDX-License-Identifier: ISC */

/*
 * The process rportd-data, as rportd sees it.
 *
 * Theory of operation
 *
 * Calls. A request is waited for, until a deadline. Events that come meanwhile are given to
 * datapath.c, which notes them.
 *
 * Trust. Whoever owns rportd-data can send whatever he likes, as fast as he likes. An answer to
 * no question, a late answer or a malformed message, and the process is killed. Messages are read at
 * a bounded rate: then others of the loop have their turn.
 *
 * Ends. However it ends, it is started again, without being waited for. A process that ends young
 * is started again after a while, which doubles each time.
 *
 * Kept promise. Until the starter has said that a process has ended, that may use the ports.
 */

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/turn.h"
#include "datapath/data-process.h"
#include "kernel/packet.h"
#include "kernel/restart.h"

#define ANSWER_USEC (5 * USEC_PER_SEC) /* for one answer */
#define STOP_USEC   (1 * USEC_PER_SEC) /* for its own end, when it is let go of */
#define END_USEC    (5 * USEC_PER_SEC) /* for the end of a killed process */
#define READ_MAX    64                 /* messages in one turn of the loop */
#define TURNS_MAX   1000               /* of these in a second */
#define EVENTS_MAX  100000U            /* messages while an answer is waited for */

enum state {
	ENDING,   /* killed, or just ended; the starter has not said so yet */
	ABSENT,   /* the timer starts it */
	STARTING, /* DATA_SETUP was sent */
	RUNNING,
};

struct data_process {
	struct data_process_options options;
	sd_event *event;
	enum state state;
	int fd; /* -1: there is no process to speak to */
	sd_event_source *source;
	sd_event_source *timer; /* starts it again */
	uint32_t serial;        /* of the last request */
	uint32_t setup;         /* serial of DATA_SETUP */
	uint32_t asked, alive;  /* serial of the last DATA_PING, and of the last answer */
	int silent;             /* what that said; -1: all workers answered */
	uint64_t since;         /* it is STARTING, or ENDING: CLOCK_MONOTONIC, microseconds */
	uint64_t started;       /* the last one was, in the same way */
	uint64_t lost;          /* the last one that ran was; 0: there was none */
	uint64_t wait;          /* before the next start, microseconds; 0: none */
	unsigned int restarts;
	char why[96]; /* it ended, in words; "": it was not killed by us */
	const struct engine_class *engine;
	int engine_error;
};

/* --- the end of the process ------------------------------------------------------------------- */

static void let_go(struct data_process *process)
{
	process->source = sd_event_source_disable_unref(process->source);
	process->fd = safe_close(process->fd);
	process->alive = process->asked; /* the next one has not been asked */
	process->silent = -1;
	if (process->state == RUNNING)
		process->lost = monotonic_usec();
	process->options.lost(process->options.userdata);
}

/* It ended, or must end since it cannot be trusted, or does not answer. */
static void lose(struct data_process *process, const char *why)
{
	if (process->fd < 0)
		return;
	if (!process->why[0])
		snprintf(process->why, sizeof(process->why), "%s", why);
	let_go(process);
	process->state = ENDING;
	process->since = monotonic_usec();
	starter_kill(process->options.starter, process->options.role);
}

static void lose_by(struct data_process *process, int r)
{
	char why[sizeof(process->why)];

	switch (r) {
	case -EPIPE:
	case -ECONNRESET:
		lose(process, "");
		return;
	case -EBADMSG:
		lose(process, "it sent what makes no sense");
		return;
	case -ETIME:
	case -EAGAIN:
		lose(process, "it did not answer");
		return;
	default:
		snprintf(why, sizeof(why), "it failed: %s", strerror(-r));
		lose(process, why);
	}
}

void data_process_distrust(struct data_process *process)
{
	lose_by(process, -EBADMSG);
}

void data_process_replace(struct data_process *process)
{
	lose_by(process, -ETIME);
}

static void start_later(struct data_process *process, uint64_t usec)
{
	(void)sd_event_source_set_time_relative(process->timer, usec);
	(void)sd_event_source_set_enabled(process->timer, SD_EVENT_ONESHOT);
}

static void ended(int status, void *userdata)
{
	struct data_process *process = userdata;
	char how[RESTART_END_MAX], why[2 * sizeof(process->why)];

	snprintf(why, sizeof(why), "%s%s%s", process->why, process->why[0] ? "; " : "",
		 restart_describe_end(status, how));
	if (process->fd >= 0)
		let_go(process);
	process->why[0] = '\0';
	process->state = ABSENT;
	process->wait = restart_wait(process->started, process->wait);
	start_later(process, process->wait);
	process->options.ended(why, process->options.userdata);
}

static void starter_failed(void *userdata)
{
	struct data_process *process = userdata;

	process->options.failed(process->options.userdata);
}

void data_process_await_end(struct data_process *process)
{
	if (process->state == ENDING)
		(void)starter_await_end(process->options.starter, process->options.role, END_USEC);
}

/* --- what it sends ---------------------------------------------------------------------------- */

static int note_alive(struct data_process *process, const struct data_answer *answer)
{
	if (answer->serial != process->asked || answer->result < -1 ||
	    answer->result >= (int)process->options.setup.workers)
		return -EBADMSG;
	process->alive = answer->serial;
	process->silent = answer->result;
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
static int note_ready(struct data_process *process, const struct data_answer *answer)
{
	const struct engine_class *engine;

	if (answer->result < 0 && answer->result > -4096)
		return answer->result;
	engine = find_engine(process->options.setup.datapath, answer->engine);
	if (answer->result != 0 || !engine || answer->engine_error < 0 ||
	    answer->engine_error > 4095)
		return -EBADMSG;
	if (!process->engine)
		process->engine_error = answer->engine_error;
	process->engine = engine;
	process->state = RUNNING;
	return 0;
}

/* What is no answer to the request that is waited for. Return: 0, or -errno: lose it. */
static int note(struct data_process *process, const struct data_answer *answer)
{
	int r;

	switch (answer->type) {
	case DATA_GONE:
	case DATA_MOVED:
		return process->options.event(answer, process->options.userdata);
	case DATA_ALIVE:
		return note_alive(process, answer);
	case DATA_ANSWER:
		if (process->state != STARTING || answer->serial != process->setup)
			return -EBADMSG;
		r = note_ready(process, answer);
		if (r >= 0)
			process->options.running(process->options.userdata);
		return r;
	}
	return -EBADMSG;
}

/* Return: 0; -EAGAIN; -errno: lose it. */
static int receive(struct data_process *process, struct data_answer *ret)
{
	int r = packet_receive(process->fd, ret, sizeof(*ret), NULL, NULL, MSG_DONTWAIT);

	return r == 0 ? -EPIPE : MIN(r, 0);
}

static int readable(sd_event_source *source _unused_, int fd _unused_, uint32_t revents _unused_,
		    void *userdata)
{
	struct data_process *process = userdata;
	struct data_answer answer;
	int r = 0;

	turn_is("the data path");
	for (unsigned int i = 0; i < READ_MAX && r >= 0; i++) {
		r = receive(process, &answer);
		if (r >= 0)
			r = note(process, &answer);
	}
	if (r < 0 && r != -EAGAIN)
		lose_by(process, r);
	return 0;
}

/* --- what is asked of it ---------------------------------------------------------------------- */

static int send_request(struct data_process *process, struct data_request *request, const int fds[],
			unsigned int n_fds)
{
	request->serial = ++process->serial;
	return packet_send(process->fd, request, sizeof(*request), fds, n_fds, MSG_DONTWAIT);
}

/* What is there is read after the deadline, too: both may have been stopped. Return: 0, -ETIME, or
 * -errno. */
static int wait_readable(const struct data_process *process, uint64_t deadline)
{
	struct pollfd fd = { .fd = process->fd, .events = POLLIN };
	uint64_t now = monotonic_usec();
	int r = poll(&fd, 1, now >= deadline ? 0 : (int)((deadline - now) / 1000 + 1));

	if (r < 0)
		return errno == EINTR ? 0 : -errno;
	return r == 0 && now >= deadline ? -ETIME : 0;
}

/* Return: 0 and the answer; -errno: there is none. */
static int await_answer(struct data_process *process, uint32_t serial, struct data_answer *ret)
{
	uint64_t deadline = monotonic_usec() + ANSWER_USEC;
	struct data_answer answer;
	unsigned int n = 0;
	int r;

	do {
		if (n++ == EVENTS_MAX)
			return -EBADMSG;
		r = wait_readable(process, deadline);
		if (r >= 0)
			r = receive(process, &answer);
		if (r >= 0 && answer.type == DATA_ANSWER && answer.serial == serial) {
			*ret = answer;
			return 0;
		}
		if (r >= 0)
			r = note(process, &answer);
	} while (r >= 0 || r == -EAGAIN);
	return r;
}

int data_process_call(struct data_process *process, struct data_request *request, const int fds[],
		      unsigned int n_fds, struct data_answer *ret)
{
	int r = send_request(process, request, fds, n_fds);

	if (r >= 0)
		r = await_answer(process, request->serial, ret);
	if (r >= 0)
		return 0;
	lose_by(process, r);
	return -EPIPE;
}

/* One that is being started has nothing to say yet; nor does the starter, of one that ends. */
static bool is_silent(const struct data_process *process)
{
	switch (process->state) {
	case RUNNING:
		return process->alive != process->asked || process->silent >= 0;
	case STARTING:
	case ENDING:
		return monotonic_usec() - process->since >= ANSWER_USEC;
	case ABSENT:
		return false;
	}
	return false;
}

bool data_process_answers(struct data_process *process, int *ret_silent)
{
	struct data_request request = { .type = DATA_PING };
	int r;

	if (is_silent(process)) {
		*ret_silent = process->silent;
		return false;
	}
	if (process->state != RUNNING)
		return true;
	r = send_request(process, &request, NULL, 0);
	process->asked = request.serial;
	if (r < 0)
		lose_by(process, r);
	return true;
}

/* --- the process ------------------------------------------------------------------------------ */

static int send_setup(struct data_process *process)
{
	struct data_request request = { .type = DATA_SETUP, .setup = process->options.setup };
	int r;

	/* another time the one that was found to work: an error that passes must not choose */
	if (process->engine)
		strncpy(request.setup.datapath, process->engine->name, DATA_NAME_MAX - 1);
	r = send_request(process, &request, &process->options.counters_fd, 1);
	process->setup = request.serial;
	return r;
}

/* Does not wait for it. The state is STARTING when there is a process, also on failure. */
static int execute(struct data_process *process)
{
	int fds[2], r;

	r = packet_pair(fds);
	if (r < 0)
		return r;
	process->fd = fds[0];
	process->started = monotonic_usec();
	r = starter_start(process->options.starter, process->options.role, fds[1]);
	safe_close(fds[1]);
	if (r < 0)
		return r;
	process->state = STARTING;
	process->since = process->started;
	r = sd_event_add_io(process->event, &process->source, process->fd, EPOLLIN, readable,
			    process);
	if (r >= 0)
		r = sd_event_source_set_ratelimit(process->source, USEC_PER_SEC, TURNS_MAX);
	return MIN(r, 0);
}

static int start_again(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
	struct data_process *process = userdata;
	int r;

	turn_is("starting rportd-data");
	r = execute(process);
	if (r >= 0)
		r = send_setup(process);
	if (r >= 0) {
		process->restarts++;
	} else if (process->state == STARTING) {
		lose_by(process, r); /* and ended() is called */
	} else {                     /* no memory, or no descriptor: later */
		process->fd = safe_close(process->fd);
		start_later(process, RESTART_WAIT_MAX_USEC);
	}
	return 0;
}

/* The first start: whether it works, and with which engine, has to be known. */
int data_process_run(struct data_process *process, bool nowait)
{
	struct data_answer answer;
	int r;

	process->options.setup.nowait = nowait;
	r = send_setup(process);
	if (r >= 0)
		r = await_answer(process, process->setup, &answer);
	return r < 0 ? r : note_ready(process, &answer);
}

static int prepare(struct data_process *process)
{
	struct starter_watch watch = {
		.ended = ended,
		.failed = starter_failed,
		.userdata = process,
	};
	int r;

	r = sd_event_add_time(process->event, &process->timer, CLOCK_MONOTONIC, 0, 1, start_again,
			      process);
	if (r >= 0)
		r = sd_event_source_set_enabled(process->timer, SD_EVENT_OFF);
	if (r >= 0)
		r = starter_watch(process->options.starter, process->event, process->options.role,
				  &watch);
	return r;
}

int data_process_new(sd_event *event, const struct data_process_options *options,
		     struct data_process **ret)
{
	struct data_process *process = calloc(1, sizeof(*process));
	int r;

	if (!process)
		return -ENOMEM;
	process->options = *options;
	process->event = sd_event_ref(event);
	process->fd = -1;
	process->state = ABSENT;
	process->silent = -1;
	r = prepare(process);
	if (r >= 0)
		r = execute(process);
	if (r < 0) {
		data_process_free(process);
		return r;
	}
	*ret = process;
	return 0;
}

/* It ends when rportd lets go of it, after it has written the frames that it has read. */
void data_process_stop(struct data_process *process)
{
	struct starter_watch nobody = { 0 };

	if (process->fd >= 0)
		let_go(process);
	if (starter_await_end(process->options.starter, process->options.role, STOP_USEC) < 0) {
		starter_kill(process->options.starter, process->options.role);
		(void)starter_await_end(process->options.starter, process->options.role, END_USEC);
	}
	(void)starter_watch(process->options.starter, process->event, process->options.role,
			    &nobody);
	process->timer = sd_event_source_disable_unref(process->timer);
	process->state = ABSENT;
}

void data_process_free(struct data_process *process)
{
	if (!process)
		return;
	data_process_stop(process);
	sd_event_unref(process->event);
	free(process);
}

/* --- what is known of it ---------------------------------------------------------------------- */

bool data_process_runs(const struct data_process *process)
{
	return process->state == RUNNING;
}

uint64_t data_process_absence(const struct data_process *process)
{
	return process->lost ? monotonic_usec() - process->lost : 0;
}

const struct engine_class *data_process_engine(const struct data_process *process, int *ret_error)
{
	*ret_error = process->engine_error;
	return process->engine;
}

unsigned int data_process_restarts(const struct data_process *process)
{
	return process->restarts;
}
