/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Every VM that was named, one after another, and how it went. */
#include "hyperexport/export.h"

#include "hyperexport/vm-text.h"

#include "common/columns.h"

#include "base/interrupt.h"

#include <string.h>
#include <time.h>

struct batch {
    const struct app *app;
    const struct app_checked *checked;
    struct h2k_vsphere *vs;
    struct progress *progress;
    struct targets targets;
    json_t *results;              /* of each, for --json */
    struct columns *columns;      /* of each, for a person */
    struct h2k_saved_error first; /* failure; its code is H2K_OK: none */
    size_t failed;
};

static double
now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- One of them ---- */

static int
vm_info(struct export_run *run, json_t **result)
{
    H2K_AUTO(h2k_vm) vm = h2k_vsphere_vm(run->vs, run->target->row.id);
    if (vm == NULL)
        return -1;
    *result = vm_json(vm);
    return run->app->json ? 0 : vm_print(vm);
}

static int
export_with_report(struct export_run *run, json_t **result)
{
    H2K_AUTO(h2k_report) report = h2k_report_new();
    if (report == NULL)
        return -1;
    int rc = export_one(run, report);
    *result = h2k_report_json(report);
    return rc;
}

/* What was asked for, on one VM.  *RESULT is a new reference. */
static int
do_one(struct export_run *run, json_t **result)
{
    if (run->app->vm_info)
        return vm_info(run, result);
    if (!run->app->dry_run && !run->app->validate_only)
        return export_with_report(run, result);
    *result = json_object();
    return run->app->dry_run ? export_dry_run(run, *result)
                             : export_validate(run, *result);
}

/* ---- All of them ---- */

static void
note_result(struct batch *batch, const struct target *target, int rc,
            double seconds)
{
    char time[32];
    snprintf(time, sizeof(time), "%.1f s", seconds);
    if (rc < 0) {
        batch->failed++;
        if (batch->first.code == H2K_OK)
            h2k_error_save(&batch->first);
    }
    columns_add(batch->columns,
                (const char *[]){
                    target->row.name != NULL ? target->row.name : target->said,
                    rc == 0 ? "done" : "failed", time,
                    rc == 0 ? target->directory : h2k_errmsg() });
}

static int
run_one(struct batch *batch, const struct target *target)
{
    struct export_run run = {
        .app = batch->app,
        .checked = batch->checked,
        .vs = batch->vs,
        .progress = batch->progress,
        .target = target,
    };
    json_t *result = NULL;
    int rc = target->row.id == NULL ? h2k_error_restore(&target->error)
                                    : do_one(&run, &result);
    if (result != NULL)
        json_array_append_new(batch->results, result);
    else
        json_array_append_new(batch->results,
                              json_pack("{s:s, s:s}", "vm_name", target->said,
                                        "error", h2k_errmsg()));
    text_keep_clear(&run.warned);
    return rc;
}

static void
run_all(struct batch *batch)
{
    const struct targets *targets = &batch->targets;
    for (size_t i = 0; i < targets->count && !h2k_interrupted(); i++) {
        const struct target *target = &targets->items[i];
        double begin = now();
        if (targets->many && i > 0 && !batch->app->quiet && !batch->app->json)
            putchar('\n');
        int rc = run_one(batch, target);
        fflush(stdout);
        if (rc < 0 && targets->many && h2k_errcode() != H2K_E_INTERRUPTED)
            app_fail();
        note_result(batch, target, rc, now() - begin);
    }
}

static int
print_end(const struct batch *batch)
{
    const struct app *app = batch->app;
    if (app->json)
        return command_print_json(batch->targets.many
                                      ? batch->results
                                      : json_array_get(batch->results, 0));
    if (!batch->targets.many || app->quiet || app->vm_info)
        return 0;
    putchar('\n');
    if (columns_print(batch->columns, stdout) < 0)
        return -1;
    size_t done = json_array_size(batch->results);
    printf("%zu of %zu done", done - batch->failed, batch->targets.count);
    if (batch->failed > 0)
        printf(", %zu failed", batch->failed);
    if (done < batch->targets.count)
        printf(", %zu not begun", batch->targets.count - done);
    putchar('\n');
    return 0;
}

static int
run(struct batch *batch)
{
    if (targets_find(batch->app, batch->vs, &batch->targets) < 0)
        return -1;
    run_all(batch);
    progress_end(batch->progress);
    if (print_end(batch) < 0)
        return -1;
    if (h2k_check_interrupt() < 0)
        return -1;
    return batch->first.code == H2K_OK ? 0 : h2k_error_restore(&batch->first);
}

int
app_export(const struct app *app, const struct app_checked *checked,
           struct h2k_vsphere *vs, struct progress *progress)
{
    static const struct column headings[] = {
        { .heading = "VM", .shrinks = true },
        { .heading = "RESULT" },
        { .heading = "TIME", .right = true },
        { .heading = "WHERE, OR WHY NOT", .shrinks = true },
        { .heading = NULL },
    };
    struct batch batch = {
        .app = app,
        .checked = checked,
        .vs = vs,
        .progress = progress,
        .results = json_array(),
        .columns = columns_new(headings),
    };
    int rc = batch.columns == NULL ? -1 : run(&batch);
    int code = rc == 0 ? 0 : h2k_exit_code(h2k_errcode());
    /* Of many, each failure was told when it came. */
    if (rc < 0 && (batch.failed == 0 || !batch.targets.many ||
                   h2k_errcode() == H2K_E_INTERRUPTED))
        app_fail();
    targets_clear(&batch.targets);
    columns_free(batch.columns);
    json_decref(batch.results);
    return code;
}
