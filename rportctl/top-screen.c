/* SPDX-License-Identifier: ISC */

/*
 * The command top on a terminal, by ncurses.
 *
 * Theory of operation
 *
 * ncurses compares what is to be shown with what the terminal has, and sends the difference, so
 * nothing flickers. Between two looks at the daemon it waits for a key until the next one is due; a
 * resize comes as a key. When the daemon does not answer, the last view stays, with what went wrong
 * in the last line, and it is asked again.
 */

#ifdef HAVE_CONFIG_H
#include "build-config.h"
#endif

#include "top.h"

#if HAVE_NCURSES

#include <curses.h>
#include <stdio.h>

#include "view.h"

#define KEY_ESCAPE 27

enum mode {
	MODE_LIST,
	MODE_DETAILS,
	MODE_HELP,
};

/*
 * struct screen - what the user sees and does
 * @selected: name of the link that is marked; details are of it
 * @first: the link at the top
 * @typing: a filter is being typed into the view's
 * @message: what went wrong at the last look
 * @last: links and status of the last look
 * @looked: when that was, in microseconds
 */
struct screen {
	const struct top_source *source;
	struct top_view *view;
	double seconds;
	enum mode mode;
	char selected[65];
	size_t first;
	bool typing;
	bool ended;
	char message[512];
	json_t *last;
	uint64_t looked;
};

static const char *const help_lines[] = {
	"b p d n s   sort by bits, packets, drops, name, state",
	"/           show only links whose name matches (red*); Enter ends, Esc clears",
	"up down PgUp PgDn Home End    select",
	"Enter       details of the selected link; again, or Esc: back",
	"space       look now",
	"q           quit",
	"",
	"MARK: D drift, W warning, C no carrier, F fast path (f: one way only)",
};

/* --- looking ---------------------------------------------------------------------------------- */

static enum ctl_status look(struct screen *screen)
{
	enum ctl_status status = STATUS_DONE;
	uint64_t now = monotonic_usec();
	json_t *looked = screen->source->look(screen->source->userdata, &status, screen->message,
					      sizeof(screen->message));
	double seconds = (double)(now - screen->looked) / 1e6;

	if (!looked)
		return status;
	screen->message[0] = '\0';
	(void)top_view_update(screen->view, screen->last, looked, seconds);
	json_decref(screen->last);
	screen->last = looked;
	screen->looked = now;
	return STATUS_DONE;
}

/* After a change of order or filter: the same numbers. */
static void sort_again(struct screen *screen)
{
	rates_sort(&screen->view->links, screen->view->order);
	screen->first = 0;
}

/* --- drawing ---------------------------------------------------------------------------------- */

static int attributes(enum output_color color)
{
	switch (color) {
	case COLOR_GOOD:
		return COLOR_PAIR(1);
	case COLOR_BAD:
		return COLOR_PAIR(2);
	case COLOR_WAITING:
		return COLOR_PAIR(3);
	case COLOR_STRONG:
		return A_BOLD;
	case COLOR_NONE:
		break;
	}
	return A_NORMAL;
}

static size_t width(void)
{
	return COLS > 0 ? (size_t)COLS : 80;
}

static void put_row(int row, int attribute, const char *text)
{
	attrset(attribute);
	mvaddnstr(row, 0, text, (int)width());
	clrtoeol();
	attrset(A_NORMAL);
}

static size_t rows_for_links(void)
{
	return LINES > TOP_HEAD_LINES + 1 ? (size_t)(LINES - TOP_HEAD_LINES - 1) : 1;
}

static size_t find_selected(const struct screen *screen)
{
	const struct rated_links *links = &screen->view->links;

	for (size_t i = 0; i < links->n; i++)
		if (streq(view_text(links->list[i].link, "name"), screen->selected))
			return i;
	return 0;
}

static void select_link(struct screen *screen, size_t i)
{
	const struct rated_links *links = &screen->view->links;

	if (links->n == 0)
		return;
	i = MIN(i, links->n - 1);
	snprintf(screen->selected, sizeof(screen->selected), "%s",
		 view_text(links->list[i].link, "name"));
	if (i < screen->first)
		screen->first = i;
	if (i >= screen->first + rows_for_links())
		screen->first = i - rows_for_links() + 1;
}

static void draw_links(const struct screen *screen)
{
	const struct rated_links *links = &screen->view->links;
	size_t selected = find_selected(screen);
	char buf[TOP_LINE_MAX];
	int row = TOP_HEAD_LINES;

	for (size_t i = screen->first; i < links->n && row < LINES - 1; i++, row++) {
		enum output_color color;
		const char *line = top_line(&links->list[i], width(), buf, &color);

		put_row(row, attributes(color) | (i == selected ? (int)A_REVERSE : 0), line);
	}
}

static void draw_list(const struct screen *screen)
{
	char buf[TOP_LINE_MAX];

	for (unsigned int line = 0; line < TOP_HEAD_LINES; line++)
		put_row((int)line, line == TOP_HEAD_LINES - 1 ? (int)(A_BOLD | A_UNDERLINE) : 0,
			top_head(screen->view, line, width(), buf));
	draw_links(screen);
}

static void put_detail(const char *line, void *userdata)
{
	int *row = userdata;

	if (*row < LINES - 1)
		put_row((*row)++, A_NORMAL, line);
}

static void draw_details(const struct screen *screen)
{
	const struct rated_links *links = &screen->view->links;
	int row = 0;

	if (links->n > 0)
		top_details(&links->list[find_selected(screen)], put_detail, &row);
}

static void draw_help(void)
{
	int row = 0;

	for (size_t i = 0; i < ARRAY_SIZE(help_lines); i++)
		put_detail(help_lines[i], &row);
}

static void draw_last_line(const struct screen *screen)
{
	char text[700];

	if (screen->typing)
		snprintf(text, sizeof(text), "/%s", screen->view->filter);
	else if (screen->message[0])
		snprintf(text, sizeof(text), "%s", screen->message);
	else
		snprintf(text, sizeof(text),
			 "q quit  h help  / filter  b p d n s sort  Enter details");
	put_row(LINES - 1, screen->message[0] ? attributes(COLOR_BAD) : (int)A_DIM, text);
}

static void draw(const struct screen *screen)
{
	erase();
	switch (screen->mode) {
	case MODE_LIST:
		draw_list(screen);
		break;
	case MODE_DETAILS:
		draw_details(screen);
		break;
	case MODE_HELP:
		draw_help();
		break;
	}
	draw_last_line(screen);
	refresh();
}

/* --- keys ------------------------------------------------------------------------------------- */

static void change_filter(struct screen *screen, int key)
{
	char *filter = screen->view->filter;
	size_t length = strlen(filter);

	if (key == '\n' || key == KEY_ENTER) {
		screen->typing = false;
	} else if (key == KEY_ESCAPE) {
		screen->typing = false;
		filter[0] = '\0';
	} else if ((key == KEY_BACKSPACE || key == 127 || key == '\b') && length > 0) {
		filter[length - 1] = '\0';
	} else if (key > ' ' && key < 127 && length + 1 < sizeof(screen->view->filter)) {
		filter[length] = (char)key;
		filter[length + 1] = '\0';
	}
	if (!screen->typing)
		(void)look(screen);
}

static bool choose_order(struct screen *screen, int key)
{
	static const char keys[] = { [RATE_BY_BITS] = 'b',
				     [RATE_BY_PACKETS] = 'p',
				     [RATE_BY_DROPS] = 'd',
				     [RATE_BY_NAME] = 'n',
				     [RATE_BY_STATE] = 's' };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (key != keys[i])
			continue;
		screen->view->order = (enum rate_order)i;
		sort_again(screen);
		return true;
	}
	return false;
}

static void move_selection(struct screen *screen, int key)
{
	size_t i = find_selected(screen), page = rows_for_links();

	switch (key) {
	case KEY_UP:
		select_link(screen, i > 0 ? i - 1 : 0);
		break;
	case KEY_DOWN:
		select_link(screen, i + 1);
		break;
	case KEY_PPAGE:
		select_link(screen, i > page ? i - page : 0);
		break;
	case KEY_NPAGE:
		select_link(screen, i + page);
		break;
	case KEY_HOME:
		select_link(screen, 0);
		break;
	case KEY_END:
		select_link(screen, SIZE_MAX);
		break;
	default: /* a key that means nothing */
		break;
	}
}

static void take_key(struct screen *screen, int key)
{
	if (screen->typing) {
		change_filter(screen, key);
		return;
	}
	if (choose_order(screen, key))
		return;
	switch (key) {
	case 'q':
		screen->ended = true;
		break;
	case 'h':
	case '?':
		screen->mode = screen->mode == MODE_HELP ? MODE_LIST : MODE_HELP;
		break;
	case '/':
		screen->typing = true;
		screen->mode = MODE_LIST;
		break;
	case '\n':
	case KEY_ENTER:
		screen->mode = screen->mode == MODE_LIST ? MODE_DETAILS : MODE_LIST;
		select_link(screen, find_selected(screen));
		break;
	case KEY_ESCAPE:
		screen->mode = MODE_LIST;
		break;
	case ' ':
		(void)look(screen);
		break;
	default:
		move_selection(screen, key);
		break;
	}
}

/* --- the loop --------------------------------------------------------------------------------- */

static void start_curses(void)
{
	initscr();
	cbreak();
	noecho();
	keypad(stdscr, true);
	set_escdelay(50);
	(void)curs_set(0);
	if (!has_colors())
		return;
	start_color();
	use_default_colors();
	init_pair(1, COLOR_GREEN, -1);
	init_pair(2, COLOR_RED, -1);
	init_pair(3, COLOR_YELLOW, -1);
}

static void wait_for_key(struct screen *screen)
{
	uint64_t due = screen->looked + (uint64_t)(screen->seconds * 1e6), now = monotonic_usec();
	int key;

	timeout(due > now ? (int)((due - now) / 1000 + 1) : 0);
	key = getch();
	if (key != ERR)
		take_key(screen, key);
}

enum ctl_status top_screen_run(const struct top_source *source, struct top_view *view,
			       double seconds)
{
	struct screen screen = { .source = source, .view = view, .seconds = seconds };
	enum ctl_status status = look(&screen);

	if (status != STATUS_DONE) {
		output_error("%s", screen.message);
		return status;
	}
	start_curses();
	while (!screen.ended) {
		draw(&screen);
		wait_for_key(&screen);
		if (monotonic_usec() >= screen.looked + (uint64_t)(seconds * 1e6) &&
		    look(&screen) != STATUS_DONE)
			screen.looked = monotonic_usec(); /* and again, in as long */
	}
	endwin();
	json_decref(screen.last);
	return STATUS_DONE;
}

#else

enum ctl_status top_screen_run(const struct top_source *source _unused_,
			       struct top_view *view _unused_, double seconds _unused_)
{
	output_error("rportctl was built without ncurses: say \"rportctl top -b\"");
	return STATUS_REFUSED;
}

#endif
