/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Unified kernel images: an EFI program with the kernel, its initramfs and
 * its command line as sections (UAPI group, "Unified Kernel Image (UKI)";
 * Microsoft's "PE Format", whose chapters are cited below).
 */
#ifndef H2K_GUEST_UKI_H
#define H2K_GUEST_UKI_H

#include "block/block.h"
#include "fs/root.h"

/* "Section Table": the Windows loader's limit too. */
#define H2K_UKI_SECTIONS_MAX 96
#define H2K_UKI_SECTION_HEADER 40
#define H2K_UKI_TEXT_MAX 16384 /* bytes of a command line or os-release */

struct h2k_uki_section {
    char name[9];
    uint32_t virtual_size, address; /* in memory, bytes */
    uint32_t raw_size, raw_offset;  /* in the file, bytes; checked */
    uint32_t length;                /* of its content, bytes */
};

/* No pointers: it may be copied. */
struct h2k_uki {
    uint64_t size;            /* of the file, bytes */
    uint64_t optional_header; /* where it is in the file */
    uint64_t section_table;
    uint32_t section_alignment, file_alignment; /* powers of two */
    uint32_t image_size;
    bool is_signed;    /* it has an attribute certificate table */
    bool has_profiles; /* several command lines to choose from */
    struct h2k_uki_section sections[H2K_UKI_SECTIONS_MAX];
    size_t section_count;
};

/* 1 and *OUT filled when FILE is one; 0 when it is anything else, or
 * damaged; -1 when reading fails. */
int h2k_uki_read(struct h2k_block *file, struct h2k_uki *out);

/* The first section NAME (".initrd"), or NULL. */
const struct h2k_uki_section *h2k_uki_find(const struct h2k_uki *uki,
                                           const char *name);
/* Its content as a text, without zeros and newlines at its end, the caller's
 * to free; "" where there is none or it is too long.  NULL: reading fails. */
char *h2k_uki_text(struct h2k_block *file, const struct h2k_uki *uki,
                   const char *name);

/*
 * Give SECTION, one of UKI's, new content: where it lies if there is room,
 * otherwise at the end of the file, with the header and its table set right.
 * UKI is unsigned, and read again afterwards.  H2K_E_UNSUPPORTED for an
 * image with profiles, and for more than 4 GiB.
 */
int h2k_uki_replace(struct h2k_root *root, const char *path,
                    const struct h2k_uki *uki,
                    const struct h2k_uki_section *section, const void *data,
                    size_t size);
/* By how many bytes the file grows for it, at most. */
uint64_t h2k_uki_growth(const struct h2k_uki *uki,
                        const struct h2k_uki_section *section, uint64_t size);

#endif
