/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_PROPERTY_H
#define RPORTCTL_PROPERTY_H

/* The options for the properties of a port (base/property.h), which "pair" and "create" share. */

#include <jansson.h>

#include "args.h"
#include "base/property.h"

/* What was said of each property; NULL: nothing. */
struct property_values {
	const char *text[N_PROPERTIES];
};

/* A row for args_option: PROPERTY_OPTION(TARGET, member, row of PORT_PROPERTIES()). */
#define PROPERTY_OPTION(target_, values_, id_, option_, value_, help_)                          \
	{                                                                                       \
		.name = (option_), .value = (value_), .help = (help_), .apply = property_apply, \
		.offset = offsetof(target_, values_) + offsetof(struct property_values, text) + \
			  PROPERTY_##id_ * sizeof(const char *)                                 \
	}

/**
 * property_apply() - note what was said of a property; see args_option.apply
 * @option: made by PROPERTY_OPTION()
 * @value: its value; NULL for a switch
 * @target: that of the table
 *
 * Return: 0, or -EINVAL after having said what is wrong.
 */
int property_apply(const struct args_option *option, const char *value, void *target);

/**
 * property_add() - add what was said to the parameters of a call
 * @parameters: an object; NULL does no harm
 * @values: what was said
 *
 * Return: @parameters.
 */
json_t *property_add(json_t *parameters, const struct property_values *values);

#endif
