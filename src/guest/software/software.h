/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Package files, .deb and .rpm, as they are given to us: what they say of
 * themselves, and all that is in them, in memory.
 *
 * deb(5): an ar archive of debian-binary, control.tar.* and data.tar.*.
 * RPM Package Manager, "Package format" (version 3 and 4): a lead, two
 * headers and a compressed cpio archive.
 */
#ifndef H2K_GUEST_SOFTWARE_H
#define H2K_GUEST_SOFTWARE_H

#include "base/cleanup.h"
#include "base/strings.h"

#include <stddef.h>
#include <stdint.h>

/* Bounds on a package: several times what a guest agent has. */
#define H2K_SOFTWARE_FILE_MAX (64u << 20)     /* bytes of the package file */
#define H2K_SOFTWARE_CONTENT_MAX (256u << 20) /* of all files in it */
#define H2K_SOFTWARE_ENTRIES_MAX 16384

enum h2k_software_kind {
    H2K_SOFTWARE_DEB,
    H2K_SOFTWARE_RPM,
};

/* A file, directory or link.  PATH is absolute, without ".", ".." or a slash
 * at its end; "" stands for "/" itself. */
struct h2k_software_file {
    char *path;
    uint32_t mode; /* with its type: a regular file, directory or link */
    uint32_t uid, gid;
    int64_t mtime; /* seconds since 1970 */
    char *target;  /* of a link, else NULL */
    void *data;    /* of a regular file, else NULL */
    size_t size;
};

struct h2k_software_files {
    struct h2k_software_file *items; /* in the package's order */
    size_t count;
};

struct h2k_software {
    enum h2k_software_kind kind;
    char *name;         /* "qemu-guest-agent" */
    char *version;      /* as dpkg has it; of an rpm VERSION-RELEASE */
    char *architecture; /* as dpkg or rpm name it: "amd64", "x86_64" */
    struct h2k_software_files files;
    char *control;                    /* deb: the control file */
    struct h2k_software_files extras; /* deb: the other members of control.tar:
                                        "/conffiles", "/postinst", … */
    struct h2k_strings needs;         /* rpm: what it requires */
    char *bytes;                      /* the package file itself */
    size_t size;
};

/* The package file at PATH on this machine, or in memory (copied).  NULL with
 * H2K_E_SOURCE where it cannot be read, and H2K_E_CORRUPT or
 * H2K_E_UNSUPPORTED for what it is. */
struct h2k_software *h2k_software_open(const char *path);
struct h2k_software *h2k_software_parse(const void *bytes, size_t size);
void h2k_software_free(struct h2k_software *package);
H2K_DEFINE_AUTO(h2k_software, h2k_software_free)

/* The file at PATH of FILES, or NULL. */
const struct h2k_software_file *
h2k_software_find(const struct h2k_software_files *files, const char *path);

/* ---- For the readers ---- */

/* deb.c and rpm.c: fill a package that has its bytes. */
int h2k_software_read_deb(struct h2k_software *package);
int h2k_software_read_rpm(struct h2k_software *package);
/* archive.c: every entry of a tar or cpio archive, compressed or not. */
int h2k_software_unpack(const void *bytes, size_t size,
                        struct h2k_software_files *files);
void h2k_software_files_clear(struct h2k_software_files *files);

#endif
