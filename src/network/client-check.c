/* SPDX-License-Identifier: ISC */

/* Checks of links, which are answered later: see client.c. */

#include <sys/socket.h>

#include "base/turn.h"
#include "network/client-private.h"

static struct checking *find(struct network *network, uint32_t serial)
{
	for (unsigned int i = 0; i < NETWORK_CHECKS_MAX; i++) {
		struct checking *check = &network->checks[i];

		if (check->done && check->serial == serial)
			return check;
	}
	return NULL;
}

static struct checking *find_free(struct network *network)
{
	for (unsigned int i = 0; i < NETWORK_CHECKS_MAX; i++)
		if (!network->checks[i].done)
			return &network->checks[i];
	return NULL;
}

int network_check(struct network *network, const struct inspect_end ends[static 2], bool probe,
		  network_checked_t done, void *userdata)
{
	struct channel *channel = &network->channels[NETWORK_CHANNEL_CHECK];
	struct checking *check = find_free(network);
	struct message *message;
	int r;

	if (!check)
		return -EBUSY;
	message = network_begin(network, NETWORK_CHANNEL_CHECK, NETWORK_CHECK);
	network_put_check(message, ends, probe);
	if (message->broken)
		return -EMSGSIZE;
	if (network->events_fd < 0)
		return -ECONNRESET;
	r = client_send(channel);
	if (r < 0) {
		client_lose(network);
		return -ECONNRESET;
	}
	*check = (struct checking){ .serial = channel->serial, .done = done, .userdata = userdata };
	return 0;
}

static void end(struct checking *check, const struct inspect_result *result)
{
	network_checked_t done = check->done;

	check->done = NULL;
	done(result, check->userdata);
}

int client_checked(sd_event_source *source _unused_, int fd _unused_, uint32_t revents _unused_,
		   void *userdata)
{
	struct network *network = userdata;
	struct channel *channel = &network->channels[NETWORK_CHANNEL_CHECK];
	struct inspect_result result;
	struct network_reply reply;
	struct checking *check;
	int r = client_receive(channel, &reply);

	turn_is("checks of links");
	if (r == -EAGAIN)
		return 0;
	check = r < 0 ? NULL : find(network, reply.serial);
	if (check)
		message_get_inspected(&channel->in, &result);
	if (!check || reply.result < 0 || channel->in.broken)
		client_lose(network);
	else
		end(check, &result);
	return 0;
}

void client_lose_checks(struct network *network)
{
	for (unsigned int i = 0; i < NETWORK_CHECKS_MAX; i++) {
		struct checking *check = &network->checks[i];

		if (!check->done)
			continue;
		check->lost = true;
		(void)sd_event_source_set_enabled(network->check_news, SD_EVENT_ONESHOT);
	}
}

int client_tell_lost_checks(sd_event_source *source _unused_, void *userdata)
{
	struct network *network = userdata;

	turn_is("checks of links");
	for (unsigned int i = 0; i < NETWORK_CHECKS_MAX; i++)
		if (network->checks[i].done && network->checks[i].lost)
			end(&network->checks[i], NULL);
	return 0;
}
