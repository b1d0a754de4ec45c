/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "pipeline/hasher.h"

#include "base/checked.h"
#include "base/error.h"
#include "base/interrupt.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define STEP (UINT64_C(1) << 20)

struct h2k_hasher {
    struct h2k_block *file;
    pthread_t thread;
    bool joined;
    atomic_bool stop;
    int rc;
    struct h2k_saved_error error;
    enum h2k_hash_kind kind;
    char hex[H2K_HASH_HEX_SIZE];
};

static int
hash_all(struct h2k_hasher *h)
{
    H2K_AUTO(h2k_hash) hash = h2k_hash_new(h->kind);
    h2k_autofree uint8_t *buffer = aligned_alloc(4096, STEP);
    uint64_t size = h2k_block_size(h->file);
    if (hash == NULL)
        return -1;
    if (buffer == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (uint64_t at = 0; at < size; at += STEP) {
        size_t count = (size_t)h2k_min_u64(STEP, size - at);
        if (atomic_load(&h->stop))
            return h2k_fail(H2K_E_FAILED, "checksum not finished");
        if (h2k_check_interrupt() < 0 ||
            h2k_block_pread(h->file, buffer, count, at) < 0 ||
            h2k_hash_update(hash, buffer, count) < 0)
            return -1;
    }
    return h2k_hash_finish(hash, h->hex);
}

static void *
hasher_thread(void *opaque)
{
    struct h2k_hasher *h = opaque;
    h->rc = hash_all(h);
    if (h->rc < 0)
        h2k_error_save(&h->error);
    return NULL;
}

struct h2k_hasher *
h2k_hasher_start(struct h2k_block *file, enum h2k_hash_kind kind)
{
    struct h2k_hasher *h = calloc(1, sizeof(*h));
    if (h == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    h->file = h2k_block_ref(file);
    h->kind = kind;
    if (pthread_create(&h->thread, NULL, hasher_thread, h) != 0) {
        h2k_block_unref(h->file);
        free(h);
        return h2k_fail_null(H2K_E_FAILED, "cannot start a thread");
    }
    return h;
}

static void
hasher_join(struct h2k_hasher *h)
{
    if (!h->joined)
        pthread_join(h->thread, NULL);
    h->joined = true;
}

const char *
h2k_hasher_wait(struct h2k_hasher *h)
{
    hasher_join(h);
    if (h->rc < 0)
        h2k_error_restore(&h->error);
    return h->rc < 0 ? NULL : h->hex;
}

void
h2k_hasher_free(struct h2k_hasher *h)
{
    if (h == NULL)
        return;
    atomic_store(&h->stop, true);
    hasher_join(h);
    h2k_block_unref(h->file);
    free(h);
}
