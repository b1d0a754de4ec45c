/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CONVERT: every disk into its output, not yet under its name. */
#include "base/error.h"
#include "block/overlay.h"
#include "pipeline/job.h"
#include "pipeline/merge.h"

#include <string.h>
#include <time.h>

/*
 * Free space is left out.  That needs the guest's filesystems as they will
 * be: after FIX, or untouched.  Where INSPECT replayed a journal and FIX did
 * not run, the replay goes, and with it the knowledge of what is free.
 */
static int
leave_out_free(struct h2k_job *job, uint64_t *bytes)
{
    bool fixing = h2k_manifest_pipeline(job->manifest)->fix.enabled;
    bool touched = false;
    *bytes = 0;
    for (size_t i = 0; i < job->disk_count; i++)
        touched |= h2k_overlay_dirty(job->disks[i].overlay) > 0;
    if (fixing || !touched)
        return job->guest == NULL ? 0
                                  : h2k_guest_discard_free(job->guest, bytes);
    h2k_guest_free(job->guest);
    job->guest = NULL;
    for (size_t i = 0; i < job->disk_count; i++)
        h2k_overlay_reset(job->disks[i].overlay);
    return 0;
}

static int
convert_disk(struct h2k_job *job, struct h2k_job_disk *disk)
{
    const struct h2k_manifest_convert *how =
        &h2k_manifest_pipeline(job->manifest)->convert;
    struct h2k_job_progress progress;
    struct h2k_convert_request request = {
        .disk = disk->overlay,
        .format = h2k_writer_find(h2k_manifest_output(job->manifest)->format),
        .threads = job->settings->threads,
        .progress = h2k_job_progress(job, disk, &progress),
        .options = { .level = (int)how->compress_level },
    };
    if (how->compress)
        request.options.compression =
            job->settings->compression == H2K_COMPRESS_NONE
                ? H2K_COMPRESS_ZLIB
                : job->settings->compression;
    if (request.format == NULL)
        return -1;
    disk->output = h2k_output_new(disk->output_path);
    if (disk->output == NULL)
        return -1;
    request.output = disk->output;
    if (h2k_convert(&request, &disk->converted) < 0)
        return -1;
    return h2k_output_sync(disk->output);
}

/* The disk stands in its output already: the edits go into it. */
static int
merge_disk(struct h2k_job *job, struct h2k_job_disk *disk, uint64_t *dropped)
{
    struct h2k_merge_result merged;
    struct h2k_job_progress owner;
    struct h2k_progress progress = h2k_job_progress(job, disk, &owner);
    disk->output = h2k_steal(disk->stream->output);
    disk->converted = disk->stream->converted;
    disk->stream->converted = (struct h2k_convert_result){ 0 };
    const struct h2k_merge_request request = {
        .overlay = disk->overlay,
        .disk = disk->base,
        .digest = disk->converted.digest,
        .cluster = disk->stream->cluster,
        .places = disk->stream->places,
    };
    if (h2k_merge(&request, &merged) < 0)
        return h2k_errcode() == H2K_E_INTERRUPTED
                   ? -1
                   : h2k_prefix("%s: ", disk->output_path);
    disk->converted.bytes_written += merged.written;
    *dropped += merged.dropped;
    progress.fn(progress.opaque, disk->converted.bytes_read,
                disk->converted.bytes_read);
    return h2k_output_sync(disk->output);
}

static int
prepare_directory(struct h2k_job *job)
{
    const char *directory = h2k_manifest_output(job->manifest)->directory;
    if (h2k_output_make_directory(directory, NULL) < 0)
        return -1;
    int stale = h2k_output_sweep_stale(directory);
    if (stale > 0) {
        char message[100];
        snprintf(message, sizeof(message),
                 "removed %d unfinished file%s of a run that was killed",
                 stale, stale == 1 ? "" : "s");
        h2k_report_note(job->report, message);
    }
    return stale < 0 ? -1 : 0;
}

static int
convert_all(struct h2k_job *job, json_t *disks, uint64_t *read,
            uint64_t *written, uint64_t *dropped)
{
    if (job->settings->streams != NULL)
        *dropped = 0; /* what is really left out, not what could be */
    for (size_t i = 0; i < job->disk_count; i++) {
        struct h2k_job_disk *disk = &job->disks[i];
        if ((disk->stream == NULL ? convert_disk(job, disk)
                                  : merge_disk(job, disk, dropped)) < 0)
            return h2k_prefix("%s: ", disk->spec->id);
        json_object_set_new(disks, disk->spec->id,
                            json_string(disk->output_path));
        *read += disk->converted.bytes_read;
        *written += disk->converted.bytes_written;
    }
    return 0;
}

int
h2k_stage_convert(struct h2k_job *job, json_t *result)
{
    uint64_t free_bytes = 0, read = 0, written = 0;
    struct timespec begin, end;
    json_t *disks = json_object();
    clock_gettime(CLOCK_MONOTONIC, &begin);
    int rc = prepare_directory(job);
    /* A filesystem that libguestfs only read is mounted there still. */
    if (rc == 0 && job->guest != NULL)
        rc = h2k_guest_flush(job->guest);
    if (rc == 0)
        rc = leave_out_free(job, &free_bytes);
    if (rc == 0)
        rc = convert_all(job, disks, &read, &written, &free_bytes);
    if (rc == 0 && !h2k_manifest_pipeline(job->manifest)->validate.enabled)
        rc = h2k_job_publish(job);
    clock_gettime(CLOCK_MONOTONIC, &end);
    json_object_set_new(result, "disks", disks);
    json_object_set_new(
        result, "format",
        json_string(h2k_manifest_output(job->manifest)->format));
    json_object_set_new(result, "bytes_read", json_integer((json_int_t)read));
    json_object_set_new(result, "bytes_written",
                        json_integer((json_int_t)written));
    json_object_set_new(result, "free_bytes_left_out",
                        json_integer((json_int_t)free_bytes));
    json_object_set_new(
        result, "seconds",
        json_real((double)(end.tv_sec - begin.tv_sec) +
                  (double)(end.tv_nsec - begin.tv_nsec) / 1e9));
    return rc;
}
