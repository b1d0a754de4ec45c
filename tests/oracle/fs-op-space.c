/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What is free, and whether the filesystem is sound. */
#include "fs-op.h"

#include "base/error.h"

#include <inttypes.h>
#include <string.h>

int
op_space(struct session *s, char **w)
{
    uint64_t bytes;
    (void)w;
    if (h2k_fs_space(s->fs, &bytes) < 0)
        return -1;
    printf("%" PRIu64 "\n", bytes);
    return 0;
}

static int
print_range(void *opaque, uint64_t offset, uint64_t length)
{
    (void)opaque;
    printf("%" PRIu64 " %" PRIu64 "\n", offset, length);
    return 0;
}

/* What is free on each image, one after another. */
int
op_free(struct session *s, char **w)
{
    (void)w;
    for (size_t i = 0; i < s->volume_count; i++)
        if (h2k_fs_each_free_on(s->fs, i, print_range, NULL) < 0)
            return -1;
    return 0;
}

static int
spoil_range(void *opaque, uint64_t offset, uint64_t length)
{
    static const uint8_t spoilt[65536] = { [0 ... 65535] = 0xa5 };
    struct h2k_block *volume = opaque;
    for (uint64_t at = 0, n; at < length; at += n) {
        n = length - at < sizeof(spoilt) ? length - at : sizeof(spoilt);
        if (h2k_block_pwrite(volume, spoilt, n, offset + at) < 0)
            return -1;
    }
    return 0;
}

/* Overwrite all that is free. */
int
op_spoil(struct session *s, char **w)
{
    (void)w;
    for (size_t i = 0; i < s->volume_count; i++)
        if (h2k_fs_each_free_on(s->fs, i, spoil_range, s->volumes[i]) < 0)
            return -1;
    return 0;
}

static const char *
checker(const struct session *s)
{
    static const struct {
        const char *type, *command;
    } checkers[] = {
        { "btrfs", "btrfs check --readonly" },
        { "f2fs", "fsck.f2fs --dry-run" },
        { "jfs", "fsck.jfs -n -f" },
        { "reiserfs", "reiserfsck --check --yes" },
        { "vfat", "fsck.fat -n" },
        { "xfs", "xfs_repair -n" },
    };
    for (size_t i = 0; i < sizeof(checkers) / sizeof(checkers[0]); i++)
        if (strcmp(s->info.type, checkers[i].type) == 0)
            return checkers[i].command;
    return "e2fsck -fn";
}

/* The filesystem's own checker finds nothing to do. */
int
op_check(struct session *s, char **w)
{
    h2k_autofree char *command = NULL;
    (void)w;
    if (h2k_fs_flush(s->fs) < 0)
        return -1;
    if (asprintf(&command, "%s '%s' >'%s.check' 2>&1", checker(s), s->path,
                 s->path) < 0 ||
        system(command) != 0)
        return h2k_fail(H2K_E_FAILED, "not clean: see %s.check", s->path);
    return 0;
}

/* run COMMAND: it gets the image as its argument, and must succeed. */
int
op_run(struct session *s, char **w)
{
    h2k_autofree char *command = NULL;
    if (h2k_fs_flush(s->fs) < 0)
        return -1;
    if (asprintf(&command, "%s '%s'", w[1], s->path) < 0 ||
        system(command) != 0)
        return h2k_fail(H2K_E_FAILED, "%s was not content", w[1]);
    return 0;
}
