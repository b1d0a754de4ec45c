/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* hyper2kvm validate: a manifest and its files.  Exits with 0 or 1. */
#include "app.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "block/file.h"
#include "image/image.h"
#include "pipeline/hasher.h"
#include "pipeline/package.h"
#include "pipeline/source.h"

H2K_DEFINE_AUTO(h2k_manifest, h2k_manifest_free)
H2K_DEFINE_AUTO(h2k_problems, h2k_problems_free)

static int
probe(void *opaque, const char *path, const char *format,
      struct h2k_manifest_probed *out)
{
    (void)opaque;
    struct h2k_image_info info = { 0 };
    const struct h2k_image_options options = { .dirfd = -1 };
    H2K_AUTO(h2k_block)
    disk = h2k_image_open(path, format, &options, &info, NULL);
    if (disk == NULL)
        return -1;
    out->format = info.format;
    out->virtual_size = info.virtual_size;
    return 0;
}

static void
hashing(void *opaque, const char *id, uint64_t done, uint64_t total)
{
    progress_update(opaque, "checksum", id, done, total);
}

/* ---- The disks in an OVA or OVF ---- */

static void
add_problem(struct h2k_problems *problems, const char *path,
            enum h2k_problem_severity severity, const char *message)
{
    h2k_problems_add(
        problems,
        &(struct h2k_problem){
            .severity = severity,
            .code = severity == H2K_PROBLEM_ERROR ? h2k_errcode() : H2K_OK,
            .file = path,
            .key = "source",
            .message = message,
        });
}

static int
check_sum(const struct h2k_manifest_disk *disk, struct h2k_block *file)
{
    enum h2k_hash_kind kind = H2K_HASH_SHA256;
    if (disk->checksum == NULL)
        return 0;
    h2k_hash_kind_of(disk->checksum, &kind);
    H2K_AUTO(h2k_hasher) hasher = h2k_hasher_start(file, kind);
    const char *hex = hasher == NULL ? NULL : h2k_hasher_wait(hasher);
    return hex == NULL ? -1 : h2k_manifest_compare_checksum(disk, hex);
}

static void
check_disk(const struct app *app, const struct h2k_manifest_disk *disk,
           const char *path, struct h2k_problems *problems)
{
    struct h2k_image_info info;
    char warning[H2K_SOURCE_WARNING];
    H2K_AUTO(h2k_block) file = NULL;
    H2K_AUTO(h2k_block)
    image = h2k_source_open(disk->path, disk->member, disk->source_format,
                            &info, &file, warning);
    if (image == NULL || (app->strict && check_sum(disk, file) < 0))
        add_problem(problems, path, H2K_PROBLEM_ERROR, h2k_errmsg());
    else if (warning[0] != '\0')
        add_problem(problems, path, H2K_PROBLEM_WARNING, warning);
}

/* The manifest at PATH is right as far as it goes: what is in the OVA or OVF
 * that it names?  0, or -1 where there is an error, or with --strict a
 * warning. */
static int
check_package(const struct app *app, const char *path,
              struct h2k_problems *problems)
{
    H2K_AUTO(h2k_manifest) m = h2k_manifest_load(path, NULL);
    if (m == NULL || !h2k_package_is_closed(m))
        return m == NULL ? -1 : 0;
    H2K_AUTO(h2k_manifest) opened = h2k_package_open(m);
    if (opened == NULL)
        add_problem(problems, path, H2K_PROBLEM_ERROR, h2k_errmsg());
    for (size_t i = 0;
         opened != NULL && i < h2k_manifest_warning_count(opened); i++)
        add_problem(problems, path, H2K_PROBLEM_WARNING,
                    h2k_manifest_warning(opened, i)->message);
    for (size_t i = 0; opened != NULL && i < h2k_manifest_disk_count(opened);
         i++)
        check_disk(app, h2k_manifest_disk(opened, i), path, problems);
    size_t wrong = h2k_problems_count_of(problems, H2K_PROBLEM_ERROR);
    if (app->strict)
        wrong += h2k_problems_count_of(problems, H2K_PROBLEM_WARNING);
    return wrong > 0 ? -1 : 0;
}

int
app_validate(const struct app *app, const struct text_list *words)
{
    const char *path = app->manifest != NULL ? app->manifest
                       : words->count == 1   ? words->items[0]
                                             : NULL;
    if (path == NULL) {
        h2k_fail(H2K_E_USAGE, "validate: name one manifest");
        return app_fail();
    }
    H2K_AUTO(progress) display = app_progress(app);
    H2K_AUTO(h2k_problems) problems = h2k_problems_new();
    if (display == NULL || problems == NULL)
        return app_fail();
    const struct h2k_manifest_checks checks = {
        .probe = probe,
        .checksums = app->strict,
        .progress = hashing,
        .opaque = display,
    };
    int rc = h2k_manifest_validate_file(path, &checks, app->strict, problems);
    if (rc == 0)
        rc = check_package(app, path, problems);
    progress_end(display);
    app_print_problems(app, problems);
    if (rc < 0 && h2k_errcode() == H2K_E_INTERRUPTED)
        return app_fail();
    size_t errors = h2k_problems_count_of(problems, H2K_PROBLEM_ERROR);
    size_t warnings = h2k_problems_count_of(problems, H2K_PROBLEM_WARNING);
    if (!app->quiet)
        printf("%s: %s, %zu error%s, %zu warning%s\n", path,
               rc < 0 ? "not valid" : "valid", errors, errors == 1 ? "" : "s",
               warnings, warnings == 1 ? "" : "s");
    return rc < 0 ? 1 : 0;
}
