/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Metadata of an XFS volume in memory: buffers, and what a change undone
 * needs.
 *
 * Everything but the contents of files goes through here.  A buffer is
 * checked when it is read (magic, CRC, UUID, its own address, owner), and
 * sealed (CRC) when it is written.  Changed buffers stay in memory until
 * h2k_xfs_cache_flush: the volume is written nowhere before, so a change
 * that fails half-way is undone here, whatever it did.
 *
 * Pointers to buffers stay valid for the length of a call of the driver:
 * unchanged buffers are dropped, if at all, in h2k_xfs_op_begin and
 * h2k_xfs_read_begin.
 */
#ifndef H2K_FS_XFS_BUF_H
#define H2K_FS_XFS_BUF_H

#include "base/view.h"
#include "block/block.h"

struct h2k_xfs;

/* What a buffer holds; its magic, checks and CRC follow from it ("XFS
 * Algorithms & Data Structures", chapter by chapter). */
enum h2k_xfs_kind {
    H2K_XFS_SB, /* sector 0 of an AG */
    H2K_XFS_AGF,
    H2K_XFS_AGI,
    H2K_XFS_AGFL,
    H2K_XFS_BNOBT, /* btrees of an AG, short pointers */
    H2K_XFS_CNTBT,
    H2K_XFS_INOBT,
    H2K_XFS_FINOBT,
    H2K_XFS_RMAPBT,
    H2K_XFS_REFCBT,
    H2K_XFS_BMBT,      /* a fork's extents, long pointers; owner: the inode */
    H2K_XFS_INODES,    /* a cluster of inodes: whole blocks, each inode checked
                          and sealed on its own */
    H2K_XFS_DIR_BLOCK, /* a directory of one block: XD2B, XDB3 */
    H2K_XFS_DIR_DATA,  /* XD2D, XDD3 */
    H2K_XFS_DIR_LEAF1, /* the leaf of a directory that has only one */
    H2K_XFS_DIR_LEAFN,
    H2K_XFS_DIR_FREE, /* XD2F, XDF3 */
    H2K_XFS_DA_NODE,  /* inner nodes of directories and attributes */
    H2K_XFS_ATTR_LEAF,
    H2K_XFS_ATTR_REMOTE, /* a value's block: headers only where it is v5 */
    H2K_XFS_SYMLINK,     /* a remote target: headers only where it is v5 */
    H2K_XFS_KINDS,
};

/* A directory's block of several of the filesystem's may lie in pieces. */
struct h2k_xfs_piece {
    uint64_t offset; /* bytes in the volume */
    uint32_t length; /* bytes */
};

struct h2k_xfs_buf {
    uint64_t offset; /* bytes in the volume; of the first piece */
    uint32_t length; /* bytes, of all pieces */
    enum h2k_xfs_kind kind;
    bool dirty;     /* to be written by the next flush */
    uint64_t owner; /* the inode it belongs to, or 0 where that is an AG */
    uint8_t *data;  /* LENGTH bytes; change them only after _dirty */
    struct h2k_xfs_piece *pieces; /* the cache's; NULL for one alone */
    uint32_t piece_count;
};

/* Cached, read and checked (verify.h), what its header counts among it; the
 * cache's.  OWNER is compared where the block says one and OWNER is not 0.
 * The place is inside the volume.  NULL with H2K_E_CORRUPT, also when it is
 * cached as something else, or a reading error. */
struct h2k_xfs_buf *h2k_xfs_buf_read(struct h2k_xfs *xfs, uint64_t offset,
                                     uint32_t length, enum h2k_xfs_kind kind,
                                     uint64_t owner);

/* The same for a place whose kind the block itself tells: KINDS is ended by
 * H2K_XFS_KINDS, and the buffer says which it is. */
struct h2k_xfs_buf *h2k_xfs_buf_read_any(struct h2k_xfs *xfs, uint64_t offset,
                                         uint32_t length,
                                         const enum h2k_xfs_kind *kinds,
                                         uint64_t owner);

/* The same for 1 to 128 pieces, whose lengths make a directory's block. */
struct h2k_xfs_buf *h2k_xfs_buf_read_pieces(struct h2k_xfs *xfs,
                                            const struct h2k_xfs_piece *pieces,
                                            uint32_t count,
                                            const enum h2k_xfs_kind *kinds,
                                            uint64_t owner);

/* Is a buffer that begins at OFFSET in the cache? */
bool h2k_xfs_buf_cached(struct h2k_xfs *xfs, uint64_t offset);

/* A buffer for a place that is newly used: zeros, dirty, whatever was
 * there.  The caller writes its header (magic, address, UUID, owner; the LSN
 * stays 0); the CRC is set by flush. */
struct h2k_xfs_buf *h2k_xfs_buf_new(struct h2k_xfs *xfs, uint64_t offset,
                                    uint32_t length, enum h2k_xfs_kind kind,
                                    uint64_t owner);

/* Call before the first change of BUF's bytes (or kind) in a change; more
 * calls cost nothing.  H2K_E_CORRUPT for a cluster with an inode whose CRC is
 * wrong: sealing would hide it. */
int h2k_xfs_buf_dirty(struct h2k_xfs *xfs, struct h2k_xfs_buf *buf);

/* [offset, offset + length) is no metadata any more: its buffers are
 * forgotten and will not be written (unless the change is undone). */
int h2k_xfs_buf_forget(struct h2k_xfs *xfs, uint64_t offset, uint64_t length);

/* File contents, uncached, in the volume.  A write during a change goes to
 * the volume at once: make it only to blocks that nothing else refers to
 * (free when the change began), or to a file's own blocks in place. */
int h2k_xfs_data_read(struct h2k_xfs *xfs, void *buffer, size_t count,
                      uint64_t offset);
int h2k_xfs_data_write(struct h2k_xfs *xfs, const void *buffer, size_t count,
                       uint64_t offset);

/*
 * A change: from _begin to _end.  Not nested.  A change may change metadata
 * only within; reading needs none of it.
 *
 * _end keeps it for RC >= 0; for -1 every buffer is put back as it was at
 * _begin, and the error stays.  Returns RC.
 */
int h2k_xfs_op_begin(struct h2k_xfs *xfs);
int h2k_xfs_op_end(struct h2k_xfs *xfs, int rc);
/* One of the driver's calls, which is one change: WHAT gives 0 or -1, and is
 * not done where no change can begin. */
#define H2K_XFS_CALL(xfs, what)                                     \
    (h2k_xfs_op_begin(xfs) < 0 || h2k_xfs_op_end((xfs), (what)) < 0 \
         ? h2k_prefix("xfs: ")                                      \
         : 0)
/* A number that is another after every change; 0 within one. */
uint64_t h2k_xfs_op_number(const struct h2k_xfs *xfs);
/* Before a reading call of the driver: bounds the cache. */
void h2k_xfs_read_begin(struct h2k_xfs *xfs);

/* Every dirty buffer is sealed and written, outside of a change.  A failure
 * leaves xfs->broken. */
int h2k_xfs_cache_flush(struct h2k_xfs *xfs);

struct h2k_xfs_cache;
struct h2k_xfs_cache *h2k_xfs_cache_new(void);
void h2k_xfs_cache_free(struct h2k_xfs_cache *cache); /* NULL is fine */

#endif
