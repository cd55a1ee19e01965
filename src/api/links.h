/* SPDX-License-Identifier: ISC */
#ifndef RPORT_API_LINKS_H
#define RPORT_API_LINKS_H

/* The methods about links. */

#include "api/method.h"

API_METHOD(api_method_pair);
API_METHOD(api_method_unpair);
API_METHOD(api_method_unpair_several);
API_METHOD(api_method_show);
API_METHOD(api_method_reconcile);

#endif
