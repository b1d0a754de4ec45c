/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* hyper2kvm convert: a disk image into another, nothing else.  Read back and
 * compared all the same. */
#include "app.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "block/overlay.h"
#include "pipeline/convert.h"
#include "pipeline/hasher.h"
#include "pipeline/package.h"
#include "pipeline/report.h"
#include "pipeline/source.h"

#include <stdlib.h>
#include <string.h>

H2K_DEFINE_AUTO(h2k_manifest, h2k_manifest_free)

/* What is read: a disk image, or the one in an OVA or OVF. */
struct source {
    struct h2k_manifest *opened;          /* of an OVA or OVF; or NULL */
    const struct h2k_manifest_disk *spec; /* in there */
    const char *path;                     /* of the image, or the OVA */
    struct h2k_block *disk;
    struct h2k_hasher *hasher; /* NULL: no checksum is known */
};

static void
source_clear(struct source *source)
{
    h2k_hasher_free(source->hasher);
    h2k_block_unref(source->disk);
    h2k_manifest_free(source->opened);
}

#define AUTO_SOURCE __attribute__((cleanup(source_clear))) struct source

struct conversion {
    struct progress *progress;
    const char *in, *out;
    const struct h2k_image_writer_ops *format;
    struct h2k_writer_options options;
};

static void
converting(void *opaque, uint64_t done, uint64_t total)
{
    const struct conversion *c = opaque;
    progress_update(c->progress, "convert", c->in, done, total);
}

static void
verifying(void *opaque, uint64_t done, uint64_t total)
{
    const struct conversion *c = opaque;
    progress_update(c->progress, "validate", c->in, done, total);
}

/* The format: by -O, or by the output's name. */
static int
choose_format(const struct app *app, struct conversion *c)
{
    const char *dot = strrchr(c->out, '.');
    const char *name = app->out_format != NULL               ? app->out_format
                       : dot != NULL && !strcmp(dot, ".raw") ? "raw"
                       : dot != NULL && !strcmp(dot, ".img") ? "raw"
                                                             : "qcow2";
    c->format = h2k_writer_find(name);
    if (c->format == NULL)
        return -1;
    if (app->compress_level != NULL) {
        c->options.level = atoi(app->compress_level);
        if (c->options.level < 1 || c->options.level > 9)
            return h2k_fail(H2K_E_USAGE,
                            "--compress-level is 1 to 9, not '%s'",
                            app->compress_level);
    }
    if (app_compression(app, &c->options.compression) < 0)
        return -1;
    bool compress = app->compress || app->compress_level != NULL;
    if (compress && c->options.compression == H2K_COMPRESS_NONE)
        c->options.compression = H2K_COMPRESS_ZLIB;
    if (c->options.compression != H2K_COMPRESS_NONE &&
        !c->format->can_compress)
        return h2k_fail(H2K_E_USAGE, "%s cannot be compressed", name);
    return 0;
}

static void
warn(const struct app *app, const char *path, const char *message)
{
    if (!app->quiet)
        fprintf(stderr, "warning: %s: %s\n", path, message);
}

/* One disk goes into one image. */
static int
open_package(const struct app *app, const char *type, struct source *source)
{
    H2K_AUTO(h2k_manifest)
    asked = app_source_manifest(app, source->path, type);
    source->opened = asked == NULL ? NULL : h2k_package_open(asked);
    if (source->opened == NULL)
        return -1;
    size_t count = h2k_manifest_disk_count(source->opened);
    if (count > 1)
        return h2k_fail(H2K_E_USAGE,
                        "%s: has %zu disks, and convert writes one: "
                        "\"hyper2kvm %s\" converts them all",
                        source->path, count, source->path);
    for (size_t i = 0; i < h2k_manifest_warning_count(source->opened); i++)
        warn(app, source->path,
             h2k_manifest_warning(source->opened, i)->message);
    source->spec = h2k_manifest_disk(source->opened, 0);
    source->path = source->spec->path;
    return 0;
}

static int
start_hashing(struct source *source, struct h2k_block *file)
{
    enum h2k_hash_kind kind = H2K_HASH_SHA256;
    if (source->spec == NULL || source->spec->checksum == NULL)
        return 0;
    h2k_hash_kind_of(source->spec->checksum, &kind);
    source->hasher = h2k_hasher_start(file, kind);
    return source->hasher == NULL ? -1 : 0;
}

static int
open_source(const struct app *app, struct source *source)
{
    struct h2k_image_info info;
    char warning[H2K_SOURCE_WARNING];
    H2K_AUTO(h2k_block) file = NULL;
    const char *type = app_source_type(source->path);
    if (type == NULL)
        return -1;
    bool package = strcmp(type, "ova") == 0 || strcmp(type, "ovf") == 0;
    if (package && open_package(app, type, source) < 0)
        return -1;
    H2K_AUTO(h2k_block)
    disk = h2k_source_open(source->path, package ? source->spec->member : NULL,
                           package ? source->spec->source_format : NULL, &info,
                           &file, warning);
    if (warning[0] != '\0')
        warn(app, source->path, warning);
    source->disk = disk == NULL ? NULL : h2k_overlay_new(disk, NULL);
    return source->disk == NULL ? -1 : start_hashing(source, file);
}

static int
check_checksum(const struct source *source)
{
    const char *hex =
        source->hasher == NULL ? NULL : h2k_hasher_wait(source->hasher);
    if (source->hasher == NULL)
        return 0;
    return hex == NULL ? -1 : h2k_manifest_compare_checksum(source->spec, hex);
}

/* Always -1: a read that failed is the reason, or what is there already. */
static int
conversion_failed(const struct source *source)
{
    if (h2k_errcode() != H2K_E_INTERRUPTED)
        h2k_source_check_reads(source->disk, source->path);
    return -1;
}

static int
write_and_verify(struct conversion *c, const struct source *source,
                 struct h2k_output *output, struct h2k_convert_result *result)
{
    const struct h2k_convert_request request = {
        .disk = source->disk,
        .output = output,
        .format = c->format,
        .options = c->options,
        .progress = { converting, c },
    };
    if (h2k_convert(&request, result) < 0)
        return conversion_failed(source);
    if (h2k_output_sync(output) < 0)
        return -1;
    const struct h2k_verify_request verify = {
        .fd = h2k_output_fd(output),
        .path = c->out,
        .format = c->format->name,
        .digest = result->digest,
        .progress = { verifying, c },
    };
    if (h2k_verify(&verify) < 0 || check_checksum(source) < 0)
        return -1;
    return h2k_output_publish(output);
}

static int
convert(const struct app *app, struct conversion *c)
{
    struct h2k_convert_result result = { 0 };
    AUTO_SOURCE source = { .path = c->in };
    H2K_AUTO(h2k_output) output = NULL;
    if (choose_format(app, c) < 0)
        return -1;
    output = open_source(app, &source) < 0 ? NULL : h2k_output_new(c->out);
    if (output == NULL)
        return -1;
    int rc = write_and_verify(c, &source, output, &result);
    char disk_size[32], file_size[32];
    if (rc == 0 && !app->quiet)
        printf("%s: %s, %s for a disk of %s, verified\n", c->out,
               c->format->name,
               h2k_size_human(result.bytes_written, file_size),
               h2k_size_human(result.virtual_size, disk_size));
    h2k_convert_result_clear(&result);
    return rc;
}

int
app_convert(const struct app *app, const struct text_list *words)
{
    if (words->count != 2) {
        h2k_fail(H2K_E_USAGE, "convert: name one image to read and one to "
                              "write; see --help");
        return app_fail();
    }
    H2K_AUTO(progress) progress = app_progress(app);
    struct conversion c = { .progress = progress,
                            .in = words->items[0],
                            .out = words->items[1] };
    int rc = progress == NULL ? -1 : convert(app, &c);
    progress_end(progress);
    return rc < 0 ? app_fail() : 0;
}
