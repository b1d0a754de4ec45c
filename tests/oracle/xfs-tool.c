/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Below the names of an XFS: blocks given to files and taken from them, at
 * random, and a model of who has what.
 *
 *     xfs-tool IMAGE SEED ROUNDS BLOCKS PIECE INODE...
 *
 * Each round gives PIECE blocks or fewer to one of the files, or takes some
 * away, somewhere in its first BLOCKS, or makes them written; one in eight
 * is undone again.  Then each file has what the model says, and the image is
 * for xfs_repair.  What was refused for lack of space is counted.
 */
#include "base/error.h"
#include "block/file.h"
#include "fs/xfs/alloc.h"
#include "fs/xfs/fork.h"
#include "fs/xfs/super.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#define FILES 16
#define INODES 400

struct file {
    h2k_ino ino;
    uint8_t *has; /* a byte for each block */
};

struct session {
    struct h2k_xfs xfs;
    uint64_t seed;
    uint32_t blocks, piece;
    struct file files[FILES];
    int count;
    unsigned refused;
    h2k_ino inodes[INODES]; /* allocated by us, without a name */
    int inode_count;
};

static uint32_t
any(struct session *s, uint32_t below)
{
    s->seed = s->seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(s->seed >> 33) % below;
}

/* The holes of [from, to) get blocks. */
static int
fill(struct session *s, struct h2k_xfs_inode *inode, const uint8_t *has,
     uint32_t from, uint32_t to)
{
    while (from < to) {
        uint32_t n = 0;
        while (from + n < to && !has[from + n])
            n++;
        if (n > 0 && h2k_xfs_fork_fill(&s->xfs, inode, H2K_XFS_DATA_FORK, from,
                                       n, false) < 0)
            return -1;
        from += n + 1;
    }
    return 0;
}

/* 1 where it was done, 0 where it was undone, for a reason or without. */
static int
change(struct session *s, struct file *file, uint32_t kind, uint32_t from,
       uint32_t to)
{
    struct h2k_xfs_inode inode;
    bool undo = any(s, 8) == 0;
    int rc;
    if (h2k_xfs_op_begin(&s->xfs) < 0)
        return -1;
    if (h2k_xfs_inode_read(&s->xfs, file->ino, &inode) < 0)
        rc = -1;
    else if (kind == 0)
        rc = h2k_xfs_fork_punch(&s->xfs, &inode, H2K_XFS_DATA_FORK, from,
                                to - from);
    else if (kind == 1)
        rc = h2k_xfs_fork_set_written(&s->xfs, &inode, from, to - from);
    else
        rc = fill(s, &inode, file->has, from, to);
    if (h2k_xfs_op_end(&s->xfs, undo ? -1 : rc) < 0) {
        if (rc == 0)
            return 0;
        s->refused++;
        return h2k_errcode() == H2K_E_NOSPACE ? 0 : -1;
    }
    return 1;
}

/* More comes than goes, or SHRINKING: single blocks go, so that free space
 * is in as many pieces as can be. */
static int
take_round(struct session *s, bool shrinking)
{
    struct file *file = &s->files[any(s, (uint32_t)s->count)];
    uint32_t kind = shrinking && any(s, 4) > 0 ? 0 : any(s, 5);
    uint32_t from = any(s, s->blocks);
    uint32_t to = from + 1 + (shrinking ? 0 : any(s, s->piece));
    if (to > s->blocks)
        to = s->blocks;
    int rc = change(s, file, kind, from, to);
    if (rc < 0)
        return -1;
    for (uint32_t i = from; rc == 1 && kind != 1 && i < to; i++)
        file->has[i] = kind != 0;
    return 0;
}

/* Inodes come and go. */
static int
take_inode(struct session *s)
{
    struct h2k_xfs_inode inode;
    bool more = s->inode_count < INODES && any(s, 3) > 0;
    int rc;
    if (!more && s->inode_count == 0)
        return 0;
    int which = (int)any(s, (uint32_t)s->inode_count + 1);
    if (which == s->inode_count && !more)
        which--;
    if (h2k_xfs_op_begin(&s->xfs) < 0)
        return -1;
    if (more) {
        rc = h2k_xfs_inode_alloc(&s->xfs, s->files[0].ino, 0100644, &inode);
    } else {
        rc = h2k_xfs_inode_read(&s->xfs, s->inodes[which], &inode);
        if (rc == 0)
            rc = h2k_xfs_inode_release(&s->xfs, &inode);
    }
    if (h2k_xfs_op_end(&s->xfs, rc) < 0) {
        s->refused++;
        return h2k_errcode() == H2K_E_NOSPACE ? 0 : -1;
    }
    if (more)
        s->inodes[s->inode_count++] = inode.ino;
    else
        s->inodes[which] = s->inodes[--s->inode_count];
    return 0;
}

static int
release_inodes(struct session *s)
{
    while (s->inode_count > 0) {
        struct h2k_xfs_inode inode;
        h2k_ino ino = s->inodes[--s->inode_count];
        if (h2k_xfs_op_begin(&s->xfs) < 0 ||
            h2k_xfs_inode_read(&s->xfs, ino, &inode) < 0 ||
            h2k_xfs_op_end(&s->xfs, h2k_xfs_inode_release(&s->xfs, &inode)) <
                0)
            return -1;
    }
    return 0;
}

static int
compare(struct session *s, struct file *file)
{
    struct h2k_xfs_inode inode;
    struct h2k_xfs_map map;
    if (h2k_xfs_inode_read(&s->xfs, file->ino, &inode) < 0 ||
        h2k_xfs_map_read(&s->xfs, &inode, H2K_XFS_DATA_FORK, &map) < 0)
        return -1;
    int rc = 0;
    for (uint32_t i = 0; i < s->blocks; i++) {
        const struct h2k_xfs_extent *e = h2k_xfs_map_find(&map, i);
        bool has = e != NULL && e->offset <= i;
        if (has != (file->has[i] != 0))
            rc = h2k_fail(H2K_E_FAILED,
                          "inode %" PRIu64 ", block %" PRIu32 ": has %d",
                          file->ino, i, has);
    }
    h2k_xfs_map_free(&map);
    return rc;
}

static int
load_model(struct session *s, struct file *file)
{
    struct h2k_xfs_inode inode;
    struct h2k_xfs_map map;
    file->has = calloc(1, s->blocks);
    if (h2k_xfs_inode_read(&s->xfs, file->ino, &inode) < 0 ||
        h2k_xfs_map_read(&s->xfs, &inode, H2K_XFS_DATA_FORK, &map) < 0)
        return -1;
    for (uint32_t i = 0; i < s->blocks; i++) {
        const struct h2k_xfs_extent *e = h2k_xfs_map_find(&map, i);
        file->has[i] = e != NULL && e->offset <= i;
    }
    h2k_xfs_map_free(&map);
    return 0;
}

static int
open_image(struct session *s, const char *path)
{
    struct h2k_fs_info info = { 0 };
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return h2k_fail_errno(H2K_E_SOURCE, "%s", path);
    s->xfs.volume = h2k_file_from_fd(fd, path, true);
    s->xfs.cache = h2k_xfs_cache_new();
    s->xfs.writable = true;
    if (s->xfs.volume == NULL || s->xfs.cache == NULL ||
        h2k_xfs_super_read(s->xfs.volume, true, &s->xfs.geo, &info) != 1)
        return -1;
    return h2k_xfs_check_writable(&s->xfs);
}

static int
run(struct session *s, char **argv, int argc)
{
    uint64_t rounds = strtoull(argv[3], NULL, 0);
    s->seed = strtoull(argv[2], NULL, 0);
    s->blocks = (uint32_t)strtoul(argv[4], NULL, 0);
    s->piece = (uint32_t)strtoul(argv[5], NULL, 0);
    if (open_image(s, argv[1]) < 0)
        return -1;
    for (int i = 6; i < argc && s->count < FILES; i++) {
        s->files[s->count].ino = strtoull(argv[i], NULL, 0);
        if (load_model(s, &s->files[s->count++]) < 0)
            return -1;
    }
    for (uint64_t i = 0; i < rounds; i++)
        if (take_round(s, i * 4 / rounds % 2 == 1) < 0 || take_inode(s) < 0)
            return h2k_prefix("round %" PRIu64 ": ", i);
    if (release_inodes(s) < 0)
        return -1;
    for (int i = 0; i < s->count; i++)
        if (compare(s, &s->files[i]) < 0)
            return -1;
    return h2k_xfs_cache_flush(&s->xfs);
}

int
main(int argc, char **argv)
{
    struct session s = { 0 };
    if (argc < 7)
        return 2;
    int rc = run(&s, argv, argc);
    if (rc < 0)
        fprintf(stderr, "xfs-tool: %s\n", h2k_errmsg());
    else
        printf("refused %u\n", s.refused);
    for (int i = 0; i < s.count; i++)
        free(s.files[i].has);
    h2k_xfs_cache_free(s.xfs.cache);
    h2k_block_unref(s.xfs.volume);
    return rc < 0;
}
