/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_UNPAIR_H
#define RPORTCTL_UNPAIR_H

#include "args.h"

/* For the help of ctl_unpair(). */
extern const struct args_option ctl_unpair_options[];
extern const size_t ctl_unpair_n_options;

#endif
