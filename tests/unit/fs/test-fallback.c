/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* One tree in memory, seen from two sides that number its files
 * differently. */
#include "fs/guestfs/fallback.h"

#include "base/error.h"
#include "fs/memory.h"
#include "fs/root.h"

#include "memtree.h"
#include "tap.h"

#include <sys/stat.h>

/* ---- A side ---- */

struct side {
    struct h2k_fs *tree; /* the test's */
    h2k_ino shift;       /* what numbers differ by */
    bool fixed;
};

static struct h2k_fs *tree;
static int readers, writers, closed;
static bool reader_fails, writer_fails;

#define IN(s, ino) ((ino) - ((struct side *)(s))->shift)
#define FS(s) (((struct side *)(s))->tree)

static void
side_close(void *state)
{
    free(state);
    closed++;
}

static h2k_ino
side_root(void *state)
{
    return h2k_fs_root(tree) + ((struct side *)state)->shift;
}

static int
side_lookup(void *state, h2k_ino dir, const char *name, h2k_ino *out)
{
    int rc = h2k_fs_lookup(FS(state), IN(state, dir), name, out);
    *out += ((struct side *)state)->shift;
    return rc;
}

static int
side_stat(void *state, h2k_ino ino, struct h2k_stat *out)
{
    int rc = h2k_fs_stat(FS(state), IN(state, ino), out);
    out->ino = ino;
    return rc;
}

struct listing {
    struct side *side;
    h2k_readdir_fn fn;
    void *opaque;
};

static int
shift_entry(void *opaque, const char *name, h2k_ino ino)
{
    const struct listing *l = opaque;
    return l->fn(l->opaque, name, ino + l->side->shift);
}

static int
side_readdir(void *state, h2k_ino dir, h2k_readdir_fn fn, void *opaque)
{
    struct listing l = { state, fn, opaque };
    return h2k_fs_readdir(FS(state), IN(state, dir), shift_entry, &l);
}

static int
side_read(void *state, h2k_ino ino, void *buffer, size_t count,
          uint64_t offset)
{
    return h2k_fs_read(FS(state), IN(state, ino), buffer, count, offset);
}

static int
side_readlink(void *state, h2k_ino ino, char *target, size_t size)
{
    return h2k_fs_readlink(FS(state), IN(state, ino), target, size);
}

static int
side_write(void *state, h2k_ino ino, const void *data, size_t count,
           uint64_t offset)
{
    return h2k_fs_write(FS(state), IN(state, ino), data, count, offset);
}

static int
side_create(void *state, h2k_ino dir, const char *name, uint32_t mode,
            h2k_ino *out)
{
    int rc = h2k_fs_create(FS(state), IN(state, dir), name, mode, out);
    *out += ((struct side *)state)->shift;
    return rc;
}

static int
side_unlink(void *state, h2k_ino dir, const char *name)
{
    return h2k_fs_unlink(FS(state), IN(state, dir), name);
}

static int
side_rename(void *state, h2k_ino old_dir, const char *old_name,
            h2k_ino new_dir, const char *new_name)
{
    return h2k_fs_rename(FS(state), IN(state, old_dir), old_name,
                         IN(state, new_dir), new_name);
}

static int
side_chmod(void *state, h2k_ino ino, uint32_t mode)
{
    return h2k_fs_chmod(FS(state), IN(state, ino), mode);
}

static int
side_flush(void *state)
{
    (void)state;
    return 0;
}

/* The root is "/@", and there is "/@home" beside it. */
static int
side_subvolume(void *state, const char *options, h2k_ino *root)
{
    if (strstr(options, "subvol=@home") == NULL) {
        *root = side_root(state);
        return 0;
    }
    return side_lookup(state, side_root(state), "home", root);
}

static int
side_each_subvolume(void *state, h2k_subvolume_fn fn, void *opaque)
{
    struct h2k_subvolume top = { side_root(state), "", false };
    struct h2k_subvolume home = { 0, "home", true };
    if (side_lookup(state, side_root(state), "home", &home.root) < 0)
        return -1;
    int rc = fn(opaque, &top);
    return rc == 0 ? fn(opaque, &home) : rc;
}

static const struct h2k_fs_ops reader_ops = {
    .name = "reader",
    .close = side_close,
    .root = side_root,
    .lookup = side_lookup,
    .stat = side_stat,
    .readdir = side_readdir,
    .read = side_read,
    .readlink = side_readlink,
    .subvolume = side_subvolume,
    .each_subvolume = side_each_subvolume,
};

static const struct h2k_fs_ops writer_ops = {
    .name = "writer",
    .close = side_close,
    .root = side_root,
    .lookup = side_lookup,
    .stat = side_stat,
    .readdir = side_readdir,
    .read = side_read,
    .readlink = side_readlink,
    .write = side_write,
    .create = side_create,
    .unlink = side_unlink,
    .rename = side_rename,
    .chmod = side_chmod,
    .flush = side_flush,
};

static struct h2k_fs *
side_new(const struct h2k_fs_ops *ops, h2k_ino shift, bool writable)
{
    struct side *side = calloc(1, sizeof(*side));
    *side = (struct side){ .tree = tree, .shift = shift };
    return h2k_fs_new(ops, side, writable);
}

static struct h2k_fs *
open_reader(void *opaque)
{
    (void)opaque;
    if (reader_fails)
        return h2k_fail_null(H2K_E_CORRUPT, "the reader is at its end");
    return side_new(&reader_ops, (h2k_ino)(1000 * ++readers), false);
}

static struct h2k_fs *
open_writer(void *opaque)
{
    (void)opaque;
    if (writer_fails)
        return h2k_fail_null(H2K_E_COMPONENT, "no writer here");
    return side_new(&writer_ops, (h2k_ino)(7000 * ++writers), true);
}

/* ---- Tests ---- */

static struct h2k_fs *
fallback_begin(void)
{
    static const struct h2k_fallback_sides sides = {
        .open_reader = open_reader,
        .open_writer = open_writer,
    };
    readers = writers = closed = 0;
    reader_fails = writer_fails = false;
    tree = h2k_memfs_new(1 << 24);
    memtree_file(tree, "/etc/fstab", 0644, "before");
    memtree_file(tree, "/etc/deep/er/file", 0644, "deep");
    memtree_file(tree, "/home/user/file", 0600, "mine");
    return h2k_fallback_new(open_reader(NULL), &sides);
}

static void
fallback_end(struct h2k_fs *fs)
{
    h2k_fs_close(fs);
    h2k_fs_close(tree);
    ok(closed == readers + writers, "every side is closed");
}

static h2k_ino
look(struct h2k_fs *fs, const char *path)
{
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    struct h2k_place place = { 0 };
    return h2k_root_lookup_nofollow(root, path, &place) < 0 ? 0 : place.ino;
}

static bool
holds(struct h2k_fs *fs, h2k_ino ino, const char *expected)
{
    char text[100] = "";
    struct h2k_stat st;
    return h2k_fs_stat(fs, ino, &st) == 0 && st.ino == ino &&
           st.size == strlen(expected) &&
           h2k_fs_read(fs, ino, text, st.size, 0) == 0 &&
           strcmp(text, expected) == 0;
}

static void
test_switch(void)
{
    struct h2k_fs *fs = fallback_begin();
    h2k_ino deep = look(fs, "/etc/deep/er/file"), etc = look(fs, "/etc");
    h2k_ino fstab = look(fs, "/etc/fstab"), made = 0, found = 0;
    h2k_ino home = look(fs, "/home");
    ok(holds(fs, deep, "deep") && writers == 0,
       "reading needs the reader alone");
    ok_string(h2k_fs_driver(fs), "reader");
    ok(h2k_fs_flush(fs) == 0 && writers == 0 && readers == 1,
       "nothing was written: nothing is flushed");
    ok(h2k_fs_write(fs, fstab, "behind", 6, 0) == 0 && writers == 1,
       "the first write opens the writer");
    ok_string(h2k_fs_driver(fs), "reader and writer");
    ok(look(fs, "/home") == home, "what was not used since is found again");
    ok(holds(fs, fstab, "behind") && holds(fs, deep, "deep") &&
           look(fs, "/etc/deep/er/file") == deep && look(fs, "/etc") == etc,
       "numbers are what they were");
    ok(h2k_fs_create(fs, etc, "new", 0600, &made) == 0 &&
           h2k_fs_write(fs, made, "made", 4, 0) == 0 &&
           h2k_fs_rename(fs, etc, "new", etc, "fstab") == 0 &&
           h2k_fs_lookup(fs, etc, "fstab", &found) == 0 && found == made,
       "a file is replaced");
    ok(h2k_fs_stat(fs, fstab, &(struct h2k_stat){ 0 }) < 0,
       "what it replaced is no more");
    ok(h2k_fs_flush(fs) == 0 && readers == 2, "a flush opens the reader anew");
    ok(holds(fs, made, "made") && holds(fs, deep, "deep") &&
           look(fs, "/etc/fstab") == made,
       "which reads what was written, by the same numbers");
    ok(h2k_fs_unlink(fs, etc, "fstab") == 0 && writers == 2 &&
           look(fs, "/etc/fstab") == 0,
       "and it can be written again");
    ok_error(h2k_fs_stat(fs, 4711, &(struct h2k_stat){ 0 }) < 0, H2K_E_RANGE,
             "no inode");
    fallback_end(fs);
}

static int
write_meanwhile(void *opaque, const char *name, h2k_ino ino)
{
    struct h2k_fs *fs = opaque;
    struct h2k_stat st;
    return h2k_fs_chmod(fs, look(fs, "/home/user/file"), 0640) < 0 ||
                   h2k_fs_stat(fs, ino, &st) < 0 ||
                   look(fs, "/etc/fstab") == 0 || strlen(name) == 0
               ? -1
               : 0;
}

static void
test_listing(void)
{
    struct h2k_fs *fs = fallback_begin();
    ok(h2k_fs_readdir(fs, look(fs, "/etc"), write_meanwhile, fs) == 0 &&
           writers == 1,
       "a directory may be listed while another is written to");
    fallback_end(fs);
}

static int
count_subvolumes(void *opaque, const struct h2k_subvolume *subvolume)
{
    int *count = opaque;
    *count += strcmp(subvolume->path, "home") == 0 && subvolume->read_only;
    return 0;
}

static void
test_subvolumes(void)
{
    struct h2k_fs *fs = fallback_begin();
    h2k_ino home = 0, again = 0, file = 0;
    int count = 0;
    ok(h2k_fs_subvolume(fs, "rw,subvol=@home", &home) == 0 &&
           h2k_fs_lookup(fs, home, "user", &file) == 0 &&
           h2k_fs_lookup(fs, file, "file", &file) == 0 &&
           holds(fs, file, "mine"),
       "a subvolume is read");
    ok(h2k_fs_chmod(fs, file, 0644) == 0 &&
           h2k_fs_subvolume(fs, "subvol=@home", &again) == 0 &&
           again == home && h2k_fs_lookup(fs, home, "user", &again) == 0 &&
           holds(fs, file, "mine"),
       "and written, by its path from the top");
    ok(h2k_fs_each_subvolume(fs, count_subvolumes, &count) == 0 && count == 1,
       "all are listed");
    ok(h2k_fs_subvolume(fs, "", &again) == 0 && again == h2k_fs_root(fs),
       "the default one is the root");
    fallback_end(fs);
}

static void
test_failures(void)
{
    struct h2k_fs *fs = fallback_begin();
    h2k_ino fstab = look(fs, "/etc/fstab");
    writer_fails = true;
    ok_error(h2k_fs_write(fs, fstab, "x", 1, 0) < 0, H2K_E_COMPONENT,
             "no writer here");
    ok(holds(fs, fstab, "before"), "reading goes on");
    writer_fails = false;
    ok(h2k_fs_write(fs, fstab, "x", 1, 0) == 0, "writing may work later");
    reader_fails = true;
    ok(h2k_fs_flush(fs) == 0 && holds(fs, fstab, "xefore"),
       "without a reader, the writer reads");
    fallback_end(fs);
}

int
main(void)
{
    test_switch();
    test_listing();
    test_subvolumes();
    test_failures();
    return tap_done();
}
