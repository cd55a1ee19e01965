/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_CHECK_PACKETS_H
#define RPORT_PORT_CHECK_PACKETS_H

/* Checks that follow a packet on its way; see check-words.h for what each returns. */

#include "port/check-words.h"

CHECK_FUNCTION(check_no_route);
CHECK_FUNCTION(check_strict);
CHECK_FUNCTION(check_no_forwarding);
CHECK_FUNCTION(check_martian);
CHECK_FUNCTION(check_no_way_back);
CHECK_FUNCTION(check_loop);
CHECK_FUNCTION(check_another_way);
CHECK_FUNCTION(check_no_route_on);
CHECK_FUNCTION(check_asymmetric);
CHECK_FUNCTION(check_narrow);

#endif
