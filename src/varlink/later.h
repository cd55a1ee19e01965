/* SPDX-License-Identifier: ISC */
#ifndef RPORT_VARLINK_LATER_H
#define RPORT_VARLINK_LATER_H

/* A call that is answered after its method has returned: a state of its connection. */

#include "varlink/server.h"

/*
 * @open: the last reply has not been made
 * @more: the client takes interim replies
 * @gone: see varlink_later_new()
 * @userdata: for @gone
 */
struct varlink_later {
	bool open;
	bool more;
	void (*gone)(void *userdata);
	void *userdata;
};

#endif
