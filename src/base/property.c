/* SPDX-License-Identifier: ISC */

/* The properties of a port: values as text. */

#include <stdio.h>
#include <strings.h>

#include "base/property.h"

#define ROW(id_, member_, key_, type_, min_, max_, standard_, fixed_, option_, value_, help_) \
	[PROPERTY_##id_] = { .id = PROPERTY_##id_,                                            \
			     .name = #member_,                                                \
			     .key = (key_),                                                   \
			     .type = PROPERTY_##type_,                                        \
			     .min = (min_),                                                   \
			     .max = (max_),                                                   \
			     .standard = (standard_),                                         \
			     .fixed = (fixed_),                                               \
			     .option = (option_) },

const struct property properties[N_PROPERTIES] = { PORT_PROPERTIES(ROW) };

#define STANDARD(id_, member_, key_, type_, min_, max_, standard_, ...) \
	[PROPERTY_##id_] = (standard_),

static unsigned int standards[N_PROPERTIES] = { PORT_PROPERTIES(STANDARD) };

unsigned int property_standard(enum property_id id)
{
	return standards[id];
}

void property_set_standard(enum property_id id, unsigned int value)
{
	standards[id] = value;
}

const struct property *property_by_name(const char *name)
{
	for (size_t i = 0; i < N_PROPERTIES; i++)
		if (streq(properties[i].name, name))
			return &properties[i];
	return NULL;
}

const struct property *property_by_key(const char *key)
{
	for (size_t i = 0; i < N_PROPERTIES; i++)
		if (streq(properties[i].key, key))
			return &properties[i];
	return NULL;
}

static bool has_auto(const struct property *property)
{
	return property->type == PROPERTY_NUMBER_OR_AUTO;
}

int property_check(const struct property *property, int64_t *value, struct rport_error *err)
{
	if (*value == 0 && has_auto(property))
		*value = MIN(usable_cpus(), property->max);
	if (*value < property->min || *value > property->max)
		return rport_error_set(err, RPORT_ERR_INVALID, EINVAL,
				       "%s %lld is not possible: it must be %u to %u%s",
				       property->name, (long long)*value, property->min,
				       property->max, has_auto(property) ? ", or auto" : "");
	return 0;
}

static int parse_switch(const char *text, int64_t *ret, struct rport_error *err)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {
		{ "yes", true }, { "true", true },   { "on", true },   { "1", true },
		{ "no", false }, { "false", false }, { "off", false }, { "0", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasecmp(text, words[i].word) == 0) {
			*ret = words[i].value;
			return 0;
		}
	return rport_error_set(err, RPORT_ERR_INVALID, EINVAL, "\"%s\" is neither yes nor no",
			       text);
}

/* Decimal digits alone: strtoll() would let signs and blanks pass. */
static bool parse_digits(const char *text, int64_t *ret)
{
	int64_t n = 0;

	for (const char *c = text; *c; c++)
		if (*c < '0' || *c > '9' || __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, *c - '0', &n))
			return false;
	*ret = n;
	return *text;
}

static int parse_number(const struct property *property, const char *text, int64_t *ret,
			struct rport_error *err)
{
	if (has_auto(property) && streq(text, "auto"))
		*ret = 0;
	else if (!parse_digits(text, ret))
		return rport_error_set(err, RPORT_ERR_INVALID, EINVAL,
				       "\"%s\" is not a number, %u to %u%s", text, property->min,
				       property->max, has_auto(property) ? ", nor auto" : "");
	return property_check(property, ret, err);
}

int property_parse(const struct property *property, const char *text, int64_t *ret,
		   struct rport_error *err)
{
	int64_t value = property_standard(property->id);
	int r = 0;

	if (*text)
		r = property->type == PROPERTY_SWITCH ? parse_switch(text, &value, err)
						      : parse_number(property, text, &value, err);
	if (r >= 0)
		*ret = value;
	return r;
}

static const char *format(const struct property *property, unsigned int value,
			  const char *const words[static 2], char buf[static PROPERTY_TEXT_MAX])
{
	if (property->type == PROPERTY_SWITCH)
		snprintf(buf, PROPERTY_TEXT_MAX, "%s", words[value > 0]);
	else
		snprintf(buf, PROPERTY_TEXT_MAX, "%u", value);
	return buf;
}

const char *property_format(const struct property *property, unsigned int value,
			    char buf[static PROPERTY_TEXT_MAX])
{
	static const char *const words[] = { "off", "on" };

	return format(property, value, words, buf);
}

const char *property_format_key(const struct property *property, unsigned int value,
				char buf[static PROPERTY_TEXT_MAX])
{
	static const char *const words[] = { "no", "yes" };

	return format(property, value, words, buf);
}
