/* SPDX-License-Identifier: ISC */

/* Finds domains in the kernel, or says why there is no such domain. */

#include <linux/rtnetlink.h>
#include <stdio.h>

#include "kernel/domain.h"
#include "kernel/helper.h"
#include "kernel/netns-pid.h"
#include "kernel/rtnl.h"

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

/* Return: what follows the path in a message: what is there instead of a namespace; NULL: nothing is. */
static const char *why_no_netns(const char *name)
{
	int kind = netns_kind_of_name(name);

	if (kind < 0)
		return NULL;
	switch ((enum netns_kind)kind) {
	case NETNS_OTHER:
		return "is a namespace, but not one of a network";
	case NETNS_FILE:
		/* of a path, nobody knows what the file is for */
		return *name == '/' ? "is no namespace: an ordinary file, without a namespace "
				      "mounted on it"
				    : "is no namespace: a stale file, without a namespace mounted "
				      "on it; "
				      "remove it, and make the namespace again";
	case NETNS_DIRECTORY:
		return "is no namespace: a directory";
	case NETNS_SPECIAL:
		return "is no namespace: a FIFO, a socket, a device or a mount of something else";
	case NETNS_NETWORK: /* it came a moment ago */
	case NETNS_NOTHING:
		break;
	}
	return NULL;
}

static int absent_netns(const char *name, const char *path, struct rport_error *err)
{
	const char *why = why_no_netns(name);

	if (why)
		return rport_error_set(err, RPORT_ERR_DOMAIN_NOT_FOUND, ENOENT, "%s %s", path, why);
	if (*name == '/')
		return rport_error_set(err, RPORT_ERR_DOMAIN_NOT_FOUND, ENOENT,
				       "no namespace %s: there is no such file", path);
	return rport_error_set(err, RPORT_ERR_DOMAIN_NOT_FOUND, ENOENT,
			       "no namespace %s; \"ip netns list\" shows those that exist", path);
}

static int no_netns(const char *name, int r, struct rport_error *err)
{
	char path[NETNS_PATH_MAX] = "";

	(void)netns_path(name, path);
	if (helper_is_late(r))
		return rport_error_set(err, RPORT_ERR_DOMAIN_NOT_FOUND, ETIMEDOUT,
				       "%s does not answer: it leads to a file system that hangs, "
				       "or too many others do",
				       path);
	if (r == -ENOENT)
		return absent_netns(name, path, err);
	return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot open the namespace %s: %s%s",
			       path, strerror(-r),
			       r == -EACCES && *name == '/'
				       ? "; rportd may not go there: see rportd(8), or say pid:N"
				       : "");
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
