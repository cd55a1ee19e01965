/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_LIST_H
#define RPORTCTL_LIST_H

/* How links are listed. */

#include "listing.h"

extern const struct listing_kind list_links;

#endif
