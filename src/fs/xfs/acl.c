/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "fs/xfs/acl.h"

#include "base/endian.h"
#include "base/error.h"

#include <stdlib.h>

/* On the disk, big-endian ("Extended Attributes", xfs_acl): a count of
 * entries; each a tag, an id (32 bits both), permissions (16), room (16). */
#define DISK_HEADER 4u
#define DISK_ENTRY 12u
/* As an attribute, little-endian: a version; each a tag, permissions (16
 * both), an id (32). */
#define XATTR_HEADER 4u
#define XATTR_ENTRY 8u
#define XATTR_VERSION 2u
#define NO_ID UINT32_MAX
#define ENTRIES_MAX 5461u /* 64 KiB */

enum {
    TAG_USER_OBJ = 0x01,
    TAG_USER = 0x02,
    TAG_GROUP_OBJ = 0x04,
    TAG_GROUP = 0x08,
    TAG_MASK = 0x10,
    TAG_OTHER = 0x20,
};

static bool
tag_known(uint32_t tag)
{
    return tag == TAG_USER_OBJ || tag == TAG_USER || tag == TAG_GROUP_OBJ ||
           tag == TAG_GROUP || tag == TAG_MASK || tag == TAG_OTHER;
}

/* Only those of single users and groups have an id. */
static bool
has_id(uint32_t tag)
{
    return tag == TAG_USER || tag == TAG_GROUP;
}

void *
h2k_xfs_acl_from_disk(const void *value, size_t length, size_t *size)
{
    const uint8_t *from = value;
    size_t count = length < DISK_HEADER ? 0 : h2k_get_be32(from);
    if (length < DISK_HEADER || count > ENTRIES_MAX ||
        length != DISK_HEADER + count * DISK_ENTRY)
        return h2k_fail_null(H2K_E_CORRUPT, "a damaged ACL");
    *size = XATTR_HEADER + count * XATTR_ENTRY;
    uint8_t *out = malloc(*size);
    if (out == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    h2k_put_le32(out, XATTR_VERSION);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *in = from + DISK_HEADER + i * DISK_ENTRY;
        uint8_t *to = out + XATTR_HEADER + i * XATTR_ENTRY;
        uint32_t tag = h2k_get_be32(in);
        if (!tag_known(tag)) {
            free(out);
            return h2k_fail_null(H2K_E_CORRUPT, "a damaged ACL");
        }
        h2k_put_le16(to, (uint16_t)tag);
        h2k_put_le16(to + 2, h2k_get_be16(in + 8));
        h2k_put_le32(to + 4, has_id(tag) ? h2k_get_be32(in + 4) : NO_ID);
    }
    return out;
}

void *
h2k_xfs_acl_to_disk(const void *value, size_t length, size_t *size)
{
    const uint8_t *from = value;
    size_t count = length < XATTR_HEADER ? 0 : (length - XATTR_HEADER) / 8;
    if (length < XATTR_HEADER || h2k_get_le32(from) != XATTR_VERSION ||
        length != XATTR_HEADER + count * XATTR_ENTRY || count > ENTRIES_MAX)
        return h2k_fail_null(H2K_E_RANGE, "not a POSIX ACL");
    *size = DISK_HEADER + count * DISK_ENTRY;
    uint8_t *out = calloc(1, *size);
    if (out == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    h2k_put_be32(out, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *in = from + XATTR_HEADER + i * XATTR_ENTRY;
        uint8_t *to = out + DISK_HEADER + i * DISK_ENTRY;
        uint32_t tag = h2k_get_le16(in);
        if (!tag_known(tag)) {
            free(out);
            return h2k_fail_null(H2K_E_RANGE, "not a POSIX ACL");
        }
        h2k_put_be32(to, tag);
        h2k_put_be32(to + 4, has_id(tag) ? h2k_get_le32(in + 4) : NO_ID);
        h2k_put_be16(to + 8, h2k_get_le16(in + 2));
    }
    return out;
}
