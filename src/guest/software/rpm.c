/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * .rpm files, RPM Package Manager's documentation "Package format": a lead
 * of 96 bytes, the signature's header, padded to 8 bytes, the header, and a
 * compressed cpio archive.  A header is its magic, how many entries there
 * are and how large the store is, the entries of 16 bytes (tag, type,
 * offset in the store, count), all big-endian, and the store.
 */
#include "guest/software/software.h"

#include "base/endian.h"
#include "base/error.h"
#include "base/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAD 96
#define HEADER 16
#define ENTRY 16
#define ENTRIES_MAX 65536
#define STRINGS_MAX 65536

enum {
    TAG_NAME = 1000,
    TAG_VERSION = 1001,
    TAG_RELEASE = 1002,
    TAG_ARCH = 1022,
    TAG_REQUIRE_NAME = 1049,
};
enum { TYPE_STRING = 6, TYPE_STRING_ARRAY = 8 };

struct header {
    struct h2k_view entries, store;
    uint64_t size; /* all of it */
};

static int
read_header(struct h2k_view bytes, uint64_t at, struct header *out)
{
    if (!h2k_view_has(bytes, at, HEADER) ||
        !h2k_view_equal(bytes, at, "\x8e\xad\xe8\x01", 4))
        return h2k_fail(H2K_E_CORRUPT, "a header of it is damaged");
    uint64_t count = h2k_get_be32(bytes.data + at + 8);
    uint64_t store = h2k_get_be32(bytes.data + at + 12);
    uint64_t entries = count * ENTRY;
    if (count > ENTRIES_MAX || !h2k_view_has(bytes, at + HEADER, entries) ||
        !h2k_view_has(bytes, at + HEADER + entries, store))
        return h2k_fail(H2K_E_CORRUPT, "a header of it is too large");
    const uint8_t *data = bytes.data + at + HEADER;
    out->entries = (struct h2k_view){ data, (size_t)entries };
    out->store = (struct h2k_view){ data + entries, (size_t)store };
    out->size = HEADER + entries + store;
    return 0;
}

/* Where a tag's strings begin in the store, and how many they are; false
 * when there is none of the type. */
static bool
find_tag(const struct header *header, uint32_t tag, uint32_t type,
         size_t *offset, uint32_t *count)
{
    for (size_t at = 0; at < header->entries.size; at += ENTRY) {
        const uint8_t *entry = header->entries.data + at;
        if (h2k_get_be32(entry) != tag || h2k_get_be32(entry + 4) != type)
            continue;
        *offset = h2k_get_be32(entry + 8);
        *count = h2k_get_be32(entry + 12);
        return true;
    }
    return false;
}

/* The string at *OFFSET of the store, which goes behind it; NULL where it
 * does not end. */
static const char *
next_string(const struct header *header, size_t *offset)
{
    if (*offset >= header->store.size)
        return NULL;
    const char *text = (const char *)header->store.data + *offset;
    const char *end = memchr(text, '\0', header->store.size - *offset);
    if (end == NULL)
        return NULL;
    *offset += (size_t)(end - text) + 1;
    return text;
}

static const char *
get_string(const struct header *header, uint32_t tag)
{
    size_t offset;
    uint32_t count;
    return find_tag(header, tag, TYPE_STRING, &offset, &count)
               ? next_string(header, &offset)
               : NULL;
}

static int
read_needs(struct h2k_software *package, const struct header *header)
{
    size_t offset;
    uint32_t count;
    if (!find_tag(header, TAG_REQUIRE_NAME, TYPE_STRING_ARRAY, &offset,
                  &count))
        return 0;
    for (uint32_t i = 0; i < count && i < STRINGS_MAX; i++) {
        const char *name = next_string(header, &offset);
        if (name == NULL)
            return h2k_fail(H2K_E_CORRUPT, "a header of it is damaged");
        if (h2k_strings_add(&package->needs, name) < 0)
            return -1;
    }
    return 0;
}

static int
read_names(struct h2k_software *package, const struct header *header)
{
    const char *name = get_string(header, TAG_NAME);
    const char *version = get_string(header, TAG_VERSION);
    const char *release = get_string(header, TAG_RELEASE);
    const char *architecture = get_string(header, TAG_ARCH);
    if (name == NULL || version == NULL || release == NULL ||
        architecture == NULL)
        return h2k_fail(H2K_E_CORRUPT,
                        "its header names no package, version or "
                        "architecture");
    package->name = strdup(name);
    package->architecture = strdup(architecture);
    if (asprintf(&package->version, "%s-%s", version, release) < 0)
        package->version = NULL;
    return package->name == NULL || package->architecture == NULL ||
                   package->version == NULL
               ? h2k_fail(H2K_E_NOMEM, "out of memory")
               : 0;
}

int
h2k_software_read_rpm(struct h2k_software *package)
{
    struct h2k_view bytes = { (const uint8_t *)package->bytes, package->size };
    struct header signature, header;
    package->kind = H2K_SOFTWARE_RPM;
    /* Bytes 6 and 7 of the lead: 0 is a binary package, 1 a source one. */
    if (!h2k_view_has(bytes, 0, LEAD) || h2k_get_be16(bytes.data + 6) != 0)
        return h2k_fail(H2K_E_UNSUPPORTED, "is no binary package");
    if (read_header(bytes, LEAD, &signature) < 0)
        return -1;
    uint64_t at = (LEAD + signature.size + 7) / 8 * 8;
    if (read_header(bytes, at, &header) < 0 ||
        read_names(package, &header) < 0 || read_needs(package, &header) < 0)
        return -1;
    at += header.size;
    return h2k_software_unpack(bytes.data + at, bytes.size - (size_t)at,
                               &package->files);
}
