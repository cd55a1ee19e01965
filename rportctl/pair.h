/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_PAIR_H
#define RPORTCTL_PAIR_H

#include "args.h"

/* What only "pair" takes, for its help. */
extern const struct args_option ctl_pair_options[];
extern const size_t ctl_pair_n_options;

#endif
