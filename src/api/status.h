/* SPDX-License-Identifier: ISC */
#ifndef RPORT_API_STATUS_H
#define RPORT_API_STATUS_H

/* The method Status: what the daemon is, and what it has done. */

#include "api/method.h"

API_METHOD(api_method_status);

#endif
