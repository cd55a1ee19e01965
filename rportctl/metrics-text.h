/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_METRICS_TEXT_H
#define RPORTCTL_METRICS_TEXT_H

/* The metrics of rportd as text, for rportctl and for rport-exporter. */

#include <jansson.h>
#include <stdio.h>

#include "base/util.h"

/*
 * enum metrics_format - of the text
 *
 * METRICS_PROMETHEUS: the text format 0.0.4, which node_exporter's textfile collector takes
 * METRICS_OPENMETRICS: OpenMetrics 1.0, which names counters differently and has an end
 */
enum metrics_format {
	METRICS_PROMETHEUS,
	METRICS_OPENMETRICS,
};

/*
 * struct metrics - what the daemon says; any of it may be NULL
 * @links: of List
 * @ports: of ListPorts
 * @status: of Status
 */
struct metrics {
	const json_t *links;
	const json_t *ports;
	const json_t *status;
};

/**
 * metrics_write() - write all metrics
 * @stream: where to
 * @metrics: NULL: rportd does not answer, which is a metric, too
 * @format: of the text
 *
 * What others chose (names of domains) is escaped, so no name makes a line of its own.
 */
void metrics_write(FILE *stream, const struct metrics *metrics, enum metrics_format format);

/**
 * metrics_content_type() - name a format as HTTP does
 * @format: of the text
 *
 * Return: a static string.
 */
const char *metrics_content_type(enum metrics_format format);

#endif
