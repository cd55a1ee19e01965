/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_PAIR_H
#define RPORT_MANAGER_PAIR_H

/* `rportctl pair`: create two ports, make them each other's peer, and set them up, all of it or
 * nothing. And ports by themselves. */

#include "manager/options.h"

enum pair_result {
	PAIR_CREATED,
	PAIR_REPLACED, /* at least one port got a new device */
	PAIR_CHANGED,  /* in place */
	PAIR_UNCHANGED,
};

/*
 * struct pair_outcome - what was done
 * @result: created, replaced, changed or unchanged
 * @anew: for each end that got a new device, the property that made it necessary; else NULL
 */
struct pair_outcome {
	enum pair_result result;
	const char *anew[2];
};

/**
 * pair_domains() - join two domains by a link
 * @manager: the manager
 * @spec: of the link; its domains and its name are completed, the specs of its ports may be taken
 *	over. The caller releases it
 * @replace: true: a link of that name with other parameters is changed in place where that is
 *	possible (change_is_possible()), and else removed and made again; false: that is an error
 * @ret_outcome: what was done
 * @ret_link: the link; valid until control returns to the event loop
 * @err: names the step, the object and the reason; not NULL
 *
 * All or nothing: a failure leaves nothing behind, and a link that was to be replaced is made
 * again. A domain that does not exist is an error, unless the spec says to wait for it.
 *
 * Return: 0; -EEXIST (RPORT_ERR_LINK_EXISTS, RPORT_ERR_INTERFACE_EXISTS); -ENOENT
 * (RPORT_ERR_DOMAIN_NOT_FOUND); -EINVAL (RPORT_ERR_INVALID, RPORT_ERR_AMBIGUOUS); -ENOSPC
 * (RPORT_ERR_LIMIT); or another -errno.
 */
int pair_domains(struct manager *manager, struct link_spec *spec, bool replace,
		 struct pair_outcome *ret_outcome, struct rport_link **ret_link,
		 struct rport_error *err);

/**
 * pair_preview() - find out what pair_domains() would do, without doing it
 * @manager: the manager
 * @spec: of the link; its domains and its name are completed. The caller releases it
 * @replace: as for pair_domains()
 * @ret_outcome: what would be done
 * @step: called for each step of a change in place: "mtu is 32768, not 9000"; @end of the link is 0
 *	(a) or 1 (b), @text is valid during the call only
 * @userdata: for @step
 * @err: why it would be refused; not NULL
 *
 * Return: 0; -EEXIST, -ENOENT, -EINVAL or another -errno as pair_domains() before it changes
 * anything; or as change_preview().
 */
int pair_preview(struct manager *manager, struct link_spec *spec, bool replace,
		 struct pair_outcome *ret_outcome,
		 void (*step)(unsigned int end, const char *text, void *userdata), void *userdata,
		 struct rport_error *err);

/**
 * pair_differs() - compare the ports of a link with a requested spec
 * @have: the link
 * @want: the requested spec, its domains resolved or not; its name is not compared
 * @ret: the first difference in words: "at end a mtu is 9000, not 1500"; untouched when there is
 *	none
 * @size: of @ret, in bytes
 *
 * Return: true when they differ.
 */
bool pair_differs(const struct rport_link *have, const struct link_spec *want, char *ret,
		  size_t size);

/**
 * pair_create_port() - make a port by itself
 * @manager: the manager
 * @spec: of the port; its domain is completed, its contents may be taken over. The caller releases
 *	it
 * @ret: the port, owned by the manager
 * @err: names the step, the object and the reason; not NULL
 *
 * Return: 1: made; 0: there was such a port already; -EEXIST (RPORT_ERR_PORT_EXISTS) when that has
 * other parameters; or as port_spec_check(), domain_resolve() and manager_create_port().
 */
int pair_create_port(struct manager *manager, struct port_spec *spec, struct port **ret,
		     struct rport_error *err);

#endif
