/* SPDX-License-Identifier: ISC */

/* The log of who changed what. */

#include <stdio.h>

#include "api/audit.h"
#include "base/escape.h"
#include "base/log.h"
#include "base/messages.h"
#include "manager/parents.h"
#include "varlink/user.h"

#define DENIED "org.varlink.service.PermissionDenied"

/*
 * What a call is about.
 *
 * @link: its name; "": none
 * @is_port: only the first end is meant, which may belong to the link
 * @ends: of the link; an ifname may be ""
 * @n_ends: how many are known
 * @wanted: it is as somebody wants it; replaced by what there is, once that is known
 */
struct api_subject {
	char link[LINK_NAME_MAX + 1];
	bool is_port;
	struct {
		char domain[DOMAIN_TEXT_MAX];
		char ifname[IFNAMSIZ];
	} ends[2];
	unsigned int n_ends;
	bool wanted;
};

#define SUBJECTS_MAX     MANAGER_DESTROY_MAX
#define SUBJECT_TEXT_MAX (2 * PORT_TEXT_MAX + LINK_NAME_MAX + 64)
#define OUTCOME_MAX      512

/* --- what it is about ------------------------------------------------------------------------- */

/* Return: a new subject; NULL: there is no memory, or too many: the line will be without. */
static struct api_subject *add_subject(struct api *api)
{
	struct api_subject *subjects;

	if (api->n_subjects == 1 && api->subjects[0].wanted)
		api->n_subjects = 0;
	if (api->n_subjects == SUBJECTS_MAX)
		return NULL;
	subjects = realloc(api->subjects, (api->n_subjects + 1) * sizeof(*subjects));
	if (!subjects)
		return NULL;
	api->subjects = subjects;
	subjects[api->n_subjects] = (struct api_subject){ 0 };
	return &subjects[api->n_subjects++];
}

static void forget_subjects(struct api *api)
{
	free(api->subjects);
	api->subjects = NULL;
	api->n_subjects = 0;
	api->changes_nothing = false;
}

static void add_end(struct api_subject *subject, const struct domain *domain, const char *ifname)
{
	unsigned int end = subject->n_ends++;

	domain_format(domain, subject->ends[end].domain);
	snprintf(subject->ends[end].ifname, IFNAMSIZ, "%s", ifname);
}

static void add_port(struct api_subject *subject, const struct port *port)
{
	add_end(subject, &port->spec.domain, port->ifname);
}

void api_about_link(struct api *api, const struct rport_link *link)
{
	struct api_subject *subject = add_subject(api);

	if (!subject)
		return;
	snprintf(subject->link, sizeof(subject->link), "%s", link->name);
	add_port(subject, link->ports[0]);
	add_port(subject, link->ports[1]);
}

void api_about_port(struct api *api, const struct port *port)
{
	struct api_subject *subject = add_subject(api);

	if (!subject)
		return;
	subject->is_port = true;
	add_port(subject, port);
	if (!port->link)
		return;
	snprintf(subject->link, sizeof(subject->link), "%s", port->link->name);
	add_port(subject, port->link->ports[port->link->ports[0] == port]);
}

void api_about_spec(struct api *api, const char *name, const struct port_spec specs[],
		    size_t n_specs)
{
	struct api_subject *subject = add_subject(api);

	if (!subject)
		return;
	snprintf(subject->link, sizeof(subject->link), "%s", name);
	subject->wanted = true;
	subject->is_port = n_specs == 1;
	for (size_t i = 0; i < n_specs; i++)
		add_end(subject, &specs[i].domain, specs[i].ifname);
}

void api_about_ports(struct api *api, const struct port *port, const struct port *other)
{
	struct api_subject *subject = add_subject(api);

	if (!subject)
		return;
	subject->wanted = true;
	add_port(subject, port);
	add_port(subject, other);
}

void api_about_nothing(struct api *api)
{
	api->changes_nothing = true;
}

/* --- the line --------------------------------------------------------------------------------- */

static const char *end_text(const struct api_subject *subject, unsigned int end,
			    char buf[static PORT_TEXT_MAX])
{
	snprintf(buf, PORT_TEXT_MAX, "%s%s%s", subject->ends[end].domain,
		 subject->ends[end].ifname[0] ? "/" : "", subject->ends[end].ifname);
	return buf;
}

static void format_port(const struct api_subject *subject, char buf[static SUBJECT_TEXT_MAX])
{
	char port[PORT_TEXT_MAX], peer[PORT_TEXT_MAX];

	end_text(subject, 0, port);
	if (subject->n_ends < 2)
		snprintf(buf, SUBJECT_TEXT_MAX, "port %s: ", port);
	else
		snprintf(buf, SUBJECT_TEXT_MAX, "port %s of link %s, whose peer is %s: ", port,
			 subject->link, end_text(subject, 1, peer));
}

static void format_link(const struct api_subject *subject, char buf[static SUBJECT_TEXT_MAX])
{
	char a[PORT_TEXT_MAX], b[PORT_TEXT_MAX];

	if (subject->n_ends < 2)
		snprintf(buf, SUBJECT_TEXT_MAX, "link %s: ", subject->link);
	else
		snprintf(buf, SUBJECT_TEXT_MAX, "link %s%s%s and %s: ", subject->link,
			 subject->link[0] ? ", " : "of ", end_text(subject, 0, a),
			 end_text(subject, 1, b));
}

/* "refused: LinkExists: there is ..." */
static void format_refusal(const char *error, const json_t *parameters,
			   char buf[static OUTCOME_MAX])
{
	const char *message = json_string_value(json_object_get(parameters, "message"));
	const char *dot = strrchr(error, '.');
	_cleanup_free_ char *text = NULL;

	text = message ? strdup(message) : NULL;
	if (text)
		escape_undo(text);
	snprintf(buf, OUTCOME_MAX, "refused: %s%s%s", dot ? dot + 1 : error, text ? ": " : "",
		 text ? text : "");
}

static void format_outcome(const json_t *reply, char buf[static OUTCOME_MAX])
{
	const char *error = json_string_value(json_object_get(reply, "error"));
	const json_t *parameters = json_object_get(reply, "parameters");
	const json_t *changed = json_object_get(parameters, "changed");
	const char *result = json_string_value(json_object_get(parameters, "result"));

	if (error)
		format_refusal(error, parameters, buf);
	else if (!reply)
		snprintf(buf, OUTCOME_MAX, "begun");
	else if (json_is_boolean(changed))
		snprintf(buf, OUTCOME_MAX, json_is_true(changed) ? "changed" : "unchanged");
	else
		snprintf(buf, OUTCOME_MAX, "%s", result ? result : "done");
}

/*
 * A line, but for what it is about.
 *
 * @who: "uid 0, pid 4711 (rportctl)"; what a program calls itself does not end the parenthesis
 */
struct audit {
	int level;
	const char *method;
	struct varlink_caller caller;
	char uid[16], pid[16];
	char who[64];
	char outcome[OUTCOME_MAX];
};

static void fill_caller(struct audit *audit, const struct varlink_call *call)
{
	char program[PROGRAM_NAME_MAX];

	varlink_call_caller(call, &audit->caller);
	snprintf(audit->uid, sizeof(audit->uid), "%u", (unsigned int)audit->caller.uid);
	if (audit->caller.pid > 0)
		snprintf(audit->pid, sizeof(audit->pid), "%d", (int)audit->caller.pid);
	memcpy(program, audit->caller.program, sizeof(program));
	for (char *c = program; *c; c++)
		if (*c == '(' || *c == ')')
			*c = '_';
	snprintf(audit->who, sizeof(audit->who), "uid %s, pid %s (%s)", audit->uid,
		 audit->pid[0] ? audit->pid : "unknown", program[0] ? program : "unknown");
}

static void print_line(const struct audit *audit, const struct api_subject *subject)
{
	char about[SUBJECT_TEXT_MAX] = "";
	struct log_fields fields = {
		.message_id = MESSAGE_CALL,
		.method = audit->method,
		.uid = audit->uid,
		.pid = audit->pid,
		.program = audit->caller.program,
	};

	if (subject && subject->is_port)
		format_port(subject, about);
	else if (subject)
		format_link(subject, about);
	if (subject)
		fields.link = subject->link;
	if (subject && subject->n_ends > 0)
		fields.domain = subject->ends[0].domain;
	if (subject && subject->is_port)
		fields.ifname = subject->ends[0].ifname;
	if (subject && subject->n_ends > 1)
		fields.peer_domain = subject->ends[1].domain;
	log_print_fields(audit->level, &fields, "%s by %s: %s%s", audit->method, audit->who, about,
			 audit->outcome);
}

/* Anybody can have calls refused, so these lines are limited, for each user. */
static bool may_log(const struct varlink_call *call)
{
	return varlink_call_may_change(call) ||
	       log_limit_pass(varlink_log_limit(varlink_call_uid(call)),
			      "calls of a user who may not change anything");
}

static void print_audit(const struct api *api, const struct varlink_call *call, const json_t *reply)
{
	struct audit audit = { .method = varlink_call_method(call) };

	audit.level = varlink_call_may_change(call) ? LOG_INFO : LOG_NOTICE;
	fill_caller(&audit, call);
	format_outcome(reply, audit.outcome);
	if (api->n_subjects == 0)
		print_line(&audit, NULL);
	for (size_t i = 0; i < api->n_subjects; i++)
		print_line(&audit, &api->subjects[i]);
}

void api_audit(const struct varlink_call *call, const json_t *reply, void *userdata)
{
	struct api *api = userdata;

	if (!api->changes_nothing && may_log(call))
		print_audit(api, call, reply);
	forget_subjects(api);
}
