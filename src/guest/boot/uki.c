/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/boot/uki.h"

#include "base/checked.h"
#include "base/error.h"
#include "base/view.h"

#include <stdlib.h>
#include <string.h>

/* Where things are, from the start of the optional header ("Optional Header
 * Windows-Specific Fields"; PE32+). */
#define MAGIC_PE32PLUS 0x20b
#define AT_SECTION_ALIGNMENT 32
#define AT_FILE_ALIGNMENT 36
#define AT_IMAGE_SIZE 56
#define AT_DIRECTORY_COUNT 108
#define AT_DIRECTORIES 112
#define CERTIFICATE_TABLE 4 /* its index, each of 8 bytes */
#define OPTIONAL_MIN (AT_DIRECTORIES + 8 * (CERTIFICATE_TABLE + 1))

#define COFF_HEADER 24 /* with "PE\0\0" before it */

static bool
is_alignment(uint32_t n)
{
    return n != 0 && h2k_is_power_of_two(n) && n <= 1u << 26;
}

/* The optional header: "Optional Header". */
static bool
parse_optional(struct h2k_view v, struct h2k_uki *out)
{
    if (v.size < OPTIONAL_MIN || h2k_view_le16(v, 0) != MAGIC_PE32PLUS)
        return false;
    out->section_alignment = h2k_view_le32(v, AT_SECTION_ALIGNMENT);
    out->file_alignment = h2k_view_le32(v, AT_FILE_ALIGNMENT);
    out->image_size = h2k_view_le32(v, AT_IMAGE_SIZE);
    uint64_t certificates = AT_DIRECTORIES + 8 * CERTIFICATE_TABLE;
    out->is_signed =
        h2k_view_le32(v, AT_DIRECTORY_COUNT) > CERTIFICATE_TABLE &&
        h2k_view_le32(v, certificates) != 0 &&
        h2k_view_le32(v, certificates + 4) != 0;
    return is_alignment(out->section_alignment) &&
           is_alignment(out->file_alignment);
}

/* One line of the section table: "Section Table (Section Headers)". */
static bool
parse_section(struct h2k_view v, uint64_t file_size,
              struct h2k_uki_section *out)
{
    const uint8_t *name = h2k_view_bytes(v, 0, 8);
    memcpy(out->name, name, 8);
    out->name[8] = '\0';
    out->virtual_size = h2k_view_le32(v, 8);
    out->address = h2k_view_le32(v, 12);
    out->raw_size = h2k_view_le32(v, 16);
    out->raw_offset = h2k_view_le32(v, 20);
    out->length = out->virtual_size < out->raw_size && out->virtual_size > 0
                      ? out->virtual_size
                      : out->raw_size;
    return out->raw_size == 0 ||
           h2k_range_inside(out->raw_offset, out->raw_size, file_size);
}

static bool
parse_table(struct h2k_view v, struct h2k_uki *out)
{
    for (size_t i = 0; i < out->section_count; i++) {
        struct h2k_view line;
        struct h2k_uki_section *section = &out->sections[i];
        if (!h2k_view_slice(v, i * H2K_UKI_SECTION_HEADER,
                            H2K_UKI_SECTION_HEADER, &line) ||
            !parse_section(line, out->size, section))
            return false;
        out->has_profiles |= strcmp(section->name, ".profile") == 0;
    }
    return h2k_uki_find(out, ".linux") != NULL;
}

/* SIZE bytes at OFFSET into BYTES; 0 where the file ends before. */
static int
read_at(struct h2k_block *file, uint64_t offset, void *bytes, size_t size)
{
    if (!h2k_range_inside(offset, size, h2k_block_size(file)))
        return 0;
    return h2k_block_pread(file, bytes, size, offset) < 0 ? -1 : 1;
}

int
h2k_uki_read(struct h2k_block *file, struct h2k_uki *out)
{
    uint8_t dos[64], coff[COFF_HEADER], optional[OPTIONAL_MIN];
    uint8_t table[H2K_UKI_SECTIONS_MAX * H2K_UKI_SECTION_HEADER];
    *out = (struct h2k_uki){ .size = h2k_block_size(file) };
    int rc = read_at(file, 0, dos, sizeof(dos));
    if (rc <= 0 || memcmp(dos, "MZ", 2) != 0)
        return rc < 0 ? -1 : 0;
    uint64_t pe = h2k_get_le32(dos + 0x3c);
    rc = read_at(file, pe, coff, sizeof(coff));
    if (rc <= 0 || memcmp(coff, "PE\0\0", 4) != 0)
        return rc < 0 ? -1 : 0;
    out->section_count = h2k_get_le16(coff + 6);
    out->optional_header = pe + COFF_HEADER;
    out->section_table = out->optional_header + h2k_get_le16(coff + 20);
    if (out->section_count > H2K_UKI_SECTIONS_MAX ||
        h2k_get_le16(coff + 20) < OPTIONAL_MIN)
        return 0;
    rc = read_at(file, out->optional_header, optional, sizeof(optional));
    if (rc <= 0 ||
        !parse_optional(h2k_view_of(optional, sizeof(optional)), out))
        return rc < 0 ? -1 : 0;
    size_t size = out->section_count * H2K_UKI_SECTION_HEADER;
    rc = read_at(file, out->section_table, table, size);
    if (rc <= 0)
        return rc;
    return parse_table(h2k_view_of(table, size), out);
}

const struct h2k_uki_section *
h2k_uki_find(const struct h2k_uki *uki, const char *name)
{
    for (size_t i = 0; i < uki->section_count; i++)
        if (strcmp(uki->sections[i].name, name) == 0)
            return &uki->sections[i];
    return NULL;
}

char *
h2k_uki_text(struct h2k_block *file, const struct h2k_uki *uki,
             const char *name)
{
    const struct h2k_uki_section *section = h2k_uki_find(uki, name);
    size_t size = section == NULL ? 0 : section->length;
    if (size > H2K_UKI_TEXT_MAX)
        size = 0;
    h2k_autofree char *text = malloc(size + 1);
    if (text == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    if (size > 0 && h2k_block_pread(file, text, size, section->raw_offset) < 0)
        return NULL;
    text[size] = '\0';
    size = strlen(text);
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
        text[--size] = '\0';
    return h2k_steal(text);
}
