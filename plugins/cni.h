/* SPDX-License-Identifier: ISC */
#ifndef RPORT_CNI_H
#define RPORT_CNI_H

/* What the files of rport-cni share: a request of a runtime, and the errors of CNI. */

#include "input.h"
#include "plugin.h"

#define CNI_RUNTIME "cni" /* of the names of links */
#define CNI_NEWEST  "1.1.0"

/*
 * The codes of the specification, then those of our own.
 *
 * REFUSED: rportd cannot make or remove the link; the details say why
 * EXISTS: the attachment, or the interface, is there already
 * DIFFERS: CHECK found something that is not as ADD made it
 * DELEGATE: the IPAM plugin failed without an error of its own
 */
enum cni_code {
	CNI_INCOMPATIBLE_VERSION = 1,
	CNI_UNSUPPORTED_FIELD = 2,
	CNI_UNKNOWN_CONTAINER = 3,
	CNI_INVALID_ENVIRONMENT = 4,
	CNI_IO_FAILURE = 5,
	CNI_CANNOT_DECODE = 6,
	CNI_INVALID_CONFIG = 7,
	CNI_TRY_AGAIN = 11,
	CNI_NOT_AVAILABLE = 50,
	CNI_REFUSED = 100,
	CNI_EXISTS = 101,
	CNI_DIFFERS = 102,
	CNI_DELEGATE = 103,
};

struct cni_error {
	int code;
	char message[256];
	char details[CLIENT_MESSAGE_MAX];
};

/* The variables of the environment; NULL: not set, or empty. */
struct cni_environment {
	const char *command;
	const char *container;
	const char *netns;
	const char *interface;
	const char *path;
};

/*
 * struct cni_request - what a runtime asks for
 * @environment: of it
 * @text: the network configuration, as it came; delegated plugins get the same
 * @size: of @text, in bytes
 * @config: the same, read; borrowed by all that follows
 * @version: its cniVersion, one of those that are supported
 * @attachment: the names of it; for GC and STATUS only the network
 * @domain: where end a is
 * @ipam: the name of the IPAM plugin, or NULL
 */
struct cni_request {
	struct cni_environment environment;
	char *text;
	size_t size;
	json_t *config;
	const char *version;
	struct attachment attachment;
	const char *domain;
	const char *ipam;
};

/**
 * cni_fail() - fill in an error
 * @error: filled
 * @code: of the error
 * @message: a few words
 * @fmt: printf format of the details; "": there are none
 *
 * Return: -EINVAL, so that failing reads "return cni_fail(...)".
 */
int cni_fail(struct cni_error *error, enum cni_code code, const char *message, const char *fmt, ...)
	_printf_(4, 5);

/**
 * cni_no_memory() - fill in an error that says "out of memory"
 * @error: filled
 *
 * Return: -ENOMEM.
 */
int cni_no_memory(struct cni_error *error);

/**
 * cni_fail_with() - fill in an error with what rportd answered
 * @error: filled
 * @message: a few words
 * @answer: of a call that failed
 *
 * Return: -EINVAL.
 */
int cni_fail_with(struct cni_error *error, const char *message, const struct client_answer *answer);

/**
 * cni_version_at_least() - compare versions of the specification
 * @version: one that is supported
 * @least: another
 *
 * Return: true when @version is @least or later.
 */
bool cni_version_at_least(const char *version, const char *least);

/**
 * cni_supported_versions() - list the versions of the specification
 *
 * Return: an array of texts, the oldest first, which the caller owns; NULL when out of memory.
 */
json_t *cni_supported_versions(void);

/**
 * cni_request_read() - read a network configuration, and check it with the environment
 * @environment: borrowed
 * @text: the configuration; for free(3), taken over
 * @size: of @text, in bytes
 * @ret: filled in any case; release it with cni_request_release()
 * @error: says what is wrong
 *
 * Which variables have to be there depends on the command. DEL takes a configuration with values
 * that ADD would refuse.
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int cni_request_read(const struct cni_environment *environment, char *text, size_t size,
		     struct cni_request *ret, struct cni_error *error);

/**
 * cni_request_release() - free what a request holds
 * @request: of cni_request_read(), or zeroed
 */
void cni_request_release(struct cni_request *request);

/**
 * cni_request_properties() - read the properties of the ports
 * @request: of cni_request_read()
 * @values: an object; gets them, as Pair has them
 * @error: says which one is wrong
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int cni_request_properties(const struct cni_request *request, json_t *values,
			   struct cni_error *error);

/**
 * cni_result_use_ipam() - give a link what an IPAM plugin has said
 * @link: of plugin_link_init()
 * @ipam: the result of the IPAM plugin
 * @error: says what cannot be done with it
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int cni_result_use_ipam(struct plugin_link *link, const json_t *ipam, struct cni_error *error);

/**
 * cni_result_write() - compose the result of ADD
 * @request: with prevResult, which the result begins with, if there is one
 * @ipam: the result of the IPAM plugin, or NULL
 * @made: the link, as rportd answers
 *
 * Return: an object that the caller owns, or NULL when out of memory.
 */
json_t *cni_result_write(const struct cni_request *request, const json_t *ipam, const json_t *made);

/**
 * cni_check_link() - compare a link with the result of ADD
 * @request: with prevResult
 * @link: as rportd answers
 * @error: says what differs
 *
 * Return: 0 or -EINVAL.
 */
int cni_check_link(const struct cni_request *request, const json_t *link, struct cni_error *error);

/* The commands; each returns 0 after having written its result, or -errno with the error filled. */

/**
 * cni_add() - ADD: make the link of an attachment
 * @request: the request
 * @error: says why not
 *
 * Return: 0 or -errno, for example -EINVAL.
 */
int cni_add(const struct cni_request *request, struct cni_error *error);

/**
 * cni_del() - DEL: remove the link of an attachment
 * @request: the request
 * @error: says why not
 *
 * Return: 0, also when there is no such link; or -errno, for example -EINVAL.
 */
int cni_del(const struct cni_request *request, struct cni_error *error);

/**
 * cni_check() - CHECK: tell whether an attachment is as ADD made it
 * @request: the request
 * @error: says what is not
 *
 * Return: 0 or -errno, for example -EINVAL.
 */
int cni_check(const struct cni_request *request, struct cni_error *error);

/**
 * cni_gc() - GC: remove the links of a network that are of no valid attachment
 * @request: the request
 * @error: says the first thing that failed; the others are done
 *
 * Return: 0 or -errno, for example -EINVAL.
 */
int cni_gc(const struct cni_request *request, struct cni_error *error);

/**
 * cni_status() - STATUS: tell whether ADD can be served
 * @request: the request
 * @error: says why not
 *
 * Return: 0 or -errno, for example -EINVAL.
 */
int cni_status(const struct cni_request *request, struct cni_error *error);

#endif
