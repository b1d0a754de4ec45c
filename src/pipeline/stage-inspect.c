/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* INSPECT: what is in the disks. */
#include "base/error.h"
#include "guest/inspect/inspect.h"
#include "pipeline/inspection-json.h"
#include "pipeline/job.h"
#include "pipeline/json.h"

#include <stdio.h>
#include <string.h>

static bool
begins_with(const char *text, const char *word)
{
    return strncasecmp(text, word, strlen(word)) == 0;
}

/* What the manifest says of the system is a hint.  Where what was found is
 * something else, that counts, and is told. */
static void
compare_hints(struct h2k_job *job, const struct h2k_inspection *found)
{
    const struct h2k_manifest_vm *vm = h2k_manifest_vm(job->manifest);
    char message[400];
    if (vm->os_hint != NULL && strcmp(vm->os_hint, "linux") != 0 &&
        found->distro != NULL && !begins_with(vm->os_hint, found->distro) &&
        !begins_with(vm->os_hint, found->os_id)) {
        snprintf(message, sizeof(message),
                 "the manifest's os_hint is %.100s, the disk has %.100s: the "
                 "disk counts",
                 vm->os_hint, found->distro);
        h2k_report_warning(job->report, message);
    }
    const char *firmware = vm->firmware == H2K_FIRMWARE_UEFI ? "uefi" : "bios";
    if (vm->firmware_given && vm->firmware != H2K_FIRMWARE_UNKNOWN &&
        found->firmware != NULL && strcmp(found->firmware, "both") != 0 &&
        strcmp(found->firmware, firmware) != 0) {
        snprintf(message, sizeof(message),
                 "the manifest's firmware is %s, the disk starts with %s: "
                 "give the new machine %s",
                 firmware, found->firmware, found->firmware);
        h2k_report_warning(job->report, message);
    }
}

static void
describe_disk(const struct h2k_job *job, json_t *result)
{
    const struct h2k_job_disk *disk = &job->disks[0];
    for (size_t i = 0; i < job->disk_count; i++)
        if (job->disks[i].spec == h2k_manifest_boot_disk(job->manifest))
            disk = &job->disks[i];
    json_object_set_new(result, "disk_id", h2k_json_text(disk->spec->id));
    json_object_set_new(result, "disk_path", h2k_json_text(disk->spec->path));
    json_object_set_new(result, "disk_format",
                        h2k_json_text(disk->info.format));
}

/* Without FIX, a disk that holds no system that we know is no error. */
static int
no_guest(struct h2k_job *job, json_t *result)
{
    if (h2k_error_is_content())
        h2k_recode(H2K_E_UNFIXABLE);
    if ((h2k_errcode() != H2K_E_UNFIXABLE &&
         h2k_errcode() != H2K_E_COMPONENT) ||
        h2k_manifest_pipeline(job->manifest)->fix.enabled)
        return -1;
    json_object_set_new(result, "os_type", json_string("unknown"));
    if (job->settings->verdict)
        return h2k_job_cannot(result);
    h2k_report_warning(job->report, h2k_errmsg());
    return 0;
}

int
h2k_stage_inspect(struct h2k_job *job, json_t *result)
{
    struct h2k_inspection found = { 0 };
    describe_disk(job, result);
    if (h2k_job_open_guest(job) < 0)
        return no_guest(job, result);
    int rc = h2k_inspect(job->guest, &found);
    if (rc < 0)
        rc = no_guest(job, result);
    else {
        h2k_inspection_to_json(
            &found,
            h2k_manifest_pipeline(job->manifest)->inspect.collect_guest_info,
            result);
        for (size_t i = 0; i < found.warnings.count; i++)
            h2k_report_warning(job->report, found.warnings.items[i]);
        compare_hints(job, &found);
        if (found.firmware != NULL && strcmp(found.firmware, "both") != 0)
            job->firmware = found.firmware;
    }
    h2k_inspection_free(&found);
    return rc < 0 || !job->settings->verdict ||
                   json_object_get(result, "verdict") != NULL
               ? rc
               : h2k_job_verdict(job, result);
}
