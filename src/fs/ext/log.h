/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * An internal journal as a ring of blocks ("journal.rst", Journal (jbd2)):
 * finding it, reading its superblock and its blocks, and their checksums.
 * What the blocks mean together is journal.c's.
 */
#ifndef H2K_FS_EXT_LOG_H
#define H2K_FS_EXT_LOG_H

#include "base/view.h"
#include "fs/ext/ext.h"

#define H2K_LOG_MAGIC UINT32_C(0xc03b3998)
#define H2K_LOG_SUPER_SIZE 1024
#define H2K_LOG_HEADER_SIZE 12

/* h_blocktype */
enum h2k_log_block {
    H2K_LOG_DESCRIPTOR = 1,
    H2K_LOG_COMMIT = 2,
    H2K_LOG_REVOCATION = 5,
};

/* s_feature_compat, then s_feature_incompat */
enum h2k_log_feature {
    H2K_LOG_COMPAT_CHECKSUM = 0x1,

    H2K_LOG_REVOKE = 0x1,
    H2K_LOG_64BIT = 0x2,
    H2K_LOG_ASYNC_COMMIT = 0x4,
    H2K_LOG_CSUM_V2 = 0x8,
    H2K_LOG_CSUM_V3 = 0x10,
    H2K_LOG_FAST_COMMIT = 0x20,
};

enum h2k_log_tag_flag {
    H2K_LOG_ESCAPED = 1,
    H2K_LOG_SAME_UUID = 2,
    H2K_LOG_LAST_TAG = 8,
};

struct h2k_ext_log {
    struct h2k_block *volume; /* the caller's */
    ext2_filsys fs;           /* the caller's, not written to */
    ext2_ino_t ino;
    struct ext2_inode inode;
    uint32_t block_size;
    uint64_t fs_blocks; /* what a tag may name is below */

    uint8_t super[H2K_LOG_SUPER_SIZE];
    uint32_t length;      /* blocks, the superblock among them */
    uint32_t first, last; /* the ring is [first, last) */
    uint32_t start;       /* where the log begins; 0: it is empty */
    uint32_t sequence;    /* of the first transaction */
    uint32_t compat, features;
    uint32_t tail_size; /* what checksums take of a block's end */
    uint32_t tag_size;
    uint32_t seed;

    uint8_t *block; /* room for a block of the log */
    uint8_t *data;  /* and for one that it describes */
};

/* A place in the ring. */
struct h2k_log_cursor {
    uint32_t block;
    uint32_t sequence; /* of the transaction that is there */
    uint64_t walked;   /* blocks, from where it began */
};

/* One entry of a descriptor block. */
struct h2k_log_tag {
    uint64_t block;
    uint32_t flags;
    uint32_t checksum;
};

/* The journal that LOG->fs's superblock names; LOG->volume and LOG->fs are
 * set, the rest is zero.  H2K_E_UNSUPPORTED for one on another device. */
int h2k_log_open(struct h2k_ext_log *log);
void h2k_log_close(struct h2k_ext_log *log);

static inline bool
h2k_log_has(const struct h2k_ext_log *log, uint32_t features)
{
    return (log->features & features) != 0;
}

/* H2K_E_CORRUPT, with the transaction's number. */
int h2k_log_fail(const struct h2k_log_cursor *at, const char *what)
    __attribute__((cold));

/* Block LOGICAL of the journal's file. */
int h2k_log_read(struct h2k_ext_log *log, uint64_t logical, uint8_t *to);
/* The block that the cursor is at, and the cursor one on; or COUNT on.
 * Having walked more than the whole ring is an error. */
int h2k_log_read_next(struct h2k_ext_log *log, struct h2k_log_cursor *at,
                      uint8_t *to);
int h2k_log_skip(struct h2k_ext_log *log, struct h2k_log_cursor *at,
                 uint32_t count);

/* The tag at *AT of a descriptor (from H2K_LOG_HEADER_SIZE on), and *AT
 * moved behind it; false behind the last one. */
bool h2k_log_next_tag(const struct h2k_ext_log *log, struct h2k_view block,
                      uint32_t *at, struct h2k_log_tag *tag);

/* Checksums of versions 2 and 3; true where there are none. */
bool h2k_log_tail_good(const struct h2k_ext_log *log, const uint8_t *block);
bool h2k_log_commit_good(const struct h2k_ext_log *log, const uint8_t *block);
bool h2k_log_data_good(const struct h2k_ext_log *log,
                       const struct h2k_log_cursor *at,
                       const struct h2k_log_tag *tag, const uint8_t *data);

/* Write the superblock of an empty log, whose next transaction is NEXT. */
int h2k_log_empty(struct h2k_ext_log *log, uint32_t next);

#endif
