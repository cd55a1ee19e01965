/* SPDX-License-Identifier: ISC */

/* JSON on standard input and standard output. */

#include <poll.h>
#include <stdio.h>
#include <strings.h>

#include "base/escape.h"
#include "input.h"

#define READ_AT_ONCE ((size_t)16 * 1024)

int input_read(int fd, size_t limit, char **ret, size_t *ret_size)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	_cleanup_free_ char *text = NULL;
	size_t size = 0, allocated = 0;
	ssize_t n;
	char *more;

	for (;;) {
		if (size + READ_AT_ONCE + 1 > allocated) {
			allocated = 2 * allocated + READ_AT_ONCE + 1;
			more = realloc(text, allocated);
			if (!more)
				return -ENOMEM;
			text = more;
		}
		n = read(fd, text + size, READ_AT_ONCE);
		if (n < 0 && errno == EAGAIN)
			(void)poll(&pfd, 1, -1);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		size += (size_t)n;
		if (size > limit)
			return -EMSGSIZE;
	}
	text[size] = '\0';
	*ret = steal_ptr(text);
	*ret_size = size;
	return 0;
}

json_t *input_object(const char *text, size_t size, char *message, size_t message_size)
{
	json_error_t error;
	json_t *object = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);

	if (!object) {
		snprintf(message, message_size, "line %d: %s", error.line, error.text);
	} else if (!json_is_object(object)) {
		snprintf(message, message_size, "it is not an object");
		json_decref(object);
		object = NULL;
	}
	return object;
}

const char *input_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

bool input_key_known(const struct input_keys *keys, const char *key)
{
	for (size_t i = 0; i < keys->n; i++)
		if (streq(key, keys->keys[i]))
			return true;
	return false;
}

const char *input_key_meant(const struct input_keys *keys, const char *key, struct nearest *nearest)
{
	nearest_begin(nearest, key);
	for (size_t i = 0; i < keys->n; i++)
		nearest_offer(nearest, keys->keys[i]);
	for (size_t i = 0; i < N_PROPERTIES; i++)
		nearest_offer(nearest, properties[i].name);
	return nearest_found(nearest);
}

json_t *output_message(const char *text)
{
	_cleanup_free_ char *printable = escape_text(text, ESCAPE_KEEP_LINES, NULL);

	return printable ? json_string(printable) : NULL;
}

int output_object(json_t *object)
{
	int r = object ? json_dumpf(object, stdout, JSON_INDENT(4) | JSON_ENSURE_ASCII) : -1;

	json_decref(object);
	if (r < 0 || putchar('\n') == EOF || fflush(stdout) == EOF)
		return -EIO;
	return 0;
}

/* --- properties of a port --------------------------------------------------------------------- */

static const struct property *find_property(const char *name)
{
	for (size_t i = 0; i < N_PROPERTIES; i++)
		if (strcasecmp(name, properties[i].name) == 0)
			return &properties[i];
	return NULL;
}

static int parse_value(const struct property *property, const json_t *value, int64_t *ret,
		       struct rport_error *err)
{
	if (json_is_string(value))
		return property_parse(property, json_string_value(value), ret, err);
	if (property->type == PROPERTY_SWITCH ? !json_is_boolean(value) : !json_is_integer(value))
		return rport_error_set(
			err, RPORT_ERR_INVALID, EINVAL, "%s is not %s", property->name,
			property->type == PROPERTY_SWITCH ? "true or false" : "a whole number");
	*ret = json_is_integer(value) ? json_integer_value(value) : json_is_true(value);
	return property_check(property, ret, err);
}

int input_property(const char *name, const json_t *value, json_t *values, struct rport_error *err)
{
	const struct property *property = find_property(name);
	int64_t number = 0;
	int r;

	if (!property)
		return -ENOENT;
	r = parse_value(property, value, &number, err);
	if (r < 0)
		return r;
	return json_object_set_new(values, property->name,
				   property->type == PROPERTY_SWITCH ? json_boolean(number != 0)
								     : json_integer(number)) < 0
		       ? -ENOMEM
		       : 0;
}
