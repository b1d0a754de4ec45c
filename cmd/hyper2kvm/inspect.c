/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* hyper2kvm inspect: what is in a disk, or in a manifest's disks.  Works on
 * an overlay that is thrown away, and writes nothing. */
#include "app.h"

#include "common/terminal-json.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "pipeline/job.h"

#include <string.h>

H2K_DEFINE_AUTO(h2k_manifest, h2k_manifest_free)
H2K_DEFINE_AUTO(h2k_manifest_builder, h2k_manifest_builder_free)

static const char *
text(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s == NULL ? "-" : s;
}

/* The same manifest with nothing but INSPECT, in full, and no report. */
static struct h2k_manifest *
only_inspect(const struct h2k_manifest *m)
{
    H2K_AUTO(h2k_manifest_builder) b = h2k_manifest_builder_from(m);
    static const struct {
        const char *key;
        bool value;
    } settings[] = {
        { "pipeline.inspect.enabled", true },
        { "pipeline.inspect.collect_guest_info", true },
        { "pipeline.fix.enabled", false },
        { "pipeline.convert.enabled", false },
        { "pipeline.validate.enabled", false },
        { "options.report.enabled", false },
    };
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
        if (b == NULL || h2k_manifest_builder_set_bool(b, settings[i].key,
                                                       settings[i].value) < 0)
            return NULL;
    return h2k_manifest_builder_build(b, h2k_manifest_base_dir(m), NULL);
}

static void
print_system(const json_t *found)
{
    static const char *const keys[][2] = {
        { "System", "product_name" },
        { "Immutable by", "immutable" },
        { "Architecture", "arch" },
        { "Host name", "hostname" },
        { "Default kernel", "kernel_version" },
        { "Boot loader", "bootloader" },
        { "Firmware", "firmware" },
        { "Init", "init" },
        { "Packages", "package_manager" },
        { "VMware Tools", "vmware_tools" },
        { "SELinux", "selinux" },
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (json_is_string(json_object_get(found, keys[i][1])))
            printf("%-16s %s\n", keys[i][0], text(found, keys[i][1]));
}

/* "fedora-coreos 0f3a….0, version 42.2025, by ostree-2.conf (default)" */
static void
print_deployments(const json_t *found)
{
    size_t i;
    const json_t *item;
    json_array_foreach(json_object_get(found, "deployments"), i, item)
    {
        const char *version = text(item, "version");
        printf("%-16s %s %.12s.%d: %s", i == 0 ? "Deployments" : "",
               text(item, "stateroot"), text(item, "checksum"),
               (int)json_integer_value(json_object_get(item, "serial")),
               text(item, "product_name"));
        if (strstr(text(item, "product_name"), version) == NULL)
            printf(", version %s", version);
        if (json_is_string(json_object_get(item, "entry")))
            printf(", started by %s", text(item, "entry"));
        else
            printf(", started by no entry");
        if (json_is_string(json_object_get(item, "origin")))
            printf(", from %s", text(item, "origin"));
        puts(json_is_true(json_object_get(item, "default")) ? " (default)"
                                                            : "");
    }
}

/* ", on A, B" and the line's end. */
static void
print_below(const json_t *names)
{
    size_t i;
    const json_t *name;
    json_array_foreach(names, i, name)
        printf("%s%s", i == 0 ? ", on " : ", ", json_string_value(name));
    puts("");
}

static void
print_filesystems(const json_t *found)
{
    size_t i;
    const json_t *fs;
    char size[32];
    json_array_foreach(json_object_get(found, "filesystems"), i, fs)
    {
        uint64_t bytes =
            (uint64_t)json_integer_value(json_object_get(fs, "size_bytes"));
        printf("%-16s %s: %s, %s%s%s%s", i == 0 ? "Filesystems" : "",
               text(fs, "volume"), text(fs, "type"),
               h2k_size_human(bytes, size),
               text(fs, "uuid")[0] == '\0' ? "" : ", UUID ", text(fs, "uuid"),
               json_is_true(json_object_get(fs, "replayed"))
                   ? ", was not unmounted cleanly"
                   : "");
        print_below(json_object_get(fs, "stands_on"));
    }
    json_array_foreach(json_object_get(found, "mountpoints"), i, fs) printf(
        "%-16s %s is %s%s%s\n", i == 0 ? "Mounts" : "", text(fs, "path"),
        text(fs, "volume"), text(fs, "spec")[0] == '\0' ? "" : ", named ",
        text(fs, "spec"));
}

/* The drivers that a kernel's initramfs lacks, and that its disk needs. */
static void
print_kernel(const json_t *kernel, const char *heading)
{
    const char *name;
    json_t *driver;
    printf("%-16s %s%s", heading, text(kernel, "version"),
           json_is_true(json_object_get(kernel, "default")) ? " (default)"
                                                            : "");
    if (!json_is_true(json_object_get(kernel, "virtio"))) {
        puts(": has no virtio drivers");
        return;
    }
    const char *separator = ": not in its initramfs: ";
    bool complete = true;
    json_object_foreach(json_object_get(kernel, "drivers"), name, driver)
    {
        json_t *inside = json_object_get(driver, "in_initramfs");
        if (!json_is_false(inside))
            continue;
        printf("%s%s", separator, name);
        separator = " ";
        complete = false;
    }
    puts(complete ? ": has all virtio drivers at hand" : "");
}

/* The items of the list KEY, each behind BEFORE. */
static void
print_list(const json_t *object, const char *key, const char *before)
{
    const json_t *item;
    size_t i;
    json_array_foreach(json_object_get(object, key), i, item)
        printf("%s%s", i == 0 ? before : ", ", json_string_value(item));
}

static void
print_interface(const json_t *item, const char *title)
{
    const char *name = text(item, "name"), *method = text(item, "method");
    const char *type = text(item, "type");
    printf("%-16s %s", title, name[0] == '\0' ? text(item, "mac") : name);
    if (strcmp(type, "physical") != 0)
        printf(", %s", type);
    print_list(item, "lower", " on ");
    printf(" (%s%s%s", text(item, "kind"), method[0] == '\0' ? "" : ", ",
           method);
    print_list(item, "addresses", ": ");
    puts(")");
}

static void
print_found(const json_t *stages)
{
    const json_t *disk, *item;
    size_t i;
    const json_t *load =
        json_object_get(json_object_get(stages, "load_manifest"), "result");
    const json_t *found =
        json_object_get(json_object_get(stages, "inspect"), "result");
    char size[32];
    json_array_foreach(json_object_get(load, "disks"), i, disk) printf(
        "%-16s %s: %s%s%s, %s\n", i == 0 ? "Disks" : "", text(disk, "disk_id"),
        text(disk, "format"), text(disk, "variant")[0] == '\0' ? "" : " ",
        text(disk, "variant"),
        h2k_size_human((uint64_t)json_integer_value(
                           json_object_get(disk, "virtual_size_bytes")),
                       size));
    print_system(found);
    print_deployments(found);
    print_filesystems(found);
    json_array_foreach(json_object_get(found, "kernels"), i, item)
        print_kernel(item, i == 0 ? "Kernels" : "");
    json_array_foreach(json_object_get(found, "network"), i, item)
        print_interface(item, i == 0 ? "Network" : "");
}

/* "/etc/fstab: the device of / (/dev/sda1 becomes UUID=…)" */
static void
print_change(const json_t *change)
{
    const char *before = json_string_value(json_object_get(change, "before"));
    const char *after = json_string_value(json_object_get(change, "after"));
    printf("%-16s %s: %s", "", text(change, "file"), text(change, "what"));
    if (before != NULL && after != NULL && strlen(before) < 80 &&
        strlen(after) < 80 && strpbrk(before, "\n") == NULL &&
        strpbrk(after, "\n") == NULL)
        printf(" (%s becomes %s)", before, after);
    puts("");
}

/* What the user came for. */
static void
print_verdict(const json_t *verdict)
{
    const json_t *reasons = json_object_get(verdict, "reasons");
    const json_t *item;
    size_t i;
    const char *state = text(verdict, "state");
    if (strcmp(state, "unfixable") == 0) {
        printf("%-16s cannot be fixed: %s\n", "Verdict",
               json_string_value(json_array_get(reasons, 0)));
        return;
    }
    printf("%-16s %s\n", "Verdict",
           strcmp(state, "ready") == 0
               ? "nothing to change, it is ready for KVM as it is"
               : "will be fixed:");
    json_array_foreach(json_object_get(verdict, "changes"), i, item)
        print_change(item);
    json_array_foreach(reasons, i, item) printf(
        "%-16s %s\n", i == 0 ? "But look at" : "", json_string_value(item));
}

static void
print_report(const json_t *report)
{
    const json_t *stages =
        json_object_get(json_object_get(report, "pipeline"), "stages");
    const json_t *item;
    size_t i;
    print_found(stages);
    json_array_foreach(json_object_get(report, "warnings"), i, item)
        printf("%-16s %s\n", i == 0 ? "Warnings" : "", text(item, "message"));
    print_verdict(json_object_get(
        json_object_get(json_object_get(stages, "inspect"), "result"),
        "verdict"));
}

static void
print_result(const json_t *report)
{
    const json_t *stages =
        json_object_get(json_object_get(report, "pipeline"), "stages");
    app_print_json(
        json_object_get(json_object_get(stages, "inspect"), "result"));
}

static void
print_text(const json_t *report)
{
    json_t *safe = terminal_safe_json(report);
    print_report(safe);
    json_decref(safe);
}

int
app_inspect(const struct app *app, const struct text_list *words)
{
    H2K_AUTO(h2k_manifest) asked = app_manifest(app, words);
    H2K_AUTO(h2k_manifest) m = asked == NULL ? NULL : only_inspect(asked);
    H2K_AUTO(h2k_report) report = m == NULL ? NULL : h2k_report_new();
    H2K_AUTO(progress) progress = report == NULL ? NULL : app_progress(app);
    if (progress == NULL)
        return app_fail();
    const struct h2k_job_settings settings = {
        .manifest_path = app_manifest_path(app, words),
        .guest = { .root = app->root, .keys = &app->keys },
        .verdict = true,
        .progress = progress_update,
        .opaque = progress,
    };
    int rc = h2k_job_run(m, &settings, report);
    progress_end(progress);
    if (rc < 0)
        return app_fail();
    json_t *document = h2k_report_json(report);
    if (app->json)
        print_result(document);
    else
        print_text(document);
    json_decref(document);
    return 0;
}
