/* SPDX-License-Identifier: ISC */
#include "view.h"

const char *view_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && *text ? text : "-";
}

json_int_t view_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

enum output_color view_state_color(const char *state)
{
	return streq(state, "up") ? COLOR_GOOD : COLOR_BAD;
}

json_int_t view_drops(const json_t *port)
{
	const json_t *statistics = json_object_get(port, "statistics");
	json_t *drops = json_object_get(statistics, "drops");
	json_int_t sum = view_number(statistics, "interfaceDropped");
	const char *cause;
	json_t *count;

	json_object_foreach(drops, cause, count) sum += json_integer_value(count);
	return sum;
}

void view_add_port(struct output_table *table, const json_t *port)
{
	output_table_add(table, COLOR_NONE, "%s/%s", view_text(port, "domain"),
			 view_text(port, "interface"));
}
