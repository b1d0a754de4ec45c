/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The NFC lease: streamOptimized VMDKs that the host makes while they are
 * read, so that none can be read from its middle.  What breaks starts again;
 * a lease that the server ended is taken anew, once.
 */
#include "provider/vsphere/transport.h"

#include "base/interrupt.h"
#include "base/log.h"
#include "provider/vsphere/internal.h"
#include "provider/vsphere/lease-files.h"
#include "provider/vsphere/vmdk-frame.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

/* A first one, and one more. */
#define LEASES 2
/* A lease that nobody keeps alive ends after five minutes. */
#define LEFT_OPEN_SECONDS 360

struct lease_state {
    struct h2k_export_job *job;
    pthread_mutex_t lock; /* over `count`, and taking a lease anew */
    unsigned count;
    struct h2k_vsphere_lease *leases[LEASES];
};

/* ---- The files of a lease ---- */

static size_t
count_disks(const struct h2k_vsphere_lease *lease)
{
    size_t count = 0;
    for (size_t i = 0; i < h2k_vsphere_lease_file_count(lease); i++)
        count += h2k_vsphere_lease_file(lease, i)->is_disk;
    return count;
}

/* Of the device with the disk's key; or where a server's keys tell none, the
 * one at its place. */
static const struct h2k_vsphere_lease_file *
file_of(const struct h2k_export_job *job,
        const struct h2k_vsphere_lease *lease, size_t disk)
{
    const struct h2k_vm *vm = job->out->vm;
    bool keyed = false;
    const struct h2k_vsphere_lease_file *at_place = NULL;
    size_t place = 0;
    for (size_t i = 0; i < h2k_vsphere_lease_file_count(lease); i++) {
        const struct h2k_vsphere_lease_file *file =
            h2k_vsphere_lease_file(lease, i);
        if (!file->is_disk)
            continue;
        if (file->disk_key >= 0 && file->disk_key == vm->disks[disk].key)
            return file;
        keyed = keyed || file->disk_key >= 0;
        if (place++ == disk)
            at_place = file;
    }
    return keyed || place != vm->disk_count ? NULL : at_place;
}

static int
check_files(const struct h2k_export_job *job,
            const struct h2k_vsphere_lease *lease)
{
    const struct h2k_vm *vm = job->out->vm;
    for (size_t i = 0; i < vm->disk_count; i++)
        if (file_of(job, lease, i) == NULL)
            return h2k_fail(
                H2K_E_UNSUPPORTED,
                "VM %s: the server offers %zu disks for export, and %s is "
                "not among them (an independent disk is in no snapshot, a "
                "raw mapping in no export): use --transport datastore, or "
                "detach it",
                vm->name, count_disks(lease), vm->disks[i].label);
    return 0;
}

/* How the server calls the disks, for its descriptor. */
static int
set_keys(struct h2k_export_job *job, const struct h2k_vsphere_lease *lease)
{
    for (size_t i = 0; i < job->out->vm->disk_count; i++) {
        const char *key = file_of(job, lease, i)->key;
        char *copy = strdup(key != NULL ? key : "");
        if (copy == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        free(job->parts[i].device_key);
        job->parts[i].device_key = copy;
    }
    return 0;
}

/* What is known of the sizes; a guess is what the VM takes, by share. */
static void
set_totals(struct h2k_export_job *job, const struct h2k_vsphere_lease *lease)
{
    const struct h2k_vm *vm = job->out->vm;
    double capacity = 0;
    for (size_t i = 0; i < vm->disk_count; i++)
        capacity += (double)vm->disks[i].capacity;
    for (size_t i = 0; i < vm->disk_count; i++) {
        uint64_t size = file_of(job, lease, i)->size;
        double mine = (double)vm->disks[i].capacity;
        if (size == 0 && vm->committed > 0 && (double)vm->committed < capacity)
            size = (uint64_t)((double)vm->committed * (mine / capacity));
        if (size > 0)
            atomic_store(&job->parts[i].total, size);
    }
}

/* Hosts have certificates of their own, and the server, which is trusted,
 * tells which.  One that sits before the hosts has been verified. */
static int
trust_hosts(struct h2k_export_job *job, const struct h2k_vsphere_lease *lease)
{
    struct h2k_http *http = h2k_vsphere_http(job->vs);
    for (size_t i = 0; i < job->out->vm->disk_count; i++) {
        const struct h2k_vsphere_lease_file *file = file_of(job, lease, i);
        if (file->thumbprint != NULL && file->thumbprint[0] != '\0' &&
            h2k_lease_url_is_foreign(file->url, job->vs->origin) &&
            h2k_http_trust_host(http, file->url, file->thumbprint) < 0)
            return h2k_prefix("%s: ", job->parts[i].disk->label);
    }
    return 0;
}

/* ---- Taking it ---- */

/* A run that was killed left its lease, which ends by itself, and until then
 * the server gives no other.  It may have been killed before it wrote that it
 * was there. */
static bool
is_left_open(const struct h2k_export_job *job)
{
    return (job->earlier != NULL || job->request->resume) &&
           strstr(h2k_errmsg(), "TaskInProgress") != NULL;
}

static struct h2k_vsphere_lease *
ask_for_lease(struct h2k_export_job *job)
{
    for (unsigned waited = 0;; waited++) {
        struct h2k_vsphere_lease *lease = h2k_vsphere_lease_export(
            job->vs, job->request->vm_id, job->snapshot);
        if (lease != NULL || !is_left_open(job) || waited >= LEFT_OPEN_SECONDS)
            return lease;
        if (waited == 0)
            h2k_export_say(job,
                           "an earlier run left its lease open; waiting for "
                           "its end, which takes up to %d minutes",
                           LEFT_OPEN_SECONDS / 60);
        nanosleep(&(struct timespec){ .tv_sec = 1 }, NULL);
        if (h2k_check_interrupt() < 0)
            return NULL;
    }
}

static int
take_lease(struct lease_state *state)
{
    struct h2k_export_job *job = state->job;
    h2k_export_say(job, "waiting for the server's export lease");
    H2K_AUTO(h2k_vsphere_lease) lease = ask_for_lease(job);
    if (lease == NULL || check_files(job, lease) < 0 ||
        set_keys(job, lease) < 0 || trust_hosts(job, lease) < 0)
        return -1;
    set_totals(job, lease);
    state->leases[state->count++] = h2k_steal(lease);
    return 0;
}

static void
lease_close(void *opaque)
{
    struct lease_state *state = opaque;
    for (unsigned i = 0; i < state->count; i++)
        h2k_vsphere_lease_free(state->leases[i]);
    pthread_mutex_destroy(&state->lock);
    free(state);
}

static int
lease_open(struct h2k_export_job *job, void **opaque)
{
    struct lease_state *state = calloc(1, sizeof(*state));
    if (state == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    state->job = job;
    pthread_mutex_init(&state->lock, NULL);
    if (take_lease(state) < 0) {
        lease_close(state);
        return -1;
    }
    *opaque = state;
    return 0;
}

static unsigned
newest(struct lease_state *state)
{
    pthread_mutex_lock(&state->lock);
    unsigned i = state->count - 1;
    pthread_mutex_unlock(&state->lock);
    return i;
}

/* The lease USED is over, by the thread's error.  0 when there is another
 * one, which this or another thread took. */
static int
take_another(struct lease_state *state, unsigned used)
{
    struct h2k_saved_error error;
    h2k_error_save(&error);
    int rc = 0;
    pthread_mutex_lock(&state->lock);
    if (used + 1 == state->count) {
        rc = state->count < LEASES ? 0 : h2k_error_restore(&error);
        if (rc == 0)
            h2k_export_say(state->job,
                           "the server ended the export lease (%s); another "
                           "one is asked for",
                           error.message);
        if (rc == 0)
            rc = take_lease(state);
    }
    pthread_mutex_unlock(&state->lock);
    return rc;
}

/* ---- One disk ---- */

struct lease_sink {
    struct h2k_export_job *job;
    size_t disk;
    struct h2k_tee *tee;
    struct h2k_vmdk_frame frame;
};

static int
sink_begin(void *opaque, uint64_t size)
{
    struct lease_sink *sink = opaque;
    if (size != UINT64_MAX)
        atomic_store(&sink->job->parts[sink->disk].total, size);
    return 0;
}

static int
sink_data(void *opaque, const void *bytes, size_t count)
{
    struct lease_sink *sink = opaque;
    h2k_vmdk_frame_add(&sink->frame, bytes, count);
    return h2k_tee_data(sink->tee, bytes, count);
}

/* One attempt, from the first byte. */
static int
attempt(struct lease_sink *sink, const struct h2k_vsphere_lease_file *file,
        struct h2k_http_reply *reply)
{
    const struct h2k_http_sink to = { .begin = sink_begin,
                                      .data = sink_data,
                                      .opaque = sink };
    sink->frame = (struct h2k_vmdk_frame){ 0 };
    *reply = (struct h2k_http_reply){ .failure = H2K_HTTP_LOCAL };
    if (h2k_tee_begin(sink->tee, 0) < 0)
        return -1;
    if (h2k_http_get(h2k_vsphere_http(sink->job->vs), file->url, 0, UINT64_MAX,
                     &to, reply) < 0)
        return -1;
    if (h2k_vmdk_frame_check(
            &sink->frame, sink->job->parts[sink->disk].disk->capacity) < 0) {
        /* Whole by its length, and yet not: as good as broken. */
        reply->failure = H2K_HTTP_BROKEN;
        return h2k_prefix("what the server sent: ");
    }
    return 0;
}

static void
say_restart(const struct lease_sink *sink)
{
    h2k_export_say(sink->job,
                   "disk %zu starts again, since a lease gives a disk as a "
                   "whole only (%" PRIu64 " MiB had come): %s",
                   sink->disk + 1, h2k_tee_size(sink->tee) >> 20,
                   h2k_errmsg());
}

/* With one lease, until nothing helps. */
static int
with_lease(struct lease_sink *sink, struct h2k_vsphere_lease *lease)
{
    const struct h2k_vsphere_lease_file *file =
        file_of(sink->job, lease, sink->disk);
    struct h2k_transport_retry retry = H2K_TRANSPORT_RETRY;
    for (;;) {
        struct h2k_http_reply reply = { 0 };
        int rc = attempt(sink, file, &reply);
        bool again = rc < 0 && h2k_transport_again(sink->job, &retry, &reply);
        h2k_http_reply_clear(&reply);
        if (!again)
            return rc;
        struct h2k_saved_error error;
        h2k_error_save(&error);
        if (h2k_vsphere_lease_check(lease) < 0)
            return -1;
        h2k_error_restore(&error);
        say_restart(sink);
    }
}

static int
lease_disk(void *opaque, size_t disk, struct h2k_tee *tee)
{
    struct lease_state *state = opaque;
    struct lease_sink sink = { .job = state->job, .disk = disk, .tee = tee };
    for (;;) {
        unsigned used = newest(state);
        struct h2k_vsphere_lease *lease = state->leases[used];
        if (with_lease(&sink, lease) == 0)
            return 0;
        if (h2k_errcode() == H2K_E_INTERRUPTED ||
            atomic_load(&state->job->cancelled))
            return -1;
        struct h2k_saved_error error;
        h2k_error_save(&error);
        if (h2k_vsphere_lease_check(lease) == 0)
            return h2k_error_restore(&error);
        if (take_another(state, used) < 0)
            return -1;
        say_restart(&sink);
    }
}

static void
lease_progress(void *opaque, uint64_t done, uint64_t total)
{
    struct lease_state *state = opaque;
    double part = total == 0 ? 0 : 100.0 * (double)done / (double)total;
    h2k_vsphere_lease_progress(state->leases[newest(state)],
                               part > 99 ? 99 : (unsigned)part);
}

/* ---- The end ---- */

static int
compare_sums(struct lease_state *state, struct h2k_vsphere_lease *lease,
             const struct h2k_vsphere_lease_sum *sums, size_t count)
{
    struct h2k_export_job *job = state->job;
    for (size_t d = 0; d < job->out->vm->disk_count; d++) {
        const char *key = file_of(job, lease, d)->key;
        for (size_t i = 0; i < count; i++)
            if (key != NULL && strcmp(sums[i].key, key) == 0 &&
                h2k_export_compare_sum(job, d, &sums[i]) < 0)
                return -1;
    }
    return 0;
}

/* The server's own sums, where it has them: versions before 6.7 do not. */
static int
check_sums(struct lease_state *state, struct h2k_vsphere_lease *lease)
{
    struct h2k_vsphere_lease_sum *sums = NULL;
    size_t count = 0;
    if (h2k_vsphere_lease_manifest(lease, &sums, &count) < 0) {
        if (h2k_errcode() == H2K_E_INTERRUPTED)
            return -1;
        h2k_log(H2K_LOG_INFO, "the server has no checksums: %s", h2k_errmsg());
        return 0;
    }
    int rc = compare_sums(state, lease, sums, count);
    h2k_vsphere_lease_sums_free(sums, count);
    return rc;
}

static int
lease_finish(void *opaque)
{
    struct lease_state *state = opaque;
    struct h2k_vsphere_lease *lease = state->leases[newest(state)];
    if (check_sums(state, lease) < 0)
        return -1;
    h2k_vsphere_lease_progress(lease, 100);
    if (h2k_vsphere_lease_complete(lease) < 0) {
        if (h2k_errcode() == H2K_E_INTERRUPTED)
            return -1;
        h2k_export_warn(state->job,
                        "all disks came, but the server did not take the end "
                        "of the lease, and may show the export as failed: %s",
                        h2k_errmsg());
    }
    return 0;
}

const struct h2k_transport_ops h2k_transport_lease = {
    .name = "lease",
    .what = H2K_BYTES_VMDK_STREAM,
    .open = lease_open,
    .disk = lease_disk,
    .progress = lease_progress,
    .finish = lease_finish,
    .close = lease_close,
};
