/* SPDX-License-Identifier: ISC */

/* How much passes links. */

#include <stdio.h>

#include "rates.h"
#include "view.h"

const char *const rate_orders[] = {
	[RATE_BY_BITS] = "bits", [RATE_BY_PACKETS] = "packets", [RATE_BY_DROPS] = "drops",
	[RATE_BY_NAME] = "name", [RATE_BY_STATE] = "state",     NULL,
};

static const json_t *statistics_of(const json_t *link, const char *end)
{
	return json_object_get(json_object_get(link, end), "statistics");
}

static double difference(json_int_t before, json_int_t now, double seconds)
{
	return now > before ? (double)(now - before) / seconds : 0;
}

static struct rate rate_of(const json_t *before, const json_t *now, const char *end, double seconds)
{
	const json_t *old = statistics_of(before, end), *new = statistics_of(now, end);

	return (struct rate){
		.packets = difference(view_number(old, "packets"), view_number(new, "packets"),
				      seconds),
		.bits = 8 *
			difference(view_number(old, "bytes"), view_number(new, "bytes"), seconds),
		.drops = difference(view_drops(json_object_get(before, end)),
				    view_drops(json_object_get(now, end)), seconds),
	};
}

/* The links of an answer, by name. */
static json_t *index_links(const json_t *links)
{
	json_t *index = json_object(), *link;
	size_t i;

	json_array_foreach(links, i, link) json_object_set(index, view_text(link, "name"), link);
	return index;
}

int rates_compute(const json_t *before, const json_t *now, double seconds, struct rated_links *ret)
{
	struct rated_links links = { .list = calloc(json_array_size(now) + 1,
						    sizeof(*links.list)) };
	json_t *index = index_links(before), *link;
	size_t i;

	if (!links.list || !index) {
		free(links.list);
		json_decref(index);
		return -ENOMEM;
	}
	json_array_foreach(now, i, link)
	{
		const json_t *old = json_object_get(index, view_text(link, "name"));
		struct rated_link *rated = &links.list[links.n++];

		rated->link = json_incref(link);
		if (!old || seconds <= 0)
			continue;
		rated->rates[0] = rate_of(old, link, "a", seconds);
		rated->rates[1] = rate_of(old, link, "b", seconds);
	}
	json_decref(index);
	*ret = links;
	return 0;
}

/* --- order ------------------------------------------------------------------------------------ */

/* link2 before link10 */
static int compare_names(const struct rated_link *a, const struct rated_link *b)
{
	return strverscmp(view_text(a->link, "name"), view_text(b->link, "name"));
}

static int compare_numbers(double a, double b)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

static double sum(const struct rated_link *link, enum rate_order order)
{
	const struct rate *rates = link->rates;

	switch (order) {
	case RATE_BY_BITS:
		return rates[0].bits + rates[1].bits;
	case RATE_BY_PACKETS:
		return rates[0].packets + rates[1].packets;
	case RATE_BY_DROPS:
		return rates[0].drops + rates[1].drops;
	case RATE_BY_NAME:
	case RATE_BY_STATE:
		break;
	}
	return 0;
}

static int compare(const void *first, const void *second, void *userdata)
{
	const struct rated_link *a = first, *b = second;
	enum rate_order order = *(const enum rate_order *)userdata;
	int r = compare_numbers(sum(a, order), sum(b, order));

	if (order == RATE_BY_STATE)
		r = strcmp(view_text(a->link, "state"), view_text(b->link, "state"));
	return r != 0 ? r : compare_names(a, b);
}

void rates_sort(struct rated_links *links, enum rate_order order)
{
	if (links->n > 1)
		qsort_r(links->list, links->n, sizeof(*links->list), compare, &order);
}

void rates_keep(struct rated_links *links, bool (*wanted)(const json_t *link, void *userdata),
		void *userdata)
{
	size_t n = 0;

	for (size_t i = 0; i < links->n; i++)
		if (wanted(links->list[i].link, userdata))
			links->list[n++] = links->list[i];
		else
			json_decref(links->list[i].link);
	links->n = n;
}

void rates_release(struct rated_links *links)
{
	for (size_t i = 0; i < links->n; i++)
		json_decref(links->list[i].link);
	free(steal_ptr(links->list));
	links->n = 0;
}

const char *rate_format(double value, char buf[static RATE_TEXT_MAX])
{
	static const char units[] = " kMGTP";
	size_t unit = 0;

	while (value >= 999.5 && units[unit + 1]) {
		value /= 1000;
		unit++;
	}
	if (unit == 0)
		snprintf(buf, RATE_TEXT_MAX, "%.0f", value);
	else
		snprintf(buf, RATE_TEXT_MAX, value < 9.95 ? "%.1f%c" : "%.0f%c", value,
			 units[unit]);
	return buf;
}
