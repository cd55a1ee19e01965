/* SPDX-License-Identifier: ISC */

/* The command pair: join two domains with a link. */

#include "command.h"
#include "container.h"
#include "output.h"
#include "property.h"
#include "view.h"

/* What the command line says of one end; arrays are NULL until they have a member. */
struct pair_end {
	const char *interface;
	json_t *addresses;
	json_t *routes;
};

struct pair_request {
	const char *name;
	struct property_values properties;
	bool replace;
	bool wait;
	bool persist;
	bool dry_run;
	struct pair_end a, b;
};

static int out_of_memory(void)
{
	output_error("out of memory");
	return -ENOMEM;
}

/* Takes over the reference to @member; NULL: there was no memory to make it. */
static int append_to(json_t **array, json_t *member)
{
	if (!*array)
		*array = json_array();
	if (json_array_append_new(*array, member) < 0)
		return out_of_memory();
	return 0;
}

static int apply_address(const struct args_option *option, const char *value, void *target)
{
	json_t **addresses = (json_t **)((char *)target + option->offset);

	return append_to(addresses, json_pack("{s:s}", "address", value));
}

static int apply_route(const struct args_option *option, const char *value, void *target)
{
	json_t **routes = (json_t **)((char *)target + option->offset);

	return append_to(routes, json_string(value));
}

/* "A,B": each end gets its address, and a route to the other one. */
static int apply_addresses(const struct args_option *option, const char *value, void *target)
{
	struct pair_request *request = target;
	const char *comma = strchr(value, ',');
	_cleanup_free_ char *a = NULL;
	const char *b;
	int r;

	if (!comma || comma == value || comma[1] == '\0' || strchr(comma + 1, ','))
		return args_usage_error("%s wants two addresses with a comma between, not \"%s\"",
					option->name, value);
	if (strchr(value, '/'))
		return args_usage_error("%s takes addresses without a length; with one, use "
					"--a-address and --b-address",
					option->name);
	a = strndup(value, (size_t)(comma - value));
	if (!a)
		return out_of_memory();
	b = comma + 1;
	r = append_to(&request->a.addresses, json_pack("{s:s, s:s}", "address", a, "peer", b));
	if (r < 0)
		return r;
	return append_to(&request->b.addresses, json_pack("{s:s, s:s}", "address", b, "peer", a));
}

static const char *const route_words[] = { "via", "metric", "src", NULL };

#define PAIR(name_, value_, apply_, field, help_)                               \
	{                                                                       \
		.name = name_, .value = value_, .help = help_, .apply = apply_, \
		.offset = offsetof(struct pair_request, field)                  \
	}

#define ROUTE(name_, field, help_)                                                     \
	{                                                                              \
		.name = name_, .value = "PREFIX", .words = route_words, .help = help_, \
		.apply = apply_route, .offset = offsetof(struct pair_request, field)   \
	}

#define OPTION(id_, member_, key_, type_, min_, max_, standard_, fixed_, option_, value_, help_) \
	PROPERTY_OPTION(struct pair_request, properties, id_, option_, value_, help_),

static const struct args_option options_table[] = {
	PAIR("--name", "LINK", args_string, name, "the link's name; else the domains' with a dash"),
	PAIR("--a-name", "IF", args_string, a.interface,
	     "the interface in A; else the lowest free rportN"),
	PAIR("--b-name", "IF", args_string, b.interface, "the interface in B"),
	PAIR("--a-address", "ADDR[/LEN]", apply_address, a.addresses,
	     "an address for A; again for more"),
	PAIR("--b-address", "ADDR[/LEN]", apply_address, b.addresses, "an address for B"),
	PAIR("--addresses", "ADDR,ADDR", apply_addresses, a.addresses,
	     "one for A and one for B, each the other's peer; again for more"),
	ROUTE("--a-route", a.routes, "[via ADDR] [metric N] [src ADDR], a route in A"),
	ROUTE("--b-route", b.routes, "a route in B to what is behind A"),
	/* clang-format off */
	PORT_PROPERTIES(OPTION)
	/* clang-format on */
	PAIR("--replace", NULL, args_set, replace, "change a link that has other parameters"),
	{
		.name = "--allow-pending",
		.old = "--wait",
		.help = "the link may wait for a domain that does not exist yet",
		.apply = args_set,
		.offset = offsetof(struct pair_request, wait),
	},
	PAIR("--dry-run", NULL, args_set, dry_run, "do nothing, but say what would be done"),
	PAIR("--persist", NULL, args_set, persist,
	     "have a file that makes it again whenever rportd starts"),
};

static json_t *end_parameters(const char *domain, const struct pair_end *end)
{
	/* "*": left out where the option was not given, so that the daemon's default applies */
	return json_pack("{s:s, s:s*, s:O*, s:O*}", "domain", domain, "interface", end->interface,
			 "addresses", end->addresses, "routes", end->routes);
}

/* A switch that is not given is left out, too. */
static json_t *switch_value(bool given, bool value)
{
	return given ? json_boolean(value) : NULL;
}

static json_t *pair_parameters(const struct pair_request *request, char *const *domains)
{
	json_t *parameters =
		json_pack("{s:o, s:o, s:s*, s:o*, s:o*, s:o*, s:o*}", "a",
			  end_parameters(domains[0], &request->a), "b",
			  end_parameters(domains[1], &request->b), "name", request->name, "replace",
			  switch_value(request->replace, true), "wait",
			  switch_value(request->wait, true), "persist",
			  switch_value(request->persist, true), "dryRun",
			  switch_value(request->dry_run, true));

	return property_add(parameters, &request->properties);
}

static void print_anew(const json_t *reply)
{
	static const char *const ends[] = { "a", "b" };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		const json_t *because = json_object_get(json_object_get(reply, "anew"), ends[i]);

		if (json_is_string(because))
			printf("%s: made anew, because %s\n", ends[i], json_string_value(because));
	}
}

/* What is probably not meant is said at once; "rportctl check" says more. */
static void print_warnings(const json_t *link)
{
	size_t i;
	json_t *warning;

	json_array_foreach(json_object_get(link, "warnings"), i, warning) output_diagnostic(
		"warning: %s: %s", view_text(link, "name"), json_string_value(warning));
}

static void print_result(const struct ctl_options *options _unused_, const json_t *reply)
{
	view_print_link(json_object_get(reply, "link"), view_text(reply, "result"));
	print_anew(reply);
	print_warnings(json_object_get(reply, "link"));
	view_print_persisted(json_object_get(reply, "persisted"));
}

static void print_preview(const struct ctl_options *options _unused_, const json_t *reply)
{
	const char *result = view_text(reply, "result");
	const json_t *steps = json_object_get(reply, "steps"), *step;
	size_t i;

	if (streq(result, "unchanged"))
		printf("nothing to do\n");
	else
		printf("would be %s\n", result);
	print_anew(reply);
	json_array_foreach(steps, i, step)
	{
		view_print_value(step);
		output_newline();
	}
}

static void release_end(struct pair_end *end)
{
	json_decref(end->addresses);
	json_decref(end->routes);
}

static enum ctl_status run_pair(struct ctl_options *options, int argc, char **argv)
{
	struct pair_request request = { 0 };
	const struct args_table table = { options_table, ARRAY_SIZE(options_table), &request };
	enum ctl_status status = STATUS_USAGE;
	const char *words[2];
	char *domains[2];
	int n;

	n = args_parse(options, &table, argc, argv, words, ARRAY_SIZE(words));
	if (n >= 0 && n < 2)
		command_usage_error(&ctl_command_pair, "which two domains?");
	if (n == 2)
		status = container_domains(words, 2, domains);
	if (n == 2 && status == STATUS_DONE) {
		status = command_call(options, "org.rportd.Manager.Pair",
				      pair_parameters(&request, domains), NULL,
				      request.dry_run ? print_preview : print_result);
		container_domains_free(domains, 2);
	}
	release_end(&request.a);
	release_end(&request.b);
	return status;
}

const struct ctl_command ctl_command_pair = {
	.name = "pair",
	.synopsis = "A B",
	.summary = "join two domains with a link",
	.details = "A and B are domains: NAME, default, vrf:NAME, netns:NAME, netns:/PATH,\n"
		   "netns:NAME/vrf:NAME or pid:N; or a container, podman:NAME or docker:NAME.\n"
		   "The same command again changes nothing.\n"
		   "With --allow-pending the link is pending until its domains are there.\n",
	.run = run_pair,
	.options = options_table,
	.n_options = ARRAY_SIZE(options_table),
};
