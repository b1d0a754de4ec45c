/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "image/qcow2-layout.h"

#include "base/checked.h"
#include "base/endian.h"
#include "base/error.h"
#include "image/qcow2-format.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_SIZE ((size_t)2 << 20)
/* From this size on, bytes go to the file without a copy in the buffer. */
#define DIRECT_SIZE ((size_t)512 << 10)
/* The buffer goes out up to a multiple of this, as O_DIRECT needs it. */
#define FLUSH_ALIGN 4096u
#define REFCOUNT_SIZE 2 /* bytes: refcount_order 4 */
#define REFCOUNT_MAX UINT16_MAX

struct h2k_qcow2_refcount_block {
    struct h2k_qcow2_refcount_block *next;
    uint64_t index;  /* in the refcount table */
    uint8_t bytes[]; /* as in the file; one cluster */
};

static uint32_t
cluster_size(const struct h2k_qcow2_layout *l)
{
    return UINT32_C(1) << l->cluster_bits;
}

static struct h2k_qcow2_refcount_block *
new_block(const struct h2k_qcow2_layout *l, uint64_t index)
{
    struct h2k_qcow2_refcount_block *block =
        calloc(1, sizeof(*block) + cluster_size(l));
    if (block == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    block->index = index;
    return block;
}

/* The current block is complete. */
static void
push_block(struct h2k_qcow2_layout *l)
{
    *l->complete_end = l->current;
    l->complete_end = &l->current->next;
    l->current = NULL;
}

static uint8_t *
refcount_of(struct h2k_qcow2_layout *l, uint64_t cluster)
{
    uint64_t index = cluster % l->block_entries;
    return l->current->bytes + index * REFCOUNT_SIZE;
}

/* Give out the next host cluster.  A block is complete only now that the
 * next one begins: compressed clusters may have joined its last one. */
static int
take_cluster(struct h2k_qcow2_layout *l)
{
    if (l->next / l->block_entries != l->current_index) {
        struct h2k_qcow2_refcount_block *block =
            new_block(l, l->current_index + 1);
        if (block == NULL)
            return -1;
        push_block(l);
        l->current = block;
        l->current_index++;
        l->tail = l->tail_end = 0;
    }
    h2k_put_be16(refcount_of(l, l->next), 1);
    l->next++;
    return 0;
}

static int
table_put(struct h2k_qcow2_layout *l, uint64_t index, uint64_t offset)
{
    if (index >= l->table_capacity) {
        uint64_t capacity = 2 * index + 64;
        uint8_t *table = reallocarray(l->table, (size_t)capacity,
                                      QCOW2_REFCOUNT_TABLE_ENTRY_SIZE);
        if (table == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        l->table = table;
        l->table_capacity = capacity;
    }
    h2k_put_be64(l->table + index * QCOW2_REFCOUNT_TABLE_ENTRY_SIZE, offset);
    l->table_entries = index + 1;
    return 0;
}

/* The oldest complete block goes to OFFSET. */
static int
store_block(struct h2k_qcow2_layout *l, uint64_t offset)
{
    struct h2k_qcow2_refcount_block *block = l->complete;
    l->complete = block->next;
    if (l->complete == NULL)
        l->complete_end = &l->complete;
    int rc = table_put(l, block->index, offset);
    if (rc == 0)
        rc = h2k_qcow2_layout_write(l, block->bytes, cluster_size(l), offset);
    free(block);
    return rc;
}

/* Each block stored takes one cluster, and so completes a block at most
 * every `block_entries` times: this ends. */
static int
store_complete_blocks(struct h2k_qcow2_layout *l)
{
    while (l->complete != NULL) {
        uint64_t offset = l->next << l->cluster_bits;
        if (take_cluster(l) < 0 || store_block(l, offset) < 0)
            return -1;
    }
    return 0;
}

int
h2k_qcow2_layout_init(struct h2k_qcow2_layout *layout,
                      struct h2k_writer_file *file, uint32_t cluster_bits)
{
    *layout = (struct h2k_qcow2_layout){
        .file = file,
        .cluster_bits = cluster_bits,
        .block_entries = (UINT32_C(1) << cluster_bits) / REFCOUNT_SIZE,
        .base = UINT64_C(1) << cluster_bits,
    };
    layout->complete_end = &layout->complete;
    layout->current = new_block(layout, 0);
    layout->buffer = aligned_alloc(4096, BUFFER_SIZE);
    if (layout->current == NULL || layout->buffer == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    memset(layout->buffer, 0, BUFFER_SIZE);
    return take_cluster(layout);
}

void
h2k_qcow2_layout_clear(struct h2k_qcow2_layout *layout)
{
    struct h2k_qcow2_refcount_block *block = layout->complete;
    while (block != NULL) {
        struct h2k_qcow2_refcount_block *next = block->next;
        free(block);
        block = next;
    }
    free(layout->current);
    free(layout->table);
    free(layout->buffer);
    *layout = (struct h2k_qcow2_layout){ 0 };
}

int
h2k_qcow2_layout_clusters(struct h2k_qcow2_layout *layout, uint64_t count,
                          uint64_t *offset)
{
    if (store_complete_blocks(layout) < 0)
        return -1;
    *offset = layout->next << layout->cluster_bits;
    while (count-- > 0)
        if (take_cluster(layout) < 0)
            return -1;
    return 0;
}

/* One more compressed cluster in the host cluster of the tail. */
static bool
tail_join(struct h2k_qcow2_layout *l)
{
    uint8_t *count = refcount_of(l, (l->tail_end - 1) >> l->cluster_bits);
    if (h2k_get_be16(count) == REFCOUNT_MAX)
        return false;
    h2k_put_be16(count, h2k_get_be16(count) + 1);
    return true;
}

int
h2k_qcow2_layout_bytes(struct h2k_qcow2_layout *layout, uint32_t size,
                       uint64_t *offset)
{
    struct h2k_qcow2_layout *l = layout;
    if (store_complete_blocks(l) < 0)
        return -1;
    uint64_t end = l->next << l->cluster_bits;
    bool fits = size <= l->tail_end - l->tail;
    /* What is too long for the tail goes on in the next host cluster, when
     * that follows the tail directly. */
    bool crosses = !fits && l->tail < l->tail_end && l->tail_end == end;
    bool joined = (fits || crosses) && tail_join(l);
    *offset = joined ? l->tail : end;
    if (!joined || crosses) {
        if (take_cluster(l) < 0)
            return -1;
        l->tail_end = end + cluster_size(l);
    }
    l->tail = *offset + size;
    return 0;
}

/* Write the first COUNT bytes of the buffer; what is behind them stays. */
static int
flush_buffer(struct h2k_qcow2_layout *l, size_t count)
{
    if (h2k_writer_file_put(l->file, l->buffer, count, l->base) < 0)
        return -1;
    size_t rest = l->used - count;
    memmove(l->buffer, l->buffer + count, rest);
    memset(l->buffer + rest, 0, count);
    l->base += count;
    l->used = rest;
    return 0;
}

/* Room is given out in ascending order and filled at once, but for tails:
 * one may be filled after an uncompressed cluster behind it, or after the
 * buffer has moved on.  All that was written is below base + used, and gaps
 * in the buffer are zeros, so it can go out as one piece. */
int
h2k_qcow2_layout_write(struct h2k_qcow2_layout *layout, const void *bytes,
                       size_t size, uint64_t offset)
{
    struct h2k_qcow2_layout *l = layout;
    bool direct = size >= DIRECT_SIZE;
    uint64_t end = offset + size;
    size_t whole = (size_t)h2k_align_down(l->used, FLUSH_ALIGN);
    if (end > l->base + BUFFER_SIZE && flush_buffer(l, whole) < 0)
        return -1;
    bool fits =
        end <= l->base + BUFFER_SIZE && (offset >= l->base || end <= l->base);
    if ((direct || !fits) && flush_buffer(l, l->used) < 0)
        return -1;
    if (direct || offset < l->base) {
        l->base = h2k_max_u64(l->base, end);
        return h2k_writer_file_put(l->file, bytes, size, offset);
    }
    if (l->used == 0)
        l->base = offset;
    size_t at = (size_t)(offset - l->base);
    memcpy(l->buffer + at, bytes, size);
    l->used = (size_t)h2k_max_u64(l->used, at + size);
    return 0;
}

/* How many clusters the refcount table needs, and how many blocks it lacks,
 * when all of these are counted as well. */
static void
measure_rest(const struct h2k_qcow2_layout *l, uint64_t *table_clusters,
             uint64_t *blocks)
{
    uint64_t table = 0, missing = 0, last_table, last_missing;
    do {
        last_table = table;
        last_missing = missing;
        uint64_t total =
            h2k_div_up(l->next + table + missing, l->block_entries);
        table = h2k_div_up(total * QCOW2_REFCOUNT_TABLE_ENTRY_SIZE,
                           cluster_size(l));
        missing = total - l->table_entries;
    } while (table != last_table || missing != last_missing);
    *table_clusters = table;
    *blocks = missing;
}

int
h2k_qcow2_layout_finish(struct h2k_qcow2_layout *layout, uint64_t *offset,
                        uint32_t *clusters)
{
    struct h2k_qcow2_layout *l = layout;
    uint64_t table = 0, blocks = 0, at = 0;
    if (store_complete_blocks(l) < 0)
        return -1;
    measure_rest(l, &table, &blocks);
    uint64_t table_size = table << l->cluster_bits;
    if (table_size > QCOW2_REFCOUNT_TABLE_BYTES_MAX)
        return h2k_fail(H2K_E_OUTPUT,
                        "the qcow2 has grown larger than its cluster size "
                        "allows: choose larger clusters");
    if (h2k_qcow2_layout_clusters(l, table, offset) < 0)
        return -1;
    *clusters = (uint32_t)table;
    at = l->next << l->cluster_bits;
    for (uint64_t i = 0; i < blocks; i++)
        if (take_cluster(l) < 0)
            return -1;
    push_block(l);
    for (; l->complete != NULL; at += cluster_size(l))
        if (store_block(l, at) < 0)
            return -1;
    if (h2k_qcow2_layout_write(
            l, l->table,
            (size_t)(l->table_entries * QCOW2_REFCOUNT_TABLE_ENTRY_SIZE),
            *offset) < 0 ||
        flush_buffer(l, l->used) < 0)
        return -1;
    return h2k_writer_file_resize(l->file, l->next << l->cluster_bits);
}
