/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What a job found and did, in a few lines: all of it from its report. */
#include "common/summary.h"

#include "common/terminal-json.h"

#include <stdio.h>

static const json_t *
at(const json_t *object, const char *a, const char *b)
{
    const json_t *value = json_object_get(object, a);
    return b == NULL ? value : json_object_get(value, b);
}

static const char *
text(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s == NULL ? "" : s;
}

static void
print_found(const json_t *stages)
{
    const json_t *found = at(stages, "inspect", "result");
    if (text(found, "os_type")[0] == '\0')
        return; /* it did not come so far */
    if (text(found, "product_name")[0] == '\0') {
        puts("found      no system that is known");
        return;
    }
    printf("found      %s", text(found, "product_name"));
    if (text(found, "kernel_version")[0] != '\0')
        printf(", kernel %s", text(found, "kernel_version"));
    if (text(found, "hostname")[0] != '\0')
        printf(", host %s", text(found, "hostname"));
    putchar('\n');
}

static void
print_changes(const json_t *report)
{
    const json_t *changes = json_object_get(report, "changes");
    size_t i, count = json_array_size(changes);
    const json_t *change;
    if (at(json_object_get(json_object_get(report, "pipeline"), "stages"),
           "fix", NULL) == NULL)
        return;
    if (count == 0)
        puts("fixed      nothing to change");
    json_array_foreach(changes, i, change)
        printf("%s%s: %s\n", i == 0 ? "fixed      " : "           ",
               text(change, "file"), text(change, "what"));
}

static void
print_fstab(const json_t *stages)
{
    const json_t *fstab =
        json_object_get(at(stages, "fix", "result"), "fstab");
    if (json_object_get(fstab, "before") == NULL)
        return;
    printf("--- /etc/fstab before\n%s--- /etc/fstab after\n%s---\n",
           text(fstab, "before"), text(fstab, "after"));
}

static void
print_checks(const json_t *stages)
{
    const json_t *result = at(stages, "validate", "result");
    const json_t *boot = json_object_get(result, "test_boot");
    const json_t *check;
    size_t i;
    json_array_foreach(
        json_object_get(result, "checks"), i,
        check) if (json_is_true(json_object_get(check, "passed")))
        printf("verified   %s: %s\n", text(check, "check"),
               text(check, "detail"));
    if (boot == NULL)
        return;
    printf("booted     %s after %.0f s (%s): %s\n", text(boot, "evidence"),
           json_real_value(json_object_get(boot, "seconds")),
           text(boot, "accelerator"), text(boot, "quote"));
    printf("           console: %s\n", text(boot, "console_log"));
}

static void
print_all(const json_t *report)
{
    const json_t *pipeline = json_object_get(report, "pipeline");
    const json_t *stages = json_object_get(pipeline, "stages");
    const json_t *item;
    size_t i;
    print_found(stages);
    print_changes(report);
    print_fstab(stages);
    json_array_foreach(json_object_get(report, "artifacts"), i, item)
        printf("written    %s (%s, %s)\n", text(item, "path"),
               text(item, "format"), text(item, "size_human"));
    print_checks(stages);
    json_array_foreach(json_object_get(report, "warnings"), i, item) printf(
        "warning    %s: %s\n", text(item, "stage"), text(item, "message"));
    json_array_foreach(json_object_get(report, "notes"), i, item)
        printf("note       %s\n", json_string_value(item));
    printf("%s %.1f s\n",
           json_is_true(json_object_get(pipeline, "success")) ? "done      "
                                                              : "failed    ",
           json_real_value(json_object_get(pipeline, "duration_seconds")));
}

void
summary_print(const json_t *report)
{
    json_t *safe = terminal_safe_json(report);
    print_all(safe);
    json_decref(safe);
}
