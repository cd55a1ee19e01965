/* SPDX-License-Identifier: ISC */

/* The command monitor: print what is there, then each change. */

#include <time.h>

#include "commands.h"
#include "client.h"
#include "output.h"
#include "view.h"

struct monitor {
	struct ctl_options options;
	bool stopped; /* by us: standard output was closed */
};

/* How an event is said, and the member of the reply that it is about. */
struct monitor_event {
	const char *event;
	const char *subject;
	const char *verb;
};

static const struct monitor_event events[] = {
	{ "linkAdded", "link", "added" },     { "linkChanged", "link", "changed" },
	{ "linkRemoved", "link", "removed" }, { "portAdded", "port", "added" },
	{ "portChanged", "port", "changed" }, { "portRemoved", "port", "removed" },
};

static const struct monitor_event *find_event(const char *event)
{
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		if (streq(event, events[i].event))
			return &events[i];
	return NULL;
}

/* "up", or "pending (no namespace /run/netns/red)"; only ports have a reason. */
static void print_state(const json_t *object)
{
	const char *state = view_text(object, "state");
	const char *reason = json_string_value(json_object_get(object, "reason"));

	output_text(view_state_color(state), "%s", state);
	if (reason)
		output_text(COLOR_NONE, " (%s)", reason);
}

/* --- the snapshot ----------------------------------------------------------------------------- */

static void print_links(const json_t *links)
{
	size_t i;
	json_t *link;

	json_array_foreach(links, i, link)
	{
		output_text(COLOR_NONE, "link ");
		output_text(COLOR_STRONG, "%s", view_text(link, "name"));
		output_text(COLOR_NONE, " ");
		print_state(link);
		output_newline();
	}
}

/* Those that have a link are said with it. */
static void print_lone_ports(const json_t *ports)
{
	size_t i;
	json_t *port;

	json_array_foreach(ports, i, port)
	{
		if (json_is_string(json_object_get(port, "link")))
			continue;
		output_text(COLOR_NONE, "port ");
		output_text(COLOR_STRONG, "%s/%s", view_text(port, "domain"),
			    view_text(port, "interface"));
		output_text(COLOR_NONE, " ");
		print_state(port);
		output_newline();
	}
}

/* --- events ----------------------------------------------------------------------------------- */

static bool contains(const json_t *strings, const char *wanted)
{
	size_t i;
	json_t *string;

	json_array_foreach(strings, i, string)
	{
		if (json_is_string(string) && streq(json_string_value(string), wanted))
			return true;
	}
	return false;
}

/* ": carrier no, state pending (no namespace /run/netns/red)": what is other than before. */
static void print_changes(const json_t *changes, const json_t *object)
{
	const char *separator = ": ";
	size_t i;
	json_t *change;

	json_array_foreach(changes, i, change)
	{
		const char *key = json_string_value(change);
		const json_t *value = key ? json_object_get(object, key) : NULL;

		if (!value || (streq(key, "reason") && contains(changes, "state")))
			continue; /* the reason is said with the state */
		output_text(COLOR_NONE, "%s%s ", separator, key);
		if (streq(key, "state"))
			print_state(object);
		else
			view_print_value(value);
		separator = ", ";
	}
}

/* The time of day at which it was heard of. */
static void print_time(void)
{
	struct timespec now;
	struct tm local;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &local);
	output_text(COLOR_NONE, "%02d:%02d:%02d.%03ld ", local.tm_hour, local.tm_min, local.tm_sec,
		    now.tv_nsec / 1000000);
}

static void print_event(const struct monitor_event *event, const json_t *reply)
{
	const json_t *object = json_object_get(reply, event->subject);

	print_time();
	output_text(COLOR_NONE, "%s ", event->subject);
	output_text(COLOR_STRONG, "%s", view_text(reply, "name"));
	output_text(COLOR_NONE, " %s", event->verb);
	if (streq(event->verb, "changed")) {
		print_changes(json_object_get(reply, "changes"), object);
	} else if (streq(event->verb, "added")) {
		output_text(COLOR_NONE, ": state ");
		print_state(object);
	}
	output_newline();
}

static void print_reply(const json_t *reply)
{
	const char *name = view_text(reply, "event");
	const struct monitor_event *event = find_event(name);

	if (streq(name, "snapshot")) {
		print_links(json_object_get(reply, "links"));
		print_lone_ports(json_object_get(reply, "ports"));
	} else if (event) { /* else one of a later rportd */
		print_event(event, reply);
	}
}

static bool take_reply(const json_t *reply, void *userdata)
{
	struct monitor *monitor = userdata;

	if (monitor->options.quiet)
		return true;
	if (monitor->options.json)
		output_json(&monitor->options, reply);
	else
		print_reply(reply);
	/* Who reads this through a pipe waits for it now. */
	monitor->stopped = output_flush() < 0;
	return !monitor->stopped;
}

static enum ctl_status run_monitor(struct ctl_options *options, int argc, char **argv)
{
	struct monitor monitor = { 0 };
	struct client_answer answer;

	if (args_parse(options, NULL, argc, argv, NULL, 0) < 0)
		return STATUS_USAGE;
	monitor.options = *options;
	monitor.options.pretty = false; /* one line for each event, whatever was asked for */
	client_stream(options, "org.rportd.Manager.Monitor", json_object(), take_reply, &monitor,
		      &answer);
	if (answer.status != STATUS_DONE) {
		output_error("%s", answer.message);
	} else if (!monitor.stopped) {
		output_error("rportd ended the monitor");
		answer.status = STATUS_NO_DAEMON;
	}
	client_answer_release(&answer);
	/* What could not be written, output_finish() tells. */
	return answer.status;
}

const struct ctl_command ctl_command_monitor = {
	.name = "monitor",
	.synopsis = "",
	.summary = "print what is there, then each change as it comes",
	.details = "With -j, each is an object on one line, also with -p. "
		   "Exit with\n4 when rportd ends.\n",
	.run = run_monitor,
};
