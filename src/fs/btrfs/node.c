/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * "Node" and "Leaf": a tree's blocks.  One is checked when it is read, whole:
 * its checksum, that it is the one that was asked for, that its keys ascend
 * and its items are inside it.  Whoever has one need not look again.
 */
#include "base/error.h"
#include "fs/btrfs/btrfs.h"

#include <inttypes.h>

#define CACHE_BYTES (32u << 20)
#define CACHE_HASHES 4096u

struct h2k_btrfs_cache {
    struct h2k_btrfs_node *hashes[CACHE_HASHES];
    struct h2k_btrfs_node *newest, *oldest;
    size_t count, limit;
};

struct h2k_btrfs_cache *
h2k_btrfs_cache_new(uint32_t node_size)
{
    struct h2k_btrfs_cache *cache = calloc(1, sizeof(*cache));
    if (cache == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    cache->limit = CACHE_BYTES / node_size;
    return cache;
}

void
h2k_btrfs_cache_free(struct h2k_btrfs_cache *cache)
{
    if (cache == NULL)
        return;
    for (struct h2k_btrfs_node *node = cache->newest, *older; node != NULL;
         node = older) {
        older = node->older;
        free(node);
    }
    free(cache);
}

/* ---- The list by last use, and the table by address ---- */

static struct h2k_btrfs_node **
hash_of(struct h2k_btrfs_cache *cache, uint64_t logical)
{
    uint64_t mixed = (logical >> 12) * UINT64_C(0x9e3779b97f4a7c15);
    return &cache->hashes[mixed >> 52];
}

static void
list_remove(struct h2k_btrfs_cache *cache, struct h2k_btrfs_node *node)
{
    *(node->newer != NULL ? &node->newer->older : &cache->newest) =
        node->older;
    *(node->older != NULL ? &node->older->newer : &cache->oldest) =
        node->newer;
}

static void
list_add(struct h2k_btrfs_cache *cache, struct h2k_btrfs_node *node)
{
    node->newer = NULL;
    node->older = cache->newest;
    *(node->older != NULL ? &node->older->newer : &cache->oldest) = node;
    cache->newest = node;
}

static struct h2k_btrfs_node *
cache_find(struct h2k_btrfs_cache *cache, uint64_t logical)
{
    struct h2k_btrfs_node *node = *hash_of(cache, logical);
    while (node != NULL && node->logical != logical)
        node = node->next;
    if (node != NULL && node != cache->newest) {
        list_remove(cache, node);
        list_add(cache, node);
    }
    return node;
}

static void
cache_drop(struct h2k_btrfs_cache *cache, struct h2k_btrfs_node *node)
{
    struct h2k_btrfs_node **at = hash_of(cache, node->logical);
    while (*at != node)
        at = &(*at)->next;
    *at = node->next;
    list_remove(cache, node);
    cache->count--;
    free(node);
}

/* What nobody uses and was not used for longest makes room.  Cursors hold
 * one node a level, so there is always some. */
static void
cache_add(struct h2k_btrfs_cache *cache, struct h2k_btrfs_node *node)
{
    struct h2k_btrfs_node *old = cache->oldest, *newer;
    for (; cache->count >= cache->limit && old != NULL; old = newer) {
        newer = old->newer;
        if (old->users == 0)
            cache_drop(cache, old);
    }
    struct h2k_btrfs_node **hash = hash_of(cache, node->logical);
    node->next = *hash;
    *hash = node;
    list_add(cache, node);
    cache->count++;
}

/* ---- Keys ---- */

struct h2k_btrfs_key
h2k_btrfs_key_get(const uint8_t *bytes)
{
    return (struct h2k_btrfs_key){
        .object = h2k_get_le64(bytes),
        .type = bytes[8],
        .offset = h2k_get_le64(bytes + 9),
    };
}

int
h2k_btrfs_key_compare(const struct h2k_btrfs_key *a,
                      const struct h2k_btrfs_key *b)
{
    if (a->object != b->object)
        return a->object < b->object ? -1 : 1;
    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    if (a->offset != b->offset)
        return a->offset < b->offset ? -1 : 1;
    return 0;
}

static size_t
entry_size(const struct h2k_btrfs_node *node)
{
    return node->level == 0 ? H2K_BTRFS_ITEM_SIZE : H2K_BTRFS_POINTER_SIZE;
}

struct h2k_btrfs_key
h2k_btrfs_node_key(const struct h2k_btrfs_node *node, uint32_t index)
{
    return h2k_btrfs_key_get(node->bytes + H2K_BTRFS_HEADER_SIZE +
                             index * entry_size(node));
}

/* ---- Checking ---- */

static int
check_header(const struct h2k_btrfs *fs, const struct h2k_btrfs_node *node)
{
    uint8_t sum[H2K_BTRFS_SUM_SIZE];
    unsigned type = fs->super.sum_type;
    if (h2k_btrfs_sum(type, node->bytes + H2K_BTRFS_SUM_SIZE,
                      node->size - H2K_BTRFS_SUM_SIZE, sum) < 0)
        return -1;
    if (memcmp(sum, node->bytes, h2k_btrfs_sum_size(type)) != 0)
        return h2k_fail(H2K_E_CORRUPT, "its checksum is wrong");
    if (memcmp(node->bytes + H2K_BTRFS_HEADER_FSID, fs->super.metadata_uuid,
               16) != 0)
        return h2k_fail(H2K_E_CORRUPT, "is another filesystem's");
    if (h2k_get_le64(node->bytes + H2K_BTRFS_HEADER_BYTENR) != node->logical)
        return h2k_fail(H2K_E_CORRUPT, "is the block of another place");
    if (node->level >= H2K_BTRFS_LEVELS ||
        node->count > (node->size - H2K_BTRFS_HEADER_SIZE) / entry_size(node))
        return h2k_fail(H2K_E_CORRUPT, "%" PRIu32 " items at level %u",
                        node->count, node->level);
    return 0;
}

/* An item's bytes: behind all keys, and inside the leaf. */
static int
check_item(const struct h2k_btrfs_node *node, uint32_t index)
{
    const uint8_t *at = node->bytes + H2K_BTRFS_HEADER_SIZE +
                        (size_t)index * H2K_BTRFS_ITEM_SIZE;
    uint32_t offset = h2k_get_le32(at + H2K_BTRFS_KEY_SIZE);
    uint32_t size = h2k_get_le32(at + H2K_BTRFS_KEY_SIZE + 4);
    if (offset < node->count * H2K_BTRFS_ITEM_SIZE ||
        !h2k_range_inside(offset, size, node->size - H2K_BTRFS_HEADER_SIZE))
        return h2k_fail(H2K_E_CORRUPT,
                        "item %" PRIu32 " has %" PRIu32 " bytes at %" PRIu32,
                        index, size, offset);
    return 0;
}

static int
check_entries(const struct h2k_btrfs_node *node)
{
    struct h2k_btrfs_key before = { 0 };
    for (uint32_t i = 0; i < node->count; i++) {
        struct h2k_btrfs_key key = h2k_btrfs_node_key(node, i);
        if (i > 0 && h2k_btrfs_key_compare(&before, &key) >= 0)
            return h2k_fail(H2K_E_CORRUPT,
                            "keys %" PRIu32 " and %" PRIu32 " are in disorder",
                            i - 1, i);
        if (node->level == 0 && check_item(node, i) < 0)
            return -1;
        before = key;
    }
    return 0;
}

static bool
is_file_tree(uint64_t id)
{
    return id == H2K_BTRFS_FS_TREE ||
           (id >= H2K_BTRFS_FIRST_FREE && id <= H2K_BTRFS_LAST_FREE);
}

/* Snapshots share blocks, which are then any subvolume's. */
static int
check_expected(const struct h2k_btrfs_node *node,
               const struct h2k_btrfs_expect *expect)
{
    if (node->level != expect->level)
        return h2k_fail(H2K_E_CORRUPT, "is of level %u, not %u", node->level,
                        expect->level);
    if (node->generation != expect->generation)
        return h2k_fail(H2K_E_CORRUPT,
                        "is of generation %" PRIu64 ", not %" PRIu64,
                        node->generation, expect->generation);
    if (is_file_tree(expect->tree) ? !is_file_tree(node->owner)
                                   : node->owner != expect->tree)
        return h2k_fail(H2K_E_CORRUPT, "is of tree %" PRIu64 ", not %" PRIu64,
                        node->owner, expect->tree);
    return 0;
}

static int
read_copy(struct h2k_btrfs *fs, struct h2k_btrfs_node *node, unsigned copy,
          const struct h2k_btrfs_expect *expect)
{
    if (h2k_btrfs_pread(fs, node->bytes, node->size, node->logical, copy) < 0)
        return -1;
    node->generation = h2k_get_le64(node->bytes + H2K_BTRFS_HEADER_GENERATION);
    node->owner = h2k_get_le64(node->bytes + H2K_BTRFS_HEADER_OWNER);
    node->count = h2k_get_le32(node->bytes + H2K_BTRFS_HEADER_COUNT);
    node->level = node->bytes[H2K_BTRFS_HEADER_LEVEL];
    return check_header(fs, node) < 0 || check_expected(node, expect) < 0
               ? -1
               : check_entries(node);
}

/* The first copy that is good. */
static int
read_node(struct h2k_btrfs *fs, struct h2k_btrfs_node *node,
          const struct h2k_btrfs_expect *expect)
{
    const struct h2k_btrfs_chunk *chunk;
    if (node->logical % fs->super.sector_size != 0)
        return h2k_fail(H2K_E_CORRUPT, "is at no sector's beginning");
    if (h2k_btrfs_chunk_find(fs, node->logical, &chunk) < 0)
        return -1;
    for (unsigned copy = 0; copy < chunk->copies; copy++) {
        if (read_copy(fs, node, copy, expect) == 0)
            return 0;
        if (h2k_errcode() == H2K_E_NOMEM || h2k_errcode() == H2K_E_INTERRUPTED)
            return -1;
    }
    return -1;
}

int
h2k_btrfs_node_get(struct h2k_btrfs *fs, const struct h2k_btrfs_expect *expect,
                   struct h2k_btrfs_node **out)
{
    struct h2k_btrfs_node *node = cache_find(fs->cache, expect->logical);
    *out = NULL;
    if (node != NULL) {
        if (check_expected(node, expect) < 0)
            return h2k_prefix("tree block %" PRIu64 ": ", expect->logical);
        node->users++;
        *out = node;
        return 0;
    }
    size_t size = fs->super.node_size;
    node = calloc(1, sizeof(*node) + size);
    if (node == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    node->logical = expect->logical;
    node->size = size;
    if (read_node(fs, node, expect) < 0) {
        free(node);
        return h2k_prefix("tree block %" PRIu64 ": ", expect->logical);
    }
    cache_add(fs->cache, node);
    node->users = 1;
    *out = node;
    return 0;
}

void
h2k_btrfs_node_put(struct h2k_btrfs_node *node)
{
    if (node != NULL)
        node->users--;
}
