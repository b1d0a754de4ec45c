/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* hyperexport --list: the VMs. */
#include "hyperexport/app.h"

#include "hyperexport/vm-text.h"

#include "common/columns.h"

#include "base/error.h"
#include "pipeline/report.h"

#include <inttypes.h>

static json_t *
row_json(const struct h2k_vsphere_row *row)
{
    return json_pack("{s:s?, s:s?, s:s?, s:s, s:b, s:i, s:I, s:I, s:s?, s:s?}",
                     "id", row->id, "name", row->name, "path", row->path,
                     "power", vm_power_text(row->power), "template",
                     row->is_template, "cpus", (int)row->cpus, "memory_mib",
                     (json_int_t)row->memory_mib, "disk_bytes",
                     (json_int_t)row->disk_bytes, "guest", row->guest, "host",
                     row->host);
}

static void
add_row(struct columns *columns, const struct h2k_vsphere_row *row)
{
    char cpus[16], memory[32], disks[32];
    snprintf(cpus, sizeof(cpus), "%u", row->cpus);
    columns_add(columns,
                (const char *[]){
                    row->name,
                    row->is_template ? "template" : vm_power_text(row->power),
                    cpus, h2k_size_human(row->memory_mib << 20, memory),
                    h2k_size_human(row->disk_bytes, disks), row->guest,
                    row->path });
}

static int
print_rows(const struct app *app, const struct h2k_vsphere_rows *rows)
{
    static const struct column headings[] = {
        { .heading = "NAME", .shrinks = true },
        { .heading = "POWER" },
        { .heading = "CPUS", .right = true },
        { .heading = "MEMORY", .right = true },
        { .heading = "DISKS", .right = true },
        { .heading = "GUEST", .shrinks = true },
        { .heading = "PATH", .shrinks = true },
        { .heading = NULL },
    };
    H2K_AUTO(columns) columns = columns_new(headings);
    if (columns == NULL)
        return -1;
    json_t *list = json_array();
    for (size_t i = 0; i < rows->count; i++) {
        add_row(columns, &rows->items[i]);
        json_array_append_new(list, row_json(&rows->items[i]));
    }
    int rc =
        app->json ? command_print_json(list) : columns_print(columns, stdout);
    json_decref(list);
    if (rc == 0 && rows->count == 0 && !app->quiet && !app->json)
        fputs("no VM there matches\n", stderr);
    return rc;
}

int
app_list(const struct app *app, struct h2k_vsphere *vs)
{
    const char *pairs[sizeof(app->filter.items) / sizeof(char *) + 1] = { 0 };
    for (size_t i = 0; i < app->filter.count; i++)
        pairs[i] = app->filter.items[i];
    const struct h2k_vsphere_filter filter = {
        .folder = app->folder,
        .pattern = app->vm.count > 0 ? app->vm.items[0] : NULL,
        .pairs = pairs,
    };
    struct h2k_vsphere_rows rows = { 0 };
    if (app->vm.count > 1) {
        h2k_fail(H2K_E_USAGE, "--list takes one --vm, as a pattern");
        return app_fail();
    }
    int rc = h2k_vsphere_list(vs, &filter, &rows);
    if (rc == 0)
        rc = print_rows(app, &rows);
    h2k_vsphere_rows_clear(&rows);
    return rc < 0 ? app_fail() : 0;
}
