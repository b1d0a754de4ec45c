/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* fs-probe IMAGE: what h2k_fs_probe says of it, as `blkid -o export` does. */
#include "block/file.h"
#include "fs/fs.h"

#include <hyper2kvm/error.h>
#include <stdio.h>

int
main(int argc, char **argv)
{
    struct h2k_fs_info info;
    H2K_AUTO(h2k_block) image = argc == 2 ? h2k_file_open(argv[1]) : NULL;
    if (image == NULL || h2k_fs_probe(image, &info) < 0) {
        fprintf(stderr, "fs-probe: %s\n", h2k_errmsg());
        return 1;
    }
    printf("LABEL=%s\nUUID=%s\nTYPE=%s\n", info.label, info.uuid, info.type);
    if (info.problem[0] != '\0')
        printf("PROBLEM=%s\n", info.problem);
    return 0;
}
