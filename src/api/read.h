/* SPDX-License-Identifier: ISC */
#ifndef RPORT_API_READ_H
#define RPORT_API_READ_H

/* The parameters of a call, from JSON to what the manager takes. */

#include <jansson.h>

#include "port/spec.h"

/*
 * Reading stops at the first parameter that has the wrong type, which goes into @bad, or at the
 * first value that will not do, which goes into @err. null is as good as absent.
 */
struct api_reader {
	const char *bad;
	struct rport_error err;
};

/**
 * api_known_keys() - has the object no other keys than these?
 */
bool api_known_keys(struct api_reader *reader, json_t *object, const char *const *names,
		    size_t n_names);

/**
 * api_read_string() - a string, without the escapes of base/escape.h
 * @reader: says what is wrong
 * @object: the string in it is decoded in place, so read each member once only
 * @name: of the member
 * @required: is it wrong that there is none?
 * @ret: the string, of any bytes, which lives as long as @object; NULL: there is none
 *
 * Return: whether there is one, or none is required.
 */
bool api_read_string(struct api_reader *reader, json_t *object, const char *name, bool required,
		     const char **ret);

/**
 * api_read_bool() - a boolean; when there is none the value stays what it is
 */
bool api_read_bool(struct api_reader *reader, json_t *object, const char *name, bool *value_inout);

/**
 * api_read_int() - an integer; when there is none, and none is required, the value stays what it is
 */
bool api_read_int(struct api_reader *reader, json_t *object, const char *name, bool required,
		  int64_t *value_inout);

/**
 * api_read_port() - the parameters of CreatePort
 */
bool api_read_port(struct api_reader *reader, json_t *parameters, struct port_spec *port);

/* What Pair is to do besides making a link. */
struct api_pair_options {
	bool replace;
	bool persist;
};

/**
 * api_read_link() - the parameters of Pair
 */
bool api_read_link(struct api_reader *reader, json_t *parameters, struct link_spec *spec,
		   struct api_pair_options *options);

#endif
