/* SPDX-License-Identifier: ISC */

/* The command check: why packets do not pass a link, or all links. */

#include "client.h"
#include "command.h"
#include "output.h"
#include "view.h"

#define LINKS_MAX 1024 /* on one command line */

struct check_options {
	bool no_probe;
};

/*
 * struct checking - the work of one run
 * @probe: send probes: until rportd says that this user may not
 * @results: of all links
 * @found: there is an error or a warning, or a probe was lost
 */
struct checking {
	const struct ctl_options *options;
	bool probe;
	bool denied;
	json_t *results;
	bool found;
};

static enum output_color severity_color(const char *severity)
{
	if (streq(severity, "error"))
		return COLOR_BAD;
	return streq(severity, "warning") ? COLOR_WAITING : COLOR_NONE;
}

static void print_finding(const json_t *finding)
{
	const char *severity = view_text(finding, "severity");
	size_t i;
	json_t *line;

	output_text(COLOR_NONE, "    ");
	output_text(severity_color(severity), "%s", severity);
	output_text(COLOR_NONE, ": %s [%s]", view_text(finding, "message"),
		    view_text(finding, "id"));
	output_newline();
	json_array_foreach(json_object_get(finding, "remedy"), i, line)
	{
		output_text(COLOR_NONE, "        %s", json_string_value(line));
		output_newline();
	}
}

static void print_probe(const json_t *probe)
{
	const char *from = view_text(probe, "from");
	bool arrived = view_bool(probe, "arrived");

	output_text(COLOR_NONE, "    probe %s->%s %s: ", from, streq(from, "a") ? "b" : "a",
		    view_text(probe, "family"));
	if (arrived)
		output_text(COLOR_GOOD, "arrived after %" JSON_INTEGER_FORMAT " us",
			    view_number(probe, "microseconds"));
	else if (view_bool(probe, "sent"))
		output_text(COLOR_BAD, "lost: %s", view_text(probe, "lost"));
	else
		output_text(COLOR_BAD, "not sent: %s", view_text(probe, "lost"));
	output_newline();
}

static bool is_bad(const json_t *result)
{
	size_t i;
	json_t *element;

	json_array_foreach(json_object_get(result, "findings"), i,
			   element) if (!streq(view_text(element, "severity"), "hint")) return true;
	json_array_foreach(json_object_get(result, "probes"), i,
			   element) if (!view_bool(element, "arrived")) return true;
	return false;
}

static void print_result(const json_t *result)
{
	bool bad = is_bad(result);
	size_t i;
	json_t *element;

	output_text(COLOR_STRONG, "%s", view_text(result, "name"));
	output_text(COLOR_NONE, ": ");
	output_text(bad ? COLOR_BAD : COLOR_GOOD, bad ? "not well" : "well");
	output_newline();
	json_array_foreach(json_object_get(result, "findings"), i, element) print_finding(element);
	json_array_foreach(json_object_get(result, "probes"), i, element) print_probe(element);
}

/* One call; without a probe where this user may not send one. */
static enum ctl_status check_one(struct checking *checking, const char *name)
{
	struct client_answer answer;
	enum ctl_status status;

	client_call(checking->options, "org.rportd.Manager.Check",
		    json_pack("{s:s, s:b}", "name", name, "probe", checking->probe), &answer);
	if (answer.status == STATUS_NOT_PERMITTED && checking->probe) {
		client_answer_release(&answer);
		checking->probe = false;
		checking->denied = true;
		return check_one(checking, name);
	}
	status = answer.status;
	if (status != STATUS_DONE) {
		output_error("%s", answer.message);
	} else {
		checking->found |= is_bad(answer.parameters);
		json_array_append(checking->results, answer.parameters);
		if (!checking->options->json && !checking->options->quiet)
			print_result(answer.parameters);
	}
	client_answer_release(&answer);
	return status;
}

static enum ctl_status check_all(struct checking *checking)
{
	struct client_answer answer;
	const json_t *links = client_call_for(checking->options, "org.rportd.Manager.List",
					      json_object(), "links", &answer);
	enum ctl_status status = answer.status;
	size_t i;
	json_t *link;

	json_array_foreach(links, i, link)
	{
		enum ctl_status one = check_one(checking, view_text(link, "name"));

		if (one != STATUS_DONE && one != STATUS_NOT_FOUND) /* removed meanwhile */
			status = one;
	}
	client_answer_release(&answer);
	return status;
}

static enum ctl_status check_named(struct checking *checking, const char *const names[], int n)
{
	enum ctl_status status = STATUS_DONE;

	for (int i = 0; i < n; i++) {
		enum ctl_status one = check_one(checking, names[i]);

		if (one != STATUS_DONE)
			status = one;
	}
	return status;
}

static void finish(const struct checking *checking)
{
	if (checking->options->quiet)
		return;
	if (checking->options->json)
		output_json(checking->options, checking->results);
	else if (checking->denied)
		output_diagnostic("no probe was sent: that is for root and the group rportd");
}

static const struct args_option check_options[] = {
	{ .name = "--no-probe",
	  .help = "only look: send no packet through the link",
	  .apply = args_set,
	  .offset = offsetof(struct check_options, no_probe) },
};

static enum ctl_status run_check(struct ctl_options *options, int argc, char **argv)
{
	struct check_options own = { 0 };
	const struct args_table table = { check_options, ARRAY_SIZE(check_options), &own };
	const char *names[LINKS_MAX];
	struct checking checking = { .options = options };
	enum ctl_status status;
	int n = args_parse(options, &table, argc, argv, names, LINKS_MAX);

	if (n < 0)
		return STATUS_USAGE;
	checking.probe = !own.no_probe;
	checking.results = json_array();
	status = n == 0 ? check_all(&checking) : check_named(&checking, names, n);
	finish(&checking);
	json_decref(checking.results);
	return status == STATUS_DONE && checking.found ? STATUS_REFUSED : status;
}

const struct ctl_command ctl_command_check = {
	.name = "check",
	.synopsis = "[LINK]...",
	.summary = "say why packets do not pass a link, or any",
	.details = "Looks at both ends, and sends a packet of rportd's own through the link, both "
		   "ways.\n"
		   "Exit with 2 when there is an error or a warning, or a packet was "
		   "lost.\n" IFNAME_DETAILS,
	.run = run_check,
	.options = check_options,
	.n_options = ARRAY_SIZE(check_options),
};
