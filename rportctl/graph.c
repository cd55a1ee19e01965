/* SPDX-License-Identifier: ISC */

/* The command graph: domains and the links between them, for Graphviz or Mermaid. */

#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "command.h"
#include "client.h"
#include "match.h"
#include "output.h"
#include "rates.h"
#include "view.h"

#define PATTERNS_MAX 256

struct graph_options {
	const char *format;
	const char *domain;
	const char *seconds;
};

/*
 * struct graph - what is drawn
 * @links: the links
 * @domains: an object: the number of each domain, as "nN"
 * @rates: the links have rates
 */
struct graph {
	struct rated_links links;
	json_t *domains;
	bool rates;
	FILE *stream;
};

/* --- what is drawn ---------------------------------------------------------------------------- */

static void add_domain(struct graph *graph, const json_t *port)
{
	const char *domain = view_text(port, "domain");
	char number[24];

	if (json_object_get(graph->domains, domain))
		return;
	snprintf(number, sizeof(number), "n%zu", json_object_size(graph->domains));
	json_object_set_new(graph->domains, domain, json_string(number));
}

static const char *number_of(const struct graph *graph, const json_t *link, const char *end)
{
	return view_text(graph->domains, view_text(json_object_get(link, end), "domain"));
}

static const char *color_of(const struct rated_link *rated)
{
	const char *state = view_text(rated->link, "state");

	if (streq(state, "degraded"))
		return "#c0392b";
	if (!streq(state, "up"))
		return "#e08e0b";
	return rated->rates[0].drops + rated->rates[1].drops >= 1 ? "#8e44ad" : "#2e8b57";
}

static bool is_up(const struct rated_link *rated)
{
	return streq(view_text(rated->link, "state"), "up");
}

/* Ten times the rate is one step wider. */
static unsigned int width_of(const struct rated_link *rated)
{
	double bits = rated->rates[0].bits + rated->rates[1].bits;
	unsigned int width = 1;

	for (; bits >= 1e5 && width < 7; bits /= 10)
		width++;
	return width;
}

/* What stands at an edge, a line each. */
static void describe(const struct graph *graph, const struct rated_link *rated,
		     const char *line_end, char *buf, size_t size)
{
	char there[RATE_TEXT_MAX], back[RATE_TEXT_MAX];
	size_t n = (size_t)snprintf(buf, size, "%s", view_text(rated->link, "name"));

	if (n < size && !is_up(rated))
		n += (size_t)snprintf(buf + n, size - n, "%s%s", line_end,
				      view_text(rated->link, "state"));
	if (n < size && graph->rates && is_up(rated))
		snprintf(buf + n, size - n, "%s%sbit/s there, %s back", line_end,
			 rate_format(rated->rates[0].bits, there),
			 rate_format(rated->rates[1].bits, back));
}

/* --- dot -------------------------------------------------------------------------------------- */

static void put_dot_text(FILE *stream, const char *text)
{
	fputc('"', stream);
	for (; *text; text++) {
		if (*text == '"' || (*text == '\\' && text[1] != 'n'))
			fputc('\\', stream);
		fputc((unsigned char)*text < ' ' ? ' ' : *text, stream);
	}
	fputc('"', stream);
}

static void put_dot_edge(const struct graph *graph, const struct rated_link *rated)
{
	const json_t *link = rated->link;
	char text[512];

	describe(graph, rated, "\\n", text, sizeof(text));
	fprintf(graph->stream, "  %s -- %s [label=", number_of(graph, link, "a"),
		number_of(graph, link, "b"));
	put_dot_text(graph->stream, text);
	fputs(", taillabel=", graph->stream);
	put_dot_text(graph->stream, view_text(json_object_get(link, "a"), "interface"));
	fputs(", headlabel=", graph->stream);
	put_dot_text(graph->stream, view_text(json_object_get(link, "b"), "interface"));
	fprintf(graph->stream, ", color=\"%s\", style=%s, penwidth=%u];\n", color_of(rated),
		is_up(rated) ? "solid" : "dashed", width_of(rated));
}

static void draw_dot(const struct graph *graph)
{
	const char *domain;
	json_t *number;

	fputs("graph rport {\n  layout=dot; rankdir=LR; nodesep=0.6; ranksep=1.6;\n"
	      "  node [shape=box, style=\"rounded,filled\", fillcolor=\"#eef3f8\", "
	      "fontname=\"sans-serif\"];\n"
	      "  edge [fontname=\"sans-serif\", fontsize=10, labelfontsize=9];\n",
	      graph->stream);
	json_object_foreach(graph->domains, domain, number)
	{
		fprintf(graph->stream, "  %s [label=", json_string_value(number));
		put_dot_text(graph->stream, domain);
		fputs("];\n", graph->stream);
	}
	for (size_t i = 0; i < graph->links.n; i++)
		put_dot_edge(graph, &graph->links.list[i]);
	fputs("}\n", graph->stream);
}

/* --- mermaid ---------------------------------------------------------------------------------- */

static void put_mermaid_text(FILE *stream, const char *text)
{
	fputc('"', stream);
	for (; *text; text++)
		if (*text == '"' || *text == '#' || (unsigned char)*text < ' ')
			fprintf(stream, "#%d;", *text);
		else
			fputc(*text, stream);
	fputc('"', stream);
}

static void draw_mermaid(const struct graph *graph)
{
	const char *domain;
	json_t *number;
	char text[512];

	fputs("graph LR\n", graph->stream);
	json_object_foreach(graph->domains, domain, number)
	{
		fprintf(graph->stream, "  %s[", json_string_value(number));
		put_mermaid_text(graph->stream, domain);
		fputs("]\n", graph->stream);
	}
	for (size_t i = 0; i < graph->links.n; i++) {
		const struct rated_link *rated = &graph->links.list[i];

		describe(graph, rated, "<br/>", text, sizeof(text));
		fprintf(graph->stream, "  %s %s|", number_of(graph, rated->link, "a"),
			is_up(rated) ? "---" : "-.-");
		put_mermaid_text(graph->stream, text);
		fprintf(graph->stream, "| %s\n", number_of(graph, rated->link, "b"));
	}
	for (size_t i = 0; i < graph->links.n; i++)
		fprintf(graph->stream, "  linkStyle %zu stroke:%s,stroke-width:%upx\n", i,
			color_of(&graph->links.list[i]), width_of(&graph->links.list[i]));
}

/* --- svg -------------------------------------------------------------------------------------- */

static enum ctl_status draw_svg(struct graph *graph)
{
	void (*on_sigpipe)(int);
	int result;

	(void)output_flush();
	graph->stream = popen("exec dot -Tsvg", "we");
	if (!graph->stream) {
		output_error("cannot run dot: %s", strerror(errno));
		return STATUS_REFUSED;
	}
	/* if dot is missing or fails early, pclose() says so */
	on_sigpipe = signal(SIGPIPE, SIG_IGN);
	draw_dot(graph);
	result = pclose(graph->stream);
	signal(SIGPIPE, on_sigpipe);
	if (result == 0)
		return STATUS_DONE;
	output_error("dot has failed: install graphviz, or take --format dot");
	return STATUS_REFUSED;
}

/* --- the command ------------------------------------------------------------------------------ */

struct wanted {
	const char **patterns;
	int n;
	const char *domain;
};

static bool is_wanted(const json_t *link, void *userdata)
{
	const struct wanted *wanted = userdata;
	bool named = wanted->n == 0;

	for (int i = 0; i < wanted->n; i++)
		named |= match_link(link, wanted->patterns[i]);
	return named &&
	       (!wanted->domain || match_domain(json_object_get(link, "a"), wanted->domain) ||
		match_domain(json_object_get(link, "b"), wanted->domain));
}

static void wait_for(long seconds)
{
	const struct timespec time = { .tv_sec = seconds };

	(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}

/* Twice, where rates are wanted. */
static enum ctl_status fill(struct graph *graph, const struct ctl_options *options, long seconds)
{
	struct client_answer before = { 0 }, now;
	uint64_t start = monotonic_usec();
	const json_t *links;
	enum ctl_status status;

	if (seconds > 0) {
		if (!client_call_for(options, "org.rportd.Manager.List", json_object(), "links",
				     &before)) {
			status = before.status;
			client_answer_release(&before);
			return status;
		}
		wait_for(seconds);
	}
	links = client_call_for(options, "org.rportd.Manager.List", json_object(), "links", &now);
	status = now.status;
	if (links && rates_compute(json_object_get(before.parameters, "links"), links,
				   (double)(monotonic_usec() - start) / 1e6, &graph->links) < 0) {
		output_error("out of memory");
		status = STATUS_REFUSED;
	}
	client_answer_release(&before);
	client_answer_release(&now);
	return status;
}

static enum ctl_status draw(struct graph *graph, const char *format)
{
	enum ctl_status status = STATUS_DONE;

	graph->domains = json_object();
	rates_sort(&graph->links, RATE_BY_NAME);
	for (size_t i = 0; i < graph->links.n; i++) {
		add_domain(graph, json_object_get(graph->links.list[i].link, "a"));
		add_domain(graph, json_object_get(graph->links.list[i].link, "b"));
	}
	graph->stream = stdout;
	if (streq(format, "svg"))
		status = draw_svg(graph);
	else if (streq(format, "mermaid"))
		draw_mermaid(graph);
	else
		draw_dot(graph);
	json_decref(graph->domains);
	return status;
}

static const char *const formats[] = { "dot", "mermaid", "svg", NULL };

static bool is_format(const char *word)
{
	for (size_t i = 0; formats[i]; i++)
		if (streq(word, formats[i]))
			return true;
	return false;
}

static const struct args_option graph_options[] = {
	{ .name = "--format",
	  .value = "FORMAT",
	  ARGS_OFFER_WORDS(formats),
	  .help = "dot (Graphviz; the default), mermaid or svg",
	  .apply = args_string,
	  .offset = offsetof(struct graph_options, format) },
	{ .name = "--domain",
	  .value = "DOMAIN",
	  .help = "only links of this domain, or of those a PATTERN matches",
	  .apply = args_string,
	  .offset = offsetof(struct graph_options, domain) },
	{ .name = "--rates",
	  .value = "SECONDS",
	  .help = "watch for so long, and show what passes",
	  .apply = args_number,
	  .offset = offsetof(struct graph_options, seconds) },
};

static enum ctl_status run_graph(struct ctl_options *options, int argc, char **argv)
{
	struct graph_options own = { .format = NULL };
	const struct args_table table = { graph_options, ARRAY_SIZE(graph_options), &own };
	const char *patterns[PATTERNS_MAX];
	struct wanted wanted = { .patterns = patterns };
	struct graph graph = { 0 };
	enum ctl_status status;
	long seconds;

	wanted.n = args_parse(options, &table, argc, argv, patterns, PATTERNS_MAX);
	if (wanted.n < 0)
		return STATUS_USAGE;
	if (own.format && !is_format(own.format)) {
		args_usage_error("--format cannot be \"%s\": it is dot, mermaid or svg",
				 own.format);
		return STATUS_USAGE;
	}
	seconds = own.seconds ? strtol(own.seconds, NULL, 10) : 0;
	if (seconds < 0 || seconds > 3600) {
		args_usage_error("--rates is 0 to 3600 seconds");
		return STATUS_USAGE;
	}
	wanted.domain = own.domain;
	graph.rates = seconds > 0;
	status = fill(&graph, options, seconds);
	if (status == STATUS_DONE) {
		rates_keep(&graph.links, is_wanted, &wanted);
		status = draw(&graph, own.format ? own.format : "dot");
	}
	rates_release(&graph.links);
	return status;
}

const struct ctl_command ctl_command_graph = {
	.name = "graph",
	.synopsis = "[LINK|PATTERN]...",
	.summary = "draw domains and the links between them",
	.details = "Green links are up, purple ones drop packets, red ones have a port that is "
		   "down,\norange ones wait. With --rates busy links are wider.\n",
	.run = run_graph,
	.options = graph_options,
	.n_options = ARRAY_SIZE(graph_options),
};
