/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * Where the network of a container is, its engine says:
 *
 *	--network ns:PATH	that path: it is there before and after the container
 *	--network container:X	where X has it; a container of a pod, where its infra container has it
 *	a network of podman	a namespace in /run/netns, which podman makes for the container
 *	all others		that of its process, pid:N: what docker makes is in /run/docker/netns,
 *				where only root may look, and changes with each start as pid:N does;
 *				what podman makes for users is in a mount namespace of its own
 *
 * Only rportctl asks: the daemon trusts no engine, and runs nothing.
 */

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "container.h"
#include "base/names.h"
#include "output.h"
#include "tool.h"
#include "view.h"

#define ASK_MSEC  10000 /* until an engine is taken for one that does not answer */
#define LIST_MSEC 1000  /* the same, while somebody waits for completion */
#define DEPTH_MAX 4     /* containers that use the network of another one */

/*
 * struct engine - a program that runs containers
 * @prefix: of domains
 * @tool: its name
 * @named: its namespaces have names in /run/netns
 * @elsewhere: the environment variable that has it look for containers of another machine
 */
static const struct engine {
	const char *prefix;
	const char *tool;
	bool named;
	const char *elsewhere;
} engines[] = {
	{ "podman:", "podman", true, "CONTAINER_HOST" },
	{ "docker:", "docker", false, "DOCKER_HOST" },
};

static const struct engine *engine_of(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(engines); i++)
		if (skip_prefix(word, engines[i].prefix))
			return &engines[i];
	return NULL;
}

/* As the engines have it: no option is one, and nothing that needs to be quoted. */
static bool name_valid(const char *name)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

	if (!*name || !strchr(letters, *name))
		return false;
	name += strspn(name, letters);
	while (*name && strchr("_.-", *name))
		name += 1 + strspn(name + 1, letters);
	return !*name;
}

/* --- asking an engine ------------------------------------------------------------------------- */

/* A process of another machine has a number that means another process here. */
static enum ctl_status check_machine(const struct engine *engine)
{
	const char *where = getenv(engine->elsewhere);

	if (!where || !*where || skip_prefix(where, "unix:"))
		return STATUS_DONE;
	output_error("%s has containers of another machine: %s is %s", engine->tool,
		     engine->elsewhere, where);
	return STATUS_REFUSED;
}

static enum ctl_status no_answer(const struct engine *engine, const char *name, int r)
{
	if (r == -ENOENT)
		output_error("%s%s: %s is not installed", engine->prefix, name, engine->tool);
	else if (r == -ETIMEDOUT)
		output_error("%s%s: %s has not answered for %d s", engine->prefix, name,
			     engine->tool, ASK_MSEC / 1000);
	else
		output_error("%s%s: cannot ask %s: %s", engine->prefix, name, engine->tool,
			     strerror(-r));
	return STATUS_REFUSED;
}

static enum ctl_status refused(const struct engine *engine, const char *name, const char *complaint)
{
	if (strcasestr(complaint, "no such")) {
		output_error("there is no container \"%s\" (%s ps -a shows all)", name,
			     engine->tool);
		return STATUS_NOT_FOUND;
	}
	output_error("%s%s: %s says: %s", engine->prefix, name, engine->tool,
		     *complaint ? complaint : "nothing");
	return STATUS_REFUSED;
}

/* @ret: what the engine knows of the container, for json_decref() */
static enum ctl_status inspect(const struct engine *engine, const char *name, json_t **ret)
{
	const char *const argv[] = { engine->tool, "inspect", "--type", "container", name, NULL };
	enum ctl_status status = STATUS_DONE;
	struct tool_answer answer;
	json_t *list;
	int r = tool_ask(&(struct tool_call){ .argv = argv, .msec = ASK_MSEC }, &answer);

	if (r < 0)
		return no_answer(engine, name, r);
	list = r == 0 ? json_loads(answer.output, 0, NULL) : NULL;
	if (r > 0) {
		status = refused(engine, name, answer.complaint);
	} else if (!json_is_object(json_array_get(list, 0))) {
		output_error("%s%s: what %s prints is not understood", engine->prefix, name,
			     engine->tool);
		status = STATUS_REFUSED;
	} else {
		*ret = json_incref(json_array_get(list, 0));
	}
	json_decref(list);
	tool_answer_release(&answer);
	return status;
}

/* --- where its network is --------------------------------------------------------------------- */

static const char *text_at(const json_t *container, const char *object, const char *key)
{
	return view_text(json_object_get(container, object), key);
}

static bool in_run_netns(const char *path)
{
	return skip_prefix(path, NETNS_RUN_DIR "/") || skip_prefix(path, "/var" NETNS_RUN_DIR "/");
}

static char *format_pid(json_int_t pid)
{
	char *text;

	return asprintf(&text, "pid:%" JSON_INTEGER_FORMAT, pid) < 0 ? NULL : text;
}

static char *format_path(const char *path)
{
	char *text;

	return asprintf(&text, "netns:%s", path) < 0 ? NULL : text;
}

static enum ctl_status not_there(const struct engine *engine, const char *name, const char *mode)
{
	if (streq(mode, "host")) {
		output_error("container %s has no network of its own, but that of the machine",
			     name);
		return STATUS_REFUSED;
	}
	output_error("container %s is not running (%s start %s)", name, engine->tool, name);
	return STATUS_NOT_FOUND;
}

/*
 * @depth: how many containers were asked before, each of which said that this one has its network
 * @ret: the domain, for free(3); NULL: out of memory
 */
static enum ctl_status find(const struct engine *engine, const char *name, unsigned int depth,
			    char **ret)
{
	const char *mode, *path, *other;
	json_t *container = NULL;
	enum ctl_status status = inspect(engine, name, &container);
	json_int_t pid;

	if (status != STATUS_DONE)
		return status;
	mode = text_at(container, "HostConfig", "NetworkMode");
	path = skip_prefix(mode, "ns:");
	other = skip_prefix(mode, "container:");
	pid = view_number(json_object_get(container, "State"), "Pid");
	if (!path && engine->named)
		path = text_at(container, "NetworkSettings", "SandboxKey");
	if (other && name_valid(other) && depth < DEPTH_MAX)
		status = find(engine, other, depth + 1, ret);
	else if (skip_prefix(mode, "ns:") || (path && pid > 0 && in_run_netns(path)))
		*ret = format_path(path);
	else if (pid > 0 && !streq(mode, "host"))
		*ret = format_pid(pid);
	else
		status = not_there(engine, name, mode);
	json_decref(container);
	return status;
}

/* @domain: taken over; @ret: as of find() */
static enum ctl_status add_vrf(const char *word, char *domain, const char *vrf, char **ret)
{
	if (!domain || !*vrf) {
		*ret = domain;
		return STATUS_DONE;
	}
	if (skip_prefix(domain, "pid:")) {
		output_error(
			"%s: this container has no path in which a VRF could be named: give it "
			"one (\"ip netns attach NAME %s\", and netns:NAME%s)",
			word, domain + strlen("pid:"), vrf);
		free(domain);
		return STATUS_REFUSED;
	}
	if (asprintf(ret, "%s%s", domain, vrf) < 0)
		*ret = NULL;
	free(domain);
	return STATUS_DONE;
}

/* @word: "podman:NAME", or "podman:NAME/vrf:NAME"; @ret: as of find() */
static enum ctl_status container_domain(const struct engine *engine, const char *word, char **ret)
{
	const char *text = skip_prefix(word, engine->prefix);
	size_t length = strcspn(text, "/");
	_cleanup_free_ char *name = strndup(text, length);
	enum ctl_status status;
	char *domain;

	if (!name || !name_valid(name)) {
		output_error(
			"\"%s\" is not the name of a container: letters, digits, '_', '.' and '-'",
			name ? name : text);
		return STATUS_USAGE;
	}
	if (text[length] && !skip_prefix(text + length, "/vrf:")) {
		output_error("%s: only /vrf:NAME can follow the name of a container", word);
		return STATUS_USAGE;
	}
	status = check_machine(engine);
	if (status == STATUS_DONE)
		status = find(engine, name, 0, &domain);
	return status == STATUS_DONE ? add_vrf(word, domain, text + length, ret) : status;
}

enum ctl_status container_domains(const char *const *words, size_t n, char **ret)
{
	for (size_t i = 0; i < n; i++) {
		const struct engine *engine = engine_of(words[i]);
		enum ctl_status status = STATUS_DONE;

		ret[i] = NULL;
		if (engine)
			status = container_domain(engine, words[i], &ret[i]);
		else
			ret[i] = strdup(words[i]);
		if (status == STATUS_DONE && ret[i])
			continue;
		container_domains_free(ret, i);
		if (status != STATUS_DONE)
			return status;
		output_error("out of memory");
		return STATUS_REFUSED;
	}
	return STATUS_DONE;
}

void container_domains_free(char **domains, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(steal_ptr(domains[i]));
}

/* --- completion ------------------------------------------------------------------------------- */

void container_candidates(struct candidates *candidates)
{
	const struct engine *engine = engine_of(candidates->begun);
	struct tool_answer answer;
	char *rest, *name, *word;
	const char *argv[] = { NULL, "ps", "--format", "{{.Names}}", NULL };

	if (!engine)
		return;
	argv[0] = engine->tool;
	if (tool_ask(&(struct tool_call){ .argv = argv, .msec = LIST_MSEC }, &answer) < 0)
		return;
	rest = answer.output;
	while ((name = strsep(&rest, "\n"))) {
		if (!name_valid(name) || asprintf(&word, "%s%s", engine->prefix, name) < 0)
			continue;
		candidates_add(candidates, word, NULL);
		free(word);
	}
	tool_answer_release(&answer);
}
