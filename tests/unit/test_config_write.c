/* SPDX-License-Identifier: ISC */
/* Links as files: written, read again, and removed. */

#include <check.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config/edit.h"
#include "config_fixture.h"
#include "suite.h"

static void fill(struct link_spec *spec, const char *a, const char *b)
{
	*spec = (struct link_spec)LINK_SPEC_INIT;
	spec->wait = true;
	ck_assert_int_eq(link_spec_set_name(spec, "x", NULL), 0);
	ck_assert_int_eq(domain_parse(a, &spec->ports[0].domain, NULL), 0);
	ck_assert_int_eq(domain_parse(b, &spec->ports[1].domain, NULL), 0);
}

static int write_file(const char *to, const struct link_spec *spec, struct rport_error *ret_err)
{
	_cleanup_config_written_ struct config_written written = { 0 };

	return config_write(to, spec, true, &written, ret_err);
}

/* Write it, and read the same. */
static void ck_round_trip(const struct link_spec *spec)
{
	const struct config_link *link;

	(void)config_remove(path, spec->name, NULL);
	ck_assert_msg(write_file(path, spec, &err) == 0, "%s", err.message);
	load();
	ck_told("");
	link = config_find(&config, spec->name);
	ck_assert_ptr_nonnull(link);
	ck_same(&link->spec, spec);
}

static const char *const domains[] = {
	"default",
	"red",
	"my lab",
	"...",
	"42",
	"gr\xc3\xbcn",
	"a;b",
	"a#b",
	"#a",
	";a",
	"a=b",
	"=",
	"[A]",
	"\"a\"",
	"a\\",
	"vrf:red",
	"vrf:#red",
	"vrf:default",
	"netns:vpn",
	"netns:a:b",
	"netns:;",
	"netns:=",
	"netns:\xf0\x9f\x90\xa1",
	NAME_255,
	"netns:" NAME_255,
	"netns:" NAME_255 "/vrf:123456789012345",
	"netns:vpn/vrf:red",
	"netns:vpn/vrf:;",
};

START_TEST(round_trip_domain)
{
	_cleanup_link_spec_ struct link_spec spec = { 0 };

	fill(&spec, domains[_i], "netns:other");
	ck_round_trip(&spec);
	fill(&spec, "netns:other", domains[_i]);
	ck_round_trip(&spec);
}
END_TEST

/* Whatever a namespace is called: it is read as it was written, or not written. */
START_TEST(round_trip_bytes)
{
	static const char *const forms[] = { "netns:%c",      "netns:a%cb", "netns:a%c",
					     "netns:a %cb",   "a %c",       "%c",
					     "netns:a/vrf:%c" };
	unsigned int refused = 0;

	for (size_t form = 0; form < ARRAY_SIZE(forms); form++) {
		const char *mark = strchr(forms[form], '%');

		for (int byte = 1; byte < 128; byte++) {
			_cleanup_link_spec_ struct link_spec spec = { 0 };
			char text[32];

			fill(&spec, "red", "blue");
			snprintf(text, sizeof(text), "%.*s%c%s", (int)(mark - forms[form]),
				 forms[form], byte, mark + 2);
			if (domain_parse(text, &spec.ports[0].domain, NULL) < 0)
				continue;
			if ((byte == '#' || byte == ';') && strstr(text, " ")) {
				ck_assert_int_eq(write_file(path, &spec, &err), -EINVAL);
				refused++;
				continue;
			}
			ck_round_trip(&spec);
		}
	}
	ck_assert_uint_eq(refused, 4);
	ck_assert_int_eq(err.kind, RPORT_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.message, "/a/x.rport: a file cannot say \"Domain=a ;\": a "
						  "comment needs a line of its own"));
}
END_TEST

START_TEST(round_trip_values)
{
	static const char *const ifnames[] = { "", "rport0", "#x", ";", "=", "a=b", "[x]", "\\" };
	static const char *const link_names[] = { "x", "a.b.c", "x.rport", "0", "_-." };
	_cleanup_link_spec_ struct link_spec spec = { 0 };

	fill(&spec, "vrf:red", "netns:vpn");
	for (unsigned int i = 0; i < 64; i++) {
		spec.wait = i & 1;
		spec.ports[0].mpls = spec.ports[1].mpls = i & 2;
		spec.ports[0].offload = spec.ports[1].offload = i & 4;
		spec.ports[0].mtu = spec.ports[1].mtu = i & 8 ? 1280 : LINK_MTU_MAX;
		spec.ports[0].queues = spec.ports[1].queues = 1 + i % 8;
		strcpy(spec.ports[0].ifname, ifnames[i % ARRAY_SIZE(ifnames)]);
		strcpy(spec.ports[1].ifname, ifnames[i / 8 % ARRAY_SIZE(ifnames)]);
		strcpy(spec.name, link_names[i % ARRAY_SIZE(link_names)]);
		ck_round_trip(&spec);
	}
	memset(spec.name, 'n', LINK_NAME_MAX);
	ck_round_trip(&spec);
}
END_TEST

START_TEST(round_trip_lists)
{
	_cleanup_link_spec_ struct link_spec spec = { 0 };
	struct port_spec *a, *b;
	char address[64], peer[64];

	fill(&spec, "vrf:red", "netns:vpn");
	a = &spec.ports[0];
	b = &spec.ports[1];
	for (int i = 0; i < SPEC_ADDRESSES_MAX; i++) {
		snprintf(address, sizeof(address), i % 2 ? "10.0.0.%d/%d" : "fd00::1:%x/%d", i,
			 i % 2 ? i % 33 : 2 * i);
		snprintf(peer, sizeof(peer), i % 2 ? "10.0.1.%d" : "fd01::10.0.0.%d", i);
		ck_assert_int_eq(port_spec_add_address(a, address, i % 3 ? peer : NULL, &err), 0);
		snprintf(address, sizeof(address), "10.0.2.%d/0", i);
		ck_assert_int_eq(port_spec_add_address(b, address, NULL, &err), 0);
	}
	for (int i = 0; i < SPEC_ROUTES_MAX; i++) {
		snprintf(address, sizeof(address), i % 2 ? "10.%d.%d.0/24" : "fd00:%x:%x::/48",
			 i / 256, i % 256);
		ck_assert_int_eq(port_spec_add_route(b, address, &err), 0);
	}
	ck_assert_int_eq(port_spec_add_route(a, "default", &err), 0);
	ck_assert_int_eq(port_spec_add_route(a, "::/0", &err), 0);
	ck_round_trip(&spec);
}
END_TEST

START_TEST(format_leaves_out_defaults)
{
	_cleanup_link_spec_ struct link_spec spec = { 0 };
	_cleanup_free_ char *text = NULL, *failing = NULL;

	fill(&spec, "red", "blue");
	text = config_format(&spec);
	ck_assert_str_eq(text, "[A]\nDomain=red\n\n[B]\nDomain=blue\n");
	spec.wait = false;
	failing = config_format(&spec);
	ck_assert_str_eq(failing,
			 "[Link]\nOnMissing=fail\n\n[A]\nDomain=red\n\n[B]\nDomain=blue\n");
}
END_TEST

START_TEST(write_makes_the_directory)
{
	_cleanup_link_spec_ struct link_spec spec = { 0 };
	mode_t mask = umask(077);
	struct stat st;

	fill(&spec, "red", "blue");
	ck_assert_int_eq(write_file(at("new/"), &spec, &err), 0);
	umask(mask);
	ck_assert_int_eq(stat(at("new"), &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFDIR | 0755);
	ck_assert_int_eq(stat(at("new/x.rport"), &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0644);
	ck_assert_uint_eq(count_entries("new"), 1);

	ck_assert_int_eq(write_file(at("no/parent"), &spec, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.message, "/no/parent/x.rport: No such file or directory"));
	ck_assert_int_eq(err.kind, RPORT_ERR_SYSTEM);
}
END_TEST

/* mkdir(2) is this program's, so that somebody can put a link in the place of what it made. */
static const char *link_to;

int mkdir(const char *directory, mode_t mode)
{
	int r = (int)syscall(SYS_mkdirat, AT_FDCWD, directory, mode);

	if (r == 0 && link_to) {
		ck_assert_int_eq(rmdir(directory), 0);
		ck_assert_int_eq(symlink(link_to, directory), 0);
	}
	return r;
}

START_TEST(write_changes_no_other_directory)
{
	_cleanup_link_spec_ struct link_spec spec = { 0 };
	char other[PATH_MAX];
	struct stat st;

	fill(&spec, "red", "blue");
	snprintf(other, sizeof(other), "%s", at("other"));
	ck_assert_int_eq(mkdir(other, 0700), 0);
	link_to = other;
	(void)write_file(at("new"), &spec, &err);
	link_to = NULL;
	ck_assert_int_eq(stat(other, &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFDIR | 0700);
}
END_TEST

START_TEST(write_replaces)
{
	_cleanup_link_spec_ struct link_spec spec = { 0 };

	fill(&spec, "red", "blue");
	put("a/x.rport",
	    "something that was longer than what comes now, so that a rest would show");
	put("b/x.rport", "untouched");
	ck_round_trip(&spec);
	ck_assert_str_eq(get("b/x.rport"), "untouched");
	/* a mask is lifted, and what it points to is not written to */
	ck_assert_int_eq(unlink(at("a/x.rport")), 0);
	ck_assert_int_eq(symlink("/dev/null", at("a/x.rport")), 0);
	ck_round_trip(&spec);
	ck_assert_uint_eq(count_entries("a"), 1);
}
END_TEST

START_TEST(write_fails_without_a_trace)
{
	_cleanup_link_spec_ struct link_spec spec = { 0 };
	struct rlimit limit, none;

	/* rename(2) fails */
	fill(&spec, "red", "blue");
	make("a/x.rport");
	ck_assert_int_eq(write_file(path, &spec, &err), -EISDIR);
	ck_assert_ptr_nonnull(strstr(err.message, "/a/x.rport: Is a directory"));
	ck_assert_uint_eq(count_entries("a"), 1);
	ck_assert_int_eq(rmdir(at("a/x.rport")), 0);

	/* write(2) fails: the old file is still there */
	put("a/x.rport", "old");
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	none = limit;
	none.rlim_cur = 8;
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
	ck_assert_int_eq(write_file(path, &spec, &err), -EFBIG);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	signal(SIGXFSZ, SIG_DFL);
	ck_assert_uint_eq(count_entries("a"), 1);
	ck_assert_str_eq(get("a/x.rport"), "old");

	/* the directory is none */
	ck_assert_int_eq(write_file(at("a/x.rport"), &spec, &err), -ENOTDIR);
	ck_assert_int_eq(write_file("", &spec, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.message, "no directory"));
}
END_TEST

/* A file has one answer to what the ports must share. */
START_TEST(write_refuses_what_a_file_cannot_say)
{
	_cleanup_link_spec_ struct link_spec spec = { 0 };

	fill(&spec, "red", "blue");
	spec.ports[0].offload = false;
	ck_assert_int_eq(write_file(path, &spec, &err), -EINVAL);
	fill(&spec, "red", "blue");
	spec.ports[0].mpls = true;
	ck_assert_int_eq(write_file(path, &spec, &err), -EINVAL);
	fill(&spec, "red", "blue");
	spec.ports[1].queues = 2;
	ck_assert_int_eq(write_file(path, &spec, &err), -EINVAL);
	fill(&spec, "red", "blue");
	strcpy(spec.name, "../x");
	ck_assert_int_eq(write_file(path, &spec, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.message, "\"../x\" is not a link name"));
	spec.name[0] = '\0';
	ck_assert_int_eq(write_file(path, &spec, &err), -EINVAL);
	ck_assert_uint_eq(count_entries("a"), 0);
}
END_TEST

/* --- removing --------------------------------------------------------------------------------- */

static void ck_no_link(void)
{
	load();
	ck_told("");
	ck_assert_uint_eq(config.n_links, 0);
}

START_TEST(remove_from_the_first)
{
	ck_assert_int_eq(config_remove(path, "x", &err), 0);
	put("a/x.rport", DOMAINS);
	ck_assert_int_eq(config_remove(path, "x", &err), 1);
	ck_assert(!there("a/x.rport"));
	ck_assert_int_eq(config_remove(path, "x", &err), 0);
	/* a fault is a file, too */
	ck_assert_int_eq(symlink("nowhere", at("a/x.rport")), 0);
	ck_assert_int_eq(config_remove(path, "x", &err), 1);
	ck_assert_uint_eq(count_entries("a"), 0);
	ck_no_link();
}
END_TEST

START_TEST(remove_masks_others)
{
	put("a/x.rport", DOMAINS);
	put("c/x.rport", DOMAINS);
	ck_assert_int_eq(config_remove(path, "x", &err), 1);
	ck_assert_str_eq(get("a/x.rport"), "");
	ck_assert_str_eq(get("c/x.rport"), DOMAINS);
	ck_no_link();
	ck_assert_int_eq(config_remove(path, "x", &err), 0);
	ck_assert_str_eq(get("a/x.rport"), "");

	ck_assert_int_eq(unlink(at("a/x.rport")), 0);
	ck_assert_int_eq(config_remove(path, "x", &err), 1);
	ck_assert_str_eq(get("a/x.rport"), "");
	ck_no_link();
}
END_TEST

/* One that is masked already needs no other mask. */
START_TEST(remove_leaves_masks)
{
	put("b/x.rport", "");
	put("c/x.rport", DOMAINS);
	ck_assert_int_eq(config_remove(path, "x", &err), 0);
	ck_assert(!there("a/x.rport"));
	put("a/x.rport", DOMAINS);
	ck_assert_int_eq(config_remove(path, "x", &err), 1);
	ck_assert(!there("a/x.rport"));
	ck_no_link();
}
END_TEST

START_TEST(remove_fails)
{
	ck_assert_int_eq(config_remove(path, "../a/x", &err), -EINVAL);
	ck_assert_int_eq(config_remove(":", "x", &err), -EINVAL);
	make("a/x.rport");
	ck_assert_int_eq(config_remove(path, "x", &err), -EISDIR);
	ck_assert_ptr_nonnull(strstr(err.message, "cannot remove "));
	ck_assert_ptr_nonnull(strstr(err.message, "/a/x.rport: Is a directory"));
	put("c/x.rport", DOMAINS);
	ck_assert_int_eq(config_remove(path, "x", &err), -EISDIR);
	ck_assert_uint_eq(count_entries("a"), 1);
}
END_TEST

/* What is there before, what shall be said, and the text that comes of it. */
static const struct {
	const char *old, *wanted, *text;
} edits[] = {
	{ "", "[A]\nDomain=red\n", "[A]\nDomain=red\n" },
	{ "# mine\n[A]\nDomain=red\n", "[A]\nDomain=red\n", "# mine\n[A]\nDomain=red\n" },
	{ "[A]\nDomain = red\n", "[A]\nDomain=red\n", "[A]\nDomain = red\n" },
	{ "[A]\nDomain=red", "[A]\nDomain=blue\n", "[A]\nDomain=blue\n" },
	{ "[A]\nName=x\n# c\nOther=1\n\n[B]\nDomain=b\n", "[A]\nDomain=a\n\n[B]\nDomain=b\n",
	  "[A]\n# c\nOther=1\nDomain=a\n\n[B]\nDomain=b\n" },
	{ "[A]\nAddress=1\nPeerAddress=2\n#c\nAddress=3\nDomain=a\n",
	  "[A]\nDomain=a\nAddress=3\nAddress=1\nPeerAddress=2\n",
	  "[A]\nAddress=3\nAddress=1\nPeerAddress=2\n#c\nDomain=a\n" },
	{ "[A]\nDomain=a\n", "[Link]\nMTU=1500\n\n[A]\nDomain=a\n",
	  "[A]\nDomain=a\n\n[Link]\nMTU=1500\n" },
	{ "[Link]\nMTU=9000\nOnMissing=fail\n[A]\nDomain=a\n", "[A]\nDomain=a\n",
	  "[Link]\nOnMissing=fail\n[A]\nDomain=a\n" },
	{ "[Unknown]\nDomain=x\n[A]\n", "[A]\nDomain=a\n", "[Unknown]\nDomain=x\n[A]\nDomain=a\n" },
	{ "[A]\nDomain=a\n[A]\nName=x\n", "[A]\nDomain=a\nName=y\n",
	  "[A]\nDomain=a\n[A]\nName=y\n" },
};

START_TEST(a_file_is_edited)
{
	_cleanup_free_ char *text = config_edit(edits[_i].old, edits[_i].wanted);

	ck_assert_str_eq(text, edits[_i].text);
	/* and says it then: once more changes nothing */
	free(steal_ptr(text));
	text = config_edit(edits[_i].text, edits[_i].wanted);
	ck_assert_str_eq(text, edits[_i].text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_write");
	TCase *tests = tcase_create("config_write");

	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(tests, config_setup, config_teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, a_file_is_edited, 0, (int)ARRAY_SIZE(edits));
	tcase_add_loop_test(tests, round_trip_domain, 0, ARRAY_SIZE(domains));
	tcase_add_test(tests, round_trip_bytes);
	tcase_add_test(tests, round_trip_values);
	tcase_add_test(tests, round_trip_lists);
	tcase_add_test(tests, format_leaves_out_defaults);
	tcase_add_test(tests, write_makes_the_directory);
	tcase_add_test(tests, write_changes_no_other_directory);
	tcase_add_test(tests, write_replaces);
	tcase_add_test(tests, write_fails_without_a_trace);
	tcase_add_test(tests, write_refuses_what_a_file_cannot_say);
	tcase_add_test(tests, remove_from_the_first);
	tcase_add_test(tests, remove_masks_others);
	tcase_add_test(tests, remove_leaves_masks);
	tcase_add_test(tests, remove_fails);

	return suite_run(suite);
}
