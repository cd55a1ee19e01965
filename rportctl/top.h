/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_TOP_H
#define RPORTCTL_TOP_H

/* What the command top shows, as lines of text, for a terminal (top-screen.c) or a file. Pure. */

#include "output.h"
#include "rates.h"

#define TOP_WIDTH_MAX 512
#define TOP_LINE_MAX  (4 * TOP_WIDTH_MAX) /* bytes: a character may have four */

/*
 * struct top_view - what is shown
 * @links: in the order in which they are shown, without those that are filtered out
 * @hidden: how many are filtered out
 * @status: of the daemon
 * @cpu: of all workers together, in percent of one CPU
 * @order: of the links
 * @filter: pattern of names; "": all
 */
struct top_view {
	struct rated_links links;
	size_t hidden;
	json_t *status;
	double cpu;
	enum rate_order order;
	char filter[64];
};

/**
 * top_view_update() - compute what is shown from two looks at the daemon
 * @view: keeps its order and its filter, all else is replaced; zeroed before the first call
 * @before: links and status of the first look; NULL: there was none
 * @now: of the second one: an object with "links" and "status"
 * @seconds: between them
 *
 * Return: 0 or -ENOMEM.
 */
int top_view_update(struct top_view *view, const json_t *before, const json_t *now, double seconds);

/**
 * top_view_release() - free what a view holds
 * @view: zeroed, or of top_view_update()
 */
void top_view_release(struct top_view *view);

/* Lines before those of links: a summary, and titles. */
#define TOP_HEAD_LINES 3

/**
 * top_head() - write one of the lines before those of links
 * @view: what is shown
 * @line: 0 to TOP_HEAD_LINES - 1
 * @width: columns
 * @buf: filled
 *
 * Return: @buf.
 */
const char *top_head(const struct top_view *view, unsigned int line, size_t width,
		     char buf[static TOP_LINE_MAX]);

/**
 * top_line() - write the line of a link
 * @link: of the view
 * @width: columns, 80 or more to show all
 * @buf: filled
 * @ret_color: how it is marked
 *
 * Return: @buf.
 */
const char *top_line(const struct rated_link *link, size_t width, char buf[static TOP_LINE_MAX],
		     enum output_color *ret_color);

/**
 * top_details() - write the lines about one link
 * @link: of the view
 * @fn: called with each line
 * @userdata: for @fn
 */
void top_details(const struct rated_link *link, void (*fn)(const char *line, void *userdata),
		 void *userdata);

/* Where top gets what it shows: from the daemon. */
struct top_source {
	/* Returns an object with "links" and "status", a new reference; or NULL after having
	 * stored in @status what went wrong. @message is filled then. */
	json_t *(*look)(void *userdata, enum ctl_status *status, char *message, size_t size);
	void *userdata;
};

/**
 * top_screen_run() - show links on the terminal until the user has enough
 * @source: where to look
 * @view: with the order and the filter to begin with
 * @seconds: between two looks
 *
 * Return: the status: of the first look, when that fails; later ones are shown, and repeated.
 */
enum ctl_status top_screen_run(const struct top_source *source, struct top_view *view,
			       double seconds);

#endif
