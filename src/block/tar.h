/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A tar archive: where its members' bytes stand, so that each is a part of
 * the archive's block, without a copy.
 *
 * Reads POSIX.1's ustar and pax (names and sizes in extended headers), GNU
 * tar's long names and base-256 sizes, and the seventh edition's.  Sparse
 * members, whose bytes are not in a row, are refused.  The archive's last
 * blocks of zeros may be missing.
 */
#ifndef H2K_BLOCK_TAR_H
#define H2K_BLOCK_TAR_H

#include "block/block.h"

/* Limits, whatever the archive holds. */
#define H2K_TAR_MEMBERS_MAX 4096u
#define H2K_TAR_NAME_MAX 4096u          /* bytes */
#define H2K_TAR_EXTENDED_MAX (1u << 20) /* bytes of one extended header */

enum h2k_tar_kind {
    H2K_TAR_FILE,
    H2K_TAR_LINK, /* hard or symbolic: its bytes are elsewhere */
    H2K_TAR_DIRECTORY,
    H2K_TAR_OTHER, /* a device, a FIFO */
};

struct h2k_tar_member {
    char *name; /* as it stands there, without "./" in front; it may be
                   anything, so it is for comparing, not for opening */
    enum h2k_tar_kind kind;
    uint64_t offset, size; /* of a file's bytes, inside the archive */
};

struct h2k_tar;

/* The members of the archive that FILE, which is referenced, holds.  Their
 * bytes are not read.  NULL with H2K_E_CORRUPT (it is no archive, or ends
 * too early), H2K_E_UNSUPPORTED (a sparse member). */
struct h2k_tar *h2k_tar_open(struct h2k_block *file);
void h2k_tar_free(struct h2k_tar *tar); /* NULL is fine */
H2K_DEFINE_AUTO(h2k_tar, h2k_tar_free)

/* In the archive's order.  I is below the count. */
size_t h2k_tar_count(const struct h2k_tar *tar);
const struct h2k_tar_member *h2k_tar_member(const struct h2k_tar *tar,
                                            size_t i);

/* The file called NAME.  NULL with H2K_E_NOENT, or H2K_E_CORRUPT where it
 * stands there twice, or is no file: who reads the archive otherwise might
 * get something else. */
const struct h2k_tar_member *h2k_tar_find(const struct h2k_tar *tar,
                                          const char *name);
/* Its bytes, read-only. */
struct h2k_block *h2k_tar_open_member(const struct h2k_tar *tar,
                                      const char *name);

#endif
