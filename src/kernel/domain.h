/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_DOMAIN_H
#define RPORT_KERNEL_DOMAIN_H

/*
 * A domain is where a port lives: a network namespace, and in it a VRF or the main table. Written
 *
 *	NAME | default | vrf:NAME | netns:NAME | netns:/PATH | netns:NAME/vrf:NAME |
 *	netns:/PATH/vrf:NAME | pid:N
 *
 * A path in /run/netns is the name there: netns:/run/netns/NAME is netns:NAME. To a namespace with
 * another path all applies that does to one with a name: where it says "name", it may be a path.
 *
 * A bare NAME is a VRF in rportd's own namespace or a namespace in /run/netns, whichever exists;
 * if both do it is refused as ambiguous.
 */

#include <limits.h>

#include "base/error.h"
#include "base/names.h"
#include "kernel/netns.h"
#include "kernel/process.h"

enum domain_netns {
	DOMAIN_NETNS_ANY,   /* a bare NAME, until it is resolved */
	DOMAIN_NETNS_SELF,  /* rportd's own */
	DOMAIN_NETNS_NAMED, /* in /run/netns, or by its path */
	DOMAIN_NETNS_PID,   /* that of a process */
};

struct domain {
	enum domain_netns netns;
	char name[NAME_MAX + 1]; /* of the namespace, or its path, or the bare NAME */
	pid_t pid;
	char vrf[IFNAMSIZ]; /* "": the main table */
};

#define DOMAIN_TEXT_MAX (sizeof("netns:") + NAME_MAX + sizeof("/vrf:") + IFNAMSIZ)

/* A domain that was found to exist. */
struct domain_place {
	struct domain domain;   /* as it is, never DOMAIN_NETNS_ANY */
	int netns_fd;           /* keeps the namespace alive: release soon */
	unsigned int vrf_index; /* ifindex of the VRF, 0: main table */
	uint32_t table;         /* routing table of the VRF, or RT_TABLE_MAIN */
	/* The process of pid:N, if domain_resolve() found it; else NULL. May be taken away. */
	struct process *process;
	bool held; /* its name keeps it alive by itself (netns_name_holds()) */
};

/**
 * domain_parse() - read a domain as a user writes it
 * @text: see the top of this file
 * @ret: the domain; existence is not looked at
 * @err: says what is wrong with @text and what the syntax is
 *
 * Return: 0, or -EINVAL.
 */
int domain_parse(const char *text, struct domain *ret, struct rport_error *err);

/**
 * domain_format() - write a domain as domain_parse() reads it
 * @domain: any domain
 * @buf: filled
 *
 * Return: @buf.
 */
const char *domain_format(const struct domain *domain, char buf[static DOMAIN_TEXT_MAX]);

/**
 * domain_label() - make a short word for a domain, for default names of links
 * @domain: any domain
 * @buf: filled
 *
 * The NAME of a bare name, a VRF or a namespace, or the last component of its path; NETNS.VRF;
 * "default"; "pidN", also for /proc/N/ns/net.
 *
 * Return: @buf.
 */
const char *domain_label(const struct domain *domain, char buf[static DOMAIN_TEXT_MAX]);

/**
 * domain_equal() - compare two domains as they are written
 * @a: one
 * @b: the other
 *
 * Return: true for the same domain; a bare NAME is the same as itself only.
 */
bool domain_equal(const struct domain *a, const struct domain *b);

/**
 * domain_means() - check whether a domain that a user wrote may mean another one
 * @said: as it was parsed; a bare NAME may mean a VRF or a namespace
 * @found: as domain_resolve() gave it, or as it was said where it is yet to be found
 *
 * Return: true when it may.
 */
bool domain_means(const struct domain *said, const struct domain *found);

/**
 * domain_resolve() - find out whether a domain exists, and open it
 * @domain: what to look for
 * @ret: release it with domain_place_release()
 * @err: says what was looked for; for an ambiguous name, both spellings
 *
 * Return: 0, -ENOENT (RPORT_ERR_DOMAIN_NOT_FOUND), -EINVAL (RPORT_ERR_AMBIGUOUS, or not a VRF), or
 * another -errno.
 */
int domain_resolve(const struct domain *domain, struct domain_place *ret, struct rport_error *err);

/**
 * domain_resolve_again() - find and open a domain that was found before
 * @domain: what to look for
 * @process: the process of pid:N as it was found then: no other one that has its number will do.
 *	NULL: the domain is another one, or has not been found yet
 * @ret: release it with domain_place_release()
 * @err: as domain_resolve(); or says that the process has ended
 *
 * Return: as domain_resolve().
 */
int domain_resolve_again(const struct domain *domain, const struct process *process,
			 struct domain_place *ret, struct rport_error *err);

/**
 * domain_place_release() - close what domain_resolve() opened
 * @place: of domain_resolve(), or DOMAIN_PLACE_INIT
 */
void domain_place_release(struct domain_place *place);

#define DOMAIN_PLACE_INIT      \
	{                      \
		.netns_fd = -1 \
	}
#define _cleanup_domain_place_ _cleanup_(domain_place_release)

#endif
