/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_SLICES_H
#define RPORT_MANAGER_SLICES_H

/*
 * Work that takes long, in slices of the event loop. A slice has a low priority: events of clients,
 * the kernel or the service manager come first. If the loop is never idle, a timer of ordinary
 * priority runs a slice, so that nobody can delay the work for ever.
 */

#include <systemd/sd-event.h>

#include "base/util.h"

struct slices;

/**
 * slices_new() - prepare slices; none runs before slices_arm()
 * @event: the loop; referenced
 * @priority: of a slice, as sd-event has it
 * @late: microseconds after which a slice runs though the loop is busy, or longer if the slice before
 *        took long
 * @slice: does a part of the work, for some milliseconds; may call slices_arm() or slices_free()
 * @userdata: for @slice
 * @ret: free it with slices_free()
 *
 * Return: 0; -ENOMEM; or -errno of sd_event_add_defer(3) or sd_event_add_time(3).
 */
int slices_new(sd_event *event, int64_t priority, uint64_t late, void (*slice)(void *userdata),
	       void *userdata, struct slices **ret);

/**
 * slices_arm() - run one slice in a coming turn of the event loop
 * @slices: of slices_new()
 */
void slices_arm(struct slices *slices);

/**
 * slices_free() - run no slice any more
 * @slices: of slices_new(), or NULL
 */
void slices_free(struct slices *slices);

#endif
