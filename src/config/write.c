/* SPDX-License-Identifier: ISC */

/* Links as files: writes, masks and removes them; format.c makes the text. */

#include <fcntl.h>
#include <stdio.h>

#include "config/config-private.h"
#include "config/edit.h"
#include "port/property.h"
#include "port/spec-diff.h"

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
	enum config_severity least; /* lesser ones do not count */
	unsigned int line;
	char message[CONFIG_LINE_MAX]; /* "": none */
};

static void keep_first(enum config_severity severity, _unused_ const char *file, unsigned int line,
		       const char *message, void *userdata)
{
	struct first_problem *problem = userdata;

	if (problem->message[0] || severity < problem->least)
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

/* Either may have its domain resolved, or no name, where any will do. */
static bool ports_differ(const struct port_spec *a, const struct port_spec *b, char *ret,
			 size_t size)
{
	return port_spec_diff(a, b, ret, size) && port_spec_diff(b, a, ret, size);
}

/*
 * Read it before it is written: whatever name a namespace has, a file that says something else, or
 * that makes the next start complain, is not made.
 */
static int check_text(const struct link_spec *spec, const char *text, enum config_severity least,
		      struct rport_error *err)
{
	_cleanup_config_draft_ struct config_draft draft = CONFIG_DRAFT_INIT;
	struct first_problem problem = { .least = least };
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
		if (ports_differ(&draft.spec.ports[side], &spec->ports[side], difference,
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

static char *file_path(const char *directory, const char *name)
{
	char *file;

	return asprintf(&file, "%s/%s" CONFIG_SUFFIX, directory, name) < 0 ? NULL : file;
}

static int replace_file(const char *directory, const char *name, const char *text)
{
	_cleanup_free_ char *temporary = NULL, *file = file_path(directory, name);
	int r;

	/* the dot keeps it from being read as a link, should we be killed */
	if (asprintf(&temporary, "%s/.%s" CONFIG_SUFFIX ".XXXXXX", directory, name) < 0) {
		temporary = NULL;
		return -ENOMEM;
	}
	if (!file)
		return -ENOMEM;
	r = make_directory(directory);
	if (r == 0)
		r = write_and_rename(temporary, file, text);
	return r < 0 ? r : sync_directory(directory);
}

static int remove_file(const char *directory, const char *name)
{
	_cleanup_free_ char *file = file_path(directory, name);

	if (!file)
		return -ENOMEM;
	return unlink(file) < 0 ? -errno : sync_directory(directory);
}

/* What there is in the way of the new text: that of a file which can be edited, or NULL. */
static char *read_old(const char *directory, const char *name)
{
	_cleanup_free_ char *file = file_path(directory, name), *text = NULL;
	_cleanup_close_ int fd =
		file ? open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0 ||
	    st.st_size > CONFIG_FILE_MAX)
		return NULL;
	text = calloc(1, (size_t)st.st_size + 1);
	n = text ? read(fd, text, (size_t)st.st_size) : -1;
	/* with a NUL in it, it is no text */
	return n == st.st_size && strlen(text) == (size_t)n ? steal_ptr(text) : NULL;
}

/* As the old text says it, if that is what the link has: "red" may mean netns:red. */
static void keep_domains(const char *old, struct link_spec *spec)
{
	_cleanup_config_draft_ struct config_draft draft = CONFIG_DRAFT_INIT;

	config_draft_begin(&draft);
	config_draft_read(&draft, "", old, strlen(old));
	for (int side = 0; side < 2; side++) {
		const struct domain *said = &draft.spec.ports[side].domain;

		if (draft.domain_said[side] && domain_means(said, &spec->ports[side].domain))
			spec->ports[side].domain = *said;
	}
}

/*
 * The text of the file that is there, with the new keys in it; NULL when there is none, or when it
 * would not say the link then.
 */
static char *edit_old(const char *directory, const struct link_spec *spec)
{
	_cleanup_free_ char *old = read_old(directory, spec->name), *text = NULL, *edited = NULL;
	struct link_spec wanted = *spec; /* it borrows what it does not change */

	/* OnMissing= of an old file is kept, as no link has said it: one that does has a new file */
	if (!old || !spec->wait)
		return NULL;
	keep_domains(old, &wanted);
	text = config_format(&wanted);
	edited = text ? config_edit(old, text) : NULL;
	/* what is a warning has been there before */
	if (!edited || check_text(spec, edited, CONFIG_ERROR, NULL) < 0)
		return NULL;
	return steal_ptr(edited);
}

static int write_link(const char *directory, const struct link_spec *spec, struct rport_error *err)
{
	_cleanup_free_ char *text = config_format(spec), *edited = NULL;
	int r;

	if (!text)
		return system_error(err, -ENOMEM);
	r = check_ports_alike(spec, err);
	if (r < 0)
		return r;
	r = check_text(spec, text, CONFIG_WARNING, err);
	if (r < 0)
		return r;
	edited = edit_old(directory, spec);
	r = replace_file(directory, spec->name, edited ? edited : text);
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

/* Do the files say another link? @ret: the first difference. */
static bool says_other(const struct config_link *file, const struct link_spec *spec, bool names,
		       char *ret, size_t size)
{
	for (int side = 0; side < 2; side++) {
		const struct port_spec *port = &file->spec.ports[side];

		if (ports_differ(port, &spec->ports[side], ret, size))
			return true;
		if ((names || port->ifname[0]) && !streq(port->ifname, spec->ports[side].ifname)) {
			snprintf(ret, size, "the name of the interface is \"%s\"", port->ifname);
			return true;
		}
	}
	return false;
}

/* Say by what the file that was written is overridden, if it is. */
static int find_override(const char *path, const struct link_spec *spec, char **ret)
{
	_cleanup_config_link_ struct config_link link = { 0 };
	char difference[RPORT_ERROR_MESSAGE_MAX] = "it is faulty";

	if (config_read(path, spec->name, NULL, NULL, &link) <= 0 || !link.drop_in)
		return 0;
	if (!link.bad && !says_other(&link, spec, true, difference, sizeof(difference)))
		return 0;
	if (asprintf(ret, "%s: %s", link.drop_in, difference) < 0) {
		*ret = NULL;
		return -ENOMEM;
	}
	return 0;
}

/* Return: 1: the files say the link already; 0: they do not; -ENOMEM. */
static int is_said_already(const char *path, const struct link_spec *spec, bool names,
			   char **ret_file)
{
	_cleanup_config_link_ struct config_link link = { 0 };
	char difference[RPORT_ERROR_MESSAGE_MAX];
	int r = config_read(path, spec->name, NULL, NULL, &link);

	if (r <= 0 || link.bad || says_other(&link, spec, names, difference, sizeof(difference)))
		return MIN(r, 0);
	*ret_file = steal_ptr(link.file);
	return 1;
}

int config_can_say(const struct link_spec *spec, struct rport_error *err)
{
	for (int side = 0; side < 2; side++) {
		const struct domain *domain = &spec->ports[side].domain;

		if (domain->netns == DOMAIN_NETNS_PID)
			return rport_error_set(
				err, RPORT_ERR_INVALID, EINVAL,
				"pid:%d cannot be persisted, since its number will "
				"be another process's: give its namespace a name (ip "
				"netns attach NAME %d), and pair that",
				domain->pid, domain->pid);
	}
	return 0;
}

void config_written_release(struct config_written *written)
{
	free(written->file);
	free(written->overridden);
	*written = (struct config_written){ 0 };
}

int config_write(const char *path, const struct link_spec *spec, bool names,
		 struct config_written *ret, struct rport_error *err)
{
	_cleanup_config_written_ struct config_written written = { 0 };
	_cleanup_config_path_ char **directories = NULL;
	int r;

	r = check_name(spec->name, err);
	if (r < 0)
		return r;
	r = split_path(path, &directories, err);
	if (r >= 0)
		r = config_can_say(spec, err);
	if (r < 0)
		return r;
	r = is_said_already(path, spec, names, &written.file);
	if (r == 0) {
		written.changed = true;
		written.file = file_path(directories[0], spec->name);
		r = written.file ? write_link(directories[0], spec, err)
				 : rport_error_no_memory(err);
	}
	if (r < 0) {
		rport_error_prefix(err, "cannot write %s/%s" CONFIG_SUFFIX ": ", directories[0],
				   spec->name);
		return r;
	}
	if (written.changed && find_override(path, spec, &written.overridden) < 0)
		return rport_error_no_memory(err);
	ret->file = steal_ptr(written.file);
	ret->changed = written.changed;
	ret->overridden = steal_ptr(written.overridden);
	return 0;
}

enum presence {
	ABSENT,
	MASK,
	PRESENT,
};

/* Return: enum presence, or -errno. */
static int find_file(const char *directory, const char *name)
{
	_cleanup_free_ char *file = file_path(directory, name);
	struct stat st;

	if (!file)
		return -ENOMEM;
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

/* Return: 1: done; 0: there was none; or -errno. */
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
