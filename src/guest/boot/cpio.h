/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * cpio archives in the "newc" format, as an initramfs has them
 * (Documentation/driver-api/early-userspace/buffer-format.rst): a header of
 * 110 bytes in hexadecimal digits, the name, the content, each padded to a
 * multiple of 4 bytes.
 */
#ifndef H2K_GUEST_CPIO_H
#define H2K_GUEST_CPIO_H

#include "base/buffer.h"
#include "base/view.h"

#define H2K_CPIO_HEADER 110
#define H2K_CPIO_NAME_MAX 4096 /* with the NUL: the kernel's PATH_MAX */
#define H2K_CPIO_TRAILER "TRAILER!!!"

struct h2k_cpio_header {
    uint32_t mode; /* as in <sys/stat.h> */
    uint32_t links;
    uint32_t mtime;
    uint32_t file_size;
    uint32_t name_size; /* with the NUL, at least 1 */
};

/* False when BYTES does not begin with a header: the magic 070701 or 070702,
 * hexadecimal digits, and a name that Linux accepts. */
bool h2k_cpio_parse(struct h2k_view bytes, struct h2k_cpio_header *header);

/* Writing: an archive grows in OUT, which must be empty or hold a multiple
 * of 4 bytes at its start.  INO numbers entries from 1, so that none is
 * taken for a link to another.  Memory: h2k_buffer_check at the end. */
struct h2k_cpio_writer {
    struct h2k_buffer *out;
    uint32_t ino;
};
void h2k_cpio_add_dir(struct h2k_cpio_writer *writer, const char *name,
                      uint32_t permissions);
void h2k_cpio_add_file(struct h2k_cpio_writer *writer, const char *name,
                       uint32_t permissions, uint32_t mtime,
                       const void *content, uint32_t size);
void h2k_cpio_end(struct h2k_cpio_writer *writer);

/* How many bytes an entry takes, for a name without its NUL. */
uint64_t h2k_cpio_entry_size(size_t name_length, uint64_t file_size);

#endif
