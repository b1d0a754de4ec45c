/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "hyperexport/export.h"

#include "hyperexport/convert.h"

#include "common/summary.h"
#include "common/terminal.h"

#include "base/log.h"

#include <string.h>

/* ---- Telling how far it is ---- */

static void
on_bytes(void *opaque, size_t disk, uint64_t done, uint64_t total)
{
    const struct export_run *run = opaque;
    h2k_autofree char *item = NULL;
    if (asprintf(&item, "%s-disk%zu", run->target->row.name, disk + 1) < 0) {
        item = NULL;
        return;
    }
    progress_update(run->progress, "export", item, done, total);
}

static void
on_message(void *opaque, bool warning, const char *text)
{
    struct export_run *run = opaque;
    if (warning)
        text_keep_add(&run->warned, text);
    progress_message(run->progress, warning, text);
}

void
export_print_warnings(struct export_run *run, const struct h2k_export *done)
{
    for (size_t i = 0; i < done->warning_count; i++) {
        size_t j = 0;
        while (j < run->warned.count &&
               strcmp(run->warned.items[j], done->warnings[i]) != 0)
            j++;
        if (j == run->warned.count)
            on_message(run, true, done->warnings[i]);
    }
}

/* ---- One VM ---- */

struct h2k_export_request
export_request(struct export_run *run)
{
    const struct app *app = run->app;
    return (struct h2k_export_request){
        .vm_id = run->target->row.id,
        .directory = run->target->directory,
        .format = run->checked->format,
        .transport = run->checked->transport,
        .nbd_uris = app->nbd_uri.items,
        .nbd_uri_count = app->nbd_uri.count,
        .parallel = run->checked->parallel,
        .power_off = app->power_off,
        .snapshot = app->snapshot,
        .force = app->force,
        .resume = app->resume,
        .verify = app->verify,
        .keep = !app->convert_only,
        .manifest = app->manifest || app->verify_manifest,
        .manifest_checksum = app->manifest_checksum,
        .verify_manifest = app->verify_manifest,
        .manifest_target = app->manifest_target,
        .progress = { .bytes = on_bytes,
                      .message = on_message,
                      .opaque = run },
    };
}

/* Tell it, and put it into the report; RC is the export's. */
static void
export_end(struct export_run *run, struct h2k_report *report,
           const struct h2k_export *done, int rc)
{
    export_print_warnings(run, done);
    progress_settle(run->progress);
    for (size_t i = 0; i < done->warning_count; i++)
        h2k_report_warning(report, done->warnings[i]);
    json_t *result = export_json(run, done);
    if (rc < 0)
        h2k_report_fail(report, result);
    else
        h2k_report_succeed(report, result);
    if (rc == 0 && !run->app->quiet && !run->app->json)
        export_print(run, done);
}

static int
convert(const struct export_run *run, struct conversion *conversion,
        const struct h2k_export *done, struct h2k_report *report)
{
    int rc = conversion_finish(conversion, done->manifest, done->manifest_path,
                               report);
    progress_settle(run->progress);
    if (run->app->quiet || run->app->json)
        return rc;
    json_t *document = h2k_report_json(report);
    summary_print(document);
    json_decref(document);
    return rc;
}

static int
export_steps(struct export_run *run, struct h2k_report *report,
             struct conversion *conversion)
{
    struct h2k_export_request request = export_request(run);
    struct h2k_export done = { 0 };
    if (conversion != NULL)
        request.consumer = conversion_consumer(conversion);
    h2k_report_begin(report, "export");
    int rc = h2k_export_run(run->vs, &request, &done);
    export_end(run, report, &done, rc);
    if (rc == 0 && conversion != NULL)
        rc = convert(run, conversion, &done, report);
    else if (conversion != NULL)
        conversion_write_report(conversion, report);
    h2k_export_clear(&done);
    return rc;
}

int
export_one(struct export_run *run, struct h2k_report *report)
{
    H2K_AUTO(conversion) conversion = NULL;
    if (run->app->convert || run->app->convert_only) {
        conversion = conversion_new(run);
        if (conversion == NULL)
            return -1;
    }
    return export_steps(run, report, conversion);
}

/* ---- What was done ---- */

const char *
export_transport_text(enum h2k_export_transport transport)
{
    switch (transport) {
    case H2K_TRANSPORT_LEASE:
        return "lease";
    case H2K_TRANSPORT_DATASTORE:
        return "datastore";
    case H2K_TRANSPORT_NBD:
        return "nbd";
    case H2K_TRANSPORT_AUTO:
        break;
    }
    return "auto";
}

static json_t *
disks_json(const struct h2k_export *done)
{
    json_t *disks = json_array();
    for (size_t i = 0;
         done->vm != NULL && done->disks != NULL && i < done->vm->disk_count;
         i++) {
        const struct h2k_export_disk *disk = &done->disks[i];
        json_t *object = json_pack(
            "{s:s?, s:s?, s:I, s:I}", "label",
            disk->vm_disk == NULL ? NULL : disk->vm_disk->label, "path",
            disk->path, "size_bytes", (json_int_t)disk->size,
            "virtual_size_bytes",
            (json_int_t)(disk->vm_disk == NULL ? 0 : disk->vm_disk->capacity));
        if (disk->sha256[0] != '\0')
            json_object_set_new(object, "checksum",
                                json_sprintf("sha256:%s", disk->sha256));
        json_array_append_new(disks, object);
    }
    return disks;
}

json_t *
export_json(const struct export_run *run, const struct h2k_export *done)
{
    json_t *warnings = json_array();
    for (size_t i = 0; i < done->warning_count; i++)
        json_array_append_new(warnings, json_string(done->warnings[i]));
    return json_pack(
        "{s:s?, s:s?, s:s?, s:s, s:s?, s:s?, s:f, s:o, s:o}", "vm_id",
        run->target->row.id, "vm_name", run->target->row.name, "directory",
        run->target->directory, "transport",
        export_transport_text(done->transport), "descriptor", done->descriptor,
        "manifest", done->manifest_path, "seconds", done->seconds, "disks",
        disks_json(done), "warnings", warnings);
}

static void
line(const char *heading, const char *path, const char *remark)
{
    h2k_autofree char *safe = terminal_safe(path, 0);
    printf("%-10s %s%s\n", heading, safe == NULL ? "" : safe, remark);
}

void
export_print(const struct export_run *run, const struct h2k_export *done)
{
    uint64_t total = 0;
    char size[32], rate[32], remark[64];
    line("exported", run->target->row.path, "");
    for (size_t i = 0; i < done->vm->disk_count; i++) {
        const struct h2k_export_disk *disk = &done->disks[i];
        total += disk->size;
        snprintf(remark, sizeof(remark), " (%s)",
                 h2k_size_human(disk->size, size));
        if (disk->path != NULL)
            line("written", disk->path, remark);
    }
    if (done->descriptor != NULL)
        line("written", done->descriptor, "");
    if (done->manifest_path != NULL)
        line("manifest", done->manifest_path,
             run->app->verify_manifest ? " (verified)" : "");
    double seconds = done->seconds > 0.001 ? done->seconds : 0.001;
    printf("%-10s %s in %.1f s, %s/s, by %s\n", "received",
           h2k_size_human(total, size), done->seconds,
           h2k_size_human((uint64_t)((double)total / seconds), rate),
           export_transport_text(done->transport));
}
