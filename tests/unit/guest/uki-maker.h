/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Small unified kernel images for tests: a PE32+ file with these sections
 * and nothing to run. */
#ifndef H2K_TESTS_UKI_MAKER_H
#define H2K_TESTS_UKI_MAKER_H

#include "base/buffer.h"
#include "base/endian.h"

#include <string.h>

struct uki_part {
    const char *name;
    const void *data;
    size_t size;
};

#define UKI_PE 0x80
#define UKI_OPTIONAL (UKI_PE + 24)
#define UKI_OPTIONAL_SIZE 240
#define UKI_TABLE (UKI_OPTIONAL + UKI_OPTIONAL_SIZE)
#define UKI_FILE_ALIGNMENT 512u
#define UKI_SECTION_ALIGNMENT 4096u

static inline uint32_t
uki_align(size_t n, uint32_t align)
{
    return (uint32_t)((n + align - 1) / align * align);
}

__attribute__((unused)) static void
make_uki(struct h2k_buffer *out, const struct uki_part *parts, size_t count,
         bool is_signed)
{
    uint8_t head[1024] = { 'M', 'Z' };
    uint32_t raw = sizeof(head), address = UKI_SECTION_ALIGNMENT;
    h2k_put_le32(head + 0x3c, UKI_PE);
    memcpy(head + UKI_PE, "PE\0\0", 4);
    h2k_put_le16(head + UKI_PE + 4, 0x8664);
    h2k_put_le16(head + UKI_PE + 6, (uint16_t)count);
    h2k_put_le16(head + UKI_PE + 20, UKI_OPTIONAL_SIZE);
    h2k_put_le16(head + UKI_OPTIONAL, 0x20b);
    h2k_put_le32(head + UKI_OPTIONAL + 32, UKI_SECTION_ALIGNMENT);
    h2k_put_le32(head + UKI_OPTIONAL + 36, UKI_FILE_ALIGNMENT);
    h2k_put_le32(head + UKI_OPTIONAL + 60, sizeof(head));
    h2k_put_le32(head + UKI_OPTIONAL + 64, 0x12345678);
    h2k_put_le32(head + UKI_OPTIONAL + 108, 16);
    for (size_t i = 0; i < count; i++) {
        uint8_t *line = head + UKI_TABLE + 40 * i;
        memcpy(line, parts[i].name, strnlen(parts[i].name, 8));
        h2k_put_le32(line + 8, (uint32_t)parts[i].size);
        h2k_put_le32(line + 12, address);
        h2k_put_le32(line + 16, uki_align(parts[i].size, UKI_FILE_ALIGNMENT));
        h2k_put_le32(line + 20, raw);
        raw += uki_align(parts[i].size, UKI_FILE_ALIGNMENT);
        address += uki_align(parts[i].size, UKI_SECTION_ALIGNMENT);
    }
    h2k_put_le32(head + UKI_OPTIONAL + 56, address);
    if (is_signed) {
        h2k_put_le32(head + UKI_OPTIONAL + 112 + 32, raw);
        h2k_put_le32(head + UKI_OPTIONAL + 112 + 36, 8);
    }
    h2k_buffer_add(out, head, sizeof(head));
    for (size_t i = 0; i < count; i++) {
        h2k_buffer_add(out, parts[i].data, parts[i].size);
        h2k_buffer_add_zeros(
            out, uki_align(parts[i].size, UKI_FILE_ALIGNMENT) - parts[i].size);
    }
    if (is_signed)
        h2k_buffer_add(out, "\x08\0\0\0\0\2\2\0", 8);
}

#endif
