/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Blocks of B+trees: reading, making, giving back, and where roots are. */
#include "base/error.h"
#include "fs/xfs/alloc.h"
#include "fs/xfs/counts.h"
#include "fs/xfs/format.h"
#include "fs/xfs/verify.h"

/* ---- Roots ---- */

struct root {
    bool agi;              /* else AGF */
    uint32_t root, levels; /* fields */
    uint32_t blocks;       /* that counts blocks, or 0 */
    uint64_t owner;        /* of its blocks */
};

static const struct root roots[H2K_XFS_KINDS] = {
    [H2K_XFS_BNOBT] = { false, H2K_XFS_AGF_BNO_ROOT, H2K_XFS_AGF_BNO_LEVEL, 0,
                        H2K_XFS_OWN_AG },
    [H2K_XFS_CNTBT] = { false, H2K_XFS_AGF_CNT_ROOT, H2K_XFS_AGF_CNT_LEVEL, 0,
                        H2K_XFS_OWN_AG },
    [H2K_XFS_RMAPBT] = { false, H2K_XFS_AGF_RMAP_ROOT, H2K_XFS_AGF_RMAP_LEVEL,
                         0, H2K_XFS_OWN_AG },
    [H2K_XFS_REFCBT] = { false, H2K_XFS_AGF_REFC_ROOT, H2K_XFS_AGF_REFC_LEVEL,
                         H2K_XFS_AGF_REFC_BLOCKS, H2K_XFS_OWN_REFC },
    [H2K_XFS_INOBT] = { true, H2K_XFS_AGI_ROOT, H2K_XFS_AGI_LEVEL,
                        H2K_XFS_AGI_IBLOCKS, H2K_XFS_OWN_INOBT },
    [H2K_XFS_FINOBT] = { true, H2K_XFS_AGI_FREE_ROOT, H2K_XFS_AGI_FREE_LEVEL,
                         H2K_XFS_AGI_FBLOCKS, H2K_XFS_OWN_INOBT },
};

static struct h2k_xfs_buf *
root_header(const struct h2k_xfs_tree *tree)
{
    return roots[tree->kind].agi ? h2k_xfs_agi(tree->xfs, tree->ag)
                                 : h2k_xfs_agf(tree->xfs, tree->ag);
}

int
h2k_xfs_tree_set_root(const struct h2k_xfs_tree *tree, uint64_t address,
                      uint32_t levels)
{
    const struct root *r = &roots[tree->kind];
    struct h2k_xfs_buf *header = root_header(tree);
    if (header == NULL || h2k_xfs_buf_dirty(tree->xfs, header) < 0)
        return -1;
    h2k_put_be32(header->data + r->root, (uint32_t)address);
    h2k_put_be32(header->data + r->levels, levels);
    return 0;
}

/* "B+tree Extent List" */
static int
read_root_in_inode(const struct h2k_xfs_tree *tree, struct h2k_xfs_node *out)
{
    uint32_t size = 0;
    uint8_t *area =
        h2k_xfs_fork_area(tree->xfs, tree->inode, tree->fork, &size);
    *out = (struct h2k_xfs_node){ .counts = area };
    if (size < H2K_XFS_BMDR_SIZE)
        return h2k_xfs_tree_damaged(tree, "no room for its root");
    out->body = area + H2K_XFS_BMDR_SIZE;
    out->level = h2k_get_be16(area + H2K_XFS_BMDR_LEVEL);
    out->room = (size - H2K_XFS_BMDR_SIZE) /
                (H2K_XFS_BMBT_KEY_SIZE + H2K_XFS_LONG_PTR_SIZE);
    if (out->level == 0 || out->level >= H2K_XFS_BTREE_LEVELS_MAX - 1 ||
        h2k_xfs_node_count(out) == 0 || h2k_xfs_node_count(out) > out->room)
        return h2k_xfs_tree_damaged(tree, "its root");
    return 0;
}

int
h2k_xfs_node_read_root(const struct h2k_xfs_tree *tree,
                       struct h2k_xfs_node *out)
{
    if (tree->kind == H2K_XFS_BMBT)
        return read_root_in_inode(tree, out);
    const struct root *r = &roots[tree->kind];
    struct h2k_xfs_buf *header = root_header(tree);
    if (header == NULL)
        return -1;
    uint32_t levels = h2k_get_be32(header->data + r->levels);
    if (levels == 0 || levels > H2K_XFS_BTREE_LEVELS_MAX)
        return h2k_xfs_tree_damaged(tree, "an impossible level");
    return h2k_xfs_node_read(tree, h2k_get_be32(header->data + r->root),
                             levels - 1, out);
}

/* ---- Blocks ---- */

static bool
is_long(const struct h2k_xfs_tree *tree)
{
    return tree->kind == H2K_XFS_BMBT;
}

static uint64_t
place_of(const struct h2k_xfs_tree *tree, uint64_t address)
{
    return is_long(tree)
               ? h2k_xfs_fsb_offset(tree->xfs, address)
               : h2k_xfs_agb_offset(tree->xfs, tree->ag, (uint32_t)address);
}

static void
node_of(const struct h2k_xfs_tree *tree, struct h2k_xfs_buf *buf,
        uint64_t address, uint32_t level, struct h2k_xfs_node *out)
{
    out->buf = buf;
    out->address = address;
    out->counts = buf->data + H2K_XFS_BB_LEVEL;
    out->body = buf->data + h2k_xfs_btree_header(tree->xfs, tree->kind);
    out->level = level;
    out->room = h2k_xfs_btree_room(tree->xfs, tree->kind, buf->length, level);
}

int
h2k_xfs_node_read(const struct h2k_xfs_tree *tree, uint64_t address,
                  uint32_t level, struct h2k_xfs_node *out)
{
    struct h2k_xfs *xfs = tree->xfs;
    if (is_long(tree)
            ? !h2k_xfs_fsb_valid(xfs, address)
            : address > UINT32_MAX ||
                  !h2k_xfs_agb_valid(xfs, tree->ag, (uint32_t)address))
        return h2k_xfs_tree_damaged(tree, "a pointer leads outside");
    struct h2k_xfs_buf *buf =
        h2k_xfs_buf_read(xfs, place_of(tree, address), xfs->geo.block_size,
                         tree->kind, is_long(tree) ? tree->inode->ino : 0);
    if (buf == NULL)
        return -1;
    if (h2k_get_be16(buf->data + H2K_XFS_BB_LEVEL) != level)
        return h2k_xfs_tree_damaged(tree, "a block of another level");
    node_of(tree, buf, address, level, out);
    return 0;
}

static void
write_header(const struct h2k_xfs_tree *tree, struct h2k_xfs_buf *buf,
             uint32_t level)
{
    h2k_xfs_stamp(tree->xfs, buf);
    h2k_put_be16(buf->data + H2K_XFS_BB_LEVEL, (uint16_t)level);
    memset(buf->data + H2K_XFS_BB_LEFTSIB, 0xff, is_long(tree) ? 16 : 8);
}

/* Who a block of TREE belongs to, for the reverse map. */
static struct h2k_xfs_owner
owner_of(const struct h2k_xfs_tree *tree)
{
    if (!is_long(tree))
        return (struct h2k_xfs_owner){ .owner = roots[tree->kind].owner };
    return (struct h2k_xfs_owner){
        .owner = tree->inode->ino,
        .attr_fork = tree->fork == H2K_XFS_ATTR_FORK,
        .bmbt_block = true,
    };
}

static bool
grows_in_free_space(const struct h2k_xfs_tree *tree)
{
    return tree->kind == H2K_XFS_BNOBT || tree->kind == H2K_XFS_CNTBT ||
           tree->kind == H2K_XFS_RMAPBT;
}

/* AGI and AGF count the blocks of some trees. */
static int
count_block(const struct h2k_xfs_tree *tree, int64_t change)
{
    const struct root *r = &roots[tree->kind];
    if (is_long(tree))
        return h2k_xfs_inode_blocks(tree->xfs, tree->inode, change);
    if (r->agi)
        return tree->xfs->geo.inobtcount
                   ? h2k_xfs_agi_add(tree->xfs, tree->ag, r->blocks, change)
                   : 0;
    return h2k_xfs_agf_add(tree->xfs, tree->ag, r->blocks, change);
}

static int
alloc_block(const struct h2k_xfs_tree *tree, uint64_t near, uint64_t *address)
{
    struct h2k_xfs *xfs = tree->xfs;
    const struct h2k_xfs_owner owner = owner_of(tree);
    uint32_t agb = 0, count;
    if (grows_in_free_space(tree)) {
        if (h2k_xfs_agfl_take(xfs, tree->ag, tree->kind, &agb) < 0)
            return -1;
        *address = agb;
        return 0;
    }
    if (is_long(tree)) {
        if (h2k_xfs_alloc(xfs, near, 1, 1, 1, &owner, address, &count) < 0)
            return -1;
    } else {
        const struct h2k_xfs_want want = {
            1, 1, 1, (uint32_t)near, 0, h2k_xfs_ag_length(xfs, tree->ag)
        };
        struct h2k_xfs_run run = { 0 };
        int rc = h2k_xfs_alloc_in_ag(xfs, tree->ag, &want, &owner, true, &run);
        if (rc <= 0)
            return rc < 0 ? -1
                          : h2k_fail(H2K_E_NOSPACE, "the filesystem is full");
        *address = run.start;
    }
    return count_block(tree, 1);
}

int
h2k_xfs_node_new(const struct h2k_xfs_tree *tree, uint64_t near,
                 uint32_t level, struct h2k_xfs_node *out)
{
    uint64_t address = 0;
    if (alloc_block(tree, near, &address) < 0)
        return -1;
    struct h2k_xfs_buf *buf = h2k_xfs_buf_new(
        tree->xfs, place_of(tree, address), tree->xfs->geo.block_size,
        tree->kind, is_long(tree) ? tree->inode->ino : 0);
    if (buf == NULL)
        return -1;
    write_header(tree, buf, level);
    node_of(tree, buf, address, level, out);
    return 0;
}

int
h2k_xfs_node_release(const struct h2k_xfs_tree *tree,
                     const struct h2k_xfs_node *node)
{
    struct h2k_xfs *xfs = tree->xfs;
    const struct h2k_xfs_owner owner = owner_of(tree);
    const struct h2k_xfs_run run = { (uint32_t)node->address, 1 };
    if (grows_in_free_space(tree))
        return h2k_xfs_agfl_give(xfs, tree->ag, tree->kind, run.start);
    if (is_long(tree)) {
        if (h2k_xfs_release(xfs, node->address, 1, &owner) < 0)
            return -1;
    } else if (h2k_xfs_release_in_ag(xfs, tree->ag, &run, &owner) < 0) {
        return -1;
    }
    return count_block(tree, -1);
}
