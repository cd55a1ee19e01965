/* SPDX-License-Identifier: ISC */
/* Links as files: directories, names, masks and drop-ins. */

#include <check.h>
#include <stdio.h>
#include <sys/stat.h>

#include "config_fixture.h"
#include "suite.h"

START_TEST(bad_files)
{
	static char big[CONFIG_FILE_MAX + 1];

	put("a/good.rport", DOMAINS);
	put_bytes("a/nul.rport", "[A]\n#\0\n", 7);
	memset(big, '\n', sizeof(big));
	memcpy(big, DOMAINS, sizeof(DOMAINS) - 1);
	put_bytes("a/big.rport", big, sizeof(big));
	put_bytes("a/fits.rport", big, sizeof(big) - 1);
	ck_assert_int_eq(mkfifo(at("a/fifo.rport"), 0600), 0);
	make("a/directory.rport");
	ck_assert_int_eq(symlink("nowhere", at("a/dangling.rport")), 0);
	ck_assert_int_eq(symlink("loop.rport", at("a/loop.rport")), 0);
	ck_assert_int_eq(symlink("/dev/zero", at("a/device.rport")), 0);
	ck_assert_int_eq(symlink("good.rport", at("a/other.rport")), 0);
	load();
	ck_told("E a/big.rport:0: it is too big: 1048576 bytes are possible\n"
		"E a/dangling.rport:0: cannot be read: No such file or directory\n"
		"E a/device.rport:0: it is not a regular file\n"
		"E a/directory.rport:0: it is not a regular file\n"
		"E a/fifo.rport:0: it is not a regular file\n"
		"E a/loop.rport:0: cannot be read: Too many levels of symbolic links\n"
		"E a/nul.rport:2: there is a NUL byte\n");
	ck_assert_uint_eq(config.n_links, 10);
	for (size_t i = 0; i < config.n_links; i++) {
		const char *name = config.links[i].spec.name;

		ck_assert_int_eq(config.links[i].bad, !streq(name, "good") &&
							      !streq(name, "other") &&
							      !streq(name, "fits"));
	}
}
END_TEST

/* Names say which link it is; what has none is no link. */
START_TEST(names)
{
	put("a/b.rport", DOMAINS);
	put("a/a.b-c_d.rport", DOMAINS);
	put("a/-x.rport", DOMAINS);
	put("a/x y.rport", DOMAINS);
	put("a/\x1b[1m.rport", DOMAINS);
	put("a/.hidden.rport", "x");
	put("a/.rport", "x");
	put("a/x.rport~", "x");
	put("a/x.rport.rpmsave", "x");
	put("a/rport", "x");
	put("a/x.conf", "x");
	load();
	ck_assert_uint_eq(n_told, 3);
	ck_assert_ptr_nonnull(strstr(told, "E a/-x.rport:0: \"-x\" is not a link name: use 1 to"));
	ck_assert_ptr_nonnull(
		strstr(told, "E a/x y.rport:0: \"x y\" is not a link name: use 1 to"));
	ck_assert_ptr_nonnull(strstr(told, "m.rport:0: this is not the name of a link\n"));
	ck_assert_uint_eq(config.n_links, 2);
	ck_assert_str_eq(config.links[0].spec.name, "a.b-c_d");
	ck_assert_str_eq(config.links[1].spec.name, "b");
	ck_assert_ptr_eq(config_find(&config, "a.b-c_d"), &config.links[0]);
	ck_assert_ptr_eq(config_find(&config, "b"), &config.links[1]);
	ck_assert_ptr_null(config_find(&config, "-x"));
	ck_assert_ptr_null(config_find(&config, "x"));
}
END_TEST

START_TEST(first_directory_wins)
{
	put("a/x.rport", DOMAINS);
	put("b/x.rport", "nonsense");
	put("b/y.rport", DOMAINS "[Link]\nMTU=1500\n");
	put("c/y.rport", DOMAINS);
	put("c/z.rport", DOMAINS);
	load();
	ck_told("");
	ck_assert_uint_eq(config.n_links, 3);
	ck_assert_str_eq(config.links[1].file, at("b/y.rport"));
	ck_assert_uint_eq(config.links[1].spec.ports[0].mtu, 1500);
	ck_assert_str_eq(config.links[2].file, at("c/z.rport"));
}
END_TEST

START_TEST(masks)
{
	put("a/empty.rport", "");
	put("b/empty.rport", DOMAINS);
	ck_assert_int_eq(symlink("/dev/null", at("b/null.rport")), 0);
	put("c/null.rport", DOMAINS);
	put("c/alone.rport", "");
	put("a/last.rport", DOMAINS);
	put("b/last.rport", "");
	make("a/empty.rport.d");
	put("a/empty.rport.d/x.conf", "nonsense");
	load();
	ck_told("");
	ck_assert_uint_eq(config.n_links, 1);
	ck_assert_str_eq(config.links[0].spec.name, "last");
}
END_TEST

START_TEST(drop_ins)
{
	const struct link_spec *spec;

	make("a/x.rport.d");
	make("b/x.rport.d");
	make("c/x.rport.d");
	put("b/x.rport", DOMAINS "Address=10.0.0.1\n[Link]\nMTU=1400\n");
	put("a/x.rport.d/30.conf", "[Link]\nMTU=1430\n");
	put("b/x.rport.d/20.conf", "[Link]\nMTU=1420\nMPLS=yes\n[A]\nName=second\n");
	put("c/x.rport.d/10.conf", "[A]\nName=first\n[B]\nPeerAddress=10.0.0.2\n");
	/* the same names: only the first is read; the empty one masks */
	put("c/x.rport.d/30.conf", "nonsense");
	put("a/x.rport.d/40.conf", "");
	put("b/x.rport.d/40.conf", "nonsense");
	ck_assert_int_eq(symlink("/dev/null", at("b/x.rport.d/50.conf")), 0);
	put("c/x.rport.d/50.conf", "nonsense");
	/* not drop-ins */
	put("a/x.rport.d/README", "nonsense");
	put("a/x.rport.d/.60.conf", "nonsense");
	load();
	ck_told("");
	ck_assert_uint_eq(config.n_links, 1);
	spec = &config.links[0].spec;
	ck_assert_str_eq(config.links[0].file, at("b/x.rport"));
	ck_assert_uint_eq(spec->ports[0].mtu, 1430);
	ck_assert(spec->ports[1].mpls);
	ck_assert_str_eq(spec->ports[0].ifname, "second");
	ck_assert_int_eq(spec->ports[1].addresses[0].peer.family, AF_INET);
}
END_TEST

START_TEST(drop_ins_say_what_is_missing)
{
	make("a/x.rport.d");
	put("a/x.rport", "[A]\nDomain=red\n");
	put("a/x.rport.d/b.conf", "[B]\nDomain=blue\n");
	load();
	ck_told("");
	ck_domain(&config.links[0].spec, 1, "blue");
	put("a/x.rport.d/c.conf", "Domain=green\n[B]\nDomain=\n");
	load();
	ck_told("W a/x.rport.d/c.conf:1: what stands before the first section has no effect\n"
		"E a/x.rport:0: there is no Domain= in [B]\n");
	ck_assert(config.links[0].bad);
}
END_TEST

START_TEST(bad_drop_ins)
{
	make("a/x.rport.d");
	make("a/x.rport.d/a.conf");
	make("c/stray.rport.d");
	put("a/x.rport", DOMAINS);
	put("a/x.rport.d/b.conf", "[Link]\n\nMTU=1\n");
	put("b/x.rport.d", "no directory");
	put("a/y.rport", DOMAINS);
	load();
	ck_told("E b/x.rport.d:0: cannot be read: Not a directory\n"
		"E a/x.rport.d/a.conf:0: it is not a regular file\n"
		"E a/x.rport.d/b.conf:3: MTU: mtu 1 is not possible: it must be 1280 to "
		"32768\n"
		"W c/stray.rport.d:0: these drop-ins have no effect, for there is no link of that "
		"name\n");
	ck_assert_uint_eq(config.n_links, 2);
	ck_assert(config.links[0].bad);
	ck_assert(!config.links[1].bad);
}
END_TEST

START_TEST(many_drop_ins)
{
	char name[64];

	make("a/x.rport.d");
	put("a/x.rport", DOMAINS);
	for (int i = 0; i < CONFIG_DROP_INS_MAX; i++) {
		snprintf(name, sizeof(name), "a/x.rport.d/%d.conf", i);
		put(name, "[B]\n");
	}
	load();
	ck_told("");
	put("a/x.rport.d/x.conf", "[B]\n");
	load();
	ck_told("E a/x.rport:0: it has too many drop-ins: 256 are possible\n");
}
END_TEST

START_TEST(many_files)
{
	char name[64];

	/* the first names count, in whatever order they are found; empty ones are quick */
	for (int i = 0; i < CONFIG_LINKS_MAX; i++) {
		snprintf(name, sizeof(name), "%c/%05d.rport", 'a' + i % 2, i);
		put(name, "");
	}
	put("c/10000.rport", DOMAINS);
	put("c/10001.rport", DOMAINS);
	put("c/00000a.rport", DOMAINS);
	put("c/09998.rport.d", "");
	load();
	ck_told("E a/09998.rport:0: it is the last: there are more than 10000 files, of which the "
		"rest is left out\n");
	ck_assert_uint_eq(config.n_links, 1);
	ck_assert_str_eq(config.links[0].spec.name, "00000a");
}
END_TEST

START_TEST(paths)
{
	char directories[512];
	struct config before = { .n_links = 77 };

	put("b/x.rport", DOMAINS);
	snprintf(directories, sizeof(directories), ":%s/none::%s/b:", root, root);
	ck_assert_int_eq(load_path(directories), 0);
	ck_assert_uint_eq(config.n_links, 1);
	ck_assert_int_eq(load_path(at("none")), 0);
	ck_assert_uint_eq(config.n_links, 0);
	ck_assert_ptr_null(config_find(&config, "x"));
	ck_assert_int_eq(config_load("", NULL, NULL, &before), -EINVAL);
	ck_assert_int_eq(config_load("::", NULL, NULL, &before), -EINVAL);

	/* with a directory that cannot be read, nobody knows what the others mean */
	put("a/x.rport", DOMAINS);
	snprintf(directories, sizeof(directories), "%s/b:%s/a/x.rport", root, root);
	ck_assert_int_eq(load_path(directories), -ENOTDIR);
	ck_told("E a/x.rport:0: cannot be read: Not a directory\n");
	ck_assert_int_eq(config_load(directories, NULL, NULL, &before), -ENOTDIR);
	ck_assert_uint_eq(before.n_links, 77);
	config_release(&config);
	config_release(&config);
}
END_TEST

/* What has become of the files since they were found counts. */
START_TEST(files_change_while_they_are_read)
{
	struct config_link link = { 0 };
	struct config_files *files;

	put("a/kept.rport", DOMAINS);
	put("a/gone.rport", DOMAINS);
	put("b/masked.rport", DOMAINS);
	put("b/replaced.rport", DOMAINS);
	ck_assert_int_eq(config_files_open(path, keep_problem, &config, &files), 0);
	ck_assert_uint_eq(config_files_count(files), 4);
	ck_assert_str_eq(config_files_name(files, 0), "gone");
	ck_assert_int_eq(unlink(at("a/gone.rport")), 0);
	put("a/masked.rport", "");
	put("a/replaced.rport", "[Link]\nMTU=9000\n" DOMAINS);
	put("a/new.rport", DOMAINS);

	ck_assert_int_eq(config_files_read(files, 0, &link), 0);
	ck_assert_int_eq(config_files_read(files, 2, &link), 0);
	ck_assert_int_eq(config_files_read(files, 1, &link), 1);
	ck_assert_str_eq(link.spec.name, "kept");
	config_link_release(&link);
	ck_assert_int_eq(config_files_read(files, 3, &link), 1);
	ck_assert_uint_eq(link.spec.ports[0].mtu, 9000);
	ck_assert_str_eq(link.file, at("a/replaced.rport"));
	config_link_release(&link);

	ck_assert(config_files_have(files, "kept"));
	ck_assert(config_files_have(files, "replaced"));
	ck_assert(config_files_have(files, "new"));
	ck_assert(!config_files_have(files, "gone"));
	ck_assert(!config_files_have(files, "masked"));
	ck_assert(!config_files_have(files, "never"));
	ck_assert(config_files_found(files, "gone"));
	ck_assert(!config_files_found(files, "new"));
	config_files_close(files);
	ck_told("");
}
END_TEST

/* A file that cannot be looked at for a moment is not taken for none. */
START_TEST(a_file_out_of_reach)
{
	struct config_files *files;

	put("a/x.rport", DOMAINS);
	ck_assert_int_eq(config_files_open(path, keep_problem, &config, &files), 0);
	ck_assert_int_eq(unlink(at("a/x.rport")), 0);
	ck_assert_int_eq(symlink("x.rport", at("a/x.rport")), 0);
	ck_assert(config_files_have(files, "x"));
	ck_assert_int_eq(unlink(at("a/x.rport")), 0);
	ck_assert_int_eq(rmdir(at("a")), 0);
	ck_assert(!config_files_have(files, "x"));
	put("a", "a file in place of the directory");
	ck_assert(config_files_have(files, "x"));
	ck_assert_int_eq(unlink(at("a")), 0);
	make("a");
	config_files_close(files);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_files");
	TCase *tests = tcase_create("config_files");

	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(tests, config_setup, config_teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, bad_files);
	tcase_add_test(tests, names);
	tcase_add_test(tests, first_directory_wins);
	tcase_add_test(tests, masks);
	tcase_add_test(tests, drop_ins);
	tcase_add_test(tests, drop_ins_say_what_is_missing);
	tcase_add_test(tests, bad_drop_ins);
	tcase_add_test(tests, many_drop_ins);
	tcase_add_test(tests, many_files);
	tcase_add_test(tests, paths);
	tcase_add_test(tests, files_change_while_they_are_read);
	tcase_add_test(tests, a_file_out_of_reach);

	return suite_run(suite);
}
