/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/boot/cpio.h"

#include <string.h>
#include <sys/stat.h>

/* The header's fields, eight digits each, behind the magic. */
enum {
    FIELD_INO,
    FIELD_MODE,
    FIELD_UID,
    FIELD_GID,
    FIELD_LINKS,
    FIELD_MTIME,
    FIELD_FILE_SIZE,
    FIELD_DEV_MAJOR,
    FIELD_DEV_MINOR,
    FIELD_RDEV_MAJOR,
    FIELD_RDEV_MINOR,
    FIELD_NAME_SIZE,
    FIELD_CHECK,
    FIELD_COUNT,
};

static bool
parse_hex(const uint8_t *digits, uint32_t *out)
{
    uint32_t n = 0;
    for (int i = 0; i < 8; i++) {
        uint8_t c = digits[i];
        uint32_t value;
        if (c >= '0' && c <= '9')
            value = c - '0';
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            value = (uint32_t)((c | 0x20) - 'a' + 10);
        else
            return false;
        n = n << 4 | value;
    }
    *out = n;
    return true;
}

bool
h2k_cpio_parse(struct h2k_view bytes, struct h2k_cpio_header *header)
{
    uint32_t fields[FIELD_COUNT];
    if (!h2k_view_has(bytes, 0, H2K_CPIO_HEADER) ||
        (!h2k_view_equal(bytes, 0, "070701", 6) &&
         !h2k_view_equal(bytes, 0, "070702", 6)))
        return false;
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (!parse_hex(bytes.data + 6 + i * 8, &fields[i]))
            return false;
    *header = (struct h2k_cpio_header){
        .mode = fields[FIELD_MODE],
        .links = fields[FIELD_LINKS],
        .mtime = fields[FIELD_MTIME],
        .file_size = fields[FIELD_FILE_SIZE],
        .name_size = fields[FIELD_NAME_SIZE],
    };
    return header->name_size > 0 && header->name_size <= H2K_CPIO_NAME_MAX;
}

uint64_t
h2k_cpio_entry_size(size_t name_length, uint64_t file_size)
{
    return h2k_align_up(H2K_CPIO_HEADER + (uint64_t)name_length + 1, 4) +
           h2k_align_up(file_size, 4);
}

static void
pad(struct h2k_buffer *out)
{
    h2k_buffer_add_zeros(out,
                         (size_t)(h2k_align_up(out->size, 4) - out->size));
}

static void
add_header(struct h2k_cpio_writer *w, const char *name, uint32_t mode,
           uint32_t links, uint32_t mtime, uint32_t size)
{
    uint32_t name_size = (uint32_t)strlen(name) + 1;
    h2k_buffer_addf(w->out,
                    "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X"
                    "%08X",
                    ++w->ino, mode, 0u, 0u, links, mtime, size, 0u, 0u, 0u, 0u,
                    name_size, 0u);
    h2k_buffer_add(w->out, name, name_size);
    pad(w->out);
}

void
h2k_cpio_add_dir(struct h2k_cpio_writer *writer, const char *name,
                 uint32_t permissions)
{
    add_header(writer, name, S_IFDIR | permissions, 2, 0, 0);
}

void
h2k_cpio_add_file(struct h2k_cpio_writer *writer, const char *name,
                  uint32_t permissions, uint32_t mtime, const void *content,
                  uint32_t size)
{
    add_header(writer, name, S_IFREG | permissions, 1, mtime, size);
    h2k_buffer_add(writer->out, content, size);
    pad(writer->out);
}

void
h2k_cpio_end(struct h2k_cpio_writer *writer)
{
    add_header(writer, H2K_CPIO_TRAILER, 0, 1, 0, 0);
}
