/* SPDX-License-Identifier: ISC */

/* The command top: links by what passes them, as they are now. */

#include <stdio.h>
#include <time.h>

#include "client.h"
#include "command.h"
#include "output.h"
#include "top.h"

#define SECONDS_MIN 0.1
#define SECONDS_MAX 3600
#define BATCH_WIDTH 132

struct top_options {
	bool batch;
	const char *count;
	const char *seconds;
	const char *order;
};

/* --- looking ---------------------------------------------------------------------------------- */

static json_t *ask(const struct ctl_options *options, const char *method, enum ctl_status *status,
		   char *message, size_t size)
{
	struct client_answer answer;
	json_t *parameters = NULL;

	*status = client_call(options, method, json_object(), &answer);
	if (*status == STATUS_DONE)
		parameters = json_incref(answer.parameters);
	else
		snprintf(message, size, "%s", answer.message);
	client_answer_release(&answer);
	return parameters;
}

static json_t *look(void *userdata, enum ctl_status *status, char *message, size_t size)
{
	const struct ctl_options *options = userdata;
	json_t *list = ask(options, "org.rportd.Manager.List", status, message, size), *daemon,
	       *both;

	if (!list)
		return NULL;
	daemon = ask(options, "org.rportd.Manager.Status", status, message, size);
	if (!daemon) {
		json_decref(list);
		return NULL;
	}
	both = json_pack("{s:O, s:o}", "links", json_object_get(list, "links"), "status", daemon);
	json_decref(list);
	if (!both) { /* without links it is no answer */
		*status = STATUS_REFUSED;
		snprintf(message, size, "rportd answers something else");
	}
	return both;
}

/* --- for scripts ------------------------------------------------------------------------------ */

static void print_line(enum output_color color, const char *line)
{
	output_text(color, "%s", line);
	output_newline();
}

static void print_view(const struct top_view *view)
{
	char buf[TOP_LINE_MAX];

	for (unsigned int line = 0; line < TOP_HEAD_LINES; line++)
		print_line(line == TOP_HEAD_LINES - 1 ? COLOR_STRONG : COLOR_NONE,
			   top_head(view, line, BATCH_WIDTH, buf));
	for (size_t i = 0; i < view->links.n; i++) {
		enum output_color color;
		const char *line = top_line(&view->links.list[i], BATCH_WIDTH, buf, &color);

		print_line(color, line);
	}
}

static void pause_for(double seconds)
{
	const struct timespec time = { .tv_sec = (time_t)seconds,
				       .tv_nsec =
					       (long)((seconds - (double)(time_t)seconds) * 1e9) };

	(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}

/* @n: views; 0: without end */
static enum ctl_status run_batch(const struct top_source *source, struct top_view *view,
				 double seconds, long n)
{
	enum ctl_status status = STATUS_DONE;
	char message[CLIENT_MESSAGE_MAX];
	json_t *before = source->look(source->userdata, &status, message, sizeof(message));
	uint64_t start = monotonic_usec();

	for (long i = 0; before && (n == 0 || i < n); i++) {
		json_t *now;
		uint64_t time;

		pause_for(seconds);
		time = monotonic_usec();
		now = source->look(source->userdata, &status, message, sizeof(message));
		if (now && top_view_update(view, before, now, (double)(time - start) / 1e6) >= 0) {
			if (i > 0)
				output_newline();
			print_view(view);
		}
		json_decref(before);
		before = now;
		start = time;
		if (output_flush() < 0)
			break;
	}
	if (status != STATUS_DONE)
		output_error("%s", message);
	json_decref(before);
	return status;
}

/* --- the command ------------------------------------------------------------------------------ */

static const struct args_option top_options[] = {
	{ .name = "-b",
	  .help = "print, for scripts and files, rather than fill the screen",
	  .apply = args_set,
	  .offset = offsetof(struct top_options, batch) },
	{ .name = "-n",
	  .value = "N",
	  .help = "with -b: print so many times, then end",
	  .apply = args_number,
	  .offset = offsetof(struct top_options, count) },
	{ .name = "-d",
	  .value = "SECONDS",
	  .help = "between two looks (1)",
	  .apply = args_string,
	  .offset = offsetof(struct top_options, seconds) },
	{ .name = "--sort",
	  .value = "ORDER",
	  ARGS_OFFER_WORDS(rate_orders),
	  .help = "bits, packets, drops, name or state",
	  .apply = args_string,
	  .offset = offsetof(struct top_options, order) },
};

static int read_seconds(const char *text, double *ret)
{
	char *end;
	double seconds = text ? strtod(text, &end) : 1;

	if (text && (end == text || *end || !(seconds >= SECONDS_MIN && seconds <= SECONDS_MAX)))
		return args_usage_error("-d is 0.1 to 3600 seconds, not \"%s\"", text);
	*ret = seconds;
	return 0;
}

static int read_order(const char *text, enum rate_order *ret)
{
	for (size_t i = 0; text && rate_orders[i]; i++) {
		if (!streq(text, rate_orders[i]))
			continue;
		*ret = (enum rate_order)i;
		return 0;
	}
	return text ? args_usage_error("--sort cannot be \"%s\": it is bits, packets, drops, name "
				       "or state",
				       text)
		    : 0;
}

static enum ctl_status run_top(struct ctl_options *options, int argc, char **argv)
{
	struct top_options own = { 0 };
	const struct args_table table = { top_options, ARRAY_SIZE(top_options), &own };
	const struct top_source source = { look, options };
	struct top_view view = { 0 };
	const char *pattern = NULL;
	enum ctl_status status;
	double seconds = 1;

	if (args_parse(options, &table, argc, argv, &pattern, 1) < 0 ||
	    read_seconds(own.seconds, &seconds) < 0 || read_order(own.order, &view.order) < 0)
		return STATUS_USAGE;
	if (!own.batch && (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))) {
		args_usage_error("this is no terminal: rportctl top -b prints to anything");
		return STATUS_USAGE;
	}
	if (pattern)
		snprintf(view.filter, sizeof(view.filter), "%s", pattern);
	status = own.batch ? run_batch(&source, &view, seconds,
				       own.count ? strtol(own.count, NULL, 10) : 0)
			   : top_screen_run(&source, &view, seconds);
	top_view_release(&view);
	return status;
}

const struct ctl_command ctl_command_top = {
	.name = "top",
	.synopsis = "[LINK|PATTERN]",
	.summary = "show links by what passes them, live",
	.details = "The key h shows the keys. In MARK, D is drift, W a warning, C no carrier, F "
		   "the fast path\n(f: one way only).\n",
	.run = run_top,
	.options = top_options,
	.n_options = ARRAY_SIZE(top_options),
};
