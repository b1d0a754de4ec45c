/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * FAT12, FAT16 and FAT32 with long names: opening, closing, and what FAT
 * has of Unix's attributes.
 *
 * Modes are those that Linux shows where the mount's options say nothing:
 * directories 0755, files 0755, or 0555 with the read-only attribute.  Of a
 * mode, only the write bits are kept; the rest is the mount's.  Times are
 * UTC, as in a machine whose clock is.
 *
 * A filesystem that was not unmounted, which every system partition of a
 * machine that was cut off is, is written to where it holds together
 * (check.c), and stays marked: nothing of it was repaired.
 */
#include "fs/vfat/vfat.h"

#include "base/error.h"
#include "fs/probe.h"
#include "fs/types.h"
#include "fs/vfat/name.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void
vfat_close(void *state)
{
    struct h2k_vfat *v = state;
    h2k_vfat_dir_close(v->last);
    h2k_block_unref(v->volume);
    free(v);
}

static h2k_ino
vfat_root(void *state)
{
    (void)state;
    return H2K_VFAT_ROOT;
}

int
h2k_vfat_begin_write(struct h2k_vfat *v)
{
    if (v->broken)
        return h2k_fail(H2K_E_IO,
                        "an earlier write failed half-way: the filesystem is "
                        "not consistent, and is not to be used");
    if (!v->shape.mirrored)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "only one copy of its allocation table is in use; "
                        "that is not written by us");
    if (h2k_vfat_check(v) < 0)
        return -1;
    v->changed = true;
    return 0;
}

/* ---- Attributes ---- */

static int
stat_dir(struct h2k_vfat *v, h2k_ino ino, struct h2k_stat *out)
{
    struct h2k_vfat_entry entry;
    H2K_AUTO(h2k_vfat_dir) dir = NULL;
    if (h2k_vfat_dir_open(v, ino, &dir) < 0)
        return h2k_prefix("vfat: ");
    out->mode = S_IFDIR | 0755;
    out->size = (uint64_t)dir->slots * H2K_VFAT_ENTRY;
    out->links = 2;
    for (uint32_t at = 0; h2k_vfat_dir_next(dir, &at, &entry);)
        out->links +=
            (entry.raw[H2K_VFAT_ATTRIBUTES] & H2K_VFAT_DIRECTORY) != 0;
    return 0;
}

static int
vfat_stat(void *state, h2k_ino ino, struct h2k_stat *out)
{
    struct h2k_vfat *v = state;
    uint8_t raw[H2K_VFAT_ENTRY];
    *out = (struct h2k_stat){ .ino = ino, .links = 1 };
    if (ino == H2K_VFAT_ROOT)
        return stat_dir(v, ino, out);
    if (h2k_vfat_entry_read(v, ino, raw) < 0)
        return -1;
    out->mtime = h2k_vfat_unpack_time(h2k_get_le32(raw + H2K_VFAT_WRITTEN));
    if ((raw[H2K_VFAT_ATTRIBUTES] & H2K_VFAT_DIRECTORY) != 0)
        return stat_dir(v, ino, out);
    out->size = h2k_get_le32(raw + H2K_VFAT_SIZE);
    out->mode = S_IFREG | 0755;
    if ((raw[H2K_VFAT_ATTRIBUTES] & H2K_VFAT_READ_ONLY) != 0)
        out->mode = S_IFREG | 0555;
    return 0;
}

static int
vfat_chmod(void *state, h2k_ino ino, uint32_t mode)
{
    struct h2k_vfat *v = state;
    uint8_t raw[H2K_VFAT_ENTRY];
    if ((mode & 07000) != 0)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "vfat: mode %04o: it has no set-id or sticky bits",
                        mode);
    if (ino == H2K_VFAT_ROOT)
        return 0;
    if (h2k_vfat_begin_write(v) < 0 || h2k_vfat_entry_read(v, ino, raw) < 0)
        return h2k_prefix("vfat: ");
    uint8_t *attributes = &raw[H2K_VFAT_ATTRIBUTES];
    if ((*attributes & H2K_VFAT_DIRECTORY) != 0)
        return 0;
    *attributes &= (uint8_t)~H2K_VFAT_READ_ONLY;
    if ((mode & 0222) == 0)
        *attributes |= H2K_VFAT_READ_ONLY;
    return h2k_vfat_entry_write(v, ino, raw);
}

static int
vfat_chown(void *state, h2k_ino ino, uint32_t uid, uint32_t gid)
{
    (void)state;
    (void)ino;
    if (uid == 0 && gid == 0)
        return 0;
    return h2k_fail(H2K_E_UNSUPPORTED,
                    "vfat: owner %" PRIu32 ":%" PRIu32
                    ": it has no owners, and all is root's",
                    uid, gid);
}

static int
vfat_set_mtime(void *state, h2k_ino ino, int64_t mtime)
{
    struct h2k_vfat *v = state;
    uint8_t raw[H2K_VFAT_ENTRY];
    if (ino == H2K_VFAT_ROOT)
        return 0;
    if (h2k_vfat_begin_write(v) < 0 || h2k_vfat_entry_read(v, ino, raw) < 0)
        return h2k_prefix("vfat: ");
    h2k_put_le32(raw + H2K_VFAT_WRITTEN, h2k_vfat_pack_time(mtime));
    return h2k_vfat_entry_write(v, ino, raw);
}

/* What FAT has not. */

static int
vfat_readlink(void *state, h2k_ino ino, char *target, size_t size)
{
    (void)state;
    (void)target;
    (void)size;
    return h2k_fail(H2K_E_RANGE, "vfat: entry %" PRIu64 " is no link", ino);
}

static int
vfat_symlink(void *state, h2k_ino dir, const char *name, const char *target)
{
    (void)state;
    (void)dir;
    (void)target;
    return h2k_fail(H2K_E_UNSUPPORTED, "vfat: '%s': it has no symbolic links",
                    name);
}

/* ---- The whole ---- */

static int
vfat_flush(void *state)
{
    struct h2k_vfat *v = state;
    if (v->broken)
        return h2k_vfat_begin_write(v);
    if (v->changed && h2k_vfat_write_info(v) < 0)
        return h2k_prefix("vfat: FSInfo: ");
    v->changed = false;
    return h2k_block_flush(v->volume);
}

static const struct h2k_fs_ops vfat_ops = {
    .name = "vfat",
    .close = vfat_close,
    .root = vfat_root,
    .lookup = h2k_vfat_lookup,
    .stat = vfat_stat,
    .readdir = h2k_vfat_readdir,
    .read = h2k_vfat_read,
    .readlink = vfat_readlink,
    .write = h2k_vfat_write,
    .truncate = h2k_vfat_truncate,
    .create = h2k_vfat_create,
    .mkdir = h2k_vfat_mkdir,
    .symlink = vfat_symlink,
    .unlink = h2k_vfat_unlink,
    .rename = h2k_vfat_rename,
    .chmod = vfat_chmod,
    .chown = vfat_chown,
    .set_mtime = vfat_set_mtime,
    .space = h2k_vfat_space,
    .each_free = h2k_vfat_each_free,
    .flush = vfat_flush,
};

static struct h2k_vfat *
new_state(struct h2k_block *volume)
{
    struct h2k_vfat *v = calloc(1, sizeof(*v));
    if (v == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    v->volume = h2k_block_ref(volume);
    v->next = 2;
    if (h2k_vfat_read_shape(volume, &v->shape) < 0 ||
        h2k_vfat_table_is_clean(v, &v->clean) < 0) {
        vfat_close(v);
        return NULL;
    }
    return v;
}

static int
vfat_probe(struct h2k_block *volume, struct h2k_fs_info *info)
{
    uint8_t bytes[512];
    if (h2k_block_size(volume) < sizeof(bytes))
        return 0;
    if (h2k_block_pread(volume, bytes, sizeof(bytes), 0) < 0)
        return -1;
    struct h2k_view head = h2k_view_of(bytes, sizeof(bytes));
    if (h2k_view_le16(head, 510) != 0xaa55)
        return 0;
    int rc = h2k_probe_fat(volume, head, info);
    if (rc <= 0)
        return rc;
    info->type = "vfat";
    info->size = h2k_block_size(volume);
    struct h2k_vfat *v = new_state(volume);
    if (v == NULL)
        return -1;
    info->size = v->shape.size;
    info->clean = v->clean;
    info->mountable = true;
    if (!v->clean)
        snprintf(info->problem, sizeof(info->problem),
                 "was not unmounted cleanly");
    vfat_close(v);
    return 1;
}

static struct h2k_fs *
vfat_open(struct h2k_block *volume, bool writable, struct h2k_fs_info *info)
{
    struct h2k_vfat *v = new_state(volume);
    if (v == NULL) {
        h2k_prefix("vfat: ");
        return NULL;
    }
    info->clean = v->clean;
    return h2k_fs_new(&vfat_ops, v, writable);
}

const struct h2k_fs_type h2k_vfat_type = {
    .name = "vfat",
    .probe = vfat_probe,
    .open = vfat_open,
};
