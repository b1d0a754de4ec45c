/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The disks, several at once. */
#include "provider/export-job.h"

#include "base/checked.h"
#include "base/interrupt.h"

#include <string.h>

struct transfer {
    struct h2k_export_job *job;
    pthread_mutex_t lock; /* over the rest */
    size_t next;
    bool failed;
    struct h2k_saved_error error; /* the first one */
};

/* What a tee's progress needs to know. */
struct disk_progress {
    struct h2k_export_job *job;
    size_t disk;
};

static void
report(struct h2k_export_job *job, size_t disk)
{
    const struct h2k_export_progress *to = &job->request->progress;
    uint64_t done = 0, total = 0;
    for (size_t i = 0; i < job->out->vm->disk_count; i++) {
        done += atomic_load(&job->parts[i].arrived);
        total += atomic_load(&job->parts[i].total);
    }
    if (job->transport->progress != NULL)
        job->transport->progress(job->transport_state, done, total);
    if (to->bytes == NULL)
        return;
    pthread_mutex_lock(&job->lock);
    to->bytes(to->opaque, disk, atomic_load(&job->parts[disk].arrived),
              atomic_load(&job->parts[disk].total));
    pthread_mutex_unlock(&job->lock);
}

static void
on_progress(void *opaque, uint64_t done)
{
    const struct disk_progress *p = opaque;
    struct h2k_export_part *part = &p->job->parts[p->disk];
    atomic_store(&part->arrived, done);
    if (done > atomic_load(&part->total))
        atomic_store(&part->total, done);
    report(p->job, p->disk);
}

static struct h2k_tee *
new_tee(struct h2k_export_job *job, struct disk_progress *progress)
{
    struct h2k_export_part *part = &job->parts[progress->disk];
    bool lease = job->transport == &h2k_transport_lease;
    return h2k_tee_new(&(struct h2k_tee_target){
        .output = part->output,
        .ova = job->ova,
        .consumer = job->request->consumer,
        .disk = progress->disk,
        .what = job->transport->what,
        .capacity = part->disk->capacity,
        .sha1 = lease ? part->sha1 : NULL,
        .cancelled = &job->cancelled,
        .progress = on_progress,
        .opaque = progress,
    });
}

/* An earlier run brought all of it: still what it was then?  1 when it is,
 * 0 when it has to come again.  Other disks' threads write meanwhile what is
 * known of this one into the state. */
static int
take_complete(struct h2k_export_job *job, size_t i, struct h2k_tee *tee)
{
    struct h2k_export_part *part = &job->parts[i];
    const struct h2k_export_disk *disk = &job->out->disks[i];
    uint64_t size = 0;
    char sha256[H2K_SHA256_HEX_SIZE];
    if (h2k_tee_begin(tee, part->kept) < 0 ||
        h2k_tee_finish(tee, &size, sha256) < 0)
        return -1;
    if (size == disk->size && strcmp(sha256, disk->sha256) == 0)
        return 1;
    h2k_export_say(job,
                   "disk %zu starts again: %s is not what it was when an "
                   "earlier run finished it",
                   i + 1, part->name);
    pthread_mutex_lock(&job->lock);
    part->complete = false;
    pthread_mutex_unlock(&job->lock);
    part->kept = 0;
    return 0;
}

static int
bring(struct h2k_export_job *job, size_t i)
{
    struct h2k_export_part *part = &job->parts[i];
    struct h2k_export_disk *disk = &job->out->disks[i];
    struct disk_progress progress = { job, i };
    H2K_AUTO(h2k_tee) tee = new_tee(job, &progress);
    if (tee == NULL)
        return -1;
    if (part->complete) {
        int rc = take_complete(job, i, tee);
        if (rc != 0)
            return rc < 0 ? -1 : 0;
    }
    if (job->transport->disk(job->transport_state, i, tee) < 0)
        return -1;
    return h2k_tee_finish(tee, &disk->size, disk->sha256);
}

static int
one_disk(struct h2k_export_job *job, size_t i)
{
    struct h2k_export_part *part = &job->parts[i];
    if (bring(job, i) < 0)
        return h2k_prefix("%s: ", part->disk->label);
    atomic_store(&part->arrived, job->out->disks[i].size);
    atomic_store(&part->total, job->out->disks[i].size);
    report(job, i);
    pthread_mutex_lock(&job->lock);
    part->done = true;
    int rc = h2k_export_save_state(job);
    pthread_mutex_unlock(&job->lock);
    return rc;
}

/* ---- Several at once ---- */

static bool
take_next(struct transfer *t, size_t *disk)
{
    pthread_mutex_lock(&t->lock);
    bool is_one = !t->failed && t->next < t->job->out->vm->disk_count;
    if (is_one)
        *disk = t->next++;
    pthread_mutex_unlock(&t->lock);
    return is_one;
}

static void *
transfer_thread(void *opaque)
{
    struct transfer *t = opaque;
    size_t disk;
    while (take_next(t, &disk)) {
        if (one_disk(t->job, disk) == 0)
            continue;
        pthread_mutex_lock(&t->lock);
        if (!t->failed)
            h2k_error_save(&t->error);
        t->failed = true;
        pthread_mutex_unlock(&t->lock);
        atomic_store(&t->job->cancelled, true);
    }
    return NULL;
}

/* An OVA has its files one after another. */
static size_t
thread_count(const struct h2k_export_job *job)
{
    size_t count = job->request->parallel > 0 ? job->request->parallel : 1;
    if (job->ova != NULL)
        count = 1;
    return (size_t)h2k_min_u64(count, job->out->vm->disk_count);
}

int
h2k_export_transfer(struct h2k_export_job *job)
{
    struct transfer t = { .job = job };
    size_t count = thread_count(job), running = 0;
    h2k_autofree pthread_t *threads = calloc(count, sizeof(*threads));
    if (threads == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    pthread_mutex_init(&t.lock, NULL);
    while (running < count &&
           pthread_create(&threads[running], NULL, transfer_thread, &t) == 0)
        running++;
    if (running == 0)
        transfer_thread(&t);
    for (size_t i = 0; i < running; i++)
        pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&t.lock);
    return t.failed ? h2k_error_restore(&t.error) : 0;
}
