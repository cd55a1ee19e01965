/* SPDX-License-Identifier: ISC */

/* Files that are right by themselves, but not together. */

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/escape.h"
#include "config/clash.h"

#define MEANINGS_MAX 2 /* of a domain: "red" is netns:red or vrf:red */
#define KEY_MAX      ESCAPED_SIZE(2 * DOMAIN_TEXT_MAX + IP_PREFIX_TEXT_MAX + 3)

struct config_clashes {
	json_t *interfaces; /* the file that wants "DOMAIN/IFNAME" */
	json_t *links;      /* the file that has "DOMAIN DOMAIN ADDRESS" */
};

struct config_clashes *config_clashes_new(void)
{
	struct config_clashes *clashes = calloc(1, sizeof(*clashes));

	if (!clashes)
		return NULL;
	clashes->interfaces = json_object();
	clashes->links = json_object();
	return clashes;
}

void config_clashes_free(struct config_clashes *clashes)
{
	if (!clashes)
		return;
	json_decref(clashes->interfaces);
	json_decref(clashes->links);
	free(clashes);
}

/* Write all that a domain may mean into @ret. Return: how many there are. */
static size_t meanings(const struct domain *domain, char ret[MEANINGS_MAX][DOMAIN_TEXT_MAX])
{
	if (domain->netns != DOMAIN_NETNS_ANY) {
		domain_format(domain, ret[0]);
		return 1;
	}
	snprintf(ret[0], DOMAIN_TEXT_MAX, "netns:%s", domain->name);
	snprintf(ret[1], DOMAIN_TEXT_MAX, "vrf:%s", domain->name);
	return 2;
}

/* Note @file under a key, and return the file that was noted under it before, or NULL. */
static const char *_printf_(3, 4) note(json_t *files, const char *file, const char *fmt, ...)
{
	char key[2 * DOMAIN_TEXT_MAX + IP_PREFIX_TEXT_MAX + 3], escaped[KEY_MAX];
	const char *before;
	va_list args;

	va_start(args, fmt);
	vsnprintf(key, sizeof(key), fmt, args);
	va_end(args);
	/* names have any bytes, JSON has not */
	escape_into(escaped, sizeof(escaped), key, ESCAPE_BACKSLASH);
	before = json_string_value(json_object_get(files, escaped));
	if (!before)
		json_object_set_new(files, escaped, escape_json(file));
	return before;
}

static void tell(const struct config_link *link, enum config_severity severity, const char *message,
		 config_problem_fn problem, void *userdata)
{
	char printable[RPORT_ERROR_MESSAGE_MAX];

	escape_into(printable, sizeof(printable), message, 0);
	problem(severity, link->file, 0, printable, userdata);
}

static void check_interface(struct config_clashes *clashes, const struct config_link *link,
			    const struct port_spec *port, config_problem_fn problem, void *userdata)
{
	char domains[MEANINGS_MAX][DOMAIN_TEXT_MAX], message[RPORT_ERROR_MESSAGE_MAX];
	size_t n = meanings(&port->domain, domains);
	const char *other = NULL;

	for (size_t i = 0; i < n; i++) {
		const char *before =
			note(clashes->interfaces, link->file, "%s/%s", domains[i], port->ifname);

		if (!other)
			other = before;
	}
	if (!other)
		return;
	snprintf(message, sizeof(message), "%s wants an interface %s in %s, too", other,
		 port->ifname, domain_format(&port->domain, domains[0]));
	tell(link, CONFIG_ERROR, message, problem, userdata);
}

/* The file that was there before with this address between these domains, either way round. */
static const char *note_address(struct config_clashes *clashes, const struct config_link *link,
				const struct ip_prefix *address)
{
	char a[MEANINGS_MAX][DOMAIN_TEXT_MAX], b[MEANINGS_MAX][DOMAIN_TEXT_MAX];
	size_t n_a = meanings(&link->spec.ports[0].domain, a);
	size_t n_b = meanings(&link->spec.ports[1].domain, b);
	char text[IP_PREFIX_TEXT_MAX];
	const char *other = NULL;

	ip_prefix_format(address, text);
	for (size_t i = 0; i < n_a * n_b; i++) {
		const char *one = a[i / n_b], *two = b[i % n_b];
		bool in_order = strcmp(one, two) <= 0;
		const char *before = note(clashes->links, link->file, "%s %s %s",
					  in_order ? one : two, in_order ? two : one, text);

		if (!other)
			other = before;
	}
	return other;
}

/* Two links between the same domains are no fault, but with the same address only one is used. */
static void check_addresses(struct config_clashes *clashes, const struct config_link *link,
			    config_problem_fn problem, void *userdata)
{
	char message[RPORT_ERROR_MESSAGE_MAX];
	const char *other = NULL;

	for (int end = 0; end < 2; end++) {
		const struct port_spec *port = &link->spec.ports[end];

		for (size_t i = 0; i < port->n_addresses; i++) {
			const char *before =
				note_address(clashes, link, &port->addresses[i].address);

			if (before && !streq(before, link->file))
				other = before;
		}
	}
	if (!other)
		return;
	snprintf(message, sizeof(message), "%s joins the same domains, with the same address",
		 other);
	tell(link, CONFIG_WARNING, message, problem, userdata);
}

void config_clashes_add(struct config_clashes *clashes, const struct config_link *link,
			config_problem_fn problem, void *userdata)
{
	if (!clashes)
		return;
	for (int end = 0; end < 2; end++)
		if (link->spec.ports[end].ifname[0])
			check_interface(clashes, link, &link->spec.ports[end], problem, userdata);
	check_addresses(clashes, link, problem, userdata);
}
