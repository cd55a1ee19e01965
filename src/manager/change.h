/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_CHANGE_H
#define RPORT_MANAGER_CHANGE_H

/* Changes in place: the device keeps its ifindex, and what other programs attached to it. */

#include "manager/options.h"

/**
 * change_is_possible() - check whether a link can become the requested one while its ports stay
 * @link: the link
 * @want: the requested spec, its domains resolved
 *
 * Return: false when a property differs that a device cannot change and both ends share (offload,
 * MPLS, the number of queues), or when a port is pending and @want does not allow to wait for it:
 * then the link is removed and made again.
 */
bool change_is_possible(const struct rport_link *link, const struct link_spec *want);

/**
 * change_needs_anew() - find out for which ports a change needs a new device
 * @link: the link
 * @want: the requested spec
 * @ret_anew: for each end the property that the device cannot change, a static string, or NULL
 */
void change_needs_anew(const struct rport_link *link, const struct link_spec *want,
		       const char *ret_anew[static 2]);

/**
 * change_preview() - list the steps that change_link() would make in place, without making them
 * @manager: of the link
 * @link: the link
 * @want: the requested spec; completed as change_link() does
 * @step: called for each step; @end of the link is 0 (a) or 1 (b), @text is valid during the call
 *	only
 * @userdata: for @step
 *
 * A port that is pending, or would get a new device, has no steps.
 *
 * Return: 0; -EBADFD or -ESTALE when a device was removed or moved just now; -ENOMEM; or another
 * -errno of rtnetlink(7).
 */
int change_preview(struct manager *manager, struct rport_link *link, struct link_spec *want,
		   void (*step)(unsigned int end, const char *text, void *userdata),
		   void *userdata);

/**
 * change_link() - make a link the requested one, in place where a device can
 * @manager: of the link
 * @link: the link, for which change_is_possible() returned true; both its ports are set up, a
 *	pending one when it gets its device
 * @want: the requested spec; its contents are taken over on success. The caller releases it
 * @err: names the step, the object and the reason; not NULL
 *
 * A failure leaves both ports as they were.
 *
 * Return: 0; -EEXIST (RPORT_ERR_INTERFACE_EXISTS) when a name is taken; -ENOENT
 * (RPORT_ERR_DOMAIN_NOT_FOUND); or another -errno.
 */
int change_link(struct manager *manager, struct rport_link *link, struct link_spec *want,
		struct rport_error *err);

#endif
