/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_RATES_H
#define RPORTCTL_RATES_H

/* How much passes links: the difference of two answers of the daemon. Pure. */

#include <jansson.h>

#include "base/util.h"

/*
 * struct rate - of one direction, each second
 * @packets: that reached the peer
 * @bits: of these
 * @drops: that did not reach it
 */
struct rate {
	double packets, bits, drops;
};

/*
 * struct rated_link - a link, and what passes it
 * @link: as the daemon describes it; a reference
 * @rates: from a to b, and from b to a
 */
struct rated_link {
	json_t *link;
	struct rate rates[2];
};

/* Links in an order of choice. */
struct rated_links {
	struct rated_link *list;
	size_t n;
};

enum rate_order {
	RATE_BY_BITS,
	RATE_BY_PACKETS,
	RATE_BY_DROPS,
	RATE_BY_NAME,
	RATE_BY_STATE,
};

extern const char *const rate_orders[]; /* their names; ended by NULL */

/**
 * rates_compute() - compute what passed links between two answers
 * @before: links of the first answer; NULL: there was none, and all rates are 0
 * @now: links of the second one
 * @seconds: between them
 * @ret: all links of @now; release it with rates_release()
 *
 * A link that was not there before, or whose counters went back, has rates of 0.
 *
 * Return: 0 or -ENOMEM.
 */
int rates_compute(const json_t *before, const json_t *now, double seconds, struct rated_links *ret);

/**
 * rates_sort() - put links in order; of equal ones by name
 * @links: of rates_compute()
 * @order: rates and drops with the largest first
 */
void rates_sort(struct rated_links *links, enum rate_order order);

/**
 * rates_keep() - keep the links that a function wants, and forget the others
 * @links: of rates_compute()
 * @wanted: true for those to be kept
 * @userdata: for @wanted
 */
void rates_keep(struct rated_links *links, bool (*wanted)(const json_t *link, void *userdata),
		void *userdata);

/**
 * rates_release() - free links
 * @links: of rates_compute(), or zeroed
 */
void rates_release(struct rated_links *links);

#define RATE_TEXT_MAX 16

/**
 * rate_format() - write a rate in at most five characters: "0", "999", "1.2k", "34M"
 * @value: each second
 * @buf: filled
 *
 * Return: @buf.
 */
const char *rate_format(double value, char buf[static RATE_TEXT_MAX]);

#endif
