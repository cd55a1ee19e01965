/* SPDX-License-Identifier: ISC */
#ifndef RPORT_API_CHECK_H
#define RPORT_API_CHECK_H

/* The method Check: why packets do not pass a link. */

#include "api/method.h"

API_METHOD(api_method_check);

#endif
