/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "block/memory.h"

#include "base/error.h"

#include <string.h>

struct memory {
    uint8_t *data;
    bool owned;
};

static void
memory_close(void *state)
{
    struct memory *memory = state;
    if (memory->owned)
        free(memory->data);
    free(memory);
}

static int
memory_pread(void *state, void *buffer, size_t count, uint64_t offset)
{
    struct memory *memory = state;
    memcpy(buffer, memory->data + offset, count);
    return 0;
}

static int
memory_pwrite(void *state, const void *buffer, size_t count, uint64_t offset)
{
    struct memory *memory = state;
    memcpy(memory->data + offset, buffer, count);
    return 0;
}

static const struct h2k_block_ops memory_ops = {
    .name = "memory",
    .close = memory_close,
    .pread = memory_pread,
    .pwrite = memory_pwrite,
};

static struct h2k_block *
memory_wrap(uint8_t *data, size_t size, bool owned)
{
    struct memory *memory = malloc(sizeof(*memory));
    if (memory == NULL) {
        if (owned)
            free(data);
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    }
    *memory = (struct memory){ .data = data, .owned = owned };
    return h2k_block_new(&memory_ops, memory, size, owned);
}

struct h2k_block *
h2k_memory_new(const void *data, size_t size)
{
    uint8_t *copy = calloc(1, size > 0 ? size : 1);
    if (copy == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    if (data != NULL && size > 0)
        memcpy(copy, data, size);
    return memory_wrap(copy, size, true);
}

struct h2k_block *
h2k_memory_view(const void *data, size_t size)
{
    return memory_wrap((uint8_t *)(uintptr_t)data, size, false);
}
