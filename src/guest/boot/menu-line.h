/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Boot loader menus of a keyword and its value a line: GRUB legacy ("Grub
 * manual 0.97", chapters 6 and 13), the SYSLINUX family with EXTLINUX and
 * U-Boot's reader of the same (syslinux' doc/syslinux.txt, "CONFIGURATION
 * FILE"), Limine (its CONFIG.md).
 */
#ifndef H2K_GUEST_MENU_LINE_H
#define H2K_GUEST_MENU_LINE_H

#include <stdbool.h>
#include <stddef.h>

enum h2k_menu_key {
    H2K_MENU_OTHER,
    H2K_MENU_DEFAULT,  /* which entry starts */
    H2K_MENU_ENTRY,    /* one begins; its name, if it has one */
    H2K_MENU_KERNEL,   /* a file, and perhaps its command line behind it */
    H2K_MENU_MODULE,   /* the same of what a hypervisor is given */
    H2K_MENU_INITRD,   /* files */
    H2K_MENU_OPTIONS,  /* a command line */
    H2K_MENU_SELECTED, /* the entry that it stands in starts */
    H2K_MENU_TEMPLATE, /* a command line for entries to come, in a comment:
                          Debian's "# kopt=" for its update-grub */
};

struct h2k_menu_keyword {
    const char *word; /* in lower case; NULL ends a list */
    enum h2k_menu_key key;
};

/* What one loader's lines look like. */
struct h2k_menu_syntax {
    const char *loader;
    const struct h2k_menu_keyword *keywords;
    const char *separators; /* beside blanks, between a keyword and a value */
    const char *entries;    /* bytes that begin an entry's line; or "" */
    bool templates;         /* comments may hold them */
    bool inline_options;    /* a kernel's line has its command line */
};

extern const struct h2k_menu_syntax h2k_menu_grub_legacy;
extern const struct h2k_menu_syntax h2k_menu_syslinux;
extern const struct h2k_menu_syntax h2k_menu_limine;

/* A range of the text, without blanks around it. */
struct h2k_menu_range {
    size_t at, end;
};

struct h2k_menu_line {
    enum h2k_menu_key key;
    struct h2k_menu_range value;   /* all behind the keyword; a kernel's file
                                      alone */
    struct h2k_menu_range options; /* a kernel's, or those of OPTIONS and
                                      TEMPLATE; else empty */
};

/* The next line that says something, from *CURSOR, from 0.  False at the end
 * of TEXT, which may hold anything. */
bool h2k_menu_line_next(const struct h2k_menu_syntax *syntax, const char *text,
                        size_t size, size_t *cursor,
                        struct h2k_menu_line *line);

/* The value of the parameter NAME, "initrd=", in a command line; empty when
 * it is not there. */
struct h2k_menu_range h2k_menu_parameter(const char *text,
                                         struct h2k_menu_range options,
                                         const char *name);

#endif
