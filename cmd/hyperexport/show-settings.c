/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Every setting, its value, and which layer it is from. */
#include "hyperexport/app.h"

#include "common/columns.h"

#include "base/buffer.h"
#include "base/error.h"

#include <string.h>

static const char *const origins[ORIGIN_COUNT] = {
    [ORIGIN_DEFAULT] = "default",
    [ORIGIN_ENVIRONMENT] = "environment",
    [ORIGIN_CONFIG] = "configuration file",
    [ORIGIN_PROFILE] = "profile",
    [ORIGIN_COMMAND_LINE] = "command line",
};

/* What only this run is about is no setting. */
static bool
is_setting(const struct option *option)
{
    static const char *const others[] = {
        "list",          "vm-info",        "show-settings", "save-profile",
        "list-profiles", "delete-profile", "help",          "help-all",
        "version",       "config",         "verbose",
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (strcmp(option->name, others[i]) == 0)
            return false;
    return true;
}

/* NULL for what has no value; the caller frees it. */
static char *
value_text(const struct app *app, const struct option *option)
{
    const char *at = (const char *)app + option->offset;
    const struct text_list *list = (const struct text_list *)at;
    H2K_AUTO_BUFFER b = { 0 };
    switch (option->kind) {
    case OPTION_FLAG:
    case OPTION_UNSET:
        h2k_buffer_adds(&b, *(const bool *)at ? "true" : "false");
        break;
    case OPTION_COUNT:
        return NULL;
    case OPTION_TEXT:
        if (*(const char *const *)at == NULL)
            return NULL;
        h2k_buffer_adds(&b, *(const char *const *)at);
        break;
    case OPTION_LIST:
        if (list->count == 0)
            return NULL;
        for (size_t i = 0; i < list->count; i++)
            h2k_buffer_addf(&b, "%s%s", i > 0 ? ", " : "", list->items[i]);
        break;
    }
    return h2k_buffer_steal(&b);
}

static void
add(struct columns *columns, json_t *object, const char *name,
    const char *value, const char *origin)
{
    columns_add(columns, (const char *[]){ name, value, origin });
    json_object_set_new(
        object, name, json_pack("{s:s, s:s}", "value", value, "from", origin));
}

/* Where the password is from, never what it is. */
static const char *
password_origin(const struct app *app)
{
    if (app_origin(app, "password-file") != ORIGIN_DEFAULT ||
        app_origin(app, "password-command") != ORIGIN_DEFAULT)
        return NULL; /* is told there */
    return app->password != NULL ? origins[ORIGIN_ENVIRONMENT]
                                 : "will be asked for";
}

int
app_show_settings(const struct app *app)
{
    static const struct column headings[] = {
        { .heading = "SETTING" },
        { .heading = "VALUE", .shrinks = true },
        { .heading = "FROM" },
        { .heading = NULL },
    };
    H2K_AUTO(columns) columns = columns_new(headings);
    if (columns == NULL)
        return app_fail();
    json_t *object = json_object();
    for (size_t i = 0; app_options[i].name != NULL; i++) {
        h2k_autofree char *value = is_setting(&app_options[i])
                                       ? value_text(app, &app_options[i])
                                       : NULL;
        if (value != NULL)
            add(columns, object, app_options[i].name, value,
                origins[app->origin[i]]);
    }
    if (password_origin(app) != NULL)
        add(columns, object, "password", "(not shown)", password_origin(app));
    int rc = app->json ? command_print_json(object)
                       : columns_print(columns, stdout);
    json_decref(object);
    return rc < 0 ? app_fail() : 0;
}
