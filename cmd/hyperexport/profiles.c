/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "hyperexport/profiles.h"

#include "common/columns.h"
#include "hyperexport/home.h"
#include "hyperexport/settings-file.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/output.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define SUFFIX ".json"
#define MOST 1000 /* profiles that are listed */

/* ---- Names ---- */

#define LETTERS \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static bool
good_name(const char *name)
{
    size_t size = strlen(name);
    return size <= 64 && strspn(name, LETTERS) > 0 &&
           strspn(name, LETTERS "._-") == size;
}

static char *
profile_path(const char *name)
{
    h2k_autofree char *file = NULL;
    if (!good_name(name))
        return h2k_fail_null(H2K_E_USAGE,
                             "'%.64s' is no name for a profile: up to 64 "
                             "letters, digits, '.', '_' and '-', a letter or "
                             "digit first",
                             name);
    if (asprintf(&file, "profiles/%s" SUFFIX, name) < 0) {
        file = NULL;
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    }
    return home_path(file);
}

/* ---- The directory ---- */

struct names {
    char *items[MOST + 1]; /* ends with NULL */
    size_t count;
};

static void
names_clear(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
}

static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The profiles' names, sorted; none where there is no directory. */
static void
names_read(struct names *names)
{
    h2k_autofree char *path = home_path("profiles");
    DIR *directory = path == NULL ? NULL : opendir(path);
    const struct dirent *entry;
    names->count = 0;
    while (directory != NULL && names->count < MOST &&
           (entry = readdir(directory)) != NULL) {
        size_t size = strlen(entry->d_name), end = strlen(SUFFIX);
        if (size <= end || strcmp(entry->d_name + size - end, SUFFIX) != 0)
            continue;
        char *name = strndup(entry->d_name, size - end);
        if (name != NULL && good_name(name))
            names->items[names->count++] = name;
        else
            free(name);
    }
    if (directory != NULL)
        closedir(directory);
    names->items[names->count] = NULL;
    qsort(names->items, names->count, sizeof(names->items[0]), compare_names);
}

static char *
not_found(const char *name)
{
    struct names names;
    names_read(&names);
    const char *near = h2k_nearest(name, (const char *const *)names.items);
    if (near != NULL)
        h2k_fail(H2K_E_USAGE, "no profile '%s'; did you mean '%s'?", name,
                 near);
    else
        h2k_fail(H2K_E_USAGE,
                 "no profile '%s'; --list-profiles shows those there are",
                 name);
    names_clear(&names);
    return NULL;
}

char *
profile_find(const char *name)
{
    h2k_autofree char *path = profile_path(name);
    if (path == NULL)
        return NULL;
    return access(path, F_OK) == 0 ? h2k_steal(path) : not_found(name);
}

int
profile_delete(const char *name)
{
    h2k_autofree char *path = profile_find(name);
    if (path == NULL)
        return -1;
    if (unlink(path) < 0)
        return h2k_fail_errno(H2K_E_OUTPUT, "%s", path);
    printf("deleted %s\n", path);
    return 0;
}

/* ---- Saving ---- */

/* The value of an option, as the profile's KEY has it. */
static json_t *
value_of(const struct app *app, const struct settings_key *key)
{
    const struct option *option = &app_options[app_option(key->option)];
    const char *at = (const char *)app + option->offset;
    if (key->is_bool)
        return json_boolean(*(const bool *)at);
    const char *text = *(const char *const *)at;
    if (!key->is_number)
        return json_string(text);
    double number = strtod(text, NULL);
    return number == (double)(json_int_t)number
               ? json_integer((json_int_t)number)
               : json_real(number);
}

static json_t *
to_json(const struct app *app)
{
    json_t *object = json_pack("{s:s}", "name", app->save_profile);
    for (const struct settings_key *key = settings_profile_keys;
         key->key != NULL; key++)
        if (app_origin(app, key->option) >= ORIGIN_PROFILE)
            json_object_set_new(object, key->key, value_of(app, key));
    if (json_object_size(object) >= 2)
        return object;
    json_decref(object);
    return h2k_fail_null(H2K_E_USAGE,
                         "--save-profile: no option was given that a profile "
                         "could keep, such as --format or --manifest");
}

static int
make_private(const char *path)
{
    h2k_autofree char *directory = home_path("profiles");
    h2k_autofree char *parent = home_path("");
    if (directory == NULL || parent == NULL)
        return -1;
    if ((mkdir(parent, 0700) < 0 && errno != EEXIST) ||
        (mkdir(directory, 0700) < 0 && errno != EEXIST))
        return h2k_fail_errno(H2K_E_OUTPUT,
                              "%s: the directory of %s cannot "
                              "be made",
                              directory, path);
    return 0;
}

static int
write_document(const json_t *document, const char *path)
{
    H2K_AUTO(h2k_output) output = h2k_output_new(path);
    h2k_autofree char *text =
        json_dumps(document, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    if (output == NULL)
        return -1;
    if (text == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (fchmod(h2k_output_fd(output), 0600) < 0 ||
        dprintf(h2k_output_fd(output), "%s\n", text) < 0)
        return h2k_fail_errno(H2K_E_OUTPUT, "%s", path);
    return h2k_output_publish(output);
}

int
profile_save(const struct app *app)
{
    h2k_autofree char *path = profile_path(app->save_profile);
    if (path == NULL)
        return -1;
    if (!app->force && access(path, F_OK) == 0)
        return h2k_fail(H2K_E_USAGE,
                        "the profile '%s' exists; --force replaces it",
                        app->save_profile);
    json_t *document = to_json(app);
    if (document == NULL)
        return -1;
    int rc = make_private(path);
    if (rc == 0)
        rc = write_document(document, path);
    json_decref(document);
    if (rc == 0 && !app->quiet)
        printf("saved %s\n", path);
    return rc;
}

/* ---- Listing ---- */

/* "ovf, verify, no compress": what a profile says, in short. */
static char *
summary(const struct settings_file *file)
{
    H2K_AUTO_BUFFER b = { 0 };
    for (size_t i = 0; i < file->count; i++) {
        const char *text = file->values[i].text;
        const char *comma = b.size > 0 ? ", " : "";
        if (strcmp(text, "true") == 0)
            h2k_buffer_addf(&b, "%s%s", comma, file->values[i].option);
        else if (strcmp(text, "false") != 0)
            h2k_buffer_addf(&b, "%s%s %s", comma, file->values[i].option,
                            text);
    }
    return h2k_buffer_steal(&b);
}

/* A profile that cannot be read is listed as such: it is told why when it is
 * used. */
static void
add_profile(struct columns *columns, json_t *list, const char *name)
{
    h2k_autofree char *path = profile_path(name), *text = NULL;
    H2K_AUTO(h2k_problems) problems = h2k_problems_new();
    struct settings_file file = { 0 };
    if (path == NULL || problems == NULL)
        return;
    if (settings_file_load(path, SETTINGS_PROFILE, problems, &file) < 0) {
        columns_add(columns, (const char *[]){ name, "", h2k_errmsg() });
        json_array_append_new(list, json_pack("{s:s, s:s}", "name", name,
                                              "error", h2k_errmsg()));
    } else {
        text = summary(&file);
        columns_add(columns,
                    (const char *[]){
                        name, file.description == NULL ? "" : file.description,
                        text == NULL ? "" : text });
        json_t *object = json_load_file(path, 0, NULL);
        if (object != NULL) /* YAML is no JSON */
            json_object_set_new(object, "name", json_string(name));
        json_array_append_new(
            list, object != NULL ? object
                                 : json_pack("{s:s, s:s?}", "name", name,
                                             "description", file.description));
    }
    settings_file_clear(&file);
}

int
app_list_profiles(const struct app *app)
{
    static const struct column headings[] = {
        { .heading = "NAME" },
        { .heading = "DESCRIPTION", .shrinks = true },
        { .heading = "OPTIONS", .shrinks = true },
        { .heading = NULL },
    };
    H2K_AUTO(columns) columns = columns_new(headings);
    struct names names;
    if (columns == NULL)
        return app_fail();
    json_t *list = json_array();
    names_read(&names);
    for (size_t i = 0; i < names.count; i++)
        add_profile(columns, list, names.items[i]);
    int rc = 0;
    if (app->json)
        rc = command_print_json(list);
    else if (names.count > 0)
        rc = columns_print(columns, stdout);
    else if (!app->quiet)
        puts("no profiles; --save-profile NAME keeps the options it is given "
             "with");
    names_clear(&names);
    json_decref(list);
    return rc < 0 ? app_fail() : 0;
}
