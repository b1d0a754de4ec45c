/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What is in an initramfs file.
 *
 * The kernel reads it as one archive after another
 * (Documentation/driver-api/early-userspace/buffer-format.rst): each is a
 * cpio archive, plain (processor microcode stands in front) or compressed,
 * with zero bytes between them, and a later file replaces an earlier one.
 */
#ifndef H2K_GUEST_INITRAMFS_H
#define H2K_GUEST_INITRAMFS_H

#include "block/block.h"
#include "base/strings.h"
#include "guest/boot/unpack.h"

#include <stdbool.h>
#include <stdint.h>

/* Bounds for hostile files; an initramfs of a general distribution kernel
 * with everything in it has 10,000 entries and 400 MiB. */
#define H2K_INITRAMFS_SIZE_MAX (UINT64_C(1) << 30)     /* the file, bytes */
#define H2K_INITRAMFS_UNPACKED_MAX (UINT64_C(1) << 30) /* decoded, bytes */
#define H2K_INITRAMFS_SEGMENTS_MAX 64
#define H2K_INITRAMFS_ENTRIES_MAX 131072
#define H2K_INITRAMFS_NAMES_MAX (UINT64_C(16) << 20) /* bytes of all names */

/* One archive in the file. */
struct h2k_initramfs_segment {
    uint64_t offset;   /* in the file, bytes */
    uint64_t length;   /* without the zeros behind it */
    uint64_t unpacked; /* bytes when decoded */
    enum h2k_compression compression;
    size_t entries;
};

struct h2k_initramfs_entry {
    char *name;    /* owned; without a leading "/" or "./" */
    char *target;  /* owned; of a symbolic link, otherwise NULL */
    uint32_t mode; /* as in <sys/stat.h> */
};

struct h2k_initramfs {
    uint64_t size; /* of the file, bytes */
    struct h2k_initramfs_segment *segments;
    size_t segment_count;
    struct h2k_initramfs_entry *entries; /* by name; what came last of each */
    size_t entry_count;
    /* Why it was not read to its end, or "": such a file is not extended.
     * What was read until there is in the lists. */
    char problem[200];
};

/* The file's archives and names.  NULL only when reading fails or memory
 * runs out; everything else is a `problem`. */
struct h2k_initramfs *h2k_initramfs_read(struct h2k_block *file);
void h2k_initramfs_free(struct h2k_initramfs *initramfs);
H2K_DEFINE_AUTO(h2k_initramfs, h2k_initramfs_free)

const struct h2k_initramfs_entry *
h2k_initramfs_find(const struct h2k_initramfs *initramfs, const char *name);

/* Is there NAME, also when links in the archive lead to it ("lib/x" for
 * "usr/lib/x")?  */
bool h2k_initramfs_has(const struct h2k_initramfs *initramfs,
                       const char *name);

/* What the archive with the modules is compressed with: of the last that is
 * compressed, or none. */
enum h2k_compression
h2k_initramfs_compression(const struct h2k_initramfs *initramfs);

/* The directory of the modules of VERSION by the archive's own layout:
 * "usr/lib/modules/6.1.0" or "lib/modules/6.1.0".  Owned by the caller. */
char *h2k_initramfs_modules_dir(const struct h2k_initramfs *initramfs,
                                const char *version);

/* "initramfs-tools", "dracut", "mkinitcpio", "mkinitfs" (Alpine),
 * "suse-mkinitrd" (before dracut), "nash" (Red Hat's before dracut), or
 * NULL. */
const char *h2k_initramfs_generator(const struct h2k_initramfs *initramfs);

/* Names of the modules in the directory DIR and below, sorted, with '_'. */
int h2k_initramfs_modules(const struct h2k_initramfs *initramfs,
                          const char *dir, struct h2k_strings *names);

#endif
