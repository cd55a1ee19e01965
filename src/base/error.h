/* SPDX-License-Identifier: ISC */
#ifndef RPORT_BASE_ERROR_H
#define RPORT_BASE_ERROR_H

/*
 * The error contract: a function that can fail returns -errno; one whose failure a user will read
 * also fills a struct rport_error, whose message names the object, what failed, and the way out.
 * The kind is what a program branches on: the API turns it into a Varlink error, rportctl into an
 * exit status.
 */

#include "base/util.h"

enum rport_error_kind {
	RPORT_ERR_SYSTEM,  /* a system call failed; the message names the step and the object */
	RPORT_ERR_INVALID, /* a value is malformed or out of range */
	RPORT_ERR_LINK_NOT_FOUND,   /* no link of that name */
	RPORT_ERR_PORT_NOT_FOUND,   /* no port of that name */
	RPORT_ERR_DOMAIN_NOT_FOUND, /* the namespace, VRF or process does not exist */
	RPORT_ERR_AMBIGUOUS,        /* a name means more than one thing */
	RPORT_ERR_LINK_EXISTS,      /* a link of that name exists with other parameters */
	RPORT_ERR_PORT_EXISTS,      /* a port of that name exists with other parameters */
	RPORT_ERR_INTERFACE_EXISTS, /* the interface name is taken in that namespace */
	RPORT_ERR_PARENT_NOT_FOUND, /* the port that shall be the parent does not exist */
	RPORT_ERR_PARENT_IS_SELF,   /* a port cannot be its own parent */
	RPORT_ERR_NOT_RPORT,        /* the interface exists, but is not a port */
	RPORT_ERR_PORT_BUSY,        /* the port already has another peer */
	RPORT_ERR_PORTS_DIFFER,     /* in their headers: they cannot be peers */
	RPORT_ERR_NO_PARENT,        /* the port has no peer */
	RPORT_ERR_LIMIT,            /* a configured maximum is reached */
};

#define RPORT_ERROR_MESSAGE_MAX 1024

struct rport_error {
	enum rport_error_kind kind;
	int errnum; /* positive errno */
	char message[RPORT_ERROR_MESSAGE_MAX];
};

/**
 * rport_error_set() - fill in an error
 * @err: the error to fill, or NULL if the caller does not want it
 * @kind: what went wrong
 * @errnum: positive errno that goes with it
 * @fmt: printf format of a message fit to print; no final period or newline
 *
 * Return: -@errnum, so that failing reads "return rport_error_set(...)".
 */
int rport_error_set(struct rport_error *err, enum rport_error_kind kind, int errnum,
		    const char *fmt, ...) _printf_(4, 5);

/**
 * rport_error_no_memory() - fill in an error that says "out of memory"
 * @err: the error to fill, or NULL if the caller does not want it
 *
 * Return: -ENOMEM.
 */
int rport_error_no_memory(struct rport_error *err);

/**
 * rport_error_prefix() - put words before the message of an error that is already set
 * @err: the error, or NULL
 * @fmt: printf format of the words, for example "cannot pair %s: "
 */
void rport_error_prefix(struct rport_error *err, const char *fmt, ...) _printf_(2, 3);

#endif
