/* SPDX-License-Identifier: ISC */

/* The command metrics: what a monitoring system wants to know. */

#include "command.h"
#include "fetch.h"
#include "output.h"

struct metrics_options {
	bool openmetrics;
};

static const struct args_option metrics_options[] = {
	{ .name = "--openmetrics",
	  .help = "OpenMetrics 1.0, not the text format of Prometheus",
	  .apply = args_set,
	  .offset = offsetof(struct metrics_options, openmetrics) },
};

static enum ctl_status run_metrics(struct ctl_options *options, int argc, char **argv)
{
	struct metrics_options own = { 0 };
	const struct args_table table = { metrics_options, ARRAY_SIZE(metrics_options), &own };
	struct fetched fetched;
	enum ctl_status status;

	if (args_parse(options, &table, argc, argv, NULL, 0) < 0)
		return STATUS_USAGE;
	status = fetch_metrics(options, &fetched);
	if (status != STATUS_DONE)
		output_error("%s", fetched_message(&fetched));
	else
		metrics_write(stdout, &fetched.metrics,
			      own.openmetrics ? METRICS_OPENMETRICS : METRICS_PROMETHEUS);
	fetched_release(&fetched);
	return status;
}

const struct ctl_command ctl_command_metrics = {
	.name = "metrics",
	.synopsis = "",
	.summary = "print metrics of all links and ports for Prometheus",
	.details = "The textfile collector of node_exporter takes it; rport-exporter serves the "
		   "same.\n",
	.run = run_metrics,
	.options = metrics_options,
	.n_options = ARRAY_SIZE(metrics_options),
};
