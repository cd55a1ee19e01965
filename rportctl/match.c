/* SPDX-License-Identifier: ISC */

/* Which links and ports a word stands for. */

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

#include "client.h"
#include "match.h"
#include "output.h"
#include "view.h"

bool match_is_pattern(const char *word)
{
	return strpbrk(word, "*?[") != NULL;
}

/* A backslash has no special meaning in a pattern: names are escaped with it. */
static bool matches(const char *pattern, const char *text)
{
	return fnmatch(pattern, text, FNM_NOESCAPE) == 0;
}

static bool match_interface(const json_t *port, const char *pattern)
{
	const char *interface = view_text(port, "interface");
	_cleanup_free_ char *whole = NULL;

	if (matches(pattern, interface))
		return true;
	if (asprintf(&whole, "%s/%s", view_text(port, "domain"), interface) < 0) {
		whole = NULL;
		return false;
	}
	return matches(pattern, whole);
}

bool match_link(const json_t *link, const char *pattern)
{
	return matches(pattern, view_text(link, "name")) ||
	       match_interface(json_object_get(link, "a"), pattern) ||
	       match_interface(json_object_get(link, "b"), pattern);
}

bool match_port(const json_t *port, const char *pattern)
{
	return match_interface(port, pattern) || matches(pattern, view_text(port, "link"));
}

/* "netns:red/vrf:blue" has the names red and blue; "netns:/PATH" has none but the whole. */
bool match_domain(const json_t *port, const char *pattern)
{
	_cleanup_free_ char *copy = strdup(view_text(port, "domain"));
	char *rest = copy;
	const char *part;

	if (!copy || matches(pattern, copy))
		return copy != NULL;
	while ((part = strsep(&rest, "/"))) {
		const char *name = strchr(part, ':');

		if (name && name[1] && matches(pattern, name + 1))
			return true;
	}
	return false;
}

/* --- several links ---------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strverscmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_name(json_t *names, json_t *seen, const char *name)
{
	if (json_object_get(seen, name))
		return;
	json_object_set_new(seen, name, json_true());
	json_array_append_new(names, json_string(name));
}

/* Add those of @links that a pattern stands for. Return: how many there are. */
static size_t add_matching(json_t *names, json_t *seen, const json_t *links, const char *pattern)
{
	const char **found = calloc(json_array_size(links) + 1, sizeof(*found));
	size_t n = 0, i;
	json_t *link;

	if (!found)
		return 0;
	json_array_foreach(links, i, link)
	{
		if (match_link(link, pattern))
			found[n++] = view_text(link, "name");
	}
	qsort(found, n, sizeof(*found), by_name);
	for (i = 0; i < n; i++)
		add_name(names, seen, found[i]);
	free(found);
	return n;
}

static bool any_pattern(const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (match_is_pattern(words[i]))
			return true;
	return false;
}

json_t *match_names(const struct ctl_options *options, const char *const *words, size_t n, bool all,
		    enum ctl_status *ret_status)
{
	struct client_answer answer = { 0 };
	json_t *names = NULL, *seen = json_object();
	const json_t *links = NULL;

	if (all || any_pattern(words, n)) {
		links = client_call_for(options, "org.rportd.Manager.List", json_object(), "links",
					&answer);
		*ret_status = answer.status;
		if (!links)
			goto finish;
	}
	names = json_array();
	*ret_status = STATUS_DONE;
	if (all)
		add_matching(names, seen, links, "*");
	for (size_t i = 0; !all && i < n; i++) {
		if (!match_is_pattern(words[i])) {
			add_name(names, seen, words[i]);
		} else if (add_matching(names, seen, links, words[i]) == 0) {
			output_error("no link matches \"%s\"", words[i]);
			*ret_status = STATUS_NOT_FOUND;
		}
	}
finish:
	client_answer_release(&answer);
	json_decref(seen);
	return names;
}
