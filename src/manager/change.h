/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_CHANGE_H
#define RPORT_MANAGER_CHANGE_H

/* Changes in place: the device stays, with its ifindex, and whatever others attached to it. */

#include "manager/options.h"

/**
 * change_is_possible() - can a link become what is asked for with its ports?
 * @link: the link
 * @want: what is asked for, its domains resolved
 *
 * Return: false when a property differs that a device cannot change and both ends share (offload,
 * MPLS, the number of queues), or when a port is pending and @want may not wait for it: then the link
 * is made anew.
 */
bool change_is_possible(const struct rport_link *link, const struct link_spec *want);

/**
 * change_needs_anew() - find out for which ports a change needs a new device
 * @link: the link
 * @want: what is asked for
 * @ret_anew: for each end the property that the device cannot change, or NULL
 */
void change_needs_anew(const struct rport_link *link, const struct link_spec *want,
		       const char *ret_anew[static 2]);

/**
 * change_preview() - find out what change_link() would do in place, and do nothing
 * @manager: of the link
 * @link: the link
 * @want: what is asked for; completed as change_link() does
 * @step: called for each step, in words, with the end of the link: 0 is a, 1 is b
 * @userdata: of @step
 *
 * A port that is pending, or that would be made anew, has no steps.
 *
 * Return: 0; -ENOMEM; or another -errno, as port_observe().
 */
int change_preview(struct manager *manager, struct rport_link *link, struct link_spec *want,
		   void (*step)(unsigned int end, const char *text, void *userdata),
		   void *userdata);

/**
 * change_link() - make a link what is asked for, in place where a device can; change_is_possible() said
 * yes
 * @manager: of the link
 * @link: the link; both its ports are set up, those that are pending when they come
 * @want: what is asked for; its contents are taken over on success
 * @err: which step failed, on what, and why
 *
 * A failure leaves both ports as they were.
 *
 * Return: 0; -EEXIST (RPORT_ERR_INTERFACE_EXISTS) when a name is taken; or another -errno.
 */
int change_link(struct manager *manager, struct rport_link *link, struct link_spec *want,
		struct rport_error *err);

#endif
