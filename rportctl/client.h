/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_CLIENT_H
#define RPORTCTL_CLIENT_H

/* A Varlink client for one call to rportd: connect, call, wait for the answer or the answers. */

#include <jansson.h>

#include "rportctl.h"

#define CLIENT_SOCKET_DEFAULT     "/run/rportd/org.rportd.Manager"
#define CLIENT_SOCKET_ENVIRONMENT "RPORT_SOCKET"
#define CLIENT_MESSAGE_MAX        2048
#define CLIENT_ERROR_MAX          64

struct client_answer {
	enum ctl_status status;
	json_t *parameters; /* of the reply to client_call(), if that is STATUS_DONE; else NULL */
	char message[CLIENT_MESSAGE_MAX]; /* what went wrong */
	char error[CLIENT_ERROR_MAX];     /* the full name of the daemon's error, or "" */
};

/**
 * client_can_start() - tell whether a call that changes something starts a stopped daemon
 * @options: of them, where the socket is
 *
 * Return: true when systemd listens for the daemon, and its last start did not fail.
 */
bool client_can_start(const struct ctl_options *options);

/**
 * client_call() - call a method of the daemon
 * @options: of them, where the socket is
 * @method: its full name
 * @parameters: an object; the reference is taken over. NULL: out of memory
 * @answer: filled in any case; release it with client_answer_release()
 *
 * Return: the status that is in the answer.
 */
enum ctl_status client_call(const struct ctl_options *options, const char *method,
			    json_t *parameters, struct client_answer *answer);

/**
 * client_call_progress() - call a method that says how far it is before it answers
 * @options: of them, where the socket is
 * @method: its full name
 * @parameters: an object; the reference is taken over. NULL: out of memory
 * @progress: gets the parameters of each reply before the last one, which are its own during the
 *	call only
 * @userdata: for @progress
 * @answer: filled in any case; release it with client_answer_release()
 *
 * It waits for each reply as long as client_call() does for its only one.
 *
 * Return: the status that is in the answer.
 */
enum ctl_status client_call_progress(const struct ctl_options *options, const char *method,
				     json_t *parameters,
				     void (*progress)(const json_t *parameters, void *userdata),
				     void *userdata, struct client_answer *answer);

/**
 * client_stream() - call a method that gives one reply after another
 * @options: of them, where the socket is
 * @method: its full name
 * @parameters: an object; the reference is taken over. NULL: out of memory
 * @reply: gets the parameters of each reply, which are its own during the call only; false: enough
 * @userdata: for @reply
 * @answer: filled in any case, without parameters; release it with client_answer_release()
 *
 * The first reply has to come as soon as that of client_call(); for the others it waits for ever.
 *
 * Return: the status that is in the answer: STATUS_DONE when @reply had enough, or the method came
 * to its end; STATUS_NO_DAEMON when the connection broke before, because the daemon ended or did
 * not wait for a client that reads too slowly; else what the daemon's error stands for.
 */
enum ctl_status client_stream(const struct ctl_options *options, const char *method,
			      json_t *parameters,
			      bool (*reply)(const json_t *parameters, void *userdata),
			      void *userdata, struct client_answer *answer);

/**
 * client_stream_for() - call a method that gives one reply after another, for some time
 * @options: of them, where the socket is
 * @milliseconds: how long it waits for replies, in all; for the first one as long as client_call()
 * @method: its full name
 * @parameters: an object; the reference is taken over. NULL: out of memory
 * @reply: as for client_stream()
 * @userdata: for @reply
 * @answer: as for client_stream(); STATUS_DONE also when the time is over
 *
 * Return: true when the time is over; false when the stream ended before, as of client_stream().
 */
bool client_stream_for(const struct ctl_options *options, int64_t milliseconds, const char *method,
		       json_t *parameters, bool (*reply)(const json_t *parameters, void *userdata),
		       void *userdata, struct client_answer *answer);

/**
 * client_call_or_complain() - call a method of the daemon, and print what went wrong
 * @options: of them, where the socket is
 * @method: its full name
 * @parameters: an object; the reference is taken over. NULL: out of memory
 * @answer: filled in any case; release it with client_answer_release()
 *
 * Return: the status that is in the answer.
 */
enum ctl_status client_call_or_complain(const struct ctl_options *options, const char *method,
					json_t *parameters, struct client_answer *answer);

/**
 * client_call_for() - call a method for one member of its answer, and print what went wrong
 * @options: of them, where the socket is
 * @method: its full name
 * @parameters: an object; the reference is taken over. NULL: out of memory
 * @key: the member, which must be there
 * @answer: filled in any case; release it with client_answer_release()
 *
 * Return: the member, borrowed from the answer; NULL when something failed, and the answer has the
 * status.
 */
const json_t *client_call_for(const struct ctl_options *options, const char *method,
			      json_t *parameters, const char *key, struct client_answer *answer);

/**
 * client_member() - find a member of an answer
 * @answer: of a call; without the member, its status and message say that it has failed
 * @key: the member, which must be there
 *
 * Return: the member, borrowed from the answer; NULL when the call failed, or its answer did.
 */
const json_t *client_member(struct client_answer *answer, const char *key);

/**
 * client_answer_release() - free what an answer holds
 * @answer: of a call, or zeroed
 */
void client_answer_release(struct client_answer *answer);

#endif
