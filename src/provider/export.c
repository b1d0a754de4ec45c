/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Exporting a VM: the steps, and what undoes them. */
#include "provider/export-job.h"

#include "base/clock.h"
#include "base/interrupt.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How long a guest may take to shut down before its power goes. */
#define SHUTDOWN_SECONDS 180

/* ---- What is told ---- */

const char *
h2k_export_vm_name(const struct h2k_export_job *job)
{
    return job->out->vm != NULL ? job->out->vm->name : job->request->vm_id;
}

static void
tell(struct h2k_export_job *job, bool warning, const char *text)
{
    const struct h2k_export_progress *to = &job->request->progress;
    if (to->message != NULL)
        to->message(to->opaque, warning, text);
}

void
h2k_export_say(struct h2k_export_job *job, const char *format, ...)
{
    char *text = NULL;
    va_list ap;
    va_start(ap, format);
    int n = vasprintf(&text, format, ap);
    va_end(ap);
    if (n < 0)
        return;
    pthread_mutex_lock(&job->lock);
    tell(job, false, text);
    pthread_mutex_unlock(&job->lock);
    free(text);
}

/* Where memory is out it is told all the same, and not kept. */
static void
keep_warning(struct h2k_export *out, char *text)
{
    char **more =
        realloc(out->warnings, (out->warning_count + 1) * sizeof(*more));
    if (more == NULL) {
        free(text);
        return;
    }
    out->warnings = more;
    out->warnings[out->warning_count++] = text;
}

void
h2k_export_warn(struct h2k_export_job *job, const char *format, ...)
{
    char *text = NULL;
    va_list ap;
    va_start(ap, format);
    int n = vasprintf(&text, format, ap);
    va_end(ap);
    if (n < 0)
        return;
    pthread_mutex_lock(&job->lock);
    tell(job, true, text);
    keep_warning(job->out, text);
    pthread_mutex_unlock(&job->lock);
}

/* ---- Holding the VM still ---- */

/* Powering off and a snapshot give its configuration another version. */
static int
read_version(struct h2k_export_job *job)
{
    H2K_AUTO(h2k_vm) now = h2k_vsphere_vm(job->vs, job->request->vm_id);
    if (now == NULL)
        return -1;
    free(job->out->vm->change_version);
    job->out->vm->change_version = h2k_steal(now->change_version);
    return 0;
}

static int
power_off(struct h2k_export_job *job)
{
    h2k_export_say(job, "shutting down VM %s", h2k_export_vm_name(job));
    if (h2k_vsphere_power_off(job->vs, job->request->vm_id, SHUTDOWN_SECONDS) <
        0)
        return -1;
    job->out->vm->power = H2K_VM_OFF;
    return read_version(job);
}

static char *
snapshot_name(void)
{
    char text[64] = "";
    time_t now = (time_t)h2k_clock_now();
    struct tm tm;
    if (gmtime_r(&now, &tm) == NULL ||
        strftime(text, sizeof(text), "hyperexport %Y-%m-%dT%H:%M:%SZ", &tm) ==
            0)
        return strdup("hyperexport");
    return strdup(text);
}

static int
make_snapshot(struct h2k_export_job *job)
{
    bool quiesced = false;
    job->snapshot_name = snapshot_name();
    if (job->snapshot_name == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    h2k_export_say(job, "creating the snapshot \"%s\"", job->snapshot_name);
    if (h2k_vsphere_snapshot_create(
            job->vs, job->request->vm_id, job->snapshot_name,
            "made by hyperexport, which removes it when the disks are read",
            &job->snapshot, &quiesced) < 0)
        return -1;
    if (!quiesced)
        h2k_export_warn(job,
                        "the snapshot is not quiesced, since VMware Tools "
                        "did not help: the disks are as after a power "
                        "cut");
    /* Written down at once: a run that is killed cannot remove it. */
    return read_version(job) < 0 ? -1 : h2k_export_save_state(job);
}

static int
hold_still(struct h2k_export_job *job)
{
    const struct h2k_vm *vm = job->out->vm;
    if (vm->power == H2K_VM_OFF)
        return 0;
    if (job->request->power_off)
        return power_off(job);
    job->running = true;
    return job->snapshot != NULL ? 0 : make_snapshot(job);
}

/* On every way out.  Keeps the error. */
static void
remove_snapshot(struct h2k_export_job *job)
{
    struct h2k_saved_error error;
    if (job->snapshot == NULL)
        return;
    h2k_error_save(&error);
    h2k_export_say(job, "removing the snapshot \"%s\"", job->snapshot_name);
    if (h2k_vsphere_snapshot_remove(job->vs, job->snapshot) < 0) {
        h2k_export_warn(job,
                        "the snapshot \"%s\" of VM %s could not be removed "
                        "(%s): it grows until it is; remove it in the VM's "
                        "snapshot manager",
                        job->snapshot_name, h2k_export_vm_name(job),
                        h2k_errmsg());
    } else {
        free(job->snapshot);
        job->snapshot = NULL;
        job->snapshot_used = true;
    }
    h2k_error_restore(&error);
}

/* ---- The transport ---- */

static int
open_transport(struct h2k_export_job *job)
{
    if (job->transport->open(job, &job->transport_state) == 0)
        return 0;
    job->transport_state = NULL;
    enum h2k_errcode code = h2k_errcode();
    bool is_ova = job->request->keep && job->request->format == H2K_EXPORT_OVA;
    if (job->request->transport != H2K_TRANSPORT_AUTO || is_ova ||
        code == H2K_E_INTERRUPTED || code == H2K_E_NOMEM)
        return -1;
    struct h2k_saved_error error;
    h2k_error_save(&error);
    if (h2k_export_use(job, &h2k_transport_datastore) < 0 ||
        job->transport->open(job, &job->transport_state) < 0) {
        job->transport_state = NULL;
        if (h2k_errcode() == H2K_E_INTERRUPTED)
            return -1;
        return h2k_prefix("no export lease: %s; and the datastore instead: ",
                          error.message);
    }
    h2k_export_say(job,
                   "the server gives no export lease (%s): the disks are read "
                   "from the datastore",
                   error.message);
    return 0;
}

/* Aborts what was not finished.  Keeps the error. */
static void
close_transport(struct h2k_export_job *job)
{
    if (job->transport_state != NULL)
        job->transport->close(job->transport_state);
    job->transport_state = NULL;
}

/* ---- The steps ---- */

static double
seconds_since(const struct timespec *begin)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - begin->tv_sec) +
           (double)(now.tv_nsec - begin->tv_nsec) / 1e9;
}

static int
transfer(struct h2k_export_job *job)
{
    struct timespec begin;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    int rc = h2k_export_transfer(job);
    job->out->seconds = seconds_since(&begin);
    if (rc < 0 || job->transport->finish == NULL)
        return rc;
    return job->transport->finish(job->transport_state);
}

static int
bring_disks(struct h2k_export_job *job)
{
    if (h2k_export_prepare(job) < 0 || h2k_export_lock(job) < 0 ||
        h2k_export_read_state(job) < 0 || hold_still(job) < 0 ||
        open_transport(job) < 0 || h2k_export_open_outputs(job) < 0)
        return -1;
    return transfer(job);
}

static void
job_init(struct h2k_export_job *job, struct h2k_vsphere *vs,
         const struct h2k_export_request *request, struct h2k_export *out)
{
    *out = (struct h2k_export){ 0 };
    *job = (struct h2k_export_job){ .vs = vs, .request = request, .out = out };
    pthread_mutex_init(&job->lock, NULL);
}

static void
job_clear(struct h2k_export_job *job, bool failed)
{
    size_t count = job->parts != NULL && job->out->vm != NULL
                       ? job->out->vm->disk_count
                       : 0;
    h2k_export_end_state(job, failed);
    for (size_t i = 0; i < count; i++) {
        h2k_output_free(job->parts[i].output);
        free(job->parts[i].name);
        free(job->parts[i].path);
        free(job->parts[i].device_key);
    }
    free(job->parts);
    h2k_ova_free(job->ova);
    h2k_output_free(job->ovf);
    if (failed && job->made_directory)
        rmdir(job->request->directory); /* when nothing is in it */
    free(job->base);
    free(job->snapshot);
    free(job->snapshot_name);
    pthread_mutex_destroy(&job->lock);
}

int
h2k_export_run(struct h2k_vsphere *vs,
               const struct h2k_export_request *request,
               struct h2k_export *out)
{
    struct h2k_export_job job;
    job_init(&job, vs, request, out);
    int rc = bring_disks(&job);
    close_transport(&job);
    remove_snapshot(&job);
    if (rc == 0)
        rc = h2k_export_publish(&job);
    job_clear(&job, rc < 0);
    return rc;
}

int
h2k_export_plan(struct h2k_vsphere *vs,
                const struct h2k_export_request *request,
                struct h2k_export *out)
{
    struct h2k_export_job job;
    job_init(&job, vs, request, out);
    int rc = h2k_export_prepare(&job);
    out->transport = request->transport == H2K_TRANSPORT_AUTO
                         ? H2K_TRANSPORT_LEASE
                         : request->transport;
    job_clear(&job, false);
    return rc;
}

void
h2k_export_clear(struct h2k_export *out)
{
    size_t count =
        out->disks != NULL && out->vm != NULL ? out->vm->disk_count : 0;
    for (size_t i = 0; i < count; i++)
        free(out->disks[i].path);
    free(out->disks);
    h2k_vm_free(out->vm);
    free(out->descriptor);
    free(out->manifest_path);
    h2k_manifest_free(out->manifest);
    for (size_t i = 0; i < out->warning_count; i++)
        free(out->warnings[i]);
    free(out->warnings);
    *out = (struct h2k_export){ 0 };
}
