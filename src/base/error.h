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

/* With what rportctl exits. */
enum ctl_status {
	STATUS_DONE = 0, /* or nothing had to change */
	STATUS_USAGE = 1,
	STATUS_REFUSED = 2,
	STATUS_NOT_FOUND = 3,
	STATUS_NO_DAEMON = 4,
	STATUS_NOT_PERMITTED = 5,
};

/*
 * All kinds of errors. KIND(constant without RPORT_ERR_, name of the error in org.rportd.Manager,
 * exit status of rportctl).
 *
 * SYSTEM: a system call failed; the message names the step and the object
 * INVALID: a value is malformed or out of range
 * AMBIGUOUS: a name means more than one thing
 * DOMAIN_NOT_FOUND: the namespace, VRF or process does not exist
 * LINK_EXISTS, PORT_EXISTS: one of that name exists with other parameters
 * INTERFACE_EXISTS: the name of the interface is taken in that namespace
 * PARENT_NOT_FOUND, PARENT_IS_SELF: the port that was to be the parent does not exist, or is itself
 * NOT_RPORT: the interface exists, but is not a port
 * PORT_BUSY: the port already has another peer
 * PORTS_DIFFER: the ports have different headers, so they cannot be peers
 * NO_PARENT: the port has no peer
 * LIMIT: a configured maximum is reached
 */
#define RPORT_ERROR_KINDS(KIND)                                    \
	KIND(SYSTEM, "SystemError", STATUS_REFUSED)                \
	KIND(INVALID, "InvalidArgument", STATUS_USAGE)             \
	KIND(LINK_NOT_FOUND, "LinkNotFound", STATUS_NOT_FOUND)     \
	KIND(PORT_NOT_FOUND, "PortNotFound", STATUS_NOT_FOUND)     \
	KIND(DOMAIN_NOT_FOUND, "DomainNotFound", STATUS_NOT_FOUND) \
	KIND(AMBIGUOUS, "NameAmbiguous", STATUS_REFUSED)           \
	KIND(LINK_EXISTS, "LinkExists", STATUS_REFUSED)            \
	KIND(PORT_EXISTS, "PortExists", STATUS_REFUSED)            \
	KIND(INTERFACE_EXISTS, "InterfaceExists", STATUS_REFUSED)  \
	KIND(PARENT_NOT_FOUND, "ParentNotFound", STATUS_NOT_FOUND) \
	KIND(PARENT_IS_SELF, "ParentIsSelf", STATUS_REFUSED)       \
	KIND(NOT_RPORT, "NotAPort", STATUS_REFUSED)                \
	KIND(PORT_BUSY, "PortBusy", STATUS_REFUSED)                \
	KIND(PORTS_DIFFER, "PortsDiffer", STATUS_REFUSED)          \
	KIND(NO_PARENT, "NoParent", STATUS_NOT_FOUND)              \
	KIND(LIMIT, "LimitReached", STATUS_REFUSED)

#define RPORT_ERROR_CONSTANT(kind, name, status) RPORT_ERR_##kind,
enum rport_error_kind {
	RPORT_ERROR_KINDS(RPORT_ERROR_CONSTANT) RPORT_ERR_KINDS, /* how many there are */
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

/**
 * rport_error_name() - name a kind of error
 * @kind: less than RPORT_ERR_KINDS
 *
 * Return: a static string, the name of the error in org.rportd.Manager: "LinkNotFound".
 */
const char *rport_error_name(enum rport_error_kind kind);

/**
 * rport_error_status() - tell with what rportctl exits after an error
 * @name: of the error, as rport_error_name() returns it
 *
 * Return: the status; STATUS_REFUSED for a name that is not known.
 */
enum ctl_status rport_error_status(const char *name);

#endif
