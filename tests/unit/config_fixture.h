/* SPDX-License-Identifier: ISC */
#ifndef RPORT_CONFIG_FIXTURE_H
#define RPORT_CONFIG_FIXTURE_H

/* Directories with files of links, and what is told when they are loaded. */

#include "config/config-private.h"

/* The least that makes a link; [B] is the section it ends in. */
#define DOMAINS "[A]\nDomain=red\n[B]\nDomain=blue\n"

#define NAME_50  "12345678901234567890123456789012345678901234567890"
#define NAME_255 NAME_50 NAME_50 NAME_50 NAME_50 NAME_50 "12345"

extern char root[32];        /* with the directories a, b and c */
extern char path[128];       /* of the three */
extern char told[65536];     /* problems: "E a/x.rport:3: message\n" */
extern unsigned int n_told;  /* how many */
extern struct config config; /* what was loaded last */
extern struct rport_error err;

/* For tcase_add_checked_fixture(). */
void config_setup(void);
void config_teardown(void);

/* A config_problem_fn, to be given &config. */
void keep_problem(enum config_severity severity, const char *file, unsigned int line,
		  const char *message, void *userdata);

/* The path of a file below root; valid until the next call. */
const char *at(const char *name);

/* Files below root. */
void put(const char *name, const char *text);
void put_bytes(const char *name, const char *text, size_t size);
void make(const char *directory);
bool there(const char *name);
const char *get(const char *name);
unsigned int count_entries(const char *directory);

/* Load directories, or those of path; what was told before is forgotten. */
int load_path(const char *directories);
void load(void);

/* What a file a/x.rport makes of the link x when nothing else is there. */
const struct config_link *load_text(const char *text);
const struct link_spec *load_good(const char *text);

/* Assertions. */
void ck_told(const char *expected);
void ck_domain(const struct link_spec *spec, int side, const char *expected);
void ck_same(const struct link_spec *have, const struct link_spec *want);

#endif
