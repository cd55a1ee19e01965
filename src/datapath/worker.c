/* SPDX-License-Identifier: ISC */

/* One thread with one engine; commands from the main thread. */

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/eventfd.h>

#include "datapath/worker.h"

#define SLOTS_MAX (1U << 24) /* what a ring_tag can name */

enum command_type {
	COMMAND_ADD,
	COMMAND_REMOVE,
	COMMAND_QUIT,
};

/* Lives on the stack of the main thread, which waits for @done. */
struct command {
	enum command_type type;
	struct flow **flows;
	int result;
	sem_t done;
	STAILQ_ENTRY(command) entry;
};

STAILQ_HEAD(command_list, command);

struct worker {
	pthread_t thread;
	struct worker_options options;
	struct engine *engine;
	int wake_fd;
	unsigned int n_flows; /* the main thread's */
	int delay_fd;         /* the thread's schedstat of proc(5), or -1 */

	/* by slot, the thread's: where completions find their flow */
	struct flow **slots;
	unsigned int n_slots;
	unsigned int first_free; /* no slot below it is free */

	pthread_mutex_t lock; /* of commands */
	struct command_list commands;
	struct command_list
		removing; /* the thread's: flows that still have operations in the kernel */
	bool quit;

	unsigned int asked;    /* questions for a sign of life; the main thread's */
	unsigned int answered; /* the last of them that was seen; the thread's */

	sem_t started;
	int start_result;
};

/* --- in the worker's thread ------------------------------------------------------------------- */

static void finish(struct command *command, int result)
{
	command->result = result;
	sem_post(&command->done);
}

static int grow_slots(struct worker *worker)
{
	unsigned int n = worker->n_slots ? worker->n_slots * 2 : 64;
	struct flow **slots;

	if (n > SLOTS_MAX)
		return -ENOSPC;
	slots = reallocarray(worker->slots, n, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	memset(slots + worker->n_slots, 0, (n - worker->n_slots) * sizeof(*slots));
	worker->slots = slots;
	worker->n_slots = n;
	worker->engine->flows = slots;
	worker->engine->n_slots = n;
	return 0;
}

static int take_slot(struct worker *worker, struct flow *flow)
{
	unsigned int slot = worker->first_free;
	int r;

	while (slot < worker->n_slots && worker->slots[slot])
		slot++;
	if (slot >= worker->engine->flows_max)
		return -ENOSPC;
	if (slot == worker->n_slots) {
		r = grow_slots(worker);
		if (r < 0)
			return r;
	}
	worker->slots[slot] = flow;
	worker->first_free = slot + 1;
	flow->slot = slot;
	return 0;
}

static void give_slot_back(struct worker *worker, struct flow *flow)
{
	worker->slots[flow->slot] = NULL;
	worker->first_free = MIN(worker->first_free, flow->slot);
}

static int add_flows(struct worker *worker, struct flow **flows)
{
	int r;

	r = take_slot(worker, flows[0]);
	if (r < 0)
		return r;
	r = take_slot(worker, flows[1]);
	if (r < 0) {
		give_slot_back(worker, flows[0]);
		return r;
	}
	for (int i = 0; i < 2; i++) {
		flows[i]->removing = false;
		worker->options.class->start(worker->engine, flows[i]);
	}
	return 0;
}

static void stop_flows(struct worker *worker, struct flow **flows)
{
	for (int i = 0; i < 2; i++) {
		flows[i]->removing = true;
		worker->options.class->stop(worker->engine, flows[i]);
	}
}

static void run_commands(struct worker *worker)
{
	struct command_list commands = STAILQ_HEAD_INITIALIZER(commands);
	struct command *command;

	pthread_mutex_lock(&worker->lock);
	STAILQ_CONCAT(&commands, &worker->commands);
	pthread_mutex_unlock(&worker->lock);

	while ((command = STAILQ_FIRST(&commands))) {
		STAILQ_REMOVE_HEAD(&commands, entry);
		switch (command->type) {
		case COMMAND_ADD:
			finish(command, add_flows(worker, command->flows));
			break;
		case COMMAND_REMOVE:
			stop_flows(worker, command->flows);
			STAILQ_INSERT_TAIL(&worker->removing, command, entry);
			break;
		case COMMAND_QUIT:
			worker->quit = true;
			finish(command, 0);
			break;
		}
	}
}

static void finish_removals(struct worker *worker)
{
	struct command_list waiting = STAILQ_HEAD_INITIALIZER(waiting);
	struct command *command;

	while ((command = STAILQ_FIRST(&worker->removing))) {
		struct flow **flows = command->flows;

		STAILQ_REMOVE_HEAD(&worker->removing, entry);
		if (flows[0]->in_flight + flows[1]->in_flight > 0) {
			STAILQ_INSERT_TAIL(&waiting, command, entry);
			continue;
		}
		give_slot_back(worker, flows[0]);
		give_slot_back(worker, flows[1]);
		finish(command, 0);
	}
	STAILQ_CONCAT(&worker->removing, &waiting);
}

static void flow_gone(struct engine *engine, struct flow *flow)
{
	struct worker *worker = engine->userdata;

	worker->options.gone(flow, worker->options.userdata);
}

static int create_engine(struct worker *worker)
{
	struct engine_options options = {
		.wake_fd = worker->wake_fd,
		.busy_poll = worker->options.busy_poll,
		.engines = worker->options.workers,
		.nowait = worker->options.nowait,
	};
	int r;

	r = worker->options.class->create(&options, &worker->engine);
	if (r < 0)
		return r;
	worker->engine->gone = flow_gone;
	worker->engine->userdata = worker;
	return 0;
}

/* In every round, so that it says that rounds are made; it writes only when there is news. */
static void answer(struct worker *worker)
{
	unsigned int asked = __atomic_load_n(&worker->asked, __ATOMIC_RELAXED);

	if (worker->answered != asked)
		__atomic_store_n(&worker->answered, asked, __ATOMIC_RELAXED);
}

static void *worker_thread(void *arg)
{
	struct worker *worker = arg;

	worker->delay_fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	worker->start_result = create_engine(worker);
	if (worker->options.confine)
		worker->options.confine();
	sem_post(&worker->started);
	if (worker->start_result < 0)
		return NULL;

	for (;;) {
		run_commands(worker);
		finish_removals(worker);
		if (worker->quit)
			break;
		answer(worker);
		worker->options.class->run(worker->engine);
	}
	worker->options.class->destroy(worker->engine);
	return NULL;
}

/* --- in the main thread ----------------------------------------------------------------------- */

static void wake(const struct worker *worker)
{
	uint64_t one = 1;

	(void)!write(worker->wake_fd, &one, sizeof(one));
}

static int run_command(struct worker *worker, enum command_type type, struct flow **flows)
{
	struct command command = { .type = type, .flows = flows };

	sem_init(&command.done, 0, 0);
	pthread_mutex_lock(&worker->lock);
	STAILQ_INSERT_TAIL(&worker->commands, &command, entry);
	pthread_mutex_unlock(&worker->lock);
	wake(worker);
	while (sem_wait(&command.done) < 0)
		;
	sem_destroy(&command.done);
	return command.result;
}

int worker_add_flows(struct worker *worker, struct flow *flows[static 2])
{
	int r = run_command(worker, COMMAND_ADD, flows);

	if (r == 0)
		worker->n_flows += 2;
	return r;
}

void worker_remove_flows(struct worker *worker, struct flow *flows[static 2])
{
	run_command(worker, COMMAND_REMOVE, flows);
	worker->n_flows -= 2;
}

void worker_ask(struct worker *worker)
{
	__atomic_store_n(&worker->asked, worker->asked + 1, __ATOMIC_RELAXED);
	wake(worker);
}

bool worker_has_answered(const struct worker *worker)
{
	return __atomic_load_n(&worker->answered, __ATOMIC_RELAXED) == worker->asked;
}

/* Return: nanoseconds for which the thread could have run, but others had its CPU; 0 where the
 * kernel does not count them (CONFIG_SCHEDSTATS). */
static uint64_t delay(const struct worker *worker)
{
	char text[64];
	ssize_t n = worker->delay_fd < 0 ? -1 : pread(worker->delay_fd, text, sizeof(text) - 1, 0);
	char *second;

	if (n < 0)
		return 0;
	text[n] = '\0';
	second = strchr(text, ' ');
	return second ? strtoull(second, NULL, 10) : 0;
}

uint64_t worker_cpu_time(const struct worker *worker)
{
	struct timespec time = { 0 };
	clockid_t clock;

	if (pthread_getcpuclockid(worker->thread, &clock) == 0)
		(void)clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

uint64_t worker_busy_time(const struct worker *worker)
{
	return worker_cpu_time(worker) + delay(worker);
}

unsigned int worker_n_flows(const struct worker *worker)
{
	return worker->n_flows;
}

/* Signals are for the main thread, which takes them from a signalfd. */
static int start_thread(struct worker *worker)
{
	sigset_t all, old;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	r = pthread_create(&worker->thread, NULL, worker_thread, worker);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r != 0)
		return -r;
	pthread_setname_np(worker->thread, "rportd-worker");
	while (sem_wait(&worker->started) < 0)
		;
	if (worker->start_result < 0)
		pthread_join(worker->thread, NULL);
	return worker->start_result;
}

static void destroy(struct worker *worker)
{
	safe_close(worker->wake_fd);
	safe_close(worker->delay_fd);
	sem_destroy(&worker->started);
	pthread_mutex_destroy(&worker->lock);
	free(worker->slots);
	free(worker);
}

int worker_new(const struct worker_options *options, struct worker **ret)
{
	struct worker *worker;
	int r;

	worker = calloc(1, sizeof(*worker));
	if (!worker)
		return -ENOMEM;
	worker->options = *options;
	worker->delay_fd = -1;
	pthread_mutex_init(&worker->lock, NULL);
	sem_init(&worker->started, 0, 0);
	STAILQ_INIT(&worker->commands);
	STAILQ_INIT(&worker->removing);
	worker->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = worker->wake_fd < 0 ? -errno : start_thread(worker);
	if (r < 0) {
		destroy(worker);
		return r;
	}
	*ret = worker;
	return 0;
}

void worker_free(struct worker *worker)
{
	if (!worker)
		return;
	run_command(worker, COMMAND_QUIT, NULL);
	pthread_join(worker->thread, NULL);
	destroy(worker);
}
