/* SPDX-License-Identifier: ISC */
#ifndef RPORT_API_PORTS_H
#define RPORT_API_PORTS_H

/* The methods about ports: the verbs of rport(4). */

#include "api/method.h"

API_METHOD(api_method_create_port);
API_METHOD(api_method_destroy_port);
API_METHOD(api_method_set_up);
API_METHOD(api_method_set_mtu);
API_METHOD(api_method_set_fastpath);
API_METHOD(api_method_set_name);
API_METHOD(api_method_set_parent);
API_METHOD(api_method_get_parent);
API_METHOD(api_method_delete_parent);

#endif
