/* SPDX-License-Identifier: ISC */

/*
 * netavark-rport: a plugin of netavark, for `podman network create -d rport`.
 *
 * netavark runs it with create, setup, teardown or info, and JSON on standard input; what it writes
 * is an answer with exit status 0, or {"error": ...} with 1.
 *
 * setup makes the link of an attachment what it should be, whatever is left of it: podman(1) starts
 * a container again under the same identifier, also when nobody could clean up after it.
 */

#ifdef HAVE_CONFIG_H
#include "build-config.h"
#endif

#include <signal.h>
#include <stdio.h>

#include "netavark.h"

/* A command; @netns is its second argument, or NULL. */
struct netavark_command {
	const char *name;
	bool reads;
	int (*run)(json_t *input, const char *netns, struct netavark_error *error);
};

static int cannot_write(struct netavark_error *error)
{
	return netavark_fail(error, "cannot write the answer");
}

static int run_create(json_t *input, const char *netns _unused_, struct netavark_error *error)
{
	int r = netavark_check_network(input, error);

	if (r < 0)
		return r;
	return output_object(json_incref(input)) < 0 ? cannot_write(error) : 0;
}

/* No error: a container may be in other networks, too, where its ports are mapped. */
static void warn_of_ports(const json_t *input)
{
	if (json_array_size(json_object_get(input, "port_mappings")) > 0)
		fputs("netavark-rport: warning: ports are not published (-p) by a network of "
		      "rport: the container has an address of its own\n",
		      stderr);
}

static int pair(const struct plugin_link *link, const json_t *input, struct netavark_error *error)
{
	struct client_answer answer, removed;
	int r = 0;

	if (plugin_link_pair(link, &answer) != STATUS_DONE)
		r = netavark_fail(error, "%s", answer.message);
	client_answer_release(&answer);
	if (r < 0 || output_object(netavark_status(input, link->interface)) == 0)
		return r;
	plugin_link_unpair(link->name, &removed);
	client_answer_release(&removed);
	return cannot_write(error);
}

static int run_setup(json_t *input, const char *netns, struct netavark_error *error)
{
	_cleanup_plugin_link_ struct plugin_link link = { 0 };
	struct attachment attachment;
	int r;

	r = netavark_attachment(input, &attachment, error);
	if (r < 0)
		return r;
	if (plugin_link_init(&link, &attachment,
			     netavark_domain(json_object_get(input, "network"))) < 0)
		return netavark_fail(error, "out of memory");
	link.replace = true;
	if (!netns || plugin_domain_of_path(netns, link.container_domain) < 0)
		return netavark_fail(error, "the second argument is not the path of a namespace");
	warn_of_ports(input);
	r = netavark_fill_link(&link, input, error);
	return r == 0 ? pair(&link, input, error) : r;
}

static int run_teardown(json_t *input, const char *netns _unused_, struct netavark_error *error)
{
	char name[LINK_NAME_MAX + 1];
	struct attachment attachment;
	struct client_answer answer;
	int r;

	r = netavark_attachment(input, &attachment, error);
	if (r < 0)
		return r;
	if (plugin_link_unpair(attachment_link_name(&attachment, name), &answer) != STATUS_DONE)
		r = netavark_fail(error, "cannot remove the link %s: %s", name, answer.message);
	client_answer_release(&answer);
	return r;
}

static int run_info(json_t *input _unused_, const char *netns _unused_,
		    struct netavark_error *error)
{
	return output_object(json_pack("{s:s, s:s}", "version", PACKAGE_VERSION, "api_version",
				       NETAVARK_API)) < 0
		       ? cannot_write(error)
		       : 0;
}

static int run_help(json_t *input _unused_, const char *netns _unused_,
		    struct netavark_error *error _unused_)
{
	puts("Usage: netavark-rport create|setup NAMESPACE|teardown NAMESPACE|info <INPUT\n\n"
	     "A plugin of netavark, which podman(1) runs: its networks join containers to VRFs\n"
	     "and namespaces by links of rportd. See netavark-rport(8).\n\n"
	     "  -h, --help     this\n"
	     "  -V, --version  the version");
	return 0;
}

static int run_version(json_t *input _unused_, const char *netns _unused_,
		       struct netavark_error *error _unused_)
{
	puts("netavark-rport " PACKAGE_VERSION);
	return 0;
}

static const struct netavark_command commands[] = {
	{ "create", true, run_create },     { "setup", true, run_setup },
	{ "teardown", true, run_teardown }, { "info", false, run_info },
	{ "-h", false, run_help },          { "--help", false, run_help },
	{ "-V", false, run_version },       { "--version", false, run_version },
};

static int run(const struct netavark_command *command, const char *netns,
	       struct netavark_error *error)
{
	_cleanup_free_ char *text = NULL;
	char message[256];
	json_t *input;
	size_t size;
	int r;

	if (!command->reads)
		return command->run(NULL, netns, error);
	r = input_read(STDIN_FILENO, INPUT_MAX, &text, &size);
	if (r < 0)
		return netavark_fail(error, "cannot read the input: %s",
				     r == -EMSGSIZE ? "it is longer than 4 MiB" : strerror(-r));
	input = input_object(text, size, message, sizeof(message));
	if (!input)
		return netavark_fail(error, "cannot read the input: %s", message);
	r = command->run(input, netns, error);
	json_decref(input);
	return r;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "info";
	struct netavark_error error = { "" };
	size_t i = 0;
	int r;

	/* what setup has made is removed if nobody reads its answer */
	(void)signal(SIGPIPE, SIG_IGN);
	while (i < ARRAY_SIZE(commands) && !streq(name, commands[i].name))
		i++;
	if (i == ARRAY_SIZE(commands))
		r = netavark_fail(&error, "unknown subcommand: %.64s", name);
	else
		r = run(&commands[i], argc > 2 ? argv[2] : NULL, &error);
	if (r < 0)
		(void)output_object(json_pack("{s:o}", "error", output_message(error.message)));
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
