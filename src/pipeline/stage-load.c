/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* LOAD_MANIFEST: every disk's file found, opened, and known for what it is. */
#include "base/error.h"
#include "block/overlay.h"
#include "pipeline/job.h"
#include "pipeline/json.h"
#include "pipeline/package.h"
#include "pipeline/source.h"

#include <inttypes.h>
#include <string.h>

static int
open_image(struct h2k_job *job, struct h2k_job_disk *disk)
{
    char warning[H2K_SOURCE_WARNING], message[H2K_SOURCE_WARNING + 80];
    H2K_AUTO(h2k_block)
    image = h2k_source_open(disk->spec->path, disk->spec->member,
                            disk->spec->source_format, &disk->info,
                            &disk->file, warning);
    if (image == NULL)
        return -1;
    if (warning[0] != '\0') {
        snprintf(message, sizeof(message), "%.64s: %s", disk->spec->id,
                 warning);
        h2k_report_warning(job->report, message);
    }
    disk->overlay = h2k_overlay_new(image, NULL);
    return disk->overlay == NULL ? -1 : 0;
}

/* `bytes` is the file's size or the disk's; another number is told. */
static void
check_bytes(struct h2k_job *job, const struct h2k_job_disk *disk)
{
    const struct h2k_manifest_disk *spec = disk->spec;
    if (!spec->bytes_given || spec->bytes == disk->info.file_size ||
        spec->bytes == disk->info.virtual_size)
        return;
    char message[300];
    snprintf(message, sizeof(message),
             "%.64s: the %s says %" PRIu64 " bytes; the file has %" PRIu64
             " and the disk in it %" PRIu64,
             spec->id, job->opened != NULL ? "OVF" : "manifest", spec->bytes,
             disk->info.file_size, disk->info.virtual_size);
    h2k_report_warning(job->report, message);
}

/* The checksum is computed beside everything else, from the start. */
static int
start_hashing(struct h2k_job *job, struct h2k_job_disk *disk)
{
    const struct h2k_manifest_validate *validate =
        &h2k_manifest_pipeline(job->manifest)->validate;
    if (!validate->enabled || !validate->verify_checksum ||
        disk->spec->checksum == NULL)
        return 0;
    enum h2k_hash_kind kind = H2K_HASH_SHA256;
    h2k_hash_kind_of(disk->spec->checksum, &kind);
    disk->hasher = h2k_hasher_start(disk->file, kind);
    return disk->hasher == NULL ? -1 : 0;
}

static json_t *
describe(const struct h2k_job_disk *disk)
{
    json_t *object =
        json_pack("{s:s, s:o, s:s, s:s, s:I, s:I}", "disk_id", disk->spec->id,
                  "path", h2k_json_text(disk->spec->path), "format",
                  disk->info.format, "variant", disk->info.variant,
                  "file_size_bytes", (json_int_t)disk->info.file_size,
                  "virtual_size_bytes", (json_int_t)disk->info.virtual_size);
    if (disk->spec->member != NULL)
        json_object_set_new(object, "member",
                            h2k_json_text(disk->spec->member));
    return object;
}

static char *
output_path(const struct h2k_job *job, size_t i)
{
    const char *directory = h2k_manifest_output(job->manifest)->directory;
    h2k_autofree char *name =
        h2k_manifest_output_name(job->manifest, i, job->disk_count);
    char *path = NULL;
    if (name == NULL)
        return NULL;
    if (asprintf(&path, "%s/%s", directory, name) < 0)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    return path;
}

static struct h2k_image_info
stream_info(const struct h2k_stream_content *content)
{
    bool vmdk = content->kind == H2K_STREAM_VMDK;
    return (struct h2k_image_info){
        .format = vmdk ? "vmdk" : "raw",
        .variant = vmdk ? "streamOptimized" : "",
        .virtual_size = content->converted.virtual_size,
        .file_size = content->arrived,
        .granularity = content->cluster,
        .compressed = vmdk,
    };
}

/* The disk has arrived already: what is in its output is the source. */
static int
load_stream(struct h2k_job *job, struct h2k_job_disk *disk,
            struct h2k_stream *stream)
{
    const char *format = h2k_manifest_output(job->manifest)->format;
    disk->stream = h2k_stream_content(stream);
    if (disk->stream == NULL)
        return -1;
    if (strcmp(disk->stream->format->name, format) != 0)
        return h2k_fail(H2K_E_USAGE,
                        "the manifest wants %s, and the disk was written as "
                        "%s while it arrived",
                        format, disk->stream->format->name);
    disk->output_path = strdup(disk->stream->path);
    if (disk->output_path == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    disk->info = stream_info(disk->stream);
    disk->base = h2k_stream_open(disk->stream);
    if (disk->base == NULL)
        return -1;
    disk->overlay = h2k_overlay_new(disk->base, NULL);
    if (disk->overlay == NULL)
        return -1;
    check_bytes(job, disk);
    return 0;
}

static int
load_disk(struct h2k_job *job, size_t i)
{
    struct h2k_job_disk *disk = &job->disks[i];
    disk->spec = h2k_manifest_disk(job->manifest, i);
    if (job->settings->streams != NULL)
        return load_stream(job, disk, job->settings->streams[i]);
    disk->output_path = output_path(job, i);
    if (disk->output_path == NULL || open_image(job, disk) < 0)
        return -1;
    check_bytes(job, disk);
    return start_hashing(job, disk);
}

/* An OVA or OVF: its disks are found out now. */
static int
open_package(struct h2k_job *job)
{
    job->opened = h2k_package_open(job->manifest);
    if (job->opened == NULL)
        return -1;
    job->manifest = job->opened;
    h2k_report_machine(job->report, job->manifest);
    for (size_t i = 0; i < h2k_manifest_warning_count(job->manifest); i++)
        h2k_report_warning(job->report,
                           h2k_manifest_warning(job->manifest, i)->message);
    return 0;
}

int
h2k_stage_load(struct h2k_job *job, json_t *result)
{
    if (h2k_package_is_closed(job->manifest) && open_package(job) < 0)
        return -1;
    size_t count = h2k_manifest_disk_count(job->manifest);
    json_t *disks = json_array();
    json_object_set_new(result, "disks", disks);
    job->disks = calloc(count, sizeof(*job->disks));
    if (job->disks == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    job->disk_count = count;
    for (size_t i = 0; i < count; i++) {
        if (load_disk(job, i) < 0)
            return h2k_prefix("%s: ", h2k_manifest_disk(job->manifest, i)->id);
        json_array_append_new(disks, describe(&job->disks[i]));
    }
    return 0;
}
