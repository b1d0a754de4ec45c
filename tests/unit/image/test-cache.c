/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "base/error.h"
#include "image/cache.h"

#include "tap.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define ENTRY 64

struct source {
    atomic_uint fills;
    uint64_t bad_key; /* fails */
    unsigned delay_us;
};

static int
fill(void *opaque, uint64_t key, void *data)
{
    struct source *source = opaque;
    atomic_fetch_add(&source->fills, 1);
    if (source->delay_us > 0)
        usleep(source->delay_us);
    if (key == source->bad_key)
        return h2k_fail(H2K_E_IO, "key %u is bad", (unsigned)key);
    memset(data, (int)key, ENTRY);
    return 0;
}

static bool
holds(struct h2k_cache *cache, uint64_t key, struct source *source)
{
    uint8_t bytes[2];
    return h2k_cache_read(cache, key, ENTRY - 2, 2, bytes, fill, source) ==
               0 &&
           bytes[0] == (uint8_t)key && bytes[1] == (uint8_t)key;
}

static void
test_order(void)
{
    struct source source = { .bad_key = UINT64_MAX };
    H2K_AUTO(h2k_cache) cache = h2k_cache_new(ENTRY, 3 * ENTRY);
    bool good = true;
    for (uint64_t key = 1; key <= 3; key++)
        good = good && holds(cache, key, &source);
    ok(good && source.fills == 3, "three are filled");
    ok(holds(cache, 1, &source) && source.fills == 3, "and kept");
    ok(holds(cache, 4, &source) && holds(cache, 1, &source) &&
           source.fills == 4,
       "a fourth puts out the one that was not used for longest");
    ok(holds(cache, 2, &source) && source.fills == 5, "which is filled again");

    const struct h2k_cache_entry *held =
        h2k_cache_get(cache, 100, fill, &source);
    for (uint64_t key = 5; key < 50; key++)
        good = good && holds(cache, key, &source);
    ok(good && held->data[0] == 100, "one in use is not put out");
    h2k_cache_release(cache, held);
    H2K_AUTO(h2k_cache) tiny = h2k_cache_new(ENTRY, 1);
    held = h2k_cache_get(tiny, 1, fill, &source);
    ok(holds(tiny, 2, &source) && held->data[0] == 1,
       "the bound gives way to what is in use");
    h2k_cache_release(tiny, held);
}

static void
test_failure(void)
{
    struct source source = { .bad_key = 7 };
    H2K_AUTO(h2k_cache) cache = h2k_cache_new(ENTRY, 3 * ENTRY);
    ok_error(h2k_cache_get(cache, 7, fill, &source) == NULL, H2K_E_IO,
             "key 7 is bad");
    source.bad_key = 0;
    ok(holds(cache, 7, &source), "a failure is not kept");
}

struct crowd {
    struct h2k_cache *cache;
    struct source *source;
    atomic_uint good;
};

static void *
visit_one(void *opaque)
{
    struct crowd *crowd = opaque;
    crowd->good += holds(crowd->cache, 1, crowd->source);
    return NULL;
}

static void *
visit_many(void *opaque)
{
    struct crowd *crowd = opaque;
    bool good = true;
    for (uint64_t i = 0; i < 5000; i++)
        good = holds(crowd->cache, i * 7 % 40, crowd->source) && good;
    crowd->good += good;
    return NULL;
}

static void
run(struct crowd *crowd, void *(*visit)(void *))
{
    pthread_t threads[8];
    crowd->good = 0;
    for (int i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, visit, crowd);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
}

static void
test_threads(void)
{
    struct source source = { .bad_key = UINT64_MAX, .delay_us = 20000 };
    H2K_AUTO(h2k_cache) cache = h2k_cache_new(ENTRY, 10 * ENTRY);
    struct crowd crowd = { .cache = cache, .source = &source };
    run(&crowd, visit_one);
    ok(crowd.good == 8 && source.fills == 1, "eight want one: filled once");
    source.delay_us = 0;
    run(&crowd, visit_many);
    ok(crowd.good == 8, "eight want forty, with room for ten");
    H2K_AUTO(h2k_cache) failing = h2k_cache_new(ENTRY, 10 * ENTRY);
    source = (struct source){ .bad_key = 1, .delay_us = 1000 };
    crowd.cache = failing;
    run(&crowd, visit_one);
    ok(crowd.good == 0 && source.fills == 8,
       "each who waited for what failed tries for itself");
}

int
main(void)
{
    test_order();
    test_failure();
    test_threads();
    return tap_done();
}
