/* SPDX-License-Identifier: ISC */

/* What a word that was begun could become, from what there is. */

#include <dirent.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "candidates.h"
#include "base/escape.h"
#include "base/names.h"
#include "client.h"
#include "container.h"
#include "view.h"

/* rportctl has no netlink of its own; whoever makes VRFs has ip(8). */
#define LIST_VRFS "ip -br link show type vrf 2>/dev/null"

void candidates_add(struct candidates *candidates, const char *text, const char *description)
{
	/* A file name of other bytes has no form that would open the file. */
	if (!text_printable(text))
		return;
	if (skip_prefix(text, candidates->begun) && !json_object_get(candidates->found, text))
		json_object_set_new(candidates->found, text,
				    json_string(description ? description : ""));
}

/* Another user may have chosen the name: one that reads like an option would be taken for one. */
static void add_name(struct candidates *candidates, const char *text, const char *description)
{
	if (text[0] != '-')
		candidates_add(candidates, text, description);
}

/* The array @key of what @method answers, in @answer; an empty one when it does not. */
static const json_t *ask(const struct candidates *candidates, const char *method, const char *key,
			 struct client_answer *answer)
{
	client_call(candidates->options, method, json_object(), answer);
	return json_object_get(answer->parameters, key);
}

void candidates_add_links(struct candidates *candidates)
{
	struct client_answer answer;
	const json_t *links = ask(candidates, "org.rportd.Manager.List", "links", &answer);
	size_t i;
	json_t *link;

	json_array_foreach(links, i, link)
		add_name(candidates, view_text(link, "name"), view_text(link, "state"));
	client_answer_release(&answer);
}

/* One more of those that are called so. */
static void count_name(json_t *counts, const char *name)
{
	json_object_set_new(counts, name, json_integer(view_number(counts, name) + 1));
}

static const char *interface_of(const json_t *link, const char *end)
{
	return view_text(json_object_get(link, end), "interface");
}

void candidates_add_interfaces(struct candidates *candidates)
{
	struct client_answer answer;
	const json_t *links = ask(candidates, "org.rportd.Manager.List", "links", &answer);
	json_t *counts = json_object();
	size_t i;
	json_t *link;

	json_array_foreach(links, i, link)
	{
		const char *a = interface_of(link, "a"), *b = interface_of(link, "b");

		count_name(counts, a);
		if (!streq(a, b))
			count_name(counts, b);
	}
	json_array_foreach(links, i, link)
	{
		const char *ends[] = { interface_of(link, "a"), interface_of(link, "b") };

		for (size_t end = 0; end < ARRAY_SIZE(ends); end++)
			if (view_number(counts, ends[end]) == 1)
				add_name(candidates, ends[end], view_text(link, "name"));
	}
	json_decref(counts);
	client_answer_release(&answer);
}

static void add_port(struct candidates *candidates, const json_t *port, bool only_one)
{
	const char *interface = view_text(port, "interface");
	const char *peer = view_text(port, "peer");
	_cleanup_free_ char *whole = NULL;

	if (streq(interface, "-"))
		return;
	if (only_one)
		add_name(candidates, interface, peer);
	if (asprintf(&whole, "%s/%s", view_text(port, "domain"), interface) < 0) {
		whole = NULL;
		return;
	}
	add_name(candidates, whole, peer);
}

void candidates_add_ports(struct candidates *candidates)
{
	struct client_answer answer;
	const json_t *ports = ask(candidates, "org.rportd.Manager.ListPorts", "ports", &answer);
	json_t *counts = json_object();
	size_t i;
	json_t *port;

	json_array_foreach(ports, i, port) count_name(counts, view_text(port, "interface"));
	json_array_foreach(ports, i, port)
		add_port(candidates, port, view_number(counts, view_text(port, "interface")) == 1);
	json_decref(counts);
	client_answer_release(&answer);
}

/* Note the name as rportd writes it, with true. */
static void note_name(json_t *names, const char *name)
{
	_cleanup_free_ char *escaped = escape_text(name, ESCAPE_BACKSLASH, NULL);

	if (escaped)
		json_object_set_new(names, escaped, json_true());
}

/* The names of namespaces, each with true. */
static json_t *list_namespaces(void)
{
	json_t *names = json_object();
	DIR *directory = opendir(NETNS_RUN_DIR);
	struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			note_name(names, entry->d_name);
	if (directory)
		closedir(directory);
	return names;
}

/* The names of VRFs in this namespace, each with true. */
static json_t *list_vrfs(void)
{
	json_t *names = json_object();
	FILE *ip = popen(LIST_VRFS, "re");
	char line[256];

	/* "red    UP    12:34:..." */
	while (ip && fgets(line, sizeof(line), ip)) {
		line[strcspn(line, " @\n")] = '\0';
		if (*line)
			note_name(names, line);
	}
	if (ip)
		pclose(ip);
	return names;
}

/*
 * A name as it stands, where it means this and nothing else; else, or when something was begun,
 * also with what it is before it.
 */
static void add_domain(struct candidates *candidates, const char *kind, const char *name,
		       const json_t *others)
{
	bool plain =
		!streq(name, "default") && !strchr(name, ':') && !json_object_get(others, name);
	_cleanup_free_ char *whole = NULL;

	if (plain)
		add_name(candidates, name, kind);
	if (plain && !*candidates->begun)
		return;
	if (asprintf(&whole, "%s:%s", kind, name) < 0) {
		whole = NULL;
		return;
	}
	candidates_add(candidates, whole, NULL);
}

/* Those that rportd knows: also processes, and VRFs in other namespaces. */
static void add_used_domains(struct candidates *candidates)
{
	struct client_answer answer;
	const json_t *ports = ask(candidates, "org.rportd.Manager.ListPorts", "ports", &answer);
	size_t i;
	json_t *port;

	json_array_foreach(ports, i, port) add_name(candidates, view_text(port, "domain"), NULL);
	client_answer_release(&answer);
}

/* Files, as soon as a path was begun. */
static void add_paths(struct candidates *candidates)
{
	static const char prefix[] = "netns:";
	struct candidates files = { candidates->options, candidates->begun + strlen(prefix),
				    json_object() };
	const char *path;
	json_t *value;

	candidates_add_files(&files);
	json_object_foreach(files.found, path, value)
	{
		_cleanup_free_ char *whole = NULL;

		if (asprintf(&whole, "%s%s", prefix, path) < 0)
			whole = NULL;
		else
			candidates_add(candidates, whole, NULL);
	}
	json_decref(files.found);
}

void candidates_add_domains(struct candidates *candidates)
{
	json_t *namespaces = list_namespaces();
	json_t *vrfs = list_vrfs();
	const char *name;
	json_t *value;

	json_object_foreach(namespaces, name, value) add_domain(candidates, "netns", name, vrfs);
	json_object_foreach(vrfs, name, value) add_domain(candidates, "vrf", name, namespaces);
	candidates_add(candidates, "default", "where rportd is");
	if (skip_prefix(candidates->begun, "netns:/"))
		add_paths(candidates);
	container_candidates(candidates);
	if (*candidates->begun)
		add_used_domains(candidates);
	json_decref(namespaces);
	json_decref(vrfs);
}

void candidates_add_prefixes(struct candidates *candidates)
{
	candidates_add(candidates, "default", NULL);
}

/* @text and then "*", where nothing in @text has a meaning for glob(3). */
static char *glob_pattern(const char *text)
{
	char *pattern = malloc(2 * strlen(text) + 2);
	char *end = pattern;

	if (!pattern)
		return NULL;
	for (; *text; text++) {
		if (strchr("*?[\\", *text))
			*end++ = '\\';
		*end++ = *text;
	}
	*end++ = '*';
	*end = '\0';
	return pattern;
}

void candidates_add_files(struct candidates *candidates)
{
	_cleanup_free_ char *pattern = glob_pattern(candidates->begun);
	glob_t files = { 0 };

	if (!pattern)
		return;
	if (glob(pattern, GLOB_MARK, NULL, &files) == 0)
		for (size_t i = 0; i < files.gl_pathc; i++)
			candidates_add(candidates, files.gl_pathv[i], NULL);
	globfree(&files);
}
