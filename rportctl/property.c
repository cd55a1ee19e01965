/* SPDX-License-Identifier: ISC */

/* The options for the properties of a port. */

#include "property.h"
#include "command.h"

int property_apply(const struct args_option *option, const char *value, void *target)
{
	const char **text = (const char **)((char *)target + option->offset);

	if (!option->value) {
		*text = option->name;
		return 0;
	}
	return strchr(option->value, '|') ? args_number_or_auto(option, value, target)
					  : args_number(option, value, target);
}

json_t *property_add(json_t *parameters, const struct property_values *values)
{
	for (size_t i = 0; parameters && i < N_PROPERTIES; i++)
		if (values->text[i])
			json_object_set_new(parameters, properties[i].name,
					    properties[i].type == PROPERTY_SWITCH
						    ? json_boolean(!properties[i].standard)
						    : command_number(values->text[i]));
	return parameters;
}
