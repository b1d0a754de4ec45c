/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Extended attributes ("Extended Attributes").
 *
 * Names are Linux's: the namespace is a flag on the disk and a word before
 * the dot outside.  ACLs are kept as attributes of root's and seen as
 * system.posix_acl_*.  Parent pointers are the filesystem's own.
 */
#include "fs/xfs/attr.h"

#include "base/checked.h"
#include "base/error.h"
#include "fs/xfs/acl.h"

#include <inttypes.h>
#include <stdio.h>

static const struct {
    const char *outside, *inside;
} acls[] = {
    { "system.posix_acl_access", "SGI_ACL_FILE" },
    { "system.posix_acl_default", "SGI_ACL_DEFAULT" },
};

static const struct {
    const char *word;
    uint32_t flags;
} namespaces[] = {
    { "user.", 0 },
    { "trusted.", H2K_XFS_ATTR_ROOT },
    { "security.", H2K_XFS_ATTR_SECURE },
};

bool
h2k_xfs_attr_name_of(const char *name, struct h2k_xfs_attr_name *out)
{
    for (size_t i = 0; i < 2; i++)
        if (strcmp(name, acls[i].outside) == 0) {
            *out = (struct h2k_xfs_attr_name){ acls[i].inside,
                                               strlen(acls[i].inside),
                                               H2K_XFS_ATTR_ROOT, true };
            return true;
        }
    for (size_t i = 0; i < 3; i++) {
        size_t n = strlen(namespaces[i].word);
        if (strncmp(name, namespaces[i].word, n) != 0)
            continue;
        *out = (struct h2k_xfs_attr_name){ name + n, strlen(name + n),
                                           namespaces[i].flags, false };
        return out->length > 0 && out->length <= H2K_NAME_MAX;
    }
    return false;
}

/* ---- Going through them ---- */

static int
each_short(struct h2k_xfs_attrs *a, h2k_xfs_attr_fn fn, void *opaque)
{
    uint32_t room;
    struct h2k_xfs_attr attr;
    struct h2k_view e, v;
    const uint8_t *area =
        h2k_xfs_fork_area(a->da.xfs, a->da.inode, H2K_XFS_ATTR_FORK, &room);
    uint32_t at = H2K_XFS_ASF_SIZE;
    v = h2k_view_of(area, room);
    if (!h2k_view_slice(v, 0, h2k_view_be16(v, H2K_XFS_ASF_TOTSIZE), &v) ||
        v.size < H2K_XFS_ASF_SIZE)
        return h2k_xfs_da_damaged(&a->da, "its attributes have no header");
    for (uint32_t i = h2k_view_u8(v, H2K_XFS_ASF_COUNT); i > 0; i--) {
        uint32_t name = h2k_view_u8(v, at + H2K_XFS_ASF_ENTRY_NAMELEN);
        uint32_t value = h2k_view_u8(v, at + H2K_XFS_ASF_ENTRY_VALUELEN);
        uint32_t size = H2K_XFS_ASF_ENTRY_NAME + name + value;
        if (name == 0 || !h2k_view_slice(v, at, size, &e))
            return h2k_xfs_da_damaged(&a->da, "a damaged attribute");
        attr = (struct h2k_xfs_attr){
            .hash = h2k_xfs_hash((const char *)e.data + H2K_XFS_ASF_ENTRY_NAME,
                                 name),
            .name = e.data + H2K_XFS_ASF_ENTRY_NAME,
            .name_length = name,
            .flags = e.data[H2K_XFS_ASF_ENTRY_FLAGS],
            .value = e.data + H2K_XFS_ASF_ENTRY_NAME + name,
            .value_length = value,
        };
        int rc = fn(opaque, &attr);
        if (rc != 0)
            return rc;
        at += size;
    }
    return 0;
}

bool
h2k_xfs_attr_leaf_get(const struct h2k_xfs_da *da, struct h2k_view v,
                      uint32_t i, struct h2k_xfs_attr *out)
{
    uint32_t entry = da->attr_entries + i * H2K_XFS_AE_SIZE;
    uint32_t at = h2k_view_be16(v, entry + H2K_XFS_AE_NAMEIDX);
    *out = (struct h2k_xfs_attr){
        .hash = h2k_view_be32(v, entry + H2K_XFS_AE_HASHVAL),
        .flags = h2k_view_u8(v, entry + H2K_XFS_AE_FLAGS),
    };
    if (out->flags & H2K_XFS_ATTR_LOCAL) {
        out->value_length = h2k_view_be16(v, at + H2K_XFS_ANL_VALUELEN);
        out->name_length = h2k_view_u8(v, at + H2K_XFS_ANL_NAMELEN);
        out->name = h2k_view_bytes(v, at + H2K_XFS_ANL_NAME,
                                   out->name_length + out->value_length);
        if (out->name != NULL)
            out->value = out->name + out->name_length;
    } else {
        out->value_block = h2k_view_be32(v, at + H2K_XFS_ANR_VALUEBLK);
        out->value_length = h2k_view_be32(v, at + H2K_XFS_ANR_VALUELEN);
        out->name_length = h2k_view_u8(v, at + H2K_XFS_ANR_NAMELEN);
        out->name = h2k_view_bytes(v, at + H2K_XFS_ANR_NAME, out->name_length);
    }
    return out->name != NULL && out->name_length > 0 &&
           out->value_length <= H2K_XFS_ATTR_VALUE_MAX;
}

static int
each_in_leaf(struct h2k_xfs_attrs *a, const struct h2k_xfs_buf *buf,
             h2k_xfs_attr_fn fn, void *opaque)
{
    struct h2k_view v = h2k_view_of(buf->data, buf->length);
    struct h2k_xfs_attr attr;
    uint32_t count = h2k_xfs_da_count(&a->da, buf);
    for (uint32_t i = 0; i < count; i++) {
        if (!h2k_xfs_attr_leaf_get(&a->da, v, i, &attr))
            return h2k_xfs_da_damaged(&a->da, "a damaged attribute");
        int rc = attr.flags & H2K_XFS_ATTR_INCOMPLETE ? 0 : fn(opaque, &attr);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int
each_in_tree(struct h2k_xfs_attrs *a, uint32_t hash, h2k_xfs_attr_fn fn,
             void *opaque)
{
    struct h2k_xfs_da_path path;
    int rc = h2k_xfs_da_descend(&a->da, hash, &path) < 0 ? -1 : 1;
    while (rc > 0) {
        rc = each_in_leaf(a, h2k_xfs_da_leaf(&path), fn, opaque);
        if (rc == 0)
            rc = h2k_xfs_da_next(&a->da, &path);
        else
            break;
    }
    return rc;
}

int
h2k_xfs_attr_each(struct h2k_xfs_attrs *a, uint32_t hash, h2k_xfs_attr_fn fn,
                  void *opaque)
{
    uint32_t room;
    h2k_xfs_fork_area(a->da.xfs, a->da.inode, H2K_XFS_ATTR_FORK, &room);
    if (room == 0 ||
        h2k_xfs_fork_format(a->da.inode, H2K_XFS_ATTR_FORK) == H2K_XFS_DEV)
        return 0;
    if (h2k_xfs_fork_format(a->da.inode, H2K_XFS_ATTR_FORK) == H2K_XFS_LOCAL)
        return each_short(a, fn, opaque);
    return a->da.map.count == 0 ? 0 : each_in_tree(a, hash, fn, opaque);
}

int
h2k_xfs_attrs_open(struct h2k_xfs *xfs, h2k_ino ino, struct h2k_xfs_attrs *a)
{
    *a = (struct h2k_xfs_attrs){ 0 };
    if (h2k_xfs_inode_read(xfs, ino, &a->inode) < 0)
        return -1;
    return h2k_xfs_da_open(&a->da, xfs, &a->inode, H2K_XFS_ATTR_FORK);
}

void
h2k_xfs_attrs_close(struct h2k_xfs_attrs *a)
{
    h2k_xfs_da_close(&a->da);
}

/* ---- Values ---- */

/* The value's part in block BLOCK of the fork, which begins with its byte
 * DONE. */
static int
read_value_block(struct h2k_xfs_attrs *a, uint64_t block, uint8_t *value,
                 uint32_t done, uint32_t count)
{
    struct h2k_xfs *xfs = a->da.xfs;
    uint32_t header = xfs->geo.v5 ? H2K_XFS_RM_SIZE : 0;
    struct h2k_xfs_buf *buf =
        h2k_xfs_da_read(&a->da, block, H2K_XFS_ATTR_REMOTE);
    if (buf == NULL)
        return -1;
    if (header > 0 && (h2k_get_be32(buf->data + H2K_XFS_RM_OFFSET) != done ||
                       h2k_get_be32(buf->data + H2K_XFS_RM_BYTES) != count))
        return h2k_xfs_da_damaged(&a->da, "an attribute's value is another's");
    memcpy(value + done, buf->data + header, count);
    return 0;
}

void *
h2k_xfs_attr_value(struct h2k_xfs_attrs *a, const struct h2k_xfs_attr *attr)
{
    uint32_t header = a->da.xfs->geo.v5 ? H2K_XFS_RM_SIZE : 0;
    uint32_t room = a->da.block_size - header, done = 0;
    h2k_autofree uint8_t *value = malloc((size_t)attr->value_length + 1);
    if (value == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    if (attr->value != NULL) {
        memcpy(value, attr->value, attr->value_length);
        return h2k_steal(value);
    }
    for (uint64_t block = attr->value_block; done < attr->value_length;
         block++) {
        uint32_t n = (uint32_t)h2k_min_u64(room, attr->value_length - done);
        if (read_value_block(a, block, value, done, n) < 0)
            return NULL;
        done += n;
    }
    return h2k_steal(value);
}

/* ---- Calls ---- */

struct search {
    struct h2k_xfs_attrs *attrs;
    struct h2k_xfs_attr_name name;
    void *value;
    size_t size;
};

static int
try_attr(void *opaque, const struct h2k_xfs_attr *attr)
{
    struct search *s = opaque;
    if ((attr->flags & H2K_XFS_ATTR_NAMESPACES) != s->name.flags ||
        attr->name_length != s->name.length ||
        memcmp(attr->name, s->name.bytes, s->name.length) != 0)
        return 0;
    s->value = h2k_xfs_attr_value(s->attrs, attr);
    s->size = attr->value_length;
    return s->value == NULL ? -1 : 1;
}

static int
find_attr(struct search *s)
{
    int rc = h2k_xfs_attr_each(
        s->attrs, h2k_xfs_hash(s->name.bytes, s->name.length), try_attr, s);
    if (rc <= 0 || !s->name.acl)
        return rc;
    h2k_autofree void *disk = s->value;
    s->value = h2k_xfs_acl_from_disk(disk, s->size, &s->size);
    return s->value == NULL ? -1 : rc;
}

int
h2k_xfs_getxattr(void *state, h2k_ino ino, const char *name, void **value,
                 size_t *size)
{
    struct h2k_xfs *xfs = state;
    struct h2k_xfs_attrs attrs;
    struct search s = { .attrs = &attrs };
    int rc = 0;
    h2k_xfs_read_begin(xfs);
    if (h2k_xfs_attr_name_of(name, &s.name)) {
        if (h2k_xfs_attrs_open(xfs, ino, &attrs) < 0)
            return h2k_prefix("xfs: ");
        rc = find_attr(&s);
        h2k_xfs_attrs_close(&attrs);
    }
    if (rc < 0)
        return h2k_prefix("xfs: inode %" PRIu64 ": ", ino);
    if (rc == 0)
        return h2k_fail(H2K_E_NOENT,
                        "xfs: inode %" PRIu64 " has no attribute '%.300s'",
                        ino, name);
    *value = s.value;
    *size = s.size;
    return 0;
}

/* All names, each behind the last with its NUL: the callback may call us. */
struct names {
    struct h2k_buffer text;
    h2k_ino ino;
};

static int
add_name(void *opaque, const struct h2k_xfs_attr *attr)
{
    struct names *names = opaque;
    uint32_t space = attr->flags & H2K_XFS_ATTR_NAMESPACES;
    if (memchr(attr->name, '\0', attr->name_length) != NULL)
        return h2k_fail(H2K_E_CORRUPT, "an attribute's name has a NUL in it");
    for (size_t i = 0; i < 2 && space == H2K_XFS_ATTR_ROOT; i++)
        if (attr->name_length == strlen(acls[i].inside) &&
            memcmp(attr->name, acls[i].inside, attr->name_length) == 0) {
            h2k_buffer_add(&names->text, acls[i].outside,
                           strlen(acls[i].outside) + 1);
            return 0;
        }
    for (size_t i = 0; i < 3; i++)
        if (space == namespaces[i].flags) {
            h2k_buffer_add(&names->text, namespaces[i].word,
                           strlen(namespaces[i].word));
            h2k_buffer_add(&names->text, attr->name, attr->name_length);
            h2k_buffer_add_zeros(&names->text, 1);
        }
    return 0;
}

int
h2k_xfs_listxattr(void *state, h2k_ino ino, h2k_xattr_fn fn, void *opaque)
{
    struct h2k_xfs *xfs = state;
    struct h2k_xfs_attrs attrs;
    struct names names = { .ino = ino };
    h2k_xfs_read_begin(xfs);
    if (h2k_xfs_attrs_open(xfs, ino, &attrs) < 0)
        return h2k_prefix("xfs: ");
    int rc = h2k_xfs_attr_each(&attrs, 0, add_name, &names);
    h2k_xfs_attrs_close(&attrs);
    if (rc == 0)
        rc = h2k_buffer_check(&names.text);
    if (rc < 0)
        h2k_prefix("xfs: inode %" PRIu64 ": ", ino);
    const char *name = names.text.data;
    for (size_t at = 0; rc == 0 && at < names.text.size;
         at += strlen(name + at) + 1)
        rc = fn(opaque, name + at);
    h2k_buffer_free(&names.text);
    return rc;
}
