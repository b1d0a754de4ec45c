/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The archive that is appended to an initramfs: the virtio modules that it
 * lacks, with all that they depend on, byte for byte as the guest has them,
 * and the indexes through which modprobe finds them.  Nothing of the guest
 * runs, and what is there stays as it is.
 */
#ifndef H2K_GUEST_SUPPLEMENT_H
#define H2K_GUEST_SUPPLEMENT_H

#include "base/buffer.h"
#include "guest/boot/kernels.h"

/* All that one supplement may hold, in bytes. */
#define H2K_SUPPLEMENT_MAX (UINT64_C(256) << 20)

struct h2k_supplement_file {
    char *from; /* owned: path in the guest */
    char *to;   /* owned: name in the archive */
    uint64_t size;
};

/* What is to be added to one kernel's initramfs; empty: nothing. */
struct h2k_supplement {
    struct h2k_supplement_file *files; /* modules, then the rest */
    size_t file_count;
    struct h2k_strings directories; /* in the archive, parents first */
    struct h2k_strings modules;     /* names, for the report */
    uint64_t size;                  /* of the archive, bytes */
};

/*
 * What KERNEL's initramfs lacks, the files of NEEDED among it, and the files
 * of CHANGED that it has a copy of; both are the guest's paths, or NULL.
 * KERNEL has modules and an initramfs
 * without a `problem`.  Initialise *OUT with { 0 }.  H2K_E_CORRUPT when a
 * module that is needed is not there or too large.
 */
int h2k_supplement_plan(struct h2k_root *root, const struct h2k_kernel *kernel,
                        const struct h2k_strings *changed,
                        const struct h2k_strings *needed,
                        struct h2k_supplement *out);
void h2k_supplement_free(struct h2k_supplement *supplement); /* empties it */

#define H2K_AUTO_SUPPLEMENT \
    __attribute__((cleanup(h2k_supplement_free))) struct h2k_supplement

/* Why nothing can be appended to such a file safely (lzma), a constant; or
 * NULL. */
const char *h2k_supplement_refused(const struct h2k_initramfs *initramfs);

/*
 * The bytes to append to a file that is not refused: padding and the archive,
 * wrapped as what stands at the file's end asks for.
 *
 * TIGHT: compressed like the archive before it, where that is gzip, xz or
 * zstd.
 */
int h2k_supplement_build(struct h2k_root *root,
                         const struct h2k_initramfs *initramfs,
                         const struct h2k_supplement *supplement, bool tight,
                         struct h2k_buffer *out);

/* An upper bound of what h2k_supplement_build gives without TIGHT. */
uint64_t h2k_supplement_bytes(const struct h2k_initramfs *initramfs,
                              const struct h2k_supplement *supplement);

/* ---- For supplement.c ---- */

/* ARCHIVE as bytes that go behind INITRAMFS: see supplement-wrap.c. */
int h2k_supplement_wrap(const struct h2k_initramfs *initramfs,
                        const struct h2k_buffer *archive, bool tight,
                        struct h2k_buffer *out);

#endif
