/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Unified kernel images: reading one, and new content for a section. */
#include "fs/memory.h"
#include "guest/boot/file-block.h"
#include "guest/boot/uki.h"

#include <stdlib.h>
#include <string.h>

#define FILE_MAX (1u << 20)

static void
check(bool holds)
{
    if (!holds)
        abort();
}

/* What was put in is what is read. */
static void
replace(struct h2k_root *root, const char *name, size_t size)
{
    struct h2k_uki before, after;
    uint8_t *bytes = calloc(1, size + 1);
    uint8_t *found = calloc(1, size + 1);
    check(bytes != NULL && found != NULL);
    memset(bytes, 0x5a, size);
    H2K_AUTO(h2k_block) file = h2k_file_block_open(root, "/a");
    check(file != NULL);
    const struct h2k_uki_section *section = NULL;
    if (h2k_uki_read(file, &before) == 1)
        section = h2k_uki_find(&before, name);
    if (section != NULL &&
        h2k_uki_replace(root, "/a", &before, section, bytes, size) == 0) {
        H2K_AUTO(h2k_block) now = h2k_file_block_open(root, "/a");
        check(now != NULL && h2k_uki_read(now, &after) == 1 &&
              after.section_count == before.section_count);
        bool there = false;
        for (size_t i = 0; i < after.section_count; i++) {
            const struct h2k_uki_section *s = &after.sections[i];
            if (strcmp(s->name, name) != 0 || s->length != size)
                continue;
            check(h2k_block_pread(now, found, size, s->raw_offset) == 0);
            there |= memcmp(bytes, found, size) == 0;
        }
        check(there);
    }
    free(bytes);
    free(found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct h2k_uki uki;
    if (size > FILE_MAX)
        return 0;
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(64u << 20);
    H2K_AUTO(h2k_root) root = fs == NULL ? NULL : h2k_root_new(fs);
    if (root == NULL || h2k_root_write_file(root, "/a", data, size, 0644) < 0)
        return 0;
    H2K_AUTO(h2k_block) file = h2k_file_block_open(root, "/a");
    if (file != NULL && h2k_uki_read(file, &uki) == 1) {
        free(h2k_uki_text(file, &uki, ".cmdline"));
        replace(root, ".initrd", 3);
        replace(root, ".cmdline", 1000);
        replace(root, ".initrd", 5000);
    }
    return 0;
}
