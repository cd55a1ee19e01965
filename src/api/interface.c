/* SPDX-License-Identifier: ISC */

/* The table of methods of org.rportd.Manager: the only file that knows them all. */

#include "api/check.h"
#include "api/description.h"
#include "api/files.h"
#include "api/interface.h"
#include "api/links.h"
#include "api/list.h"
#include "api/monitor.h"
#include "api/ports.h"
#include "api/status.h"
#include "manager/checker.h"

static const struct varlink_method methods[] = {
	{ .name = "Pair", .run = api_method_pair, .changes = true },
	{ .name = "Unpair", .run = api_method_unpair, .changes = true },
	{ .name = "UnpairSeveral", .run = api_method_unpair_several, .changes = true },
	{ .name = "Reconcile", .run = api_method_reconcile, .changes = true },
	{ .name = "DeleteFile", .run = api_method_delete_file, .changes = true },
	{ .name = "Export", .run = api_method_export },
	{ .name = "Reload", .run = api_method_reload, .changes = true },
	{ .name = "Monitor", .run = api_method_monitor },
	{ .name = "List", .run = api_method_list },
	{ .name = "Show", .run = api_method_show },
	{ .name = "Status", .run = api_method_status },
	{ .name = "Check", .run = api_method_check },
	{ .name = "CreatePort", .run = api_method_create_port, .changes = true },
	{ .name = "DestroyPort", .run = api_method_destroy_port, .changes = true },
	{ .name = "SetUp", .run = api_method_set_up, .changes = true },
	{ .name = "SetMtu", .run = api_method_set_mtu, .changes = true },
	{ .name = "SetFastPath", .run = api_method_set_fastpath, .changes = true },
	{ .name = "SetName", .run = api_method_set_name, .changes = true },
	{ .name = "SetParent", .run = api_method_set_parent, .changes = true },
	{ .name = "GetParent", .run = api_method_get_parent },
	{ .name = "DeleteParent", .run = api_method_delete_parent, .changes = true },
	{ .name = "ListPorts", .run = api_method_list_ports },
};

const struct varlink_interface api_interface = {
	.name = API_INTERFACE,
	.description = interface_description,
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
};

int api_new(struct manager *manager, struct reloader *reloader, const char *config_path,
	    struct api **ret)
{
	struct api *api = calloc(1, sizeof(*api));
	int r;

	if (!api)
		return -ENOMEM;
	api->manager = manager;
	api->reloader = reloader;
	api->config_path = config_path;
	r = api_monitor_new(manager, &api->monitor);
	if (r >= 0)
		r = checker_new(manager, &api->checker);
	if (r < 0) {
		api_free(api);
		return r;
	}
	*ret = api;
	return 0;
}

void api_free(struct api *api)
{
	if (!api)
		return;
	free(api->subjects);
	checker_free(api->checker);
	api_monitor_free(api->monitor);
	free(api);
}
