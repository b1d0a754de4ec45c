/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* --dry-run and --validate-only: what would be done, and whether it can be. */
#include "hyperexport/export.h"

#include "hyperexport/vm-text.h"

#include "common/terminal.h"

#include "base/buffer.h"

#include <inttypes.h>
#include <string.h>
#include <sys/statvfs.h>

static void line(const struct export_run *run, const char *heading,
                 const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void
line(const struct export_run *run, const char *heading, const char *format,
     ...)
{
    H2K_AUTO_BUFFER b = { 0 };
    va_list ap;
    if (run->app->quiet || run->app->json)
        return;
    va_start(ap, format);
    h2k_buffer_vaddf(&b, format, ap);
    va_end(ap);
    h2k_autofree char *safe = terminal_safe(h2k_buffer_text(&b), 0);
    printf("%-10s %s\n", heading, safe == NULL ? "" : safe);
}

static uint64_t
capacity(const struct h2k_vm *vm)
{
    uint64_t total = 0;
    for (size_t i = 0; i < vm->disk_count; i++)
        total += vm->disks[i].capacity;
    return total;
}

static void
print_disks(const struct export_run *run, const struct h2k_vm *vm)
{
    char size[32];
    for (size_t i = 0; i < vm->disk_count; i++)
        line(run, i == 0 ? "disks" : "", "%s, %s%s%s%s", vm->disks[i].label,
             h2k_size_human(vm->disks[i].capacity, size),
             vm->disks[i].thin ? ", thin" : "",
             vm->disks[i].backing == NULL ? "" : ", ",
             vm->disks[i].backing == NULL ? "" : vm->disks[i].backing);
}

static const char *
way_out(const struct export_run *run, const struct h2k_vm *vm)
{
    if (vm->power == H2K_VM_OFF)
        return "it is off";
    if (run->app->power_off)
        return "it is shut down first, and stays off";
    return run->app->snapshot
               ? "it goes on running, and is read from a snapshot"
               : vm_power_text(vm->power);
}

static json_t *
plan_json(const struct export_run *run, const struct h2k_export *plan)
{
    json_t *object = export_json(run, plan);
    if (plan->vm != NULL)
        json_object_set_new(object, "vm", vm_json(plan->vm));
    return object;
}

int
export_dry_run(struct export_run *run, json_t *result)
{
    const struct h2k_export_request request = export_request(run);
    struct h2k_export plan = { 0 };
    char size[32];
    int rc = h2k_export_plan(run->vs, &request, &plan);
    json_t *object = plan_json(run, &plan);
    json_object_update(result, object);
    json_decref(object);
    if (rc == 0) {
        line(run, "would take", "%s (%s): %s", plan.vm->path, plan.vm->id,
             way_out(run, plan.vm));
        print_disks(run, plan.vm);
        line(run, "by", "%s, up to %s", export_transport_text(plan.transport),
             h2k_size_human(capacity(plan.vm), size));
        line(run, "to", "%s, as %s%s%s", request.directory,
             !request.keep ? "qcow2 only" : run->app->format,
             request.manifest ? ", with a manifest" : "",
             run->app->convert && request.keep ? ", and converted" : "");
        export_print_warnings(run, &plan);
        line(run, "done", "nothing: this was a dry run");
    }
    h2k_export_clear(&plan);
    return rc;
}

/* What is free where the directory is, or would be. */
static bool
space(const char *directory, uint64_t *bytes)
{
    struct statvfs fs;
    h2k_autofree char *path = strdup(directory);
    while (path != NULL && statvfs(path, &fs) < 0) {
        char *slash = strrchr(path, '/');
        if (slash == NULL || slash == path)
            return statvfs(slash == NULL ? "." : "/", &fs) == 0 &&
                   (*bytes = (uint64_t)fs.f_bavail * fs.f_frsize, true);
        *slash = '\0';
    }
    if (path == NULL)
        return false;
    *bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
    return true;
}

int
export_validate(struct export_run *run, json_t *result)
{
    const struct h2k_export_request request = export_request(run);
    struct h2k_export plan = { 0 };
    uint64_t available = 0;
    char size[32];
    line(run, "ok", "logged in to %s as %s: %s", run->app->url,
         run->app->username == NULL ? "the user in the URL"
                                    : run->app->username,
         h2k_vsphere_product(run->vs));
    int rc = h2k_export_plan(run->vs, &request, &plan);
    json_t *object = plan_json(run, &plan);
    json_object_update(result, object);
    json_decref(object);
    if (plan.vm != NULL)
        line(run, "ok", "%s (%s) can be read: %zu disk%s, %s", plan.vm->path,
             plan.vm->id, plan.vm->disk_count,
             plan.vm->disk_count == 1 ? "" : "s",
             h2k_size_human(capacity(plan.vm), size));
    if (rc == 0) {
        line(run, "ok", "%s", way_out(run, plan.vm));
        if (space(request.directory, &available))
            line(run, "ok", "%s has room: %s are free", request.directory,
                 h2k_size_human(available, size));
        export_print_warnings(run, &plan);
        line(run, "not seen",
             "whether %s may export it: the server tells when it is asked "
             "for the lease",
             run->app->username == NULL ? "the user" : run->app->username);
    }
    h2k_export_clear(&plan);
    return rc;
}
