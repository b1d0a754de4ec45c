/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Reading /etc/fstab, fstab(5): one entry after another, each with the
 * place of its fields in the text, so that an editor can replace one field
 * and leave every other byte as it is.
 */
#ifndef H2K_GUEST_FSTAB_READ_H
#define H2K_GUEST_FSTAB_READ_H

#include <stdbool.h>
#include <stddef.h>

#define H2K_FSTAB_LIMIT (1024 * 1024) /* bytes of a file that we read */
#define H2K_FSTAB_FIELD 4096          /* longest field, with the NUL */

struct h2k_fstab_entry {
    size_t line;              /* from 1 */
    size_t spec_at, spec_len; /* the first field as written, in bytes of the
                                 text */
    /* The fields with their \040-style escapes undone; "" where absent. */
    char spec[H2K_FSTAB_FIELD];
    char dir[H2K_FSTAB_FIELD];
    char type[64];
    char options[H2K_FSTAB_FIELD];
};

/* Where reading stands; start from { .text = text, .size = size }. */
struct h2k_fstab_cursor {
    const char *text;
    size_t size;
    size_t at, line;
};

/* The next entry that has at least two fields; comments, empty lines and
 * lines with an oversized field are passed over.  False at the end. */
bool h2k_fstab_next(struct h2k_fstab_cursor *cursor,
                    struct h2k_fstab_entry *entry);

/* Does the comma-separated OPTIONS list have NAME ("nofail", "bind")? */
bool h2k_fstab_has_option(const char *options, const char *name);

/* Does the entry name no device: proc, tmpfs, overlay, nfs, a bind mount …? */
bool h2k_fstab_is_pseudo(const struct h2k_fstab_entry *entry);

#endif
