/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The log of an XFS image alone:
 *
 *     xfs-log-tool clean IMAGE     prints "clean" or "dirty"
 *     xfs-log-tool replay IMAGE    replays it in place
 *
 * Nothing else is read or released, so what it leaves can be compared with
 * what the kernel's own recovery leaves.
 */
#include "base/error.h"
#include "block/file.h"
#include "fs/xfs/super.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static int
run(const char *verb, struct h2k_block *image)
{
    struct h2k_fs_info info;
    struct h2k_xfs xfs = { .volume = image, .writable = true };
    int found = h2k_xfs_super_read(image, true, &xfs.geo, &info);
    if (found <= 0)
        return found < 0 ? -1 : h2k_fail(H2K_E_CORRUPT, "is no XFS");
    if (strcmp(verb, "replay") == 0)
        return h2k_xfs_log_replay(&xfs);
    int clean = h2k_xfs_log_is_clean(&xfs);
    if (clean < 0)
        return -1;
    puts(clean ? "clean" : "dirty");
    return 0;
}

int
main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: xfs-log-tool clean|replay IMAGE\n");
        return 2;
    }
    int fd = open(argv[2], O_RDWR | O_CLOEXEC);
    H2K_AUTO(h2k_block)
    image = fd < 0 ? NULL : h2k_file_from_fd(fd, argv[2], true);
    if (image == NULL || run(argv[1], image) < 0) {
        fprintf(stderr, "%s\n", image == NULL ? "no image" : h2k_errmsg());
        return 1;
    }
    return 0;
}
