/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes what users and strangers call things: domains, names, addresses, and a port as JSON.
 *
 * Properties: what a parser takes is written as a text that it reads as the same again; what may
 * be shown is UTF-8; what spec_json_write() gives, spec_json_read() takes and means the same.
 */

#include "base/escape.h"
#include "base/names.h"
#include "fuzz.h"
#include "kernel/domain.h"
#include "port/spec-diff.h"
#include "port/spec-json.h"

/* Whoever has only the text of a domain finds the namespace that rportd finds. */
static void require_same_path(const struct domain *domain, const char *text)
{
	char path[NETNS_PATH_MAX], named[NETNS_PATH_MAX];
	int r = netns_path_of_domain(text, path);

	fuzz_require((r == 0) == (domain->netns != DOMAIN_NETNS_ANY));
	if (r == 0)
		fuzz_require(!*path == (domain->netns == DOMAIN_NETNS_SELF));
	if (domain->netns == DOMAIN_NETNS_PID)
		fuzz_require(netns_path_pid(path) == domain->pid);
	if (domain->netns == DOMAIN_NETNS_NAMED)
		fuzz_require(netns_path(domain->name, named) == 0 && streq(path, named));
}

static void try_domain(const char *text)
{
	char again_text[DOMAIN_TEXT_MAX], label[DOMAIN_TEXT_MAX];
	struct domain domain, again;
	struct rport_error err;

	if (domain_parse(text, &domain, &err) < 0) {
		fuzz_require(strlen(err.message) < sizeof(err.message));
		return;
	}
	fuzz_require(!domain.name[0] || netns_name_valid(domain.name) ||
		     netns_path_valid(domain.name));
	domain_format(&domain, again_text);
	fuzz_require(domain_parse(again_text, &again, &err) == 0);
	fuzz_require(domain_equal(&domain, &again));
	fuzz_require(domain_means(&domain, &again));
	domain_label(&domain, label);
	require_same_path(&domain, again_text);
}

static void try_address(const char *text)
{
	char again_text[IP_PREFIX_TEXT_MAX];
	struct ip_address address, again;
	struct ip_prefix prefix, prefix_again;

	if (ip_address_parse(text, &address) == 0) {
		ip_address_format(&address, again_text);
		fuzz_require(ip_address_parse(again_text, &again) == 0);
		fuzz_require(ip_address_equal(&address, &again));
	}
	if (ip_prefix_parse(text, &prefix) == 0) {
		fuzz_require(prefix.length <= ip_address_bits(prefix.address.family));
		ip_prefix_format(&prefix, again_text);
		fuzz_require(ip_prefix_parse(again_text, &prefix_again) == 0);
		fuzz_require(ip_prefix_equal(&prefix, &prefix_again));
		ip_prefix_has_host_bits(&prefix);
	}
}

static void try_names(const char *text)
{
	json_t *string = json_string(text);

	/* the name of a link is what JSON, the file system and a terminal take */
	if (link_name_valid(text))
		fuzz_require(text_printable(text) && !strchr(text, '/'));
	/* that of an interface is, too, when it is escaped */
	if (ifname_valid(text)) {
		char escaped[ESCAPED_SIZE(IFNAMSIZ)];

		escape_into(escaped, sizeof(escaped), text, ESCAPE_BACKSLASH);
		fuzz_require(text_printable(escaped) && !strchr(escaped, '/'));
		escape_undo(escaped);
		fuzz_require(streq(escaped, text));
	}
	if (netns_name_valid(text))
		fuzz_require(!strchr(text, '/') && strlen(text) <= NAME_MAX);
	if (netns_path_valid(text))
		fuzz_require(text[0] == '/' && strlen(text) <= NAME_MAX && !strstr(text, "//"));
	if (text_printable(text))
		fuzz_require(string);
	json_decref(string);
}

static void try_spec(const char *text)
{
	_cleanup_port_spec_ struct port_spec spec = PORT_SPEC_INIT, again = PORT_SPEC_INIT;
	json_t *object = json_loads(text, 0, NULL), *written;
	char difference[256];
	struct rport_error err;

	if (json_is_object(object) && spec_json_read(object, &spec, &err) == 0) {
		fuzz_require(spec.n_addresses <= SPEC_ADDRESSES_MAX);
		fuzz_require(spec.n_routes <= SPEC_ROUTES_MAX);
		written = spec_json_write(&spec);
		fuzz_require(written);
		fuzz_require(spec_json_read(written, &again, &err) == 0);
		fuzz_require(!port_spec_diff(&spec, &again, difference, sizeof(difference)));
		json_decref(written);
	}
	json_decref(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size }, part;

	while (fuzz_take_part(&input, &part)) {
		_cleanup_free_ char *text = fuzz_text(&part);

		try_domain(text);
		try_address(text);
		try_names(text);
		try_spec(text);
	}
	return 0;
}
