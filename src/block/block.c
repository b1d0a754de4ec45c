/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "block/block.h"

#include "base/checked.h"
#include "base/error.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

struct h2k_block {
    const struct h2k_block_ops *ops;
    void *state;
    uint64_t size;
    bool writable;
    atomic_uint references;
};

struct h2k_block *
h2k_block_new(const struct h2k_block_ops *ops, void *state, uint64_t size,
              bool writable)
{
    struct h2k_block *block = NULL;
    if (size > H2K_BLOCK_SIZE_MAX)
        h2k_fail(H2K_E_UNSUPPORTED,
                 "%s: a disk of %" PRIu64 " bytes is larger than 1 PiB",
                 ops->name, size);
    else if (writable && ops->pwrite == NULL)
        h2k_fail(H2K_E_READONLY, "%s: cannot be written", ops->name);
    else if ((block = malloc(sizeof(*block))) == NULL)
        h2k_fail(H2K_E_NOMEM, "out of memory");
    if (block == NULL) {
        ops->close(state);
        return NULL;
    }
    *block = (struct h2k_block){ .ops = ops,
                                 .state = state,
                                 .size = size,
                                 .writable = writable,
                                 .references = 1 };
    return block;
}

struct h2k_block *
h2k_block_ref(struct h2k_block *block)
{
    atomic_fetch_add_explicit(&block->references, 1, memory_order_relaxed);
    return block;
}

void
h2k_block_unref(struct h2k_block *block)
{
    if (block == NULL || atomic_fetch_sub_explicit(&block->references, 1,
                                                   memory_order_acq_rel) != 1)
        return;
    block->ops->close(block->state);
    free(block);
}

uint64_t
h2k_block_size(const struct h2k_block *block)
{
    return block->size;
}

bool
h2k_block_writable(const struct h2k_block *block)
{
    return block->writable;
}

const char *
h2k_block_name(const struct h2k_block *block)
{
    return block->ops->name;
}

static int
check_range(const struct h2k_block *block, uint64_t offset, uint64_t length)
{
    if (h2k_range_inside(offset, length, block->size))
        return 0;
    return h2k_fail(H2K_E_RANGE,
                    "%s: %" PRIu64 " bytes at %" PRIu64
                    " are outside its %" PRIu64 " bytes",
                    block->ops->name, length, offset, block->size);
}

static int
check_write(const struct h2k_block *block, uint64_t offset, uint64_t length)
{
    if (!block->writable)
        return h2k_fail(H2K_E_READONLY, "%s: opened read-only",
                        block->ops->name);
    return check_range(block, offset, length);
}

int
h2k_block_pread(struct h2k_block *block, void *buffer, size_t count,
                uint64_t offset)
{
    if (check_range(block, offset, count) < 0)
        return -1;
    return count == 0 ? 0
                      : block->ops->pread(block->state, buffer, count, offset);
}

int
h2k_block_pwrite(struct h2k_block *block, const void *buffer, size_t count,
                 uint64_t offset)
{
    if (check_write(block, offset, count) < 0)
        return -1;
    return count == 0
               ? 0
               : block->ops->pwrite(block->state, buffer, count, offset);
}

static int
zero_by_writing(struct h2k_block *block, uint64_t offset, uint64_t length)
{
    static const uint8_t zeros[64 << 10];
    while (length > 0) {
        size_t count = (size_t)h2k_min_u64(length, sizeof(zeros));
        if (block->ops->pwrite(block->state, zeros, count, offset) < 0)
            return -1;
        offset += count;
        length -= count;
    }
    return 0;
}

int
h2k_block_zero(struct h2k_block *block, uint64_t offset, uint64_t length)
{
    if (check_write(block, offset, length) < 0)
        return -1;
    if (length == 0)
        return 0;
    if (block->ops->zero == NULL)
        return zero_by_writing(block, offset, length);
    return block->ops->zero(block->state, offset, length);
}

int
h2k_block_flush(struct h2k_block *block)
{
    return block->ops->flush == NULL ? 0 : block->ops->flush(block->state);
}

int
h2k_block_discard(struct h2k_block *block, uint64_t offset, uint64_t length,
                  uint64_t *bytes)
{
    if (check_range(block, offset, length) < 0)
        return -1;
    if (length == 0 || block->ops->discard == NULL)
        return 0;
    return block->ops->discard(block->state, offset, length, bytes);
}

int
h2k_block_extent(struct h2k_block *block, uint64_t offset, uint64_t length,
                 struct h2k_extent *out)
{
    if (check_range(block, offset, length) < 0)
        return -1;
    *out = (struct h2k_extent){ .offset = offset,
                                .length = length,
                                .kind = H2K_EXTENT_DATA };
    if (length == 0)
        return h2k_fail(H2K_E_RANGE, "%s: an extent of no bytes",
                        block->ops->name);
    if (block->ops->extent == NULL)
        return 0;
    return block->ops->extent(block->state, offset, length, out);
}

void *
h2k_block_state(struct h2k_block *block, const struct h2k_block_ops *ops)
{
    if (block->ops != ops)
        abort();
    return block->state;
}

void *
h2k_block_read_alloc(struct h2k_block *block, uint64_t offset, uint64_t count,
                     uint64_t limit, const char *what)
{
    if (count > limit)
        return h2k_fail_null(H2K_E_CORRUPT,
                             "%s of %" PRIu64
                             " bytes is larger than the %" PRIu64 " allowed",
                             what, count, limit);
    if (!h2k_range_inside(offset, count, block->size))
        return h2k_fail_null(H2K_E_CORRUPT,
                             "%s at byte %" PRIu64 " (%" PRIu64
                             " bytes) lies beyond the end, at %" PRIu64
                             ": cut short or damaged",
                             what, offset, count, block->size);
    h2k_autofree void *data = malloc(count > 0 ? (size_t)count : 1);
    if (data == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory for the %s", what);
    if (h2k_block_pread(block, data, (size_t)count, offset) < 0)
        return NULL;
    return h2k_steal(data);
}
