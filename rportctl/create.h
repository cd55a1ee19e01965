/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_CREATE_H
#define RPORTCTL_CREATE_H

#include "args.h"

/* For the help of ctl_create(). */
extern const struct args_option ctl_create_options[];
extern const size_t ctl_create_n_options;

#endif
