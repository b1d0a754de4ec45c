/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* "Extent data item": the content of files. */
#include "base/error.h"
#include "fs/btrfs/btrfs.h"

#include <inttypes.h>

enum { INLINE, REGULAR, PREALLOCATED };

/* An extent of a file, or the hole before the next one. */
struct extent {
    uint64_t begin, end; /* bytes of the file */
    bool hole;
    unsigned type, compression;
    uint64_t disk, disk_length; /* logical; disk 0 is a hole */
    uint64_t plain;             /* bytes that it has when unpacked */
    uint64_t offset;            /* of begin in them */
    struct h2k_view bytes;      /* INLINE: as they are stored */
};

/* What was unpacked last. */
struct h2k_btrfs_plain {
    uint64_t disk; /* 0: nothing */
    struct h2k_btrfs_unpacker *unpacker;
    uint8_t packed[H2K_BTRFS_COMPRESSED_MAX];
    uint8_t bytes[H2K_BTRFS_PLAIN_MAX];
};

void
h2k_btrfs_plain_free(struct h2k_btrfs_plain *plain)
{
    if (plain == NULL)
        return;
    h2k_btrfs_unpacker_free(plain->unpacker);
    free(plain);
}

static int
make_plain(struct h2k_btrfs *fs)
{
    if (fs->plain != NULL)
        return 0;
    struct h2k_btrfs_plain *plain = malloc(sizeof(*plain));
    if (plain == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    plain->disk = 0;
    plain->unpacker = h2k_btrfs_unpacker_new(fs->super.sector_size);
    if (plain->unpacker == NULL) {
        free(plain);
        return -1;
    }
    fs->plain = plain;
    return 0;
}

/* ---- Extents ---- */

static int
take_inline(struct h2k_view item, struct extent *e)
{
    h2k_view_slice(item, H2K_BTRFS_FILE_INLINE,
                   item.size - H2K_BTRFS_FILE_INLINE, &e->bytes);
    if (e->begin != 0 || e->plain > H2K_BTRFS_COMPRESSED_MAX ||
        e->bytes.size > H2K_BTRFS_COMPRESSED_MAX)
        return h2k_fail(H2K_E_CORRUPT,
                        "%" PRIu64 " bytes in its item, at %" PRIu64, e->plain,
                        e->begin);
    if (e->compression == 0)
        e->plain = e->bytes.size;
    e->end = e->plain;
    return 0;
}

static int
take_regular(const struct h2k_btrfs *fs, struct h2k_view item,
             struct extent *e)
{
    uint64_t mask = fs->super.sector_size - 1, inside;
    uint64_t length = h2k_view_le64(item, H2K_BTRFS_FILE_LENGTH);
    e->disk = h2k_view_le64(item, H2K_BTRFS_FILE_DISK);
    e->disk_length = h2k_view_le64(item, H2K_BTRFS_FILE_DISK_LENGTH);
    e->offset = h2k_view_le64(item, H2K_BTRFS_FILE_OFFSET);
    e->hole = e->disk == 0 || e->type == PREALLOCATED;
    if (e->compression == 0)
        e->plain = e->disk_length;
    if (item.size < H2K_BTRFS_FILE_SIZE || length == 0 ||
        ckd_add(&e->end, e->begin, length) ||
        ((e->begin | length | e->disk | e->disk_length | e->offset) & mask) !=
            0 ||
        ckd_add(&inside, e->offset, length) || (!e->hole && inside > e->plain))
        return h2k_fail(H2K_E_CORRUPT,
                        "the extent at %" PRIu64 " of the file is none",
                        e->begin);
    if (!e->hole && e->compression != 0 &&
        (e->plain > H2K_BTRFS_COMPRESSED_MAX ||
         e->disk_length > H2K_BTRFS_COMPRESSED_MAX))
        return h2k_fail(H2K_E_CORRUPT,
                        "the extent at %" PRIu64 " of the file: %" PRIu64
                        " compressed bytes of %" PRIu64,
                        e->begin, e->disk_length, e->plain);
    return 0;
}

static int
take_extent(const struct h2k_btrfs *fs, const struct h2k_btrfs_cursor *c,
            struct extent *e)
{
    struct h2k_view item = c->item;
    *e = (struct extent){
        .begin = c->key.offset,
        .type = h2k_view_u8(item, H2K_BTRFS_FILE_TYPE),
        .compression = h2k_view_u8(item, H2K_BTRFS_FILE_COMPRESSION),
        .plain = h2k_view_le64(item, H2K_BTRFS_FILE_RAM_BYTES),
    };
    if (item.size < H2K_BTRFS_FILE_INLINE || e->type > PREALLOCATED)
        return h2k_fail(H2K_E_CORRUPT, "an extent of type %u", e->type);
    if (h2k_view_u8(item, H2K_BTRFS_FILE_ENCRYPTION) != 0 ||
        h2k_view_le16(item, H2K_BTRFS_FILE_OTHER) != 0)
        return h2k_fail(H2K_E_UNSUPPORTED, "is encrypted");
    return e->type == INLINE ? take_inline(item, e)
                             : take_regular(fs, item, e);
}

static bool
is_extent(const struct h2k_btrfs_cursor *c, uint64_t number)
{
    return c->key.object == number && c->key.type == H2K_BTRFS_EXTENT_DATA;
}

/* What is at POSITION of the file; the cursor keeps what E points to. */
static int
find_extent(struct h2k_btrfs_cursor *c, uint64_t number, uint64_t position,
            struct extent *e)
{
    const struct h2k_btrfs_key key = { number, H2K_BTRFS_EXTENT_DATA,
                                       position };
    int rc = h2k_btrfs_seek_before(c, key);
    if (rc > 0 && is_extent(c, number)) {
        if (take_extent(c->fs, c, e) < 0)
            return -1;
        if (e->end > position)
            return 0;
        rc = h2k_btrfs_next(c);
    } else if (rc >= 0)
        rc = h2k_btrfs_seek(c, key);
    if (rc < 0)
        return -1;
    /* "No holes": what no item speaks of. */
    *e = (struct extent){
        .begin = position,
        .end = rc > 0 && is_extent(c, number) ? c->key.offset : UINT64_MAX,
        .hole = true,
    };
    return 0;
}

/* ---- Reading them ---- */

/* The whole of a compressed extent into fs->plain. */
static int
unpack_extent(struct h2k_btrfs *fs, const struct extent *e, bool verify)
{
    struct h2k_btrfs_plain *plain = fs->plain;
    struct h2k_view data = e->bytes;
    if (e->type == REGULAR) {
        if (plain->disk == e->disk)
            return 0;
        plain->disk = 0;
        if (h2k_btrfs_data_read(fs, plain->packed, e->disk_length, e->disk,
                                verify) < 0)
            return -1;
        data = h2k_view_of(plain->packed, e->disk_length);
    }
    plain->disk = 0;
    if (h2k_btrfs_unpack(plain->unpacker, e->compression, data, plain->bytes,
                         sizeof(plain->bytes)) < 0)
        return -1;
    if (e->type == REGULAR)
        plain->disk = e->disk;
    return 0;
}

/* COUNT bytes at LOGICAL, neither in whole sectors. */
static int
read_bytes(struct h2k_btrfs *fs, uint8_t *to, size_t count, uint64_t logical,
           bool verify)
{
    uint32_t sector = fs->super.sector_size;
    h2k_autofree uint8_t *part = NULL;
    for (size_t n; count > 0; to += n, logical += n, count -= n) {
        size_t inside = logical % sector;
        if (inside == 0 && count >= sector) {
            n = count - count % sector;
            if (h2k_btrfs_data_read(fs, to, n, logical, verify) < 0)
                return -1;
            continue;
        }
        if (part == NULL && (part = malloc(sector)) == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        n = (size_t)h2k_min_u64(count, sector - inside);
        if (h2k_btrfs_data_read(fs, part, sector, logical - inside, verify) <
            0)
            return -1;
        memcpy(to, part + inside, n);
    }
    return 0;
}

/* COUNT bytes at POSITION of the file, all of them in E. */
static int
read_extent(struct h2k_btrfs *fs, const struct extent *e, uint8_t *to,
            size_t count, uint64_t position, bool verify)
{
    uint64_t inside = e->offset + (position - e->begin);
    if (e->hole) {
        memset(to, 0, count);
        return 0;
    }
    if (e->compression != 0) {
        if (make_plain(fs) < 0 || unpack_extent(fs, e, verify) < 0)
            return -1;
        memcpy(to, fs->plain->bytes + inside, count);
        return 0;
    }
    if (e->type == INLINE) {
        memcpy(to, e->bytes.data + inside, count);
        return 0;
    }
    return read_bytes(fs, to, count, e->disk + inside, verify);
}

static int
read_file(struct h2k_btrfs *fs, const struct h2k_btrfs_inode *inode,
          uint8_t *to, size_t count, uint64_t position)
{
    bool verify = (inode->flags & H2K_BTRFS_INODE_NODATASUM) == 0;
    H2K_BTRFS_CURSOR(c, fs, &inode->ino.subvolume->tree);
    for (size_t n; count > 0; to += n, position += n, count -= n) {
        struct extent e;
        if (find_extent(&c, inode->ino.number, position, &e) < 0)
            return -1;
        n = (size_t)h2k_min_u64(count, e.end - position);
        if (read_extent(fs, &e, to, n, position, verify) < 0)
            return -1;
    }
    return 0;
}

int
h2k_btrfs_read(void *state, h2k_ino ino, void *buffer, size_t count,
               uint64_t offset)
{
    struct h2k_btrfs_inode inode;
    if (h2k_btrfs_inode_read(state, ino, &inode) < 0)
        return -1;
    if (read_file(state, &inode, buffer, count, offset) < 0)
        return h2k_prefix("btrfs: inode %" PRIu64 " of subvolume %" PRIu64
                          ": ",
                          inode.ino.number, inode.ino.subvolume->tree.id);
    return 0;
}

int
h2k_btrfs_readlink(void *state, h2k_ino ino, char *target, size_t size)
{
    struct h2k_btrfs_inode inode;
    if (h2k_btrfs_inode_read(state, ino, &inode) < 0)
        return -1;
    if (inode.stat.size >= size)
        return h2k_fail(H2K_E_RANGE, "btrfs: a target of %" PRIu64 " bytes",
                        inode.stat.size);
    target[inode.stat.size] = '\0';
    return h2k_btrfs_read(state, ino, target, (size_t)inode.stat.size, 0);
}
