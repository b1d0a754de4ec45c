/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * An initramfs file.  One that reads to its end is extended, and must then
 * read to its end with what was added, and with all that was there.
 */
#include "base/error.h"
#include "block/memory.h"
#include "guest/boot/cpio.h"
#include "guest/fix/supplement.h"

#include <stdio.h>

#define ADDED "h2k/added"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct h2k_initramfs *
read_bytes(const void *data, size_t size)
{
    H2K_AUTO(h2k_block) block = h2k_memory_view(data, size);
    return block == NULL ? NULL : h2k_initramfs_read(block);
}

static void
check(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

static void
ask(const struct h2k_initramfs *initramfs)
{
    H2K_AUTO_STRINGS modules = { 0 };
    h2k_autofree char *dir = h2k_initramfs_modules_dir(initramfs, "6.1.0");
    check(dir != NULL, "no directory for modules");
    h2k_initramfs_modules(initramfs, dir, &modules);
    h2k_initramfs_generator(initramfs);
    for (size_t i = 0; i < initramfs->entry_count; i++)
        check(h2k_initramfs_has(initramfs, initramfs->entries[i].name),
              "a name that is listed is not found");
}

/* FILE with our archive behind it. */
static void
extend(const struct h2k_initramfs *initramfs, const uint8_t *data, size_t size,
       bool tight)
{
    H2K_AUTO_BUFFER archive = { 0 };
    H2K_AUTO_BUFFER file = { 0 };
    struct h2k_cpio_writer writer = { .out = &archive };
    h2k_cpio_add_dir(&writer, "h2k", 0755);
    h2k_cpio_add_file(&writer, ADDED, 0644, 1, "content", 7);
    h2k_cpio_end(&writer);
    h2k_buffer_add(&file, data, size);
    if (h2k_supplement_refused(initramfs) != NULL)
        return;
    check(h2k_supplement_wrap(initramfs, &archive, tight, &file) == 0,
          "wrapping fails");
    H2K_AUTO(h2k_initramfs) again = read_bytes(file.data, file.size);
    check(again != NULL && again->problem[0] == '\0',
          "what was extended cannot be read");
    check(h2k_initramfs_find(again, ADDED) != NULL, "what was added is gone");
    for (size_t i = 0; i < initramfs->entry_count; i++)
        check(h2k_initramfs_find(again, initramfs->entries[i].name) != NULL,
              "what was there is gone");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    H2K_AUTO(h2k_initramfs) initramfs = read_bytes(data, size);
    if (initramfs == NULL)
        return 0;
    ask(initramfs);
    if (initramfs->problem[0] == '\0' && initramfs->segment_count < 32) {
        extend(initramfs, data, size, false);
        extend(initramfs, data, size, true);
    }
    return 0;
}
