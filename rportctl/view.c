/* SPDX-License-Identifier: ISC */

/* How links and ports, as they come from the daemon, are printed. */

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

bool view_bool(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

enum output_color view_state_color(const char *state)
{
	if (streq(state, "up"))
		return COLOR_GOOD;
	return streq(state, "pending") || streq(state, "inherited") ? COLOR_WAITING : COLOR_BAD;
}

const char *view_pending_reason(const json_t *link)
{
	static const char *const ends[] = { "a", "b" };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		const json_t *port = json_object_get(link, ends[i]);

		if (streq(view_text(port, "state"), "pending"))
			return view_text(port, "reason");
	}
	return NULL;
}

void view_print_link(const json_t *link, const char *result)
{
	const json_t *a = json_object_get(link, "a"), *b = json_object_get(link, "b");
	const char *reason = view_pending_reason(link);

	output_text(COLOR_NONE, "%s: %s, ", view_text(link, "name"), result);
	if (reason)
		output_text(COLOR_NONE, "pending: %s", reason);
	else
		output_text(COLOR_NONE, "%s in %s, %s in %s", view_text(a, "interface"),
			    view_text(a, "domain"), view_text(b, "interface"),
			    view_text(b, "domain"));
	output_newline();
}

void view_print_persisted(const json_t *persisted)
{
	const char *overridden = json_string_value(json_object_get(persisted, "overridden"));

	if (!json_is_object(persisted))
		return;
	output_text(COLOR_NONE, "%s: %s", view_text(persisted, "file"),
		    view_bool(persisted, "changed") ? "written" : "unchanged");
	output_newline();
	if (overridden)
		output_error("the file is overridden by %s", overridden);
}

void view_print_state(bool changed, const char *state, const char *reason)
{
	output_text(COLOR_NONE, "%s", changed ? state : "unchanged");
	if (reason)
		output_text(COLOR_NONE, "%s: %s", changed ? "" : ", pending", reason);
	output_newline();
}

static void print_single(const json_t *value)
{
	const char *text = json_string_value(value);
	const char *peer = json_string_value(json_object_get(value, "peer"));

	if (json_is_boolean(value))
		output_text(COLOR_NONE, json_is_true(value) ? "yes" : "no");
	else if (json_is_integer(value))
		output_text(COLOR_NONE, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_object(value))
		output_text(COLOR_NONE, "%s%s%s", view_text(value, "address"), peer ? " peer " : "",
			    peer ? peer : "");
	else
		output_text(COLOR_NONE, "%s", text && *text ? text : "-");
}

void view_print_value(const json_t *value)
{
	size_t i;
	json_t *element;

	json_array_foreach(value, i, element)
	{
		output_text(COLOR_NONE, "%s", i > 0 ? "; " : "");
		print_single(element);
	}
	if (json_array_size(value) == 0)
		print_single(value);
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
