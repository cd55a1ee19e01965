/* SPDX-License-Identifier: ISC */

/* Links as files: writes, masks and removes them. */

#include <fcntl.h>
#include <stdio.h>

#include "base/escape.h"
#include "config/config-private.h"
#include "port/property.h"
#include "port/spec-diff.h"

/* --- text ------------------------------------------------------------------------------------- */

static bool mtus_differ(const struct link_spec *spec)
{
	return spec->ports[0].mtu != spec->ports[1].mtu;
}

/* Those that [Link] says for both ports. An MTU that differs is said for each port. */
static bool is_said(const struct link_spec *spec, enum property_id id)
{
	return property_get(&spec->ports[0], id) != property_standard(id) &&
	       !(id == PROPERTY_MTU && mtus_differ(spec));
}

static void format_link(FILE *out, const struct link_spec *spec)
{
	char text[PROPERTY_TEXT_MAX];
	bool empty = spec->wait;

	for (enum property_id id = 0; id < N_PROPERTIES; id++)
		empty &= !is_said(spec, id);
	if (empty)
		return;
	fputs("[Link]\n", out);
	if (!spec->wait)
		fputs("OnMissing=fail\n", out);
	for (enum property_id id = 0; id < N_PROPERTIES; id++)
		if (is_said(spec, id))
			fprintf(out, "%s=%s\n", properties[id].key,
				property_format_key(&properties[id],
						    property_get(&spec->ports[0], id), text));
	fputs("\n", out);
}

static void format_port(FILE *out, const char *section, const struct port_spec *port, bool with_mtu)
{
	char domain[DOMAIN_TEXT_MAX], text[ROUTE_TEXT_MAX];
	char escaped[ESCAPED_SIZE(DOMAIN_TEXT_MAX)];

	domain_format(&port->domain, domain);
	escape_into(escaped, sizeof(escaped), domain, ESCAPE_BACKSLASH);
	/* no blank after '=': a name may begin with ';' */
	fprintf(out, "[%s]\nDomain=%s\n", section, escaped);
	if (port->ifname[0]) {
		escape_into(escaped, sizeof(escaped), port->ifname, ESCAPE_BACKSLASH);
		fprintf(out, "Name=%s\n", escaped);
	}
	if (with_mtu)
		fprintf(out, "MTU=%u\n", port->mtu);
	for (size_t i = 0; i < port->n_addresses; i++) {
		const struct address_spec *spec = &port->addresses[i];

		fprintf(out, "Address=%s\n", ip_prefix_format(&spec->address, text));
		if (spec->peer.family != AF_UNSPEC)
			fprintf(out, "PeerAddress=%s\n", ip_address_format(&spec->peer, text));
	}
	for (size_t i = 0; i < port->n_routes; i++)
		fprintf(out, "Route=%s\n", route_format(&port->routes[i], text));
}

char *config_format(const struct link_spec *spec)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool failed;

	if (!out)
		return NULL;
	format_link(out, spec);
	format_port(out, "A", &spec->ports[0], mtus_differ(spec));
	fputs("\n", out);
	format_port(out, "B", &spec->ports[1], mtus_differ(spec));
	failed = ferror(out);
	failed |= fclose(out) != 0;
	if (failed)
		free(steal_ptr(text));
	return text;
}

/* --- what a file cannot say ------------------------------------------------------------------- */

static int refuse(struct rport_error *err, const char *why)
{
	return rport_error_set(err, RPORT_ERR_INVALID, EINVAL, "%s", why);
}

static int check_ports_alike(const struct link_spec *spec, struct rport_error *err)
{
	const struct property *property = property_differs(&spec->ports[0], &spec->ports[1], true);

	if (property)
		return rport_error_set(err, RPORT_ERR_INVALID, EINVAL,
				       "a file says %s= for both ports, and here they differ",
				       property->key);
	return 0;
}

struct first_problem {
	unsigned int line;
	char message[CONFIG_LINE_MAX]; /* "": none */
};

static void keep_first(_unused_ enum config_severity severity, _unused_ const char *file,
		       unsigned int line, const char *message, void *userdata)
{
	struct first_problem *problem = userdata;

	if (problem->message[0])
		return;
	snprintf(problem->message, sizeof(problem->message), "%s", message);
	problem->line = line;
}

/* Show the line that will not do: the user knows a name, and not how the file looks. */
static int refuse_line(const char *text, const struct first_problem *problem,
		       struct rport_error *err)
{
	for (unsigned int line = 1; line < problem->line; line++)
		text = strchrnul(text, '\n') + 1;
	return rport_error_set(err, RPORT_ERR_INVALID, EINVAL, "a file cannot say \"%.*s\": %s",
			       (int)strcspn(text, "\n"), text, problem->message);
}

/*
 * Read it before it is written: whatever name a namespace has, a file that says something else, or
 * that makes the next start complain, is not made.
 */
static int check_text(const struct link_spec *spec, const char *text, struct rport_error *err)
{
	_cleanup_config_draft_ struct config_draft draft = CONFIG_DRAFT_INIT;
	struct first_problem problem = { 0 };
	char difference[RPORT_ERROR_MESSAGE_MAX];

	config_draft_begin(&draft);
	draft.problem = keep_first;
	draft.userdata = &problem;
	config_draft_read(&draft, "", text, strlen(text));
	config_draft_finish(&draft, "");
	if (draft.out_of_memory)
		return rport_error_no_memory(err);
	if (problem.message[0])
		return refuse_line(text, &problem, err);
	for (int side = 0; side < 2; side++)
		if (port_spec_diff(&draft.spec.ports[side], &spec->ports[side], difference,
				   sizeof(difference)))
			return refuse(err, difference);
	return 0;
}

/* --- files ------------------------------------------------------------------------------------ */

static int system_error(struct rport_error *err, int r)
{
	return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "%s", strerror(-r));
}

static int sync_directory(const char *directory)
{
	_cleanup_close_ int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* Whatever the umask is: others may read what links there are. There is no chmod(2) afterwards: the
 * parent may belong to somebody who puts another directory in the place of the new one. */
static int make_readable(const char *directory)
{
	mode_t mask = umask(022);
	int r = mkdir(directory, 0755) < 0 ? -errno : 0;

	umask(mask);
	return r;
}

static int make_directory(const char *directory)
{
	_cleanup_free_ char *parent = NULL;
	int r = make_readable(directory);

	if (r < 0)
		return r == -EEXIST ? 0 : r;
	if (asprintf(&parent, "%s/..", directory) < 0) {
		parent = NULL; /* undefined then */
		return -ENOMEM;
	}
	return sync_directory(parent);
}

static int write_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t n = write(fd, text, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		left -= (size_t)n;
	}
	return fchmod(fd, 0644) < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* @temporary ends in XXXXXX; on failure there is no such file any more. */
static int write_and_rename(char *temporary, const char *file, const char *text)
{
	_cleanup_close_ int fd = mkostemp(temporary, O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = write_all(fd, text);
	if (r == 0 && rename(temporary, file) < 0)
		r = -errno;
	if (r < 0)
		unlink(temporary);
	return r;
}

static int replace_file(const char *directory, const char *name, const char *text)
{
	_cleanup_free_ char *temporary = NULL, *file = NULL;
	int r;

	/* the dot keeps it from being read as a link, should we be killed */
	if (asprintf(&temporary, "%s/.%s" CONFIG_SUFFIX ".XXXXXX", directory, name) < 0) {
		temporary = NULL;
		return -ENOMEM;
	}
	if (asprintf(&file, "%s/%s" CONFIG_SUFFIX, directory, name) < 0) {
		file = NULL;
		return -ENOMEM;
	}
	r = make_directory(directory);
	if (r == 0)
		r = write_and_rename(temporary, file, text);
	return r < 0 ? r : sync_directory(directory);
}

static int remove_file(const char *directory, const char *name)
{
	_cleanup_free_ char *file = NULL;

	if (asprintf(&file, "%s/%s" CONFIG_SUFFIX, directory, name) < 0) {
		file = NULL;
		return -ENOMEM;
	}
	return unlink(file) < 0 ? -errno : sync_directory(directory);
}

static int write_link(const char *directory, const struct link_spec *spec, struct rport_error *err)
{
	_cleanup_free_ char *text = config_format(spec);
	int r;

	if (!text)
		return system_error(err, -ENOMEM);
	r = check_ports_alike(spec, err);
	if (r < 0)
		return r;
	r = check_text(spec, text, err);
	if (r < 0)
		return r;
	r = replace_file(directory, spec->name, text);
	return r < 0 ? system_error(err, r) : 0;
}

static int check_name(const char *name, struct rport_error *err)
{
	struct link_spec checked = { 0 };

	return link_spec_set_name(&checked, name, err);
}

static int split_path(const char *path, char ***ret, struct rport_error *err)
{
	int r = config_split_path(path, ret);

	if (r == -EINVAL)
		return refuse(err, "the path for links has no directory");
	return r < 0 ? system_error(err, r) : 0;
}

int config_write(const char *path, const struct link_spec *spec, struct rport_error *err)
{
	_cleanup_config_path_ char **directories = NULL;
	int r;

	r = check_name(spec->name, err);
	if (r < 0)
		return r;
	r = split_path(path, &directories, err);
	if (r < 0)
		return r;
	r = write_link(directories[0], spec, err);
	if (r < 0)
		rport_error_prefix(err, "cannot write %s/%s" CONFIG_SUFFIX ": ", directories[0],
				   spec->name);
	return r;
}

enum presence {
	ABSENT,
	MASK,
	PRESENT,
};

/* Return: enum presence, or -errno. */
static int find_file(const char *directory, const char *name)
{
	_cleanup_free_ char *file = NULL;
	struct stat st;

	if (asprintf(&file, "%s/%s" CONFIG_SUFFIX, directory, name) < 0) {
		file = NULL;
		return -ENOMEM;
	}
	if (lstat(file, &st) < 0)
		return errno == ENOENT ? ABSENT : -errno;
	/* a link that leads nowhere is a fault, not a mask */
	return stat(file, &st) == 0 && config_is_mask(&st) ? MASK : PRESENT;
}

/* What the first directory that knows the name says. */
static int find_in(char **directories, const char *name)
{
	for (; *directories; directories++) {
		int r = find_file(*directories, name);

		if (r != ABSENT)
			return r;
	}
	return ABSENT;
}

static int remove_or_mask(char **directories, const char *name)
{
	int first = find_file(directories[0], name), others;

	if (first < 0 || first == MASK)
		return first < 0 ? first : 0;
	others = find_in(directories + 1, name);
	if (others < 0)
		return others;
	if (first != PRESENT && others != PRESENT)
		return 0;
	first = others == PRESENT ? replace_file(directories[0], name, "")
				  : remove_file(directories[0], name);
	return first < 0 ? first : 1;
}

int config_remove(const char *path, const char *name, struct rport_error *err)
{
	_cleanup_config_path_ char **directories = NULL;
	int r;

	r = check_name(name, err);
	if (r < 0)
		return r;
	r = split_path(path, &directories, err);
	if (r < 0)
		return r;
	r = remove_or_mask(directories, name);
	if (r < 0) {
		system_error(err, r);
		rport_error_prefix(err, "cannot remove %s/%s" CONFIG_SUFFIX ": ", directories[0],
				   name);
	}
	return r;
}
