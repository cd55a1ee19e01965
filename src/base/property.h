/* SPDX-License-Identifier: ISC */
#ifndef RPORT_BASE_PROPERTY_H
#define RPORT_BASE_PROPERTY_H

/*
 * The properties of a port that are a number or a switch, in one table. JSON, files, differences and
 * the options of rportctl follow from it. A new one is a row here, a member of struct port_spec, and
 * what it does (port/device.c); then the manuals and the .varlink text. No system calls, but for the
 * one that counts CPUs.
 */

#include "base/error.h"

/*
 * PORT_PROPERTIES() - the table, as X(ID, member, key, type, min, max, standard, fixed, option, value,
 * help); see struct property
 */
#define PORT_PROPERTIES(X)                                                                  \
	X(MTU, mtu, "MTU", NUMBER, 1280, 32768, 32768, false, "--mtu", "N",                 \
	  "1280 to 32768 bytes; else 32768")                                                \
	X(OFFLOAD, offload, "Offload", SWITCH, 0, 1, 1, true, "--no-offload", NULL,         \
	  "compute checksums and cut segments before the link")                             \
	X(MPLS, mpls, "MPLS", SWITCH, 0, 1, 0, true, "--mpls", NULL, "let MPLS cross, too") \
	X(QUEUES, queues, "Queues", NUMBER_OR_AUTO, 1, 8, 1, true, "--queues", "N|auto",    \
	  "1 to 8, or one for each CPU: spread connections over so many; else 1")           \
	X(FASTPATH, fastpath, "FastPath", SWITCH, 0, 1, 0, false, "--fast-path", NULL,      \
	  "move packets inside the kernel where that is possible")

#define PROPERTY_ID(id, ...) PROPERTY_##id,
enum property_id {
	PORT_PROPERTIES(PROPERTY_ID) /* in the order of the table */
	N_PROPERTIES,
};

#define PROPERTY_LIMITS(id, member, key, type, min, max, standard, ...) \
	PROPERTY_MIN_##id = (min), PROPERTY_MAX_##id = (max), PROPERTY_STANDARD_##id = (standard),
enum { PORT_PROPERTIES(PROPERTY_LIMITS) };

enum property_type {
	PROPERTY_NUMBER,
	PROPERTY_NUMBER_OR_AUTO, /* "auto", and 0 in JSON: as many as the CPUs that we may use */
	PROPERTY_SWITCH,         /* 0 or 1 */
};

/*
 * struct property - a row of the table
 * @id: PROPERTY_*
 * @name: in JSON and in messages, and the member of struct port_spec
 * @key: in files
 * @type: what values it has
 * @min: the least value
 * @max: the greatest value
 * @standard: the value where nothing is said, unless property_set_standard() was called
 * @fixed: a device cannot change it: for another value the port is made again
 * @option: of rportctl; that of a switch says that it is not as by standard
 */
struct property {
	enum property_id id;
	const char *name;
	const char *key;
	enum property_type type;
	unsigned int min, max, standard;
	bool fixed;
	const char *option;
};

extern const struct property properties[N_PROPERTIES];

/**
 * property_standard() - the value of a property where nothing is said
 * @id: of the property
 *
 * Return: the value.
 */
unsigned int property_standard(enum property_id id);

/**
 * property_set_standard() - choose another value for where nothing is said
 * @id: of the property
 * @value: a valid one
 *
 * For start-up, before any spec is read.
 */
void property_set_standard(enum property_id id, unsigned int value);

#define PROPERTY_TEXT_MAX sizeof("4294967295")

/**
 * property_by_name() - find a property by its name in JSON
 * @name: "mtu"
 *
 * Return: it, or NULL.
 */
const struct property *property_by_name(const char *name);

/**
 * property_by_key() - find a property by its key in files
 * @key: "MTU"
 *
 * Return: it, or NULL.
 */
const struct property *property_by_key(const char *key);

/**
 * property_check() - is a value possible?
 * @property: the property
 * @value: of a client; the 0 that stands for "auto" is replaced
 * @err: names the value and what is possible
 *
 * Return: 0 or -EINVAL.
 */
int property_check(const struct property *property, int64_t *value, struct rport_error *err);

/**
 * property_parse() - read a value of a file
 * @property: the property
 * @text: digits, "auto", or one of the words for yes and no; "" is the standard value
 * @ret: the value, checked
 * @err: names the text and what is possible
 *
 * Return: 0, or -EINVAL (@ret is untouched).
 */
int property_parse(const struct property *property, const char *text, int64_t *ret,
		   struct rport_error *err);

/**
 * property_format() - write a value for people
 * @property: the property
 * @value: of it
 * @buf: for the text
 *
 * Return: @buf; "on" and "off" for a switch.
 */
const char *property_format(const struct property *property, unsigned int value,
			    char buf[static PROPERTY_TEXT_MAX]);

/**
 * property_format_key() - write a value for a file
 * @property: the property
 * @value: of it
 * @buf: for the text
 *
 * Return: @buf; "yes" and "no" for a switch.
 */
const char *property_format_key(const struct property *property, unsigned int value,
				char buf[static PROPERTY_TEXT_MAX]);

#endif
