/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "fs/ext/log.h"

#include "base/error.h"
#include "base/view.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

enum super_type {
    SUPER_V1 = 3,
    SUPER_V2 = 4,
};

#define KNOWN                                                \
    (H2K_LOG_REVOKE | H2K_LOG_64BIT | H2K_LOG_ASYNC_COMMIT | \
     H2K_LOG_CSUM_V2 | H2K_LOG_CSUM_V3 | H2K_LOG_FAST_COMMIT)

/* Blocks that fast commits have when the superblock does not say. */
#define FAST_BLOCKS 256

int
h2k_log_fail(const struct h2k_log_cursor *at, const char *what)
{
    return h2k_fail(H2K_E_CORRUPT,
                    "transaction %" PRIu32 ": %s; run e2fsck on it first",
                    at->sequence, what);
}

static bool
has_checksums(const struct h2k_ext_log *log)
{
    return h2k_log_has(log, H2K_LOG_CSUM_V2 | H2K_LOG_CSUM_V3);
}

int
h2k_log_read(struct h2k_ext_log *log, uint64_t logical, uint8_t *to)
{
    blk64_t physical = 0;
    errcode_t err = ext2fs_bmap2(log->fs, log->ino, &log->inode, NULL, 0,
                                 logical, NULL, &physical);
    if (err != 0)
        return h2k_ext_fail(err, "block %" PRIu64 " of the log", logical);
    if (physical == 0 || physical >= log->fs_blocks)
        return h2k_fail(H2K_E_CORRUPT,
                        "block %" PRIu64 " of the log is nowhere; run e2fsck "
                        "on it first",
                        logical);
    return h2k_block_pread(log->volume, to, log->block_size,
                           physical * log->block_size);
}

/* The next block of the ring.  More than all of them is a loop. */
int
h2k_log_read_next(struct h2k_ext_log *log, struct h2k_log_cursor *at,
                  uint8_t *to)
{
    if (at->walked++ >= log->last - log->first)
        return h2k_log_fail(at, "the log goes in circles");
    if (h2k_log_read(log, at->block, to) < 0)
        return -1;
    at->block++;
    if (at->block >= log->last)
        at->block = log->first;
    return 0;
}

int
h2k_log_skip(struct h2k_ext_log *log, struct h2k_log_cursor *at,
             uint32_t count)
{
    uint32_t ring = log->last - log->first;
    at->walked += count;
    if (at->walked > ring)
        return h2k_log_fail(at, "the log goes in circles");
    at->block = log->first + (at->block - log->first + count) % ring;
    return 0;
}

/* The tag at *AT, and *AT moved behind it; false behind the last one. */
bool
h2k_log_next_tag(const struct h2k_ext_log *log, struct h2k_view block,
                 uint32_t *at, struct h2k_log_tag *tag)
{
    if (*at == 0 || *at + log->tag_size > log->block_size - log->tail_size)
        return false;
    tag->block = h2k_view_be32(block, *at);
    if (h2k_log_has(log, H2K_LOG_CSUM_V3)) {
        tag->flags = h2k_view_be32(block, *at + 4);
        tag->checksum = h2k_view_be32(block, *at + 12);
    } else {
        tag->checksum = h2k_view_be16(block, *at + 4);
        tag->flags = h2k_view_be16(block, *at + 6);
    }
    if (h2k_log_has(log, H2K_LOG_64BIT))
        tag->block |= (uint64_t)h2k_view_be32(block, *at + 8) << 32;
    *at += log->tag_size + (tag->flags & H2K_LOG_SAME_UUID ? 0 : 16);
    if (tag->flags & H2K_LOG_LAST_TAG)
        *at = 0;
    return true;
}

/* A descriptor's or revocation's checksum: of the block, with its last four
 * bytes zero. */
bool
h2k_log_tail_good(const struct h2k_ext_log *log, const uint8_t *block)
{
    static const uint8_t zero[4];
    if (!has_checksums(log))
        return true;
    uint32_t size = log->block_size - 4;
    uint32_t sum = ext2fs_crc32c_le(log->seed, block, size);
    sum = ext2fs_crc32c_le(sum, zero, 4);
    return sum == h2k_get_be32(block + size);
}

/* "journal.rst", Commit Block: h_chksum at 16, with it zero. */
bool
h2k_log_commit_good(const struct h2k_ext_log *log, const uint8_t *block)
{
    static const uint8_t zero[4];
    if (!has_checksums(log))
        return true;
    uint32_t sum = ext2fs_crc32c_le(log->seed, block, 16);
    sum = ext2fs_crc32c_le(sum, zero, 4);
    sum = ext2fs_crc32c_le(sum, block + 20, log->block_size - 20);
    return sum == h2k_get_be32(block + 16);
}

/* The sum of the transaction's number and the block as it is in the log. */
bool
h2k_log_data_good(const struct h2k_ext_log *log,
                  const struct h2k_log_cursor *at,
                  const struct h2k_log_tag *tag, const uint8_t *data)
{
    uint8_t sequence[4];
    if (!has_checksums(log))
        return true;
    h2k_put_be32(sequence, at->sequence);
    uint32_t sum = ext2fs_crc32c_le(log->seed, sequence, 4);
    sum = ext2fs_crc32c_le(sum, data, log->block_size);
    return h2k_log_has(log, H2K_LOG_CSUM_V3) ? sum == tag->checksum
                                             : (sum & 0xffff) == tag->checksum;
}

/* Journal superblock: checksums, and what they change in the log. */
static int
read_features(struct h2k_ext_log *log, struct h2k_view v)
{
    static const uint8_t zero[4];
    log->compat = h2k_view_be32(v, 0x24);
    log->features = h2k_view_be32(v, 0x28);
    if ((log->features & ~(uint32_t)KNOWN) != 0 || h2k_view_be32(v, 0x2c) != 0)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "has unknown features (0x%" PRIx32 ")", log->features);
    if (!has_checksums(log))
        return 0;
    if (h2k_log_has(log, H2K_LOG_CSUM_V2) && h2k_log_has(log, H2K_LOG_CSUM_V3))
        return h2k_fail(H2K_E_CORRUPT, "has two kinds of checksums at once; "
                                       "run e2fsck on it first");
    if (h2k_view_u8(v, 0x50) != 4)
        return h2k_fail(H2K_E_UNSUPPORTED, "has checksums of an unknown type");
    uint32_t sum = ext2fs_crc32c_le(~0u, v.data, 0xfc);
    sum = ext2fs_crc32c_le(sum, zero, 4);
    sum = ext2fs_crc32c_le(sum, v.data + 0x100, H2K_LOG_SUPER_SIZE - 0x100);
    if (sum != h2k_view_be32(v, 0xfc))
        return h2k_fail(H2K_E_CORRUPT, "its superblock's checksum is wrong; "
                                       "run e2fsck on it first");
    log->seed = ext2fs_crc32c_le(~0u, v.data + 0x30, 16);
    log->tail_size = 4;
    /* They replace version 1. */
    log->compat &= ~(uint32_t)H2K_LOG_COMPAT_CHECKSUM;
    return 0;
}

static uint32_t
tag_size_of(const struct h2k_ext_log *log)
{
    if (h2k_log_has(log, H2K_LOG_CSUM_V3))
        return 16;
    return 8 + (h2k_log_has(log, H2K_LOG_64BIT) ? 4 : 0) +
           (h2k_log_has(log, H2K_LOG_CSUM_V2) ? 2 : 0);
}

static int
check_layout(struct h2k_ext_log *log, struct h2k_view v)
{
    uint64_t blocks = EXT2_I_SIZE(&log->inode) / log->block_size;
    log->length = h2k_view_be32(v, 0x10);
    log->first = h2k_view_be32(v, 0x14);
    log->sequence = h2k_view_be32(v, 0x18);
    log->start = h2k_view_be32(v, 0x1c);
    log->last = log->length;
    if (h2k_log_has(log, H2K_LOG_FAST_COMMIT)) {
        uint32_t fast = h2k_view_be32(v, 0x54);
        fast = fast == 0 ? FAST_BLOCKS : fast;
        log->last = fast < log->length ? log->length - fast : 0;
    }
    if (h2k_view_be32(v, 12) != log->block_size || log->length > blocks ||
        log->first == 0 || log->first >= log->last ||
        (log->start != 0 &&
         (log->start < log->first || log->start >= log->last)))
        return h2k_fail(H2K_E_CORRUPT,
                        "its superblock is damaged; run e2fsck on it first");
    return 0;
}

static int
read_super(struct h2k_ext_log *log)
{
    if (h2k_log_read(log, 0, log->block) < 0)
        return -1;
    memcpy(log->super, log->block, H2K_LOG_SUPER_SIZE);
    struct h2k_view v = h2k_view_of(log->super, H2K_LOG_SUPER_SIZE);
    uint32_t type = h2k_view_be32(v, 4);
    if (h2k_view_be32(v, 0) != H2K_LOG_MAGIC ||
        (type != SUPER_V1 && type != SUPER_V2))
        return h2k_fail(H2K_E_CORRUPT,
                        "it does not begin like one; run e2fsck on it first");
    if (type == SUPER_V2 && read_features(log, v) < 0)
        return -1;
    log->tag_size = tag_size_of(log);
    return check_layout(log, v);
}

/* The journal's inode, through a libext2fs that is open for reading only:
 * nothing of what it keeps in memory survives the replay. */
int
h2k_log_open(struct h2k_ext_log *log)
{
    struct ext2_super_block *super = log->fs->super;
    log->ino = super->s_journal_inum;
    log->block_size = log->fs->blocksize;
    log->fs_blocks = ext2fs_blocks_count(super);
    if (log->ino == 0)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "is on another device, which we do not have; run "
                        "e2fsck with both");
    errcode_t err = ext2fs_read_inode(log->fs, log->ino, &log->inode);
    if (err != 0)
        return h2k_ext_fail(err, "inode %" PRIu32, log->ino);
    if (!S_ISREG(log->inode.i_mode) || log->inode.i_links_count == 0)
        return h2k_fail(H2K_E_CORRUPT,
                        "inode %" PRIu32 " is not one; run e2fsck on it first",
                        log->ino);
    log->block = malloc(log->block_size);
    log->data = malloc(log->block_size);
    if (log->block == NULL || log->data == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    return read_super(log);
}

void
h2k_log_close(struct h2k_ext_log *log)
{
    free(log->block);
    free(log->data);
}

/* Empty from here on: no start, and a number that no block of the log
 * has.  S_errno has been taken over into the filesystem's own state. */
int
h2k_log_empty(struct h2k_ext_log *log, uint32_t next)
{
    blk64_t physical = 0;
    static const uint8_t zero[4];
    h2k_put_be32(log->super + 0x18, next);
    h2k_put_be32(log->super + 0x1c, 0);
    h2k_put_be32(log->super + 0x20, 0);
    if (has_checksums(log)) {
        memcpy(log->super + 0xfc, zero, 4);
        h2k_put_be32(log->super + 0xfc,
                     ext2fs_crc32c_le(~0u, log->super, H2K_LOG_SUPER_SIZE));
    }
    errcode_t err = ext2fs_bmap2(log->fs, log->ino, &log->inode, NULL, 0, 0,
                                 NULL, &physical);
    if (err != 0)
        return h2k_ext_fail(err, "superblock");
    return h2k_block_pwrite(log->volume, log->super, H2K_LOG_SUPER_SIZE,
                            physical * log->block_size);
}
