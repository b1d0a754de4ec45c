/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What the files of the btrfs driver share.  On-disk facts are from the
 * btrfs documentation's "On-disk Format", cited by chapter; the numbers are
 * in format.h.
 *
 * The driver reads.  It shows the last commit: what fsync wrote to a log
 * tree since, in a machine that was cut off, is not replayed.
 */
#ifndef H2K_FS_BTRFS_BTRFS_H
#define H2K_FS_BTRFS_BTRFS_H

#include "base/view.h"
#include "fs/btrfs/format.h"
#include "fs/fs.h"

/* Bounds on what a hostile image can make us hold. */
#define H2K_BTRFS_CHUNKS_MAX (1u << 20)
#define H2K_BTRFS_DEVICES_MAX 1024u
#define H2K_BTRFS_SUBVOLUMES_MAX 65536u
/* "Extents": what is compressed is cut into extents of 128 KiB at most; and
 * room for a last block that is written whole. */
#define H2K_BTRFS_COMPRESSED_MAX (128u << 10)
#define H2K_BTRFS_PLAIN_MAX (192u << 10)

/* sum.c: "Checksumming".  SUM has H2K_BTRFS_SUM_SIZE bytes, zeros behind
 * the sum's own. */
enum h2k_btrfs_sum_type {
    H2K_BTRFS_CRC32C,
    H2K_BTRFS_XXHASH,
    H2K_BTRFS_SHA256,
    H2K_BTRFS_BLAKE2,
    H2K_BTRFS_SUM_TYPES,
};
/* H2K_E_UNSUPPORTED for a type that this build cannot calculate. */
int h2k_btrfs_sum_check_type(unsigned type);
size_t h2k_btrfs_sum_size(unsigned type);
int h2k_btrfs_sum(unsigned type, const void *data, size_t size,
                  uint8_t sum[H2K_BTRFS_SUM_SIZE]);
/* Of a name, as keys of directory entries have it. */
uint32_t h2k_btrfs_name_hash(const char *name, size_t length);

/* super.c: one device's superblock, the newest of its sound copies. */
struct h2k_btrfs_super {
    uint8_t bytes[H2K_BTRFS_SUPER_SIZE];
    uint64_t generation, flags, incompat, compat_ro;
    uint64_t root, chunk_root, chunk_root_generation, log_root;
    uint64_t bytes_used, root_dir, devices;
    uint64_t device, device_size; /* this one's id and bytes */
    unsigned root_level, chunk_root_level, sum_type;
    uint32_t sector_size, node_size;
    uint8_t fsid[16], metadata_uuid[16], device_uuid[16];
};
/* 1; 0 where VOLUME does not begin as btrfs does; -1 with H2K_E_CORRUPT or
 * H2K_E_UNSUPPORTED, INFO then having what can be told. */
int h2k_btrfs_super_read(struct h2k_block *volume,
                         struct h2k_btrfs_super *super,
                         struct h2k_fs_info *info);
/* Where copy INDEX is in a device. */
uint64_t h2k_btrfs_super_place(unsigned index);

/* device.c: the volumes that a filesystem is spread over. */
struct h2k_btrfs_device {
    uint64_t id;
    uint8_t uuid[16];
    struct h2k_block *block; /* a reference of ours; NULL: missing */
    size_t member;           /* the caller's index of it */
    uint64_t size;           /* bytes of it that the filesystem has */
    bool stale;              /* its superblock is older than another's */
};

/* chunk.c: "Chunk item": logical addresses to places in devices. */
struct h2k_btrfs_stripe {
    size_t device; /* index into fs->devices */
    uint64_t offset;
};
struct h2k_btrfs_chunk {
    uint64_t logical, length; /* bytes */
    uint64_t type;
    unsigned copies;  /* of each byte */
    unsigned columns; /* devices that 64 KiB after 64 KiB go to in turn */
    unsigned count;   /* of stripes: copies * columns */
    struct h2k_btrfs_stripe *stripes; /* owned */
};
struct h2k_btrfs_chunks {
    struct h2k_btrfs_chunk *list; /* by logical address */
    size_t count, allocated;
};

/* One root's tree. */
struct h2k_btrfs_tree {
    uint64_t id;
    uint64_t block; /* logical address of its root; 0: there is none */
    uint64_t generation;
    unsigned level;
};

struct h2k_btrfs_subvolume {
    struct h2k_btrfs_tree tree;
    uint64_t top;        /* inode of its top directory */
    uint64_t parent;     /* the subvolume that it is in; 0: none */
    uint64_t parent_dir; /* and the directory there */
    char *name;          /* owned; there; NULL: none */
    bool read_only;
};

struct h2k_btrfs_cache;
struct h2k_btrfs_plain;

struct h2k_btrfs {
    struct h2k_btrfs_super super; /* the newest device's */
    struct h2k_btrfs_device *devices;
    size_t device_count;
    struct h2k_btrfs_chunks chunks;
    struct h2k_btrfs_cache *cache;
    struct h2k_btrfs_tree root_tree, chunk_tree, csum_tree, extent_tree,
        dev_tree;
    struct h2k_btrfs_subvolume *subvolumes; /* by id */
    size_t subvolume_count;
    size_t default_subvolume;      /* index */
    struct h2k_btrfs_plain *plain; /* the extent decompressed last, or NULL */
    bool trusted;                  /* what is free is known; see space.c */
    bool counted;                  /* free_bytes is right */
    uint64_t free_bytes;
};

/* device.c: the members' superblocks are read and compared. */
int h2k_btrfs_devices_open(struct h2k_btrfs *fs,
                           struct h2k_block *const *volumes, size_t count,
                           struct h2k_fs_info *info);
void h2k_btrfs_devices_close(struct h2k_btrfs *fs);
/* The index of the device with this id and UUID, which may be missing. */
int h2k_btrfs_device_find(struct h2k_btrfs *fs, uint64_t id,
                          const uint8_t uuid[16], size_t *index);
/* "device 2 (UUID …), …" of those that are missing; false for none. */
bool h2k_btrfs_devices_missing(const struct h2k_btrfs *fs, char *text,
                               size_t size);

/* chunk.c: the superblock's own chunks, then all of them. */
int h2k_btrfs_chunks_bootstrap(struct h2k_btrfs *fs);
int h2k_btrfs_chunks_load(struct h2k_btrfs *fs);
void h2k_btrfs_chunks_free(struct h2k_btrfs_chunks *chunks);
/* The chunk that LOGICAL is in: H2K_E_CORRUPT when none is. */
int h2k_btrfs_chunk_find(const struct h2k_btrfs *fs, uint64_t logical,
                         const struct h2k_btrfs_chunk **out);
/* COUNT bytes at LOGICAL, which may not leave the chunk, from copy COPY of
 * chunk->copies; the first is the one that is likely to be good. */
int h2k_btrfs_pread(struct h2k_btrfs *fs, void *buffer, size_t count,
                    uint64_t logical, unsigned copy);

/* node.c: tree blocks, checked once and kept in a bounded cache. */
struct h2k_btrfs_key {
    uint64_t object;
    uint8_t type;
    uint64_t offset;
};
struct h2k_btrfs_node {
    uint64_t logical, generation, owner;
    uint32_t count; /* of items or pointers */
    unsigned level; /* 0: a leaf */
    unsigned users;
    struct h2k_btrfs_node *newer, *older; /* by last use */
    struct h2k_btrfs_node *next;          /* of the same hash */
    size_t size;
    uint8_t bytes[];
};
/* What whoever points to a block says of it. */
struct h2k_btrfs_expect {
    uint64_t logical, generation;
    uint64_t tree; /* id */
    unsigned level;
};
struct h2k_btrfs_cache *h2k_btrfs_cache_new(uint32_t node_size);
void h2k_btrfs_cache_free(struct h2k_btrfs_cache *cache); /* NULL is fine */
/* The block, until h2k_btrfs_node_put.  H2K_E_CORRUPT when no copy of it
 * is what is expected. */
int h2k_btrfs_node_get(struct h2k_btrfs *fs,
                       const struct h2k_btrfs_expect *expect,
                       struct h2k_btrfs_node **out);
void h2k_btrfs_node_put(struct h2k_btrfs_node *node); /* NULL is fine */
struct h2k_btrfs_key h2k_btrfs_node_key(const struct h2k_btrfs_node *node,
                                        uint32_t index);
int h2k_btrfs_key_compare(const struct h2k_btrfs_key *a,
                          const struct h2k_btrfs_key *b);
struct h2k_btrfs_key h2k_btrfs_key_get(const uint8_t *bytes);

/*
 * tree.c: a place in a tree.  Begin with { .fs = fs, .tree = tree } and end
 * with h2k_btrfs_cursor_clear, or H2K_BTRFS_CURSOR, which does both.  The
 * item is valid until the cursor moves.
 */
struct h2k_btrfs_cursor {
    struct h2k_btrfs *fs;
    const struct h2k_btrfs_tree *tree;
    struct h2k_btrfs_key key; /* the item's */
    struct h2k_view item;
    struct {
        struct h2k_btrfs_node *node;
        uint32_t slot;
        struct h2k_btrfs_key end; /* all keys are below it */
        bool bounded;             /* there is an end */
    } at[H2K_BTRFS_LEVELS];       /* [0] is the leaf */
};
/* The first item at KEY or behind it; the last at KEY or before it; the next
 * one.  1; 0 when there is none; -1. */
int h2k_btrfs_seek(struct h2k_btrfs_cursor *c, struct h2k_btrfs_key key);
int h2k_btrfs_seek_before(struct h2k_btrfs_cursor *c,
                          struct h2k_btrfs_key key);
int h2k_btrfs_next(struct h2k_btrfs_cursor *c);
/* The item with exactly this key: 1, 0, -1. */
int h2k_btrfs_find(struct h2k_btrfs_cursor *c, struct h2k_btrfs_key key);
void h2k_btrfs_cursor_clear(struct h2k_btrfs_cursor *c);
#define H2K_BTRFS_CURSOR(name, fs_, tree_)                                 \
    __attribute__((                                                        \
        cleanup(h2k_btrfs_cursor_clear))) struct h2k_btrfs_cursor name = { \
        .fs = (fs_), .tree = (tree_)                                       \
    }

/* root.c: the trees that the root tree lists.  A tree that is not there has
 * the block 0. */
int h2k_btrfs_trees_open(struct h2k_btrfs *fs);
int h2k_btrfs_root_item(struct h2k_view item, uint64_t id,
                        struct h2k_btrfs_tree *out);

/*
 * subvolume.c.  An h2k_ino is made of the subvolume's index (16 bits), what
 * its directory entry says that it is (2 bits), and its number there.  A
 * file has one such number by all of its names.
 */
enum h2k_btrfs_kind {
    H2K_BTRFS_FILE, /* whatever is no directory */
    H2K_BTRFS_DIR,
    /* An empty directory where the subvolume would be of which this one is a
     * snapshot; the number is the directory's that it is in. */
    H2K_BTRFS_PLACEHOLDER,
};
struct h2k_btrfs_ino {
    const struct h2k_btrfs_subvolume *subvolume;
    enum h2k_btrfs_kind kind;
    uint64_t number;
};
int h2k_btrfs_ino_pack(const struct h2k_btrfs *fs,
                       const struct h2k_btrfs_ino *ino, h2k_ino *out);
int h2k_btrfs_ino_unpack(const struct h2k_btrfs *fs, h2k_ino packed,
                         struct h2k_btrfs_ino *out);
int h2k_btrfs_subvolumes_load(struct h2k_btrfs *fs);
void h2k_btrfs_subvolumes_free(struct h2k_btrfs *fs);
/* NULL when there is none. */
const struct h2k_btrfs_subvolume *
h2k_btrfs_subvolume_find(const struct h2k_btrfs *fs, uint64_t id);
h2k_ino h2k_btrfs_subvolume_top(const struct h2k_btrfs *fs,
                                const struct h2k_btrfs_subvolume *s);
int h2k_btrfs_each_subvolume(void *state, h2k_subvolume_fn fn, void *opaque);
/* mount.c */
int h2k_btrfs_subvolume(void *state, const char *options, h2k_ino *root);

/* inode.c: "Inode item". */
struct h2k_btrfs_inode {
    struct h2k_btrfs_ino ino;
    struct h2k_stat stat;
    uint64_t flags;
};
int h2k_btrfs_inode_read(struct h2k_btrfs *fs, h2k_ino ino,
                         struct h2k_btrfs_inode *out);
int h2k_btrfs_stat(void *state, h2k_ino ino, struct h2k_stat *out);

/* entry.c: one entry of the several that an item may hold. */
struct h2k_btrfs_entry {
    struct h2k_btrfs_key location;
    unsigned type;
    struct h2k_view name, data;
};
/* The next at *AT, which is moved behind it: 1, 0 at the end, or -1. */
int h2k_btrfs_entry_next(struct h2k_view item, size_t *at,
                         struct h2k_btrfs_entry *out);

/* dir.c */
int h2k_btrfs_lookup(void *state, h2k_ino dir, const char *name, h2k_ino *out);
int h2k_btrfs_readdir(void *state, h2k_ino dir, h2k_readdir_fn fn,
                      void *opaque);

/* xattr.c */
int h2k_btrfs_getxattr(void *state, h2k_ino ino, const char *name,
                       void **value, size_t *size);
int h2k_btrfs_listxattr(void *state, h2k_ino ino, h2k_xattr_fn fn,
                        void *opaque);

/* data.c: COUNT bytes at LOGICAL, both whole sectors; VERIFY by their
 * checksums, each sector then being read from any copy that has it. */
int h2k_btrfs_data_read(struct h2k_btrfs *fs, void *buffer, size_t count,
                        uint64_t logical, bool verify);

/* compress.c: what DATA, of compression TYPE, holds, into the SIZE bytes of
 * OUT, zeros behind it.  H2K_E_CORRUPT, H2K_E_UNSUPPORTED. */
struct h2k_btrfs_unpacker;
struct h2k_btrfs_unpacker *h2k_btrfs_unpacker_new(uint32_t sector_size);
void h2k_btrfs_unpacker_free(struct h2k_btrfs_unpacker *u); /* NULL is fine */
int h2k_btrfs_unpack(struct h2k_btrfs_unpacker *u, unsigned type,
                     struct h2k_view data, uint8_t *out, size_t size);

/* file.c */
int h2k_btrfs_read(void *state, h2k_ino ino, void *buffer, size_t count,
                   uint64_t offset);
int h2k_btrfs_readlink(void *state, h2k_ino ino, char *target, size_t size);
void h2k_btrfs_plain_free(struct h2k_btrfs_plain *plain); /* NULL is fine */

/* space.c */
int h2k_btrfs_space(void *state, uint64_t *free_bytes);
int h2k_btrfs_each_free(void *state, h2k_free_fn fn, void *opaque);
int h2k_btrfs_each_free_on(void *state, size_t member, h2k_free_fn fn,
                           void *opaque);

#endif
