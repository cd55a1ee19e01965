/* SPDX-License-Identifier: ISC */
#ifndef RPORT_VARLINK_SERVICE_H
#define RPORT_VARLINK_SERVICE_H

/* The standard interface org.varlink.service. */

#include "varlink/server.h"

/* Its methods take the struct varlink_server as their userdata. */
extern const struct varlink_interface varlink_service_interface;

#endif
