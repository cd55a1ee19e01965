/* SPDX-License-Identifier: ISC */

/* The interface that every Varlink service has (https://varlink.org/Service). */

#include "varlink/call.h"
#include "varlink/server-state.h"
#include "varlink/service.h"

static const char service_description[] =
	"# The Varlink Service Interface is provided by every varlink service. It\n"
	"# describes the service and the interfaces it implements.\n"
	"interface org.varlink.service\n"
	"\n"
	"# Get a list of all the interfaces a service provides and information\n"
	"# about the implementation.\n"
	"method GetInfo() -> (\n"
	"  vendor: string,\n"
	"  product: string,\n"
	"  version: string,\n"
	"  url: string,\n"
	"  interfaces: []string\n"
	")\n"
	"\n"
	"# Get the description of an interface that is implemented by this service.\n"
	"method GetInterfaceDescription(interface: string) -> (description: string)\n"
	"\n"
	"# The requested interface was not found.\n"
	"error InterfaceNotFound (interface: string)\n"
	"\n"
	"# The requested method was not found\n"
	"error MethodNotFound (method: string)\n"
	"\n"
	"# The interface defines the requested method, but the service does not\n"
	"# implement it.\n"
	"error MethodNotImplemented (method: string)\n"
	"\n"
	"# One of the passed parameters is invalid.\n"
	"error InvalidParameter (parameter: string)\n"
	"\n"
	"# Client is denied access\n"
	"error PermissionDenied ()\n"
	"\n"
	"# Method is expected to be called with 'more' set to true, but wasn't\n"
	"error ExpectedMore ()\n";

static void service_get_info(struct varlink_call *call, json_t *parameters _unused_, void *userdata)
{
	const struct varlink_server_options *options =
		&((struct varlink_server *)userdata)->options;

	varlink_reply(call, json_pack("{s:s, s:s, s:s, s:s, s:[s, s]}", "vendor", options->vendor,
				      "product", options->product, "version", options->version,
				      "url", options->url, "interfaces",
				      varlink_service_interface.name, options->interface->name));
}

static void service_get_interface_description(struct varlink_call *call, json_t *parameters,
					      void *userdata)
{
	const struct varlink_server *server = userdata;
	const struct varlink_interface *interfaces[] = { &varlink_service_interface,
							 server->options.interface };
	const char *name = json_string_value(json_object_get(parameters, "interface"));

	if (!name) {
		varlink_error_invalid_parameter(call, "interface");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(interfaces); i++) {
		if (!streq(interfaces[i]->name, name))
			continue;
		varlink_reply(call, json_pack("{s:s}", "description", interfaces[i]->description));
		return;
	}
	varlink_error_name(call, "org.varlink.service.InterfaceNotFound", "interface", name);
}

static const struct varlink_method service_methods[] = {
	{ "GetInfo", service_get_info, false },
	{ "GetInterfaceDescription", service_get_interface_description, false },
};

const struct varlink_interface varlink_service_interface = {
	.name = "org.varlink.service",
	.description = service_description,
	.methods = service_methods,
	.n_methods = ARRAY_SIZE(service_methods),
};
