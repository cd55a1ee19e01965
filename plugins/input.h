/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PLUGIN_INPUT_H
#define RPORT_PLUGIN_INPUT_H

/* JSON on standard input and standard output, which runtimes and delegated plugins write and read. */

#include <jansson.h>

#include "base/nearest.h"
#include "base/property.h"

#define INPUT_MAX ((size_t)4 * 1024 * 1024) /* bytes: some 30,000 valid attachments of a GC */

/**
 * input_read() - read a descriptor to its end
 * @fd: of a pipe or a file
 * @limit: bytes, at most
 * @ret: the bytes, with a NUL after them; for free(3)
 * @ret_size: how many, without the NUL
 *
 * Return: 0; -EMSGSIZE: there is more than @limit; -ENOMEM; or what read(2) failed with.
 */
int input_read(int fd, size_t limit, char **ret, size_t *ret_size);

/**
 * input_object() - read a JSON object
 * @text: any bytes
 * @size: how many
 * @message: says what is wrong
 * @message_size: of @message, in bytes
 *
 * Return: the object, which the caller owns; NULL: it is something else, or has a key twice.
 */
json_t *input_object(const char *text, size_t size, char *message, size_t message_size);

/**
 * input_text() - get a member that is a text
 * @object: any value, or NULL
 * @key: of the member
 *
 * Return: the text, borrowed from @object; "" where it is missing or not a text.
 */
const char *input_text(const json_t *object, const char *key);

/* The keys of an object, beside the names of properties. */
struct input_keys {
	const char *const *keys;
	size_t n;
};

/**
 * input_key_known() - tell whether a key is known
 * @keys: the known keys
 * @key: any key
 *
 * Return: true when it is one of @keys.
 */
bool input_key_known(const struct input_keys *keys, const char *key);

/**
 * input_key_meant() - find the key that was probably meant by an unknown one
 * @keys: the known keys, beside the names of properties
 * @key: the unknown key; must live as long as @nearest
 * @nearest: for the search
 *
 * Return: the nearest key, in @nearest; NULL when none is near enough.
 */
const char *input_key_meant(const struct input_keys *keys, const char *key,
			    struct nearest *nearest);

/**
 * output_message() - make a JSON string of any text
 * @text: any bytes: a message may repeat what is not UTF-8, or cut it within a character
 *
 * What cannot be printed is escaped (base/escape.h).
 *
 * Return: a string that the caller owns; NULL when out of memory.
 */
json_t *output_message(const char *text);

/**
 * output_object() - write an object, with a newline, to standard output
 * @object: what to write; the reference is taken over. NULL: out of memory
 *
 * Return: 0, or -EIO: whoever should read it did not get all of it.
 */
int output_object(json_t *object);

/**
 * input_property() - read a value of a property of a port
 * @name: of the property, in either case: "fastPath"
 * @value: a number, a boolean, or a text as in a file ("auto", "yes", "9000")
 * @values: an object; gets the value, as Pair has it
 * @err: says what is wrong
 *
 * Return: 0; -ENOENT: there is no such property; -EINVAL; or -ENOMEM.
 */
int input_property(const char *name, const json_t *value, json_t *values, struct rport_error *err);

#endif
