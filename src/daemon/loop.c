/* SPDX-License-Identifier: ISC */

/* The event loop of rportd: its signals, and its turns. */

#include <signal.h>

#include "base/log.h"
#include "base/turn.h"
#include "daemon/loop.h"

#define LONG_TURN_USEC (50 * USEC_PER_MSEC)

/* --- signals ---------------------------------------------------------------------------------- */

static int quit(sd_event_source *source, const struct signalfd_siginfo *info,
		void *userdata _unused_)
{
	log_info("ending on signal %s", strsignal((int)info->ssi_signo));
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

int loop_add_signal(sd_event *event, int signal, sd_event_signal_handler_t handler, void *userdata)
{
	sd_event_source *source;
	int r = sd_event_add_signal(event, &source, signal, handler, userdata);

	if (r < 0)
		return r;
	r = sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IMPORTANT);
	if (r >= 0) /* the event loop keeps it then */
		r = sd_event_source_set_floating(source, true);
	sd_event_source_unref(source);
	return r;
}

static int prepare_signals(sd_event *event)
{
	static const int signals[] = { SIGTERM, SIGINT };
	sigset_t set;
	int r;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&set, signals[i]);
	r = -pthread_sigmask(SIG_BLOCK, &set, NULL);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(signals); i++)
		r = loop_add_signal(event, signals[i], quit, NULL);
	return r;
}

int loop_new(sd_event **ret)
{
	int r = sd_event_new(ret);

	if (r >= 0)
		r = prepare_signals(*ret);
	if (r < 0)
		log_error("cannot make the event loop: %s", strerror(-r));
	return r;
}

/* --- turns ------------------------------------------------------------------------------------ */

/* One source of events has its turn: everybody else waits as long as it takes. */
static int take_turn(sd_event *event)
{
	uint64_t start, took;
	int r = sd_event_prepare(event);

	if (r == 0)
		r = sd_event_wait(event, UINT64_MAX);
	if (r <= 0)
		return r;
	turn_is("other");
	start = monotonic_usec();
	r = sd_event_dispatch(event);
	took = monotonic_usec() - start;
	if (took >= LONG_TURN_USEC)
		log_debug("a turn of the event loop took %u ms: %s",
			  (unsigned int)(took / USEC_PER_MSEC), turn_what());
	return r;
}

int loop_run(sd_event *event)
{
	int r = 0, code = 0;

	while (r >= 0 && sd_event_get_state(event) != SD_EVENT_FINISHED)
		r = take_turn(event);
	if (r >= 0)
		r = sd_event_get_exit_code(event, &code);
	return r < 0 ? r : code;
}
