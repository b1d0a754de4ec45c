/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Command-line options as tables: the parser, --help, and the tests that
 * compare the manual page and the completions all read the same ones.
 *
 * Long options take one dash or two, and their value behind '=' or as the
 * next word.  A flag may be turned off as --name=false.
 */
#ifndef H2K_CMD_OPTIONS_H
#define H2K_CMD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum option_kind {
    OPTION_FLAG,  /* sets a bool */
    OPTION_UNSET, /* a flag that clears a bool: --no-grub */
    OPTION_COUNT, /* adds one to an int: -v, -vv */
    OPTION_TEXT,  /* sets a const char * */
    OPTION_LIST,  /* adds to a struct text_list */
};

struct text_list {
    const char *items[32];
    size_t count;
};

/* Texts that options point to, when they are no part of ARGV; owned. */
struct text_keep {
    char **items;
    size_t count;
};
/* A copy that lives until the keep is cleared.  NULL with H2K_E_NOMEM. */
const char *text_keep_add(struct text_keep *keep, const char *text);
void text_keep_clear(struct text_keep *keep);

struct option {
    char letter;      /* 'v' for -v; 0 for none */
    const char *name; /* "output-dir" */
    enum option_kind kind;
    size_t offset;        /* of its value in the options struct */
    size_t given;         /* of a bool that tells whether it was given; 0:
                             none (no struct begins with one) */
    const char *argument; /* "DIR"; NULL for flags */
    const char *group;    /* heading in --help-all */
    bool common;          /* is on the one screen of --help */
    const char *help;
};

/*
 * Parse ARGV[1…] by TABLE (ended by an entry without name) into OPTIONS.
 * What is no option goes to REST, in order; "--" ends the options.  -1 with
 * H2K_E_USAGE, with the nearest known option where there is one.
 */
int options_parse(const struct option *table, int argc, char **argv,
                  void *options, struct text_list *rest);

/* One option by name, as from a configuration file: dashes and underscores
 * are the same.  VALUE is kept, not copied. */
int options_set(const struct option *table, const char *name,
                const char *value, void *options);

/* The lines of --help (only those that are COMMON) or --help-all. */
void options_print(const struct option *table, bool all, FILE *out);

#endif
