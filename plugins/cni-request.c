/* SPDX-License-Identifier: ISC */

/* The request of a runtime: environment and network configuration, read and checked. No system calls. */

#include <stdarg.h>
#include <stdio.h>

#include "cni.h"

/* What a command needs, in bits. */
enum {
	NEEDS_CONTAINER = 1 << 0, /* CNI_CONTAINERID and CNI_IFNAME */
	NEEDS_NETNS = 1 << 1,
	STRICT = 1 << 2,   /* an unknown key is an error */
	TOLERANT = 1 << 3, /* values of the wrong type do not keep a link from being removed */
};

static const struct {
	const char *name;
	const char *since; /* of the specification */
	unsigned int needs;
} commands[] = {
	{ "ADD", "0.3.0", NEEDS_CONTAINER | NEEDS_NETNS | STRICT },
	{ "DEL", "0.3.0", NEEDS_CONTAINER | TOLERANT },
	{ "CHECK", "0.4.0", NEEDS_CONTAINER | NEEDS_NETNS },
	{ "GC", "1.1.0", 0 },
	{ "STATUS", "1.1.0", STRICT },
};

static const char *const versions[] = { "0.3.0", "0.3.1", "0.4.0", "1.0.0", CNI_NEWEST };

/* Those of the specification that have no meaning here, and those that are read elsewhere. */
static const char *const known_keys[] = {
	"args",      "capabilities", "cniVersion", "cniVersions",   "disableCheck",
	"disableGC", "dns",          "domain",     "ipMasq",        "ipam",
	"name",      "prevResult",   "plugins",    "runtimeConfig", "type",
};
static const struct input_keys known = { known_keys, ARRAY_SIZE(known_keys) };

int cni_fail(struct cni_error *error, enum cni_code code, const char *message, const char *fmt, ...)
{
	va_list args;

	error->code = (int)code;
	snprintf(error->message, sizeof(error->message), "%s", message);
	va_start(args, fmt);
	vsnprintf(error->details, sizeof(error->details), fmt, args);
	va_end(args);
	return -EINVAL;
}

int cni_no_memory(struct cni_error *error)
{
	cni_fail(error, CNI_IO_FAILURE, "out of memory", "%s", "");
	return -ENOMEM;
}

int cni_fail_with(struct cni_error *error, const char *message, const struct client_answer *answer)
{
	enum cni_code code = CNI_REFUSED;

	if (answer->status == STATUS_NO_DAEMON)
		code = CNI_TRY_AGAIN;
	else if (answer->status == STATUS_USAGE)
		code = CNI_INVALID_CONFIG;
	else if (strstr(answer->error, ".InterfaceExists") || strstr(answer->error, ".LinkExists"))
		code = CNI_EXISTS;
	return cni_fail(error, code, message, "%s", answer->message);
}

/* --- versions --------------------------------------------------------------------------------- */

static size_t version_index(const char *version)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(versions) && !streq(version, versions[i]))
		i++;
	return i;
}

bool cni_version_at_least(const char *version, const char *least)
{
	return version_index(version) >= version_index(least);
}

json_t *cni_supported_versions(void)
{
	json_t *array = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
		if (json_array_append_new(array, json_string(versions[i])) < 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static int read_version(struct cni_request *request, const char *since, struct cni_error *error)
{
	const char *version = json_string_value(json_object_get(request->config, "cniVersion"));

	/* a configuration without a version has 0.1.0, which is too old */
	if (!version)
		return cni_fail(error, CNI_INCOMPATIBLE_VERSION, "incompatible CNI versions",
				"the configuration has no cniVersion; this plugin takes %s to %s",
				versions[0], CNI_NEWEST);
	if (version_index(version) == ARRAY_SIZE(versions))
		return cni_fail(
			error, CNI_INCOMPATIBLE_VERSION, "incompatible CNI versions",
			"the configuration has cniVersion %.32s; this plugin takes %s to %s",
			version, versions[0], CNI_NEWEST);
	request->version = version;
	if (!cni_version_at_least(version, since))
		return cni_fail(error, CNI_INCOMPATIBLE_VERSION, "incompatible CNI versions",
				"%s came with CNI %s, and the configuration has cniVersion %s",
				request->environment.command, since, version);
	return 0;
}

/* --- the environment -------------------------------------------------------------------------- */

static int check_environment(const struct cni_environment *environment, unsigned int needs,
			     struct cni_error *error)
{
	const struct {
		const char *name, *value;
		bool needed, valid;
	} variables[] = {
		{ "CNI_CONTAINERID", environment->container, needs & NEEDS_CONTAINER,
		  environment->container && container_name_valid(environment->container) },
		{ "CNI_IFNAME", environment->interface, needs & NEEDS_CONTAINER,
		  environment->interface && ifname_valid(environment->interface) &&
			  text_printable(environment->interface) },
		{ "CNI_NETNS", environment->netns, needs & NEEDS_NETNS,
		  environment->netns && *environment->netns == '/' &&
			  text_printable(environment->netns) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		if (!variables[i].needed || variables[i].valid)
			continue;
		if (!variables[i].value)
			return cni_fail(error, CNI_INVALID_ENVIRONMENT,
					"a variable of the environment is missing", "%s is not set",
					variables[i].name);
		return cni_fail(error, CNI_INVALID_ENVIRONMENT,
				"a variable of the environment is not valid", "%s=%.256s",
				variables[i].name, variables[i].value);
	}
	return 0;
}

/* --- the configuration ------------------------------------------------------------------------ */

static int check_type(const struct cni_request *request, const char *key, json_type type,
		      const char *words, struct cni_error *error)
{
	const json_t *value = json_object_get(request->config, key);

	if (!value || json_typeof(value) == type)
		return 0;
	return cni_fail(error, CNI_INVALID_CONFIG, "invalid network configuration",
			"\"%s\" is not %s", key, words);
}

static bool is_known(const char *key)
{
	return skip_prefix(key, "cni.dev/") || input_key_known(&known, key);
}

static int refuse_key(const char *key, const json_t *value, struct cni_error *error)
{
	_cleanup_free_ char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	struct nearest nearest;
	const char *meant = input_key_meant(&known, key, &nearest);

	return cni_fail(error, CNI_UNSUPPORTED_FIELD, "unsupported field in network configuration",
			"\"%.64s\": %.256s%s%s%s", key, text ? text : "",
			meant ? "; did you mean \"" : "", meant ? meant : "", meant ? "\"?" : "");
}

static int check_keys(const struct cni_request *request, struct cni_error *error)
{
	json_t *values = json_object();
	struct rport_error err;
	const char *key;
	json_t *value;
	int r = 0;

	json_object_foreach(request->config, key, value)
	{
		if (streq(key, "ipMasq") && json_is_true(value)) {
			r = cni_fail(error, CNI_UNSUPPORTED_FIELD,
				     "unsupported field in network configuration",
				     "\"ipMasq\": true; masquerade by a rule of nft(8) instead");
			break;
		}
		if (!is_known(key) && input_property(key, value, values, &err) == -ENOENT) {
			r = refuse_key(key, value, error);
			break;
		}
	}
	json_decref(values);
	return r;
}

int cni_request_properties(const struct cni_request *request, json_t *values,
			   struct cni_error *error)
{
	struct rport_error err;
	const char *key;
	json_t *value;
	int r;

	json_object_foreach(request->config, key, value)
	{
		if (is_known(key))
			continue;
		r = input_property(key, value, values, &err);
		if (r == -ENOMEM)
			return cni_no_memory(error);
		if (r == -EINVAL)
			return cni_fail(error, CNI_INVALID_CONFIG, "invalid network configuration",
					"\"%.64s\": %s", key, err.message);
	}
	return 0;
}

/* The name of a program, which is looked for in CNI_PATH. */
static bool is_file_name(const char *name)
{
	return *name && !strchr(name, '/') && !streq(name, ".") && !streq(name, "..");
}

static int read_ipam(struct cni_request *request, struct cni_error *error)
{
	const json_t *ipam = json_object_get(request->config, "ipam");
	const json_t *type = json_object_get(ipam, "type");

	/* {} and {"type": ""} are ways to have no IPAM plugin */
	if (!type || (json_is_string(type) && !*json_string_value(type)))
		return 0;
	if (!json_is_string(type) || !is_file_name(json_string_value(type)))
		return cni_fail(error, CNI_INVALID_CONFIG, "invalid network configuration",
				"\"type\" of \"ipam\" is not the name of a plugin");
	request->ipam = json_string_value(type);
	return 0;
}

static int read_config(struct cni_request *request, unsigned int needs, struct cni_error *error)
{
	const char *name = json_string_value(json_object_get(request->config, "name"));
	const char *domain = json_string_value(json_object_get(request->config, "domain"));
	static const struct {
		const char *key;
		json_type type;
		const char *words;
	} types[] = {
		{ "domain", JSON_STRING, "a text" },
		{ "ipam", JSON_OBJECT, "an object" },
		{ "dns", JSON_OBJECT, "an object" },
		{ "prevResult", JSON_OBJECT, "an object" },
	};
	int r = 0;

	if (!name || !container_name_valid(name))
		return cni_fail(error, CNI_INVALID_CONFIG, "invalid network configuration", "%s",
				name ? "\"name\" is not a valid name of a network"
				     : "\"name\" is missing");
	request->attachment = (struct attachment){
		.runtime = CNI_RUNTIME,
		.network = name,
		.container = request->environment.container,
		.interface = request->environment.interface,
	};
	request->domain = domain ? domain : "default";
	for (size_t i = 0; r == 0 && !(needs & TOLERANT) && i < ARRAY_SIZE(types); i++)
		r = check_type(request, types[i].key, types[i].type, types[i].words, error);
	if (r == 0 && (needs & STRICT))
		r = check_keys(request, error);
	return r == 0 ? read_ipam(request, error) : r;
}

int cni_request_read(const struct cni_environment *environment, char *text, size_t size,
		     struct cni_request *ret, struct cni_error *error)
{
	char message[256];
	size_t i = 0;
	int r;

	*ret = (struct cni_request){
		.environment = *environment,
		.text = text,
		.size = size,
		.version = CNI_NEWEST,
	};
	if (!environment->command)
		return cni_fail(error, CNI_INVALID_ENVIRONMENT,
				"a variable of the environment is missing",
				"CNI_COMMAND is not set");
	while (i < ARRAY_SIZE(commands) && !streq(environment->command, commands[i].name))
		i++;
	if (i == ARRAY_SIZE(commands))
		return cni_fail(error, CNI_INVALID_ENVIRONMENT,
				"a variable of the environment is not valid", "CNI_COMMAND=%.64s",
				environment->command);
	/* the environment is changed for delegated plugins */
	ret->environment.command = commands[i].name;
	r = check_environment(environment, commands[i].needs, error);
	if (r < 0)
		return r;
	ret->config = input_object(text, size, message, sizeof(message));
	if (!ret->config)
		return cni_fail(error, CNI_CANNOT_DECODE, "cannot read the network configuration",
				"%s", message);
	r = read_version(ret, commands[i].since, error);
	return r < 0 ? r : read_config(ret, commands[i].needs, error);
}

void cni_request_release(struct cni_request *request)
{
	json_decref(request->config);
	free(request->text);
	*request = (struct cni_request){ 0 };
}
