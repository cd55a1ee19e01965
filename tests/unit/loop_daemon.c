/* SPDX-License-Identifier: ISC */
/* Begins and ends the daemon: its state, its manager. */

#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "loop.h"
#include "manager/context.h"
#include "manager/restore.h"
#include "store/counters.h"

struct loop loop;

/* The fake sd-event does not look into it. */
static char event;

static void _printf_(1, 0) print(const char *fmt, va_list args)
{
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
}

void loop_trace(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (loop.trace > 0)
		print(fmt, args);
	va_end(args);
}

void fake_trace(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (loop.trace > 1)
		print(fmt, args);
	va_end(args);
}

/* Return: 0, or -errno when a call was made to fail. */
static int try_start(void)
{
	struct manager_options options = {
		.workers = 1,
		.max_links = LOOP_MAX_LINKS,
		.max_ports = LOOP_MAX_PORTS,
	};
	struct rport_error err = { 0 };
	unsigned int rate = fake.fail_rate;
	int r;

	/* what fails at the start is done without, as the watch on names is */
	fake.fail_rate = 0;

	r = state_open("/nonexistent/rport-test.aside", &loop.state, &options.handover);
	fake_require(r >= 0);
	if (options.handover.unreadable)
		fake_fail("the records cannot be read: %s", options.handover.reason);
	options.state = loop.state;
	r = manager_new((sd_event *)(void *)&event, &options, &loop.manager, &err);
	fake.fail_rate = rate;
	if (r < 0) {
		loop_trace("not started: %s", err.message);
		state_close(steal_ptr(loop.state));
	}
	return r;
}

static void note_restored(void *userdata _unused_)
{
	loop_trace("= restored");
	fake_require(!loop.restored);
	loop.restored = true;
}

/* Packets of what a former daemon did not take over have waited since before it. */
static void check_absence(uint64_t begin)
{
	if (loop.restored)
		loop.waits_since = begin;
	else
		fake_require(counters_absence(loop.manager->counters) >= begin - loop.waits_since);
}

/* A service manager starts it again when it cannot start. */
void loop_start(void)
{
	uint64_t before = fake.now;

	while (try_start() < 0)
		fake_require(fake.dead);
	check_absence(before);
	loop.restored = false;
	restore_when_done(loop.manager, note_restored, NULL);
	loop_observe();
}

static unsigned int n_kept;

static void count_kept(const char *name _unused_, int fd)
{
	const struct fake_file *file = fake_file(fd);

	n_kept += file && file->kind == FAKE_FILE_QUEUE && file->dev->netns;
}

/* Return: how many queues the store has, of interfaces that exist. */
static unsigned int kept(void)
{
	n_kept = 0;
	fake_store_foreach(count_kept);
	return n_kept;
}

/* All is left for the next daemon, whether it was taken over or not. */
void loop_stop(void)
{
	unsigned int before = kept(), after;

	manager_free(steal_ptr(loop.manager));
	state_close(steal_ptr(loop.state));
	after = kept();
	if (after != before)
		fake_fail("of %u queues in the store %u are left", before, after);
}

void loop_begin(uint64_t seed)
{
	setenv("NOTIFY_SOCKET", "@fake", 1);
	unsetenv("FDSTORE");
	log_set_level(loop.trace ? LOG_DEBUG : LOG_EMERG);
	fake_begin(seed);
	loop.restored = true; /* there is nothing to restore */
	loop_start();
	loop.descriptors = fake_descriptors();
}

void loop_end(void)
{
	if (loop.manager)
		loop_stop();
	fake_store_clear();
	fake_end();
}
