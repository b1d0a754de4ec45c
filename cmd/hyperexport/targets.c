/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "hyperexport/targets.h"

#include "hyperexport/batch-file.h"

#include "base/buffer.h"
#include "base/log.h"
#include "provider/file-name.h"

#include <string.h>

static void
target_clear(struct target *target)
{
    free(target->said);
    free(target->directory);
    h2k_vsphere_row_clear(&target->row);
    *target = (struct target){ 0 };
}

void
targets_clear(struct targets *targets)
{
    for (size_t i = 0; i < targets->count; i++)
        target_clear(&targets->items[i]);
    free(targets->items);
    *targets = (struct targets){ 0 };
}

/* ---- Which were named ---- */

static struct target *
add(struct targets *targets, const char *said)
{
    struct target *items =
        reallocarray(targets->items, targets->count + 1, sizeof(*items));
    char *copy = strdup(said);
    if (items != NULL)
        targets->items = items;
    if (items == NULL || copy == NULL) {
        free(copy);
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    }
    struct target *target = &items[targets->count++];
    *target = (struct target){ .said = copy };
    return target;
}

static int
add_name(void *opaque, const char *said)
{
    return add(opaque, said) == NULL ? -1 : 0;
}

bool
targets_named(const struct app *app)
{
    return app->vm.count > 0 || app->batch != NULL || app->filter.count > 0 ||
           app->folder != NULL;
}

/* ---- Which they are ---- */

static int
add_rows(struct targets *targets, struct h2k_vsphere_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct target *target = add(targets, rows->items[i].path);
        if (target == NULL)
            return -1;
        target->row = rows->items[i];
        rows->items[i] = (struct h2k_vsphere_row){ 0 };
    }
    return 0;
}

static bool
is_pattern(const char *vm)
{
    return strpbrk(vm, "*?[") != NULL;
}

/* A name is of one VM, also below a folder. */
static int
check_one(const char *name, const struct h2k_vsphere_rows *rows)
{
    H2K_AUTO_BUFFER paths = { 0 };
    if (name == NULL || is_pattern(name) || rows->count == 1)
        return 0;
    if (rows->count == 0)
        return h2k_fail(H2K_E_SOURCE,
                        "no VM is called '%s' where --folder and --filter "
                        "look; see --list with the same",
                        name);
    for (size_t i = 0; i < rows->count && i < 10; i++)
        h2k_buffer_addf(&paths, "%s%s", i > 0 ? ", " : "",
                        rows->items[i].path);
    return h2k_fail(H2K_E_USAGE,
                    "%zu VMs are called '%s': %s; name one by its path or id",
                    rows->count, name, h2k_buffer_text(&paths));
}

/* The VMs below --folder that pass --filter, and are called NAME where that
 * is not NULL. */
static int
query(const struct app *app, struct h2k_vsphere *vs, const char *name,
      struct targets *targets)
{
    const char *pairs[sizeof(app->filter.items) / sizeof(char *) + 1] = { 0 };
    for (size_t i = 0; i < app->filter.count; i++)
        pairs[i] = app->filter.items[i];
    const struct h2k_vsphere_filter filter = { app->folder, name, pairs };
    struct h2k_vsphere_rows rows = { 0 };
    int rc = h2k_vsphere_list(vs, &filter, &rows);
    if (rc == 0)
        rc = check_one(name, &rows);
    if (rc == 0)
        rc = add_rows(targets, &rows);
    h2k_vsphere_rows_clear(&rows);
    return rc;
}

static int
query_all(const struct app *app, struct h2k_vsphere *vs,
          struct targets *targets)
{
    if (app->vm.count == 0 && query(app, vs, NULL, targets) < 0)
        return -1;
    for (size_t i = 0; i < app->vm.count; i++)
        if (query(app, vs, app->vm.items[i], targets) < 0)
            return -1;
    return targets->count > 0
               ? 0
               : h2k_fail(H2K_E_SOURCE, "no VM is there that matches; see "
                                        "--list with the same --folder and "
                                        "--filter");
}

/* What is not found is told when its turn comes. */
static int
find_each(struct h2k_vsphere *vs, struct targets *targets)
{
    for (size_t i = 0; i < targets->count; i++) {
        struct target *target = &targets->items[i];
        if (target->row.id != NULL ||
            h2k_vsphere_find(vs, target->said, &target->row) == 0)
            continue;
        if (!targets->many || h2k_errcode() == H2K_E_INTERRUPTED)
            return -1;
        h2k_error_save(&target->error);
    }
    return 0;
}

/* A VM that was named twice is exported once. */
static void
remove_doubles(struct targets *targets)
{
    size_t kept = 0;
    for (size_t i = 0; i < targets->count; i++) {
        struct target *target = &targets->items[i];
        size_t j = 0;
        while (j < kept &&
               (target->row.id == NULL || targets->items[j].row.id == NULL ||
                strcmp(targets->items[j].row.id, target->row.id) != 0))
            j++;
        if (j < kept) {
            h2k_log(H2K_LOG_WARNING,
                    "%s is the same VM as %s: it is "
                    "exported once",
                    target->said, targets->items[j].said);
            target_clear(target);
            continue;
        }
        targets->items[kept++] = *target;
    }
    targets->count = kept;
}

/* ---- Where they go ---- */

static bool
is_taken(const struct targets *targets, size_t before, const char *directory)
{
    for (size_t i = 0; i < before; i++)
        if (targets->items[i].directory != NULL &&
            strcmp(targets->items[i].directory, directory) == 0)
            return true;
    return false;
}

/* Two VMs of one name: the second's directory has its id as well. */
static int
choose_directory(const struct app *app, struct targets *targets, size_t i)
{
    struct target *target = &targets->items[i];
    if (target->row.id == NULL)
        return 0;
    H2K_AUTO_BUFFER path = { 0 };
    h2k_autofree char *name = h2k_export_file_name(target->row.name);
    if (name == NULL)
        return -1;
    if (app->output == NULL)
        h2k_buffer_addf(&path, "./export-%s", name);
    else if (targets->many)
        h2k_buffer_addf(&path, "%s/%s", app->output, name);
    else
        h2k_buffer_adds(&path, app->output);
    if (is_taken(targets, i, h2k_buffer_text(&path)))
        h2k_buffer_addf(&path, "-%s", target->row.id);
    target->directory = h2k_buffer_steal(&path);
    return target->directory == NULL ? -1 : 0;
}

static int
name_all(const struct app *app, struct h2k_vsphere *vs, struct targets *out)
{
    bool narrowed = app->filter.count > 0 || app->folder != NULL;
    if (app->batch != NULL && narrowed)
        return h2k_fail(H2K_E_USAGE, "--batch names its VMs; --folder and "
                                     "--filter are for --vm and for all");
    if (narrowed)
        return query_all(app, vs, out);
    if (app->batch != NULL && batch_read(app->batch, add_name, out) < 0)
        return -1;
    for (size_t i = 0; i < app->vm.count; i++)
        if (add(out, app->vm.items[i]) == NULL)
            return -1;
    return 0;
}

int
targets_find(const struct app *app, struct h2k_vsphere *vs,
             struct targets *out)
{
    bool narrowed = app->filter.count > 0 || app->folder != NULL;
    *out = (struct targets){ 0 };
    out->many =
        app->batch != NULL || app->vm.count > 1 ||
        (narrowed && (app->vm.count == 0 || is_pattern(app->vm.items[0])));
    if (name_all(app, vs, out) < 0 || find_each(vs, out) < 0)
        return -1;
    remove_doubles(out);
    for (size_t i = 0; i < out->count; i++)
        if (choose_directory(app, out, i) < 0)
            return -1;
    return 0;
}
