/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "pipeline/job.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "pipeline/source.h"

#include <stdio.h>
#include <sys/stat.h>

static void
forward(void *opaque, uint64_t done, uint64_t total)
{
    const struct h2k_job_progress *p = opaque;
    if (p->job->settings->progress != NULL)
        p->job->settings->progress(p->job->settings->opaque,
                                   h2k_report_stage(p->job->report),
                                   p->disk_id, done, total);
}

struct h2k_progress
h2k_job_progress(const struct h2k_job *job, const struct h2k_job_disk *disk,
                 struct h2k_job_progress *owner)
{
    *owner = (struct h2k_job_progress){ job, disk->spec->id };
    return (struct h2k_progress){ forward, owner };
}

/* A journal that was replayed has changed the disk, though not by us. */
static void
note_replays(struct h2k_job *job)
{
    for (size_t i = 0; i < job->guest->volume_count; i++) {
        const struct h2k_guest_volume *volume = &job->guest->volumes[i];
        char name[H2K_VOLUME_NAME], message[H2K_VOLUME_NAME + 100];
        if (!volume->fs_info.replayed)
            continue;
        h2k_guest_volume_name(job->guest, volume, name);
        snprintf(message, sizeof(message),
                 "%s was not unmounted cleanly: its %s journal was replayed",
                 name, volume->fs_info.type);
        h2k_report_note(job->report, message);
    }
}

int
h2k_job_open_guest(struct h2k_job *job)
{
    if (job->guest != NULL)
        return 0;
    struct h2k_disk_source sources[H2K_GUEST_DISKS_MAX];
    if (job->disk_count > H2K_GUEST_DISKS_MAX)
        return h2k_fail(H2K_E_UNFIXABLE, "a guest with more than %d disks",
                        H2K_GUEST_DISKS_MAX);
    for (size_t i = 0; i < job->disk_count; i++)
        sources[i] = (struct h2k_disk_source){
            .id = job->disks[i].spec->id,
            .block = job->disks[i].overlay,
        };
    job->guest =
        h2k_guest_open(sources, job->disk_count, &job->settings->guest);
    if (job->guest == NULL)
        return -1;
    for (size_t i = 0; i < job->guest->warnings.count; i++)
        h2k_report_warning(job->report, job->guest->warnings.items[i]);
    note_replays(job);
    return 0;
}

static int
report_artifact(struct h2k_job *job, struct h2k_job_disk *disk)
{
    struct stat st;
    if (stat(disk->output_path, &st) < 0)
        return h2k_fail_errno(H2K_E_OUTPUT, "%s", disk->output_path);
    const struct h2k_report_artifact artifact = {
        .type = "converted_image",
        .disk_id = disk->spec->id,
        .path = disk->output_path,
        .format = h2k_manifest_output(job->manifest)->format,
        .size_bytes = (uint64_t)st.st_size,
        .virtual_size_bytes = disk->converted.virtual_size,
        .compressed =
            disk->stream != NULL
                ? disk->stream->compressed
                : h2k_manifest_pipeline(job->manifest)->convert.compress,
    };
    h2k_report_artifact(job->report, &artifact);
    return 0;
}

int
h2k_job_publish(struct h2k_job *job)
{
    for (size_t i = 0; i < job->disk_count; i++) {
        struct h2k_job_disk *disk = &job->disks[i];
        if (h2k_check_interrupt() < 0 || h2k_output_publish(disk->output) < 0)
            return -1;
        disk->published = true;
        if (report_artifact(job, disk) < 0)
            return -1;
    }
    return 0;
}

struct stage {
    const char *name;
    int (*run)(struct h2k_job *job, json_t *result);
};

/* Whatever a stage made of it: when a source could not be read, that is the
 * error. */
static int
check_reads(struct h2k_job *job)
{
    for (size_t i = 0; i < job->disk_count; i++) {
        const struct h2k_job_disk *disk = &job->disks[i];
        if (disk->overlay != NULL &&
            h2k_source_check_reads(disk->overlay, disk->stream == NULL
                                                      ? disk->spec->path
                                                      : disk->output_path) < 0)
            return h2k_prefix("%s: ", disk->spec->id);
    }
    return 0;
}

static int
run_stage(struct h2k_job *job, const struct stage *stage)
{
    json_t *result = json_object();
    h2k_report_begin(job->report, stage->name);
    h2k_log(H2K_LOG_VERBOSE, "%s", stage->name);
    int rc = h2k_check_interrupt() < 0 ? -1 : stage->run(job, result);
    if (rc == 0 || h2k_errcode() != H2K_E_INTERRUPTED)
        rc = check_reads(job) < 0 ? -1 : rc;
    if (rc == 0) {
        h2k_report_succeed(job->report, result);
        return 0;
    }
    h2k_report_fail(job->report, result);
    return -1;
}

static bool
wanted(const struct h2k_job *job, size_t stage)
{
    const struct h2k_manifest_pipeline *p =
        h2k_manifest_pipeline(job->manifest);
    bool dry = h2k_manifest_options(job->manifest)->dry_run;
    const bool on[] = { true, p->inspect.enabled, p->fix.enabled,
                        p->convert.enabled && !dry, p->validate.enabled };
    return on[stage];
}

static int
run_stages(struct h2k_job *job)
{
    static const struct stage stages[] = {
        { "load_manifest", h2k_stage_load },
        { "inspect", h2k_stage_inspect },
        { "fix", h2k_stage_fix },
        { "convert", h2k_stage_convert },
        { "validate", h2k_stage_validate },
    };
    for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
        if (wanted(job, i) && run_stage(job, &stages[i]) < 0)
            return -1;
    return 0;
}

/* Blocks and partial files go; what was not published was never there. */
static void
job_clear(struct h2k_job *job)
{
    h2k_guest_free(job->guest);
    for (size_t i = 0; i < job->disk_count; i++) {
        struct h2k_job_disk *disk = &job->disks[i];
        h2k_hasher_free(disk->hasher);
        h2k_convert_result_clear(&disk->converted);
        h2k_output_free(disk->output);
        h2k_block_unref(disk->overlay);
        h2k_block_unref(disk->base);
        h2k_block_unref(disk->file);
        free(disk->output_path);
    }
    free(job->disks);
}

/* A report that cannot be written is the job's error only where the job had
 * none of its own. */
static int
write_report(struct h2k_job *job, int rc)
{
    const struct h2k_manifest_options *options =
        h2k_manifest_options(job->manifest);
    struct h2k_saved_error error;
    if (!options->report_enabled)
        return rc;
    h2k_error_save(&error);
    if (h2k_output_make_directory(
            h2k_manifest_output(job->manifest)->directory, NULL) < 0 ||
        h2k_report_write(job->report, options->report_path) < 0) {
        h2k_log(H2K_LOG_WARNING, "%s", h2k_errmsg());
        return rc < 0 ? h2k_error_restore(&error) : -1;
    }
    return rc < 0 ? h2k_error_restore(&error) : 0;
}

int
h2k_job_run(const struct h2k_manifest *manifest,
            const struct h2k_job_settings *settings, struct h2k_report *report)
{
    struct h2k_job job = { .manifest = manifest,
                           .settings = settings,
                           .report = report };
    h2k_report_input(report, manifest, settings->manifest_path);
    int rc = run_stages(&job);
    job_clear(&job);
    rc = write_report(&job, rc);
    h2k_manifest_free(job.opened); /* which says where the report goes */
    return rc;
}
