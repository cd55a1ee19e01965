/* SPDX-License-Identifier: ISC */

/* Which link or port may have been meant by a name that stands for none. */

#include <stdio.h>

#include "base/nearest.h"
#include "output.h"
#include "suggest.h"
#include "view.h"

static void offer_port(struct nearest *nearest, const json_t *port)
{
	const char *interface = view_text(port, "interface");
	char name[NEAREST_MAX + 1];

	nearest_offer(nearest, interface);
	if (snprintf(name, sizeof(name), "%s/%s", view_text(port, "domain"), interface) <=
	    NEAREST_MAX)
		nearest_offer(nearest, name);
}

static void offer_link(struct nearest *nearest, const json_t *link)
{
	nearest_offer(nearest, view_text(link, "name"));
	offer_port(nearest, json_object_get(link, "a"));
	offer_port(nearest, json_object_get(link, "b"));
}

/* After which error what is looked through. */
static const struct kind {
	const char *error;
	const char *method;
	const char *key;
	void (*offer)(struct nearest *nearest, const json_t *object);
} kinds[] = {
	{ "org.rportd.Manager.LinkNotFound", "org.rportd.Manager.List", "links", offer_link },
	{ "org.rportd.Manager.PortNotFound", "org.rportd.Manager.ListPorts", "ports", offer_port },
	{ "org.rportd.Manager.ParentNotFound", "org.rportd.Manager.ListPorts", "ports",
	  offer_port },
};

static void search(const struct ctl_options *options, const struct kind *kind,
		   struct nearest *nearest)
{
	struct client_answer answer;
	size_t i;
	json_t *object;

	client_call(options, kind->method, json_object(), &answer);
	json_array_foreach(json_object_get(answer.parameters, kind->key), i, object)
		kind->offer(nearest, object);
	client_answer_release(&answer);
}

void suggest_complain(const struct ctl_options *options, const struct client_answer *answer,
		      const char *prefix, const char *name)
{
	struct nearest nearest;
	const char *meant;

	nearest_begin(&nearest, name ? name : "");
	for (size_t i = 0; name && i < ARRAY_SIZE(kinds); i++)
		if (streq(answer->error, kinds[i].error))
			search(options, &kinds[i], &nearest);
	meant = nearest_found(&nearest);
	output_error("%s%s%s%s%s", prefix, answer->message, meant ? "; did you mean \"" : "",
		     meant ? meant : "", meant ? "\"?" : "");
}
