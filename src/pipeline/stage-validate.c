/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* VALIDATE: what was sent is what we read, what we wrote is what is there,
 * and, if asked, it boots. */
#include "base/error.h"
#include "block/file.h"
#include "image/qcow2-check.h"
#include "pipeline/job.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

/* One line of `checks`.  Passes RC on. */
static int
add_check(json_t *checks, const char *name, const char *disk_id, int rc,
          const char *detail)
{
    json_array_append_new(checks, json_pack("{s:s, s:s, s:b, s:s}", "check",
                                            name, "disk_id", disk_id, "passed",
                                            rc == 0, "detail",
                                            rc == 0 ? detail : h2k_errmsg()));
    return rc;
}

static int
check_checksum(const struct h2k_job_disk *disk)
{
    if (disk->stream != NULL)
        return h2k_manifest_compare_checksum(disk->spec, disk->stream->sha256);
    const char *hex = h2k_hasher_wait(disk->hasher);
    return hex == NULL ? -1 : h2k_manifest_compare_checksum(disk->spec, hex);
}

/* What was written, as a file to read. */
static struct h2k_block *
output_file(const struct h2k_job_disk *disk)
{
    int fd = fcntl(h2k_output_fd(disk->output), F_DUPFD_CLOEXEC, 0);
    if (fd < 0) {
        h2k_fail_errno(H2K_E_IO, "%s", disk->output_path);
        return NULL;
    }
    return h2k_file_from_fd(fd, h2k_output_partial_path(disk->output), false);
}

static int
check_structure(const struct h2k_job_disk *disk)
{
    H2K_AUTO(h2k_block) file = output_file(disk);
    struct h2k_qcow2_check found;
    if (file == NULL || h2k_qcow2_check(file, &found) < 0) {
        h2k_recode(H2K_E_VALIDATION);
        return h2k_prefix("%s: ", disk->output_path);
    }
    if (found.errors > 0 || found.leaks > 0)
        return h2k_fail(H2K_E_VALIDATION,
                        "%s: %" PRIu64 " wrong and %" PRIu64
                        " leaked clusters; check the host's storage and "
                        "memory",
                        disk->output_path, found.errors, found.leaks);
    return 0;
}

static int
check_content(struct h2k_job *job, const struct h2k_job_disk *disk)
{
    struct h2k_job_progress progress;
    const struct h2k_verify_request request = {
        .fd = h2k_output_fd(disk->output),
        .path = disk->output_path,
        .format = h2k_manifest_output(job->manifest)->format,
        .digest = disk->converted.digest,
        .threads = job->settings->threads,
        .progress = h2k_job_progress(job, disk, &progress),
        .places = disk->stream == NULL ? NULL : disk->stream->places,
        .cluster = disk->stream == NULL ? 0 : disk->stream->cluster,
    };
    return h2k_verify(&request);
}

static int
check_image(struct h2k_job *job, struct h2k_job_disk *disk, json_t *checks)
{
    const char *format = h2k_manifest_output(job->manifest)->format;
    if (strcmp(format, "qcow2") == 0 &&
        add_check(checks, "image_structure", disk->spec->id,
                  check_structure(disk),
                  "every cluster is referenced as often as it is counted") < 0)
        return -1;
    return add_check(checks, "content", disk->spec->id,
                     check_content(job, disk),
                     "read back, and the same as what was written");
}

/* What the checksum is of, for its line. */
static const char *
checksum_detail(const struct h2k_job_disk *disk, char text[64])
{
    enum h2k_hash_kind kind = H2K_HASH_SHA256;
    h2k_hash_kind_of(disk->spec->checksum, &kind);
    snprintf(text, 64, "the source's %s is the manifest's",
             h2k_hash_name(kind));
    return text;
}

static int
check_disks(struct h2k_job *job, json_t *checks)
{
    const struct h2k_manifest_validate *asked =
        &h2k_manifest_pipeline(job->manifest)->validate;
    for (size_t i = 0; i < job->disk_count; i++) {
        struct h2k_job_disk *disk = &job->disks[i];
        if (disk->output != NULL && asked->check_image_integrity &&
            check_image(job, disk, checks) < 0)
            return -1;
        char detail[64];
        bool arrived = disk->stream != NULL && asked->verify_checksum &&
                       disk->spec->checksum != NULL;
        if ((disk->hasher != NULL || arrived) &&
            add_check(checks, "checksum", disk->spec->id, check_checksum(disk),
                      checksum_detail(disk, detail)) < 0)
            return -1;
    }
    return 0;
}

int
h2k_stage_validate(struct h2k_job *job, json_t *result)
{
    json_t *checks = json_array();
    json_object_set_new(result, "checks", checks);
    bool converted = job->disks[0].output != NULL;
    int rc = check_disks(job, checks);
    if (rc == 0 && converted)
        rc = h2k_job_publish(job);
    if (rc == 0 && converted &&
        h2k_manifest_pipeline(job->manifest)->validate.test_boot)
        rc = h2k_stage_test_boot(job, checks, result);
    json_object_set_new(result, "all_valid",
                        json_boolean(rc == 0 && json_array_size(checks) > 0));
    return rc;
}
