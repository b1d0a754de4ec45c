/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* How a fork keeps what it has: in the inode, as a list, as a tree. */
#include "base/error.h"
#include "fs/xfs/alloc.h"
#include "fs/xfs/fork.h"
#include "fs/xfs/format-attr.h"
#include "fs/xfs/format-inode.h"
#include "fs/xfs/format.h"

#include <inttypes.h>

static void
set_format(struct h2k_xfs_inode *inode, enum h2k_xfs_fork fork,
           enum h2k_xfs_format format)
{
    inode->raw[fork == H2K_XFS_DATA_FORK ? H2K_XFS_DI_FORMAT
                                         : H2K_XFS_DI_AFORMAT] =
        (uint8_t)format;
}

/* One leaf has room for more than any inode. */
int
h2k_xfs_fork_make_tree(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                       enum h2k_xfs_fork fork)
{
    const struct h2k_xfs_tree tree = h2k_xfs_tree_of_fork(xfs, inode, fork);
    uint64_t count = h2k_xfs_fork_extents(xfs, inode, fork), near = 0;
    struct h2k_xfs_extent first;
    struct h2k_xfs_entry entry;
    struct h2k_xfs_node leaf, root;
    uint32_t size;
    uint8_t *area = h2k_xfs_fork_area(xfs, inode, fork, &size);
    if (count > 0) {
        h2k_xfs_extent_get(area, &first);
        near = first.start;
    }
    if (h2k_xfs_node_new(&tree, near, 0, &leaf) < 0 ||
        h2k_xfs_inode_dirty(xfs, inode) < 0)
        return -1;
    if (count == 0 || count > leaf.room)
        return h2k_xfs_tree_damaged(&tree, "an impossible count");
    memcpy(leaf.body, area, count * H2K_XFS_BMBT_REC_SIZE);
    h2k_xfs_node_set_count(&leaf, (uint32_t)count);
    memset(area, 0, size);
    h2k_put_be16(area + H2K_XFS_BMDR_LEVEL, 1);
    h2k_put_be16(area + H2K_XFS_BMDR_NUMRECS, 1);
    set_format(inode, fork, H2K_XFS_BTREE);
    if (h2k_xfs_node_read_root(&tree, &root) < 0)
        return -1;
    h2k_xfs_node_entry(&tree, &leaf, &entry);
    h2k_xfs_node_set_count(&root, 0);
    h2k_xfs_node_insert(&tree, &root, 0, &entry);
    return 0;
}

int
h2k_xfs_fork_make_list(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                       enum h2k_xfs_fork fork)
{
    const struct h2k_xfs_tree tree = h2k_xfs_tree_of_fork(xfs, inode, fork);
    uint64_t count = h2k_xfs_fork_extents(xfs, inode, fork);
    struct h2k_xfs_node root, leaf;
    uint32_t size;
    uint8_t *area = h2k_xfs_fork_area(xfs, inode, fork, &size);
    if (h2k_xfs_node_read_root(&tree, &root) < 0)
        return -1;
    if (root.level != 1 || h2k_xfs_node_count(&root) != 1)
        return h2k_xfs_tree_damaged(&tree, "a tree for few extents");
    if (h2k_xfs_node_read(&tree, h2k_xfs_node_pointer(&tree, &root, 0), 0,
                          &leaf) < 0 ||
        h2k_xfs_inode_dirty(xfs, inode) < 0)
        return -1;
    if (h2k_xfs_node_count(&leaf) != count)
        return h2k_xfs_tree_damaged(&tree, "some are missing");
    memset(area, 0, size);
    memcpy(area, leaf.body, count * H2K_XFS_BMBT_REC_SIZE);
    set_format(inode, fork, H2K_XFS_EXTENTS);
    return h2k_xfs_node_release(&tree, &leaf);
}

int
h2k_xfs_fork_make_extents(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                          enum h2k_xfs_fork fork)
{
    uint32_t size;
    uint8_t *area = h2k_xfs_fork_area(xfs, inode, fork, &size);
    if (h2k_xfs_inode_dirty(xfs, inode) < 0)
        return -1;
    memset(area, 0, size);
    set_format(inode, fork, H2K_XFS_EXTENTS);
    return 0;
}

/* ---- Room for attributes ("Attribute Fork") ---- */

/* Roots of trees of so many pointers; two are the least for attributes. */
#define ROOT(pointers)   \
    (H2K_XFS_BMDR_SIZE + \
     (pointers) * (uint32_t)(H2K_XFS_BMBT_KEY_SIZE + H2K_XFS_LONG_PTR_SIZE))
#define ATTR_MIN ROOT(2)

/* Bytes that the data fork must keep: what is in it, and room for the root
 * that it may need one day. */
static uint32_t
data_bytes(const struct h2k_xfs *xfs, const struct h2k_xfs_inode *inode)
{
    switch (h2k_xfs_fork_format(inode, H2K_XFS_DATA_FORK)) {
    case H2K_XFS_DEV:
        return 8;
    case H2K_XFS_LOCAL:
        return (uint32_t)h2k_max_u64(H2K_XFS_BMDR_MIN,
                                     h2k_xfs_inode_size(inode));
    case H2K_XFS_EXTENTS:
        return (uint32_t)h2k_max_u64(
            H2K_XFS_BMDR_MIN,
            h2k_xfs_fork_extents(xfs, inode, H2K_XFS_DATA_FORK) *
                H2K_XFS_BMBT_REC_SIZE);
    default:
        return H2K_XFS_BMDR_MIN;
    }
}

/* Where attributes begin, of LITERAL bytes; the kernel leaves data twelve
 * extents, and in inodes of 256 bytes all but the least.  Without attr2 that
 * is the only place. */
static uint32_t
attr_begin(const struct h2k_xfs *xfs, const struct h2k_xfs_inode *inode,
           uint32_t literal, uint32_t wanted)
{
    uint32_t usual =
        xfs->geo.inode_size == 256 ? literal - ATTR_MIN : ROOT(12);
    uint32_t least = data_bytes(xfs, inode), begin = usual & ~7u;
    least = (least + 7) & ~7u;
    if (!xfs->geo.attr2)
        return begin;
    if (h2k_xfs_fork_format(inode, H2K_XFS_DATA_FORK) == H2K_XFS_DEV)
        return least;
    if (wanted <= literal && ((literal - wanted) & ~7u) < begin)
        begin = (literal - wanted) & ~7u;
    if (begin < least)
        begin = least;
    /* What does not fit beside the data goes into a block of its own. */
    if (begin > ((literal - ATTR_MIN) & ~7u))
        begin = (literal - ATTR_MIN) & ~7u;
    return begin;
}

/* A tree's root keeps its pointers behind the room for its keys. */
static int
shrink_root(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode, uint32_t size)
{
    const struct h2k_xfs_tree tree =
        h2k_xfs_tree_of_fork(xfs, inode, H2K_XFS_DATA_FORK);
    struct h2k_xfs_node root, small;
    struct h2k_xfs_cursor c;
    if (h2k_xfs_node_read_root(&tree, &root) < 0)
        return -1;
    small = root;
    small.room = (size - H2K_XFS_BMDR_SIZE) /
                 (H2K_XFS_BMBT_KEY_SIZE + H2K_XFS_LONG_PTR_SIZE);
    if (h2k_xfs_node_count(&root) > small.room) {
        if (h2k_xfs_cursor_end(&c, &tree) < 0 || h2k_xfs_cursor_grow(&c) < 0 ||
            h2k_xfs_node_read_root(&tree, &root) < 0)
            return -1;
        small.level = root.level;
    }
    h2k_xfs_node_move(&tree, &small, 0, &root, 0, h2k_xfs_node_count(&root));
    return 0;
}

static int
shrink_data(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode, uint32_t size)
{
    enum h2k_xfs_format format = h2k_xfs_fork_format(inode, H2K_XFS_DATA_FORK);
    if (format == H2K_XFS_LOCAL && h2k_xfs_inode_size(inode) > size)
        return h2k_fail(H2K_E_NOSPACE,
                        "inode %" PRIu64 " has no room for attributes",
                        inode->ino);
    if (format == H2K_XFS_EXTENTS &&
        h2k_xfs_fork_extents(xfs, inode, H2K_XFS_DATA_FORK) >
            size / H2K_XFS_BMBT_REC_SIZE) {
        if (h2k_xfs_fork_make_tree(xfs, inode, H2K_XFS_DATA_FORK) < 0)
            return -1;
        format = H2K_XFS_BTREE;
    }
    return format == H2K_XFS_BTREE ? shrink_root(xfs, inode, size) : 0;
}

/* Version 4 says in the superblock whether there are attributes at all. */
static int
mark_attributes(struct h2k_xfs *xfs)
{
    struct h2k_xfs_buf *sb = h2k_xfs_sb(xfs);
    if (sb == NULL)
        return -1;
    uint16_t bits = h2k_get_be16(sb->data + H2K_XFS_SB_VERSIONNUM);
    if ((bits & H2K_XFS_VERSION_ATTR) != 0)
        return 0;
    if (h2k_xfs_buf_dirty(xfs, sb) < 0)
        return -1;
    h2k_put_be16(sb->data + H2K_XFS_SB_VERSIONNUM,
                 bits | H2K_XFS_VERSION_ATTR);
    return 0;
}

int
h2k_xfs_attr_fork_make(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                       uint32_t wanted_bytes)
{
    uint32_t literal, size;
    if (inode->raw[H2K_XFS_DI_FORKOFF] != 0)
        return 0;
    h2k_xfs_fork_area(xfs, inode, H2K_XFS_DATA_FORK, &literal);
    uint32_t begin = attr_begin(xfs, inode, literal, wanted_bytes);
    if (h2k_xfs_inode_dirty(xfs, inode) < 0 || mark_attributes(xfs) < 0 ||
        shrink_data(xfs, inode, begin) < 0)
        return -1;
    inode->raw[H2K_XFS_DI_FORKOFF] = (uint8_t)(begin / 8);
    set_format(inode, H2K_XFS_ATTR_FORK, H2K_XFS_LOCAL);
    uint8_t *area = h2k_xfs_fork_area(xfs, inode, H2K_XFS_ATTR_FORK, &size);
    memset(area, 0, size);
    h2k_put_be16(area + H2K_XFS_ASF_TOTSIZE, H2K_XFS_ASF_SIZE);
    return 0;
}
