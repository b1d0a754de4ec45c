/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "app.h"

#include "common/command.h"

int
app_fail(void)
{
    return command_fail("hyper2kvm");
}

int
app_print_json(const json_t *document)
{
    return command_print_json(document) < 0 ? app_fail() : 0;
}

struct progress *
app_progress(const struct app *app)
{
    return progress_new(&(struct progress_settings){
        .quiet = app->quiet,
        .json = app->json_progress,
        .verbose = app->verbose,
        .log_file = app->log_file,
    });
}
