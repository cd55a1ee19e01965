/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_SUGGEST_H
#define RPORTCTL_SUGGEST_H

/* Which link or port may have been meant by a name that stands for none. */

#include "client.h"

/**
 * suggest_complain() - print what went wrong, and if there is no such link or port, which one may
 * have been meant
 * @options: of them, where the daemon is
 * @answer: of a call that failed
 * @prefix: put before the message; "" for nothing
 * @name: of the link or port that the call named; NULL: none
 */
void suggest_complain(const struct ctl_options *options, const struct client_answer *answer,
		      const char *prefix, const char *name);

#endif
