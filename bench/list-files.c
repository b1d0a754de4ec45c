/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * list-files IMAGE [OFFSET]: every file of the filesystem there, a line each
 * of mode, owner, group, links, size, seconds and path, as
 *
 *     find -printf '%m %U %G %n %s %T@ %p\n'
 *
 * gives (but for fractions of seconds), in no order.  For bench/guests.py.
 */
#include "base/buffer.h"
#include "base/error.h"
#include "block/file.h"
#include "block/slice.h"
#include "fs/fs.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A directory that is still to be read. */
struct pending {
    h2k_ino ino;
    char *path;
};

struct listing {
    struct h2k_fs *fs;
    struct pending *stack;
    size_t count, room;
    const char *directory;
};

static int
push(struct listing *l, h2k_ino ino, const char *parent, const char *name)
{
    char *path = NULL;
    if (l->count == l->room) {
        l->room = l->room * 2 + 64;
        l->stack = reallocarray(l->stack, l->room, sizeof(*l->stack));
    }
    if (l->stack == NULL || asprintf(&path, "%s/%s", parent, name) < 0)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    l->stack[l->count++] = (struct pending){ .ino = ino, .path = path };
    return 0;
}

static int
list_one(void *opaque, const char *name, h2k_ino ino)
{
    struct listing *l = opaque;
    struct h2k_stat st;
    if (h2k_fs_stat(l->fs, ino, &st) < 0)
        return -1;
    printf("%o %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu64 " %" PRId64
           " %s/%s\n",
           st.mode & 07777, st.uid, st.gid, st.links, st.size, st.mtime,
           l->directory, name);
    return S_ISDIR(st.mode) ? push(l, ino, l->directory, name) : 0;
}

static int
list_all(struct h2k_fs *fs)
{
    struct listing l = { .fs = fs };
    int rc = push(&l, h2k_fs_root(fs), "", "");
    l.stack[0].path[0] = '\0';
    while (rc == 0 && l.count > 0) {
        struct pending next = l.stack[--l.count];
        l.directory = next.path;
        rc = h2k_fs_readdir(fs, next.ino, list_one, &l);
        free(next.path);
    }
    while (l.count > 0)
        free(l.stack[--l.count].path);
    free(l.stack);
    return rc;
}

int
main(int argc, char **argv)
{
    uint64_t offset = argc > 2 ? strtoull(argv[2], NULL, 0) : 0;
    int fd = argc < 2 ? -1 : open(argv[1], O_RDONLY | O_CLOEXEC);
    H2K_AUTO(h2k_block)
    file = fd < 0 ? NULL : h2k_file_from_fd(fd, argv[1], false);
    if (file == NULL) {
        fprintf(stderr, "list-files IMAGE [OFFSET]\n");
        return 2;
    }
    H2K_AUTO(h2k_block)
    volume = h2k_slice_new(file, offset, h2k_block_size(file) - offset);
    H2K_AUTO(h2k_fs)
    fs = volume == NULL ? NULL : h2k_fs_open(volume, false, NULL);
    if (fs == NULL || list_all(fs) < 0) {
        fprintf(stderr, "list-files: %s\n", h2k_errmsg());
        return 1;
    }
    return 0;
}
