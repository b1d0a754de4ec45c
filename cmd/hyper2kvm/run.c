/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* hyper2kvm --manifest: the pipeline. */
#include "app.h"

#include "common/summary.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "pipeline/job.h"

H2K_DEFINE_AUTO(h2k_manifest, h2k_manifest_free)

/* How much to tell: as the command line says, else as options.verbose does
 * (0 quiet, 1 normal, 2 verbose, 3 debug). */
static struct app
with_verbosity(const struct app *app, const struct h2k_manifest *manifest)
{
    struct app told = *app;
    unsigned asked = h2k_manifest_options(manifest)->verbose;
    if (app->verbose > 0 || app->quiet)
        return told;
    told.quiet = asked == 0;
    told.verbose = asked < 2 ? 0 : (int)asked - 1;
    return told;
}

int
app_run(const struct app *given, const struct text_list *words)
{
    H2K_AUTO(h2k_manifest) manifest = app_manifest(given, words);
    enum h2k_writer_compression compression;
    if (manifest == NULL || app_compression(given, &compression) < 0)
        return app_fail();
    const struct app told = with_verbosity(given, manifest), *app = &told;
    H2K_AUTO(h2k_report) report = h2k_report_new();
    H2K_AUTO(progress) progress = app_progress(app);
    if (report == NULL || progress == NULL)
        return app_fail();
    const struct h2k_job_settings settings = {
        .manifest_path = app_manifest_path(app, words),
        .compression = compression,
        .guest_agents = app->guest_agents.items,
        .guest_agent_count = app->guest_agents.count,
        .guest = { .root = app->root, .keys = &app->keys },
        .progress = progress_update,
        .opaque = progress,
    };
    int rc = h2k_job_run(manifest, &settings, report);
    progress_end(progress);

    json_t *document = h2k_report_json(report);
    int code = rc < 0 ? app_fail() : 0;
    if (app->json) {
        int printed = app_print_json(document);
        code = code == 0 ? printed : code;
    } else if (!app->quiet) {
        summary_print(document);
        if (h2k_manifest_options(manifest)->report_enabled)
            printf("report     %s\n",
                   h2k_manifest_options(manifest)->report_path);
    }
    json_decref(document);
    return code;
}
