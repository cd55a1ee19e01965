/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_FETCH_H
#define RPORTCTL_FETCH_H

/* Gets what the metrics are made of, for rportctl and for rport-exporter. */

#include "client.h"
#include "metrics-text.h"

/* The answers that struct metrics borrows from. */
struct fetched {
	struct client_answer answers[3];
	struct metrics metrics;
};

/**
 * fetch_metrics() - ask the daemon for its links, its ports and its status
 * @options: of them, where the socket is
 * @ret: filled in any case; release it with fetched_release()
 *
 * Return: the status of the first call that failed, whose message is in the last answer that is
 * there; or STATUS_DONE.
 */
enum ctl_status fetch_metrics(const struct ctl_options *options, struct fetched *ret);

/**
 * fetched_message() - say what went wrong
 * @fetched: of fetch_metrics(), which failed
 *
 * Return: the message, borrowed.
 */
const char *fetched_message(const struct fetched *fetched);

/**
 * fetched_release() - free the answers
 * @fetched: of fetch_metrics()
 */
void fetched_release(struct fetched *fetched);

#endif
