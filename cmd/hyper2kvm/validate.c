/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* hyper2kvm validate: a manifest and its files.  Exits with 0 or 1. */
#include "app.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "block/file.h"
#include "image/image.h"

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
