/* SPDX-License-Identifier: ISC */

/* Links as files: finds the files of all links, and reads them. */

#include <fcntl.h>
#include <stdio.h>
#include <sys/sysmacros.h>

#include "config/config-private.h"
#include "config/found.h"

/* --- the path --------------------------------------------------------------------------------- */

int config_split_path(const char *path, char ***ret)
{
	_cleanup_config_path_ char **directories = NULL;
	size_t n = 0;

	/* as many as there could be, and NULL */
	directories = calloc(strlen(path) / 2 + 2, sizeof(*directories));
	if (!directories)
		return -ENOMEM;
	while (*path) {
		size_t length = strcspn(path, ":");

		if (length > 0) {
			directories[n] = strndup(path, length);
			if (!directories[n++])
				return -ENOMEM;
		}
		path += length + (path[length] == ':');
	}
	if (n == 0)
		return -EINVAL;
	*ret = steal_ptr(directories);
	return 0;
}

void config_free_path(char **directories)
{
	for (char **directory = directories; directory && *directory; directory++)
		free(*directory);
	free(directories);
}

/* --- one file --------------------------------------------------------------------------------- */

bool config_is_mask(const struct stat *st)
{
	if (S_ISCHR(st->st_mode))
		return st->st_rdev == makedev(1, 3); /* null(4) */
	return S_ISREG(st->st_mode) && st->st_size == 0;
}

static int bad_file(struct rport_error *err, int errnum)
{
	return rport_error_set(err, RPORT_ERR_SYSTEM, errnum, "cannot be read: %s",
			       strerror(errnum));
}

/* Up to @size bytes. */
static ssize_t read_all(int fd, char *text, size_t size)
{
	size_t used = 0;

	while (used < size) {
		ssize_t n = read(fd, text + used, size - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	return (ssize_t)used;
}

static int read_open_file(int fd, char **ret, size_t *ret_size, struct rport_error *err)
{
	_cleanup_free_ char *text = NULL;
	ssize_t size;

	/* one more, to see that there is more; it may grow meanwhile, so fstat(2) is no help */
	text = malloc(CONFIG_FILE_MAX + 1);
	if (!text)
		return -ENOMEM;
	size = read_all(fd, text, CONFIG_FILE_MAX + 1);
	if (size < 0)
		return bad_file(err, (int)-size);
	if (size > CONFIG_FILE_MAX)
		return rport_error_set(err, RPORT_ERR_LIMIT, EFBIG,
				       "it is too big: %d bytes are possible", CONFIG_FILE_MAX);
	*ret = steal_ptr(text);
	*ret_size = (size_t)size;
	return 0;
}

/* Return: 1: it was read; 0: it masks; -errno: @err says why it cannot be read, but for -ENOMEM. */
static int read_file(const char *path, char **ret, size_t *ret_size, struct rport_error *err)
{
	_cleanup_close_ int fd = -1;
	struct stat st;
	int r;

	/* O_NONBLOCK: do not wait for a FIFO */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0)
		return bad_file(err, errno);
	if (config_is_mask(&st))
		return 0;
	if (!S_ISREG(st.st_mode))
		return rport_error_set(err, RPORT_ERR_INVALID, EINVAL, "it is not a regular file");
	r = read_open_file(fd, ret, ret_size, err);
	return r < 0 ? r : 1;
}

/* Return: as read_file(), but 1 after a fault that makes the link bad, which was reported. */
static int load_file(struct config_draft *draft, const char *path)
{
	_cleanup_free_ char *text = NULL;
	struct rport_error err = { 0 };
	size_t size = 0;
	int r;

	r = read_file(path, &text, &size, &err);
	if (r == 0 || r == -ENOMEM)
		return r;
	if (r < 0) {
		config_draft_problem(draft, CONFIG_ERROR, path, 0, "%s", err.message);
		draft->incomplete = true;
	} else {
		config_draft_read(draft, path, text, size);
	}
	return draft->out_of_memory ? -ENOMEM : 1;
}

/* --- one link --------------------------------------------------------------------------------- */

/*
 * The names are those that there were when the path was looked through; what a file says is read
 * when it is asked for, and where it is then.
 */
struct config_files {
	char **directories;
	struct found_set files;    /* NAME.rport */
	struct found_set drop_ins; /* NAME.rport.d */
	bool scanned;              /* else it is not known which drop-ins there are */
	config_problem_fn problem;
	void *userdata;
};

static int find_drop_ins(const struct config_files *files, const char *name,
			 struct config_draft *draft, struct found_set *set)
{
	for (char **directory = files->directories; *directory; directory++) {
		_cleanup_free_ char *path = NULL;
		int r;

		if (asprintf(&path, "%s/%s" CONFIG_SUFFIX ".d", *directory, name) < 0) {
			path = NULL;
			return -ENOMEM;
		}
		r = found_set_scan(set, path, CONFIG_DROP_IN_SUFFIX);
		if (r == -ENOMEM)
			return r;
		if (r < 0) {
			config_draft_problem(draft, CONFIG_ERROR, path, 0, "cannot be read: %s",
					     strerror(-r));
			draft->incomplete = true;
		}
	}
	return 0;
}

/* @ret_last: the one that overrides all others; untouched when there is none. */
static int load_drop_ins(const struct config_files *files, const char *name, const char *file,
			 struct config_draft *draft, char **ret_last)
{
	_cleanup_found_set_ struct found_set set = { .max = CONFIG_DROP_INS_MAX };
	int r;

	if (files->scanned && !found_set_has(&files->drop_ins, name))
		return 0;
	r = find_drop_ins(files, name, draft, &set);
	for (size_t i = 0; r >= 0 && i < set.n; i++)
		r = load_file(draft, set.files[i].path);
	if (r >= 0 && set.n > 0) {
		*ret_last = strdup(set.files[set.n - 1].path);
		if (!*ret_last)
			r = -ENOMEM;
	}
	if (r < 0)
		return r;
	if (set.overflow)
		config_draft_problem(draft, CONFIG_ERROR, file, 0,
				     "it has too many drop-ins: %d are possible",
				     CONFIG_DROP_INS_MAX);
	return 0;
}

/* The name that the file gives its link. */
static bool take_name(struct config_draft *draft, const char *name, const char *path)
{
	struct rport_error err;

	if (!text_printable(name)) {
		config_draft_problem(draft, CONFIG_ERROR, path, 0,
				     "this is not the name of a link");
		return false;
	}
	if (link_spec_set_name(&draft->spec, name, &err) < 0) {
		config_draft_problem(draft, CONFIG_ERROR, path, 0, "%s", err.message);
		return false;
	}
	return true;
}

/*
 * The first directory that has a file of this name now. Only one that surely is not there is not:
 * else a link might be removed whose file cannot be reached for a moment.
 *
 * Return: 1; 0: there is none; or -ENOMEM.
 */
static int locate(const struct config_files *files, const char *name, char **ret)
{
	for (char **directory = files->directories; *directory; directory++) {
		_cleanup_free_ char *path = NULL;
		struct stat st;

		if (asprintf(&path, "%s/%s" CONFIG_SUFFIX, *directory, name) < 0) {
			path = NULL;
			return -ENOMEM;
		}
		if (lstat(path, &st) < 0 && errno == ENOENT)
			continue;
		*ret = steal_ptr(path);
		return 1;
	}
	return 0;
}

static int read_named(const struct config_files *files, const char *name, struct config_link *ret)
{
	_cleanup_config_draft_ struct config_draft draft = CONFIG_DRAFT_INIT;
	_cleanup_free_ char *path = NULL, *drop_in = NULL;
	int r;

	config_draft_begin(&draft);
	draft.problem = files->problem;
	draft.userdata = files->userdata;
	r = locate(files, name, &path);
	if (r <= 0 || !take_name(&draft, name, path))
		return MIN(r, 0);
	r = load_file(&draft, path);
	if (r <= 0)
		return r;
	r = load_drop_ins(files, name, path, &draft, &drop_in);
	if (r < 0)
		return r;
	config_draft_finish(&draft, path);
	*ret = (struct config_link){ .spec = draft.spec,
				     .file = steal_ptr(path),
				     .drop_in = steal_ptr(drop_in),
				     .bad = draft.bad };
	draft.spec = (struct link_spec){ 0 };
	return 1;
}

int config_files_read(const struct config_files *files, size_t i, struct config_link *ret)
{
	return read_named(files, files->files.files[i].name, ret);
}

int config_read(const char *path, const char *name, config_problem_fn problem, void *userdata,
		struct config_link *ret)
{
	struct config_files files = { .problem = problem, .userdata = userdata };
	int r = config_split_path(path, &files.directories);

	if (r >= 0)
		r = read_named(&files, name, ret);
	config_free_path(files.directories);
	return r;
}

bool config_files_have(const struct config_files *files, const char *name)
{
	_cleanup_free_ char *path = NULL;
	struct stat st;
	int r = locate(files, name, &path);

	if (r <= 0)
		return r < 0;
	return stat(path, &st) < 0 || !config_is_mask(&st);
}

void config_link_release(struct config_link *link)
{
	link_spec_release(&link->spec);
	free(link->file);
	free(link->drop_in);
	*link = (struct config_link){ 0 };
}

/* --- all links -------------------------------------------------------------------------------- */

static void tell(const struct config_files *files, enum config_severity severity, const char *file,
		 const char *message)
{
	if (files->problem)
		files->problem(severity, file, 0, message, files->userdata);
}

static int find_files(struct config_files *files)
{
	for (char **directory = files->directories; *directory; directory++) {
		int r = found_set_scan(&files->files, *directory, CONFIG_SUFFIX);

		if (r == 0)
			r = found_set_scan(&files->drop_ins, *directory, CONFIG_SUFFIX ".d");
		if (r < 0 && r != -ENOMEM) {
			struct rport_error err;

			bad_file(&err, -r);
			tell(files, CONFIG_ERROR, *directory, err.message);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

int config_files_open(const char *path, config_problem_fn problem, void *userdata,
		      struct config_files **ret)
{
	struct config_files *files = calloc(1, sizeof(*files));
	int r;

	if (!files)
		return -ENOMEM;
	*files = (struct config_files){ .files.max = CONFIG_LINKS_MAX,
					.drop_ins.max = CONFIG_LINKS_MAX,
					.scanned = true,
					.problem = problem,
					.userdata = userdata };
	r = config_split_path(path, &files->directories);
	if (r >= 0)
		r = find_files(files);
	if (r < 0)
		config_files_close(files);
	else
		*ret = files;
	return r;
}

void config_files_close(struct config_files *files)
{
	if (!files)
		return;
	config_free_path(files->directories);
	found_set_release(&files->files);
	found_set_release(&files->drop_ins);
	free(files);
}

size_t config_files_count(const struct config_files *files)
{
	return files->files.n;
}

const char *config_files_name(const struct config_files *files, size_t i)
{
	return files->files.files[i].name;
}

bool config_files_found(const struct config_files *files, const char *name)
{
	return found_set_has(&files->files, name);
}

void config_files_tell_rest(const struct config_files *files)
{
	const struct found_set *set = &files->files, *drop_ins = &files->drop_ins;

	if (set->overflow) {
		/* then it is not known which drop-ins have no file */
		tell(files, CONFIG_ERROR, set->files[set->n - 1].path,
		     "it is the last: there are more than " STRINGIFY(
			     CONFIG_LINKS_MAX) " files, of which the rest is left out");
		return;
	}
	for (size_t i = 0; i < drop_ins->n; i++)
		if (!found_set_has(set, drop_ins->files[i].name))
			tell(files, CONFIG_WARNING, drop_ins->files[i].path,
			     "these drop-ins have no effect, for there is no link of that name");
}

static int load_links(const struct config_files *files, struct config *config)
{
	size_t n = config_files_count(files);

	config->links = calloc(MAX(n, 1u), sizeof(*config->links));
	if (!config->links)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		int r = config_files_read(files, i, &config->links[config->n_links]);

		if (r < 0)
			return r;
		config->n_links += r > 0;
	}
	config_files_tell_rest(files);
	return 0;
}

int config_load(const char *path, config_problem_fn problem, void *userdata, struct config *ret)
{
	_cleanup_config_ struct config config = { 0 };
	struct config_files *files;
	int r;

	r = config_files_open(path, problem, userdata, &files);
	if (r < 0)
		return r;
	r = load_links(files, &config);
	config_files_close(files);
	if (r < 0)
		return r;
	*ret = config;
	config = (struct config){ 0 };
	return 0;
}

void config_release(struct config *config)
{
	for (size_t i = 0; i < config->n_links; i++)
		config_link_release(&config->links[i]);
	free(config->links);
	*config = (struct config){ 0 };
}

static int compare_name(const void *name, const void *link)
{
	return strcmp(name, ((const struct config_link *)link)->spec.name);
}

struct config_link *config_find(const struct config *config, const char *name)
{
	if (config->n_links == 0)
		return NULL;
	return bsearch(name, config->links, config->n_links, sizeof(*config->links), compare_name);
}
