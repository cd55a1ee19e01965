/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_APPLY_H
#define RPORTCTL_APPLY_H

#include "args.h"

/* For the help of ctl_apply(). */
extern const struct args_option ctl_apply_options[];
extern const size_t ctl_apply_n_options;

#endif
