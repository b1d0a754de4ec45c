/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What the files of the vfat driver share.  On-disk facts are from
 * Microsoft's "FAT: General Overview of On-Disk Format", 1.03 (fatgen103),
 * cited by chapter.
 *
 * Nothing is held back in memory but the count of free clusters: every call
 * writes through, so that what the volume holds is right between calls.
 *
 * There are no inodes: an h2k_ino is the place of the short directory entry
 * in the volume, in units of its 32 bytes, and changes when a file is
 * renamed.  Directories are not renamed, so theirs stay.
 */
#ifndef H2K_FS_VFAT_H
#define H2K_FS_VFAT_H

#include "base/view.h"
#include "fs/fs.h"

#define H2K_VFAT_ROOT 1u /* no entry can be in the boot sector */
/* A name whose directory belongs to another, as it does in a loop. */
#define H2K_VFAT_STRAY (UINT64_C(1) << 63)

#define H2K_VFAT_ENTRY 32u /* bytes of a directory entry */
/* "FAT Directory Structure": so many entries at most. */
#define H2K_VFAT_DIR_MAX 65536u
#define H2K_VFAT_FILE_MAX UINT32_MAX /* bytes */

/* "FAT Directory Structure", DIR_Attr */
enum {
    H2K_VFAT_READ_ONLY = 0x01,
    H2K_VFAT_LABEL = 0x08,
    H2K_VFAT_DIRECTORY = 0x10,
    H2K_VFAT_ARCHIVE = 0x20,
    H2K_VFAT_LONG_NAME = 0x0f,
    H2K_VFAT_LONG_NAME_MASK = 0x3f,
};

/* Offsets in a short directory entry. */
enum {
    H2K_VFAT_ATTRIBUTES = 11,
    H2K_VFAT_CASE = 12, /* DIR_NTRes */
    H2K_VFAT_CREATED = 13,
    H2K_VFAT_ACCESSED = 18,
    H2K_VFAT_FIRST_HIGH = 20,
    H2K_VFAT_WRITTEN = 22,
    H2K_VFAT_FIRST_LOW = 26,
    H2K_VFAT_SIZE = 28,
};

/* Where everything is, from the boot sector; in bytes of the volume. */
struct h2k_vfat_shape {
    unsigned bits; /* of an entry of the table: 12, 16 or 32 */
    uint32_t cluster_size;
    uint32_t clusters; /* their numbers are 2 to clusters + 1 */
    unsigned fats;     /* copies of the table */
    unsigned active;   /* the one that is read */
    bool mirrored;     /* all copies are the same */
    uint64_t fat_offset, fat_size;
    uint64_t root_offset;  /* FAT12 and FAT16: the root directory's place */
    uint32_t root_entries; /* and size; 0 for FAT32, whose root is a chain */
    uint32_t root_cluster;
    uint64_t data_offset;
    uint64_t size;
    uint64_t info_offset; /* FSInfo; 0: none */
    bool dirty;           /* says the boot sector */
};

#define H2K_VFAT_PAGE 4096u
#define H2K_VFAT_PAGES 16u

struct h2k_vfat_page {
    bool valid;
    uint64_t number; /* its offset in the table, over H2K_VFAT_PAGE */
    uint8_t bytes[H2K_VFAT_PAGE];
};

struct h2k_vfat_dir;

struct h2k_vfat {
    struct h2k_block *volume; /* a reference of ours */
    struct h2k_vfat_shape shape;
    bool clean;   /* was unmounted */
    bool checked; /* holds together, and may be written to */
    bool changed; /* FSInfo is to be written */
    bool broken;  /* a write failed half-way */
    bool counted; /* free_clusters is right */
    uint32_t free_clusters;
    uint32_t next; /* from where a free cluster is looked for */
    struct h2k_vfat_page pages[H2K_VFAT_PAGES];
    struct h2k_vfat_dir *last; /* the directory used last, or NULL */
    /* A place in the chain used last; first 0: none. */
    struct {
        uint32_t first, index, cluster;
    } seen;
};

/* boot.c: the shape, checked: everything in it is inside the volume.
 * H2K_E_CORRUPT, H2K_E_UNSUPPORTED. */
int h2k_vfat_read_shape(struct h2k_block *volume,
                        struct h2k_vfat_shape *shape);
/* FSInfo ("FAT32 FSInfo Sector Structure") as V counts now. */
int h2k_vfat_write_info(struct h2k_vfat *v);

/* table.c.  An entry as it stands; CLUSTER is from 0 to clusters + 1.
 * Writing goes to all copies. */
int h2k_vfat_get(struct h2k_vfat *v, uint32_t cluster, uint32_t *value);
int h2k_vfat_set(struct h2k_vfat *v, uint32_t cluster, uint32_t value);
bool h2k_vfat_is_cluster(const struct h2k_vfat *v, uint32_t value);
/* The volume was in use, or had errors, by the table's entry 1. */
int h2k_vfat_table_is_clean(struct h2k_vfat *v, bool *clean);
/* What follows CLUSTER in its chain; 0 behind the last.  H2K_E_CORRUPT. */
int h2k_vfat_next(struct h2k_vfat *v, uint32_t cluster, uint32_t *next);
/* Where in the volume byte OFFSET of the chain from FIRST is, and how many
 * bytes from there on, at most LENGTH, follow it. */
int h2k_vfat_map(struct h2k_vfat *v, uint32_t first, uint64_t offset,
                 uint64_t length, uint64_t *where, uint64_t *run);
/* COUNT > 0 more clusters behind LAST (0: a new chain), the first of which
 * is *FIRST; their content is what it was.  H2K_E_NOSPACE, nothing then
 * having changed. */
int h2k_vfat_allocate(struct h2k_vfat *v, uint32_t last, uint32_t count,
                      uint32_t *first);
/* Free a chain from FIRST on; 0 is fine. */
int h2k_vfat_release(struct h2k_vfat *v, uint32_t first);
/* Cluster INDEX, from 0, of the chain from FIRST. */
int h2k_vfat_nth(struct h2k_vfat *v, uint32_t first, uint32_t index,
                 uint32_t *cluster);
/* free_clusters is right after this. */
int h2k_vfat_count(struct h2k_vfat *v);
/* So many clusters are free: H2K_E_NOSPACE. */
int h2k_vfat_need(struct h2k_vfat *v, uint64_t clusters);
uint64_t h2k_vfat_place(const struct h2k_vfat *v, uint32_t cluster);
/* Writing in the volume; a failure leaves the filesystem broken. */
int h2k_vfat_pwrite(struct h2k_vfat *v, const void *bytes, size_t count,
                    uint64_t where);
int h2k_vfat_zero(struct h2k_vfat *v, uint64_t where, uint64_t length);

/* check.c: before the first write, once: every chain is whole and its
 * file's alone, sizes are right, the copies of the table agree.
 * H2K_E_CORRUPT. */
int h2k_vfat_check(struct h2k_vfat *v);
int h2k_vfat_space(void *state, uint64_t *free_bytes);
int h2k_vfat_each_free(void *state, h2k_free_fn fn, void *opaque);

/* dir.c: a directory in memory. */
struct h2k_vfat_dir {
    unsigned users;
    uint32_t first;     /* cluster; 0: the root of FAT12 and FAT16 */
    bool root;          /* of any kind */
    uint32_t *clusters; /* the chain, for `first` other than 0 */
    uint32_t cluster_count;
    uint8_t *bytes;
    uint32_t slots; /* entries in `bytes`, in use or not */
};

/* One file's entries in its directory. */
struct h2k_vfat_entry {
    uint32_t begin; /* the slot where its long name begins */
    uint32_t slot;  /* of the short entry */
    uint8_t raw[H2K_VFAT_ENTRY];
    char name[H2K_NAME_MAX + 1]; /* UTF-8 */
    char alias[48];              /* the short name */
};

/* The directory INO, or what begins at the cluster FIRST (0: the root). */
int h2k_vfat_dir_open(struct h2k_vfat *v, h2k_ino ino,
                      struct h2k_vfat_dir **out);
int h2k_vfat_dir_load(struct h2k_vfat *v, uint32_t first,
                      struct h2k_vfat_dir **out);
void h2k_vfat_dir_close(struct h2k_vfat_dir *dir); /* NULL is fine */
H2K_DEFINE_AUTO(h2k_vfat_dir, h2k_vfat_dir_close)

/* The next entry from slot *AT on, and *AT behind it; false at the end.
 * Entries without a name that a path could have are passed over. */
bool h2k_vfat_dir_next(const struct h2k_vfat_dir *dir, uint32_t *at,
                       struct h2k_vfat_entry *entry);
/* H2K_E_NOENT. */
int h2k_vfat_dir_find(const struct h2k_vfat_dir *dir, const char *name,
                      struct h2k_vfat_entry *entry);
uint64_t h2k_vfat_dir_place(const struct h2k_vfat *v,
                            const struct h2k_vfat_dir *dir, uint32_t slot);
/* The directory that begins at CHILD says, by its "..", that it is in the
 * one that begins at PARENT (0: the root).  A directory has one "..", so
 * that no path can go round in a circle.  H2K_E_CORRUPT. */
int h2k_vfat_dir_check_parent(struct h2k_vfat *v, uint32_t child,
                              uint32_t parent);
int h2k_vfat_lookup(void *state, h2k_ino dir, const char *name, h2k_ino *out);
int h2k_vfat_readdir(void *state, h2k_ino dir, h2k_readdir_fn fn,
                     void *opaque);

/* link.c: names in directories. */
int h2k_vfat_create(void *state, h2k_ino dir, const char *name, uint32_t mode,
                    h2k_ino *out);
int h2k_vfat_mkdir(void *state, h2k_ino dir, const char *name, uint32_t mode,
                   h2k_ino *out);
int h2k_vfat_unlink(void *state, h2k_ino dir, const char *name);
int h2k_vfat_rename(void *state, h2k_ino old_dir, const char *old_name,
                    h2k_ino new_dir, const char *new_name);

/* file.c: the short entry of INO, not the root's. */
int h2k_vfat_entry_read(struct h2k_vfat *v, h2k_ino ino,
                        uint8_t raw[H2K_VFAT_ENTRY]);
int h2k_vfat_entry_write(struct h2k_vfat *v, h2k_ino ino,
                         const uint8_t raw[H2K_VFAT_ENTRY]);
uint32_t h2k_vfat_entry_first(const struct h2k_vfat *v, const uint8_t *raw);
void h2k_vfat_entry_set_first(uint8_t *raw, uint32_t first);
/* What was written to it now. */
int h2k_vfat_touch(struct h2k_vfat *v, h2k_ino ino);
int h2k_vfat_read(void *state, h2k_ino ino, void *buffer, size_t count,
                  uint64_t offset);
int h2k_vfat_write(void *state, h2k_ino ino, const void *data, size_t count,
                   uint64_t offset);
int h2k_vfat_truncate(void *state, h2k_ino ino, uint64_t size);

/* Before any writing: H2K_E_CORRUPT when it would not be safe. */
int h2k_vfat_begin_write(struct h2k_vfat *v);

#endif
