/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Replaying a journal ("journal.rst", Journal (jbd2)).
 *
 * The log is a ring of blocks.  A transaction is any number of descriptor
 * blocks, each followed by the blocks that it describes, and of revocation
 * blocks, and ends with a commit block; all carry the transaction's number.
 * Three passes, as the kernel makes them: where the log ends, what was
 * revoked, and writing the rest to where it belongs.
 *
 * Everything in the log is as hostile as the rest of the image.  Writing
 * the blocks of committed transactions a second time does no harm, so a
 * replay that fails in its middle leaves the journal as it was, and the
 * guest's own kernel can still do it.
 */
#include "fs/ext/ext.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "fs/ext/log.h"
#include "fs/ext/revoke.h"

/* The tag that a fast commit begins with. */
#define FAST_HEAD 9

struct journal {
    struct h2k_ext_log log;
    uint32_t end_sequence; /* of the first that was not committed */
    struct h2k_revoke_table revoked;
};

/* The block of the log that was read last. */
static struct h2k_view
view_of(const struct journal *j)
{
    return h2k_view_of(j->log.block, j->log.block_size);
}

/* What the scan knows of the transaction that it is in, and of those before
 * it. */
struct scan {
    struct h2k_log_cursor at;
    const char *damage; /* seen since the last commit; NULL: none */
    uint32_t sum;       /* H2K_LOG_COMPAT_CHECKSUM's, over all blocks so far */
    uint64_t last_time; /* of the last commit */
    bool interrupted;   /* a commit did not hold, asynchronously */
};

/* 1 to go on, 0 at the log's end, -1 with an error: as scan_commit. */
static int
scan_descriptor(struct journal *j, struct scan *s)
{
    struct h2k_view block = view_of(j);
    struct h2k_log_tag tag;
    uint32_t count = 0;
    if (!h2k_log_tail_good(&j->log, j->log.block))
        s->damage = "a descriptor's checksum is wrong";
    for (uint32_t at = H2K_LOG_HEADER_SIZE;
         h2k_log_next_tag(&j->log, block, &at, &tag); count++)
        if (tag.block >= j->log.fs_blocks && s->damage == NULL)
            s->damage = "it writes outside of the filesystem";
    /* One that says more than the ring has was never committed. */
    if (s->at.walked + count > j->log.last - j->log.first)
        return 0;
    if ((j->log.compat & H2K_LOG_COMPAT_CHECKSUM) == 0)
        return h2k_log_skip(&j->log, &s->at, count) < 0 ? -1 : 1;
    s->sum = ext2fs_crc32_be(s->sum, j->log.block, j->log.block_size);
    for (uint32_t i = 0; i < count; i++) {
        if (h2k_log_read_next(&j->log, &s->at, j->log.data) < 0)
            return -1;
        s->sum = ext2fs_crc32_be(s->sum, j->log.data, j->log.block_size);
    }
    return 1;
}

static int
scan_revocation(struct journal *j, struct scan *s)
{
    if (!h2k_log_tail_good(&j->log, j->log.block))
        s->damage = "a revocation's checksum is wrong";
    return 1;
}

/* Version 1 of checksums: one for the transaction, in the commit block
 * where it says so (type CRC32, size 4). */
static bool
sum_good(struct journal *j, const struct scan *s)
{
    if ((j->log.compat & H2K_LOG_COMPAT_CHECKSUM) == 0 ||
        (j->log.block[12] == 0 && j->log.block[13] == 0 &&
         h2k_get_be32(j->log.block + 16) == 0))
        return true;
    return j->log.block[12] == 1 && j->log.block[13] == 4 &&
           h2k_get_be32(j->log.block + 16) == s->sum;
}

/* 1 to go on, 0 at the log's end, -1 with an error.  Blocks from before the
 * journal was last emptied may look like the log's continuation; they are
 * older than what stands before them. */
static int
scan_commit(struct journal *j, struct scan *s)
{
    uint64_t time = h2k_get_be64(j->log.block + 48);
    const char *damage = s->damage;
    if (s->interrupted)
        damage = "it follows one whose checksum is wrong";
    else if (damage == NULL &&
             (!h2k_log_commit_good(&j->log, j->log.block) || !sum_good(j, s)))
        damage = "its commit's checksum is wrong";
    if (damage != NULL && time < s->last_time)
        return 0;
    if (damage != NULL &&
        (s->interrupted || !h2k_log_has(&j->log, H2K_LOG_ASYNC_COMMIT)))
        return h2k_log_fail(&s->at, damage);
    if (damage != NULL)
        s->interrupted = true;
    else
        j->end_sequence = s->at.sequence + 1;
    s->at.sequence++;
    s->damage = NULL;
    s->sum = ~0u;
    s->last_time = time;
    return 1;
}

/* The type of the block that the cursor comes to; 0 where the log ends. */
static int
next_type(struct journal *j, struct h2k_log_cursor *at, uint32_t *type)
{
    *type = 0;
    if (at->walked >= j->log.last - j->log.first)
        return 0;
    if (h2k_check_interrupt() < 0 ||
        h2k_log_read_next(&j->log, at, j->log.block) < 0)
        return -1;
    if (h2k_get_be32(j->log.block) == H2K_LOG_MAGIC &&
        h2k_get_be32(j->log.block + 8) == at->sequence)
        *type = h2k_get_be32(j->log.block + 4);
    return 0;
}

static int
find_end(struct journal *j)
{
    struct scan s = { .at = { j->log.start, j->log.sequence, 0 }, .sum = ~0u };
    uint32_t type = 0;
    j->end_sequence = j->log.sequence;
    for (;;) {
        if (next_type(j, &s.at, &type) < 0)
            return -1;
        int rc = 0;
        if (type == H2K_LOG_COMMIT)
            rc = scan_commit(j, &s);
        else if (type == H2K_LOG_DESCRIPTOR)
            rc = scan_descriptor(j, &s);
        else if (type == H2K_LOG_REVOCATION)
            rc = scan_revocation(j, &s);
        if (rc <= 0)
            return rc;
    }
}

static int
count_tags(struct journal *j)
{
    struct h2k_log_tag tag;
    int count = 0;
    for (uint32_t at = H2K_LOG_HEADER_SIZE;
         h2k_log_next_tag(&j->log, view_of(j), &at, &tag);)
        count++;
    return count;
}

/* r_count at 12 counts bytes, the header among them. */
static int
collect_block(struct journal *j, const struct h2k_log_cursor *at)
{
    struct h2k_view block = view_of(j);
    uint32_t size = h2k_log_has(&j->log, H2K_LOG_64BIT) ? 8 : 4;
    uint32_t end = h2k_view_be32(block, H2K_LOG_HEADER_SIZE);
    if (end > j->log.block_size - j->log.tail_size)
        return h2k_log_fail(at, "a revocation is damaged");
    for (uint32_t i = H2K_LOG_HEADER_SIZE + 4; i + size <= end; i += size) {
        uint64_t number =
            size == 8 ? h2k_view_be64(block, i) : h2k_view_be32(block, i);
        if (number < j->log.fs_blocks &&
            h2k_revoke_add(&j->revoked, number, at->sequence) < 0)
            return -1;
    }
    return 0;
}

static int
write_block(struct journal *j, const struct h2k_log_cursor *at,
            const struct h2k_log_tag *tag)
{
    if (tag->block >= j->log.fs_blocks)
        return h2k_log_fail(at, "it writes outside of the filesystem");
    if (h2k_revoke_has(&j->revoked, tag->block, at->sequence))
        return 0;
    if (!h2k_log_data_good(&j->log, at, tag, j->log.data))
        return h2k_log_fail(at, "a block's checksum is wrong");
    if (tag->flags & H2K_LOG_ESCAPED)
        h2k_put_be32(j->log.data, H2K_LOG_MAGIC);
    return h2k_block_pwrite(j->log.volume, j->log.data, j->log.block_size,
                            tag->block * j->log.block_size);
}

static int
write_described(struct journal *j, struct h2k_log_cursor *at)
{
    struct h2k_log_tag tag;
    for (uint32_t i = H2K_LOG_HEADER_SIZE;
         h2k_log_next_tag(&j->log, view_of(j), &i, &tag);)
        if (h2k_log_read_next(&j->log, at, j->log.data) < 0 ||
            write_block(j, at, &tag) < 0)
            return -1;
    return 0;
}

/* Everything committed once more: collecting what was revoked, or writing
 * what was not. */
static int
pass(struct journal *j, bool writing)
{
    struct h2k_log_cursor at = { j->log.start, j->log.sequence, 0 };
    while (at.sequence != j->end_sequence) {
        uint32_t type = 0;
        int rc = next_type(j, &at, &type);
        if (rc == 0 && type == H2K_LOG_COMMIT)
            at.sequence++;
        else if (rc == 0 && type == H2K_LOG_DESCRIPTOR)
            rc = writing ? write_described(j, &at)
                         : h2k_log_skip(&j->log, &at, (uint32_t)count_tags(j));
        else if (rc == 0 && type == H2K_LOG_REVOCATION)
            rc = writing ? 0 : collect_block(j, &at);
        else if (rc == 0)
            rc = h2k_log_fail(&at, "it changed while it was read");
        if (rc < 0)
            return -1;
    }
    return 0;
}

/* Fast commits stand behind the ring, and count when they continue the last
 * transaction.  They are another format, which we do not replay. */
static int
check_fast_commits(struct journal *j)
{
    if (!h2k_log_has(&j->log, H2K_LOG_FAST_COMMIT) ||
        j->log.last + 1 >= j->log.length)
        return 0;
    if (h2k_log_read(&j->log, (uint64_t)j->log.last + 1, j->log.block) < 0)
        return -1;
    struct h2k_view block = view_of(j);
    if (h2k_view_le16(block, 0) != FAST_HEAD ||
        h2k_view_le32(block, 8) != j->end_sequence)
        return 0;
    return h2k_fail(H2K_E_UNSUPPORTED,
                    "has fast commits to replay, which we do not read; start "
                    "the guest and shut it down once, or run e2fsck on it");
}

/* The superblock's counts are written only now and then while mounted; the
 * groups' are what counts. */
static void
sum_groups(ext2_filsys fs)
{
    uint64_t blocks = 0;
    uint32_t inodes = 0;
    for (dgrp_t i = 0; i < fs->group_desc_count; i++) {
        blocks += ext2fs_bg_free_blocks_count(fs, i);
        inodes += ext2fs_bg_free_inodes_count(fs, i);
    }
    ext2fs_free_blocks_count_set(fs->super, EXT2FS_C2B(fs, blocks));
    fs->super->s_free_inodes_count = inodes;
}

static int
write_fs_super(struct h2k_block *volume, bool aborted)
{
    ext2_filsys fs = h2k_ext_open_fs(volume, true);
    if (fs == NULL)
        return -1;
    ext2fs_clear_feature_journal_needs_recovery(fs->super);
    if (aborted)
        fs->super->s_state |= EXT2_ERROR_FS;
    sum_groups(fs);
    ext2fs_mark_super_dirty(fs);
    errcode_t err = ext2fs_flush2(fs, EXT2_FLAG_FLUSH_NO_SYNC);
    int rc = err == 0 ? 0 : h2k_ext_fail(err, "superblock");
    ext2fs_free(fs);
    return rc;
}

static int
replay(struct journal *j)
{
    if (h2k_log_open(&j->log) < 0)
        return -1;
    j->end_sequence = j->log.sequence;
    if (j->log.start != 0 && find_end(j) < 0)
        return -1;
    if (check_fast_commits(j) < 0)
        return -1;
    if (j->log.start != 0 && (pass(j, false) < 0 || pass(j, true) < 0))
        return -1;
    if (h2k_block_flush(j->log.volume) < 0)
        return -1;
    bool aborted = h2k_get_be32(j->log.super + 0x20) != 0;
    if (h2k_log_empty(&j->log, j->end_sequence + 1) < 0)
        return -1;
    return write_fs_super(j->log.volume, aborted);
}

int
h2k_ext_journal_replay(struct h2k_block *volume)
{
    struct journal j = { .log = { .volume = volume } };
    j.log.fs = h2k_ext_open_fs(volume, false);
    if (j.log.fs == NULL)
        return -1;
    /* Three passes over a log that lies inside the filesystem. */
    h2k_ext_io_begin(j.log.fs->io);
    h2k_ext_io_allow(j.log.fs->io, 3 * H2K_EXT_READS_TO_MAP *
                                       ext2fs_blocks_count(j.log.fs->super));
    int rc = replay(&j);
    h2k_ext_io_end(j.log.fs->io);
    h2k_revoke_free(&j.revoked);
    h2k_log_close(&j.log);
    ext2fs_free(j.log.fs);
    return rc;
}
