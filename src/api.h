/* SPDX-License-Identifier: ISC */
#ifndef RPORT_API_H
#define RPORT_API_H

/* The methods of org.rportd.Manager: parameters in, calls of the manager, replies out. */

#include "manager.h"
#include "varlink.h"

/* The interface as varlink_server_new() takes it; its userdata is a struct manager. */
extern const struct varlink_interface api_interface;

#endif
