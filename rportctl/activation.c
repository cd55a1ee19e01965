/* SPDX-License-Identifier: ISC */

/* Does a call start a service that is stopped? */

#include <stdio.h>

#include "activation.h"
#include "client.h"

/* rportd has it while it runs; see src/daemon/lock.c. */
#define LOCK_SUFFIX ".lock"
#define SYSTEMD     "/run/systemd/system" /* see sd_booted(3) */
#define ASK_STATE   "systemctl show --property=ActiveState --value rportd.service 2>/dev/null"

/* Those that change nothing, and are answered from what there is. */
static const char *const reading[] = {
	"org.varlink.service.GetInfo",  "org.rportd.Manager.Check", "org.rportd.Manager.Export",
	"org.rportd.Manager.GetParent", "org.rportd.Manager.List",  "org.rportd.Manager.ListPorts",
	"org.rportd.Manager.Monitor",   "org.rportd.Manager.Show",  "org.rportd.Manager.Status",
};

static bool only_reads(const char *method)
{
	for (size_t i = 0; i < ARRAY_SIZE(reading); i++)
		if (streq(method, reading[i]))
			return true;
	return false;
}

static bool is_running(const char *socket)
{
	char lock[256];

	snprintf(lock, sizeof(lock), "%s" LOCK_SUFFIX, socket);
	return access(lock, F_OK) == 0;
}

/*
 * Only the service manager tells one that is stopped from one that has not yet begun. Not all can
 * ask it: a user that is not known to the bus, such as that of rport-exporter, is not answered.
 * Then it is stopped, as far as one can see.
 */
static bool is_stopped(void)
{
	FILE *systemctl = popen(ASK_STATE, "re");
	char state[64] = "";

	if (!systemctl)
		return true;
	if (!fgets(state, sizeof(state), systemctl))
		*state = '\0';
	pclose(systemctl);
	state[strcspn(state, "\n")] = '\0';
	return streq(state, "") || streq(state, "inactive") || streq(state, "failed");
}

bool activation_is_due(const char *socket, const char *method)
{
	return streq(socket, CLIENT_SOCKET_DEFAULT) && only_reads(method) &&
	       access(SYSTEMD, F_OK) == 0 && !is_running(socket) && is_stopped();
}
