/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * An archive's members: all of them lie inside it, and each that can be
 * found can be read.
 */
#include "block/memory.h"
#include "block/tar-format.h"
#include "block/tar.h"

#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_member(const struct h2k_tar *tar, const struct h2k_tar_member *member,
             uint64_t size)
{
    uint8_t byte;
    if (member->offset > size || member->size > size - member->offset)
        abort();
    if (strncmp(member->name, "./", 2) == 0)
        abort();
    H2K_AUTO(h2k_block) block = h2k_tar_open_member(tar, member->name);
    if (block == NULL)
        return;
    uint64_t length = h2k_block_size(block);
    if (length != member->size || member->kind != H2K_TAR_FILE)
        abort();
    if (length > 0 && h2k_block_pread(block, &byte, 1, length - 1) < 0)
        abort();
}

static void
read_archive(const uint8_t *data, size_t size)
{
    H2K_AUTO(h2k_block) file = h2k_memory_view(data, size);
    H2K_AUTO(h2k_tar) tar = file == NULL ? NULL : h2k_tar_open(file);
    for (size_t i = 0; tar != NULL && i < h2k_tar_count(tar); i++)
        check_member(tar, h2k_tar_member(tar, i), size);
}

/* Every block that says that it is a header gets the checksum of one: what
 * is behind that would hardly be reached otherwise. */
static void
seal(uint8_t *data, size_t size)
{
    for (; size >= H2K_TAR_BLOCK; data += H2K_TAR_BLOCK) {
        unsigned sum = 0;
        if (memcmp(data + TAR_MAGIC, "ustar", 5) == 0) {
            memset(data + TAR_CHECKSUM, ' ', TAR_CHECKSUM_SIZE);
            for (size_t i = 0; i < H2K_TAR_BLOCK; i++)
                sum += data[i];
            snprintf((char *)data + TAR_CHECKSUM, TAR_CHECKSUM_SIZE, "%06o",
                     sum);
        }
        size -= H2K_TAR_BLOCK;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    h2k_autofree uint8_t *copy = malloc(size + 1);
    if (copy == NULL)
        return 0;
    memcpy(copy, data, size);
    read_archive(copy, size);
    seal(copy, size);
    read_archive(copy, size);
    return 0;
}
