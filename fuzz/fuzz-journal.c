/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Replaying a damaged journal, and releasing orphans.
 * Seeds: mke2fs -j -J size=1 -b 1024 -N 32 IMAGE 4096, its journal filled
 * by debugfs's "jo", "jw" and "jc"; its blocks that are not zero.
 */
#include "ext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct h2k_fs_info info;
    H2K_AUTO(h2k_block) image = fuzz_image(data, size);
    H2K_AUTO(h2k_fs) fs = h2k_fs_open(image, false, &info);
    if (fs != NULL)
        fuzz_look(fs);
    return 0;
}
