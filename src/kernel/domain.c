/* SPDX-License-Identifier: ISC */

/* Domains: how they are written, and which of them are the same. Pure. */

#include <stdio.h>

#include "kernel/domain.h"

#define DOMAIN_SYNTAX \
	"NAME, default, vrf:NAME, netns:NAME, netns:/PATH, netns:NAME/vrf:NAME or pid:N"
#define VRF_PREFIX "/vrf:" /* of a VRF, behind its namespace */

/* --- reading and writing ---------------------------------------------------------------------- */

static const char *bad_namespace(const char *name)
{
	size_t length = strlen(name);

	if (length == 0)
		return "the name of the namespace is missing";
	if (length > NAME_MAX)
		return "the name of the namespace is too long";
	if (!netns_name_valid(name))
		return "a namespace is a file in " NETNS_RUN_DIR ", not a path";
	/* possible, but nearly always a slip, and invisible in a message */
	if (name[0] == ' ' || name[length - 1] == ' ')
		return "there is a space at an end of the name";
	return NULL;
}

static const char *bad_vrf(const char *name)
{
	if (!*name)
		return "the name of the VRF is missing";
	if (!ifname_valid(name))
		return "a VRF has the name of an interface: up to 15 characters without '/', ':', "
		       "'%' and white space";
	return NULL;
}

/* The parsers take what follows the prefix, and return what is wrong with it, or NULL. */

static const char *parse_vrf(const char *text, struct domain *domain)
{
	const char *bad = bad_vrf(text);

	if (bad)
		return bad;
	domain->netns = DOMAIN_NETNS_SELF;
	strcpy(domain->vrf, text);
	return NULL;
}

/* "/a//b/./c" is "/a/b/c". */
static const char *simplify_path(const char *text, size_t size, char ret[static NAME_MAX + 1])
{
	const char *end = text + size;
	size_t used = 0;

	while (text < end) {
		size_t length = strcspn(++text, "/");

		length = MIN(length, (size_t)(end - text));
		if (length == 2 && memcmp(text, "..", 2) == 0)
			return "the path of a namespace is without \"..\"";
		if (length > 0 && !(length == 1 && *text == '.')) {
			if (used + 1 + length > NAME_MAX)
				return "the path of the namespace is longer than 255 bytes";
			ret[used++] = '/';
			memcpy(ret + used, text, length);
			used += length;
		}
		text += length;
	}
	ret[used] = '\0';
	return used == 0 ? "the path of the namespace is missing" : NULL;
}

/* What a path means to rportd may be something else than it does to whoever says it. */
static const char *bad_path(const char *path)
{
	if (path[1] == ' ' || path[strlen(path) - 1] == ' ')
		return "there is a space at an end of the path";
	if (skip_prefix(path, "/proc/self/") || skip_prefix(path, "/proc/thread-self/"))
		return "to rportd /proc/self is rportd itself: say /proc/PID/ns/net";
	if (streq(path, NETNS_RUN_DIR))
		return NETNS_RUN_DIR " is the directory of the names: say netns:NAME";
	return NULL;
}

/* @text: begins with '/'. A VRF can only be the last component, as it has no '/' in its name. */
static const char *parse_path(const char *text, struct domain *domain)
{
	const char *last = strrchr(text, '/'), *vrf = skip_prefix(last, VRF_PREFIX);
	const char *bad, *path, *name;
	char simple[NAME_MAX + 1];
	size_t length = strlen(text);

	if (vrf) {
		length = (size_t)(last - text);
		bad = bad_vrf(vrf);
		if (bad)
			return bad;
		strcpy(domain->vrf, vrf);
	} else if (!last[1]) {
		return "the path of a namespace does not end with '/'";
	}
	bad = simplify_path(text, length, simple);
	if (bad)
		return bad;
	/* as ip(8) calls it; a symbolic link wherever there is a /run */
	path = skip_prefix(simple, "/var/run/") ? simple + strlen("/var") : simple;
	bad = bad_path(path);
	if (bad)
		return bad;
	name = skip_prefix(path, NETNS_RUN_DIR "/");
	if (name && netns_name_valid(name)) {
		path = name;
		bad = bad_namespace(name);
	} else if (!vrf && skip_prefix(strrchr(path, '/'), VRF_PREFIX)) {
		/* "/box/vrf:red/." would be written as the VRF red in /box */
		return "a path that ends with \"vrf:NAME\" is a VRF";
	}
	strcpy(domain->name, path);
	return bad;
}

static const char *parse_netns(const char *text, struct domain *domain)
{
	const char *slash = strchrnul(text, '/'), *vrf = skip_prefix(slash, VRF_PREFIX);
	size_t length = (size_t)(slash - text);
	const char *bad;

	domain->netns = DOMAIN_NETNS_NAMED;
	if (slash == text && *text)
		return parse_path(text, domain);
	if (length >= sizeof(domain->name))
		return "the name of the namespace is too long";
	memcpy(domain->name, text, length);
	bad = bad_namespace(domain->name);
	if (bad || !*slash)
		return bad;

	if (!vrf)
		return "only /vrf:NAME can follow the name of a namespace, and a path begins with "
		       "'/'";
	bad = bad_vrf(vrf);
	if (!bad)
		strcpy(domain->vrf, vrf);
	return bad;
}

static const char *parse_pid(const char *text, struct domain *domain)
{
	const char *rest = pid_parse(text, &domain->pid);

	if (!rest || *rest)
		return "the process is a number from 1 to 2147483647";
	domain->netns = DOMAIN_NETNS_PID;
	return NULL;
}

static const char *parse_bare(const char *text, struct domain *domain)
{
	const char *bad;

	if (!*text)
		return "it is empty";
	if (strchr(text, '/'))
		return "a name has no '/'; a VRF in a namespace is netns:NAME/vrf:NAME";
	if (skip_prefix(text, "podman:") || skip_prefix(text, "docker:"))
		return "only \"rportctl pair\" and \"rportctl create\" know containers: say "
		       "netns:/PATH or pid:N";
	/* a namespace may have a colon in its name, but "vfr:red" is likelier a slip */
	if (strchr(text, ':'))
		return "what stands before the colon is not vrf, netns or pid";
	if (streq(text, "default")) {
		domain->netns = DOMAIN_NETNS_SELF;
		return NULL;
	}
	bad = bad_namespace(text); /* looser than what a VRF can be called */
	if (bad)
		return bad;
	domain->netns = DOMAIN_NETNS_ANY;
	strcpy(domain->name, text);
	return NULL;
}

static const struct {
	const char *prefix;
	const char *(*parse)(const char *text, struct domain *domain);
} forms[] = {
	{ "vrf:", parse_vrf },
	{ "netns:", parse_netns },
	{ "pid:", parse_pid },
	{ "", parse_bare },
};

/* A path alone is nearly a domain. Return: whether it would be one. */
static bool is_path(const char *text, struct domain *ret)
{
	*ret = (struct domain){ .netns = DOMAIN_NETNS_NAMED };
	return *text == '/' && !parse_path(text, ret);
}

static int refuse_text(const char *text, const char *bad, struct rport_error *err)
{
	char said[DOMAIN_TEXT_MAX];
	struct domain domain;

	if (is_path(text, &domain))
		return rport_error_set(err, RPORT_ERR_INVALID, EINVAL,
				       "invalid domain \"%s\": the namespace with this path is %s",
				       text, domain_format(&domain, said));
	return rport_error_set(err, RPORT_ERR_INVALID, EINVAL,
			       "invalid domain \"%s\": %s; a domain is " DOMAIN_SYNTAX, text, bad);
}

int domain_parse(const char *text, struct domain *ret, struct rport_error *err)
{
	struct domain domain = { 0 };
	const char *bad = NULL;

	/* such text is not repeated in the message */
	if (strlen(text) >= DOMAIN_TEXT_MAX)
		return rport_error_set(
			err, RPORT_ERR_INVALID, EINVAL,
			"invalid domain: it is too long; a domain is " DOMAIN_SYNTAX);

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const char *rest = skip_prefix(text, forms[i].prefix);

		if (rest) {
			bad = forms[i].parse(rest, &domain);
			break;
		}
	}
	if (bad)
		return refuse_text(text, bad, err);
	*ret = domain;
	return 0;
}

const char *domain_format(const struct domain *domain, char buf[static DOMAIN_TEXT_MAX])
{
	const char *separator = domain->vrf[0] ? VRF_PREFIX : "";

	switch (domain->netns) {
	case DOMAIN_NETNS_ANY:
		snprintf(buf, DOMAIN_TEXT_MAX, "%s", domain->name);
		break;
	case DOMAIN_NETNS_SELF:
		if (domain->vrf[0])
			snprintf(buf, DOMAIN_TEXT_MAX, "vrf:%s", domain->vrf);
		else
			strcpy(buf, "default");
		break;
	case DOMAIN_NETNS_NAMED:
		snprintf(buf, DOMAIN_TEXT_MAX, "netns:%s%s%s", domain->name, separator,
			 domain->vrf);
		break;
	case DOMAIN_NETNS_PID:
		snprintf(buf, DOMAIN_TEXT_MAX, "pid:%d", domain->pid);
		break;
	}
	return buf;
}

/* The last component of a path; of /proc/N/ns/net, which says little, "pidN". */
static const char *netns_label(const char *name, char buf[static NAME_MAX + 1])
{
	const char *last = strrchr(name, '/');
	pid_t pid = netns_path_pid(name);

	if (pid > 0) {
		snprintf(buf, NAME_MAX + 1, "pid%d", pid);
		return buf;
	}
	return last ? last + 1 : name;
}

const char *domain_label(const struct domain *domain, char buf[static DOMAIN_TEXT_MAX])
{
	const char *separator = domain->vrf[0] ? "." : "";
	char name[NAME_MAX + 1];

	switch (domain->netns) {
	case DOMAIN_NETNS_ANY:
		snprintf(buf, DOMAIN_TEXT_MAX, "%s", domain->name);
		break;
	case DOMAIN_NETNS_SELF:
		snprintf(buf, DOMAIN_TEXT_MAX, "%s", domain->vrf[0] ? domain->vrf : "default");
		break;
	case DOMAIN_NETNS_NAMED:
		snprintf(buf, DOMAIN_TEXT_MAX, "%s%s%s", netns_label(domain->name, name), separator,
			 domain->vrf);
		break;
	case DOMAIN_NETNS_PID:
		snprintf(buf, DOMAIN_TEXT_MAX, "pid%d", domain->pid);
		break;
	}
	return buf;
}

bool domain_equal(const struct domain *a, const struct domain *b)
{
	return a->netns == b->netns && a->pid == b->pid && streq(a->name, b->name) &&
	       streq(a->vrf, b->vrf);
}

bool domain_means(const struct domain *said, const struct domain *found)
{
	if (said->netns != DOMAIN_NETNS_ANY || found->netns == DOMAIN_NETNS_ANY)
		return domain_equal(said, found);
	if (found->netns == DOMAIN_NETNS_SELF)
		return streq(said->name, found->vrf);
	return found->netns == DOMAIN_NETNS_NAMED && !found->vrf[0] &&
	       streq(said->name, found->name);
}
