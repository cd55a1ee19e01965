/* SPDX-License-Identifier: ISC */
#ifndef RPORT_VARLINK_CALL_H
#define RPORT_VARLINK_CALL_H

/* One call and its answer. */

#include "varlink/connection.h"

struct varlink_call {
	struct varlink_connection *connection;
	const char *method; /* in full, as the client wrote it */
	json_t *parameters;
	bool more;
	bool oneway;
	bool upgrade;
	bool changes; /* it is of a method that changes something */
	bool answered;
	int result; /* of answering: 0, or why the connection must close */
};

/**
 * varlink_connection_call() - run the call that a message is
 * @connection: where it came from
 * @message: what came
 *
 * Return: 0, or why to close: -EBADMSG, -ENOMEM, -ENODATA or an error of the answer.
 */
int varlink_connection_call(struct varlink_connection *connection, json_t *message);

/**
 * varlink_call_answer() - send the answer, unless the client wants none
 * @call: the call; answered afterwards
 * @message: the reference is taken over. NULL (out of memory) closes the connection
 *
 * Return: 0, or why there is no answer: -EALREADY when there has been one, or the reason for which
 * the connection closes.
 */
int varlink_call_answer(struct varlink_call *call, json_t *message);

/**
 * varlink_call_audit() - tell the server's audit function how a call is answered
 * @call: the call; nothing is told unless its method changes something
 * @reply: the message that answers it; NULL: it is answered later
 */
void varlink_call_audit(const struct varlink_call *call, const json_t *reply);

/**
 * varlink_call_fail() - close the connection in place of an answer
 * @call: the call; answered afterwards
 * @reason: -errno
 */
void varlink_call_fail(struct varlink_call *call, int reason);

/**
 * varlink_error_name() - answer with a standard error that carries one name
 * @call: the call
 * @error: "org.varlink.service.InterfaceNotFound" and the like
 * @key: its only parameter
 * @value: what goes into it; valid UTF-8
 */
void varlink_error_name(struct varlink_call *call, const char *error, const char *key,
			const char *value);

#endif
