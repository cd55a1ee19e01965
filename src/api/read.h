/* SPDX-License-Identifier: ISC */
#ifndef RPORT_API_READ_H
#define RPORT_API_READ_H

/*
 * The parameters of a call, from JSON to what the manager takes. A method has a table of fields:
 * the members that its parameters may have, and where the value of each goes.
 */

#include <jansson.h>

#include "port/spec.h"

/*
 * Reading stops at the first parameter that is unknown, missing or of the wrong type, which goes
 * into @bad, or at the first value that cannot be used, which goes into @err.
 */
struct api_reader {
	const char *bad;
	struct rport_error err;
};

/*
 * A member of an object.
 *
 * @name: of the member
 * @read: stores a value that is neither absent nor null; false: the reader says what is wrong
 * @offset: of where the value goes in the target of the table
 * @required: it must be there; a member that may be left out leaves the target as it was. null is
 *	the same as absent
 */
struct api_field {
	const char *name;
	bool (*read)(struct api_reader *reader, const struct api_field *field, json_t *value,
		     void *target);
	size_t offset;
	bool required;
};

/* Rows of a table: a member that must be there, and one that may be left out. */
#define API_REQUIRED(name_, read_, offset_)                                             \
	{                                                                               \
		.name = (name_), .read = (read_), .offset = (offset_), .required = true \
	}
#define API_OPTIONAL(name_, read_, offset_)                           \
	{                                                             \
		.name = (name_), .read = (read_), .offset = (offset_) \
	}

/**
 * api_read_fields() - read an object by a table
 * @reader: zeroed; on failure, says what is wrong
 * @object: strings in it are decoded in place, so read each object once only
 * @fields: the members, read in this order; NULL when there are none
 * @n_fields: entries of @fields
 * @target: where the values go; strings in it live as long as @object
 *
 * Return: true; false when there are other members than these, or one of them is not right.
 */
bool api_read_fields(struct api_reader *reader, json_t *object, const struct api_field *fields,
		     size_t n_fields, void *target);

/**
 * api_field_string() - read a string into a const char *, without the escapes of base/escape.h
 * @reader: on failure, says what is wrong
 * @field: of the table
 * @value: of the member; decoded in place
 * @target: of the table
 *
 * Return: true; false when it is no string, or has an embedded NUL.
 */
bool api_field_string(struct api_reader *reader, const struct api_field *field, json_t *value,
		      void *target);

/**
 * api_field_bool() - read a boolean into a bool
 * @reader: on failure, says what is wrong
 * @field: of the table
 * @value: of the member
 * @target: of the table
 *
 * Return: true; false when it is no boolean.
 */
bool api_field_bool(struct api_reader *reader, const struct api_field *field, json_t *value,
		    void *target);

/**
 * api_field_int() - read an integer into an int64_t
 * @reader: on failure, says what is wrong
 * @field: of the table
 * @value: of the member
 * @target: of the table
 *
 * Return: true; false when it is no integer.
 */
bool api_field_int(struct api_reader *reader, const struct api_field *field, json_t *value,
		   void *target);

/**
 * api_read_port() - read the parameters of CreatePort
 * @reader: zeroed; on failure, says what is wrong
 * @parameters: of the call
 * @ret: PORT_SPEC_INIT; release it also after a failure
 *
 * Return: true on success.
 */
bool api_read_port(struct api_reader *reader, json_t *parameters, struct port_spec *ret);

/* What Pair is to do besides making a link. */
struct api_pair_options {
	bool replace;
	bool persist;
	bool dry_run;
};

/**
 * api_read_link() - read the parameters of Pair
 * @reader: zeroed; on failure, says what is wrong
 * @parameters: of the call
 * @ret: LINK_SPEC_INIT; release it also after a failure
 * @ret_options: zeroed
 *
 * Return: true on success.
 */
bool api_read_link(struct api_reader *reader, json_t *parameters, struct link_spec *ret,
		   struct api_pair_options *ret_options);

#endif
