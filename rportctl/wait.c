/* SPDX-License-Identifier: ISC */

/* The command wait: until links are as they are wanted. */

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

#include "client.h"
#include "command.h"
#include "output.h"
#include "view.h"

/*
 * Theory of operation
 *
 * The monitor stream begins with all links as they are, so that none can change unseen between a
 * look and the first event. Their states are kept by name, and after each reply all words are
 * compared with them: nothing is polled.
 */

#define REMOVED "removed" /* the state of a link that is not there */

struct wait_request {
	const char *state; /* NULL: up */
	const char *timeout;
};

struct wait {
	const char *state;
	const char **words;
	size_t n_words;
	json_t *links; /* by name */
	bool done;
};

static const char *const states[] = { "up", "degraded", "pending", REMOVED, NULL };

static const struct args_option options_table[] = {
	{
		.name = "--state",
		.value = "STATE",
		ARGS_OFFER_WORDS(states),
		.help = "up (default), degraded, pending, or removed",
		.apply = args_string,
		.offset = offsetof(struct wait_request, state),
	},
	{
		.name = "--timeout",
		.value = "SECONDS",
		.help = "no longer than this; 0: only look",
		.apply = args_number,
		.offset = offsetof(struct wait_request, timeout),
	},
};

/* --- what is known ---------------------------------------------------------------------------- */

static void note_link(struct wait *wait, json_t *link)
{
	json_object_set(wait->links, view_text(link, "name"), link);
}

/* Events of ports change nothing here: a link has events of its own. */
static void note_reply(struct wait *wait, const json_t *reply)
{
	const char *event = view_text(reply, "event");
	json_t *links = json_object_get(reply, "links"), *link = json_object_get(reply, "link");
	size_t i;

	if (streq(event, "snapshot")) {
		json_object_clear(wait->links);
		json_array_foreach(links, i, link) note_link(wait, link);
		return;
	}
	if (strncmp(event, "link", 4) != 0)
		return;
	/* by the name that it had before: it may have another one now */
	json_object_del(wait->links, view_text(reply, "name"));
	if (json_is_object(link))
		note_link(wait, link);
}

/* Return: the first link that a word stands for and that is not in the wanted state; NULL when all
 * are, or no link is meant. @ret_n: how many links the word stands for. */
static const json_t *find_other(const struct wait *wait, const char *word, size_t *ret_n)
{
	const json_t *other = NULL;
	const char *name;
	json_t *link;

	*ret_n = 0;
	json_object_foreach(wait->links, name, link)
	{
		if (fnmatch(word, name, FNM_NOESCAPE) != 0)
			continue;
		++*ret_n;
		if (!other && !streq(view_text(link, "state"), wait->state))
			other = link;
	}
	return other;
}

/* Are those that a word stands for as they should be? A link that is not there is "removed". */
static bool word_done(const struct wait *wait, const char *word, const json_t **ret_other)
{
	size_t n;

	*ret_other = find_other(wait, word, &n);
	return streq(wait->state, REMOVED) ? n == 0 : n > 0 && !*ret_other;
}

static bool take_reply(const json_t *reply, void *userdata)
{
	struct wait *wait = userdata;
	const json_t *other;

	note_reply(wait, reply);
	wait->done = true;
	for (size_t i = 0; i < wait->n_words; i++)
		wait->done = wait->done && word_done(wait, wait->words[i], &other);
	return !wait->done;
}

/* --- the command ------------------------------------------------------------------------------ */

/* Say of each word what is not as it should be. Return: the status. */
static enum ctl_status complain(const struct wait *wait)
{
	enum ctl_status status = STATUS_DONE;
	const json_t *link;

	for (size_t i = 0; i < wait->n_words; i++) {
		const char *reason;

		if (word_done(wait, wait->words[i], &link))
			continue;
		if (!link) {
			output_error("there is no link \"%s\"", wait->words[i]);
			status = STATUS_NOT_FOUND;
			continue;
		}
		reason = view_pending_reason(link);
		output_error("%s is %s, not %s%s%s", view_text(link, "name"),
			     view_text(link, "state"), wait->state, reason ? ": " : "",
			     reason ? reason : "");
		if (status == STATUS_DONE)
			status = STATUS_REFUSED;
	}
	return status;
}

static enum ctl_status wait_for_links(const struct ctl_options *options, struct wait *wait,
				      const char *timeout)
{
	static const char method[] = "org.rportd.Manager.Monitor";
	struct client_answer answer;
	bool over = false;

	if (timeout)
		over = client_stream_for(options, 1000 * (int64_t)strtol(timeout, NULL, 10), method,
					 json_object(), take_reply, wait, &answer);
	else
		client_stream(options, method, json_object(), take_reply, wait, &answer);
	if (over) {
		answer.status = complain(wait);
	} else if (answer.status != STATUS_DONE) {
		output_error("%s", answer.message);
	} else if (!wait->done) {
		output_error("rportd ended the monitor");
		answer.status = STATUS_NO_DAEMON;
	}
	client_answer_release(&answer);
	return answer.status;
}

static bool state_known(const char *state)
{
	for (size_t i = 0; states[i]; i++)
		if (streq(state, states[i]))
			return true;
	args_usage_error("--state is up, degraded, pending or removed, not \"%s\"", state);
	return false;
}

static enum ctl_status run_wait(struct ctl_options *options, int argc, char **argv)
{
	struct wait_request request = { 0 };
	const struct args_table table = { options_table, ARRAY_SIZE(options_table), &request };
	static const bool all = false;
	struct wait wait = { .state = "up" };
	enum ctl_status status = STATUS_USAGE;
	int n;

	n = command_many_links(&ctl_command_wait, options, &table, &all, argc, argv, &wait.words);
	if (n < 0)
		return STATUS_USAGE;
	wait.n_words = (size_t)n;
	if (request.state)
		wait.state = request.state;
	if (state_known(wait.state)) {
		wait.links = json_object();
		status = wait_for_links(options, &wait, request.timeout);
		json_decref(wait.links);
	}
	free(wait.words);
	return status;
}

const struct ctl_command ctl_command_wait = {
	.name = "wait",
	.synopsis = "LINK|PATTERN...",
	.summary = "wait until links are up, or otherwise",
	.details = "A PATTERN waits for all links that it matches, and for one at least.\n"
		   "Exit with 0 when it is so; when the time is over, with 2, or with 3 if there\n"
		   "is no such link; with 4 when rportd ends.\n",
	.run = run_wait,
	.options = options_table,
	.n_options = ARRAY_SIZE(options_table),
};
