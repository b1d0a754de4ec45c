/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Between the readers of package databases, one format each. */
#ifndef H2K_GUEST_PACKAGES_FORMAT_H
#define H2K_GUEST_PACKAGES_FORMAT_H

#include "fs/root.h"
#include "guest/packages/packages.h"

/* A format, as a constant in its own file, listed in packages.c. */
struct h2k_package_format {
    const char *name; /* as virt-inspector has it */
    /* What is installed into OUT, in any order.  Nothing to read is no error
     * and adds nothing.  A damaged database: an error that
     * h2k_error_is_content, and what was read before it. */
    int (*read)(struct h2k_root *root, struct h2k_packages *out);
};

extern const struct h2k_package_format h2k_package_apk;
extern const struct h2k_package_format h2k_package_dpkg;
extern const struct h2k_package_format h2k_package_pacman;
extern const struct h2k_package_format h2k_package_rpm;

/* A span of a database's text. */
struct h2k_span {
    const char *text;
    size_t size;
};
struct h2k_span h2k_span_of(const char *text);
bool h2k_span_is(struct h2k_span span, const char *text);
/* The first line of *REST, without its end, and *REST behind it; false when
 * nothing is left. */
bool h2k_span_line(struct h2k_span *rest, struct h2k_span *line);
/* What is behind PREFIX in LINE, without blanks around it; false when LINE
 * does not begin so. */
bool h2k_span_after(struct h2k_span line, const char *prefix,
                    struct h2k_span *rest);

/* A package as its database names it: version as "EPOCH:VERSION-RELEASE",
 * which is taken apart at the first ':' and the last '-'. */
int h2k_packages_add(struct h2k_packages *out, struct h2k_span name,
                     struct h2k_span version, struct h2k_span arch);
/* The last one added owns PATH, which may lack its first '/'.  Kept where
 * h2k_packages_keep says. */
int h2k_packages_add_file(struct h2k_packages *out, struct h2k_span path);
/* Is PATH one that owners are asked of: a file in /boot, or a directory of a
 * kernel's modules and what is right in it? */
bool h2k_packages_keep(struct h2k_span path);
/* Could the package NAME own such files?  For databases whose lists of files
 * are files of their own. */
bool h2k_packages_may_be_kernel(struct h2k_span name);

/* The database at PATH of at most LIMIT bytes: 1, 0 where there is none,
 * -1. */
int h2k_packages_text(struct h2k_root *root, const char *path, size_t limit,
                      char **text, size_t *size);

#endif
