/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "image/cache.h"

#include "base/error.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

enum state { FILLING, FILLED, FAILED };

struct entry {
    struct h2k_cache_entry public; /* first: one is the other */
    uint64_t key;
    enum state state;
    unsigned users;      /* who holds it, or waits for it */
    struct entry *next;  /* in its bucket */
    struct entry *newer; /* in the order of use */
    struct entry *older;
    _Alignas(max_align_t) uint8_t bytes[];
};

struct h2k_cache {
    pthread_mutex_t lock;
    pthread_cond_t filled; /* some entry's state changed */
    size_t entry_size;
    size_t count, limit; /* entries */
    struct entry *newest, *oldest;
    struct entry **buckets;
    size_t bucket_count; /* a power of two */
};

struct h2k_cache *
h2k_cache_new(size_t entry_size, size_t bytes)
{
    size_t limit = bytes / entry_size;
    size_t bucket_count = 16;
    if (limit == 0)
        limit = 1;
    while (bucket_count < limit)
        bucket_count *= 2;
    struct h2k_cache *cache = malloc(sizeof(*cache));
    struct entry **buckets = calloc(bucket_count, sizeof(struct entry *));
    if (cache == NULL || buckets == NULL) {
        free(cache);
        free(buckets);
        return h2k_fail_null(H2K_E_NOMEM, "out of memory for a cache");
    }
    *cache = (struct h2k_cache){ .entry_size = entry_size,
                                 .limit = limit,
                                 .buckets = buckets,
                                 .bucket_count = bucket_count };
    pthread_mutex_init(&cache->lock, NULL);
    pthread_cond_init(&cache->filled, NULL);
    return cache;
}

void
h2k_cache_free(struct h2k_cache *cache)
{
    if (cache == NULL)
        return;
    for (struct entry *e = cache->newest, *older; e != NULL; e = older) {
        older = e->older;
        free(e);
    }
    pthread_cond_destroy(&cache->filled);
    pthread_mutex_destroy(&cache->lock);
    free(cache->buckets);
    free(cache);
}

/* Keys are mostly consecutive numbers or multiples of a cluster size:
 * multiplying by 2^64 / golden ratio spreads both (Knuth, volume 3, 6.4). */
static struct entry **
bucket_of(struct h2k_cache *cache, uint64_t key)
{
    uint64_t hash = key * UINT64_C(0x9e3779b97f4a7c15);
    return &cache->buckets[(hash >> 32) & (cache->bucket_count - 1)];
}

static void
order_remove(struct h2k_cache *cache, struct entry *e)
{
    *(e->newer != NULL ? &e->newer->older : &cache->newest) = e->older;
    *(e->older != NULL ? &e->older->newer : &cache->oldest) = e->newer;
}

static void
order_add(struct h2k_cache *cache, struct entry *e)
{
    e->newer = NULL;
    e->older = cache->newest;
    *(e->older != NULL ? &e->older->newer : &cache->oldest) = e;
    cache->newest = e;
}

static struct entry *
find(struct h2k_cache *cache, uint64_t key)
{
    struct entry *e = *bucket_of(cache, key);
    while (e != NULL && e->key != key)
        e = e->next;
    return e;
}

static void
forget(struct h2k_cache *cache, struct entry *e)
{
    struct entry **at = bucket_of(cache, e->key);
    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
    order_remove(cache, e);
    cache->count--;
}

/* An entry to be reused: the oldest that nobody uses when the cache is full,
 * a new one otherwise. */
static struct entry *
take_entry(struct h2k_cache *cache)
{
    if (cache->count >= cache->limit)
        for (struct entry *e = cache->oldest; e != NULL; e = e->newer)
            if (e->users == 0) {
                forget(cache, e);
                return e;
            }
    return malloc(sizeof(struct entry) + cache->entry_size);
}

static struct entry *
insert(struct h2k_cache *cache, uint64_t key)
{
    struct entry *e = take_entry(cache);
    if (e == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory for a cache entry");
    struct entry **bucket = bucket_of(cache, key);
    *e = (struct entry){ .public = { e->bytes },
                         .key = key,
                         .state = FILLING,
                         .users = 1,
                         .next = *bucket };
    *bucket = e;
    order_add(cache, e);
    cache->count++;
    return e;
}

/* A failed entry is out of the lists already; its last user frees it. */
static void
drop(struct entry *e)
{
    if (--e->users == 0 && e->state == FAILED)
        free(e);
}

static int
fill_entry(struct h2k_cache *cache, struct entry *e, h2k_cache_fill fill,
           void *opaque)
{
    pthread_mutex_unlock(&cache->lock);
    int rc = fill(opaque, e->key, e->bytes);
    pthread_mutex_lock(&cache->lock);
    e->state = rc < 0 ? FAILED : FILLED;
    pthread_cond_broadcast(&cache->filled);
    if (rc < 0) {
        forget(cache, e);
        drop(e);
    }
    return rc;
}

/* Wait for another thread's filling.  False: it failed there, and this
 * thread must try for itself. */
static bool
wait_filled(struct h2k_cache *cache, struct entry *e)
{
    e->users++;
    while (e->state == FILLING)
        pthread_cond_wait(&cache->filled, &cache->lock);
    if (e->state == FILLED)
        return true;
    drop(e);
    return false;
}

static struct entry *
get_locked(struct h2k_cache *cache, uint64_t key, h2k_cache_fill fill,
           void *opaque)
{
    struct entry *e;
    while ((e = find(cache, key)) != NULL)
        if (wait_filled(cache, e)) {
            order_remove(cache, e);
            order_add(cache, e);
            return e;
        }
    e = insert(cache, key);
    if (e == NULL || fill_entry(cache, e, fill, opaque) < 0)
        return NULL;
    return e;
}

const struct h2k_cache_entry *
h2k_cache_get(struct h2k_cache *cache, uint64_t key, h2k_cache_fill fill,
              void *opaque)
{
    pthread_mutex_lock(&cache->lock);
    struct entry *e = get_locked(cache, key, fill, opaque);
    pthread_mutex_unlock(&cache->lock);
    return e == NULL ? NULL : &e->public;
}

void
h2k_cache_release(struct h2k_cache *cache, const struct h2k_cache_entry *entry)
{
    pthread_mutex_lock(&cache->lock);
    drop((struct entry *)entry);
    pthread_mutex_unlock(&cache->lock);
}

int
h2k_cache_read(struct h2k_cache *cache, uint64_t key, size_t offset,
               size_t count, void *buffer, h2k_cache_fill fill, void *opaque)
{
    const struct h2k_cache_entry *e = h2k_cache_get(cache, key, fill, opaque);
    if (e == NULL)
        return -1;
    memcpy(buffer, e->data + offset, count);
    h2k_cache_release(cache, e);
    return 0;
}
