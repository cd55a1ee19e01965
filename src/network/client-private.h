/* SPDX-License-Identifier: ISC */
#ifndef RPORT_NETWORK_CLIENT_PRIVATE_H
#define RPORT_NETWORK_CLIENT_PRIVATE_H

/* Shared by the files that keep rportd-net running and talk to it: see client.c. */

#include "network/client.h"

/*
 * struct channel - a socket for calls
 * @serial: of the last request
 * @late: when the request that is not answered yet was sent, CLOCK_MONOTONIC; 0: there is none
 */
struct channel {
	int fd;
	uint32_t serial;
	uint64_t late;
	struct message out, in;
};

/*
 * struct checking - a check that rportd-net is busy with, see network_check()
 * @serial: of its request
 * @done: called at its end; NULL: there is none
 * @lost: it will never be answered
 */
struct checking {
	uint32_t serial;
	network_checked_t done;
	void *userdata;
	bool lost;
};

struct network {
	struct network_options options;
	struct network_about about;
	sd_event *event;
	struct channel channels[NETWORK_CHANNELS];
	int events_fd; /* -1: it does not run */
	sd_event_source *source;
	sd_event_source *check_source; /* the channel of checks */
	sd_event_source *timer;        /* starts it again */
	sd_event_source *news;         /* tells that events were lost */
	sd_event_source *check_news;   /* tells that checks were lost */
	struct checking checks[NETWORK_CHECKS_MAX];
	uint64_t started;    /* CLOCK_MONOTONIC, microseconds */
	uint64_t not_before; /* likewise: of the next start */
	uint64_t wait;       /* microseconds between the last two starts; 0: none */
	uint32_t serial;     /* of the last NETWORK_DRAIN or NETWORK_PING */
	uint32_t drained, asked, alive;
	unsigned int restarts;
};

/**
 * client_lose() - end rportd-net, which ended or does not answer; it is started again
 * @network: of network_new()
 */
void client_lose(struct network *network);

/**
 * client_start_if_ended() - start rportd-net again if it ended, and was not started just now
 * @network: of network_new()
 */
void client_start_if_ended(struct network *network);

/**
 * client_readable() - tell the events that there are; for sd_event_add_io(3)
 * @source: unused
 * @fd: unused
 * @revents: unused
 * @userdata: struct network
 *
 * Return: 0.
 */
int client_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata);

/**
 * client_checked() - take the answer of a check; for sd_event_add_io(3)
 * @source: unused
 * @fd: unused
 * @revents: unused
 * @userdata: struct network
 *
 * Return: 0.
 */
int client_checked(sd_event_source *source, int fd, uint32_t revents, void *userdata);

/**
 * client_lose_checks() - note that the checks that are under way will not be answered
 * @network: of network_new(); whoever waits is told by the event loop
 */
void client_lose_checks(struct network *network);

/**
 * client_tell_lost_checks() - tell those who wait for them; for sd_event_add_defer(3)
 * @source: unused
 * @userdata: struct network
 *
 * Return: 0.
 */
int client_tell_lost_checks(sd_event_source *source, void *userdata);

/**
 * client_begin() - begin to write a request
 * @channel: on which it will be sent
 * @call: an enum network_call
 *
 * Return: the request.
 */
struct message *client_begin(struct channel *channel, uint32_t call);

/**
 * client_send() - send the request that was begun last
 * @channel: of client_begin(); its serial is that of the request afterwards
 *
 * Return: 0 or -errno of sendmsg(2).
 */
int client_send(struct channel *channel);

/**
 * client_receive() - read the next message
 * @channel: which message_get() reads from afterwards
 * @ret: its header
 *
 * Return: 0; -EAGAIN when there is none; -ECONNRESET when rportd-net is gone; or another -errno.
 */
int client_receive(struct channel *channel, struct network_reply *ret);

/**
 * client_await() - wait for the reply to the last request, and drop others
 * @channel: of client_send()
 * @deadline: CLOCK_MONOTONIC, microseconds
 * @ret: its header
 *
 * Return: 0; -ETIME; or as client_receive().
 */
int client_await(struct channel *channel, uint64_t deadline, struct network_reply *ret);

#endif
