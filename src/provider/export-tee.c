/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "provider/export-tee.h"

#include "base/checked.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "provider/disk-file.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SLOT_SIZE ((size_t)1 << 20)
#define SLOTS 4
/* So that an end is noticed while zeros are hashed. */
#define ZEROS_MAX (UINT64_C(64) << 20)

struct slot {
    uint8_t *bytes; /* SLOT_SIZE of them; owned */
    size_t count;
    uint64_t zeros; /* instead of bytes */
    bool stored;    /* in the output already */
};

struct stage {
    int (*take)(struct h2k_tee *tee, const struct slot *slot);
    struct h2k_tee *tee;
    bool busy;     /* a thread is at its next slot; under the lock */
    uint64_t done; /* slots that it took; under the lock */
    pthread_t thread;
};

struct h2k_tee {
    struct h2k_tee_target target;

    pthread_mutex_t lock; /* over what follows to `error` */
    pthread_cond_t turn;  /* any of it changed */
    uint64_t head;        /* slots that were handed over */
    bool stop;
    bool failed;
    struct h2k_saved_error error;

    struct slot slots[SLOTS];
    struct stage stages[3];
    size_t stage_count;

    bool begun;
    uint64_t size;             /* brought; the caller's */
    EVP_MD_CTX *sha1;          /* as sha; or NULL */
    struct h2k_sha256 *sha;    /* the hash stage's while slots are out */
    struct h2k_disk_file file; /* likewise the file stage's */
};

/* ---- The stages ---- */

static const uint8_t zeros[64 << 10];

static int
hash_bytes(struct h2k_tee *tee, const uint8_t *bytes, size_t count)
{
    if (tee->sha1 != NULL && EVP_DigestUpdate(tee->sha1, bytes, count) != 1)
        return h2k_fail(H2K_E_FAILED, "SHA-1 failed");
    return h2k_sha256_update(tee->sha, bytes, count);
}

static int
stage_hash(struct h2k_tee *tee, const struct slot *slot)
{
    for (uint64_t left = slot->zeros; left > 0;) {
        size_t n = (size_t)h2k_min_u64(left, sizeof(zeros));
        if (hash_bytes(tee, zeros, n) < 0)
            return -1;
        left -= n;
    }
    return hash_bytes(tee, slot->bytes, slot->count);
}

static int
stage_consume(struct h2k_tee *tee, const struct slot *slot)
{
    const struct h2k_export_consumer *to = tee->target.consumer;
    for (uint64_t left = slot->zeros; left > 0;) {
        size_t n = (size_t)h2k_min_u64(left, sizeof(zeros));
        if (to->data(to->opaque, tee->target.disk, zeros, n) < 0)
            return -1;
        left -= n;
    }
    return slot->count == 0 ? 0
                            : to->data(to->opaque, tee->target.disk,
                                       slot->bytes, slot->count);
}

static int
stage_ova(struct h2k_tee *tee, const struct slot *slot)
{
    return h2k_ova_data(tee->target.ova, slot->bytes, slot->count);
}

static int
stage_write(struct h2k_tee *tee, const struct slot *slot)
{
    h2k_disk_file_skip(&tee->file, slot->zeros);
    if (slot->stored) {
        h2k_disk_file_skip(&tee->file, slot->count);
        return 0;
    }
    return h2k_disk_file_write(&tee->file, slot->bytes, slot->count);
}

/* ---- The ring ---- */

/* The stage's next slot, by the thread that calls; the lock is held but while
 * it works. */
static void
stage_step(struct h2k_tee *tee, struct stage *stage)
{
    const struct slot *slot = &tee->slots[stage->done % SLOTS];
    stage->busy = true;
    pthread_mutex_unlock(&tee->lock);
    int rc = stage->take(tee, slot);
    pthread_mutex_lock(&tee->lock);
    if (rc < 0 && !tee->failed) {
        h2k_error_save(&tee->error);
        tee->failed = true;
    }
    stage->busy = false;
    stage->done++;
    pthread_cond_broadcast(&tee->turn);
}

static void *
stage_thread(void *opaque)
{
    struct stage *stage = opaque;
    struct h2k_tee *tee = stage->tee;
    pthread_mutex_lock(&tee->lock);
    while (!tee->stop && !tee->failed) {
        if (stage->busy || stage->done == tee->head)
            pthread_cond_wait(&tee->turn, &tee->lock);
        else
            stage_step(tee, stage);
    }
    pthread_mutex_unlock(&tee->lock);
    return NULL;
}

static bool
others_failed(const struct h2k_tee *tee)
{
    return tee->target.cancelled != NULL && atomic_load(tee->target.cancelled);
}

/* Until at most BEHIND slots are not yet taken by every stage.  Where the
 * processor has better to do than a stage's thread, the work is done here
 * instead of waited for: on a busy machine that is twice as fast. */
static int
ring_wait(struct h2k_tee *tee, uint64_t behind)
{
    pthread_mutex_lock(&tee->lock);
    for (size_t i = 0; i < tee->stage_count && !tee->failed;) {
        struct stage *stage = &tee->stages[i];
        if (tee->head - stage->done <= behind)
            i++;
        else if (stage->busy)
            pthread_cond_wait(&tee->turn, &tee->lock);
        else
            stage_step(tee, stage);
    }
    int rc = tee->failed ? h2k_error_restore(&tee->error) : 0;
    pthread_mutex_unlock(&tee->lock);
    if (rc == 0 && others_failed(tee))
        return h2k_fail(H2K_E_FAILED, "another disk failed");
    return rc;
}

static struct slot *
open_slot(struct h2k_tee *tee)
{
    return &tee->slots[tee->head % SLOTS];
}

static void
empty_slot(struct h2k_tee *tee)
{
    struct slot *slot = open_slot(tee);
    slot->count = 0;
    slot->zeros = 0;
    slot->stored = false;
}

/* The slot that was filled goes to the stages, and the next one is free when
 * this returns. */
static int
hand_over(struct h2k_tee *tee)
{
    pthread_mutex_lock(&tee->lock);
    tee->head++;
    pthread_cond_broadcast(&tee->turn);
    pthread_mutex_unlock(&tee->lock);
    if (ring_wait(tee, SLOTS - 1) < 0)
        return -1;
    empty_slot(tee);
    if (tee->target.progress != NULL)
        tee->target.progress(tee->target.opaque, tee->size);
    return 0;
}

static int
flush(struct h2k_tee *tee)
{
    const struct slot *slot = open_slot(tee);
    if ((slot->count > 0 || slot->zeros > 0) && hand_over(tee) < 0)
        return -1;
    return ring_wait(tee, 0);
}

/* ---- What others call ---- */

static int
start_stage(struct h2k_tee *tee,
            int (*take)(struct h2k_tee *tee, const struct slot *slot))
{
    struct stage *stage = &tee->stages[tee->stage_count];
    stage->tee = tee;
    stage->take = take;
    if (pthread_create(&stage->thread, NULL, stage_thread, stage) != 0)
        return h2k_fail(H2K_E_FAILED, "cannot start a thread");
    tee->stage_count++;
    return 0;
}

/* An OVA takes the hash of its members itself. */
static int
start_stages(struct h2k_tee *tee)
{
    if (tee->target.ova != NULL) {
        if (start_stage(tee, stage_ova) < 0)
            return -1;
    } else if (start_stage(tee, stage_hash) < 0 ||
               (tee->target.output != NULL &&
                start_stage(tee, stage_write) < 0)) {
        return -1;
    }
    return tee->target.consumer == NULL ? 0 : start_stage(tee, stage_consume);
}

struct h2k_tee *
h2k_tee_new(const struct h2k_tee_target *target)
{
    struct h2k_tee *made = calloc(1, sizeof(*made));
    if (made == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->turn, NULL);
    made->target = *target;
    H2K_AUTO(h2k_tee) tee = made;
    for (size_t i = 0; i < SLOTS; i++) {
        tee->slots[i].bytes = malloc(SLOT_SIZE);
        if (tee->slots[i].bytes == NULL)
            return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    }
    if (start_stages(tee) < 0)
        return NULL;
    return h2k_steal(tee);
}

static int
begin_sha1(struct h2k_tee *tee)
{
    if (tee->target.sha1 == NULL || tee->target.ova != NULL)
        return 0;
    if (tee->sha1 == NULL)
        tee->sha1 = EVP_MD_CTX_new();
    if (tee->sha1 == NULL ||
        EVP_DigestInit_ex(tee->sha1, EVP_sha1(), NULL) != 1)
        return h2k_fail(H2K_E_NOMEM, "cannot start SHA-1");
    return 0;
}

/* The hash, the file and the OVA's member from their start. */
static int
begin_stages(struct h2k_tee *tee, uint64_t kept)
{
    const struct h2k_tee_target *to = &tee->target;
    h2k_sha256_free(tee->sha);
    tee->sha = h2k_sha256_new();
    if (tee->sha == NULL || begin_sha1(tee) < 0)
        return -1;
    if (to->output != NULL &&
        h2k_disk_file_begin(&tee->file, to->output, to->what == H2K_BYTES_FLAT,
                            kept) < 0)
        return -1;
    if (to->ova != NULL && (tee->begun ? h2k_ova_restart_file(to->ova)
                                       : h2k_ova_begin_file(to->ova)) < 0)
        return -1;
    tee->begun = true;
    return 0;
}

/* What an earlier run stored, to those who need to see it. */
static int
replay(struct h2k_tee *tee, uint64_t kept)
{
    while (tee->size < kept) {
        struct slot *slot = open_slot(tee);
        size_t n = (size_t)h2k_min_u64(kept - tee->size, SLOT_SIZE);
        ssize_t got = pread(h2k_output_fd(tee->target.output), slot->bytes, n,
                            (off_t)tee->size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return h2k_fail_errno(
                H2K_E_OUTPUT, "%s: cannot be read at byte %" PRIu64,
                h2k_output_partial_path(tee->target.output), tee->size);
        slot->count = (size_t)got;
        slot->stored = true;
        tee->size += (uint64_t)got;
        if (hand_over(tee) < 0 || h2k_check_interrupt() < 0)
            return -1;
    }
    return 0;
}

int
h2k_tee_begin(struct h2k_tee *tee, uint64_t kept)
{
    const struct h2k_export_consumer *to = tee->target.consumer;
    empty_slot(tee);
    if (ring_wait(tee, 0) < 0 || begin_stages(tee, kept) < 0)
        return -1;
    tee->size = 0;
    if (to != NULL && to->begin(to->opaque, tee->target.disk, tee->target.what,
                                tee->target.capacity) < 0)
        return -1;
    return replay(tee, kept);
}

int
h2k_tee_data(struct h2k_tee *tee, const void *bytes, size_t count)
{
    const uint8_t *from = bytes;
    while (count > 0) {
        struct slot *slot = open_slot(tee);
        size_t n = SLOT_SIZE - slot->count;
        if (n > count)
            n = count;
        memcpy(slot->bytes + slot->count, from, n);
        slot->count += n;
        tee->size += n;
        from += n;
        count -= n;
        if (slot->count == SLOT_SIZE && hand_over(tee) < 0)
            return -1;
    }
    return 0;
}

int
h2k_tee_zeros(struct h2k_tee *tee, uint64_t count)
{
    if (tee->target.ova != NULL)
        return h2k_fail(H2K_E_UNSUPPORTED, "an OVA has no holes");
    if (open_slot(tee)->count > 0 && hand_over(tee) < 0)
        return -1;
    while (count > 0) {
        uint64_t n = h2k_min_u64(count, ZEROS_MAX);
        open_slot(tee)->zeros = n;
        tee->size += n;
        count -= n;
        if (hand_over(tee) < 0)
            return -1;
    }
    return 0;
}

uint64_t
h2k_tee_size(const struct h2k_tee *tee)
{
    return tee->size;
}

static int
finish_sha1(struct h2k_tee *tee)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    char *hex = tee->target.sha1;
    if (hex == NULL)
        return 0;
    hex[0] = '\0';
    if (tee->sha1 == NULL)
        return 0;
    if (EVP_DigestFinal_ex(tee->sha1, digest, &size) != 1)
        return h2k_fail(H2K_E_FAILED, "SHA-1 failed");
    for (unsigned i = 0; i < size; i++)
        snprintf(hex + (size_t)2 * i, 3, "%02x", digest[i]);
    return 0;
}

static int
finish_hash(struct h2k_tee *tee, char sha256[H2K_SHA256_HEX_SIZE])
{
    if (tee->target.ova != NULL) {
        struct h2k_ovf_file member = { 0 };
        if (h2k_ova_end_file(tee->target.ova, &member) < 0)
            return -1;
        memcpy(sha256, member.sha256, H2K_SHA256_HEX_SIZE);
        return 0;
    }
    uint8_t digest[H2K_SHA256_SIZE];
    if (h2k_sha256_finish(tee->sha, digest) < 0)
        return -1;
    h2k_sha256_hex(digest, sha256);
    return 0;
}

int
h2k_tee_finish(struct h2k_tee *tee, uint64_t *size,
               char sha256[H2K_SHA256_HEX_SIZE])
{
    const struct h2k_export_consumer *to = tee->target.consumer;
    if (flush(tee) < 0 ||
        (tee->target.output != NULL && h2k_disk_file_end(&tee->file) < 0) ||
        finish_hash(tee, sha256) < 0 || finish_sha1(tee) < 0)
        return -1;
    *size = tee->size;
    return to == NULL
               ? 0
               : to->end(to->opaque, tee->target.disk, sha256, tee->size);
}

void
h2k_tee_free(struct h2k_tee *tee)
{
    if (tee == NULL)
        return;
    pthread_mutex_lock(&tee->lock);
    tee->stop = true;
    pthread_cond_broadcast(&tee->turn);
    pthread_mutex_unlock(&tee->lock);
    for (size_t i = 0; i < tee->stage_count; i++)
        pthread_join(tee->stages[i].thread, NULL);
    for (size_t i = 0; i < SLOTS; i++)
        free(tee->slots[i].bytes);
    h2k_sha256_free(tee->sha);
    EVP_MD_CTX_free(tee->sha1);
    pthread_cond_destroy(&tee->turn);
    pthread_mutex_destroy(&tee->lock);
    free(tee);
}
