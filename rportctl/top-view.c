/* SPDX-License-Identifier: ISC */

/* What the command top shows, as lines of text. */

#include <stdarg.h>
#include <stdio.h>

#include "base/escape.h"
#include "match.h"
#include "top.h"
#include "view.h"

/* --- what is shown ---------------------------------------------------------------------------- */

static double cpu_of(const json_t *status)
{
	const json_t *workers = json_object_get(status, "workers"), *worker;
	double sum = 0;
	size_t i;

	json_array_foreach(workers, i, worker) sum +=
		(double)view_number(worker, "cpuMicroseconds");
	return sum;
}

static bool is_named(const json_t *link, void *userdata)
{
	return match_link(link, userdata);
}

int top_view_update(struct top_view *view, const json_t *before, const json_t *now, double seconds)
{
	const json_t *status = json_object_get(now, "status");
	struct rated_links links;
	size_t all;
	int r;

	r = rates_compute(json_object_get(before, "links"), json_object_get(now, "links"), seconds,
			  &links);
	if (r < 0)
		return r;
	top_view_release(view);
	view->links = links;
	all = links.n;
	if (view->filter[0])
		rates_keep(&view->links, is_named, view->filter);
	view->hidden = all - view->links.n;
	rates_sort(&view->links, view->order);
	view->status = json_incref(json_object_get(now, "status"));
	view->cpu = before && seconds > 0
			    ? MAX(cpu_of(status) - cpu_of(json_object_get(before, "status")), 0) /
				      1e6 / seconds * 100
			    : 0;
	return 0;
}

void top_view_release(struct top_view *view)
{
	rates_release(&view->links);
	json_decref(view->status);
	view->status = NULL;
}

/* --- lines ------------------------------------------------------------------------------------ */

/* One column: cut or padded to @width characters. What is not printable is escaped before. */
static void put_cell(FILE *stream, const char *text, size_t width, bool right)
{
	char plain[256];
	size_t length, pad;

	snprintf(plain, sizeof(plain), "%s", text);
	for (char *c = plain; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	length = strlen(plain);
	if (length > width && width > 0)
		plain[width - 1] = '~';
	pad = length < width ? width - length : 0;
	fprintf(stream, "%*s%.*s%*s ", right ? (int)pad : 0, "", (int)width, plain,
		right ? 0 : (int)pad, "");
}

/* Of the width what the fixed columns leave: names of links, and of both ports. */
#define FIXED_WIDTH 49

struct widths {
	size_t name, ports;
};

static struct widths share(size_t width)
{
	size_t rest = width > FIXED_WIDTH + 12 ? width - FIXED_WIDTH : 12;
	size_t name = rest > 60 ? 24 : rest > 31 ? 14 : rest;

	return (struct widths){ name, rest > name + 14 ? rest - name - 1 : 0 };
}

static const char *finish(FILE *stream, char **text, size_t width, char buf[static TOP_LINE_MAX])
{
	int r = fclose(stream);

	snprintf(buf, TOP_LINE_MAX, "%.*s", (int)MIN(width, (size_t)TOP_WIDTH_MAX),
		 r == 0 ? *text : "");
	free(*text);
	for (size_t n = strlen(buf); n > 0 && buf[n - 1] == ' '; n--)
		buf[n - 1] = '\0';
	return buf;
}

static void put_titles(FILE *stream, struct widths widths)
{
	put_cell(stream, "LINK", widths.name, false);
	put_cell(stream, "STATE", 9, false);
	put_cell(stream, "a>b bit/s", 9, true);
	put_cell(stream, "pkt/s", 5, true);
	put_cell(stream, "b>a", 5, true);
	put_cell(stream, "pkt/s", 5, true);
	put_cell(stream, "drop", 4, true);
	put_cell(stream, "MARK", 4, false);
	if (widths.ports > 0)
		put_cell(stream, "PORTS", widths.ports, false);
}

static void put_summary(FILE *stream, const struct top_view *view)
{
	size_t up = 0;

	for (size_t i = 0; i < view->links.n; i++)
		up += streq(view_text(view->links.list[i].link, "state"), "up");
	fprintf(stream,
		"rportd %s, %s: %zu of %zu links up, %" JSON_INTEGER_FORMAT
		" ports pending, workers %.0f%% of a CPU",
		view_text(view->status, "version"), view_text(view->status, "datapath"), up,
		view->links.n, view_number(view->status, "pending"), view->cpu);
}

static void put_sums(FILE *stream, const struct top_view *view)
{
	struct rate sum = { 0 };
	char bits[RATE_TEXT_MAX], packets[RATE_TEXT_MAX], drops[RATE_TEXT_MAX];

	for (size_t i = 0; i < view->links.n; i++)
		for (int way = 0; way < 2; way++) {
			sum.bits += view->links.list[i].rates[way].bits;
			sum.packets += view->links.list[i].rates[way].packets;
			sum.drops += view->links.list[i].rates[way].drops;
		}
	fprintf(stream, "%sbit/s, %s packets/s, %s drops/s; by %s", rate_format(sum.bits, bits),
		rate_format(sum.packets, packets), rate_format(sum.drops, drops),
		rate_orders[view->order]);
	if (view->filter[0])
		fprintf(stream, "; only %s, %zu hidden", view->filter, view->hidden);
}

const char *top_head(const struct top_view *view, unsigned int line, size_t width,
		     char buf[static TOP_LINE_MAX])
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	buf[0] = '\0';
	if (!stream)
		return buf;
	if (line == 0)
		put_summary(stream, view);
	else if (line == 1)
		put_sums(stream, view);
	else
		put_titles(stream, share(width));
	return finish(stream, &text, width, buf);
}

static bool has_drift(const json_t *link, const char *end)
{
	return json_array_size(json_object_get(json_object_get(link, end), "drift")) > 0;
}

static bool has_carrier(const json_t *link, const char *end)
{
	return view_bool(json_object_get(link, end), "carrier");
}

/* D: drift, W: warning, C: no carrier, F: fast path, f: one way only */
static const char *mark(const json_t *link, char buf[static 5])
{
	const json_t *ways = json_object_get(link, "ways");
	int fast = view_bool(json_object_get(ways, "aToB"), "fast") +
		   view_bool(json_object_get(ways, "bToA"), "fast");
	size_t n = 0;

	if (has_drift(link, "a") || has_drift(link, "b"))
		buf[n++] = 'D';
	if (json_array_size(json_object_get(link, "warnings")) > 0)
		buf[n++] = 'W';
	if (!has_carrier(link, "a") || !has_carrier(link, "b"))
		buf[n++] = 'C';
	if (fast > 0)
		buf[n++] = fast == 2 ? 'F' : 'f';
	buf[n] = '\0';
	return buf;
}

static void put_rates(FILE *stream, const struct rated_link *link)
{
	char text[RATE_TEXT_MAX];

	for (int way = 0; way < 2; way++) {
		put_cell(stream, rate_format(link->rates[way].bits, text), way == 0 ? 9 : 5, true);
		put_cell(stream, rate_format(link->rates[way].packets, text), 5, true);
	}
	put_cell(stream, rate_format(link->rates[0].drops + link->rates[1].drops, text), 4, true);
}

static void put_ports(FILE *stream, const json_t *link, size_t width)
{
	const json_t *a = json_object_get(link, "a"), *b = json_object_get(link, "b");
	char text[256];

	snprintf(text, sizeof(text), "%s/%s %s/%s", view_text(a, "domain"),
		 view_text(a, "interface"), view_text(b, "domain"), view_text(b, "interface"));
	put_cell(stream, text, width, false);
}

const char *top_line(const struct rated_link *link, size_t width, char buf[static TOP_LINE_MAX],
		     enum output_color *ret_color)
{
	const char *state = view_text(link->link, "state");
	struct widths widths = share(width);
	char *text = NULL, marks[5];
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	*ret_color = streq(state, "up") ? COLOR_NONE : view_state_color(state);
	buf[0] = '\0';
	if (!stream)
		return buf;
	put_cell(stream, view_text(link->link, "name"), widths.name, false);
	put_cell(stream, state, 9, false);
	put_rates(stream, link);
	put_cell(stream, mark(link->link, marks), 4, false);
	if (widths.ports > 0)
		put_ports(stream, link->link, widths.ports);
	return finish(stream, &text, width, buf);
}

/* --- details ---------------------------------------------------------------------------------- */

struct details {
	void (*put)(const char *line, void *userdata);
	void *userdata;
};

static void _printf_(2, 3) put(const struct details *details, const char *format, ...)
{
	char line[TOP_LINE_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	for (char *c = line; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	details->put(line, details->userdata);
}

static void put_each(const struct details *details, const char *key, const json_t *texts)
{
	size_t i;
	json_t *text;

	json_array_foreach(texts, i, text)
		put(details, "    %-10s %s", key, json_string_value(text));
}

static void put_way(const struct details *details, const struct rated_link *link, int way)
{
	static const char *const keys[] = { "aToB", "bToA" };
	const json_t *json = json_object_get(json_object_get(link->link, "ways"), keys[way]);
	char bits[RATE_TEXT_MAX], packets[RATE_TEXT_MAX], drops[RATE_TEXT_MAX];
	const struct rate *rate = &link->rates[way];

	put(details, "  %s  %sbit/s, %s packets/s, %s drops/s, by %s%s%s",
	    way == 0 ? "a > b" : "b > a", rate_format(rate->bits, bits),
	    rate_format(rate->packets, packets), rate_format(rate->drops, drops),
	    view_bool(json, "fast") ? "the fast path" : view_text(link->link, "datapath"),
	    json_is_string(json_object_get(json, "reason")) ? ": " : "",
	    json_is_string(json_object_get(json, "reason")) ? view_text(json, "reason") : "");
}

static void put_end(const struct details *details, const json_t *link, const char *end)
{
	const json_t *port = json_object_get(link, end);
	const json_t *statistics = json_object_get(port, "statistics");
	const json_t *drops = json_object_get(statistics, "drops");

	put(details, "  %s: %s in %s, %s%s", end, view_text(port, "interface"),
	    view_text(port, "domain"), view_text(port, "state"),
	    view_bool(port, "carrier") ? "" : ", NO-CARRIER");
	if (json_is_string(json_object_get(port, "reason")))
		put(details, "    %-10s %s", "reason", view_text(port, "reason"));
	put(details, "    %-10s %" JSON_INTEGER_FORMAT " packets, %" JSON_INTEGER_FORMAT " bytes",
	    "sent", view_number(statistics, "packets"), view_number(statistics, "bytes"));
	put(details,
	    "    %-10s peer_down %" JSON_INTEGER_FORMAT ", noproto %" JSON_INTEGER_FORMAT
	    ", invalid %" JSON_INTEGER_FORMAT ", no_memory %" JSON_INTEGER_FORMAT
	    ", other %" JSON_INTEGER_FORMAT ", interface %" JSON_INTEGER_FORMAT,
	    "dropped", view_number(drops, "peerDown"), view_number(drops, "noProto"),
	    view_number(drops, "invalid"), view_number(drops, "noMemory"),
	    view_number(drops, "other"), view_number(statistics, "interfaceDropped"));
	put_each(details, "drift", json_object_get(port, "drift"));
}

void top_details(const struct rated_link *link, void (*fn)(const char *line, void *userdata),
		 void *userdata)
{
	const struct details details = { fn, userdata };

	put(&details, "%s: %s, MTU %" JSON_INTEGER_FORMAT, view_text(link->link, "name"),
	    view_text(link->link, "state"), view_number(link->link, "mtu"));
	put_each(&details, "warning", json_object_get(link->link, "warnings"));
	put_way(&details, link, 0);
	put_way(&details, link, 1);
	put_end(&details, link->link, "a");
	put_end(&details, link->link, "b");
	put(&details, "%s", "");
	put(&details, "\"rportctl check %s\" says why packets do not pass.",
	    view_text(link->link, "name"));
}
