/* SPDX-License-Identifier: ISC */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/sysmacros.h>

#include "config/config-private.h"

/* --- which files there are -------------------------------------------------------------------- */

struct found {
	char *name; /* without the suffix */
	char *path;
};

/* Files in the order of their names, of which the first found of a name counts. */
struct found_set {
	struct found *files;
	size_t n;
	size_t allocated;
	size_t max;
	bool overflow; /* there are more; those that come last are left out */
};

static void found_free(struct found *file)
{
	free(file->name);
	free(file->path);
}

static void found_set_release(struct found_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		found_free(&set->files[i]);
	free(set->files);
}
#define _cleanup_found_set_ _cleanup_(found_set_release)

/* Where @name is (true), or where it belongs. */
static bool found_set_search(const struct found_set *set, const char *name, size_t *ret)
{
	size_t low = 0, high = set->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, set->files[middle].name);

		if (order == 0) {
			*ret = middle;
			return true;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	*ret = low;
	return false;
}

static bool found_set_has(const struct found_set *set, const char *name)
{
	size_t at;

	return found_set_search(set, name, &at);
}

/* Room for one more at @at: false when it would be the last of too many. */
static bool found_set_make_room(struct found_set *set, size_t at)
{
	if (set->n == set->max) {
		set->overflow = true;
		if (at == set->n)
			return false;
		found_free(&set->files[--set->n]);
	}
	memmove(&set->files[at + 1], &set->files[at], (set->n - at) * sizeof(*set->files));
	set->n++;
	return true;
}

static int found_set_grow(struct found_set *set)
{
	size_t wanted = MAX(2 * set->allocated, 16u);
	struct found *files;

	if (set->n < set->allocated)
		return 0;
	files = reallocarray(set->files, wanted, sizeof(*files));
	if (!files)
		return -ENOMEM;
	set->files = files;
	set->allocated = wanted;
	return 0;
}

static int found_set_add(struct found_set *set, const char *directory, const char *entry,
			 size_t length)
{
	_cleanup_free_ char *name = strndup(entry, length), *path = NULL;
	size_t at;

	if (!name)
		return -ENOMEM;
	if (found_set_search(set, name, &at))
		return 0;
	if (asprintf(&path, "%s/%s", directory, entry) < 0) {
		path = NULL; /* undefined then */
		return -ENOMEM;
	}
	if (found_set_grow(set) < 0)
		return -ENOMEM;
	if (found_set_make_room(set, at))
		set->files[at] = (struct found){ .name = steal_ptr(name), .path = steal_ptr(path) };
	return 0;
}

/* Bytes of @entry before @suffix; 0: it is none of those. */
static size_t stem_length(const char *entry, const char *suffix)
{
	size_t length = strlen(entry), after = strlen(suffix);

	if (entry[0] == '.' || length <= after || !streq(entry + length - after, suffix))
		return 0;
	return length - after;
}

static int scan_entries(DIR *dir, const char *directory, const char *suffix, struct found_set *set)
{
	const struct dirent *entry;
	int r = 0;

	/* NULL is the end, or an error, which errno tells */
	for (errno = 0; r == 0 && (entry = readdir(dir)); errno = 0) {
		size_t length = stem_length(entry->d_name, suffix);

		if (length > 0)
			r = found_set_add(set, directory, entry->d_name, length);
	}
	return r < 0 ? r : -errno;
}

/* Add the files of a directory that have the suffix; no such directory: none. */
static int scan(const char *directory, const char *suffix, struct found_set *set)
{
	DIR *dir = opendir(directory);
	int r;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	r = scan_entries(dir, directory, suffix, set);
	closedir(dir);
	return r;
}

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

	/* O_NONBLOCK: a FIFO must not hold us up */
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

/* Return: as read_file(), but what makes the link bad has been told, and is 1. */
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

/* What is handed on while a path is loaded. */
struct loader {
	char **directories;
	struct found_set files;    /* NAME.rport */
	struct found_set drop_ins; /* NAME.rport.d */
	config_problem_fn problem;
	void *userdata;
	struct config config;
};

static int find_drop_ins(const struct loader *loader, const char *name, struct config_draft *draft,
			 struct found_set *set)
{
	for (char **directory = loader->directories; *directory; directory++) {
		_cleanup_free_ char *path = NULL;
		int r;

		if (asprintf(&path, "%s/%s" CONFIG_SUFFIX ".d", *directory, name) < 0) {
			path = NULL;
			return -ENOMEM;
		}
		r = scan(path, CONFIG_DROP_IN_SUFFIX, set);
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

static int load_drop_ins(const struct loader *loader, const char *name, const char *file,
			 struct config_draft *draft)
{
	_cleanup_found_set_ struct found_set set = { .max = CONFIG_DROP_INS_MAX };
	int r;

	if (!found_set_has(&loader->drop_ins, name))
		return 0;
	r = find_drop_ins(loader, name, draft, &set);
	for (size_t i = 0; r >= 0 && i < set.n; i++)
		r = load_file(draft, set.files[i].path);
	if (r < 0)
		return r;
	if (set.overflow)
		config_draft_problem(draft, CONFIG_ERROR, file, 0,
				     "it has too many drop-ins: %d are possible",
				     CONFIG_DROP_INS_MAX);
	return 0;
}

/* The name that the file gives its link. */
static bool take_name(struct config_draft *draft, const struct found *file)
{
	struct rport_error err;

	if (!text_printable(file->name)) {
		config_draft_problem(draft, CONFIG_ERROR, file->path, 0,
				     "this is not the name of a link");
		return false;
	}
	if (link_spec_set_name(&draft->spec, file->name, &err) < 0) {
		config_draft_problem(draft, CONFIG_ERROR, file->path, 0, "%s", err.message);
		return false;
	}
	return true;
}

static int load_link(struct loader *loader, const struct found *file)
{
	_cleanup_config_draft_ struct config_draft draft = CONFIG_DRAFT_INIT;
	_cleanup_free_ char *path = NULL;
	int r;

	draft.problem = loader->problem;
	draft.userdata = loader->userdata;
	if (!take_name(&draft, file))
		return 0;
	path = strdup(file->path);
	if (!path)
		return -ENOMEM;
	r = load_file(&draft, path);
	if (r <= 0)
		return r;
	r = load_drop_ins(loader, file->name, path, &draft);
	if (r < 0)
		return r;
	config_draft_finish(&draft, path);
	loader->config.links[loader->config.n_links++] = (struct config_link){
		.spec = draft.spec, .file = steal_ptr(path), .bad = draft.bad
	};
	draft.spec = (struct link_spec){ 0 };
	return 0;
}

/* --- all links -------------------------------------------------------------------------------- */

static void tell(const struct loader *loader, enum config_severity severity, const char *file,
		 const char *message)
{
	if (loader->problem)
		loader->problem(severity, file, 0, message, loader->userdata);
}

static int find_files(struct loader *loader)
{
	for (char **directory = loader->directories; *directory; directory++) {
		int r = scan(*directory, CONFIG_SUFFIX, &loader->files);

		if (r == 0)
			r = scan(*directory, CONFIG_SUFFIX ".d", &loader->drop_ins);
		if (r < 0 && r != -ENOMEM) {
			struct rport_error err;

			bad_file(&err, -r);
			tell(loader, CONFIG_ERROR, *directory, err.message);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

static int load_links(struct loader *loader)
{
	const struct found_set *files = &loader->files, *drop_ins = &loader->drop_ins;
	int r = 0;

	loader->config.links = calloc(MAX(files->n, 1u), sizeof(*loader->config.links));
	if (!loader->config.links)
		return -ENOMEM;
	for (size_t i = 0; r >= 0 && i < files->n; i++)
		r = load_link(loader, &files->files[i]);
	if (r < 0)
		return r;
	if (files->overflow) {
		/* then nobody knows which drop-ins have no file */
		loader->config.incomplete = true;
		tell(loader, CONFIG_ERROR, files->files[files->n - 1].path,
		     "it is the last: there are more than " STRINGIFY(
			     CONFIG_LINKS_MAX) " files, of which the rest is left out");
		return 0;
	}
	for (size_t i = 0; i < drop_ins->n; i++)
		if (!found_set_has(files, drop_ins->files[i].name))
			tell(loader, CONFIG_WARNING, drop_ins->files[i].path,
			     "these drop-ins have no effect, for there is no link of that name");
	return 0;
}

static void loader_release(struct loader *loader)
{
	config_free_path(loader->directories);
	found_set_release(&loader->files);
	found_set_release(&loader->drop_ins);
	config_release(&loader->config);
}

int config_load(const char *path, config_problem_fn problem, void *userdata, struct config *ret)
{
	_cleanup_(loader_release) struct loader loader = {
		.files.max = CONFIG_LINKS_MAX,
		.drop_ins.max = CONFIG_LINKS_MAX,
		.problem = problem,
		.userdata = userdata,
	};
	int r;

	r = config_split_path(path, &loader.directories);
	if (r < 0)
		return r;
	r = find_files(&loader);
	if (r < 0)
		return r;
	r = load_links(&loader);
	if (r < 0)
		return r;
	*ret = loader.config;
	loader.config = (struct config){ 0 };
	return 0;
}

void config_release(struct config *config)
{
	for (size_t i = 0; i < config->n_links; i++) {
		link_spec_release(&config->links[i].spec);
		free(config->links[i].file);
	}
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
