/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * A metric is a row of a table: its name, what it means, and a function that gives its value for
 * a link, a port or a worker, from the JSON of the daemon. All values of a metric stand together, as
 * both formats want it, so each row walks through all objects. The labels of a port are the same in
 * all of its metrics, and of a fixed number.
 */

#include <ctype.h>

#include "metrics-text.h"

/*
 * struct writing - where to, and how
 * @ends: each port with the link that it is in and its end there, in the order of the metrics
 */
struct writing {
	FILE *stream;
	enum metrics_format format;
	const struct metrics *metrics;
	json_t *ports;
};

enum kind {
	GAUGE,
	COUNTER,
	INFO, /* a gauge whose value is 1 */
};

/* --- lines ------------------------------------------------------------------------------------ */

static void put_label_value(FILE *stream, const char *text)
{
	for (; *text; text++)
		if (*text == '\\' || *text == '"')
			fprintf(stream, "\\%c", *text);
		else if (iscntrl((unsigned char)*text)) /* rportd sends none */
			fprintf(stream, "\\\\x%02x", (unsigned char)*text);
		else
			fputc(*text, stream);
}

static void put_label(const struct writing *writing, bool *first, const char *name,
		      const char *value)
{
	fprintf(writing->stream, "%c%s=\"", *first ? '{' : ',', name);
	put_label_value(writing->stream, value);
	fputc('"', writing->stream);
	*first = false;
}

static void end_line(const struct writing *writing, bool first, double value)
{
	fprintf(writing->stream, "%s %.15g\n", first ? "" : "}", value);
}

/* Counters end in "_total": in OpenMetrics that belongs to the sample, not to the name. */
static void put_head(const struct writing *writing, const char *name, enum kind kind,
		     const char *help)
{
	static const char *const types[] = { "gauge", "counter", "info" };
	bool open = writing->format == METRICS_OPENMETRICS;
	const char *total = kind == COUNTER && !open ? "_total" : "";
	const char *info = kind == INFO && !open ? "_info" : "";
	const char *type = kind == INFO && !open ? "gauge" : types[kind];

	fprintf(writing->stream, "# HELP %s%s%s %s\n", name, total, info, help);
	fprintf(writing->stream, "# TYPE %s%s%s %s\n", name, total, info, type);
}

static const char *suffix(enum kind kind)
{
	switch (kind) {
	case GAUGE:
		break;
	case COUNTER:
		return "_total";
	case INFO:
		return "_info";
	}
	return "";
}

/* --- what the daemon says --------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static double number_of(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static double truth_of(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key)) ? 1 : 0;
}

static double state_is(const json_t *object, const char *state)
{
	return streq(text_of(object, "state"), state) ? 1 : 0;
}

/* --- ports ------------------------------------------------------------------------------------ */

/* A port of a link, or by itself, as "ports" of struct writing has it. */
static void add_port(json_t *ports, const json_t *port, const char *link, const char *end,
		     bool fast)
{
	json_array_append_new(ports, json_pack("{s:O, s:s, s:s, s:b}", "port", port, "link", link,
					       "end", end, "fast", fast));
}

static json_t *collect_ports(const struct metrics *metrics)
{
	json_t *ports = json_array(), *element;
	size_t i;

	json_array_foreach(metrics->links, i, element)
	{
		const json_t *ways = json_object_get(element, "ways");

		add_port(ports, json_object_get(element, "a"), text_of(element, "name"), "a",
			 truth_of(json_object_get(ways, "aToB"), "fast") > 0);
		add_port(ports, json_object_get(element, "b"), text_of(element, "name"), "b",
			 truth_of(json_object_get(ways, "bToA"), "fast") > 0);
	}
	json_array_foreach(metrics->ports, i, element)
		/* a port without a name would look like another one */
		if (json_is_null(json_object_get(element, "link")) &&
		    *text_of(element, "interface")) add_port(ports, element, "", "", false);
	return ports;
}

static double port_up(const json_t *entry)
{
	return state_is(json_object_get(entry, "port"), "up");
}

static double port_carrier(const json_t *entry)
{
	return truth_of(json_object_get(entry, "port"), "carrier");
}

static double port_mtu(const json_t *entry)
{
	return number_of(json_object_get(entry, "port"), "mtu");
}

static double port_drift(const json_t *entry)
{
	return (double)json_array_size(json_object_get(json_object_get(entry, "port"), "drift"));
}

static double port_losses(const json_t *entry)
{
	return number_of(json_object_get(entry, "port"), "losses");
}

static const json_t *statistics_of(const json_t *entry)
{
	return json_object_get(json_object_get(entry, "port"), "statistics");
}

static double port_packets(const json_t *entry)
{
	return number_of(statistics_of(entry), "packets");
}

static double port_bytes(const json_t *entry)
{
	return number_of(statistics_of(entry), "bytes");
}

static double port_fast(const json_t *entry)
{
	return truth_of(entry, "fast");
}

static const struct port_metric {
	const char *name;
	enum kind kind;
	double (*value)(const json_t *entry);
	const char *help;
} port_metrics[] = {
	{ "rport_port_up", GAUGE, port_up, "Whether the port is up." },
	{ "rport_port_carrier", GAUGE, port_carrier,
	  "Whether the port has a carrier, that is, whether its peer is up." },
	{ "rport_port_mtu_bytes", GAUGE, port_mtu, "MTU of the interface." },
	{ "rport_port_drift", GAUGE, port_drift, "Settings of the port that others have changed." },
	{ "rport_port_fast_path", GAUGE, port_fast,
	  "Whether packets sent into the port take the fast path." },
	{ "rport_port_losses", COUNTER, port_losses,
	  "Times that the interface of the port was lost." },
	{ "rport_port_transmit_packets", COUNTER, port_packets,
	  "Packets sent into the port that reached its peer." },
	{ "rport_port_transmit_bytes", COUNTER, port_bytes,
	  "Bytes of packets sent into the port that reached its peer." },
};

static void begin_port_line(const struct writing *writing, const char *name, enum kind kind,
			    const json_t *entry, bool *first)
{
	const json_t *port = json_object_get(entry, "port");

	*first = true;
	fprintf(writing->stream, "%s%s", name, suffix(kind));
	put_label(writing, first, "link", text_of(entry, "link"));
	put_label(writing, first, "end", text_of(entry, "end"));
	put_label(writing, first, "domain", text_of(port, "domain"));
	put_label(writing, first, "interface", text_of(port, "interface"));
}

static void write_port_metric(const struct writing *writing, const struct port_metric *metric)
{
	size_t i;
	json_t *entry;
	bool first;

	put_head(writing, metric->name, metric->kind, metric->help);
	json_array_foreach(writing->ports, i, entry)
	{
		begin_port_line(writing, metric->name, metric->kind, entry, &first);
		end_line(writing, first, metric->value(entry));
	}
}

static void write_drop(const struct writing *writing, const json_t *entry, const char *cause,
		       double value)
{
	bool first;

	begin_port_line(writing, "rport_port_drops", COUNTER, entry, &first);
	put_label(writing, &first, "cause", cause);
	end_line(writing, first, value);
}

static void write_drops(const struct writing *writing)
{
	static const struct {
		const char *key, *cause;
	} causes[] = {
		{ "peerDown", "peer_down" }, { "noProto", "noproto" }, { "invalid", "invalid" },
		{ "noMemory", "no_memory" }, { "other", "other" },
	};
	size_t i;
	json_t *entry;

	put_head(writing, "rport_port_drops", COUNTER,
		 "Packets sent into the port that did not reach its peer, by cause.");
	json_array_foreach(writing->ports, i, entry)
	{
		const json_t *drops = json_object_get(statistics_of(entry), "drops");

		for (size_t cause = 0; cause < ARRAY_SIZE(causes); cause++)
			write_drop(writing, entry, causes[cause].cause,
				   number_of(drops, causes[cause].key));
		write_drop(writing, entry, "interface",
			   number_of(statistics_of(entry), "interfaceDropped"));
	}
}

/* --- links ------------------------------------------------------------------------------------ */

static void write_link_infos(const struct writing *writing)
{
	size_t i;
	json_t *link;

	put_head(writing, "rport_link", INFO, "The two ports of a link.");
	json_array_foreach(writing->metrics->links, i, link)
	{
		const json_t *a = json_object_get(link, "a"), *b = json_object_get(link, "b");
		bool first = true;

		fprintf(writing->stream, "rport_link_info");
		put_label(writing, &first, "link", text_of(link, "name"));
		put_label(writing, &first, "a_domain", text_of(a, "domain"));
		put_label(writing, &first, "a_interface", text_of(a, "interface"));
		put_label(writing, &first, "b_domain", text_of(b, "domain"));
		put_label(writing, &first, "b_interface", text_of(b, "interface"));
		put_label(writing, &first, "datapath", text_of(link, "datapath"));
		end_line(writing, first, 1);
	}
}

static double link_up(const json_t *link)
{
	return state_is(link, "up");
}

static double link_warnings(const json_t *link)
{
	return (double)json_array_size(json_object_get(link, "warnings"));
}

static void write_link_metric(const struct writing *writing, const char *name,
			      double (*value)(const json_t *link), const char *help)
{
	size_t i;
	json_t *link;

	put_head(writing, name, GAUGE, help);
	json_array_foreach(writing->metrics->links, i, link)
	{
		bool first = true;

		fprintf(writing->stream, "%s", name);
		put_label(writing, &first, "link", text_of(link, "name"));
		end_line(writing, first, value(link));
	}
}

static void write_link_states(const struct writing *writing)
{
	static const char *const states[] = { "up", "degraded", "pending", "inherited" };
	size_t i;
	json_t *link;

	put_head(writing, "rport_links", GAUGE, "Links, by state.");
	for (size_t state = 0; state < ARRAY_SIZE(states); state++) {
		double n = 0;
		bool first = true;

		json_array_foreach(writing->metrics->links, i, link) n +=
			state_is(link, states[state]);
		fprintf(writing->stream, "rport_links");
		put_label(writing, &first, "state", states[state]);
		end_line(writing, first, n);
	}
}

/* --- the daemon ------------------------------------------------------------------------------- */

static void write_number(const struct writing *writing, const char *name, enum kind kind,
			 double value, const char *help)
{
	put_head(writing, name, kind, help);
	fprintf(writing->stream, "%s%s", name, suffix(kind));
	end_line(writing, true, value);
}

static void write_build_info(const struct writing *writing)
{
	bool first = true;

	put_head(writing, "rport_build", INFO, "The version of rportd, and its data path.");
	fprintf(writing->stream, "rport_build_info");
	put_label(writing, &first, "version", text_of(writing->metrics->status, "version"));
	put_label(writing, &first, "datapath", text_of(writing->metrics->status, "datapath"));
	end_line(writing, first, 1);
}

static void write_workers(const struct writing *writing, const char *name, enum kind kind,
			  const char *key, double unit, const char *help)
{
	size_t i;
	json_t *worker;

	put_head(writing, name, kind, help);
	json_array_foreach(json_object_get(writing->metrics->status, "workers"), i, worker)
	{
		char number[24];
		bool first = true;

		snprintf(number, sizeof(number), "%zu", i);
		fprintf(writing->stream, "%s%s", name, suffix(kind));
		put_label(writing, &first, "worker", number);
		end_line(writing, first, number_of(worker, key) * unit);
	}
}

static void write_status(const struct writing *writing)
{
	const json_t *status = writing->metrics->status;

	write_build_info(writing);
	write_number(writing, "rport_pending_ports", GAUGE, number_of(status, "pending"),
		     "Ports without an interface, that wait for their domain.");
	write_number(writing, "rport_reconcile_attempts", COUNTER, number_of(status, "attempts"),
		     "Attempts to make the interface of a port.");
	write_number(writing, "rport_reconcile_failures", COUNTER, number_of(status, "failures"),
		     "Attempts to make the interface of a port that failed.");
	write_number(writing, "rport_reconcile_losses", COUNTER, number_of(status, "losses"),
		     "Interfaces of ports that were lost.");
	write_workers(writing, "rport_worker_cpu_seconds", COUNTER, "cpuMicroseconds", 1e-6,
		      "CPU time of a thread that moves packets.");
	write_workers(writing, "rport_worker_flows", GAUGE, "flows", 1,
		      "Directions of queues of links that a thread moves packets of.");
}

void metrics_write(FILE *stream, const struct metrics *metrics, enum metrics_format format)
{
	struct writing writing = { .stream = stream, .format = format, .metrics = metrics };

	write_number(&writing, "rport_up", GAUGE, metrics ? 1 : 0, "Whether rportd answers.");
	if (metrics) {
		writing.ports = collect_ports(metrics);
		write_status(&writing);
		write_link_states(&writing);
		write_link_infos(&writing);
		write_link_metric(&writing, "rport_link_up", link_up, "Whether the link is up.");
		write_link_metric(&writing, "rport_link_warnings", link_warnings,
				  "Things about the link that are probably not meant.");
		for (size_t i = 0; i < ARRAY_SIZE(port_metrics); i++)
			write_port_metric(&writing, &port_metrics[i]);
		write_drops(&writing);
		json_decref(writing.ports);
	}
	if (format == METRICS_OPENMETRICS)
		fputs("# EOF\n", stream);
}

const char *metrics_content_type(enum metrics_format format)
{
	switch (format) {
	case METRICS_OPENMETRICS:
		return "application/openmetrics-text; version=1.0.0; charset=utf-8";
	case METRICS_PROMETHEUS:
		break;
	}
	return "text/plain; version=0.0.4; charset=utf-8";
}
