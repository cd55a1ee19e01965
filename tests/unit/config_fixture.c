/* SPDX-License-Identifier: ISC */

/* Directories with files of links, for the tests of src/config. */

#include <check.h>
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>

#include "config_fixture.h"
#include "port/spec-diff.h"

char root[32];
char path[128];
char told[65536];
unsigned int n_told;
struct config config;
struct rport_error err;

void keep_problem(enum config_severity severity, const char *file, unsigned int line,
		  const char *message, void *userdata)
{
	size_t used = strlen(told);

	ck_assert_ptr_eq(userdata, &config);
	ck_assert_msg(text_printable(message), "%s", message);
	if (strncmp(file, root, strlen(root)) == 0)
		file += strlen(root) + 1;
	snprintf(told + used, sizeof(told) - used, "%c %s:%u: %s\n",
		 severity == CONFIG_ERROR ? 'E' : 'W', file, line, message);
	n_told++;
}

const char *at(const char *name)
{
	static char file[4096];

	snprintf(file, sizeof(file), "%s/%s", root, name);
	return file;
}

void put_bytes(const char *name, const char *text, size_t size)
{
	FILE *file = fopen(at(name), "w");

	ck_assert_msg(file != NULL, "%s", at(name));
	ck_assert_uint_eq(fwrite(text, 1, size, file), size);
	ck_assert_int_eq(fclose(file), 0);
}

void put(const char *name, const char *text)
{
	put_bytes(name, text, strlen(text));
}

void make(const char *directory)
{
	ck_assert_int_eq(mkdir(at(directory), 0755), 0);
}

bool there(const char *name)
{
	struct stat st;

	return lstat(at(name), &st) == 0;
}

/* What a file has in it. */
const char *get(const char *name)
{
	static char text[65536];
	FILE *file = fopen(at(name), "r");
	size_t size;

	ck_assert_msg(file != NULL, "%s", at(name));
	size = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[size] = '\0';
	return text;
}

unsigned int count_entries(const char *directory)
{
	DIR *dir = opendir(at(directory));
	unsigned int n = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2; /* "." and ".." */
}

int load_path(const char *directories)
{
	config_release(&config);
	told[0] = '\0';
	n_told = 0;
	return config_load(directories, keep_problem, &config, &config);
}

void load(void)
{
	ck_assert_int_eq(load_path(path), 0);
}

/* What a file a/x.rport, loaded alone, makes of the link x. */
const struct config_link *load_text(const char *text)
{
	put("a/x.rport", text);
	load();
	ck_assert_uint_eq(config.n_links, 1);
	ck_assert_str_eq(config.links[0].spec.name, "x");
	return &config.links[0];
}

const struct link_spec *load_good(const char *text)
{
	const struct config_link *link = load_text(text);

	ck_assert_msg(n_told == 0 && !link->bad, "%s", told);
	return &link->spec;
}

void ck_told(const char *expected)
{
	ck_assert_str_eq(told, expected);
}

void ck_domain(const struct link_spec *spec, int side, const char *expected)
{
	char text[DOMAIN_TEXT_MAX];

	ck_assert_str_eq(domain_format(&spec->ports[side].domain, text), expected);
}

void ck_same(const struct link_spec *have, const struct link_spec *want)
{
	char text[RPORT_ERROR_MESSAGE_MAX];

	ck_assert_int_eq(have->wait, want->wait);
	for (int side = 0; side < 2; side++) {
		ck_assert_msg(!port_spec_diff(&have->ports[side], &want->ports[side], text,
					      sizeof(text)),
			      "%s", text);
		ck_assert_str_eq(have->ports[side].ifname, want->ports[side].ifname);
	}
}

void config_setup(void)
{
	memset(&config, 0, sizeof(config));
	memset(&err, 0, sizeof(err));
	told[0] = '\0';
	n_told = 0;
	strcpy(root, "/tmp/test_config.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	snprintf(path, sizeof(path), "%s/a:%s/b:%s/c", root, root, root);
	make("a");
	make("b");
	make("c");
}

static int remove_entry(const char *file, _unused_ const struct stat *st, _unused_ int type,
			_unused_ struct FTW *ftw)
{
	return remove(file);
}

void config_teardown(void)
{
	config_release(&config);
	ck_assert_int_eq(nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}
