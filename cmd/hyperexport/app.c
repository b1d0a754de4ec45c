/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "hyperexport/app.h"

#include <string.h>

size_t
app_option(const char *name)
{
    size_t i = 0;
    while (app_options[i].name != NULL &&
           strcmp(app_options[i].name, name) != 0)
        i++;
    return i;
}

enum origin
app_origin(const struct app *app, const char *name)
{
    return app->origin[app_option(name)];
}

int
app_fail(void)
{
    return command_fail("hyperexport");
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
