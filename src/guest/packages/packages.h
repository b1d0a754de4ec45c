/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The packages that a guest has installed, by its own package manager's
 * database: the inventory, and which package a kernel belongs to.
 *
 * One file reads one format, and all fill the same model.  No package
 * manager runs, the host's or the guest's.
 */
#ifndef H2K_GUEST_PACKAGES_H
#define H2K_GUEST_PACKAGES_H

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct h2k_guest;
struct h2k_root;

/* Bounds on what a hostile database can make us hold. */
#define H2K_PACKAGES_MAX 65536
#define H2K_PACKAGE_FILES_MAX 65536

/* One package; strings are owned, never NULL, and of any bytes. */
struct h2k_package {
    char *name;
    uint32_t epoch; /* 0: none */
    char *version;  /* upstream's: "6.1.106" */
    char *release;  /* the distribution's: "3", "427.el9"; "" for none */
    char *arch;     /* as the format has it: "amd64", "x86_64"; "" for none */
};

/* A file that a package owns, where h2k_packages_keep wants it. */
struct h2k_package_file {
    char *path; /* owned: "/boot/vmlinuz-6.1.0-25-amd64" */
    size_t package;
};

/* Initialise with { 0 }. */
struct h2k_packages {
    const char *format; /* "deb", "rpm", "apk", "pacman"; NULL: no database */
    struct h2k_package *items; /* by name */
    size_t count;
    struct h2k_package_file *files; /* by path */
    size_t file_count;
    char problem[400]; /* what of it could not be read, and why, or "" */
};

/* The packages of the guest in ROOT.  A damaged database is no error: what of
 * it could be read is there, and `problem` says what not.  -1 when reading
 * the disk fails or memory runs out. */
int h2k_packages_read(struct h2k_root *root, struct h2k_packages *out);
void h2k_packages_clear(struct h2k_packages *packages); /* empties it */

/* GUEST's, read once, when they are first asked for, and kept as long as it;
 * NULL as h2k_packages_read. */
const struct h2k_packages *h2k_guest_packages(struct h2k_guest *guest);

/* The package NAME; of several with this name any.  NULL: there is none. */
const struct h2k_package *
h2k_packages_find(const struct h2k_packages *packages, const char *name);
/* Its version ("252.30", "239"), or NULL. */
const char *h2k_packages_version(const struct h2k_packages *packages,
                                 const char *name);

/* The package that PATH belongs to, of a file in /boot or a kernel's
 * directory of modules; NULL where none says so. */
const struct h2k_package *
h2k_packages_owner(const struct h2k_packages *packages, const char *path);

/* "1:2.3-4" ("2.3-4" without an epoch) into TEXT, cut to its size; for
 * people. */
#define H2K_PACKAGE_VERSION 512
void h2k_package_version_text(const struct h2k_package *package,
                              char text[H2K_PACKAGE_VERSION]);

#endif
