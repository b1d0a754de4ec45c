/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the files of the XFS driver share.  On-disk facts are from "XFS
 * Algorithms & Data Structures" (3rd edition, xfs.org), cited by chapter. */
#ifndef H2K_FS_XFS_XFS_H
#define H2K_FS_XFS_XFS_H

#include "base/endian.h"
#include "fs/fs.h"
#include "fs/xfs/buf.h"

/* What the superblock says, checked ("Superblocks"). */
struct h2k_xfs_geometry {
    uint32_t block_size, block_log; /* 512 to 65536 bytes */
    uint32_t sector_size;           /* 512 to 32768 bytes */
    uint32_t inode_size, inode_log; /* 256 to 2048 bytes */
    uint32_t inodes_per_block_log;
    uint32_t dir_block_size; /* bytes: a multiple of block_size */
    uint32_t ag_count, ag_blocks, ag_block_log;
    uint64_t blocks;                /* of the data section */
    uint64_t log_start, log_blocks; /* as a filesystem block; start 0: the
                                       log is on another device */
    uint64_t root_ino;
    uint32_t inode_align;    /* blocks: sb_inoalignmt */
    uint32_t sparse_align;   /* blocks: sb_spino_align, or 0 */
    uint32_t cluster_blocks; /* of the kernel's inode clusters */
    uint8_t uuid[16];
    uint8_t meta_uuid[16]; /* what metadata carries; mostly uuid */
    bool v5;
    /* Version 4's bits and version 5's masks, in one place. */
    bool ftype, attr, attr2, align, lazy_count, projid32, ascii_ci;
    bool finobt, rmapbt, reflink, inobtcount; /* ro_compat */
    bool sparse, bigtime, nrext64, parent;    /* incompat */
    bool realtime, quota;
    uint32_t compat, ro_compat, incompat, log_incompat;
};

/* All of a fork's extents, ascending, without overlaps, inside the volume:
 * checked. */
struct h2k_xfs_map {
    struct h2k_xfs_extent *extents;
    size_t count;
};

enum h2k_xfs_fork { H2K_XFS_DATA_FORK, H2K_XFS_ATTR_FORK };

struct h2k_xfs {
    struct h2k_block *volume; /* a reference of ours */
    struct h2k_xfs_geometry geo;
    struct h2k_xfs_cache *cache;
    bool writable;
    bool clean;       /* nothing is in the log */
    bool broken;      /* flushing would lie */
    bool ignore_sums; /* for fuzzing alone: CRCs are not compared */
    struct {
        h2k_ino ino;
        enum h2k_xfs_fork fork;
        uint64_t number; /* h2k_xfs_op_number when it was read */
        struct h2k_xfs_map map;
    } kept; /* what h2k_xfs_map_keep gave last */
};

/* For fuzzing: CRCs are not compared, so that damage gets behind them.  NULL
 * where VOLUME holds none or cannot be opened. */
struct h2k_fs *h2k_xfs_open_ignoring_sums(struct h2k_block *volume,
                                          bool writable);

/* ---- Addresses ---- */

/* A filesystem block (AG number in the bits above ag_block_log) or an AG's
 * block as bytes of the volume.  Valid ones only: check first. */
bool h2k_xfs_fsb_valid(const struct h2k_xfs *xfs, uint64_t fsb);
bool h2k_xfs_agb_valid(const struct h2k_xfs *xfs, uint32_t ag, uint32_t agb);
uint32_t h2k_xfs_ag_length(const struct h2k_xfs *xfs, uint32_t ag); /* blocks
                                                                     */
uint64_t h2k_xfs_agb_offset(const struct h2k_xfs *xfs, uint32_t ag,
                            uint32_t agb);
uint64_t h2k_xfs_fsb_offset(const struct h2k_xfs *xfs, uint64_t fsb);
static inline uint64_t
h2k_xfs_fsb(const struct h2k_xfs *xfs, uint32_t ag, uint32_t agb)
{
    return (uint64_t)ag << xfs->geo.ag_block_log | agb;
}
static inline uint32_t
h2k_xfs_fsb_ag(const struct h2k_xfs *xfs, uint64_t fsb)
{
    return (uint32_t)(fsb >> xfs->geo.ag_block_log);
}
static inline uint32_t
h2k_xfs_fsb_agb(const struct h2k_xfs *xfs, uint64_t fsb)
{
    return (uint32_t)(fsb & ((UINT64_C(1) << xfs->geo.ag_block_log) - 1));
}

/* The headers of an AG: the sectors 0 to 3 of it. */
struct h2k_xfs_buf *h2k_xfs_sb(struct h2k_xfs *xfs); /* AG 0's */
struct h2k_xfs_buf *h2k_xfs_agf(struct h2k_xfs *xfs, uint32_t ag);
struct h2k_xfs_buf *h2k_xfs_agi(struct h2k_xfs *xfs, uint32_t ag);
struct h2k_xfs_buf *h2k_xfs_agfl(struct h2k_xfs *xfs, uint32_t ag);

/* ---- Inodes ("On-disk Inode") ---- */

enum h2k_xfs_format {
    H2K_XFS_DEV,
    H2K_XFS_LOCAL,
    H2K_XFS_EXTENTS,
    H2K_XFS_BTREE,
};

/* An inode where it lies in its cluster's buffer.  RAW is read and changed in
 * place, by the offsets in format.h; call h2k_xfs_inode_dirty first. */
struct h2k_xfs_inode {
    h2k_ino ino;
    struct h2k_xfs_buf *buf;
    uint8_t *raw; /* geo.inode_size bytes inside buf->data */
};

/* An inode in use, checked: magic, number, formats, forks inside it, and
 * sizes that its kind may have.  H2K_E_CORRUPT otherwise, H2K_E_NOENT for a
 * free one. */
int h2k_xfs_inode_read(struct h2k_xfs *xfs, h2k_ino ino,
                       struct h2k_xfs_inode *out);
/* The same without looking at it: where it lies, in use or not. */
int h2k_xfs_inode_locate(struct h2k_xfs *xfs, h2k_ino ino,
                         struct h2k_xfs_inode *out);
int h2k_xfs_inode_dirty(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode);

uint32_t h2k_xfs_inode_mode(const struct h2k_xfs_inode *inode);
uint64_t h2k_xfs_inode_size(const struct h2k_xfs_inode *inode);
enum h2k_xfs_format h2k_xfs_fork_format(const struct h2k_xfs_inode *inode,
                                        enum h2k_xfs_fork fork);
/* Where a fork's literal area is, and its room, in bytes; 0 for an attribute
 * fork that is not there. */
uint8_t *h2k_xfs_fork_area(const struct h2k_xfs *xfs,
                           const struct h2k_xfs_inode *inode,
                           enum h2k_xfs_fork fork, uint32_t *size);
/* Extents, 32 or (nrext64) 64 and 32 bits. */
uint64_t h2k_xfs_fork_extents(const struct h2k_xfs *xfs,
                              const struct h2k_xfs_inode *inode,
                              enum h2k_xfs_fork fork);

/* Times as seconds since 1970 and nanoseconds; bigtime or not. */
int64_t h2k_xfs_time_get(const struct h2k_xfs *xfs,
                         const struct h2k_xfs_inode *inode, uint32_t field);
void h2k_xfs_time_set(const struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                      uint32_t field, int64_t seconds, uint32_t nanoseconds);

/* INODE was changed now: its ctime and (version 3) its change count, and with
 * CONTENT its mtime. */
int h2k_xfs_inode_touch(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                        bool content);

/* ---- A fork's extents ("Data Extents", "B+tree Extent List") ---- */

struct h2k_xfs_extent {
    uint64_t offset; /* the file's block */
    uint64_t start;  /* filesystem block */
    uint64_t count;  /* blocks, > 0 */
    bool unwritten;  /* reads as zeros */
};

/* A record of 16 bytes, unchecked. */
void h2k_xfs_extent_get(const uint8_t *raw, struct h2k_xfs_extent *out);
void h2k_xfs_extent_put(uint8_t *raw, const struct h2k_xfs_extent *extent);

int h2k_xfs_map_read(struct h2k_xfs *xfs, const struct h2k_xfs_inode *inode,
                     enum h2k_xfs_fork fork, struct h2k_xfs_map *out);
/* The same for reading calls: the state's, good until the next call that asks
 * for one, or changes anything. */
int h2k_xfs_map_keep(struct h2k_xfs *xfs, const struct h2k_xfs_inode *inode,
                     enum h2k_xfs_fork fork, const struct h2k_xfs_map **out);
void h2k_xfs_map_free(struct h2k_xfs_map *map); /* empties it */
/* The extent that BLOCK is in, or the next one after it, or NULL. */
const struct h2k_xfs_extent *h2k_xfs_map_find(const struct h2k_xfs_map *map,
                                              uint64_t block);

/* ---- Directories and attributes: reading ---- */

/* The hash of a name ("Directory Hash Algorithm"). */
uint32_t h2k_xfs_hash(const char *name, size_t length);

/* ---- Changes, all within h2k_xfs_op_begin and _end; on -1 the caller ends
 * it with that.  H2K_E_NOSPACE when there is none, H2K_E_UNSUPPORTED for what
 * this writer does not do: both before anything that abort cannot undo. ----
 */

/* Is there anything here that keeps us from writing at all?  Asked once,
 * when a volume is opened for writing. */
int h2k_xfs_check_writable(struct h2k_xfs *xfs);
/* orphan.c: what a machine that was cut off has left behind is released, as
 * the kernel's recovery does.  After a replay; outside of any change. */
int h2k_xfs_release_orphans(struct h2k_xfs *xfs);

/* What an extent belongs to, for the reverse map ("Reverse-Mapping
 * B+tree"). */
struct h2k_xfs_owner {
    uint64_t owner;  /* an inode, or one of the negative owners */
    uint64_t offset; /* the file's block */
    bool attr_fork, bmbt_block;
};

/* Blocks, for files and for their own btrees: free space and reverse map are
 * kept.  At least MIN and at most MAX of them in one piece, near fsb NEAR (0:
 * anywhere); alignment in blocks, 1 for none. */
int h2k_xfs_alloc(struct h2k_xfs *xfs, uint64_t near, uint32_t min,
                  uint32_t max, uint32_t align,
                  const struct h2k_xfs_owner *owner, uint64_t *start,
                  uint32_t *count);
/* The opposite; blocks that others share (reflink) lose one reference. */
int h2k_xfs_release(struct h2k_xfs *xfs, uint64_t start, uint32_t count,
                    const struct h2k_xfs_owner *owner);

/* Map COUNT blocks from the file's block OFFSET, all of them holes before,
 * to newly allocated ones (contiguous or not); the inode's block and extent
 * counters and its format (extents to btree) follow.  Contents are not
 * touched.  CONTIGUOUS: in one piece (directories' blocks). */
int h2k_xfs_fork_fill(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                      enum h2k_xfs_fork fork, uint64_t offset, uint32_t count,
                      bool contiguous);
/* Unmap and release [offset, offset + count) of the file's blocks: what is
 * mapped there. */
int h2k_xfs_fork_punch(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                       enum h2k_xfs_fork fork, uint64_t offset,
                       uint64_t count);
/* A local fork's content moves out: the fork is empty extents afterwards. */
int h2k_xfs_fork_make_extents(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                              enum h2k_xfs_fork fork);
/* The inode gets an attribute fork (shortform, empty) if it has none, and
 * the data fork the room that is left: H2K_E_NOSPACE if its content does not
 * fit then and cannot be moved out. */
int h2k_xfs_attr_fork_make(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                           uint32_t wanted_bytes);

/* A free inode near PARENT, initialised: MODE with its type, 0:0, no links,
 * an empty data fork (extents; local for directories and symlinks), times
 * now, generation new. */
int h2k_xfs_inode_alloc(struct h2k_xfs *xfs, h2k_ino parent, uint32_t mode,
                        struct h2k_xfs_inode *out);
/* reserve.c: blocks that files can still have, of all AGs. */
int h2k_xfs_available(struct h2k_xfs *xfs, uint64_t *blocks);

/* An inode without links: its blocks, attributes and itself are given back.
 */
int h2k_xfs_inode_release(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode);
int h2k_xfs_inode_links(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                        int change);

/* Names in directories; FTYPE from MODE where the filesystem keeps it. */
int h2k_xfs_dir_init(struct h2k_xfs *xfs, struct h2k_xfs_inode *dir,
                     h2k_ino parent);
int h2k_xfs_dir_add(struct h2k_xfs *xfs, struct h2k_xfs_inode *dir,
                    const char *name, h2k_ino ino, uint32_t mode);
int h2k_xfs_dir_remove(struct h2k_xfs *xfs, struct h2k_xfs_inode *dir,
                       const char *name);
int h2k_xfs_dir_replace(struct h2k_xfs *xfs, struct h2k_xfs_inode *dir,
                        const char *name, h2k_ino ino, uint32_t mode);

/* log.c: the log is empty (1), or holds what has to be replayed (0). */
int h2k_xfs_log_is_clean(struct h2k_xfs *xfs);
/* log-replay.c: everything that was committed is brought to its place, and
 * the log marked empty.  Before anything else is read; H2K_E_UNSUPPORTED
 * before the first write where an unfinished intent would need more. */
int h2k_xfs_log_replay(struct h2k_xfs *xfs);

/* ---- The driver's calls, by file; see fs.h ---- */

/* read.c, dir-read.c, attr-read.c */
int h2k_xfs_lookup(void *state, h2k_ino dir, const char *name, h2k_ino *out);
int h2k_xfs_stat(void *state, h2k_ino ino, struct h2k_stat *out);
int h2k_xfs_readdir(void *state, h2k_ino dir, h2k_readdir_fn fn, void *opaque);
int h2k_xfs_read(void *state, h2k_ino ino, void *buffer, size_t count,
                 uint64_t offset);
int h2k_xfs_readlink(void *state, h2k_ino ino, char *target, size_t size);
int h2k_xfs_getxattr(void *state, h2k_ino ino, const char *name, void **value,
                     size_t *size);
int h2k_xfs_listxattr(void *state, h2k_ino ino, h2k_xattr_fn fn, void *opaque);
int h2k_xfs_space(void *state, uint64_t *free_bytes);
int h2k_xfs_each_free(void *state, h2k_free_fn fn, void *opaque);

/* file-write.c */
int h2k_xfs_write(void *state, h2k_ino ino, const void *data, size_t count,
                  uint64_t offset);
int h2k_xfs_truncate(void *state, h2k_ino ino, uint64_t size);
int h2k_xfs_chmod(void *state, h2k_ino ino, uint32_t mode);
int h2k_xfs_chown(void *state, h2k_ino ino, uint32_t uid, uint32_t gid);
int h2k_xfs_set_mtime(void *state, h2k_ino ino, int64_t mtime);
int h2k_xfs_flush(void *state);

/* name-write.c */
int h2k_xfs_create(void *state, h2k_ino dir, const char *name, uint32_t mode,
                   h2k_ino *out);
int h2k_xfs_mkdir(void *state, h2k_ino dir, const char *name, uint32_t mode,
                  h2k_ino *out);
int h2k_xfs_symlink(void *state, h2k_ino dir, const char *name,
                    const char *target);
int h2k_xfs_unlink(void *state, h2k_ino dir, const char *name);
int h2k_xfs_rename(void *state, h2k_ino old_dir, const char *old_name,
                   h2k_ino new_dir, const char *new_name);

/* attr-write.c */
int h2k_xfs_setxattr(void *state, h2k_ino ino, const char *name,
                     const void *value, size_t size);

#endif
