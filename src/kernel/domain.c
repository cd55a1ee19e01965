/* SPDX-License-Identifier: ISC */

/* Domains: their syntax, and finding them in the kernel. */

#include <limits.h>
#include <linux/rtnetlink.h>
#include <stdio.h>

#include "kernel/domain.h"
#include "kernel/helper.h"
#include "kernel/netns-pid.h"
#include "kernel/rtnl.h"

#define DOMAIN_SYNTAX "NAME, default, vrf:NAME, netns:NAME, netns:NAME/vrf:NAME or pid:N"

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

static const char *parse_netns(const char *text, struct domain *domain)
{
	static const char vrf_prefix[] = "/vrf:";
	const char *slash = strchrnul(text, '/');
	size_t length = (size_t)(slash - text);
	const char *bad;

	domain->netns = DOMAIN_NETNS_NAMED;
	if (length >= sizeof(domain->name))
		return "the name of the namespace is too long";
	memcpy(domain->name, text, length);
	bad = bad_namespace(domain->name);
	if (bad || !*slash)
		return bad;

	if (strncmp(slash, vrf_prefix, strlen(vrf_prefix)) != 0)
		return "only /vrf:NAME can follow the name of a namespace";
	bad = bad_vrf(slash + strlen(vrf_prefix));
	if (!bad)
		strcpy(domain->vrf, slash + strlen(vrf_prefix));
	return bad;
}

static const char *parse_pid(const char *text, struct domain *domain)
{
	static const char bad[] = "the process is a number from 1 to 2147483647";
	pid_t pid = 0;

	/* each process is written in one way only: no sign, space or leading zero */
	if (*text < '1' || *text > '9')
		return bad;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || __builtin_mul_overflow(pid, 10, &pid) ||
		    __builtin_add_overflow(pid, *text - '0', &pid))
			return bad;
	}
	domain->netns = DOMAIN_NETNS_PID;
	domain->pid = pid;
	return NULL;
}

static const char *parse_bare(const char *text, struct domain *domain)
{
	const char *bad;

	if (!*text)
		return "it is empty";
	if (strchr(text, '/'))
		return "a name has no '/'; a VRF in a namespace is netns:NAME/vrf:NAME";
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

/* The name of a namespace, where its path was said; NULL: @text is no such path. */
static const char *name_of_path(const char *text)
{
	static const char *const before[] = { NETNS_RUN_DIR "/", "/var" NETNS_RUN_DIR "/" };

	if (strncmp(text, "netns:", strlen("netns:")) == 0)
		text += strlen("netns:");
	for (size_t i = 0; i < ARRAY_SIZE(before); i++) {
		const char *name = text + strlen(before[i]);

		if (strncmp(text, before[i], strlen(before[i])) == 0 && !bad_namespace(name))
			return name;
	}
	return NULL;
}

static int refuse_text(const char *text, const char *bad, struct rport_error *err)
{
	const char *name = name_of_path(text);

	if (name)
		return rport_error_set(err, RPORT_ERR_INVALID, EINVAL,
				       "invalid domain \"%s\": a namespace is said by its name: "
				       "netns:%s",
				       text, name);
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
		size_t length = strlen(forms[i].prefix);

		if (strncmp(text, forms[i].prefix, length) == 0) {
			bad = forms[i].parse(text + length, &domain);
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
	const char *separator = domain->vrf[0] ? "/vrf:" : "";

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

const char *domain_label(const struct domain *domain, char buf[static DOMAIN_TEXT_MAX])
{
	const char *separator = domain->vrf[0] ? "." : "";

	switch (domain->netns) {
	case DOMAIN_NETNS_ANY:
		snprintf(buf, DOMAIN_TEXT_MAX, "%s", domain->name);
		break;
	case DOMAIN_NETNS_SELF:
		snprintf(buf, DOMAIN_TEXT_MAX, "%s", domain->vrf[0] ? domain->vrf : "default");
		break;
	case DOMAIN_NETNS_NAMED:
		snprintf(buf, DOMAIN_TEXT_MAX, "%s%s%s", domain->name, separator, domain->vrf);
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

/* --- finding ---------------------------------------------------------------------------------- */

/* The namespace of a domain, for messages. */
static const char *netns_text(const struct domain *domain, char buf[static DOMAIN_TEXT_MAX])
{
	struct domain whole = *domain;

	if (domain->netns == DOMAIN_NETNS_SELF)
		return "rportd's namespace";
	whole.vrf[0] = '\0';
	return domain_format(&whole, buf);
}

static int system_error(struct rport_error *err, int r, const char *what)
{
	return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot %s: %s", what, strerror(-r));
}

static int open_self(struct rport_error *err)
{
	int fd = netns_open_self();

	return fd < 0 ? system_error(err, fd, "open rportd's own namespace") : fd;
}

static int no_netns(const char *name, int r, struct rport_error *err)
{
	if (helper_is_late(r))
		return rport_error_set(err, RPORT_ERR_DOMAIN_NOT_FOUND, ETIMEDOUT,
				       NETNS_RUN_DIR "/%s does not answer: it leads to a file "
						     "system that hangs, or too many others do",
				       name);
	if (r == -ENOENT)
		return rport_error_set(err, RPORT_ERR_DOMAIN_NOT_FOUND, ENOENT,
				       "no namespace " NETNS_RUN_DIR "/%s; "
				       "\"ip netns list\" shows those that exist",
				       name);
	return rport_error_set(err, RPORT_ERR_SYSTEM, -r,
			       "cannot open the namespace " NETNS_RUN_DIR "/%s: %s", name,
			       strerror(-r));
}

static int open_named(const char *name, bool *ret_held, struct rport_error *err)
{
	int fd = netns_pid_open_name(name);
	struct netns_id netns;

	if (fd < 0)
		return no_netns(name, fd, err);
	*ret_held = netns_identify(fd, &netns) >= 0 && netns_name_holds(name, &netns) > 0;
	return fd;
}

static int no_process(pid_t pid, int r, struct rport_error *err)
{
	if (r == -ESRCH)
		return rport_error_set(err, RPORT_ERR_DOMAIN_NOT_FOUND, ENOENT,
				       "no process %d, so no namespace of it", pid);
	return rport_error_set(err, RPORT_ERR_SYSTEM, -r,
			       "cannot open the namespace of process %d: %s", pid, strerror(-r));
}

static int open_process(const struct process *process, struct rport_error *err)
{
	pid_t pid = process_pid(process);
	int fd = netns_pid_open(process);

	if (fd == -ESRCH)
		return rport_error_set(err, RPORT_ERR_DOMAIN_NOT_FOUND, ENOENT,
				       "process %d has ended: pair again (--replace), or give its "
				       "namespace a name (ip netns attach)",
				       pid);
	return fd < 0 ? no_process(pid, fd, err) : fd;
}

static int open_pid(pid_t pid, struct process **ret, struct rport_error *err)
{
	_cleanup_process_ struct process *process = NULL;
	int fd = process_open(pid, &process);

	if (fd >= 0)
		fd = netns_pid_open(process);
	if (fd < 0)
		return no_process(pid, fd, err);
	*ret = steal_ptr(process);
	return fd;
}

/* @process: of DOMAIN_NETNS_PID; NULL: it is put into @place */
static int open_netns(struct domain_place *place, const struct process *process,
		      struct rport_error *err)
{
	switch (place->domain.netns) {
	case DOMAIN_NETNS_NAMED:
		return open_named(place->domain.name, &place->held, err);
	case DOMAIN_NETNS_PID:
		return process ? open_process(process, err)
			       : open_pid(place->domain.pid, &place->process, err);
	case DOMAIN_NETNS_SELF:
	case DOMAIN_NETNS_ANY: /* resolved before */
		break;
	}
	return open_self(err);
}

/* @netns_fd: negative: our own namespace, which needs no thread to enter it.
 * Return: -ENODEV when there is no such interface. */
static int find_dev(int netns_fd, const char *name, struct rtnl_dev *ret)
{
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;
	int r = rtnl_open(netns_fd, &rtnl);

	return r < 0 ? r : rtnl_dev_by_name(rtnl, name, ret);
}

static int find_vrf(struct domain_place *place, struct rport_error *err)
{
	const char *vrf = place->domain.vrf;
	char buf[DOMAIN_TEXT_MAX];
	const char *where = netns_text(&place->domain, buf);
	struct rtnl_dev dev;
	int r;

	r = find_dev(place->domain.netns == DOMAIN_NETNS_SELF ? -1 : place->netns_fd, vrf, &dev);
	if (r == -ENODEV)
		return rport_error_set(err, RPORT_ERR_DOMAIN_NOT_FOUND, ENOENT,
				       "no VRF \"%s\" in %s; \"ip link add %s type vrf table "
				       "NUMBER\" there makes one",
				       vrf, where, vrf);
	if (r < 0)
		return rport_error_set(err, RPORT_ERR_SYSTEM, -r,
				       "cannot look for the VRF \"%s\" in %s: %s", vrf, where,
				       strerror(-r));
	if (!dev.is_vrf)
		return rport_error_set(err, RPORT_ERR_INVALID, EINVAL, "\"%s\" in %s is not a VRF",
				       vrf, where);
	/* never seen; but 0 would put its routes into the main table */
	if (dev.vrf_table == 0)
		return rport_error_set(err, RPORT_ERR_SYSTEM, EIO,
				       "the kernel does not tell the table of the VRF \"%s\" in %s",
				       vrf, where);
	place->vrf_index = dev.index;
	place->table = dev.vrf_table;
	return 0;
}

/* Which of the two that it may mean does a bare name mean? Each is 1, 0 or -errno. */

static int vrf_exists(const char *name, bool *ret_other_kind, struct rport_error *err)
{
	struct rtnl_dev dev;
	int r;

	if (!ifname_valid(name))
		return 0;
	r = find_dev(-1, name, &dev);
	if (r == -ENODEV)
		return 0;
	if (r < 0)
		return system_error(err, r, "look for VRFs in rportd's namespace");
	*ret_other_kind = !dev.is_vrf;
	return dev.is_vrf;
}

static int netns_exists(const char *name, struct rport_error *err)
{
	_cleanup_close_ int fd = netns_pid_open_name(name);

	if (fd == -ENOENT)
		return 0;
	return fd < 0 ? no_netns(name, fd, err) : 1;
}

static int refuse_bare_name(const char *name, bool other_kind, struct rport_error *err)
{
	if (other_kind)
		return rport_error_set(
			err, RPORT_ERR_DOMAIN_NOT_FOUND, ENOENT,
			"no domain \"%s\": the interface %s in rportd's namespace is "
			"not a VRF, and there is no namespace " NETNS_RUN_DIR "/%s",
			name, name, name);
	if (!ifname_valid(name))
		return rport_error_set(err, RPORT_ERR_DOMAIN_NOT_FOUND, ENOENT,
				       "no domain \"%s\": there is no namespace " NETNS_RUN_DIR
				       "/%s, and no VRF can have that name",
				       name, name);
	return rport_error_set(err, RPORT_ERR_DOMAIN_NOT_FOUND, ENOENT,
			       "no domain \"%s\": there is neither a VRF %s in rportd's namespace "
			       "nor a namespace " NETNS_RUN_DIR "/%s",
			       name, name, name);
}

static int settle_bare_name(const char *name, struct domain *ret, struct rport_error *err)
{
	bool other_kind = false;
	int is_vrf, is_netns;

	is_vrf = vrf_exists(name, &other_kind, err);
	if (is_vrf < 0)
		return is_vrf;
	is_netns = netns_exists(name, err);
	if (is_netns < 0)
		return is_netns;

	if (is_vrf && is_netns)
		return rport_error_set(err, RPORT_ERR_AMBIGUOUS, EINVAL,
				       "domain \"%s\" is ambiguous: say vrf:%s or netns:%s", name,
				       name, name);
	if (!is_vrf && !is_netns)
		return refuse_bare_name(name, other_kind, err);

	*ret = (struct domain){ .netns = is_vrf ? DOMAIN_NETNS_SELF : DOMAIN_NETNS_NAMED };
	strcpy(is_vrf ? ret->vrf : ret->name, name);
	return 0;
}

int domain_resolve_again(const struct domain *domain, const struct process *process,
			 struct domain_place *ret, struct rport_error *err)
{
	_cleanup_domain_place_ struct domain_place place = DOMAIN_PLACE_INIT;
	int r;

	place.domain = *domain;
	place.table = RT_TABLE_MAIN;
	if (domain->netns == DOMAIN_NETNS_ANY) {
		r = settle_bare_name(domain->name, &place.domain, err);
		if (r < 0)
			return r;
	}
	place.netns_fd = open_netns(&place, process, err);
	if (place.netns_fd < 0)
		return place.netns_fd;
	if (place.domain.vrf[0]) {
		r = find_vrf(&place, err);
		if (r < 0)
			return r;
	}
	*ret = place;
	place.netns_fd = -1;
	place.process = NULL;
	return 0;
}

int domain_resolve(const struct domain *domain, struct domain_place *ret, struct rport_error *err)
{
	return domain_resolve_again(domain, NULL, ret, err);
}

void domain_place_release(struct domain_place *place)
{
	place->netns_fd = safe_close(place->netns_fd);
	process_free(steal_ptr(place->process));
}
